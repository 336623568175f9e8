//! The journal without its thread: every step is a call, so a test decides their order.

use std::sync::{
    Mutex, MutexGuard, PoisonError,
    atomic::{AtomicU64, Ordering},
};

use super::{
    FenceReason, JournalError,
    log::Log,
    machine::Elapsed,
    recovery::{self, Place, Terms},
    steps::{ClockSteps, TOLERANCE},
};
use crate::{
    error::StoreError,
    policy::{AcceptableTimestamps, TimestampWindow},
    replay::{
        NonceOutcome, NonceStoreError, NonceTagger, UsedNonce,
        slots::{SLOT_SECONDS, Slots, fenced, floor_for},
    },
};

/// What the store keeps and how.
#[derive(Clone, Copy, Debug)]
pub(super) struct Settings {
    pub(super) window: TimestampWindow,
    pub(super) capacity: u64,
    pub(super) quota: Option<u64>,
    /// Sync everything before it is acknowledged.
    pub(super) synced: bool,
    pub(super) first_start: bool,
    pub(super) snapshots: bool,
    pub(super) fence: u64,
    pub(super) fence_on_step: bool,
}

/// Checks, remembers and writes down.
pub(super) struct Engine {
    tagger: NonceTagger,
    slots: Slots,
    settings: Settings,
    steps: Mutex<ClockSteps>,
    fence: AtomicU64,
    reason: Mutex<Option<FenceReason>>,
    log: Option<Log>,
}

/// How far recording came.
#[must_use]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Attempt {
    Done(NonceOutcome),
    /// Nothing was recorded: the high-water mark must be raised to this first.
    Above(u64),
    /// It is recorded as fresh, and fresh when everything is synced.
    Unsynced,
}

impl Engine {
    /// Opens the journal at a place; without one, nothing is kept.
    pub(super) fn open(
        place: Option<&Place>,
        elapsed: Elapsed,
        settings: Settings,
        now: u64,
    ) -> Result<Self, JournalError> {
        let slots = Slots::new(settings.capacity, settings.quota);
        let window = settings.window.past.saturating_add(settings.window.future);
        let mut engine = Self {
            tagger: NonceTagger::random().map_err(|_| JournalError::NoRandomness)?,
            slots,
            settings,
            steps: Mutex::new(ClockSteps::new(elapsed, window.saturating_add(SLOT_SECONDS))),
            fence: AtomicU64::new(0),
            reason: Mutex::new(None),
            log: None,
        };
        let Some(place) = place else {
            let everything = now.saturating_add(settings.window.future);
            engine.refuse_until(everything.max(settings.fence), FenceReason::NothingKept);
            return Ok(engine);
        };
        let Settings { window, first_start, snapshots, synced, fence, .. } = settings;
        let terms = Terms { now, future: window.future, first_start, snapshots, synced, fence };
        let recovered = recovery::open(place, terms, |slot, tag| engine.slots.load(slot, tag))?;
        let mark = *recovered.mark.current();
        engine.tagger = NonceTagger::new(*recovered.key);
        engine.slots.drop_before(mark.floor);
        if let Some(reason) = recovered.reason {
            engine.refuse_until(mark.fence, reason);
        }
        engine.log = Some(Log::new(recovered));
        Ok(engine)
    }

    pub(super) const fn slots(&self) -> &Slots {
        &self.slots
    }

    /// The fence, 0 if there is none, and why.
    pub(super) fn fence(&self) -> (u64, Option<FenceReason>) {
        (self.fence.load(Ordering::Acquire), *lock(&self.reason))
    }

    /// Whether the disk failed and everything is refused.
    pub(super) fn is_refusing(&self) -> bool {
        self.log.as_ref().is_some_and(Log::is_refusing)
    }

    /// Records a use as far as it can be done without waiting for the disk.
    pub(super) fn attempt(
        &self,
        used: &UsedNonce<'_>,
        acceptable: AcceptableTimestamps,
    ) -> Result<Attempt, NonceStoreError> {
        let timestamp = used.timestamp.seconds();
        if let Some(log) = &self.log {
            log.check()?;
        }
        let window = self.settings.window.past.saturating_add(self.settings.window.future);
        used.check_window(acceptable, window)?;
        self.follow_clock(acceptable.now, acceptable.first);
        let fence = self.fence.load(Ordering::Acquire);
        if timestamp <= fence {
            return Err(fenced(fence, acceptable.now));
        }
        let (tag, client) = (self.tagger.tag(used), self.tagger.client_tag(used.client));
        let Some(log) = &self.log else {
            let recorded = self.slots.record(tag, client, timestamp, acceptable, || Ok(()));
            return recorded.map(Attempt::Done);
        };
        if timestamp > log.durable() {
            return Ok(Attempt::Above(timestamp));
        }
        let keep = || log.append(tag, timestamp);
        let recorded = self.slots.record(tag, client, timestamp, acceptable, keep);
        match recorded {
            Ok(NonceOutcome::Fresh) if self.settings.synced => Ok(Attempt::Unsynced),
            Ok(outcome) => Ok(Attempt::Done(outcome)),
            Err(error) => {
                if self.is_refusing() {
                    log.note_failure();
                }
                Err(error)
            }
        }
    }

    /// Whether something stamped now could be recorded.
    pub(super) fn ready(&self, acceptable: AcceptableTimestamps) -> Result<(), NonceStoreError> {
        if let Some(log) = &self.log {
            log.check()?;
        }
        let fence = self.fence.load(Ordering::Acquire);
        if acceptable.now <= fence {
            return Err(fenced(fence, acceptable.now));
        }
        self.slots.ready(acceptable)
    }

    /// Raises the high-water mark to the next multiple of 16 above a timestamp: one sync for all
    /// that wait, and at most one in 16 seconds for clients whose clocks run ahead.
    pub(super) fn raise(&self, timestamp: u64, now: u64) -> Result<(), StoreError> {
        let Some(log) = &self.log else { return Ok(()) };
        let target = (timestamp / SLOT_SECONDS).saturating_add(1).saturating_mul(SLOT_SECONDS);
        log.raise(target, now).inspect_err(|_| log.note_failure())
    }

    /// Puts all that was recorded before on stable storage.
    pub(super) fn sync(&self) -> Result<(), StoreError> {
        let Some(log) = &self.log else { return Ok(()) };
        log.sync().inspect_err(|_| log.note_failure())
    }

    /// Once a second: drops what has passed, keeps the high-water mark ahead of the clock while
    /// there are requests, and gets over a full disk.
    pub(super) fn tick(&self, now: u64) {
        self.follow_clock(now, now.saturating_sub(self.settings.window.past));
        self.slots.sweep();
        let Some(log) = &self.log else { return };
        if self.is_refusing() {
            log.recover();
            return;
        }
        let (floor, fence) = (self.slots.floor(), self.fence.load(Ordering::Acquire));
        let mark = *log.mark().current();
        let passed = log.files.has_before(floor) && mark.floor < floor;
        // A clock that was set back: the next start must not take it for one that was not set.
        let set_back = mark.written > now.saturating_add(TOLERANCE);
        let done = if passed || set_back || mark.fence < fence {
            log.write(now, |mark| {
                mark.floor = mark.floor.max(floor);
                mark.fence = mark.fence.max(fence);
            })
        } else {
            Ok(())
        };
        // Never without the floor on stable storage.
        log.files.remove_before(log.mark().current().floor);
        let due = log.was_busy() && log.durable() < now.saturating_add(AHEAD);
        if done
            .and_then(
                |()| if due { log.raise(now.saturating_add(AHEAD + TICK), now) } else { Ok(()) },
            )
            .is_err()
        {
            log.note_failure();
        }
    }

    /// The last call: lowers the high-water mark to what was accepted, so that a restart of the
    /// machine has little to refuse.
    pub(super) fn close(&self, now: u64) {
        let Some(log) = &self.log else { return };
        if self.is_refusing() {
            log.note_failure();
            return;
        }
        let highest = log.highest();
        // Should it fail, the higher one stands.
        let _ = log.write(now, |mark| mark.high_water = highest);
    }

    /// Drops the slots before the first acceptable timestamp, if the clock can be believed.
    fn follow_clock(&self, now: u64, first: u64) {
        if floor_for(first) <= self.slots.floor() {
            return;
        }
        let believed = lock(&self.steps).believed(now);
        if believed < now && self.settings.fence_on_step {
            let everything = now.saturating_add(self.settings.window.future);
            self.refuse_until(everything, FenceReason::ClockStep);
        }
        self.slots.drop_before(floor_for(first.saturating_sub(now.saturating_sub(believed))));
    }

    fn refuse_until(&self, fence: u64, reason: FenceReason) {
        if self.fence.fetch_max(fence, Ordering::AcqRel) < fence {
            *lock(&self.reason) = Some(reason);
        }
    }
}

impl std::fmt::Debug for Engine {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Engine").field("settings", &self.settings).finish_non_exhaustive()
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// How many seconds the high-water mark is kept ahead of the clock.
const AHEAD: u64 = 5;
/// Seconds between ticks, and some slack.
const TICK: u64 = 2;
