//! The suite of every store, with the journal's thread, at each level.

use std::sync::Arc;

use oauth1_core::Timestamp;

use super::{
    super::{
        JournalNonceStore, builder::JournalLevel, committer::Committer, engine::Engine,
        machine::Elapsed,
    },
    Machine,
};
use crate::replay::conformance::{Setup, StoreUnderTest, nonce_store_conformance};

/// The time that the suite begins with.
const NOW: u64 = 1_700_000_000;

fn open(setup: Setup, level: JournalLevel) -> JournalNonceStore {
    let mut machine = Machine::new();
    machine.settings.window = setup.window;
    machine.settings.capacity = setup.capacity;
    machine.settings.quota = Some(setup.quota);
    machine.settings.synced = level == JournalLevel::Power;
    let place = (level != JournalLevel::Memory).then(|| machine.place());
    // In memory, the start was an hour ago.
    let start = if place.is_some() { NOW } else { NOW - 3_600 };
    // The suite sets the clock forward and expects it to be believed.
    let elapsed = Elapsed::new(|| None);
    let engine = Engine::open(place.as_ref(), elapsed, machine.settings, start).unwrap();
    let engine = Arc::new(engine);
    let clock = Arc::new(|| Timestamp::from_seconds(NOW));
    let committer = Committer::start(engine.clone(), clock).unwrap();
    JournalNonceStore::start(engine, committer, None, start)
}

macro_rules! level {
    ($module:ident, $level:ident) => {
        mod $module {
            use super::*;

            pub(crate) struct Suite;

            impl StoreUnderTest for Suite {
                type Store = JournalNonceStore;

                async fn open(setup: Setup) -> JournalNonceStore {
                    open(setup, JournalLevel::$level)
                }
            }

            nonce_store_conformance!(Suite);
        }
    };
}

level!(process, Process);
level!(power, Power);
level!(memory, Memory);

#[test]
fn a_journal_whose_thread_has_ended_refuses() {
    let machine = Machine::started();
    let engine = Arc::new(machine.engine.unwrap());
    let clock = Arc::new(|| -> Option<Timestamp> { panic!("the clock of this test") });
    let committer = Committer::start(engine, clock).unwrap();
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    for _ in 0..2 {
        assert!(runtime.block_on(committer.raise(super::NOW + 100)).is_err());
    }
}
