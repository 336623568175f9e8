//! Operations that fail, each in turn.

use std::io::ErrorKind;

use rand::{RngExt, SeedableRng, rngs::Xoshiro256PlusPlus};

use super::{
    super::{
        mirror::Mirror,
        slot_files::{AppendError, SlotFiles},
    },
    sim::Failure,
    *,
};

/// Some minutes of a machine, whose operation `at` fails; then it is killed or loses power, and
/// everything is sent again. Says whether anything failed.
fn run(failure: Failure, of_memory: bool, synced: bool, power: bool) -> bool {
    let mut machine = Machine::new();
    machine.settings.synced = synced;
    let failing = if of_memory { machine.memory.clone().unwrap() } else { machine.data.clone() };
    failing.fail(Some(failure));
    let mut starts = 0;
    while machine.start().is_err() {
        starts += 1;
        assert!(failure.again || starts < 2);
        if starts > 5 {
            return true;
        }
    }
    let mut random = Xoshiro256PlusPlus::seed_from_u64(failure.at);
    for i in 0..60 {
        let ahead = random.random_range(0..40);
        let _ = machine.send(machine.now + ahead, &format!("n{i}"));
        machine.replay_all();
        machine.pass(random.random_range(0..12));
        machine.tick();
    }
    let failed = failing.failed() > 0;
    failing.fail(None);
    machine.tick();
    machine.replay_all();
    if power {
        machine.lose_power(failure.at);
        machine.pass(3);
    } else {
        machine.kill();
    }
    machine.start().unwrap();
    machine.replay_all();
    machine.pass(340);
    assert_eq!(machine.send(machine.now, "later"), Some(NonceOutcome::Fresh));
    failed
}

#[test]
fn each_operation_fails_once() {
    for kind in [ErrorKind::Other, ErrorKind::StorageFull] {
        for (of_memory, synced, power) in [
            (false, false, false),
            (false, false, true),
            (false, true, false),
            (false, true, true),
            (true, false, false),
            (true, true, true),
        ] {
            let mut operations = 1;
            while run(Failure { at: operations, again: false, kind }, of_memory, synced, power) {
                operations += 1;
            }
            assert!(operations > 100, "{operations}");
        }
    }
}

#[test]
fn every_so_many_operations_fail() {
    for kind in [ErrorKind::Other, ErrorKind::StorageFull] {
        for at in 2..60 {
            for power in [false, true] {
                run(Failure { at, again: true, kind }, false, false, power);
                run(Failure { at, again: true, kind }, true, false, power);
            }
        }
    }
}

#[test]
fn a_disk_that_failed_is_not_used_until_the_next_start_which_is_fenced() {
    let mut machine = Machine::started();
    assert_eq!(machine.send(NOW, "before"), Some(NonceOutcome::Fresh));
    machine.data.fail(Some(Failure { at: 1, again: false, kind: ErrorKind::Other }));
    assert_eq!(machine.send(NOW, "failed"), None);
    assert_eq!(machine.data.failed(), 1);
    machine.data.fail(None);
    for _ in 0..100 {
        machine.tick();
        assert!(machine.engine().is_refusing());
        assert_eq!(machine.send(machine.now, "after"), None);
        assert_eq!(machine.send(NOW, "before"), None);
        machine.pass(1);
    }
    machine.now = NOW;
    assert!(machine.start().is_ok());
    assert_eq!(machine.fence(), Some(FenceReason::Earlier));
    assert_eq!(machine.send(NOW, "before"), None);
    assert_eq!(machine.send(NOW + 60, "after"), Some(NonceOutcome::Fresh));
}

#[test]
fn a_full_disk_is_used_again_once_a_fence_is_written() {
    let mut machine = Machine::started();
    assert_eq!(machine.send(NOW, "before"), Some(NonceOutcome::Fresh));
    // Everything fails, also the note of it.
    machine.data.fail(Some(Failure { at: 1, again: true, kind: ErrorKind::StorageFull }));
    for i in 0..20 {
        assert_eq!(machine.send(NOW, &format!("n{i}")), None);
        machine.tick();
        assert!(machine.engine().is_refusing());
    }
    machine.data.fail(None);
    machine.tick();
    assert!(!machine.engine().is_refusing());
    assert_eq!(machine.send(NOW, "before"), Some(NonceOutcome::Replayed));
    assert_eq!(machine.send(NOW, "n0"), Some(NonceOutcome::Fresh));
    machine.kill();
    machine.start().unwrap();
    assert_eq!(machine.fence(), Some(FenceReason::Earlier));
    assert_eq!(machine.send(NOW, "before"), None);
    assert_eq!(machine.send(NOW + 60, "after"), Some(NonceOutcome::Fresh));
}

/// Requests that meet the same full disk at once: the second one finds the file as the first one
/// left it, and must not take that for another failure, which would last until a restart.
#[test]
fn a_file_that_a_full_disk_damaged_is_full_for_all() {
    let disk = Disk::default();
    let mirror = Arc::new(Mirror::new(None));
    let files = SlotFiles::new(Arc::new(disk.clone()), mirror);
    files.append(NOW / 16, 1, NOW).unwrap();
    disk.fail(Some(Failure { at: 1, again: false, kind: ErrorKind::StorageFull }));
    for tag in 2..5 {
        let AppendError::NotWritten(error) = files.append(NOW / 16, tag, NOW).unwrap_err() else {
            panic!("the file is open");
        };
        assert_eq!(error.kind(), ErrorKind::StorageFull);
    }
    files.repair().unwrap();
    files.has_room().unwrap();
    files.append(NOW / 16, 5, NOW).unwrap();
}

#[test]
fn a_mirror_that_fails_is_given_up_and_the_next_start_fenced() {
    let mut machine = Machine::started();
    machine.memory.as_ref().unwrap().fail(Some(Failure {
        at: 1,
        again: false,
        kind: ErrorKind::StorageFull,
    }));
    for i in 0..10 {
        assert_eq!(machine.send(NOW, &format!("n{i}")), Some(NonceOutcome::Fresh));
    }
    machine.kill();
    machine.start().unwrap();
    assert_eq!(machine.fence(), Some(FenceReason::MachineRestarted));
    machine.replay_all();
}

#[test]
fn each_operation_of_a_start_after_a_loss_fails_once() {
    let mut machine = Machine::started();
    let copy = machine.data.snapshot();
    for i in 0..40 {
        let timestamp = machine.now + i % 30;
        assert_eq!(machine.send(timestamp, &format!("n{i}")), Some(NonceOutcome::Fresh));
        machine.pass(1);
        machine.tick();
    }
    machine.kill();
    let slot = super::super::slot_files::name(NOW / 16);
    let losses: [&dyn Fn(&Machine); 6] = [
        &|_| {},
        &|machine| machine.data.tamper(&slot, |octets| octets[40] ^= 1),
        &|machine| machine.data.erase(&slot),
        &|machine| machine.data.erase("mark"),
        &|machine| machine.data.tamper("journal", |octets| octets.truncate(20)),
        &|machine| machine.data.restore(&copy),
    ];
    for (loss, lose) in losses.iter().enumerate() {
        for power in [false, true] {
            for at in 1.. {
                let mut machine = machine.twin();
                // A copy in place, and a restart before it was seen: only this tells.
                machine.settings.snapshots = loss == 5;
                lose(&machine);
                machine.data.fail(Some(Failure { at, again: false, kind: ErrorKind::Other }));
                if machine.start().is_ok() {
                    machine.replay_all();
                }
                let failed = machine.data.failed() > 0;
                machine.data.fail(None);
                if power {
                    machine.lose_power(at);
                }
                machine.kill();
                machine.start().unwrap();
                machine.replay_all();
                // A start that failed may have changed nothing, and then there is nothing to refuse.
                let fenced = machine.fence().is_some();
                assert!(fenced == (loss > 0 || power) || failed, "{loss} {at}");
                assert!(fenced || loss == 0 && !power, "{loss} {at}");
                if !failed {
                    assert!(at > 10, "{at}");
                    break;
                }
            }
        }
    }
}

#[test]
fn a_disk_that_takes_nothing_any_more_is_a_fence_by_the_mirror_or_without_it() {
    for mirror_fails in [false, true] {
        let mut machine = Machine::started();
        assert_eq!(machine.send(NOW, "before"), Some(NonceOutcome::Fresh));
        let always = Failure { at: 1, again: true, kind: ErrorKind::Other };
        machine.data.fail(Some(always));
        if mirror_fails {
            // The write fails, and its removal does not.
            machine.memory.as_ref().unwrap().fail(Some(Failure { again: false, ..always }));
        }
        assert!(machine.engine().raise(NOW + 100, NOW).is_err());
        assert!(machine.engine().is_refusing());
        // Either it says so, or it is not there, which says the same.
        let mirror = super::super::mark::read_copy(machine.memory.as_ref().unwrap()).unwrap();
        assert_eq!(mirror.map(|mark| mark.fence > NOW), (!mirror_fails).then_some(true));
        machine.kill();
        machine.data.fail(None);
        machine.start().unwrap();
        assert!(machine.fence().is_some());
        assert_eq!(machine.send(NOW, "before"), None);
    }
}
