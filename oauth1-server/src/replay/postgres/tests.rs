//! The suite of every store, and the faults of PostgreSQL, with real servers.

use std::{
    sync::{Arc, LazyLock},
    time::Duration,
};

use oauth1_core::Timestamp;
use torture::services::{Postgres, Proxy, ServiceError};

use super::{PostgresNonceStore, PostgresNonceStoreBuilder, PostgresNonceStoreError};
use crate::replay::{
    NonceOutcome, NonceStoreError,
    conformance::{Setup, StoreUnderTest, nonce_store_conformance},
    faults::{
        WINDOW, fenced, fresh, now, one_of_64_copies_is_fresh, replayed, service, unavailable,
    },
};

/// One server for the suite; each store has a schema of its own.
static SERVER: LazyLock<Result<Postgres, ServiceError>> = LazyLock::new(Postgres::start);

struct Suite;

impl StoreUnderTest for Suite {
    type Store = PostgresNonceStore;

    async fn open(setup: Setup) -> PostgresNonceStore {
        let schema = format!("suite_{}", uuid::Uuid::new_v4().simple());
        let mut builder = PostgresNonceStore::builder(SERVER.as_ref().unwrap().url())
            .schema(schema)
            .connections(2)
            .window(setup.window)
            .capacity(setup.capacity)
            .quota(setup.quota)
            .timeout(Duration::from_secs(20))
            .unsynced(true)
            .clock(|| Timestamp::from_seconds(1_700_000_000))
            .first_start(true);
        // The suite has a time of its own.
        builder.skew = None;
        builder.open().await.unwrap()
    }

    fn missing() -> Option<ServiceError> {
        match &*SERVER {
            Err(ServiceError::Missing(program)) => Some(ServiceError::Missing(program)),
            _ => None,
        }
    }
}

nonce_store_conformance!(Suite);

type Node = super::super::faults::Node<PostgresNonceStore>;

impl Node {
    async fn open(url: impl Into<String>) -> Self {
        Self::of(builder(url)).await
    }

    /// On a database that the service has never used before.
    async fn first(url: impl Into<String>) -> Self {
        Self::of(builder(url).first_start(true)).await
    }

    async fn of(builder: PostgresNonceStoreBuilder) -> Self {
        Self::new(builder.open().await.unwrap())
    }
}

fn builder(url: impl Into<String>) -> PostgresNonceStoreBuilder {
    let builder = PostgresNonceStore::builder(url).window(WINDOW).unsynced(true);
    builder.timeout(Duration::from_secs(2))
}

#[tokio::test]
async fn of_64_copies_on_two_nodes_one_is_fresh() {
    let postgres = service!(Postgres::start());
    let nodes = [Node::first(postgres.url()).await, Node::open(postgres.url()).await];
    one_of_64_copies_is_fresh(nodes).await;
}

#[tokio::test]
async fn many_nodes_may_start_at_once() {
    let postgres = service!(Postgres::start());
    let nodes: Vec<_> = (0..12)
        .map(|_| tokio::spawn(Node::of(builder(postgres.url()).connections(2).first_start(true))))
        .collect();
    let time = now();
    for (i, node) in nodes.into_iter().enumerate() {
        let answer = node.await.unwrap().record(time, "n").await;
        assert!(if i == 0 { fresh(&answer) } else { replayed(&answer) }, "{i}: {answer:?}");
    }
}

#[tokio::test]
async fn an_empty_database_is_fenced_unless_it_is_the_first_start() {
    let postgres = service!(Postgres::start());
    let node = Node::open(postgres.url()).await;
    let answer = node.record(now(), "n").await;
    assert!(
        matches!(answer, Err(NonceStoreError::Fenced { retry_after: 100..=130 })),
        "{answer:?}"
    );
    assert!(matches!(node.ready().await, Err(NonceStoreError::Fenced { .. })));
    // Another node believes the fence that it finds, whatever it was told.
    assert!(fenced(&Node::first(postgres.url()).await.record(now(), "n").await));
}

#[tokio::test]
async fn a_crash_loses_nothing_and_costs_no_fence() {
    let mut postgres = service!(Postgres::start());
    let node = Node::first(postgres.url()).await;
    let time = now();
    let mut nonces = Vec::new();
    for cycle in 0..4 {
        let nonce = format!("{cycle}");
        assert!(fresh(&node.answer(time, &nonce).await));
        nonces.push(nonce);
        if cycle % 2 == 0 {
            postgres.stop_immediately().unwrap();
        } else {
            postgres.kill().unwrap();
        }
        assert!(unavailable(&node.record(time, "down").await));
        assert!(node.ready().await.is_err());
        postgres.resume().unwrap();
        for nonce in &nonces {
            let answer = node.answer(time, nonce).await;
            assert!(replayed(&answer), "{answer:?}");
        }
    }
    node.ready().await.unwrap();
}

#[tokio::test]
async fn a_promotion_that_loses_writes_is_fenced() {
    let mut primary = service!(Postgres::start());
    let replication = Proxy::start(primary.address()).unwrap();
    // Nodes follow the primary through this one, as through an address that moves.
    let node = Node::first(primary.url()).await;
    let time = now();
    assert!(fresh(&node.record(time, "kept").await));
    let standby = primary.start_standby(replication.address()).unwrap();
    let refused = builder(standby.url()).open().await;
    assert!(matches!(refused, Err(PostgresNonceStoreError::Standby)));
    replication.stall(true);
    assert!(fresh(&node.record(time, "lost").await));
    primary.kill().unwrap();
    standby.promote().unwrap();
    // This is what would be accepted twice without a fence.
    let count = format!("SELECT count(*) FROM oauth1_nonces.n_{}", time / 60);
    assert_eq!(standby.query(&count).unwrap().trim(), "1");
    let node = Node::open(standby.url()).await;
    for nonce in ["kept", "lost", "new"] {
        let answer = node.answer(time, nonce).await;
        assert!(fenced(&answer), "{nonce}: {answer:?}");
    }
}

#[tokio::test]
async fn tables_that_are_gone_are_fenced() {
    let postgres = service!(Postgres::start());
    let (one, other) = (Node::first(postgres.url()).await, Node::first(postgres.url()).await);
    let time = now();
    assert!(fresh(&one.record(time, "n").await));
    assert!(replayed(&other.record(time, "n").await));
    postgres.query("DROP SCHEMA oauth1_nonces CASCADE").unwrap();
    for node in [&one, &other] {
        let answer = node.answer(time, "n").await;
        assert!(fenced(&answer), "{answer:?}");
    }
}

#[tokio::test]
async fn one_table_that_is_gone_is_fenced() {
    let postgres = service!(Postgres::start());
    let node = Node::first(postgres.url()).await;
    let time = now();
    assert!(fresh(&node.record(time, "n").await));
    postgres.query(&format!("DROP TABLE oauth1_nonces.n_{}", time / 60)).unwrap();
    let answer = node.answer(time, "n").await;
    assert!(fenced(&answer), "{answer:?}");
}

#[tokio::test]
async fn an_earlier_generation_is_fenced() {
    let postgres = service!(Postgres::start());
    let node = Node::first(postgres.url()).await;
    let time = now();
    assert!(fresh(&node.record(time, "n").await));
    postgres.query("UPDATE oauth1_nonces.store SET generation = generation - 1").unwrap();
    let answer = node.answer(time, "n").await;
    assert!(fenced(&answer), "{answer:?}");
}

#[tokio::test]
async fn a_hung_server_is_unavailable_and_comes_back() {
    let postgres = service!(Postgres::start());
    let quick = builder(postgres.url()).first_start(true).timeout(Duration::from_millis(100));
    let node = Node::of(quick).await;
    let time = now();
    assert!(fresh(&node.answer(time, "n").await));
    postgres.freeze().unwrap();
    for i in 0..50 {
        let answer = node.record(time, &format!("{i}")).await;
        assert!(unavailable(&answer), "{answer:?}");
    }
    postgres.thaw().unwrap();
    assert!(replayed(&node.answer(time, "n").await));
    assert!(fresh(&node.answer(time, "new").await));
}

#[tokio::test]
async fn a_network_that_swallows_everything_is_unavailable_and_comes_back() {
    let postgres = service!(Postgres::start());
    let proxy = Proxy::start(postgres.address()).unwrap();
    let url = format!("postgres://postgres@{}/postgres", proxy.address());
    let quick = builder(url).first_start(true).timeout(Duration::from_millis(200));
    let node = Node::of(quick).await;
    let time = now();
    assert!(fresh(&node.answer(time, "n").await));
    proxy.stall(true);
    for i in 0..20 {
        assert!(unavailable(&node.record(time, &format!("{i}")).await));
    }
    // The connections are gone, and nobody is told.
    proxy.stall(false);
    proxy.cut(true);
    assert!(unavailable(&node.record(time, "cut").await));
    proxy.cut(false);
    assert!(replayed(&node.answer(time, "n").await));
    let connections =
        "SELECT count(*) FROM pg_stat_activity WHERE application_name = 'oauth1-server nonces'";
    let connections: u32 = postgres.query(connections).unwrap().trim().parse().unwrap();
    assert!((1..=9).contains(&connections), "{connections}");
}

/// Time passes quickly, and two nodes insert while tables are made and dropped.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn tables_are_dropped_under_load_without_errors() {
    let postgres = service!(Postgres::start());
    let open = || async {
        let mut builder = builder(postgres.url())
            .first_start(true)
            .timeout(Duration::from_secs(20))
            .clock(|| Timestamp::from_seconds(1_700_000_000));
        builder.skew = None;
        Arc::new(Node::of(builder).await)
    };
    let nodes = [open().await, open().await];
    let start = 1_700_000_000;
    let tasks: Vec<_> = (0..16)
        .map(|task| {
            let node = nodes[task % 2].clone();
            tokio::spawn(async move {
                for step in 0..120 {
                    let now = start + step * 20;
                    let time = now - (step * 7) % WINDOW.past;
                    let nonce = format!("{task}-{step}");
                    match node.record_at(time, &nonce, now).await {
                        // Another task is ahead, by more than a node's clock may be.
                        Ok(NonceOutcome::Fresh) | Err(NonceStoreError::Fenced { .. }) => {}
                        other => panic!("{step}: {other:?}"),
                    }
                    let again = node.record_at(time, &nonce, now).await;
                    assert!(replayed(&again) || fenced(&again), "{step}: {again:?}");
                }
            })
        })
        .collect();
    for task in tasks {
        task.await.unwrap();
    }
    let tables = "SELECT count(*) FROM pg_tables WHERE tablename ~ '^n_'";
    let deadlocks = "SELECT deadlocks FROM pg_stat_database WHERE datname = 'postgres'";
    assert_eq!(postgres.query(deadlocks).unwrap().trim(), "0");
    // One window, those ahead, and those that the keeper has still to drop.
    let mut left = u64::MAX;
    for _ in 0..500 {
        left = postgres.query(tables).unwrap().trim().parse().unwrap();
        if left <= (WINDOW.past + WINDOW.future) / 60 + 8 {
            return;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    panic!("{left} tables are left");
}

#[tokio::test]
async fn clocks_that_differ_are_refused_and_raise_no_floor() {
    let postgres = service!(Postgres::start());
    let wrong = builder(postgres.url()).clock(|| Timestamp::from_seconds(now() + 30)).open().await;
    assert!(
        matches!(wrong, Err(PostgresNonceStoreError::ClockDiffers { by: 28..=32 })),
        "{wrong:?}"
    );
    let node = Node::first(postgres.url()).await;
    let time = now();
    assert!(unavailable(&node.record_at(time, "n", time + 30).await));
    // It was judged, and then its body took its time.
    assert!(fresh(&node.record_at(time, "slow", time - 30).await));
    let tomorrow = time + 86_400;
    assert!(unavailable(&node.record_at(tomorrow, "n", tomorrow).await));
    let answer = node.record(time, "n").await;
    assert!(fresh(&answer), "{answer:?}");
}

#[tokio::test]
async fn settings_that_lose_nonces_and_names_that_are_none_are_refused() {
    let postgres = service!(Postgres::start());
    let unsynced = PostgresNonceStore::builder(postgres.url()).open().await;
    assert!(matches!(unsynced, Err(PostgresNonceStoreError::Unsynced)));
    for schema in ["", "A", "a b", "a;b", "1a", &"a".repeat(49)] {
        let refused = builder(postgres.url()).schema(schema).open().await;
        assert!(matches!(refused, Err(PostgresNonceStoreError::Schema)), "{schema}");
    }
    let builder = PostgresNonceStore::builder("http://user:canary@h/");
    assert!(!format!("{builder:?}").contains("canary"));
    let error = builder.open().await.unwrap_err();
    assert!(matches!(error, PostgresNonceStoreError::Url) && !error.to_string().contains("canary"));
}

#[tokio::test]
async fn an_ordinary_user_is_enough_and_synchronous_commit_is_on() {
    let postgres = service!(Postgres::start_with(&["synchronous_commit=off"]));
    postgres.query("CREATE ROLE service LOGIN").unwrap();
    postgres.query("CREATE SCHEMA mine AUTHORIZATION service").unwrap();
    let url = postgres.url().replace("postgres@", "service@");
    let builder = PostgresNonceStore::builder(url).schema("mine").first_start(true);
    let node = Node::of(builder).await;
    let time = now();
    assert!(fresh(&node.answer(time, "n").await));
    let attached = node.store.data.link.attached().await.unwrap();
    let on: String =
        sqlx::query_scalar("SHOW synchronous_commit").fetch_one(&attached.pool).await.unwrap();
    assert_eq!(on, "on");
}
