//! Rows 62 and 64: the host (section 3.4.1.2), stores that fail, permissions and quotas.

use std::sync::Arc;

use oauth1_core::{SignatureVerified, Timestamp};
use oauth1_server::{
    BoxFuture, ClientRecord, CredentialStore, MemoryNonceStore, NonceOutcome, NonceStore,
    NonceStoreError, Permission, PublicOrigin, RequestVerifier, StoreError, TokenRecord, UsedNonce,
    VerifiedRequest, policy::AcceptableTimestamps,
};

use crate::support::{HOST, Location, NOW, Server, Setup, Wire};

fn with_hosts(wire: Wire, hosts: &[&str]) -> Wire {
    Wire { hosts: hosts.iter().map(|host| (*host).to_owned()).collect(), ..wire }
}

#[tokio::test]
async fn row_62_t_host_the_host_header() {
    let server = Server::start().await;
    for location in Location::ALL {
        let with = |hosts: &[&str]| with_hosts(Wire::new(location), hosts);
        for foreign in ["evil.example", "api.example.com.", "api.example.com:8080", "127.0.0.1"] {
            server.refuses(&with(&[foreign]), 421, "").await;
        }
        for own in ["API.example.COM", "api.example.com:80", "api.example.com:"] {
            server.accepts(&with(&[own])).await;
        }
        server.refuses(&with(&[HOST, HOST]), 400, "").await;
        server.refuses(&with(&[HOST, "evil.example"]), 400, "").await;
        server.refuses(&with(&[]), 400, "").await;
        for malformed in ["", "a b", "user@api.example.com", "api.example.com:port", "a/b", "é"] {
            server.refuses(&with(&[malformed]), 400, "").await;
        }
        let absolute = |target: &str| Wire { absolute: target.into(), ..Wire::new(location) };
        server.refuses(&absolute("http://evil.example"), 400, "").await;
        server.refuses(&absolute("http://api.example.com:8080"), 400, "").await;
        server.accepts(&absolute("http://api.example.com")).await;
        server.accepts(&absolute("http://API.EXAMPLE.COM:80")).await;
        server.accepts(&absolute("https://api.example.com")).await; // the scheme is told
    }
    server.refuses(&Wire { path: "*".into(), query: vec![], ..Wire::unsigned() }, 400, "").await;
}

#[tokio::test]
async fn row_62_t_xfwd_forwarded_headers_are_ignored() {
    let server = Server::start().await;
    for line in [
        "X-Forwarded-Host: evil.example",
        "X-Forwarded-Proto: https",
        "X-Forwarded-Port: 8443",
        "X-Forwarded-Prefix: /api",
        "Forwarded: host=evil.example;proto=https",
        "X-Original-URL: /admin",
    ] {
        for wire in Wire::everywhere(|wire| wire.header_line(line)) {
            server.accepts(&wire).await;
        }
    }
    for line in ["X-Forwarded-Host: api.example.com", "Forwarded: host=api.example.com"] {
        let wire = with_hosts(Wire::new(Location::Header), &["evil.example"]);
        server.refuses(&wire.header_line(line), 421, "").await;
    }
    // What is signed for https stays wrong where the origin is http.
    let https = Wire { origin: format!("https://{HOST}"), ..Wire::new(Location::Header) };
    let https = https.header_line("X-Forwarded-Proto: https");
    server.refuses(&https, 401, "signature_invalid").await;
}

#[tokio::test]
async fn t_host_a_request_captured_at_one_host_is_worth_nothing_at_another() {
    let origin = PublicOrigin::new("http://api.example.com").unwrap();
    let origin = origin.with_host("api.example.net:8080").unwrap();
    let server = Server::with(Setup { origin, ..Setup::default() }).await;
    for location in Location::ALL {
        let wire = Wire::new(location).signed();
        let at_other = with_hosts(wire.clone(), &["api.example.net:8080"]);
        server.refuses(&at_other, 401, "signature_invalid").await;
        server.accepts(&wire).await;
        let other = Wire { origin: "http://api.example.net:8080".into(), ..Wire::new(location) };
        server.accepts(&with_hosts(other, &["api.example.net:8080"])).await;
    }
}

#[tokio::test]
async fn a_prefix_that_a_proxy_strips_is_signed() {
    let origin = PublicOrigin::new("http://api.example.com").unwrap();
    let origin = origin.with_path_prefix("/v1").unwrap();
    let server = Server::with(Setup { origin, ..Setup::default() }).await;
    let signed = Wire { path: "/v1/r".into(), ..Wire::new(Location::Header) }.signed();
    server.accepts(&Wire { path: "/r".into(), ..signed }).await;
    server.refuses(&Wire::new(Location::Header), 401, "signature_invalid").await;
}

#[tokio::test]
async fn t_method_the_method_is_the_one_on_the_wire() {
    let server = Server::start().await;
    for line in
        ["X-HTTP-Method-Override: DELETE", "X-HTTP-Method: DELETE", "X-Method-Override: PUT"]
    {
        for wire in Wire::everywhere(|wire| wire.header_line(line)) {
            server.accepts(&wire).await;
        }
    }
    for method in ["get", "Get", "gET"] {
        let wire = Wire { method: method.into(), ..Wire::new(Location::Header) };
        server.refuses(&wire, 400, "parameter_rejected").await;
    }
    let signed_for_get = Wire::new(Location::Header).signed();
    let wire = Wire { method: "DELETE".into(), ..signed_for_get };
    server.refuses(&wire, 401, "signature_invalid").await;
}

/// A store that is down, in one way or another.
struct Down(fn() -> NonceStoreError);

impl NonceStore for Down {
    fn record<'a>(
        &'a self,
        _: UsedNonce<'a>,
        _: AcceptableTimestamps,
        _: &'a SignatureVerified,
    ) -> BoxFuture<'a, Result<NonceOutcome, NonceStoreError>> {
        Box::pin(async move { Err((self.0)()) })
    }

    fn ready(&self, _: AcceptableTimestamps) -> BoxFuture<'_, Result<(), NonceStoreError>> {
        Box::pin(async move { Err((self.0)()) })
    }
}

impl CredentialStore for Down {
    fn client<'a>(&'a self, _: &'a str) -> BoxFuture<'a, Result<Option<ClientRecord>, StoreError>> {
        Box::pin(async { Err(StoreError::new("no connection to 10.0.0.7")) })
    }

    fn token<'a>(&'a self, _: &'a str) -> BoxFuture<'a, Result<Option<TokenRecord>, StoreError>> {
        Box::pin(async { Err(StoreError::new("no connection to 10.0.0.7")) })
    }

    fn ready(&self) -> BoxFuture<'_, Result<(), StoreError>> {
        Box::pin(async { Err(StoreError::new("no connection to 10.0.0.7")) })
    }
}

#[tokio::test]
async fn row_64_stores_that_are_down() {
    let failures: [fn() -> NonceStoreError; 3] = [
        || StoreError::new("no connection to 10.0.0.7").into(),
        || NonceStoreError::Full { retry_after: 16 },
        || NonceStoreError::Fenced { retry_after: 7 },
    ];
    for failure in failures {
        let nonces = Arc::new(Down(failure));
        let server = Server::with(Setup { nonces, ..Setup::default() }).await;
        for wire in Wire::everywhere(|wire| wire) {
            let answer = server.refuses(&wire, 503, "").await;
            assert!(!format!("{answer:?}").contains("10.0.0.7"), "{answer:?}");
        }
        // A wrong signature never gets to the store.
        let forged = Wire::new(Location::Header).with_secrets("wrong", "wrong");
        server.refuses(&forged, 401, "signature_invalid").await;
    }
    let credentials = Arc::new(Down(failures[0]));
    let server = Server::with(Setup { credentials, ..Setup::default() }).await;
    for wire in Wire::everywhere(|wire| wire) {
        server.refuses(&wire, 503, "").await;
    }
    let server = Server::start().await;
    server.set_clock(0);
    server.refuses(&Wire::new(Location::Header), 503, "").await;
}

#[tokio::test]
async fn row_64_a_fence_after_a_restart() {
    let fence = Timestamp::from_seconds(NOW + 300).unwrap();
    let nonces =
        Arc::new(MemoryNonceStore::builder().first_start(true).fence(fence).build().unwrap());
    let server = Server::with(Setup { nonces, ..Setup::default() }).await;
    for location in Location::ALL {
        let answer = server.refuses(&Wire::new(location), 503, "").await;
        assert_eq!(answer.header("retry-after"), Some("301"));
    }
    server.set_clock(NOW + 301);
    let later = |wire: Wire| wire.set("oauth_timestamp", (NOW + 301).to_string());
    for wire in Wire::everywhere(later) {
        server.accepts(&wire).await;
    }
}

#[tokio::test]
async fn row_64_t_scope_permission_denied() {
    let configure: fn(_) -> _ = |verifier: RequestVerifier| {
        verifier.with_authorizer(|parts: &http::request::Parts, verified: &VerifiedRequest| {
            let scope = verified.token_attribute("scope").unwrap_or("");
            assert_eq!(verified.client_attribute("name"), Some("the client"));
            match (parts.method.as_str(), scope) {
                ("GET", "read") => Permission::Granted,
                _ => Permission::Denied,
            }
        })
    };
    let server = Server::with(Setup { configure, ..Setup::default() }).await;
    server.accepts(&Wire::new(Location::Header)).await;
    server.accepts(&Wire::new(Location::Query)).await;
    server.refuses(&Wire::new(Location::Form), 403, "permission_denied").await;
    server.refuses(&Wire::post_form(), 403, "permission_denied").await;
    // Only to who signed correctly.
    let forged = Wire::post_form().with_secrets("wrong", "wrong");
    server.refuses(&forged, 401, "signature_invalid").await;
}

#[tokio::test]
async fn row_64_t_quota_over_quota() {
    let nonces = Arc::new(MemoryNonceStore::builder().first_start(true).quota(9).build().unwrap());
    let server = Server::with(Setup { nonces, ..Setup::default() }).await;
    for _ in 0..3 {
        for wire in Wire::everywhere(|wire| wire) {
            server.accepts(&wire).await;
        }
    }
    for wire in Wire::everywhere(|wire| wire) {
        server.refuses(&wire, 429, "consumer_key_refused").await;
    }
    let other = Wire::new(Location::Header).set("oauth_consumer_key", "ck-other");
    server.accepts(&other.set("oauth_token", "tk-other")).await;
}
