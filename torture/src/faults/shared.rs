//! What the faults of shared stores have in common.

use std::{
    fmt::Write as _,
    fs::File,
    io::{Read as _, Write as _},
    os::unix::fs::OpenOptionsExt as _,
    path::{Path, PathBuf},
    time::{Duration, Instant},
};

use base64::{Engine as _, engine::general_purpose::STANDARD};

use super::Trouble;
use crate::{
    Setup,
    harness::{
        client::{self, Answer},
        history::{Counts, Outcome},
        run::Run,
        server::{Server, Site},
    },
    services::ServiceError,
};

impl From<ServiceError> for Trouble {
    fn from(error: ServiceError) -> Self {
        match error {
            ServiceError::Missing(_) => Self::Skipped(error.to_string()),
            ServiceError::Failed(reason) => Self::Broken(reason),
        }
    }
}

/// A site whose nonces are in this Redis.
pub(super) fn site_on_redis(setup: &Setup, url: &str) -> Result<Site, Trouble> {
    Ok(short_fence(Site::new(&setup.program)?)
        .with("nonces.store=redis")
        .with(&format!("nonces.url={url}")))
}

/// Clients may be ahead by a second, so a fence stands for some seconds and not for five minutes.
pub(super) fn short_fence(site: Site) -> Site {
    site.with("policy.window_future=1s")
}

/// Makes a master key, as one does for PostgreSQL.
pub(super) fn master_key(directory: &Path) -> Result<PathBuf, Trouble> {
    let mut octets = [0; 32];
    File::open("/dev/urandom")?.read_exact(&mut octets)?;
    let path = directory.join("master.key");
    let mut file = File::options().write(true).create_new(true).mode(0o600).open(&path)?;
    file.write_all(STANDARD.encode(octets).as_bytes())?;
    Ok(path)
}

/// Makes the tables of credentials in PostgreSQL.
pub(super) fn migrate(site: &Site) -> Result<(), Trouble> {
    let output = site.command("migrate").output()?;
    if output.status.success() {
        return Ok(());
    }
    Err(Trouble::Broken(String::from_utf8_lossy(&output.stderr).into_owned()))
}

/// Waits until a fresh request is accepted; gives how long that took. Anything but 200 and 503 with
/// `Retry-After` is an error.
pub(super) async fn until_accepted(
    run: &mut Run,
    server: &Server,
    patience: Duration,
) -> Result<Duration, String> {
    let start = Instant::now();
    loop {
        let ticket = run.ticket(0);
        let (outcome, answer) = run.send_one(server, ticket).await?;
        match (outcome, answer) {
            (Outcome::Accepted, _) => return Ok(start.elapsed()),
            (Outcome::Unavailable, Some(Answer { retry_after: Some(1..), .. })) => {}
            (_, answer) => {
                return Err(format!("a fresh request got {answer:?}: {}", tail(&server.log())));
            }
        }
        if start.elapsed() > patience {
            return Err(format!(
                "nothing was accepted within {patience:?}: {} {}",
                readiness(server).await,
                tail(&server.log())
            ));
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}

/// Waits until readiness says that the nonces are fenced off, or that they are ready; gives how long
/// that took, and whether they are fenced off.
pub(super) async fn until_known(
    server: &Server,
    patience: Duration,
) -> Result<(Duration, bool), String> {
    let start = Instant::now();
    loop {
        let text = readiness(server).await;
        if text.contains("[+] nonces") || text.contains(FENCED) {
            return Ok((start.elapsed(), text.contains(FENCED)));
        }
        if start.elapsed() > patience {
            return Err(format!("the nonces are neither ready nor fenced: {text}"));
        }
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

/// What `/readyz?verbose` says, or nothing.
pub(super) async fn readiness(server: &Server) -> String {
    let answer = client::get(server.admin, "/readyz?verbose").await;
    answer.map(|answer| String::from_utf8_lossy(&answer.body).into_owned()).unwrap_or_default()
}

/// Sends fresh requests one after the other for a while; gives the 99th percentile of their times
/// and the counts.
pub(super) async fn timed(
    run: &mut Run,
    server: &Server,
    lasting: Duration,
) -> Result<(Duration, Counts), String> {
    let before = run.history.counts;
    let start = Instant::now();
    let mut times = Vec::new();
    while start.elapsed() < lasting {
        let ticket = run.ticket(0);
        let sent = Instant::now();
        run.send_one(server, ticket).await?;
        times.push(sent.elapsed());
        tokio::time::sleep(Duration::from_millis(2)).await;
    }
    times.sort();
    let worst = times.get(times.len() * 99 / 100).copied().unwrap_or_default();
    Ok((worst, run.history.counts.since(before)))
}

/// How many answers to fresh requests were neither 200 nor 503: the wrong ones.
pub(super) const fn wrong(counts: Counts) -> u64 {
    counts.replay + counts.refused + counts.lost
}

/// Counts in words.
pub(super) fn told(counts: Counts) -> String {
    let Counts { sent, accepted, replay, unavailable, refused, lost } = counts;
    let mut text = format!("{sent} sent: {accepted} × 200, {unavailable} × 503");
    for (count, what) in [(replay, "nonce_used"), (refused, "other"), (lost, "no answer")] {
        if count > 0 {
            let _ = write!(text, ", {count} × {what}");
        }
    }
    text
}

/// The end of a log.
pub(super) fn tail(log: &str) -> String {
    let lines: Vec<&str> = log.lines().collect();
    lines[lines.len().saturating_sub(5)..].join("\n")
}

/// What a store that is fenced off says of itself.
const FENCED: &str = "may have forgotten nonces";
