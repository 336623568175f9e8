//! RSA keys for RSA-SHA1 (RFC 5849 section 3.4.3), RSA-SHA256 and RSA-SHA512.
//!
//! Verification, and signing with SHA-256 and SHA-512, are done by aws-lc-rs. It makes no SHA-1
//! signatures; the feature `rsa-sha1-signing` adds the `rsa` crate for those alone.

use alloc::{sync::Arc, vec, vec::Vec};
use core::fmt;

use aws_lc_rs::{rand::SystemRandom, rsa::KeyPair, signature as lc};
use base64::{Engine, prelude::BASE64_STANDARD};
use zeroize::Zeroizing;

use crate::signature_method::HashAlgorithm;

/// The client's private key. `Debug` is redacted.
#[derive(Clone)]
pub struct RsaPrivateKey {
    /// `None` for a key below 2,048 bits: aws-lc-rs makes no signatures with those.
    pair: Option<Arc<KeyPair>>,
    public: RsaPublicKey,
    /// For RSA-SHA1 with any key, and for every method with a key below 2,048 bits.
    #[cfg(feature = "rsa-sha1-signing")]
    legacy: Arc<rsa::RsaPrivateKey>,
}

impl RsaPrivateKey {
    /// Reads `PRIVATE KEY` (PKCS#8) or `RSA PRIVATE KEY` (PKCS#1) in PEM.
    ///
    /// # Errors
    /// [`InvalidRsaKey`] says what is wrong with it.
    pub fn from_pem(pem: &str) -> Result<Self, InvalidRsaKey> {
        let (label, der) = decode_pem(pem)?;
        match label {
            "PRIVATE KEY" => Self::from_der(&der, true),
            "RSA PRIVATE KEY" => Self::from_der(&der, false),
            "ENCRYPTED PRIVATE KEY" => Err(InvalidRsaKey::Encrypted),
            _ => Err(InvalidRsaKey::Label),
        }
    }

    fn from_der(der: &[u8], pkcs8: bool) -> Result<Self, InvalidRsaKey> {
        use lc::KeyPair as _;
        let pair = if pkcs8 { KeyPair::from_pkcs8(der) } else { KeyPair::from_der(der) };
        let pair = pair.ok().map(Arc::new);
        #[cfg(feature = "rsa-sha1-signing")]
        {
            use rsa::{
                pkcs1::DecodeRsaPrivateKey, pkcs8::DecodePrivateKey, traits::PublicKeyParts,
            };
            let legacy = if pkcs8 {
                rsa::RsaPrivateKey::from_pkcs8_der(der).map_err(|_| InvalidRsaKey::Content)?
            } else {
                rsa::RsaPrivateKey::from_pkcs1_der(der).map_err(|_| InvalidRsaKey::Content)?
            };
            let public = match &pair {
                Some(pair) => RsaPublicKey { der: pair.public_key().as_ref().into() },
                None => RsaPublicKey::from_components(
                    &legacy.n().to_bytes_be(),
                    &legacy.e().to_bytes_be(),
                )?,
            };
            Ok(Self { pair, public, legacy: Arc::new(legacy) })
        }
        #[cfg(not(feature = "rsa-sha1-signing"))]
        {
            let pair = pair.ok_or(InvalidRsaKey::Content)?;
            let public = RsaPublicKey { der: pair.public_key().as_ref().into() };
            Ok(Self { pair: Some(pair), public })
        }
    }

    /// The public half.
    #[must_use]
    pub fn public_key(&self) -> RsaPublicKey {
        self.public.clone()
    }

    pub(crate) fn sign(&self, hash: HashAlgorithm, message: &[u8]) -> Option<Vec<u8>> {
        let encoding = match hash {
            HashAlgorithm::Sha1 => return self.sign_legacy(hash, message),
            HashAlgorithm::Sha256 => &lc::RSA_PKCS1_SHA256,
            HashAlgorithm::Sha512 => &lc::RSA_PKCS1_SHA512,
        };
        let Some(pair) = &self.pair else { return self.sign_legacy(hash, message) };
        let mut signature = vec![0; pair.public_modulus_len()];
        pair.sign(encoding, &SystemRandom::new(), message, &mut signature).ok()?;
        Some(signature)
    }

    #[cfg(feature = "rsa-sha1-signing")]
    fn sign_legacy(&self, hash: HashAlgorithm, message: &[u8]) -> Option<Vec<u8>> {
        use sha1::Digest;
        // DigestInfo up to the hash (RFC 8017 section 9.2, note 1); the SHA-2 ones differ in two
        // lengths and the last arc.
        const SHA1: &[u8] = &[0x30, 0x21, 0x30, 9, 6, 5, 0x2b, 0x0e, 3, 2, 0x1a, 5, 0, 4, 0x14];
        const SHA256: &[u8] =
            &[0x30, 0x31, 0x30, 13, 6, 9, 0x60, 0x86, 0x48, 1, 0x65, 3, 4, 2, 1, 5, 0, 4, 0x20];
        const SHA512: &[u8] =
            &[0x30, 0x51, 0x30, 13, 6, 9, 0x60, 0x86, 0x48, 1, 0x65, 3, 4, 2, 3, 5, 0, 4, 0x40];
        let (prefix, digest) = match hash {
            HashAlgorithm::Sha1 => (SHA1, sha1::Sha1::digest(message).to_vec()),
            HashAlgorithm::Sha256 => (SHA256, sha2::Sha256::digest(message).to_vec()),
            HashAlgorithm::Sha512 => (SHA512, sha2::Sha512::digest(message).to_vec()),
        };
        let padding = rsa::Pkcs1v15Sign { hash_len: Some(digest.len()), prefix: prefix.into() };
        // Blinded, against timing attacks on the private key.
        self.legacy.sign_with_rng(&mut rsa::rand_core::OsRng, padding, &digest).ok()
    }

    #[cfg(not(feature = "rsa-sha1-signing"))]
    #[allow(clippy::unused_self)]
    const fn sign_legacy(&self, _hash: HashAlgorithm, _message: &[u8]) -> Option<Vec<u8>> {
        None
    }
}

impl fmt::Debug for RsaPrivateKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("RsaPrivateKey([redacted])")
    }
}

/// A client's public key, of 1,024 to 8,192 bits.
#[derive(Clone, PartialEq, Eq)]
pub struct RsaPublicKey {
    /// `SubjectPublicKeyInfo` or `RSAPublicKey`.
    der: Arc<[u8]>,
}

impl RsaPublicKey {
    /// Reads `PUBLIC KEY`, `RSA PUBLIC KEY` or `CERTIFICATE` in PEM. Of a certificate only the key
    /// is used: neither its dates nor its issuer are looked at.
    ///
    /// # Errors
    /// [`InvalidRsaKey`] says what is wrong with it.
    pub fn from_pem(pem: &str) -> Result<Self, InvalidRsaKey> {
        let (label, der) = decode_pem(pem)?;
        let der = match label {
            "PUBLIC KEY" | "RSA PUBLIC KEY" => &**der,
            "CERTIFICATE" => certificate_key(&der).ok_or(InvalidRsaKey::Content)?,
            _ => return Err(InvalidRsaKey::Label),
        };
        Self::checked(der)
    }

    /// From modulus and public exponent, big-endian.
    ///
    /// # Errors
    /// [`InvalidRsaKey::Content`] if they are no key of an accepted size.
    pub fn from_components(modulus: &[u8], exponent: &[u8]) -> Result<Self, InvalidRsaKey> {
        let integer = |octets: &[u8]| {
            let zeros = octets.iter().take_while(|b| **b == 0).count();
            let mut content = vec![0];
            content.extend_from_slice(&octets[zeros..]);
            if content.get(1).is_some_and(|b| *b < 0x80) {
                content.remove(0);
            }
            der(2, &content)
        };
        let mut both = integer(modulus);
        both.extend(integer(exponent));
        Self::checked(&der(0x30, &both))
    }

    fn checked(der: &[u8]) -> Result<Self, InvalidRsaKey> {
        lc::ParsedPublicKey::new(&lc::RSA_PKCS1_1024_8192_SHA1_FOR_LEGACY_USE_ONLY, der)
            .map_err(|_| InvalidRsaKey::Content)?;
        Ok(Self { der: der.into() })
    }

    pub(crate) fn verify(&self, hash: HashAlgorithm, message: &[u8], signature: &[u8]) -> bool {
        let algorithm = match hash {
            HashAlgorithm::Sha1 => &lc::RSA_PKCS1_1024_8192_SHA1_FOR_LEGACY_USE_ONLY,
            HashAlgorithm::Sha256 => &lc::RSA_PKCS1_1024_8192_SHA256_FOR_LEGACY_USE_ONLY,
            HashAlgorithm::Sha512 => &lc::RSA_PKCS1_1024_8192_SHA512_FOR_LEGACY_USE_ONLY,
        };
        lc::UnparsedPublicKey::new(algorithm, &*self.der).verify(message, signature).is_ok()
    }
}

impl fmt::Debug for RsaPublicKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "RsaPublicKey({} octets)", self.der.len())
    }
}

/// Why a text is not an RSA key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum InvalidRsaKey {
    /// There is no PEM block.
    #[error("not PEM: expected -----BEGIN …-----, Base64, -----END …-----")]
    Pem,
    /// The PEM block holds something else.
    #[error(
        "the PEM label is none of PRIVATE KEY, RSA PRIVATE KEY, PUBLIC KEY, RSA PUBLIC KEY or CERTIFICATE, or not of the half that is needed here"
    )]
    Label,
    /// The private key is encrypted.
    #[error("the private key is encrypted: decrypt it first, as with openssl pkey")]
    Encrypted,
    /// The content is no RSA key of 1,024 to 8,192 bits.
    #[error("the content is not an RSA key of 1024 to 8192 bits")]
    Content,
}

fn decode_pem(pem: &str) -> Result<(&str, Zeroizing<Vec<u8>>), InvalidRsaKey> {
    let (_, rest) = pem.split_once("-----BEGIN ").ok_or(InvalidRsaKey::Pem)?;
    let (label, rest) = rest.split_once("-----").ok_or(InvalidRsaKey::Pem)?;
    let (body, _) = rest.split_once("-----END ").ok_or(InvalidRsaKey::Pem)?;
    let body: Zeroizing<Vec<u8>> =
        Zeroizing::new(body.bytes().filter(|b| !b.is_ascii_whitespace()).collect());
    let der = BASE64_STANDARD.decode(&*body).map_err(|_| InvalidRsaKey::Pem)?;
    Ok((label, Zeroizing::new(der)))
}

/// `SubjectPublicKeyInfo` of an X.509 certificate (RFC 5280 section 4.1).
fn certificate_key(certificate: &[u8]) -> Option<&[u8]> {
    let (_, certificate, _) = element(certificate)?;
    let (_, mut to_be_signed, _) = element(certificate)?;
    let (tag, _, after_version) = element(to_be_signed)?;
    if tag == 0xa0 {
        to_be_signed = after_version;
    }
    // Serial number, algorithm, issuer, validity, subject.
    for _ in 0..5 {
        (_, _, to_be_signed) = element(to_be_signed)?;
    }
    let (_, _, after) = element(to_be_signed)?;
    to_be_signed.get(..to_be_signed.len() - after.len())
}

/// Tag, content and what follows of the first DER element.
fn element(der: &[u8]) -> Option<(u8, &[u8], &[u8])> {
    let (&[tag, first], rest) = der.split_first_chunk::<2>()?;
    let (length, rest) = if first < 0x80 {
        (usize::from(first), rest)
    } else {
        let (octets, rest) = rest.split_at_checked(usize::from(first & 0x7f))?;
        if octets.len() > 4 {
            return None;
        }
        (octets.iter().fold(0, |length, octet| length << 8 | usize::from(*octet)), rest)
    };
    let (content, rest) = rest.split_at_checked(length)?;
    Some((tag, content, rest))
}

fn der(tag: u8, content: &[u8]) -> Vec<u8> {
    let length = content.len().to_be_bytes();
    let significant = &length[length.iter().take_while(|b| **b == 0).count()..];
    let mut out = vec![tag];
    if content.len() >= 0x80 {
        out.push(0x80 | significant.len() as u8);
        out.extend_from_slice(significant);
    } else {
        out.push(content.len() as u8);
    }
    out.extend_from_slice(content);
    out
}
