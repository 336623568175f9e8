//! The same request to several nodes at once.

use std::{
    net::SocketAddr,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Instant,
};

use tokio::{io::AsyncWriteExt, task::JoinSet};

use super::{
    Measured, Trouble, finding,
    shared::{short_fence, site_on_redis},
};
use crate::{
    Setup,
    harness::{
        client::Connection,
        forge::{Forge, Ticket, now},
        history::Outcome,
        load::Sendings,
        run::Run,
        server::Site,
    },
    report::Finding,
    services::{Postgres, Redis},
};

/// F16: two nodes that share a store get the same request at once.
pub(super) async fn at_once(setup: &Setup) -> Finding {
    let (pairs, eights) = sizes(setup);
    let what = format!(
        "two nodes: {pairs} requests to both at once, and {eights} eight times at once, four to each; on Redis, and on PostgreSQL"
    );
    let goal = "exactly one 2xx for each request; each other nonce_used, or 503 when the store did not answer in time";
    finding("F16", what, goal, both_stores(setup).await)
}

fn sizes(setup: &Setup) -> (u64, u64) {
    (setup.scale.pick(4_000, 100_000), setup.scale.pick(500, 10_000))
}

async fn both_stores(setup: &Setup) -> Measured {
    let redis = Redis::start(&[])?;
    let site = site_on_redis(setup, &redis.url())?;
    let mut run = Run::new(&site.create_keys("twice")?);
    // Redis is the same for both; of the credentials each has a copy.
    let (on_redis, met) = both_nodes(setup, &site, &site.twin()?, &mut run).await?;

    let postgres = Postgres::start()?;
    let site = short_fence(Site::new(&setup.program)?)
        .with("nonces.store=postgres")
        .with("nonces.unsynced=true")
        .with(&format!("nonces.url={}", postgres.url()));
    let mut run = Run::new(&site.create_keys("twice")?);
    let (on_postgres, also) = both_nodes(setup, &site, &site.twin()?, &mut run).await?;
    Ok((format!("Redis: {on_redis}; PostgreSQL: {on_postgres}"), met && also))
}

async fn both_nodes(setup: &Setup, one: &Site, two: &Site, run: &mut Run) -> Measured {
    let (pairs, eights) = sizes(setup);
    let (one, two) = (one.start().await?, two.start().await?);
    let nodes = [one.address, two.address];
    let start = Instant::now();
    let by_two = storm(&nodes, run, pairs, 2).await?;
    let by_eight = storm(&nodes, run, eights, 8).await?;
    let logs = [one.log(), two.log()].concat();
    let why = logs.lines().find(|line| line.contains("not available")).unwrap_or_default();
    let figures = format!("{by_two}; {by_eight}; {:.0} s {why}", start.elapsed().as_secs_f64());
    Ok((figures, run.history.twice.is_empty() && by_two.is_met() && by_eight.is_met()))
}

/// What became of requests that were sent several times at once.
struct Tally {
    requests: u64,
    copies: usize,
    once: u64,
    /// Accepted where it was not sent first.
    overtaken: u64,
    others: u64,
    replay: u64,
    unavailable: u64,
}

impl Tally {
    /// Each was accepted once, and no copy got a wrong answer.
    const fn is_met(&self) -> bool {
        self.once == self.requests && self.replay + self.unavailable == self.others
    }
}

impl std::fmt::Display for Tally {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { requests, copies, once, overtaken, others, replay, unavailable } = self;
        write!(
            f,
            "{requests} × {copies}: {once} accepted exactly once ({overtaken} not where it was sent first), {replay} of {others} copies nonce_used, {unavailable} × 503"
        )
    }
}

async fn storm(
    nodes: &[SocketAddr; 2],
    run: &mut Run,
    requests: u64,
    copies: usize,
) -> Result<Tally, Trouble> {
    let mut lanes = JoinSet::new();
    for _ in 0..LANES {
        let (forge, numbers, nodes) = (run.forge.clone(), run.numbers.clone(), *nodes);
        let share = requests / LANES;
        lanes.spawn(async move { lane(&nodes, &forge, &numbers, share, copies).await });
    }
    let mut tally =
        Tally { requests: 0, copies, once: 0, overtaken: 0, others: 0, replay: 0, unavailable: 0 };
    for sendings in lanes.join_all().await {
        for (round, of_one) in sendings?.chunks(copies).enumerate() {
            let accepted = of_one.iter().filter(|(_, outcome)| outcome.is_accepted()).count();
            let first = sent_first(round, copies);
            let count = |wanted| of_one.iter().filter(|(_, outcome)| *outcome == wanted).count();
            tally.requests += 1;
            tally.once += u64::from(accepted == 1);
            tally.overtaken += u64::from(accepted == 1 && !of_one[first].1.is_accepted());
            tally.others += copies as u64 - 1;
            tally.replay += count(Outcome::Replay) as u64;
            tally.unavailable += count(Outcome::Unavailable) as u64;
            run.history.note_all(0, of_one);
        }
    }
    Ok(tally)
}

/// Each connection in turn.
const fn sent_first(round: usize, copies: usize) -> usize {
    round % copies
}

async fn lane(
    nodes: &[SocketAddr; 2],
    forge: &Arc<Forge>,
    numbers: &AtomicU64,
    requests: u64,
    copies: usize,
) -> Result<Sendings, String> {
    let mut connections = Vec::with_capacity(copies);
    for copy in 0..copies {
        let connection = Connection::open(nodes[copy % nodes.len()]).await;
        connections.push(connection.map_err(|error| error.to_string())?);
    }
    let mut sendings = Vec::with_capacity(copies * requests as usize);
    for round in 0..requests as usize {
        let number = numbers.fetch_add(1, Ordering::Relaxed);
        let ticket = Ticket { number, timestamp: now() };
        let octets = forge.request(ticket)?;
        for copy in 0..copies {
            let stream = &mut connections[(sent_first(round, copies) + copy) % copies].stream;
            stream.write_all(&octets).await.map_err(|error| error.to_string())?;
        }
        for connection in &mut connections {
            let answer = connection.answer().await.ok();
            sendings.push((ticket, Outcome::of(answer.as_ref())));
        }
    }
    Ok(sendings)
}

const LANES: u64 = 4;
