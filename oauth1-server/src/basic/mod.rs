//! Names and passwords instead of signatures (RFC 7617), for who cannot sign.
//!
//! Only where [`RequestVerifier::with_basic`](crate::RequestVerifier) says so, only for
//! accounts that permit it, and only when clients reach the server by `https` or on loopback. Such
//! a request is never a [`VerifiedRequest`]: nothing protects it against
//! replay, and nothing in it is signed.

mod header;
#[cfg(feature = "sql")]
mod password;

use std::sync::Arc;

use http::Extensions;
use zeroize::Zeroizing;

use crate::{Scopes, VerifiedRequest, middleware::Judged};

pub(crate) use header::{Presented, is_presented};
#[cfg(feature = "sql")]
pub use password::PasswordChecker;

/// A Basic credential. Cheap to clone; `Debug` does not show the hash of its password.
#[derive(Clone)]
pub struct BasicRecord(Arc<Record>);

#[derive(Clone)]
struct Record {
    name: Box<str>,
    /// argon2id, as a PHC string.
    #[cfg_attr(not(feature = "sql"), allow(dead_code))]
    password_hash: Zeroizing<Box<str>>,
    account: Box<str>,
    account_name: Box<str>,
    suspended: bool,
    permitted: bool,
    scopes: Scopes,
    assigned: Scopes,
}

impl BasicRecord {
    /// A credential whose account permits Basic, without scopes.
    #[must_use]
    pub fn new(name: &str, password_hash: &str) -> Self {
        Self(Arc::new(Record {
            name: name.into(),
            password_hash: Zeroizing::new(password_hash.into()),
            account: "".into(),
            account_name: "".into(),
            suspended: false,
            permitted: true,
            scopes: Scopes::default(),
            assigned: Scopes::default(),
        }))
    }

    /// Whose credential it is: what the store calls the account, and what people do.
    #[must_use]
    pub fn with_account(mut self, account: &str, name: &str) -> Self {
        let record = Arc::make_mut(&mut self.0);
        (record.account, record.account_name) = (account.into(), name.into());
        self
    }

    /// Whether the account permits Basic at all.
    #[must_use]
    pub fn with_permission(mut self, permitted: bool) -> Self {
        Arc::make_mut(&mut self.0).permitted = permitted;
        self
    }

    /// Suspends the credential, or ends that.
    #[must_use]
    pub fn with_suspension(mut self, suspended: bool) -> Self {
        Arc::make_mut(&mut self.0).suspended = suspended;
        self
    }

    /// What it may do, as far as a catalogue is in force.
    #[must_use]
    pub fn with_scopes(mut self, scopes: Scopes) -> Self {
        Arc::make_mut(&mut self.0).scopes = scopes;
        self
    }

    /// The privileges that its account was assigned.
    #[must_use]
    pub fn with_assigned(mut self, assigned: Scopes) -> Self {
        Arc::make_mut(&mut self.0).assigned = assigned;
        self
    }

    /// Why it is refused even if the password is right.
    #[cfg(feature = "sql")]
    pub(crate) fn doubt(&self) -> Option<BasicError> {
        if !self.0.permitted {
            return Some(BasicError::SwitchedOff);
        }
        self.0.suspended.then_some(BasicError::Suspended)
    }

    #[cfg(feature = "sql")]
    fn password_hash(&self) -> &str {
        &self.0.password_hash
    }
}

impl std::fmt::Debug for BasicRecord {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Record { name, account, suspended, permitted, scopes, .. } = &*self.0;
        f.debug_struct("BasicRecord")
            .field("name", name)
            .field("account", account)
            .field("suspended", suspended)
            .field("permitted", permitted)
            .field("scopes", scopes)
            .finish_non_exhaustive()
    }
}

/// Why a name and a password are refused: 401, all alike.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BasicError {
    /// Clients reach this server by plain `http`.
    #[error("a password was sent over plain http, where none is accepted")]
    Insecure,
    /// Not a name and a password.
    #[error("the Basic credentials are malformed")]
    Malformed,
    /// No such name.
    #[error("there is no Basic credential of this name")]
    Unknown,
    /// The account does not permit Basic.
    #[error("the account does not permit Basic authentication")]
    SwitchedOff,
    /// Disabled, or its account is gone.
    #[error("the Basic credential is disabled")]
    Suspended,
    /// The password is wrong.
    #[error("the password is wrong")]
    Password,
}

/// A request with the name and the password of a credential that is in order. Only the verifier
/// makes one.
///
/// Handlers take it as an axum extractor, or with [`BasicRequest::of`]; handlers that take signed
/// requests as well, take an [`Authenticated`].
#[derive(Clone, Debug)]
pub struct BasicRequest(BasicRecord);

impl BasicRequest {
    #[cfg(feature = "sql")]
    pub(crate) const fn new(record: BasicRecord) -> Self {
        Self(record)
    }

    /// The Basic request behind the extensions of an `http::Request`.
    #[must_use]
    pub fn of(extensions: &Extensions) -> Option<&Self> {
        match extensions.get::<Judged>() {
            Some(Judged::Basic(basic, _)) => Some(basic),
            _ => None,
        }
    }

    /// The name.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.0.0.name
    }

    /// Whose credential it is, as the store calls the account.
    #[must_use]
    pub fn account(&self) -> &str {
        &self.0.0.account
    }

    /// The name of the account.
    #[must_use]
    pub fn account_name(&self) -> &str {
        &self.0.0.account_name
    }

    /// What it may do.
    #[must_use]
    pub fn scopes(&self) -> &Scopes {
        &self.0.0.scopes
    }

    /// The privileges that its account was assigned.
    #[must_use]
    pub fn assigned(&self) -> &Scopes {
        &self.0.0.assigned
    }
}

/// Who sent a request, for handlers that accept both.
#[derive(Clone, Debug)]
pub enum Authenticated {
    /// Signed.
    Signed(VerifiedRequest),
    /// With a name and a password.
    Basic(BasicRequest),
}
