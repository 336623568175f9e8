//! Used nonces in Redis, for many nodes.
//!
//! # What is stored
//!
//! Tags, never nonces: a set for each 16 seconds of claimed timestamps, dropped whole when they have
//! passed. Nothing that matters expires by the clock of Redis, so no step of that clock brings a
//! nonce back. Beside them a hash with the key of the tags, the epoch, the fence and the floor, and
//! for each client a hash with its number of nonces. In Redis 7.0 one nonce takes about 80 octets.
//!
//! A single Redis, or one behind Sentinel, has one *shard*. A cluster has 16: all keys of a shard
//! have the same hash tag, `{0}` to `{15}`, so that one script sees them all, and each shard has an
//! epoch and a fence of its own. A nonce goes to the same shard on every node.
//!
//! # Why no request is accepted twice
//!
//! One script checks and records. Redis runs scripts one at a time, so of two copies, on whichever
//! nodes, one finds the tag of the other, as long as Redis has not lost it. When may it have been
//! lost?
//!
//! * *Restart, failover, or data taken from elsewhere.* Each of them gives the data another
//!   replication ID (`master_replid`). The epoch holds the ID under which the nonces were written,
//!   and **each call** compares it with that of the server that runs the script, so not even a
//!   connection that a proxy moves can slip past. Another ID means that writes may have been lost:
//!   one script makes a new epoch and sets the fence to the time plus the window's future, above
//!   which no timestamp can have been accepted. That a restart has lost nothing, because all was
//!   synced and read back, cannot be told from one that did: it is fenced as well. A primary that
//!   gets its first replica, or has had none for an hour, takes a new ID, too; its process is the
//!   same one and it was no replica meanwhile (`master_replid2`), so this is no fence. It relies on
//!   `repl-backlog-ttl` not being shorter than the window; by default it is an hour.
//! * *Deleted data* (`FLUSHALL`): the epoch is gone, too. Redis that is empty is fenced, unless this
//!   is said to be the [first start](RedisNonceStoreBuilder::first_start).
//! * *An earlier state*: epochs are counted. A node that sees a lower number than it has seen knows
//!   that a later epoch was lost with its nonces, and makes a new one.
//! * *Eviction*: Redis must be set to `noeviction`. It is checked at the start and every five
//!   seconds; after it was found set to something else, there is a fence. Out of memory, Redis
//!   refuses to record.
//! * *Passed timestamps*: a set is dropped in the script that raises the floor above it, and the
//!   floor never falls.
//!
//! Each call compares the clock of the node with that of Redis. A node that is off by more than one
//! second is refused, so no node can have accepted what lies above the fence of another, as long as
//! the servers before and after a failover agree as well. A write is never sent twice: one that is
//! not answered within the time-box is refused with 503, and found as a replay if it arrived. Only
//! `NOSCRIPT`, which says that nothing ran, is answered by loading the script and calling it again.
//!
//! # What is not covered
//!
//! While a primary and its former replica are both primaries, cut off from each other, two nodes may
//! each write to one of them. The new one refuses all that is stamped up to the window's future after
//! its promotion, so a replay needs a node that still writes to the old one after that time, or a
//! client whose clock runs ahead. A node asks the Sentinels every five seconds who is the primary.
//! Set `min-replicas-to-write 1` and `min-replicas-max-lag 10` in Redis, which stops the old one. Who
//! needs more than that uses PostgreSQL.
//!
//! In a cluster, moving a shard is like a failover: it is fenced.

mod address;
mod builder;
mod keeper;
mod script;
mod shard;
#[cfg(test)]
mod tests;

use std::{sync::Arc, time::Duration};

use oauth1_core::SignatureVerified;
use tokio::task::JoinSet;

use super::{
    NonceOutcome, NonceStore, NonceStoreError, NonceTagger, UsedNonce, link::clock_of,
    slots::floor_for,
};
use crate::{
    clock::Clock,
    error::{BoxFuture, StoreError},
    policy::AcceptableTimestamps,
};
use script::Call;
use shard::Shard;

pub use builder::{RedisNonceStoreBuilder, RedisNonceStoreError};

/// Used nonces in Redis 5 or later, shared by all nodes that use the same prefix.
///
/// Live nonces are never evicted. While Redis does not answer, requests are refused with 503.
///
/// ```no_run
/// # async fn start() -> Result<(), oauth1_server::replay::RedisNonceStoreError> {
/// use oauth1_server::replay::RedisNonceStore;
///
/// let nonces = RedisNonceStore::builder("redis://10.0.0.7/").open().await?;
/// # Ok(()) }
/// ```
pub struct RedisNonceStore {
    shards: Vec<Arc<Shard>>,
    settings: Settings,
    /// Chooses the shard: the same on each node, so the key is no secret.
    router: NonceTagger,
    clock: Arc<dyn Clock>,
    /// Ends with the store.
    _keepers: JoinSet<()>,
}

/// What holds for each call.
#[derive(Clone, Copy, Debug)]
pub(super) struct Settings {
    /// The width of the widest window that is judged.
    width: u64,
    future: u64,
    /// Of each shard.
    capacity: u64,
    quota: u64,
    timeout: Duration,
    replicas: u32,
    /// How far the clocks may be apart; `None` in tests, whose time is not that of Redis.
    skew: Option<u64>,
    first_start: bool,
}

impl RedisNonceStore {
    /// A store at this URL, for the default window.
    ///
    /// * `redis://[user:password@]host[:port][/db]`, or `unix:///path`
    /// * `redis+sentinel://[user:password@]host[:port],host[:port]/name[/db]`, with the name of the
    ///   primary. The Sentinels are asked without a password.
    /// * `redis+cluster://[user:password@]host[:port],host[:port]`
    pub fn builder(url: impl Into<String>) -> RedisNonceStoreBuilder {
        RedisNonceStoreBuilder::new(url.into())
    }

    async fn record_used(
        &self,
        used: UsedNonce<'_>,
        acceptable: AcceptableTimestamps,
    ) -> Result<NonceOutcome, NonceStoreError> {
        used.check_window(acceptable, self.settings.width)?;
        let call = self.call(acceptable, Some(&used))?;
        let index = self.router.tag(&used) % self.shards.len() as u128;
        self.shards[index as usize].call(&call).await
    }

    fn call<'a>(
        &self,
        acceptable: AcceptableTimestamps,
        used: Option<&'a UsedNonce<'a>>,
    ) -> Result<Call<'a>, StoreError> {
        Ok(Call {
            used,
            now: acceptable.now,
            clock: clock_of(&*self.clock, acceptable)?,
            floor: floor_for(acceptable.first),
            width: self.settings.width,
        })
    }
}

impl NonceStore for RedisNonceStore {
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
            let call = self.call(acceptable, None)?;
            for shard in &self.shards {
                let _ready = shard.call(&call).await?;
            }
            Ok(())
        })
    }
}

impl std::fmt::Debug for RedisNonceStore {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("RedisNonceStore")
            .field("shards", &self.shards.len())
            .field("settings", &self.settings)
            .finish_non_exhaustive()
    }
}
