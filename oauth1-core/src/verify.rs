//! Verifying requests, RFC 5849 section 3.2.
//!
//! Three steps, each a type: [`PresentedRequest::parse`] finds what is a bad request, without any
//! secret; the caller looks up the credentials; [`PresentedRequest::verify_signature`] makes a
//! [`SignatureVerified`], which nothing else can make. Replay, time window and the state of the
//! credentials are the caller's: core has no store and no clock.

use alloc::{borrow::Cow, vec::Vec};

use crate::{
    authorization,
    body_hash::BodyHasher,
    encoded::Sink,
    parameters::{self, Parameter, Source, Unwritable},
    protocol_parameters::{self as names, Name, ParameterError},
    request::{SignableBody, SignableRequest},
    signature_base_string::{SignatureBaseString, WriteBaseString, write_parameters, write_target},
    signature_method::{SignatureMethod, VerificationKey},
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
#[derive(Clone, Debug)]
pub struct PresentedRequest<'a> {
    request: SignableRequest<'a>,
    /// All that is signed, sorted.
    parameters: Vec<Parameter<'a>>,
    realm: Option<Cow<'a, str>>,
    location: Source,
    client: Cow<'a, str>,
    token: Option<Cow<'a, str>>,
    signature: Presented<'a>,
    signature_method: SignatureMethod,
    timestamp: Option<Timestamp>,
    nonce: Option<Cow<'a, str>>,
    callback: Option<Cow<'a, str>>,
    verifier: Option<Presented<'a>>,
    session_handle: Option<Presented<'a>>,
    body_hash: Option<Cow<'a, str>>,
}

/// A presented value that may be a secret: redacted in `Debug`.
#[derive(Clone)]
struct Presented<'a>(Cow<'a, str>);

impl core::fmt::Debug for Presented<'_> {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str("[redacted]")
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
        let in_request = request.count_parameters();
        if in_request > limits.parameters {
            return Err(ParameterError::TooMany(limits.parameters));
        }
        let mut parameters = Vec::with_capacity(in_request + if header.is_some() { 8 } else { 0 });
        let realm = match header {
            Some(value) => {
                authorization::parse_into(value, &mut parameters).map_err(ParameterError::Header)?
            }
            None => None,
        };
        for parameter in request.parameters() {
            parameters.push(parameter.map_err(|(source, e)| ParameterError::Escape(source, e))?);
        }
        if parameters.len() > limits.parameters {
            return Err(ParameterError::TooMany(limits.parameters));
        }
        Self::collect(request, parameters, realm, limits).map(Some)
    }

    fn collect(
        request: &SignableRequest<'a>,
        mut parameters: Vec<Parameter<'a>>,
        realm: Option<Cow<'a, str>>,
        limits: Limits,
    ) -> Result<Self, ParameterError> {
        parameters::sort(&mut parameters);
        let mut found = Found::default();
        // Sorted, so that all oauth_ parameters are neighbours, and each stands next to its like.
        let first = parameters.iter().position(Parameter::is_protocol);
        let first = first.unwrap_or(parameters.len());
        let length = parameters[first..].iter().take_while(|p| p.is_protocol()).count();
        let protocol = &parameters[first..first + length];
        let location = protocol.first().map_or(Source::Header, Parameter::source);
        if protocol.iter().any(|p| p.source != location) {
            return Err(ParameterError::SeveralLocations);
        }
        if location == Source::Body && matches!(request.method(), "GET" | "HEAD") {
            return Err(ParameterError::BodyNotAllowed);
        }
        for pair in protocol.windows(2) {
            if pair[0].name.cmp_encoded(&pair[1].name).is_eq() {
                return Err(ParameterError::Duplicated(Name::of(&pair[0].name())));
            }
        }
        let mut signature_at = None;
        for (at, parameter) in protocol.iter().enumerate() {
            let value = text(parameter)?;
            if parameter.name.is(names::SIGNATURE) {
                signature_at = Some(first + at);
            }
            found.take(parameter, value);
        }
        if let Some(at) = signature_at {
            parameters.remove(at);
        }
        found.checked(request, parameters, realm, location, limits)
    }

    /// `oauth_consumer_key`, decoded; never empty.
    #[must_use]
    pub fn client_identifier(&self) -> &str {
        &self.client
    }

    /// `oauth_token`, decoded; `None` if it is absent or empty, which mean the same.
    #[must_use]
    pub fn token_identifier(&self) -> Option<&str> {
        self.token.as_deref()
    }

    /// `oauth_signature_method`.
    #[must_use]
    pub const fn signature_method(&self) -> SignatureMethod {
        self.signature_method
    }

    /// `oauth_timestamp`; always there, unless the method is PLAINTEXT.
    #[must_use]
    pub const fn timestamp(&self) -> Option<Timestamp> {
        self.timestamp
    }

    /// `oauth_nonce`, decoded; always there and never empty, unless the method is PLAINTEXT.
    #[must_use]
    pub fn nonce(&self) -> Option<&str> {
        self.nonce.as_deref()
    }

    /// `oauth_callback`, decoded (section 2.1).
    #[must_use]
    pub fn callback(&self) -> Option<&str> {
        self.callback.as_deref()
    }

    /// `oauth_verifier`, decoded (section 2.3).
    #[must_use]
    pub fn verifier(&self) -> Option<&str> {
        self.verifier.as_ref().map(|v| &*v.0)
    }

    /// `oauth_session_handle`, decoded.
    #[must_use]
    pub fn session_handle(&self) -> Option<&str> {
        self.session_handle.as_ref().map(|v| &*v.0)
    }

    /// `oauth_body_hash`, decoded.
    #[must_use]
    pub fn body_hash(&self) -> Option<&str> {
        self.body_hash.as_deref()
    }

    /// `realm` of the header. It is not signed: believe nothing it says.
    #[must_use]
    pub fn realm(&self) -> Option<&str> {
        self.realm.as_deref()
    }

    /// Where the protocol parameters stand (section 3.5).
    #[must_use]
    pub const fn location(&self) -> Source {
        self.location
    }

    /// The request itself.
    #[must_use]
    pub const fn request(&self) -> &SignableRequest<'a> {
        &self.request
    }

    /// Every signed parameter, sorted; `realm` and `oauth_signature` are not among them.
    #[must_use]
    pub fn parameters(&self) -> &[Parameter<'a>] {
        &self.parameters
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
        let mut hasher = BodyHasher::new(self.signature_method.hash());
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
        if key.method() == self.signature_method
            && key.verifies_base_string(self, &self.signature.0)
        {
            Ok(SignatureVerified(()))
        } else {
            Err(InvalidSignature)
        }
    }
}

impl WriteBaseString for PresentedRequest<'_> {
    #[inline]
    fn write<S: Sink>(&self, out: &mut S) -> Result<(), Unwritable> {
        write_target(out, self.request.method(), self.request.uri());
        write_parameters(out, &self.parameters)
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

/// The decoded value, if it is UTF-8 without control characters.
#[inline]
fn text<'a>(parameter: &Parameter<'a>) -> Result<Cow<'a, str>, ParameterError> {
    let refused = || ParameterError::Text(Name::of(&parameter.name()));
    let value = match parameter.value() {
        Cow::Borrowed(value) => Cow::Borrowed(core::str::from_utf8(value).map_err(|_| refused())?),
        Cow::Owned(value) => {
            Cow::Owned(alloc::string::String::from_utf8(value).map_err(|_| refused())?)
        }
    };
    // C1 controls take two octets in UTF-8; the octet test is the fast path for the rest.
    if value.bytes().any(|b| !(b' '..0x7f).contains(&b)) && value.chars().any(char::is_control) {
        return Err(refused());
    }
    Ok(value)
}

/// The protocol parameters, as they are found.
#[derive(Default)]
struct Found<'a> {
    client: Option<Cow<'a, str>>,
    token: Option<Cow<'a, str>>,
    signature: Option<Cow<'a, str>>,
    signature_method: Option<Cow<'a, str>>,
    timestamp: Option<Cow<'a, str>>,
    nonce: Option<Cow<'a, str>>,
    version: Option<Cow<'a, str>>,
    callback: Option<Cow<'a, str>>,
    verifier: Option<Cow<'a, str>>,
    session_handle: Option<Cow<'a, str>>,
    body_hash: Option<Cow<'a, str>>,
}

impl<'a> Found<'a> {
    fn take(&mut self, parameter: &Parameter<'a>, value: Cow<'a, str>) {
        let slot = [
            (names::CONSUMER_KEY, &mut self.client),
            (names::TOKEN, &mut self.token),
            (names::SIGNATURE, &mut self.signature),
            (names::SIGNATURE_METHOD, &mut self.signature_method),
            (names::TIMESTAMP, &mut self.timestamp),
            (names::NONCE, &mut self.nonce),
            (names::VERSION, &mut self.version),
            (names::CALLBACK, &mut self.callback),
            (names::VERIFIER, &mut self.verifier),
            (names::SESSION_HANDLE, &mut self.session_handle),
            (names::BODY_HASH, &mut self.body_hash),
        ]
        .into_iter()
        .find(|(name, _)| parameter.name.is(name));
        if let Some((_, slot)) = slot {
            *slot = Some(value);
        }
    }

    /// The 400s of section 3.2 that need the whole set.
    fn checked(
        self,
        request: &SignableRequest<'a>,
        parameters: Vec<Parameter<'a>>,
        realm: Option<Cow<'a, str>>,
        location: Source,
        limits: Limits,
    ) -> Result<PresentedRequest<'a>, ParameterError> {
        let given = |value: Option<Cow<'a, str>>| value.filter(|v| !v.is_empty());
        let plaintext =
            self.signature_method.as_deref() == Some(SignatureMethod::Plaintext.as_str());
        let (client, nonce) = (given(self.client), given(self.nonce));
        let (signature, timestamp) = (given(self.signature), given(self.timestamp));
        let signature_method = given(self.signature_method);
        let mut absent = Vec::new();
        for (name, missing) in [
            (names::CONSUMER_KEY, client.is_none()),
            (names::SIGNATURE_METHOD, signature_method.is_none()),
            (names::SIGNATURE, signature.is_none()),
            (names::TIMESTAMP, timestamp.is_none() && !plaintext),
            (names::NONCE, nonce.is_none() && !plaintext),
        ] {
            if missing {
                absent.push(name);
            }
        }
        let (Some(client), Some(signature), Some(signature_method), true) =
            (client, signature, signature_method, absent.is_empty())
        else {
            return Err(ParameterError::Absent(absent));
        };
        if self.version.is_some_and(|version| version != "1.0") {
            return Err(ParameterError::Version);
        }
        let signature_method =
            signature_method.parse().map_err(|_| ParameterError::SignatureMethod)?;
        let timestamp = match timestamp {
            Some(text) => Some(Timestamp::parse(&text).map_err(|_| ParameterError::Timestamp)?),
            None => None,
        };
        if nonce.as_ref().is_some_and(|nonce| nonce.len() > limits.nonce) {
            return Err(ParameterError::NonceTooLong(limits.nonce));
        }
        Ok(PresentedRequest {
            request: *request,
            parameters,
            realm,
            location,
            client,
            token: given(self.token),
            signature: Presented(signature),
            signature_method,
            timestamp,
            nonce,
            callback: self.callback,
            verifier: self.verifier.map(Presented),
            session_handle: self.session_handle.map(Presented),
            body_hash: self.body_hash,
        })
    }
}

/// Proof that a request carried the signature its credentials make.
///
/// Only [`PresentedRequest::verify_signature`] makes one. It says nothing about replay: the nonce
/// must be recorded before the request is believed.
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
