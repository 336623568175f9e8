//! Keys as people manage them: app key, app secret, access token and token secret (RFC 5849: client
//! credentials and token credentials), and the accounts, people and roles around them. The one
//! place where the rules for them stand, whoever asks.
//!
//! Each change and its entry in the audit log are one transaction. Secrets are returned when they
//! are made and never again, unless an account permits to reveal them.

mod account;
mod account_change;
mod audit;
mod basic;
pub(crate) mod callbacks;
mod caller;
mod change;
mod check;
mod count;
mod create;
#[cfg(feature = "server")]
pub mod delegation;
mod error;
mod explain;
#[cfg(feature = "server")]
mod idempotency;
mod judge;
mod key;
mod list;
mod page;
mod passwords;
mod people;
mod reveal;
mod roles;
mod rotate;
mod sessions;
mod setup;
mod sight;
mod sign_in;
mod throttle;
mod tidy;
mod token;
mod validate;
mod when;
mod words;

use std::sync::Arc;

use crate::{
    catalogue::Catalogue,
    credentials::{
        cache::CachedCredentialStore,
        sql::{SqlCredentialStore, database::Transaction, events::Events},
    },
};

pub use crate::credentials::{IdentifierStyle, has_checksum};
pub use account::Account;
pub use account_change::AccountChange;
pub use audit::{AuditEntry, AuditFilter, AuditPage};
pub use basic::{
    BasicCredential, BasicCredentialPage, BasicCredentialService, CreatedBasicCredential,
    NewBasicCredential,
};
pub use caller::{Caller, Right, Rights};
pub use change::KeyChange;
pub use check::Verdict;
pub use create::{ClientKind, CreatedKey, NewKey};
pub use error::{InvalidField, ManagementError};
pub use explain::LONGEST_EXPLAIN_WINDOW;
#[cfg(feature = "server")]
pub(crate) use idempotency::Attempt;
pub use key::{Key, KeyState, KeyToken};
pub use list::{KeyFilter, KeyOrder, KeyPage};
pub use passwords::Password;
pub use people::{NewPerson, Person, PersonChange, PersonPage, PersonService};
pub use reveal::Secret;
pub use roles::{NewRole, Role, RoleChange, RoleService};
pub use rotate::{Rotated, Rotation};
pub use sessions::{Session, SessionService, SessionToken, SignInError};
pub use setup::SetupService;
pub use sight::{KeptRefusal, SeenAddress, SeenAddresses};
pub use tidy::Tidied;
pub use token::{CreatedToken, NewToken, TokenPage};

/// Everything that is managed in one database. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Management {
    pub(crate) store: SqlCredentialStore,
    catalogue: Arc<Catalogue>,
    style: IdentifierStyle,
    account_defaults: AccountChange,
    cache: Option<Arc<CachedCredentialStore<SqlCredentialStore>>>,
    events: Arc<Events>,
    throttle: Arc<throttle::Throttle>,
}

impl Management {
    /// Without a catalogue: every scope can be given, and means what the application makes of it.
    #[must_use]
    pub fn new(store: SqlCredentialStore) -> Self {
        Self {
            store,
            catalogue: Arc::default(),
            style: IdentifierStyle::default(),
            account_defaults: AccountChange::default(),
            cache: None,
            events: Arc::default(),
            throttle: Arc::default(),
        }
    }

    /// With the catalogue that scopes are checked against.
    #[must_use]
    pub fn with_catalogue(self, catalogue: Arc<Catalogue>) -> Self {
        Self { catalogue, ..self }
    }

    /// How identifiers and secrets look.
    #[must_use]
    pub fn with_style(self, style: IdentifierStyle) -> Self {
        Self { style, ..self }
    }

    /// How accounts begin.
    #[must_use]
    pub fn with_account_defaults(self, account_defaults: AccountChange) -> Self {
        Self { account_defaults, ..self }
    }

    /// With the cache of the verifier in this process, which then knows of each change when it is
    /// done. Without it, the cache hears of it from the database.
    #[must_use]
    pub fn with_cache(self, cache: Arc<CachedCredentialStore<SqlCredentialStore>>) -> Self {
        Self { cache: Some(cache), ..self }
    }

    /// How often each action of the audit log was done here, such as `key.rotate`, for metrics.
    #[must_use]
    pub fn events(&self) -> Vec<(&'static str, u64)> {
        self.events.all()
    }

    async fn transaction(&self) -> Result<Transaction, sqlx::Error> {
        Ok(self.store.database().begin().await?.counted(self.events.clone()))
    }

    /// A key was changed: what is known of it is not trusted any more.
    fn forget_key(&self, key: &Key) {
        if let Some(cache) = &self.cache {
            cache.forget_client(&key.app_key);
            for token in &key.tokens {
                cache.forget_token(&token.access_token);
            }
        }
    }

    /// Something was changed that many keys depend on.
    pub(crate) fn forget_all(&self) {
        if let Some(cache) = &self.cache {
            cache.forget_all();
        }
    }

    /// The catalogue.
    #[must_use]
    pub fn catalogue(&self) -> &Catalogue {
        &self.catalogue
    }

    /// The keys.
    #[must_use]
    pub fn keys(&self) -> KeyService {
        KeyService { management: self.clone() }
    }

    /// The people.
    #[must_use]
    pub fn people(&self) -> PersonService {
        PersonService { management: self.clone() }
    }

    /// The roles.
    #[must_use]
    pub fn roles(&self) -> RoleService {
        RoleService { management: self.clone() }
    }

    /// Who is signed in to the console.
    #[must_use]
    pub fn sessions(&self) -> SessionService {
        SessionService { management: self.clone(), audience: sessions::Audience::Console }
    }

    /// Who is signed in to grant access to applications.
    #[cfg(feature = "server")]
    #[must_use]
    pub fn owner_sessions(&self) -> SessionService {
        SessionService { management: self.clone(), audience: sessions::Audience::Owner }
    }

    /// The first person.
    #[must_use]
    pub fn setup(&self) -> SetupService {
        SetupService { management: self.clone() }
    }

    /// The Basic credentials.
    #[must_use]
    pub fn basic_credentials(&self) -> BasicCredentialService {
        BasicCredentialService { management: self.clone() }
    }

    #[cfg(feature = "server")]
    pub(crate) fn idempotency(&self) -> idempotency::IdempotencyService {
        idempotency::IdempotencyService { management: self.clone() }
    }

    /// The row id of the account that something new belongs to; `None` for all of them.
    async fn account_for(
        &self,
        caller: &Caller,
        name: Option<&str>,
    ) -> Result<Option<String>, ManagementError> {
        match name {
            Some(name) => Ok(Some(self.account_id(caller, name).await?)),
            None => Ok(caller.account.clone()),
        }
    }
}

/// Manages keys.
#[derive(Clone, Debug)]
pub struct KeyService {
    management: Management,
}

impl KeyService {
    /// The keys of this store, without a catalogue.
    #[must_use]
    pub fn new(store: SqlCredentialStore) -> Self {
        Management::new(store).keys()
    }
}
