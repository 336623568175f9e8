//! The journal on a simulated machine: what was accepted once is never accepted again.

mod clock;
mod damage;
mod faults;
mod power;
mod restore;
mod sim;
mod suite;

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
};

use oauth1_core::Timestamp;

use super::{
    FenceReason, JournalError,
    engine::{Attempt, Engine, Settings},
    machine::{BootIdentity, Elapsed},
    recovery::Place,
};
use crate::{
    policy::TimestampWindow,
    replay::{NonceOutcome, NonceStoreError, UsedNonce},
};
use sim::Disk;

const NOW: u64 = 1_800_000_000;
const WINDOW: TimestampWindow = TimestampWindow { past: 300, future: 300 };

/// A machine with a disk and a place in memory, and who was told what on it.
struct Machine {
    data: Disk,
    memory: Option<Disk>,
    boot: u128,
    elapsed: Arc<AtomicU64>,
    settings: Settings,
    now: u64,
    engine: Option<Engine>,
    accepted: BTreeSet<(u64, String)>,
    replayed: u64,
    refused: BTreeMap<&'static str, u64>,
}

impl Machine {
    fn new() -> Self {
        Self {
            data: Disk::default(),
            memory: Some(Disk::default()),
            boot: 1,
            elapsed: Arc::default(),
            settings: Settings {
                window: WINDOW,
                capacity: 1 << 20,
                quota: Some(1 << 20),
                synced: false,
                first_start: true,
                snapshots: false,
                fence: 0,
                fence_on_step: false,
            },
            now: NOW,
            engine: None,
            accepted: BTreeSet::new(),
            replayed: 0,
            refused: BTreeMap::new(),
        }
    }

    /// The same machine once more, with copies of its disks; it does not run.
    fn twin(&self) -> Self {
        Self {
            data: self.data.snapshot(),
            memory: self.memory.as_ref().map(Disk::snapshot),
            elapsed: Arc::new(AtomicU64::new(self.elapsed.load(Ordering::Relaxed))),
            engine: None,
            accepted: self.accepted.clone(),
            refused: BTreeMap::new(),
            ..*self
        }
    }

    fn started() -> Self {
        let mut this = Self::new();
        this.start().unwrap();
        this
    }

    fn place(&self) -> Place {
        Place {
            data: Arc::new(self.data.clone()),
            mirror: self.memory.clone().map(|memory| Arc::new(memory) as _),
            boot: BootIdentity::new(self.boot),
        }
    }

    fn elapsed(&self) -> Elapsed {
        let elapsed = self.elapsed.clone();
        Elapsed::new(move || Some(elapsed.load(Ordering::Relaxed)))
    }

    fn start(&mut self) -> Result<(), JournalError> {
        self.engine = None;
        self.engine =
            Some(Engine::open(Some(&self.place()), self.elapsed(), self.settings, self.now)?);
        Ok(())
    }

    /// The process is killed.
    fn kill(&mut self) {
        self.engine = None;
    }

    fn lose_power(&mut self, seed: u64) {
        self.kill();
        self.boot += 1;
        self.data.lose_power(seed);
        if let Some(memory) = &self.memory {
            memory.wipe();
        }
        self.elapsed.store(0, Ordering::Relaxed);
    }

    fn pass(&mut self, seconds: u64) {
        self.now += seconds;
        self.elapsed.fetch_add(seconds, Ordering::Relaxed);
    }

    fn engine(&self) -> &Engine {
        self.engine.as_ref().unwrap()
    }

    fn tick(&self) {
        self.engine().tick(self.now);
    }

    fn fence(&self) -> Option<FenceReason> {
        self.engine().fence().1
    }

    /// One request as the verifier and the store would treat it, the waiting done in place.
    fn try_record(&self, timestamp: u64, nonce: &str) -> Result<NonceOutcome, NonceStoreError> {
        let timestamp = Timestamp::from_seconds(timestamp).unwrap();
        let acceptable = WINDOW.around(Timestamp::from_seconds(self.now).unwrap());
        let used = UsedNonce { client: "c", token: "t", timestamp, nonce };
        loop {
            match self.engine().attempt(&used, acceptable)? {
                Attempt::Done(outcome) => return Ok(outcome),
                Attempt::Above(timestamp) => self.engine().raise(timestamp, self.now)?,
                Attempt::Unsynced => {
                    return Ok(self.engine().sync().map(|()| NonceOutcome::Fresh)?);
                }
            }
        }
    }

    /// Sends a request, and fails if it is accepted for the second time.
    fn send(&mut self, timestamp: u64, nonce: &str) -> Option<NonceOutcome> {
        if !WINDOW
            .around(Timestamp::from_seconds(self.now).unwrap())
            .contains(Timestamp::from_seconds(timestamp).unwrap())
        {
            return None;
        }
        let outcome = self.try_record(timestamp, nonce);
        let refusal = match outcome {
            Ok(NonceOutcome::Fresh) => {
                assert!(
                    self.accepted.insert((timestamp, nonce.to_owned())),
                    "accepted twice: {timestamp} {nonce}, now {}, fence {:?}",
                    self.now,
                    self.engine().fence(),
                );
                return Some(NonceOutcome::Fresh);
            }
            Ok(NonceOutcome::Replayed) => {
                self.replayed += 1;
                return Some(NonceOutcome::Replayed);
            }
            Err(NonceStoreError::Fenced { .. }) => "fenced",
            Err(NonceStoreError::Unavailable(_)) => "unavailable",
            Err(NonceStoreError::Full { .. } | NonceStoreError::OverQuota { .. }) => "full",
        };
        *self.refused.entry(refusal).or_default() += 1;
        None
    }

    /// Sends everything again that was ever accepted.
    fn replay_all(&mut self) {
        for (timestamp, nonce) in self.accepted.clone() {
            let _ = self.send(timestamp, &nonce);
        }
    }

    /// Sends everything again, and fails unless each is known as a replay.
    fn all_are_known(&mut self) {
        for (timestamp, nonce) in self.accepted.clone() {
            assert_eq!(self.send(timestamp, &nonce), Some(NonceOutcome::Replayed), "{timestamp}");
        }
    }
}

#[test]
fn a_killed_process_leaves_everything_and_no_fence() {
    let mut machine = Machine::started();
    assert_eq!(machine.fence(), None);
    for i in 0..200 {
        let timestamp = machine.now + i * 7 % 300;
        assert_eq!(machine.send(timestamp, &format!("n{i}")), Some(NonceOutcome::Fresh));
        if i % 16 == 0 {
            machine.pass(1);
            machine.tick();
        }
    }
    for _ in 0..3 {
        machine.kill();
        machine.start().unwrap();
        assert_eq!(machine.fence(), None);
        machine.all_are_known();
        assert_eq!(machine.send(machine.now, "new"), Some(NonceOutcome::Fresh));
        machine.pass(1);
    }
}

#[test]
fn what_has_passed_is_removed_from_the_disk() {
    let mut machine = Machine::started();
    for _ in 0..200 {
        let _ = machine.send(machine.now, "n");
        machine.pass(16);
        machine.tick();
    }
    let names = super::disk::Directory::names(&machine.data).unwrap();
    let slots = names.iter().filter(|name| name.starts_with("slot-")).count();
    assert!((18..=22).contains(&slots), "{names:?}");
    let mirrored = super::disk::Directory::names(machine.memory.as_ref().unwrap()).unwrap();
    assert_eq!(mirrored.len(), slots + 1);
}
