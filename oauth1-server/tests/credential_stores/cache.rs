//! The cache in front of a store: ages, races, floods and failures. The clock is tokio's, paused.

use std::{
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    time::Duration,
};

use oauth1_core::{ClientCredentials, TokenCredentials};
use oauth1_server::{
    BoxFuture, ClientRecord, CredentialStore, StoreError, TokenRecord,
    credentials::cache::{CacheSettings, CachedCredentialStore},
};
use tokio::{sync::Semaphore, time::advance};

/// A store that counts reads, can be down, and can be held up between reading and answering.
#[derive(Clone)]
struct Slow(Arc<State>);

struct State {
    suspended: AtomicBool,
    down: AtomicBool,
    reads: AtomicU64,
    held: AtomicBool,
    answers: Semaphore,
    asked: Mutex<Vec<String>>,
}

impl Slow {
    fn new() -> Self {
        Self(Arc::new(State {
            suspended: AtomicBool::new(false),
            down: AtomicBool::new(false),
            reads: AtomicU64::new(0),
            held: AtomicBool::new(false),
            answers: Semaphore::new(0),
            asked: Mutex::new(Vec::new()),
        }))
    }

    fn reads(&self) -> u64 {
        self.0.reads.load(Ordering::SeqCst)
    }

    async fn until_reads(&self, reads: u64) {
        while self.reads() < reads {
            tokio::task::yield_now().await;
        }
    }

    async fn read(&self, identifier: &str) -> Result<bool, StoreError> {
        self.0.asked.lock().unwrap().push(identifier.to_owned());
        let (suspended, down) =
            (self.0.suspended.load(Ordering::SeqCst), self.0.down.load(Ordering::SeqCst));
        self.0.reads.fetch_add(1, Ordering::SeqCst);
        if self.0.held.load(Ordering::SeqCst) {
            self.0.answers.acquire().await.unwrap().forget();
        }
        if down { Err(StoreError::new("down")) } else { Ok(suspended) }
    }
}

impl CredentialStore for Slow {
    fn client<'a>(
        &'a self,
        identifier: &'a str,
    ) -> BoxFuture<'a, Result<Option<ClientRecord>, StoreError>> {
        Box::pin(async move {
            let suspended = self.read(identifier).await?;
            let record = ClientRecord::new(&ClientCredentials::new(identifier, "secret"));
            Ok(identifier.starts_with("ck").then(|| record.with_suspension(suspended)))
        })
    }

    fn token<'a>(
        &'a self,
        identifier: &'a str,
    ) -> BoxFuture<'a, Result<Option<TokenRecord>, StoreError>> {
        Box::pin(async move {
            let revoked = self.read(identifier).await?;
            let record = TokenRecord::new(&TokenCredentials::new(identifier, "secret"), "ck");
            Ok(identifier.starts_with("tk").then(|| record.with_revocation(revoked)))
        })
    }

    fn ready(&self) -> BoxFuture<'_, Result<(), StoreError>> {
        Box::pin(async move { self.read("").await.map(drop) })
    }
}

const SETTINGS: CacheSettings =
    CacheSettings { lifetime: Duration::from_secs(5), records: 1000, unknown: 100 };

fn cached() -> (Slow, Arc<CachedCredentialStore<Slow>>) {
    let store = Slow::new();
    (store.clone(), Arc::new(CachedCredentialStore::new(store, SETTINGS)))
}

async fn suspended(cached: &CachedCredentialStore<Slow>, identifier: &str) -> Option<bool> {
    cached.client(identifier).await.unwrap().map(|client| client.is_suspended())
}

#[tokio::test(start_paused = true)]
async fn an_answer_is_never_older_than_its_lifetime() {
    let (store, cached) = cached();
    assert_eq!(suspended(&cached, "ck").await, Some(false));
    store.0.suspended.store(true, Ordering::SeqCst);
    advance(Duration::from_millis(2_999)).await;
    assert_eq!(suspended(&cached, "ck").await, Some(false));
    assert_eq!(store.reads(), 1);
    advance(Duration::from_millis(2_001)).await;
    assert_eq!(suspended(&cached, "ck").await, Some(true));
    assert_eq!(store.reads(), 2);
    // The same for what does not exist.
    assert_eq!(suspended(&cached, "nobody").await, None);
    advance(Duration::from_millis(4_999)).await;
    assert_eq!(suspended(&cached, "nobody").await, None);
    assert_eq!(store.reads(), 3);
    advance(Duration::from_millis(1)).await;
    assert_eq!(suspended(&cached, "nobody").await, None);
    assert_eq!(store.reads(), 4);
}

#[tokio::test(start_paused = true)]
async fn a_record_in_use_is_read_again_before_anybody_waits() {
    let (store, cached) = cached();
    assert_eq!(suspended(&cached, "ck").await, Some(false));
    store.0.suspended.store(true, Ordering::SeqCst);
    advance(Duration::from_millis(3_500)).await;
    for _ in 0..10 {
        assert_eq!(cached.client("ck").await.unwrap().map(|c| c.is_suspended()), Some(false));
    }
    store.until_reads(2).await;
    tokio::task::yield_now().await;
    assert_eq!(suspended(&cached, "ck").await, Some(true));
    assert_eq!(store.reads(), 2, "ten lookups are one read");
    assert_eq!(cached.statistics()[0].misses, 1);
}

#[tokio::test(start_paused = true)]
async fn a_store_that_is_down_is_an_error_after_the_lifetime_and_not_before() {
    let (store, cached) = cached();
    assert_eq!(suspended(&cached, "ck").await, Some(false));
    store.0.down.store(true, Ordering::SeqCst);
    for _ in 0..4 {
        advance(Duration::from_millis(1_200)).await;
        assert_eq!(suspended(&cached, "ck").await, Some(false));
    }
    tokio::task::yield_now().await;
    assert_eq!(store.reads(), 2, "one attempt in the background");
    advance(Duration::from_millis(200)).await;
    assert!(cached.client("ck").await.is_err());
    assert!(cached.client("other").await.is_err());
    assert!(cached.token("tk").await.is_err());
    assert!(cached.ready().await.is_err());
    // An error is not kept.
    store.0.down.store(false, Ordering::SeqCst);
    assert_eq!(suspended(&cached, "ck").await, Some(false));
}

#[tokio::test(start_paused = true)]
async fn what_is_forgotten_is_read_before_it_is_used_again() {
    let (store, cached) = cached();
    for id in ["ck", "ck-2"] {
        assert_eq!(suspended(&cached, id).await, Some(false));
    }
    cached.token("tk").await.unwrap();
    store.0.suspended.store(true, Ordering::SeqCst);
    cached.forget_client("ck");
    assert_eq!(suspended(&cached, "ck").await, Some(true));
    assert_eq!(suspended(&cached, "ck-2").await, Some(false));
    cached.forget_token("tk");
    assert!(cached.token("tk").await.unwrap().unwrap().is_revoked());
    cached.forget_all();
    assert_eq!(suspended(&cached, "ck-2").await, Some(true));
}

#[tokio::test(start_paused = true)]
async fn a_read_that_began_before_something_was_forgotten_is_not_kept() {
    for forget in
        [(|cached| cached.forget_client("ck")) as fn(&CachedCredentialStore<Slow>), |cached| {
            cached.forget_all()
        }]
    {
        let (store, cached) = cached();
        store.0.held.store(true, Ordering::SeqCst);
        let early = tokio::spawn({
            let cached = cached.clone();
            async move { suspended(&cached, "ck").await }
        });
        store.until_reads(1).await;
        // It has read, and not answered yet. Now the client is suspended.
        store.0.suspended.store(true, Ordering::SeqCst);
        forget(&cached);
        // Who comes now does not wait for the read that is too early.
        let late = tokio::spawn({
            let cached = cached.clone();
            async move { suspended(&cached, "ck").await }
        });
        store.until_reads(2).await;
        store.0.answers.add_permits(2);
        assert_eq!(early.await.unwrap(), Some(false), "it began before");
        assert_eq!(late.await.unwrap(), Some(true));
        store.0.held.store(false, Ordering::SeqCst);
        assert_eq!(suspended(&cached, "ck").await, Some(true));
    }
}

#[tokio::test(start_paused = true)]
async fn a_thousand_who_need_the_same_wait_for_one_read() {
    let (store, cached) = cached();
    store.0.held.store(true, Ordering::SeqCst);
    let mut tasks = tokio::task::JoinSet::new();
    for _ in 0..1000 {
        let cached = cached.clone();
        tasks.spawn(async move { suspended(&cached, "ck").await });
    }
    while cached.statistics()[0].misses < 1000 {
        tokio::task::yield_now().await;
    }
    store.0.answers.add_permits(1);
    assert!(tasks.join_all().await.into_iter().all(|answer| answer == Some(false)));
    assert_eq!(store.reads(), 1);
}

#[tokio::test(start_paused = true)]
async fn when_the_one_who_reads_gives_up_another_reads() {
    let (store, cached) = cached();
    store.0.held.store(true, Ordering::SeqCst);
    let wait = || {
        let cached = cached.clone();
        tokio::spawn(async move { suspended(&cached, "ck").await })
    };
    let first = wait();
    store.until_reads(1).await;
    let second = wait();
    tokio::task::yield_now().await;
    first.abort();
    store.until_reads(2).await;
    store.0.answers.add_permits(1);
    assert_eq!(second.await.unwrap(), Some(false));
    // When all give up, the next one starts afresh.
    let third = wait();
    third.abort();
    assert!(third.await.is_err());
    store.0.held.store(false, Ordering::SeqCst);
    assert_eq!(suspended(&cached, "ck").await, Some(false));
}

#[tokio::test(start_paused = true)]
async fn a_flood_of_invented_identifiers_is_bounded_and_drives_out_nobody() {
    let (store, cached) = cached();
    for n in 0..200 {
        suspended(&cached, &format!("ck-{n}")).await;
    }
    for n in 0..20_000 {
        assert_eq!(suspended(&cached, &format!("invented-{n}")).await, None);
    }
    let long = "x".repeat(60_000);
    assert_eq!(suspended(&cached, &long).await, None);
    let [clients, tokens] = cached.statistics();
    assert!(clients.unknown <= 100, "{clients:?}");
    assert_eq!((clients.records, tokens.records), (200, 0));
    let before = store.reads();
    for n in 0..200 {
        assert_eq!(suspended(&cached, &format!("ck-{n}")).await, Some(false));
    }
    assert_eq!(store.reads(), before, "all 200 are still there");
    assert_eq!(cached.statistics()[0].hits, 200);
    // More records than fit are bounded as well.
    for n in 0..5_000 {
        suspended(&cached, &format!("ck-more-{n}")).await;
    }
    assert!(cached.statistics()[0].records <= 1000);
}

/// Lookups and changes at random: no lookup that begins after a change was told answers what was
/// before it.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn no_lookup_answers_what_was_before_a_change() {
    let (store, cached) = cached();
    let changed = Arc::new(AtomicU64::new(0));
    let mut tasks = tokio::task::JoinSet::new();
    for _ in 0..4 {
        let (cached, changed, store) = (cached.clone(), changed.clone(), store.clone());
        tasks.spawn(async move {
            for _ in 0..20_000 {
                let before = changed.load(Ordering::SeqCst);
                let answer = suspended(&cached, "ck").await;
                // It is suspended by the first change, and stays so.
                assert!(
                    before == 0 || answer == Some(true),
                    "an answer from before change {before}"
                );
                if store.reads() % 64 == 0 {
                    tokio::task::yield_now().await;
                }
            }
        });
    }
    for round in 0..200 {
        if round == 100 {
            store.0.suspended.store(true, Ordering::SeqCst);
        }
        cached.forget_client("ck");
        if round >= 100 {
            changed.store(round, Ordering::SeqCst);
        }
        tokio::task::yield_now().await;
    }
    while tasks.join_next().await.transpose().unwrap().is_some() {}
}
