//! Why nothing was changed.

use super::Right;
use crate::{IssueError, credentials::seal::SealError};

/// Why nothing was changed. Each says what to do.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ManagementError {
    /// A value cannot be used.
    #[error(transparent)]
    Invalid(#[from] InvalidField),
    /// The caller may not do this.
    #[error(
        "the permission {} is needed; ask who manages people for a role that has it", .0.as_str()
    )]
    Forbidden(Right),
    /// More than what the caller may do itself, or only a super administrator may do it.
    #[error("{0}")]
    Refused(String),
    /// What else there is does not permit it.
    #[error("{0}")]
    Blocked(String),
    /// The password has to be given again, not long before.
    #[error("give the password again: this needs one that was given within the last 5 minutes")]
    StepUp,
    /// No such thing, or it was deleted.
    #[error("there is no {kind} {name:?}{hint}", hint = hint(.kind))]
    Unknown {
        /// Such as `key`.
        kind: &'static str,
        /// What was asked for.
        name: String,
    },
    /// Several accounts have a key of that name.
    #[error("more than one key has the name {0:?}; use the app key instead")]
    Ambiguous(String),
    /// Another has the name.
    #[error("the name {0:?} is taken; choose another, or delete what has it first")]
    NameTaken(String),
    /// The account has as many keys as it may.
    #[error("the account has {0} keys, which is as many as it may; delete one first")]
    LimitReached(i64),
    /// The account has its keys kept.
    #[error(
        "keys of this account cannot be deleted; disable the key, or permit it in the settings"
    )]
    DeletionForbidden,
    /// The account never shows a secret again.
    #[error("secrets of this account are shown once; rotate the key for new ones")]
    RevealForbidden,
    /// It was changed since it was read.
    #[error("it was changed by somebody else (version {found}); read it again, then change that")]
    Conflict {
        /// The version it has now.
        found: i64,
    },
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
    /// The database did not do it. If the connection broke, nobody knows; look at what it is now.
    #[error("the database failed: {0}")]
    Database(#[from] sqlx::Error),
}

impl ManagementError {
    pub(super) fn unknown(kind: &'static str, name: &str) -> Self {
        Self::Unknown { kind, name: name.to_owned() }
    }
}

fn hint(kind: &str) -> &'static str {
    if kind == "key" { "; list them with: oauth1-server keys list" } else { "" }
}

/// A value that cannot be used, and what would be.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{field}: {problem}")]
pub struct InvalidField {
    /// The field.
    pub field: &'static str,
    /// What is wrong, and what to do.
    pub problem: String,
}

impl InvalidField {
    pub(crate) fn new(field: &'static str, problem: impl Into<String>) -> Self {
        Self { field, problem: problem.into() }
    }
}
