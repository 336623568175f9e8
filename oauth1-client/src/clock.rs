//! The local clock beside the server's, RFC 5849 section 3.3: a wrong clock looks like a wrong
//! signature with many servers.

use std::{
    sync::{
        Arc,
        atomic::{AtomicI64, Ordering},
    },
    time::{SystemTime, UNIX_EPOCH},
};

use oauth1_core::{Problem, ProblemReport, Stamp, Timestamp};
use reqwest::header::{DATE, HeaderMap};

use crate::error::SignError;

/// Seconds by which the local clock is ahead of the server's `Date` header, negative if it is
/// behind; `None` without a readable header. The way back counts too, so a second or two mean
/// nothing.
///
/// ```
/// use oauth1_client::clock_skew;
/// use reqwest::header::{DATE, HeaderMap};
/// use std::time::{Duration, UNIX_EPOCH};
///
/// let date = "Thu, 01 Jan 1970 00:10:00 GMT".parse()?;
/// let headers = HeaderMap::from_iter([(DATE, date)]);
/// assert_eq!(clock_skew(&headers, UNIX_EPOCH + Duration::from_secs(590)), Some(-10));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[must_use]
pub fn clock_skew(headers: &HeaderMap, now: SystemTime) -> Option<i64> {
    let server = httpdate::parse_http_date(headers.get(DATE)?.to_str().ok()?).ok()?;
    let seconds = |time: SystemTime| {
        time.duration_since(UNIX_EPOCH).ok().and_then(|since| i64::try_from(since.as_secs()).ok())
    };
    seconds(now)?.checked_sub(seconds(server)?)
}

/// What a client has learned of its server's clock. Clones share it. [`Client`](crate::Client) has
/// one; this is for who signs and sends on their own.
///
/// ```
/// use oauth1_client::{ProblemReport, ServerClock, clock_skew};
/// use reqwest::header::HeaderMap;
/// use std::time::{Duration, UNIX_EPOCH};
///
/// let clock = ServerClock::new(3_600);
/// let (stamp, used) = (clock.stamp()?, clock.offset());
/// // … the request with this stamp is refused, ten minutes after 1970 began:
/// let report = ProblemReport::timestamp_refused(1_000, 1_600);
/// let now = UNIX_EPOCH + Duration::from_secs(600);
/// assert!(clock.learn(&report, &HeaderMap::new(), now, used)); // so try once more
/// assert_eq!(clock.offset(), 700);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug)]
pub struct ServerClock {
    /// Seconds to add to the local clock.
    offset: Arc<AtomicI64>,
    /// The largest offset that is believed.
    bound: i64,
}

/// Believes a server that is a day off: clocks that tell local time for universal time are off by
/// less.
impl Default for ServerClock {
    fn default() -> Self {
        Self::new(86_400)
    }
}

impl ServerClock {
    /// Believes a server whose clock is off by so many seconds at most; by 0, none.
    #[must_use]
    pub fn new(bound: u32) -> Self {
        Self { offset: Arc::default(), bound: i64::from(bound) }
    }

    /// Seconds that the server's clock is ahead of the local one.
    #[must_use]
    pub fn offset(&self) -> i64 {
        self.offset.load(Ordering::Relaxed)
    }

    /// A stamp for now, by the server's clock as far as it is known.
    ///
    /// # Errors
    /// [`SignError`] if the random source fails, or the local clock is before 1970.
    pub fn stamp(&self) -> Result<Stamp, SignError> {
        match self.time(SystemTime::now()) {
            Some(time) => Stamp::random(time)
                .map_err(|_| oauth1_core::SignError::Stamp("the random source failed").into()),
            None => Ok(Stamp::now()?),
        }
    }

    fn time(&self, now: SystemTime) -> Option<Timestamp> {
        let local = Timestamp::from_system_time(now).ok()?;
        Timestamp::from_seconds(local.seconds().checked_add_signed(self.offset())?)
    }

    /// The offset that a stamp was made with, if it was made `now`.
    pub(crate) fn offset_of(stamp: &Stamp, now: SystemTime) -> i64 {
        let seconds = |seconds| i64::try_from(seconds).unwrap_or(i64::MAX);
        let local = now.duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs());
        seconds(stamp.timestamp.seconds()).saturating_sub(seconds(local))
    }

    /// Learns from a refused timestamp that was made with the offset `used`. Says whether another
    /// attempt has a better one: of many requests refused at once, each has, not only the first.
    ///
    /// A server that names the range that it accepts is believed before its `Date`, and neither
    /// beyond the bound: who could set the clock at will could have requests stamped for later.
    pub fn learn(
        &self,
        report: &ProblemReport,
        headers: &HeaderMap,
        now: SystemTime,
        used: i64,
    ) -> bool {
        if self.bound == 0 || report.problem() != Problem::TimestampRefused {
            return false;
        }
        let Ok(local) = now.duration_since(UNIX_EPOCH) else { return false };
        let local = i64::try_from(local.as_secs()).unwrap_or(i64::MAX);
        let named = report.acceptable_timestamps().and_then(|(first, last)| {
            let (first, last) = (i64::try_from(first).ok()?, i64::try_from(last).ok()?);
            (first <= last).then(|| first + (last - first) / 2 - local)
        });
        let Some(offset) = named.or_else(|| clock_skew(headers, now).map(|ahead| -ahead)) else {
            return false;
        };
        // Seconds are cut off on both sides.
        if offset.abs() > self.bound || offset.abs_diff(used) <= 1 {
            return false;
        }
        self.offset.store(offset, Ordering::Relaxed);
        true
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    const NOW: u64 = 1_700_000_000;

    fn learned(clock: &ServerClock, report: &ProblemReport, date: Option<u64>) -> bool {
        let mut headers = HeaderMap::new();
        if let Some(date) = date {
            let date = httpdate::fmt_http_date(UNIX_EPOCH + Duration::from_secs(date));
            headers.insert(DATE, date.parse().unwrap());
        }
        clock.learn(report, &headers, UNIX_EPOCH + Duration::from_secs(NOW), clock.offset())
    }

    #[test]
    fn the_acceptable_range_is_believed_before_the_date() {
        let clock = ServerClock::new(3_600);
        let report = ProblemReport::timestamp_refused(NOW + 700, NOW + 1_300);
        assert!(learned(&clock, &report, Some(NOW + 5)));
        assert_eq!(clock.offset(), 1_000);
        // Nothing better is known now.
        assert!(!learned(&clock, &report, None));
        let bare = ProblemReport::new(Problem::TimestampRefused);
        assert!(learned(&clock, &bare, Some(NOW - 60)));
        assert_eq!(clock.offset(), -60);
        assert!(!learned(&clock, &bare, None));
    }

    #[test]
    fn without_a_bound_nothing_is_learned_even_where_the_clocks_agree() {
        let clock = ServerClock::new(0);
        let report = ProblemReport::new(Problem::TimestampRefused);
        let now = UNIX_EPOCH + Duration::from_secs(NOW);
        let mut headers = HeaderMap::new();
        headers.insert(DATE, httpdate::fmt_http_date(now).parse().unwrap());
        assert!(!clock.learn(&report, &headers, now, -1_000));
        assert!(ServerClock::new(1).learn(&report, &headers, now, -1_000));
    }

    #[test]
    fn requests_stamped_before_it_learned_are_sent_again_too() {
        let clock = ServerClock::new(3_600);
        let report = ProblemReport::timestamp_refused(NOW + 700, NOW + 1_300);
        let now = UNIX_EPOCH + Duration::from_secs(NOW);
        let early = Stamp::random(clock.time(now).unwrap()).unwrap();
        let used = ServerClock::offset_of(&early, now);
        assert_eq!(used, 0);
        for _ in 0..2 {
            assert!(clock.learn(&report, &HeaderMap::new(), now, used));
        }
        let late = Stamp::random(clock.time(now).unwrap()).unwrap();
        let used = ServerClock::offset_of(&late, now);
        assert_eq!(used, 1_000);
        assert!(!clock.learn(&report, &HeaderMap::new(), now, used));
    }

    #[test]
    fn nothing_is_believed_beyond_the_bound_or_for_another_reason() {
        let clock = ServerClock::new(3_600);
        for report in [
            ProblemReport::timestamp_refused(NOW + 4_000, NOW + 5_000),
            ProblemReport::timestamp_refused(u64::MAX, u64::MAX),
            ProblemReport::timestamp_refused(9, 1),
            ProblemReport::new(Problem::SignatureInvalid),
        ] {
            assert!(!learned(&clock, &report, Some(NOW + 9_000)), "{report:?}");
        }
        assert_eq!(clock.offset(), 0);
    }

    #[test]
    fn times_follow_the_server() {
        let clock = ServerClock::new(3_600);
        let now = UNIX_EPOCH + Duration::from_secs(NOW);
        for offset in [0, -1_000, 60] {
            clock.offset.store(offset, Ordering::Relaxed);
            let time = clock.time(now).unwrap().seconds();
            assert_eq!(time, NOW.checked_add_signed(offset).unwrap());
        }
        clock.stamp().unwrap();
    }
}
