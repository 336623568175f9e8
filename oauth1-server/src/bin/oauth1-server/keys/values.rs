//! What people type after options, as values.

use std::{
    io::{BufRead, IsTerminal, Write},
    time::Duration,
};

use oauth1_server::management::Key;

/// A number with `s`, `m`, `h`, `d` or `w`; `0` without.
pub(super) fn duration(text: &str) -> Result<Duration, String> {
    let error = || "write a number with s, m, h, d or w, such as 24h".to_owned();
    if text == "0" {
        return Ok(Duration::ZERO);
    }
    let mut number = text.to_owned();
    let unit = match number.pop().ok_or_else(error)? {
        's' => 1,
        'm' => 60,
        'h' => 3600,
        'd' => 24 * 3600,
        'w' => 7 * 24 * 3600,
        _ => return Err(error()),
    };
    if number.is_empty() || !number.bytes().all(|b| b.is_ascii_digit()) {
        return Err(error());
    }
    let seconds = number.parse::<u64>().ok().and_then(|number| number.checked_mul(unit));
    seconds.map(Duration::from_secs).ok_or_else(|| "is too long".to_owned())
}

/// `NAME=VALUE`.
pub(super) fn attribute(text: &str) -> Result<(String, String), String> {
    let (name, value) = text.split_once('=').ok_or("write NAME=VALUE")?;
    Ok((name.to_owned(), value.to_owned()))
}

/// The wire name of a signature method.
pub(super) fn method(text: &str) -> Result<String, String> {
    match text.parse::<oauth1_core::SignatureMethod>() {
        Ok(method) => Ok(method.as_str().to_owned()),
        Err(error) => Err(error.to_string()),
    }
}

/// Asks before something is gone for good.
pub(super) fn confirmed(what: &str, key: &Key) -> Result<bool, String> {
    let stdin = std::io::stdin();
    if !stdin.is_terminal() {
        return Err("there is nobody to ask; add --yes to go on without".to_owned());
    }
    eprint!("{what} {} ({})? Type its name: ", key.name, key.app_key);
    let _ = std::io::stderr().flush();
    let mut answer = String::new();
    stdin.lock().read_line(&mut answer).map_err(|error| error.to_string())?;
    Ok(answer.trim() == key.name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations() {
        assert_eq!(duration("0"), Ok(Duration::ZERO));
        assert_eq!(duration("90s"), Ok(Duration::from_secs(90)));
        assert_eq!(duration("2w"), Ok(Duration::from_secs(14 * 24 * 3600)));
        for bad in ["", "d", "5", "-1h", "+1h", "1.5h", "1y", "99999999999999999999d", "1µ"] {
            assert!(duration(bad).is_err(), "{bad}");
        }
    }
}
