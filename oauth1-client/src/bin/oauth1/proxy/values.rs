//! What is typed for the proxy, read and checked.

use http::uri::Authority;
use url::Url;

use crate::failure::Failure;

/// The base of all addresses, or what is wrong with it.
pub(super) fn upstream(text: &str) -> Result<Url, Failure> {
    let wrong = |message: &str| {
        Err(Failure::usage(
            format!("the upstream {message}"),
            "give scheme and host, and a path if all requests share one: https://api.example.com",
        ))
    };
    let Ok(url) = text.parse::<Url>() else { return wrong("is no address") };
    if !matches!(url.scheme(), "http" | "https") {
        return wrong("starts neither with https:// nor with http://");
    }
    if !url.username().is_empty() || url.password().is_some() {
        return wrong("holds a user name or password, in the place of the signature");
    }
    if url.query().is_some() || url.fragment().is_some() {
        return wrong("has a query or a fragment, which belong to single requests");
    }
    Ok(url)
}

pub(super) fn own_name(text: &str) -> Result<Authority, Failure> {
    let name = text.parse::<Authority>().ok().filter(|name| !name.as_str().contains('@'));
    name.ok_or_else(|| {
        Failure::usage("--host is no host name", "give a name such as build.lan, or build.lan:8317")
    })
}

/// Octets; with `k` or `m` at the end, times 1,024 or its square.
pub(super) fn size(text: &str) -> Result<usize, String> {
    let lower = text.to_ascii_lowercase();
    let (digits, unit) = match lower.as_bytes().last() {
        Some(b'k') => (&lower[..lower.len() - 1], 1 << 10),
        Some(b'm') => (&lower[..lower.len() - 1], 1 << 20),
        _ => (lower.as_str(), 1),
    };
    let size = digits.parse::<usize>().ok().and_then(|number| number.checked_mul(unit));
    size.ok_or_else(|| "give a number such as 500000, 512k or 1m".into())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::failure::Kind;

    #[test]
    fn sizes_have_units() {
        for (text, octets) in [("0", 0), ("17", 17), ("512k", 524_288), ("1M", 1_048_576)] {
            assert_eq!(size(text), Ok(octets));
        }
        for text in ["", "k", "-1", "1g", "1.5m", "99999999999999999999", "18446744073709551615k"] {
            assert!(size(text).is_err(), "{text}");
        }
    }

    #[test]
    fn an_upstream_is_a_base() {
        assert!(upstream("https://h/v1").is_ok() && upstream("http://[::1]:1").is_ok());
        for wrong in ["h", "ftp://h", "https://u:p@h", "https://h?a", "https://h#a", "https://"] {
            assert_eq!(upstream(wrong).unwrap_err().kind, Kind::Usage, "{wrong}");
        }
    }
}
