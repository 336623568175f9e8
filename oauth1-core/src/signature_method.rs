//! Signature methods, RFC 5849 sections 3.4.2 to 3.4.4, and the keys they use.
//!
//! HMAC-SHA1, RSA-SHA1 and PLAINTEXT are the RFC's; the SHA-256 and SHA-512 variants are the same
//! construction over another hash, as section 3.4 allows servers to add.

use alloc::boxed::Box;
#[cfg(feature = "rsa")]
use alloc::vec::Vec;
use core::{fmt, str::FromStr};

use base64::{Engine, prelude::BASE64_STANDARD};
use hmac::{Hmac, KeyInit, Mac};
use sha1::Sha1;
use sha2::{Sha256, Sha512};
use subtle::{Choice, ConstantTimeEq};
use zeroize::Zeroizing;

use crate::{
    credentials::{SharedSecret, joined},
    encoded::Piece,
    sign::SignError,
    signature_base_string::WriteBaseString,
    signed::Signed,
    sink::mac_of,
};

/// The value of `oauth_signature_method`; names are case sensitive (section 3.1).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum SignatureMethod {
    /// Section 3.4.2.
    #[default]
    HmacSha1,
    /// HMAC with SHA-256.
    HmacSha256,
    /// HMAC with SHA-512.
    HmacSha512,
    /// Section 3.4.4: no signature, the secrets themselves. Only over TLS.
    Plaintext,
    /// Section 3.4.3.
    RsaSha1,
    /// RSASSA-PKCS1-v1_5 with SHA-256.
    RsaSha256,
    /// RSASSA-PKCS1-v1_5 with SHA-512.
    RsaSha512,
}

impl SignatureMethod {
    /// Every method, in the order of this enum.
    pub const ALL: [Self; 7] = [
        Self::HmacSha1,
        Self::HmacSha256,
        Self::HmacSha512,
        Self::Plaintext,
        Self::RsaSha1,
        Self::RsaSha256,
        Self::RsaSha512,
    ];

    /// The wire name.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::HmacSha1 => "HMAC-SHA1",
            Self::HmacSha256 => "HMAC-SHA256",
            Self::HmacSha512 => "HMAC-SHA512",
            Self::Plaintext => "PLAINTEXT",
            Self::RsaSha1 => "RSA-SHA1",
            Self::RsaSha256 => "RSA-SHA256",
            Self::RsaSha512 => "RSA-SHA512",
        }
    }

    #[inline]
    pub(crate) fn of(name: &[u8]) -> Option<Self> {
        Self::ALL.into_iter().find(|method| method.as_str().as_bytes() == name)
    }

    /// The hash that the method, and its `oauth_body_hash`, use; PLAINTEXT takes SHA-1.
    #[must_use]
    pub const fn hash(self) -> HashAlgorithm {
        match self {
            Self::HmacSha1 | Self::RsaSha1 | Self::Plaintext => HashAlgorithm::Sha1,
            Self::HmacSha256 | Self::RsaSha256 => HashAlgorithm::Sha256,
            Self::HmacSha512 | Self::RsaSha512 => HashAlgorithm::Sha512,
        }
    }

    /// Whether the key is an RSA key pair instead of the shared-secrets.
    #[must_use]
    pub const fn is_rsa(self) -> bool {
        matches!(self, Self::RsaSha1 | Self::RsaSha256 | Self::RsaSha512)
    }
}

impl fmt::Display for SignatureMethod {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for SignatureMethod {
    type Err = UnknownSignatureMethod;

    fn from_str(name: &str) -> Result<Self, Self::Err> {
        Self::of(name.as_bytes()).ok_or(UnknownSignatureMethod)
    }
}

/// Not the name of a signature method that is implemented here.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "unknown signature method: use HMAC-SHA1, HMAC-SHA256, HMAC-SHA512, PLAINTEXT, RSA-SHA1, RSA-SHA256 or RSA-SHA512, in this spelling"
)]
pub struct UnknownSignatureMethod;

/// A hash function.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum HashAlgorithm {
    /// 160 bits.
    Sha1,
    /// 256 bits.
    Sha256,
    /// 512 bits.
    Sha512,
}

/// What signs a base string: one method with its key set up.
///
/// HMAC keeps the state after its key block, so each signature starts from there. `Debug` names
/// the method only.
#[derive(Clone)]
pub struct SigningKey(Kind);

#[derive(Clone)]
pub(crate) enum Kind {
    HmacSha1(Hmac<Sha1>),
    HmacSha256(Hmac<Sha256>),
    HmacSha512(Hmac<Sha512>),
    Plaintext(Zeroizing<Box<str>>),
    #[cfg(feature = "rsa")]
    Rsa(SignatureMethod, crate::rsa::RsaPrivateKey),
}

impl SigningKey {
    /// The key of an HMAC method or of PLAINTEXT; `None` for an RSA method.
    #[must_use]
    pub fn shared(
        method: SignatureMethod,
        client: &SharedSecret,
        token: Option<&SharedSecret>,
    ) -> Option<Self> {
        let key = joined(client, token);
        Self::from_octets(method, key.as_bytes())
    }

    /// The key of an HMAC method from the octets that RFC 2104 calls the key, or of PLAINTEXT
    /// from the whole signature; `None` for an RSA method, or PLAINTEXT that is no UTF-8.
    #[must_use]
    pub fn from_octets(method: SignatureMethod, key: &[u8]) -> Option<Self> {
        // HMAC takes keys of any length; new_from_slice cannot fail.
        Some(Self(match method {
            SignatureMethod::HmacSha1 => Kind::HmacSha1(Hmac::new_from_slice(key).ok()?),
            SignatureMethod::HmacSha256 => Kind::HmacSha256(Hmac::new_from_slice(key).ok()?),
            SignatureMethod::HmacSha512 => Kind::HmacSha512(Hmac::new_from_slice(key).ok()?),
            SignatureMethod::Plaintext => {
                Kind::Plaintext(Zeroizing::new(Box::from(core::str::from_utf8(key).ok()?)))
            }
            _ => return None,
        }))
    }

    /// An RSA method with its private key; `None` if the method is no RSA method, or needs the
    /// feature `rsa-sha1-signing` that is off.
    #[cfg(feature = "rsa")]
    #[must_use]
    pub fn rsa(method: SignatureMethod, key: crate::rsa::RsaPrivateKey) -> Option<Self> {
        let sha1_possible = cfg!(feature = "rsa-sha1-signing");
        (method.is_rsa() && (sha1_possible || method != SignatureMethod::RsaSha1))
            .then_some(Self(Kind::Rsa(method, key)))
    }

    /// The method this key signs with.
    #[must_use]
    pub const fn method(&self) -> SignatureMethod {
        match &self.0 {
            Kind::HmacSha1(_) => SignatureMethod::HmacSha1,
            Kind::HmacSha256(_) => SignatureMethod::HmacSha256,
            Kind::HmacSha512(_) => SignatureMethod::HmacSha512,
            Kind::Plaintext(_) => SignatureMethod::Plaintext,
            #[cfg(feature = "rsa")]
            Kind::Rsa(method, _) => *method,
        }
    }

    pub(crate) const fn kind(&self) -> &Kind {
        &self.0
    }

    /// Signs a finished base string.
    ///
    /// # Errors
    /// [`SigningFailed`], which only an RSA key can cause.
    pub fn sign(&self, base_string: &[u8]) -> Result<Signature, SigningFailed> {
        self.sign_base_string(&base_string, Signature::of).map_err(|_| SigningFailed)
    }

    /// Signs a base string and hands what comes of it to `then`.
    #[inline(always)]
    pub(crate) fn sign_base_string<W: WriteBaseString, T>(
        &self,
        base_string: &W,
        then: impl FnOnce(Signed<'_>) -> T,
    ) -> Result<T, SignError> {
        Ok(match &self.0 {
            Kind::HmacSha1(key) => then(Signed::Octets(&mac_of(key, base_string)?)),
            Kind::HmacSha256(key) => then(Signed::Octets(&mac_of(key, base_string)?)),
            Kind::HmacSha512(key) => then(Signed::Octets(&mac_of(key, base_string)?)),
            Kind::Plaintext(secrets) => then(Signed::Text(secrets)),
            #[cfg(feature = "rsa")]
            Kind::Rsa(method, key) => {
                let mut text = Vec::new();
                base_string.write(&mut text)?;
                then(Signed::Octets(&key.sign(method.hash(), &text).ok_or(SigningFailed)?))
            }
        })
    }

    /// Whether the presented signature is this key's for the base string. Takes the same time
    /// wherever the two differ. `false` for RSA: that needs the public key.
    fn verifies<W: WriteBaseString>(&self, base_string: &W, presented: &[u8]) -> bool {
        fn mac_matches<M: Mac + Clone, W: WriteBaseString>(
            key: &M,
            base_string: &W,
            presented: &[u8],
        ) -> bool {
            let Ok(computed) = mac_of(key, base_string) else { return false };
            let mut decoded = [0; 64];
            // Strict Base64: padding and pad bits must be canonical, so one MAC has one spelling.
            let length = match BASE64_STANDARD.decode_slice(presented, &mut decoded) {
                Ok(length) if length == computed.len() => length,
                _ => return false,
            };
            same(&computed, &decoded[..length]).into()
        }
        match &self.0 {
            Kind::HmacSha1(key) => mac_matches(key, base_string, presented),
            Kind::HmacSha256(key) => mac_matches(key, base_string, presented),
            Kind::HmacSha512(key) => mac_matches(key, base_string, presented),
            Kind::Plaintext(secrets) => secrets.as_bytes().ct_eq(presented).into(),
            #[cfg(feature = "rsa")]
            Kind::Rsa(..) => false,
        }
    }
}

/// Compares in constant time, four octets at once.
fn same(a: &[u8], b: &[u8]) -> Choice {
    let ((a_fours, a_rest), (b_fours, b_rest)) = (a.as_chunks::<4>(), b.as_chunks::<4>());
    let pairs = a_fours.iter().zip(b_fours);
    pairs.fold(a_rest.ct_eq(b_rest) & a.len().ct_eq(&b.len()), |same, (a, b)| {
        same & u32::from_ne_bytes(*a).ct_eq(&u32::from_ne_bytes(*b))
    })
}

impl fmt::Debug for SigningKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SigningKey({} [redacted])", self.method())
    }
}

/// What checks a signature: one method, pinned, with its key set up.
///
/// A key never checks a signature that names another method, whatever the sender asks for.
#[derive(Clone, Debug)]
pub struct VerificationKey(Check);

// One key is made per credential and kept: its size in place beats another allocation.
#[allow(clippy::large_enum_variant)]
#[derive(Clone, Debug)]
enum Check {
    Shared(SigningKey),
    #[cfg(feature = "rsa")]
    Rsa(SignatureMethod, crate::rsa::RsaPublicKey),
}

impl VerificationKey {
    /// The key of an HMAC method or of PLAINTEXT; `None` for an RSA method.
    #[must_use]
    pub fn shared(
        method: SignatureMethod,
        client: &SharedSecret,
        token: Option<&SharedSecret>,
    ) -> Option<Self> {
        SigningKey::shared(method, client, token).map(|key| Self(Check::Shared(key)))
    }

    /// An RSA method with its public key; `None` if the method is no RSA method.
    #[cfg(feature = "rsa")]
    #[must_use]
    pub fn rsa(method: SignatureMethod, key: crate::rsa::RsaPublicKey) -> Option<Self> {
        method.is_rsa().then_some(Self(Check::Rsa(method, key)))
    }

    /// The one method this key checks.
    #[must_use]
    pub const fn method(&self) -> SignatureMethod {
        match &self.0 {
            Check::Shared(key) => key.method(),
            #[cfg(feature = "rsa")]
            Check::Rsa(method, _) => *method,
        }
    }

    /// Checks the decoded value of `oauth_signature` against a finished base string.
    ///
    /// This answers for the octets alone; only [`crate::PresentedRequest::verify_signature`]
    /// makes a [`crate::SignatureVerified`].
    #[must_use]
    pub fn verifies(&self, base_string: &[u8], signature: &str) -> bool {
        self.verifies_base_string(&base_string, Piece::literal(signature.as_bytes()))
    }

    #[inline]
    pub(crate) fn verifies_base_string<W: WriteBaseString>(
        &self,
        base_string: &W,
        presented: Piece<'_>,
    ) -> bool {
        // Enough for every HMAC; only other signatures are longer.
        let mut stack = [0; 96];
        let heap;
        let presented = match presented.decode_into(&mut stack) {
            Some(decoded) => decoded,
            None => {
                heap = presented.decoded();
                &*heap
            }
        };
        match &self.0 {
            Check::Shared(key) => key.verifies(base_string, presented),
            #[cfg(feature = "rsa")]
            Check::Rsa(method, key) => {
                let mut text = Vec::new();
                base_string.write(&mut text).is_ok()
                    && BASE64_STANDARD
                        .decode(presented)
                        .is_ok_and(|signature| key.verify(method.hash(), &text, &signature))
            }
        }
    }
}

/// From a signing key of a shared-secret method.
impl TryFrom<SigningKey> for VerificationKey {
    type Error = SigningKey;

    fn try_from(key: SigningKey) -> Result<Self, SigningKey> {
        if key.method().is_rsa() { Err(key) } else { Ok(Self(Check::Shared(key))) }
    }
}

/// The decoded value of `oauth_signature`: Base64 for HMAC and RSA, the joined secrets for
/// PLAINTEXT. Redacted in `Debug`, wiped when dropped, and not comparable with `==`.
pub struct Signature(Zeroizing<Box<str>>);

impl Signature {
    fn of(signed: Signed<'_>) -> Self {
        Self(Zeroizing::new(match signed {
            Signed::Octets(octets) => BASE64_STANDARD.encode(octets).into_boxed_str(),
            Signed::Text(text) => Box::from(text),
        }))
    }

    /// The value before it is encoded for transmission.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Signature {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Signature([redacted])")
    }
}

/// The RSA key could not sign: it is too small for the hash, or the library refused it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the RSA key could not make the signature; use a key of 2048 bits or more")]
pub struct SigningFailed;
