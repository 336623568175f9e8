//! A database, the cache in front of it, and an application behind the layer.

use std::{
    net::IpAddr,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use axum::{Json, Router, body::Body, http::HeaderMap};
use http::{Request, StatusCode};
use http_body_util::BodyExt;
use oauth1_core::{
    ClientCredentials, Nonce, ProblemReport, Signer, Stamp, Timestamp, TokenCredentials,
};
use oauth1_server::{
    Authenticated, IssuedCredentials, MemoryNonceStore, PeerAddress, PublicOrigin, RequestVerifier,
    VerificationLayer,
    credentials::{
        cache::CacheSettings,
        sql::{OpenedCredentials, open_credentials},
    },
};
use serde_json::{Value, json};
use tower::ServiceExt;

use crate::fixture::{Fixture, Kind, create, now};

pub const HOST: &str = "api.example.com";

pub struct World {
    pub fixture: Fixture,
    pub opened: OpenedCredentials,
    pub key: IssuedCredentials,
    pub verifier: RequestVerifier,
    clock: Arc<AtomicU64>,
}

/// What came back.
#[derive(Debug)]
pub struct Answer {
    pub status: u16,
    /// The problem code, empty if there is none.
    pub problem: String,
    pub headers: HeaderMap,
    pub body: String,
}

impl Answer {
    pub fn is(&self, status: u16, problem: &str) -> bool {
        (self.status, self.problem.as_str()) == (status, problem)
    }

    pub fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap()
    }
}

/// Runs a test with each database that is here.
pub async fn both(test: impl AsyncFn(World)) {
    with(|verifier| verifier, test).await;
}

/// The same, with the verifier set up.
pub async fn with(
    configure: impl Fn(RequestVerifier) -> RequestVerifier,
    test: impl AsyncFn(World),
) {
    for kind in [Kind::Sqlite, Kind::Postgres] {
        if let Some(world) = World::new(kind, &configure).await {
            test(world).await;
        }
    }
}

impl World {
    async fn new(
        kind: Kind,
        configure: &impl Fn(RequestVerifier) -> RequestVerifier,
    ) -> Option<Self> {
        let mut fixture = Fixture::new(kind).await?;
        // Nothing is read again unless the cache is told to.
        let lifetime = Duration::from_secs(3600);
        fixture.settings.cache = CacheSettings { lifetime, ..CacheSettings::default() };
        let opened = open_credentials(&fixture.settings).await.unwrap();
        let key = create(&opened.store).await.credentials;
        let clock = Arc::new(AtomicU64::new(now()));
        let time = clock.clone();
        let verifier = RequestVerifier::new(
            PublicOrigin::new(&format!("https://{HOST}")).unwrap(),
            opened.cached.clone(),
            Arc::new(MemoryNonceStore::builder().first_start(true).build().unwrap()),
        );
        let verifier = configure(verifier)
            .with_answers(oauth1_server::AnswerProfile::Full)
            .with_clock(move || Timestamp::from_seconds(time.load(Ordering::SeqCst)));
        Some(Self { fixture, opened, key, verifier, clock })
    }

    /// Runs a statement, and makes the next request meet what it did, as management does.
    pub async fn execute(&self, sql: &str) {
        self.fixture.execute(sql).await;
        self.opened.cached.forget_all();
    }

    /// The identifier of the key, for statements.
    pub fn id(&self) -> &str {
        self.key.client.identifier()
    }

    /// Sets columns of the key.
    pub async fn set(&self, columns: &str) {
        self.execute(&format!("UPDATE client SET {columns} WHERE identifier = '{}'", self.id()))
            .await;
    }

    pub fn now(&self) -> u64 {
        self.clock.load(Ordering::SeqCst)
    }

    pub fn set_clock(&self, seconds: u64) {
        self.clock.store(seconds, Ordering::SeqCst);
    }

    /// A request that is not signed.
    pub fn request(&self, method: &str, path: &str) -> Request<Body> {
        let uri = format!("https://{HOST}{path}");
        let request = Request::builder().method(method).uri(uri).header("host", HOST);
        request.body(Body::empty()).unwrap()
    }

    pub fn sign(
        &self,
        request: Request<Body>,
        client: &ClientCredentials,
        token: Option<&TokenCredentials>,
    ) -> Request<Body> {
        let (parts, body) = request.into_parts();
        let mut request = Request::from_parts(parts, "");
        let signer = Signer::new(client.clone());
        let signer = match token {
            Some(token) => signer.with_token(token.clone()),
            None => signer,
        };
        let time = Timestamp::from_seconds(self.now()).unwrap();
        signer.sign_at(&mut request, &Stamp::new(Nonce::random().unwrap(), time)).unwrap();
        request.map(|_| body)
    }

    /// A request signed with key and token.
    pub fn signed(&self, method: &str, path: &str) -> Request<Body> {
        self.sign(self.request(method, path), &self.key.client, Some(&self.key.token))
    }

    pub async fn send(&self, request: Request<Body>) -> Answer {
        let layer = VerificationLayer::new(self.verifier.clone());
        let app = Router::new().fallback(handler).layer(layer);
        let response = app.oneshot(request).await.unwrap();
        let (parts, body) = response.into_parts();
        let body = String::from_utf8(body.collect().await.unwrap().to_bytes().to_vec()).unwrap();
        let problem = match parts.status {
            StatusCode::OK => None,
            _ => ProblemReport::parse(&body).map(|report| report.problem().as_str()),
        };
        Answer {
            status: parts.status.as_u16(),
            problem: problem.unwrap_or_default().to_owned(),
            headers: parts.headers,
            body,
        }
    }

    pub async fn get(&self, path: &str) -> Answer {
        self.send(self.signed("GET", path)).await
    }
}

pub fn from(mut request: Request<Body>, address: &str) -> Request<Body> {
    request.extensions_mut().insert(PeerAddress(address.parse::<IpAddr>().unwrap()));
    request
}

/// Says what it was told.
async fn handler(caller: Authenticated, headers: HeaderMap) -> Json<Value> {
    let attributes: Vec<_> = headers
        .iter()
        .filter(|(name, _)| name.as_str().starts_with('x'))
        .map(|(name, value)| json!([name.as_str(), value.to_str().unwrap()]))
        .collect();
    Json(match caller {
        Authenticated::Signed(signed) => json!({
            "client": signed.client_identifier(),
            "till": signed.attribute("till"),
            "headers": attributes,
            "old_secret": signed.is_old_secret(),
            "address": signed.address().map(|address| address.to_string()),
        }),
        Authenticated::Basic(basic) => json!({
            "basic": basic.name(),
            "account": basic.account_name(),
            "headers": attributes,
        }),
    })
}
