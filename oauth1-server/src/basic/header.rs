//! `Authorization: Basic` (RFC 7617 section 2).

use base64::{Engine, engine::general_purpose::STANDARD};
use http::{HeaderMap, header};
use zeroize::Zeroizing;

/// Name and password as they were sent. Wiped when dropped.
pub(crate) struct Presented {
    text: Zeroizing<String>,
    colon: usize,
}

/// Whether the one `Authorization` header has the scheme Basic.
pub(crate) fn is_presented(headers: &HeaderMap) -> bool {
    token(headers).is_some()
}

impl Presented {
    /// `None` if it is no name and password in UTF-8.
    pub(crate) fn of(headers: &HeaderMap) -> Option<Self> {
        let token = token(headers)?;
        let mut octets = Zeroizing::new(Vec::with_capacity(token.len()));
        STANDARD.decode_vec(token, &mut octets).ok()?;
        let text = std::str::from_utf8(&octets).ok()?;
        let colon = text.find(':')?;
        let controls = text.chars().any(char::is_control);
        let possible =
            (1..=LONGEST_NAME).contains(&colon) && text.len() - colon <= LONGEST_PASSWORD;
        (possible && !controls).then(|| Self { text: Zeroizing::new(text.to_owned()), colon })
    }

    pub(crate) fn name(&self) -> &str {
        &self.text[..self.colon]
    }

    #[cfg(feature = "sql")]
    pub(super) fn password(&self) -> &str {
        &self.text[self.colon + 1..]
    }
}

fn token(headers: &HeaderMap) -> Option<&[u8]> {
    let mut values = headers.get_all(header::AUTHORIZATION).iter();
    let value = values.next()?.as_bytes();
    let (scheme, token) = value.split_at_checked(SCHEME.len())?;
    let only = values.next().is_none() && scheme.eq_ignore_ascii_case(SCHEME);
    (only && token.first().is_some_and(|octet| *octet == b' ')).then(|| token.trim_ascii())
}

const SCHEME: &[u8] = b"Basic";
/// Octets. The tables hold no longer ones.
const LONGEST_NAME: usize = 255;
/// Octets: work per request is bounded.
const LONGEST_PASSWORD: usize = 4_096;

#[cfg(test)]
mod tests {
    use super::*;

    fn presented(values: &[&str]) -> Option<(String, usize)> {
        let mut headers = HeaderMap::new();
        for value in values {
            headers.append(header::AUTHORIZATION, value.parse().unwrap());
        }
        Presented::of(&headers).map(|p| (p.name().to_owned(), p.text.len() - p.colon - 1))
    }

    #[test]
    fn names_and_passwords() {
        let of = |text: &str| format!("Basic {}", STANDARD.encode(text));
        assert_eq!(presented(&[&of("till-7:a:b")]), Some(("till-7".into(), 3)));
        assert_eq!(presented(&[&of("u:").replace("Basic", "bAsIc")]), Some(("u".into(), 0)));
        assert_eq!(presented(&[&of("u:p\u{e9}")]), Some(("u".into(), 3)));
        for bad in
            [of(":p"), of("up"), of("u:\0"), "Basic ====".into(), "Basic".into(), "Basicx".into()]
        {
            assert_eq!(presented(&[&bad]), None, "{bad}");
        }
        assert_eq!(presented(&[&of("u:p"), &of("u:p")]), None);
        assert_eq!(presented(&[&format!("Basic {}", STANDARD.encode([b'u', b':', 0xff]))]), None);
        assert_eq!(presented(&[&of(&format!("{}:p", "u".repeat(256)))]), None);
    }
}
