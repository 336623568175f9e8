//! How often wrong passwords can be tried: five at once, then with a delay that grows.

use std::{
    collections::HashMap,
    sync::{Mutex, PoisonError},
};

/// Wrong tries for names that nobody has, and for the setup code, in this process. Names that
/// somebody has are counted in the database, with the same delays.
#[derive(Debug, Default)]
pub(super) struct Throttle(Mutex<HashMap<Box<str>, Tries>>);

/// Wrong tries in a row.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Tries {
    pub(super) failures: i64,
    /// When the last one was, in milliseconds since 1970.
    pub(super) at: i64,
}

impl Tries {
    /// How many milliseconds are left until the next try.
    pub(super) fn wait(self, now: i64) -> Option<i64> {
        let doublings = self.failures.checked_sub(FREE).filter(|n| *n >= 0)?;
        let delay = FIRST_DELAY << doublings.min(10);
        let end = self.at.saturating_add(delay.min(LONGEST_DELAY));
        (end > now).then(|| end - now)
    }
}

impl Throttle {
    /// Counts a try before its outcome is known, so that many at once are as many tries; or says
    /// how many milliseconds are left.
    pub(super) fn attempt(&self, name: &str, now: i64) -> Result<(), i64> {
        let mut names = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let tries = names.get(name).copied().unwrap_or_default();
        if let Some(wait) = tries.wait(now) {
            return Err(wait);
        }
        if names.len() >= MOST_NAMES && !names.contains_key(name) {
            names.retain(|_, tries| tries.at.saturating_add(LONGEST_DELAY) > now);
            if names.len() >= MOST_NAMES {
                // Guessing names costs a hash each; what is forgotten here is nobody's.
                names.clear();
            }
        }
        names.insert(name.into(), Tries { failures: tries.failures + 1, at: now });
        Ok(())
    }

    /// Forgets the tries for a name.
    pub(super) fn succeeded(&self, name: &str) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).remove(name);
    }
}

/// Without a delay.
const FREE: i64 = 5;
/// Milliseconds.
const FIRST_DELAY: i64 = 10_000;
const LONGEST_DELAY: i64 = 15 * 60 * 1000;
const MOST_NAMES: usize = 10_000;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_delay_grows_from_the_fifth_failure_to_a_quarter_of_an_hour() {
        let waits = |failures| Tries { failures, at: 0 }.wait(0);
        assert_eq!(
            [0, 4, 5, 6, 7].map(waits),
            [None, None, Some(10_000), Some(20_000), Some(40_000)]
        );
        assert_eq!([12, 100, i64::MAX].map(waits), [Some(900_000); 3]);
        assert_eq!(Tries { failures: 5, at: 0 }.wait(10_000), None);
    }

    #[test]
    fn tries_are_counted_for_each_name_and_bounded() {
        let throttle = Throttle::default();
        for _ in 0..5 {
            assert_eq!(throttle.attempt("ada", 0), Ok(()));
        }
        assert_eq!(throttle.attempt("ada", 1), Err(9_999));
        assert_eq!(throttle.attempt("bob", 1), Ok(()));
        assert_eq!(throttle.attempt("ada", 10_000), Ok(()));
        assert_eq!(throttle.attempt("ada", 10_001), Err(19_999));
        throttle.succeeded("ada");
        assert_eq!(throttle.attempt("ada", 10_002), Ok(()));
        for name in 0..3 * MOST_NAMES {
            throttle.attempt(&name.to_string(), 0).unwrap();
        }
        assert!(throttle.0.lock().unwrap().len() <= MOST_NAMES);
    }
}
