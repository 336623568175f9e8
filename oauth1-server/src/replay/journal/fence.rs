//! Whether requests from before this start could be replayed after it, and which.

use std::fmt;

use super::{
    disk::FileIdentity,
    machine::BootIdentity,
    mark::{FoundMark, Mark},
};

/// Why requests of some time are refused after a start.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum FenceReason {
    /// The directory was empty: what was accepted before, if anything was, is not known.
    NewDirectory,
    /// Files are missing.
    FilesMissing,
    /// The high-water mark cannot be read.
    MarkDamaged,
    /// The files are a copy of those that were left.
    Copied,
    /// The files are older than they were.
    RolledBack,
    /// The machine was started anew, or does not tell.
    MachineRestarted,
    /// Records cannot be read.
    RecordsDamaged,
    /// An earlier fence still stands: after one of the other reasons, or an error of the disk.
    Earlier,
    /// The builder was told so.
    Configured,
    /// The level is `Memory`, which remembers nothing across starts.
    NothingKept,
    /// The clock made a step, and the builder was told to refuse then.
    ClockStep,
}

impl fmt::Display for FenceReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::NewDirectory => {
                "the directory was empty, and this was not said to be the first start"
            }
            Self::FilesMissing => "files of the journal are missing",
            Self::MarkDamaged => "the high-water mark cannot be read",
            Self::Copied => "the files are a copy, not those that were left",
            Self::RolledBack => "the files are older than those that were left",
            Self::MachineRestarted => "the machine was started anew",
            Self::RecordsDamaged => "records of the journal are damaged",
            Self::Earlier => "an earlier fence has not passed, or the disk failed before",
            Self::Configured => "a fence was configured",
            Self::NothingKept => "nothing is kept across starts",
            Self::ClockStep => "the clock was set",
        })
    }
}

/// What was found at the start.
#[derive(Clone, Copy, Debug)]
pub(super) struct Evidence {
    pub(super) now: u64,
    pub(super) future: u64,
    /// Whether it was said that nothing was accepted before.
    pub(super) first_start: bool,
    /// Whether a restart of the machine may hide that the disk was set back.
    pub(super) snapshots: bool,
    pub(super) boot: Option<BootIdentity>,
    /// The header, and whether it had to be made.
    pub(super) header: FileIdentity,
    pub(super) header_made: bool,
    pub(super) mark: FoundMark,
    /// The copy of the mark in memory, of this boot.
    pub(super) mirror: Option<Mark>,
    pub(super) has_records: bool,
    /// The latest timestamp of a record.
    pub(super) highest: u64,
    pub(super) records_missing: bool,
    pub(super) records_damaged: bool,
    /// Records that were on stable storage are damaged.
    pub(super) synced_damaged: bool,
}

impl Evidence {
    /// The fence, and why. What is stamped at this time or before is refused; 0 is none.
    pub(super) fn fence(&self) -> (u64, Option<FenceReason>) {
        let mark = self.mark.known();
        let mirror = self.mirror.unwrap_or_default();
        // No accepted timestamp is above this, if mark and mirror are those that were left.
        let known = mark.high_water.max(mirror.high_water).max(self.highest);
        let wall = self.now.max(mark.written).max(mirror.written);
        let future = self.future.max(mark.future).max(mirror.future);
        // No accepted timestamp is above this whatever was lost, as long as the clock is right.
        let everything = wall.saturating_add(future).max(known);
        let decided = match self.reason() {
            None => (0, None),
            Some(reason @ FenceReason::RecordsDamaged) => (known, Some(reason)),
            Some(reason @ FenceReason::MachineRestarted) if !self.snapshots => {
                (known.max(wall), Some(reason))
            }
            Some(reason) => (everything, Some(reason)),
        };
        match mark.fence.max(mirror.fence) {
            earlier if earlier > decided.0 => (earlier, Some(FenceReason::Earlier)),
            _ => decided,
        }
    }

    fn reason(&self) -> Option<FenceReason> {
        let mark = match self.mark {
            FoundMark::Intact(mark) if !self.header_made => mark,
            FoundMark::Missing
                if self.header_made && !self.has_records && self.mirror.is_none() =>
            {
                return (!self.first_start).then_some(FenceReason::NewDirectory);
            }
            _ if self.header_made => return Some(FenceReason::FilesMissing),
            _ => return Some(FenceReason::MarkDamaged),
        };
        let same_boot = self.boot.is_some() && mark.boot == self.boot;
        // Numbers of devices are not the same after a restart.
        if mark.header.inode != self.header.inode || same_boot && mark.header != self.header {
            return Some(FenceReason::Copied);
        }
        let older = |mirror: Mark| {
            mark.sequence < mirror.sequence || mirror.header != self.header || !same_boot
        };
        if self.records_missing || self.mirror.is_some_and(older) {
            return Some(FenceReason::RolledBack);
        }
        if self.snapshots && self.mirror.is_none() {
            return Some(FenceReason::MachineRestarted);
        }
        if mark.all_synced {
            // Only a power loss leaves records half written that nobody was told of.
            let damaged = self.synced_damaged || self.records_damaged && same_boot;
            return damaged.then_some(FenceReason::RecordsDamaged);
        }
        if self.mirror.is_none() {
            return Some(FenceReason::MachineRestarted);
        }
        self.records_damaged.then_some(FenceReason::RecordsDamaged)
    }
}
