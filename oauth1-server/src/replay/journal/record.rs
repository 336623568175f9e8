//! The 32 octets of one used nonce: tag 16 · timestamp 8 · CRC-32C 4 · mark 4.
//!
//! A slot file is nothing but records, and 32 divides a page, so a process that is killed leaves
//! whole records.

use crate::replay::slots::SLOT_SECONDS;

/// A use as it is written down.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Record {
    pub(super) tag: u128,
    pub(super) timestamp: u64,
    /// Whether all records before this one were on stable storage when it was written.
    pub(super) after_sync: bool,
}

impl Record {
    pub(super) fn encode(self) -> [u8; RECORD] {
        let mut octets = [0; RECORD];
        octets[..16].copy_from_slice(&self.tag.to_le_bytes());
        octets[16..24].copy_from_slice(&self.timestamp.to_le_bytes());
        octets[28..].copy_from_slice(if self.after_sync { &AFTER_SYNC } else { &PLAIN });
        let crc = crc_of(&octets);
        octets[24..28].copy_from_slice(&crc.to_le_bytes());
        octets
    }

    fn decode(octets: &[u8; RECORD]) -> Option<Self> {
        let after_sync = octets[28..] == AFTER_SYNC;
        if !after_sync && octets[28..] != PLAIN || octets[24..28] != crc_of(octets).to_le_bytes() {
            return None;
        }
        let (tag, rest) = octets.split_first_chunk()?;
        let timestamp = u64::from_le_bytes(*rest.first_chunk()?);
        Some(Self { tag: u128::from_le_bytes(*tag), timestamp, after_sync })
    }
}

/// What a slot file holds.
#[derive(Debug, Default)]
pub(super) struct SlotContent {
    pub(super) records: Vec<Record>,
    /// How many whole records the file has room for, good or bad.
    pub(super) whole: u64,
    /// Octets after the last whole record: a write that was not finished.
    pub(super) tail: usize,
    /// Where the first bad record stands, if there is one.
    pub(super) first_bad: Option<u64>,
    /// Whether a record is bad that was on stable storage before later ones were written.
    pub(super) bad_after_sync: bool,
}

impl SlotContent {
    pub(super) fn read(slot: u64, octets: &[u8]) -> Self {
        let (chunks, tail) = octets.as_chunks::<RECORD>();
        let mut content = Self {
            records: Vec::with_capacity(chunks.len()),
            whole: chunks.len() as u64,
            tail: tail.len(),
            ..Self::default()
        };
        for (index, chunk) in chunks.iter().enumerate() {
            match Record::decode(chunk) {
                Some(record) if record.timestamp / SLOT_SECONDS == slot => {
                    content.bad_after_sync |= record.after_sync && content.first_bad.is_some();
                    content.records.push(record);
                }
                _ => content.first_bad = content.first_bad.or(Some(index as u64)),
            }
        }
        content
    }
}

fn crc_of(octets: &[u8; RECORD]) -> u32 {
    crc32c(crc32c(0, &octets[..24]), &octets[28..])
}

/// CRC-32C (Castagnoli), continued from an earlier one.
pub(super) fn crc32c(crc: u32, octets: &[u8]) -> u32 {
    !octets.iter().fold(!crc, |crc, octet| CRC_TABLE[usize::from(crc as u8 ^ octet)] ^ (crc >> 8))
}

pub(super) const RECORD: usize = 32;
const PLAIN: [u8; 4] = *b"oj1.";
const AFTER_SYNC: [u8; 4] = *b"oj1s";

const CRC_TABLE: [u32; 256] = {
    let mut table = [0; 256];
    let mut index = 0;
    while index < 256 {
        let mut crc = index as u32;
        let mut bit = 0;
        while bit < 8 {
            crc = (crc >> 1) ^ (0x82F6_3B78 * (crc & 1));
            bit += 1;
        }
        table[index] = crc;
        index += 1;
    }
    table
};

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_checksum_is_crc_32c() {
        assert_eq!(crc32c(0, b"123456789"), 0xE306_9283);
        assert_eq!(crc32c(crc32c(0, b"1234"), b"56789"), 0xE306_9283);
    }

    #[test]
    fn no_flipped_bit_passes() {
        let record = Record { tag: 7 << 90, timestamp: 1_700_000_000, after_sync: false };
        let octets = record.encode();
        assert_eq!(Record::decode(&octets), Some(record));
        for bit in 0..RECORD * 8 {
            let mut flipped = octets;
            flipped[bit / 8] ^= 1 << (bit % 8);
            assert_eq!(Record::decode(&flipped), None, "bit {bit}");
        }
    }

    #[test]
    fn a_record_of_another_slot_is_bad() {
        let octets = Record { tag: 1, timestamp: 160, after_sync: true }.encode();
        assert_eq!(SlotContent::read(10, &octets).first_bad, None);
        assert_eq!(SlotContent::read(11, &octets).first_bad, Some(0));
    }
}
