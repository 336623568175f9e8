//! What the tests of faults share: a node with a clock that is right.

use std::{
    sync::Arc,
    time::{Duration, SystemTime},
};

use oauth1_core::{SignatureVerified, Timestamp};

use super::{NonceOutcome, NonceStore, NonceStoreError, UsedNonce, conformance::proof};
use crate::TimestampWindow;

pub(super) const WINDOW: TimestampWindow = TimestampWindow { past: 300, future: 120 };

/// One node with a store.
pub(super) struct Node<S> {
    pub(super) store: S,
    proof: SignatureVerified,
}

impl<S: NonceStore> Node<S> {
    pub(super) fn new(store: S) -> Self {
        Self { store, proof: proof() }
    }

    pub(super) async fn record(
        &self,
        timestamp: u64,
        nonce: &str,
    ) -> Result<NonceOutcome, NonceStoreError> {
        self.record_at(timestamp, nonce, now()).await
    }

    pub(super) async fn record_at(
        &self,
        timestamp: u64,
        nonce: &str,
        now: u64,
    ) -> Result<NonceOutcome, NonceStoreError> {
        let used = UsedNonce { client: "c", token: "t", timestamp: at(timestamp), nonce };
        self.store.record(used, WINDOW.around(at(now)), &self.proof).await
    }

    pub(super) async fn ready(&self) -> Result<(), NonceStoreError> {
        self.store.ready(WINDOW.around(at(now()))).await
    }

    /// Asks until the store answers something else than that it is not there.
    pub(super) async fn answer(
        &self,
        timestamp: u64,
        nonce: &str,
    ) -> Result<NonceOutcome, NonceStoreError> {
        for _ in 0..1_000 {
            match self.record(timestamp, nonce).await {
                Err(NonceStoreError::Unavailable(_)) => {}
                answer => return answer,
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        panic!("the store does not come back");
    }
}

/// Sends 64 copies of a request to two nodes at once, 20 times.
pub(super) async fn one_of_64_copies_is_fresh<S: NonceStore + 'static>(nodes: [Node<S>; 2]) {
    let nodes = Arc::new(nodes);
    for round in 0..20 {
        let time = now();
        let copies = (0..64).map(|copy| {
            let nodes = nodes.clone();
            tokio::spawn(async move {
                nodes[copy % 2].record(time, &format!("n{round}")).await.unwrap()
            })
        });
        let mut outcomes = Vec::new();
        for copy in copies.collect::<Vec<_>>() {
            outcomes.push(copy.await.unwrap());
        }
        assert_eq!(outcomes.iter().filter(|o| **o == NonceOutcome::Fresh).count(), 1);
    }
}

pub(super) fn at(seconds: u64) -> Timestamp {
    Timestamp::from_seconds(seconds).unwrap()
}

pub(super) fn now() -> u64 {
    Timestamp::from_system_time(SystemTime::now()).unwrap().seconds()
}

pub(super) fn fresh(answer: &Result<NonceOutcome, NonceStoreError>) -> bool {
    matches!(answer, Ok(NonceOutcome::Fresh))
}

pub(super) fn replayed(answer: &Result<NonceOutcome, NonceStoreError>) -> bool {
    matches!(answer, Ok(NonceOutcome::Replayed))
}

pub(super) fn fenced(answer: &Result<NonceOutcome, NonceStoreError>) -> bool {
    matches!(answer, Err(NonceStoreError::Fenced { .. }))
}

pub(super) fn unavailable(answer: &Result<NonceOutcome, NonceStoreError>) -> bool {
    matches!(answer, Err(NonceStoreError::Unavailable(_)))
}

/// Skips the test if its server is not installed.
macro_rules! service {
    ($start:expr) => {
        match $start {
            Ok(service) => service,
            Err(error) => return error.skip(),
        }
    };
}

pub(super) use service;
