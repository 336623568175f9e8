//! How many nonces each client has in a store, so that one cannot fill it for all.

use std::{
    collections::HashMap,
    hash::{BuildHasherDefault, Hasher},
    sync::{Mutex, PoisonError},
};

/// Counts per client and slot. Only clients that signed correctly are in here.
///
/// Each shard forgets what has passed when it is used next, as the slots do.
pub(crate) struct Quota {
    shards: [Mutex<Shard>; SHARDS],
    limit: u64,
}

#[derive(Default)]
struct Shard {
    floor: u64,
    clients: HashMap<u128, Usage, BuildHasherDefault<TagHasher>>,
}

/// What one client has in the store, by slot.
#[derive(Debug, Default)]
struct Usage(Vec<(u64, u64)>);

impl Quota {
    pub(crate) fn new(limit: u64) -> Self {
        Self { shards: std::array::from_fn(|_| Mutex::default()), limit }
    }

    /// Counts one more for the client; slots before the floor count no longer. Over the limit, it
    /// gives the oldest slot that counts.
    pub(crate) fn charge(&self, client: u128, slot: u64, floor: u64) -> Result<(), u64> {
        let shard = &self.shards[client as usize % SHARDS];
        let mut shard = shard.lock().unwrap_or_else(PoisonError::into_inner);
        shard.let_go(floor);
        let usage = shard.clients.entry(client).or_default();
        if usage.0.iter().map(|(_, count)| count).sum::<u64>() >= self.limit {
            return Err(usage.0.iter().map(|(slot, _)| *slot).min().unwrap_or(slot));
        }
        match usage.0.iter_mut().find(|(s, _)| *s == slot) {
            Some((_, count)) => *count += 1,
            None => usage.0.push((slot, 1)),
        }
        Ok(())
    }

    /// Forgets slots, and clients that have none left.
    pub(crate) fn sweep(&self, floor: u64) {
        for shard in &self.shards {
            if let Ok(mut shard) = shard.try_lock() {
                shard.let_go(floor);
            }
        }
    }
}

impl Shard {
    fn let_go(&mut self, floor: u64) {
        if self.floor < floor {
            self.floor = floor;
            self.clients.retain(|_, usage| {
                usage.drop_before(floor);
                !usage.0.is_empty()
            });
        }
    }
}

impl Usage {
    fn drop_before(&mut self, floor: u64) {
        self.0.retain(|(slot, _)| *slot >= floor);
    }
}

/// Tags of clients are random already. The lower bits choose the shard.
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

/// So many that what one of them forgets at once is little.
const SHARDS: usize = 256;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_has_passed_does_not_count_and_is_not_kept() {
        let quota = Quota::new(3);
        assert_eq!(quota.charge(1, 10, 0), Ok(()));
        assert_eq!(quota.charge(1, 11, 0), Ok(()));
        assert_eq!(quota.charge(1, 11, 0), Ok(()));
        assert_eq!(quota.charge(1, 12, 0), Err(10));
        assert_eq!(quota.charge(2, 12, 0), Ok(()));
        assert_eq!(quota.charge(1, 12, 11), Ok(()));
        assert_eq!(quota.charge(1, 12, 11), Err(11));
        quota.sweep(13);
        assert!(quota.shards.iter().all(|shard| shard.lock().unwrap().clients.is_empty()));
        assert_eq!(Quota::new(0).charge(1, 5, 0), Err(5));
    }
}
