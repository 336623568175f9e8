//! A request that was verified.

use std::{net::IpAddr, sync::Arc};

use http::{Extensions, HeaderMap, Method};
use oauth1_core::{SignatureMethod, SignatureVerified, Timestamp};

use crate::{ClientRecord, Scopes, TokenRecord, middleware::Judged};

/// A request whose signature is right, whose nonce was not used before, and whose client and token
/// are in order (section 3.2). Only the verifier makes one.
///
/// Handlers take it as an axum extractor, or with [`VerifiedRequest::of`].
#[derive(Clone, Debug)]
pub struct VerifiedRequest(Arc<Content>);

#[derive(Debug)]
struct Content {
    client: ClientRecord,
    token: Option<TokenRecord>,
    signature_method: SignatureMethod,
    timestamp: Option<Timestamp>,
    old_secret: bool,
    body_signed: bool,
    attributed: bool,
    address: Option<IpAddr>,
}

/// What is known of the request beyond its signature.
pub(crate) struct Circumstances<'a> {
    pub(crate) method: &'a Method,
    pub(crate) address: Option<IpAddr>,
    pub(crate) signature_method: SignatureMethod,
    /// Whether the key that verified it was made of a secret that is being replaced.
    pub(crate) old_secret: bool,
    /// Whether the body is a form, or its hash was signed and is right.
    pub(crate) body_signed: bool,
}

/// Proof that the nonce of a request was recorded as its first use, or that it needs none.
pub(crate) struct ReplayExcluded(pub(crate) Option<Timestamp>);

impl VerifiedRequest {
    /// Consumes both proofs, so that one of each makes one verified request.
    pub(crate) fn new(
        _signature: SignatureVerified,
        replay: ReplayExcluded,
        client: ClientRecord,
        token: Option<TokenRecord>,
        circumstances: Circumstances<'_>,
    ) -> Self {
        let Circumstances { method, address, signature_method, old_secret, body_signed } =
            circumstances;
        let attributed = client.default_attributes().are_for(method);
        let timestamp = replay.0;
        Self(Arc::new(Content {
            client,
            token,
            signature_method,
            timestamp,
            old_secret,
            body_signed,
            attributed,
            address,
        }))
    }

    /// Sets the attributes as headers.
    pub(crate) fn set_attributes(&self, headers: &mut HeaderMap) {
        if self.0.attributed {
            self.0.client.default_attributes().set(headers);
        }
    }

    /// The verified request behind the extensions of an `http::Request`; `None` if it is unsigned
    /// or the layer is missing.
    #[must_use]
    pub fn of(extensions: &Extensions) -> Option<&Self> {
        match extensions.get::<Judged>() {
            Some(Judged::Verified(verified)) => Some(verified),
            _ => None,
        }
    }

    /// `oauth_consumer_key`.
    #[must_use]
    pub fn client_identifier(&self) -> &str {
        self.0.client.identifier()
    }

    /// `oauth_token`.
    #[must_use]
    pub fn token_identifier(&self) -> Option<&str> {
        self.0.token.as_ref().map(TokenRecord::identifier)
    }

    /// What the credential store says about the client under this name.
    #[must_use]
    pub fn client_attribute(&self, name: &str) -> Option<&str> {
        self.0.client.attribute(name)
    }

    /// What the credential store says about the token under this name, such as its scope or its
    /// resource owner.
    #[must_use]
    pub fn token_attribute(&self, name: &str) -> Option<&str> {
        self.0.token.as_ref()?.attribute(name)
    }

    /// `oauth_signature_method`.
    #[must_use]
    pub fn signature_method(&self) -> SignatureMethod {
        self.0.signature_method
    }

    /// `oauth_timestamp` of the recorded nonce; `None` if PLAINTEXT came without both, and nothing
    /// excludes that this is a replay.
    #[must_use]
    pub fn timestamp(&self) -> Option<Timestamp> {
        self.0.timestamp
    }

    /// The default attributes of the client, if they are for requests with this method: names and
    /// values, as the headers `X-OAuth1-Attr-…` have them as well.
    pub fn attributes(&self) -> impl Iterator<Item = (&str, &str)> {
        let defaults = self.0.attributed.then(|| self.0.client.default_attributes().iter());
        defaults.into_iter().flatten()
    }

    /// One of [`VerifiedRequest::attributes`].
    #[must_use]
    pub fn attribute(&self, name: &str) -> Option<&str> {
        self.attributes().find(|(known, _)| *known == name).map(|(_, value)| value)
    }

    /// Whether the request was signed with a secret that is being replaced, of the client or of
    /// the token.
    #[must_use]
    pub fn is_old_secret(&self) -> bool {
        self.0.old_secret
    }

    /// Whether the signature covers the body: it is a form (section 3.4.1.3.1), or its hash was
    /// signed and is right. Anybody between can replace another body.
    #[must_use]
    pub fn is_body_signed(&self) -> bool {
        self.0.body_signed
    }

    /// The address that it came from, if the listener says so.
    #[must_use]
    pub fn address(&self) -> Option<IpAddr> {
        self.0.address
    }

    /// Whose client it is, as the store calls the account.
    #[must_use]
    pub fn account(&self) -> Option<&str> {
        self.0.client.account()
    }

    /// What the client may do; the token, if there is one, and whoever the client acts as may
    /// permit less.
    #[must_use]
    pub fn scopes(&self) -> &Scopes {
        self.0.client.scopes()
    }

    /// What the token permits.
    #[must_use]
    pub fn token_scopes(&self) -> Option<&Scopes> {
        self.0.token.as_ref().map(TokenRecord::scopes)
    }

    /// What the resource owner of the token may do; `None` for everything.
    #[must_use]
    pub fn owner_limit(&self) -> Option<&Scopes> {
        self.0.token.as_ref()?.limit()
    }

    /// What whoever the client acts as may do; `None` for everything.
    #[must_use]
    pub fn limit(&self) -> Option<&Scopes> {
        self.0.client.limit()
    }

    /// The privileges that the account of the client was assigned.
    #[must_use]
    pub fn assigned(&self) -> &Scopes {
        self.0.client.assigned()
    }
}
