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
    pair: Arc<KeyPair>,
    #[cfg(feature = "rsa-sha1-signing")]
    sha1: Arc<rsa::RsaPrivateKey>,
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
        let pair = if pkcs8 { KeyPair::from_pkcs8(der) } else { KeyPair::from_der(der) };
        #[cfg(feature = "rsa-sha1-signing")]
        let sha1 = {
            use rsa::{pkcs1::DecodeRsaPrivateKey, pkcs8::DecodePrivateKey};
            if pkcs8 {
                rsa::RsaPrivateKey::from_pkcs8_der(der).map_err(|_| InvalidRsaKey::Content)?
            } else {
                rsa::RsaPrivateKey::from_pkcs1_der(der).map_err(|_| InvalidRsaKey::Content)?
            }
        };
        Ok(Self {
            pair: Arc::new(pair.map_err(|_| InvalidRsaKey::Content)?),
            #[cfg(feature = "rsa-sha1-signing")]
            sha1: Arc::new(sha1),
        })
    }

    /// The public half.
    #[must_use]
    pub fn public_key(&self) -> RsaPublicKey {
        use lc::KeyPair as _;
        RsaPublicKey { der: self.pair.public_key().as_ref().into() }
    }

    pub(crate) fn sign(&self, hash: HashAlgorithm, message: &[u8]) -> Option<Vec<u8>> {
        let encoding = match hash {
            HashAlgorithm::Sha1 => return self.sign_sha1(message),
            HashAlgorithm::Sha256 => &lc::RSA_PKCS1_SHA256,
            HashAlgorithm::Sha512 => &lc::RSA_PKCS1_SHA512,
        };
        let mut signature = vec![0; self.pair.public_modulus_len()];
        self.pair.sign(encoding, &SystemRandom::new(), message, &mut signature).ok()?;
        Some(signature)
    }

    #[cfg(feature = "rsa-sha1-signing")]
    fn sign_sha1(&self, message: &[u8]) -> Option<Vec<u8>> {
        use sha1::Digest;
        // The DigestInfo of SHA-1 (RFC 8017 section 9.2, note 1).
        const PREFIX: [u8; 15] = [0x30, 0x21, 0x30, 9, 6, 5, 0x2b, 0x0e, 3, 2, 0x1a, 5, 0, 4, 0x14];
        let padding = rsa::Pkcs1v15Sign { hash_len: Some(20), prefix: PREFIX.into() };
        // Blinded, against timing attacks on the private key.
        let digest = sha1::Sha1::digest(message);
        self.sha1.sign_with_rng(&mut rsa::rand_core::OsRng, padding, &digest).ok()
    }

    #[cfg(not(feature = "rsa-sha1-signing"))]
    #[allow(clippy::unused_self)]
    const fn sign_sha1(&self, _message: &[u8]) -> Option<Vec<u8>> {
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
