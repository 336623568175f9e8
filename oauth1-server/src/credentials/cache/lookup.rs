//! The cache of one kind of record.

use std::sync::{
    Arc, Mutex, PoisonError,
    atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering},
};

use dashmap::DashMap;
use quick_cache::sync::Cache;
use tokio::{sync::OnceCell, time::Instant};

use super::{CacheSettings, CacheStatistics};
use crate::error::{BoxFuture, StoreError};

pub(super) struct Lookup<R> {
    settings: CacheSettings,
    records: Cache<Box<str>, Arc<Entry<R>>>,
    unknown: Cache<Box<str>, Instant>,
    /// Reads under way: whoever needs the same record waits for the same read.
    reads: DashMap<Box<str>, Arc<Read<R>>>,
    /// Counts what was forgotten. Held while something is kept or forgotten, so that what was read
    /// before is not kept after.
    forgotten: Mutex<u64>,
    hits: AtomicU64,
    unknown_hits: AtomicU64,
    misses: AtomicU64,
    started: AtomicU64,
    failures: AtomicU64,
}

struct Entry<R> {
    record: R,
    read_at: Instant,
    refreshed: AtomicBool,
}

struct Read<R> {
    /// How much was forgotten before it began.
    forgotten: u64,
    /// Changed only with the shard of `reads` locked.
    waiting: AtomicUsize,
    result: OnceCell<Result<Option<R>, Arc<StoreError>>>,
}

impl<R: Clone + Send + Sync + 'static> Lookup<R> {
    pub(super) fn new(settings: CacheSettings) -> Self {
        Self {
            settings,
            records: Cache::new(settings.records),
            unknown: Cache::new(settings.unknown),
            reads: DashMap::new(),
            forgotten: Mutex::new(0),
            hits: AtomicU64::new(0),
            unknown_hits: AtomicU64::new(0),
            misses: AtomicU64::new(0),
            started: AtomicU64::new(0),
            failures: AtomicU64::new(0),
        }
    }

    /// The record, from the cache or by `read`.
    pub(super) async fn of<'r>(
        self: &Arc<Self>,
        identifier: &str,
        read: impl Fn(&str) -> BoxFuture<'static, Result<Option<R>, StoreError>> + Send + Sync + 'r,
    ) -> Result<Option<R>, StoreError> {
        let now = Instant::now();
        let lifetime = self.settings.lifetime;
        if let Some(entry) = self.records.get(identifier) {
            let age = now.duration_since(entry.read_at);
            if age < lifetime {
                self.hits.fetch_add(1, Ordering::Relaxed);
                if age > lifetime * 3 / 5 && !entry.refreshed.swap(true, Ordering::Relaxed) {
                    // One attempt; if it fails, the entry stays until its end.
                    let (lookup, identifier) = (self.clone(), Box::<str>::from(identifier));
                    let reading = read(&identifier);
                    tokio::spawn(async move {
                        let _ = lookup.read(&identifier, reading).await;
                    });
                }
                return Ok(Some(entry.record.clone()));
            }
        } else if let Some(read_at) = self.unknown.get(identifier)
            && now.duration_since(read_at) < lifetime
        {
            self.unknown_hits.fetch_add(1, Ordering::Relaxed);
            return Ok(None);
        }
        self.misses.fetch_add(1, Ordering::Relaxed);
        self.read(identifier, read(identifier)).await
    }

    /// Reads the store, or waits for a read that began after everything that was forgotten.
    async fn read(
        &self,
        identifier: &str,
        reading: BoxFuture<'static, Result<Option<R>, StoreError>>,
    ) -> Result<Option<R>, StoreError> {
        let waiting = self.wait_for(identifier);
        let read = &waiting.read;
        // If who reads is cancelled, the next who waits reads.
        let result = read.result.get_or_init(|| async {
            self.started.fetch_add(1, Ordering::Relaxed);
            let read_at = Instant::now();
            let result = reading.await;
            self.keep(identifier, read, read_at, &result);
            result.map_err(Arc::new)
        });
        match result.await {
            Ok(record) => Ok(record.clone()),
            Err(error) => Err(StoreError::new(error.clone())),
        }
    }

    fn wait_for<'l>(&'l self, identifier: &'l str) -> Waiting<'l, R> {
        let forgotten = self.forgotten.lock().unwrap_or_else(PoisonError::into_inner);
        let read = self.reads.entry(identifier.into()).or_insert_with(|| {
            Arc::new(Read {
                forgotten: *forgotten,
                waiting: AtomicUsize::new(0),
                result: OnceCell::new(),
            })
        });
        read.waiting.fetch_add(1, Ordering::Relaxed);
        Waiting { lookup: self, identifier, read: read.clone() }
    }

    fn keep(
        &self,
        identifier: &str,
        read: &Arc<Read<R>>,
        read_at: Instant,
        result: &Result<Option<R>, StoreError>,
    ) {
        let forgotten = self.forgotten.lock().unwrap_or_else(PoisonError::into_inner);
        self.reads.remove_if(identifier, |_, current| Arc::ptr_eq(current, read));
        match result {
            Err(_) => {
                self.failures.fetch_add(1, Ordering::Relaxed);
            }
            Ok(_) if *forgotten != read.forgotten => {}
            Ok(Some(record)) => {
                self.unknown.remove(identifier);
                let refreshed = AtomicBool::new(false);
                let entry = Entry { record: record.clone(), read_at, refreshed };
                self.records.insert(identifier.into(), Arc::new(entry));
            }
            Ok(None) => {
                self.records.remove(identifier);
                if identifier.len() <= LONGEST_UNKNOWN {
                    self.unknown.insert(identifier.into(), read_at);
                }
            }
        }
    }

    pub(super) fn forget(&self, identifier: &str) {
        let mut forgotten = self.forgotten.lock().unwrap_or_else(PoisonError::into_inner);
        *forgotten += 1;
        self.reads.remove(identifier);
        self.records.remove(identifier);
        self.unknown.remove(identifier);
    }

    pub(super) fn forget_all(&self) {
        let mut forgotten = self.forgotten.lock().unwrap_or_else(PoisonError::into_inner);
        *forgotten += 1;
        self.reads.clear();
        self.records.clear();
        self.unknown.clear();
    }

    pub(super) fn statistics(&self) -> CacheStatistics {
        CacheStatistics {
            hits: self.hits.load(Ordering::Relaxed),
            unknown_hits: self.unknown_hits.load(Ordering::Relaxed),
            misses: self.misses.load(Ordering::Relaxed),
            reads: self.started.load(Ordering::Relaxed),
            failures: self.failures.load(Ordering::Relaxed),
            records: self.records.len() as u64,
            unknown: self.unknown.len() as u64,
        }
    }
}

/// One who waits for a read. The last one who gives up takes it away.
struct Waiting<'l, R> {
    lookup: &'l Lookup<R>,
    identifier: &'l str,
    read: Arc<Read<R>>,
}

impl<R> Drop for Waiting<'_, R> {
    fn drop(&mut self) {
        self.lookup.reads.remove_if(self.identifier, |_, current| {
            Arc::ptr_eq(current, &self.read) && current.waiting.fetch_sub(1, Ordering::Relaxed) == 1
        });
    }
}

impl<R> std::fmt::Debug for Lookup<R> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Lookup").field("settings", &self.settings).finish_non_exhaustive()
    }
}

/// Octets. Longer ones are looked up each time, which costs the store nothing: it has none of them.
const LONGEST_UNKNOWN: usize = 255;
