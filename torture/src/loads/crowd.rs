//! One client that wants more than its share.

use std::time::Duration;

use tokio::time::{Instant, sleep};

use super::finding;
use crate::{
    Setup,
    faults::Measured,
    harness::{run::Run, senders::Senders, server::Site},
    report::Finding,
};

/// L8: a client over its quota.
pub(super) async fn over_quota(setup: &Setup) -> Finding {
    let seconds = setup.scale.pick(4, 20);
    let what = format!(
        "a quota of {QUOTA} nonces a client: one client sends as many requests as are answered on 8 connections, another {RATE} a second, for {seconds} s"
    );
    let goal = "the first gets as many 2xx as its quota and then 429 with Retry-After; the other nothing but 2xx";
    finding("L8", what, goal, share(setup, seconds).await)
}

async fn share(setup: &Setup, seconds: u64) -> Measured {
    let site = Site::new(&setup.program)?.with(&format!("nonces.quota={QUOTA}"));
    let mut greedy = Run::new(&site.create_keys("greedy")?);
    let mut modest = Run::new(&site.create_keys("modest")?);
    let server = site.start().await?;
    let before = server.metric(ENTRIES).await?;
    let start = Instant::now();
    let others = Senders::start(server.address, &modest, 4, Some(f64::from(RATE)))?;
    let flood = Senders::start(server.address, &greedy, 8, None)?;
    sleep(Duration::from_secs(seconds)).await;
    let (flood, others) = (flood.stop(start).await?, others.stop(start).await?);
    greedy.note(&flood.sendings);
    modest.note(&others.sendings);
    let kept = (server.metric(ENTRIES).await? - before) as u64;
    let measured = format!(
        "the first: {} accepted, {} × 429, of them {} without Retry-After, {} other answers; the other: {} of {} accepted, p99 {:.2} ms; {kept} nonces kept",
        flood.counts.accepted,
        flood.over_quota,
        flood.without_retry_after,
        flood.counts.sent - flood.counts.accepted - flood.over_quota,
        others.counts.accepted,
        others.counts.sent,
        others.millis(99)
    );
    let met = flood.counts.accepted == QUOTA
        && flood.over_quota == flood.counts.sent - QUOTA
        && flood.over_quota > 0
        && flood.without_retry_after == 0
        && others.all_accepted()
        && kept == QUOTA + others.counts.accepted;
    Ok((measured, met))
}

const QUOTA: u64 = 3_000;
const ENTRIES: &str = "oauth1_nonce_entries";
const RATE: u32 = 100;
