//! Access that people grant to applications (RFC 5849 section 2): temporary credentials, the
//! decision of the resource owner, token credentials, and what becomes of them.
//!
//! Each step is one transaction that begins with writing the row that it depends on, so of steps
//! at the same time one is the first, on SQLite and PostgreSQL alike.

mod begin;
mod decide;
mod exchange;
mod granted;
mod issue;
mod password;
mod renew;
mod store;

use oauth1_core::TokenCredentials;
use sha2::{Digest, Sha256};
use zeroize::Zeroizing;

use super::{Caller, Management, ManagementError, setup::hex};
use crate::{DelegationError, Refusal, Scopes, StoreError, catalogue::Catalogue};

pub use decide::{Decision, Pending};
pub use granted::Granted;
pub(crate) use store::ExchangeStore;

/// How long things last, in seconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DelegationTimes {
    /// Temporary credentials, until the resource owner has decided, and again until they are
    /// exchanged. 600.
    pub temporary: u32,
    /// Access tokens; `None` for no end. With an end, clients get a session handle by which they
    /// renew them.
    pub token: Option<u32>,
    /// What was granted, however often the token is renewed; `None` for no end.
    pub authorization: Option<u32>,
}

impl Default for DelegationTimes {
    fn default() -> Self {
        Self { temporary: 600, token: None, authorization: None }
    }
}

/// Who grants access.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ResourceOwner {
    /// As the application and the protected service know him.
    pub name: String,
    /// The row id, if it is one of the people here; another system's people have none.
    pub person: Option<String>,
    /// What he may do himself, scopes between spaces or `*`.
    pub scopes: String,
    /// The address that he comes from.
    pub address: Option<String>,
}

impl ResourceOwner {
    /// Somebody whom another system knows, and who may do everything that applications may.
    #[must_use]
    pub fn elsewhere(name: impl Into<String>) -> Self {
        Self { name: name.into(), person: None, scopes: "*".to_owned(), address: None }
    }

    fn caller(&self) -> Caller {
        let mut caller = Caller::system(format!("owner:{}", self.name));
        caller.address.clone_from(&self.address);
        caller
    }
}

/// Token credentials, as a client gets them (section 2.3).
#[derive(Debug)]
pub struct Issued {
    /// Access token and token secret.
    pub credentials: TokenCredentials,
    /// By which the token is renewed, if it ends.
    pub session_handle: Option<Zeroizing<String>>,
    /// Seconds until the token ends.
    pub expires_in: Option<i64>,
    /// Seconds until it is not renewed any more.
    pub authorization_expires_in: Option<i64>,
    /// Who granted access.
    pub resource_owner: String,
}

/// Grants access to applications, step by step.
#[derive(Clone, Debug)]
pub struct DelegationService {
    management: Management,
    times: DelegationTimes,
}

impl Management {
    /// What people grant to applications.
    #[must_use]
    pub fn delegations(&self, times: DelegationTimes) -> DelegationService {
        DelegationService { management: self.clone(), times }
    }
}

impl DelegationService {
    /// What it works with.
    #[must_use]
    pub const fn management(&self) -> &Management {
        &self.management
    }

    /// Milliseconds.
    fn temporary_lifetime(&self) -> i64 {
        i64::from(self.times.temporary) * 1000
    }
}

/// Why a client gets nothing: something that it can be told, or a store that failed.
#[derive(Debug)]
pub(crate) enum Failure {
    Told(DelegationError),
    Store(ManagementError),
}

impl From<DelegationError> for Failure {
    fn from(error: DelegationError) -> Self {
        Self::Told(error)
    }
}

impl<E: Into<ManagementError>> From<E> for Failure {
    fn from(error: E) -> Self {
        Self::Store(error.into())
    }
}

impl From<Failure> for Refusal {
    fn from(failure: Failure) -> Self {
        match failure {
            Failure::Told(error) => error.into(),
            Failure::Store(error) => Self::Credentials(StoreError::new(error)),
        }
    }
}

fn hashed(handle: &str) -> String {
    hex(&Sha256::digest(handle.as_bytes()))
}

/// The scopes of a list between spaces that the resource owner may use himself; all of his own, if
/// the client asks for everything.
fn within(catalogue: &Catalogue, scopes: &str, limit: &str) -> String {
    let limit = Scopes::parse(limit);
    if limit.is_all() {
        return scopes.to_owned();
    }
    if scopes.split(' ').any(|scope| scope == "*") {
        return limit.iter().collect::<Vec<_>>().join(" ");
    }
    let asked = scopes.split(' ').filter(|scope| !scope.is_empty());
    asked.filter(|scope| catalogue.is_within(scope, &limit)).collect::<Vec<_>>().join(" ")
}
