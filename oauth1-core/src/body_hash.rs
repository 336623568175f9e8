//! The body hash, of the OAuth Request Body Hash extension.
//!
//! Section 3.4.1 leaves JSON, multipart and other bodies unsigned. The extension signs a hash of
//! them as `oauth_body_hash`: the Base64 of the hash that the signature method uses. Form-encoded
//! bodies have none: their parameters are signed.

use alloc::string::String;

use base64::{Engine, prelude::BASE64_STANDARD};
use sha1::{Digest, Sha1};
use sha2::{Sha256, Sha512};
use subtle::ConstantTimeEq;

use crate::signature_method::HashAlgorithm;

/// The value of `oauth_body_hash` for a whole body.
///
/// ```
/// use oauth1_core::{body_hash::body_hash, HashAlgorithm};
/// assert_eq!(body_hash(HashAlgorithm::Sha1, b"Hello World!"), "Lve95gjOVATpfV8EL5X4nxwjKHE=");
/// ```
#[must_use]
pub fn body_hash(algorithm: HashAlgorithm, body: &[u8]) -> String {
    let mut hasher = BodyHasher::new(algorithm);
    hasher.update(body);
    hasher.finish()
}

/// Computes `oauth_body_hash` of a body that comes in pieces.
#[derive(Clone, Debug)]
pub struct BodyHasher(State);

#[derive(Clone, Debug)]
enum State {
    Sha1(Sha1),
    Sha256(Sha256),
    Sha512(Sha512),
}

impl BodyHasher {
    /// Starts with an empty body.
    #[must_use]
    pub fn new(algorithm: HashAlgorithm) -> Self {
        Self(match algorithm {
            HashAlgorithm::Sha1 => State::Sha1(Sha1::new()),
            HashAlgorithm::Sha256 => State::Sha256(Sha256::new()),
            HashAlgorithm::Sha512 => State::Sha512(Sha512::new()),
        })
    }

    /// Adds the next piece.
    pub fn update(&mut self, piece: &[u8]) {
        match &mut self.0 {
            State::Sha1(hash) => hash.update(piece),
            State::Sha256(hash) => hash.update(piece),
            State::Sha512(hash) => hash.update(piece),
        }
    }

    /// The value of `oauth_body_hash`.
    #[must_use]
    pub fn finish(self) -> String {
        match self.0 {
            State::Sha1(hash) => BASE64_STANDARD.encode(hash.finalize()),
            State::Sha256(hash) => BASE64_STANDARD.encode(hash.finalize()),
            State::Sha512(hash) => BASE64_STANDARD.encode(hash.finalize()),
        }
    }

    /// Whether the body's hash is the presented one.
    #[must_use]
    pub fn matches(self, presented: &str) -> bool {
        self.finish().as_bytes().ct_eq(presented.as_bytes()).into()
    }
}
