//! A primary of Redis is lost, and with it what its replica had not got yet.

use std::time::{Duration, Instant};

use super::{
    Measured, Trouble, finding,
    redis::recorded,
    shared::{site_on_redis, until_accepted, until_known},
};
use crate::{
    Setup,
    harness::{history::Counts, run::Run},
    report::Finding,
    services::{Proxy, Redis, Sentinel},
};

/// F13: failover that loses writes.
pub(super) async fn losing_writes(setup: &Setup) -> Finding {
    let cycles = setup.scale.pick(1, 10);
    let what = format!(
        "{cycles} × replication stalled under load, primary killed, replica promoted; reached through an address that is switched, and through a Sentinel; all replayed at once and after the fence"
    );
    let goal =
        "> 0 writes lost (a plain SET NX accepts them again: shown), 0 replays accepted by ours";
    finding("F13", what, goal, failovers(setup, cycles).await)
}

#[derive(Default)]
struct Sum {
    accepted: usize,
    lost: u64,
    plain: u64,
    replays: Counts,
    twice: usize,
    slowest: Duration,
    all_fenced: bool,
}

async fn failovers(setup: &Setup, cycles: u32) -> Measured {
    let (mut told, mut met) = (Vec::new(), true);
    let (switched, promoted) =
        tokio::join!(in_turn(setup, cycles, false), in_turn(setup, cycles, true));
    for (name, sum) in [("switched address", switched?), ("Sentinel", promoted?)] {
        told.push(format!(
            "{name}: {} accepted, {} writes lost, {} of {} plain SET NX accepted again; {} replays ({} × 503, {} × nonce_used), {} accepted twice; fenced ≤ {:.1} s after the promotion",
            sum.accepted,
            sum.lost,
            sum.plain,
            u64::from(cycles) * PLAIN,
            sum.replays.sent,
            sum.replays.unavailable,
            sum.replays.replay,
            sum.twice,
            sum.slowest.as_secs_f64()
        ));
        met &= sum.lost > 0 && sum.plain > 0 && sum.all_fenced;
        met &= sum.replays.accepted == 0 && sum.twice == 0 && sum.replays.sent > 0;
    }
    Ok((told.join("; "), met))
}

async fn in_turn(setup: &Setup, cycles: u32, by_sentinel: bool) -> Result<Sum, Trouble> {
    let mut sum = Sum { all_fenced: true, ..Sum::default() };
    for _ in 0..cycles {
        failover(setup, by_sentinel, &mut sum).await?;
    }
    Ok(sum)
}

async fn failover(setup: &Setup, by_sentinel: bool, sum: &mut Sum) -> Result<(), Trouble> {
    let mut primary = Redis::start(&[])?;
    let link = Proxy::start(primary.address())?;
    let replica = Redis::start_replica_of(link.address())?;
    let front = Proxy::start(primary.address())?;
    let sentinel = if by_sentinel { Some(Sentinel::start(&primary)?) } else { None };
    let url = match &sentinel {
        Some(sentinel) => format!("redis+sentinel://{}/nonces", sentinel.address()),
        None => format!("redis://{}/", front.address()),
    };
    let site = site_on_redis(setup, &url)?;
    let mut run = Run::new(&site.create_keys("failover")?);
    let server = site.start().await?;
    if let Some(sentinel) = &sentinel {
        sentinel.wait_for_replica()?;
    }
    let flood = run.flood(&server, 8);
    tokio::time::sleep(Duration::from_millis(200)).await;
    link.stall(true);
    tokio::time::sleep(Duration::from_millis(50)).await;
    let fresh = plain(&primary)?;
    if fresh != PLAIN || plain(&primary)? != 0 {
        return Err(Trouble::Broken(format!("SET NX took {fresh} of {PLAIN}")));
    }
    tokio::time::sleep(Duration::from_millis(250)).await;
    let written = recorded(&primary)?;
    primary.kill();
    match by_sentinel {
        true => wait_for_promotion(&replica).await?,
        false => replica.command(&["REPLICAOF", "NO", "ONE"]).map(drop)?,
    }
    sum.lost += written.saturating_sub(recorded(&replica)?);
    sum.plain += plain(&replica)?;
    front.switch(replica.address());
    run.note(&flood.stop().await);
    let (took, fenced) = until_known(&server, PATIENCE).await?;
    sum.slowest = sum.slowest.max(took);
    sum.all_fenced &= fenced;
    let at_once = run.replay(&server).await;
    until_accepted(&mut run, &server, PATIENCE).await?;
    let after = run.replay(&server).await;
    for counts in [at_once, after] {
        sum.replays.sent += counts.sent;
        sum.replays.accepted += counts.accepted;
        sum.replays.unavailable += counts.unavailable;
        sum.replays.replay += counts.replay;
    }
    sum.accepted += run.history.requests_accepted();
    sum.twice += run.history.twice.len();
    Ok(())
}

/// What a store that only says SET NX would do: how many of its nonces are fresh.
fn plain(redis: &Redis) -> Result<u64, Trouble> {
    let script = format!(
        "local n = 0 for i = 1, {PLAIN} do if redis.call('SET', 'plain:' .. i, 1, 'NX', 'EX', 600) then n = n + 1 end end return n"
    );
    let fresh = redis.command(&["EVAL", &script, "0"])?;
    fresh.trim().parse().map_err(|_| Trouble::Broken(format!("SET NX: {fresh}")))
}

async fn wait_for_promotion(replica: &Redis) -> Result<(), Trouble> {
    let start = Instant::now();
    let is_primary = |info: String| info.contains("role:master");
    // With the promotion, a Sentinel cuts off the clients.
    while !replica.command(&["INFO", "replication"]).is_ok_and(is_primary) {
        if start.elapsed() > PATIENCE {
            return Err(Trouble::Broken("the Sentinel promoted nobody".to_owned()));
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    Ok(())
}

const PLAIN: u64 = 100;
const PATIENCE: Duration = Duration::from_secs(20);
