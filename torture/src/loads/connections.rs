//! Many connections that stay.

use std::time::Duration;

use rustix::process::{Resource, getrlimit, setrlimit};
use tokio::time::{Instant, sleep};

use super::finding;
use crate::{
    Scale, Setup,
    faults::{Measured, Trouble},
    harness::{run::Run, senders::Senders, server::Site},
    report::Finding,
};

/// L4: connections that are kept alive, each with a request now and then.
pub(super) async fn kept_alive(setup: &Setup) -> Finding {
    let (count, seconds) = setup.scale.pick((2_000, 5), (10_000, 30));
    let what = format!(
        "{count} connections at once, each kept alive and with one signed request a second, for {seconds} s"
    );
    let goal =
        "all requests accepted, no connection lost, ≤ 20 KB of memory a connection, p99 ≤ 100 ms";
    finding("L4", what, goal, keep(setup, count, seconds).await)
}

async fn keep(setup: &Setup, count: usize, seconds: u64) -> Measured {
    raise_file_limit(count)?;
    let site = Site::new(&setup.program)?;
    let mut run = Run::new(&site.create_keys("kept")?);
    let server = site.start().await?;
    run.send(&server, 50).await?;
    let before = server.resident()?;
    let rate = count as f64;
    let senders = Senders::start(server.address, &run, count, Some(rate))?;
    opened(&senders, count).await?;
    let start = Instant::now();
    sleep(Duration::from_secs(seconds)).await;
    let each = server.resident()?.saturating_sub(before) as f64 / count as f64 / 1e3;
    let open = server.metric("oauth1_connections").await?;
    let seen = senders.stop(start).await?;
    run.note(&seen.sendings);
    let measured = format!(
        "{} of {} accepted; {open} connections open at the end, {} made; {each:.1} KB each; p50 {:.2} ms, p99 {:.2} ms",
        seen.counts.accepted,
        seen.counts.sent,
        seen.opened,
        seen.millis(50),
        seen.millis(99)
    );
    // Times are not compared where others may be busy.
    let short = setup.scale == Scale::Short;
    let met = seen.all_accepted()
        && seen.opened == count
        && open as usize == count
        && each <= 20.0
        && (short || seen.millis(99) <= 100.0);
    Ok((measured, met))
}

/// Waits until as many connections were made.
pub(super) async fn opened(senders: &Senders, count: usize) -> Result<(), String> {
    let start = Instant::now();
    while senders.opened() < count {
        if start.elapsed() > Duration::from_secs(30) {
            let opened = senders.opened();
            return Err(format!("only {opened} of {count} connections were made within 30 s"));
        }
        sleep(Duration::from_millis(10)).await;
    }
    Ok(())
}

/// Permits this process as many connections, and some files more.
pub(super) fn raise_file_limit(connections: usize) -> Result<(), Trouble> {
    let mut limit = getrlimit(Resource::Nofile);
    let needed = connections as u64 + 200;
    if limit.maximum.is_some_and(|maximum| maximum < needed) {
        let maximum = limit.maximum.unwrap_or_default();
        return Err(Trouble::Skipped(format!(
            "{needed} open files are needed, and {maximum} are permitted: ulimit -Hn"
        )));
    }
    limit.current = limit.maximum;
    setrlimit(Resource::Nofile, limit).map_err(|error| Trouble::Broken(error.to_string()))
}
