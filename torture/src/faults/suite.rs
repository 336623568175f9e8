//! Faults that only a simulated machine can have: the journal's own tests, at the report's scale.

use std::process::{Command, Stdio};

use super::{Measured, Trouble, finding};
use crate::{Scale, Setup, report::Finding};

/// F4: the power goes, on a simulated disk that loses, reorders and tears what was not synced.
pub(super) async fn power_loss(setup: &Setup) -> Finding {
    let what = "power loss on a simulated disk that keeps, drops and tears unsynced writes at random; clients with clocks off by 30 s; all replayed".to_owned();
    let goal = "≥ 10,000 seeds: 0 replays accepted, 0 panics, a client with a right clock refused for ≤ 6 s on average";
    let measured = tests(setup, "power::", &[("JOURNAL_SEEDS", "100000")]);
    finding("F4", what, goal, measured)
}

/// F8: every octet flipped, every length cut.
pub(super) async fn damage(setup: &Setup) -> Finding {
    let what = "each octet of slot file, mark and header flipped in turn, each length cut off, each file removed".to_owned();
    finding(
        "F8",
        what,
        "no panic; a fence or a clean cut; 0 replays accepted",
        tests(setup, "damage::", &[]),
    )
}

/// F18: clocks that are set.
pub(super) async fn clock(setup: &Setup) -> Finding {
    let what =
        "10,000 random walks of a clock that is set back and forth, paused, and started in 1970"
            .to_owned();
    let goal = "0 accepted twice; after +1 h for a minute nobody locked out";
    finding("F18", what, goal, tests(setup, "clock::", &[("JOURNAL_WALKS", "10000")]))
}

fn tests(setup: &Setup, filter: &str, environment: &[(&str, &str)]) -> Measured {
    if setup.scale == Scale::Short {
        return Ok(("run by the tests of oauth1-server, at their own scale".to_owned(), true));
    }
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let filter = format!("replay::journal::tests::{filter}");
    let output = Command::new(cargo)
        .args(["test", "--release", "--locked", "-p", "oauth1-server", "--features", "journal"])
        .args(["--lib", "--", &filter, "--nocapture", "--test-threads=2"])
        .envs(environment.iter().copied())
        .stdin(Stdio::null())
        .output()
        .map_err(|error| Trouble::Skipped(format!("cargo: {error}")))?;
    let text = String::from_utf8_lossy(&output.stdout);
    let lines = text.lines().map(str::trim);
    let told: Vec<&str> = lines
        .filter(|line| line.starts_with("test result: ") || line.contains(" machines; "))
        .map(|line| line.split("; 0 ignored").next().unwrap_or(line))
        .collect();
    Ok((told.join("; "), output.status.success() && text.contains("test result: ok. ")))
}
