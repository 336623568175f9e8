//! Files that are not what was written.

use super::*;

/// A machine whose only slot file is 4 KiB.
fn filled(synced: bool) -> (Machine, String) {
    let mut machine = Machine::new();
    machine.settings.synced = synced;
    machine.start().unwrap();
    for i in 0..128 {
        assert_eq!(machine.send(NOW, &format!("n{i}")), Some(NonceOutcome::Fresh));
    }
    machine.kill();
    (machine, super::super::slot_files::name(NOW / 16))
}

/// Starts after a damage, and says whether there was a fence.
fn starts(machine: &mut Machine) -> bool {
    machine.start().unwrap();
    machine.replay_all();
    let fenced = machine.fence().is_some();
    if !fenced {
        assert_eq!(machine.replayed, 128);
    }
    // What was made good stays good.
    machine.kill();
    machine.start().unwrap();
    machine.replay_all();
    assert!(!matches!(
        machine.fence(),
        Some(FenceReason::RecordsDamaged | FenceReason::RolledBack)
    ));
    fenced
}

#[test]
fn each_flipped_octet_of_a_slot_file_is_a_fence() {
    for synced in [false, true] {
        let (whole, name) = filled(synced);
        for at in 0..4096 {
            let mut machine = whole.twin();
            machine.data.tamper(&name, |octets| octets[at] ^= 1 << (at % 8));
            assert!(starts(&mut machine), "{at}");
        }
    }
}

#[test]
fn each_lost_end_of_a_slot_file_is_a_fence() {
    let (whole, name) = filled(false);
    for len in 0..4096 {
        let mut machine = whole.twin();
        machine.data.tamper(&name, |octets| octets.truncate(len));
        assert!(starts(&mut machine), "{len}");
    }
}

#[test]
fn a_write_that_was_not_finished_is_cut_off() {
    let (whole, name) = filled(false);
    for len in 1..32 {
        let mut machine = whole.twin();
        machine.data.tamper(&name, |octets| octets.extend(vec![7; len]));
        assert!(!starts(&mut machine), "{len}");
    }
}

#[test]
fn each_lost_end_after_another_boot_is_a_fence() {
    let (whole, name) = filled(false);
    for len in 0..4096 {
        let mut machine = whole.twin();
        machine.data.tamper(&name, |octets| octets.truncate(len));
        super::super::disk::Directory::sync(&machine.data).unwrap();
        machine.lose_power(1);
        machine.start().unwrap();
        machine.replay_all();
        assert_eq!(machine.fence(), Some(FenceReason::MachineRestarted));
    }
}

#[test]
fn at_the_level_power_a_flip_before_a_synced_record_is_a_fence() {
    let (whole, name) = filled(true);
    for at in 0..4096 {
        let mut machine = whole.twin();
        machine.lose_power(1);
        machine.data.tamper(&name, |octets| octets[at] ^= 1);
        machine.start().unwrap();
        // Nothing after the last record says whether it was acknowledged.
        if at < 4096 - 32 {
            assert_eq!(machine.fence(), Some(FenceReason::RecordsDamaged), "{at}");
            machine.replay_all();
        }
    }
}

#[test]
fn each_flipped_octet_of_mark_and_header_is_a_fence_or_refused() {
    for (name, len) in [("mark", 4096 + 128), ("journal", 32)] {
        let mut fences = 0;
        let (whole, _) = filled(false);
        for at in 0..len {
            if name == "mark" && (200..4000).contains(&at) {
                // Between the pages.
                continue;
            }
            let mut machine = whole.twin();
            machine.data.tamper(name, |octets| octets[at] ^= 1 << (at % 8));
            if (128..4096).contains(&at) {
                machine.start().unwrap();
                machine.all_are_known();
                continue;
            }
            fences += u64::from(starts(&mut machine));
        }
        assert_eq!(fences, if name == "mark" { 256 } else { 32 });
    }
}

#[test]
fn each_file_that_is_missing_is_a_fence() {
    for name in ["mark", "journal", &super::super::slot_files::name(NOW / 16)] {
        let (mut machine, _) = filled(false);
        machine.data.erase(name);
        assert!(starts(&mut machine), "{name}");
    }
    let (mut machine, _) = filled(false);
    machine.memory.as_ref().unwrap().erase("mark");
    assert!(starts(&mut machine));
}

#[test]
fn another_version_is_refused() {
    let (mut machine, _) = filled(false);
    machine.data.tamper("journal", |octets| {
        octets[8] = 2;
        let crc = super::super::record::crc32c(0, &octets[..28]);
        octets[28..].copy_from_slice(&crc.to_le_bytes());
    });
    assert!(matches!(machine.start(), Err(JournalError::Version(2))));
}

#[test]
fn files_of_other_names_are_left_alone() {
    let (mut machine, _) = filled(false);
    for name in
        ["slot-", "slot-1x", "slot-+5", "slot-007", "slot-99999999999999999999", "lost+found"]
    {
        super::super::disk::Directory::open(&machine.data, name, super::super::disk::Mode::Append)
            .unwrap()
            .append(b"anything")
            .unwrap();
    }
    machine.start().unwrap();
    assert_eq!(machine.fence(), None);
    machine.all_are_known();
}
