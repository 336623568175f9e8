//! The server under test, and what it answers.

use std::{
    net::SocketAddr,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
};

use axum::{Router, body::Bytes, extract::Request, response::Response};
use http_body_util::BodyExt;
use oauth1_core::{ClientCredentials, ProblemReport, SignatureMethod, Timestamp, TokenCredentials};
use oauth1_server::{
    AnswerProfile, ClientRecord, CredentialStore, MemoryCredentialStore, MemoryNonceStore,
    NonceStore, Policy, PublicOrigin, RequestVerifier, SignatureMethods, TokenRecord,
    VerificationLayer, VerifiedRequest,
};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
};

use super::Wire;

/// The time at which every test starts.
pub const NOW: u64 = 1_700_000_000;
pub const HOST: &str = "api.example.com";

/// Values that no answer and no log may show.
pub const CLIENT_SECRET: &str = "client+secret/canary=1";
pub const TOKEN_SECRET: &str = "token secret&canary é2";
pub const SECRETS: [&str; 2] = [CLIENT_SECRET, TOKEN_SECRET];

/// `(identifier, secret)` of every client of [`credentials`].
pub const CLIENT: &str = "ck";
pub const OTHER_CLIENT: &str = "ck-other";
pub const SUSPENDED: &str = "ck-suspended";
pub const PINNED: &str = "ck-sha1-only";
pub const HASHING: &str = "ck-body-hash";
/// Tokens; all of them are [`CLIENT`]'s unless the name says otherwise.
pub const TOKEN: &str = "tk";
pub const OTHER_TOKEN: &str = "tk-other";
pub const EXPIRED: &str = "tk-expired";
pub const REVOKED: &str = "tk-revoked";

/// The clients and tokens above, all with the same secrets.
pub fn credentials() -> MemoryCredentialStore {
    let store = MemoryCredentialStore::new();
    let client = |id: &str| ClientRecord::new(&ClientCredentials::new(id, CLIENT_SECRET));
    let token =
        |id: &str, client: &str| TokenRecord::new(&TokenCredentials::new(id, TOKEN_SECRET), client);
    store.insert_client(client(CLIENT).with_attribute("name", "the client"));
    store.insert_client(client(OTHER_CLIENT));
    store.insert_client(client(SUSPENDED).with_suspension(true));
    store.insert_client(
        client(PINNED).with_methods(SignatureMethods::only(SignatureMethod::HmacSha1)),
    );
    store.insert_client(client(HASHING).with_body_hash_required(true));
    store.insert_token(token(TOKEN, CLIENT).with_attribute("scope", "read"));
    store.insert_token(token(OTHER_TOKEN, OTHER_CLIENT));
    let expiry = Timestamp::from_seconds(NOW - 1).unwrap();
    store.insert_token(token(EXPIRED, CLIENT).with_expiry(expiry));
    store.insert_token(token(REVOKED, CLIENT).with_revocation(true));
    store
}

/// How a server is set up; the defaults are the corpus's.
pub struct Setup {
    pub origin: PublicOrigin,
    pub policy: Policy,
    pub profile: AnswerProfile,
    pub credentials: Arc<dyn CredentialStore>,
    pub nonces: Arc<dyn NonceStore>,
    pub unsigned_allowed: bool,
    pub configure: fn(RequestVerifier) -> RequestVerifier,
}

impl Default for Setup {
    fn default() -> Self {
        Self {
            origin: PublicOrigin::new(&format!("http://{HOST}")).unwrap(),
            policy: Policy::default(),
            profile: AnswerProfile::Full,
            credentials: Arc::new(credentials()),
            nonces: Arc::new(MemoryNonceStore::builder().first_start(true).build().unwrap()),
            unsigned_allowed: false,
            configure: |verifier| verifier,
        }
    }
}

/// A running server; it ends with the test's runtime.
pub struct Server {
    pub address: SocketAddr,
    pub verifier: RequestVerifier,
    clock: Arc<AtomicU64>,
}

impl Server {
    /// The server of the corpus: full answers, default policy.
    pub async fn start() -> Self {
        Self::with(Setup::default()).await
    }

    pub async fn with(setup: Setup) -> Self {
        let clock = Arc::new(AtomicU64::new(NOW));
        let verifier = verifier(&setup, clock.clone());
        let layer =
            VerificationLayer::new(verifier.clone()).with_unsigned_allowed(setup.unsigned_allowed);
        let app = Router::new().fallback(echo).layer(layer);
        let address = serve(app).await;
        Self { address, verifier, clock }
    }

    /// Moves the clock.
    pub fn set_clock(&self, seconds: u64) {
        self.clock.store(seconds, Ordering::SeqCst);
    }

    pub async fn send(&self, wire: &Wire) -> Answer {
        self.send_octets(&wire.render()).await
    }

    pub async fn send_octets(&self, octets: &[u8]) -> Answer {
        send(self.address, octets).await
    }

    /// Sends a request that must be accepted.
    pub async fn accepts(&self, wire: &Wire) {
        let answer = self.send(wire).await;
        assert_eq!(answer.status, 200, "{wire}\n{answer:?}");
    }

    /// Sends a request that must be refused with this status and problem code; `""` for none.
    pub async fn refuses(&self, wire: &Wire, status: u16, problem: &str) -> Answer {
        let answer = self.send(wire).await;
        answer.is_refusal(status, problem, &wire.to_string());
        answer
    }
}

pub fn verifier(setup: &Setup, clock: Arc<AtomicU64>) -> RequestVerifier {
    let verifier =
        RequestVerifier::new(setup.origin.clone(), setup.credentials.clone(), setup.nonces.clone());
    (setup.configure)(verifier)
        .with_policy(setup.policy.clone())
        .with_answers(setup.profile)
        .with_clock(move || Timestamp::from_seconds(clock.load(Ordering::SeqCst)))
}

/// Serves on a free port.
pub async fn serve(app: Router) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move { axum::serve(listener, app).await.unwrap() });
    address
}

/// Answers with the body it got, and with who signed.
async fn echo(request: Request) -> Response {
    let verified = VerifiedRequest::of(request.extensions()).cloned();
    let body = request.into_body().collect().await.unwrap().to_bytes();
    let mut response = Response::new(axum::body::Body::from(body));
    if let Some(verified) = verified {
        let mut insert = |name: &'static str, value: &str| {
            response.headers_mut().insert(name, value.parse().unwrap());
        };
        insert("x-client", verified.client_identifier());
        insert("x-token", verified.token_identifier().unwrap_or("-"));
    }
    response
}

pub async fn send(address: SocketAddr, octets: &[u8]) -> Answer {
    let mut stream = TcpStream::connect(address).await.unwrap();
    // The server may answer and close before it has read everything.
    let (mut read, mut write) = stream.split();
    let write = async {
        let _ = write.write_all(octets).await;
    };
    let read = async {
        let mut answer = Vec::new();
        let mut piece = [0; 4096];
        while let Ok(length @ 1..) = read.read(&mut piece).await {
            answer.extend_from_slice(&piece[..length]);
        }
        answer
    };
    let (answer, ()) = tokio::join!(read, write);
    Answer::parse(&answer)
}

/// What came back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answer {
    pub status: u16,
    pub headers: Vec<(String, String)>,
    pub body: Bytes,
}

impl Answer {
    fn parse(octets: &[u8]) -> Self {
        let end = octets.windows(4).position(|w| w == b"\r\n\r\n");
        let end = end.unwrap_or_else(|| panic!("no answer: {:?}", String::from_utf8_lossy(octets)));
        let head = std::str::from_utf8(&octets[..end]).unwrap();
        let mut lines = head.split("\r\n");
        let status = lines.next().unwrap().split(' ').nth(1).unwrap().parse().unwrap();
        let headers = lines.map(|line| {
            let (name, value) = line.split_once(": ").unwrap();
            (name.to_ascii_lowercase(), value.to_owned())
        });
        Self { status, headers: headers.collect(), body: octets[end + 4..].to_vec().into() }
    }

    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(n, _)| n == name).map(|(_, value)| value.as_str())
    }

    /// The report of the challenge; the body must say the same.
    pub fn problem(&self) -> Option<ProblemReport> {
        let report = ProblemReport::parse(self.header("www-authenticate")?)?;
        assert_eq!(
            ProblemReport::parse(std::str::from_utf8(&self.body).unwrap()).as_ref(),
            Some(&report)
        );
        Some(report)
    }

    /// Everything but the date, as octets.
    pub fn without_date(&self) -> String {
        let headers = self.headers.iter().filter(|(name, _)| name != "date");
        format!("{} {:?} {:?}", self.status, headers.collect::<Vec<_>>(), self.body)
    }

    /// A refusal as the corpus wants every one to be.
    pub fn is_refusal(&self, status: u16, problem: &str, request: &str) {
        let context = format!("{request}\n{self:?}");
        assert_eq!(self.status, status, "{context}");
        let code = self.problem().map_or(String::new(), |report| report.problem().to_string());
        assert_eq!(code, problem, "{context}");
        if status == 401 {
            let challenge = self.header("www-authenticate").expect(&context);
            assert!(challenge.starts_with("OAuth realm=\""), "{context}");
            if problem.is_empty() {
                assert_eq!(challenge.matches('=').count(), 1, "a bare challenge: {context}");
            }
        }
        assert_eq!(self.header("cache-control"), Some("no-store"), "{context}");
        let retry = self.header("retry-after");
        assert_eq!(retry.is_some(), matches!(status, 429 | 503), "{context}");
        assert!(retry.is_none_or(|seconds| seconds.parse::<u64>().unwrap() > 0), "{context}");
        assert!(self.body.len() < 1024, "{context}");
        let shown = format!("{:?} {}", self.headers, String::from_utf8_lossy(&self.body));
        for secret in SECRETS.iter().flat_map(|secret| super::spellings(secret)) {
            assert!(!shown.contains(&secret), "{secret}: {context}");
        }
        for piece in ["GET&http", "POST&http", "%2526", "oauth_nonce%3D", "oauth_nonce%253D"] {
            assert!(!shown.contains(piece), "part of a base string: {context}");
        }
    }
}
