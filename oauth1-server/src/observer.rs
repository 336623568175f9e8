//! Who is told how each request was judged: metrics, a log of one's own, a count per client.

use std::{net::IpAddr, time::Duration};

use oauth1_core::{SignatureMethod, Timestamp, parameters::Source};

pub use crate::refused::RefusedRequest;
use crate::{BasicRequest, ClientRecord, Refusal, TokenRecord, VerifiedRequest};

/// Is told about each request that was judged, before it is answered. A closure is one.
///
/// It is called on the request's path: count, and do not wait.
pub trait Observer: Send + Sync {
    /// One request was judged.
    fn judged(&self, judgement: &Judgement<'_>);

    /// Whether [`Judgement::refused`] is to hold what was refused, which costs more than counting.
    /// `client` is [`Judgement::client`].
    fn wants_refused(&self, _refusal: &Refusal, _client: Option<&str>) -> bool {
        false
    }
}

impl<F: Fn(&Judgement<'_>) + Send + Sync> Observer for F {
    fn judged(&self, judgement: &Judgement<'_>) {
        self(judgement);
    }
}

/// How a request was judged, and what is known of it. It holds no secret.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct Judgement<'a> {
    /// `Ok(None)` if the request is not signed.
    pub outcome: Result<Option<&'a VerifiedRequest>, &'a Refusal>,
    /// A request with a name and a password; [`Judgement::outcome`] is `Ok(None)` then.
    pub basic: Option<&'a BasicRequest>,
    /// What was refused, if an observer wants it.
    pub refused: Option<&'a RefusedRequest>,
    /// Where the request came from, if the listener says so.
    pub address: Option<IpAddr>,
    /// The first 64 characters of `oauth_consumer_key`, as the sender wrote them: whether there is
    /// such a client, and whether it signed, the outcome says.
    pub client: Option<&'a str>,
    /// `oauth_signature_method`, if the request was well formed.
    pub signature_method: Option<SignatureMethod>,
    /// Where the protocol parameters stand (section 3.5), if the request was well formed.
    pub location: Option<Source>,
    /// `oauth_timestamp`, if the request was well formed and has one.
    pub timestamp: Option<Timestamp>,
    /// The time by the verifier's clock, if it was compared.
    pub now: Option<Timestamp>,
    /// How long judging took, reading the body and the stores included.
    pub elapsed: Duration,
}

/// What is noted on the way, for the log and the observer.
#[derive(Default)]
pub(crate) struct Seen {
    pub(crate) client: Option<Box<str>>,
    pub(crate) signature_method: Option<SignatureMethod>,
    pub(crate) location: Option<Source>,
    pub(crate) timestamp: Option<Timestamp>,
    pub(crate) now: Option<Timestamp>,
    /// Whose secrets did not make the signature.
    pub(crate) signed_by: Option<(ClientRecord, Option<TokenRecord>)>,
}
