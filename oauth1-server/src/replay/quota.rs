//! How many nonces each client has in the memory store, so that one cannot fill it for all.

use dashmap::DashMap;

/// Counts per client and slot. Only clients that signed correctly are in here.
#[derive(Debug)]
pub(crate) struct Quota {
    clients: DashMap<u128, Usage>,
    limit: u64,
}

/// What one client has in the store, by slot.
#[derive(Debug, Default)]
struct Usage(Vec<(u64, u64)>);

impl Quota {
    pub(crate) fn new(limit: u64) -> Self {
        Self { clients: DashMap::new(), limit }
    }

    /// Counts one more for the client; slots before the floor count no longer. Over the limit, it
    /// gives the oldest slot that counts.
    pub(crate) fn charge(&self, client: u128, slot: u64, floor: u64) -> Result<(), u64> {
        let mut usage = self.clients.entry(client).or_default();
        usage.drop_before(floor);
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
    pub(crate) fn drop_before(&self, floor: u64) {
        self.clients.retain(|_, usage| {
            usage.drop_before(floor);
            !usage.0.is_empty()
        });
    }
}

impl Usage {
    fn drop_before(&mut self, floor: u64) {
        self.0.retain(|(slot, _)| *slot >= floor);
    }
}

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
        quota.drop_before(13);
        assert!(quota.clients.is_empty());
        assert_eq!(Quota::new(0).charge(1, 5, 0), Err(5));
    }
}
