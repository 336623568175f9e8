//! Credentials, RFC 5849 sections 1.1 and 2: an identifier and a shared-secret.
//!
//! | here (RFC 5849) | elsewhere |
//! |---|---|
//! | client credentials | consumer key and secret, app key and secret, API key |
//! | temporary credentials | request token and secret |
//! | token credentials | access token and secret |

use alloc::{boxed::Box, string::String};
use core::fmt;

use zeroize::Zeroizing;

use crate::percent_encoding::encode_into;

/// The secret half of a set of credentials: any text, possibly empty.
///
/// `Debug` is redacted, there is no `Display`, and the memory is wiped when it is dropped.
///
/// ```
/// let secret = oauth1_core::SharedSecret::new("canary");
/// assert_eq!(format!("{secret:?}"), "SharedSecret([redacted])");
/// ```
///
/// ```compile_fail,E0277
/// let secret = oauth1_core::SharedSecret::new("canary");
/// assert_eq!(format!("{secret}"), "SharedSecret([redacted])");
/// ```
#[derive(Clone)]
pub struct SharedSecret(Zeroizing<Box<str>>);

impl SharedSecret {
    /// Takes the decoded secret; it is percent-encoded where section 3.4.2 says so.
    pub fn new(secret: impl Into<String>) -> Self {
        // Shrinking a String may move it and leave a copy behind, so copy and wipe the original.
        let secret = Zeroizing::new(secret.into());
        Self(Zeroizing::new(Box::from(secret.as_str())))
    }

    /// The secret itself. Never log it.
    #[must_use]
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for SharedSecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SharedSecret([redacted])")
    }
}

/// `enc(client secret) & enc(token secret)`: the HMAC key of section 3.4.2 and the PLAINTEXT
/// signature of section 3.4.4. The `&` stands there even if both are empty.
pub(crate) fn joined(client: &SharedSecret, token: Option<&SharedSecret>) -> Zeroizing<Box<str>> {
    let token = token.map_or("", SharedSecret::expose);
    // Each octet takes at most three: with this capacity the secrets are never reallocated.
    let capacity = 3 * (client.expose().len() + token.len()) + 1;
    let mut key = Zeroizing::new(String::with_capacity(capacity));
    encode_into(&mut key, client.expose().as_bytes());
    key.push('&');
    encode_into(&mut key, token.as_bytes());
    Zeroizing::new(Box::from(key.as_str()))
}

macro_rules! credentials {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, Debug)]
        pub struct $name {
            identifier: Box<str>,
            secret: SharedSecret,
        }

        impl $name {
            /// Joins an identifier and its secret, both decoded.
            pub fn new(identifier: impl Into<String>, secret: impl Into<String>) -> Self {
                Self::with_secret(identifier, SharedSecret::new(secret))
            }

            /// Joins an identifier and a secret held elsewhere.
            pub fn with_secret(identifier: impl Into<String>, secret: SharedSecret) -> Self {
                Self { identifier: identifier.into().into_boxed_str(), secret }
            }

            /// The public half.
            #[must_use]
            pub fn identifier(&self) -> &str {
                &self.identifier
            }

            /// The secret half.
            #[must_use]
            pub const fn secret(&self) -> &SharedSecret {
                &self.secret
            }
        }
    };
}

credentials! {
    /// Identify the client, `oauth_consumer_key` (section 1.1): app key and app secret.
    ClientCredentials
}
credentials! {
    /// Identify one authorization in progress, `oauth_token` (section 2.1): request token.
    TemporaryCredentials
}
credentials! {
    /// Identify the resource owner's grant, `oauth_token` (section 2.3): access token.
    TokenCredentials
}

/// The verification code that the resource owner brought back (section 2.2), `oauth_verifier`.
#[derive(Clone)]
pub struct Verifier(SharedSecret);

impl Verifier {
    /// Takes the decoded code.
    pub fn new(code: impl Into<String>) -> Self {
        Self(SharedSecret::new(code))
    }

    /// The code itself.
    #[must_use]
    pub fn expose(&self) -> &str {
        self.0.expose()
    }
}

impl fmt::Debug for Verifier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Verifier([redacted])")
    }
}

/// Where the server sends the resource owner back to (section 2.1), `oauth_callback`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Callback {
    /// `oob`, case sensitive: the client cannot receive callbacks, or the callback is agreed on
    /// by other means.
    OutOfBand,
    /// An absolute URI.
    Uri(Box<str>),
}

impl Callback {
    /// An absolute URI to come back to.
    pub fn uri(uri: impl Into<String>) -> Self {
        Self::Uri(uri.into().into_boxed_str())
    }

    /// The decoded value of `oauth_callback`.
    #[must_use]
    pub fn as_str(&self) -> &str {
        match self {
            Self::OutOfBand => "oob",
            Self::Uri(uri) => uri,
        }
    }
}

#[cfg(test)]
mod tests {
    use alloc::format;

    use super::*;

    #[test]
    fn secrets_never_show_in_debug() {
        let token = TokenCredentials::new("identifier", "canary-secret");
        let shown = format!("{token:?} {:?} {:?}", token.secret(), Verifier::new("canary-secret"));
        assert!(shown.contains("identifier") && !shown.contains("canary"), "{shown}");
    }

    #[test]
    fn the_key_is_encoded_and_always_has_its_ampersand() {
        let secret = SharedSecret::new;
        assert_eq!(&**joined(&secret(""), None), "&");
        assert_eq!(&**joined(&secret("a&b"), Some(&secret("é+"))), "a%26b&%C3%A9%2B");
    }
}
