//! Signs outgoing requests with OAuth 1.0a (RFC 5849).
//!
//! * [`Client`] sends signed requests with [`reqwest`], and signs each hop of a redirect afresh.
//! * [`delegation`] gets access that people grant, in the three steps of section 2.
//! * [`SignRequest`] signs a [`reqwest::RequestBuilder`] for a client of your own. Build that
//!   client with [`client_builder`]: reqwest would follow a redirect with the same signature.
//! * [`sign`] signs a finished [`reqwest::Request`].
//! * [`accepted`], [`with_report`], [`problem_report`] and [`clock_skew`] read what a server says about a refused
//!   request.
//!
//! Contract: what is signed is what reqwest sends. The URL is `request.url()` after building,
//! under the `Host` header if the request has one; a form body is signed by its parameters, any
//! other body is not, unless by its hash ([`Signer::with_body_hash`]). Headers that a
//! [`reqwest::Client`] adds by `default_headers` are not seen: set `Host` and `Content-Type` on
//! the request itself.
//!
//! ```no_run
//! use oauth1_client::{Client, ClientCredentials, Signer, TokenCredentials};
//!
//! # async fn run() -> Result<(), Box<dyn std::error::Error>> {
//! let signer = Signer::new(ClientCredentials::new("app-key", "app-secret"))
//!     .with_token(TokenCredentials::new("access-token", "token-secret"));
//! let client = Client::new(signer)?;
//! let response = client.send(client.http().get("https://api.example.com/1/me?full=1")).await?;
//! println!("{}", response.text().await?);
//! # Ok(())
//! # }
//! ```
//!
//! # Features
//!
//! | feature | default | brings |
//! |---|---|---|
//! | `rustls` | yes | `https` |
//! | `cli` | yes | the `oauth1` command and its dependencies |
//! | `loopback` | with `cli` | a callback on this machine, for [`delegation`] |
//! | `http2` | with `cli` | HTTP/2 |
//! | `middleware` | no | `SigningMiddleware`, for `reqwest-middleware` |
//! | `rsa` | no | RSA-SHA1, RSA-SHA256 and RSA-SHA512 |
//!
//! A library wants `default-features = false, features = ["rustls"]`.

#![forbid(unsafe_code)]
#![cfg_attr(test, allow(clippy::unwrap_used))]

mod client;
mod clock;
pub mod delegation;
mod error;
#[cfg(feature = "middleware")]
mod middleware;
pub mod providers;
mod redirect;
mod response;
mod retries;
mod sign;

// The public interface is:
pub use client::{Client, client_builder};
pub use clock::{ServerClock, clock_skew};
pub use error::{RedirectError, SendError, SignError};
#[cfg(feature = "middleware")]
pub use middleware::SigningMiddleware;
pub use response::{Refused, accepted, problem_report, with_report};
pub use retries::Retries;
pub use sign::{SignRequest, Transmission, sign, sign_as, signable};
// What callers need of core and of reqwest, so that one dependency is enough:
pub use oauth1_core::{
    self as core, Callback, ClientCredentials, Problem, ProblemReport, SharedSecret,
    SignatureMethod, Signer, Stamp, TemporaryCredentials, TokenCredentials, Verifier,
};
pub use reqwest;

#[cfg(all(doctest, feature = "loopback"))]
#[doc = include_str!("../README.md")]
struct Readme;
