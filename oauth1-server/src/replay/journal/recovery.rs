//! The start: what was left is read, judged and made good.

use std::{collections::BTreeMap, io, sync::Arc};

use rand::{TryRng, rngs::SysRng};
use zeroize::Zeroizing;

use super::{
    FenceReason, JournalError,
    disk::{Directory, FileIdentity, Mode},
    fence::Evidence,
    machine::BootIdentity,
    mark::{FoundMark, Mark, MarkFile},
    mirror::Mirror,
    record::{RECORD, SlotContent, crc32c},
    slot_files::{SlotFiles, name, slot_of},
    steps::TOLERANCE,
};

/// Where a journal lives.
#[derive(Clone, Debug)]
pub(super) struct Place {
    pub(super) data: Arc<dyn Directory>,
    pub(super) mirror: Option<Arc<dyn Directory>>,
    pub(super) boot: Option<BootIdentity>,
}

/// What the start is told.
#[derive(Clone, Copy, Debug)]
pub(super) struct Terms {
    pub(super) now: u64,
    pub(super) future: u64,
    pub(super) first_start: bool,
    pub(super) snapshots: bool,
    /// Whether everything is synced before it is acknowledged.
    pub(super) synced: bool,
    /// A fence from outside, or 0.
    pub(super) fence: u64,
}

/// A journal that was made good.
#[derive(Debug)]
pub(super) struct Recovered {
    pub(super) key: Zeroizing<[u8; 16]>,
    pub(super) mark: MarkFile,
    pub(super) files: SlotFiles,
    pub(super) mirror: Arc<Mirror>,
    pub(super) reason: Option<FenceReason>,
    /// The latest timestamp of a record.
    pub(super) highest: u64,
}

/// Opens a journal. `load` is given the slot and the tag of each record that still counts.
///
/// The order is what makes a crash at any point harmless: the fence is on stable storage before
/// anything that it replaces is cut off or removed.
pub(super) fn open(
    place: &Place,
    terms: Terms,
    mut load: impl FnMut(u64, u128),
) -> Result<Recovered, JournalError> {
    let data = &*place.data;
    let key = read_header(data)?;
    let found = FoundMark::read(data)?;
    let mirror = Arc::new(Mirror::new(place.mirror.clone()));
    let (copy, counts) =
        mirror.read().or_else(|error| mirror.check(Err(error)).map(|()| (None, Vec::new())))?;
    let copy = copy.filter(|copy| copy.boot.is_some() && copy.boot == place.boot);
    check_clock(terms.now, &found.known(), copy.as_ref())?;
    let floor = found.known().floor;

    let slots = Slots::read(data, floor, key.is_some(), &mut load)?;
    let missing = |(slot, count): &(u64, u64)| {
        *slot >= floor && slots.contents.get(slot).map_or(0, |content| content.whole) < *count
    };
    let identity = match &key {
        Some(_) => data.open(HEADER, Mode::Append)?.identity()?,
        None => FileIdentity::default(),
    };
    let evidence = Evidence {
        now: terms.now,
        future: terms.future,
        first_start: terms.first_start,
        snapshots: terms.snapshots,
        boot: place.boot,
        header: identity,
        header_made: key.is_none(),
        mark: found,
        mirror: copy,
        has_records: !slots.contents.is_empty() || !slots.expired.is_empty(),
        highest: slots.highest,
        records_missing: copy.is_some() && counts.iter().any(missing),
        records_damaged: slots.contents.values().any(|content| content.first_bad.is_some()),
        synced_damaged: slots.contents.values().any(|content| content.bad_after_sync),
    };
    let (mut fence, mut reason) = evidence.fence();
    if terms.fence > fence {
        (fence, reason) = (terms.fence, Some(FenceReason::Configured));
    }

    let known = found.known();
    let copied = copy.unwrap_or_default();
    let mut mark = Mark {
        sequence: known.sequence.max(copied.sequence),
        high_water: known.high_water.max(copied.high_water).max(slots.highest),
        floor: floor.max(copied.floor),
        fence,
        // As wide as it ever was: a timestamp that was accepted then may still lie ahead.
        future: terms.future.max(known.future).max(copied.future),
        written: terms.now,
        boot: place.boot,
        header: identity,
        all_synced: terms.synced && known.all_synced,
    };
    let mut file = MarkFile::create(data, mark)?;

    let key = match key {
        Some(key) => key,
        None => {
            slots.contents.keys().try_for_each(|slot| data.remove(&name(*slot)))?;
            let (key, identity) = make_header(data)?;
            mark.header = identity;
            key
        }
    };
    slots.expired.iter().try_for_each(|file| data.remove(file))?;
    let files = SlotFiles::new(place.data.clone(), mirror.clone());
    if evidence.header_made {
        mirror.keep(|_| false)?;
    } else {
        for (slot, content) in &slots.contents {
            let records = repair(data, *slot, content, known.all_synced)?;
            files.adopt(*slot, records, terms.synced)?;
        }
        mirror.keep(|slot| slots.contents.contains_key(&slot))?;
    }
    mark.all_synced = terms.synced;
    if mark != (Mark { sequence: mark.sequence, ..*file.current() }) {
        file.write(mark)?;
    }
    mirror.write(file.current())?;
    Ok(Recovered { key, mark: file, files, mirror, reason, highest: slots.highest })
}

/// A clock that was not set yet would make every fence too early.
fn check_clock(now: u64, mark: &Mark, copy: Option<&Mark>) -> Result<(), JournalError> {
    let last = mark.written.max(copy.map_or(0, |copy| copy.written)).max(EARLIEST);
    if now.saturating_add(TOLERANCE) < last {
        return Err(JournalError::Clock { behind: last - now });
    }
    Ok(())
}

/// The slot files that were left.
#[derive(Debug, Default)]
struct Slots {
    contents: BTreeMap<u64, SlotContent>,
    expired: Vec<String>,
    highest: u64,
}

impl Slots {
    fn read(
        data: &dyn Directory,
        floor: u64,
        counts: bool,
        load: &mut impl FnMut(u64, u128),
    ) -> io::Result<Self> {
        let mut this = Self::default();
        for file in data.names()? {
            let Some(slot) = slot_of(&file) else { continue };
            if slot < floor {
                this.expired.push(file);
                continue;
            }
            let octets = data.read(&file)?.unwrap_or_default();
            let mut content = SlotContent::read(slot, &octets);
            for record in &content.records {
                this.highest = this.highest.max(record.timestamp);
                if counts {
                    load(slot, record.tag);
                }
            }
            // Only the records of a file that must be written again are kept.
            if content.first_bad.is_none() {
                content.records = Vec::new();
            }
            this.contents.insert(slot, content);
        }
        Ok(this)
    }
}

/// Leaves nothing but good records in a file, and says how many. What is lost by a crash meanwhile
/// is behind the fence; without a fence, only what nobody was told of is cut off.
fn repair(data: &dyn Directory, slot: u64, content: &SlotContent, torn: bool) -> io::Result<u64> {
    let Some(first_bad) = content.first_bad else {
        if content.tail > 0 {
            let file = data.open(&name(slot), Mode::Append)?;
            file.truncate(content.whole * RECORD as u64)?;
        }
        return Ok(content.whole);
    };
    let file = data.open(&name(slot), Mode::Append)?;
    if torn && !content.bad_after_sync {
        file.truncate(first_bad * RECORD as u64)?;
        return Ok(first_bad);
    }
    file.truncate(0)?;
    let records: Vec<_> = content.records.iter().flat_map(|record| record.encode()).collect();
    match file.append(&records)? {
        written if written == records.len() => Ok(content.records.len() as u64),
        _ => Err(io::ErrorKind::StorageFull.into()),
    }
}

/// The key in the header; `None` if there is no header that can be read.
fn read_header(data: &dyn Directory) -> Result<Option<Zeroizing<[u8; 16]>>, JournalError> {
    let Some(octets) = data.read(HEADER)?.map(Zeroizing::new) else { return Ok(None) };
    let Some((content, crc)) = octets.split_last_chunk() else { return Ok(None) };
    if crc32c(0, content) != u32::from_le_bytes(*crc) || !content.starts_with(&MAGIC) {
        return Ok(None);
    }
    let Some((version, key)) = content[MAGIC.len()..].split_first_chunk() else { return Ok(None) };
    match (u32::from_le_bytes(*version), <[u8; 16]>::try_from(key)) {
        (VERSION, Ok(key)) => Ok(Some(Zeroizing::new(key))),
        (VERSION, Err(_)) => Ok(None),
        (version, _) => Err(JournalError::Version(version)),
    }
}

fn make_header(data: &dyn Directory) -> Result<(Zeroizing<[u8; 16]>, FileIdentity), JournalError> {
    let mut key = Zeroizing::new([0; 16]);
    SysRng.try_fill_bytes(&mut *key).map_err(|_| JournalError::NoRandomness)?;
    let mut octets = Zeroizing::new(Vec::with_capacity(32));
    octets.extend(MAGIC);
    octets.extend(VERSION.to_le_bytes());
    octets.extend(*key);
    let crc = crc32c(0, &octets);
    octets.extend(crc.to_le_bytes());
    data.remove(HEADER)?;
    let file = data.open(HEADER, Mode::Append)?;
    if file.append(&octets)? != octets.len() {
        return Err(io::Error::from(io::ErrorKind::StorageFull).into());
    }
    file.sync()?;
    data.sync()?;
    Ok((key, file.identity()?))
}

pub(super) const HEADER: &str = "journal";
const MAGIC: [u8; 8] = *b"oa1jrnl\n";
const VERSION: u32 = 1;
/// 2023: a clock that stands before this was not set.
const EARLIEST: u64 = 1_672_531_200;
