//! Many connections that send fresh requests, or the same ones again.

use std::{
    net::SocketAddr,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    time::Duration,
};

use tokio::{
    task::JoinSet,
    time::{Instant, sleep_until},
};

use super::{
    client::Connection,
    forge::{Forge, Ticket, now},
    history::Outcome,
};

/// What was sent and what came of it, in the order of each connection.
pub type Sendings = Vec<(Ticket, Outcome)>;

/// Sends fresh requests on many connections until told to stop.
#[derive(Debug)]
pub struct Flood {
    stop: Arc<AtomicBool>,
    tasks: JoinSet<Sendings>,
}

impl Flood {
    /// Starts. Numbers come from the counter, so that several floods share one.
    #[must_use]
    pub fn start(
        address: SocketAddr,
        forge: &Arc<Forge>,
        numbers: &Arc<AtomicU64>,
        connections: usize,
    ) -> Self {
        Self::paced(address, forge, numbers, connections, Duration::ZERO)
    }

    /// Starts one that sends a request on each connection once in this time, or when the one before
    /// was answered, if that is later.
    #[must_use]
    pub fn paced(
        address: SocketAddr,
        forge: &Arc<Forge>,
        numbers: &Arc<AtomicU64>,
        connections: usize,
        pace: Duration,
    ) -> Self {
        let stop = Arc::new(AtomicBool::new(false));
        let mut tasks = JoinSet::new();
        for _ in 0..connections {
            let (forge, numbers, stop) = (forge.clone(), numbers.clone(), stop.clone());
            tasks.spawn(async move {
                let mut sendings = Vec::new();
                while !stop.load(Ordering::Relaxed) {
                    let Ok(mut connection) = Connection::open(address).await else { break };
                    while !stop.load(Ordering::Relaxed) {
                        let next = Instant::now() + pace;
                        let number = numbers.fetch_add(1, Ordering::Relaxed);
                        let ticket = Ticket { number, timestamp: now() };
                        let Ok(request) = forge.request(ticket) else { return sendings };
                        let answer = connection.exchange(&request).await.ok();
                        sendings.push((ticket, Outcome::of(answer.as_ref())));
                        if !pace.is_zero() {
                            sleep_until(next).await;
                        }
                        if answer.is_none_or(|answer| answer.closes) {
                            break;
                        }
                    }
                }
                sendings
            });
        }
        Self { stop, tasks }
    }

    /// Stops, and gives what was sent.
    pub async fn stop(self) -> Sendings {
        self.stop.store(true, Ordering::Relaxed);
        self.tasks.join_all().await.concat()
    }
}

/// Sends each request once more on some connections, several at a time on each. A request that got
/// no answer is given as lost.
pub async fn replay(
    address: SocketAddr,
    forge: &Arc<Forge>,
    tickets: Vec<Ticket>,
    connections: usize,
) -> Sendings {
    let mut tasks = Vec::new();
    for share in tickets.chunks(tickets.len().div_ceil(connections.max(1)).max(1)) {
        let (forge, share) = (forge.clone(), share.to_vec());
        tasks.push(tokio::spawn(async move { replay_share(address, &forge, &share).await }));
    }
    let mut sendings = Vec::new();
    // In the order of the tickets.
    for task in tasks {
        sendings.append(&mut task.await.unwrap_or_default());
    }
    sendings
}

async fn replay_share(address: SocketAddr, forge: &Forge, tickets: &[Ticket]) -> Sendings {
    let mut sendings = Vec::with_capacity(tickets.len());
    let mut connection = Connection::open(address).await.ok();
    let mut octets = Vec::new();
    for batch in tickets.chunks(PIPELINED) {
        octets.clear();
        for ticket in batch {
            if forge.write(*ticket, &mut octets).is_err() {
                return sendings;
            }
        }
        let mut answered = 0;
        if let Some(open) = &mut connection
            && tokio::io::AsyncWriteExt::write_all(&mut open.stream, &octets).await.is_ok()
        {
            while answered < batch.len() {
                let Ok(answer) = open.answer().await else { break };
                sendings.push((batch[answered], Outcome::of(Some(&answer))));
                answered += 1;
            }
        }
        if answered < batch.len() {
            sendings.extend(batch[answered..].iter().map(|ticket| (*ticket, Outcome::Lost)));
            connection = Connection::open(address).await.ok();
        }
    }
    sendings
}

const PIPELINED: usize = 16;
