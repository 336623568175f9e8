//! When keys were used last, from where, and which of their requests were refused.
//!
//! Noted on the request's path in memory, without waiting and in bounded room; written to the
//! tables by one task, in batches. While the database is down, notes are kept as far as there is
//! room, and written when it is back.
//!
//! - `last_used_at` of client, token and Basic credential has minutes; it never goes back.
//! - `client_address` holds the latest 16 addresses of a client.
//! - `refusal` holds the latest 50 of a client, and 200 without one. Its `detail` is a JSON object:
//!   `problem` and `fix` in words; where known `client`, `token`, `basic_name`,
//!   `signature_method`, `location`, `timestamp`, `nonce`; `parameters`, a list of names; and
//!   `base_string` with its values redacted; `mistakes` and `clauses`, of the same order, where the
//!   signature shows what the client did wrong. `signature_sha256`, of the text of a signature that did
//!   not match, tells whether it is a certain one; itself it could be that of a good request that
//!   was altered on its way.

mod refusals;
mod uses;
mod write;

use std::{
    net::IpAddr,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use tokio::{
    sync::Notify,
    task::JoinHandle,
    time::{sleep, timeout},
};

use crate::{
    Judgement, Observer, Refusal,
    credentials::{generate::now, sql::SqlCredentialStore},
};
use refusals::Refusals;
use uses::{ClientUse, Uses};

/// Notes how keys are used. Cheap to clone; an [`Observer`] of the verifier.
#[derive(Clone, Debug)]
pub struct Usage(Arc<Notes>);

#[derive(Debug, Default)]
struct Notes {
    clients: Uses<ClientUse>,
    tokens: Uses,
    basics: Uses,
    refusals: Refusals,
    failures: AtomicU64,
    stop: Notify,
}

/// The task that writes.
#[derive(Debug)]
pub struct UsageWriter {
    usage: Usage,
    task: JoinHandle<()>,
}

/// What was noted, for metrics.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct UsageStatistics {
    /// Keys, tokens and names that are remembered now.
    pub remembered: u64,
    /// Refusals that wait to be written.
    pub refusals: u64,
    /// Uses and refusals that there was no room for.
    pub dropped: u64,
    /// Attempts to write that failed.
    pub failures: u64,
}

impl Usage {
    /// Starts the task that writes to the tables, every so often.
    #[must_use]
    pub fn start(store: SqlCredentialStore, interval: Duration) -> (Self, UsageWriter) {
        let usage = Self(Arc::default());
        let task = tokio::spawn(run(usage.clone(), store, interval));
        (usage.clone(), UsageWriter { usage, task })
    }

    /// What was noted.
    #[must_use]
    pub fn statistics(&self) -> UsageStatistics {
        let Notes { clients, tokens, basics, refusals, failures, .. } = &*self.0;
        UsageStatistics {
            remembered: (clients.len() + tokens.len() + basics.len()) as u64,
            refusals: refusals.len() as u64,
            dropped: clients.dropped() + tokens.dropped() + basics.dropped() + refusals.dropped(),
            failures: failures.load(Ordering::Relaxed),
        }
    }

    /// Writes what was noted, in chunks. What could not be written stays noted.
    async fn write(&self, store: &SqlCredentialStore) -> Result<(), sqlx::Error> {
        let notes = &*self.0;
        write::clients(store.database(), &notes.clients).await?;
        write::last_uses(store.database(), &notes.tokens, write::Owner::Token).await?;
        write::last_uses(store.database(), &notes.basics, write::Owner::Basic).await?;
        write::refusals(store.database(), &notes.refusals).await?;
        let before = minute(now()) - 2 * MINUTE;
        notes.clients.forget_before(before);
        notes.tokens.forget_before(before);
        notes.basics.forget_before(before);
        Ok(())
    }
}

impl Observer for Usage {
    fn judged(&self, judgement: &Judgement<'_>) {
        let at = judgement.now.map_or_else(now, |now| {
            i64::try_from(now.seconds()).unwrap_or(i64::MAX / 1000).saturating_mul(1000)
        });
        let address = judgement.address;
        match (judgement.outcome, judgement.basic) {
            (Ok(Some(verified)), _) => {
                let minute = minute(at);
                let old = verified.is_old_secret();
                self.0.clients.note(verified.client_identifier(), minute, address, old);
                if let Some(token) = verified.token_identifier() {
                    self.0.tokens.note(token, minute, address, old);
                }
            }
            (_, Some(basic)) => self.0.basics.note(basic.name(), minute(at), address, false),
            (Err(refusal), _) => {
                if judgement.refused.is_some() {
                    self.0.refusals.keep(refusal, judgement, at);
                }
            }
            (Ok(None), None) => {}
        }
    }

    fn wants_refused(&self, refusal: &Refusal, client: Option<&str>) -> bool {
        self.0.refusals.has_room(refusal, client)
    }
}

impl UsageWriter {
    /// Writes what is left, within some time, and ends.
    pub async fn finish(mut self, longest: Duration) {
        self.usage.0.stop.notify_one();
        if timeout(longest, &mut self.task).await.is_err() {
            tracing::warn!("the last uses of keys could not be written in time");
        }
    }
}

/// Ends with this value, without a last attempt.
impl Drop for UsageWriter {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn run(usage: Usage, store: SqlCredentialStore, interval: Duration) {
    let mut failing = false;
    loop {
        let last = tokio::select! {
            () = sleep(interval) => false,
            () = usage.0.stop.notified() => true,
        };
        match usage.write(&store).await {
            Ok(()) => {
                if std::mem::take(&mut failing) {
                    tracing::info!("uses of keys are written again");
                }
            }
            Err(error) => {
                usage.0.failures.fetch_add(1, Ordering::Relaxed);
                if !std::mem::replace(&mut failing, true) {
                    tracing::warn!(%error, "uses of keys cannot be written; they are kept meanwhile");
                }
            }
        }
        if last {
            return;
        }
    }
}

/// The minute that a time in milliseconds is in.
const fn minute(at: i64) -> i64 {
    at - at.rem_euclid(MINUTE)
}

fn text(address: Option<IpAddr>) -> Option<String> {
    address.map(|address| address.to_string())
}

const MINUTE: i64 = 60_000;
