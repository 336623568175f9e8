//! Credentials in SQLite (the embedded default) and PostgreSQL (many nodes).
//!
//! Both have the same tables, and run the same statements. Secrets are sealed, see
//! [`seal`](super::seal). A database that does not answer within two seconds is an error, which
//! refuses the request with 503.

pub(crate) mod database;
pub(crate) mod events;
pub(crate) mod meta;
#[cfg(feature = "postgres")]
mod postgres;
pub(crate) mod records;
mod rekey;
mod schema;
mod served;
mod settings;
#[cfg(feature = "sqlite")]
mod sqlite;
mod watch;

use std::sync::Arc;

pub use rekey::{NewMasterKey, Rekeyed};
pub use schema::SchemaVersion;
pub use settings::{DatabaseUrl, OpenError, StoreSettings};

use super::{
    ClientRecord, CredentialStore, TokenRecord, cache::CachedCredentialStore, seal::Keyring,
};
use crate::{
    basic::BasicRecord,
    error::{BoxFuture, StoreError},
};
use database::Database;
use watch::Watch;

/// Clients and tokens in a database. Cheap to clone; `Debug` shows no secret.
#[derive(Clone, Debug)]
pub struct SqlCredentialStore(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    database: Database,
    keyring: Keyring,
    #[cfg(feature = "sqlite")]
    damage: sqlite::Damage,
}

/// Credentials that are ready to use.
#[derive(Debug)]
pub struct OpenedCredentials {
    /// For the verifier: the database behind a cache that forgets what changes.
    pub cached: Arc<CachedCredentialStore<SqlCredentialStore>>,
    /// The database itself, for [`KeyService`](crate::management::KeyService).
    pub store: SqlCredentialStore,
    _watch: Watch,
}

/// Opens the credentials of a server, with a cache in front that follows what other processes
/// change. It ends when the value is dropped.
///
/// # Errors
/// [`OpenError`].
pub async fn open_credentials(settings: &StoreSettings) -> Result<OpenedCredentials, OpenError> {
    let store = SqlCredentialStore::open(settings).await?;
    let cached = Arc::new(CachedCredentialStore::new(store.clone(), settings.cache));
    let watch = Watch::start(&store.0.database, &cached).await?;
    Ok(OpenedCredentials { cached, store, _watch: watch })
}

impl SqlCredentialStore {
    /// Opens the database. On the first start of the embedded default, makes it and its master key.
    ///
    /// # Errors
    /// [`OpenError`]; tables of another version, a damaged file and a wrong master key among them.
    pub async fn open(settings: &StoreSettings) -> Result<Self, OpenError> {
        Connected::to(settings).await?.open(settings).await
    }

    /// Makes the tables, or brings them to the version that this program needs.
    ///
    /// # Errors
    /// [`OpenError`]; nothing of a failed migration stays.
    pub async fn migrate(settings: &StoreSettings) -> Result<(), OpenError> {
        let connected = Connected::to(settings).await?;
        let migrated = schema::migrate(&connected.database).await;
        connected.database.close().await;
        migrated
    }

    /// Which version the tables have. Makes and changes nothing.
    ///
    /// # Errors
    /// [`OpenError`] if there is no such database, or if it does not answer.
    pub async fn schema_version(settings: &StoreSettings) -> Result<SchemaVersion, OpenError> {
        let database = match Location::of(settings) {
            #[cfg(feature = "sqlite")]
            Location::Sqlite(path) if !path.exists() => return Ok(SchemaVersion::Absent),
            #[cfg(feature = "sqlite")]
            Location::Sqlite(path) => sqlite::open(&path, false, 1).await?,
            location => location.connect(1).await?,
        };
        let version = SchemaVersion::of(&database).await;
        database.close().await;
        version
    }

    /// Waits until no statement runs, and ends all connections.
    pub async fn close(&self) {
        self.0.database.close().await;
    }

    pub(crate) fn database(&self) -> &Database {
        &self.0.database
    }

    pub(crate) fn keyring(&self) -> &Keyring {
        &self.0.keyring
    }

    /// Nothing is read from a file that is known to be damaged.
    fn undamaged(&self) -> Result<(), StoreError> {
        #[cfg(feature = "sqlite")]
        if let Some(problem) = self.0.damage.get() {
            return Err(StoreError::new(format!(
                "the database is damaged ({problem}); stop the server and put a backup in its place"
            )));
        }
        Ok(())
    }
}

impl CredentialStore for SqlCredentialStore {
    fn client<'a>(
        &'a self,
        identifier: &'a str,
    ) -> BoxFuture<'a, Result<Option<ClientRecord>, StoreError>> {
        Box::pin(async move {
            self.undamaged()?;
            if !is_possible(identifier) {
                return Ok(None);
            }
            records::client(&self.0.database, &self.0.keyring, identifier).await
        })
    }

    fn token<'a>(
        &'a self,
        identifier: &'a str,
    ) -> BoxFuture<'a, Result<Option<TokenRecord>, StoreError>> {
        Box::pin(async move {
            self.undamaged()?;
            if !is_possible(identifier) {
                return Ok(None);
            }
            records::token(&self.0.database, &self.0.keyring, identifier).await
        })
    }

    fn basic<'a>(
        &'a self,
        name: &'a str,
    ) -> BoxFuture<'a, Result<Option<BasicRecord>, StoreError>> {
        Box::pin(async move {
            self.undamaged()?;
            if !is_possible(name) {
                return Ok(None);
            }
            records::basic(&self.0.database, name).await
        })
    }

    fn ready(&self) -> BoxFuture<'_, Result<(), StoreError>> {
        Box::pin(async move {
            self.undamaged()?;
            let row = self.0.database.row("SELECT id FROM meta", []).await;
            row.map(drop).map_err(StoreError::new)
        })
    }
}

/// Whether the tables could hold it. PostgreSQL takes no NUL, and would answer with an error.
pub(crate) fn is_possible(identifier: &str) -> bool {
    (1..=LONGEST_IDENTIFIER).contains(&identifier.len()) && !identifier.contains('\0')
}

/// A database before its tables and master key were looked at.
struct Connected {
    #[cfg(feature = "sqlite")]
    location: Location,
    database: Database,
    /// No other process opens the embedded default until this one has made it.
    #[cfg(feature = "sqlite")]
    _lock: Option<std::fs::File>,
}

#[derive(Clone, Debug)]
enum Location {
    #[cfg(feature = "sqlite")]
    Sqlite(std::path::PathBuf),
    #[cfg(feature = "postgres")]
    Postgres(DatabaseUrl),
    #[cfg(not(all(feature = "sqlite", feature = "postgres")))]
    Unsupported(&'static str),
}

impl Location {
    fn of(settings: &StoreSettings) -> Self {
        match &settings.database {
            Some(url) if !url.is_sqlite() => {
                #[cfg(feature = "postgres")]
                let location = Self::Postgres(url.clone());
                #[cfg(not(feature = "postgres"))]
                let location = Self::Unsupported("postgres");
                location
            }
            _ => {
                #[cfg(feature = "sqlite")]
                let location = Self::Sqlite(sqlite::path(settings));
                #[cfg(not(feature = "sqlite"))]
                let location = Self::Unsupported("sqlite");
                location
            }
        }
    }

    async fn connect(&self, max_connections: u32) -> Result<Database, OpenError> {
        match self {
            #[cfg(feature = "sqlite")]
            Self::Sqlite(path) => sqlite::open(path, true, max_connections).await,
            #[cfg(feature = "postgres")]
            Self::Postgres(url) => postgres::open(url, max_connections).await,
            #[cfg(not(all(feature = "sqlite", feature = "postgres")))]
            Self::Unsupported(feature) => Err(OpenError::Unsupported(feature)),
        }
    }
}

impl Connected {
    async fn to(settings: &StoreSettings) -> Result<Self, OpenError> {
        let location = Location::of(settings);
        #[cfg(feature = "sqlite")]
        let lock = if let Location::Sqlite(path) = &location {
            sqlite::make_directory(path.parent().unwrap_or(path))?;
            Some(sqlite::lock(path).await?)
        } else {
            None
        };
        let database = location.connect(settings.max_connections.max(2)).await?;
        Ok(Self {
            #[cfg(feature = "sqlite")]
            location,
            database,
            #[cfg(feature = "sqlite")]
            _lock: lock,
        })
    }

    async fn open(self, settings: &StoreSettings) -> Result<SqlCredentialStore, OpenError> {
        let database = &self.database;
        #[cfg(feature = "sqlite")]
        let damage = match (&self.location, database) {
            (Location::Sqlite(path), Database::Sqlite(pool)) => sqlite::check(pool, path).await?,
            #[cfg(feature = "postgres")]
            _ => sqlite::Damage::default(),
            #[cfg(not(feature = "postgres"))]
            _ => return Err(OpenError::Unsupported("postgres")),
        };
        let version = SchemaVersion::of(database).await?;
        if version == SchemaVersion::Absent && settings.database.is_none() {
            schema::migrate(database).await?;
        } else {
            version.check()?;
        }
        let keyring = self.master_keys(settings).await?;
        erase_old_secrets(database).await?;
        let store = Inner {
            database: self.database,
            keyring,
            #[cfg(feature = "sqlite")]
            damage,
        };
        Ok(SqlCredentialStore(Arc::new(store)))
    }

    /// The master keys, after they were compared with the database. A key is made only for a
    /// database that never had one.
    async fn master_keys(&self, settings: &StoreSettings) -> Result<Keyring, OpenError> {
        let known = meta::key_id(&self.database).await?;
        let keyring = match Keyring::read(&settings.master_key, &settings.data_dir)? {
            Some(keyring) => keyring,
            None => match known {
                Some(key_id) => {
                    let path = settings.data_dir.join("master.key").display().to_string().into();
                    return Err(OpenError::MasterKeyLost { key_id, path });
                }
                None if settings.database.is_some() => return Err(OpenError::MasterKeyAbsent),
                None => Keyring::create(&settings.data_dir)?,
            },
        };
        meta::check(&self.database, &keyring).await?;
        Ok(keyring)
    }
}

/// Erases secrets that were replaced and have not been good for a day. The day is for a clock that
/// is not right yet.
async fn erase_old_secrets(database: &Database) -> Result<(), OpenError> {
    let end = super::generate::now().saturating_sub(24 * 3600 * 1000);
    let old = "SELECT id FROM secret WHERE expires_at < $1 LIMIT 1";
    if database.row(old, [end.into()]).await?.is_none() {
        return Ok(());
    }
    let mut transaction = database.begin().await?;
    transaction.execute("DELETE FROM secret WHERE expires_at < $1", [end.into()]).await?;
    Ok(transaction.commit().await?)
}

/// Octets. The tables refuse longer ones.
const LONGEST_IDENTIFIER: usize = 255;
