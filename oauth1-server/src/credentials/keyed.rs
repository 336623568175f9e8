//! The active secrets of a record, and their keyed HMAC states, ready to use (section 3.4.2).

use std::sync::{Arc, Mutex, PoisonError, Weak};

use oauth1_core::{SharedSecret, SignatureMethod, VerificationKey};

use super::Client;

/// One secret, or two while one replaces the other.
#[derive(Clone, Debug)]
pub(super) struct Secrets {
    current: SharedSecret,
    pub(super) other: Option<SharedSecret>,
}

impl Secrets {
    pub(super) const fn new(current: SharedSecret) -> Self {
        Self { current, other: None }
    }

    fn iter(&self) -> impl Iterator<Item = &SharedSecret> + Clone {
        std::iter::once(&self.current).chain(&self.other)
    }

    /// A key for each pair of a client's and a token's secret, the current ones first; `None` if
    /// the method has no shared secret.
    pub(super) fn keys(
        &self,
        method: SignatureMethod,
        token: Option<&Self>,
    ) -> Option<Arc<[VerificationKey]>> {
        let clients = self.iter();
        match token {
            None => clients.map(|client| VerificationKey::shared(method, client, None)).collect(),
            Some(token) => token
                .iter()
                .flat_map(|token| clients.clone().map(move |client| (client, token)))
                .map(|(client, token)| VerificationKey::shared(method, client, Some(token)))
                .collect(),
        }
    }
}

/// Keyed states, per method, of a token with its client, or of a client alone. Setting one up costs
/// as much as hashing four blocks, so it is done once per record and not once per request.
#[derive(Default)]
pub(super) struct KeyedStates([Mutex<Option<Keyed>>; 3]);

struct Keyed {
    /// Weak, because a client's own states would keep it alive; its address is not given to another
    /// record while this exists.
    client: Weak<Client>,
    keys: Arc<[VerificationKey]>,
}

impl KeyedStates {
    /// The keys made with this very client record; others are made anew and kept instead.
    pub(super) fn of(
        &self,
        client: &Arc<Client>,
        method: SignatureMethod,
        make: impl FnOnce() -> Option<Arc<[VerificationKey]>>,
    ) -> Option<Arc<[VerificationKey]>> {
        let place = match method {
            SignatureMethod::HmacSha1 => &self.0[0],
            SignatureMethod::HmacSha256 => &self.0[1],
            SignatureMethod::HmacSha512 => &self.0[2],
            _ => return make(),
        };
        let mut place = place.lock().unwrap_or_else(PoisonError::into_inner);
        match &*place {
            Some(keyed) if std::ptr::eq(keyed.client.as_ptr(), Arc::as_ptr(client)) => {
                Some(keyed.keys.clone())
            }
            _ => {
                let keys = make()?;
                *place = Some(Keyed { client: Arc::downgrade(client), keys: keys.clone() });
                Some(keys)
            }
        }
    }
}

/// A record that changes starts without states.
impl Clone for KeyedStates {
    fn clone(&self) -> Self {
        Self::default()
    }
}

impl std::fmt::Debug for KeyedStates {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("[redacted]")
    }
}
