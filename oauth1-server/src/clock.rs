//! The server's clock, which section 3.3 compares timestamps with.

use oauth1_core::Timestamp;

/// Tells the time; a closure `Fn() -> Option<Timestamp>` is one.
pub trait Clock: Send + Sync {
    /// Seconds since 1970; `None` if the clock is not set, which is answered with 503.
    fn now(&self) -> Option<Timestamp>;
}

/// The operating system's clock.
#[derive(Clone, Copy, Debug, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    fn now(&self) -> Option<Timestamp> {
        Timestamp::from_system_time(std::time::SystemTime::now()).ok()
    }
}

impl<F: Fn() -> Option<Timestamp> + Send + Sync> Clock for F {
    fn now(&self) -> Option<Timestamp> {
        self()
    }
}
