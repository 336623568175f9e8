//! How a journal is opened, and why it may refuse to be.

use std::{
    fs::TryLockError,
    io,
    path::{Path, PathBuf},
    sync::Arc,
};

use oauth1_core::Timestamp;

use super::{
    JournalNonceStore,
    committer::Committer,
    disk::{DirectoryLock, OsDirectory},
    engine::{Engine, Settings},
    machine::{BootIdentity, Elapsed, FileSystemKind, is_private, mirror_of},
    recovery::{HEADER, Place},
};
use crate::{
    clock::{Clock, SystemClock},
    policy::TimestampWindow,
};

/// What the answer to a request waits for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum JournalLevel {
    /// The nonce is in the kernel: it outlives the process. After a power loss, requests stamped up
    /// to the high-water mark are refused, which is some seconds.
    #[default]
    Process,
    /// The nonce is on stable storage: nothing is refused after a power loss. Each answer waits for
    /// a sync, which it shares with all others that wait.
    Power,
    /// The nonce is in this process, and nothing is written: after each start, requests are refused
    /// until the window's future has passed.
    Memory,
}

/// How a [`JournalNonceStore`] is opened.
#[must_use]
pub struct JournalNonceStoreBuilder {
    directory: PathBuf,
    mirror: Option<PathBuf>,
    owner: String,
    settings: Settings,
    level: JournalLevel,
    any_file_system: bool,
    clock: Arc<dyn Clock>,
}

impl JournalNonceStoreBuilder {
    pub(super) fn new(directory: PathBuf) -> Self {
        Self {
            directory,
            mirror: None,
            owner: String::new(),
            settings: Settings {
                window: TimestampWindow::default(),
                capacity: 1 << 22,
                quota: None,
                synced: false,
                first_start: false,
                snapshots: false,
                fence: 0,
                fence_on_step: false,
            },
            level: JournalLevel::default(),
            any_file_system: false,
            clock: Arc::new(SystemClock),
        }
    }

    /// The window of the verifier's policy, or a wider one. 300 seconds to both sides.
    pub const fn window(mut self, window: TimestampWindow) -> Self {
        self.settings.window = window;
        self
    }

    /// How many nonces are remembered at most; more are refused with 503. 4 194 304.
    pub const fn capacity(mut self, capacity: u64) -> Self {
        self.settings.capacity = capacity;
        self
    }

    /// How many nonces of one client are remembered at most; more are refused with 429. A quarter
    /// of the capacity. Counted from the start: the journal does not say whose nonces it holds.
    pub const fn quota(mut self, quota: u64) -> Self {
        self.settings.quota = Some(quota);
        self
    }

    /// What the answer to a request waits for. [`JournalLevel::Process`].
    pub const fn level(mut self, level: JournalLevel) -> Self {
        self.level = level;
        self
    }

    /// Says that this service has accepted nothing yet. An empty directory is then a beginning;
    /// otherwise it is a loss, and requests are refused until the window's future has passed.
    ///
    /// Deliberately not the default: a volume that was not mounted is an empty directory, too.
    pub const fn first_start(mut self, first: bool) -> Self {
        self.settings.first_start = first;
        self
    }

    /// Says that the disk may be set back to a snapshot while the machine is off, which looks like
    /// a power loss. Requests are then refused after each restart of the machine, at each level,
    /// until the window's future has passed. Off.
    pub const fn snapshots(mut self, snapshots: bool) -> Self {
        self.settings.snapshots = snapshots;
        self
    }

    /// Refuses, with 503, what is stamped at this time or before: after a restore that the journal
    /// cannot see, the time of the start plus the window's future.
    pub const fn fence(mut self, fence: Timestamp) -> Self {
        self.settings.fence = fence.seconds();
        self
    }

    /// Refuses everything for the window's future when the clock steps forward by more than 2
    /// seconds, which is what the restore of a running machine looks like from inside. Off: so does
    /// a clock that is set.
    pub const fn fence_on_clock_step(mut self, fence: bool) -> Self {
        self.settings.fence_on_step = fence;
        self
    }

    /// A directory in memory that outlives the process, under which this journal makes its mirror.
    /// `/dev/shm`, or else `/run`. In a container, one of the host saves a fence at each start.
    pub fn mirror(mut self, directory: impl Into<PathBuf>) -> Self {
        self.mirror = Some(directory.into());
        self
    }

    /// Names the credentials that the nonces were used with. After they were made anew, with the
    /// directory, what the mirror knows of those before is not missed: nothing signed with those is
    /// accepted any more.
    pub fn owner(mut self, owner: impl Into<String>) -> Self {
        self.owner = owner.into();
        self
    }

    /// Takes a file system that is not known to be local and to keep what was written when the
    /// process is killed.
    pub const fn any_file_system(mut self, any: bool) -> Self {
        self.any_file_system = any;
        self
    }

    /// The verifier's clock. The operating system's.
    pub fn clock(mut self, clock: impl Clock + 'static) -> Self {
        self.clock = Arc::new(clock);
        self
    }

    /// Opens the journal, and creates it if its directory is empty or missing.
    ///
    /// # Errors
    /// [`JournalError`] says why the server must not start.
    pub fn open(mut self) -> Result<JournalNonceStore, JournalError> {
        let width = self.settings.window.past.saturating_add(self.settings.window.future);
        if width > MAX_WINDOW {
            return Err(JournalError::Window);
        }
        self.settings.synced = self.level == JournalLevel::Power;
        let now = self.clock.now().ok_or(JournalError::Clock { behind: u64::MAX })?.seconds();
        let (place, lock) = match self.level {
            JournalLevel::Memory => (None, None),
            _ => {
                let (data, lock) = self.data()?;
                let place = Place {
                    mirror: self.place_of_mirror(),
                    data: Arc::new(data),
                    boot: BootIdentity::of_this_boot(),
                };
                (Some(place), Some(lock))
            }
        };
        let engine =
            Arc::new(Engine::open(place.as_ref(), Elapsed::since_boot(), self.settings, now)?);
        let committer = Committer::start(engine.clone(), self.clock)?;
        Ok(JournalNonceStore::start(engine, committer, lock, now))
    }

    /// The data directory, checked and locked.
    fn data(&self) -> Result<(OsDirectory, DirectoryLock), JournalError> {
        // The path may lead over a link; the directory at its end is what is locked.
        let path =
            std::fs::canonicalize(&self.directory).unwrap_or_else(|_| self.directory.clone());
        let data = OsDirectory::open(&path)?;
        let lock = match DirectoryLock::take(&data) {
            Ok(lock) => lock,
            Err(TryLockError::WouldBlock) => {
                return Err(JournalError::Locked(self.directory.clone()));
            }
            Err(TryLockError::Error(error)) => return Err(error.into()),
        };
        if !is_private(data.handle(), 0o022)? {
            return Err(JournalError::Permissions(self.directory.clone()));
        }
        match std::fs::File::open(self.directory.join(HEADER)) {
            Ok(header) if !is_private(&header, 0o077)? => {
                return Err(JournalError::Permissions(self.directory.join(HEADER)));
            }
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error.into()),
            _ => {}
        }
        match FileSystemKind::of(&self.directory)? {
            FileSystemKind::Other(kind) if !self.any_file_system => {
                Err(JournalError::FileSystem { directory: self.directory.clone(), kind })
            }
            _ => Ok((data, lock)),
        }
    }

    fn place_of_mirror(&self) -> Option<Arc<dyn super::disk::Directory>> {
        let mirror = match &self.mirror {
            Some(mirror) => mirror_of(&self.directory, &self.owner, &[mirror]),
            None => {
                mirror_of(&self.directory, &self.owner, &[Path::new("/dev/shm"), Path::new("/run")])
            }
        };
        if mirror.is_none() {
            tracing::warn!(
                "no directory in memory for the mirror of the nonce journal: each start is fenced"
            );
        }
        mirror
    }
}

impl std::fmt::Debug for JournalNonceStoreBuilder {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("JournalNonceStoreBuilder")
            .field("directory", &self.directory)
            .field("level", &self.level)
            .field("settings", &self.settings)
            .finish_non_exhaustive()
    }
}

/// Why the journal is not opened. The server must not start.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum JournalError {
    /// Another process has it open.
    #[error("{} is in use by another process: stop that one first", .0.display())]
    Locked(PathBuf),
    /// The file system may lose what was written when a process is killed, or lies on a network.
    #[error(
        "{} is on a file system (type {kind:#x}) that is not known to be local: move it to a local disk",
        .directory.display()
    )]
    FileSystem {
        /// The data directory.
        directory: PathBuf,
        /// What `statfs` says of it.
        kind: u64,
    },
    /// Others may write there, or read the key.
    #[error(
        "{} must belong to the user that runs the server, and be closed to all others: chmod 700 the directory, 600 the files",
        .0.display()
    )]
    Permissions(PathBuf),
    /// It was written by another version.
    #[error("the journal has version {0}, which this version does not know")]
    Version(u32),
    /// The clock was not set yet, or was set back.
    #[error(
        "the clock stands before the last write of the journal or before 2023: set the clock ({behind} s behind)"
    )]
    Clock {
        /// By how many seconds.
        behind: u64,
    },
    /// The window is wider than an hour, which would take too many files.
    #[error("the journal is made for windows of up to an hour, past and future together")]
    Window,
    /// The operating system gives no random bytes for the key.
    #[error("the operating system gives no random bytes")]
    NoRandomness,
    /// The disk failed.
    #[error("the journal cannot be read or written: {0}")]
    Io(#[from] io::Error),
}

const MAX_WINDOW: u64 = 3_600;
