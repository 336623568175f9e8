//! Clocks that are set.

use rand::{RngExt, SeedableRng, rngs::Xoshiro256PlusPlus};

use super::*;

#[test]
fn a_clock_that_is_set_at_random_makes_nothing_fresh_again() {
    let walks = std::env::var("JOURNAL_WALKS").ok().map_or(400, |walks| walks.parse().unwrap());
    let (mut accepted, mut behind) = (0, 0);
    for seed in 0..walks {
        let mut random = Xoshiro256PlusPlus::seed_from_u64(seed);
        let mut machine = Machine::started();
        for i in 0..60 {
            match random.random_range(0..10) {
                0 => machine.now += random.random_range(0..3_600),
                1 => machine.now -= random.random_range(0..3_600),
                2 => {
                    machine.kill();
                    while machine.start().is_err() {
                        behind += 1;
                        machine.now += 600;
                    }
                }
                3 => machine.tick(),
                _ => machine.pass(random.random_range(0..30)),
            }
            let ahead = random.random_range(0..400);
            let _ = machine.send(machine.now + ahead - 200, &format!("n{i}"));
            machine.replay_all();
        }
        accepted += machine.accepted.len();
    }
    println!("{walks} machines; {accepted} requests accepted, none twice; {behind} starts refused");
    assert!(accepted as u64 > 5 * walks && behind > walks / 40, "{accepted} {behind}");
}

#[test]
fn a_clock_that_was_an_hour_ahead_for_a_minute_locks_nobody_out() {
    let mut machine = Machine::started();
    let mut i = 0;
    let mut minute = |machine: &mut Machine| {
        for _ in 0..60 {
            i += 1;
            assert_eq!(machine.send(machine.now, &format!("n{i}")), Some(NonceOutcome::Fresh));
            machine.replay_all();
            machine.pass(1);
            machine.tick();
        }
    };
    minute(&mut machine);
    machine.now += 3_600;
    minute(&mut machine);
    machine.now -= 3_600;
    minute(&mut machine);
    // Nor does it after a start.
    machine.kill();
    machine.start().unwrap();
    minute(&mut machine);
}

#[test]
fn a_clock_that_is_set_back_is_refused_until_it_has_caught_up() {
    let mut machine = Machine::started();
    assert_eq!(machine.send(NOW, "n"), Some(NonceOutcome::Fresh));
    machine.pass(1_000);
    assert_eq!(machine.send(NOW + 1_000, "n"), Some(NonceOutcome::Fresh));
    machine.tick();
    machine.now = NOW;
    let refused = machine.try_record(NOW, "n");
    assert!(
        matches!(refused, Err(NonceStoreError::Fenced { retry_after: 600..=1_000 })),
        "{refused:?}"
    );
    // The mark was written later than this clock says: it looks like one that was not set.
    machine.kill();
    assert!(matches!(machine.start(), Err(JournalError::Clock { behind: 1_000 })));
    machine.now = NOW + 1_000;
    machine.start().unwrap();
    assert_eq!(machine.send(NOW + 1_000, "n"), Some(NonceOutcome::Replayed));
}

#[test]
fn a_clock_that_was_never_set_is_refused() {
    let mut machine = Machine::new();
    machine.now = 1_000_000;
    assert!(matches!(machine.start(), Err(JournalError::Clock { .. })));
}

#[test]
fn a_paused_process_judges_by_the_time_after() {
    let mut machine = Machine::started();
    for i in 0..100 {
        assert_eq!(machine.send(machine.now, &format!("n{i}")), Some(NonceOutcome::Fresh));
        machine.pass(30);
        machine.replay_all();
    }
}

#[test]
fn a_step_is_a_fence_if_it_is_told_to_be() {
    let mut machine = Machine::new();
    machine.settings.fence_on_step = true;
    machine.start().unwrap();
    assert_eq!(machine.send(NOW, "n"), Some(NonceOutcome::Fresh));
    machine.pass(20);
    assert_eq!(machine.send(NOW + 20, "n"), Some(NonceOutcome::Fresh));
    machine.now += 60;
    assert_eq!(machine.send(machine.now, "n"), None);
    assert_eq!(machine.fence(), Some(FenceReason::ClockStep));
}
