//! How many nonces this node has recorded, of all clients and of each.

use std::{
    collections::{BTreeMap, HashMap},
    sync::{Mutex, PoisonError},
};

use super::super::{NonceStoreError, slots::SLOT_SECONDS};

/// Counts by slots of 16 seconds, and refuses what is too much.
#[derive(Debug)]
pub(super) struct Limits {
    counts: Mutex<Counts>,
    capacity: u64,
    quota: u64,
}

#[derive(Debug, Default)]
struct Counts {
    floor: u64,
    slots: Slots,
    clients: HashMap<u128, Slots>,
}

type Slots = BTreeMap<u64, u64>;

impl Limits {
    pub(super) fn new(capacity: u64, quota: u64) -> Self {
        Self { counts: Mutex::default(), capacity, quota }
    }

    /// Whether one more of this client is too much; slots before the floor count no longer.
    pub(super) fn check(
        &self,
        client: u128,
        floor: u64,
        first: u64,
    ) -> Result<(), NonceStoreError> {
        let mut counts = self.counts.lock().unwrap_or_else(PoisonError::into_inner);
        counts.drop_before(floor);
        if counts.slots.values().sum::<u64>() >= self.capacity {
            return Err(NonceStoreError::Full { retry_after: SLOT_SECONDS });
        }
        let usage = counts.clients.get(&client);
        let used = usage.map_or(0, |slots| slots.values().sum::<u64>());
        if used >= self.quota {
            let oldest = usage.and_then(|slots| slots.keys().next()).copied();
            // A slot counts until the one after it has passed as well.
            let free_at = (oldest.unwrap_or(floor) + 2) * SLOT_SECONDS;
            let retry_after = free_at.saturating_sub(first).max(1);
            return Err(NonceStoreError::OverQuota { retry_after });
        }
        Ok(())
    }

    /// Counts one that was recorded.
    pub(super) fn count(&self, client: u128, timestamp: u64) {
        let slot = timestamp / SLOT_SECONDS;
        let mut counts = self.counts.lock().unwrap_or_else(PoisonError::into_inner);
        *counts.slots.entry(slot).or_default() += 1;
        *counts.clients.entry(client).or_default().entry(slot).or_default() += 1;
    }

    /// Whether the node has recorded all it may.
    pub(super) fn is_full(&self) -> bool {
        let counts = self.counts.lock().unwrap_or_else(PoisonError::into_inner);
        counts.slots.values().sum::<u64>() >= self.capacity
    }
}

impl Counts {
    fn drop_before(&mut self, floor: u64) {
        if floor <= self.floor {
            return;
        }
        self.floor = floor;
        self.slots = self.slots.split_off(&floor);
        self.clients.retain(|_, slots| {
            *slots = slots.split_off(&floor);
            !slots.is_empty()
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_has_passed_counts_no_longer() {
        let limits = Limits::new(4, 2);
        for _ in 0..2 {
            limits.check(1, 10, 176).unwrap();
            limits.count(1, 176);
        }
        let over = limits.check(1, 10, 176);
        assert!(matches!(over, Err(NonceStoreError::OverQuota { retry_after: 32 })), "{over:?}");
        limits.check(2, 10, 176).unwrap();
        limits.count(2, 200);
        limits.count(2, 200);
        assert!(limits.is_full());
        assert!(matches!(limits.check(3, 11, 192), Err(NonceStoreError::Full { .. })));
        limits.check(1, 12, 208).unwrap();
        assert!(!limits.is_full());
    }
}
