//! Who the resource owner is (section 2.2: "the server MUST first verify the identity of the
//! resource owner").

use std::fmt;

use http::{HeaderName, request::Parts};

use crate::{BoxFuture, StoreError, management::delegation::ResourceOwner, network::TrustedProxy};

/// Tells who sits at the browser that a request comes from.
pub trait ResourceOwners: fmt::Debug + Send + Sync {
    /// Who it is. An error refuses the request with 503.
    fn identify<'a>(&'a self, parts: &'a Parts) -> BoxFuture<'a, Result<Identity, StoreError>>;
}

/// Who it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Identity {
    /// This one.
    Known(ResourceOwner),
    /// Nobody is signed in; it can be done at this path, which takes the query parameter `next`.
    SignIn {
        /// As it arrives here.
        path: String,
    },
    /// Nobody, and nothing can be done about it here.
    Nobody,
}

/// A proxy in front has signed people in, and says in a header who they are.
///
/// The header is believed only if [`TrustedProxy`] is among the extensions of the request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HeaderOwners(HeaderName);

impl HeaderOwners {
    /// The header that the proxy sets, and removes from what others send.
    #[must_use]
    pub const fn new(header: HeaderName) -> Self {
        Self(header)
    }

    fn name<'a>(&self, parts: &'a Parts) -> Option<&'a str> {
        parts.extensions.get::<TrustedProxy>()?;
        let mut values = parts.headers.get_all(&self.0).iter();
        let name = str::from_utf8(values.next()?.as_bytes()).ok()?.trim();
        let plain = (1..=LONGEST).contains(&name.len()) && !name.chars().any(char::is_control);
        // Of two, who knows which one the proxy has set?
        (plain && values.next().is_none()).then_some(name)
    }
}

impl ResourceOwners for HeaderOwners {
    fn identify<'a>(&'a self, parts: &'a Parts) -> BoxFuture<'a, Result<Identity, StoreError>> {
        let identity = match self.name(parts) {
            Some(name) => Identity::Known(ResourceOwner {
                address: super::sent::address(parts),
                ..ResourceOwner::elsewhere(name)
            }),
            None => Identity::Nobody,
        };
        Box::pin(std::future::ready(Ok(identity)))
    }
}

const LONGEST: usize = 255;

#[cfg(test)]
mod tests {
    use http::Request;

    use super::*;

    async fn identify(trusted: bool, values: &[&[u8]]) -> Identity {
        let mut request = Request::builder().uri("/oauth/authorize");
        for value in values {
            request = request.header("x-forwarded-user", *value);
        }
        let (mut parts, ()) = request.body(()).unwrap().into_parts();
        if trusted {
            parts.extensions.insert(TrustedProxy);
        }
        let owners = HeaderOwners::new(HeaderName::from_static("x-forwarded-user"));
        owners.identify(&parts).await.unwrap()
    }

    #[tokio::test]
    async fn only_a_trusted_proxy_says_who_somebody_is() {
        let ada = Identity::Known(ResourceOwner::elsewhere("ada@example.com"));
        assert_eq!(identify(true, &[b"ada@example.com"]).await, ada);
        assert_eq!(identify(false, &[b"ada@example.com"]).await, Identity::Nobody);
        let long = "a".repeat(256);
        let several: [&[&str]; 6] = [&[], &[""], &[" "], &["ada", "eve"], &["a\tb"], &[&long]];
        for bad in several {
            let bad: Vec<_> = bad.iter().map(|text| text.as_bytes()).collect();
            assert_eq!(identify(true, &bad).await, Identity::Nobody, "{bad:?}");
        }
        assert_eq!(identify(true, &[b"\xff"]).await, Identity::Nobody);
    }
}
