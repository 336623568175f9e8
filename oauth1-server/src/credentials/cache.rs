//! A bounded cache in front of a credential store.
//!
//! What it answers was read from the store at most [`CacheSettings::lifetime`] ago, even while the
//! store is down: a revocation that the cache was not told about holds after that time. After
//! [`forget_client`](CachedCredentialStore::forget_client) and its likes the next lookup reads the
//! store.
//!
//! Unknown identifiers are kept in a place of their own, so that a flood of invented ones drives
//! out no client.

mod lookup;

use std::{sync::Arc, time::Duration};

use super::{ClientRecord, CredentialStore, TokenRecord};
use crate::basic::BasicRecord;
use crate::error::{BoxFuture, StoreError};
use lookup::Lookup;

/// How much is kept, and for how long.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CacheSettings {
    /// How old an answer can be. A record in use is read again in the background after three
    /// fifths of it. 5 seconds.
    pub lifetime: Duration,
    /// How many clients, and how many tokens. 100,000 each.
    pub records: usize,
    /// How many identifiers that do not exist, each of clients and of tokens. 10,000.
    pub unknown: usize,
}

impl Default for CacheSettings {
    fn default() -> Self {
        Self { lifetime: Duration::from_secs(5), records: 100_000, unknown: 10_000 }
    }
}

/// What a cache did since its start, for metrics.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct CacheStatistics {
    /// Lookups that were answered with a record from the cache.
    pub hits: u64,
    /// Lookups that were answered from the cache: there is no such record.
    pub unknown_hits: u64,
    /// Lookups that had to wait for the store.
    pub misses: u64,
    /// Reads of the store, those in the background included.
    pub reads: u64,
    /// Reads that failed.
    pub failures: u64,
    /// Records that are kept now.
    pub records: u64,
    /// Identifiers that are known not to exist, kept now.
    pub unknown: u64,
}

/// A store behind a cache.
#[derive(Debug)]
pub struct CachedCredentialStore<S> {
    store: Arc<S>,
    clients: Arc<Lookup<ClientRecord>>,
    tokens: Arc<Lookup<TokenRecord>>,
    basics: Arc<Lookup<BasicRecord>>,
}

impl<S: CredentialStore + 'static> CachedCredentialStore<S> {
    /// An empty cache in front of a store.
    #[must_use]
    pub fn new(store: S, settings: CacheSettings) -> Self {
        Self {
            store: Arc::new(store),
            clients: Arc::new(Lookup::new(settings)),
            tokens: Arc::new(Lookup::new(settings)),
            basics: Arc::new(Lookup::new(settings)),
        }
    }

    /// Reads a client from the store before it is used again.
    pub fn forget_client(&self, identifier: &str) {
        self.clients.forget(identifier);
    }

    /// Reads a token from the store before it is used again.
    pub fn forget_token(&self, identifier: &str) {
        self.tokens.forget(identifier);
    }

    /// Reads a Basic credential from the store before it is used again.
    pub fn forget_basic(&self, name: &str) {
        self.basics.forget(name);
    }

    /// Reads everything from the store before it is used again.
    pub fn forget_all(&self) {
        self.clients.forget_all();
        self.tokens.forget_all();
        self.basics.forget_all();
    }

    /// What was done with clients and with tokens.
    #[must_use]
    pub fn statistics(&self) -> [CacheStatistics; 2] {
        [self.clients.statistics(), self.tokens.statistics()]
    }
}

impl<S: CredentialStore + 'static> CredentialStore for CachedCredentialStore<S> {
    fn client<'a>(
        &'a self,
        identifier: &'a str,
    ) -> BoxFuture<'a, Result<Option<ClientRecord>, StoreError>> {
        let store = &self.store;
        Box::pin(self.clients.of(identifier, move |identifier| {
            let (store, identifier) = (store.clone(), Box::<str>::from(identifier));
            Box::pin(async move { store.client(&identifier).await })
        }))
    }

    fn token<'a>(
        &'a self,
        identifier: &'a str,
    ) -> BoxFuture<'a, Result<Option<TokenRecord>, StoreError>> {
        let store = &self.store;
        Box::pin(self.tokens.of(identifier, move |identifier| {
            let (store, identifier) = (store.clone(), Box::<str>::from(identifier));
            Box::pin(async move { store.token(&identifier).await })
        }))
    }

    fn basic<'a>(
        &'a self,
        name: &'a str,
    ) -> BoxFuture<'a, Result<Option<BasicRecord>, StoreError>> {
        let store = &self.store;
        Box::pin(self.basics.of(name, move |name| {
            let (store, name) = (store.clone(), Box::<str>::from(name));
            Box::pin(async move { store.basic(&name).await })
        }))
    }

    /// Ready as long as the store is: what the cache holds is gone soon.
    fn ready(&self) -> BoxFuture<'_, Result<(), StoreError>> {
        self.store.ready()
    }
}
