//! Values as people write them: durations, sizes, times.

use std::time::Duration;

/// `10s`, `500ms`, `5m`, `2h`, `1d`.
pub(crate) fn duration(text: &str) -> Result<Duration, String> {
    let split = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
    let (digits, unit) = text.split_at(split);
    let unit = match unit.trim() {
        "ms" => 1,
        "s" => 1_000,
        "m" | "min" => 60_000,
        "h" => 3_600_000,
        "d" => 86_400_000,
        _ => return Err("a duration has a unit, such as 500ms, 10s, 5m, 2h or 1d".to_owned()),
    };
    let number: u64 =
        digits.parse().map_err(|_| "a duration is a whole number and a unit".to_owned())?;
    number.checked_mul(unit).map(Duration::from_millis).ok_or_else(|| "that is too long".to_owned())
}

/// A duration in whole seconds.
pub(crate) fn seconds(text: &str) -> Result<u64, String> {
    let duration = duration(text)?;
    if duration.subsec_millis() == 0 {
        Ok(duration.as_secs())
    } else {
        Err("timestamps count whole seconds".to_owned())
    }
}

/// `8192`, `8KiB`, `1MiB`, `64kB`.
pub(crate) fn octets(text: &str) -> Result<usize, String> {
    let split = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
    let (digits, unit) = text.split_at(split);
    let unit: usize = match unit.trim() {
        "" | "B" => 1,
        "kB" => 1_000,
        "KiB" => 1 << 10,
        "MB" => 1_000_000,
        "MiB" => 1 << 20,
        _ => return Err("a size is in octets, kB, KiB, MB or MiB".to_owned()),
    };
    let number: usize = digits.parse().map_err(|_| "a size is a whole number".to_owned())?;
    number.checked_mul(unit).ok_or_else(|| "that is too large".to_owned())
}

/// Seconds since 1970, or `now` with a duration added.
pub(crate) fn time(text: &str, now: u64) -> Result<u64, String> {
    match text.strip_prefix("now") {
        Some("") => Ok(now),
        Some(rest) => match rest.strip_prefix('+') {
            Some(later) => Ok(now.saturating_add(seconds(later)?)),
            None => Err("a time is seconds since 1970, now, or now+300s".to_owned()),
        },
        None => {
            text.parse().map_err(|_| "a time is seconds since 1970, now, or now+300s".to_owned())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_need_a_unit_and_fit() {
        assert_eq!(duration("500ms"), Ok(Duration::from_millis(500)));
        assert_eq!(duration("2h"), Ok(Duration::from_secs(7_200)));
        assert_eq!(seconds("5m"), Ok(300));
        for bad in
            ["", "5", "s", "-5s", "5 s s", "1.5s", "99999999999999999999s", "18446744073709551615d"]
        {
            assert!(duration(bad).is_err(), "{bad}");
        }
        assert!(seconds("1500ms").is_err());
    }

    #[test]
    fn sizes_and_times() {
        assert_eq!(octets("8KiB"), Ok(8_192));
        assert_eq!(octets("1000"), Ok(1_000));
        assert!(octets("8 gallons").is_err() && octets("99999999999999999999").is_err());
        assert_eq!(time("now+300s", 1_000), Ok(1_300));
        assert_eq!(time("17", 1_000), Ok(17));
        assert!(time("tomorrow", 1_000).is_err() && time("now-5s", 1_000).is_err());
    }
}
