//! Secrets at rest (RFC 5849 section 4.5): XChaCha20-Poly1305 under a master key that is kept
//! outside of the database.
//!
//! A sealed secret is a random nonce of 24 octets, the ciphertext and the tag. Its associated data
//! names the row, the credential it belongs to, the field and the key, so that it opens nowhere
//! else. The row holds the id of the key, never the key.

mod source;

use base64::{Engine, engine::general_purpose::STANDARD};
use chacha20poly1305::{
    KeyInit, XChaCha20Poly1305, XNonce,
    aead::{Aead, Payload},
};
use rand::{TryRng, rngs::SysRng};
use sha2::{Digest, Sha256};
use zeroize::Zeroizing;

pub(crate) use source::Existing;
pub use source::{Keyring, MasterKeySource};

/// Master keys: one seals, all of them open. `Debug` shows the ids only.
///
/// As text: one key per line, 32 octets in Base64 (44 characters). The first is the active one.
/// Empty lines and lines that begin with `#` mean nothing.
pub struct MasterKeys(Vec<MasterKey>);

struct MasterKey {
    id: Box<str>,
    octets: Zeroizing<[u8; KEY_LENGTH]>,
}

/// Where a sealed secret stands. It opens only there.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Place<'a> {
    /// Of the row.
    pub(crate) row: &'a str,
    /// The row id of the client or token that the secret belongs to.
    pub(crate) credential: &'a str,
    pub(crate) field: &'static str,
}

/// A sealed secret, and the id of the key that opens it.
#[derive(Clone, Debug)]
pub(crate) struct Sealed {
    pub(crate) key_id: Box<str>,
    pub(crate) octets: Vec<u8>,
}

/// Why there are no master keys, or why they do not seal or open.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SealError {
    /// Not the text of master keys.
    #[error(
        "line {line} of the master key is not 32 octets in Base64; make a key with: head -c 32 /dev/urandom | base64"
    )]
    Malformed {
        /// Counted from 1.
        line: usize,
    },
    /// The text holds no key.
    #[error("the master key is empty; make one with: head -c 32 /dev/urandom | base64")]
    Empty,
    /// The same key twice.
    #[error("the master key holds the key {0} twice; leave one of the lines out")]
    Repeated(Box<str>),
    /// The operating system gave no random octets.
    #[error("the operating system gave no random bytes")]
    NoRandomness,
    /// Sealed with a key that is not there.
    #[error(
        "a secret was sealed with master key {0}, which is not among those that are configured; restore it from a backup"
    )]
    UnknownKey(Box<str>),
    /// Changed, moved, or not sealed by us at all.
    #[error(
        "a secret of row {0} was changed or moved in the database; restore it from a backup, or rotate that key"
    )]
    Tampered(Box<str>),
    /// There is no file that a new key could be written to.
    #[error(
        "the master key does not come from a file that can be written; put a new key in front of the present one, restart all servers, and run rekey again"
    )]
    NoSecondKey,
    /// The file could not be read or written.
    #[error("{what} {path}: {error}")]
    File {
        /// What was tried.
        what: &'static str,
        /// The file.
        path: Box<str>,
        /// Why it failed.
        error: std::io::Error,
    },
    /// Others may read the file, or it is somebody else's.
    #[error("{path} {what}; run: {fix} {path}")]
    Exposed {
        /// The file.
        path: Box<str>,
        /// What is wrong with it.
        what: &'static str,
        /// The command that corrects it.
        fix: &'static str,
    },
}

impl MasterKeys {
    /// Reads the text form.
    ///
    /// # Errors
    /// [`SealError::Malformed`], [`SealError::Empty`] or [`SealError::Repeated`]; none repeats what
    /// was read.
    pub fn parse(text: &str) -> Result<Self, SealError> {
        let mut keys = Self(Vec::new());
        for (line, text) in text.lines().map(str::trim).enumerate() {
            if text.is_empty() || text.starts_with('#') {
                continue;
            }
            // One octet more than fits, to refuse what is longer without a copy on the heap.
            let mut octets = Zeroizing::new([0; KEY_LENGTH + 1]);
            let length = STANDARD.decode_slice(text, &mut *octets).ok();
            let key = match length {
                Some(KEY_LENGTH) => MasterKey::new(&octets[..KEY_LENGTH]),
                _ => return Err(SealError::Malformed { line: line + 1 }),
            };
            if keys.key(&key.id).is_some() {
                return Err(SealError::Repeated(key.id));
            }
            keys.0.push(key);
        }
        if keys.0.is_empty() { Err(SealError::Empty) } else { Ok(keys) }
    }

    /// One new key.
    ///
    /// # Errors
    /// [`SealError::NoRandomness`].
    pub fn random() -> Result<Self, SealError> {
        let mut octets = Zeroizing::new([0; KEY_LENGTH]);
        SysRng.try_fill_bytes(&mut *octets).map_err(|_| SealError::NoRandomness)?;
        Ok(Self(vec![MasterKey::new(&*octets)]))
    }

    /// The text form.
    #[must_use]
    pub fn to_text(&self) -> Zeroizing<String> {
        // Never grows, so that no copy is left behind.
        let mut text = Zeroizing::new(String::with_capacity(self.0.len() * (KEY_LENGTH * 2)));
        for key in &self.0 {
            STANDARD.encode_string(key.octets.as_slice(), &mut text);
            text.push('\n');
        }
        text
    }

    /// The id of the key that seals.
    #[must_use]
    pub fn active_id(&self) -> &str {
        self.0.first().map_or("", |key| &key.id)
    }

    /// The ids of all keys, the active one first.
    pub fn ids(&self) -> impl Iterator<Item = &str> {
        self.0.iter().map(|key| &*key.id)
    }

    /// These keys behind another, which becomes the active one.
    pub(crate) fn with_active(self, new: Self) -> Self {
        let mut keys = new.0;
        keys.truncate(1);
        let known: Vec<_> = self.0.into_iter().filter(|key| key.id != keys[0].id).collect();
        keys.extend(known);
        Self(keys)
    }

    /// The active key alone.
    pub(crate) fn active_only(mut self) -> Self {
        self.0.truncate(1);
        self
    }

    /// Seals with the key of an id.
    pub(crate) fn seal(
        &self,
        key_id: &str,
        place: Place<'_>,
        secret: &[u8],
    ) -> Result<Sealed, SealError> {
        let key = self.key(key_id).ok_or_else(|| SealError::UnknownKey(key_id.into()))?;
        let mut nonce = [0; NONCE_LENGTH];
        SysRng.try_fill_bytes(&mut nonce).map_err(|_| SealError::NoRandomness)?;
        let aad = place.associated_data(&key.id);
        let payload = Payload { msg: secret, aad: &aad };
        // Fails for more than 256 GiB only.
        let sealed = key.cipher().encrypt(&XNonce::from(nonce), payload);
        let sealed = sealed.map_err(|_| SealError::Tampered(place.row.into()))?;
        Ok(Sealed { key_id: key.id.clone(), octets: [&nonce, &*sealed].concat() })
    }

    /// Opens what was sealed for the same place.
    pub(crate) fn open(
        &self,
        place: Place<'_>,
        key_id: &str,
        sealed: &[u8],
    ) -> Result<Zeroizing<Vec<u8>>, SealError> {
        let key = self.key(key_id).ok_or_else(|| SealError::UnknownKey(key_id.into()))?;
        let tampered = || SealError::Tampered(place.row.into());
        let (nonce, sealed) = sealed.split_first_chunk::<NONCE_LENGTH>().ok_or_else(tampered)?;
        let aad = place.associated_data(&key.id);
        let payload = Payload { msg: sealed, aad: &aad };
        let secret = key.cipher().decrypt(&XNonce::from(*nonce), payload);
        secret.map(Zeroizing::new).map_err(|_| tampered())
    }

    fn key(&self, id: &str) -> Option<&MasterKey> {
        self.0.iter().find(|key| *key.id == *id)
    }
}

impl MasterKey {
    /// Takes 32 octets.
    fn new(octets: &[u8]) -> Self {
        let mut key = Zeroizing::new([0; KEY_LENGTH]);
        key.copy_from_slice(octets);
        let hash = Sha256::new().chain_update(ID_DOMAIN).chain_update(octets).finalize();
        let id: String = hash.iter().take(ID_LENGTH).map(|octet| format!("{octet:02x}")).collect();
        Self { id: id.into(), octets: key }
    }

    fn cipher(&self) -> XChaCha20Poly1305 {
        XChaCha20Poly1305::new((&*self.octets).into())
    }
}

impl Place<'_> {
    /// No part has a line feed, so no two places have the same.
    fn associated_data(&self, key_id: &str) -> Vec<u8> {
        let Self { row, credential, field } = self;
        format!("{SEAL_DOMAIN}\n{row}\n{credential}\n{field}\n{key_id}").into_bytes()
    }
}

impl std::fmt::Debug for MasterKeys {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("MasterKeys")?;
        f.debug_list().entries(self.ids()).finish()
    }
}

const KEY_LENGTH: usize = 32;
const NONCE_LENGTH: usize = 24;
/// Octets of the hash; twice as many hexadecimal digits.
const ID_LENGTH: usize = 8;
const ID_DOMAIN: &str = "oauth1-server master key id\n";
const SEAL_DOMAIN: &str = "oauth1-server sealed secret 1";

#[cfg(test)]
mod tests {
    use super::*;

    const PLACE: Place<'static> = Place { row: "row", credential: "client", field: "secret" };

    #[test]
    fn what_is_sealed_opens_in_its_place_only() {
        let keys = MasterKeys::random().unwrap();
        let sealed = keys.seal(keys.active_id(), PLACE, b"canary").unwrap();
        let open = |place| keys.open(place, &sealed.key_id, &sealed.octets);
        assert_eq!(**open(PLACE).unwrap(), *b"canary");
        for moved in [
            Place { row: "other", ..PLACE },
            Place { credential: "token", ..PLACE },
            Place { field: "check", ..PLACE },
        ] {
            assert!(matches!(open(moved), Err(SealError::Tampered(_))), "{moved:?}");
        }
    }

    #[test]
    fn every_changed_or_missing_octet_is_noticed() {
        let keys = MasterKeys::random().unwrap();
        let sealed = keys.seal(keys.active_id(), PLACE, b"canary").unwrap();
        for at in 0..sealed.octets.len() {
            let mut changed = sealed.octets.clone();
            changed[at] ^= 1;
            assert!(keys.open(PLACE, &sealed.key_id, &changed).is_err(), "octet {at}");
            assert!(keys.open(PLACE, &sealed.key_id, &sealed.octets[..at]).is_err(), "length {at}");
        }
    }

    #[test]
    fn the_same_secret_is_never_sealed_alike() {
        let keys = MasterKeys::random().unwrap();
        let seal = || keys.seal(keys.active_id(), PLACE, b"canary").unwrap().octets;
        assert_ne!(seal(), seal());
    }

    #[test]
    fn text_and_back() {
        let (old, new) = (MasterKeys::random().unwrap(), MasterKeys::random().unwrap());
        let (old_id, new_id) = (old.active_id().to_owned(), new.active_id().to_owned());
        let sealed = old.seal(&old_id, PLACE, b"canary").unwrap();
        let both = old.with_active(new);
        let text = format!("# keys\n\n{}\n", *both.to_text());
        let both = MasterKeys::parse(&text).unwrap();
        assert_eq!(both.ids().collect::<Vec<_>>(), [&new_id, &old_id]);
        assert_eq!(**both.open(PLACE, &sealed.key_id, &sealed.octets).unwrap(), *b"canary");
        let alone = both.active_only();
        let error = alone.open(PLACE, &sealed.key_id, &sealed.octets).unwrap_err();
        assert!(matches!(error, SealError::UnknownKey(id) if *id == *old_id));
    }

    #[test]
    fn what_is_no_key_is_refused_without_being_repeated() {
        let long = STANDARD.encode([7; 33]);
        let short = STANDARD.encode([7; 31]);
        for (text, line) in [("canary", 1), (&*long, 1), (&*format!("# a\n{short}"), 2)] {
            let error = MasterKeys::parse(text).unwrap_err();
            assert!(matches!(error, SealError::Malformed { line: l } if l == line), "{error}");
            assert!(!error.to_string().contains("canary"));
        }
        assert!(matches!(MasterKeys::parse("\n# none\n"), Err(SealError::Empty)));
        let twice = MasterKeys::random().unwrap().to_text().repeat(2);
        assert!(matches!(MasterKeys::parse(&twice), Err(SealError::Repeated(_))));
    }

    #[test]
    fn debug_shows_ids_only() {
        let keys = MasterKeys::random().unwrap();
        let shown = format!("{keys:?}");
        assert!(shown.contains(keys.active_id()) && !shown.contains(keys.to_text().trim()));
    }
}
