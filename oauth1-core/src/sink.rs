//! Where base strings are written to.

use alloc::vec::Vec;

use hmac::{Mac, digest::Output};

use crate::{
    parameters::Unwritable,
    percent_encoding::MalformedEscape,
    signature_base_string::WriteBaseString,
    words::{Words, write_words},
};

/// Where base string bytes go: a buffer, or straight into a MAC.
pub(crate) trait Sink {
    fn put(&mut self, bytes: &[u8]);

    /// Writes the first `length` octets; for copying, a size that is known is the faster one.
    #[inline(always)]
    fn put_padded(&mut self, bytes: &[u8; 32], length: usize) {
        self.put(&bytes[..length]);
    }

    /// Writes what the table has for each octet; an escape is decoded and then written as in
    /// [`TWICE`](crate::words::TWICE), where the table has no word for `%`.
    fn put_words(&mut self, raw: &[u8], words: &Words) -> Result<(), MalformedEscape>;

    /// Writes what the table has for each octet; it has one for every octet.
    #[inline(always)]
    fn put_each(&mut self, raw: &[u8], words: &Words) {
        let _ = self.put_words(raw, words);
    }
}

impl Sink for Vec<u8> {
    #[inline]
    fn put(&mut self, bytes: &[u8]) {
        self.extend_from_slice(bytes);
    }

    fn put_words(&mut self, raw: &[u8], words: &Words) -> Result<(), MalformedEscape> {
        let (mut block, mut at) = ([0; 256], 0);
        while at < raw.len() {
            let (read, written) = write_words(&mut block, &raw[at..], words);
            self.extend_from_slice(&block[..written]);
            at += read;
            if at < raw.len() && block.len() - written >= 8 {
                return Err(MalformedEscape { at });
            }
        }
        Ok(())
    }
}

/// The MAC of what `mac` has absorbed already, followed by the base string or the rest of it.
#[inline(always)]
pub(crate) fn mac_of<M: Mac + Clone, W: WriteBaseString>(
    mac: &M,
    base_string: &W,
) -> Result<Output<M>, Unwritable> {
    let mut octets = [0; ROOM];
    let mut line = Line { octets: &mut octets, used: 0 };
    base_string.write(&mut line)?;
    match line.filled() {
        Some(text) => {
            let mut mac = mac.clone();
            mac.update(text);
            Ok(mac.finalize().into_bytes())
        }
        None => long_mac_of(mac.clone(), base_string),
    }
}

/// Nearly every base string fits into a [`Line`]: what does not is written again.
#[cold]
#[inline(never)]
fn long_mac_of<M: Mac, W: WriteBaseString>(
    mac: M,
    base_string: &W,
) -> Result<Output<M>, Unwritable> {
    let mut staged = Staged { mac, octets: [0; 512], used: 0 };
    base_string.write(&mut staged)?;
    staged.flush();
    Ok(staged.mac.finalize().into_bytes())
}

/// Memory of a fixed size. What does not fit is not written, nor is anything after it.
///
/// Nothing takes this by reference once it is inlined, so that its place stays in a register.
struct Line<'o> {
    octets: &'o mut [u8; ROOM],
    /// More than there is, once it is full.
    used: usize,
}

impl<'o> Line<'o> {
    #[inline(always)]
    fn filled(self) -> Option<&'o [u8]> {
        self.octets.get(..self.used)
    }
}

impl Sink for Line<'_> {
    #[inline(always)]
    fn put(&mut self, bytes: &[u8]) {
        let room = self.octets.get_mut(self.used..).and_then(|room| room.get_mut(..bytes.len()));
        self.used = match room {
            Some(room) => {
                room.copy_from_slice(bytes);
                self.used + bytes.len()
            }
            None => FULL,
        };
    }

    #[inline(always)]
    fn put_padded(&mut self, bytes: &[u8; 32], length: usize) {
        let room = self.octets.get_mut(self.used..).and_then(<[u8]>::first_chunk_mut::<32>);
        match room {
            Some(room) => {
                *room = *bytes;
                self.used += length;
            }
            None => self.put(&bytes[..length]),
        }
    }

    #[inline(always)]
    fn put_words(&mut self, raw: &[u8], words: &Words) -> Result<(), MalformedEscape> {
        let Some(room) = self.octets.get_mut(self.used..) else { return Ok(()) };
        let (read, written) = write_words(room, raw, words);
        self.used += written;
        if read == raw.len() {
            return Ok(());
        }
        // An escape that is met when it is full is looked at when everything is written again.
        if self.used + 8 > self.octets.len() {
            self.used = FULL;
            return Ok(());
        }
        Err(MalformedEscape { at: read })
    }
}

const ROOM: usize = 768;
const FULL: usize = ROOM + 1;

/// Gathers what a base string writes into blocks that are worth a call of the hash function.
struct Staged<M> {
    mac: M,
    octets: [u8; 512],
    used: usize,
}

impl<M: Mac> Staged<M> {
    fn flush(&mut self) {
        self.mac.update(&self.octets[..self.used]);
        self.used = 0;
    }
}

impl<M: Mac> Sink for Staged<M> {
    fn put(&mut self, bytes: &[u8]) {
        if bytes.len() > self.octets.len() - self.used {
            self.flush();
        }
        match self.octets.get_mut(self.used..self.used + bytes.len()) {
            Some(space) => {
                space.copy_from_slice(bytes);
                self.used += bytes.len();
            }
            None => self.mac.update(bytes),
        }
    }

    fn put_words(&mut self, raw: &[u8], words: &Words) -> Result<(), MalformedEscape> {
        let mut at = 0;
        loop {
            let (read, written) = write_words(&mut self.octets[self.used..], &raw[at..], words);
            self.used += written;
            at += read;
            if at == raw.len() {
                return Ok(());
            }
            // It stops for one of two reasons.
            if self.octets.len() - self.used >= 8 {
                return Err(MalformedEscape { at });
            }
            self.flush();
        }
    }
}

#[cfg(test)]
mod tests {
    use hmac::{Hmac, KeyInit};
    use sha1::Sha1;

    use super::*;
    use crate::{
        encoded::{Coding, Piece},
        parameters::Source,
    };

    struct Written<'a>(usize, &'a [u8]);

    impl WriteBaseString for Written<'_> {
        fn write<S: Sink>(&self, out: &mut S) -> Result<(), Unwritable> {
            out.put(&[b'a'; ROOM + 9][..self.0]);
            let written = Piece::read_as(self.1, Coding::Form).write_twice(out);
            out.put(b"%26");
            written.map_err(|error| Unwritable { source: Source::Query, error })
        }
    }

    #[test]
    fn a_mac_is_the_same_whether_the_base_string_fits_or_not() {
        let key = Hmac::<Sha1>::new_from_slice(b"key").unwrap();
        for text in [&b""[..], b"plain-text", b"a%20b+c!%2b%7e\xff", &[b'!'; 400], &[b'x'; 2000]] {
            for before in (0..64).chain(ROOM - 64..ROOM + 9) {
                let (written, mut whole) = (Written(before, text), Vec::new());
                written.write(&mut whole).unwrap();
                let expected = key.clone().chain_update(&whole).finalize().into_bytes();
                assert_eq!(mac_of(&key, &written).unwrap(), expected, "{before} {text:?}");
            }
        }
    }

    #[test]
    fn a_malformed_escape_is_found_wherever_it_stands() {
        let key = Hmac::<Sha1>::new_from_slice(b"key").unwrap();
        for (text, at) in [(&b"%"[..], 0), (b"abcd%2", 4), (b"ab%20%2G", 5), (b"abcdefg%zz", 7)] {
            for before in (0..64).chain(ROOM - 64..ROOM + 9) {
                let error = mac_of(&key, &Written(before, text)).unwrap_err().error;
                assert_eq!(error, MalformedEscape { at }, "{before} {text:?}");
            }
        }
    }
}
