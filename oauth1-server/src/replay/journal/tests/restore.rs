//! Backups and copies that are put in place of what was left.

use super::*;

/// A machine, a copy of its disk, and a minute of requests after it.
fn minute() -> (Machine, Disk) {
    let mut machine = Machine::started();
    let mut copy = machine.data.snapshot();
    for i in 0..120 {
        if i == 60 {
            copy = machine.data.snapshot();
        }
        assert_eq!(machine.send(machine.now + i % 37, &format!("n{i}")), Some(NonceOutcome::Fresh));
        machine.pass(1);
        machine.tick();
    }
    (machine, copy)
}

fn restored(machine: &mut Machine, reasons: &[FenceReason]) {
    machine.start().unwrap();
    let (fence, reason) = machine.engine().fence();
    assert!(reasons.contains(&reason.unwrap()), "{reason:?}");
    assert!(fence >= machine.now + WINDOW.future);
    let accepted = machine.accepted.len();
    for _ in 0..700 {
        machine.replay_all();
        machine.pass(1);
        machine.tick();
    }
    assert_eq!(machine.accepted.len(), accepted);
    assert_eq!(machine.send(machine.now, "later"), Some(NonceOutcome::Fresh));
}

#[test]
fn an_older_copy_in_place_is_a_fence() {
    let (mut machine, copy) = minute();
    machine.kill();
    machine.data.restore(&copy);
    restored(&mut machine, &[FenceReason::RolledBack]);
}

#[test]
fn an_older_copy_in_new_files_is_a_fence() {
    let (mut machine, copy) = minute();
    machine.kill();
    copy.renumber();
    machine.data.restore(&copy);
    restored(&mut machine, &[FenceReason::Copied]);
}

#[test]
fn an_older_copy_in_new_files_after_another_boot_is_a_fence() {
    let (mut machine, copy) = minute();
    copy.renumber();
    machine.data.restore(&copy);
    machine.lose_power(3);
    restored(&mut machine, &[FenceReason::Copied]);
}

#[test]
fn a_snapshot_restored_while_the_machine_was_off_is_a_fence_if_it_is_told_to_be() {
    for synced in [false, true] {
        let (mut machine, copy) = minute();
        machine.data.restore(&copy);
        machine.lose_power(3);
        (machine.settings.snapshots, machine.settings.synced) = (true, synced);
        restored(&mut machine, &[FenceReason::MachineRestarted]);
    }
}

#[test]
fn files_of_another_journal_are_a_fence() {
    let (mut machine, _) = minute();
    machine.kill();
    let mut other = Machine::started();
    for _ in 0..machine.accepted.len() * 2 {
        other.pass(1);
        let _ = other.send(other.now, "n");
        other.tick();
    }
    other.kill();
    other.data.renumber();
    other.start().unwrap();
    other.kill();
    // Both are as they were left; the mirror is not that of these files.
    machine.now = other.now;
    std::mem::swap(&mut machine.data, &mut other.data);
    machine.accepted = other.accepted;
    restored(&mut machine, &[FenceReason::RolledBack]);
}

#[test]
fn a_copy_of_the_same_moment_is_a_fence() {
    let (mut machine, _) = minute();
    machine.kill();
    machine.data.renumber();
    restored(&mut machine, &[FenceReason::Copied]);
}

#[test]
fn a_slot_file_from_a_copy_is_a_fence() {
    let (mut machine, copy) = minute();
    machine.kill();
    for name in super::super::disk::Directory::names(&copy).unwrap() {
        if name.starts_with("slot-") {
            let octets = super::super::disk::Directory::read(&copy, &name).unwrap().unwrap();
            machine.data.tamper(&name, |now| *now = octets);
        }
    }
    restored(&mut machine, &[FenceReason::RolledBack]);
}

#[test]
fn an_empty_directory_is_a_fence_even_if_it_is_said_to_be_the_first_start() {
    let (mut machine, _) = minute();
    machine.kill();
    machine.data.wipe();
    assert!(machine.settings.first_start);
    restored(&mut machine, &[FenceReason::FilesMissing]);
}

#[test]
fn an_empty_directory_is_a_fence_unless_it_is_said_to_be_the_first_start() {
    let mut machine = Machine::new();
    machine.settings.first_start = false;
    restored(&mut machine, &[FenceReason::NewDirectory]);
}

#[test]
fn nothing_kept_is_a_fence() {
    let mut machine = Machine::new();
    machine.engine = Some(Engine::open(None, machine.elapsed(), machine.settings, NOW).unwrap());
    assert_eq!(machine.engine().fence(), (NOW + WINDOW.future, Some(FenceReason::NothingKept)));
    assert_eq!(machine.send(NOW + WINDOW.future, "n"), None);
    machine.pass(1);
    let timestamp = machine.now + WINDOW.future;
    assert_eq!(machine.send(timestamp, "n"), Some(NonceOutcome::Fresh));
    assert_eq!(machine.send(timestamp, "n"), Some(NonceOutcome::Replayed));
}

#[test]
fn a_fence_from_outside_stands_over_the_next_start() {
    let mut machine = Machine::started();
    machine.kill();
    machine.settings.fence = NOW + 100;
    machine.start().unwrap();
    assert_eq!(machine.fence(), Some(FenceReason::Configured));
    machine.settings.fence = 0;
    machine.kill();
    machine.start().unwrap();
    assert_eq!(machine.fence(), Some(FenceReason::Earlier));
    assert_eq!(machine.send(NOW + 100, "n"), None);
    assert_eq!(machine.send(NOW + 101, "n"), Some(NonceOutcome::Fresh));
}
