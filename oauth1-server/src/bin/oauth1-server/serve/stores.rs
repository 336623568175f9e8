//! Opens the stores that the configuration names.

use std::{fs::DirBuilder, os::unix::fs::DirBuilderExt, sync::Arc};

use oauth1_server::{
    JournalNonceStore, MemoryNonceStore, NonceStore, PostgresNonceStore, RedisNonceStore,
    credentials::{
        cache::CachedCredentialStore,
        sql::{OpenedCredentials, SqlCredentialStore, open_credentials},
    },
    management::KeyService,
    replay::{
        JournalNonceStoreBuilder, MemoryNonceStoreBuilder, PostgresNonceStoreBuilder,
        RedisNonceStoreBuilder,
    },
};
use tokio::{task::JoinHandle, time::sleep};

use super::metrics::Metrics;
use crate::{
    config::{NonceBackend, Settings},
    keys::store_settings,
};

/// The stores of one server.
pub(crate) struct Stores {
    pub(crate) credentials: OpenedCredentials,
    pub(crate) nonces: Arc<dyn NonceStore>,
}

/// Opens them.
///
/// # Errors
/// Why the server must not start, and what to do.
pub(crate) async fn open(settings: &Settings) -> Result<Stores, String> {
    let data_dir = &settings.server.data_dir;
    // Also where only the journal is in it.
    let made = DirBuilder::new().recursive(true).mode(0o700).create(data_dir);
    made.map_err(|error| format!("server.data_dir: cannot make {}: {error}", data_dir.display()))?;
    let credentials = open_credentials(&store_settings(settings)?).await;
    let credentials = credentials.map_err(|error| error.to_string())?;
    // Nothing can have been accepted before the first server that used these credentials.
    let served = credentials.store.has_served().await.map_err(|error| error.to_string())?;
    let owner = credentials.store.identity().await.map_err(|error| error.to_string())?;
    let nonces = nonces(settings, owner, !served).await?;
    if !served {
        credentials.store.note_served().await.map_err(|error| error.to_string())?;
    }
    Ok(Stores { credentials, nonces })
}

impl Stores {
    pub(crate) fn cached(&self) -> Arc<CachedCredentialStore<SqlCredentialStore>> {
        self.credentials.cached.clone()
    }

    /// Counts clients now and then, for metrics.
    pub(crate) fn watch_credentials(&self, metrics: Metrics) -> JoinHandle<()> {
        let keys = KeyService::new(self.credentials.store.clone());
        tokio::spawn(async move {
            loop {
                // A database that is down shows in readiness.
                if let Ok(counts) = keys.counts().await {
                    for (state, count) in counts {
                        metrics.set_credentials(state.as_str(), count);
                    }
                }
                sleep(COUNTING).await;
            }
        })
    }
}

/// The store of nonces.
async fn nonces(
    settings: &Settings,
    owner: String,
    first_start: bool,
) -> Result<Arc<dyn NonceStore>, String> {
    let nonces = &settings.nonces;
    let window = settings.policy.window();
    Ok(match &nonces.store {
        NonceBackend::Memory => {
            let builder = MemoryNonceStore::builder()
                .window(window)
                .capacity(nonces.capacity)
                .quota(nonces.quota)
                .first_start(first_start);
            let builder = set(builder, nonces.fence, MemoryNonceStoreBuilder::fence);
            Arc::new(builder.build().map_err(|error| error.to_string())?)
        }
        NonceBackend::Journal(level) => {
            let builder = JournalNonceStore::builder(settings.server.data_dir.join("nonces"))
                .window(window)
                .capacity(nonces.capacity)
                .quota(nonces.quota)
                .level(*level)
                .first_start(first_start)
                .snapshots(nonces.snapshots)
                .fence_on_clock_step(nonces.fence_on_clock_step)
                .any_file_system(nonces.any_file_system)
                .owner(owner);
            let builder = set(builder, nonces.mirror.as_ref(), JournalNonceStoreBuilder::mirror);
            let builder = set(builder, nonces.fence, JournalNonceStoreBuilder::fence);
            let opened = tokio::task::spawn_blocking(|| builder.open()).await;
            let store = opened.map_err(|error| error.to_string())?;
            Arc::new(store.map_err(|error| format!("the journal of nonces: {error}"))?)
        }
        NonceBackend::Redis(url) => {
            let builder = RedisNonceStore::builder(url.as_str())
                .window(window)
                .capacity(nonces.capacity)
                .quota(nonces.quota)
                .prefix(nonces.prefix.as_str())
                .replicas(nonces.replicas)
                .first_start(first_start);
            let builder = set(builder, nonces.timeout, RedisNonceStoreBuilder::timeout);
            if nonces.fence.is_some() {
                return Err("nonces.fence: Redis keeps a fence of its own for all nodes".into());
            }
            Arc::new(builder.open().await.map_err(|error| format!("nonces.url: {error}"))?)
        }
        NonceBackend::Postgres(url) => {
            let builder = PostgresNonceStore::builder(url.as_str())
                .window(window)
                .capacity(nonces.capacity)
                .quota(nonces.quota)
                .connections(nonces.pool_size)
                .unsynced(nonces.unsynced)
                .first_start(first_start);
            let builder = set(builder, nonces.timeout, PostgresNonceStoreBuilder::timeout);
            let builder = set(builder, nonces.fence, PostgresNonceStoreBuilder::fence);
            Arc::new(builder.open().await.map_err(|error| format!("nonces.url: {error}"))?)
        }
    })
}

/// Sets what is configured.
fn set<B, T>(builder: B, value: Option<T>, setter: impl FnOnce(B, T) -> B) -> B {
    match value {
        Some(value) => setter(builder, value),
        None => builder,
    }
}

const COUNTING: std::time::Duration = std::time::Duration::from_secs(60);
