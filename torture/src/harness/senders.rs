//! Clients with a thread of their own, so that what they measure does not wait for other clients.

use std::{
    net::SocketAddr,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering},
    },
    thread::JoinHandle,
    time::Duration,
};

use tokio::{
    runtime,
    task::JoinSet,
    time::{Instant, sleep_until},
};

use super::{
    client::{Answer, Connection},
    forge::{Forge, Ticket, now},
    history::{Counts, Outcome},
    load::Sendings,
    run::Run,
};

/// Sends fresh signed requests until it is stopped.
#[derive(Debug)]
pub struct Senders {
    shared: Arc<Shared>,
    thread: JoinHandle<Vec<Sent>>,
}

#[derive(Debug)]
struct Shared {
    address: SocketAddr,
    forge: Arc<Forge>,
    numbers: Arc<AtomicU64>,
    connections: usize,
    /// Between two requests of one connection; none: as soon as one is answered.
    every: Option<Duration>,
    stop: AtomicBool,
    /// Connections that were made, again after they broke as well.
    opened: AtomicUsize,
}

/// What one connection did.
#[derive(Debug, Default)]
struct Sent {
    sendings: Sendings,
    times: Vec<Duration>,
    over_quota: u64,
    without_retry_after: u64,
}

/// What senders saw.
#[derive(Debug, Default)]
pub struct Seen {
    /// Every request and what came of it.
    pub sendings: Sendings,
    /// By outcome.
    pub counts: Counts,
    /// Answers 429.
    pub over_quota: u64,
    /// Answers 429 without `Retry-After`.
    pub without_retry_after: u64,
    /// Connections that were made; more than were asked for if some broke.
    pub opened: usize,
    /// From the first request to the last answer.
    pub lasted: Duration,
    /// From the time at which each request was due to its answer, in order.
    times: Vec<Duration>,
}

impl Senders {
    /// Starts: all connections together send so many requests a second, or as many as are answered
    /// if there is no rate.
    ///
    /// # Errors
    /// There is no thread for it.
    pub fn start(
        address: SocketAddr,
        run: &Run,
        connections: usize,
        rate: Option<f64>,
    ) -> Result<Self, String> {
        let shared = Arc::new(Shared {
            address,
            forge: run.forge.clone(),
            numbers: run.numbers.clone(),
            connections,
            every: rate.map(|rate| Duration::from_secs_f64(connections as f64 / rate)),
            stop: AtomicBool::new(false),
            opened: AtomicUsize::new(0),
        });
        let alone = runtime::Builder::new_current_thread().enable_all().build();
        let (alone, given) = (alone.map_err(|error| error.to_string())?, shared.clone());
        let thread = std::thread::spawn(move || alone.block_on(send_all(given)));
        Ok(Self { shared, thread })
    }

    /// How many connections were made so far.
    #[must_use]
    pub fn opened(&self) -> usize {
        self.shared.opened.load(Ordering::Relaxed)
    }

    /// Lets each connection get its last answer, and gives what they saw.
    ///
    /// # Errors
    /// The thread panicked.
    pub async fn stop(self, since: Instant) -> Result<Seen, String> {
        self.shared.stop.store(true, Ordering::Relaxed);
        let thread = self.thread;
        let joined = tokio::task::spawn_blocking(move || thread.join());
        let all = joined.await.map_err(|error| error.to_string())?;
        let all = all.map_err(|_| "the senders panicked".to_owned())?;
        let mut seen = Seen {
            lasted: since.elapsed(),
            opened: self.shared.opened.load(Ordering::Relaxed),
            ..Seen::default()
        };
        for sent in all {
            seen.sendings.extend(sent.sendings);
            seen.times.extend(sent.times);
            seen.over_quota += sent.over_quota;
            seen.without_retry_after += sent.without_retry_after;
        }
        seen.sendings.iter().for_each(|(_, outcome)| seen.counts.add(*outcome));
        seen.times.sort();
        Ok(seen)
    }
}

impl Seen {
    /// The time that so many of 100 requests did not exceed, in milliseconds.
    #[must_use]
    pub fn millis(&self, percent: usize) -> f64 {
        let at = (self.times.len() * percent / 100).min(self.times.len().saturating_sub(1));
        self.times.get(at).map_or(f64::NAN, |time| time.as_secs_f64() * 1e3)
    }

    /// Whether there were requests and all of them were accepted.
    #[must_use]
    pub const fn all_accepted(&self) -> bool {
        self.counts.sent > 0 && self.counts.accepted == self.counts.sent
    }

    /// Requests answered in a second.
    #[must_use]
    pub fn rate(&self) -> f64 {
        self.times.len() as f64 / self.lasted.as_secs_f64()
    }
}

async fn send_all(shared: Arc<Shared>) -> Vec<Sent> {
    let mut open = Vec::with_capacity(shared.connections);
    let mut opening = JoinSet::new();
    // A part at a time: the queue of those that wait to be accepted is short.
    for number in 0..shared.connections {
        let address = shared.address;
        opening.spawn(Connection::open(address));
        if number % OPENED_AT_ONCE == OPENED_AT_ONCE - 1 || number + 1 == shared.connections {
            while let Some(opened) = opening.join_next().await {
                let opened = opened.ok().and_then(Result::ok);
                shared.opened.fetch_add(usize::from(opened.is_some()), Ordering::Relaxed);
                open.push(opened);
            }
        }
    }
    let (start, mut tasks) = (Instant::now(), JoinSet::new());
    for (number, connection) in open.into_iter().enumerate() {
        let shared = shared.clone();
        // Spread evenly, so that they do not send all at once.
        let first = start
            + shared.every.unwrap_or_default().mul_f64(number as f64 / shared.connections as f64);
        tasks.spawn(async move { send(&shared, connection, first).await });
    }
    tasks.join_all().await
}

async fn send(shared: &Shared, mut connection: Option<Connection>, mut due: Instant) -> Sent {
    let mut sent = Sent::default();
    loop {
        if shared.every.is_some() {
            sleep_until(due).await;
        }
        if shared.stop.load(Ordering::Relaxed) {
            return sent;
        }
        // The timer's own delay is not the server's; that of the answer before is.
        let start = match shared.every {
            Some(every) if due.elapsed() > every => due,
            _ => Instant::now(),
        };
        let ticket =
            Ticket { number: shared.numbers.fetch_add(1, Ordering::Relaxed), timestamp: now() };
        let Ok(request) = shared.forge.request(ticket) else { return sent };
        if connection.is_none() {
            connection = Connection::open(shared.address).await.ok();
            shared.opened.fetch_add(usize::from(connection.is_some()), Ordering::Relaxed);
        }
        let answer = match &mut connection {
            Some(connection) => connection.exchange(&request).await.ok(),
            None => None,
        };
        sent.sendings.push((ticket, Outcome::of(answer.as_ref())));
        sent.times.push(start.elapsed());
        if let Some(Answer { status: 429, retry_after, .. }) = &answer {
            sent.over_quota += 1;
            sent.without_retry_after += u64::from(retry_after.is_none());
        }
        if answer.is_none_or(|answer| answer.closes) {
            connection = None;
        }
        due += shared.every.unwrap_or_default();
    }
}

const OPENED_AT_ONCE: usize = 200;
