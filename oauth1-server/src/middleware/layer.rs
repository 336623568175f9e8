//! The layer.

use std::sync::Arc;

use tower::Layer;

use super::Verification;
use crate::RequestVerifier;

/// Puts a [`RequestVerifier`] in front of a service.
///
/// Unsigned requests are answered with 401, unless [`VerificationLayer::with_unsigned_allowed`]. A
/// request that is signed and not right never passes. Limits, hosts and the encoding of forms are
/// checked on every request, signed or not.
///
/// Headers `X-OAuth1-Attr-…` that the sender wrote are removed. The default attributes of the
/// client stand there instead, for the methods that they are for: `till` as `X-OAuth1-Attr-Till`.
/// Octets other than visible ASCII and inner spaces, and `%`, are percent-encoded in them.
#[derive(Clone, Debug)]
pub struct VerificationLayer {
    verifier: Arc<RequestVerifier>,
    unsigned_allowed: bool,
}

impl VerificationLayer {
    /// A layer that lets verified requests pass and nothing else.
    pub fn new(verifier: impl Into<Arc<RequestVerifier>>) -> Self {
        Self { verifier: verifier.into(), unsigned_allowed: false }
    }

    /// Whether unsigned requests pass as well: for handlers that take `Option<VerifiedRequest>`.
    /// Handlers that take `VerifiedRequest` still answer them with 401.
    #[must_use]
    pub const fn with_unsigned_allowed(mut self, allowed: bool) -> Self {
        self.unsigned_allowed = allowed;
        self
    }
}

impl<S> Layer<S> for VerificationLayer {
    type Service = Verification<S>;

    fn layer(&self, inner: S) -> Verification<S> {
        Verification::new(self.verifier.clone(), self.unsigned_allowed, inner)
    }
}
