//! What stands for a used nonce in a store: 128 bits, keyed.

use std::hash::Hasher;

use oauth1_core::stamp::NoRandomness;
use rand::{TryRng, rngs::SysRng};
use siphasher::sip128::{Hasher128, SipHasher24};
use zeroize::Zeroizing;

use super::UsedNonce;

/// Makes tags of used nonces, with a key that no client knows.
///
/// SipHash-2-4 with 128 bits of output: a pseudo-random function of its key, so no client can look
/// for two nonces with one tag, and made for inputs as short as these. Two nonces share a tag with
/// probability 2⁻¹²⁸, which would refuse a good request and never accept a replay.
pub struct NonceTagger(Zeroizing<[u8; 16]>);

impl NonceTagger {
    /// Takes a key, for stores that outlive the process.
    #[must_use]
    pub fn new(key: [u8; 16]) -> Self {
        Self(Zeroizing::new(key))
    }

    /// Takes a random key.
    ///
    /// # Errors
    /// [`NoRandomness`] if the operating system gives no random bytes.
    pub fn random() -> Result<Self, NoRandomness> {
        let mut key = Zeroizing::new([0; 16]);
        SysRng.try_fill_bytes(&mut *key).map_err(|_| NoRandomness)?;
        Ok(Self(key))
    }

    /// The tag of a use: over the decoded fields, each with its length before it, and the
    /// timestamp as a number. No two uses give the same octets.
    #[must_use]
    pub fn tag(&self, used: &UsedNonce<'_>) -> u128 {
        let mut hasher = SipHasher24::new_with_key(&self.0);
        for field in [used.client, used.token, used.nonce] {
            hasher.write(&(field.len() as u64).to_le_bytes());
            hasher.write(field.as_bytes());
        }
        hasher.write(&used.timestamp.seconds().to_le_bytes());
        hasher.finish128().as_u128()
    }

    /// The tag of a client, for quotas.
    #[must_use]
    pub fn client_tag(&self, client: &str) -> u128 {
        let mut hasher = SipHasher24::new_with_key(&self.0);
        hasher.write(client.as_bytes());
        hasher.finish128().as_u128()
    }
}

impl std::fmt::Debug for NonceTagger {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("NonceTagger([redacted])")
    }
}

#[cfg(test)]
mod tests {
    use oauth1_core::Timestamp;

    use super::*;

    fn used<'a>(client: &'a str, token: &'a str, timestamp: u64, nonce: &'a str) -> UsedNonce<'a> {
        let timestamp = Timestamp::from_seconds(timestamp).unwrap();
        UsedNonce { client, token, timestamp, nonce }
    }

    #[test]
    fn a_tag_depends_on_the_key_and_on_each_field() {
        let tagger = NonceTagger::new([7; 16]);
        let tag = tagger.tag(&used("a", "b", 1, "c"));
        assert_eq!(tag, tagger.tag(&used("a", "b", 1, "c")));
        for other in [
            used("b", "a", 1, "c"),
            used("ab", "", 1, "c"),
            used("", "ab", 1, "c"),
            used("a", "", 1, "bc"),
            used("a", "b", 2, "c"),
            used("a", "b", 1, "d"),
        ] {
            assert_ne!(tag, tagger.tag(&other), "{other:?}");
        }
        assert_ne!(tag, NonceTagger::new([8; 16]).tag(&used("a", "b", 1, "c")));
        assert_ne!(
            NonceTagger::random().unwrap().client_tag("a"),
            NonceTagger::random().unwrap().client_tag("a")
        );
    }
}
