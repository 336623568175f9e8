//! Keys as people manage them: app key, app secret, access token and token secret (RFC 5849: client
//! credentials and token credentials). The one place where the rules for them stand, whoever asks.
//!
//! Each change and its entry in the audit log are one transaction. Secrets are returned when they
//! are made and never again.

mod audit;
mod change;
mod count;
mod create;
mod key;
mod rotate;
mod validate;

use crate::{
    IssueError,
    credentials::{seal::SealError, sql::SqlCredentialStore},
};

pub use create::{ClientKind, CreatedKey, NewKey};
pub use key::{Key, KeyPage, KeyState, KeyToken};
pub use rotate::{Rotated, Rotation};
pub use validate::InvalidKey;

/// Manages the keys of a store.
#[derive(Clone, Debug)]
pub struct KeyService {
    store: SqlCredentialStore,
}

/// Who asks for a change, for the audit log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Actor {
    /// Such as `cli:root`.
    pub name: String,
    /// The address that the request came from.
    pub address: Option<String>,
}

/// Why nothing was changed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum KeyError {
    /// A value cannot be used.
    #[error(transparent)]
    Invalid(#[from] InvalidKey),
    /// No such key, or it was deleted.
    #[error("there is no key {0:?}; list them with: oauth1-server keys list")]
    Unknown(String),
    /// Several accounts have a key of that name.
    #[error("more than one key has the name {0:?}; use the app key instead")]
    Ambiguous(String),
    /// Another key has the name.
    #[error("the name {0:?} is taken by another key; choose another, or delete that one first")]
    NameTaken(String),
    /// The account has as many keys as it may.
    #[error("the account has {0} keys, which is as many as it may; delete one first")]
    LimitReached(i64),
    /// An RSA client has no secret.
    #[error("the key is an RSA key, so there is no app secret to rotate; rotate its token alone")]
    NoSecret,
    /// There is no token that was made with the key.
    #[error("the key has no token of its own to rotate")]
    NoToken,
    /// The master key is missing, or a secret was tampered with.
    #[error(transparent)]
    Seal(#[from] SealError),
    /// The operating system gave no random bytes.
    #[error(transparent)]
    Issue(#[from] IssueError),
    /// The database did not do it. If the connection broke, nobody knows; look at the key.
    #[error("the database failed: {0}")]
    Database(#[from] sqlx::Error),
}

impl KeyService {
    /// Manages the keys of this store.
    #[must_use]
    pub const fn new(store: SqlCredentialStore) -> Self {
        Self { store }
    }
}
