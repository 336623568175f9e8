//! How a store in PostgreSQL is opened, and why it may refuse to be.

use std::{str::FromStr, sync::Arc, time::Duration};

use oauth1_core::{Timestamp, stamp::NoRandomness};
use sqlx::postgres::{PgConnectOptions, PgPoolOptions};
use tokio::task::JoinSet;
use zeroize::Zeroizing;

use super::{PostgresNonceStore, data::Data, limits::Limits, sql::Sql};
use crate::{
    clock::{Clock, SystemClock},
    policy::TimestampWindow,
    replay::link::{KEEPER_TIMEOUT, Keeper as _, Link},
};

/// How a [`PostgresNonceStore`] is opened.
#[must_use]
pub struct PostgresNonceStoreBuilder {
    url: Zeroizing<String>,
    schema: String,
    connections: u32,
    window: TimestampWindow,
    capacity: u64,
    quota: Option<u64>,
    timeout: Duration,
    pub(super) skew: Option<u64>,
    first_start: bool,
    unsynced: bool,
    fence: u64,
    clock: Arc<dyn Clock>,
}

impl PostgresNonceStoreBuilder {
    pub(super) fn new(url: String) -> Self {
        Self {
            url: Zeroizing::new(url),
            schema: "oauth1_nonces".into(),
            connections: 8,
            window: TimestampWindow::default(),
            capacity: 1 << 24,
            quota: None,
            timeout: Duration::from_millis(250),
            skew: Some(1),
            first_start: false,
            unsynced: false,
            fence: 0,
            clock: Arc::new(SystemClock),
        }
    }

    /// The schema of all tables, which is made if it is missing: lower-case letters, digits and
    /// underscores. `oauth1_nonces`.
    pub fn schema(mut self, schema: impl Into<String>) -> Self {
        self.schema = schema.into();
        self
    }

    /// How many connections are opened at most. 8.
    pub const fn connections(mut self, connections: u32) -> Self {
        self.connections = connections;
        self
    }

    /// The window of the verifier's policy, or a wider one; the same on each node. 300 seconds to
    /// both sides.
    pub const fn window(mut self, window: TimestampWindow) -> Self {
        self.window = window;
        self
    }

    /// How many nonces this node records at most in one window; more are refused with 503.
    /// 16 777 216.
    pub const fn capacity(mut self, capacity: u64) -> Self {
        self.capacity = capacity;
        self
    }

    /// How many nonces of one client this node records at most in one window; more are refused with
    /// 429. A quarter of the capacity.
    pub const fn quota(mut self, quota: u64) -> Self {
        self.quota = Some(quota);
        self
    }

    /// How long a request waits for the server before it is refused with 503. 250 milliseconds.
    pub const fn timeout(mut self, timeout: Duration) -> Self {
        self.timeout = timeout;
        self
    }

    /// Says that this service has accepted nothing yet. A database without the tables is then a
    /// beginning; otherwise it is a loss, and requests are refused until the window's future has
    /// passed.
    pub const fn first_start(mut self, first: bool) -> Self {
        self.first_start = first;
        self
    }

    /// Takes a server with `fsync` off, which loses nonces when its machine loses power.
    pub const fn unsynced(mut self, unsynced: bool) -> Self {
        self.unsynced = unsynced;
        self
    }

    /// Refuses, with 503, what is stamped at this time or before: after a restore that the store
    /// cannot see, on each node, the time of the start plus the window's future.
    pub const fn fence(mut self, fence: Timestamp) -> Self {
        self.fence = fence.seconds();
        self
    }

    /// The verifier's clock. The operating system's.
    pub fn clock(mut self, clock: impl Clock + 'static) -> Self {
        self.clock = Arc::new(clock);
        self
    }

    /// Connects, checks what the server is and how it is set, and makes the tables that are missing;
    /// any number of nodes may do so at once. To be called on a tokio runtime that lives as long as
    /// the store.
    ///
    /// # Errors
    /// [`PostgresNonceStoreError`] says why the server must not start.
    pub async fn open(self) -> Result<PostgresNonceStore, PostgresNonceStoreError> {
        let width = self.window.past.saturating_add(self.window.future);
        if width > MAX_WINDOW {
            return Err(PostgresNonceStoreError::Window);
        }
        let first = self.schema.bytes().next().is_some_and(|b| b.is_ascii_lowercase());
        let rest = self.schema.bytes().all(|b| matches!(b, b'a'..=b'z' | b'0'..=b'9' | b'_'));
        if !first || !rest || self.schema.len() > 48 {
            return Err(PostgresNonceStoreError::Schema);
        }
        if !["postgres://", "postgresql://"].iter().any(|scheme| self.url.starts_with(scheme)) {
            return Err(PostgresNonceStoreError::Url);
        }
        let connect =
            PgConnectOptions::from_str(&self.url).map_err(|_| PostgresNonceStoreError::Url)?;
        // Given up here first, by the server a little later.
        let statement = self.timeout.as_millis().saturating_mul(2).max(2_000).to_string();
        let connect = connect.application_name("oauth1-server nonces").options([
            ("synchronous_commit", "on"),
            ("statement_timeout", statement.as_str()),
            ("client_min_messages", "warning"),
        ]);
        let pool = PgPoolOptions::new()
            .max_connections(self.connections.max(2))
            .acquire_timeout(self.timeout.max(KEEPER_TIMEOUT))
            .test_before_acquire(false);
        let data = Arc::new(Data {
            link: Link::new(),
            sql: Sql { schema: self.schema },
            connect,
            pool,
            clock: self.clock,
            window: self.window,
            skew: self.skew,
            first_start: self.first_start,
            unsynced: self.unsynced,
            fence: self.fence.into(),
            generation: 0.into(),
            latest: 0.into(),
            suspect: false.into(),
            making: Default::default(),
        });
        let attached = tokio::time::timeout(OPEN_TIMEOUT, data.attach()).await;
        attached.unwrap_or(Err(PostgresNonceStoreError::Timeout))?;
        let mut keeper = JoinSet::new();
        keeper.spawn(data.clone().run());
        let quota = self.quota.unwrap_or(self.capacity / 4);
        let limits = Limits::new(self.capacity, quota);
        Ok(PostgresNonceStore { data, limits, width, timeout: self.timeout, _keeper: keeper })
    }
}

impl std::fmt::Debug for PostgresNonceStoreBuilder {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        // The URL may hold a password.
        f.debug_struct("PostgresNonceStoreBuilder")
            .field("schema", &self.schema)
            .field("window", &self.window)
            .finish_non_exhaustive()
    }
}

/// Why the store in PostgreSQL is not opened. The server must not start.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum PostgresNonceStoreError {
    /// The URL is not valid. It is not repeated: it may hold a password.
    #[error(
        "the URL of PostgreSQL is not valid: write postgres://user:password@host:port/database"
    )]
    Url,
    /// The schema's name has other characters.
    #[error(
        "the schema's name must begin with a lower-case letter and have lower-case letters, digits and underscores, 48 at most"
    )]
    Schema,
    /// It is a standby.
    #[error("PostgreSQL is a standby: give the address of the primary")]
    Standby,
    /// Its `fsync` is off.
    #[error("PostgreSQL has fsync off, by which it may lose nonces: set fsync = on")]
    Unsynced,
    /// The key in the table is none.
    #[error("the table store in the schema is not one of this store: give another schema")]
    Foreign,
    /// The clocks differ.
    #[error("the clocks of this server and of PostgreSQL differ by {by} s: set them")]
    ClockDiffers {
        /// Seconds.
        by: u64,
    },
    /// The clocks differ since a while.
    #[error("the clocks of this server and of PostgreSQL differ, or tables are gone")]
    ClockChanged,
    /// The server's clock is not set.
    #[error("the server's clock stands before 1970")]
    Clock,
    /// The window is wider than an hour, which would take too many tables.
    #[error("the store is made for windows of up to an hour, past and future together")]
    Window,
    /// The operating system gives no random bytes for the key.
    #[error(transparent)]
    NoRandomness(#[from] NoRandomness),
    /// There was no answer within ten seconds.
    #[error("PostgreSQL does not answer: check its address and whether it runs")]
    Timeout,
    /// PostgreSQL cannot be reached, or refuses.
    #[error("PostgreSQL cannot be used: {0}")]
    Postgres(#[from] sqlx::Error),
}

const MAX_WINDOW: u64 = 3_600;
/// Other nodes may start at the same time, one after the other.
const OPEN_TIMEOUT: Duration = Duration::from_secs(10);
