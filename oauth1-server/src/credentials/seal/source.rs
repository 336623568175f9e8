//! Where master keys come from, and how their file is kept.

use std::{
    fs::{self, File, OpenOptions},
    io::{self, Read, Write},
    path::{Path, PathBuf},
    sync::{Arc, Mutex, PoisonError, RwLock},
    time::{Duration, Instant},
};

use zeroize::Zeroizing;

use super::{MasterKeys, Place, SealError, Sealed};

/// Where the master keys are. `Debug` never shows one.
#[derive(Clone)]
pub enum MasterKeySource {
    /// `master.key` in the data directory, made on the first start.
    DataDirectory,
    /// A file that only the user of the process may read.
    File(PathBuf),
    /// A credential of systemd (`LoadCredential=master_key:…`), which systemd guards.
    SystemdCredential(PathBuf),
    /// The text itself, as an environment variable has it.
    Text(Zeroizing<String>),
}

impl MasterKeySource {
    /// What is configured: the text, else the file, else `master_key` in systemd's
    /// `$CREDENTIALS_DIRECTORY`, else the data directory.
    #[must_use]
    pub fn configured(text: Option<Zeroizing<String>>, file: Option<PathBuf>) -> Self {
        let systemd = || {
            let directory = std::env::var_os("CREDENTIALS_DIRECTORY")?;
            Some(Path::new(&directory).join("master_key")).filter(|file| file.exists())
        };
        match (text, file) {
            (Some(text), _) => Self::Text(text),
            (None, Some(file)) => Self::File(file),
            (None, None) => systemd().map_or(Self::DataDirectory, Self::SystemdCredential),
        }
    }
}

impl std::fmt::Debug for MasterKeySource {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::DataDirectory => f.write_str("DataDirectory"),
            Self::File(path) => f.debug_tuple("File").field(path).finish(),
            Self::SystemdCredential(path) => {
                f.debug_tuple("SystemdCredential").field(path).finish()
            }
            Self::Text(_) => f.write_str("Text([redacted])"),
        }
    }
}

impl MasterKeys {
    /// Reads a file that only the user of this process may read.
    ///
    /// # Errors
    /// [`SealError`].
    pub fn from_file(path: &Path) -> Result<Self, SealError> {
        KeyFile { path: path.into(), guarded_by_systemd: false }.read()
    }
}

/// The master keys of a process. Reads their file again when it meets a key that it does not know,
/// so that servers go on while `rekey` runs beside them.
#[derive(Debug)]
pub struct Keyring {
    file: Option<KeyFile>,
    keys: RwLock<Arc<MasterKeys>>,
    /// When the file was last read because a key was not known.
    read_at: Mutex<Option<Instant>>,
}

#[derive(Clone, Debug)]
pub(crate) struct KeyFile {
    pub(crate) path: PathBuf,
    guarded_by_systemd: bool,
}

impl Keyring {
    /// Reads the master keys; `None` if there is no file yet where the first start makes one.
    ///
    /// # Errors
    /// [`SealError`].
    pub fn read(source: &MasterKeySource, data_dir: &Path) -> Result<Option<Self>, SealError> {
        let file = match source {
            MasterKeySource::Text(text) => {
                return Ok(Some(Self::new(MasterKeys::parse(text)?, None)));
            }
            MasterKeySource::DataDirectory => {
                KeyFile { path: data_dir.join(FILE_NAME), guarded_by_systemd: false }
            }
            MasterKeySource::File(path) => {
                KeyFile { path: path.clone(), guarded_by_systemd: false }
            }
            MasterKeySource::SystemdCredential(path) => {
                KeyFile { path: path.clone(), guarded_by_systemd: true }
            }
        };
        match file.read() {
            Err(SealError::File { error, .. })
                if error.kind() == io::ErrorKind::NotFound
                    && matches!(source, MasterKeySource::DataDirectory) =>
            {
                Ok(None)
            }
            keys => Ok(Some(Self::new(keys?, Some(file)))),
        }
    }

    /// Makes the file of the embedded default, with one new key.
    ///
    /// # Errors
    /// [`SealError`]. If another process makes it at the same time, its key is read.
    pub fn create(data_dir: &Path) -> Result<Self, SealError> {
        let file = KeyFile { path: data_dir.join(FILE_NAME), guarded_by_systemd: false };
        match file.write(&MasterKeys::random()?, Existing::Kept) {
            Err(SealError::File { error, .. }) if error.kind() == io::ErrorKind::AlreadyExists => {}
            written => written?,
        }
        Ok(Self::new(file.read()?, Some(file)))
    }

    fn new(keys: MasterKeys, file: Option<KeyFile>) -> Self {
        Self { file, keys: RwLock::new(Arc::new(keys)), read_at: Mutex::new(None) }
    }

    /// The keys as they were last read.
    #[must_use]
    pub fn keys(&self) -> Arc<MasterKeys> {
        self.keys.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// The file, if `rekey` may write it.
    pub(crate) fn writable_file(&self) -> Option<&KeyFile> {
        self.file.as_ref().filter(|file| !file.guarded_by_systemd)
    }

    /// Takes the keys that are in the file now.
    pub(crate) fn reload(&self) -> Result<(), SealError> {
        let Some(file) = &self.file else { return Ok(()) };
        let keys = Arc::new(file.read()?);
        *self.keys.write().unwrap_or_else(PoisonError::into_inner) = keys;
        Ok(())
    }

    /// Opens a sealed secret; reads the file again if its key is not known.
    pub(crate) fn open(
        &self,
        place: Place<'_>,
        key_id: &str,
        sealed: &[u8],
    ) -> Result<Zeroizing<Vec<u8>>, SealError> {
        match self.keys().open(place, key_id, sealed) {
            Err(SealError::UnknownKey(_)) => {
                self.reload_once_in_a_while()?;
                self.keys().open(place, key_id, sealed)
            }
            opened => opened,
        }
    }

    /// Seals with the key of an id; reads the file again if the key is not known.
    pub(crate) fn seal(
        &self,
        key_id: &str,
        place: Place<'_>,
        secret: &[u8],
    ) -> Result<Sealed, SealError> {
        match self.keys().seal(key_id, place, secret) {
            Err(SealError::UnknownKey(_)) => {
                self.reload_once_in_a_while()?;
                self.keys().seal(key_id, place, secret)
            }
            sealed => sealed,
        }
    }

    /// Not for each of many requests whose key is gone. Who comes while another reads waits for it.
    fn reload_once_in_a_while(&self) -> Result<(), SealError> {
        let mut read_at = self.read_at.lock().unwrap_or_else(PoisonError::into_inner);
        if read_at.is_some_and(|at| at.elapsed() < RELOAD_PAUSE) {
            return Ok(());
        }
        let result = self.reload();
        *read_at = Some(Instant::now());
        result
    }
}

/// What happens to a file that is there already.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Existing {
    Kept,
    Replaced,
}

impl KeyFile {
    fn error(&self, what: &'static str, error: io::Error) -> SealError {
        SealError::File { what, path: self.path.display().to_string().into(), error }
    }

    pub(crate) fn read(&self) -> Result<MasterKeys, SealError> {
        let failed = |error| self.error("cannot read the master key from", error);
        let mut file = File::open(&self.path).map_err(failed)?;
        // The open file is looked at, so that it cannot be exchanged in between.
        self.check(&file.metadata().map_err(failed)?)?;
        let mut text = Zeroizing::new(vec![0; LONGEST + 1]);
        let mut length = 0;
        loop {
            match file.read(&mut text[length..]).map_err(failed)? {
                0 => break,
                read => length += read,
            }
        }
        if length > LONGEST {
            return Err(failed(io::Error::other("it is longer than 64 KiB")));
        }
        let text = std::str::from_utf8(&text[..length]);
        MasterKeys::parse(text.map_err(|_| SealError::Malformed { line: 1 })?)
    }

    #[cfg(unix)]
    fn check(&self, metadata: &fs::Metadata) -> Result<(), SealError> {
        use std::os::unix::fs::MetadataExt;
        let exposed = |what, fix| {
            Err(SealError::Exposed { path: self.path.display().to_string().into(), what, fix })
        };
        // systemd gives its files to root and opens them to the service by an access list, which
        // shows as a right of the group.
        let others = if self.guarded_by_systemd { 0o007 } else { 0o077 };
        if metadata.mode() & others != 0 {
            return exposed("holds a master key and is open to other users", "chmod 600");
        }
        if !self.guarded_by_systemd && metadata.uid() != rustix::process::geteuid().as_raw() {
            return exposed(
                "holds a master key and belongs to another user than this process",
                "chown \"$(id -un)\"",
            );
        }
        Ok(())
    }

    #[cfg(not(unix))]
    fn check(&self, _metadata: &fs::Metadata) -> Result<(), SealError> {
        Ok(())
    }

    /// Writes the whole file or nothing, whenever the machine stops.
    pub(crate) fn write(&self, keys: &MasterKeys, existing: Existing) -> Result<(), SealError> {
        let failed = |error| self.error("cannot write the master key to", error);
        let new = self.path.with_extension(format!("new-{}", std::process::id()));
        let _ = fs::remove_file(&new);
        let written = self.write_new(&new, keys).and_then(|()| match existing {
            // Unlike a rename, a link fails if there is a file.
            Existing::Kept => fs::hard_link(&new, &self.path),
            Existing::Replaced => fs::rename(&new, &self.path),
        });
        let _ = fs::remove_file(&new);
        written.map_err(failed)?;
        sync_directory(self.path.parent()).map_err(failed)
    }

    fn write_new(&self, path: &Path, keys: &MasterKeys) -> io::Result<()> {
        let mut options = OpenOptions::new();
        options.write(true).create_new(true);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        let mut file = options.open(path)?;
        file.write_all(keys.to_text().as_bytes())?;
        file.sync_all()
    }
}

fn sync_directory(path: Option<&Path>) -> io::Result<()> {
    let path = path.filter(|path| !path.as_os_str().is_empty()).unwrap_or(Path::new("."));
    if cfg!(unix) { File::open(path)?.sync_all() } else { Ok(()) }
}

const FILE_NAME: &str = "master.key";
const LONGEST: usize = 64 * 1024;
const RELOAD_PAUSE: Duration = Duration::from_millis(200);
