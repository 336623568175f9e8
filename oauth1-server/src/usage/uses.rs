//! Last uses, in bounded room.

use std::{
    net::IpAddr,
    sync::atomic::{AtomicU64, AtomicUsize, Ordering},
};

use dashmap::DashMap;

/// Last uses by identifier.
#[derive(Debug)]
pub(super) struct Uses<U = LastUse> {
    entries: DashMap<Box<str>, U>,
    /// Asking the map itself locks all of it.
    count: AtomicUsize,
    dropped: AtomicU64,
}

/// The last use of something.
#[derive(Clone, Debug)]
pub(super) struct LastUse {
    pub(super) minute: i64,
    pub(super) address: Option<IpAddr>,
    /// The minute that is in the table.
    written: i64,
}

/// The last use of a client, and its addresses.
#[derive(Clone, Debug)]
pub(super) struct ClientUse {
    pub(super) last: LastUse,
    /// When a secret that is being replaced was used.
    pub(super) old_secret: Option<i64>,
    old_secret_written: Option<i64>,
    pub(super) addresses: Vec<AddressUse>,
}

/// One address of a client.
#[derive(Clone, Debug)]
pub(super) struct AddressUse {
    pub(super) address: IpAddr,
    pub(super) first: i64,
    pub(super) last: i64,
    written: i64,
}

/// What can be noted.
pub(super) trait Use: Clone {
    fn new(minute: i64, address: Option<IpAddr>, old_secret: bool) -> Self;

    /// Whether noting would change nothing.
    fn has(&self, minute: i64, address: Option<IpAddr>, old_secret: bool) -> bool;

    fn note(&mut self, minute: i64, address: Option<IpAddr>, old_secret: bool);

    /// Whether there is something to write.
    fn is_dirty(&self) -> bool;

    /// This was written, perhaps not the latest.
    fn set_written(&mut self, written: &Self);

    fn minute(&self) -> i64;
}

impl Use for LastUse {
    fn new(minute: i64, address: Option<IpAddr>, _: bool) -> Self {
        Self { minute, address, written: i64::MIN }
    }

    fn has(&self, minute: i64, _: Option<IpAddr>, _: bool) -> bool {
        self.minute >= minute
    }

    fn note(&mut self, minute: i64, address: Option<IpAddr>, _: bool) {
        if minute > self.minute {
            (self.minute, self.address) = (minute, address);
        }
    }

    fn is_dirty(&self) -> bool {
        self.minute > self.written
    }

    fn set_written(&mut self, written: &Self) {
        self.written = self.written.max(written.minute);
    }

    fn minute(&self) -> i64 {
        self.minute
    }
}

impl Use for ClientUse {
    fn new(minute: i64, address: Option<IpAddr>, old_secret: bool) -> Self {
        let mut this = Self {
            last: LastUse::new(minute, address, old_secret),
            old_secret: None,
            old_secret_written: None,
            addresses: Vec::new(),
        };
        this.note(minute, address, old_secret);
        this
    }

    fn has(&self, minute: i64, address: Option<IpAddr>, old_secret: bool) -> bool {
        self.last.has(minute, address, old_secret)
            && (!old_secret || self.old_secret >= Some(minute))
            && address.is_none_or(|address| {
                self.addresses.iter().any(|known| known.address == address && known.last >= minute)
            })
    }

    fn note(&mut self, minute: i64, address: Option<IpAddr>, old_secret: bool) {
        self.last.note(minute, address, old_secret);
        if old_secret {
            self.old_secret = self.old_secret.max(Some(minute));
        }
        let Some(address) = address else { return };
        if let Some(known) = self.addresses.iter_mut().find(|known| known.address == address) {
            known.last = known.last.max(minute);
            return;
        }
        if self.addresses.len() >= MOST_ADDRESSES {
            // The table keeps no more either.
            let oldest = (0..self.addresses.len()).min_by_key(|i| self.addresses[*i].last);
            oldest.map(|oldest| self.addresses.swap_remove(oldest));
        }
        self.addresses.push(AddressUse { address, first: minute, last: minute, written: i64::MIN });
    }

    fn is_dirty(&self) -> bool {
        self.last.is_dirty()
            || self.old_secret > self.old_secret_written
            || self.addresses.iter().any(AddressUse::is_dirty)
    }

    fn set_written(&mut self, written: &Self) {
        self.last.set_written(&written.last);
        self.old_secret_written = self.old_secret_written.max(written.old_secret);
        for address in &mut self.addresses {
            let same = written.addresses.iter().find(|other| other.address == address.address);
            address.written = same.map_or(address.written, |same| address.written.max(same.last));
        }
    }

    fn minute(&self) -> i64 {
        self.last.minute
    }
}

impl AddressUse {
    pub(super) const fn is_dirty(&self) -> bool {
        self.last > self.written
    }
}

impl<U: Use> Uses<U> {
    /// Notes a use. It locks one shard for a moment, for writing only once a minute.
    pub(super) fn note(
        &self,
        identifier: &str,
        minute: i64,
        address: Option<IpAddr>,
        old_secret: bool,
    ) {
        if self.entries.get(identifier).is_some_and(|known| known.has(minute, address, old_secret))
        {
            return;
        }
        if let Some(mut known) = self.entries.get_mut(identifier) {
            known.note(minute, address, old_secret);
            return;
        }
        if self.count.load(Ordering::Relaxed) >= MOST {
            self.dropped.fetch_add(1, Ordering::Relaxed);
            return;
        }
        let new = U::new(minute, address, old_secret);
        match self.entries.insert(identifier.into(), new) {
            // Another request was faster; both say the same.
            Some(_) => {}
            None => {
                self.count.fetch_add(1, Ordering::Relaxed);
            }
        }
    }

    /// A copy of everything that is to be written.
    pub(super) fn dirty(&self) -> Vec<(Box<str>, U)> {
        let dirty = self.entries.iter().filter(|entry| entry.is_dirty());
        dirty.map(|entry| (entry.key().clone(), entry.value().clone())).collect()
    }

    pub(super) fn set_written(&self, written: &[(Box<str>, U)]) {
        for (identifier, written) in written {
            if let Some(mut known) = self.entries.get_mut(identifier) {
                known.set_written(written);
            }
        }
    }

    /// Forgets what is in the table and was not used since.
    pub(super) fn forget_before(&self, minute: i64) {
        self.entries.retain(|_, known| {
            let keep = known.is_dirty() || known.minute() >= minute;
            if !keep {
                self.count.fetch_sub(1, Ordering::Relaxed);
            }
            keep
        });
    }

    pub(super) fn len(&self) -> usize {
        self.count.load(Ordering::Relaxed)
    }

    pub(super) fn dropped(&self) -> u64 {
        self.dropped.load(Ordering::Relaxed)
    }
}

impl<U> Default for Uses<U> {
    fn default() -> Self {
        Self { entries: DashMap::new(), count: AtomicUsize::new(0), dropped: AtomicU64::new(0) }
    }
}

/// Identifiers of each kind, of some 200 octets each.
const MOST: usize = 200_000;
/// Of one client.
pub(super) const MOST_ADDRESSES: usize = 16;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_noted_while_it_was_written_is_written_next() {
        let (a, b) = ([192, 0, 2, 1].into(), [192, 0, 2, 2].into());
        let uses = Uses::<ClientUse>::default();
        uses.note("k", 60_000, Some(a), false);
        let first = uses.dirty();
        uses.note("k", 120_000, Some(b), true);
        uses.set_written(&first);
        let second = uses.dirty();
        assert_eq!(second[0].1.last.minute, 120_000);
        assert_eq!(second[0].1.old_secret, Some(120_000));
        let dirty = second[0].1.addresses.iter().filter(|address| address.is_dirty());
        assert_eq!(dirty.map(|address| address.address).collect::<Vec<_>>(), [b]);
        uses.set_written(&second);
        // Going back changes nothing.
        uses.note("k", 60_000, Some(a), true);
        assert!(uses.dirty().is_empty());
        uses.forget_before(120_000);
        assert_eq!(uses.len(), 1);
        uses.forget_before(180_000);
        assert_eq!(uses.len(), 0);
    }

    #[test]
    fn room_is_bounded() {
        let uses = Uses::<LastUse>::default();
        for n in 0..MOST + 10 {
            uses.note(&n.to_string(), 0, None, false);
        }
        assert_eq!((uses.len(), uses.dropped()), (MOST, 10));
        let client = Uses::<ClientUse>::default();
        for n in 0..100 {
            client.note("k", n.into(), Some([192, 0, 2, n].into()), false);
        }
        let addresses = &client.dirty()[0].1.addresses;
        assert_eq!(addresses.len(), MOST_ADDRESSES);
        assert!(addresses.iter().all(|address| address.last >= 84));
    }
}
