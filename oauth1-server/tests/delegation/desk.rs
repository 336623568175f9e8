//! A service with its endpoints and a protected resource, and everybody who meets there.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex},
    time::Duration,
};

use axum::{Json, Router, body::Body, routing::any};
use http::{HeaderMap, Request, StatusCode, header};
use http_body_util::BodyExt;
use oauth1_core::{
    Callback, ClientCredentials, ProblemReport, Signer, TemporaryCredentials, TokenCredentials,
    Verifier,
};
use oauth1_server::{
    AnswerProfile, Judgement, MemoryNonceStore, PeerAddress, PublicOrigin, RequestVerifier,
    TrustedProxy, VerificationLayer, VerifiedRequest,
    catalogue::Catalogue,
    credentials::{
        cache::CacheSettings,
        sql::{OpenedCredentials, open_credentials},
    },
    endpoints::{Endpoints, Paths, Times},
    management::{Caller, CreatedKey, Management, NewKey, NewPerson, Password},
};
use serde_json::json;
use tower::ServiceExt;
use url::form_urlencoded;

use crate::database::Fixture;
pub use crate::database::Kind;

pub const ORIGIN: &str = "https://api.example.com";
pub const CALLBACK: &str = "https://printer.example.com/ready?x=1";
pub const PASSWORD: &str = "correct horse battery";

/// Runs each function against both databases.
#[macro_export]
macro_rules! on_both {
    ($($test:ident),* $(,)?) => {
        mod sqlite {
            $(#[tokio::test(flavor = "multi_thread")]
            async fn $test() {
                let Some(desk) = $crate::desk::Desk::new($crate::desk::Kind::Sqlite).await else { return };
                super::$test(desk).await;
            })*
        }
        mod postgres {
            $(#[tokio::test(flavor = "multi_thread")]
            async fn $test() {
                let Some(desk) = $crate::desk::Desk::new($crate::desk::Kind::Postgres).await else { return };
                super::$test(desk).await;
            })*
        }
    };
}

pub struct Desk {
    pub fixture: Fixture,
    pub management: Management,
    /// An application with [`CALLBACK`] and oob.
    pub key: CreatedKey,
    router: Router,
    verifier: RequestVerifier,
    catalogue: Arc<Catalogue>,
    heard: Arc<Mutex<Vec<String>>>,
    _opened: OpenedCredentials,
}

impl Desk {
    pub async fn new(kind: Kind) -> Option<Self> {
        let mut fixture = Fixture::new(kind).await?;
        // Nothing is read again unless the cache is told to.
        let lifetime = Duration::from_secs(3600);
        fixture.settings.cache = CacheSettings { lifetime, ..CacheSettings::default() };
        let opened = open_credentials(&fixture.settings).await.unwrap();
        let catalogue = Arc::new(Catalogue::parse(CATALOGUE).unwrap());
        let management = Management::new(opened.store.clone())
            .with_catalogue(catalogue.clone())
            .with_cache(opened.cached.clone());
        let verifier = RequestVerifier::new(
            PublicOrigin::new(ORIGIN).unwrap(),
            opened.cached.clone(),
            Arc::new(MemoryNonceStore::builder().first_start(true).build().unwrap()),
        )
        .with_answers(AnswerProfile::Full);
        let heard: Arc<Mutex<Vec<String>>> = Arc::default();
        let hears = heard.clone();
        let verifier = verifier.with_observer(move |judgement: &Judgement<'_>| {
            let outcome = judgement.outcome.map_or_else(|refusal| refusal.name(), |_| "ok");
            hears.lock().unwrap().push(outcome.to_owned());
        });
        let key = create(&management, "printer", &[CALLBACK, "oob"]).await;
        let desk = Self {
            fixture,
            management,
            key,
            router: Router::new(),
            verifier,
            catalogue,
            heard,
            _opened: opened,
        };
        Some(desk.with(Times::default(), |endpoints| endpoints))
    }

    /// With other endpoints.
    pub fn with(self, times: Times, configure: impl FnOnce(Endpoints) -> Endpoints) -> Self {
        let endpoints = Endpoints::new(&self.management, &self.verifier, times, Paths::default());
        let layer =
            VerificationLayer::new(self.verifier.clone().with_authorizer(self.catalogue.clone()));
        let router = Router::new()
            .route("/photos", any(photos))
            .route("/prints", any(photos))
            .route_layer(layer)
            .merge(configure(endpoints).routes());
        Self { router, ..self }
    }

    /// How each signed request was judged.
    pub fn heard(&self) -> Vec<String> {
        self.heard.lock().unwrap().clone()
    }

    pub async fn another_key(&self, name: &str, callbacks: &[&str]) -> CreatedKey {
        create(&self.management, name, callbacks).await
    }

    pub async fn person(&self, name: &str, scopes: Option<&[&str]>) -> String {
        let new = NewPerson {
            name: name.to_owned(),
            role: "member".to_owned(),
            scopes: scopes.map(|scopes| scopes.iter().map(|s| (*s).to_owned()).collect()),
            password: Some(Password::new(PASSWORD.to_owned())),
            ..NewPerson::default()
        };
        self.management.people().create(&system(), &new).await.unwrap().id
    }

    pub async fn send(&self, request: Request<Body>) -> Answer {
        Answer::of(self.router.clone().oneshot(request).await.unwrap()).await
    }

    /// A signed request with a form.
    pub async fn post(&self, signer: &Signer, path: &str, form: &[(&str, &str)]) -> Answer {
        self.send(signed(signer, "POST", path, form)).await
    }

    /// A page, asked for by a browser with these cookies.
    pub async fn page(&self, cookies: &str, path: &str) -> Answer {
        let request = browser(cookies, "GET", path).body(Body::empty()).unwrap();
        self.send(request).await
    }

    /// A form of one of our pages.
    pub async fn submit(&self, cookies: &str, path: &str, form: &[(&str, &str)]) -> Answer {
        let request = browser(cookies, "POST", path)
            .header("origin", ORIGIN)
            .header("content-type", FORM)
            .body(Body::from(encoded(form)))
            .unwrap();
        self.send(request).await
    }

    /// The cookie of somebody who signs in.
    pub async fn sign_in(&self, name: &str) -> String {
        let form = [("name", name), ("password", PASSWORD), ("next", "/oauth/grants")];
        let answer = self.submit("", "/oauth/authorize/sign-in", &form).await;
        assert_eq!((answer.status, answer.location()), (303, "/oauth/grants"), "{answer:?}");
        let cookie = answer.headers[header::SET_COOKIE].to_str().unwrap();
        cookie.split(';').next().unwrap().to_owned()
    }

    /// Temporary credentials for the application.
    pub async fn initiate(&self, callback: &str) -> TemporaryCredentials {
        self.initiate_for(&self.key, callback).await
    }

    pub async fn initiate_for(&self, key: &CreatedKey, callback: &str) -> TemporaryCredentials {
        let answer = self.post(&client(key).with_callback(to(callback)), INITIATE, &[]).await;
        assert_eq!(answer.status, 200, "{answer:?}");
        let form = answer.form();
        TemporaryCredentials::new(&*form["oauth_token"], &*form["oauth_token_secret"])
    }

    pub async fn decide(&self, cookie: &str, temporary: &str, decision: &str) -> Answer {
        let form = [("oauth_token", temporary), ("decision", decision)];
        self.submit(cookie, AUTHORIZE, &form).await
    }

    /// The verification code that the resource owner brings.
    pub async fn allow(&self, cookie: &str, temporary: &TemporaryCredentials) -> String {
        let answer = self.decide(cookie, temporary.identifier(), "allow").await;
        answer.verifier()
    }

    pub async fn exchange(&self, temporary: &TemporaryCredentials, verifier: &str) -> Answer {
        self.exchange_for(&self.key, temporary, verifier).await
    }

    pub async fn exchange_for(
        &self,
        key: &CreatedKey,
        temporary: &TemporaryCredentials,
        verifier: &str,
    ) -> Answer {
        self.post(&exchanger(key, temporary, verifier), TOKEN, &[]).await
    }

    /// The whole flow; the answer with the token.
    pub async fn grant(&self, cookie: &str) -> Answer {
        let temporary = self.initiate("oob").await;
        let code = self.allow(cookie, &temporary).await;
        let answer = self.exchange(&temporary, &code).await;
        assert_eq!(answer.status, 200, "{answer:?}");
        answer
    }

    /// What the protected resource says to a token of the application.
    pub async fn call(&self, token: &TokenCredentials, method: &str, path: &str) -> Answer {
        let signer = client(&self.key).with_token(token.clone());
        self.send(signed(&signer, method, path, &[])).await
    }
}

/// Who called, and for whom.
async fn photos(verified: VerifiedRequest) -> Json<serde_json::Value> {
    Json(json!({
        "client": verified.client_identifier(),
        "token": verified.token_identifier(),
        "resource_owner": verified.token_attribute("resource_owner"),
    }))
}

async fn create(management: &Management, name: &str, callbacks: &[&str]) -> CreatedKey {
    let texts = |list: &[&str]| list.iter().map(|text| (*text).to_owned()).collect();
    let new = NewKey {
        name: Some(name.to_owned()),
        display_name: Some(format!("The {name}")),
        developer_name: Some("Grace <Hopper>".to_owned()),
        scopes: texts(&["photos:modify", "prints:view"]),
        callbacks: texts(callbacks),
        ..NewKey::default()
    };
    management.keys().create(&system(), &new).await.unwrap()
}

pub fn system() -> Caller {
    Caller::system("test")
}

pub fn credentials(key: &CreatedKey) -> ClientCredentials {
    key.credentials.client.clone()
}

/// Signs with the client's credentials alone.
pub fn client(key: &CreatedKey) -> Signer {
    Signer::new(credentials(key))
}

pub fn to(callback: &str) -> Callback {
    if callback == "oob" { Callback::OutOfBand } else { Callback::uri(callback) }
}

pub fn exchanger(key: &CreatedKey, temporary: &TemporaryCredentials, verifier: &str) -> Signer {
    client(key).with_temporary(temporary.clone(), Verifier::new(verifier))
}

pub fn signed(signer: &Signer, method: &str, path: &str, form: &[(&str, &str)]) -> Request<Body> {
    let mut request = Request::builder()
        .method(method)
        .uri(format!("{ORIGIN}{path}"))
        .header(header::HOST, "api.example.com")
        .extension(PeerAddress("192.0.2.1".parse().unwrap()));
    if !form.is_empty() {
        request = request.header("content-type", FORM);
    }
    let mut request = request.body(encoded(form)).unwrap();
    signer.sign(&mut request).unwrap();
    request.map(Body::from)
}

pub fn browser(cookies: &str, method: &str, path: &str) -> http::request::Builder {
    let request = Request::builder()
        .method(method)
        .uri(path)
        .header(header::HOST, "api.example.com")
        .extension(PeerAddress("192.0.2.77".parse().unwrap()));
    if cookies.is_empty() { request } else { request.header(header::COOKIE, cookies) }
}

/// The same through a proxy that is trusted and says who it is.
pub fn proxied(owner: &str, method: &str, path: &str) -> http::request::Builder {
    browser("", method, path).header("x-forwarded-user", owner).extension(TrustedProxy)
}

pub fn encoded(form: &[(&str, &str)]) -> String {
    form_urlencoded::Serializer::new(String::new()).extend_pairs(form).finish()
}

/// What came back.
#[derive(Debug)]
pub struct Answer {
    pub status: u16,
    pub headers: HeaderMap,
    pub body: String,
}

impl Answer {
    async fn of(response: http::Response<Body>) -> Self {
        let (parts, body) = response.into_parts();
        let octets = body.collect().await.unwrap().to_bytes();
        let body = String::from_utf8(octets.to_vec()).unwrap();
        Self { status: parts.status.as_u16(), headers: parts.headers, body }
    }

    pub fn form(&self) -> BTreeMap<String, String> {
        form_urlencoded::parse(self.body.as_bytes()).into_owned().collect()
    }

    pub fn token(&self) -> TokenCredentials {
        assert_eq!(self.status, StatusCode::OK, "{self:?}");
        let form = self.form();
        TokenCredentials::new(&*form["oauth_token"], &*form["oauth_token_secret"])
    }

    pub fn location(&self) -> &str {
        self.headers.get(header::LOCATION).map_or("", |location| location.to_str().unwrap())
    }

    /// Status and problem code; the challenge and the body say the same.
    pub fn problem(&self) -> (u16, String) {
        let challenge = self.headers.get(header::WWW_AUTHENTICATE);
        let report = challenge.and_then(|value| ProblemReport::parse(value.to_str().unwrap()));
        if let Some(report) = &report {
            assert_eq!(ProblemReport::parse(&self.body).as_ref(), Some(report));
            assert_eq!(self.headers[header::CACHE_CONTROL], "no-store");
        }
        (self.status, report.map_or(String::new(), |report| report.problem().to_string()))
    }

    pub fn is(&self, status: u16, problem: &str) {
        assert_eq!(self.problem(), (status, problem.to_owned()), "{self:?}");
    }

    /// Of the address that the resource owner is sent to, or of the page.
    pub fn verifier(&self) -> String {
        if self.status == 303 {
            let (_, query) = self.location().split_once('?').unwrap();
            let mut pairs = form_urlencoded::parse(query.as_bytes());
            return pairs.find(|(name, _)| name == "oauth_verifier").unwrap().1.into_owned();
        }
        assert_eq!(self.status, 200, "{self:?}");
        let (_, rest) = self.body.split_once("id=\"verifier\"").expect(&self.body);
        let (_, rest) = rest.split_once('>').unwrap();
        rest.split_once('<').unwrap().0.to_owned()
    }
}

pub const INITIATE: &str = "/oauth/initiate";
pub const AUTHORIZE: &str = "/oauth/authorize";
pub const TOKEN: &str = "/oauth/token";
pub const FORM: &str = "application/x-www-form-urlencoded";
const CATALOGUE: &str = r#"
    [[group]]
    name = "photos"
    title = "Photos"
    paths = ["/photos/**"]

    [[group]]
    name = "prints"
    title = "Prints"
    paths = ["/prints/**"]
"#;
