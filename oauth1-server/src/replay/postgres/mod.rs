//! Used nonces in PostgreSQL, for many nodes.
//!
//! # What is stored
//!
//! Tags, never nonces: a table for each 60 seconds of claimed timestamps, with the tag as its primary
//! key, made ahead of time and dropped whole. They are tables of their own, not partitions of one:
//! making or dropping a partition locks the parent, on which all inserts wait. One more table,
//! `store`, has one row: the key of the tags, the generation, the fence, the floor, and the server
//! and timeline under which the nonces were written.
//!
//! # Why no request is accepted twice
//!
//! A nonce is recorded by one statement, `INSERT … SELECT … FROM store WHERE … ON CONFLICT DO
//! NOTHING`. It is fresh if and only if that statement has inserted a row, and was committed with
//! `synchronous_commit` on. Of two copies, on whichever nodes, one meets the primary key. When may a
//! row have been lost?
//!
//! * *A crash* of the server loses nothing that was committed; a server with `fsync` off is refused.
//! * *A failover, or recovery from a backup*, begins another timeline, and each insert compares the
//!   timeline of its server with the one in the row. If they differ, a new generation is made, with
//!   the fence at the time plus the window's future, above which no timestamp can have been accepted.
//!   Another server with a copy of the tables has another system identifier, which each connection
//!   is asked for: it is the same.
//! * *An earlier state*: generations are counted. A node that sees a lower one than it has seen, or
//!   none at all, knows that a later one was lost with its nonces.
//! * *Passed timestamps*: the floor is raised and committed before a table below it is dropped, it
//!   never falls, and no table is made below it; both happen under one lock. An insert that still saw
//!   the old floor waits for the drop, and fails because the table is gone. Up to which slot tables were
//!   made is written down: one that is missing between the floor and there was lost, which is a fence.
//!
//! Each insert also compares the clock of the node with that of the server: one that is off by more
//! than a second is refused, so no node can have accepted what lies above the fence of another, as long
//! as the servers before and after a failover agree as well. An insert is never sent twice, except
//! after the server has said that its table does not exist.
//!
//! # What is not covered
//!
//! A disk snapshot of the server that is restored, without recovery from a backup, looks like a
//! crash: then set [`fence`](PostgresNonceStoreBuilder::fence). With asynchronous replication, two
//! primaries that are cut off from each other each accept what the other has; the new one refuses
//! all that is stamped up to the window's future after its promotion. Fence off the old one, or
//! replicate synchronously.
//!
//! Capacity and quota count what this node has recorded since its start. They protect the store from
//! a client, and need not be exact; requests in flight may exceed them a little.

mod builder;
mod data;
mod limits;
mod sql;
#[cfg(test)]
mod tests;

use std::{sync::Arc, time::Duration};

use oauth1_core::SignatureVerified;
use tokio::task::JoinSet;

use super::{
    NonceOutcome, NonceStore, NonceStoreError, UsedNonce, link::clock_of, slots::floor_for,
};
use crate::{
    error::{BoxFuture, StoreError},
    policy::AcceptableTimestamps,
};
use data::{Answer, Attached, Data, Moment};
use limits::Limits;

pub use builder::{PostgresNonceStoreBuilder, PostgresNonceStoreError};

/// Used nonces in PostgreSQL 13 or later, shared by all nodes that use the same schema.
///
/// Live nonces are never evicted. While the server does not answer, requests are refused with 503.
///
/// ```no_run
/// # async fn start() -> Result<(), oauth1_server::replay::PostgresNonceStoreError> {
/// use oauth1_server::replay::PostgresNonceStore;
///
/// let nonces = PostgresNonceStore::builder("postgres://oauth1@10.0.0.7/oauth1").open().await?;
/// # Ok(()) }
/// ```
pub struct PostgresNonceStore {
    data: Arc<Data>,
    limits: Limits,
    /// The width of the widest window that is judged.
    width: u64,
    timeout: Duration,
    /// Ends with the store.
    _keeper: JoinSet<()>,
}

impl PostgresNonceStore {
    /// A store at this URL, for the default window.
    pub fn builder(url: impl Into<String>) -> PostgresNonceStoreBuilder {
        PostgresNonceStoreBuilder::new(url.into())
    }

    async fn record_used(
        &self,
        used: UsedNonce<'_>,
        acceptable: AcceptableTimestamps,
    ) -> Result<NonceOutcome, NonceStoreError> {
        let timestamp = used.timestamp.seconds();
        self.data.check_fence(timestamp, acceptable.now)?;
        used.check_window(acceptable, self.width)?;
        self.time_boxed(Some(&used), acceptable).await
    }

    /// Asks the server, within the time-box; once more when the data have changed and it said so.
    async fn time_boxed(
        &self,
        used: Option<&UsedNonce<'_>>,
        acceptable: AcceptableTimestamps,
    ) -> Result<NonceOutcome, NonceStoreError> {
        let moment = Moment { acceptable, clock: clock_of(&*self.data.clock, acceptable)? };
        let mut link = None;
        let asked = tokio::time::timeout(self.timeout, async {
            for _ in 0..2 {
                let attached = link.insert(self.data.link.attached().await?);
                let answer = match used {
                    Some(used) => self.ask(attached, used, moment).await,
                    None => self.data.ready(attached, moment).await,
                };
                match answer.map_err(StoreError::new)? {
                    Answer::Recorded(outcome) => return Ok(outcome),
                    Answer::Refused(error) => return Err(error),
                    Answer::Lost(reason) => self.data.link.lose(attached, reason),
                }
            }
            Err(StoreError::new("the server was replaced").into())
        });
        match asked.await {
            Ok(outcome) => {
                self.data.link.answered();
                outcome
            }
            Err(_) => Err(self.data.link.timed_out(link.as_ref()).into()),
        }
    }

    async fn ask(
        &self,
        attached: &Attached,
        used: &UsedNonce<'_>,
        moment: Moment,
    ) -> Result<Answer, sqlx::Error> {
        let first = moment.acceptable.first;
        let timestamp = used.timestamp.seconds();
        let client = attached.tagger.client_tag(used.client);
        let tag = attached.tagger.tag(used).to_be_bytes();
        let floor = floor_for(first);
        if let Err(over) = self.limits.check(client, floor, first) {
            // A replay is a replay, however full it is.
            return Ok(match self.data.look(attached, &tag, timestamp, moment).await? {
                Answer::Refused(NonceStoreError::Unavailable(_)) => Answer::Refused(over),
                answer => answer,
            });
        }
        let answer = self.data.record(attached, &tag, timestamp, moment).await?;
        if matches!(answer, Answer::Recorded(NonceOutcome::Fresh)) {
            self.limits.count(client, timestamp);
            self.data.recorded(timestamp);
        }
        Ok(answer)
    }
}

impl NonceStore for PostgresNonceStore {
    fn record<'a>(
        &'a self,
        used: UsedNonce<'a>,
        acceptable: AcceptableTimestamps,
        _proof: &'a SignatureVerified,
    ) -> BoxFuture<'a, Result<NonceOutcome, NonceStoreError>> {
        Box::pin(self.record_used(used, acceptable))
    }

    fn ready(
        &self,
        acceptable: AcceptableTimestamps,
    ) -> BoxFuture<'_, Result<(), NonceStoreError>> {
        Box::pin(async move {
            self.data.check_fence(acceptable.now, acceptable.now)?;
            if self.limits.is_full() {
                return Err(NonceStoreError::Full { retry_after: 1 });
            }
            self.time_boxed(None, acceptable).await.map(|_ready| ())
        })
    }
}

impl std::fmt::Debug for PostgresNonceStore {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("PostgresNonceStore").field("width", &self.width).finish_non_exhaustive()
    }
}
