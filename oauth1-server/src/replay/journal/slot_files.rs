//! One file per slot, to which records are appended, and which is removed whole.

use std::{
    collections::BTreeMap,
    io,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError, RwLock,
        atomic::{AtomicBool, Ordering},
    },
};

use super::{
    disk::{Directory, File, Mode},
    mirror::Mirror,
    record::{RECORD, Record},
};

/// The slot files of a directory.
#[derive(Debug)]
pub(super) struct SlotFiles {
    directory: Arc<dyn Directory>,
    mirror: Arc<Mirror>,
    open: RwLock<BTreeMap<u64, Arc<Mutex<SlotFile>>>>,
    /// Whether files were created whose names may not be on stable storage.
    names_changed: AtomicBool,
}

#[derive(Debug)]
struct SlotFile {
    file: Arc<dyn File>,
    count: Option<Arc<dyn File>>,
    /// How many records it has, and how many of them are on stable storage.
    records: u64,
    synced: u64,
    /// How a write failed: there may be octets after the last record.
    damaged: Option<io::ErrorKind>,
}

/// Why a record was not appended.
#[derive(Debug)]
pub(super) enum AppendError {
    /// There is no file to write to; nothing was written.
    NotOpened(io::Error),
    /// What the file holds now is not known.
    NotWritten(io::Error),
}

impl SlotFiles {
    pub(super) fn new(directory: Arc<dyn Directory>, mirror: Arc<Mirror>) -> Self {
        Self { directory, mirror, open: RwLock::default(), names_changed: AtomicBool::new(false) }
    }

    /// Takes on a file that is there, with this many good records.
    pub(super) fn adopt(&self, slot: u64, records: u64, synced: bool) -> io::Result<()> {
        let file = self.directory.open(&name(slot), Mode::Append)?;
        if synced {
            file.sync()?;
        }
        let count = self.mirror.count(slot, records)?;
        let synced = if synced { records } else { 0 };
        let file = SlotFile { file, count, records, synced, damaged: None };
        self.insert(slot, file);
        Ok(())
    }

    /// Appends a record. When it returns, the kernel has it: it outlives the process.
    pub(super) fn append(&self, slot: u64, tag: u128, timestamp: u64) -> Result<(), AppendError> {
        let file = self.file(slot).map_err(AppendError::NotOpened)?;
        let mut file = lock(&file);
        file.append(tag, timestamp).map_err(AppendError::NotWritten)?;
        if let Some(count) = &file.count {
            let counted = count.write_at(&file.records.to_le_bytes(), 0);
            self.mirror.check(counted).map_err(AppendError::NotWritten)?;
        }
        Ok(())
    }

    /// Puts all that was appended before on stable storage.
    pub(super) fn sync(&self) -> io::Result<()> {
        let files: Vec<_> = self.read_open().values().cloned().collect();
        if self.names_changed.swap(false, Ordering::AcqRel) {
            self.directory.sync()?;
        }
        for file in files {
            let (handle, records) = {
                let file = lock(&file);
                if file.synced == file.records {
                    continue;
                }
                (file.file.clone(), file.records)
            };
            // Not under the lock: appends go on meanwhile.
            handle.sync()?;
            lock(&file).synced = records;
        }
        Ok(())
    }

    /// Cuts off what failed writes may have left.
    pub(super) fn repair(&self) -> io::Result<()> {
        let files: Vec<_> = self.read_open().values().cloned().collect();
        for file in files {
            let mut file = lock(&file);
            if file.damaged.is_some() {
                file.file.truncate(file.records * RECORD as u64)?;
                file.damaged = None;
            }
        }
        Ok(())
    }

    /// Whether a disk that was full takes more again: tried, because a file may have room where the
    /// disk has none.
    pub(super) fn has_room(&self) -> io::Result<()> {
        let written = self.directory.open(ROOM, Mode::Append)?.append(&[0; ROOM_SIZE]);
        self.directory.remove(ROOM)?;
        match written {
            Ok(ROOM_SIZE) => Ok(()),
            Ok(_) => Err(io::ErrorKind::StorageFull.into()),
            Err(error) => Err(error),
        }
    }

    /// Whether there are files of slots before this one.
    pub(super) fn has_before(&self, floor: u64) -> bool {
        self.read_open().range(..floor).next().is_some()
    }

    /// Removes the files of slots before this one. The floor is on stable storage already.
    pub(super) fn remove_before(&self, floor: u64) {
        let passed = {
            let mut open = self.open.write().unwrap_or_else(PoisonError::into_inner);
            let kept = open.split_off(&floor);
            std::mem::replace(&mut *open, kept)
        };
        for slot in passed.into_keys() {
            // The count first: a file without one is nothing to worry about.
            let removed =
                self.mirror.forget(slot).and_then(|()| self.directory.remove(&name(slot)));
            if let Err(error) = removed {
                tracing::warn!(%error, slot, "an expired file of the nonce journal stays until the next start");
            }
        }
    }

    fn file(&self, slot: u64) -> io::Result<Arc<Mutex<SlotFile>>> {
        if let Some(file) = self.read_open().get(&slot) {
            return Ok(file.clone());
        }
        let mut open = self.open.write().unwrap_or_else(PoisonError::into_inner);
        if let Some(file) = open.get(&slot) {
            return Ok(file.clone());
        }
        let file = self.directory.open(&name(slot), Mode::Append)?;
        self.names_changed.store(true, Ordering::Release);
        let count = self.mirror.count(slot, 0)?;
        let file = SlotFile { file, count, records: 0, synced: 0, damaged: None };
        let file = Arc::new(Mutex::new(file));
        open.insert(slot, file.clone());
        Ok(file)
    }

    fn insert(&self, slot: u64, file: SlotFile) {
        let mut open = self.open.write().unwrap_or_else(PoisonError::into_inner);
        open.insert(slot, Arc::new(Mutex::new(file)));
    }

    fn read_open(&self) -> std::sync::RwLockReadGuard<'_, BTreeMap<u64, Arc<Mutex<SlotFile>>>> {
        self.open.read().unwrap_or_else(PoisonError::into_inner)
    }
}

impl SlotFile {
    fn append(&mut self, tag: u128, timestamp: u64) -> io::Result<()> {
        if let Some(kind) = self.damaged {
            // Another request's write failed meanwhile, and this one would for the same reason.
            return Err(kind.into());
        }
        let record = Record { tag, timestamp, after_sync: self.synced == self.records };
        let written = self.file.append(&record.encode());
        // A short write is how a disk that gets full shows first.
        let error = match written {
            Ok(RECORD) => {
                self.records += 1;
                return Ok(());
            }
            Ok(_) => io::ErrorKind::StorageFull.into(),
            Err(error) => error,
        };
        self.damaged = Some(error.kind());
        Err(error)
    }
}

fn lock(file: &Mutex<SlotFile>) -> MutexGuard<'_, SlotFile> {
    file.lock().unwrap_or_else(PoisonError::into_inner)
}

const ROOM: &str = "room";
const ROOM_SIZE: usize = 16 * 1024;

/// The name of a slot's file.
pub(super) fn name(slot: u64) -> String {
    format!("slot-{slot}")
}

/// The slot of a file name; `None` for other files.
pub(super) fn slot_of(file: &str) -> Option<u64> {
    let slot = file.strip_prefix("slot-")?.parse().ok()?;
    (name(slot) == file).then_some(slot)
}
