//! Verifying requests: the algorithm of RFC 5849 section 3.2, top to bottom, in
//! [`RequestVerifier::judge`].

mod basic;
mod explain;
mod told;

pub use explain::Explanation;
pub use told::REFUSALS_TARGET;

use std::{
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Instant,
};

use bytes::Bytes;
use http::{Request, request::Parts};
use http_body::Body;
use oauth1_core::{
    ClientCredentials, InvalidSignature, ParameterError, PresentedRequest, SignatureMethod,
    Timestamp, TokenCredentials, body_hash::BodyHasher, protocol_parameters as names,
};

use crate::{
    BasicRequest, ClientRecord, CredentialStore, IdentityError, NonceOutcome, NonceStore,
    PeerAddress, PublicOrigin, Refusal, RequestBody, TokenRecord, UsedNonce, VerifiedRequest,
    attributes,
    basic::is_presented,
    clock::{Clock, SystemClock},
    framing::Frame,
    middleware::{AnswerProfile, Answers},
    observer::{Observer, Seen},
    policy::{Authorizer, Policy},
    requirements::{Purpose, Requirements},
    verified::{Circumstances, ReplayExcluded},
};

/// Verifies requests against a public origin, credentials and used nonces.
///
/// Cheap to clone. Use it behind [`VerificationLayer`](crate::VerificationLayer), or call
/// [`RequestVerifier::verify`] where there is no tower.
#[derive(Clone)]
pub struct RequestVerifier {
    origin: Arc<PublicOrigin>,
    credentials: Arc<dyn CredentialStore>,
    nonces: Arc<dyn NonceStore>,
    policy: Policy,
    clock: Arc<dyn Clock>,
    authorizer: Option<Arc<dyn Authorizer>>,
    observers: Arc<[Arc<dyn Observer>]>,
    #[cfg(feature = "sql")]
    passwords: Option<crate::basic::PasswordChecker>,
    purpose: Purpose,
    quiet: bool,
    answers: Arc<Answers>,
    signatures: Arc<AtomicU64>,
    explanations: Arc<explain::Explanations>,
    stranger: Stranger,
}

/// How a request that is not refused was judged.
pub(crate) enum Verdict {
    Unsigned,
    Verified(VerifiedRequest),
    #[cfg_attr(not(feature = "sql"), allow(dead_code))]
    Basic(BasicRequest),
}

/// Stands in for clients and tokens that do not exist, so that they cost the same work.
#[derive(Clone)]
struct Stranger {
    client: ClientRecord,
    token: TokenRecord,
}

impl RequestVerifier {
    /// A verifier with the default policy, the system's clock, minimal answers, and the origin as
    /// its realm.
    pub fn new(
        origin: PublicOrigin,
        credentials: Arc<dyn CredentialStore>,
        nonces: Arc<dyn NonceStore>,
    ) -> Self {
        let answers = Answers {
            realm: origin.to_string().into(),
            profile: AnswerProfile::default(),
            basic: false,
        };
        // What these sign is refused, so it does not matter that anybody can read them here.
        let stranger = Stranger {
            client: ClientRecord::new(&ClientCredentials::new("", STRANGER)),
            token: TokenRecord::new(&TokenCredentials::new("", STRANGER), ""),
        };
        Self {
            origin: Arc::new(origin),
            credentials,
            nonces,
            policy: Policy::default(),
            clock: Arc::new(SystemClock),
            authorizer: None,
            observers: Arc::new([]),
            #[cfg(feature = "sql")]
            passwords: None,
            purpose: Purpose::Resource,
            quiet: false,
            answers: Arc::new(answers),
            signatures: Arc::default(),
            explanations: Arc::default(),
            stranger,
        }
    }

    /// What is accepted.
    #[must_use]
    pub fn with_policy(self, policy: Policy) -> Self {
        Self { policy, ..self }
    }

    /// The protection realm of challenges (section 3.5.1).
    #[must_use]
    pub fn with_realm(self, realm: &str) -> Self {
        let answers = Answers { realm: realm.into(), ..(*self.answers).clone() };
        Self { answers: Arc::new(answers), ..self }
    }

    /// How much refused senders are told.
    #[must_use]
    pub fn with_answers(self, profile: AnswerProfile) -> Self {
        let answers = Answers { profile, ..(*self.answers).clone() };
        Self { answers: Arc::new(answers), ..self }
    }

    /// Another clock, for tests.
    #[must_use]
    pub fn with_clock(self, clock: impl Clock + 'static) -> Self {
        Self { clock: Arc::new(clock), ..self }
    }

    /// Decides what verified requests may do (section 3.2, scope).
    #[must_use]
    pub fn with_authorizer(self, authorizer: impl Authorizer + 'static) -> Self {
        Self { authorizer: Some(Arc::new(authorizer)), ..self }
    }

    /// Is told about each request that was judged, after those that were named before.
    #[must_use]
    pub fn with_observer(self, observer: impl Observer + 'static) -> Self {
        let more: Arc<dyn Observer> = Arc::new(observer);
        let observers = self.observers.iter().cloned().chain([more]).collect();
        Self { observers, ..self }
    }

    /// For the route on which clients get their tokens: no client needs one there, and no scope.
    #[must_use]
    pub fn for_token_requests(self) -> Self {
        self.for_purpose(Purpose::OwnToken)
    }

    pub(crate) fn for_purpose(self, purpose: Purpose) -> Self {
        Self { purpose, authorizer: None, ..self }
    }

    /// The self-test's requests are nobody's: they are neither counted nor logged, and have no
    /// scopes.
    pub(crate) fn quiet(self) -> Self {
        Self { observers: Arc::new([]), quiet: true, authorizer: None, ..self }
    }

    pub(crate) fn with_credentials(self, credentials: Arc<dyn CredentialStore>) -> Self {
        Self { credentials, ..self }
    }

    pub(crate) fn credentials(&self) -> &Arc<dyn CredentialStore> {
        &self.credentials
    }

    pub(crate) const fn answers(&self) -> &Arc<Answers> {
        &self.answers
    }

    pub(crate) fn clock(&self) -> &dyn Clock {
        &*self.clock
    }

    pub(crate) const fn policy(&self) -> &Policy {
        &self.policy
    }

    /// The origin that clients sign.
    #[must_use]
    pub fn origin(&self) -> &PublicOrigin {
        &self.origin
    }

    /// How many signatures were computed, for metrics. Unknown clients and tokens count as well:
    /// they cost the same work as a wrong signature.
    #[must_use]
    pub fn signatures_computed(&self) -> u64 {
        self.signatures.load(Ordering::Relaxed)
    }

    /// Verifies a request, and gives it back with its body intact; `None` if it is not signed, and
    /// if it came with a name and a password instead. Headers `X-OAuth1-Attr-…` are the server's.
    ///
    /// # Errors
    /// [`Refusal`]; it was logged.
    pub async fn verify<B: Body<Data = Bytes> + Unpin>(
        &self,
        request: Request<B>,
    ) -> Result<(Request<RequestBody<B>>, Option<VerifiedRequest>), Refusal> {
        let (mut parts, body) = request.into_parts();
        let mut body = RequestBody::streamed(body);
        attributes::strip(&mut parts.headers);
        let verified = match self.verify_parts(&parts, &mut body).await? {
            Verdict::Verified(verified) => Some(verified),
            Verdict::Unsigned | Verdict::Basic(_) => None,
        };
        if let Some(verified) = &verified {
            verified.set_attributes(&mut parts.headers);
        }
        Ok((Request::from_parts(parts, body), verified))
    }

    /// The same, of a request that stays where it is.
    pub(crate) async fn verify_parts<B: Body<Data = Bytes> + Unpin>(
        &self,
        parts: &Parts,
        body: &mut RequestBody<B>,
    ) -> Result<Verdict, Refusal> {
        let mut seen = Seen::default();
        let start = (!self.observers.is_empty()).then(Instant::now);
        let judged = self.judge(parts, body, &mut seen).await;
        self.tell(parts, body, &judged, &seen, start);
        match self.explaining(parts, body, &judged, &seen) {
            Some(explaining) => Err(explaining.await),
            None => judged,
        }
    }

    /// The same where more than the signature decides: `then` has the last word on a verified
    /// request, and the observers hear of what it said.
    #[cfg(feature = "server")]
    pub(crate) async fn verify_and<B: Body<Data = Bytes> + Unpin, T>(
        &self,
        parts: &Parts,
        body: &mut RequestBody<B>,
        then: impl AsyncFnOnce(&VerifiedRequest, Option<&Bytes>) -> Result<T, Refusal>,
    ) -> Result<T, Refusal> {
        let mut seen = Seen::default();
        let start = (!self.observers.is_empty()).then(Instant::now);
        let mut judged = self.judge(parts, body, &mut seen).await;
        let mut done = None;
        if let Ok(Verdict::Verified(verified)) = &judged {
            match then(verified, body.buffered()).await {
                Ok(value) => done = Some(value),
                Err(refusal) => judged = Err(refusal),
            }
        }
        self.tell(parts, body, &judged, &seen, start);
        if let Some(explaining) = self.explaining(parts, body, &judged, &seen) {
            return Err(explaining.await);
        }
        match (judged, done) {
            (Err(refusal), _) => Err(refusal),
            (Ok(_), Some(value)) => Ok(value),
            (Ok(_), None) => Err(Refusal::Unsigned),
        }
    }

    /// The order of the steps is the contract: nothing secret is touched before the request is
    /// well formed, nothing is recorded before the signature is right, and who may not do what is
    /// told to nobody who did not sign.
    async fn judge<B: Body<Data = Bytes> + Unpin>(
        &self,
        parts: &Parts,
        body: &mut RequestBody<B>,
        seen: &mut Seen,
    ) -> Result<Verdict, Refusal> {
        let Policy { methods, window, limits, .. } = self.policy;
        let requirements = Requirements::of(&self.policy, self.purpose);

        // Framing and limits (section 4.10). Only a form is read: its parameters are signed.
        let frame = Frame::of(parts, &self.origin, &limits)?;
        let form =
            if frame.is_form { Box::pin(body.buffer(limits.body)).await? } else { Bytes::new() };

        // Parameters: UTF-8, none twice, one location, none missing, version, timestamp syntax.
        let (request, authorization) = (frame.signable(&form)?, frame.authorization());
        let presented = PresentedRequest::parse(&request, &authorization, limits.protocol)
            .map_err(|error| requirements.complete(error, &frame, &form))?;
        // Elsewhere, as is all that makes the future large: allocators are slow above 1 KiB.
        let Some(presented) = presented.map(Box::new) else {
            return if is_presented(&parts.headers) {
                Box::pin(self.judge_basic(parts)).await
            } else {
                Ok(Verdict::Unsigned)
            };
        };
        *seen = Seen {
            client: Some(shortened(presented.client_identifier()).into()),
            signature_method: Some(presented.signature_method()),
            location: Some(presented.location()),
            timestamp: presented.timestamp(),
            now: None,
            signed_by: None,
        };
        requirements.check(&presented, &frame, &form)?;

        // The method, as far as it depends on the server alone (sections 3.4 and 3.4.4).
        let method = presented.signature_method();
        let plaintext = method == SignatureMethod::Plaintext;
        if !methods.contains(method) || (plaintext && !self.origin.is_secure()) {
            return Err(Refusal::SignatureMethod);
        }

        // The timestamp (section 3.3).
        let now = self.clock.now().ok_or(Refusal::Clock)?;
        seen.now = Some(now);
        let acceptable = window.around(now);
        if presented.timestamp().is_some_and(|timestamp| !acceptable.contains(timestamp)) {
            return Err(Refusal::Timestamp(acceptable));
        }

        // Client and token. What is wrong with them is told after the signature was computed.
        let client = self.credentials.client(presented.client_identifier()).await;
        let client = client.map_err(Refusal::Credentials)?;
        let token = match presented.token_identifier() {
            Some(token) => Some(self.credentials.token(token).await.map_err(Refusal::Credentials)?),
            None => None,
        };
        let doubt = doubt(client.as_ref(), token.as_ref(), now);

        // The method, as far as the client is pinned. A stranger is like a client that is not
        // pinned: so only pinned clients can be told from those that do not exist.
        if client.as_ref().is_some_and(|client| !client.allows(method)) {
            return Err(Refusal::SignatureMethod);
        }
        let keys = match (&client, &token) {
            (Some(client), Some(Some(token))) if doubt.is_none() => {
                client.keys(method, Some(token), now)
            }
            (Some(client), None) if doubt.is_none() => client.keys(method, None, now),
            (Some(client), _) if client.is_rsa() => client.keys(method, None, now),
            (_, token) => {
                let token = token.is_some().then_some(&self.stranger.token);
                self.stranger.client.keys(method, token, now)
            }
        };
        let keys = keys.ok_or(Refusal::SignatureMethod)?;

        // The signature: always computed, compared in constant time on decoded octets. More than
        // one key is tried only while a secret is replaced.
        self.signatures.fetch_add(1, Ordering::Relaxed);
        let signature = keys
            .iter()
            .enumerate()
            .map(|(place, key)| presented.verify_signature(key).map(|signature| (place, signature)))
            .find(Result::is_ok)
            .unwrap_or(Err(InvalidSignature));
        if let Some(doubt) = doubt {
            return Err(doubt.into());
        }
        let token = token.flatten();
        let (client, place, signature) = match (client, signature) {
            (Some(client), Ok((place, signature))) => (client, place, signature),
            (client, _) => {
                seen.signed_by = client.map(|client| (client, token));
                return Err(IdentityError::Signature.into());
            }
        };

        // The body, if its hash was signed: read only now, on behalf of somebody known.
        if let Some(hash) = presented.body_hash() {
            let octets = Box::pin(body.buffer(limits.body)).await?;
            let mut hasher = BodyHasher::new(method.hash());
            hasher.update(&octets);
            if !hasher.matches(hash) {
                return Err(IdentityError::BodyHash.into());
            }
        } else if client.is_body_hash_required() && !frame.is_form && self.purpose.hashes_bodies() {
            return Err(ParameterError::Absent(vec![names::BODY_HASH]).into());
        }

        // The nonce, in one atomic step. It stays recorded whatever happens from here on.
        let replay = match (presented.timestamp(), presented.nonce()) {
            (Some(timestamp), Some(nonce)) => {
                let used = UsedNonce {
                    client: client.identifier(),
                    token: token.as_ref().map_or("", TokenRecord::identifier),
                    timestamp,
                    nonce,
                };
                match self.nonces.record(used, acceptable, &signature).await? {
                    NonceOutcome::Fresh => ReplayExcluded(Some(timestamp)),
                    NonceOutcome::Replayed => return Err(Refusal::NonceUsed),
                }
            }
            // Only PLAINTEXT comes here, which may leave out either (section 3.1).
            _ => ReplayExcluded(None),
        };

        // Status of the token, and the client's conditions.
        match &token {
            Some(token) if token.is_revoked() => return Err(Refusal::TokenRevoked),
            Some(token) if token.is_expired(now.seconds()) => return Err(Refusal::TokenExpired),
            None if !client.is_two_legged() && !self.purpose.is_two_legged() => {
                return Err(Refusal::TokenRequired);
            }
            _ => {}
        }
        let address = PeerAddress::find(&parts.extensions);
        if !client.permits_address(address) {
            return Err(Refusal::AddressRefused);
        }

        // Scope.
        let circumstances = Circumstances {
            method: &parts.method,
            address,
            signature_method: method,
            // The first key is made of the current secrets.
            old_secret: place > 0,
            body_signed: frame.is_form || presented.body_hash().is_some(),
        };
        let verified = VerifiedRequest::new(signature, replay, client, token, circumstances);
        if let Some(authorizer) = &self.authorizer {
            authorizer.permission(parts, &verified).into_result()?;
        }
        Ok(Verdict::Verified(verified))
    }
}

impl std::fmt::Debug for RequestVerifier {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("RequestVerifier")
            .field("origin", &self.origin)
            .field("policy", &self.policy)
            .field("answers", &self.answers)
            .finish_non_exhaustive()
    }
}

/// Why the request is refused even if its signature is right.
fn doubt(
    client: Option<&ClientRecord>,
    token: Option<&Option<TokenRecord>>,
    now: Timestamp,
) -> Option<IdentityError> {
    match (client, token) {
        (None, _) => Some(IdentityError::ClientUnknown),
        (Some(client), _) if client.is_suspended() => Some(IdentityError::ClientSuspended),
        (Some(client), _) if client.is_expired(now.seconds()) => Some(IdentityError::ClientExpired),
        (Some(_), Some(None)) => Some(IdentityError::TokenUnknown),
        (Some(client), Some(Some(token))) if token.client_identifier() != client.identifier() => {
            Some(IdentityError::TokenOfAnotherClient)
        }
        _ => None,
    }
}

/// As much of an identifier as is logged.
fn shortened(identifier: &str) -> &str {
    let end = identifier.char_indices().nth(LOGGED_CHARS);
    &identifier[..end.map_or(identifier.len(), |(end, _)| end)]
}

/// As long as the secrets that are issued, so that a stranger's key costs as much to set up.
const STRANGER: &str = "000000000000000000000000000";
const LOGGED_CHARS: usize = 64;
