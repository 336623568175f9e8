//! SQLite, the embedded default: one file in the data directory.

use std::{
    fs::{self, DirBuilder, File, OpenOptions, TryLockError},
    path::{Path, PathBuf},
    sync::{Arc, OnceLock},
    time::{Duration, Instant},
};

use sqlx::{
    ConnectOptions, Connection,
    sqlite::{
        SqliteConnectOptions, SqliteJournalMode, SqlitePool, SqlitePoolOptions, SqliteSynchronous,
    },
};
use tokio::time::{sleep, timeout};

use super::{
    database::{Database, LONGEST_WAIT},
    settings::{DatabaseUrl, OpenError, StoreSettings},
};

/// What the check of the file found, if it found anything.
pub(super) type Damage = Arc<OnceLock<Box<str>>>;

/// Where the file is.
pub(super) fn path(settings: &StoreSettings) -> PathBuf {
    match &settings.database {
        None => settings.data_dir.join(FILE_NAME),
        Some(DatabaseUrl(url)) => {
            let path = url.strip_prefix("sqlite:").unwrap_or(url);
            path.strip_prefix("//").unwrap_or(path).into()
        }
    }
}

/// Held while a store is made or a schema changed, so that two first starts do not meet.
pub(super) async fn lock(database: &Path) -> Result<File, OpenError> {
    let path = database.with_extension("lock");
    let failed = |error| file_error("cannot lock", &path, error);
    let mut options = OpenOptions::new();
    options.create(true).truncate(false).write(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let file = options.open(&path).map_err(failed)?;
    let start = Instant::now();
    loop {
        match file.try_lock() {
            Ok(()) => return Ok(file),
            Err(TryLockError::Error(error)) => return Err(failed(error)),
            Err(TryLockError::WouldBlock) if start.elapsed() > LONGEST_LOCK => {
                return Err(OpenError::Busy(path.display().to_string().into()));
            }
            Err(TryLockError::WouldBlock) => sleep(Duration::from_millis(20)).await,
        }
    }
}

/// Makes the directory for the user of this process alone.
pub(super) fn make_directory(path: &Path) -> Result<(), OpenError> {
    if path.as_os_str().is_empty() || path.is_dir() {
        return Ok(());
    }
    let mut builder = DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(path).map_err(|error| file_error("cannot make the directory", path, error))
}

/// Opens the file, which is made if `create` says so.
pub(super) async fn open(
    path: &Path,
    create: bool,
    max_connections: u32,
) -> Result<Database, OpenError> {
    if create {
        // SQLite gives the files beside it the mode of this one.
        let mut options = OpenOptions::new();
        options.create(true).truncate(false).write(true);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        options.open(path).map_err(|error| file_error("cannot make the database", path, error))?;
    } else if let Err(error) = fs::metadata(path) {
        return Err(file_error("cannot open the database", path, error));
    }
    let options = SqliteConnectOptions::new()
        .filename(path)
        // Readers go on while somebody writes.
        .journal_mode(SqliteJournalMode::Wal)
        // A key that was disabled or rotated must stay so when the power fails, so each commit
        // waits for the disk. Changes are rare; lookups never wait for one.
        .synchronous(SqliteSynchronous::Full)
        .foreign_keys(true)
        // A secret that was removed leaves no octets in free pages.
        .pragma("secure_delete", "ON")
        .pragma("trusted_schema", "OFF")
        // All of a large store, whose pages every connection shares then; 2 GiB is the most there is.
        .pragma("mmap_size", "2147418112")
        .busy_timeout(Duration::from_secs(5));
    let pool = SqlitePoolOptions::new()
        .max_connections(max_connections)
        .acquire_timeout(LONGEST_WAIT)
        .test_before_acquire(false)
        .idle_timeout(None)
        .max_lifetime(None);
    let start = Instant::now();
    // The first opening writes the file, which may take longer than a request would wait.
    let opening = timeout(LONGEST_OPENING, options.connect()).await;
    let failed = |error| damaged(path, &error).unwrap_or(OpenError::Database(error));
    let first = opening.unwrap_or(Err(sqlx::Error::PoolTimedOut)).map_err(failed)?;
    let pool = pool.connect_lazy_with(options);
    warm(&pool, max_connections.min(4), start).await.map_err(failed)?;
    let _ = first.close().await;
    Ok(Database::Sqlite(pool))
}

/// Opens connections ahead, so that nobody waits for one while the disk is busy.
async fn warm(pool: &SqlitePool, count: u32, start: Instant) -> Result<(), sqlx::Error> {
    let mut held = Vec::new();
    while held.len() < count as usize {
        match pool.acquire().await {
            Ok(connection) => held.push(connection),
            Err(sqlx::Error::PoolTimedOut) if start.elapsed() < LONGEST_OPENING => {}
            Err(error) => return Err(error),
        }
    }
    Ok(())
}

/// Looks through the file. What takes longer than a moment goes on in the background, so that a
/// large store starts at once; what is found then makes the store refuse.
pub(super) async fn check(pool: &SqlitePool, path: &Path) -> Result<Damage, OpenError> {
    let damage = Damage::default();
    let (found, checked) = (damage.clone(), pool.clone());
    let name = path.display().to_string();
    let check = tokio::spawn(async move {
        let rows = sqlx::query_scalar::<_, String>("PRAGMA quick_check(1)").fetch_one(&checked);
        let problem = match rows.await {
            Ok(answer) if answer == "ok" => return,
            Ok(problem) => problem,
            Err(sqlx::Error::PoolClosed) => return,
            Err(error) => error.to_string(),
        };
        tracing::error!(database = name, problem, "the database of credentials is damaged");
        let _ = found.set(problem.into());
    });
    let _ = timeout(FOREGROUND_CHECK, check).await;
    match damage.get() {
        None => Ok(damage),
        Some(problem) => Err(OpenError::Damaged {
            path: path.display().to_string().into(),
            problem: problem.clone(),
        }),
    }
}

/// Codes 11 and 26: malformed, and not a database at all.
pub(super) fn damaged(path: &Path, error: &sqlx::Error) -> Option<OpenError> {
    let code = error.as_database_error()?.code()?.parse::<u32>().ok()?;
    matches!(code & 0xff, 11 | 26).then(|| OpenError::Damaged {
        path: path.display().to_string().into(),
        problem: error.to_string().into(),
    })
}

pub(super) fn file_error(what: &'static str, path: &Path, error: std::io::Error) -> OpenError {
    OpenError::File { what, path: path.display().to_string().into(), error }
}

const FILE_NAME: &str = "credentials.sqlite3";
const LONGEST_LOCK: Duration = Duration::from_secs(10);
const LONGEST_OPENING: Duration = Duration::from_secs(30);
const FOREGROUND_CHECK: Duration = Duration::from_secs(1);
