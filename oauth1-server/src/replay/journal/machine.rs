//! The machine: which boot this is, how long it runs, what lies under a directory.

use std::{fmt, fs, io, num::NonZeroU128, os::unix::fs::MetadataExt, path::Path, sync::Arc};

use rustix::{fs::statfs, process::geteuid};

use super::disk::{Directory, OsDirectory};

/// The identity of one boot; a machine that does not tell it is treated as started anew.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct BootIdentity(NonZeroU128);

impl BootIdentity {
    pub(super) const fn new(id: u128) -> Option<Self> {
        match NonZeroU128::new(id) {
            Some(id) => Some(Self(id)),
            None => None,
        }
    }

    pub(super) const fn get(self) -> u128 {
        self.0.get()
    }

    /// What the kernel says; it makes a random one at each start.
    pub(super) fn of_this_boot() -> Option<Self> {
        let text = fs::read_to_string("/proc/sys/kernel/random/boot_id").ok()?;
        let digits: String = text.trim().split('-').collect();
        (digits.len() == 32)
            .then(|| u128::from_str_radix(&digits, 16).ok())
            .flatten()
            .and_then(Self::new)
    }
}

/// Seconds that have passed, whatever was done to the clock; `None` if the machine does not tell.
#[derive(Clone)]
pub(super) struct Elapsed(Arc<dyn Fn() -> Option<u64> + Send + Sync>);

impl Elapsed {
    pub(super) fn new(seconds: impl Fn() -> Option<u64> + Send + Sync + 'static) -> Self {
        Self(Arc::new(seconds))
    }

    /// Since the machine was started, time in suspend included.
    pub(super) fn since_boot() -> Self {
        #[cfg(target_os = "linux")]
        return Self::new(|| {
            let time = rustix::time::clock_gettime(rustix::time::ClockId::Boottime);
            u64::try_from(time.tv_sec).ok()
        });
        #[cfg(not(target_os = "linux"))]
        Self::new(|| None)
    }

    pub(super) fn seconds(&self) -> Option<u64> {
        (self.0)()
    }
}

impl fmt::Debug for Elapsed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Elapsed").field(&self.seconds()).finish()
    }
}

/// What lies under a directory.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum FileSystemKind {
    /// In memory: gone after a restart of the machine.
    Memory,
    /// A disk of this machine.
    Local,
    /// A network, a process, or something else that does not keep the kernel's promises.
    Other(u64),
}

impl FileSystemKind {
    pub(super) fn of(path: &Path) -> io::Result<Self> {
        #[allow(clippy::unnecessary_cast, reason = "its type differs between systems")]
        let kind = statfs(path)?.f_type as u64 & 0xFFFF_FFFF;
        Ok(match kind {
            0x0102_1994 => Self::Memory,
            // ext2/3/4, xfs, btrfs, zfs, f2fs, bcachefs, overlayfs.
            0xEF53 | 0x5846_5342 | 0x9123_683E | 0x2FC1_2FC1 | 0xF2F5_2010 | 0xCA45_1A4E
            | 0x794C_7630 => Self::Local,
            other => Self::Other(other),
        })
    }
}

/// Whether the file is this user's, and has none of these permission bits.
pub(super) fn is_private(file: &fs::File, forbidden: u32) -> io::Result<bool> {
    let metadata = file.metadata()?;
    Ok(metadata.uid() == geteuid().as_raw() && metadata.mode() & forbidden == 0)
}

/// A directory in memory that belongs to this data directory, if the machine has a place for one:
/// it is not rolled back with the disk, and it is gone after a restart of the machine.
pub(super) fn mirror_of(data: &Path, owner: &str, places: &[&Path]) -> Option<Arc<dyn Directory>> {
    let path = fs::canonicalize(data).ok()?;
    // Not a secret: a name that differs between data directories and owners.
    let name = [path.as_os_str().as_encoded_bytes(), b"\0", owner.as_bytes()].concat();
    let hash = siphasher::sip128::SipHasher24::new().hash(&name).as_u128();
    places.iter().find_map(|place| {
        if FileSystemKind::of(place).ok()? != FileSystemKind::Memory {
            return None;
        }
        let directory =
            OsDirectory::open(&place.join(format!("oauth1-journal-{hash:032x}"))).ok()?;
        // Somebody else's directory of that name is not believed.
        let private = is_private(directory.handle(), 0o077).ok()?;
        private.then(|| Arc::new(directory) as Arc<dyn Directory>)
    })
}
