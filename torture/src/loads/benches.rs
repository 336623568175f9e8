//! What needs millions of records: the benchmarks of the crate, and a server on a long journal.

use std::{
    process::{Command, Stdio},
    time::{Duration, Instant},
};

use super::{finding, steady::saturate};
use crate::{
    Scale, Setup,
    faults::{Measured, Trouble},
    harness::{
        client,
        run::Run,
        server::{Server, Site},
    },
    report::Finding,
};

/// L10: a million keys.
pub(super) async fn credentials(setup: &Setup) -> Finding {
    let goal = "start ≤ 2 s; p99 of a lookup ≤ 1 ms cached, ≤ 5 ms read";
    let what = "the benchmark `credentials`: 1,000 and 1,000,000 keys in SQLite and PostgreSQL, opened and looked up".to_owned();
    let measured = if setup.scale == Scale::Short {
        Ok(("only in the long form".to_owned(), true))
    } else {
        bench("sqlite,postgres", "credentials").and_then(|text| lookups(&text))
    };
    finding("L10", what, goal, measured)
}

/// The rows `| store | keys | open | read p50 | read p99 | cached p50 | cached p99 |`.
fn lookups(text: &str) -> Measured {
    let (mut told, mut met) = (Vec::new(), true);
    for row in text.lines().filter(|line| line.contains(" µs |")) {
        let cells: Vec<&str> = row.split('|').map(str::trim).collect();
        let millis = |at: usize| {
            let number = cells.get(at).and_then(|cell| cell.strip_suffix(" µs"));
            let micros: Option<f64> = number.and_then(|number| number.parse().ok());
            micros.map(|micros| micros / 1e3).ok_or(format!("no figure in {row}"))
        };
        let (open, read, cached) = (millis(3)?, millis(5)?, millis(7)?);
        met &= open <= 2_000.0 && read <= 5.0 && cached <= 1.0;
        told.push(format!(
            "{} with {}: open {open:.0} ms, p99 read {read:.3} ms, cached {cached:.4} ms",
            cells[1], cells[2]
        ));
    }
    met &= told.len() == 4;
    Ok((told.join("; "), met))
}

/// L11: many live nonces.
pub(super) async fn nonces(setup: &Setup) -> Finding {
    let seconds = setup.scale.pick(4, 60);
    let what = format!(
        "kill -9 after {seconds} s of as many requests as are answered, and a start on that journal (long form: and the benchmark `nonces`, 10 million nonces in memory, 6 million in a journal)"
    );
    let goal = "ready ≤ 2 s after the start; dropping a slot delays a request ≤ 1 ms, 6 million recovered ≤ 2 s";
    finding("L11", what, goal, recover(setup, seconds).await)
}

async fn recover(setup: &Setup, seconds: u64) -> Measured {
    let site =
        Site::new(&setup.program)?.with("nonces.capacity=67108864").with("nonces.quota=67108864");
    let mut run = Run::new(&site.create_keys("long")?);
    let mut server = site.start().await?;
    let seen = saturate(&server.address, &run, seconds).await?;
    run.note(&seen.sendings);
    server.kill();
    let start = Instant::now();
    let server = site.launch(server.address, server.admin)?;
    let server = ready(server).await?;
    let took = start.elapsed();
    let records = server.metric("oauth1_nonce_entries").await? as u64;
    let fresh = run.send(&server, 1).await?;
    // Some of them again; F1 does so with all.
    run.accepted.truncate(20_000);
    let again = run.replay(&server).await;
    let mut measured = format!(
        "ready {} ms after the start with {records} nonces of {} accepted; {} replays, {} answered nonce_used",
        took.as_millis(),
        seen.counts.accepted,
        again.sent,
        again.replay
    );
    let mut met = took <= Duration::from_secs(2)
        && records >= seen.counts.accepted
        && fresh.iter().all(|outcome| outcome.is_accepted())
        && run.history.twice.is_empty()
        && again.replay == again.sent;
    if setup.scale == Scale::Long {
        let text = bench("journal", "nonces")?;
        for line in text.lines().filter(|line| LINES.iter().any(|part| line.contains(part))) {
            let line = line.split_whitespace().collect::<Vec<_>>().join(" ");
            measured += &format!("; {line}");
        }
        let slowest = number(&text, "right after a slot ", " µs")?;
        let recovered = number(&text, "recovered in ", " ms")?;
        met &= slowest <= 1_000.0 && recovered <= 2_000.0;
    }
    Ok((measured, met))
}

/// Polls more often than [`Server::ready`], whose steps would show.
async fn ready(server: Server) -> Result<Server, String> {
    let start = Instant::now();
    while !client::get(server.admin, "/readyz").await.is_ok_and(|answer| answer.status == 200) {
        if start.elapsed() > Duration::from_secs(30) {
            return Err(format!("not ready after 30 s: {}", server.log()));
        }
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
    Ok(server)
}

/// The number between two texts.
fn number(text: &str, before: &str, after: &str) -> Result<f64, String> {
    let found = text.split_once(before).and_then(|(_, rest)| rest.split_once(after));
    let number = found.and_then(|(number, _)| number.trim().parse().ok());
    number.ok_or_else(|| format!("the benchmark did not say \"{before}…{after}\": {text}"))
}

/// What a benchmark of oauth1-server prints.
fn bench(features: &str, name: &str) -> Result<String, Trouble> {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let output = Command::new(cargo)
        .args(["bench", "--locked", "-p", "oauth1-server", "--features", features])
        .args(["--bench", name])
        .stdin(Stdio::null())
        .output()
        .map_err(|error| Trouble::Skipped(format!("cargo: {error}")))?;
    if !output.status.success() {
        return Err(String::from_utf8_lossy(&output.stderr).into_owned().into());
    }
    Ok(String::from_utf8_lossy(&output.stdout).into_owned())
}

const LINES: [&str; 4] = ["octets per nonce", "insert, from empty", "slots passed", "recovered in"];
