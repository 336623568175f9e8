//! The suite that every store of nonces runs: [`nonce_store_conformance`].
//!
//! The clock is an argument of each call, so nothing here sleeps.

use std::{sync::Arc, thread};

use oauth1_core::{
    PresentedRequest, SharedSecret, SignableRequest, SignatureMethod, SignatureVerified, Signer,
    Stamp, Timestamp, VerificationKey,
};
use proptest::{
    prelude::*,
    test_runner::{Config, TestRunner},
};

use super::{NonceOutcome, NonceStore, NonceStoreError, UsedNonce};
use crate::TimestampWindow;

/// What a store under test is made for.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Setup {
    pub(crate) window: TimestampWindow,
    pub(crate) capacity: u64,
    pub(crate) quota: u64,
}

const WINDOW: TimestampWindow = TimestampWindow { past: 300, future: 120 };
const ROOMY: Setup = Setup { window: WINDOW, capacity: 1 << 20, quota: 1 << 20 };
const NOW: u64 = 1_700_000_000;

/// How a store that runs the suite is made.
pub(crate) trait StoreUnderTest: 'static {
    /// The store itself.
    type Store: NonceStore + 'static;

    /// An empty store. Each test opens its own, on a tokio runtime.
    async fn open(setup: Setup) -> Self::Store;

    /// The server that the store needs and that does not run here: the suite is skipped, or fails
    /// under `CI=true`.
    fn missing() -> Option<torture::services::ServiceError> {
        None
    }
}

/// Instantiates the suite for a [`StoreUnderTest`].
macro_rules! nonce_store_conformance {
    ($store:ty) => {
        nonce_store_conformance!($store,
            one_tuple_is_fresh_once
            of_64_parallel_copies_one_is_fresh
            t_scope_n_each_field_makes_another_nonce
            t_samesec_a_thousand_in_one_second
            t_edge_never_twice_at_the_edges_of_the_window
            t_key_inj_fields_do_not_run_into_each_other
            t_quota_one_client_does_not_lock_out_others
            full_refuses_and_never_evicts
            t_fut_the_latest_timestamp_is_remembered_to_its_end
            t_bound_1_memory_is_flat_after_one_window
            a_clock_set_back_makes_nothing_fresh_again
        );
    };
    ($store:ty, $($test:ident)*) => {
        mod conformance {
            use super::*;
            $(
                #[test]
                fn $test() {
                    if let Some(missing) = <$store as StoreUnderTest>::missing() {
                        return missing.skip();
                    }
                    crate::replay::conformance::$test::<$store>();
                }
            )*
        }
    };
}
pub(crate) use nonce_store_conformance;

/// A store with the runtime it may need.
struct Bench<S: StoreUnderTest> {
    store: Arc<S::Store>,
    proof: Arc<SignatureVerified>,
    runtime: Arc<tokio::runtime::Runtime>,
}

impl<S: StoreUnderTest> Clone for Bench<S> {
    fn clone(&self) -> Self {
        let (store, proof, runtime) = (&self.store, &self.proof, &self.runtime);
        Self { store: store.clone(), proof: proof.clone(), runtime: runtime.clone() }
    }
}

impl<S: StoreUnderTest> Bench<S> {
    fn new(setup: Setup) -> Self {
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(2)
            .enable_all()
            .build()
            .unwrap();
        let store = runtime.block_on(S::open(setup));
        Self { store: Arc::new(store), proof: Arc::new(proof()), runtime: Arc::new(runtime) }
    }

    fn record(
        &self,
        (client, token, timestamp, nonce): (&str, &str, u64, &str),
        now: u64,
    ) -> Result<NonceOutcome, NonceStoreError> {
        let used = UsedNonce { client, token, timestamp: at(timestamp), nonce };
        self.runtime.block_on(self.store.record(used, WINDOW.around(at(now)), &self.proof))
    }

    fn fresh(&self, used: (&str, &str, u64, &str), now: u64) -> bool {
        matches!(self.record(used, now), Ok(NonceOutcome::Fresh))
    }

    fn replayed(&self, used: (&str, &str, u64, &str), now: u64) -> bool {
        matches!(self.record(used, now), Ok(NonceOutcome::Replayed))
    }
}

fn at(seconds: u64) -> Timestamp {
    Timestamp::from_seconds(seconds).unwrap()
}

/// A proof, made the only way there is: by a signature.
pub(crate) fn proof() -> SignatureVerified {
    let request = SignableRequest::new("GET", "http://a.example/").unwrap();
    let signer = Signer::new(oauth1_core::ClientCredentials::new("client", "secret"));
    let header = signer.authorize_at(&request, &Stamp::now().unwrap()).unwrap();
    let header = [header.as_str().as_bytes()];
    let limits = oauth1_core::Limits::default();
    let presented = PresentedRequest::parse(&request, &header, limits).unwrap().unwrap();
    let secret = SharedSecret::new("secret");
    let key = VerificationKey::shared(SignatureMethod::HmacSha1, &secret, None).unwrap();
    presented.verify_signature(&key).unwrap()
}

pub(crate) fn one_tuple_is_fresh_once<S: StoreUnderTest>() {
    let bench = Bench::<S>::new(ROOMY);
    assert!(bench.fresh(("c", "t", NOW, "n"), NOW));
    for later in [0, 1, 299, 300] {
        assert!(bench.replayed(("c", "t", NOW, "n"), NOW + later), "{later} s later");
    }
}

pub(crate) fn of_64_parallel_copies_one_is_fresh<S: StoreUnderTest>() {
    let bench = Bench::<S>::new(ROOMY);
    for round in 0..16 {
        let nonce = format!("n{round}");
        let barrier = Arc::new(std::sync::Barrier::new(64));
        let threads: Vec<_> = (0..64)
            .map(|_| {
                let (bench, nonce, barrier) = (bench.clone(), nonce.clone(), barrier.clone());
                thread::spawn(move || {
                    barrier.wait();
                    bench.record(("c", "t", NOW, &nonce), NOW).unwrap()
                })
            })
            .collect();
        let outcomes: Vec<_> = threads.into_iter().map(|t| t.join().unwrap()).collect();
        let fresh = outcomes.iter().filter(|o| **o == NonceOutcome::Fresh).count();
        assert_eq!((outcomes.len(), fresh), (64, 1));
    }
}

pub(crate) fn t_scope_n_each_field_makes_another_nonce<S: StoreUnderTest>() {
    let bench = Bench::<S>::new(ROOMY);
    let uses = [
        ("c", "t", NOW, "n"),
        ("d", "t", NOW, "n"),
        ("c", "u", NOW, "n"),
        ("c", "", NOW, "n"),
        ("c", "t", NOW + 1, "n"),
        ("c", "t", NOW, "m"),
        ("c", "t", NOW, "N"),
    ];
    for used in uses {
        assert!(bench.fresh(used, NOW), "{used:?}");
    }
    for used in uses {
        assert!(bench.replayed(used, NOW), "{used:?}");
    }
}

pub(crate) fn t_samesec_a_thousand_in_one_second<S: StoreUnderTest>() {
    let bench = Bench::<S>::new(ROOMY);
    let nonces: Vec<_> = (0..1_000).map(|i| format!("n{i}")).collect();
    assert!(nonces.iter().all(|nonce| bench.fresh(("c", "t", NOW, nonce), NOW)));
    assert!(nonces.iter().all(|nonce| bench.replayed(("c", "t", NOW, nonce), NOW)));
}

pub(crate) fn t_edge_never_twice_at_the_edges_of_the_window<S: StoreUnderTest>() {
    // Every position of the timestamp in a slot, for stores that have slots.
    for offset in 0..64 {
        let bench = Bench::<S>::new(ROOMY);
        let timestamp = NOW + offset;
        assert!(bench.fresh(("c", "t", timestamp, "n"), timestamp));
        for now in [timestamp + WINDOW.past - 1, timestamp + WINDOW.past] {
            // Newer requests make the store drop what has passed.
            assert!(bench.fresh(("c", "t", now, "other"), now));
            assert!(bench.replayed(("c", "t", timestamp, "n"), now), "{offset}: {now}");
        }
        let after = timestamp + WINDOW.past + 1;
        assert!(!bench.fresh(("c", "t", timestamp, "n"), after), "{offset}: out of the window");
    }
}

pub(crate) fn t_key_inj_fields_do_not_run_into_each_other<S: StoreUnderTest>() {
    let bench = Bench::<S>::new(ROOMY);
    let field = "[-a&:|\0 0-9é]{0,3}";
    let tuple = (field, field, NOW..NOW + 2, "[-a&:|\0 0-9é]{1,3}");
    let seen = std::cell::RefCell::new(std::collections::HashSet::new());
    TestRunner::new(Config { failure_persistence: None, ..Config::with_cases(4_000) })
        .run(&tuple, |(client, token, timestamp, nonce)| {
            let fresh = bench.fresh((&client, &token, timestamp, &nonce), NOW);
            let new = seen.borrow_mut().insert((client, token, timestamp, nonce));
            prop_assert_eq!(fresh, new);
            Ok(())
        })
        .unwrap();
    assert!(seen.borrow().len() > 1_000);
}

pub(crate) fn t_quota_one_client_does_not_lock_out_others<S: StoreUnderTest>() {
    let bench = Bench::<S>::new(Setup { quota: 100, capacity: 1_000, ..ROOMY });
    let nonces: Vec<_> = (0..150).map(|i| format!("n{i}")).collect();
    for (i, nonce) in nonces.iter().enumerate() {
        let outcome = bench.record(("greedy", "", NOW, nonce), NOW);
        match outcome {
            Ok(NonceOutcome::Fresh) => assert!(i < 100, "{i}"),
            Err(NonceStoreError::OverQuota { retry_after }) => {
                assert!(i >= 100 && (1..=WINDOW.past + 64).contains(&retry_after), "{retry_after}");
            }
            other => panic!("{i}: {other:?}"),
        }
        // The other client is at half of its own quota by then.
        assert!(i % 3 > 0 || bench.fresh(("other", "", NOW, nonce), NOW), "{i}");
    }
    assert!(nonces[..100].iter().all(|nonce| bench.replayed(("greedy", "", NOW, nonce), NOW)));
    // The quota is free again when the nonces have expired.
    let later = NOW + WINDOW.past + 64;
    assert!(bench.fresh(("greedy", "", later, "later"), later));
}

pub(crate) fn full_refuses_and_never_evicts<S: StoreUnderTest>() {
    let bench = Bench::<S>::new(Setup { quota: 1_000, capacity: 100, ..ROOMY });
    let nonces: Vec<_> = (0..150).map(|i| format!("n{i}")).collect();
    for (i, nonce) in nonces.iter().enumerate() {
        let outcome = bench.record(("c", "", NOW, nonce), NOW);
        match outcome {
            Ok(NonceOutcome::Fresh) => assert!(i < 100, "{i}"),
            Err(NonceStoreError::Full { retry_after: 1.. }) => assert!(i >= 100, "{i}"),
            other => panic!("{i}: {other:?}"),
        }
    }
    assert!(nonces[..100].iter().all(|nonce| bench.replayed(("c", "", NOW, nonce), NOW)));
    let later = NOW + WINDOW.past + 64;
    assert!(bench.fresh(("c", "", later, "later"), later));
}

pub(crate) fn t_fut_the_latest_timestamp_is_remembered_to_its_end<S: StoreUnderTest>() {
    let bench = Bench::<S>::new(ROOMY);
    let timestamp = NOW + WINDOW.future;
    assert!(bench.fresh(("c", "t", timestamp, "n"), NOW));
    let end = timestamp + WINDOW.past;
    for now in (NOW..end).step_by(7).chain([end]) {
        assert!(bench.fresh(("c", "t", now, "newer"), now), "{now}");
        assert!(bench.replayed(("c", "t", timestamp, "n"), now), "{now}");
    }
}

pub(crate) fn t_bound_1_memory_is_flat_after_one_window<S: StoreUnderTest>() {
    // A day at one request per second: the store may hold one window and some slack, no more.
    let capacity = WINDOW.past + WINDOW.future + 64;
    let bench = Bench::<S>::new(Setup { capacity, quota: capacity, ..ROOMY });
    for now in NOW..NOW + 86_400 {
        assert!(bench.fresh(("c", "t", now, "n"), now), "{} s", now - NOW);
    }
}

pub(crate) fn a_clock_set_back_makes_nothing_fresh_again<S: StoreUnderTest>() {
    let bench = Bench::<S>::new(ROOMY);
    assert!(bench.fresh(("c", "t", NOW, "n"), NOW));
    let later = NOW + 3_600;
    assert!(bench.fresh(("c", "t", later, "n"), later));
    let outcome = bench.record(("c", "t", NOW, "n"), NOW);
    match outcome {
        Err(NonceStoreError::Fenced { retry_after }) => {
            assert!((3_000..=3_600).contains(&retry_after), "{retry_after}");
        }
        other => panic!("{other:?}"),
    }
    // What was never dropped is still judged.
    let back = later - WINDOW.past / 2;
    assert!(bench.replayed(("c", "t", later, "n"), later - WINDOW.future));
    assert!(bench.fresh(("c", "t", back, "m"), back));
}
