//! Who hears how a request was judged: the observers, and the operator by the log.

use std::time::{Duration, Instant};

use http::request::Parts;

use super::{RequestVerifier, Verdict};
use crate::{
    Judgement, PeerAddress, Refusal, RequestBody, observer::Seen, refused::RefusedRequest,
};

/// The target of the lines of log about refused requests, one a request at most: `INFO` for what
/// senders did wrong, `WARN` for nonces that cannot be kept, `ERROR` for stores that fail. Who is
/// sent many bad requests may want to bound those at `INFO`.
pub const REFUSALS_TARGET: &str = "oauth1_server::verifier";

impl RequestVerifier {
    /// Observers and log hear of it.
    pub(super) fn tell<B>(
        &self,
        parts: &Parts,
        body: &RequestBody<B>,
        judged: &Result<Verdict, Refusal>,
        seen: &Seen,
        start: Option<Instant>,
    ) {
        if let Some(start) = start {
            self.observe(parts, body, judged, seen, start.elapsed());
        }
        if let Err(refusal) = judged
            && !self.quiet
        {
            log(refusal, seen.client.as_deref());
        }
    }

    fn observe<B>(
        &self,
        parts: &Parts,
        body: &RequestBody<B>,
        judged: &Result<Verdict, Refusal>,
        seen: &Seen,
        elapsed: Duration,
    ) {
        let client = seen.client.as_deref();
        let wanted = judged.as_ref().err().filter(|refusal| {
            self.observers.iter().any(|observer| observer.wants_refused(refusal, client))
        });
        let limits = &self.policy.limits;
        let refused = wanted
            .map(|refusal| RefusedRequest::of(parts, body, &self.origin, limits, refusal, seen));
        let judgement = Judgement {
            outcome: judged.as_ref().map(|verdict| match verdict {
                Verdict::Verified(verified) => Some(verified),
                _ => None,
            }),
            basic: judged.as_ref().ok().and_then(|verdict| match verdict {
                Verdict::Basic(basic) => Some(basic),
                _ => None,
            }),
            refused: refused.as_ref(),
            address: PeerAddress::find(&parts.extensions),
            client,
            signature_method: seen.signature_method,
            location: seen.location,
            timestamp: seen.timestamp,
            now: seen.now,
            elapsed,
        };
        for observer in &*self.observers {
            observer.judged(&judgement);
        }
    }
}

/// Tells the operator. Identifiers are written with `Debug`, which escapes what a terminal or a
/// log file would take for more than text.
fn log(refusal: &Refusal, client: Option<&str>) {
    use crate::replay::NonceStoreError as Nonce;
    match refusal {
        Refusal::Credentials(_) | Refusal::Clock | Refusal::Nonce(Nonce::Unavailable(_)) => {
            tracing::error!(target: REFUSALS_TARGET, ?client, reason = %refusal, "request refused: a store or the clock failed");
        }
        Refusal::Nonce(_) => {
            tracing::warn!(target: REFUSALS_TARGET, ?client, reason = %refusal, "request refused")
        }
        _ => tracing::info!(target: REFUSALS_TARGET, ?client, reason = %refusal, "request refused"),
    }
}
