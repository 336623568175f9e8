//! Whether the server lives, and whether it can do its work.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::{Duration, SystemTime},
};

use axum::{
    Router,
    body::Body,
    extract::{RawQuery, State},
    response::Response,
    routing::get,
};
use http::{HeaderValue, StatusCode, header};
use oauth1_core::Timestamp;
use oauth1_server::{
    CredentialStore, NonceStore, NonceStoreError, TimestampWindow,
    credentials::{
        cache::{CacheStatistics, CachedCredentialStore},
        sql::SqlCredentialStore,
    },
    management::Management,
};
use tokio_util::sync::CancellationToken;

use super::metrics::{Metrics, Reading};

/// What readiness looks at.
#[derive(Clone)]
pub(crate) struct Health {
    pub(crate) nonces: Arc<dyn NonceStore>,
    pub(crate) credentials: Arc<CachedCredentialStore<SqlCredentialStore>>,
    pub(crate) window: TimestampWindow,
    pub(crate) gate: Gate,
    pub(crate) stopping: CancellationToken,
    pub(crate) metrics: Metrics,
    pub(crate) management: Management,
}

/// Closed until the self-test has passed.
#[derive(Clone, Debug, Default)]
pub(crate) struct Gate(Arc<AtomicBool>);

impl Gate {
    pub(crate) fn open(&self) {
        self.0.store(true, Ordering::Release);
    }

    pub(crate) fn is_open(&self) -> bool {
        self.0.load(Ordering::Acquire)
    }
}

/// One thing that was looked at.
struct Check {
    name: &'static str,
    problem: Option<String>,
}

impl Health {
    /// The admin listener's routes.
    pub(crate) fn routes(self) -> Router {
        Router::new()
            .route("/livez", get(async || "ok\n"))
            .route("/healthz", get(async || "ok\n"))
            .route("/readyz", get(readyz))
            .route("/metrics", get(metrics))
            .with_state(self)
    }

    /// What the store of nonces would say to a request stamped now.
    pub(crate) async fn nonces_ready(&self) -> Result<(), NonceStoreError> {
        let Ok(now) = Timestamp::from_system_time(SystemTime::now()) else {
            return Err(oauth1_server::StoreError::new("the clock is not set").into());
        };
        self.nonces.ready(self.window.around(now)).await
    }

    async fn checks(&self) -> [Check; 5] {
        let check = |name, problem: Option<String>| Check { name, problem };
        let late = || "no answer in time".to_owned();
        let clock = Timestamp::from_system_time(SystemTime::now());
        let nonces = tokio::time::timeout(PATIENCE, self.nonces_ready()).await;
        let credentials = tokio::time::timeout(PATIENCE, self.credentials.ready()).await;
        let text = |result: Result<Result<(), String>, _>| match result {
            Ok(result) => result.err(),
            Err(_) => Some(late()),
        };
        [
            check("clock", clock.is_err().then(|| "stands before 1970".to_owned())),
            check("nonces", text(nonces.map(|ready| ready.map_err(|error| error.to_string())))),
            check(
                "credentials",
                text(credentials.map(|ready| ready.map_err(|error| error.to_string()))),
            ),
            check("self-test", (!self.gate.is_open()).then(|| "has not passed yet".to_owned())),
            check("running", self.stopping.is_cancelled().then(|| "is stopping".to_owned())),
        ]
    }
}

/// 200 if requests would be judged, 503 with the reasons otherwise; `?verbose` lists everything.
async fn readyz(State(health): State<Health>, RawQuery(query): RawQuery) -> Response {
    let checks = health.checks().await;
    let ready = checks.iter().all(|check| check.problem.is_none());
    let verbose = query.is_some_and(|query| query.split('&').any(|name| name == "verbose"));
    let mut text = String::new();
    for Check { name, problem } in &checks {
        match problem {
            Some(problem) => text += &format!("[-] {name}: {problem}\n"),
            None if verbose => text += &format!("[+] {name}\n"),
            None => {}
        }
    }
    if ready {
        text += "ok\n";
    }
    let mut response = Response::new(Body::from(text));
    if !ready {
        *response.status_mut() = StatusCode::SERVICE_UNAVAILABLE;
    }
    response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}

async fn metrics(State(health): State<Health>) -> Response {
    let fence = match tokio::time::timeout(PATIENCE, health.nonces_ready()).await {
        Ok(Err(NonceStoreError::Fenced { retry_after })) => retry_after,
        _ => 0,
    };
    let cache = health.credentials.statistics();
    let count = |what: fn(&CacheStatistics) -> u64| cache.iter().map(what).sum();
    let reading = Reading {
        nonce_entries: health.nonces.entries(),
        nonce_fence: fence,
        cache_hits: count(|cache| cache.hits + cache.unknown_hits),
        cache_misses: count(|cache| cache.misses),
    };
    let text = health.metrics.text(reading, &health.management.events());
    let mut response = Response::new(Body::from(text));
    let kind =
        HeaderValue::from_static("application/openmetrics-text; version=1.0.0; charset=utf-8");
    response.headers_mut().insert(header::CONTENT_TYPE, kind);
    response
}

const PATIENCE: Duration = Duration::from_secs(2);
