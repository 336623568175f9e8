//! Power losses at any moment, torn writes, and clients whose clocks are wrong.

use rand::{RngExt, SeedableRng, rngs::Xoshiro256PlusPlus};

use super::*;

/// How many seeds; each is a machine with some power losses.
fn seeds() -> u64 {
    let seeds = std::env::var("JOURNAL_SEEDS").ok().map(|seeds| seeds.parse().unwrap());
    seeds.unwrap_or(3_000)
}

/// Runs one machine. If its clients' clocks are right, it gives the seconds that they were refused
/// after the last power loss.
fn run(seed: u64, synced: bool) -> Option<u64> {
    let mut random = Xoshiro256PlusPlus::seed_from_u64(seed);
    let mut machine = Machine::new();
    machine.settings.synced = synced;
    machine.settings.first_start = true;
    machine.start().unwrap();
    let skew: u64 = [1, 30, 300][random.random_range(0..3)];
    let mut next = 0;
    let mut refused = 0;
    for _ in 0..random.random_range(1..4) {
        for _ in 0..random.random_range(1..40) {
            for _ in 0..random.random_range(0..5) {
                let ahead = random.random_range(0..=2 * skew);
                next += 1;
                let _ = machine.send(machine.now + ahead - skew, &format!("n{next}"));
            }
            if random.random_bool(0.9) {
                machine.tick();
            }
            machine.pass(random.random_range(0..3));
        }
        if random.random_bool(0.2) {
            // Killed first, and not found out before the power is lost.
            machine.kill();
            machine.start().unwrap();
        }
        if random.random_bool(0.1) {
            machine.engine().close(machine.now);
        }
        let before = machine.refused.clone();
        machine.lose_power(random.random());
        machine.pass(random.random_range(2..60));
        machine.start().unwrap();
        machine.replay_all();
        if synced {
            assert_eq!((machine.fence(), &before), (None, &machine.refused));
        }
        refused = (machine.engine().fence().0 + 1).saturating_sub(machine.now);
        for _ in 0..4 {
            machine.pass(random.random_range(0..90));
            machine.replay_all();
            next += 1;
            let _ = machine.send(machine.now, &format!("n{next}"));
            machine.tick();
        }
    }
    machine.pass(301);
    assert_eq!(machine.send(machine.now, "later"), Some(NonceOutcome::Fresh));
    (skew == 1).then_some(refused)
}

#[test]
fn a_power_loss_makes_nothing_fresh_again() {
    let refused: Vec<_> = (0..seeds()).filter_map(|seed| run(seed, false)).collect();
    let mean = refused.iter().sum::<u64>() as f64 / refused.len() as f64;
    println!("{} machines; clients with right clocks were refused for {mean:.1} s", seeds());
}

#[test]
fn at_the_level_power_a_power_loss_has_no_fence() {
    for seed in 0..seeds() / 4 {
        assert!(matches!(run(seed, true), None | Some(0)));
    }
}

#[test]
fn the_power_may_be_lost_while_the_journal_is_opened() {
    for at in 1.. {
        let mut machine = Machine::started();
        for i in 0..20 {
            assert_eq!(machine.send(NOW + i * 15, &format!("n{i}")), Some(NonceOutcome::Fresh));
        }
        machine.lose_power(at);
        machine.pass(5);
        // Everything after this operation is as if it had not been.
        machine.data.fail(Some(sim::Failure { at, again: false, kind: std::io::ErrorKind::Other }));
        let opened = machine.start().is_ok();
        let failed = machine.data.failed() > 0;
        machine.data.fail(None);
        if opened {
            machine.replay_all();
        }
        machine.lose_power(at + 1);
        machine.start().unwrap();
        machine.replay_all();
        assert_eq!(machine.refused.get("unavailable"), None);
        if !failed {
            assert!(at > 10, "{at}");
            break;
        }
    }
}

#[test]
fn another_boot_fences_up_to_the_high_water_mark() {
    let mut machine = Machine::started();
    assert_eq!(machine.send(NOW + 40, "ahead"), Some(NonceOutcome::Fresh));
    machine.kill();
    machine.boot += 1;
    machine.start().unwrap();
    assert_eq!(machine.fence(), Some(FenceReason::MachineRestarted));
    let fence = machine.engine().fence().0;
    assert!((NOW + 40..=NOW + 56).contains(&fence), "{fence}");
    assert_eq!(machine.send(NOW + 40, "ahead"), None);
    assert_eq!(machine.send(fence, "new"), None);
    assert_eq!(machine.send(fence + 1, "new"), Some(NonceOutcome::Fresh));
    // The fence stands after another start, which is none of another machine.
    machine.kill();
    machine.start().unwrap();
    assert_eq!(machine.fence(), Some(FenceReason::Earlier));
    assert_eq!(machine.send(fence, "new"), None);
    assert_eq!(machine.send(fence + 1, "new"), Some(NonceOutcome::Replayed));
}

#[test]
fn a_machine_without_an_identity_is_another_one_each_time() {
    let mut machine = Machine::new();
    machine.boot = 0;
    machine.start().unwrap();
    assert_eq!(machine.send(NOW, "n"), Some(NonceOutcome::Fresh));
    machine.kill();
    machine.start().unwrap();
    assert_eq!(machine.fence(), Some(FenceReason::MachineRestarted));
    assert_eq!(machine.send(NOW, "n"), None);
}

#[test]
fn a_journal_that_was_closed_has_little_to_refuse() {
    let mut machine = Machine::started();
    assert_eq!(machine.send(NOW, "n"), Some(NonceOutcome::Fresh));
    machine.engine().close(NOW);
    machine.lose_power(1);
    machine.pass(2);
    machine.start().unwrap();
    assert_eq!(machine.engine().fence(), (NOW + 2, Some(FenceReason::MachineRestarted)));
}
