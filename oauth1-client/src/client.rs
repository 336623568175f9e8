//! A client that signs each request as it is sent, and each hop of a redirect afresh.

use oauth1_core::{Signer, Stamp};
use reqwest::{ClientBuilder, Request, RequestBuilder, Response, redirect, retry};

use crate::{
    error::{RedirectError, SendError, SignError},
    redirect::Departed,
    sign::{Transmission, sign_as},
};

/// Sends signed requests.
///
/// Redirects within the origin are followed, up to ten: each hop is signed afresh, with a nonce of
/// its own. A 303, and a 301 or 302 after `POST`, turn into `GET` without a body; everything else
/// is sent again whole, if the body is no stream. A redirect to another origin is an error: nothing
/// is sent there, and the error names that origin only.
///
/// No nonce is ever sent twice: neither reqwest's redirects nor its retries are on. A timeout
/// counts for each hop.
///
/// ```no_run
/// use oauth1_client::{Client, ClientCredentials, Signer, TokenCredentials};
///
/// # async fn run() -> Result<(), Box<dyn std::error::Error>> {
/// let signer = Signer::new(ClientCredentials::new("app-key", "app-secret"))
///     .with_token(TokenCredentials::new("access-token", "token-secret"));
/// let client = Client::new(signer)?;
/// let request = client.http().post("https://api.example.com/1/photos").body("{}");
/// let response = client.send(request.header("content-type", "application/json")).await?;
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug)]
pub struct Client {
    http: reqwest::Client,
    signer: Signer,
    transmission: Transmission,
}

impl Client {
    /// A client with reqwest's defaults.
    ///
    /// # Errors
    /// [`reqwest::Error`] if TLS cannot be set up.
    pub fn new(signer: Signer) -> Result<Self, reqwest::Error> {
        Self::with_builder(signer, reqwest::Client::builder())
    }

    /// A client with timeouts, proxies and so on of the caller's. Redirects and retries are turned
    /// off in it.
    ///
    /// # Errors
    /// [`reqwest::Error`] if the client cannot be built.
    pub fn with_builder(signer: Signer, builder: ClientBuilder) -> Result<Self, reqwest::Error> {
        let http = never_twice(builder).build()?;
        Ok(Self { http, signer, transmission: Transmission::Header })
    }

    /// Sends the protocol parameters elsewhere than in the header (RFC 5849 section 3.5).
    #[must_use]
    pub const fn with_transmission(mut self, transmission: Transmission) -> Self {
        self.transmission = transmission;
        self
    }

    /// The reqwest client, to build requests with. What it sends itself is not signed.
    #[must_use]
    pub const fn http(&self) -> &reqwest::Client {
        &self.http
    }

    /// Signs and sends a request. It goes out through [`Client::http`], whichever client made the
    /// builder.
    ///
    /// # Errors
    /// [`SendError`]. Any status the server answers is no error.
    pub async fn send(&self, request: RequestBuilder) -> Result<Response, SendError> {
        let request = request.build().map_err(|e| SignError::Build(e.without_url()))?;
        self.execute(request).await
    }

    /// Signs and sends a finished request.
    ///
    /// # Errors
    /// [`SendError`]. Any status the server answers is no error.
    pub async fn execute(&self, request: Request) -> Result<Response, SendError> {
        self.execute_at(request, Stamp::now().map_err(SignError::from)?).await
    }

    /// Like [`Client::execute`], with a stamp of the caller's for the first hop. Never use one
    /// twice.
    ///
    /// # Errors
    /// [`SendError`]. Any status the server answers is no error.
    pub async fn execute_at(
        &self,
        mut request: Request,
        mut stamp: Stamp,
    ) -> Result<Response, SendError> {
        let mut transmission = self.transmission;
        for _ in 0..=MAX_REDIRECTS {
            let departed = Departed::of(&request);
            sign_as(&mut request, &self.signer, transmission, &stamp)?;
            let sent = self.http.execute(request).await;
            let response = sent.map_err(|e| SendError::Http(e.without_url()))?;
            match departed.redirected(response.status(), response.headers())? {
                Some(next) => {
                    // A redirect that drops the body leaves the header for its parameters.
                    if next.body().is_none() && transmission == Transmission::Body {
                        transmission = Transmission::Header;
                    }
                    request = next;
                }
                None => return Ok(response),
            }
            stamp = Stamp::now().map_err(SignError::from)?;
        }
        Err(RedirectError::TooMany(MAX_REDIRECTS).into())
    }
}

/// A reqwest builder for use with [`SignRequest`](crate::SignRequest): redirects and retries are
/// off, for both would send the same nonce, and the signature of another URL, once more.
///
/// ```
/// let http = oauth1_client::client_builder().build()?;
/// # Ok::<(), reqwest::Error>(())
/// ```
pub fn client_builder() -> ClientBuilder {
    never_twice(reqwest::Client::builder())
}

fn never_twice(builder: ClientBuilder) -> ClientBuilder {
    builder.redirect(redirect::Policy::none()).retry(retry::never())
}

const MAX_REDIRECTS: usize = 10;
