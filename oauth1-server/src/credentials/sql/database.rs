//! One way to run the same statements on SQLite and PostgreSQL, each in bounded time.

use std::{future::Future, sync::Arc, time::Duration};

#[cfg(feature = "postgres")]
use sqlx::postgres::{PgPool, PgRow, Postgres};
#[cfg(feature = "sqlite")]
use sqlx::sqlite::{Sqlite, SqlitePool, SqliteRow};
use sqlx::{Row as _, SqlSafeStr};
use tokio::time::timeout;

use super::events::Events;

/// A pool of connections.
#[derive(Clone, Debug)]
pub(crate) enum Database {
    #[cfg(feature = "sqlite")]
    Sqlite(SqlitePool),
    #[cfg(feature = "postgres")]
    Postgres(PgPool),
}

/// What is written as `$1`, `$2`, … in a statement.
#[derive(Clone, Debug)]
pub(crate) enum Value {
    Text(Option<String>),
    Integer(Option<i64>),
    Boolean(bool),
    Octets(Vec<u8>),
}

/// A row of a result.
pub(crate) enum Row {
    #[cfg(feature = "sqlite")]
    Sqlite(SqliteRow),
    #[cfg(feature = "postgres")]
    Postgres(PgRow),
}

/// A transaction; rolled back unless it is committed.
pub(crate) struct Transaction {
    open: Open,
    events: Option<Arc<Events>>,
    pending: Vec<&'static str>,
}

enum Open {
    #[cfg(feature = "sqlite")]
    Sqlite(sqlx::Transaction<'static, Sqlite>),
    #[cfg(feature = "postgres")]
    Postgres(sqlx::Transaction<'static, Postgres>),
}

/// Binds the values and runs the statement on a connection.
macro_rules! run {
    ($fetch:ident, $connection:expr, $sql:expr, $values:expr) => {{
        let mut query = sqlx::query($sql);
        for value in $values {
            query = match value {
                Value::Text(value) => query.bind(value),
                Value::Integer(value) => query.bind(value),
                Value::Boolean(value) => query.bind(value),
                Value::Octets(value) => query.bind(value),
            };
        }
        query.$fetch($connection).await
    }};
}

/// Runs a statement on a connection of the pool. One that does not answer in time is closed: to
/// wait for it would take its place in the pool for as long as the network likes.
macro_rules! rows {
    ($pool:expr, $sql:expr, $values:expr) => {{
        let mut connection = $pool.acquire().await?;
        let work = async { run!(fetch_all, &mut *connection, $sql, $values) };
        match timeout(LONGEST_READ, work).await {
            Ok(rows) => rows?.into_iter(),
            Err(_) => {
                connection.close_on_drop();
                return Err(sqlx::Error::PoolTimedOut);
            }
        }
    }};
}

impl Database {
    /// All rows of a result.
    pub(crate) async fn rows(
        &self,
        sql: impl SqlSafeStr,
        values: impl IntoIterator<Item = Value>,
    ) -> Result<Vec<Row>, sqlx::Error> {
        let sql = sql.into_sql_str();
        match self {
            #[cfg(feature = "sqlite")]
            Self::Sqlite(pool) => Ok(rows!(pool, sql, values).map(Row::Sqlite).collect()),
            #[cfg(feature = "postgres")]
            Self::Postgres(pool) => Ok(rows!(pool, sql, values).map(Row::Postgres).collect()),
        }
    }

    /// The first row of a result.
    pub(crate) async fn row(
        &self,
        sql: impl SqlSafeStr,
        values: impl IntoIterator<Item = Value>,
    ) -> Result<Option<Row>, sqlx::Error> {
        Ok(self.rows(sql, values).await?.into_iter().next())
    }

    /// A transaction that writes. On SQLite it is the only one from its start on.
    pub(crate) async fn begin(&self) -> Result<Transaction, sqlx::Error> {
        match self {
            #[cfg(feature = "sqlite")]
            Self::Sqlite(pool) => within(LONGEST_WRITE, pool.begin_with("BEGIN IMMEDIATE"))
                .await
                .map(|open| Transaction::of(Open::Sqlite(open))),
            #[cfg(feature = "postgres")]
            Self::Postgres(pool) => {
                let open = within(LONGEST_WRITE, pool.begin()).await?;
                Ok(Transaction::of(Open::Postgres(open)))
            }
        }
    }

    /// The statement that fits the database.
    pub(crate) const fn choose(
        &self,
        sqlite: &'static str,
        postgres: &'static str,
    ) -> &'static str {
        match self {
            #[cfg(feature = "sqlite")]
            Self::Sqlite(_) => {
                let _ = postgres;
                sqlite
            }
            #[cfg(feature = "postgres")]
            Self::Postgres(_) => {
                let _ = sqlite;
                postgres
            }
        }
    }

    pub(crate) async fn close(&self) {
        match self {
            #[cfg(feature = "sqlite")]
            Self::Sqlite(pool) => pool.close().await,
            #[cfg(feature = "postgres")]
            Self::Postgres(pool) => pool.close().await,
        }
    }
}

impl Transaction {
    const fn of(open: Open) -> Self {
        Self { open, events: None, pending: Vec::new() }
    }

    /// Counts there what happens in it, once it is lasting.
    pub(crate) fn counted(self, events: Arc<Events>) -> Self {
        Self { events: Some(events), ..self }
    }

    /// Something of this name happens.
    pub(crate) fn happens(&mut self, event: &'static str) {
        self.pending.push(event);
    }

    /// All rows of a result.
    pub(crate) async fn rows(
        &mut self,
        sql: impl SqlSafeStr,
        values: impl IntoIterator<Item = Value>,
    ) -> Result<Vec<Row>, sqlx::Error> {
        let sql = sql.into_sql_str();
        within(LONGEST_WRITE, async {
            Ok(match &mut self.open {
                #[cfg(feature = "sqlite")]
                Open::Sqlite(transaction) => run!(fetch_all, &mut **transaction, sql, values)?
                    .into_iter()
                    .map(Row::Sqlite)
                    .collect(),
                #[cfg(feature = "postgres")]
                Open::Postgres(transaction) => run!(fetch_all, &mut **transaction, sql, values)?
                    .into_iter()
                    .map(Row::Postgres)
                    .collect(),
            })
        })
        .await
    }

    /// The first row of a result.
    pub(crate) async fn row(
        &mut self,
        sql: impl SqlSafeStr,
        values: impl IntoIterator<Item = Value>,
    ) -> Result<Option<Row>, sqlx::Error> {
        Ok(self.rows(sql, values).await?.into_iter().next())
    }

    /// How many rows a statement changed.
    pub(crate) async fn execute(
        &mut self,
        sql: impl SqlSafeStr,
        values: impl IntoIterator<Item = Value>,
    ) -> Result<u64, sqlx::Error> {
        let sql = sql.into_sql_str();
        within(LONGEST_WRITE, async {
            Ok(match &mut self.open {
                #[cfg(feature = "sqlite")]
                Open::Sqlite(transaction) => {
                    run!(execute, &mut **transaction, sql, values)?.rows_affected()
                }
                #[cfg(feature = "postgres")]
                Open::Postgres(transaction) => {
                    run!(execute, &mut **transaction, sql, values)?.rows_affected()
                }
            })
        })
        .await
    }

    /// Makes it lasting. If this fails, nobody knows whether it is.
    pub(crate) async fn commit(self) -> Result<(), sqlx::Error> {
        match self.open {
            #[cfg(feature = "sqlite")]
            Open::Sqlite(transaction) => within(LONGEST_WRITE, transaction.commit()).await?,
            #[cfg(feature = "postgres")]
            Open::Postgres(transaction) => within(LONGEST_WRITE, transaction.commit()).await?,
        }
        if let Some(events) = &self.events {
            events.count(&self.pending);
        }
        Ok(())
    }
}

/// Reads a column as a type.
macro_rules! column {
    ($row:expr, $name:expr) => {
        match $row {
            #[cfg(feature = "sqlite")]
            Row::Sqlite(row) => row.try_get($name),
            #[cfg(feature = "postgres")]
            Row::Postgres(row) => row.try_get($name),
        }
    };
}

impl Row {
    pub(crate) fn text(&self, column: &str) -> Result<String, sqlx::Error> {
        column!(self, column)
    }

    pub(crate) fn optional_text(&self, column: &str) -> Result<Option<String>, sqlx::Error> {
        column!(self, column)
    }

    pub(crate) fn integer(&self, column: &str) -> Result<i64, sqlx::Error> {
        column!(self, column)
    }

    pub(crate) fn optional_integer(&self, column: &str) -> Result<Option<i64>, sqlx::Error> {
        column!(self, column)
    }

    pub(crate) fn boolean(&self, column: &str) -> Result<bool, sqlx::Error> {
        column!(self, column)
    }

    pub(crate) fn optional_octets(&self, column: &str) -> Result<Option<Vec<u8>>, sqlx::Error> {
        column!(self, column)
    }

    pub(crate) fn octets(&self, column: &str) -> Result<Vec<u8>, sqlx::Error> {
        column!(self, column)
    }
}

impl From<&str> for Value {
    fn from(text: &str) -> Self {
        Self::Text(Some(text.to_owned()))
    }
}

impl From<Option<&str>> for Value {
    fn from(text: Option<&str>) -> Self {
        Self::Text(text.map(str::to_owned))
    }
}

impl From<String> for Value {
    fn from(text: String) -> Self {
        Self::Text(Some(text))
    }
}

impl From<i64> for Value {
    fn from(number: i64) -> Self {
        Self::Integer(Some(number))
    }
}

impl From<Option<i64>> for Value {
    fn from(number: Option<i64>) -> Self {
        Self::Integer(number)
    }
}

impl From<bool> for Value {
    fn from(value: bool) -> Self {
        Self::Boolean(value)
    }
}

impl From<Vec<u8>> for Value {
    fn from(octets: Vec<u8>) -> Self {
        Self::Octets(octets)
    }
}

async fn within<T>(
    longest: Duration,
    work: impl Future<Output = Result<T, sqlx::Error>>,
) -> Result<T, sqlx::Error> {
    timeout(longest, work).await.unwrap_or(Err(sqlx::Error::PoolTimedOut))
}

/// A statement of the two lookups; more is refused with 503.
const LONGEST_READ: Duration = Duration::from_millis(1_500);
/// A step of a transaction, which may wait for another.
const LONGEST_WRITE: Duration = Duration::from_secs(10);
/// Waiting for a connection.
pub(super) const LONGEST_WAIT: Duration = Duration::from_millis(500);
