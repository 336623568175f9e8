//! Shared stores of nonces as figures: how many nonces a second, and what one takes.
//!
//! `cargo bench -p oauth1-server --features postgres,redis --bench shared_nonces`
#![allow(clippy::unwrap_used, clippy::expect_used)]

#[path = "shared/proof.rs"]
mod proof;

use std::{
    sync::Arc,
    time::{Duration, Instant, SystemTime},
};

use oauth1_core::Timestamp;
use oauth1_server::{
    NonceOutcome, NonceStore, PostgresNonceStore, RedisNonceStore, TimestampWindow, UsedNonce,
};
use torture::services::{Postgres, Redis, ServiceError};

fn now() -> Timestamp {
    Timestamp::from_system_time(SystemTime::now()).unwrap()
}

/// Records unique nonces of 100 clients from 64 tasks, each of which must be fresh.
async fn figure(name: &str, store: Arc<dyn NonceStore>, each: usize) {
    let proof = Arc::new(proof::proof());
    let start = Instant::now();
    let tasks: Vec<_> = (0..64)
        .map(|task| {
            let (store, proof) = (store.clone(), proof.clone());
            tokio::spawn(async move {
                let mut times = Vec::with_capacity(each);
                for i in 0..each {
                    let (client, nonce) = (format!("client{}", i % 100), format!("{task}-{i}"));
                    let timestamp = now();
                    let used = UsedNonce { client: &client, token: "t", timestamp, nonce: &nonce };
                    let acceptable = TimestampWindow::default().around(timestamp);
                    let asked = Instant::now();
                    let outcome = store.record(used, acceptable, &proof).await.unwrap();
                    times.push(asked.elapsed());
                    assert_eq!(outcome, NonceOutcome::Fresh);
                }
                times
            })
        })
        .collect();
    let mut times = Vec::new();
    for task in tasks {
        times.extend(task.await.unwrap());
    }
    let rate = times.len() as f64 / start.elapsed().as_secs_f64();
    times.sort();
    let p99 = times[times.len() * 99 / 100];
    println!("{name}: {} nonces, {rate:.0} a second with 64 tasks, p99 {p99:.2?}", times.len());
}

fn skip<S>(started: Result<S, ServiceError>) -> Option<S> {
    started.map_err(ServiceError::skip).ok()
}

#[tokio::main(worker_threads = 2)]
async fn main() {
    // `--test` only shows that it runs.
    let part = if std::env::args().any(|argument| argument == "--test") { 100 } else { 1 };
    redis(10_000 / part).await;
    postgres(part).await;
}

async fn redis(each: usize) {
    let Some(redis) = skip(Redis::start(&[])) else { return };
    let memory = || {
        let info = redis.command(&["INFO", "memory"]).unwrap();
        let used = info.lines().find_map(|line| line.strip_prefix("used_memory:")).unwrap();
        used.trim().parse::<f64>().unwrap()
    };
    let store = RedisNonceStore::builder(redis.url())
        .first_start(true)
        .timeout(Duration::from_secs(2))
        .quota(u64::MAX)
        .open();
    let store = Arc::new(store.await.unwrap());
    let before = memory();
    figure("redis", store, each).await;
    println!("redis: {:.1} octets a nonce", (memory() - before) / (each * 64) as f64);
}

async fn postgres(part: usize) {
    for (settings, each) in
        [(&["fsync=on"][..], 300), (&["fsync=off", "full_page_writes=off"], 2_000)]
    {
        let Some(postgres) = skip(Postgres::start_with(settings)) else { return };
        let store = PostgresNonceStore::builder(postgres.url())
            .first_start(true)
            .unsynced(true)
            .timeout(Duration::from_secs(10))
            .quota(u64::MAX)
            .open();
        let store = Arc::new(store.await.unwrap());
        let each = each / part;
        figure(&format!("postgres {}", settings[0]), store, each).await;
        let size = "SELECT sum(pg_total_relation_size(c.oid)) FROM pg_class c \
             JOIN pg_namespace n ON n.oid = relnamespace \
             WHERE nspname = 'oauth1_nonces' AND relkind = 'r' AND relname LIKE 'n\\_%'";
        let size: f64 = postgres.query(size).unwrap().trim().parse().unwrap();
        println!("postgres: {:.1} octets a nonce", size / (each * 64) as f64);
    }
}
