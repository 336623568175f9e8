//! The stores of nonces in one process: octets per nonce, inserting against a map of strings, the
//! pause when a time slot passes, and the recovery of a journal.
//!
//! ```text
//! cargo bench -p oauth1-server --features journal --bench nonces
//! ```
#![allow(missing_docs, clippy::unwrap_used, clippy::expect_used, clippy::print_stdout)]

#[path = "shared/proof.rs"]
mod proof;

use std::{
    future::Future,
    pin::pin,
    task::{Context, Poll, Waker},
    time::{Duration, Instant},
};

use dashmap::DashMap;
use oauth1_core::{SignatureVerified, Timestamp};
use oauth1_server::{
    JournalNonceStore, MemoryNonceStore, NonceOutcome, NonceStore, TimestampWindow, UsedNonce,
};

const NOW: u64 = 1_700_000_000;
const WINDOW: TimestampWindow = TimestampWindow { past: 300, future: 300 };
const CLIENTS: u64 = 1_000;

fn main() {
    // `cargo test --benches` and `--test` only show that it runs.
    let small = std::env::args().any(|argument| argument == "--test");
    let (live, recovered) = if small { (100_000, 60_000) } else { (10_000_000, 6_000_000) };
    println!("one thread, {CLIENTS} clients, timestamps over the whole window of 600 s\n");
    let proof = proof::proof();
    let store = memory(live, &proof);
    slots(&store, live, &proof);
    drop(store);
    journal(recovered, &proof);
}

/// Fills the store, and a map of strings beside it, in turns.
fn memory(live: u64, proof: &SignatureVerified) -> MemoryNonceStore {
    let capacity = live * 2;
    let store = MemoryNonceStore::builder().window(WINDOW).capacity(capacity).quota(capacity);
    let (store, map) =
        (store.first_start(true).build().unwrap(), DashMap::<String, Instant>::new());
    let (mut of_store, mut of_map) = (Costs::default(), Costs::default());
    let step = live / 20;
    for turn in 0..20 {
        let uses: Vec<Use> = (turn * step..(turn + 1) * step).map(|n| Use::new(n, NOW)).collect();
        of_store.add(|| uses.iter().for_each(|of| record(&store, of, NOW, proof)));
        of_map.add(|| {
            for Use { client, nonce, timestamp } in &uses {
                // What such a map is keyed by elsewhere: all that makes a nonce, as one string.
                let key = format!("{client}\n\n{}\n{nonce}", timestamp.seconds());
                assert!(map.insert(key, Instant::now()).is_none());
            }
        });
    }
    assert_eq!((store.len(), map.len() as u64), (live, live));
    println!("{live} nonces             store     map of strings   ratio");
    let line = |what: &str, ours: f64, theirs: f64, unit: &str| {
        println!(
            "{what:<24} {ours:>7.1} {unit:<3} {theirs:>9.1} {unit:<3} {:>9.2} ×",
            theirs / ours
        );
    };
    line("octets per nonce", of_store.octets / live as f64, of_map.octets / live as f64, "");
    let nanos = |costs: &Costs| costs.all.as_nanos() as f64 / live as f64;
    line("insert, from empty", nanos(&of_store), nanos(&of_map), "ns");
    let last = |costs: &Costs| costs.last.as_nanos() as f64 / step as f64;
    line("insert, the last 5 %", last(&of_store), last(&of_map), "ns");
    store
}

/// Lets time pass slot by slot, and looks for the slowest insert after each.
fn slots(store: &MemoryNonceStore, live: u64, proof: &SignatureVerified) {
    let mut slowest_steady = Duration::ZERO;
    let mut slowest_after = Duration::ZERO;
    let mut number = live;
    for slot in 1..=16 {
        for (now, slowest) in
            [(NOW + slot * 16 - 1, &mut slowest_steady), (NOW + slot * 16, &mut slowest_after)]
        {
            for _ in 0..2_000 {
                let of = Use::new(number, now);
                let start = used_time();
                record(store, &of, now, proof);
                *slowest = (*slowest).max(used_time() - start);
                number += 1;
            }
        }
    }
    let dropped = number - store.len();
    println!(
        "\n16 slots passed, {dropped} nonces dropped: slowest of 32,000 inserts {} µs, of 32,000 right after a slot {} µs (of the thread's processor time)",
        slowest_steady.as_micros(),
        slowest_after.as_micros()
    );
}

fn journal(records: u64, proof: &SignatureVerified) {
    let directory = std::env::temp_dir().join(format!("oauth1-nonces-{}", std::process::id()));
    let memory = std::path::Path::new("/dev/shm").join(directory.file_name().unwrap());
    std::fs::create_dir_all(&memory).unwrap();
    let open = || {
        let builder = JournalNonceStore::builder(&directory).mirror(&memory).window(WINDOW);
        let builder = builder.capacity(records * 2).quota(records * 2).first_start(true);
        builder.clock(|| Timestamp::from_seconds(NOW)).open().unwrap()
    };
    let store = open();
    let start = Instant::now();
    (0..records).for_each(|n| record(&store, &Use::new(n, NOW), NOW, proof));
    let wrote = start.elapsed();
    drop(store);
    let octets: u64 = std::fs::read_dir(&directory)
        .unwrap()
        .map(|entry| entry.unwrap().metadata().unwrap().len())
        .sum();
    let start = Instant::now();
    let store = open();
    let took = start.elapsed();
    assert_eq!((store.len(), store.fence()), (records, None));
    println!(
        "\njournal of {records}: {:.1} octets a nonce on disk, {:.2} µs an insert, recovered in {} ms",
        octets as f64 / records as f64,
        wrote.as_secs_f64() * 1e6 / records as f64,
        took.as_millis()
    );
    drop(store);
    std::fs::remove_dir_all(directory).unwrap();
    std::fs::remove_dir_all(memory).unwrap();
}

fn record(store: &impl NonceStore, of: &Use, now: u64, proof: &SignatureVerified) {
    let Use { client, nonce, timestamp } = of;
    let used = UsedNonce { client, token: "", timestamp: *timestamp, nonce };
    let acceptable = WINDOW.around(Timestamp::from_seconds(now).unwrap());
    let mut recording = pin!(store.record(used, acceptable, proof));
    loop {
        // A journal's thread raises its mark now and then.
        match recording.as_mut().poll(&mut Context::from_waker(Waker::noop())) {
            Poll::Ready(outcome) => break assert_eq!(outcome.unwrap(), NonceOutcome::Fresh),
            Poll::Pending => std::thread::yield_now(),
        }
    }
}

/// What a request uses, made before anything is timed.
struct Use {
    client: String,
    nonce: String,
    timestamp: Timestamp,
}

impl Use {
    fn new(n: u64, now: u64) -> Self {
        Self {
            client: format!("client-{:032}", n % CLIENTS),
            nonce: format!("{n:032x}"),
            timestamp: Timestamp::from_seconds(timestamp(n, now)).unwrap(),
        }
    }
}

/// What this thread used of a processor: nothing that others make it wait for.
fn used_time() -> Duration {
    let used = rustix::time::clock_gettime(rustix::time::ClockId::ThreadCPUTime);
    Duration::try_from(used).unwrap()
}

/// Spread over the window, in an order that has nothing to do with the number.
fn timestamp(n: u64, now: u64) -> u64 {
    now - WINDOW.past + n.wrapping_mul(0x9e37_79b9_7f4a_7c15) % (WINDOW.past + WINDOW.future)
}

/// Time and memory of several turns.
#[derive(Default)]
struct Costs {
    all: Duration,
    last: Duration,
    octets: f64,
}

impl Costs {
    fn add(&mut self, turn: impl FnOnce()) {
        let (before, start) = (resident(), Instant::now());
        turn();
        self.last = start.elapsed();
        self.all += self.last;
        self.octets += resident() - before;
    }
}

/// Resident memory in octets.
fn resident() -> f64 {
    let statm = std::fs::read_to_string("/proc/self/statm").unwrap();
    statm.split(' ').nth(1).unwrap().parse::<f64>().unwrap() * 4096.0
}
