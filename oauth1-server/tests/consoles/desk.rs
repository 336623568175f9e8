//! One service with its catalogue, its management, and an API behind the verifier.

use std::{
    net::IpAddr,
    sync::{
        Arc,
        atomic::{AtomicI64, Ordering},
    },
    time::Duration,
};

use axum::{Json, Router, body::Body, routing::any};
use http::{HeaderMap, Request, Response, StatusCode};
use http_body_util::BodyExt;
use oauth1_core::{
    ClientCredentials, Nonce, SharedSecret, Signer, Stamp, Timestamp, TokenCredentials,
};
use oauth1_server::{
    MemoryNonceStore, PeerAddress, PublicOrigin, RequestVerifier, VerificationLayer,
    basic::{Authenticated, PasswordChecker},
    catalogue::Catalogue,
    credentials::sql::{OpenedCredentials, open_credentials},
    management::{
        Caller, CreatedKey, KeyChange, KeyService, Management, ManagementError, NewKey, Right,
    },
    usage::{Usage, UsageWriter},
};
use serde_json::{Value, json};
use tower::ServiceExt;

use crate::fixture::{Fixture, Kind};
pub use crate::fixture::{caller, now};

/// Everything of one service.
pub struct Desk {
    pub fixture: Fixture,
    pub management: Management,
    pub keys: KeyService,
    router: Router,
    /// Seconds that the verifier's clock is ahead.
    ahead: Arc<AtomicI64>,
    writer: UsageWriter,
    _opened: OpenedCredentials,
}

impl Desk {
    pub async fn new(kind: Kind) -> Option<Self> {
        let fixture = Fixture::new(kind).await?;
        let opened = open_credentials(&fixture.settings).await.unwrap();
        let catalogue = include_str!("../../catalogue.example.toml");
        let catalogue = Arc::new(Catalogue::parse(catalogue).unwrap());
        let management = Management::new(opened.store.clone())
            .with_catalogue(catalogue.clone())
            .with_cache(opened.cached.clone());
        let (usage, writer) = Usage::start(opened.store.clone(), Duration::from_millis(20));
        let ahead = Arc::new(AtomicI64::new(0));
        let clock = {
            let ahead = ahead.clone();
            move || {
                Timestamp::from_seconds(now().saturating_add_signed(ahead.load(Ordering::SeqCst)))
            }
        };
        let verifier = RequestVerifier::new(
            PublicOrigin::new(ORIGIN).unwrap(),
            opened.cached.clone(),
            Arc::new(MemoryNonceStore::builder().first_start(true).build().unwrap()),
        )
        .with_clock(clock)
        .with_authorizer(catalogue)
        .with_observer(usage)
        .with_basic(PasswordChecker::new(Duration::from_secs(5)).unwrap());
        let router = Router::new()
            .route("/{*path}", any(told))
            .route_layer(VerificationLayer::new(verifier));
        let keys = management.keys();
        Some(Self { fixture, management, keys, router, ahead, writer, _opened: opened })
    }

    /// Sets the verifier's clock ahead of the system's.
    pub fn set_ahead(&self, seconds: i64) {
        self.ahead.store(seconds, Ordering::SeqCst);
    }

    /// A key that may do everything.
    pub async fn key(&self) -> CreatedKey {
        self.key_for(&EVERYTHING).await
    }

    pub async fn key_for(&self, scopes: &[&str]) -> CreatedKey {
        let scopes = scopes.iter().map(|scope| (*scope).to_owned()).collect();
        self.create(NewKey { scopes, ..NewKey::default() }).await
    }

    pub async fn create(&self, new: NewKey) -> CreatedKey {
        self.keys.create(&caller(), &new).await.unwrap()
    }

    pub async fn change(&self, key: &CreatedKey, change: KeyChange) {
        self.keys.update(&caller(), &key.key.id, &change, None).await.unwrap();
    }

    /// Signs with the four values of a key and sends.
    pub async fn call(&self, key: &CreatedKey, method: &str, path: &str) -> Answer {
        let own = &key.credentials;
        self.send(&own.client, Some(&own.token), method, path).await
    }

    pub async fn send(
        &self,
        client: &ClientCredentials,
        token: Option<&TokenCredentials>,
        method: &str,
        path: &str,
    ) -> Answer {
        let request = Request::builder().method(method).uri(format!("{ORIGIN}{path}"));
        self.send_as(client, token, request.body(Body::empty()).unwrap()).await
    }

    pub async fn send_as(
        &self,
        client: &ClientCredentials,
        token: Option<&TokenCredentials>,
        request: Request<Body>,
    ) -> Answer {
        let signer = Signer::new(client.clone());
        let signer = match token {
            Some(token) => signer.with_token(token.clone()),
            None => signer,
        };
        let at = now().saturating_add_signed(self.ahead.load(Ordering::SeqCst));
        let stamp = Stamp::new(Nonce::random().unwrap(), Timestamp::from_seconds(at).unwrap());
        let (parts, body) = request.into_parts();
        let mut bare = Request::from_parts(parts, "");
        signer.sign_at(&mut bare, &stamp).unwrap();
        self.raw(bare.map(|_| body)).await
    }

    /// Sends as it is, from [`HOME`] unless it says otherwise.
    pub async fn raw(&self, mut request: Request<Body>) -> Answer {
        request.headers_mut().insert("host", "api.example.com".parse().unwrap());
        if request.extensions().get::<PeerAddress>().is_none() {
            request.extensions_mut().insert(PeerAddress(HOME.parse::<IpAddr>().unwrap()));
        }
        Answer::of(self.router.clone().oneshot(request).await.unwrap()).await
    }

    /// Waits until what was used and refused is in the tables.
    pub async fn written(&self) {
        tokio::time::sleep(Duration::from_millis(400)).await;
    }

    pub async fn end(self) {
        self.writer.finish(Duration::from_secs(5)).await;
    }
}

/// What came back.
#[derive(Debug)]
pub struct Answer {
    pub status: StatusCode,
    pub body: String,
}

impl Answer {
    async fn of(response: Response<impl http_body::Body<Error = impl std::fmt::Debug>>) -> Self {
        let (parts, body) = response.into_parts();
        let octets = body.collect().await.unwrap().to_bytes();
        let body = String::from_utf8(octets.to_vec()).unwrap();
        Self { status: parts.status, body }
    }

    pub fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap()
    }

    /// The problem code, or `ok`.
    pub fn problem(&self) -> &str {
        if self.status.is_success() {
            return "ok";
        }
        let pair = self.body.split('&').find_map(|pair| pair.strip_prefix("oauth_problem="));
        pair.unwrap_or(&self.body)
    }
}

/// Tells what the handler was told.
async fn told(who: Authenticated, headers: HeaderMap) -> Json<Value> {
    let attributes: Value = match &who {
        Authenticated::Signed(verified) => verified
            .attributes()
            .map(|(name, value)| (name.to_owned(), Value::from(value)))
            .collect::<serde_json::Map<_, _>>()
            .into(),
        Authenticated::Basic(_) => json!({}),
    };
    let client = match &who {
        Authenticated::Signed(verified) => verified.client_identifier().to_owned(),
        Authenticated::Basic(basic) => basic.name().to_owned(),
    };
    let till = headers.get("x-oauth1-attr-till").map(|value| value.to_str().unwrap().to_owned());
    Json(json!({ "client": client, "attributes": attributes, "till": till }))
}

/// Whether the management refused because of this right.
pub fn forbids<T: std::fmt::Debug>(result: Result<T, ManagementError>, right: Right) -> bool {
    matches!(result, Err(ManagementError::Forbidden(missing)) if missing == right)
}

/// A caller of the default account with only these rights.
pub fn limited(rights: &[Right]) -> Caller {
    Caller {
        account: Some(DEFAULT_ACCOUNT.to_owned()),
        rights: rights.iter().copied().collect(),
        ..caller()
    }
}

/// The secret of a client beside its identifier.
pub fn with_secret(key: &CreatedKey, secret: &SharedSecret) -> ClientCredentials {
    ClientCredentials::with_secret(key.key.app_key.as_str(), secret.clone())
}

/// Each function as two tests, one for each database.
#[macro_export]
macro_rules! both {
    ($($name:ident)*) => {
        mod sqlite {
            $(#[tokio::test(flavor = "multi_thread")]
            async fn $name() {
                let desk = $crate::desk::Desk::new($crate::fixture::Kind::Sqlite).await.unwrap();
                super::$name(&desk).await;
                desk.end().await;
            })*
        }
        mod postgres {
            $(#[tokio::test(flavor = "multi_thread")]
            async fn $name() {
                let kind = $crate::fixture::Kind::Postgres;
                let Some(desk) = $crate::desk::Desk::new(kind).await else { return };
                super::$name(&desk).await;
                desk.end().await;
            })*
        }
    };
}

pub const ORIGIN: &str = "https://api.example.com";
pub const HOME: &str = "192.0.2.1";
pub const EVERYTHING: [&str; 3] = ["target-groups:modify", "transaction:modify", "all:modify"];
pub const DEFAULT_ACCOUNT: &str = "00000000-0000-7000-8000-000000000000";
