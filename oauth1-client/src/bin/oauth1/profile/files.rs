//! The two files that profiles are in: `config.toml`, and `credentials.toml` with the secrets.
//!
//! Nobody else may read them: the directory has mode 0700, the files 0600, and what is open to
//! others is refused. A file is replaced whole, by a rename, so a crash leaves the old one or the
//! new one.

use std::{
    env,
    fs::{self, DirBuilder, File, OpenOptions},
    io::{self, Read, Write},
    path::{Path, PathBuf},
};

use zeroize::Zeroizing;

use crate::{failure::Failure, shell::quote};

/// Where the files are.
#[derive(Clone, Debug)]
pub(crate) struct Directory(PathBuf);

impl Directory {
    /// `OAUTH1_CONFIG_DIR`, `$XDG_CONFIG_HOME/oauth1` or `$HOME/.config/oauth1`.
    pub(crate) fn find() -> Option<Self> {
        let set = |name| env::var_os(name).filter(|value| !value.is_empty()).map(PathBuf::from);
        if let Some(path) = set("OAUTH1_CONFIG_DIR") {
            return Some(Self(path));
        }
        // The XDG specification says that a path from anywhere but the root is to be ignored.
        let base = set("XDG_CONFIG_HOME").filter(|path| path.is_absolute());
        let base = base.or_else(|| set("HOME").map(|home| home.join(".config")));
        base.or_else(|| set("APPDATA").filter(|_| cfg!(windows)))
            .map(|base| Self(base.join("oauth1")))
    }

    /// Like [`Directory::find`], for who cannot go on without.
    pub(crate) fn needed() -> Result<Self, Failure> {
        Self::find().ok_or_else(|| {
            Failure::config("there is no place for profiles", "set HOME or OAUTH1_CONFIG_DIR")
        })
    }

    pub(crate) fn path(&self) -> &Path {
        &self.0
    }

    /// The text of a file; `None` if it is not there. Refuses files and directories that are open
    /// to others.
    pub(crate) fn read(&self, name: &str) -> Result<Option<Zeroizing<String>>, Failure> {
        match fs::metadata(&self.0) {
            Ok(found) => check(&self.0, &found, 0o700)?,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(unusable(&self.0, &error)),
        }
        let path = self.0.join(name);
        let mut file = match File::open(&path) {
            Ok(file) => file,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(unusable(&path, &error)),
        };
        let mut text = Zeroizing::new(String::new());
        // Looked at once it is open: another file could stand in its place a moment later.
        let found = file.metadata().map_err(|error| unusable(&path, &error))?;
        check(&path, &found, 0o600)?;
        // All at once, so that no copy stays behind where the buffer grew.
        text.reserve(usize::try_from(found.len()).unwrap_or_default().saturating_add(1));
        file.read_to_string(&mut text).map_err(|error| unusable(&path, &error))?;
        Ok(Some(text))
    }

    /// Makes the directory, and waits until nobody else changes what is in it.
    pub(crate) fn lock(&self) -> Result<File, Failure> {
        let mut builder = DirBuilder::new();
        builder.recursive(true);
        #[cfg(unix)]
        std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
        builder.create(&self.0).map_err(|error| unusable(&self.0, &error))?;
        let found = fs::metadata(&self.0).map_err(|error| unusable(&self.0, &error))?;
        check(&self.0, &found, 0o700)?;
        let path = self.0.join("lock");
        let mut options = private();
        let file = options.create(true).open(&path).map_err(|error| unusable(&path, &error))?;
        file.lock().map_err(|error| unusable(&path, &error))?;
        Ok(file)
    }

    /// Replaces a file; whoever calls holds the lock.
    pub(crate) fn write(&self, name: &str, text: &str) -> Result<(), Failure> {
        let path = self.0.join(name);
        if fs::symlink_metadata(&path).is_ok_and(|found| found.file_type().is_symlink()) {
            let quoted = quote(&path.to_string_lossy());
            return Err(Failure::config(
                format!("{quoted} is a symbolic link, and is not written through"),
                format!("put the file itself there, or remove the link: rm {quoted}"),
            ));
        }
        let new = self.0.join(format!("{name}.new"));
        // What a crash left behind; with the lock held, it is nobody's.
        let _ = fs::remove_file(&new);
        let written = (|| {
            let mut file = private().create_new(true).open(&new)?;
            file.write_all(text.as_bytes())?;
            file.sync_all()?;
            fs::rename(&new, &path)?;
            File::open(&self.0)?.sync_all()
        })();
        written.map_err(|error| {
            let _ = fs::remove_file(&new);
            unusable(&path, &error)
        })
    }
}

/// For files that nobody else reads.
fn private() -> OpenOptions {
    let mut options = OpenOptions::new();
    options.write(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options
}

#[cfg(unix)]
fn check(path: &Path, found: &fs::Metadata, mode: u32) -> Result<(), Failure> {
    use std::os::unix::fs::MetadataExt;
    if found.mode() & 0o077 == 0 {
        return Ok(());
    }
    let (quoted, octal) = (quote(&path.to_string_lossy()), found.mode() & 0o7777);
    Err(Failure::config(
        format!("{quoted} is open to other users of this computer: its mode is {octal:04o}"),
        format!("chmod {mode:o} {quoted}; if somebody may have read it, get new secrets"),
    ))
}

/// Elsewhere, access is inherited from the directory of the user.
#[cfg(not(unix))]
#[allow(clippy::unnecessary_wraps)]
const fn check(_: &Path, _: &fs::Metadata, _: u32) -> Result<(), Failure> {
    Ok(())
}

fn unusable(path: &Path, error: &io::Error) -> Failure {
    let quoted = quote(&path.to_string_lossy());
    let reason = if error.kind() == io::ErrorKind::InvalidData {
        "it is not UTF-8".into()
    } else {
        error.kind().to_string()
    };
    Failure::config(
        format!("{quoted} cannot be used: {reason}"),
        "check who owns it and what is there, or set OAUTH1_CONFIG_DIR to another directory",
    )
}
