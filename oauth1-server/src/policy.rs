//! What the server accepts: signature methods, timestamps, limits, permissions.

use oauth1_core::{Limits, SignatureMethod, Timestamp};

use crate::{BasicRequest, VerifiedRequest};

/// What a request must be like, whoever signed it. The defaults are meant for production.
#[derive(Clone, Debug)]
pub struct Policy {
    pub(crate) methods: SignatureMethods,
    pub(crate) window: TimestampWindow,
    pub(crate) token_required: bool,
    pub(crate) body_hash_required: bool,
    pub(crate) limits: RequestLimits,
}

/// HMAC methods, 300 seconds to both sides, token and body hash optional.
impl Default for Policy {
    fn default() -> Self {
        Self {
            methods: SignatureMethods::hmac(),
            window: TimestampWindow::default(),
            token_required: false,
            body_hash_required: false,
            limits: RequestLimits::default(),
        }
    }
}

impl Policy {
    /// The default policy.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// The methods that are accepted at all (section 3.4). A client may be pinned to fewer.
    ///
    /// PLAINTEXT is accepted only if it is in this set and the public origin is `https`
    /// (section 3.4.4). It may come without nonce and timestamp, and then nothing protects it
    /// against replay.
    #[must_use]
    pub const fn with_methods(mut self, methods: SignatureMethods) -> Self {
        self.methods = methods;
        self
    }

    /// How far timestamps may be off (section 3.3).
    #[must_use]
    pub const fn with_window(mut self, window: TimestampWindow) -> Self {
        self.window = window;
        self
    }

    /// Whether each request needs `oauth_token`.
    #[must_use]
    pub const fn with_token_required(mut self, required: bool) -> Self {
        self.token_required = required;
        self
    }

    /// Whether each request that has no form body needs `oauth_body_hash`. One that is present is
    /// always checked. Without it, JSON and other bodies are not signed (section 3.4.1).
    #[must_use]
    pub const fn with_body_hash_required(mut self, required: bool) -> Self {
        self.body_hash_required = required;
        self
    }

    /// What is too large (section 4.10).
    #[must_use]
    pub const fn with_limits(mut self, limits: RequestLimits) -> Self {
        self.limits = limits;
        self
    }

    /// How far timestamps may be off.
    #[must_use]
    pub const fn window(&self) -> TimestampWindow {
        self.window
    }
}

/// What is too large, in octets unless it says otherwise.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct RequestLimits {
    /// A form body, or a body that is checked against its hash; more is 413. 1 MiB.
    pub body: usize,
    /// The request target; more is 414. 8 KiB.
    pub uri: usize,
    /// `Authorization`; more is 431. 8 KiB.
    pub authorization: usize,
    /// Request line and all headers; more is 431. 16 KiB.
    pub head: usize,
    /// Parameters and nonce; more is 400.
    pub protocol: Limits,
}

impl Default for RequestLimits {
    fn default() -> Self {
        Self {
            body: 1024 * 1024,
            uri: 8 * 1024,
            authorization: 8 * 1024,
            head: 16 * 1024,
            protocol: Limits::default(),
        }
    }
}

/// A set of signature methods.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct SignatureMethods(u8);

impl SignatureMethods {
    /// None at all.
    #[must_use]
    pub const fn none() -> Self {
        Self(0)
    }

    /// HMAC-SHA1, HMAC-SHA256 and HMAC-SHA512.
    #[must_use]
    pub const fn hmac() -> Self {
        Self::none()
            .with(SignatureMethod::HmacSha1)
            .with(SignatureMethod::HmacSha256)
            .with(SignatureMethod::HmacSha512)
    }

    /// RSA-SHA1, RSA-SHA256 and RSA-SHA512.
    #[must_use]
    pub const fn rsa() -> Self {
        Self::none()
            .with(SignatureMethod::RsaSha1)
            .with(SignatureMethod::RsaSha256)
            .with(SignatureMethod::RsaSha512)
    }

    /// One method alone.
    #[must_use]
    pub const fn only(method: SignatureMethod) -> Self {
        Self::none().with(method)
    }

    /// The set with one more.
    #[must_use]
    pub const fn with(self, method: SignatureMethod) -> Self {
        Self(self.0 | 1 << method as u8)
    }

    /// Whether the method is in the set.
    #[must_use]
    pub const fn contains(self, method: SignatureMethod) -> bool {
        self.0 & (1 << method as u8) != 0
    }
}

impl std::fmt::Debug for SignatureMethods {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_set().entries(SignatureMethod::ALL.iter().filter(|m| self.contains(**m))).finish()
    }
}

/// How many seconds a timestamp may lie in the past and in the future.
///
/// Section 3.3 speaks of the past only. The future is bounded as well: a nonce must be remembered
/// for as long as its timestamp is acceptable.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TimestampWindow {
    /// Seconds into the past.
    pub past: u64,
    /// Seconds into the future.
    pub future: u64,
}

/// 300 seconds to both sides.
impl Default for TimestampWindow {
    fn default() -> Self {
        Self { past: 300, future: 300 }
    }
}

impl TimestampWindow {
    /// What is acceptable at a time.
    #[must_use]
    pub const fn around(self, now: Timestamp) -> AcceptableTimestamps {
        let now = now.seconds();
        AcceptableTimestamps {
            now,
            first: now.saturating_sub(self.past),
            last: now.saturating_add(self.future),
        }
    }
}

/// The timestamps that are acceptable at one time, both ends included.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AcceptableTimestamps {
    /// The time, by the verifier's clock.
    pub now: u64,
    /// The earliest acceptable one.
    pub first: u64,
    /// The latest acceptable one.
    pub last: u64,
}

impl AcceptableTimestamps {
    /// Whether the timestamp is acceptable.
    #[must_use]
    pub const fn contains(self, timestamp: Timestamp) -> bool {
        self.first <= timestamp.seconds() && timestamp.seconds() <= self.last
    }
}

/// Decides what a verified request may do: the scope of section 3.2. A closure is one.
pub trait Authorizer: Send + Sync {
    /// Whether this client and token may make this request; a denial is answered with 403.
    fn permission(&self, request: &http::request::Parts, verified: &VerifiedRequest) -> Permission;

    /// The same for a request with a name and a password. None is permitted unless this says so.
    fn basic_permission(
        &self,
        _request: &http::request::Parts,
        _basic: &BasicRequest,
    ) -> Permission {
        Permission::Denied
    }
}

impl<F> Authorizer for F
where
    F: Fn(&http::request::Parts, &VerifiedRequest) -> Permission + Send + Sync,
{
    fn permission(&self, request: &http::request::Parts, verified: &VerifiedRequest) -> Permission {
        self(request, verified)
    }
}

/// One that others use as well.
impl<A: Authorizer + ?Sized> Authorizer for std::sync::Arc<A> {
    fn permission(&self, request: &http::request::Parts, verified: &VerifiedRequest) -> Permission {
        (**self).permission(request, verified)
    }

    fn basic_permission(&self, request: &http::request::Parts, basic: &BasicRequest) -> Permission {
        (**self).basic_permission(request, basic)
    }
}

/// What an [`Authorizer`] decided.
#[must_use]
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Permission {
    /// The request goes on to the handler.
    Granted,
    /// The request is answered with 403 `permission_denied`.
    Denied,
    /// The same, and the operator is told what was missing.
    OutOfScope {
        /// Scopes that would do, with commas; empty if none would.
        needs: Box<str>,
    },
}

impl Permission {
    pub(crate) fn into_result(self) -> Result<(), crate::Refusal> {
        match self {
            Self::Granted => Ok(()),
            Self::Denied => Err(crate::Refusal::PermissionDenied),
            Self::OutOfScope { needs } => Err(crate::Refusal::ScopeDenied { needs }),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_window_includes_both_edges() {
        let at = |seconds| Timestamp::from_seconds(seconds).unwrap();
        let window = TimestampWindow { past: 300, future: 60 }.around(at(1_000));
        for (timestamp, inside) in [(699, false), (700, true), (1_060, true), (1_061, false)] {
            assert_eq!(window.contains(at(timestamp)), inside, "{timestamp}");
        }
        assert_eq!(TimestampWindow::default().around(at(1)).first, 0);
    }

    #[test]
    fn a_set_holds_what_was_put_in() {
        let set = SignatureMethods::only(SignatureMethod::RsaSha1);
        for method in SignatureMethod::ALL {
            assert_eq!(set.contains(method), method == SignatureMethod::RsaSha1);
            assert!(SignatureMethods::none().with(method).contains(method));
        }
        assert!(!SignatureMethods::hmac().contains(SignatureMethod::Plaintext));
    }
}
