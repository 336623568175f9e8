//! The process ends without warning.

use std::{
    sync::{Arc, atomic::AtomicU64},
    time::{Duration, Instant},
};

use tokio::time::sleep;

use crate::{
    Setup,
    harness::{
        client,
        forge::{Forge, Ticket, now},
        history::{History, Outcome},
        load::{Flood, Sendings, replay},
        server::Site,
    },
    report::{Finding, Verdict},
};

/// F1: `kill -9` under load, then everything that was sent is sent again.
pub(super) async fn under_load(setup: &Setup) -> Finding {
    let cycles = setup.scale.pick(10, 100);
    let what = format!(
        "{cycles} × kill -9 under load of {CONNECTIONS} connections; all requests of the last {REMEMBERED} lives replayed after each start"
    );
    let goal = "0 of ≥ 1,000,000 replays accepted (short form: fewer), ≥ 99.9 % answered nonce_used, a fresh request accepted ≤ 1 s after the start";
    match kill_cycles(setup, cycles).await {
        Ok((measured, met)) => {
            let verdict = if met { Verdict::Passed } else { Verdict::Failed };
            Finding { id: "F1", what, goal, measured, verdict }
        }
        Err(error) => Finding::broken("F1", &what, goal, error),
    }
}

async fn kill_cycles(setup: &Setup, cycles: u32) -> Result<(String, bool), String> {
    let site = Site::new(&setup.program).map_err(|error| error.to_string())?;
    let keys = site.create_keys("load")?;
    let forge = Arc::new(Forge::new(&keys, now()));
    let numbers = Arc::new(AtomicU64::new(1));
    let mut history = History::default();
    let (mut replays, mut known, mut slowest) = (0, 0, Duration::ZERO);
    let mut lives: Vec<Sendings> = Vec::new();
    let mut server = site.start().await?;
    for cycle in 0..cycles {
        let flood = Flood::start(server.address, &forge, &numbers, CONNECTIONS);
        // Lives of 50 to 500 ms, spread evenly and not in order.
        sleep(Duration::from_millis(50 + u64::from(cycle * 7 % 10) * 50)).await;
        server.kill();
        let sendings = flood.stop().await;
        history.note_all(0, &sendings);
        lives.push(sendings);

        let start = Instant::now();
        let before = server;
        server = site.launch(before.address, before.admin)?;
        drop(before);
        slowest = slowest
            .max(first_accepted(&server.address, &forge, &numbers, &mut history, start).await?);
        for life in lives.iter().rev().take(REMEMBERED) {
            let tickets: Vec<Ticket> = life.iter().map(|(ticket, _)| *ticket).collect();
            let answers = replay(server.address, &forge, tickets, 8).await;
            for ((_, first), (_, again)) in life.iter().zip(&answers) {
                // What got no answer may not have been recorded.
                if *first == Outcome::Accepted {
                    replays += 1;
                    known += u64::from(*again == Outcome::Replay);
                }
            }
            history.note_all(0, &answers);
        }
        if lives.len() > REMEMBERED {
            lives.remove(0);
        }
    }
    server.kill();
    let share = known as f64 / replays as f64 * 100.0;
    let measured = format!(
        "{} requests accepted, {replays} replays of them, {} accepted twice, {share:.3} % answered nonce_used; slowest first acceptance {} ms after the start; {} requests got no answer",
        history.requests_accepted(),
        history.twice.len(),
        slowest.as_millis(),
        history.counts.lost
    );
    let enough = setup.scale.pick(1, 1_000_000);
    let met = history.twice.is_empty()
        && replays >= enough
        && share >= 99.9
        && setup.scale.judges(slowest <= Duration::from_secs(1));
    Ok((measured, met))
}

/// How long after the start a fresh request was accepted.
async fn first_accepted(
    address: &std::net::SocketAddr,
    forge: &Forge,
    numbers: &AtomicU64,
    history: &mut History,
    start: Instant,
) -> Result<Duration, String> {
    loop {
        let number = numbers.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
        let ticket = Ticket { number, timestamp: now() };
        let answer = client::send(*address, &forge.request(ticket)?).await.ok();
        let outcome = Outcome::of(answer.as_ref());
        history.note(0, ticket, outcome);
        if outcome == Outcome::Accepted {
            return Ok(start.elapsed());
        }
        if start.elapsed() > Duration::from_secs(30) {
            return Err(format!("no request was accepted within 30 s; the last one: {answer:?}"));
        }
        sleep(Duration::from_millis(2)).await;
    }
}

const CONNECTIONS: usize = 64;
/// How many lives are replayed after each start; what is older falls out of the window soon.
const REMEMBERED: usize = 3;
