//! Verifies OAuth 1.0a requests, RFC 5849 section 3.2: a tower layer, axum extractors, and the
//! stores for credentials and nonces.
//!
//! ```no_run
//! # #[cfg(feature = "axum")] {
//! use std::sync::Arc;
//! use axum::{Router, routing::get};
//! use oauth1_server::{
//!     MemoryCredentialStore, MemoryNonceStore, PublicOrigin, RequestVerifier, VerificationLayer,
//!     VerifiedRequest,
//! };
//!
//! async fn me(oauth: VerifiedRequest) -> String {
//!     format!("you are {}", oauth.client_identifier())
//! }
//!
//! # async fn start() -> Result<(), Box<dyn std::error::Error>> {
//! let credentials = Arc::new(MemoryCredentialStore::new());
//! let issued = credentials.issue()?; // app key, app secret, access token, token secret
//! let verifier = RequestVerifier::new(
//!     PublicOrigin::new("https://api.example.com")?,
//!     credentials,
//!     // Forgets at a restart: without first_start, it refuses what could be a replay then.
//!     Arc::new(MemoryNonceStore::builder().first_start(true).build()?),
//! );
//! oauth1_server::self_test(&verifier).await?;
//! let app: Router = Router::new()
//!     .route("/1/me", get(me))
//!     .route_layer(VerificationLayer::new(verifier));
//! # Ok(()) } }
//! ```
//!
//! # Where the layer stands
//!
//! Use `route_layer`: `layer` also answers 401 for paths that do not exist. CORS preflights are
//! never signed, so the CORS layer belongs outside of this one. Inside `nest` the original path is
//! verified, not the stripped one. Layers that rewrite the path or decompress bodies belong inside.
//!
//! # Features
//!
//! | feature | default | brings |
//! |---|---|---|
//! | `axum` | yes | the extractors, and the original URI inside nested routers |
//! | `sqlite` | no | credentials in SQLite, sealed at rest, with a cache and key management |
//! | `postgres` | no | the same in PostgreSQL, and used nonces, for many nodes |
//! | `redis` | no | used nonces in Redis, for many nodes |
//! | `redis-tls` | no | the same through TLS, `rediss://` |
//! | `journal` | no | used nonces in files, which outlive the process (Unix) |
//! | `rsa` | no | RSA-SHA1, RSA-SHA256 and RSA-SHA512 clients |
//! | `server` | no | all of these, `/v1`, the console, the endpoints of section 2, and the program `oauth1-server` |

#![forbid(unsafe_code)]
#![cfg_attr(test, allow(clippy::unwrap_used, clippy::expect_used))]

mod attributes;
pub mod basic;
#[cfg(feature = "sql")]
pub mod catalogue;
pub mod clock;
#[cfg(feature = "server")]
pub mod console;
pub mod credentials;
#[cfg(feature = "server")]
pub mod endpoints;
mod error;
#[cfg(feature = "axum")]
mod extract;
mod framing;
#[cfg(any(feature = "sqlite", feature = "postgres"))]
pub mod management;
mod middleware;
mod network;
mod observer;
mod origin;
#[cfg(feature = "sql")]
mod passwords;
pub mod policy;
mod refused;
pub mod replay;
mod requirements;
#[cfg(feature = "server")]
pub mod rest;
#[cfg(feature = "server")]
mod same_origin;
mod self_test;
#[cfg(feature = "server")]
mod session_cookie;
mod suspicion;
#[cfg(any(feature = "sqlite", feature = "postgres"))]
pub mod usage;
mod verified;
mod verifier;

// The public interface is:
pub use attributes::AttributeNameError;
pub use basic::{Authenticated, BasicError, BasicRequest};
pub use credentials::{
    ClientRecord, CredentialStore, IssueError, IssuedCredentials, MemoryCredentialStore, Scopes,
    TokenRecord,
};
pub use error::{
    BoxError, BoxFuture, DelegationError, FramingError, IdentityError, Refusal, StoreError,
};
#[cfg(feature = "axum")]
pub use extract::ExtractRejection;
pub use middleware::{AnswerProfile, RequestBody, ResponseBody, Verification, VerificationLayer};
#[cfg(feature = "server")]
pub use network::TrustedProxy;
pub use network::{Network, NetworkError, Networks, PeerAddress};
pub use observer::{Judgement, Observer, RefusedRequest};
pub use origin::{OriginError, PublicOrigin};
pub use policy::{Authorizer, Permission, Policy, SignatureMethods, TimestampWindow};
#[cfg(all(feature = "journal", unix))]
pub use replay::{JournalError, JournalLevel, JournalNonceStore, JournalNonceStoreBuilder};
pub use replay::{MemoryNonceStore, NonceOutcome, NonceStore, NonceStoreError, UsedNonce};
#[cfg(feature = "postgres")]
pub use replay::{PostgresNonceStore, PostgresNonceStoreBuilder, PostgresNonceStoreError};
#[cfg(feature = "redis")]
pub use replay::{RedisNonceStore, RedisNonceStoreBuilder, RedisNonceStoreError};
pub use self_test::{SelfTest, SelfTestError, self_test};
pub use verified::VerifiedRequest;
pub use verifier::{Explanation, REFUSALS_TARGET, RequestVerifier};

// The snippets of the README are compiled and run with the documentation tests.
#[cfg(all(doctest, feature = "axum"))]
#[doc = include_str!("../../README.md")]
mod readme {}
