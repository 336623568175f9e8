//! What must not go back with the disk: the mark and the number of records of each slot, once more,
//! in memory that outlives the process and not the machine.
//!
//! It is only ever behind the disk, so a process that is killed between the two leaves no alarm.
//! A disk that is behind the mirror has lost something. The mirror may fail: then its mark is
//! removed, and the next start is treated like that of a machine that was started anew.

use std::{
    io,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
};

use super::{
    disk::{Directory, File, Mode},
    mark::{self, Mark},
    slot_files::{name, slot_of},
};

/// Slots, and how many records each has.
pub(super) type Counts = Vec<(u64, u64)>;

/// The mirror of one data directory, if the machine has a place for it.
#[derive(Debug)]
pub(super) struct Mirror {
    directory: Option<Arc<dyn Directory>>,
    works: AtomicBool,
}

impl Mirror {
    pub(super) const fn new(directory: Option<Arc<dyn Directory>>) -> Self {
        let works = AtomicBool::new(directory.is_some());
        Self { directory, works }
    }

    fn directory(&self) -> Option<&dyn Directory> {
        self.directory.as_deref().filter(|_| self.works.load(Ordering::Acquire))
    }

    /// The mark, and the number of records of each slot.
    pub(super) fn read(&self) -> io::Result<(Option<Mark>, Counts)> {
        let Some(directory) = self.directory() else { return Ok((None, Counts::new())) };
        let mut counts = Counts::new();
        for file in directory.names()? {
            if let (Some(slot), Some(count)) = (slot_of(&file), directory.read(&file)?) {
                // A count that was never written is none.
                let count = count.first_chunk().map_or(0, |count| u64::from_le_bytes(*count));
                counts.push((slot, count));
            }
        }
        Ok((mark::read_copy(directory)?, counts))
    }

    /// Opens the count of a slot, and sets it.
    pub(super) fn count(&self, slot: u64, records: u64) -> io::Result<Option<Arc<dyn File>>> {
        let Some(directory) = self.directory() else { return Ok(None) };
        let count = directory.open(&name(slot), Mode::Overwrite);
        let count = count.and_then(|c| c.write_at(&records.to_le_bytes(), 0).map(|()| c));
        match count {
            Ok(count) => Ok(Some(count)),
            Err(error) => self.check(Err(error)).map(|()| None),
        }
    }

    /// Removes the count of a slot.
    pub(super) fn forget(&self, slot: u64) -> io::Result<()> {
        let Some(directory) = self.directory() else { return Ok(()) };
        self.check(directory.remove(&name(slot)))
    }

    /// Removes the counts of all slots but these.
    pub(super) fn keep(&self, mut keep: impl FnMut(u64) -> bool) -> io::Result<()> {
        let Some(directory) = self.directory() else { return Ok(()) };
        let names = directory.names()?;
        let passed = names.iter().filter_map(|file| slot_of(file)).filter(|slot| !keep(*slot));
        passed.into_iter().try_for_each(|slot| self.forget(slot))
    }

    /// Writes the mark.
    pub(super) fn write(&self, mark: &Mark) -> io::Result<()> {
        let Some(directory) = self.directory() else { return Ok(()) };
        self.check(mark::write_copy(directory, mark))
    }

    /// Gives the mirror up if something failed.
    ///
    /// # Errors
    /// The error, if the mirror cannot be given up either: then it would be believed.
    pub(super) fn check(&self, done: io::Result<()>) -> io::Result<()> {
        match done {
            Err(error) if self.works.load(Ordering::Acquire) => {
                tracing::warn!(%error, "the nonce journal goes on without its mirror in memory");
                self.give_up()
            }
            _ => Ok(()),
        }
    }

    /// Makes sure that the next start does not believe the mirror.
    pub(super) fn give_up(&self) -> io::Result<()> {
        if let Some(directory) = &self.directory {
            directory.remove(mark::NAME)?;
        }
        self.works.store(false, Ordering::Release);
        Ok(())
    }
}
