//! One server with one client, and everything that was ever sent to it.

use std::{
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use super::{
    client::{self, Answer},
    forge::{Forge, Keys, Ticket, now},
    history::{Counts, History, Outcome},
    load::{Flood, replay},
    server::Server,
};

/// What a fault does its work with.
#[derive(Debug)]
pub struct Run {
    /// Makes the requests.
    pub forge: Arc<Forge>,
    /// The number of the next request.
    pub numbers: Arc<AtomicU64>,
    /// Everything that was sent, and what was answered.
    pub history: History,
    /// The requests that were accepted.
    pub accepted: Vec<Ticket>,
}

impl Run {
    /// For these keys. Nonces of different runs are different.
    #[must_use]
    pub fn new(keys: &Keys) -> Self {
        Self {
            forge: Arc::new(Forge::new(keys, u64::from(std::process::id()) << 32 | now())),
            numbers: Arc::new(AtomicU64::new(1)),
            history: History::default(),
            accepted: Vec::new(),
        }
    }

    /// The next request, stamped some seconds from now.
    pub fn ticket(&self, ahead: i64) -> Ticket {
        let number = self.numbers.fetch_add(1, Ordering::Relaxed);
        Ticket { number, timestamp: now().saturating_add_signed(ahead) }
    }

    /// Sends fresh requests, one after the other; gives the answers.
    ///
    /// # Errors
    /// What cannot be signed.
    pub async fn send(&mut self, server: &Server, count: usize) -> Result<Vec<Outcome>, String> {
        let mut outcomes = Vec::with_capacity(count);
        for _ in 0..count {
            let ticket = self.ticket(0);
            outcomes.push(self.send_one(server, ticket).await?.0);
        }
        Ok(outcomes)
    }

    /// Sends one request, fresh or not.
    ///
    /// # Errors
    /// What cannot be signed.
    pub async fn send_one(
        &mut self,
        server: &Server,
        ticket: Ticket,
    ) -> Result<(Outcome, Option<Answer>), String> {
        let request = self.forge.request(ticket)?;
        let answer = client::send(server.address, &request).await.ok();
        let outcome = Outcome::of(answer.as_ref());
        self.note(&[(ticket, outcome)]);
        Ok((outcome, answer))
    }

    /// Starts a flood of fresh requests.
    #[must_use]
    pub fn flood(&self, server: &Server, connections: usize) -> Flood {
        Flood::start(server.address, &self.forge, &self.numbers, connections)
    }

    /// Starts fresh requests at a rate, on some connections.
    #[must_use]
    pub fn paced(&self, server: &Server, connections: u32, per_second: u32) -> Flood {
        let pace = Duration::from_secs(1) * connections / per_second;
        Flood::paced(server.address, &self.forge, &self.numbers, connections as usize, pace)
    }

    /// Takes down what was sent elsewhere.
    pub fn note(&mut self, sendings: &[(Ticket, Outcome)]) {
        self.history.note_all(0, sendings);
        let accepted = sendings.iter().filter(|(_, outcome)| *outcome == Outcome::Accepted);
        self.accepted.extend(accepted.map(|(ticket, _)| *ticket));
    }

    /// Sends every request that was accepted once more, and gives the counts of the answers.
    pub async fn replay(&mut self, server: &Server) -> Counts {
        let before = self.history.counts;
        let answers = replay(server.address, &self.forge, self.accepted.clone(), 8).await;
        self.history.note_all(0, &answers);
        self.history.counts.since(before)
    }
}
