//! Times on pages: in UTC as they are rendered; the script puts the reader's zone before it.

use std::fmt;

use jiff::{Timestamp, tz::TimeZone};

/// A moment, in milliseconds since 1970, as an element `time`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct When(pub(crate) i64);

impl When {
    /// For templates, which hand over references to what they have.
    pub(crate) fn at(at: impl Milliseconds) -> Self {
        Self(at.milliseconds())
    }
}

pub(crate) trait Milliseconds {
    fn milliseconds(self) -> i64;
}

impl Milliseconds for i64 {
    fn milliseconds(self) -> i64 {
        self
    }
}

impl<T: Milliseconds + Copy> Milliseconds for &T {
    fn milliseconds(self) -> i64 {
        (*self).milliseconds()
    }
}

impl fmt::Display for When {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Ok(at) = Timestamp::from_millisecond(self.0) else { return f.write_str("unknown") };
        let at = at.to_zoned(TimeZone::UTC);
        let text = at.strftime("%-d %b %Y, %H:%M");
        write!(f, "<time datetime=\"{}\">{text}&nbsp;UTC</time>", at.strftime("%Y-%m-%dT%H:%M:%SZ"))
    }
}

/// It writes digits and names of months.
impl askama::filters::HtmlSafe for When {}

/// The last second before a moment, where an account is: a day ends at 23:59:59 there. Nothing where
/// that is what UTC says.
pub(crate) fn last_second(at: i64, zone: &str) -> Option<String> {
    let zone = TimeZone::get(zone).ok().filter(|zone| *zone != TimeZone::UTC)?;
    let at = Timestamp::from_millisecond(at.checked_sub(1)?).ok()?.to_zoned(zone);
    Some(at.strftime("%-d %b %Y, %H:%M:%S %Q").to_string())
}

/// How long, in the largest units that tell it.
pub(crate) fn duration(milliseconds: i64) -> String {
    let seconds = milliseconds.max(0) / 1000;
    let (days, hours, minutes) = (seconds / 86_400, seconds / 3600 % 24, seconds / 60 % 60);
    let count = |n: i64, unit: &str| format!("{n} {unit}{}", if n == 1 { "" } else { "s" });
    match (days, hours, minutes) {
        (0, 0, 0) => count(seconds, "second"),
        (0, 0, minutes) => count(minutes, "minute"),
        (0, hours, 0) => count(hours, "hour"),
        (0, hours, minutes) => format!("{} {}", count(hours, "hour"), count(minutes, "minute")),
        (days, 0, _) => count(days, "day"),
        (days, hours, _) => format!("{} {}", count(days, "day"), count(hours, "hour")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times() {
        let text = When(1_767_225_600_000).to_string();
        assert_eq!(
            text,
            "<time datetime=\"2026-01-01T00:00:00Z\">1 Jan 2026, 00:00&nbsp;UTC</time>"
        );
        assert_eq!(When(i64::MAX).to_string(), "unknown");
        let last = last_second(1_801_436_400_000, "Europe/Berlin");
        assert_eq!(last.as_deref(), Some("31 Jan 2027, 23:59:59 Europe/Berlin"));
        assert_eq!(last_second(1_801_436_400_000, "UTC"), None);
        assert_eq!(duration(86_400_000 + 3_600_000), "1 day 1 hour");
        assert_eq!(duration(-5), "0 seconds");
        assert_eq!(duration(7_260_000), "2 hours 1 minute");
    }
}
