//! What goes wrong while a request is verified, one enum per decision.
//!
//! Mistakes in the configuration are [`OriginError`](crate::OriginError) and
//! [`SelfTestError`](crate::SelfTestError); a store that fails is [`StoreError`]; everything that
//! is answered to the sender of a request is [`Refusal`].

use std::{error::Error, fmt, future::Future, pin::Pin};

use oauth1_core::{ParameterError, Problem, protocol_parameters as names};

use crate::{
    basic::BasicError, policy::AcceptableTimestamps, replay::NonceStoreError, verifier::Explanation,
};

/// Any error of a store or a body.
pub type BoxError = Box<dyn Error + Send + Sync>;

/// What the store traits return, so that they can be used as trait objects.
pub type BoxFuture<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

/// A store could not answer. The request is refused with 503, never passed and never 401.
#[derive(Debug)]
pub struct StoreError(BoxError);

impl StoreError {
    /// Wraps what went wrong; it is logged, never sent.
    pub fn new(cause: impl Into<BoxError>) -> Self {
        Self(cause.into())
    }
}

impl fmt::Display for StoreError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the store is not available: {}", self.0)
    }
}

impl Error for StoreError {}

/// Why a request is not passed on.
///
/// `Display` is for the operator. It repeats nothing that the sender wrote.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Refusal {
    /// The request is not what HTTP or the limits allow: 400, 413, 414, 415, 421 or 431.
    #[error(transparent)]
    Framing(#[from] FramingError),
    /// There is no signature, and the route needs one: 401 with a bare challenge.
    #[error("the request is not signed")]
    Unsigned,
    /// The protocol parameters are a bad request by section 3.2: 400.
    #[error(transparent)]
    Parameters(#[from] ParameterError),
    /// The method has lower-case letters, which the base string does not show (section 3.4.1.1): 400.
    #[error("the HTTP method has lower-case letters; the signature does not tell get from GET")]
    LowerCaseMethod,
    /// `oauth_body_hash` with a form body, whose parameters are signed anyway: 400.
    #[error("oauth_body_hash must not be sent with a form-encoded body")]
    BodyHashOfForm,
    /// The signature method is not accepted, by the server or for this client: 400.
    #[error("the signature method is not accepted here, or not for this client")]
    SignatureMethod,
    /// The timestamp is out of the window: 401.
    #[error("the timestamp is not between {} and {}", .0.first, .0.last)]
    Timestamp(AcceptableTimestamps),
    /// Client, token or signature are not right: 401, all alike unless answers are in full.
    #[error(transparent)]
    Identity(#[from] IdentityError),
    /// The signature does not match, and the owner of the client has permitted that the sender
    /// hears why: 401. Observers are told [`IdentityError::Signature`].
    #[error("the signature does not match the request: {0}")]
    Explained(Explanation),
    /// The nonce was used before: 401.
    #[error("the nonce was used before")]
    NonceUsed,
    /// The token has expired; only told to who signed correctly: 401.
    #[error("the token has expired")]
    TokenExpired,
    /// The token was revoked; only told to who signed correctly: 401.
    #[error("the token was revoked")]
    TokenRevoked,
    /// The request came from an address that the client is not bound to, or from an unknown one;
    /// only told to who signed correctly: 403.
    #[error("the client is bound to other addresses than the one that this request came from")]
    AddressRefused,
    /// The client needs a token for its requests; only told to who signed correctly: 400.
    #[error("the client does not sign without a token")]
    TokenRequired,
    /// The authorizer said no: 403.
    #[error("the token does not permit this request")]
    PermissionDenied,
    /// Neither client nor token have a scope that permits the request: 403.
    #[error("the scopes do not permit this request{}", needed(.needs))]
    ScopeDenied {
        /// Scopes of the catalogue that would, with commas; empty if none would.
        needs: Box<str>,
    },
    /// No access is given to a client that signed correctly (sections 2.1 and 2.3): 400, 401, 403
    /// or 429.
    #[error(transparent)]
    Delegation(#[from] DelegationError),
    /// Name and password are not right, or not accepted here: 401, all alike.
    #[error(transparent)]
    Basic(#[from] BasicError),
    /// The nonce could not be recorded: 429 over the client's quota, 503 otherwise.
    #[error(transparent)]
    Nonce(#[from] NonceStoreError),
    /// The credentials could not be looked up: 503.
    #[error(transparent)]
    Credentials(StoreError),
    /// The server's clock is not set: 503.
    #[error("the server's clock stands before 1970")]
    Clock,
}

impl Refusal {
    /// A short name from a closed set, for metrics and logs: the code of the problem reporting
    /// extension where there is one, whatever the sender is told.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Framing(_) => "malformed_request",
            Self::Unsigned => "unsigned",
            Self::Parameters(error) => error.problem().as_str(),
            Self::LowerCaseMethod | Self::BodyHashOfForm => Problem::ParameterRejected.as_str(),
            Self::SignatureMethod => Problem::SignatureMethodRejected.as_str(),
            Self::Timestamp(_) => Problem::TimestampRefused.as_str(),
            Self::Identity(error) => error.problem().as_str(),
            Self::Explained(_) => Problem::SignatureInvalid.as_str(),
            Self::NonceUsed => Problem::NonceUsed.as_str(),
            Self::TokenExpired => Problem::TokenExpired.as_str(),
            Self::TokenRevoked => Problem::TokenRevoked.as_str(),
            Self::PermissionDenied => Problem::PermissionDenied.as_str(),
            Self::AddressRefused => "address_refused",
            Self::TokenRequired => "token_required",
            Self::ScopeDenied { .. } => "scope_denied",
            Self::Delegation(error) => error.name(),
            Self::Basic(_) => "basic_refused",
            Self::Nonce(NonceStoreError::OverQuota { .. }) => "over_quota",
            Self::Nonce(NonceStoreError::Full { .. }) => "nonce_store_full",
            Self::Nonce(NonceStoreError::Fenced { .. }) => "nonce_store_fenced",
            Self::Nonce(NonceStoreError::Unavailable(_)) => "nonce_store_unavailable",
            Self::Credentials(_) => "credential_store_unavailable",
            Self::Clock => "clock_not_set",
        }
    }
}

fn needed(needs: &str) -> String {
    if needs.is_empty() { ": no rule names it".to_owned() } else { format!(": it needs {needs}") }
}

/// Who signed is not established (section 3.2). Told after the signature was computed and
/// compared, whichever of these it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum IdentityError {
    /// No such client.
    #[error("the client is not known")]
    ClientUnknown,
    /// The client is suspended.
    #[error("the client is suspended")]
    ClientSuspended,
    /// The client's key has expired.
    #[error("the client's key has expired")]
    ClientExpired,
    /// No such token.
    #[error("the token is not known")]
    TokenUnknown,
    /// The token was issued to another client.
    #[error("the token was issued to another client")]
    TokenOfAnotherClient,
    /// The signature does not match.
    #[error("the signature does not match the request")]
    Signature,
    /// The body does not have the signed hash.
    #[error("the body does not match oauth_body_hash")]
    BodyHash,
}

impl IdentityError {
    pub(crate) const fn problem(self) -> Problem {
        match self {
            Self::ClientUnknown => Problem::ConsumerKeyUnknown,
            Self::ClientSuspended => Problem::ConsumerKeyRefused,
            Self::ClientExpired => Problem::ConsumerKeyRejected,
            Self::TokenUnknown | Self::TokenOfAnotherClient => Problem::TokenRejected,
            Self::Signature | Self::BodyHash => Problem::SignatureInvalid,
        }
    }
}

/// Why a client that signed correctly gets no credentials (sections 2.1 and 2.3).
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum DelegationError {
    /// `oauth_callback` is not octet by octet one that is registered with the client.
    #[error("oauth_callback is not registered with the client")]
    Callback,
    /// `scope` asks for what the client does not have.
    #[error("scope names what the client does not have")]
    Scope,
    /// Temporary credentials are asked for with client credentials alone (section 2.1).
    #[error("temporary credentials are asked for without oauth_token")]
    TokenSent,
    /// The client has too many temporary credentials that nobody has decided on.
    #[error("the client has too many authorizations that are not decided")]
    TooManyPending {
        /// Seconds until the oldest of them ends.
        retry_after: u64,
    },
    /// The resource owner has not decided yet.
    #[error("the resource owner has not decided yet")]
    Undecided,
    /// The resource owner refused.
    #[error("the resource owner refused")]
    Denied,
    /// The temporary credentials were exchanged before.
    #[error("the temporary credentials were used before")]
    Used,
    /// The temporary credentials are out of time.
    #[error("the temporary credentials have expired")]
    Expired,
    /// `oauth_verifier` is wrong.
    #[error("the verification code is wrong")]
    Verifier,
    /// Too many wrong verification codes came with the temporary credentials.
    #[error("too many wrong verification codes; the temporary credentials are dead")]
    Locked,
    /// The token is none that a verification code or a session handle belongs to.
    #[error("the token is not one that can be exchanged or renewed like this")]
    WrongToken,
    /// `oauth_session_handle` is wrong, or what was authorized is over.
    #[error("the session handle is not that of the token, or its time is over")]
    SessionHandle,
    /// The client may not bring the names and passwords of people.
    #[error("the client may not sign people in by their passwords")]
    PasswordsOff,
    /// `x_auth_mode` is not `client_auth`, or a name or password is missing.
    #[error("x_auth_mode must be client_auth, with x_auth_username and x_auth_password")]
    PasswordForm,
    /// Name and password do not belong together.
    #[error("name or password are wrong")]
    Password,
    /// Too many wrong passwords.
    #[error("too many wrong passwords")]
    Throttled {
        /// Seconds.
        retry_after: u64,
    },
}

impl DelegationError {
    /// For metrics and logs, from a closed set.
    const fn name(self) -> &'static str {
        match self {
            Self::PasswordsOff => "xauth_refused",
            Self::TooManyPending { .. } => "too_many_pending",
            Self::Throttled { .. } => "sign_in_throttled",
            error => error.problem().as_str(),
        }
    }

    pub(crate) const fn problem(self) -> Problem {
        match self {
            Self::Callback | Self::Scope | Self::TokenSent | Self::PasswordForm => {
                Problem::ParameterRejected
            }
            Self::TooManyPending { .. } | Self::Throttled { .. } => Problem::ConsumerKeyRefused,
            Self::Undecided => Problem::PermissionUnknown,
            Self::Denied => Problem::UserRefused,
            Self::Used => Problem::TokenUsed,
            Self::Expired => Problem::TokenExpired,
            Self::Verifier => Problem::VerifierInvalid,
            Self::Locked | Self::WrongToken | Self::SessionHandle => Problem::TokenRejected,
            Self::PasswordsOff | Self::Password => Problem::PermissionDenied,
        }
    }

    /// The parameter that is at fault, if it is malformed rather than wrong.
    pub(crate) const fn rejected(self) -> Option<&'static str> {
        match self {
            Self::Callback => Some(names::CALLBACK),
            Self::Scope => Some("scope"),
            Self::TokenSent => Some(names::TOKEN),
            Self::PasswordForm => Some("x_auth_mode"),
            _ => None,
        }
    }
}

/// The request cannot be judged as it stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum FramingError {
    /// The request target is too long: 414.
    #[error("the request target is too long")]
    UriTooLong,
    /// Headers are too large: 431.
    #[error("the request headers are too large")]
    HeadTooLarge,
    /// No `Host`, more than one, one that is malformed, or one that differs from the target: 400.
    #[error("there must be one Host header, of the form host[:port], equal to that of the target")]
    Host,
    /// A host that is not this server's: 421.
    #[error("this server does not answer for that host")]
    Misdirected,
    /// The request target has no path: 400.
    #[error("the request target must be a path or an absolute URI")]
    Target,
    /// More than one `Content-Type`: 400.
    #[error("there must not be more than one Content-Type header")]
    ContentType,
    /// A form that is not UTF-8, or that is compressed: 415.
    #[error("forms must be UTF-8 and not compressed")]
    FormEncoding,
    /// The body is larger than allowed: 413.
    #[error("the request body is too large")]
    BodyTooLarge,
    /// The body broke off: 400.
    #[error("the request body could not be read")]
    Body,
}
