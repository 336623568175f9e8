//! A client that signs each request as it is sent, and each hop of a redirect afresh.

use std::time::SystemTime;

use oauth1_core::{Signer, Stamp};
use reqwest::{ClientBuilder, Request, RequestBuilder, Response, redirect, retry};

use crate::{
    clock::ServerClock,
    error::{RedirectError, SendError, SignError},
    redirect::Departed,
    response::with_report,
    retries::Retries,
    sign::{Transmission, sign_as},
};

/// Sends signed requests.
///
/// Redirects within the origin are followed, up to ten: each hop is signed afresh, with a nonce of
/// its own. A 303, and a 301 or 302 after `POST`, turn into `GET` without a body; everything else
/// is sent again whole, if the body is no stream. A redirect to another origin is an error: nothing
/// is sent there, and the error names that origin only.
///
/// What does not reach the server, or comes too often, is sent again as [`Retries`] says. A server
/// that refuses the timestamp (`oauth_problem=timestamp_refused`) tells the time, in
/// `oauth_acceptable_timestamps` or `Date`: if that is no more than a day off, it is signed once
/// more with that time, and so is everything after it.
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
    retries: Retries,
    clock: ServerClock,
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
        let (transmission, retries) = (Transmission::Header, Retries::default());
        Ok(Self { http, signer, transmission, retries, clock: ServerClock::default() })
    }

    /// How often and when requests are sent again.
    #[must_use]
    pub const fn with_retries(mut self, retries: Retries) -> Self {
        self.retries = retries;
        self
    }

    /// How many seconds off a server's clock is believed to be at most; 0 for not at all.
    #[must_use]
    pub fn with_clock_bound(mut self, seconds: u32) -> Self {
        self.clock = ServerClock::new(seconds);
        self
    }

    /// Seconds that the server's clock is ahead of the local one, as far as it has said so.
    #[must_use]
    pub fn clock_offset(&self) -> i64 {
        self.clock.offset()
    }

    /// The same client with other credentials, for the same server.
    #[must_use]
    pub fn with_signer(mut self, signer: Signer) -> Self {
        self.signer = signer;
        self
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
        self.execute_at(request, self.clock.stamp()?).await
    }

    /// Like [`Client::execute`], with a stamp of the caller's for the first hop of the first
    /// attempt. Never use one twice.
    ///
    /// # Errors
    /// [`SendError`]. Any status the server answers is no error.
    pub async fn execute_at(
        &self,
        mut request: Request,
        mut stamp: Stamp,
    ) -> Result<Response, SendError> {
        let (mut attempt, mut corrected) = (1, false);
        loop {
            let (again, method) = (request.try_clone(), request.method().clone());
            let used = ServerClock::offset_of(&stamp, SystemTime::now());
            let mut outcome = self.attempt(request, stamp).await;
            let Some(next) = again else { return outcome };
            if let Ok(response) = outcome {
                let (response, report) = with_report(response).await?;
                let now = SystemTime::now();
                let learned = !corrected
                    && report.is_some_and(|r| self.clock.learn(&r, response.headers(), now, used));
                if learned {
                    corrected = true;
                    (request, stamp) = (next, self.clock.stamp()?);
                    continue;
                }
                outcome = Ok(response);
            }
            let Some(wait) = self.retries.wait(attempt, &method, &outcome) else { return outcome };
            tokio::time::sleep(wait).await;
            attempt += 1;
            (request, stamp) = (next, self.clock.stamp()?);
        }
    }

    /// One attempt, with all its hops.
    async fn attempt(&self, mut request: Request, mut stamp: Stamp) -> Result<Response, SendError> {
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
            stamp = self.clock.stamp()?;
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
