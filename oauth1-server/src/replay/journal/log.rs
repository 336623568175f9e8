//! What is on disk, and whether it can be trusted.

use std::{
    io,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, AtomicU8, AtomicU64, Ordering},
    },
};

use super::{
    mark::{Mark, MarkFile},
    mirror::Mirror,
    recovery::Recovered,
    slot_files::{AppendError, SlotFiles},
};
use crate::{error::StoreError, replay::slots::SLOT_SECONDS};

/// Files, mark and mirror, and what became of writing them.
pub(super) struct Log {
    pub(super) files: SlotFiles,
    mark: Mutex<MarkFile>,
    mirror: Arc<Mirror>,
    /// The high-water mark on stable storage.
    durable: AtomicU64,
    /// The latest timestamp that was accepted.
    highest: AtomicU64,
    /// Whether anything was recorded since the last tick.
    busy: AtomicBool,
    trouble: AtomicU8,
}

impl Log {
    pub(super) fn new(recovered: Recovered) -> Self {
        Self {
            durable: AtomicU64::new(recovered.mark.current().high_water),
            files: recovered.files,
            mark: Mutex::new(recovered.mark),
            mirror: recovered.mirror,
            highest: AtomicU64::new(recovered.highest),
            busy: AtomicBool::new(false),
            trouble: AtomicU8::new(FINE),
        }
    }

    /// The high-water mark on stable storage.
    pub(super) fn durable(&self) -> u64 {
        self.durable.load(Ordering::Acquire)
    }

    /// The latest timestamp that was accepted, or was about to be.
    pub(super) fn highest(&self) -> u64 {
        self.highest.load(Ordering::Acquire)
    }

    /// Whether anything was recorded since the last call.
    pub(super) fn was_busy(&self) -> bool {
        self.busy.swap(false, Ordering::AcqRel)
    }

    /// Whether the disk failed and everything is refused.
    pub(super) fn is_refusing(&self) -> bool {
        self.trouble.load(Ordering::Acquire) != FINE
    }

    /// The mark; nobody else writes it meanwhile.
    pub(super) fn mark(&self) -> MutexGuard<'_, MarkFile> {
        self.mark.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Refuses while the disk is not to be trusted.
    pub(super) fn check(&self) -> Result<(), StoreError> {
        match self.trouble.load(Ordering::Acquire) {
            FINE => Ok(()),
            FULL => Err(StoreError::new("the disk of the nonce journal is full")),
            _ => Err(StoreError::new("the disk of the nonce journal failed; restart the server")),
        }
    }

    /// Everything is refused from here on, and what was recorded so far is not taken for complete.
    fn fail(&self, trouble: u8, error: &io::Error) -> StoreError {
        if self.trouble.fetch_max(trouble, Ordering::AcqRel) < trouble {
            tracing::error!(%error, "the nonce journal cannot be written: requests are refused");
        }
        StoreError::new(format!("the nonce journal cannot be written: {error}"))
    }

    /// Appends a record; whatever becomes of it, the high-water mark is above it already.
    pub(super) fn append(&self, tag: u128, timestamp: u64) -> Result<(), StoreError> {
        // Another request may have met a failing disk meanwhile.
        self.check()?;
        self.busy.store(true, Ordering::Release);
        self.highest.fetch_max(timestamp, Ordering::AcqRel);
        self.files.append(timestamp / SLOT_SECONDS, tag, timestamp).map_err(|error| match error {
            AppendError::NotOpened(error) => {
                StoreError::new(format!("the nonce journal cannot open a file: {error}"))
            }
            AppendError::NotWritten(error) => self.fail(trouble_of(&error), &error),
        })
    }

    /// Puts all that was appended before on stable storage.
    pub(super) fn sync(&self) -> Result<(), StoreError> {
        self.check()?;
        // Whatever failed, what is on the disk now is not known: not even if it was merely full.
        self.files.sync().map_err(|error| self.fail(BROKEN, &error))
    }

    /// Raises the high-water mark, unless it is high enough.
    pub(super) fn raise(&self, target: u64, now: u64) -> Result<(), StoreError> {
        if self.durable() >= target {
            return Ok(());
        }
        self.write(now, |mark| mark.high_water = mark.high_water.max(target))
    }

    /// Changes the mark on stable storage, then in the mirror, then for the requests.
    pub(super) fn write(&self, now: u64, change: impl FnOnce(&mut Mark)) -> Result<(), StoreError> {
        self.check()?;
        let mut file = self.mark();
        let mut mark = *file.current();
        if now > 0 {
            mark.written = now;
        }
        change(&mut mark);
        let written = file.write(mark).map_err(|error| self.fail(trouble_of(&error), &error));
        written?;
        let mirrored = self.mirror.write(file.current());
        mirrored.map_err(|error| self.fail(BROKEN, &error))?;
        self.durable.store(mark.high_water, Ordering::Release);
        Ok(())
    }

    /// After a failure: a fence for the next start is written wherever it can be.
    pub(super) fn note_failure(&self) {
        self.settle(false);
    }

    /// Now and then after a failure: what could not be written is tried again. A disk that was
    /// merely full is used again once it has room and the fence is on it; one that failed is not.
    pub(super) fn recover(&self) {
        self.settle(true);
    }

    fn settle(&self, recover: bool) {
        let mut file = self.mark();
        let current = *file.current();
        // Whatever was accepted lies at the high-water mark or below.
        let fence = current.fence.max(self.durable());
        let high_water = current.high_water.max(self.durable());
        let fenced = Mark { fence, high_water, ..current };
        if current.fence < fence {
            // The mirror takes it, or is given up, which is a fence as well.
            if let Err(error) = self.mirror.write(&fenced) {
                tracing::error!(%error, "the nonce journal cannot note its failure in its mirror");
            }
        }
        let full = recover && self.trouble.load(Ordering::Acquire) == FULL;
        if current.fence >= fence && !full {
            return;
        }
        let repaired = self.files.repair();
        let repaired = if full { repaired.and(self.files.has_room()) } else { repaired };
        let written = file.write(fenced).and_then(|()| self.mirror.write(file.current()));
        let settled = repaired.and(written);
        match settled {
            Ok(()) if full => {
                // Not if it has failed for good meanwhile.
                let now_fine =
                    self.trouble.compare_exchange(FULL, FINE, Ordering::AcqRel, Ordering::Acquire);
                if now_fine.is_ok() {
                    tracing::warn!("the nonce journal can be written again");
                }
            }
            Ok(()) => {}
            // Each second, until it is done: said once.
            Err(_) if recover => {}
            Err(error) => {
                tracing::error!(%error, "the nonce journal cannot note its failure on disk yet");
            }
        }
    }
}

fn trouble_of(error: &io::Error) -> u8 {
    match error.kind() {
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => FULL,
        _ => BROKEN,
    }
}

const FINE: u8 = 0;
const FULL: u8 = 1;
const BROKEN: u8 = 2;
