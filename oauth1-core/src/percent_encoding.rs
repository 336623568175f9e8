//! Percent encoding, RFC 5849 section 3.6.
//!
//! Exactly `A–Z a–z 0–9 - . _ ~` stay as they are; every other octet becomes `%XX` with upper-case
//! hexadecimal digits. Text is encoded as its UTF-8 octets. This is not form encoding: a space is
//! `%20`, never `+`.
//!
//! Contract: callers hand over *decoded* octets to [`encode`] and *encoded* ones to [`decode`].
//! Nothing here guesses whether a value is already encoded.

use alloc::{borrow::Cow, string::String, vec::Vec};
use core::fmt;

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC};

/// Every ASCII octet that section 3.6 escapes: all but the unreserved characters.
pub const ESCAPED: &AsciiSet =
    &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// Encodes decoded octets (section 3.6).
///
/// ```
/// use oauth1_core::percent_encoding::encode;
/// assert_eq!(encode("Ladies + Gentlemen"), "Ladies%20%2B%20Gentlemen");
/// assert_eq!(encode("☃~"), "%E2%98%83~");
/// ```
pub fn encode<B: AsRef<[u8]> + ?Sized>(decoded: &B) -> Cow<'_, str> {
    percent_encoding::percent_encode(decoded.as_ref(), ESCAPED).into()
}

/// Decodes `%XX` escapes, in either case of hexadecimal digit. `+` is literal, as in the
/// `Authorization` header.
///
/// # Errors
/// [`MalformedEscape`] if a `%` is not followed by two hexadecimal digits.
///
/// ```
/// use oauth1_core::percent_encoding::decode;
/// assert_eq!(&*decode(b"r%20b+c")?, b"r b+c");
/// assert!(decode(b"100%").is_err());
/// # Ok::<(), oauth1_core::percent_encoding::MalformedEscape>(())
/// ```
pub fn decode(encoded: &[u8]) -> Result<Cow<'_, [u8]>, MalformedEscape> {
    decode_as(encoded, false)
}

/// Decodes one name or value of `application/x-www-form-urlencoded` data (W3C HTML 4.01, 17.13.4,
/// as section 3.4.1.3.1 asks for queries and form bodies): `+` is a space, then `%XX`.
///
/// # Errors
/// [`MalformedEscape`] if a `%` is not followed by two hexadecimal digits.
///
/// ```
/// use oauth1_core::percent_encoding::decode_form;
/// assert_eq!(&*decode_form(b"2+q%2B")?, b"2 q+");
/// # Ok::<(), oauth1_core::percent_encoding::MalformedEscape>(())
/// ```
pub fn decode_form(encoded: &[u8]) -> Result<Cow<'_, [u8]>, MalformedEscape> {
    decode_as(encoded, true)
}

fn decode_as(encoded: &[u8], plus_is_space: bool) -> Result<Cow<'_, [u8]>, MalformedEscape> {
    let special = |b: &u8| *b == b'%' || (plus_is_space && *b == b'+');
    let Some(first) = encoded.iter().position(special) else {
        return Ok(Cow::Borrowed(encoded));
    };
    let mut out = Vec::with_capacity(encoded.len());
    out.extend_from_slice(&encoded[..first]);
    let mut rest = &encoded[first..];
    let mut at = first;
    while let Some((&byte, tail)) = rest.split_first() {
        let used = match byte {
            b'%' => {
                out.push(escape(tail).ok_or(MalformedEscape { at })?);
                3
            }
            b'+' if plus_is_space => {
                out.push(b' ');
                1
            }
            other => {
                out.push(other);
                1
            }
        };
        at += used;
        rest = &rest[used..];
    }
    Ok(Cow::Owned(out))
}

/// The octet that the two hexadecimal digits at the start of `digits` stand for.
#[inline]
pub(crate) fn escape(digits: &[u8]) -> Option<u8> {
    match digits {
        [high, low, ..] => {
            let (high, low) = (HEX_VALUE[*high as usize], HEX_VALUE[*low as usize]);
            (high | low < 16).then_some(high << 4 | low)
        }
        _ => None,
    }
}

/// A `%` that is not followed by two hexadecimal digits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MalformedEscape {
    /// Offset of the `%` in octets.
    pub at: usize,
}

impl fmt::Display for MalformedEscape {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "malformed percent escape at octet {}: '%' must be followed by two hexadecimal digits; a literal '%' is written %25",
            self.at
        )
    }
}

impl core::error::Error for MalformedEscape {}

/// Appends the encoding of `decoded` to `out`.
pub(crate) fn encode_into(out: &mut String, decoded: &[u8]) {
    out.extend(percent_encoding::percent_encode(decoded, ESCAPED));
}

/// Whether section 3.6 leaves the octet as it is.
#[inline]
pub(crate) const fn is_unreserved(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b'~')
}

pub(crate) const UPPER_HEX: &[u8; 16] = b"0123456789ABCDEF";

/// Value of a hexadecimal digit; 255 for every other octet.
const HEX_VALUE: [u8; 256] = {
    let mut table = [255; 256];
    let mut value = 0;
    while value < 16 {
        let digit = UPPER_HEX[value as usize];
        table[digit as usize] = value;
        table[digit.to_ascii_lowercase() as usize] = value;
        value += 1;
    }
    table
};

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_octet_round_trips_and_only_unreserved_stay() {
        for byte in 0..=255u8 {
            let encoded = encode(&[byte]).into_owned();
            assert_eq!(encoded.len() == 1, is_unreserved(byte), "{byte:#04x}");
            assert_eq!(&*decode(encoded.as_bytes()).unwrap(), &[byte]);
            assert_eq!(&*decode_form(encoded.as_bytes()).unwrap(), &[byte]);
        }
    }

    #[test]
    fn lower_case_escapes_decode() {
        assert_eq!(&*decode(b"%c3%A9").unwrap(), "é".as_bytes());
    }

    #[test]
    fn malformed_escapes_say_where() {
        for (bad, at) in [("%", 0), ("a%2", 1), ("ab%GG", 2), ("%20%u0041", 3), ("%2 ", 0)] {
            assert_eq!(decode(bad.as_bytes()), Err(MalformedEscape { at }), "{bad}");
            assert_eq!(decode_form(bad.as_bytes()), Err(MalformedEscape { at }), "{bad}");
        }
    }
}
