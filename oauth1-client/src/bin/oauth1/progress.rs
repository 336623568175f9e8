//! How far an upload or a download is, on a terminal, if it takes a while.

use std::{
    io::{self, IsTerminal},
    time::{Duration, Instant},
};

use crate::output::Output;

/// A line that is written over, and gone when all is done.
pub(crate) struct Progress {
    octets: u64,
    length: Option<u64>,
    output: Output,
    on: bool,
    shown: bool,
    start: Instant,
    next: Instant,
}

impl Progress {
    /// Of so many octets, if that is known.
    pub(crate) fn new(length: Option<u64>, output: Output) -> Self {
        let (on, start) = (io::stderr().is_terminal(), Instant::now());
        Self { octets: 0, length, output, on, shown: false, start, next: start + PATIENCE }
    }

    pub(crate) fn advance(&mut self, octets: usize) {
        self.octets += octets as u64;
        let now = Instant::now();
        if self.on && now >= self.next {
            self.next = now + STEP;
            self.shown = true;
            let line = bar(self.octets, self.length, now - self.start);
            self.output.ask(&format!("\r\u{1b}[K{line}"));
        }
    }

    /// Octets so far.
    pub(crate) const fn octets(&self) -> u64 {
        self.octets
    }

    pub(crate) fn clear(&mut self) {
        if std::mem::take(&mut self.shown) {
            self.output.ask("\r\u{1b}[K");
        }
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        self.clear();
    }
}

/// Fits a terminal of 60 columns.
fn bar(octets: u64, length: Option<u64>, elapsed: Duration) -> String {
    let mib = |octets: u64| format!("{}.{}", octets >> 20, ((octets & 0xF_FFFF) * 10) >> 20);
    let millis = u64::try_from(elapsed.as_millis()).unwrap_or(u64::MAX).max(1);
    let rate = mib(octets.saturating_mul(1000) / millis);
    match length.filter(|length| *length > 0) {
        Some(length) => {
            let part = |of: u64| octets.min(length).saturating_mul(of) / length;
            let done = "=".repeat(usize::try_from(part(WIDTH)).unwrap_or_default());
            let (percent, width) = (part(100), WIDTH as usize);
            format!(
                "[{done:<width$}] {percent} %  {} of {} MiB, {rate} MiB/s",
                mib(octets),
                mib(length)
            )
        }
        None => format!("{} MiB, {rate} MiB/s", mib(octets)),
    }
}

const PATIENCE: Duration = Duration::from_millis(300);
const STEP: Duration = Duration::from_millis(100);
const WIDTH: u64 = 20;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn progress_in_a_line() {
        let second = Duration::from_secs(1);
        assert_eq!(bar(1 << 19, None, second), "0.5 MiB, 0.5 MiB/s");
        assert_eq!(
            bar(3 << 20, Some(4 << 20), 2 * second),
            "[===============     ] 75 %  3.0 of 4.0 MiB, 1.5 MiB/s"
        );
        // More than was announced, and no time at all.
        assert!(bar(9, Some(7), Duration::ZERO).starts_with("[====================] 100 %"));
        assert_eq!(bar(7, Some(0), second), "0.0 MiB, 0.0 MiB/s");
    }
}
