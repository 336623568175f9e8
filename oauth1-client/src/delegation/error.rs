//! Why there is no token.

use crate::{Refused, SendError};

/// Why there is no token. It repeats no secret and no code.
///
/// ```no_run
/// # async fn run(delegation: oauth1_client::delegation::Delegation) -> Result<(), Box<dyn std::error::Error>> {
/// use oauth1_client::{Callback, delegation::DelegationError};
///
/// match delegation.begin(Callback::OutOfBand, &[]).await {
///     Ok(awaiting) => println!("{}", awaiting.authorization_url()),
///     Err(DelegationError::Refused(refused)) => println!("{:?}", refused.problem()),
///     Err(error) => return Err(error.into()),
/// }
/// # Ok(())
/// # }
/// ```
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum DelegationError {
    /// There is no answer.
    #[error(transparent)]
    Send(#[from] SendError),
    /// The provider says no, perhaps with the reason.
    #[error(transparent)]
    Refused(Refused),
    /// The answer is none by sections 2.1 and 2.3.
    #[error("the provider's answer cannot be used: {0}")]
    Answer(&'static str),
    /// `oauth_callback_confirmed` is not `true`, once. Nothing more was sent.
    #[error(
        "the provider does not confirm the callback (oauth_callback_confirmed=true, RFC 5849 section 2.1): who began this could finish it with somebody else's approval. If the provider knows only OAuth Core 1.0, say so with with_unconfirmed_callbacks"
    )]
    CallbackNotConfirmed,
    /// The resource owner refused.
    #[error("the resource owner refused")]
    OwnerRefused,
    /// The resource owner came back with other temporary credentials than these, so it is the
    /// answer to another request, or an attack.
    #[error("the answer belongs to another request: its oauth_token is another one")]
    OtherToken,
    /// The resource owner came back without a verification code.
    #[error("there is no oauth_verifier in the answer")]
    NoVerifier,
}
