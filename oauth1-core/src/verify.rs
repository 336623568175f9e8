//! Verifying requests, RFC 5849 section 3.2.
//!
//! Three steps, each a type: [`PresentedRequest::parse`] finds what is a bad request, without any
//! secret; the caller looks up the credentials; [`PresentedRequest::verify_signature`] makes a
//! [`SignatureVerified`], which nothing else can make. Replay, time window and the state of the
//! credentials are the caller's: core has no store and no clock.

use alloc::{borrow::Cow, boxed::Box, vec::Vec};
use core::fmt;

use crate::{
    authorization,
    body_hash::BodyHasher,
    encoded::Piece,
    parameter_list::ParameterList,
    parameters::{self, Parameter, Source, Unwritable},
    protocol_parameters::{self as names, Known, Name, ParameterError},
    protocol_set::{ProtocolSet, text},
    request::{SignableBody, SignableRequest},
    signature_base_string::{SignatureBaseString, WriteBaseString, write_target},
    signature_method::{SignatureMethod, VerificationKey},
    sink::Sink,
    stamp::Timestamp,
};

/// What is too much for a request, whoever signed it (section 4.10).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Parameters of header, query and form body together.
    pub parameters: usize,
    /// Octets of `oauth_nonce`, decoded.
    pub nonce: usize,
}

/// 256 parameters, 256 octets of nonce.
impl Default for Limits {
    fn default() -> Self {
        Self { parameters: 256, nonce: 256 }
    }
}

/// A request that carries OAuth parameters in acceptable form; its signature is not yet checked.
#[derive(Clone)]
pub struct PresentedRequest<'a> {
    request: SignableRequest<'a>,
    found: Box<Found<'a>>,
}

/// What the request carries. It is filled where it stands and never moved: it is large, and moving
/// it would take longer than the allocation does.
#[derive(Clone)]
struct Found<'a> {
    realm: Option<Cow<'a, str>>,
    location: Source,
    signature_method: SignatureMethod,
    timestamp: Option<Timestamp>,
    protocol: ProtocolSet<'a>,
    /// All other parameters, sorted; first those before `oauth_`, then the unknown that start with
    /// it, then the rest.
    others: ParameterList<'a>,
    before: usize,
    unknown: usize,
}

impl Default for Found<'_> {
    #[inline]
    fn default() -> Self {
        Self {
            realm: None,
            location: Source::Header,
            signature_method: SignatureMethod::HmacSha1,
            timestamp: None,
            protocol: ProtocolSet::default(),
            others: ParameterList::default(),
            before: 0,
            unknown: 0,
        }
    }
}

impl<'a> PresentedRequest<'a> {
    /// Reads the OAuth parameters of a request; `Ok(None)` if it carries none.
    ///
    /// `authorization` holds the value of each `Authorization` header. A request is signed if one
    /// of them has the scheme `OAuth`, or if `oauth_consumer_key`, `oauth_signature` or
    /// `oauth_signature_method` stands in the query or the form body.
    ///
    /// # Errors
    /// [`ParameterError`]: what section 3.2 answers with 400.
    pub fn parse(
        request: &SignableRequest<'a>,
        authorization: &[&'a [u8]],
        limits: Limits,
    ) -> Result<Option<Self>, ParameterError> {
        let mut headers = authorization.iter().filter(|value| authorization::is_oauth(value));
        let header = headers.next();
        if header.is_none() && !is_signed(request) {
            return Ok(None);
        }
        if header.is_some() && authorization.len() > 1 {
            return Err(ParameterError::SeveralHeaders);
        }
        // Before any of them is stored.
        if request.has_more_parameters_than(limits.parameters) {
            return Err(ParameterError::TooMany(limits.parameters));
        }
        let mut collected = Collected {
            found: Box::default(),
            location: None,
            left: limits.parameters,
            limit: limits.parameters,
        };
        if let Some(value) = header {
            let realm = authorization::parse_each(value, |known, p| collected.take(known, p))?;
            collected.found.realm = realm;
        }
        for &(data, source) in
            &[(request.query(), Source::Query), (request.body().form(), Source::Body)]
        {
            let malformed = |error| ParameterError::Escape(source, error);
            for (name, value) in parameters::split_form(data) {
                let name = Piece::form(name).map_err(malformed)?;
                let value = Piece::form(value).map_err(malformed)?;
                if name.is_reserved() {
                    let known = Known::of(&name.decoded());
                    collected.take(known, Parameter { name, value, source })?;
                } else {
                    collected.count(None)?;
                    *collected.found.others.next() = Parameter { name, value, source };
                }
            }
        }
        collected.check(request.method(), limits)?;
        Ok(Some(Self { request: *request, found: collected.found }))
    }

    /// `oauth_consumer_key`, decoded; never empty.
    #[must_use]
    pub fn client_identifier(&self) -> &str {
        self.found.protocol.text(Known::ConsumerKey).unwrap_or_default()
    }

    /// `oauth_token`, decoded; `None` if it is absent or empty, which mean the same.
    #[must_use]
    pub fn token_identifier(&self) -> Option<&str> {
        self.found.protocol.given(Known::Token)
    }

    /// `oauth_signature_method`.
    #[must_use]
    pub const fn signature_method(&self) -> SignatureMethod {
        self.found.signature_method
    }

    /// `oauth_timestamp`; always there, unless the method is PLAINTEXT.
    #[must_use]
    pub const fn timestamp(&self) -> Option<Timestamp> {
        self.found.timestamp
    }

    /// `oauth_nonce`, decoded; always there and never empty, unless the method is PLAINTEXT.
    #[must_use]
    pub fn nonce(&self) -> Option<&str> {
        self.found.protocol.given(Known::Nonce)
    }

    /// `oauth_callback`, decoded (section 2.1).
    #[must_use]
    pub fn callback(&self) -> Option<&str> {
        self.found.protocol.text(Known::Callback)
    }

    /// `oauth_verifier`, decoded (section 2.3).
    #[must_use]
    pub fn verifier(&self) -> Option<&str> {
        self.found.protocol.text(Known::Verifier)
    }

    /// `oauth_session_handle`, decoded.
    #[must_use]
    pub fn session_handle(&self) -> Option<&str> {
        self.found.protocol.text(Known::SessionHandle)
    }

    /// `oauth_body_hash`, decoded.
    #[must_use]
    pub fn body_hash(&self) -> Option<&str> {
        self.found.protocol.text(Known::BodyHash)
    }

    /// `oauth_signature`, decoded.
    pub(crate) fn signature(&self) -> Cow<'a, [u8]> {
        self.found.protocol.piece(Known::Signature).map_or(Cow::Borrowed(b""), |p| p.decoded())
    }

    /// `realm` of the header. It is not signed: believe nothing it says.
    #[must_use]
    pub fn realm(&self) -> Option<&str> {
        self.found.realm.as_deref()
    }

    /// Where the protocol parameters stand (section 3.5).
    #[must_use]
    pub const fn location(&self) -> Source {
        self.found.location
    }

    /// The request itself.
    #[must_use]
    pub const fn request(&self) -> &SignableRequest<'a> {
        &self.request
    }

    /// Every signed parameter, sorted; `realm` and `oauth_signature` are not among them.
    #[must_use]
    pub fn parameters(&self) -> Vec<Parameter<'_>> {
        let mut parameters: Vec<_> = self
            .found
            .protocol
            .signed()
            .map(|(known, value)| Parameter {
                name: Piece::literal(known.name().as_bytes()),
                value,
                source: self.found.location,
            })
            .chain(self.found.others.as_slice().iter().copied())
            .collect();
        parameters::sort(&mut parameters);
        parameters
    }

    /// The base string that this request is verified with (section 3.4.1).
    #[must_use]
    pub fn base_string(&self) -> SignatureBaseString {
        SignatureBaseString::of(self)
    }

    /// Checks `oauth_body_hash` against the body, if the request has one; a body that was not
    /// buffered must be hashed by the caller. A form-encoded body must have no hash.
    ///
    /// # Errors
    /// [`InvalidBodyHash`].
    pub fn verify_body_hash(&self) -> Result<(), InvalidBodyHash> {
        let Some(presented) = self.body_hash() else { return Ok(()) };
        let SignableBody::NotForm(body) = self.request.body() else { return Err(InvalidBodyHash) };
        let mut hasher = BodyHasher::new(self.found.signature_method.hash());
        hasher.update(body);
        if hasher.matches(presented) { Ok(()) } else { Err(InvalidBodyHash) }
    }

    /// Recalculates the signature and compares it with the presented one, in constant time and on
    /// decoded octets (sections 3.2 and 3.4).
    ///
    /// # Errors
    /// [`InvalidSignature`] if they differ, or the key is for another method than the request's.
    pub fn verify_signature(
        &self,
        key: &VerificationKey,
    ) -> Result<SignatureVerified, InvalidSignature> {
        // The method is compared first: a key never checks what it was not made for.
        if key.method() == self.found.signature_method
            && key.verifies_base_string(
                self,
                self.found.protocol.piece(Known::Signature).unwrap_or(Piece::literal(b"")),
            )
        {
            Ok(SignatureVerified(()))
        } else {
            Err(InvalidSignature)
        }
    }
}

/// Signature, verifier and the like may be secrets: only identifiers are shown.
impl fmt::Debug for PresentedRequest<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PresentedRequest")
            .field("method", &self.request.method())
            .field("client", &self.client_identifier())
            .field("token", &self.token_identifier())
            .field("signature_method", &self.found.signature_method)
            .field("timestamp", &self.found.timestamp)
            .finish_non_exhaustive()
    }
}

impl WriteBaseString for PresentedRequest<'_> {
    #[inline(always)]
    fn write<S: Sink>(&self, out: &mut S) -> Result<(), Unwritable> {
        write_target(out, self.request.method(), self.request.uri());
        let mut first = true;
        let separate = |out: &mut S, first: &mut bool| {
            if !core::mem::replace(first, false) {
                out.put(b"%26");
            }
        };
        let (before, others) = self.found.others.as_slice().split_at(self.found.before);
        for other in before {
            separate(out, &mut first);
            other.write_twice(out)?;
        }
        // Only unknown names that start with "oauth_" can stand between the known ones.
        let mut others = others.iter().peekable();
        let mut unknown = self.found.unknown;
        for (known, value) in self.found.protocol.signed() {
            while unknown > 0 && others.peek().is_some_and(|p| p.sorts_before(known.name())) {
                separate(out, &mut first);
                others.next().map_or(Ok(()), |other| other.write_twice(out))?;
                unknown -= 1;
            }
            known.write_name(out, core::mem::replace(&mut first, false));
            let source = self.found.location;
            value.write_twice(out).map_err(|error| Unwritable { source, error })?;
        }
        for other in others {
            separate(out, &mut first);
            other.write_twice(out)?;
        }
        Ok(())
    }
}

/// Whether query or form body carry a signature, however malformed the rest is.
fn is_signed(request: &SignableRequest<'_>) -> bool {
    request.parameters().filter_map(Result::ok).any(|p| {
        [names::CONSUMER_KEY, names::SIGNATURE, names::SIGNATURE_METHOD]
            .iter()
            .any(|name| p.name.is(name))
    })
}

/// The parameters, as they are found.
struct Collected<'a> {
    found: Box<Found<'a>>,
    location: Option<Source>,
    left: usize,
    limit: usize,
}

impl<'a> Collected<'a> {
    #[inline(always)]
    fn take(
        &mut self,
        known: Option<Known>,
        parameter: Parameter<'a>,
    ) -> Result<(), ParameterError> {
        match known {
            Some(known) => {
                self.count(Some(parameter.source))?;
                self.found.protocol.insert(known, parameter.value)
            }
            None => self.take_other(parameter),
        }
    }

    #[inline]
    fn take_other(&mut self, parameter: Parameter<'a>) -> Result<(), ParameterError> {
        if parameter.is_protocol() {
            self.count(Some(parameter.source))?;
            text(parameter.value, None)?;
        } else {
            self.count(None)?;
        }
        *self.found.others.next() = parameter;
        Ok(())
    }

    /// One more parameter; if it is named `oauth_…`, in this location.
    #[inline(always)]
    fn count(&mut self, location: Option<Source>) -> Result<(), ParameterError> {
        self.left = self.left.checked_sub(1).ok_or(ParameterError::TooMany(self.limit))?;
        // All of them in one location (section 3.5).
        match location {
            Some(found) if *self.location.get_or_insert(found) != found => {
                Err(ParameterError::SeveralLocations)
            }
            _ => Ok(()),
        }
    }

    /// The 400s of section 3.2 that need the whole set.
    #[inline(always)]
    fn check(&mut self, method: &str, limits: Limits) -> Result<(), ParameterError> {
        let found = &mut *self.found;
        found.location = self.location.unwrap_or(Source::Header);
        if found.location == Source::Body && matches!(method, "GET" | "HEAD") {
            return Err(ParameterError::BodyNotAllowed);
        }
        let others = found.others.sorted();
        let before = others.partition_point(|p| p.sorts_before("oauth_"));
        let unknown = others[before..].iter().take_while(|p| p.is_protocol()).count();
        // Unknown names are no exception to section 3.1 (2).
        let twice = |pair: &[Parameter<'_>]| pair[0].name.cmp_encoded(&pair[1].name).is_eq();
        if others[before..before + unknown].windows(2).any(twice) {
            return Err(ParameterError::Duplicated(Name::of(None)));
        }
        (found.before, found.unknown) = (before, unknown);
        let protocol = &found.protocol;
        let method = protocol.octets(Known::SignatureMethod);
        let plaintext = method == Some(SignatureMethod::Plaintext.as_str().as_bytes());
        let mut absent = Vec::new();
        for (known, required) in [
            (Known::ConsumerKey, true),
            (Known::SignatureMethod, true),
            (Known::Signature, true),
            (Known::Timestamp, !plaintext),
            (Known::Nonce, !plaintext),
        ] {
            if required && protocol.is_absent_or_empty(known) {
                absent.push(known.name());
            }
        }
        let (Some(method), true) = (method, absent.is_empty()) else {
            return Err(ParameterError::Absent(absent));
        };
        if protocol.octets(Known::Version).is_some_and(|version| version != b"1.0") {
            return Err(ParameterError::Version);
        }
        found.signature_method =
            SignatureMethod::of(method).ok_or(ParameterError::SignatureMethod)?;
        if let Some(digits) = protocol.octets(Known::Timestamp).filter(|text| !text.is_empty()) {
            let timestamp = Timestamp::read(digits).map_err(|_| ParameterError::Timestamp)?;
            found.timestamp = Some(timestamp);
        }
        if protocol.octets(Known::Nonce).is_some_and(|nonce| nonce.len() > limits.nonce) {
            return Err(ParameterError::NonceTooLong(limits.nonce));
        }
        Ok(())
    }
}

/// Proof that a request carried the signature its credentials make.
///
/// Only [`PresentedRequest::verify_signature`] makes one. It says nothing about replay: the nonce
/// must be recorded before the request is believed. Nothing outside this crate can forge one:
///
/// ```compile_fail,E0423
/// let forged = oauth1_core::SignatureVerified(());
/// ```
#[must_use = "a verified signature is worth nothing until the nonce is recorded"]
#[derive(Debug)]
pub struct SignatureVerified(());

/// The presented signature is not the request's (section 3.2).
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the signature does not match the request")]
pub struct InvalidSignature;

/// `oauth_body_hash` is not the hash of the body.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("oauth_body_hash is not the hash of the body")]
pub struct InvalidBodyHash;
