//! Follows what other processes change, so that the cache forgets it.

use std::{
    sync::{Arc, Weak},
    time::Duration,
};

use tokio::{task::JoinHandle, time::sleep};

use super::{SqlCredentialStore, database::Database, settings::OpenError};
use crate::credentials::cache::CachedCredentialStore;

type Cache = CachedCredentialStore<SqlCredentialStore>;

/// A task that ends with this value.
#[derive(Debug)]
pub(super) struct Watch(JoinHandle<()>);

impl Watch {
    pub(super) async fn start(database: &Database, cache: &Arc<Cache>) -> Result<Self, OpenError> {
        let cache = Arc::downgrade(cache);
        Ok(Self(match database {
            #[cfg(feature = "sqlite")]
            Database::Sqlite(pool) => {
                let follower = sqlite::Follower::new(pool).await?;
                tokio::spawn(follower.run(cache))
            }
            #[cfg(feature = "postgres")]
            Database::Postgres(pool) => {
                let listener = postgres::listen(pool).await?;
                tokio::spawn(postgres::run(listener, pool.clone(), cache))
            }
        }))
    }
}

impl Drop for Watch {
    fn drop(&mut self) {
        self.0.abort();
    }
}

/// Applies `client IDENTIFIER`, `token IDENTIFIER`, `basic NAME`, or whatever else, which means
/// everything.
fn forget(cache: &Cache, kind: &str, identifier: &str) {
    match kind {
        "client" => cache.forget_client(identifier),
        "token" => cache.forget_token(identifier),
        "basic" => cache.forget_basic(identifier),
        _ => cache.forget_all(),
    }
}

#[cfg(feature = "sqlite")]
mod sqlite {
    use sqlx::{Connection, sqlite::SqliteConnection};
    use tokio::time::{MissedTickBehavior, interval};

    use super::*;

    /// `PRAGMA data_version` changes when another connection has committed. It is asked on one held
    /// connection; only then are the rows of `change` read.
    pub(super) struct Follower {
        connection: SqliteConnection,
        version: i64,
        sequence: i64,
    }

    impl Follower {
        pub(super) async fn new(pool: &sqlx::SqlitePool) -> Result<Self, sqlx::Error> {
            let mut connection = SqliteConnection::connect_with(&pool.connect_options()).await?;
            let version = version(&mut connection).await?;
            let sequence = last(&mut connection).await?;
            Ok(Self { connection, version, sequence })
        }

        pub(super) async fn run(mut self, cache: Weak<Cache>) {
            let mut interval = interval(POLL);
            interval.set_missed_tick_behavior(MissedTickBehavior::Delay);
            loop {
                interval.tick().await;
                let Some(cache) = cache.upgrade() else { return };
                if let Err(error) = self.follow(&cache).await {
                    // What changed is not known, so nothing is trusted.
                    tracing::warn!(%error, "changes of credentials cannot be read");
                    cache.forget_all();
                    sleep(PAUSE).await;
                }
            }
        }

        async fn follow(&mut self, cache: &Cache) -> Result<(), sqlx::Error> {
            let version = version(&mut self.connection).await?;
            if version == self.version {
                return Ok(());
            }
            let sql = "SELECT sequence, kind, identifier FROM change WHERE sequence > $1
                       ORDER BY sequence";
            let rows: Vec<(i64, String, String)> =
                sqlx::query_as(sql).bind(self.sequence).fetch_all(&mut self.connection).await?;
            // A gap: rows were removed before they were read, or a backup was put in place.
            let expected = self.sequence + 1;
            let last = last(&mut self.connection).await?;
            if rows.first().map_or(last != self.sequence, |(first, ..)| *first != expected) {
                cache.forget_all();
            }
            for (_, kind, identifier) in &rows {
                forget(cache, kind, identifier);
            }
            self.sequence = rows.last().map_or(last, |(sequence, ..)| *sequence);
            self.version = version;
            Ok(())
        }
    }

    async fn version(connection: &mut SqliteConnection) -> Result<i64, sqlx::Error> {
        sqlx::query_scalar("PRAGMA data_version").fetch_one(connection).await
    }

    async fn last(connection: &mut SqliteConnection) -> Result<i64, sqlx::Error> {
        sqlx::query_scalar("SELECT coalesce(max(sequence), 0) FROM change")
            .fetch_one(connection)
            .await
    }

    /// A tenth of a second is over before anybody who changed a key has typed the next command.
    const POLL: Duration = Duration::from_millis(100);
}

#[cfg(feature = "postgres")]
mod postgres {
    use sqlx::{PgPool, postgres::PgListener};

    use super::*;

    /// A connection outside of the pool, so that requests never wait for it.
    pub(super) async fn listen(pool: &PgPool) -> Result<PgListener, sqlx::Error> {
        let own = sqlx::postgres::PgPoolOptions::new()
            .max_connections(1)
            .acquire_timeout(Duration::from_secs(5))
            .idle_timeout(None)
            .max_lifetime(None)
            .connect_with((*pool.connect_options()).clone())
            .await?;
        let mut listener = PgListener::connect_with(&own).await?;
        listener.ignore_pool_close_event(true);
        listener.eager_reconnect(false);
        listener.listen(CHANNEL).await?;
        Ok(listener)
    }

    pub(super) async fn run(first: PgListener, pool: PgPool, cache: Weak<Cache>) {
        let mut listener = Some(first);
        loop {
            let Some(open) = &mut listener else {
                sleep(PAUSE).await;
                listener = listen(&pool).await.ok();
                let Some(cache) = cache.upgrade() else { return };
                if listener.is_some() {
                    // What was sent in the meantime is lost.
                    cache.forget_all();
                }
                continue;
            };
            match open.try_recv().await {
                Ok(Some(notification)) => {
                    let Some(cache) = cache.upgrade() else { return };
                    let payload = notification.payload();
                    let (kind, identifier) = payload.split_once(' ').unwrap_or((payload, ""));
                    forget(&cache, kind, identifier);
                }
                Ok(None) | Err(_) => {
                    tracing::warn!("changes of credentials are not told any more; reconnecting");
                    listener = None;
                }
            }
        }
    }
}

#[cfg(feature = "postgres")]
const CHANNEL: &str = "oauth1_credentials";
/// After a failure.
const PAUSE: Duration = Duration::from_millis(500);
