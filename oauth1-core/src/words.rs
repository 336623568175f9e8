//! What each octet becomes in the base string, as tables of machine words.
//!
//! Writing decides nothing per octet but whether it starts an escape.

use crate::percent_encoding::{UPPER_HEX, escape, is_unreserved};

/// Writes what the table has for each octet, until the text or the room ends or an escape is
/// malformed, and returns how much of the text was written and how much room that took.
///
/// Each word is written whole and the next one over what does not count of it, so a text fits if
/// eight octets are left for its last word. An octet without a word starts an escape, which is
/// decoded and then written as in [`TWICE`].
#[inline(never)]
pub(crate) fn write_words(out: &mut [u8], raw: &[u8], words: &Words) -> (usize, usize) {
    let (mut at, mut used) = (0, 0);
    // Four at a time, for then the room is looked at once.
    while let Some(four) = raw[at..].first_chunk::<4>()
        && let Some(space) = out.get_mut(used..).and_then(<[u8]>::first_chunk_mut::<32>)
    {
        let (mut read, mut written) = write_four(space, *four, words);
        if read < 4 {
            let Some(octet) = escape(&raw[at + read + 1..]) else {
                return (at + read, used + written);
            };
            let word = TWICE[octet as usize];
            space[written..written + 8].copy_from_slice(&word.octets());
            written += word.length();
            read += 3;
        }
        at += read;
        used += written;
    }
    while let Some((byte, tail)) = raw[at..].split_first()
        && let Some(space) = out.get_mut(used..).and_then(<[u8]>::first_chunk_mut::<8>)
    {
        let mut word = words[*byte as usize];
        if word.is_empty() {
            let Some(octet) = escape(tail) else { break };
            word = TWICE[octet as usize];
            at += 2;
        }
        at += 1;
        *space = word.octets();
        used += word.length();
    }
    (at, used)
}

/// Up to the first octet that has no word.
#[inline(always)]
fn write_four(space: &mut [u8; 32], four: [u8; 4], words: &Words) -> (usize, usize) {
    let [a, b, c, d] = four.map(|byte| words[byte as usize]);
    if a.0 & b.0 & c.0 & d.0 & SAME != 0 {
        space[..4].copy_from_slice(&four);
        return (4, 4);
    }
    let mut used = 0;
    let mut write = |word: Word| {
        space[used..used + 8].copy_from_slice(&word.octets());
        used += word.length();
        !word.is_empty()
    };
    let read = if !write(a) {
        0
    } else if !write(b) {
        1
    } else if !write(c) {
        2
    } else if !write(d) {
        3
    } else {
        4
    };
    (read, used)
}

/// Up to seven octets and, in the three highest bits, how many they are.
#[derive(Clone, Copy)]
pub(crate) struct Word(u64);

impl Word {
    pub(crate) const fn new(text: &[u8]) -> Self {
        let mut octets = [0; 8];
        let mut at = 0;
        while at < text.len() {
            octets[at] = text[at];
            at += 1;
        }
        octets[7] = (text.len() as u8) << 5;
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
        (self.0 >> 61) as usize
    }
}

/// Set in the word of an octet that stays as it is.
const SAME: u64 = 1 << 56;

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
pub(crate) static PERCENT: Words = table(true, Some(b'+'));
/// The same for text that is form-encoded: `+` is a space.
pub(crate) static FORM: Words = table(true, Some(b' '));

const fn table(twice: bool, escaped: Option<u8>) -> Words {
    let mut words = [Word::new(b""); 256];
    let mut byte = 0;
    while byte < 256 {
        let octet = byte as u8;
        let (high, low) = (UPPER_HEX[byte >> 4], UPPER_HEX[byte & 15]);
        words[byte] = if is_unreserved(octet) {
            Word(Word::new(&[octet]).0 | SAME)
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
