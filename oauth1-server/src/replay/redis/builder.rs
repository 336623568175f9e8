//! How a store in Redis is opened, and why it may refuse to be.

use std::{sync::Arc, time::Duration};

use ::redis;
use oauth1_core::stamp::NoRandomness;
use tokio::task::JoinSet;
use zeroize::Zeroizing;

use super::{RedisNonceStore, Settings, address::Address, keeper::Keeper, shard::Shard};
use crate::{
    clock::{Clock, SystemClock},
    policy::TimestampWindow,
    replay::{
        NonceTagger,
        link::{KEEPER_TIMEOUT, Keeper as _},
    },
};

/// How a [`RedisNonceStore`] is opened.
#[must_use]
pub struct RedisNonceStoreBuilder {
    url: Zeroizing<String>,
    prefix: String,
    window: TimestampWindow,
    capacity: u64,
    quota: Option<u64>,
    timeout: Duration,
    replicas: u32,
    pub(super) skew: Option<u64>,
    first_start: bool,
    clock: Arc<dyn Clock>,
}

impl RedisNonceStoreBuilder {
    pub(super) fn new(url: String) -> Self {
        Self {
            url: Zeroizing::new(url),
            prefix: "oauth1:".into(),
            window: TimestampWindow::default(),
            capacity: 1 << 24,
            quota: None,
            timeout: Duration::from_millis(50),
            replicas: 0,
            skew: Some(1),
            first_start: false,
            clock: Arc::new(SystemClock),
        }
    }

    /// What the names of all keys begin with. `oauth1:`.
    pub fn prefix(mut self, prefix: impl Into<String>) -> Self {
        self.prefix = prefix.into();
        self
    }

    /// The window of the verifier's policy, or a wider one; the same on each node. 300 seconds to
    /// both sides.
    pub const fn window(mut self, window: TimestampWindow) -> Self {
        self.window = window;
        self
    }

    /// How many nonces are remembered at most, by all nodes together; more are refused with 503.
    /// 16 777 216. In a cluster each shard has its part, so it may be full a little earlier.
    pub const fn capacity(mut self, capacity: u64) -> Self {
        self.capacity = capacity;
        self
    }

    /// How many nonces of one client are remembered at most, by all nodes together; more are refused
    /// with 429. A quarter of the capacity.
    pub const fn quota(mut self, quota: u64) -> Self {
        self.quota = Some(quota);
        self
    }

    /// How long a request waits for Redis before it is refused with 503. 50 milliseconds.
    pub const fn timeout(mut self, timeout: Duration) -> Self {
        self.timeout = timeout;
        self
    }

    /// How many replicas must have a nonce before its request is answered, by `WAIT`; with fewer it
    /// is refused with 503. None.
    pub const fn replicas(mut self, replicas: u32) -> Self {
        self.replicas = replicas;
        self
    }

    /// Says that this service has accepted nothing yet. An empty Redis is then a beginning;
    /// otherwise it is a loss, and requests are refused until the window's future has passed.
    ///
    /// Deliberately not the default: Redis that was restarted without its data is empty, too.
    pub const fn first_start(mut self, first: bool) -> Self {
        self.first_start = first;
        self
    }

    /// The verifier's clock. The operating system's.
    pub fn clock(mut self, clock: impl Clock + 'static) -> Self {
        self.clock = Arc::new(clock);
        self
    }

    /// Connects, checks what Redis is and how it is set, and attaches to its data. To be called on
    /// a tokio runtime that lives as long as the store.
    ///
    /// # Errors
    /// [`RedisNonceStoreError`] says why the server must not start.
    pub async fn open(self) -> Result<RedisNonceStore, RedisNonceStoreError> {
        let width = self.window.past.saturating_add(self.window.future);
        if width > MAX_WINDOW {
            return Err(RedisNonceStoreError::Window);
        }
        let address = Arc::new(Address::parse(&self.url)?);
        let prefixes = address.shards(&self.prefix);
        let parts = prefixes.len() as u64;
        let settings = Settings {
            width,
            future: self.window.future,
            capacity: self.capacity.div_ceil(parts),
            quota: self.quota.unwrap_or(self.capacity / 4).div_ceil(parts),
            timeout: self.timeout,
            replicas: self.replicas,
            skew: self.skew,
            first_start: self.first_start,
        };
        let mut shards = Vec::new();
        let mut keepers = JoinSet::new();
        for prefix in prefixes {
            let shard = Arc::new(Shard::new(prefix, settings));
            let (address, clock) = (address.clone(), self.clock.clone());
            let keeper = Keeper { shard: shard.clone(), address, clock };
            let attached = tokio::time::timeout(KEEPER_TIMEOUT, keeper.attach()).await;
            attached.unwrap_or(Err(RedisNonceStoreError::Timeout))?;
            keepers.spawn(keeper.run());
            shards.push(shard);
        }
        let router = NonceTagger::new([0; 16]);
        Ok(RedisNonceStore { shards, settings, router, clock: self.clock, _keepers: keepers })
    }
}

impl std::fmt::Debug for RedisNonceStoreBuilder {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        // The URL may hold a password.
        f.debug_struct("RedisNonceStoreBuilder")
            .field("prefix", &self.prefix)
            .field("window", &self.window)
            .finish_non_exhaustive()
    }
}

/// Why the store in Redis is not opened. The server must not start.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum RedisNonceStoreError {
    /// The URL is none of the forms that are known. It is not repeated: it may hold a password.
    #[error(
        "the URL of Redis is not valid: write redis://host:port/db (or rediss://, if built with TLS), unix:///path, redis+sentinel://host:port,host:port/name or redis+cluster://host:port,host:port"
    )]
    Url,
    /// Redis drops what it likes when its memory is full.
    #[error(
        "Redis has maxmemory-policy {0}, by which it forgets nonces: set maxmemory-policy noeviction"
    )]
    Eviction(String),
    /// It is a replica, or another one is the primary by now.
    #[error("Redis is not a primary: give the address of the primary, or of its Sentinels")]
    NotPrimary,
    /// It does not answer like Redis: it gives no replication ID or memory policy.
    #[error(
        "the server does not answer like Redis 5 or later, or INFO is not permitted to this user"
    )]
    NotRedis,
    /// The clocks differ.
    #[error("the clocks of this server and of Redis differ by {by} s: set them")]
    ClockDiffers {
        /// Seconds.
        by: u64,
    },
    /// The server's clock is not set.
    #[error("the server's clock stands before 1970")]
    Clock,
    /// The window is wider than an hour, which would take too many sets.
    #[error("the store is made for windows of up to an hour, past and future together")]
    Window,
    /// The operating system gives no random bytes for the key.
    #[error(transparent)]
    NoRandomness(#[from] NoRandomness),
    /// There was no answer within two seconds.
    #[error("Redis does not answer: check its address and whether it runs")]
    Timeout,
    /// Redis cannot be reached, or refuses.
    #[error("Redis cannot be used: {0}")]
    Redis(#[from] redis::RedisError),
}

const MAX_WINDOW: u64 = 3_600;
