//! The suite of every store, and the faults of Redis, with real servers.

use std::{sync::LazyLock, time::Duration};

use oauth1_core::Timestamp;
use torture::services::{Proxy, Redis, RedisCluster, Sentinel, ServiceError};

use super::{RedisNonceStore, RedisNonceStoreBuilder, RedisNonceStoreError};
use crate::replay::{
    NonceStoreError,
    conformance::{Setup, StoreUnderTest, nonce_store_conformance},
    faults::{
        WINDOW, fenced, fresh, now, one_of_64_copies_is_fresh, replayed, service, unavailable,
    },
};

/// One server for the suite; each store has a prefix of its own.
static SERVER: LazyLock<Result<Redis, ServiceError>> = LazyLock::new(|| Redis::start(&[]));

struct Suite;

impl StoreUnderTest for Suite {
    type Store = RedisNonceStore;

    async fn open(setup: Setup) -> RedisNonceStore {
        let prefix = format!("suite:{}:", uuid::Uuid::new_v4());
        let url = SERVER.as_ref().unwrap().url();
        let mut builder = RedisNonceStore::builder(url)
            .prefix(prefix)
            .window(setup.window)
            .capacity(setup.capacity)
            .quota(setup.quota)
            .timeout(Duration::from_secs(10))
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

type Node = super::super::faults::Node<RedisNonceStore>;

impl Node {
    async fn open(url: impl Into<String>) -> Self {
        Self::of(builder(url)).await
    }

    /// On a Redis that the service has never used before.
    async fn first(url: impl Into<String>) -> Self {
        Self::of(builder(url).first_start(true)).await
    }

    async fn of(builder: RedisNonceStoreBuilder) -> Self {
        Self::new(builder.open().await.unwrap())
    }
}

fn builder(url: impl Into<String>) -> RedisNonceStoreBuilder {
    RedisNonceStore::builder(url).window(WINDOW).timeout(Duration::from_millis(500))
}

#[tokio::test]
async fn of_64_copies_on_two_nodes_one_is_fresh() {
    let redis = service!(Redis::start(&[]));
    let nodes = [Node::first(redis.url()).await, Node::open(redis.url()).await];
    one_of_64_copies_is_fresh(nodes).await;
}

#[tokio::test]
async fn an_empty_redis_is_fenced_unless_it_is_the_first_start() {
    let redis = service!(Redis::start(&[]));
    let node = Node::open(redis.url()).await;
    let answer = node.record(now(), "n").await;
    assert!(
        matches!(answer, Err(NonceStoreError::Fenced { retry_after: 100..=130 })),
        "{answer:?}"
    );
    assert!(matches!(node.ready().await, Err(NonceStoreError::Fenced { .. })));
    // Another node believes the fence that it finds, whatever it was told.
    assert!(fenced(&Node::first(redis.url()).await.record(now(), "n").await));
}

#[tokio::test]
async fn a_killed_redis_is_unavailable_and_fenced_when_it_is_back() {
    let mut redis = service!(Redis::start(&["--dbfilename", "dump.rdb"]));
    let node = Node::first(redis.url()).await;
    let time = now();
    assert!(fresh(&node.record(time, "saved").await));
    redis.command(&["SAVE"]).unwrap();
    assert!(fresh(&node.record(time, "lost").await));
    node.ready().await.unwrap();
    redis.kill();
    for nonce in ["saved", "lost", "new"] {
        assert!(unavailable(&node.record(time, nonce).await), "{nonce}");
    }
    assert!(node.ready().await.is_err());
    redis.resume().unwrap();
    assert!(redis.command(&["KEYS", "*"]).unwrap().contains("oauth1:{0}:state"));
    let late = Node::open(redis.url()).await;
    for node in [&node, &late] {
        for nonce in ["saved", "lost", "new"] {
            let answer = node.answer(time, nonce).await;
            assert!(fenced(&answer), "{nonce}: {answer:?}");
        }
    }
    // What no fence of that time can be about is judged.
    let ahead = now() + WINDOW.future;
    let passed = ahead + 10;
    let used = late.record_at(passed, "n", passed).await;
    assert!(unavailable(&used), "the clock of this node is wrong: {used:?}");
}

#[tokio::test]
async fn an_emptied_redis_is_fenced_on_each_node() {
    let redis = service!(Redis::start(&[]));
    let (one, other) = (Node::first(redis.url()).await, Node::first(redis.url()).await);
    let time = now();
    assert!(fresh(&one.record(time, "n").await));
    assert!(replayed(&other.record(time, "n").await));
    redis.command(&["FLUSHALL"]).unwrap();
    for node in [&one, &other] {
        let answer = node.answer(time, "n").await;
        assert!(fenced(&answer), "{answer:?}");
    }
}

/// Waits until the replica has the one nonce that was recorded.
async fn until_replicated(replica: &Redis) {
    let live = || replica.command(&["HGET", "oauth1:{0}:state", "live"]).unwrap();
    for _ in 0..500 {
        if live().trim() == "1" {
            return;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    panic!("the replica has {:?} nonces", live());
}

#[tokio::test]
async fn a_failover_that_loses_writes_is_fenced() {
    let mut primary = service!(Redis::start(&[]));
    let proxy = Proxy::start(primary.address()).unwrap();
    let replica = Redis::start_replica_of(proxy.address()).unwrap();
    let node = Node::first(primary.url()).await;
    let time = now();
    assert!(fresh(&node.record(time, "kept").await));
    until_replicated(&replica).await;
    assert!(matches!(builder(replica.url()).open().await, Err(RedisNonceStoreError::NotPrimary)));
    proxy.stall(true);
    assert!(fresh(&node.record(time, "lost").await));
    primary.kill();
    replica.command(&["REPLICAOF", "NO", "ONE"]).unwrap();
    // This is what would be accepted twice without a fence.
    let slot = time / 16;
    let left = replica.command(&["SCARD", &format!("oauth1:{{0}}:n:{slot}")]).unwrap();
    assert_eq!(left.trim(), "1");
    let node = Node::open(replica.url()).await;
    for nonce in ["kept", "lost", "new"] {
        let answer = node.answer(time, nonce).await;
        assert!(fenced(&answer), "{nonce}: {answer:?}");
    }
}

#[tokio::test]
async fn sentinel_leads_to_the_new_primary_and_its_fence() {
    let mut primary = service!(Redis::start(&[]));
    let _replica = Redis::start_replica_of(primary.address()).unwrap();
    let sentinel = Sentinel::start(&primary).unwrap();
    sentinel.wait_for_replica().unwrap();
    let url = format!("redis+sentinel://{}/nonces", sentinel.address());
    let node = Node::first(url).await;
    let time = now();
    assert!(fresh(&node.record(time, "n").await));
    primary.kill();
    let answer = node.answer(time, "n").await;
    assert!(fenced(&answer), "{answer:?}");
}

#[tokio::test]
async fn a_primary_that_was_a_replica_for_a_while_is_fenced() {
    let primary = service!(Redis::start(&[]));
    let node = Node::first(primary.url()).await;
    let time = now();
    // An older state of the same data, with the same epoch.
    let other = Redis::start_replica_of(primary.address()).unwrap();
    assert!(fresh(&node.record(time, "kept").await));
    until_replicated(&other).await;
    other.command(&["REPLICAOF", "NO", "ONE"]).unwrap();
    assert!(fresh(&node.record(time, "lost").await));
    // Its connections live through this.
    let port = other.address().port().to_string();
    primary.command(&["REPLICAOF", "127.0.0.1", &port]).unwrap();
    for _ in 0..500 {
        if primary.command(&["INFO", "replication"]).unwrap().contains("master_link_status:up") {
            break;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    primary.command(&["REPLICAOF", "NO", "ONE"]).unwrap();
    let left = primary.command(&["HGET", "oauth1:{0}:state", "live"]).unwrap();
    assert_eq!(left.trim(), "1", "the data are the older ones");
    let answer = node.answer(time, "lost").await;
    assert!(fenced(&answer), "{answer:?}");
}

#[tokio::test]
async fn a_first_replica_is_no_loss() {
    let primary = service!(Redis::start(&[]));
    let (node, other) = (Node::first(primary.url()).await, Node::open(primary.url()).await);
    let time = now();
    assert!(fresh(&node.record(time, "n").await));
    let id = || primary.command(&["INFO", "replication"]).unwrap();
    let id = || id().lines().find(|l| l.starts_with("master_replid:")).unwrap().to_owned();
    let before = id();
    let _replica = Redis::start_replica_of(primary.address()).unwrap();
    assert_ne!(before, id(), "another replication ID");
    for node in [&node, &other] {
        assert!(replayed(&node.record(time, "n").await));
    }
    assert!(fresh(&other.record(time, "m").await));
}

#[tokio::test]
async fn a_hung_redis_is_unavailable_and_not_asked_by_each_request() {
    let redis = service!(Redis::start(&[]));
    let node =
        Node::of(builder(redis.url()).first_start(true).timeout(Duration::from_millis(50))).await;
    let time = now();
    assert!(fresh(&node.answer(time, "n").await));
    redis.freeze().unwrap();
    for i in 0..200 {
        let answer = node.record(time, &format!("{i}")).await;
        assert!(unavailable(&answer), "{answer:?}");
    }
    redis.thaw().unwrap();
    // It has lost nothing, so there is no fence.
    assert!(replayed(&node.answer(time, "n").await));
    assert!(fresh(&node.answer(time, "new").await));
}

#[tokio::test]
async fn eviction_is_refused_at_the_start_and_fenced_later() {
    let options = ["--maxmemory", "100mb", "--maxmemory-policy", "volatile-lru"];
    let redis = service!(Redis::start(&options));
    let refused = builder(redis.url()).open().await;
    assert!(
        matches!(refused, Err(RedisNonceStoreError::Eviction(policy)) if policy == "volatile-lru")
    );
    redis.command(&["CONFIG", "SET", "maxmemory-policy", "noeviction"]).unwrap();
    let node = Node::first(redis.url()).await;
    let time = now();
    assert!(fresh(&node.record(time, "n").await));
    redis.command(&["CONFIG", "SET", "maxmemory-policy", "allkeys-lru"]).unwrap();
    let mut refused = false;
    for _ in 0..500 {
        tokio::time::sleep(Duration::from_millis(20)).await;
        refused = unavailable(&node.record(time, "n").await);
        if refused {
            break;
        }
    }
    assert!(refused);
    redis.command(&["CONFIG", "SET", "maxmemory-policy", "noeviction"]).unwrap();
    assert!(fenced(&node.answer(time, "n").await));
}

#[tokio::test]
async fn out_of_memory_is_full_and_nothing_is_recorded() {
    let redis = service!(Redis::start(&[]));
    let node = Node::first(redis.url()).await;
    let time = now();
    assert!(fresh(&node.record(time, "n").await));
    redis.command(&["CONFIG", "SET", "maxmemory", "1"]).unwrap();
    let answer = node.record(time, "refused").await;
    assert!(matches!(answer, Err(NonceStoreError::Full { retry_after: 1.. })), "{answer:?}");
    assert!(replayed(&node.record(time, "n").await));
    redis.command(&["CONFIG", "SET", "maxmemory", "0"]).unwrap();
    assert!(fresh(&node.record(time, "refused").await));
    // What has passed is dropped even then.
    let mut builder = builder(redis.url()).prefix("oom:").first_start(true);
    builder.skew = None;
    let node = Node::of(builder).await;
    assert!(fresh(&node.record(time, "n").await));
    redis.command(&["CONFIG", "SET", "maxmemory", "1"]).unwrap();
    let later = time + 1_000;
    let _ = node.record_at(later, "n", later).await;
    assert_eq!(
        redis.command(&["EXISTS", &format!("oom:{{0}}:n:{}", time / 16)]).unwrap().trim(),
        "0"
    );
}

#[tokio::test]
async fn clocks_that_differ_are_refused() {
    let redis = service!(Redis::start(&[]));
    let wrong = builder(redis.url()).clock(|| Timestamp::from_seconds(now() + 30)).open().await;
    assert!(matches!(wrong, Err(RedisNonceStoreError::ClockDiffers { by: 28..=32 })), "{wrong:?}");
    let node = Node::first(redis.url()).await;
    let time = now();
    assert!(unavailable(&node.record_at(time, "n", time + 30).await));
    // It was judged, and then its body took its time.
    assert!(fresh(&node.record_at(time, "slow", time - 30).await));
    assert!(fresh(&node.record(time, "n").await));
}

#[tokio::test]
async fn scripts_that_were_flushed_are_loaded_again() {
    let redis = service!(Redis::start(&[]));
    let node = Node::first(redis.url()).await;
    let time = now();
    redis.command(&["SCRIPT", "FLUSH"]).unwrap();
    assert!(fresh(&node.record(time, "n").await));
    assert!(replayed(&node.record(time, "n").await));
}

#[tokio::test]
async fn replicas_that_are_missing_are_waited_for_in_vain() {
    let primary = service!(Redis::start(&[]));
    let waiting = || builder(primary.url()).timeout(Duration::from_secs(2)).replicas(1);
    let node = Node::of(waiting().first_start(true)).await;
    let time = now();
    assert!(unavailable(&node.record(time, "n").await));
    let replica = Redis::start_replica_of(primary.address()).unwrap();
    let answer = node.record(time, "m").await;
    assert!(fresh(&answer), "{answer:?}");
    assert_eq!(replica.command(&["HGET", "oauth1:{0}:state", "live"]).unwrap().trim(), "2");
}

#[tokio::test]
async fn a_cluster_shares_its_nonces_and_fences_the_shards_it_has_lost() {
    let mut cluster = service!(RedisCluster::start());
    let url = {
        let seeds: Vec<_> = cluster.nodes().iter().map(|n| n.address().to_string()).collect();
        format!("redis+cluster://{}", seeds.join(","))
    };
    let node = Node::first(url.clone()).await;
    let other = Node::open(url).await;
    let time = now();
    let nonces: Vec<_> = (0..200).map(|i| format!("n{i}")).collect();
    for nonce in &nonces {
        assert!(fresh(&node.record(time, nonce).await));
        assert!(replayed(&other.record(time, nonce).await));
    }
    cluster.nodes()[1].kill();
    cluster.nodes()[1].resume().unwrap();
    let mut fences = 0;
    for nonce in &nonces {
        for node in [&node, &other] {
            let answer = node.answer(time, nonce).await;
            assert!(replayed(&answer) || fenced(&answer), "{answer:?}");
            fences += usize::from(fenced(&answer));
        }
    }
    assert!((1..400).contains(&fences), "{fences}");
}

#[tokio::test]
async fn what_is_not_redis_is_refused_and_passwords_are_not_shown() {
    let builder = RedisNonceStore::builder("http://user:canary@h/");
    assert!(!format!("{builder:?}").contains("canary"));
    let error = builder.open().await.unwrap_err();
    assert!(matches!(error, RedisNonceStoreError::Url) && !error.to_string().contains("canary"));
    let redis = service!(Redis::start(&[]));
    redis.command(&["CONFIG", "SET", "requirepass", "right"]).unwrap();
    let url = format!("redis://:canary@{}/", redis.address());
    let error = RedisNonceStore::builder(url).open().await.unwrap_err();
    assert!(matches!(error, RedisNonceStoreError::Redis(_)), "{error}");
    assert!(!format!("{error} {error:?}").contains("canary"));
}
