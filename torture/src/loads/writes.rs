//! What the journal asks of the disk.

use std::{collections::BTreeMap, fs, time::Duration};

use tokio::time::{Instant, sleep};

use super::finding;
use crate::{
    Setup,
    faults::{Measured, Trouble},
    harness::{
        run::Run,
        senders::Senders,
        server::Site,
        tracer::{Tracer, has},
    },
    report::Finding,
};

/// J1: system calls per accepted request at the default level.
pub(super) async fn per_request(setup: &Setup) -> Finding {
    let what = format!(
        "{REQUESTS} or more signed requests of 8 connections at the level `process`, while strace lists writes and syncs"
    );
    let goal =
        "one write to a slot file per accepted request; syncs: not per request, ≤ 1 a second";
    finding("J1", what, goal, count(setup).await)
}

async fn count(setup: &Setup) -> Measured {
    if !has("strace") {
        return Err(Trouble::Skipped("strace is not installed".to_owned()));
    }
    let site = Site::new(&setup.program)?;
    let mut run = Run::new(&site.create_keys("writes")?);
    let server = site.start().await?;
    let list = site.root().join("calls");
    let tracer = Tracer::list(&server, CALLS, &list).map_err(Trouble::Skipped)?;
    let (start, senders) = (Instant::now(), Senders::start(server.address, &run, 8, None)?);
    let mut seen = 0.0;
    while seen < REQUESTS as f64 {
        if start.elapsed() > Duration::from_secs(120) {
            return Err(format!("only {seen} requests in 120 s under strace").into());
        }
        sleep(Duration::from_millis(100)).await;
        seen = server.metric("oauth1_nonce_entries").await?;
    }
    let seen = senders.stop(start).await?;
    run.note(&seen.sendings);
    tracer.stop();
    let text = fs::read_to_string(&list)?;
    let mut calls = BTreeMap::<&str, u64>::new();
    let mut to_slots = 0;
    for line in text.lines() {
        let Some(call) = begun(line) else { continue };
        *calls.entry(call).or_default() += 1;
        to_slots += u64::from(call.contains("write") && line.contains("/nonces/slot-"));
    }
    let syncs: u64 =
        calls.iter().filter(|(call, _)| call.contains("sync")).map(|(_, count)| count).sum();
    let accepted = seen.counts.accepted;
    let seconds = seen.lasted.as_secs_f64();
    let measured = format!(
        "{accepted} accepted of {} in {seconds:.1} s under strace: {to_slots} writes to slot files ({:.4} a request), {syncs} syncs ({:.5} a request, {:.2} a second)",
        seen.counts.sent,
        to_slots as f64 / accepted as f64,
        syncs as f64 / accepted as f64,
        syncs as f64 / seconds
    );
    // A few more for slot files that were begun.
    let one_each = (accepted..=accepted + 10).contains(&to_slots);
    let met = seen.all_accepted() && one_each && syncs as f64 <= seconds.ceil();
    Ok((measured, met))
}

/// The name of the call on a line where one begins; a call that was interrupted has two lines.
fn begun(line: &str) -> Option<&str> {
    let call = line.split_once(' ')?.1.trim_start();
    let name = call.split_once('(')?.0;
    name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_').then_some(name)
}

const REQUESTS: u64 = 20_000;
const CALLS: &str = "write,writev,pwrite64,pwritev,fsync,fdatasync,sync_file_range";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn calls_are_counted_where_they_begin() {
        let line = "4211  write(9</a/nonces/slot-1>, \"\"..., 32) = 32";
        assert_eq!(begun(line), Some("write"));
        assert_eq!(begun("42 fdatasync(9</a/mark> <unfinished ...>"), Some("fdatasync"));
        assert_eq!(begun("42 <... fdatasync resumed>)  = 0"), None);
        assert_eq!(begun("42 +++ exited with 0 +++"), None);
    }
}
