//! The routes over a fresh database, called without a network.

use std::sync::{
    Arc,
    atomic::{AtomicU32, Ordering},
};

use axum::{Router, body::Body};
use http::{HeaderMap, Method, Request, StatusCode, header};
use http_body_util::BodyExt;
use oauth1_core::Signer;
use oauth1_server::{
    MemoryNonceStore, PeerAddress, PublicOrigin, RequestVerifier,
    catalogue::Catalogue,
    credentials::sql::{NewMasterKey, SqlCredentialStore},
    management::{Caller, Management, NewPerson},
    rest::{self, RestState},
};
use serde_json::Value as Json;
use sha2::{Digest, Sha256};
use tower::ServiceExt;

pub use crate::database::{Fixture as Database, Kind};

/// Runs each function against both databases.
#[macro_export]
macro_rules! on_both {
    ($($test:ident),* $(,)?) => {
        mod sqlite {
            $(#[tokio::test(flavor = "multi_thread")]
            async fn $test() {
                super::$test($crate::fixture::Kind::Sqlite).await;
            })*
        }
        mod postgres {
            $(#[tokio::test(flavor = "multi_thread")]
            async fn $test() {
                super::$test($crate::fixture::Kind::Postgres).await;
            })*
        }
    };
}

/// A database of its own, and everything over it.
pub struct Fixture {
    pub database: Database,
    store: SqlCredentialStore,
    pub management: Management,
    pub router: Router,
    pub public: Router,
    origin: &'static str,
}

impl Fixture {
    /// With plain http on loopback; `None` if there is no PostgreSQL here.
    pub async fn new(kind: Kind) -> Option<Self> {
        Self::at(kind, "http://127.0.0.1:8081").await
    }

    pub async fn at(kind: Kind, origin: &'static str) -> Option<Self> {
        let database = Database::new(kind).await?;
        let store = database.open().await;
        let catalogue = Catalogue::parse(CATALOGUE).unwrap();
        let management = Management::new(store.clone()).with_catalogue(Arc::new(catalogue));
        let nonces = Arc::new(MemoryNonceStore::builder().first_start(true).build().unwrap());
        let verifier = |origin| {
            let origin = PublicOrigin::new(origin).unwrap();
            RequestVerifier::new(origin, Arc::new(store.clone()), nonces.clone())
        };
        let router = rest::routes(RestState::new(management.clone(), verifier(origin)));
        let public = RestState::new(management.clone(), verifier("https://api.example.com"));
        let public = rest::token_routes(public);
        Some(Self { database, store, management, router, public, origin })
    }

    /// A request that nobody has signed and nobody is signed in for.
    pub fn call(&self, method: &str, path: &str) -> Call {
        self.call_to(self.origin.split("//").nth(1).unwrap(), method, path)
    }

    pub fn call_to(&self, host: &str, method: &str, path: &str) -> Call {
        let request = Request::builder()
            .method(Method::from_bytes(method.as_bytes()).unwrap())
            .uri(path)
            .header(header::HOST, host)
            .extension(PeerAddress("192.0.2.1".parse().unwrap()));
        Call { router: self.router.clone(), request, body: Vec::new() }
    }

    /// The same with somebody's cookie, from a page of our own.
    pub fn call_as(&self, token: &str, method: &str, path: &str) -> Call {
        let cookie = format!("oauth1-session={token}");
        self.call(method, path).header("cookie", &cookie).header("sec-fetch-site", "same-origin")
    }

    /// A person without a password, and a session.
    pub async fn person(&self, name: &str, role: &str, account: Option<&str>) -> String {
        let new = NewPerson {
            name: name.into(),
            role: role.into(),
            account: account.map(str::to_owned),
            ..NewPerson::default()
        };
        let person = self.management.people().create(&system(), &new).await.unwrap();
        self.session(&person.id).await
    }

    /// A session as signing in makes it.
    pub async fn session(&self, person: &str) -> String {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let token = format!("test-session-{}", COUNT.fetch_add(1, Ordering::Relaxed));
        let (id, now) = (hash(&token), now());
        let end = now + 12 * 3_600_000;
        self.database
            .execute(&format!(
                "INSERT INTO session (id, person_id, created_at, seen_at, expires_at, password_at)
             VALUES ('{id}', '{person}', {now}, {now}, {end}, {now})"
            ))
            .await;
        token
    }

    /// A request signed with a key's four values.
    pub fn signed(&self, key: &Json, method: &str, path: &str) -> Call {
        self.signed_by(signer(key), method, path)
    }

    /// The body is signed by its hash.
    pub fn signed_json(&self, key: &Json, method: &str, path: &str, body: &Json) -> Call {
        let (signer, body) = (signer(key).with_body_hash(true), body.to_string());
        let request = Request::builder().method(method).uri(format!("{}{path}", self.origin));
        let mut request =
            request.header("content-type", "application/json").body(body.clone()).unwrap();
        signer.sign(&mut request).unwrap();
        let header = request.headers()["authorization"].to_str().unwrap().to_owned();
        let call = self.call(method, path).header("authorization", &header);
        call.body("application/json", body.as_bytes())
    }

    pub fn signed_by(&self, signer: Signer, method: &str, path: &str) -> Call {
        let mut request = Request::builder()
            .method(method)
            .uri(format!("{}{path}", self.origin))
            .body("")
            .unwrap();
        signer.sign(&mut request).unwrap();
        let header = request.headers()["authorization"].to_str().unwrap().to_owned();
        self.call(method, path).header("authorization", &header)
    }

    /// Ends all connections to the database.
    pub async fn close(&self) {
        self.store.close().await;
    }

    /// Seals everything with a new master key.
    pub async fn rekey(&self) {
        let store = self.database.open().await;
        let done = store.rekey(NewMasterKey::Random, |_| true).await.unwrap().unwrap();
        assert!(done.file_written && done.dropped.len() == 1);
        store.close().await;
    }
}

/// A request that is being made up.
pub struct Call {
    pub router: Router,
    pub request: http::request::Builder,
    pub body: Vec<u8>,
}

impl Call {
    /// The same request once more.
    pub fn again(&self) -> Self {
        let mut request = Request::builder()
            .method(self.request.method_ref().unwrap())
            .uri(self.request.uri_ref().unwrap());
        *request.headers_mut().unwrap() = self.request.headers_ref().unwrap().clone();
        Self { router: self.router.clone(), request, body: self.body.clone() }
    }

    pub fn header(mut self, name: &str, value: &str) -> Self {
        self.request = self.request.header(name, value);
        self
    }

    pub fn json(self, body: &Json) -> Self {
        self.body("application/json", body.to_string().as_bytes())
    }

    pub fn body(mut self, kind: &str, body: &[u8]) -> Self {
        self.body = body.to_vec();
        self.header("content-type", kind)
    }

    pub async fn send(self) -> Reply {
        let request = self.request.body(Body::from(self.body)).unwrap();
        let (parts, body) = self.router.oneshot(request).await.unwrap().into_parts();
        let octets = body.collect().await.unwrap().to_bytes();
        let text = String::from_utf8(octets.to_vec()).unwrap();
        let json = serde_json::from_str(&text).unwrap_or_default();
        Reply { status: parts.status, headers: parts.headers, text, json }
    }
}

/// What was answered.
#[derive(Debug)]
pub struct Reply {
    pub status: StatusCode,
    pub headers: HeaderMap,
    pub text: String,
    pub json: Json,
}

impl Reply {
    /// Checks the status and, if it is a problem, its form.
    #[track_caller]
    pub fn expect(self, status: u16) -> Self {
        assert_eq!(self.status, status, "{}", self.text);
        assert_eq!(self.headers["cache-control"], "no-store");
        if status >= 400 {
            assert_eq!(self.headers["content-type"], "application/problem+json", "{}", self.text);
            assert_eq!(self.json["status"], status);
            for member in ["type", "title", "detail", "code", "request_id"] {
                assert!(
                    self.json[member].as_str().is_some_and(|text| !text.is_empty()),
                    "{member}"
                );
            }
            // An answer that is given again says which request it was first given to.
            let again = self.headers.contains_key("idempotent-replayed");
            let id = self.json["request_id"].as_str().unwrap();
            assert!(again || self.headers["x-request-id"] == id);
        }
        self
    }

    /// Checks the status and the code of a problem.
    #[track_caller]
    pub fn problem(self, status: u16, code: &str) -> Self {
        let reply = self.expect(status);
        assert_eq!(reply.json["code"], code, "{}", reply.text);
        reply
    }

    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().unwrap())
    }
}

pub fn system() -> Caller {
    Caller::system("test")
}

pub fn text<'a>(object: &'a Json, field: &str) -> &'a str {
    object[field].as_str().unwrap_or_else(|| panic!("{field} of {object}"))
}

pub fn now() -> i64 {
    i64::try_from(std::time::UNIX_EPOCH.elapsed().unwrap().as_millis()).unwrap()
}

fn hash(token: &str) -> String {
    Sha256::digest(token.as_bytes()).iter().map(|octet| format!("{octet:02x}")).collect()
}

pub const PASSWORD: &str = "correct horse battery";
const CATALOGUE: &str = include_str!("../../catalogue.example.toml");

fn signer(key: &Json) -> Signer {
    let client = oauth1_core::ClientCredentials::new(text(key, "app_key"), text(key, "app_secret"));
    let token =
        oauth1_core::TokenCredentials::new(text(key, "access_token"), text(key, "token_secret"));
    Signer::new(client).with_token(token)
}
