//! Finding unreserved characters, RFC 5849 section 3.6: nearly all of what a request carries.

use crate::percent_encoding::is_unreserved;

/// Whether there are unreserved characters only.
///
/// Sixteen octets are looked at together, in a way that compilers turn into vector instructions.
#[inline]
pub(crate) fn is_plain(octets: &[u8]) -> bool {
    let (chunks, tail) = octets.as_chunks::<16>();
    if !chunks.iter().all(is_plain_chunk) {
        return false;
    }
    match octets.last_chunk() {
        _ if tail.is_empty() => true,
        Some(last) => is_plain_chunk(last),
        None => tail.iter().fold(true, |plain, b| plain & UNRESERVED[*b as usize]),
    }
}

/// How many unreserved characters there are at the start.
///
/// Branches find the end, not arithmetic on what was read: what follows need not wait for it.
#[inline(always)]
pub(crate) fn plain_length(octets: &[u8]) -> usize {
    let mut at = 0;
    while let Some(eight) = octets[at..].first_chunk::<8>()
        && eight.iter().fold(true, |plain, b| plain & UNRESERVED[*b as usize])
    {
        at += 8;
    }
    let tail = &octets[at..];
    at + tail.iter().position(|b| !UNRESERVED[*b as usize]).unwrap_or(tail.len())
}

#[inline]
fn is_plain_chunk(chunk: &[u8; 16]) -> bool {
    let mut reserved = 0;
    for byte in chunk {
        let letter = (byte | 0x20).wrapping_sub(b'a') < 26;
        let digit = byte.wrapping_sub(b'0') < 10;
        let mark = (*byte == b'-') | (*byte == b'.') | (*byte == b'_') | (*byte == b'~');
        reserved |= u8::from(!(letter | digit | mark));
    }
    reserved == 0
}

pub(crate) static UNRESERVED: [bool; 256] = {
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
    use super::*;

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
                    let plain = if is_unreserved(byte) { length } else { at };
                    assert_eq!(plain_length(&octets), plain, "{byte} at {at} of {length}");
                }
                octets[at] = b'~';
            }
        }
    }
}
