//! The library over a real loopback server that verifies what it gets.
#![allow(clippy::unwrap_used, clippy::expect_used)]
#![allow(missing_docs)]

mod attempts;
mod delegation;
#[cfg(feature = "middleware")]
mod middleware;
mod nonces;
mod peer;
mod redirects;
#[path = "../common/server.rs"]
mod server;
mod sign;
#[cfg(feature = "rustls")]
mod tls;

use oauth1_client::{ClientCredentials, Signer, TokenCredentials};

fn signer() -> Signer {
    Signer::new(ClientCredentials::new("app", server::APP_SECRET))
        .with_token(TokenCredentials::new("token", server::TOKEN_SECRET))
}
