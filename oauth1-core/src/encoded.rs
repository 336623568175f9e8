//! Names and values as they stand on the wire, and how their section 3.6 encoding is written and
//! compared without decoding into a buffer first.
//!
//! The base string holds every name and value encoded twice: once by section 3.4.1.3.2 (1), once
//! more as part of the normalized parameters (section 3.4.1.1, 5). Each octet is looked up in a
//! table that holds what it becomes as one machine word: writing decides nothing per octet but
//! whether it starts an escape.

use alloc::{borrow::Cow, vec::Vec};
use core::cmp::Ordering;

use crate::percent_encoding::{self, MalformedEscape, UPPER_HEX, escape, is_unreserved};

/// Where base string bytes go: a buffer, or straight into a MAC.
pub(crate) trait Sink {
    fn put(&mut self, bytes: &[u8]);

    /// Writes what the table has for each octet; an escape is decoded and then written as in
    /// [`TWICE`], where the table has no word for `%`.
    fn put_words(&mut self, raw: &[u8], words: &Words) -> Result<(), MalformedEscape>;

    /// Writes what the table has for each octet; it has one for every octet.
    fn put_each(&mut self, raw: &[u8], words: &Words);
}

/// The word for the octets at the start of `rest`, and how many they are.
#[inline]
fn next_word(rest: &[u8], words: &Words) -> Option<Result<(Word, usize), ()>> {
    let (byte, tail) = rest.split_first()?;
    let word = words[*byte as usize];
    Some(if word.length() > 0 {
        Ok((word, 1))
    } else {
        escape(tail).map(|octet| (TWICE[octet as usize], 3)).ok_or(())
    })
}

impl Sink for Vec<u8> {
    #[inline]
    fn put(&mut self, bytes: &[u8]) {
        self.extend_from_slice(bytes);
    }

    fn put_words(&mut self, raw: &[u8], words: &Words) -> Result<(), MalformedEscape> {
        let mut at = 0;
        while let Some(next) = next_word(&raw[at..], words) {
            let (word, used) = next.map_err(|()| MalformedEscape { at })?;
            self.extend_from_slice(&word.octets()[..word.length()]);
            at += used;
        }
        Ok(())
    }

    fn put_each(&mut self, raw: &[u8], words: &Words) {
        for byte in raw {
            let word = words[*byte as usize];
            self.extend_from_slice(&word.octets()[..word.length()]);
        }
    }
}

/// A buffer of fixed size in place.
pub(crate) struct Buffer<const N: usize> {
    octets: [u8; N],
    used: usize,
}

impl<const N: usize> Buffer<N> {
    pub(crate) const EMPTY: Self = Self { octets: [0; N], used: 0 };

    #[inline]
    pub(crate) fn filled(&self) -> &[u8] {
        &self.octets[..self.used]
    }

    #[inline]
    pub(crate) const fn clear(&mut self) {
        self.used = 0;
    }

    /// Whether there was room.
    #[inline(always)]
    pub(crate) fn take(&mut self, bytes: &[u8]) -> bool {
        let Some(space) = self.octets.get_mut(self.used..self.used + bytes.len()) else {
            return false;
        };
        space.copy_from_slice(bytes);
        self.used += bytes.len();
        true
    }

    /// Like [`Buffer::take_words`], for a table that has a word for every octet.
    #[inline]
    pub(crate) fn take_each(&mut self, raw: &[u8], words: &Words) -> usize {
        let mut used = self.used;
        for (at, byte) in raw.iter().enumerate() {
            let Some(space) = self.octets.get_mut(used..used + 8) else {
                self.used = used;
                return at;
            };
            let word = words[*byte as usize];
            space.copy_from_slice(&word.octets());
            used += word.length();
        }
        self.used = used;
        raw.len()
    }

    /// Writes words until the text or the room ends, and returns how much of the text it wrote.
    /// Each word is written whole and the next one over what does not count of it.
    #[inline]
    pub(crate) fn take_words(
        &mut self,
        raw: &[u8],
        words: &Words,
    ) -> Result<usize, MalformedEscape> {
        let (mut at, mut used) = (0, self.used);
        while at < raw.len() {
            let mut word = words[raw[at] as usize];
            let mut length = 1;
            if word.is_empty() {
                let octet = escape(&raw[at + 1..]).ok_or(MalformedEscape { at })?;
                (word, length) = (TWICE[octet as usize], 3);
            }
            let Some(space) = self.octets.get_mut(used..used + 8) else { break };
            space.copy_from_slice(&word.octets());
            used += word.length();
            at += length;
        }
        self.used = used;
        Ok(at)
    }
}

/// Up to seven octets and, in the highest, how many they are.
#[derive(Clone, Copy)]
pub(crate) struct Word(u64);

impl Word {
    const fn new(text: &[u8]) -> Self {
        let mut octets = [0; 8];
        let mut at = 0;
        while at < text.len() {
            octets[at] = text[at];
            at += 1;
        }
        octets[7] = text.len() as u8;
        Self(u64::from_le_bytes(octets))
    }

    #[inline]
    pub(crate) const fn octets(self) -> [u8; 8] {
        self.0.to_le_bytes()
    }

    #[inline]
    const fn is_empty(self) -> bool {
        self.0 == 0
    }

    #[inline]
    pub(crate) const fn length(self) -> usize {
        (self.0 >> 56) as usize
    }
}

pub(crate) type Words = [Word; 256];

/// What an octet is in its section 3.6 encoding.
pub(crate) static ONCE: Words = table(false, None);
/// The same for a host, whose upper-case letters become lower-case.
pub(crate) static HOST: Words = {
    let mut words = table(false, None);
    let mut byte = b'A';
    while byte <= b'Z' {
        words[byte as usize] = Word::new(&[byte.to_ascii_lowercase()]);
        byte += 1;
    }
    words
};
/// The same for a path. What no URI holds, a space or an octet above 127, travels as an escape, so
/// that is what is encoded.
pub(crate) static PATH: Words = {
    let (mut words, twice) = (table(false, None), table(true, None));
    let mut byte = 0;
    while byte < 256 {
        if !(byte as u8).is_ascii_graphic() {
            words[byte] = twice[byte];
        }
        byte += 1;
    }
    words
};
/// What an octet is in the encoding of its encoding.
pub(crate) static TWICE: Words = table(true, None);
/// The same for text that is percent-encoded: `%` has no word, its escape is decoded first.
static PERCENT: Words = table(true, Some(b'+'));
/// The same for text that is form-encoded: `+` is a space.
static FORM: Words = table(true, Some(b' '));

const fn table(twice: bool, escaped: Option<u8>) -> Words {
    let mut words = [Word::new(b""); 256];
    let mut byte = 0;
    while byte < 256 {
        let octet = byte as u8;
        let (high, low) = (UPPER_HEX[byte >> 4], UPPER_HEX[byte & 15]);
        words[byte] = if is_unreserved(octet) {
            Word::new(&[octet])
        } else if twice {
            Word::new(&[b'%', b'2', b'5', high, low])
        } else {
            Word::new(&[b'%', high, low])
        };
        byte += 1;
    }
    if let Some(plus) = escaped {
        words[b'+' as usize] = words[plus as usize];
        words[b'%' as usize] = Word::new(b"");
    }
    words
}

/// How the octets of a [`Piece`] are to be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Coding {
    /// Unreserved characters only: every encoding leaves them as they are.
    Plain,
    /// Encoded exactly as section 3.6 would.
    Canonical,
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

    /// For header values: `+` is literal.
    #[inline]
    pub(crate) fn percent(raw: &'a [u8]) -> Result<Self, MalformedEscape> {
        Self::checked(raw, Coding::Percent)
    }

    /// For queries and form bodies: `+` is a space.
    #[inline]
    pub(crate) fn form(raw: &'a [u8]) -> Result<Self, MalformedEscape> {
        Self::checked(raw, Coding::Form)
    }

    /// For queries and form bodies whose escapes are looked at when they are written.
    #[inline]
    pub(crate) const fn unchecked_form(raw: &'a [u8]) -> Self {
        Self { raw, coding: Coding::Form }
    }

    #[inline]
    fn checked(raw: &'a [u8], otherwise: Coding) -> Result<Self, MalformedEscape> {
        if is_plain(raw) {
            return Ok(Self { raw, coding: Coding::Plain });
        }
        Self::checked_escapes(raw, otherwise)
    }

    fn checked_escapes(raw: &'a [u8], otherwise: Coding) -> Result<Self, MalformedEscape> {
        let mut coding = Coding::Canonical;
        let mut at = 0;
        while let Some(&byte) = raw.get(at) {
            if UNRESERVED[byte as usize] {
                at += 1;
            } else if byte == b'%' {
                let digits = &raw[at + 1..];
                let decoded = escape(digits).ok_or(MalformedEscape { at })?;
                if is_unreserved(decoded)
                    || digits[0].is_ascii_lowercase()
                    || digits[1].is_ascii_lowercase()
                {
                    coding = otherwise;
                }
                at += 3;
            } else {
                coding = otherwise;
                at += 1;
            }
        }
        Ok(Self { raw, coding })
    }

    /// The octets as they stood on the wire.
    pub(crate) const fn raw(&self) -> &'a [u8] {
        self.raw
    }

    /// The decoded octets; a malformed escape stays as it is.
    pub(crate) fn decoded(&self) -> Cow<'a, [u8]> {
        match self.coding {
            Coding::Literal | Coding::Plain => Ok(Cow::Borrowed(self.raw)),
            Coding::Canonical | Coding::Percent => percent_encoding::decode(self.raw),
            Coding::Form => percent_encoding::decode_form(self.raw),
        }
        .unwrap_or(Cow::Borrowed(self.raw))
    }

    /// Whether there are unreserved characters only.
    #[inline]
    pub(crate) fn is_plain(&self) -> bool {
        self.coding == Coding::Plain
    }

    /// Whether the decoded octets are printable ASCII.
    pub(crate) fn is_printable(&self) -> bool {
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
        let (mut rest, mut length) = (self.raw, 0);
        while let Some((octet, used)) = self.next_octet(rest) {
            *out.get_mut(length)? = octet;
            length += 1;
            rest = &rest[used..];
        }
        Some(&out[..length])
    }

    /// The first decoded octet and how many raw ones it took; a malformed escape stays as it is.
    #[inline]
    fn next_octet(&self, rest: &[u8]) -> Option<(u8, usize)> {
        let (byte, tail) = rest.split_first()?;
        Some(match (*byte, self.coding) {
            (b'%', Coding::Canonical | Coding::Percent | Coding::Form) => {
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
            || (!matches!(self.coding, Coding::Plain | Coding::Canonical)
                && self.raw.len() > name.len()
                && self.octets().eq(name.bytes()))
    }

    /// Whether the decoded octets start with `prefix`, which has unreserved characters only.
    #[inline]
    pub(crate) fn starts_with(&self, prefix: &str) -> bool {
        self.raw.starts_with(prefix.as_bytes())
            || (!matches!(self.coding, Coding::Plain | Coding::Canonical)
                && self.raw.contains(&b'%')
                && self.octets().take(prefix.len()).eq(prefix.bytes()))
    }

    /// Orders by the encoded form (section 3.4.1.3.2, 2).
    #[inline]
    pub(crate) fn cmp_encoded(&self, other: &Self) -> Ordering {
        let encoded = |piece: &Self| matches!(piece.coding, Coding::Plain | Coding::Canonical);
        if encoded(self) && encoded(other) {
            return self.raw.cmp(other.raw);
        }
        // Unreserved octets are their own encoding, so the first that differ decide.
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
    #[inline]
    pub(crate) fn write_twice<S: Sink>(&self, out: &mut S) -> Result<(), MalformedEscape> {
        match self.coding {
            Coding::Plain => out.put(self.raw),
            // All that is to be escaped in it is '%'.
            Coding::Canonical => out.put_each(self.raw, &ONCE),
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

/// Whether there are unreserved characters only.
///
/// Sixteen octets are looked at together, in a way that compilers turn into vector instructions.
#[inline]
pub(crate) fn is_plain(octets: &[u8]) -> bool {
    let (chunks, tail) = octets.as_chunks::<16>();
    if !chunks.iter().all(is_plain_chunk) {
        return false;
    }
    match (octets.last_chunk::<16>(), tail.first_chunk::<8>(), tail.last_chunk::<8>()) {
        _ if tail.is_empty() => true,
        (Some(last), ..) => is_plain_chunk(last),
        (None, Some(first), Some(last)) => is_plain_chunk(first) & is_plain_chunk(last),
        _ => tail.iter().all(|b| UNRESERVED[*b as usize]),
    }
}

#[inline]
fn is_plain_chunk<const N: usize>(chunk: &[u8; N]) -> bool {
    let mut reserved = 0;
    for byte in chunk {
        let letter = (byte | 0x20).wrapping_sub(b'a') < 26;
        let digit = byte.wrapping_sub(b'0') < 10;
        let mark = (*byte == b'-') | (*byte == b'.') | (*byte == b'_') | (*byte == b'~');
        reserved |= u8::from(!(letter | digit | mark));
    }
    reserved == 0
}

static UNRESERVED: [bool; 256] = {
    let mut table = [false; 256];
    let mut byte = 0;
    while byte < 256 {
        table[byte] = is_unreserved(byte as u8);
        byte += 1;
    }
    table
};

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
    fn plain_is_what_has_unreserved_octets_only() {
        for length in [0, 1, 15, 16, 17, 31, 32, 40] {
            let mut octets = alloc::vec![b'z'; length];
            assert!(is_plain(&octets));
            for at in 0..length {
                for byte in 0..=255 {
                    octets[at] = byte;
                    assert_eq!(
                        is_plain(&octets),
                        is_unreserved(byte),
                        "{byte} at {at} of {length}"
                    );
                }
                octets[at] = b'~';
            }
        }
    }

    #[test]
    fn names_match_however_they_are_spelt() {
        for spelling in ["oauth_nonce", "oauth%5Fnonce", "o%61uth_nonce", "oauth%5fnonce"] {
            let spelling = spelling.as_bytes();
            for name in [Piece::form(spelling).unwrap(), Piece::unchecked_form(spelling)] {
                assert!(name.is("oauth_nonce") && name.starts_with("oauth_"), "{name:?}");
            }
        }
        let longer = Piece::form(b"oauth%5Fnonce1").unwrap();
        assert!(!longer.is("oauth_nonce") && longer.starts_with("oauth_"));
        assert!(!Piece::form(b"oauth").unwrap().starts_with("oauth_"));
    }
}
