//! Which mistake a client makes, looked for with the secrets that are kept.

use std::sync::Arc;

use oauth1_core::{
    SignatureMethod, Timestamp,
    diagnose::{Diagnosis, Suspect},
};

use super::{ClientKey, ClientRecord, TokenRecord};

impl ClientRecord {
    /// Opens the explain window up to and including a second: until then, a sender whose signature
    /// does not match hears by which mistake it was made ([`Refusal::Explained`]), if anybody who
    /// has the secrets could find it out. Meanwhile, it can be told that the client exists.
    ///
    /// [`Refusal::Explained`]: crate::Refusal::Explained
    #[must_use]
    pub fn with_explanations_until(mut self, last: Timestamp) -> Self {
        Arc::make_mut(&mut self.0).explanations = Some(last);
        self
    }

    pub(crate) fn explains(&self, now: Timestamp) -> bool {
        self.0.explanations.is_some_and(|last| now <= last)
    }

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
