//! Credentials as the server keeps them, RFC 5849 sections 1.1 and 2: the records, and the trait
//! of the stores that hold them.

#[cfg(feature = "sql")]
pub mod cache;
mod diagnose;
pub(crate) mod generate;
mod keyed;
mod memory;
mod scopes;
#[cfg(any(feature = "sqlite", feature = "postgres"))]
pub mod seal;
#[cfg(any(feature = "sqlite", feature = "postgres"))]
pub mod sql;

use std::{collections::BTreeMap, sync::Arc};

use oauth1_core::{
    ClientCredentials, SharedSecret, SignatureMethod, Timestamp, TokenCredentials, VerificationKey,
};

use crate::{
    attributes::{AttributeNameError, DefaultAttributes},
    basic::BasicRecord,
    error::{BoxFuture, StoreError},
    network::Networks,
    policy::SignatureMethods,
};
use keyed::{KeyedStates, OtherSecret, Secrets};

pub use generate::{IdentifierStyle, IssueError, has_checksum};
pub(crate) use generate::{new_client, new_token};
pub use memory::{IssuedCredentials, MemoryCredentialStore};
pub use scopes::Scopes;

/// Where the verifier looks up clients and tokens.
///
/// `Ok(None)` says that there is no such record; an error says that nothing is known, and refuses
/// the request with 503. A suspended client or a revoked token is a record, not `None`.
pub trait CredentialStore: Send + Sync {
    /// The client with this identifier.
    fn client<'a>(
        &'a self,
        identifier: &'a str,
    ) -> BoxFuture<'a, Result<Option<ClientRecord>, StoreError>>;

    /// The token with this identifier.
    fn token<'a>(
        &'a self,
        identifier: &'a str,
    ) -> BoxFuture<'a, Result<Option<TokenRecord>, StoreError>>;

    /// The Basic credential with this name, for stores that have some.
    fn basic<'a>(
        &'a self,
        _name: &'a str,
    ) -> BoxFuture<'a, Result<Option<BasicRecord>, StoreError>> {
        Box::pin(std::future::ready(Ok(None)))
    }

    /// Whether lookups would be answered, for readiness.
    fn ready(&self) -> BoxFuture<'_, Result<(), StoreError>>;
}

type Attributes = BTreeMap<Box<str>, Box<str>>;

/// A client. Cheap to clone; `Debug` shows no secret.
#[derive(Clone, Debug)]
pub struct ClientRecord(Arc<Client>);

#[derive(Clone, Debug)]
struct Client {
    identifier: Box<str>,
    key: ClientKey,
    methods: Option<SignatureMethods>,
    expires: Option<Timestamp>,
    suspended: bool,
    explanations: Option<Timestamp>,
    body_hash_required: bool,
    two_legged: bool,
    networks: Networks,
    account: Option<Box<str>>,
    scopes: Scopes,
    /// Of the person that it acts as, unless that one may do everything.
    limit: Option<Scopes>,
    assigned: Scopes,
    attributes: Attributes,
    defaults: DefaultAttributes,
    /// Of requests without a token.
    keyed: KeyedStates,
}

#[derive(Clone, Debug)]
enum ClientKey {
    Secret(Secrets),
    #[cfg(feature = "rsa")]
    Rsa(oauth1_core::rsa::RsaPublicKey),
}

impl ClientRecord {
    /// A client that signs with its secret, by any method that the policy accepts.
    #[must_use]
    pub fn new(credentials: &ClientCredentials) -> Self {
        Self::with_key(
            credentials.identifier(),
            ClientKey::Secret(Secrets::new(credentials.secret().clone())),
        )
    }

    /// A client that signs with an RSA key (section 3.4.3). No method with a shared secret is ever
    /// checked for it.
    #[cfg(feature = "rsa")]
    #[must_use]
    pub fn with_rsa_key(identifier: &str, key: oauth1_core::rsa::RsaPublicKey) -> Self {
        Self::with_key(identifier, ClientKey::Rsa(key))
    }

    fn with_key(identifier: &str, key: ClientKey) -> Self {
        Self(Arc::new(Client {
            identifier: identifier.into(),
            key,
            methods: None,
            expires: None,
            suspended: false,
            explanations: None,
            body_hash_required: false,
            two_legged: true,
            networks: Networks::default(),
            account: None,
            scopes: Scopes::default(),
            limit: None,
            assigned: Scopes::default(),
            attributes: Attributes::new(),
            defaults: DefaultAttributes::default(),
            keyed: KeyedStates::default(),
        }))
    }

    /// A second secret that is good as well, while it is replaced. An RSA client has none.
    #[must_use]
    pub fn with_other_secret(self, other: SharedSecret) -> Self {
        self.with_other(other, None)
    }

    /// A second secret that is good as well up to and including a second, however long the record
    /// is kept. An RSA client has none.
    #[must_use]
    pub fn with_other_secret_until(self, other: SharedSecret, last: Timestamp) -> Self {
        self.with_other(other, Some(last))
    }

    fn with_other(mut self, secret: SharedSecret, last: Option<Timestamp>) -> Self {
        match &mut Arc::make_mut(&mut self.0).key {
            ClientKey::Secret(secrets) => secrets.other = Some(OtherSecret { secret, last }),
            #[cfg(feature = "rsa")]
            ClientKey::Rsa(_) => {}
        }
        self
    }

    /// The last second at which the client's key is good.
    #[must_use]
    pub fn with_expiry(mut self, expires: Timestamp) -> Self {
        Arc::make_mut(&mut self.0).expires = Some(expires);
        self
    }

    /// Pins the client to some of the methods that the policy accepts.
    #[must_use]
    pub fn with_methods(mut self, methods: SignatureMethods) -> Self {
        Arc::make_mut(&mut self.0).methods = Some(methods);
        self
    }

    /// Suspends the client, or ends that.
    #[must_use]
    pub fn with_suspension(mut self, suspended: bool) -> Self {
        Arc::make_mut(&mut self.0).suspended = suspended;
        self
    }

    /// Whether this client's requests need `oauth_body_hash`, unless they have a form body.
    #[must_use]
    pub fn with_body_hash_required(mut self, required: bool) -> Self {
        Arc::make_mut(&mut self.0).body_hash_required = required;
        self
    }

    /// Whether requests without a token are accepted. They are, unless this says otherwise.
    #[must_use]
    pub fn with_two_legged(mut self, permitted: bool) -> Self {
        Arc::make_mut(&mut self.0).two_legged = permitted;
        self
    }

    /// Binds the client to addresses; none for any. A request whose
    /// [`PeerAddress`](crate::PeerAddress) is not known is refused then.
    #[must_use]
    pub fn with_networks(mut self, networks: Networks) -> Self {
        Arc::make_mut(&mut self.0).networks = networks;
        self
    }

    /// Whose client it is.
    #[must_use]
    pub fn with_account(mut self, account: &str) -> Self {
        Arc::make_mut(&mut self.0).account = Some(account.into());
        self
    }

    /// What the client may do, as far as a catalogue is in force.
    #[must_use]
    pub fn with_scopes(mut self, scopes: Scopes) -> Self {
        Arc::make_mut(&mut self.0).scopes = scopes;
        self
    }

    /// Limits the client to what somebody else may do as well; `*` is no limit.
    #[must_use]
    pub fn with_limit(mut self, limit: Scopes) -> Self {
        Arc::make_mut(&mut self.0).limit = Some(limit).filter(|limit| !limit.is_all());
        self
    }

    /// The privileges that its account was assigned.
    #[must_use]
    pub fn with_assigned(mut self, assigned: Scopes) -> Self {
        Arc::make_mut(&mut self.0).assigned = assigned;
        self
    }

    /// Attributes that handlers and headers get with requests of some HTTP methods, see
    /// [`VerifiedRequest::attributes`](crate::VerifiedRequest::attributes).
    ///
    /// # Errors
    /// [`AttributeNameError`].
    pub fn with_default_attributes(
        mut self,
        values: Vec<(String, String)>,
        methods: &[http::Method],
    ) -> Result<Self, AttributeNameError> {
        Arc::make_mut(&mut self.0).defaults = DefaultAttributes::new(values, methods)?;
        Ok(self)
    }

    /// Adds something that handlers want to know, such as a name or a plan.
    #[must_use]
    pub fn with_attribute(mut self, name: &str, value: &str) -> Self {
        Arc::make_mut(&mut self.0).attributes.insert(name.into(), value.into());
        self
    }

    /// `oauth_consumer_key`.
    #[must_use]
    pub fn identifier(&self) -> &str {
        &self.0.identifier
    }

    /// An attribute by its name.
    #[must_use]
    pub fn attribute(&self, name: &str) -> Option<&str> {
        self.0.attributes.get(name).map(|value| &**value)
    }

    /// Whether the client is suspended.
    #[must_use]
    pub fn is_suspended(&self) -> bool {
        self.0.suspended
    }

    /// Whether the client's key has expired at the time, in seconds since 1970.
    #[must_use]
    pub fn is_expired(&self, now: u64) -> bool {
        self.0.expires.is_some_and(|expires| expires.seconds() < now)
    }

    /// Whose client it is, if the store says so.
    #[must_use]
    pub fn account(&self) -> Option<&str> {
        self.0.account.as_deref()
    }

    /// What the client may do.
    #[must_use]
    pub fn scopes(&self) -> &Scopes {
        &self.0.scopes
    }

    /// What whoever it acts as may do; `None` for everything.
    #[must_use]
    pub fn limit(&self) -> Option<&Scopes> {
        self.0.limit.as_ref()
    }

    /// The privileges that its account was assigned.
    #[must_use]
    pub fn assigned(&self) -> &Scopes {
        &self.0.assigned
    }

    /// Whether requests without a token are accepted.
    #[must_use]
    pub fn is_two_legged(&self) -> bool {
        self.0.two_legged
    }

    pub(crate) fn permits_address(&self, address: Option<std::net::IpAddr>) -> bool {
        self.0.networks.is_empty()
            || address.is_some_and(|address| self.0.networks.contains(address))
    }

    pub(crate) fn default_attributes(&self) -> &DefaultAttributes {
        &self.0.defaults
    }

    pub(crate) fn is_body_hash_required(&self) -> bool {
        self.0.body_hash_required
    }

    /// Whether the client's own key is none that others could share.
    pub(crate) fn is_rsa(&self) -> bool {
        !matches!(self.0.key, ClientKey::Secret(_))
    }

    /// Whether the client may use this method, as far as it is pinned.
    pub(crate) fn allows(&self, method: SignatureMethod) -> bool {
        self.0.methods.is_none_or(|methods| methods.contains(method))
    }

    /// The keys that check this method now, one for each pair of active secrets; `None` if the
    /// client has no key for it. An RSA key never becomes the key of an HMAC.
    pub(crate) fn keys(
        &self,
        method: SignatureMethod,
        token: Option<&TokenRecord>,
        now: Timestamp,
    ) -> Option<Arc<[VerificationKey]>> {
        match &self.0.key {
            ClientKey::Secret(client) => {
                let keyed = token.map_or(&self.0.keyed, |token| &token.0.keyed);
                let token = token.map(|token| &token.0.secrets);
                // The states were made of this very record, or are made anew.
                keyed.of(&self.0, method, now, || client.keys(method, token, now))
            }
            #[cfg(feature = "rsa")]
            ClientKey::Rsa(key) => {
                VerificationKey::rsa(method, key.clone()).map(|key| [key].into())
            }
        }
    }
}

/// A token (section 2.3). Cheap to clone; `Debug` shows no secret.
#[derive(Clone, Debug)]
pub struct TokenRecord(Arc<Token>);

#[derive(Clone, Debug)]
struct Token {
    identifier: Box<str>,
    secrets: Secrets,
    client: Box<str>,
    expires: Option<Timestamp>,
    revoked: bool,
    scopes: Scopes,
    /// Of the resource owner, unless that one may do everything.
    limit: Option<Scopes>,
    attributes: Attributes,
    keyed: KeyedStates,
}

impl TokenRecord {
    /// A token that was issued to a client, and that no other client may use.
    #[must_use]
    pub fn new(credentials: &TokenCredentials, client: &str) -> Self {
        Self(Arc::new(Token {
            identifier: credentials.identifier().into(),
            secrets: Secrets::new(credentials.secret().clone()),
            client: client.into(),
            expires: None,
            revoked: false,
            scopes: Scopes::default(),
            limit: None,
            attributes: Attributes::new(),
            keyed: KeyedStates::default(),
        }))
    }

    /// A second secret that is good as well, while it is replaced.
    #[must_use]
    pub fn with_other_secret(self, other: SharedSecret) -> Self {
        self.with_other(other, None)
    }

    /// A second secret that is good as well up to and including a second, however long the record
    /// is kept.
    #[must_use]
    pub fn with_other_secret_until(self, other: SharedSecret, last: Timestamp) -> Self {
        self.with_other(other, Some(last))
    }

    fn with_other(mut self, secret: SharedSecret, last: Option<Timestamp>) -> Self {
        Arc::make_mut(&mut self.0).secrets.other = Some(OtherSecret { secret, last });
        self
    }

    /// The last second at which the token is good.
    #[must_use]
    pub fn with_expiry(mut self, expires: Timestamp) -> Self {
        Arc::make_mut(&mut self.0).expires = Some(expires);
        self
    }

    /// Revokes the token, or ends that.
    #[must_use]
    pub fn with_revocation(mut self, revoked: bool) -> Self {
        Arc::make_mut(&mut self.0).revoked = revoked;
        self
    }

    /// For renewing tokens that have ended.
    #[cfg(feature = "server")]
    pub(crate) fn without_expiry(mut self) -> Self {
        if self.0.expires.is_some() {
            Arc::make_mut(&mut self.0).expires = None;
        }
        self
    }

    /// What the token permits, as far as a catalogue is in force.
    #[must_use]
    pub fn with_scopes(mut self, scopes: Scopes) -> Self {
        Arc::make_mut(&mut self.0).scopes = scopes;
        self
    }

    /// Limits the token to what its resource owner may do as well; `*` is no limit.
    #[must_use]
    pub fn with_limit(mut self, limit: Scopes) -> Self {
        Arc::make_mut(&mut self.0).limit = Some(limit).filter(|limit| !limit.is_all());
        self
    }

    /// Adds something that handlers want to know, such as the scope or the resource owner.
    #[must_use]
    pub fn with_attribute(mut self, name: &str, value: &str) -> Self {
        Arc::make_mut(&mut self.0).attributes.insert(name.into(), value.into());
        self
    }

    /// `oauth_token`.
    #[must_use]
    pub fn identifier(&self) -> &str {
        &self.0.identifier
    }

    /// The client it was issued to.
    #[must_use]
    pub fn client_identifier(&self) -> &str {
        &self.0.client
    }

    /// An attribute by its name.
    #[must_use]
    pub fn attribute(&self, name: &str) -> Option<&str> {
        self.0.attributes.get(name).map(|value| &**value)
    }

    /// What the token permits.
    #[must_use]
    pub fn scopes(&self) -> &Scopes {
        &self.0.scopes
    }

    /// What its resource owner may do; `None` for everything.
    #[must_use]
    pub fn limit(&self) -> Option<&Scopes> {
        self.0.limit.as_ref()
    }

    /// Whether the token was revoked.
    #[must_use]
    pub fn is_revoked(&self) -> bool {
        self.0.revoked
    }

    /// Whether the token has expired at the time, in seconds since 1970.
    #[must_use]
    pub fn is_expired(&self, now: u64) -> bool {
        self.0.expires.is_some_and(|expires| expires.seconds() < now)
    }
}
