//! Signing within a chain of [`reqwest_middleware`].

use oauth1_core::{Signer, Stamp};
use reqwest::{Request, Response};
use reqwest_middleware::{Error, Middleware, Next, Result};

use crate::sign::{Transmission, sign_as};

/// Signs each request that comes by, afresh. It stands last in the chain: what is changed after it
/// is not signed, and what is sent again before it gets a nonce of its own.
///
/// ```
/// use oauth1_client::{ClientCredentials, Signer, SigningMiddleware, client_builder};
/// use reqwest_middleware::ClientBuilder;
///
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let signer = Signer::new(ClientCredentials::new("app-key", "app-secret"));
/// let client = ClientBuilder::new(client_builder().build()?) // follows no redirects
///     .with(SigningMiddleware::new(signer))
///     .build();
/// # let _ = client;
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug)]
pub struct SigningMiddleware {
    signer: Signer,
    transmission: Transmission,
}

impl SigningMiddleware {
    /// In the `Authorization` header.
    #[must_use]
    pub const fn new(signer: Signer) -> Self {
        Self { signer, transmission: Transmission::Header }
    }

    /// Sends the protocol parameters elsewhere (RFC 5849 section 3.5).
    #[must_use]
    pub const fn with_transmission(mut self, transmission: Transmission) -> Self {
        self.transmission = transmission;
        self
    }
}

#[async_trait::async_trait]
impl Middleware for SigningMiddleware {
    async fn handle(
        &self,
        mut request: Request,
        extensions: &mut http::Extensions,
        next: Next<'_>,
    ) -> Result<Response> {
        let stamp = Stamp::now().map_err(Error::middleware)?;
        sign_as(&mut request, &self.signer, self.transmission, &stamp)
            .map_err(Error::middleware)?;
        next.run(request, extensions).await
    }
}
