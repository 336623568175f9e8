//! Which mistake a client makes, looked for with the secrets that are kept.

use oauth1_core::{
    SignatureMethod, Timestamp,
    diagnose::{Diagnosis, Suspect},
};

use super::{ClientKey, ClientRecord, TokenRecord};

impl ClientRecord {
    /// Which mistake makes the signature of a request, with the secrets that are good now; the
    /// most telling answer of them. `None` if a method of shared secrets was used by a client that
    /// has a key pair, or the other way round.
    pub(crate) fn diagnose(
        &self,
        suspect: &Suspect<'_>,
        method: SignatureMethod,
        token: Option<&TokenRecord>,
        now: Timestamp,
    ) -> Option<Diagnosis> {
        match &self.0.key {
            ClientKey::Secret(client) if !method.is_rsa() => {
                let pairs = client.pairs(token.map(|token| &token.0.secrets), now);
                let each = pairs.map(|(client, token)| suspect.by_secrets(client, token));
                let telling = |found: &Diagnosis| (found.is_right(), found.best().is_some());
                each.reduce(|best, next| if telling(&next) > telling(&best) { next } else { best })
            }
            #[cfg(feature = "rsa")]
            ClientKey::Rsa(key) if method.is_rsa() => Some(suspect.by_public_key(key)),
            _ => None,
        }
    }
}
