//! PostgreSQL ends, hangs, and is replaced by a standby that lacks the last writes.

use std::time::Duration;

use super::{
    Measured, Trouble, finding,
    shared::{master_key, migrate, short_fence, tail, told, until_accepted, until_known, wrong},
};
use crate::{
    Setup,
    harness::{
        history::Counts,
        run::Run,
        server::{Server, Site},
    },
    report::Finding,
    services::{Postgres, Proxy},
};

/// F19: PostgreSQL has the nonces and the credentials, and fails.
pub(super) async fn trouble(setup: &Setup) -> Finding {
    let cycles = setup.scale.pick(3, 30);
    let what = format!(
        "nonces and credentials in PostgreSQL, {RATE} requests per second; {cycles} times in turn: stopped immediately and started, all its processes stopped by SIGSTOP for 1.5 s, failover to a streaming standby whose replication was stalled; all replayed each time"
    );
    let goal = "0 accepted twice; 0 answers but 200 and 503 to fresh requests; answered ≤ 3 s after the server is back (after a failover: by the fence); never more connections than the pools have";
    finding("F19", what, goal, cycle(setup, cycles).await)
}

/// The servers, behind an address that stays.
struct Cluster {
    primary: Postgres,
    standby: Option<(Postgres, Proxy)>,
    front: Proxy,
}

impl Cluster {
    fn start() -> Result<Self, Trouble> {
        let primary = Postgres::start_with(&[])?;
        let front = Proxy::start(primary.address())?;
        Ok(Self { primary, standby: None, front })
    }

    /// A standby that follows the primary through a proxy.
    fn follow(&mut self) -> Result<(), Trouble> {
        let link = Proxy::start(self.primary.address())?;
        let standby = self.primary.start_standby(link.address())?;
        self.standby = Some((standby, link));
        Ok(())
    }

    /// Rows in all tables of nonces.
    fn recorded(server: &Postgres) -> Result<u64, Trouble> {
        let tables = server.query(TABLES)?;
        let each = tables.lines().map(|table| format!("SELECT count(*) AS n FROM {table}"));
        let all = each.collect::<Vec<_>>().join(" UNION ALL ");
        let count = server.query(&format!("SELECT sum(n) FROM ({all}) AS counts"))?;
        count.trim().parse().map_err(|_| Trouble::Broken(format!("no count of rows: {count:?}")))
    }
}

/// What was found in all cycles.
#[derive(Default)]
struct Sum {
    /// The slowest to come back, by kind of fault.
    back: [Duration; 3],
    fresh: Counts,
    replays: Counts,
    lost: u64,
    failovers: u32,
    all_fenced: bool,
    /// The most connections that were seen, of nonces and of credentials.
    most: [u64; 2],
}

async fn cycle(setup: &Setup, cycles: u32) -> Measured {
    let mut cluster = Cluster::start()?;
    let site = short_fence(Site::new(&setup.program)?);
    let key = master_key(site.root())?;
    let url = format!("postgres://postgres@{}/postgres", cluster.front.address());
    let site = site
        .with("nonces.store=postgres")
        // The first primary syncs, standbys do not.
        .with("nonces.unsynced=true")
        .with(&format!("nonces.pool_size={POOL}"))
        .with(&format!("credentials.url={url}"))
        .with(&format!("credentials.pool_size={POOL}"))
        .with(&format!("credentials.master_key_file={}", key.display()));
    migrate(&site)?;
    let mut run = Run::new(&site.create_keys("trouble")?);
    let server = site.start().await?;
    let mut sum = Sum { all_fenced: true, ..Sum::default() };
    for number in 0..cycles {
        let kind = number as usize % 3;
        fault(kind, &mut cluster, &server, &mut run, &mut sum).await?;
    }
    let twice = run.history.twice.len();
    let [stopped, frozen, replaced] = sum.back.map(|back| back.as_millis());
    let figures = format!(
        "fresh: {}; {} replays, {twice} accepted twice; back after a stop ≤ {stopped} ms, after SIGSTOP ≤ {frozen} ms; {} failovers lost {} rows, fenced ≤ {replaced} ms after; at most {} connections of {POOL} + 1 for nonces, {} of {POOL} + 1 for credentials",
        told(sum.fresh),
        sum.replays.sent,
        sum.failovers,
        sum.lost,
        sum.most[0],
        sum.most[1]
    );
    let quick = setup.scale.judges(sum.back.iter().all(|back| *back <= Duration::from_secs(3)));
    let bounded = sum.most.iter().all(|most| *most <= POOL + 1);
    let met = twice == 0
        && wrong(sum.fresh) == 0
        && sum.fresh.accepted > 0
        && sum.replays.accepted == 0
        && (sum.failovers == 0 || sum.lost > 0)
        && sum.all_fenced
        && quick
        && bounded;
    let figures = if met { figures } else { format!("{figures}\n{}", tail(&server.log())) };
    Ok((figures, met))
}

async fn fault(
    kind: usize,
    cluster: &mut Cluster,
    server: &Server,
    run: &mut Run,
    sum: &mut Sum,
) -> Result<(), Trouble> {
    if kind == FAILOVER {
        cluster.follow()?;
    }
    let before = run.history.counts;
    let flood = run.paced(server, 20, RATE);
    tokio::time::sleep(Duration::from_millis(500)).await;
    sum.look(&cluster.primary)?;
    match kind {
        STOP => {
            cluster.primary.stop_immediately()?;
            tokio::time::sleep(Duration::from_millis(200)).await;
            cluster.primary.resume()?;
        }
        FREEZE => {
            cluster.primary.freeze()?;
            tokio::time::sleep(Duration::from_millis(1_500)).await;
            cluster.primary.thaw()?;
        }
        _ => {
            let Some((standby, link)) = cluster.standby.take() else { return Ok(()) };
            link.stall(true);
            tokio::time::sleep(Duration::from_millis(400)).await;
            let written = Cluster::recorded(&cluster.primary)?;
            cluster.primary.kill()?;
            drop(link);
            standby.promote()?;
            sum.lost += written.saturating_sub(Cluster::recorded(&standby)?);
            sum.failovers += 1;
            cluster.primary = standby;
            cluster.front.switch(cluster.primary.address());
        }
    }
    // The first that is answered, or fenced off: other requests wait for the same.
    let back = match kind {
        FAILOVER => {
            let (back, fenced) = until_known(server, PATIENCE).await?;
            sum.all_fenced &= fenced;
            back
        }
        _ => until_accepted(run, server, PATIENCE).await?,
    };
    sum.back[kind] = sum.back[kind].max(back);
    for _ in 0..5 {
        sum.look(&cluster.primary)?;
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    run.note(&flood.stop().await);
    until_accepted(run, server, PATIENCE).await?;
    add(&mut sum.fresh, run.history.counts.since(before));
    let replays = run.replay(server).await;
    add(&mut sum.replays, replays);
    Ok(())
}

impl Sum {
    fn look(&mut self, server: &Postgres) -> Result<(), Trouble> {
        let counts = server.query(CONNECTIONS)?;
        for (most, count) in self.most.iter_mut().zip(counts.trim().split('|')) {
            let count: u64 = count
                .parse()
                .map_err(|_| Trouble::Broken(format!("no count of connections: {counts:?}")))?;
            *most = count.max(*most);
        }
        Ok(())
    }
}

fn add(sum: &mut Counts, counts: Counts) {
    sum.sent += counts.sent;
    sum.accepted += counts.accepted;
    sum.replay += counts.replay;
    sum.unavailable += counts.unavailable;
    sum.refused += counts.refused;
    sum.lost += counts.lost;
}

const STOP: usize = 0;
const FREEZE: usize = 1;
const FAILOVER: usize = 2;
const RATE: u32 = 500;
const POOL: u64 = 8;
const PATIENCE: Duration = Duration::from_secs(20);
const CONNECTIONS: &str = "SELECT count(*) FILTER (WHERE application_name = 'oauth1-server nonces'), \
     count(*) FILTER (WHERE application_name = 'oauth1-server') \
     FROM pg_stat_activity WHERE backend_type = 'client backend'";
const TABLES: &str = "SELECT 'oauth1_nonces.' || tablename FROM pg_tables \
     WHERE schemaname = 'oauth1_nonces' AND tablename LIKE 'n\\_%'";
