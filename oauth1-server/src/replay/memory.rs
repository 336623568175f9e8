//! Used nonces in memory.

use oauth1_core::{SignatureVerified, Timestamp, stamp::NoRandomness};

use super::{
    NonceOutcome, NonceStore, NonceStoreError, NonceTagger, UsedNonce,
    slots::{Slots, fenced, floor_for},
};
use crate::{
    error::{BoxFuture, StoreError},
    policy::{AcceptableTimestamps, TimestampWindow},
};

/// Used nonces of this process. A restart forgets them: see [`MemoryNonceStoreBuilder::fence`].
///
/// One nonce takes 20 to 40 octets. Live nonces are never evicted. If the clock jumps forward and is
/// set back, what is stamped before the jump's window is refused with 503 until the clock has caught
/// up: those nonces were dropped.
pub struct MemoryNonceStore {
    tagger: NonceTagger,
    slots: Slots,
    /// The width of the widest window that is judged.
    seconds: u64,
    fence: u64,
}

/// How a [`MemoryNonceStore`] is made.
#[derive(Clone, Copy, Debug)]
pub struct MemoryNonceStoreBuilder {
    window: TimestampWindow,
    capacity: u64,
    quota: Option<u64>,
    fence: Option<Timestamp>,
}

impl MemoryNonceStoreBuilder {
    /// The window of the verifier's policy, or a wider one. 300 seconds to both sides.
    #[must_use]
    pub const fn window(mut self, window: TimestampWindow) -> Self {
        self.window = window;
        self
    }

    /// How many nonces are remembered at most; more are refused with 503. 4 194 304.
    #[must_use]
    pub const fn capacity(mut self, capacity: u64) -> Self {
        self.capacity = capacity;
        self
    }

    /// How many nonces of one client are remembered at most; more are refused with 429. A quarter
    /// of the capacity.
    #[must_use]
    pub const fn quota(mut self, quota: u64) -> Self {
        self.quota = Some(quota);
        self
    }

    /// Refuses, with 503, what is stamped at this time or before. With the time of the start plus
    /// the window's future, no request from before a restart can be replayed after it.
    #[must_use]
    pub const fn fence(mut self, fence: Timestamp) -> Self {
        self.fence = Some(fence);
        self
    }

    /// Makes the store.
    ///
    /// # Errors
    /// [`NoRandomness`] if the operating system gives no key.
    pub fn build(self) -> Result<MemoryNonceStore, NoRandomness> {
        Ok(MemoryNonceStore {
            tagger: NonceTagger::random()?,
            slots: Slots::new(self.capacity, self.quota),
            seconds: self.window.past.saturating_add(self.window.future).min(MAX_SECONDS),
            fence: self.fence.map_or(0, Timestamp::seconds),
        })
    }
}

impl MemoryNonceStore {
    /// A store for the default window.
    ///
    /// # Errors
    /// [`NoRandomness`] if the operating system gives no key.
    pub fn new() -> Result<Self, NoRandomness> {
        Self::builder().build()
    }

    /// A store for another window, capacity or quota.
    #[must_use]
    pub fn builder() -> MemoryNonceStoreBuilder {
        MemoryNonceStoreBuilder {
            window: TimestampWindow::default(),
            capacity: 1 << 22,
            quota: None,
            fence: None,
        }
    }

    /// How many nonces are remembered.
    #[must_use]
    pub fn len(&self) -> u64 {
        self.slots.len()
    }

    /// Whether none is remembered.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    fn record_now(
        &self,
        used: &UsedNonce<'_>,
        acceptable: AcceptableTimestamps,
    ) -> Result<NonceOutcome, NonceStoreError> {
        let timestamp = used.timestamp.seconds();
        if timestamp <= self.fence {
            return Err(fenced(self.fence, acceptable.now));
        }
        // Nonces of a wider window would be dropped while they are acceptable.
        let width = acceptable.last.saturating_sub(acceptable.first);
        if width > self.seconds || !acceptable.contains(used.timestamp) {
            return Err(StoreError::new("made for a narrower window than the verifier's").into());
        }
        self.slots.drop_before(floor_for(acceptable.first));
        let (tag, client) = (self.tagger.tag(used), self.tagger.client_tag(used.client));
        self.slots.record(tag, client, timestamp, acceptable, || Ok(()))
    }
}

impl NonceStore for MemoryNonceStore {
    fn record<'a>(
        &'a self,
        used: UsedNonce<'a>,
        acceptable: AcceptableTimestamps,
        _proof: &'a SignatureVerified,
    ) -> BoxFuture<'a, Result<NonceOutcome, NonceStoreError>> {
        Box::pin(async move { self.record_now(&used, acceptable) })
    }

    fn ready(
        &self,
        acceptable: AcceptableTimestamps,
    ) -> BoxFuture<'_, Result<(), NonceStoreError>> {
        Box::pin(async move {
            if acceptable.now <= self.fence {
                return Err(fenced(self.fence, acceptable.now));
            }
            self.slots.ready(acceptable)
        })
    }

    fn entries(&self) -> Option<u64> {
        Some(self.len())
    }
}

impl std::fmt::Debug for MemoryNonceStore {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("MemoryNonceStore")
            .field("len", &self.len())
            .field("capacity", &self.slots.capacity())
            .finish_non_exhaustive()
    }
}

/// Twelve days; what is wider is refused with each request, as the self-test shows.
const MAX_SECONDS: u64 = 1 << 20;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::replay::conformance::{Setup, StoreUnderTest, nonce_store_conformance};

    impl StoreUnderTest for MemoryNonceStore {
        async fn open(setup: Setup) -> Self {
            let builder = Self::builder().window(setup.window).capacity(setup.capacity);
            builder.quota(setup.quota).build().unwrap()
        }
    }

    nonce_store_conformance!(MemoryNonceStore);

    #[test]
    fn a_fence_refuses_until_its_time_has_passed() {
        let at = |seconds| Timestamp::from_seconds(seconds).unwrap();
        let store = MemoryNonceStore::builder().fence(at(1_300)).build().unwrap();
        let record = |timestamp, now| {
            let used = UsedNonce { client: "c", token: "", timestamp: at(timestamp), nonce: "n" };
            store.record_now(&used, TimestampWindow::default().around(at(now)))
        };
        assert!(matches!(record(1_300, 1_000), Err(NonceStoreError::Fenced { retry_after: 301 })));
        assert!(matches!(record(1_301, 1_001), Ok(NonceOutcome::Fresh)));
        assert!(matches!(record(1_300, 1_400), Err(NonceStoreError::Fenced { retry_after: 1 })));
    }

    #[test]
    fn a_window_wider_than_the_ring_is_refused() {
        let at = |seconds| Timestamp::from_seconds(seconds).unwrap();
        let store = MemoryNonceStore::new().unwrap();
        let used = UsedNonce { client: "c", token: "", timestamp: at(5_000), nonce: "n" };
        let wide = TimestampWindow { past: 600, future: 300 }.around(at(5_000));
        assert!(matches!(store.record_now(&used, wide), Err(NonceStoreError::Unavailable(_))));
    }
}
