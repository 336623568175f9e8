//! Names and values as they stand on the wire, and how their section 3.6 encoding is written and
//! compared without decoding into a buffer first.
//!
//! The base string holds every name and value encoded twice: once by section 3.4.1.3.2 (1), once
//! more as part of the normalized parameters (section 3.4.1.1, 5).

use alloc::{borrow::Cow, vec::Vec};
use core::cmp::Ordering;

use crate::{
    percent_encoding::{self, MalformedEscape, decode_form, escape, is_unreserved},
    sink::Sink,
    unreserved::{UNRESERVED, is_plain, plain_length},
    words::{FORM, ONCE, PERCENT, TWICE, Word},
};

/// How the octets of a [`Piece`] are to be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
// As wide as what stands next to it: padding would be copied in pieces that stall when read.
#[repr(usize)]
pub(crate) enum Coding {
    /// Unreserved characters only: every encoding leaves them as they are.
    Plain,
    /// Encoded exactly as section 3.6 would.
    Canonical,
    /// The same, and printable ASCII when it is decoded.
    Printable,
    /// Not encoded at all.
    Literal,
    /// Percent-encoded.
    Percent,
    /// Form-encoded: `+` is a space.
    Form,
}

/// A borrowed name or value.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Piece<'a> {
    raw: &'a [u8],
    coding: Coding,
}

impl<'a> Piece<'a> {
    pub(crate) const fn literal(raw: &'a [u8]) -> Self {
        Self { raw, coding: Coding::Literal }
    }

    #[inline]
    pub(crate) const fn read_as(raw: &'a [u8], coding: Coding) -> Self {
        Self { raw, coding }
    }

    #[inline]
    pub(crate) const fn coding(&self) -> Coding {
        self.coding
    }

    /// For header values: `+` is literal.
    #[inline(always)]
    pub(crate) fn percent(raw: &'a [u8]) -> Result<Self, MalformedEscape> {
        let coding = if is_plain(raw) { Coding::Plain } else { percent_coding(raw)? };
        Ok(Self { raw, coding })
    }

    /// For queries and form bodies: `+` is a space.
    #[inline(always)]
    pub(crate) fn form(raw: &'a [u8]) -> Result<Self, MalformedEscape> {
        if is_plain(raw) {
            return Ok(Self { raw, coding: Coding::Plain });
        }
        if !has_well_formed_escapes(raw) {
            return Err(first_malformed(raw));
        }
        Ok(Self { raw, coding: Coding::Form })
    }

    /// For queries and form bodies whose escapes are looked at when they are written.
    #[inline]
    pub(crate) fn unchecked_form(raw: &'a [u8]) -> Self {
        let coding = if is_plain(raw) { Coding::Plain } else { Coding::Form };
        Self { raw, coding }
    }

    /// The octets as they stood on the wire.
    pub(crate) const fn raw(&self) -> &'a [u8] {
        self.raw
    }

    /// The decoded octets; a malformed escape stays as it is.
    pub(crate) fn decoded(&self) -> Cow<'a, [u8]> {
        match self.coding {
            Coding::Literal | Coding::Plain => Ok(Cow::Borrowed(self.raw)),
            Coding::Canonical | Coding::Printable | Coding::Percent => {
                percent_encoding::decode(self.raw)
            }
            Coding::Form => percent_encoding::decode_form(self.raw),
        }
        .unwrap_or(Cow::Borrowed(self.raw))
    }

    /// Whether there are unreserved characters only.
    #[inline]
    pub(crate) fn is_plain(&self) -> bool {
        self.coding == Coding::Plain
    }

    /// Whether it is encoded exactly as section 3.6 would.
    #[inline]
    pub(crate) const fn is_encoded(&self) -> bool {
        matches!(self.coding, Coding::Plain | Coding::Canonical | Coding::Printable)
    }

    /// Whether the decoded octets are printable ASCII.
    pub(crate) fn is_printable(&self) -> bool {
        if matches!(self.coding, Coding::Plain | Coding::Printable) {
            return true;
        }
        let mut rest = self.raw;
        while let Some((octet, used)) = self.next_octet(rest) {
            if !(b' '..=b'~').contains(&octet) {
                return false;
            }
            rest = &rest[used..];
        }
        true
    }

    /// Decodes into `out` and returns what was written; `None` if it is too small.
    pub(crate) fn decode_into<'o>(&self, out: &'o mut [u8]) -> Option<&'o [u8]> {
        if matches!(self.coding, Coding::Plain | Coding::Literal) {
            let out = out.get_mut(..self.raw.len())?;
            out.copy_from_slice(self.raw);
            return Some(out);
        }
        let (mut rest, mut length) = (self.raw, 0);
        loop {
            let (plain, others) = rest.split_at(plain_length(rest));
            let end = length + plain.len();
            out.get_mut(length..end)?.copy_from_slice(plain);
            let Some((octet, used)) = self.next_octet(others) else { return Some(&out[..end]) };
            *out.get_mut(end)? = octet;
            length = end + 1;
            rest = &others[used..];
        }
    }

    /// The first decoded octet and how many raw ones it took; a malformed escape stays as it is.
    #[inline]
    fn next_octet(&self, rest: &[u8]) -> Option<(u8, usize)> {
        let (byte, tail) = rest.split_first()?;
        Some(match (*byte, self.coding) {
            (b'%', coding) if !matches!(coding, Coding::Plain | Coding::Literal) => {
                escape(tail).map_or((b'%', 1), |octet| (octet, 3))
            }
            (b'+', Coding::Form) => (b' ', 1),
            (byte, _) => (byte, 1),
        })
    }

    /// The section 3.6 encoding.
    pub(crate) fn encoded(&self) -> Vec<u8> {
        let mut out = Vec::with_capacity(self.raw.len());
        out.put_each(&self.decoded(), &ONCE);
        out
    }

    /// Whether the decoded octets are `name`, which has unreserved characters only.
    #[inline]
    pub(crate) fn is(&self, name: &str) -> bool {
        self.raw == name.as_bytes()
            || (!self.is_encoded() && self.raw.len() > name.len() && self.octets().eq(name.bytes()))
    }

    /// Whether the decoded octets start with `oauth_`, which section 3.5 reserves.
    #[inline]
    pub(crate) fn is_reserved(&self) -> bool {
        match self.raw.first() {
            Some(b'o') => self.raw.starts_with(b"oauth_") || self.is_reserved_escaped(),
            Some(b'%') => self.is_reserved_escaped(),
            _ => false,
        }
    }

    #[cold]
    fn is_reserved_escaped(&self) -> bool {
        !self.is_encoded() && self.octets().take(6).eq(*b"oauth_")
    }

    /// Whether it stands before the name, which has unreserved characters only.
    #[inline]
    pub(crate) fn sorts_before(&self, name: &str) -> bool {
        self.cmp_encoded(&Piece::literal(name.as_bytes())).is_lt()
    }

    /// Orders by the encoded form (section 3.4.1.3.2, 2).
    #[inline]
    pub(crate) fn cmp_encoded(&self, other: &Self) -> Ordering {
        // Unreserved octets are their own encoding, so the first that differ decide: often the
        // very first.
        match (self.raw, other.raw) {
            ([a, ..], [b, ..]) if a != b && UNRESERVED[*a as usize] && UNRESERVED[*b as usize] => {
                a.cmp(b)
            }
            _ => self.cmp_all(other),
        }
    }

    fn cmp_all(&self, other: &Self) -> Ordering {
        if self.is_encoded() && other.is_encoded() {
            return self.raw.cmp(other.raw);
        }
        let mut pairs = self.raw.iter().zip(other.raw);
        loop {
            match pairs.next() {
                Some((a, b)) if !(UNRESERVED[*a as usize] && UNRESERVED[*b as usize]) => {
                    return self.octets().cmp(other.octets());
                }
                Some((a, b)) if a != b => return a.cmp(b),
                Some(_) => {}
                None => return self.raw.len().cmp(&other.raw.len()),
            }
        }
    }

    /// Writes the encoding of the section 3.6 encoding.
    ///
    /// # Errors
    /// [`MalformedEscape`], from unchecked pieces only; part of it is written.
    #[inline(always)]
    pub(crate) fn write_twice<S: Sink>(&self, out: &mut S) -> Result<(), MalformedEscape> {
        match self.coding {
            Coding::Plain => out.put(self.raw),
            // All that is to be escaped in it is '%'.
            Coding::Canonical | Coding::Printable => out.put_each(self.raw, &ONCE),
            Coding::Literal => out.put_each(self.raw, &TWICE),
            Coding::Percent => return out.put_words(self.raw, &PERCENT),
            Coding::Form => return out.put_words(self.raw, &FORM),
        }
        Ok(())
    }

    /// The encoded form, octet by octet.
    fn octets(&self) -> impl Iterator<Item = u8> {
        let (piece, mut rest) = (*self, self.raw);
        let mut pending = Word::new(b"").octets();
        let (mut at, mut end) = (0, 0);
        core::iter::from_fn(move || {
            if at == end {
                let (octet, used) = piece.next_octet(rest)?;
                rest = &rest[used..];
                let word = ONCE[octet as usize];
                (pending, at, end) = (word.octets(), 0, word.length());
            }
            at += 1;
            Some(pending[at - 1])
        })
    }
}

/// The value of a header up to the quote that ends it, unless it takes a closer look: nearly all
/// have unreserved characters, and escapes as section 3.6 writes them.
#[inline]
pub(crate) fn quoted(text: &[u8]) -> Option<Piece<'_>> {
    let mut at = plain_length(text);
    let mut coding = Coding::Plain;
    loop {
        match &text[at..] {
            [b'"', ..] => return Some(Piece { raw: &text[..at], coding }),
            [b'%', digits @ ..] => {
                let octet = escape(digits)?;
                let upper = !(digits[0].is_ascii_lowercase() | digits[1].is_ascii_lowercase());
                if !upper || !(b' '..=b'~').contains(&octet) || UNRESERVED[octet as usize] {
                    return None;
                }
                coding = Coding::Printable;
                at += 3;
                at += plain_length(&text[at..]);
            }
            _ => return None,
        }
    }
}

/// How percent-encoded text is to be read that is not plain.
#[inline(never)]
fn percent_coding(raw: &[u8]) -> Result<Coding, MalformedEscape> {
    let mut coding = Coding::Canonical;
    let mut at = 0;
    while let Some(&byte) = raw.get(at) {
        at += 1;
        if UNRESERVED[byte as usize] {
            continue;
        }
        if byte == b'%' {
            let digits = &raw[at..];
            let decoded = escape(digits).ok_or(MalformedEscape { at: at - 1 })?;
            if is_unreserved(decoded)
                || digits[0].is_ascii_lowercase()
                || digits[1].is_ascii_lowercase()
            {
                coding = Coding::Percent;
            }
            at += 2;
        } else {
            coding = Coding::Percent;
        }
    }
    Ok(coding)
}

#[cold]
fn first_malformed(raw: &[u8]) -> MalformedEscape {
    decode_form(raw).err().unwrap_or(MalformedEscape { at: raw.len() })
}

/// Whether each `%` is followed by two hexadecimal digits; found without a branch, so that
/// compilers look at many octets together.
#[inline(never)]
fn has_well_formed_escapes(raw: &[u8]) -> bool {
    let hex = |b: u8| (b.wrapping_sub(b'0') < 10) | ((b | 0x20).wrapping_sub(b'a') < 6);
    let check = |[a, b, c]: [u8; 3]| (a != b'%') | (hex(b) & hex(c));
    let mut fine = true;
    let mut rest = raw;
    // Sixteen places, and two octets after the last.
    while let Some(block) = rest.first_chunk::<18>() {
        for at in 0..16 {
            fine &= check([block[at], block[at + 1], block[at + 2]]);
        }
        rest = &rest[16..];
    }
    while let Some((byte, tail)) = rest.split_first() {
        fine &= *byte != b'%' || escape(tail).is_some();
        rest = tail;
    }
    fine
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::percent_encoding::{decode, decode_form, encode};

    fn twice(piece: Piece<'_>) -> Vec<u8> {
        let mut out = Vec::new();
        piece.write_twice(&mut out).unwrap();
        out
    }

    fn encoded_twice(decoded: &[u8]) -> Vec<u8> {
        encode(&*encode(decoded)).into_owned().into_bytes()
    }

    proptest! {
        #[test]
        fn form_text_is_refused_where_its_decoder_refuses_it(raw in "[%a-fA-G0-9+!]{0,50}") {
            let decoded = decode_form(raw.as_bytes()).map(|_| ());
            prop_assert_eq!(Piece::form(raw.as_bytes()).map(|_| ()), decoded);
        }

        #[test]
        fn writing_equals_decoding_then_encoding(raw in "([a-z~]|%[0-9A-Fa-f]{2}|[+ é!])*") {
            let raw = raw.as_bytes();
            let decoded = decode_form(raw).unwrap();
            for form in [Piece::form(raw).unwrap(), Piece::unchecked_form(raw)] {
                prop_assert_eq!(twice(form), encoded_twice(&decoded));
                prop_assert_eq!(form.encoded(), encode(&*decoded).as_bytes().to_vec());
                prop_assert!(form.octets().eq(form.encoded()));
            }
            let percent = Piece::percent(raw).unwrap();
            let decoded = decode(raw).unwrap();
            prop_assert_eq!(twice(percent), encoded_twice(&decoded));
            prop_assert!(percent.octets().eq(percent.encoded()));

            prop_assert_eq!(twice(Piece::literal(raw)), encoded_twice(raw));
            prop_assert!(Piece::literal(raw).octets().eq(encode(raw).bytes()));
        }

        #[test]
        fn header_values_read_at_once_are_what_a_closer_look_finds(
            raw in "([a-z0-9]{0,9}|%[2-7][0-9A-Fa-f]|%[0-9A-G]{0,2}|[+ é])*"
        ) {
            if let Some(piece) = quoted(alloc::format!("{raw}\", x=\"1\"").as_bytes()) {
                let closer = Piece::percent(raw.as_bytes()).unwrap();
                prop_assert_eq!(piece.raw(), raw.as_bytes());
                prop_assert_eq!(piece.is_plain(), closer.is_plain());
                prop_assert!(piece.is_encoded() && closer.is_encoded() && closer.is_printable());
                prop_assert_eq!(twice(piece), twice(closer));
            }
        }

        #[test]
        fn pieces_order_as_their_encodings(a in "([ab~@+]|%[46][01])*", b in "([ab~@+]|%[46][01])*") {
            let pieces = |raw| [Piece::form(raw).unwrap(), Piece::unchecked_form(raw), Piece::percent(raw).unwrap(), Piece::literal(raw)];
            for left in pieces(a.as_bytes()) {
                for right in pieces(b.as_bytes()) {
                    prop_assert_eq!(left.cmp_encoded(&right), left.encoded().cmp(&right.encoded()));
                }
            }
        }

        #[test]
        fn unchecked_pieces_find_what_checked_ones_find(raw in "[a%1G+]{0,8}") {
            let checked = Piece::form(raw.as_bytes()).map(|_| ());
            let written = Piece::unchecked_form(raw.as_bytes()).write_twice(&mut Vec::new());
            prop_assert_eq!(checked, written);
        }
    }

    #[test]
    fn names_match_however_they_are_spelt() {
        for spelling in ["oauth_nonce", "oauth%5Fnonce", "o%61uth_nonce", "oauth%5fnonce"] {
            let spelling = spelling.as_bytes();
            for name in [Piece::form(spelling).unwrap(), Piece::unchecked_form(spelling)] {
                assert!(name.is("oauth_nonce") && name.is_reserved(), "{name:?}");
            }
        }
        let longer = Piece::form(b"oauth%5Fnonce1").unwrap();
        assert!(!longer.is("oauth_nonce") && longer.is_reserved());
        assert!(!Piece::form(b"oauth").unwrap().is_reserved());
    }
}
