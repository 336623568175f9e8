//! What the resource owner granted.

use std::time::Duration;

use oauth1_core::{SharedSecret, TokenCredentials};

use super::{DelegationError, answer::Pairs};

/// Token credentials, and what came with them. `Debug` shows no secret.
///
/// ```no_run
/// # fn keep(_: &str, _: &str) {}
/// # async fn run(awaiting: oauth1_client::delegation::AwaitingOwner, code: oauth1_client::Verifier) -> Result<(), Box<dyn std::error::Error>> {
/// let granted = awaiting.exchange(code).await?;
/// keep(granted.token.identifier(), granted.token.secret().expose());
/// if let Some(session) = &granted.session {
///     keep("session handle", session.handle.expose());
/// }
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Granted {
    /// Access token and token secret.
    pub token: TokenCredentials,
    /// How the token is renewed, if it ends.
    pub session: Option<Session>,
    /// How long the token is good for, if it ends.
    pub expires_in: Option<Duration>,
    /// What the provider says besides, such as a user's name.
    pub others: Vec<(String, String)>,
}

/// The session extension: a token can be renewed.
///
/// ```no_run
/// # async fn run(delegation: oauth1_client::delegation::Delegation, ended: oauth1_client::TokenCredentials) -> Result<(), Box<dyn std::error::Error>> {
/// use oauth1_client::delegation::Session;
///
/// let granted = delegation.renew(&ended, &Session::new("handle-that-was-kept")).await?;
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Session {
    /// `oauth_session_handle`.
    pub handle: SharedSecret,
    /// How long that is possible, if it ends.
    pub expires_in: Option<Duration>,
}

impl Session {
    /// A session handle that was kept.
    pub fn new(handle: impl Into<String>) -> Self {
        Self { handle: SharedSecret::new(handle), expires_in: None }
    }
}

impl Granted {
    pub(super) fn read(answer: Pairs) -> Result<Self, DelegationError> {
        let (identifier, secret) = answer.credentials()?;
        let seconds = |name: &str| {
            answer.one(name).and_then(|text| text.parse().ok()).map(Duration::from_secs)
        };
        // Some say 0 for no end.
        let lasting = |name: &str| seconds(name).filter(|time| !time.is_zero());
        let (expires_in, ends) =
            (lasting("oauth_expires_in"), lasting("oauth_authorization_expires_in"));
        let session = answer
            .one("oauth_session_handle")
            .map(|handle| Session { handle: SharedSecret::new(handle), expires_in: ends });
        Ok(Self {
            token: TokenCredentials::with_secret(identifier, secret),
            session,
            expires_in,
            others: answer.others(),
        })
    }
}
