//! Between the first and the third step: the resource owner decides (section 2.2).

use oauth1_core::{Callback, Problem, SharedSecret, TemporaryCredentials, Verifier};
use url::Url;

use super::{Delegation, DelegationError, Granted};

/// Temporary credentials whose resource owner has not come back yet. `Debug` shows no secret.
///
/// ```
/// use oauth1_client::{Callback, ClientCredentials, TemporaryCredentials};
/// use oauth1_client::delegation::{AwaitingOwner, Delegation, Endpoints};
///
/// let at = |path: &str| format!("https://photos.example.net/{path}");
/// let endpoints = Endpoints::new(&at("initiate"), &at("authorize"), &at("token"))?;
/// let delegation = Delegation::new(ClientCredentials::new("app-key", "app-secret"), endpoints)?;
/// // What was kept in a session between two requests:
/// let temporary = TemporaryCredentials::new("hh5s93j4hdidpola", "hdhd0244k9j7ao03");
/// let callback = Callback::uri("http://printer.example.com/ready");
/// let awaiting = AwaitingOwner::resume(delegation, callback, temporary);
/// assert_eq!(
///     awaiting.authorization_url().as_str(),
///     "https://photos.example.net/authorize?oauth_token=hh5s93j4hdidpola"
/// );
/// let came_back_to = "/ready?oauth_token=hh5s93j4hdidpola&oauth_verifier=hfdp7dh39dks9884";
/// let code = awaiting.verifier(came_back_to)?; // and awaiting.exchange(code)
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug)]
pub struct AwaitingOwner {
    delegation: Delegation,
    callback: Callback,
    temporary: TemporaryCredentials,
}

/// The exchange failed; with another code it may succeed.
///
/// ```no_run
/// # async fn run(awaiting: oauth1_client::delegation::AwaitingOwner) -> Result<(), Box<dyn std::error::Error>> {
/// use oauth1_client::{Verifier, delegation::NotExchanged};
///
/// let granted = match awaiting.exchange(Verifier::new("1234567")).await {
///     Ok(granted) => granted,
///     Err(NotExchanged { error, awaiting, .. }) => {
///         eprintln!("{error}");
///         awaiting.exchange(Verifier::new("12345678")).await?
///     }
/// };
/// # Ok(())
/// # }
/// ```
#[derive(Debug, thiserror::Error)]
#[error("{error}")]
pub struct NotExchanged {
    /// What went wrong.
    #[source]
    pub error: DelegationError,
    /// For another try, as with a code that was mistyped. Providers end it after some.
    pub awaiting: Box<AwaitingOwner>,
}

impl AwaitingOwner {
    pub(super) fn new(
        delegation: Delegation,
        callback: Callback,
        identifier: String,
        secret: SharedSecret,
    ) -> Self {
        let temporary = TemporaryCredentials::with_secret(identifier, secret);
        Self { delegation, callback, temporary }
    }

    /// Goes on with temporary credentials that were kept, such as in the session of a web
    /// application between two requests.
    #[must_use]
    pub const fn resume(
        delegation: Delegation,
        callback: Callback,
        temporary: TemporaryCredentials,
    ) -> Self {
        Self { delegation, callback, temporary }
    }

    /// Where the resource owner is sent to (section 2.2).
    #[must_use]
    pub fn authorization_url(&self) -> Url {
        self.authorization_url_with(&[])
    }

    /// The same with parameters of the provider's own.
    #[must_use]
    pub fn authorization_url_with(&self, more: &[(&str, &str)]) -> Url {
        let Delegation { endpoints, token_parameter, key_parameter, signer, .. } = &self.delegation;
        let mut url = endpoints.authorize.clone();
        let mut query = url.query_pairs_mut();
        query.append_pair(token_parameter, self.temporary.identifier());
        if let Some(name) = key_parameter {
            query.append_pair(name, signer.client_identifier());
        }
        if self.delegation.callback_at_authorize {
            query.append_pair("oauth_callback", self.callback.as_str());
        }
        query.extend_pairs(more);
        drop(query);
        url
    }

    /// To be kept, if the resource owner comes back to another process.
    #[must_use]
    pub const fn temporary(&self) -> &TemporaryCredentials {
        &self.temporary
    }

    /// The callback that this was begun with.
    #[must_use]
    pub const fn callback(&self) -> &Callback {
        &self.callback
    }

    /// The verification code, from the URL that the resource owner came back to: whole, or from its
    /// path on.
    ///
    /// # Errors
    /// [`DelegationError`]: the resource owner refused, or it is the answer to another request.
    pub fn verifier(&self, url: &str) -> Result<Verifier, DelegationError> {
        let query = url.split_once('?').map_or("", |(_, query)| query);
        let query = query.split('#').next().unwrap_or_default();
        let pairs: Vec<_> = url::form_urlencoded::parse(query.as_bytes()).collect();
        // A callback may have such a name in a query of its own; what the server says comes last.
        let last = |wanted: &str| {
            pairs.iter().rev().find(|(name, _)| name == wanted).map(|(_, value)| &**value)
        };
        if last("oauth_token").or_else(|| last("denied")) != Some(self.temporary.identifier()) {
            return Err(DelegationError::OtherToken);
        }
        if last("denied").is_some() || last("oauth_problem") == Some(Problem::UserRefused.as_str())
        {
            return Err(DelegationError::OwnerRefused);
        }
        match last("oauth_verifier").filter(|code| !code.is_empty()) {
            Some(code) => Ok(Verifier::new(code)),
            None => Err(DelegationError::NoVerifier),
        }
    }

    /// Exchanges the temporary credentials and the code for a token (section 2.3).
    ///
    /// # Errors
    /// [`NotExchanged`], with what another try needs.
    pub async fn exchange(self, verifier: Verifier) -> Result<Granted, NotExchanged> {
        let Delegation { signer, endpoints, .. } = &self.delegation;
        let signer = signer.clone().with_temporary(self.temporary.clone(), verifier);
        let answer = self.delegation.ask(&endpoints.token, signer, &[]).await;
        let granted = answer.and_then(Granted::read);
        granted.map_err(|error| NotExchanged { error, awaiting: Box::new(self) })
    }
}
