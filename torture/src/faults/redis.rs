//! Redis goes away, hangs, comes back without its data, or is full.

use std::time::{Duration, Instant};

use super::{
    Measured, Trouble, finding,
    machine::live,
    shared::{readiness, site_on_redis, tail, timed, told, until_accepted, until_known, wrong},
};
use crate::{
    Setup,
    harness::{history::Counts, run::Run, server::free_address},
    report::Finding,
    services::{Proxy, Redis},
};

/// F11: Redis is down, hangs, or is slow.
pub(super) async fn outage(setup: &Setup) -> Finding {
    let seconds = setup.scale.pick(1, 10);
    let what = format!(
        "redis-server killed, stopped by SIGSTOP, and slowed by 200 ms, {seconds} s each, under single requests"
    );
    let goal = "503 within 60 ms (p99), 0 accepted without a record; 200 again (after a kill: fenced) ≤ 2 s after the return; 0 replays accepted";
    finding("F11", what, goal, outages(setup, Duration::from_secs(seconds)).await)
}

async fn outages(setup: &Setup, lasting: Duration) -> Measured {
    let mut redis = Redis::start(&[])?;
    let proxy = Proxy::start(redis.address())?;
    let site = site_on_redis(setup, &format!("redis://{}/", proxy.address()))?;
    let mut run = Run::new(&site.create_keys("outage")?);
    let server = site.start().await?;
    let (mut told, mut met, mut fenced) = (Vec::new(), true, false);
    for kind in ["slow", "stopped", "killed"] {
        run.send(&server, 50).await?;
        match kind {
            "slow" => proxy.delay(200),
            "stopped" => redis.freeze()?,
            _ => redis.kill(),
        }
        // One request may find the pipe still quick.
        run.send(&server, 1).await?;
        let (worst, counts) = timed(&mut run, &server, lasting).await?;
        match kind {
            "slow" => proxy.delay(0),
            "stopped" => redis.thaw()?,
            _ => redis.resume()?,
        }
        let back = match kind {
            "killed" => {
                let (back, is_fenced) = until_known(&server, PATIENCE).await?;
                fenced = is_fenced;
                back
            }
            _ => until_accepted(&mut run, &server, PATIENCE).await?,
        };
        let replays = run.replay(&server).await;
        told.push(format!(
            "{kind}: {} of {} answered 503, p99 {} ms, back after {} ms, {} replays",
            counts.unavailable,
            counts.sent,
            worst.as_millis(),
            back.as_millis(),
            replays.sent
        ));
        met &= counts.unavailable == counts.sent && replays.accepted == 0;
        met &= setup.scale.judges(worst <= Duration::from_millis(60));
        met &= setup.scale.judges(back <= Duration::from_secs(2));
    }
    let twice = run.history.twice.len();
    told.push(format!("fenced after the kill: {fenced}; {twice} accepted twice"));
    Ok((told.join("; "), met && fenced && twice == 0))
}

/// F12: Redis comes back without what it had, or with what it kept.
pub(super) async fn restart(setup: &Setup) -> Finding {
    let cycles = setup.scale.pick(1, 10);
    let what = format!(
        "{cycles} × redis-server killed under load and started again: empty, with an older RDB, with all of its AOF, and empty with the server killed as well; all replayed at once and after the fence"
    );
    let goal = "0 replays accepted; 503 with Retry-After while fenced, then 200";
    finding("F12", what, goal, restarts(setup, cycles).await)
}

async fn restarts(setup: &Setup, cycles: u32) -> Measured {
    let aof: &[&str] = &["--appendonly", "yes", "--appendfsync", "always"];
    let all = tokio::join!(
        restarted(setup, cycles, &[], Also::Nothing),
        restarted(setup, cycles, &[], Also::Rdb),
        restarted(setup, cycles, aof, Also::Nothing),
        restarted(setup, cycles, &[], Also::KillServer),
    );
    let named =
        [("empty", all.0), ("older RDB", all.1), ("AOF", all.2), ("both killed, empty", all.3)];
    let (mut told, mut met) = (Vec::new(), true);
    for (name, measured) in named {
        let (figures, good) = measured?;
        told.push(format!("{name}: {figures}"));
        met &= good;
    }
    Ok((told.join("; "), met))
}

#[derive(Clone, Copy, PartialEq)]
enum Also {
    Nothing,
    /// Keep what there is half-way.
    Rdb,
    KillServer,
}

async fn restarted(setup: &Setup, cycles: u32, options: &[&str], also: Also) -> Measured {
    let mut redis = Redis::start(options)?;
    let site = site_on_redis(setup, &redis.url())?;
    let mut run = Run::new(&site.create_keys("restart")?);
    let mut server = site.start().await?;
    let (mut met, mut sum, mut fence) = (true, Counts::default(), Duration::ZERO);
    for _ in 0..cycles {
        let flood = run.flood(&server, 8);
        tokio::time::sleep(Duration::from_millis(200)).await;
        if also == Also::Rdb {
            redis.command(&["SAVE"])?;
        }
        tokio::time::sleep(Duration::from_millis(200)).await;
        redis.kill();
        if also == Also::KillServer {
            server.kill();
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
        run.note(&flood.stop().await);
        redis.resume()?;
        if also == Also::KillServer {
            server = live(&site, &server).await?;
        }
        met &= until_known(&server, PATIENCE).await?.1;
        let start = Instant::now();
        let ticket = run.ticket(0);
        let (_, refused) = run.send_one(&server, ticket).await?;
        met &= refused.is_some_and(|answer| answer.status == 503 && answer.retry_after > Some(0));
        let at_once = run.replay(&server).await;
        met &= at_once.sent > 0 && at_once.unavailable == at_once.sent;
        until_accepted(&mut run, &server, PATIENCE).await?;
        fence = fence.max(start.elapsed());
        let after = run.replay(&server).await;
        met &= after.accepted == 0 && wrong(after) == after.replay;
        for counts in [at_once, after] {
            sum.sent += counts.sent;
            sum.unavailable += counts.unavailable;
            sum.replay += counts.replay;
        }
    }
    let twice = run.history.twice.len();
    let figures = format!(
        "{} accepted, {} replays ({} × 503, {} × nonce_used), {twice} accepted twice, fenced for {:.1} s",
        run.history.requests_accepted(),
        sum.sent,
        sum.unavailable,
        sum.replay,
        fence.as_secs_f64()
    );
    Ok((figures, met && twice == 0))
}

/// F14: Redis that evicts, and Redis that is full.
pub(super) async fn memory(setup: &Setup) -> Finding {
    let what = "started on a redis-server with each maxmemory-policy that evicts; then with noeviction and maxmemory 3mb under load until it is full; all replayed while it is full and once it has room; then set to volatile-lru while the server runs".to_owned();
    let goal = "start refused with what to do; full: 503, 0 × 2xx without a record, 0 replays accepted; eviction found ≤ 6 s after it was set, and fenced";
    finding("F14", what, goal, full(setup).await)
}

async fn full(setup: &Setup) -> Measured {
    let redis = Redis::start(&["--maxmemory", "3mb"])?;
    let site = site_on_redis(setup, &redis.url())?;
    let mut run = Run::new(&site.create_keys("full")?);
    let mut refused = 0;
    for policy in POLICIES {
        redis.command(&["CONFIG", "SET", "maxmemory-policy", policy])?;
        let mut server = site.launch(free_address()?, free_address()?)?;
        let start = Instant::now();
        let status = loop {
            if let Some(status) = server.child.try_wait()? {
                break status;
            }
            if start.elapsed() > PATIENCE {
                return Err(Trouble::Broken(format!("it starts with maxmemory-policy {policy}")));
            }
            tokio::time::sleep(Duration::from_millis(2)).await;
        };
        let log = server.log();
        let says = log.contains(policy) && log.contains("set maxmemory-policy noeviction");
        if status.success() || !says {
            return Err(Trouble::Broken(format!("with {policy}: {status}, {}", tail(&log))));
        }
        refused += 1;
    }

    redis.command(&["CONFIG", "SET", "maxmemory-policy", "noeviction"])?;
    let server = site.start().await?;
    let recorded_before = recorded(&redis)?;
    let flood = run.flood(&server, 16);
    let start = Instant::now();
    while redis.command(&["SET", "room", "x"]).is_ok() {
        if start.elapsed() > Duration::from_secs(60) {
            return Err(Trouble::Broken("it was never full".to_owned()));
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    tokio::time::sleep(Duration::from_millis(500)).await;
    run.note(&flood.stop().await);
    // What the load's own connections took becomes free by and by: it is filled as well.
    let (filling, mut refusals) = ("x".repeat(512), 0);
    while refusals < 20 {
        match redis.command(&["APPEND", "room", &filling]) {
            Ok(_) => refusals = 0,
            Err(_) => {
                refusals += 1;
                tokio::time::sleep(Duration::from_millis(50)).await;
            }
        }
    }
    let load = run.history.counts;
    let fresh = run.send(&server, 100).await?;
    let while_full = fresh.iter().filter(|outcome| outcome.is_accepted()).count();
    let unrecorded = run.history.requests_accepted() as u64 > recorded(&redis)? - recorded_before;
    let at_once = run.replay(&server).await;
    redis.command(&["CONFIG", "SET", "maxmemory", "100mb"])?;
    let back = until_accepted(&mut run, &server, PATIENCE).await?;
    let after = run.replay(&server).await;

    redis.command(&["CONFIG", "SET", "maxmemory-policy", "volatile-lru"])?;
    let start = Instant::now();
    while readiness(&server).await.contains("[+] nonces") {
        if start.elapsed() > PATIENCE {
            return Err(Trouble::Broken("volatile-lru was not noticed".to_owned()));
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    let noticed = start.elapsed();
    redis.command(&["CONFIG", "SET", "maxmemory-policy", "noeviction"])?;
    let (_, fenced) = until_known(&server, PATIENCE).await?;
    let fenced_off = run.replay(&server).await;
    let twice = run.history.twice.len();
    let figures = format!(
        "{refused} policies refused at the start; load: {}; while full {while_full} of 100 fresh accepted; {} + {} + {} replays, {twice} accepted twice; accepted again {} ms after there was room; volatile-lru noticed after {:.1} s, fenced: {fenced}",
        told(load),
        at_once.sent,
        after.sent,
        fenced_off.sent,
        back.as_millis(),
        noticed.as_secs_f64()
    );
    let met = refused == POLICIES.len()
        && load.unavailable > 0
        && wrong(load) == 0
        && while_full == 0
        && !unrecorded
        && after.replay == after.sent
        && fenced
        && fenced_off.unavailable == fenced_off.sent
        && setup.scale.judges(noticed <= Duration::from_secs(6))
        && twice == 0;
    Ok((figures, met))
}

/// How many nonces there are: none where everything was lost.
pub(super) fn recorded(redis: &Redis) -> Result<u64, Trouble> {
    let live = redis.command(&["HGET", "oauth1:{0}:state", "live"])?;
    match live.trim() {
        "" => Ok(0),
        live => live.parse().map_err(|_| Trouble::Broken(format!("no count of nonces: {live:?}"))),
    }
}

const PATIENCE: Duration = Duration::from_secs(20);
const POLICIES: [&str; 7] = [
    "allkeys-lru",
    "allkeys-lfu",
    "allkeys-random",
    "volatile-lru",
    "volatile-lfu",
    "volatile-random",
    "volatile-ttl",
];
