//! Used nonces, RFC 5849 sections 3.2 and 3.3: what a store of them promises.
//!
//! A store must make sure that of all requests with the same client, token, timestamp and nonce
//! exactly one is fresh, for as long as the verifier accepts the timestamp. Every store in this
//! crate runs the same suite of tests, in `replay/conformance.rs`.

#[cfg(test)]
pub(crate) mod conformance;
#[cfg(all(test, any(feature = "postgres", feature = "redis")))]
mod faults;
#[cfg(all(feature = "journal", unix))]
pub mod journal;
#[cfg(any(feature = "postgres", feature = "redis"))]
mod link;
mod memory;
#[cfg(feature = "postgres")]
mod postgres;
mod quota;
#[cfg(feature = "redis")]
mod redis;
mod slots;
mod tag;
mod tag_set;

use oauth1_core::{SignatureVerified, Timestamp};

use crate::{
    error::{BoxFuture, StoreError},
    policy::AcceptableTimestamps,
};

#[cfg(all(feature = "journal", unix))]
pub use journal::{JournalError, JournalLevel, JournalNonceStore, JournalNonceStoreBuilder};
pub use memory::{MemoryNonceStore, MemoryNonceStoreBuilder};
#[cfg(feature = "postgres")]
pub use postgres::{PostgresNonceStore, PostgresNonceStoreBuilder, PostgresNonceStoreError};
#[cfg(feature = "redis")]
pub use redis::{RedisNonceStore, RedisNonceStoreBuilder, RedisNonceStoreError};
pub use tag::NonceTagger;

/// Remembers used nonces.
///
/// The contract:
///
/// 1. Checking and recording are one atomic step.
/// 2. A recorded nonce is never forgotten while its timestamp is acceptable, whatever the load; a
///    store that is full refuses.
/// 3. What was acceptable once and was dropped never becomes fresh again, even if the clock is set
///    back; such a timestamp is [`NonceStoreError::Fenced`].
/// 4. A replay is [`NonceOutcome::Replayed`] even if the store is full or the client over its quota.
pub trait NonceStore: Send + Sync {
    /// Records one use.
    ///
    /// The proof says that the signature was verified first: a nonce that anybody could have made
    /// up is never recorded (section 4.10), and never blocks the request that it was copied from.
    fn record<'a>(
        &'a self,
        used: UsedNonce<'a>,
        acceptable: AcceptableTimestamps,
        proof: &'a SignatureVerified,
    ) -> BoxFuture<'a, Result<NonceOutcome, NonceStoreError>>;

    /// Whether a request stamped now could be recorded, for readiness: the error is the one that
    /// such a request would get. Nothing is recorded.
    fn ready(&self, acceptable: AcceptableTimestamps)
    -> BoxFuture<'_, Result<(), NonceStoreError>>;

    /// How many nonces are remembered, for metrics; `None` if that takes more than reading a number.
    fn entries(&self) -> Option<u64> {
        None
    }
}

/// The combination that is used once (section 3.3), decoded. Realm, signature, host and the place
/// of the parameters are not part of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct UsedNonce<'a> {
    /// `oauth_consumer_key`.
    pub client: &'a str,
    /// `oauth_token`; empty if there is none, which means the same.
    pub token: &'a str,
    /// `oauth_timestamp`.
    pub timestamp: Timestamp,
    /// `oauth_nonce`.
    pub nonce: &'a str,
}

impl UsedNonce<'_> {
    /// Refuses a window that is wider than the one a store was made for, whose nonces would be
    /// dropped while they are acceptable.
    fn check_window(&self, acceptable: AcceptableTimestamps, width: u64) -> Result<(), StoreError> {
        let judged = acceptable.last.saturating_sub(acceptable.first);
        if judged > width || !acceptable.contains(self.timestamp) {
            return Err(StoreError::new("made for a narrower window than the verifier's"));
        }
        Ok(())
    }
}

/// What recording a nonce found.
#[must_use]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NonceOutcome {
    /// It was not used before, and is recorded.
    Fresh,
    /// It was used before.
    Replayed,
}

/// The store cannot say whether a nonce is fresh, or cannot record it. The request is refused.
#[derive(Debug, thiserror::Error)]
pub enum NonceStoreError {
    /// The client has used as many nonces as it may: 429.
    #[error("the client is over its quota of nonces")]
    OverQuota {
        /// Seconds until some of them expire.
        retry_after: u64,
    },
    /// The store is full: 503.
    #[error("the store of nonces is full")]
    Full {
        /// Seconds until some of them expire.
        retry_after: u64,
    },
    /// The timestamp lies where the store may have forgotten nonces: 503.
    #[error(
        "the store may have forgotten nonces of that time, after a restart or because the clock was set back"
    )]
    Fenced {
        /// Seconds until the clock has passed that time.
        retry_after: u64,
    },
    /// The store did not answer: 503.
    #[error(transparent)]
    Unavailable(#[from] StoreError),
}
