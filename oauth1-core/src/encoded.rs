//! Names and values as they stand on the wire, and how their section 3.6 encoding is written and
//! compared without decoding into a buffer first.
//!
//! The base string holds every name and value encoded twice: once by section 3.4.1.3.2 (1), once
//! more as part of the normalized parameters (section 3.4.1.1, 5). A value that is already in the
//! canonical encoding is copied run by run; any other is decoded and encoded on the way.

use alloc::{borrow::Cow, vec::Vec};
use core::cmp::Ordering;

use crate::percent_encoding::{self, MalformedEscape, UPPER_HEX, escape, is_unreserved};

/// Where base string bytes go: a buffer, or straight into a MAC.
pub(crate) trait Sink {
    fn put(&mut self, bytes: &[u8]);

    /// Writes octets percent-encoded once.
    fn put_encoded(&mut self, decoded: &[u8]) {
        Piece { raw: decoded, coding: Coding::Literal }.write::<false, _>(self);
    }

    /// Writes octets percent-encoded twice.
    fn put_encoded_twice(&mut self, decoded: &[u8]) {
        Piece { raw: decoded, coding: Coding::Literal }.write::<true, _>(self);
    }
}

impl Sink for Vec<u8> {
    #[inline]
    fn put(&mut self, bytes: &[u8]) {
        self.extend_from_slice(bytes);
    }
}

/// How the octets of a [`Piece`] are to be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Coding {
    /// Encoded exactly as section 3.6 would.
    Canonical,
    /// Not encoded at all.
    Literal,
    /// Percent-encoded, but not as section 3.6 would.
    Percent,
    /// Form-encoded: `+` is a space.
    Form,
}

/// A borrowed name or value whose escapes were checked.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Piece<'a> {
    raw: &'a [u8],
    coding: Coding,
}

impl<'a> Piece<'a> {
    pub(crate) const fn literal(raw: &'a [u8]) -> Self {
        Self { raw, coding: Coding::Literal }
    }

    /// For header values: `+` is literal.
    pub(crate) fn percent(raw: &'a [u8]) -> Result<Self, MalformedEscape> {
        Self::checked(raw, Coding::Percent)
    }

    /// For queries and form bodies: `+` is a space.
    pub(crate) fn form(raw: &'a [u8]) -> Result<Self, MalformedEscape> {
        Self::checked(raw, Coding::Form)
    }

    #[inline]
    fn checked(raw: &'a [u8], otherwise: Coding) -> Result<Self, MalformedEscape> {
        let mut coding = Coding::Canonical;
        let mut at = 0;
        while let Some(&byte) = raw.get(at) {
            match CLASS[byte as usize] {
                Class::Unreserved => at += 1,
                Class::Percent => {
                    let digits = &raw[at + 1..];
                    let decoded = escape(digits).ok_or(MalformedEscape { at })?;
                    if is_unreserved(decoded)
                        || digits[0].is_ascii_lowercase()
                        || digits[1].is_ascii_lowercase()
                    {
                        coding = otherwise;
                    }
                    at += 3;
                }
                Class::Other => {
                    coding = otherwise;
                    at += 1;
                }
            }
        }
        Ok(Self { raw, coding })
    }

    /// The octets as they stood on the wire.
    pub(crate) const fn raw(&self) -> &'a [u8] {
        self.raw
    }

    pub(crate) fn decoded(&self) -> Cow<'a, [u8]> {
        // Escapes were checked when the piece was made, so decoding cannot fail.
        match self.coding {
            Coding::Literal => Ok(Cow::Borrowed(self.raw)),
            Coding::Canonical | Coding::Percent => percent_encoding::decode(self.raw),
            Coding::Form => percent_encoding::decode_form(self.raw),
        }
        .unwrap_or(Cow::Borrowed(self.raw))
    }

    pub(crate) fn encoded(&self) -> Vec<u8> {
        let mut out = Vec::with_capacity(self.raw.len());
        self.write::<false, _>(&mut out);
        out
    }

    /// Whether the decoded octets are `name`, which has unreserved characters only.
    #[inline]
    pub(crate) fn is(&self, name: &str) -> bool {
        match self.coding {
            Coding::Canonical => self.raw == name.as_bytes(),
            _ => self.octets().eq(name.bytes()),
        }
    }

    /// Whether the decoded octets start with `prefix`, which has unreserved characters only.
    #[inline]
    pub(crate) fn starts_with(&self, prefix: &str) -> bool {
        match self.coding {
            Coding::Canonical => self.raw.starts_with(prefix.as_bytes()),
            _ => self.octets().take(prefix.len()).eq(prefix.bytes()),
        }
    }

    /// Orders by the encoded form (section 3.4.1.3.2, 2).
    #[inline]
    pub(crate) fn cmp_encoded(&self, other: &Self) -> Ordering {
        match (self.coding, other.coding) {
            (Coding::Canonical, Coding::Canonical) => self.raw.cmp(other.raw),
            _ => self.octets().cmp(other.octets()),
        }
    }

    /// Writes the section 3.6 encoding, once or twice over.
    #[inline]
    pub(crate) fn write<const TWICE: bool, S: Sink + ?Sized>(&self, out: &mut S) {
        match self.coding {
            Coding::Canonical if TWICE => {
                let mut rest = self.raw;
                while let Some(at) = rest.iter().position(|b| *b == b'%') {
                    out.put(&rest[..at]);
                    out.put(b"%25");
                    rest = &rest[at + 1..];
                }
                out.put(rest);
            }
            Coding::Canonical => out.put(self.raw),
            _ => self.write_transcoded::<TWICE, S>(out),
        }
    }

    fn write_transcoded<const TWICE: bool, S: Sink + ?Sized>(&self, out: &mut S) {
        let mut rest = self.raw;
        loop {
            let run = rest
                .iter()
                .position(|b| CLASS[*b as usize] != Class::Unreserved)
                .unwrap_or(rest.len());
            out.put(&rest[..run]);
            rest = &rest[run..];
            let Some((octet, used)) = self.octet(rest) else { return };
            if is_unreserved(octet) {
                out.put(&[octet]);
            } else {
                let (high, low) = (hex(octet >> 4), hex(octet & 15));
                if TWICE {
                    out.put(&[b'%', b'2', b'5', high, low]);
                } else {
                    out.put(&[b'%', high, low]);
                }
            }
            rest = &rest[used..];
        }
    }

    /// The first decoded octet of `rest` and how many raw octets it took.
    #[inline]
    fn octet(&self, rest: &[u8]) -> Option<(u8, usize)> {
        let first = *rest.first()?;
        Some(match (first, self.coding) {
            (b'%', Coding::Literal) => (b'%', 1),
            (b'%', _) => (escape(&rest[1..])?, 3),
            (b'+', Coding::Form) => (b' ', 1),
            (byte, _) => (byte, 1),
        })
    }

    /// The encoded form, octet by octet.
    fn octets(&self) -> impl Iterator<Item = u8> {
        let mut rest = self.raw;
        let mut pending = [0; 2];
        let mut waiting = 0;
        core::iter::from_fn(move || {
            if waiting > 0 {
                waiting -= 1;
                return Some(pending[waiting]);
            }
            let (octet, used) = self.octet(rest)?;
            rest = &rest[used..];
            if is_unreserved(octet) {
                return Some(octet);
            }
            pending = [hex(octet & 15), hex(octet >> 4)];
            waiting = 2;
            Some(b'%')
        })
    }
}

#[inline]
const fn hex(digit: u8) -> u8 {
    UPPER_HEX[digit as usize]
}

#[derive(Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
enum Class {
    Unreserved,
    Percent,
    Other,
}

const CLASS: [Class; 256] = {
    let mut table = [Class::Other; 256];
    let mut byte = 0;
    while byte < 256 {
        if is_unreserved(byte as u8) {
            table[byte] = Class::Unreserved;
        }
        byte += 1;
    }
    table[b'%' as usize] = Class::Percent;
    table
};

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::percent_encoding::{decode, decode_form, encode};

    fn written<const TWICE: bool>(piece: Piece<'_>) -> Vec<u8> {
        let mut out = Vec::new();
        piece.write::<TWICE, _>(&mut out);
        out
    }

    proptest! {
        #[test]
        fn writing_equals_decoding_then_encoding(raw in "([a-z~]|%[0-9A-Fa-f]{2}|[+ é!])*") {
            let form = Piece::form(raw.as_bytes()).unwrap();
            let once = encode(&*decode_form(raw.as_bytes()).unwrap()).into_owned();
            prop_assert_eq!(written::<false>(form), once.as_bytes());
            prop_assert_eq!(written::<true>(form), encode(&once).into_owned().into_bytes());
            prop_assert!(form.octets().eq(once.bytes()));

            let percent = Piece::percent(raw.as_bytes()).unwrap();
            let once = encode(&*decode(raw.as_bytes()).unwrap()).into_owned();
            prop_assert_eq!(written::<false>(percent), once.as_bytes());
            prop_assert_eq!(written::<true>(percent), encode(&once).into_owned().into_bytes());

            let literal = Piece::literal(raw.as_bytes());
            prop_assert_eq!(written::<false>(literal), encode(&raw).into_owned().into_bytes());
            prop_assert_eq!(&*literal.decoded(), raw.as_bytes());
        }

        #[test]
        fn pieces_order_as_their_encodings(a in "([ab~@]|%[46][01])*", b in "([ab~@]|%[46][01])*") {
            let (left, right) = (Piece::form(a.as_bytes()).unwrap(), Piece::form(b.as_bytes()).unwrap());
            prop_assert_eq!(left.cmp_encoded(&right), left.encoded().cmp(&right.encoded()));
        }
    }

    #[test]
    fn names_match_however_they_are_spelt() {
        for spelling in ["oauth_nonce", "oauth%5Fnonce", "o%61uth_nonce", "oauth%5fnonce"] {
            let name = Piece::form(spelling.as_bytes()).unwrap();
            assert!(name.is("oauth_nonce") && name.starts_with("oauth_"), "{spelling}");
        }
        let longer = Piece::form(b"oauth%5Fnonce1").unwrap();
        assert!(!longer.is("oauth_nonce") && longer.starts_with("oauth_"));
    }
}
