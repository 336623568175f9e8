//! Tags of used nonces by time slot, dropped whole when their slot has passed.
//!
//! 64 shards, chosen by the tag; each holds its part of every slot, 16 seconds of claimed
//! timestamps, under one lock. Dropping raises the floor first and takes the sets out then; who
//! records reads the floor under the lock of the shard. So whoever comes after a set was taken out
//! sees the floor above it, and no setting of the clock brings an earlier slot back.

use std::{
    collections::{BTreeMap, HashSet},
    hash::{BuildHasherDefault, Hasher},
    mem,
    sync::{
        Mutex, MutexGuard, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
};

use super::{NonceOutcome, NonceStoreError, quota::Quota};
use crate::{error::StoreError, policy::AcceptableTimestamps};

/// What a process remembers, whatever else it writes down.
pub(super) struct Slots {
    shards: [Mutex<Shard>; SHARDS],
    /// The first slot that may hold something; it only grows.
    floor: AtomicU64,
    live: AtomicU64,
    quota: Quota,
    capacity: u64,
}

type Shard = BTreeMap<u64, Tags>;
type Tags = HashSet<u128, BuildHasherDefault<TagHasher>>;

impl Slots {
    pub(super) fn new(capacity: u64, quota: Option<u64>) -> Self {
        Self {
            shards: std::array::from_fn(|_| Mutex::default()),
            floor: AtomicU64::new(0),
            live: AtomicU64::new(0),
            quota: Quota::new(quota.unwrap_or(capacity / 4)),
            capacity,
        }
    }

    pub(super) fn len(&self) -> u64 {
        self.live.load(Ordering::Relaxed)
    }

    pub(super) const fn capacity(&self) -> u64 {
        self.capacity
    }

    #[cfg(feature = "journal")]
    pub(super) fn floor(&self) -> u64 {
        self.floor.load(Ordering::Acquire)
    }

    /// Records a tag in its slot. `keep` writes a fresh one down before anybody is told; what it
    /// could not keep is not recorded. It is called under the lock of the shard: of two copies, one
    /// waits for what becomes of the other.
    pub(super) fn record(
        &self,
        tag: u128,
        client: u128,
        timestamp: u64,
        acceptable: AcceptableTimestamps,
        keep: impl FnOnce() -> Result<(), StoreError>,
    ) -> Result<NonceOutcome, NonceStoreError> {
        let slot = timestamp / SLOT_SECONDS;
        let mut shard = self.shard(tag as usize % SHARDS);
        let floor = self.floor.load(Ordering::Acquire);
        if slot < floor {
            return Err(fenced(floor * SLOT_SECONDS, acceptable.now));
        }
        if shard.get(&slot).is_some_and(|tags| tags.contains(&tag)) {
            return Ok(NonceOutcome::Replayed);
        }
        self.reserve(client, slot, acceptable)?;
        if let Err(error) = keep() {
            // The client's quota gets its place back with the slot.
            self.live.fetch_sub(1, Ordering::AcqRel);
            return Err(error.into());
        }
        shard.entry(slot).or_default().insert(tag);
        Ok(NonceOutcome::Fresh)
    }

    /// Puts in what was written down by an earlier process, whatever the capacity.
    #[cfg(feature = "journal")]
    pub(super) fn load(&self, slot: u64, tag: u128) {
        if self.shard(tag as usize % SHARDS).entry(slot).or_default().insert(tag) {
            self.live.fetch_add(1, Ordering::AcqRel);
        }
    }

    /// Whether something stamped now could be recorded.
    pub(super) fn ready(&self, acceptable: AcceptableTimestamps) -> Result<(), NonceStoreError> {
        let floor = self.floor.load(Ordering::Acquire) * SLOT_SECONDS;
        if acceptable.now < floor {
            return Err(fenced(floor, acceptable.now));
        }
        if self.len() >= self.capacity {
            return Err(NonceStoreError::Full { retry_after: SLOT_SECONDS });
        }
        Ok(())
    }

    /// Makes room for one, or refuses. The caller holds the lock of the shard it goes into.
    fn reserve(
        &self,
        client: u128,
        slot: u64,
        acceptable: AcceptableTimestamps,
    ) -> Result<(), NonceStoreError> {
        if self.live.fetch_add(1, Ordering::AcqRel) >= self.capacity {
            self.live.fetch_sub(1, Ordering::AcqRel);
            return Err(NonceStoreError::Full { retry_after: SLOT_SECONDS });
        }
        let floor = self.floor.load(Ordering::Acquire);
        self.quota.charge(client, slot, floor).map_err(|oldest| {
            self.live.fetch_sub(1, Ordering::AcqRel);
            // A slot is dropped when the one after it has passed as well.
            let dropped_at = (oldest + 2) * SLOT_SECONDS;
            let retry_after = dropped_at.saturating_sub(acceptable.first).max(1);
            NonceStoreError::OverQuota { retry_after }
        })
    }

    /// Forgets all slots before this one, and never takes them again.
    pub(super) fn drop_before(&self, floor: u64) {
        if self.floor.fetch_max(floor, Ordering::AcqRel) >= floor {
            return;
        }
        for index in 0..SHARDS {
            let mut shard = self.shard(index);
            let kept = shard.split_off(&floor);
            let passed = mem::replace(&mut *shard, kept);
            // Freed without the lock.
            drop(shard);
            let passed: u64 = passed.into_values().map(|tags| tags.len() as u64).sum();
            self.live.fetch_sub(passed, Ordering::AcqRel);
        }
        self.quota.drop_before(floor);
    }

    fn shard(&self, index: usize) -> MutexGuard<'_, Shard> {
        // What may panic under the lock leaves the sets as they were.
        self.shards[index].lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The first slot to keep when timestamps from `first` on are acceptable. One more is kept, for
/// requests that were judged by a clock some seconds ago.
pub(super) const fn floor_for(first: u64) -> u64 {
    (first / SLOT_SECONDS).saturating_sub(1)
}

/// The refusal of what is stamped at `until` or before.
pub(super) const fn fenced(until: u64, now: u64) -> NonceStoreError {
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

pub(super) const SLOT_SECONDS: u64 = 16;
const SHARDS: usize = 64;
