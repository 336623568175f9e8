//! Steps of the clock: how far the floor may rise.
//!
//! The floor never falls, so nothing that was dropped becomes fresh again; that alone is what no
//! double accept rests on. Here is what keeps a clock that was set an hour ahead by mistake, and set
//! back, from locking everybody out for that hour: a step forward is not believed before it has
//! lasted a whole window.

use super::machine::Elapsed;

/// Compares the clock with the time that has really passed.
#[derive(Debug)]
pub(super) struct ClockSteps {
    elapsed: Elapsed,
    anchor: Option<Anchor>,
    /// When the clock was first seen ahead.
    ahead_since: Option<u64>,
    /// How many seconds a step must last.
    patience: u64,
}

/// A time of the clock that was believed.
#[derive(Clone, Copy, Debug)]
struct Anchor {
    clock: u64,
    elapsed: u64,
}

impl ClockSteps {
    pub(super) const fn new(elapsed: Elapsed, patience: u64) -> Self {
        Self { elapsed, anchor: None, ahead_since: None, patience }
    }

    /// What to believe of the time: the clock, or less if it has just stepped forward.
    pub(super) fn believed(&mut self, now: u64) -> u64 {
        let Some(elapsed) = self.elapsed.seconds() else { return now };
        let anchor = *self.anchor.get_or_insert(Anchor { clock: now, elapsed });
        let expected = anchor.clock.saturating_add(elapsed.saturating_sub(anchor.elapsed));
        if now > expected.saturating_add(TOLERANCE) {
            let since = *self.ahead_since.get_or_insert(elapsed);
            if elapsed.saturating_sub(since) < self.patience {
                return expected;
            }
        }
        self.ahead_since = None;
        // A clock that was set back is believed at once; the anchor stays for when it is set right.
        if now.saturating_add(TOLERANCE) >= expected {
            self.anchor = Some(Anchor { clock: now, elapsed });
        }
        now
    }
}

/// Seconds that a clock may be slewed between two looks.
pub(super) const TOLERANCE: u64 = 2;

#[cfg(test)]
mod tests {
    use std::sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    };

    use super::*;

    #[test]
    fn a_step_forward_is_believed_when_it_has_lasted() {
        let passed = Arc::new(AtomicU64::new(0));
        let elapsed = Elapsed::new({
            let passed = passed.clone();
            move || Some(passed.load(Ordering::Relaxed))
        });
        let mut steps = ClockSteps::new(elapsed, 600);
        let mut at = |elapsed, now| {
            passed.store(elapsed, Ordering::Relaxed);
            steps.believed(now)
        };
        assert_eq!(at(0, 1_000), 1_000);
        assert_eq!(at(10, 1_011), 1_011);
        assert_eq!(at(20, 4_621), 1_021);
        assert_eq!(at(30, 1_031), 1_031);
        assert_eq!(at(40, 4_641), 1_041);
        assert_eq!(at(639, 5_240), 1_640);
        assert_eq!(at(640, 5_241), 5_241);
        assert_eq!(at(650, 1_651), 1_651);
        assert_eq!(at(660, 5_261), 5_261);
    }

    #[test]
    fn without_another_clock_all_is_believed() {
        let mut steps = ClockSteps::new(Elapsed::new(|| None), 600);
        assert_eq!([1_000, 9_000, 5].map(|now| steps.believed(now)), [1_000, 9_000, 5]);
    }
}
