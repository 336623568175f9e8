//! The active secrets of a record, and their keyed HMAC states, ready to use (section 3.4.2).

use std::sync::{Arc, Mutex, PoisonError, Weak};

use oauth1_core::{SharedSecret, SignatureMethod, Timestamp, VerificationKey};

use super::Client;

/// One secret, or two while one replaces the other.
#[derive(Clone, Debug)]
pub(super) struct Secrets {
    current: SharedSecret,
    pub(super) other: Option<OtherSecret>,
}

/// A secret that is being replaced.
#[derive(Clone, Debug)]
pub(super) struct OtherSecret {
    pub(super) secret: SharedSecret,
    /// The last second at which it is good.
    pub(super) last: Option<Timestamp>,
}

impl Secrets {
    pub(super) const fn new(current: SharedSecret) -> Self {
        Self { current, other: None }
    }

    fn active(&self, now: Timestamp) -> impl Iterator<Item = &SharedSecret> + Clone {
        let other =
            self.other.iter().filter(move |other| other.last.is_none_or(|last| now <= last));
        std::iter::once(&self.current).chain(other.map(|other| &other.secret))
    }

    /// Each secret of a client that is good now, with each of a token.
    pub(super) fn pairs<'s>(
        &'s self,
        token: Option<&'s Self>,
        now: Timestamp,
    ) -> impl Iterator<Item = (&'s SharedSecret, Option<&'s SharedSecret>)> {
        let tokens = token.into_iter().flat_map(move |token| token.active(now)).map(Some);
        let alone = token.is_none().then_some(None);
        tokens
            .chain(alone)
            .flat_map(move |token| self.active(now).map(move |client| (client, token)))
    }

    /// A key for each pair of a client's and a token's secret that are good now, the current ones
    /// first, and the last second at which all of them are; `None` if the method has no shared
    /// secret.
    pub(super) fn keys(
        &self,
        method: SignatureMethod,
        token: Option<&Self>,
        now: Timestamp,
    ) -> Option<(Arc<[VerificationKey]>, Option<Timestamp>)> {
        let pairs = self.pairs(token, now);
        let keys: Option<Arc<_>> =
            pairs.map(|(client, token)| VerificationKey::shared(method, client, token)).collect();
        let others = self.other.iter().chain(token.and_then(|token| token.other.as_ref()));
        let last = others.filter_map(|other| other.last).filter(|last| now <= *last).min();
        Some((keys?, last))
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
    /// The last second at which all of the keys are good.
    last: Option<Timestamp>,
}

impl KeyedStates {
    /// The keys made with this very client record, if all of them are still good; others are made
    /// anew and kept instead.
    pub(super) fn of(
        &self,
        client: &Arc<Client>,
        method: SignatureMethod,
        now: Timestamp,
        make: impl FnOnce() -> Option<(Arc<[VerificationKey]>, Option<Timestamp>)>,
    ) -> Option<Arc<[VerificationKey]>> {
        let place = match method {
            SignatureMethod::HmacSha1 => &self.0[0],
            SignatureMethod::HmacSha256 => &self.0[1],
            SignatureMethod::HmacSha512 => &self.0[2],
            _ => return make().map(|(keys, _)| keys),
        };
        let mut place = place.lock().unwrap_or_else(PoisonError::into_inner);
        match &*place {
            Some(keyed)
                if std::ptr::eq(keyed.client.as_ptr(), Arc::as_ptr(client))
                    && keyed.last.is_none_or(|last| now <= last) =>
            {
                Some(keyed.keys.clone())
            }
            _ => {
                let (keys, last) = make()?;
                *place = Some(Keyed { client: Arc::downgrade(client), keys: keys.clone(), last });
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
