//! The upstream's clock, as far as a refused timestamp has told it (RFC 5849 section 3.3).

use std::{
    sync::atomic::{AtomicI64, Ordering},
    time::{SystemTime, UNIX_EPOCH},
};

use oauth1_client::{
    Problem, ProblemReport, SignError, Stamp, clock_skew,
    core::{SignError as ProtocolError, Timestamp},
};
use reqwest::header::HeaderMap;

/// Seconds that the upstream's clock is ahead of the local one.
#[derive(Debug, Default)]
pub(super) struct UpstreamClock(AtomicI64);

/// The offset that a request was stamped with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Offset(i64);

impl UpstreamClock {
    /// A fresh stamp by the upstream's clock.
    pub(super) fn stamp(&self) -> Result<(Stamp, Offset), SignError> {
        let offset = self.0.load(Ordering::Relaxed);
        let local = Timestamp::from_system_time(SystemTime::now()).ok();
        let time = local.and_then(|local| local.seconds().checked_add_signed(offset));
        let time = time.and_then(Timestamp::from_seconds);
        let Some(time) = time else { return Ok((Stamp::now()?, Offset(0))) };
        let stamp = Stamp::random(time);
        let stamp = stamp.map_err(|_| ProtocolError::Stamp("the random source failed"))?;
        Ok((stamp, Offset(offset)))
    }

    /// Learns from a refused timestamp. Says whether there is now a better one than the one that
    /// was used: of many requests at once, each is signed again, not only the first.
    pub(super) fn learn(&self, report: &ProblemReport, headers: &HeaderMap, used: Offset) -> bool {
        if report.problem() != Problem::TimestampRefused {
            return false;
        }
        let Some(offset) = offset(report, headers, SystemTime::now()) else { return false };
        if offset == used.0 || offset.abs() > A_DAY {
            return false;
        }
        self.0.store(offset, Ordering::Relaxed);
        true
    }
}

/// The middle of the acceptable range, or else what `Date` says.
fn offset(report: &ProblemReport, headers: &HeaderMap, now: SystemTime) -> Option<i64> {
    let Some((first, last)) = report.acceptable_timestamps() else {
        return Some(-clock_skew(headers, now)?);
    };
    let middle = i64::try_from(first.checked_add(last.checked_sub(first)? / 2)?).ok()?;
    let local = i64::try_from(now.duration_since(UNIX_EPOCH).ok()?.as_secs()).ok()?;
    middle.checked_sub(local)
}

/// Clocks that tell local time for universal time are off by less. Who could set the clock at will
/// could have requests stamped for later.
const A_DAY: i64 = 86_400;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_told_is_believed_within_a_day() {
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs();
        let clock = UpstreamClock::default();
        let learn = |report: &ProblemReport| {
            let (_, used) = clock.stamp().unwrap();
            clock.learn(report, &HeaderMap::new(), used)
        };
        assert!(learn(&ProblemReport::timestamp_refused(now + 700, now + 1_300)));
        let (stamp, offset) = clock.stamp().unwrap();
        assert!((998..=1_000).contains(&offset.0), "{offset:?}");
        assert!(stamp.timestamp.seconds() >= now + 998);
        for report in [
            ProblemReport::timestamp_refused(now + 90_000, now + 90_001),
            ProblemReport::timestamp_refused(u64::MAX, u64::MAX),
            ProblemReport::timestamp_refused(9, 1),
            ProblemReport::new(Problem::TimestampRefused),
            ProblemReport::new(Problem::SignatureInvalid),
        ] {
            assert!(!learn(&report), "{report:?}");
        }
        assert_eq!(clock.stamp().unwrap().1, offset);
    }

    #[test]
    fn requests_that_were_stamped_before_it_learned_are_signed_again() {
        let clock = UpstreamClock::default();
        let (_, used) = clock.stamp().unwrap();
        let date = httpdate::fmt_http_date(SystemTime::now() + std::time::Duration::from_secs(900));
        let headers = HeaderMap::from_iter([(reqwest::header::DATE, date.parse().unwrap())]);
        let report = ProblemReport::new(Problem::TimestampRefused);
        assert!(clock.learn(&report, &headers, used));
        assert!(clock.learn(&report, &headers, used));
    }
}
