//! What the journal asks of a file system, and the real one.
//!
//! The trait is small so that a simulated one can lose what was not synced, tear writes and fail
//! each operation in turn.

use std::{
    fmt,
    fs::{self, TryLockError},
    io::{self, Write},
    os::unix::fs::{DirBuilderExt, FileExt, MetadataExt, OpenOptionsExt},
    path::{Path, PathBuf},
    sync::Arc,
};

use rustix::fs::OFlags;

/// One flat directory.
pub(super) trait Directory: fmt::Debug + Send + Sync {
    /// The names of all files in it.
    fn names(&self) -> io::Result<Vec<String>>;
    /// The content of a file; `None` if there is none.
    fn read(&self, name: &str) -> io::Result<Option<Vec<u8>>>;
    /// Opens a file for writing, and creates it if it is missing.
    fn open(&self, name: &str, mode: Mode) -> io::Result<Arc<dyn File>>;
    /// Removes a file; one that is missing is removed already.
    fn remove(&self, name: &str) -> io::Result<()>;
    /// Puts the names on stable storage.
    fn sync(&self) -> io::Result<()>;
}

/// One open file.
pub(super) trait File: fmt::Debug + Send + Sync {
    /// Appends by one write, and says how many octets it took.
    fn append(&self, octets: &[u8]) -> io::Result<usize>;
    /// Overwrites.
    fn write_at(&self, octets: &[u8], offset: u64) -> io::Result<()>;
    /// Cuts the file off.
    fn truncate(&self, len: u64) -> io::Result<()>;
    /// Puts the content on stable storage.
    fn sync(&self) -> io::Result<()>;
    /// What tells this file from a copy of it.
    fn identity(&self) -> io::Result<FileIdentity>;
}

/// How a file is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Mode {
    Append,
    Overwrite,
}

/// `st_dev` and `st_ino`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct FileIdentity {
    pub(super) device: u64,
    pub(super) inode: u64,
}

/// A directory of the operating system.
#[derive(Debug)]
pub(super) struct OsDirectory {
    path: PathBuf,
    handle: fs::File,
}

impl OsDirectory {
    /// Opens a directory, and creates it, for its owner alone, if it is missing.
    pub(super) fn open(path: &Path) -> io::Result<Self> {
        match fs::DirBuilder::new().mode(0o700).create(path) {
            Err(error) if error.kind() != io::ErrorKind::AlreadyExists => return Err(error),
            _ => {}
        }
        let flags = (OFlags::DIRECTORY | OFlags::NOFOLLOW).bits().cast_signed();
        let handle = fs::OpenOptions::new().read(true).custom_flags(flags).open(path)?;
        Ok(Self { path: path.to_owned(), handle })
    }

    /// The directory itself, for its lock and its metadata.
    pub(super) const fn handle(&self) -> &fs::File {
        &self.handle
    }
}

/// Keeps other processes out of a directory. It stands on the directory itself: the files in it may
/// be replaced.
#[derive(Debug)]
pub(super) struct DirectoryLock(fs::File);

impl DirectoryLock {
    pub(super) fn take(directory: &OsDirectory) -> Result<Self, TryLockError> {
        let handle = directory.handle.try_clone().map_err(TryLockError::Error)?;
        handle.try_lock()?;
        Ok(Self(handle))
    }
}

/// Closing is not enough: a process that is being started has a copy of the handle until it runs
/// its program, and the lock would stay until then.
impl Drop for DirectoryLock {
    fn drop(&mut self) {
        let _ = self.0.unlock();
    }
}

impl Directory for OsDirectory {
    fn names(&self) -> io::Result<Vec<String>> {
        let names = fs::read_dir(&self.path)?;
        // What is not UTF-8 is none of our names.
        names.filter_map(|e| e.map(|e| e.file_name().into_string().ok()).transpose()).collect()
    }

    fn read(&self, name: &str) -> io::Result<Option<Vec<u8>>> {
        match fs::read(self.path.join(name)) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            read => read.map(Some),
        }
    }

    fn open(&self, name: &str, mode: Mode) -> io::Result<Arc<dyn File>> {
        let mut options = fs::OpenOptions::new();
        options.create(true).mode(0o600).custom_flags(OFlags::NOFOLLOW.bits().cast_signed());
        match mode {
            Mode::Append => options.append(true),
            Mode::Overwrite => options.write(true),
        };
        Ok(Arc::new(OsFile(options.open(self.path.join(name))?)))
    }

    fn remove(&self, name: &str) -> io::Result<()> {
        match fs::remove_file(self.path.join(name)) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
            _ => Ok(()),
        }
    }

    fn sync(&self) -> io::Result<()> {
        self.handle.sync_all()
    }
}

#[derive(Debug)]
struct OsFile(fs::File);

impl File for OsFile {
    fn append(&self, octets: &[u8]) -> io::Result<usize> {
        loop {
            match (&self.0).write(octets) {
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                written => return written,
            }
        }
    }

    fn write_at(&self, octets: &[u8], offset: u64) -> io::Result<()> {
        self.0.write_all_at(octets, offset)
    }

    fn truncate(&self, len: u64) -> io::Result<()> {
        self.0.set_len(len)
    }

    fn sync(&self) -> io::Result<()> {
        self.0.sync_data()
    }

    fn identity(&self) -> io::Result<FileIdentity> {
        let metadata = self.0.metadata()?;
        Ok(FileIdentity { device: metadata.dev(), inode: metadata.ino() })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_are_made_written_and_removed() {
        let path = std::env::temp_dir().join(format!("oauth1-journal-{}", std::process::id()));
        let directory = OsDirectory::open(&path).unwrap();
        assert_eq!(directory.read("a").unwrap(), None);
        let (a, b) = (directory.open("a", Mode::Append), directory.open("b", Mode::Overwrite));
        let (a, b) = (a.unwrap(), b.unwrap());
        assert_eq!(a.append(b"abc").unwrap(), 3);
        let again = directory.open("a", Mode::Append).unwrap();
        assert_eq!(again.append(b"def").unwrap(), 3);
        assert_eq!(a.append(b"g").unwrap(), 1);
        a.truncate(5).unwrap();
        a.sync().unwrap();
        b.write_at(b"xy", 3).unwrap();
        directory.sync().unwrap();
        assert_eq!(directory.read("a").unwrap().unwrap(), b"abcde");
        assert_eq!(directory.read("b").unwrap().unwrap(), b"\0\0\0xy");
        assert_eq!(a.identity().unwrap(), again.identity().unwrap());
        assert_ne!(a.identity().unwrap(), b.identity().unwrap());
        let mut names = directory.names().unwrap();
        names.sort();
        assert_eq!(names, ["a", "b"]);
        for name in ["a", "b", "b"] {
            directory.remove(name).unwrap();
        }
        assert_eq!(OsDirectory::open(&path).unwrap().names().unwrap().len(), 0);
        fs::remove_dir(&path).unwrap();
    }

    #[test]
    fn a_link_is_not_followed() {
        let path = std::env::temp_dir().join(format!("oauth1-journal-link-{}", std::process::id()));
        std::os::unix::fs::symlink(std::env::temp_dir(), &path).unwrap();
        let opened = OsDirectory::open(&path);
        fs::remove_file(&path).unwrap();
        assert!(opened.is_err());
    }

    #[test]
    fn a_lock_ends_with_its_owner_whoever_else_has_the_handle() {
        let name = format!("oauth1-journal-lock-{}", std::process::id());
        let path = std::env::temp_dir().join(name);
        let take = || DirectoryLock::take(&OsDirectory::open(&path).unwrap());
        let lock = take().unwrap();
        assert!(matches!(take(), Err(TryLockError::WouldBlock)));
        // As a process has that is being started.
        let _copy = lock.0.try_clone().unwrap();
        drop(lock);
        drop(take().unwrap());
        fs::remove_dir(&path).unwrap();
    }
}
