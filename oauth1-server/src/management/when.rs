//! When a key ends, as people write it.

use jiff::{Timestamp, civil::Date, tz::TimeZone};

use super::{Account, InvalidField};

impl Account {
    /// The end of a key, in milliseconds since 1970: `90d` or `12h` from now, `2027-01-31` (all of
    /// that day in the account's time zone), `2027-01-31T12:00:00Z`, or `never`, which is `None`.
    ///
    /// # Errors
    /// [`InvalidField`] if it is none of these.
    pub fn expiry(&self, text: &str) -> Result<Option<i64>, InvalidField> {
        let zone = TimeZone::get(&self.time_zone).unwrap_or(TimeZone::UTC);
        match text {
            "never" => Ok(None),
            text => {
                let at = instant(text, zone, Timestamp::now()).ok_or_else(|| {
                    let problem = format!(
                        "{text:?} is no end; write 90d, 12h, 2027-01-31, 2027-01-31T12:00:00Z or never"
                    );
                    InvalidField::new("expires_at", problem)
                })?;
                Ok(Some(at.as_millisecond()))
            }
        }
    }
}

fn instant(text: &str, zone: TimeZone, now: Timestamp) -> Option<Timestamp> {
    if let Some(seconds) = duration(text) {
        return now.checked_add(jiff::SignedDuration::from_secs(seconds)).ok();
    }
    if let Ok(at) = text.parse::<Timestamp>() {
        return Some(at);
    }
    let day = text.parse::<Date>().ok().filter(|_| text.len() == "2027-01-31".len())?;
    // The first instant of the next day is the first at which it is not good.
    Some(day.tomorrow().ok()?.to_zoned(zone).ok()?.timestamp())
}

/// Seconds.
fn duration(text: &str) -> Option<i64> {
    let split = text.len().checked_sub(1).filter(|split| text.is_char_boundary(*split))?;
    let (digits, unit) = text.split_at(split);
    let unit = match unit {
        "s" => 1,
        "m" => 60,
        "h" => 3600,
        "d" => DAY,
        "w" => 7 * DAY,
        _ => return None,
    };
    let plain = !digits.is_empty() && digits.bytes().all(|b| b.is_ascii_digit());
    digits.parse::<i64>().ok().filter(|_| plain)?.checked_mul(unit)
}

const DAY: i64 = 24 * 3600;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_date_lasts_until_the_end_of_its_day_where_the_account_is() {
        let now: Timestamp = "2026-06-01T00:00:00Z".parse().unwrap();
        let end = |text, zone: &str| {
            instant(text, TimeZone::get(zone).unwrap(), now).map(|at| at.to_string())
        };
        assert_eq!(end("2027-01-31", "UTC").unwrap(), "2027-02-01T00:00:00Z");
        assert_eq!(end("2027-01-31", "Europe/Berlin").unwrap(), "2027-01-31T23:00:00Z");
        assert_eq!(end("2027-07-31", "America/New_York").unwrap(), "2027-08-01T04:00:00Z");
        assert_eq!(end("2027-01-31T12:00:00Z", "Asia/Tokyo").unwrap(), "2027-01-31T12:00:00Z");
        assert_eq!(end("90d", "UTC").unwrap(), "2026-08-30T00:00:00Z");
        for bad in ["", "0", "soon", "2027-13-01", "99999999999w", "-1d", "+1h", "1.5h", "1µ", "µ"]
        {
            assert_eq!(end(bad, "UTC"), None, "{bad}");
        }
    }
}
