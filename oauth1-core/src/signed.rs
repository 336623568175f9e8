//! A signature on its way into a request: Base64 (RFC 5849 section 3.4.2), then percent-encoded
//! (section 3.6), both in one pass.

use alloc::vec::Vec;

use crate::{
    sink::Sink,
    words::{ONCE, Word},
};

/// What a key made of a base string.
#[derive(Clone, Copy)]
pub(crate) enum Signed<'a> {
    /// Sent in Base64.
    Octets(&'a [u8]),
    /// Sent as it is.
    Text(&'a str),
}

impl Signed<'_> {
    /// How long it can become.
    #[inline]
    pub(crate) const fn room(self) -> usize {
        match self {
            Self::Octets(octets) => octets.len().div_ceil(3) * 4 * 3,
            Self::Text(text) => text.len() * 3,
        }
    }

    /// Appends it as it is transmitted.
    #[inline]
    pub(crate) fn write_once(self, out: &mut Vec<u8>) {
        match self {
            Self::Octets(octets) => put_base64(out, octets),
            Self::Text(text) => out.put_each(text.as_bytes(), &ONCE),
        }
    }
}

#[inline]
fn put_base64(out: &mut Vec<u8>, octets: &[u8]) {
    let mut used = out.len();
    out.resize(used + Signed::Octets(octets).room() + 32, 0);
    let (threes, rest) = octets.as_chunks::<3>();
    for three in threes {
        used += put_four(&mut out[used..], *three).iter().sum::<usize>();
    }
    let padding: &[u8] = match rest {
        [a, b] => {
            used += put_four(&mut out[used..], [*a, *b, 0])[..3].iter().sum::<usize>();
            b"%3D"
        }
        [a] => {
            used += put_four(&mut out[used..], [*a, 0, 0])[..2].iter().sum::<usize>();
            b"%3D%3D"
        }
        _ => b"",
    };
    out.truncate(used);
    out.put(padding);
}

/// Writes four digits and returns the length of each. Each word is written whole, the next one
/// over what does not count of it.
#[inline(always)]
fn put_four(out: &mut [u8], [a, b, c]: [u8; 3]) -> [usize; 4] {
    let bits = u32::from_be_bytes([0, a, b, c]);
    let words = [18, 12, 6, 0].map(|shift| ENCODED[(bits >> shift & 63) as usize]);
    if let Some(space) = out.first_chunk_mut::<32>() {
        let mut used = 0;
        for word in words {
            space[used..used + 8].copy_from_slice(&word.octets());
            used += word.length();
        }
    }
    words.map(Word::length)
}

/// What the digits of Base64 are in their section 3.6 encoding.
static ENCODED: [Word; 64] = {
    let digits = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut words = [Word::new(b""); 64];
    let mut digit = 0;
    while digit < 64 {
        words[digit] = ONCE[digits[digit] as usize];
        digit += 1;
    }
    words
};

#[cfg(test)]
mod tests {
    use base64::{Engine, prelude::BASE64_STANDARD};

    use super::*;
    use crate::percent_encoding::encode;

    #[test]
    fn octets_are_written_as_base64_and_then_encoded() {
        let octets: Vec<u8> = (0..=255).rev().collect();
        for (from, to) in (0..256).flat_map(|from| (from..256).map(move |to| (from, to))) {
            let (octets, mut out) = (&octets[from..to], Vec::new());
            Signed::Octets(octets).write_once(&mut out);
            assert_eq!(out, encode(&BASE64_STANDARD.encode(octets)).as_bytes());
            assert!(out.len() <= Signed::Octets(octets).room());
        }
    }
}
