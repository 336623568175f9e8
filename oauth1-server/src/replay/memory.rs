//! Used nonces in memory.

use std::sync::Arc;

use oauth1_core::{SignatureVerified, Timestamp, stamp::NoRandomness};

use super::{
    NonceOutcome, NonceStore, NonceStoreError, NonceTagger, UsedNonce,
    slots::{Slots, fenced, floor_for},
};
use crate::{
    clock::{Clock, SystemClock},
    error::BoxFuture,
    policy::{AcceptableTimestamps, TimestampWindow},
};

/// Used nonces of this process. A restart forgets them, so what could have been accepted before the
/// start is refused with 503 until the window's future has passed; see
/// [`MemoryNonceStoreBuilder::first_start`].
///
/// One nonce takes 11 to 16 octets. Live nonces are never evicted. If the clock jumps forward and is
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
#[derive(Clone)]
#[must_use]
pub struct MemoryNonceStoreBuilder {
    window: TimestampWindow,
    capacity: u64,
    quota: Option<u64>,
    first_start: bool,
    fence: u64,
    clock: Arc<dyn Clock>,
}

impl MemoryNonceStoreBuilder {
    /// The window of the verifier's policy, or a wider one. 300 seconds to both sides.
    pub const fn window(mut self, window: TimestampWindow) -> Self {
        self.window = window;
        self
    }

    /// How many nonces are remembered at most; more are refused with 503. 4 194 304.
    pub const fn capacity(mut self, capacity: u64) -> Self {
        self.capacity = capacity;
        self
    }

    /// How many nonces of one client are remembered at most; more are refused with 429. A quarter
    /// of the capacity.
    pub const fn quota(mut self, quota: u64) -> Self {
        self.quota = Some(quota);
        self
    }

    /// Says that this service has accepted nothing yet, as in a test. Otherwise the start is a
    /// restart: what is stamped up to the time of it plus the window's future is refused with 503.
    pub const fn first_start(mut self, first: bool) -> Self {
        self.first_start = first;
        self
    }

    /// Refuses, with 503, what is stamped at this time or before, whatever else.
    pub const fn fence(mut self, fence: Timestamp) -> Self {
        self.fence = fence.seconds();
        self
    }

    /// The verifier's clock, which tells the time of the start. The operating system's.
    pub fn clock(mut self, clock: impl Clock + 'static) -> Self {
        self.clock = Arc::new(clock);
        self
    }

    /// Makes the store. While the clock is not set, it refuses everything.
    ///
    /// # Errors
    /// [`NoRandomness`] if the operating system gives no key.
    pub fn build(self) -> Result<MemoryNonceStore, NoRandomness> {
        let start = match self.first_start {
            true => 0,
            // Without the time, nobody knows what was accepted before.
            false => self
                .clock
                .now()
                .map_or(u64::MAX, |now| now.seconds().saturating_add(self.window.future)),
        };
        Ok(MemoryNonceStore {
            tagger: NonceTagger::random()?,
            slots: Slots::new(self.capacity, self.quota),
            seconds: self.window.past.saturating_add(self.window.future).min(MAX_SECONDS),
            fence: self.fence.max(start),
        })
    }
}

impl std::fmt::Debug for MemoryNonceStoreBuilder {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("MemoryNonceStoreBuilder")
            .field("window", &self.window)
            .field("capacity", &self.capacity)
            .field("first_start", &self.first_start)
            .finish_non_exhaustive()
    }
}

impl MemoryNonceStore {
    /// A store for the default window, which refuses requests until 300 seconds after the start:
    /// they could be replays of what was accepted before it.
    ///
    /// # Errors
    /// [`NoRandomness`] if the operating system gives no key.
    pub fn new() -> Result<Self, NoRandomness> {
        Self::builder().build()
    }

    /// A store for another window, capacity or quota, or for a service that starts for the first
    /// time.
    pub fn builder() -> MemoryNonceStoreBuilder {
        MemoryNonceStoreBuilder {
            window: TimestampWindow::default(),
            capacity: 1 << 22,
            quota: None,
            first_start: false,
            fence: 0,
            clock: Arc::new(SystemClock),
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
        used.check_window(acceptable, self.seconds)?;
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
        type Store = Self;

        async fn open(setup: Setup) -> Self {
            let builder = Self::builder().window(setup.window).capacity(setup.capacity);
            builder.quota(setup.quota).first_start(true).build().unwrap()
        }
    }

    nonce_store_conformance!(MemoryNonceStore);

    #[test]
    fn a_start_is_fenced_until_the_future_of_the_window_has_passed() {
        let at = |seconds| Timestamp::from_seconds(seconds).unwrap();
        let store = MemoryNonceStore::builder().clock(move || Timestamp::from_seconds(1_000));
        let store = store.build().unwrap();
        let record = |timestamp, now| {
            let used = UsedNonce { client: "c", token: "", timestamp: at(timestamp), nonce: "n" };
            store.record_now(&used, TimestampWindow::default().around(at(now)))
        };
        assert!(matches!(record(1_300, 1_000), Err(NonceStoreError::Fenced { retry_after: 301 })));
        assert!(matches!(record(1_301, 1_001), Ok(NonceOutcome::Fresh)));
        assert!(matches!(record(1_300, 1_400), Err(NonceStoreError::Fenced { retry_after: 1 })));
    }

    #[test]
    fn a_start_without_a_clock_refuses_everything() {
        let store = MemoryNonceStore::builder().clock(|| None).build().unwrap();
        let acceptable = TimestampWindow::default().around(Timestamp::from_seconds(1_000).unwrap());
        let timestamp = Timestamp::from_seconds(1_000).unwrap();
        let used = UsedNonce { client: "c", token: "", timestamp, nonce: "n" };
        let refused = store.record_now(&used, acceptable);
        assert!(matches!(refused, Err(NonceStoreError::Fenced { .. })));
    }

    #[test]
    fn a_fence_that_is_given_holds_at_the_first_start() {
        let at = |seconds| Timestamp::from_seconds(seconds).unwrap();
        let store = MemoryNonceStore::builder().first_start(true).fence(at(1_300));
        let store = store.build().unwrap();
        let used = UsedNonce { client: "c", token: "", timestamp: at(1_300), nonce: "n" };
        let refused = store.record_now(&used, TimestampWindow::default().around(at(1_300)));
        assert!(matches!(refused, Err(NonceStoreError::Fenced { retry_after: 1 })));
    }

    #[test]
    fn a_window_wider_than_the_ring_is_refused() {
        let at = |seconds| Timestamp::from_seconds(seconds).unwrap();
        let store = MemoryNonceStore::builder().first_start(true).build().unwrap();
        let used = UsedNonce { client: "c", token: "", timestamp: at(5_000), nonce: "n" };
        let wide = TimestampWindow { past: 600, future: 300 }.around(at(5_000));
        assert!(matches!(store.record_now(&used, wide), Err(NonceStoreError::Unavailable(_))));
    }
}
