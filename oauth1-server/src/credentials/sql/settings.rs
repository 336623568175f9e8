//! Where the credentials are, and why they could not be opened.

use std::{path::PathBuf, str::FromStr};

use zeroize::Zeroizing;

use super::super::{
    cache::CacheSettings,
    seal::{MasterKeySource, SealError},
};

/// What [`open_credentials`](super::open_credentials) needs to know.
#[derive(Clone, Debug)]
pub struct StoreSettings {
    /// Holds `credentials.sqlite3` and `master.key` unless others are named.
    pub data_dir: PathBuf,
    /// The database; `None` for SQLite in the data directory, made on the first start.
    pub database: Option<DatabaseUrl>,
    /// Where the master key is.
    pub master_key: MasterKeySource,
    /// How many connections there may be at most.
    pub max_connections: u32,
    /// The cache in front.
    pub cache: CacheSettings,
}

impl StoreSettings {
    /// SQLite in a data directory, with its own master key.
    #[must_use]
    pub fn embedded(data_dir: impl Into<PathBuf>) -> Self {
        Self {
            data_dir: data_dir.into(),
            database: None,
            master_key: MasterKeySource::DataDirectory,
            max_connections: DEFAULT_CONNECTIONS,
            cache: CacheSettings::default(),
        }
    }
}

/// `sqlite:PATH` or `postgresql://USER:PASSWORD@HOST/DATABASE`. `Debug` shows the kind only.
#[derive(Clone, PartialEq, Eq)]
pub struct DatabaseUrl(pub(super) Zeroizing<String>);

impl DatabaseUrl {
    pub(super) fn is_sqlite(&self) -> bool {
        self.0.starts_with("sqlite:")
    }
}

impl FromStr for DatabaseUrl {
    type Err = OpenError;

    fn from_str(url: &str) -> Result<Self, OpenError> {
        const SCHEMES: [&str; 3] = ["sqlite:", "postgres://", "postgresql://"];
        if SCHEMES.iter().any(|scheme| url.starts_with(scheme)) {
            Ok(Self(Zeroizing::new(url.to_owned())))
        } else {
            Err(OpenError::Url)
        }
    }
}

impl std::fmt::Debug for DatabaseUrl {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(if self.is_sqlite() { "sqlite:…" } else { "postgresql://…" })
    }
}

/// Why the credentials could not be opened. Each says what to do.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum OpenError {
    /// Not the URL of a database that we know.
    #[error(
        "the database URL must be sqlite:PATH or postgresql://USER:PASSWORD@HOST/DATABASE; leave it out for SQLite in the data directory"
    )]
    Url,
    /// This program was built without that database.
    #[error("this program was built without {0}; build it with the cargo feature {0}")]
    Unsupported(&'static str),
    /// A file or directory could not be made or read.
    #[error("{what} {path}: {error}")]
    File {
        /// What was tried.
        what: &'static str,
        /// The file or directory.
        path: Box<str>,
        /// Why it failed.
        error: std::io::Error,
    },
    /// The database did not let us in, or did not answer.
    #[error("the database of credentials cannot be used: {0}")]
    Database(#[from] sqlx::Error),
    /// A migration failed; nothing of it is left in the database.
    #[error("the tables could not be made or changed: {0}")]
    Migration(#[from] sqlx::migrate::MigrateError),
    /// There are no tables.
    #[error("the database has no tables of oauth1-server yet; run: oauth1-server migrate")]
    SchemaAbsent,
    /// The tables are older than this program.
    #[error(
        "the tables of the database are of version {found}, this program needs {needed}; make a backup, then run: oauth1-server migrate"
    )]
    SchemaOlder {
        /// In the database.
        found: i64,
        /// What this program needs.
        needed: i64,
    },
    /// The tables are newer than this program.
    #[error(
        "the tables of the database are of version {found}, this program knows only {needed}; use the newer program that changed them"
    )]
    SchemaNewer {
        /// In the database.
        found: i64,
        /// What this program knows.
        needed: i64,
    },
    /// The database is damaged.
    #[error(
        "the database {path} is damaged ({problem}); stop the server and put a backup in its place"
    )]
    Damaged {
        /// The file.
        path: Box<str>,
        /// What SQLite found first.
        problem: Box<str>,
    },
    /// There is no master key, but secrets that need it.
    #[error(
        "the database holds secrets sealed with master key {key_id}, and there is no {path}; put that file back from its backup"
    )]
    MasterKeyLost {
        /// The key that is needed.
        key_id: Box<str>,
        /// Where it was looked for.
        path: Box<str>,
    },
    /// There is no master key for a database outside of the data directory.
    #[error(
        "there is no master key; make one with: head -c 32 /dev/urandom | base64 > FILE, chmod 600 FILE, and name it in credentials.master_key_file"
    )]
    MasterKeyAbsent,
    /// The master key is not the one that the secrets were sealed with.
    #[error(
        "the master key {found} is not the one that the secrets of this database were sealed with ({needed}); configure that one"
    )]
    MasterKeyWrong {
        /// The id of the active key.
        found: Box<str>,
        /// The id of the key that the database names.
        needed: Box<str>,
    },
    /// The master key cannot be used.
    #[error(transparent)]
    Seal(#[from] SealError),
    /// Another process changes master keys or makes this store.
    #[error("another process is at work on {0}; try again when it has ended")]
    Busy(Box<str>),
}

/// Of a pool. Most requests are answered from the cache.
const DEFAULT_CONNECTIONS: u32 = 8;
