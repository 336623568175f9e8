//! Used nonces in files beside the server: they outlive the process, and the machine does not
//! accept twice what it accepted before it lost power.
//!
//! # What is written
//!
//! A directory with the header (`journal`: version and key of the tags), the high-water mark
//! (`mark`) and a file for each 16 seconds of claimed timestamps (`slot-…`). A fresh nonce is one
//! record of 32 octets, appended by one `write` before the request is answered. A slot file is
//! removed whole when its time has passed; only one that is damaged is ever written again.
//!
//! The append is made by the thread that judges the request, not handed to another: it is a copy
//! into the kernel's memory of one or two microseconds, and handing it over costs more than that. It
//! can take longer while the kernel writes much back; every other disk access that a request waits
//! for is made by one thread of the journal, for all waiting requests at once.
//!
//! # Why no request is accepted twice
//!
//! Let *x* be a request that was accepted, and *t* its timestamp. Three things hold before the
//! answer to *x* is decided:
//!
//! 1. The tag of *x* is in memory: found and put in under one lock.
//! 2. A record of *x* is in its slot file; the `write` has returned. At [`JournalLevel::Power`], the
//!    file was synced as well.
//! 3. The high-water mark on stable storage is *t* or later. A request above it waits until a
//!    higher one is synced.
//!
//! In this process, a copy of *x* meets the tag or the floor: the slot is dropped only after the
//! floor was raised above it, the floor is read under the lock of the tags, and it never falls,
//! whatever is done to the clock.
//!
//! In the next process, it is one of these:
//!
//! * *The slot file was removed.* This happens after a floor above it was synced, so *t* is below the
//!   floor, or, if the mark was lost, below the fence.
//! * *The files are those that were left*: the kernel is the same one (`boot_id`), the header is the
//!   same inode, the mark and the number of records of each slot are not behind their copies in
//!   memory (`/dev/shm`, which no restored backup brings back), and each record has its checksum.
//!   Then the record of *x* is read, because what a `write` returned for is seen by every later
//!   reader of the same kernel, and its tag is in memory.
//! * *The machine was started anew*, or does not tell. Records may be lost. The fence is the
//!   high-water mark, or the time if that is later, and by 3 *t* is not above it. At
//!   [`JournalLevel::Power`] there is no fence: by 2 the record is on stable storage. A bad record
//!   is then a write that no answer waited for, unless a later record says that it was synced;
//!   then there is a fence.
//! * *Records are damaged, and all else is as it was left.* The fence is the high-water mark.
//! * *The files are a copy, older than they were, or incomplete*, or the mark is damaged: nothing of
//!   them is believed. The fence is the time plus the window's future, above which no timestamp can
//!   have been accepted, and not below the high-water mark wherever it is known.
//!
//! A fence is on stable storage before anything is served, cut off or removed, so a second crash
//! does not lose it. When a write or a sync fails, everything is refused, and a fence for the next
//! start is written into the mark and into the copy in memory; if neither can be written, the copy
//! is removed, which is a fence as well. After a full disk, the store goes on by itself once the
//! fence is synced. After any other error it goes on only after a restart: a sync that failed may
//! succeed the next time without having written anything.
//!
//! # What is not covered
//!
//! A snapshot of the disk that is restored together with a restart of the machine looks like a power
//! loss. The fence holds for all whose clocks were not ahead; a request stamped ahead of the time of
//! the restart, accepted after the snapshot, could be replayed. With
//! [`snapshots`](JournalNonceStoreBuilder::snapshots) each restart of the machine is fenced against
//! that; it costs the window's future. A running machine that is set back to a snapshot, with its
//! memory, can only tell by its clock:
//! [`fence_on_clock_step`](JournalNonceStoreBuilder::fence_on_clock_step). A fence can be set by hand
//! as well, with [`fence`](JournalNonceStoreBuilder::fence). A disk that says that it has synced and
//! has not voids the high-water mark.

mod builder;
mod committer;
mod disk;
mod engine;
mod fence;
mod log;
mod machine;
mod mark;
mod mirror;
mod record;
mod recovery;
mod slot_files;
mod steps;
#[cfg(test)]
mod tests;

use std::{path::PathBuf, sync::Arc};

use oauth1_core::{SignatureVerified, Timestamp};

use super::{NonceOutcome, NonceStore, NonceStoreError, UsedNonce};
use crate::{error::BoxFuture, policy::AcceptableTimestamps};
use committer::Committer;
use disk::DirectoryLock;
use engine::{Attempt, Engine};

pub use builder::{JournalError, JournalLevel, JournalNonceStoreBuilder};
pub use fence::FenceReason;

/// Used nonces in a directory of this machine.
///
/// One nonce takes 32 octets on disk and 11 to 16 in memory. Live nonces are never evicted. One
/// process has the directory at a time.
///
/// ```no_run
/// # fn start() -> Result<(), oauth1_server::replay::JournalError> {
/// use oauth1_server::replay::JournalNonceStore;
///
/// let nonces = JournalNonceStore::builder("/var/lib/oauth1-server/nonces").open()?;
/// # Ok(()) }
/// ```
#[derive(Debug)]
pub struct JournalNonceStore {
    engine: Arc<Engine>,
    // Stops before the lock is given back.
    committer: Committer,
    _lock: Option<DirectoryLock>,
}

impl JournalNonceStore {
    /// A journal in this directory, for the default window.
    pub fn builder(directory: impl Into<PathBuf>) -> JournalNonceStoreBuilder {
        JournalNonceStoreBuilder::new(directory.into())
    }

    fn start(
        engine: Arc<Engine>,
        committer: Committer,
        lock: Option<DirectoryLock>,
        now: u64,
    ) -> Self {
        let this = Self { engine, committer, _lock: lock };
        if let Some((until, reason)) = this.fence()
            && until.seconds() >= now
        {
            tracing::warn!(until = until.seconds(), %reason, "requests stamped up to the fence are refused");
        }
        this
    }

    /// How many nonces are remembered.
    #[must_use]
    pub fn len(&self) -> u64 {
        self.engine.slots().len()
    }

    /// Whether none is remembered.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The time up to which requests are refused, and why; it may have passed. A self-test cannot
    /// succeed before.
    #[must_use]
    pub fn fence(&self) -> Option<(Timestamp, FenceReason)> {
        let (fence, reason) = self.engine.fence();
        Some((Timestamp::from_seconds(fence)?, reason?))
    }

    /// Whether the disk failed, and everything is refused.
    #[must_use]
    pub fn is_refusing(&self) -> bool {
        self.engine.is_refusing()
    }

    async fn record_used(
        &self,
        used: UsedNonce<'_>,
        acceptable: AcceptableTimestamps,
    ) -> Result<NonceOutcome, NonceStoreError> {
        loop {
            match self.engine.attempt(&used, acceptable)? {
                Attempt::Done(outcome) => return Ok(outcome),
                Attempt::Above(timestamp) => self.committer.raise(timestamp).await?,
                Attempt::Unsynced => {
                    self.committer.sync().await?;
                    return Ok(NonceOutcome::Fresh);
                }
            }
        }
    }
}

impl NonceStore for JournalNonceStore {
    fn record<'a>(
        &'a self,
        used: UsedNonce<'a>,
        acceptable: AcceptableTimestamps,
        _proof: &'a SignatureVerified,
    ) -> BoxFuture<'a, Result<NonceOutcome, NonceStoreError>> {
        Box::pin(self.record_used(used, acceptable))
    }

    fn ready(
        &self,
        acceptable: AcceptableTimestamps,
    ) -> BoxFuture<'_, Result<(), NonceStoreError>> {
        Box::pin(async move { self.engine.ready(acceptable) })
    }

    fn entries(&self) -> Option<u64> {
        Some(self.len())
    }
}
