//! The self-test at start finds what is not wired.
#![allow(clippy::unwrap_used, clippy::expect_used)]

mod support;

use std::sync::Arc;

use axum::{Router, http::StatusCode, routing::get};
use oauth1_core::{SignatureMethod, SignatureVerified};
use oauth1_server::{
    BoxFuture, MemoryNonceStore, NonceOutcome, NonceStore, NonceStoreError, Permission, Policy,
    PublicOrigin, RequestVerifier, SelfTest, SelfTestError, SignatureMethods, StoreError,
    UsedNonce, policy::AcceptableTimestamps, self_test,
};
use support::Setup;

fn verifier(nonces: Arc<dyn NonceStore>) -> RequestVerifier {
    let setup = Setup::default();
    RequestVerifier::new(setup.origin, setup.credentials, nonces)
}

fn memory() -> Arc<MemoryNonceStore> {
    Arc::new(MemoryNonceStore::builder().first_start(true).build().unwrap())
}

/// Says this about every nonce.
struct Constant(fn() -> Result<NonceOutcome, NonceStoreError>);

impl NonceStore for Constant {
    fn record<'a>(
        &'a self,
        _: UsedNonce<'a>,
        _: AcceptableTimestamps,
        _: &'a SignatureVerified,
    ) -> BoxFuture<'a, Result<NonceOutcome, NonceStoreError>> {
        Box::pin(async move { (self.0)() })
    }

    fn ready(&self, _: AcceptableTimestamps) -> BoxFuture<'_, Result<(), NonceStoreError>> {
        Box::pin(async { Ok(()) })
    }
}

#[tokio::test]
async fn t_selftest_passes_with_every_policy() {
    let nonces = memory();
    self_test(&verifier(nonces.clone())).await.unwrap();
    assert_eq!(nonces.len(), 1, "through the verifier's own store");
    let strict = Policy::new()
        .with_token_required(true)
        .with_body_hash_required(true)
        .with_methods(SignatureMethods::only(SignatureMethod::HmacSha512));
    self_test(&verifier(nonces.clone()).with_policy(strict)).await.unwrap();
    let nobody_may = |_: &http::request::Parts, _: &_| Permission::Denied;
    self_test(&verifier(nonces.clone()).with_authorizer(nobody_may)).await.unwrap();
    let origin = PublicOrigin::new("https://[::1]:8443").unwrap();
    let origin = origin.with_path_prefix("/v1").unwrap();
    let elsewhere = RequestVerifier::new(origin, Setup::default().credentials, nonces.clone());
    self_test(&elsewhere).await.unwrap();
    assert_eq!(nonces.len(), 4);
}

#[tokio::test]
async fn t_selftest_a_store_that_forgets() {
    let forgetful = verifier(Arc::new(Constant(|| Ok(NonceOutcome::Fresh))));
    let error = self_test(&forgetful).await.unwrap_err();
    assert!(matches!(error, SelfTestError::ReplayNotRefused(StatusCode::NO_CONTENT)), "{error}");
}

#[tokio::test]
async fn t_selftest_a_store_that_does_not_work() {
    for (store, status) in [
        (Constant(|| Ok(NonceOutcome::Replayed)), StatusCode::UNAUTHORIZED),
        (Constant(|| Err(StoreError::new("down").into())), StatusCode::SERVICE_UNAVAILABLE),
        (
            Constant(|| Err(NonceStoreError::OverQuota { retry_after: 1 })),
            StatusCode::TOO_MANY_REQUESTS,
        ),
    ] {
        let error = self_test(&verifier(Arc::new(store))).await.unwrap_err();
        assert!(matches!(error, SelfTestError::GenuineRefused(s) if s == status), "{error}");
    }
    let narrow = oauth1_server::TimestampWindow { past: 10, future: 10 };
    let narrow = MemoryNonceStore::builder().window(narrow).first_start(true).build().unwrap();
    let error = self_test(&verifier(Arc::new(narrow))).await.unwrap_err();
    assert!(matches!(error, SelfTestError::GenuineRefused(_)), "{error}");
}

#[tokio::test]
async fn t_selftest_a_clock_that_is_not_set() {
    let error = self_test(&verifier(memory()).with_clock(|| None)).await.unwrap_err();
    assert!(matches!(error, SelfTestError::NoCanary), "{error}");
}

#[tokio::test]
async fn t_selftest_through_an_application() {
    let verifier = verifier(memory());
    let test = || SelfTest::new(&verifier).with_path("/1/me");
    let routes = || Router::new().route("/1/me", get(async || "me"));
    test().run(|layer| routes().layer(layer)).await.unwrap();
    test().run(|layer| routes().route_layer(layer)).await.unwrap();
    // The layer stands elsewhere, or nowhere.
    let elsewhere = test()
        .run(|layer| {
            routes().merge(Router::new().route("/2", get(async || "2")).route_layer(layer))
        })
        .await
        .unwrap_err();
    assert!(matches!(elsewhere, SelfTestError::ForgeryNotRefused(StatusCode::OK)), "{elsewhere}");
    let no_route = SelfTest::new(&verifier)
        .with_path("/missing")
        .run(|layer| routes().route_layer(layer))
        .await
        .unwrap_err();
    assert!(matches!(no_route, SelfTestError::ForgeryNotRefused(StatusCode::NOT_FOUND)));
    let no_path =
        SelfTest::new(&verifier).with_path("a b").run(|layer| routes().layer(layer)).await;
    assert!(matches!(no_path, Err(SelfTestError::NoCanary)));
}
