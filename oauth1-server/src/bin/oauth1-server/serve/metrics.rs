//! Metrics, by the conventions of Prometheus: base units, and no identifiers in labels.

use std::{
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use oauth1_core::SignatureMethod;
use oauth1_server::{Judgement, NonceStoreError, Observer, Refusal};
use prometheus_client::{
    encoding::text::encode,
    metrics::{
        counter::Counter,
        family::Family,
        gauge::Gauge,
        histogram::{Histogram, exponential_buckets},
        info::Info,
    },
    registry::{Registry, Unit},
};

type Labels<const N: usize> = [(&'static str, &'static str); N];
type HistogramFamily = Family<Labels<2>, Histogram, fn() -> Histogram>;

/// What is counted. Cheap to clone.
#[derive(Clone)]
pub(crate) struct Metrics {
    registry: Arc<Registry>,
    verifications: Family<Labels<3>, Counter>,
    verification_duration: Histogram,
    nonce_operations: Family<Labels<2>, Counter>,
    nonce_entries: Gauge,
    nonce_fence: Gauge,
    clock_skew: Histogram,
    cache: Family<Labels<1>, Counter>,
    credentials: Family<Labels<1>, Gauge>,
    audit_events: Family<Labels<1>, Counter>,
    tokens_issued: Counter,
    key_rotations: Counter,
    secret_reveals: Counter,
    requests: HistogramFamily,
    connections: Gauge,
    pub(crate) open: Arc<AtomicU64>,
}

/// What is read when metrics are asked for.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Reading {
    pub(crate) nonce_entries: Option<u64>,
    /// Seconds until a fence has passed.
    pub(crate) nonce_fence: u64,
    pub(crate) cache_hits: u64,
    pub(crate) cache_misses: u64,
}

impl Metrics {
    pub(crate) fn new() -> Self {
        let mut registry = Registry::default();
        let requests: HistogramFamily =
            Family::new_with_constructor(|| Histogram::new(HTTP_SECONDS));
        let this = Self {
            verifications: Family::default(),
            verification_duration: Histogram::new(exponential_buckets(1e-6, 4.0, 12)),
            nonce_operations: Family::default(),
            nonce_entries: Gauge::default(),
            nonce_fence: Gauge::default(),
            clock_skew: Histogram::new(SKEW_SECONDS),
            cache: Family::default(),
            credentials: Family::default(),
            audit_events: Family::default(),
            tokens_issued: Counter::default(),
            key_rotations: Counter::default(),
            secret_reveals: Counter::default(),
            requests: requests.clone(),
            connections: Gauge::default(),
            open: Arc::default(),
            registry: Arc::default(),
        };
        let build = Info::new([("version", env!("CARGO_PKG_VERSION")), ("commit", COMMIT)]);
        registry.register("oauth1_build", "This build", build);
        let oauth1 = registry.sub_registry_with_prefix("oauth1");
        let name = "verifications";
        oauth1.register(name, "Requests judged, by outcome", this.verifications.clone());
        let name = "verification_duration";
        let about = "How long judging took, reading the body and the stores included";
        oauth1.register_with_unit(name, about, Unit::Seconds, this.verification_duration.clone());
        let name = "nonce_store_operations";
        oauth1.register(name, "Nonces recorded, or not", this.nonce_operations.clone());
        oauth1.register("nonce_entries", "Nonces remembered", this.nonce_entries.clone());
        let about = "How long requests stamped now are refused, because nonces may be forgotten";
        oauth1.register_with_unit("nonce_fence", about, Unit::Seconds, this.nonce_fence.clone());
        let about = "Timestamps less the server's clock";
        oauth1.register_with_unit("clock_skew", about, Unit::Seconds, this.clock_skew.clone());
        oauth1.register("cache_requests", "Lookups of credentials", this.cache.clone());
        oauth1.register("credentials", "Clients, by state", this.credentials.clone());
        let about = "Entries written to the audit log by this process";
        oauth1.register("audit_events", about, this.audit_events.clone());
        let about = "Short-lived tokens made by this process";
        oauth1.register("tokens_issued", about, this.tokens_issued.clone());
        let about = "Keys that got new secrets from this process";
        oauth1.register("key_rotations", about, this.key_rotations.clone());
        let about = "Secrets that were read again";
        oauth1.register("secret_reveals", about, this.secret_reveals.clone());
        oauth1.register("connections", "Open connections", this.connections.clone());
        let about = "Requests, from the head to the answer's head";
        let name = "http_server_request_duration";
        registry.register_with_unit(name, about, Unit::Seconds, requests);
        Self { registry: Arc::new(registry), ..this }
    }

    /// The text that Prometheus reads.
    pub(crate) fn text(&self, reading: Reading, events: &[(&'static str, u64)]) -> String {
        self.set_events(events);
        let gauge = |n: u64| i64::try_from(n).unwrap_or(i64::MAX);
        if let Some(entries) = reading.nonce_entries {
            self.nonce_entries.set(gauge(entries));
        }
        self.nonce_fence.set(gauge(reading.nonce_fence));
        self.connections.set(gauge(self.open.load(Ordering::Relaxed)));
        for (result, count) in [("hit", reading.cache_hits), ("miss", reading.cache_misses)] {
            let counter = self.cache.get_or_create(&[("result", result)]);
            counter.inc_by(count.saturating_sub(counter.get()));
        }
        let mut text = String::new();
        // Writing to a String does not fail.
        let _ = encode(&mut text, &self.registry);
        text
    }

    /// Counts are taken over, not added.
    fn set_events(&self, events: &[(&'static str, u64)]) {
        let set = |counter: &Counter, count: u64| {
            counter.inc_by(count.saturating_sub(counter.get()));
        };
        let sum = |names: fn(&str) -> bool| {
            events.iter().filter(|(name, _)| names(name)).map(|(_, count)| count).sum()
        };
        for (event, count) in events {
            set(&self.audit_events.get_or_create(&[("event", event)]), *count);
        }
        set(&self.tokens_issued, sum(|name| name == "token.create"));
        set(&self.key_rotations, sum(|name| name.starts_with("key.rotate")));
        set(&self.secret_reveals, sum(|name| name == "key.reveal"));
    }

    /// One request was answered.
    pub(crate) fn answered(&self, method: &http::Method, status: u16, elapsed: Duration) {
        let labels = [
            ("http_request_method", known_method(method)),
            ("http_response_status_code", known_status(status)),
        ];
        self.requests.get_or_create(&labels).observe(elapsed.as_secs_f64());
    }

    pub(crate) fn set_credentials(&self, state: &'static str, count: u64) {
        let count = i64::try_from(count).unwrap_or(i64::MAX);
        self.credentials.get_or_create(&[("state", state)]).set(count);
    }
}

impl Observer for Metrics {
    fn judged(&self, judgement: &Judgement<'_>) {
        let result = match judgement.outcome {
            Ok(Some(_)) => "ok",
            Ok(None) if judgement.basic.is_some() => "ok",
            Ok(None) => "unsigned",
            Err(refusal) => refusal.name(),
        };
        let method = match (judgement.signature_method, judgement.outcome) {
            (Some(method), _) => SignatureMethod::as_str(method),
            (None, Err(Refusal::Basic(_))) => "basic",
            (None, _) if judgement.basic.is_some() => "basic",
            (None, _) => "none",
        };
        let transport = judgement.location.map_or("none", |location| location.as_str());
        let labels = [("result", result), ("method", method), ("transport", transport)];
        self.verifications.get_or_create(&labels).inc();
        self.verification_duration.observe(judgement.elapsed.as_secs_f64());
        let signed = judgement.signature_method.is_some();
        if let Some(result) = recorded(judgement.outcome).filter(|_| signed) {
            self.nonce_operations.get_or_create(&[("op", "record"), ("result", result)]).inc();
        }
        if let (Some(timestamp), Some(now)) = (judgement.timestamp, judgement.now) {
            self.clock_skew.observe(timestamp.seconds() as f64 - now.seconds() as f64);
        }
    }
}

/// What the store of nonces said, if it was asked.
fn recorded<T>(outcome: Result<Option<T>, &Refusal>) -> Option<&'static str> {
    match outcome {
        Ok(Some(_))
        | Err(
            Refusal::TokenExpired
            | Refusal::TokenRevoked
            | Refusal::TokenRequired
            | Refusal::AddressRefused
            | Refusal::PermissionDenied
            | Refusal::ScopeDenied { .. },
        ) => Some("fresh"),
        Err(Refusal::NonceUsed) => Some("replayed"),
        Err(Refusal::Nonce(error)) => Some(match error {
            NonceStoreError::OverQuota { .. } => "over_quota",
            NonceStoreError::Full { .. } => "full",
            NonceStoreError::Fenced { .. } => "fenced",
            NonceStoreError::Unavailable(_) => "unavailable",
        }),
        _ => None,
    }
}

/// From a closed set: methods are the sender's to choose.
fn known_method(method: &http::Method) -> &'static str {
    const KNOWN: [&str; 9] =
        ["GET", "POST", "PUT", "DELETE", "HEAD", "PATCH", "OPTIONS", "TRACE", "CONNECT"];
    KNOWN.into_iter().find(|known| *known == method.as_str()).unwrap_or("_OTHER")
}

/// From a closed set: the statuses that this server answers with.
fn known_status(status: u16) -> &'static str {
    const KNOWN: [(u16, &str); 15] = [
        (200, "200"),
        (400, "400"),
        (401, "401"),
        (403, "403"),
        (404, "404"),
        (405, "405"),
        (408, "408"),
        (413, "413"),
        (414, "414"),
        (415, "415"),
        (421, "421"),
        (429, "429"),
        (431, "431"),
        (500, "500"),
        (503, "503"),
    ];
    KNOWN.iter().find(|(known, _)| *known == status).map_or("other", |(_, text)| text)
}

const HTTP_SECONDS: [f64; 14] =
    [0.0005, 0.001, 0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0];
const SKEW_SECONDS: [f64; 11] = [-300.0, -60.0, -10.0, -5.0, -2.0, 0.0, 1.0, 2.0, 5.0, 10.0, 60.0];
const COMMIT: &str = match option_env!("OAUTH1_COMMIT") {
    Some(commit) => commit,
    None => "unknown",
};
