//! Access that a resource owner grants (RFC 5849 section 2), as values that move: what was asked
//! for with [`Delegation::begin`] is [`AwaitingOwner`], and becomes [`Granted`] with the
//! verification code that the resource owner brings.
//!
//! ```no_run
//! use oauth1_client::{Callback, ClientCredentials, Verifier, delegation::{Delegation, Endpoints}};
//!
//! # async fn run() -> Result<(), Box<dyn std::error::Error>> {
//! let endpoints = Endpoints::new(
//!     "https://photos.example.net/initiate",
//!     "https://photos.example.net/authorize",
//!     "https://photos.example.net/token",
//! )?;
//! let delegation = Delegation::new(ClientCredentials::new("app-key", "app-secret"), endpoints)?;
//! let awaiting = delegation.begin(Callback::OutOfBand, &[]).await?;
//! println!("open {} and type the code", awaiting.authorization_url());
//! let mut code = String::new();
//! std::io::stdin().read_line(&mut code)?;
//! let granted = awaiting.exchange(Verifier::new(code.trim())).await?;
//! println!("{}", granted.token.identifier());
//! # Ok(())
//! # }
//! ```

mod answer;
mod awaiting;
mod error;
mod granted;
#[cfg(feature = "loopback")]
mod loopback;
mod provider;

use oauth1_core::{Callback, ClientCredentials, SharedSecret, Signer, TokenCredentials};
use reqwest::{Method, header::CONTENT_TYPE};
use url::{Url, form_urlencoded};
use zeroize::Zeroizing;

use crate::{Client, Transmission, response::accepted};
use answer::Pairs;

pub use awaiting::{AwaitingOwner, NotExchanged};
pub use error::DelegationError;
pub use granted::{Granted, Session};
#[cfg(feature = "loopback")]
pub use loopback::Loopback;
pub use provider::{Place, ProviderError, signer};

/// Where a provider's three endpoints are (section 2).
///
/// ```
/// use oauth1_client::delegation::Endpoints;
///
/// let endpoints = Endpoints::new(
///     "https://photos.example.net/initiate",
///     "https://photos.example.net/authorize",
///     "https://photos.example.net/token",
/// )?;
/// assert_eq!(endpoints.token.path(), "/token");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Endpoints {
    /// Temporary Credential Request (section 2.1).
    pub initiate: Url,
    /// Resource Owner Authorization (section 2.2).
    pub authorize: Url,
    /// Token Request (section 2.3).
    pub token: Url,
}

impl Endpoints {
    /// Reads three URLs.
    ///
    /// # Errors
    /// [`url::ParseError`] if one of them is none.
    pub fn new(initiate: &str, authorize: &str, token: &str) -> Result<Self, url::ParseError> {
        Ok(Self {
            initiate: initiate.parse()?,
            authorize: authorize.parse()?,
            token: token.parse()?,
        })
    }
}

/// A client at one provider. Cheap to clone.
///
/// ```no_run
/// # async fn run(endpoints: oauth1_client::delegation::Endpoints) -> Result<(), Box<dyn std::error::Error>> {
/// use oauth1_client::{Callback, ClientCredentials, Transmission, delegation::Delegation};
///
/// let delegation = Delegation::new(ClientCredentials::new("app-key", "app-secret"), endpoints)?
///     .with_transmission(Transmission::Query)
///     .with_signer(|signer| signer.with_realm("photos"));
/// let awaiting = delegation.begin(Callback::OutOfBand, &[("scope", "read")]).await?;
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug)]
pub struct Delegation {
    client: Client,
    signer: Signer,
    endpoints: Endpoints,
    method: Method,
    confirmation: bool,
    callback_by_console: bool,
    callback_at_authorize: bool,
    token_parameter: &'static str,
    key_parameter: Option<&'static str>,
    wake: Option<Url>,
}

impl Delegation {
    /// With reqwest's defaults, HMAC-SHA1 and the `Authorization` header.
    ///
    /// # Errors
    /// [`reqwest::Error`] if TLS cannot be set up.
    pub fn new(client: ClientCredentials, endpoints: Endpoints) -> Result<Self, reqwest::Error> {
        let signer = Signer::new(client);
        Ok(Self::with_client(Client::new(signer.clone())?, signer, endpoints))
    }

    /// With an HTTP client of the caller's, and a signer that has client credentials, signature
    /// method and realm, and no token.
    #[must_use]
    pub const fn with_client(client: Client, signer: Signer, endpoints: Endpoints) -> Self {
        Self {
            client,
            signer,
            endpoints,
            method: Method::POST,
            confirmation: true,
            callback_by_console: false,
            callback_at_authorize: false,
            token_parameter: "oauth_token",
            key_parameter: None,
            wake: None,
        }
    }

    /// Signs otherwise, such as with an RSA key.
    #[must_use]
    pub fn with_signer(mut self, change: impl FnOnce(Signer) -> Signer) -> Self {
        self.signer = change(self.signer);
        self
    }

    /// Where the protocol parameters go.
    #[must_use]
    pub fn with_transmission(mut self, transmission: Transmission) -> Self {
        self.client = self.client.with_transmission(transmission);
        self
    }

    /// Asks both endpoints with another method than `POST`, for providers that advertise one
    /// (sections 2.1 and 2.3).
    #[must_use]
    pub fn with_method(mut self, method: Method) -> Self {
        self.method = method;
        self
    }

    /// Takes answers without `oauth_callback_confirmed=true`, for providers of OAuth Core 1.0.
    /// Without it, whoever began a flow can finish one that somebody else approved, so this is a
    /// hole: use it only where the provider leaves no other way.
    #[must_use]
    pub const fn with_unconfirmed_callbacks(mut self) -> Self {
        self.confirmation = false;
        self
    }

    /// Asks for temporary credentials (section 2.1). `more` are parameters of the provider's own,
    /// such as a scope.
    ///
    /// # Errors
    /// [`DelegationError`]; an answer that does not confirm the callback is one.
    pub async fn begin(
        &self,
        callback: Callback,
        more: &[(&str, &str)],
    ) -> Result<AwaitingOwner, DelegationError> {
        let sent = if self.callback_by_console { Callback::OutOfBand } else { callback.clone() };
        let signer = self.signer.clone().with_callback(sent);
        let answer = self.ask(&self.endpoints.initiate, signer, more).await?;
        // A page that is no answer at all is called that.
        let (identifier, secret) = answer.credentials()?;
        if self.confirmation && answer.one("oauth_callback_confirmed") != Some("true") {
            return Err(DelegationError::CallbackNotConfirmed);
        }
        Ok(AwaitingOwner::new(self.clone(), callback, identifier, secret))
    }

    /// A token for a name and a password (xAuth), where the provider has permitted the client to
    /// see them.
    ///
    /// # Errors
    /// [`DelegationError`].
    pub async fn with_password(
        &self,
        name: &str,
        password: &SharedSecret,
    ) -> Result<Granted, DelegationError> {
        let form = [
            ("x_auth_mode", "client_auth"),
            ("x_auth_username", name),
            ("x_auth_password", password.expose()),
        ];
        Granted::read(self.ask(&self.endpoints.token, self.signer.clone(), &form).await?)
    }

    /// A new token for one that ends or has ended, by the session handle that came with it.
    ///
    /// # Errors
    /// [`DelegationError`].
    pub async fn renew(
        &self,
        token: &TokenCredentials,
        session: &Session,
    ) -> Result<Granted, DelegationError> {
        let signer = self.signer.clone().with_token(token.clone());
        let signer = signer.with_session_handle(session.handle.expose());
        Granted::read(self.ask(&self.endpoints.token, signer, &[]).await?)
    }

    /// Wakes a token that has gone to sleep, at providers that know such a thing
    /// ([`Quirk::Renew`](crate::providers::Quirk::Renew)); elsewhere it sends nothing.
    ///
    /// # Errors
    /// [`DelegationError`].
    pub async fn wake(&self, token: &TokenCredentials) -> Result<(), DelegationError> {
        let Some(url) = &self.wake else { return Ok(()) };
        let client = self.client.clone().with_signer(self.signer.clone().with_token(token.clone()));
        let response = accepted(client.send(client.http().get(url.clone())).await?).await?;
        response.map(drop).map_err(DelegationError::Refused)
    }

    /// A signed request to an endpoint, and what the answer holds.
    async fn ask(
        &self,
        endpoint: &Url,
        signer: Signer,
        form: &[(&str, &str)],
    ) -> Result<Pairs, DelegationError> {
        let client = self.client.clone().with_signer(signer);
        let mut request = client.http().request(self.method.clone(), endpoint.clone());
        if !form.is_empty() {
            let encoded =
                form_urlencoded::Serializer::new(String::new()).extend_pairs(form).finish();
            let encoded = Zeroizing::new(encoded);
            request = request.header(CONTENT_TYPE, FORM).body(encoded.as_bytes().to_vec());
        }
        let response = accepted(client.send(request).await?).await?;
        Pairs::read(response.map_err(DelegationError::Refused)?).await
    }
}

const FORM: &str = "application/x-www-form-urlencoded";
