//! The machine, or the disk below the server, is not the one that was left.

use std::{fs, path::Path, process::Command, time::Duration};

use super::{Measured, Trouble, finding};
use crate::{
    Setup,
    harness::{
        client,
        forge::now,
        history::Outcome,
        run::Run,
        server::{Server, Site},
    },
    report::Finding,
};

/// F6: the same files under another boot identity.
pub(super) async fn another_boot(setup: &Setup) -> Finding {
    let what = "killed under load, started with another boot_id (a file bound over the kernel's); clients with clocks up to 120 s ahead; all replayed at once and after the fence".to_owned();
    let goal = "0 replays accepted; up to the high-water mark 503 with Retry-After, above it 200";
    finding("F6", what, goal, boot(setup).await)
}

async fn boot(setup: &Setup) -> Measured {
    let mut site = Site::new(&setup.program)?;
    let mut run = Run::new(&site.create_keys("boot")?);
    let mut server = site.start().await?;
    let flood = run.flood(&server, 16);
    tokio::time::sleep(Duration::from_millis(500)).await;
    // Fast clocks: the mark must be above them before they are answered.
    for ahead in [5, 30, 120, 20] {
        let ticket = run.ticket(ahead);
        let (outcome, answer) = run.send_one(&server, ticket).await?;
        if !outcome.is_accepted() {
            return Err(format!("{ahead} s ahead: {answer:?}").into());
        }
    }
    server.kill();
    run.note(&flood.stop().await);

    let boot = site.root().join("boot_id");
    fs::write(&boot, "01234567-89ab-4cde-8f01-23456789abcd\n")?;
    let script =
        format!("mount --bind '{}' /proc/sys/kernel/random/boot_id && exec \"$@\"", boot.display());
    site.wrap(["unshare", "-m", "sh", "-c", &script, "sh"]);
    if !can_mount(&boot) {
        return Err(Trouble::Skipped("mounting is not permitted here".to_owned()));
    }
    let server = live(&site, &server).await?;
    let highest = run.accepted.iter().map(|ticket| ticket.timestamp).max().unwrap_or(0);
    let counts = run.replay(&server).await;
    let below = run.ticket(0);
    let (below, answer) = run.send_one(&server, below).await?;
    let retry = answer.and_then(|answer| answer.retry_after);
    // 120 s ahead, rounded up to a slot and a little more.
    let ahead = i64::try_from(highest + 40 - now()).unwrap_or(0);
    let above = run.ticket(ahead);
    let (above, _) = run.send_one(&server, above).await?;
    let measured = format!(
        "{} replays: {} answered 503, {} accepted; stamped now: {below:?} with Retry-After {retry:?}; {ahead} s ahead, above the mark: {above:?}",
        counts.sent,
        counts.unavailable,
        run.history.twice.len()
    );
    let fenced = below == Outcome::Unavailable
        && retry.is_some_and(|seconds| (100..=160).contains(&seconds));
    let refused = run.history.twice.is_empty() && counts.unavailable == counts.sent;
    Ok((measured, refused && fenced && counts.sent > 0 && above == Outcome::Accepted))
}

/// F7: an older copy of the directory in its place.
pub(super) async fn an_older_copy(setup: &Setup) -> Finding {
    let seconds = setup.scale.pick(3, 60);
    let what = format!(
        "the data directory copied, {seconds} s of load, killed, the copy put back in place (same boot); all replayed"
    );
    let goal = "the fence holds: 0 replays accepted, each answered 503";
    finding("F7", what, goal, copy(setup, seconds).await)
}

async fn copy(setup: &Setup, seconds: u64) -> Measured {
    let site = Site::new(&setup.program)?;
    let mut run = Run::new(&site.create_keys("copy")?);
    let mut server = site.start().await?;
    run.send(&server, 100).await?;
    let kept = site.root().join("copy");
    shell(&format!("cp -a '{}' '{}'", site.data.display(), kept.display()))?;
    let flood = run.flood(&server, 4);
    tokio::time::sleep(Duration::from_secs(seconds)).await;
    server.kill();
    run.note(&flood.stop().await);
    let data = site.data.display();
    shell(&format!("rm -rf '{data}' && cp -a '{}' '{data}'", kept.display()))?;
    let server = live(&site, &server).await?;
    let counts = run.replay(&server).await;
    let (fresh, answer) = {
        let ticket = run.ticket(0);
        run.send_one(&server, ticket).await?
    };
    let measured = format!(
        "{} replays: {} answered 503, {} accepted; a fresh request: {fresh:?}, Retry-After {:?}",
        counts.sent,
        counts.unavailable,
        run.history.twice.len(),
        answer.and_then(|answer| answer.retry_after)
    );
    let met = run.history.twice.is_empty() && counts.unavailable == counts.sent && counts.sent > 0;
    Ok((measured, met))
}

/// Starts a server that is not going to be ready, and waits until it lives, and a little for its
/// self-test.
pub(super) async fn live(site: &Site, before: &Server) -> Result<Server, String> {
    let server = site.launch(before.address, before.admin)?;
    let mut lives = false;
    for _ in 0..400 {
        if let Ok(answer) = client::get(server.admin, "/readyz?verbose").await {
            lives = true;
            if String::from_utf8_lossy(&answer.body).contains("[+] self-test") {
                break;
            }
        }
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    if lives { Ok(server) } else { Err(format!("it does not live: {}", server.log())) }
}

fn can_mount(file: &Path) -> bool {
    let script = format!("mount --bind '{}' /proc/sys/kernel/random/boot_id", file.display());
    let tried = Command::new("unshare").args(["-m", "sh", "-c", &script]).output();
    tried.is_ok_and(|output| output.status.success())
}

/// Runs a line of shell.
pub(super) fn shell(script: &str) -> Result<(), String> {
    let output = Command::new("sh").args(["-c", script]).output();
    let output = output.map_err(|error| error.to_string())?;
    if output.status.success() {
        return Ok(());
    }
    Err(format!("{script}: {}", String::from_utf8_lossy(&output.stderr)))
}
