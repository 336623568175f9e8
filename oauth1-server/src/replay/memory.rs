//! Used nonces in memory, dropped whole when their time slot has passed.
//!
//! A ring of slots, each 16 seconds of claimed timestamps, each slot in 64 shards. A shard knows
//! which slot it holds, under the same lock as its tags: moving on to a later slot empties it, and
//! it never moves back. So there is no lock on the whole, dropping a slot is taking 64 sets out and
//! freeing each at once, and no setting of the clock brings an earlier slot back.

use std::{
    collections::HashSet,
    hash::{BuildHasherDefault, Hasher},
    mem,
    sync::{
        Mutex, MutexGuard, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
};

use oauth1_core::{SignatureVerified, Timestamp, stamp::NoRandomness};

use super::{NonceOutcome, NonceStore, NonceStoreError, NonceTagger, UsedNonce, quota::Quota};
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
    ring: Box<[Slot]>,
    /// The first slot that may hold something; it only grows.
    floor: AtomicU64,
    live: AtomicU64,
    quota: Quota,
    capacity: u64,
    fence: u64,
}

type Slot = [Mutex<Shard>; SHARDS];
type Tags = HashSet<u128, BuildHasherDefault<TagHasher>>;

#[derive(Default)]
struct Shard {
    slot: u64,
    tags: Tags,
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
        let seconds = self.window.past.saturating_add(self.window.future);
        // Both ends may stand inside a slot, and one slot is kept longer than needed.
        let slots = (seconds / SLOT_SECONDS + 4).min(MAX_SLOTS);
        Ok(MemoryNonceStore {
            tagger: NonceTagger::random()?,
            ring: (0..slots)
                .map(|_| Slot::from(std::array::from_fn(|_| Mutex::default())))
                .collect(),
            floor: AtomicU64::new(0),
            live: AtomicU64::new(0),
            quota: Quota::new(self.quota.unwrap_or(self.capacity / 4)),
            capacity: self.capacity,
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
        self.live.load(Ordering::Relaxed)
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
        let (first, last) = (acceptable.first / SLOT_SECONDS, acceptable.last / SLOT_SECONDS);
        // A wider window, or a timestamp outside of it, would push live nonces out of the ring.
        if last - first + 3 > self.slots() || !acceptable.contains(used.timestamp) {
            return Err(StoreError::new("made for a narrower window than the verifier's").into());
        }
        // One slot is kept longer, for requests that were judged by a clock some seconds ago.
        self.drop_before(first.saturating_sub(1));
        let slot = timestamp / SLOT_SECONDS;
        let tag = self.tagger.tag(used);

        let mut shard = self.shard(slot, tag as usize % SHARDS);
        if shard.slot > slot || slot < self.floor.load(Ordering::Acquire) {
            let floor = self.floor.load(Ordering::Acquire) * SLOT_SECONDS;
            return Err(fenced(floor, acceptable.now));
        }
        let passed = self.advance(&mut shard, slot);
        let outcome = if shard.tags.contains(&tag) {
            Ok(NonceOutcome::Replayed)
        } else {
            self.reserve(used.client, slot, acceptable).map(|()| {
                shard.tags.insert(tag);
                NonceOutcome::Fresh
            })
        };
        drop(shard);
        drop(passed);
        outcome
    }

    /// Makes room for one, or refuses. The caller holds the lock of the shard it goes into.
    fn reserve(
        &self,
        client: &str,
        slot: u64,
        acceptable: AcceptableTimestamps,
    ) -> Result<(), NonceStoreError> {
        if self.live.fetch_add(1, Ordering::AcqRel) >= self.capacity {
            self.live.fetch_sub(1, Ordering::AcqRel);
            return Err(NonceStoreError::Full { retry_after: SLOT_SECONDS });
        }
        let floor = self.floor.load(Ordering::Acquire);
        self.quota.charge(self.tagger.client_tag(client), slot, floor).map_err(|oldest| {
            self.live.fetch_sub(1, Ordering::AcqRel);
            // A slot is dropped when the one after it has passed as well.
            let dropped_at = (oldest + 2) * SLOT_SECONDS;
            let retry_after = dropped_at.saturating_sub(acceptable.first).max(1);
            NonceStoreError::OverQuota { retry_after }
        })
    }

    /// Forgets all slots before this one, and never takes them again.
    fn drop_before(&self, floor: u64) {
        if self.floor.load(Ordering::Acquire) >= floor {
            return;
        }
        let from = self.floor.fetch_max(floor, Ordering::AcqRel);
        for slot in from.max(floor.saturating_sub(self.slots()))..floor {
            for index in 0..SHARDS {
                let mut shard = self.shard(slot, index);
                if shard.slot <= slot {
                    let passed = self.advance(&mut shard, slot + self.slots());
                    drop(shard);
                    drop(passed);
                }
            }
        }
        if from < floor {
            self.quota.drop_before(floor);
        }
    }

    /// Moves a shard to a slot; what it held before is returned, to be freed without the lock.
    fn advance(&self, shard: &mut Shard, slot: u64) -> Tags {
        if shard.slot == slot {
            return Tags::default();
        }
        shard.slot = slot;
        let passed = mem::take(&mut shard.tags);
        self.live.fetch_sub(passed.len() as u64, Ordering::AcqRel);
        passed
    }

    fn shard(&self, slot: u64, index: usize) -> MutexGuard<'_, Shard> {
        let at = (slot % self.slots()) as usize;
        // Nothing panics while it holds the lock.
        self.ring[at][index].lock().unwrap_or_else(PoisonError::into_inner)
    }

    const fn slots(&self) -> u64 {
        self.ring.len() as u64
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
}

impl std::fmt::Debug for MemoryNonceStore {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("MemoryNonceStore")
            .field("len", &self.len())
            .field("capacity", &self.capacity)
            .finish_non_exhaustive()
    }
}

const fn fenced(until: u64, now: u64) -> NonceStoreError {
    NonceStoreError::Fenced { retry_after: until.saturating_sub(now).saturating_add(1) }
}

/// Tags are random already: their upper half is the hash. The lower bits choose the shard.
#[derive(Default)]
struct TagHasher(u64);

impl Hasher for TagHasher {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.0 = self.0.rotate_left(8) ^ u64::from(*byte);
        }
    }

    fn write_u128(&mut self, tag: u128) {
        self.0 = (tag >> 64) as u64;
    }
}

const SLOT_SECONDS: u64 = 16;
const SHARDS: usize = 64;
/// Twelve days; what is wider is refused with each request, as the self-test shows.
const MAX_SLOTS: u64 = 1 << 16;

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
