//! Tags of used nonces by time slot, dropped whole when their slot has passed.
//!
//! 64 shards, chosen by the tag; each holds its part of every slot, 16 seconds of claimed
//! timestamps, under one lock. Dropping only raises the floor; a shard lets go of what has passed
//! when it is used next, so no request waits for more than its own shard's part. Who records reads
//! the floor under the lock of the shard, after which nothing below it is looked at or taken; and it
//! never falls, so no setting of the clock brings an earlier slot back.
//!
//! 64 bits of each tag are kept, and 6 more chose the shard: with a quarter of a million nonces in
//! a slot, one good request in 2⁵² is taken for a replay. No replay is ever taken for anything else.

use std::{
    collections::BTreeMap,
    mem,
    sync::{
        Mutex, MutexGuard, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
};

use super::{NonceOutcome, NonceStoreError, quota::Quota, tag_set::TagSet};
use crate::{error::StoreError, policy::AcceptableTimestamps};

/// What a process remembers, whatever else it writes down.
pub(super) struct Slots {
    shards: [Mutex<Shard>; SHARDS],
    /// The first slot that may hold something; it only grows.
    floor: AtomicU64,
    /// The floor up to which all shards were seen to.
    swept: AtomicU64,
    live: AtomicU64,
    quota: Quota,
    capacity: u64,
}

#[derive(Default)]
struct Shard {
    /// No slot before this one is held.
    floor: u64,
    slots: BTreeMap<u64, TagSet>,
}

impl Slots {
    pub(super) fn new(capacity: u64, quota: Option<u64>) -> Self {
        Self {
            shards: std::array::from_fn(|_| Mutex::default()),
            floor: AtomicU64::new(0),
            swept: AtomicU64::new(0),
            live: AtomicU64::new(0),
            quota: Quota::new(quota.unwrap_or(capacity / 4)),
            capacity,
        }
    }

    /// How many are held, without those that have passed.
    pub(super) fn len(&self) -> u64 {
        self.sweep();
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
        let (index, word) = split(tag);
        let mut shard = self.shard(index);
        let floor = self.floor.load(Ordering::Acquire);
        self.let_go(&mut shard, floor);
        if slot < floor {
            return Err(fenced(floor * SLOT_SECONDS, acceptable.now));
        }
        if shard.slots.get(&slot).is_some_and(|tags| tags.contains(word)) {
            return Ok(NonceOutcome::Replayed);
        }
        self.reserve(client, slot, acceptable)?;
        if let Err(error) = keep() {
            // The client's quota gets its place back with the slot.
            self.live.fetch_sub(1, Ordering::AcqRel);
            return Err(error.into());
        }
        shard.slots.entry(slot).or_default().insert(word);
        Ok(NonceOutcome::Fresh)
    }

    /// Puts in what was written down by an earlier process, whatever the capacity.
    #[cfg(feature = "journal")]
    pub(super) fn load(&self, slot: u64, tag: u128) {
        let (index, word) = split(tag);
        if self.shard(index).slots.entry(slot).or_default().insert(word) {
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
            self.sweep();
            if self.live.fetch_add(1, Ordering::AcqRel) >= self.capacity {
                self.live.fetch_sub(1, Ordering::AcqRel);
                return Err(NonceStoreError::Full { retry_after: SLOT_SECONDS });
            }
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
        self.floor.fetch_max(floor, Ordering::AcqRel);
    }

    /// Frees what has passed in all shards; not for the path of a request.
    pub(super) fn sweep(&self) {
        let floor = self.floor.load(Ordering::Acquire);
        if self.swept.fetch_max(floor, Ordering::AcqRel) >= floor {
            return;
        }
        for shard in &self.shards {
            // Whoever holds it sees to it.
            if let Ok(mut shard) = shard.try_lock() {
                self.let_go(&mut shard, floor);
            }
        }
        self.quota.sweep(floor);
    }

    fn let_go(&self, shard: &mut Shard, floor: u64) {
        if shard.floor < floor {
            shard.floor = floor;
            let kept = shard.slots.split_off(&floor);
            let passed = mem::replace(&mut shard.slots, kept);
            let passed: u64 = passed.into_values().map(|tags| tags.len() as u64).sum();
            self.live.fetch_sub(passed, Ordering::AcqRel);
        }
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

/// The shard of a tag, and what is kept of it there: bits that have nothing to do with each other.
const fn split(tag: u128) -> (usize, u64) {
    ((tag >> 64) as usize % SHARDS, tag as u64)
}

pub(super) const SLOT_SECONDS: u64 = 16;
const SHARDS: usize = 64;
