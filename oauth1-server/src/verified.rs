//! A request that was verified.

use std::sync::Arc;

use http::Extensions;
use oauth1_core::{SignatureMethod, SignatureVerified, Timestamp};

use crate::{ClientRecord, TokenRecord, middleware::Judged};

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
        signature_method: SignatureMethod,
    ) -> Self {
        Self(Arc::new(Content { client, token, signature_method, timestamp: replay.0 }))
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
}
