//! Refused requests that wait to be written, in bounded room.

use std::{
    collections::HashMap,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

use oauth1_core::diagnose::{Diagnosis, Finding, Mistake};
use serde_json::json;
use sha2::{Digest, Sha256};

use super::text;
use crate::{
    IdentityError, Judgement, Refusal, credentials::sql::is_possible, suspicion::Suspicion,
};

/// A refusal as the table has it.
#[derive(Clone, Debug)]
pub(super) struct Kept {
    /// `oauth_consumer_key`; empty if it is not known.
    pub(super) client: Box<str>,
    pub(super) at: i64,
    pub(super) reason: &'static str,
    pub(super) address: Option<String>,
    pub(super) method: String,
    pub(super) path: String,
    pub(super) detail: serde_json::Value,
    /// Until it was looked for the mistake.
    suspicion: Option<Arc<Suspicion>>,
}

impl Kept {
    pub(super) const fn is_suspicious(&self) -> bool {
        self.suspicion.is_some()
    }

    fn explain(&mut self, finding: &Finding) {
        let all =
            |part: fn(&Mistake) -> &'static str| finding.mistakes().iter().map(move |m| part(m));
        self.detail["mistakes"] = all(|mistake| mistake.id).collect();
        self.detail["problem"] = json!(format!("the client {finding}"));
        self.detail["fix"] = json!(all(|mistake| mistake.fix).collect::<Vec<_>>().join(" "));
        self.detail["clauses"] = all(|mistake| mistake.clause).collect();
    }
}

/// Looks for the mistakes behind signatures that did not match: for one in each, which takes up to
/// a millisecond, and for two as long as there is time, since that takes some hundredths of a
/// second.
pub(super) fn diagnose(kept: &mut [Kept]) {
    let start = Instant::now();
    for kept in kept {
        let Some(suspicion) = kept.suspicion.take() else { continue };
        let mut diagnosis = suspicion.diagnose_singly();
        let is_found = diagnosis.as_ref().is_none_or(|found| found.best().is_some());
        if !is_found && start.elapsed() < THOROUGH {
            diagnosis = suspicion.diagnose();
        }
        if let Some(finding) = diagnosis.as_ref().and_then(Diagnosis::best) {
            kept.explain(finding);
        }
    }
}

#[derive(Debug, Default)]
pub(super) struct Refusals {
    waiting: Mutex<Waiting>,
    dropped: AtomicU64,
}

#[derive(Debug, Default)]
struct Waiting {
    kept: Vec<Kept>,
    counts: HashMap<Box<str>, usize>,
}

impl Refusals {
    /// Whether there is room for one more of this client; senders without a key share one place.
    /// Not waiting for others, it may say no when there is.
    pub(super) fn has_room(&self, refusal: &Refusal, client: Option<&str>) -> bool {
        let client = room(refusal, client);
        let room = self.waiting.try_lock().is_ok_and(|waiting| waiting.has_room(client));
        if !room {
            self.dropped.fetch_add(1, Ordering::Relaxed);
        }
        room
    }

    pub(super) fn keep(&self, refusal: &Refusal, judgement: &Judgement<'_>, at: i64) {
        let Some(refused) = judgement.refused else { return };
        let client = room(refusal, judgement.client);
        let whole = key(refusal, refused.client.as_deref().or(judgement.client));
        let mut detail = json!({ "problem": refusal.to_string(), "fix": refusal.fix() });
        let mut put = |name: &str, value: serde_json::Value| {
            if !value.is_null() {
                detail[name] = value;
            }
        };
        put("client", json!(judgement.client));
        put("token", json!(refused.token));
        put("basic_name", json!(refused.basic_name));
        put("signature_method", json!(judgement.signature_method.map(|method| method.as_str())));
        put("location", json!(judgement.location.map(|location| location.as_str())));
        put("timestamp", json!(judgement.timestamp.map(|timestamp| timestamp.seconds())));
        put("nonce", json!(refused.nonce));
        put("base_string", json!(refused.base_string));
        put("signature_sha256", json!(refused.signature.as_deref().map(hashed)));
        put("parameters", json!(refused.parameters));
        let kept = Kept {
            client: whole.into(),
            at,
            reason: refusal.name(),
            address: text(judgement.address),
            // PostgreSQL takes no NUL, and requests have none there.
            method: refused.method.clone(),
            path: refused.path.clone(),
            detail,
            suspicion: refused.suspicion.clone(),
        };
        let mut waiting = self.lock();
        if waiting.has_room(client) {
            *waiting.counts.entry(client.into()).or_default() += 1;
            waiting.kept.push(kept);
        }
    }

    /// Everything that waits; what comes meanwhile waits anew.
    pub(super) fn take(&self) -> Vec<Kept> {
        std::mem::take(&mut *self.lock()).kept
    }

    /// Gives back what could not be written.
    pub(super) fn put_back(&self, kept: Vec<Kept>) {
        let mut waiting = self.lock();
        for kept in kept {
            if waiting.has_room(&kept.client) {
                *waiting.counts.entry(kept.client.clone()).or_default() += 1;
                waiting.kept.push(kept);
            } else {
                self.dropped.fetch_add(1, Ordering::Relaxed);
            }
        }
    }

    pub(super) fn len(&self) -> usize {
        self.lock().kept.len()
    }

    pub(super) fn dropped(&self) -> u64 {
        self.dropped.load(Ordering::Relaxed)
    }

    fn lock(&self) -> MutexGuard<'_, Waiting> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Waiting {
    fn has_room(&self, client: &str) -> bool {
        self.kept.len() < MOST
            && self.counts.get(client).is_none_or(|count| {
                *count < if client.is_empty() { MOST_OF_STRANGERS } else { MOST_OF_ONE }
            })
    }
}

/// Whoever invents identifiers gets no place for each.
fn key<'a>(refusal: &Refusal, client: Option<&'a str>) -> &'a str {
    match refusal {
        Refusal::Identity(IdentityError::ClientUnknown) => "",
        // PostgreSQL takes no NUL.
        _ => client.filter(|client| is_possible(client)).unwrap_or_default(),
    }
}

/// Whose places it takes. Before the client is looked up, it may be anybody's invention.
fn room<'a>(refusal: &Refusal, client: Option<&'a str>) -> &'a str {
    match refusal {
        Refusal::Timestamp(_) | Refusal::SignatureMethod | Refusal::Parameters(_) => "",
        _ => key(refusal, client),
    }
}

/// What tells whether a signature is this one, and is of no use to who reads it: a request that was
/// altered on its way may be right, and not used yet, as it was sent.
fn hashed(signature: &str) -> String {
    Sha256::digest(signature).iter().map(|octet| format!("{octet:02x}")).collect()
}

/// At a time, of some 2 KiB each; written every few seconds.
const MOST: usize = 500;
const MOST_OF_ONE: usize = 10;
const MOST_OF_STRANGERS: usize = 40;
/// Nobody begins to look for two mistakes later than this, each time that refusals are written.
const THOROUGH: Duration = Duration::from_millis(100);
