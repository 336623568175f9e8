//! The explain window: while the owner of a client holds it open, a sender whose signature does not
//! match hears by which mistake it was made.

use std::{
    fmt,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    thread,
};

use dashmap::DashMap;
use futures_channel::oneshot;
use http::request::Parts;
use oauth1_core::{
    Timestamp,
    diagnose::{Finding, Mistake},
};

use super::{RequestVerifier, Verdict};
use crate::{
    IdentityError, Refusal, RequestBody, observer::Seen, refused::RefusedRequest,
    suspicion::Suspicion,
};

/// Why a signature does not match, as it is told to the sender while the owner of the client has
/// that permitted ([`ClientRecord::with_explanations_until`](crate::ClientRecord::with_explanations_until)).
/// `Display` is one line, with what to do; it holds no secret and nothing that the sender wrote.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Explanation(Reason);

#[derive(Clone, Debug, PartialEq, Eq)]
enum Reason {
    Found(Finding),
    NotKnown,
    TooLarge,
    Busy,
}

impl Explanation {
    /// The mistake, or both; none if it is not known, or was not looked for.
    #[must_use]
    pub fn mistakes(&self) -> &[&'static Mistake] {
        match &self.0 {
            Reason::Found(finding) => finding.mistakes(),
            _ => &[],
        }
    }
}

impl fmt::Display for Explanation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self.0 {
            Reason::Found(_) => {
                for (place, Mistake { id, title, fix, clause, .. }) in
                    self.mistakes().iter().enumerate()
                {
                    let and = if place > 0 { " And " } else { "" };
                    write!(f, "{and}the client {title} ({id}; {clause}). {fix}")?;
                }
                return Ok(());
            }
            Reason::NotKnown => {
                "no known mistake makes this signature, nor do two of them: a secret is another one, or it is a mistake that is not known"
            }
            Reason::TooLarge => "the request is too large to be explained; try a smaller one",
            Reason::Busy => "only one request in a second is explained for each key; try again",
        })
    }
}

/// What was explained just now: a search takes up to some tenths of a second of one processor.
#[derive(Default)]
pub(super) struct Explanations {
    /// When each client had one last.
    last: DashMap<Box<str>, Timestamp>,
    running: AtomicUsize,
}

impl Explanations {
    /// A place for another search, if there may be one.
    fn begin(this: &Arc<Self>, client: &str, now: Timestamp) -> Option<Place> {
        let taken = |running| (running < MOST_AT_ONCE).then_some(running + 1);
        this.running.fetch_update(Ordering::Relaxed, Ordering::Relaxed, taken).ok()?;
        let place = Place(this.clone());
        if this.last.len() >= REMEMBERED {
            this.last.retain(|_, last| *last == now);
        }
        let is_first = this.last.insert(client.into(), now) != Some(now);
        is_first.then_some(place)
    }
}

/// Of a search; given back whatever becomes of it.
struct Place(Arc<Explanations>);

impl Drop for Place {
    fn drop(&mut self) {
        self.0.running.fetch_sub(1, Ordering::Relaxed);
    }
}

impl RequestVerifier {
    /// Begins to look for the mistake, if the sender is to hear it. Observers and log have heard
    /// of the refusal as what it is, and hear nothing of this.
    pub(super) fn explaining<B>(
        &self,
        parts: &Parts,
        body: &RequestBody<B>,
        judged: &Result<Verdict, Refusal>,
        seen: &Seen,
    ) -> Option<impl Future<Output = Refusal> + use<B>> {
        let Err(refusal @ Refusal::Identity(IdentityError::Signature)) = judged else {
            return None;
        };
        let ((client, _), now) = (seen.signed_by.as_ref()?, seen.now?);
        if !client.explains(now) {
            return None;
        }
        let (sender, receiver) = oneshot::channel();
        match Explanations::begin(&self.explanations, client.identifier(), now) {
            None => drop(sender.send(Explanation(Reason::Busy))),
            Some(place) => {
                let limits = &self.policy.limits;
                let refused = RefusedRequest::of(parts, body, &self.origin, limits, refusal, seen);
                match refused.suspicion {
                    None => drop(sender.send(Explanation(Reason::TooLarge))),
                    Some(suspicion) => search(suspicion, sender, place),
                }
            }
        }
        Some(async {
            let explanation = receiver.await.unwrap_or(Explanation(Reason::Busy));
            Refusal::Explained(explanation)
        })
    }
}

/// On a thread of its own, so that other requests go on, whichever runtime they are on.
fn search(suspicion: Arc<Suspicion>, sender: oneshot::Sender<Explanation>, place: Place) {
    let work = move || {
        let diagnosis = suspicion.diagnose();
        drop(place);
        let finding = diagnosis.and_then(|found| found.best().cloned());
        // Who has hung up does not want it any more.
        let _ = sender.send(Explanation(finding.map_or(Reason::NotKnown, Reason::Found)));
    };
    // Without a thread the channel closes, which is an answer too.
    let _ = thread::Builder::new().name("explain".into()).spawn(work);
}

/// Searches, each on a thread of its own.
const MOST_AT_ONCE: usize = 2;
/// Clients.
const REMEMBERED: usize = 1_024;
