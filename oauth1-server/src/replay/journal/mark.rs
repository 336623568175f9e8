//! The durable high-water mark: no accepted timestamp lies above it.
//!
//! Two pages are written in turns, so that a write that is torn leaves the one before it. A page
//! that was not written for sure is written again, and the other one is left alone.

use std::{io, sync::Arc};

use super::{
    disk::{Directory, File, FileIdentity, Mode},
    machine::BootIdentity,
    record::crc32c,
};

/// What is known after a power loss.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Mark {
    /// Grows with each write.
    pub(super) sequence: u64,
    /// No accepted timestamp is later.
    pub(super) high_water: u64,
    /// No slot before this one is taken again.
    pub(super) floor: u64,
    /// What is stamped at this time or before is refused.
    pub(super) fence: u64,
    /// How far accepted timestamps may have lain in the future.
    pub(super) future: u64,
    /// The time of the write.
    pub(super) written: u64,
    /// The boot of the machine that wrote it.
    pub(super) boot: Option<BootIdentity>,
    /// The header file that it was written beside.
    pub(super) header: FileIdentity,
    /// Whether all that was accepted is on stable storage.
    pub(super) all_synced: bool,
}

impl Mark {
    fn encode(&self) -> [u8; PAGE] {
        let boot = self.boot.map_or(0, BootIdentity::get);
        let numbers = [
            self.sequence,
            self.high_water,
            self.floor,
            self.fence,
            self.future,
            self.written,
            boot as u64,
            (boot >> 64) as u64,
            self.header.device,
            self.header.inode,
            u64::from(self.all_synced),
        ];
        let mut page = [0; PAGE];
        page[..8].copy_from_slice(&MAGIC);
        for (place, number) in page[8..].chunks_exact_mut(8).zip(numbers) {
            place.copy_from_slice(&number.to_le_bytes());
        }
        let crc = crc32c(0, &page[..PAGE - 4]);
        page[PAGE - 4..].copy_from_slice(&crc.to_le_bytes());
        page
    }

    fn decode(page: &[u8]) -> Option<Self> {
        let (content, crc) = page.get(..PAGE)?.split_last_chunk()?;
        if crc32c(0, content) != u32::from_le_bytes(*crc) || !content.starts_with(&MAGIC) {
            return None;
        }
        let mut numbers = content[8..].as_chunks().0.iter().map(|n| u64::from_le_bytes(*n));
        let mut next = || numbers.next().unwrap_or_default();
        Some(Self {
            sequence: next(),
            high_water: next(),
            floor: next(),
            fence: next(),
            future: next(),
            written: next(),
            boot: BootIdentity::new(u128::from(next()) | u128::from(next()) << 64),
            header: FileIdentity { device: next(), inode: next() },
            all_synced: next() == 1,
        })
    }
}

/// What was found of a mark.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum FoundMark {
    Missing,
    /// A page cannot be read: the other one may be older than what was promised.
    Damaged(Mark),
    Intact(Mark),
}

impl FoundMark {
    pub(super) fn read(directory: &dyn Directory) -> io::Result<Self> {
        let Some(octets) = directory.read(NAME)? else { return Ok(Self::Missing) };
        let page = |at: usize| octets.get(at..).and_then(Mark::decode);
        let (first, second) = (page(0), page(OFFSET as usize));
        Ok(match (first, second) {
            (Some(a), Some(b)) => Self::Intact(if a.sequence > b.sequence { a } else { b }),
            (a, b) => Self::Damaged(a.or(b).unwrap_or_default()),
        })
    }

    /// What may be believed at least.
    pub(super) fn known(self) -> Mark {
        match self {
            Self::Missing => Mark::default(),
            Self::Damaged(mark) | Self::Intact(mark) => mark,
        }
    }
}

/// The two pages on stable storage.
#[derive(Debug)]
pub(super) struct MarkFile {
    file: Arc<dyn File>,
    current: Mark,
}

impl MarkFile {
    /// Writes both pages anew, with a sequence above that of `mark`.
    pub(super) fn create(directory: &dyn Directory, mark: Mark) -> io::Result<Self> {
        let file = directory.open(NAME, Mode::Overwrite)?;
        let mut this = Self { file, current: mark };
        // One after the other, so that one of them is whole at any time.
        this.write(mark)?;
        this.write(mark)?;
        directory.sync()?;
        Ok(this)
    }

    pub(super) const fn current(&self) -> &Mark {
        &self.current
    }

    /// Puts a mark on stable storage, with the next sequence.
    pub(super) fn write(&mut self, mark: Mark) -> io::Result<()> {
        let mark = Mark { sequence: self.current.sequence + 1, ..mark };
        self.file.write_at(&mark.encode(), mark.sequence % 2 * OFFSET)?;
        self.file.sync()?;
        self.current = mark;
        Ok(())
    }
}

/// Reads the copy of the mark in the mirror, which has one page.
pub(super) fn read_copy(mirror: &dyn Directory) -> io::Result<Option<Mark>> {
    Ok(mirror.read(NAME)?.as_deref().and_then(Mark::decode))
}

/// Writes the copy of the mark into the mirror.
pub(super) fn write_copy(mirror: &dyn Directory, mark: &Mark) -> io::Result<()> {
    mirror.open(NAME, Mode::Overwrite)?.write_at(&mark.encode(), 0)
}

pub(super) const NAME: &str = "mark";
const MAGIC: [u8; 8] = *b"oa1mark\x01";
/// Less than a sector, which disks write whole or not at all.
const PAGE: usize = 128;
const OFFSET: u64 = 4096;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mark_is_read_as_it_was_written_and_no_flipped_bit_passes() {
        let mark = Mark {
            sequence: 1,
            high_water: 2,
            floor: 3,
            fence: 4,
            future: 5,
            written: 6,
            boot: BootIdentity::new(7 << 70 | 8),
            header: FileIdentity { device: 9, inode: 10 },
            all_synced: true,
        };
        let page = mark.encode();
        assert_eq!(Mark::decode(&page), Some(mark));
        assert_eq!(Mark::decode(&page[..PAGE - 1]), None);
        for bit in 0..PAGE * 8 {
            let mut flipped = page;
            flipped[bit / 8] ^= 1 << (bit % 8);
            assert_eq!(Mark::decode(&flipped), None, "bit {bit}");
        }
    }
}
