//! Why a signature is another one: the mistake that the client made.
//!
//! A signature is a hash, so it does not tell how its base string differs. It can be found out
//! all the same by whoever has the secrets: sign the request once more with each known mistake
//! ([`mistakes`]), and with each two of them, and see which one makes the client's signature.
//! Nothing here hands out a right signature, and no text repeats a secret.
//!
//! ```
//! use oauth1_core::{SharedSecret, SignableRequest, Limits, diagnose::Suspect};
//! # use oauth1_core::{ClientCredentials, Signer, Stamp, Nonce, Timestamp};
//! # let signer = Signer::new(ClientCredentials::new("app-key", "app-secret"));
//! # let signed = SignableRequest::new("GET", "http://api.example.com/1/me?full=1")?;
//! # let stamp = Stamp { nonce: Nonce::new("n")?, timestamp: Timestamp::parse("1")? };
//! # let header = signer.authorize_at(&signed, &stamp)?;
//! # let header = header.as_str().as_bytes();
//! // The client signed http; a proxy in front of the server made it https.
//! let request = SignableRequest::new("GET", "https://api.example.com/1/me?full=1")?;
//! let suspect = Suspect::parse(&request, &[header], Limits::default())?.unwrap();
//! let diagnosis = suspect.by_secrets(&SharedSecret::new("app-secret"), None);
//! assert_eq!(diagnosis.best().unwrap().mistakes()[0].id, "scheme");
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod bodies;
mod catalogue;
mod facts;
mod order;
mod recipe;
mod search;
mod surroundings;

use alloc::{borrow::ToOwned, string::String, vec::Vec};
use core::fmt;

use zeroize::Zeroizing;

use self::{
    facts::{Facts, Reading},
    order::Order,
    recipe::{Algorithm, Alphabet, Form, Key, Pair, Recipe},
    search::Target,
};
use crate::{
    Limits, ParameterError, PresentedRequest, SharedSecret, SignableRequest, SignatureMethod,
    authorization::{self, AuthorizationHeader},
    parameters::Source,
    protocol_parameters as names,
};

pub use catalogue::Mistake;
pub use surroundings::Surroundings;

/// Every known mistake.
pub fn mistakes() -> impl Iterator<Item = &'static Mistake> {
    catalogue::PARTS.into_iter().flatten()
}

/// A request whose signature is not what it should be.
#[derive(Clone)]
pub struct Suspect<'a> {
    request: SignableRequest<'a>,
    method: SignatureMethod,
    /// As they stand in the request; neither `realm` nor `oauth_signature`.
    pairs: Vec<Pair>,
    realm: Option<String>,
    /// Where the protocol parameters stand.
    location: Source,
    signature: Zeroizing<Vec<u8>>,
    surroundings: Surroundings<'a>,
    together: bool,
}

impl<'a> Suspect<'a> {
    /// Reads a request like [`PresentedRequest::parse`]; `Ok(None)` if it carries no signature.
    ///
    /// # Errors
    /// [`ParameterError`]: then that is the mistake.
    pub fn parse(
        request: &SignableRequest<'a>,
        authorization: &[&'a [u8]],
        limits: Limits,
    ) -> Result<Option<Self>, ParameterError> {
        let presented = PresentedRequest::parse(request, authorization, limits)?;
        Ok(presented.map(|presented| Self::of(&presented, authorization)))
    }

    /// From a request that was read already, and the same headers.
    #[must_use]
    pub fn of(presented: &PresentedRequest<'a>, authorization: &[&'a [u8]]) -> Self {
        let header = authorization.iter().find(|value| authorization::is_oauth(value));
        let header = header.and_then(|value| AuthorizationHeader::parse(value).ok());
        let parameters = header.iter().flat_map(|header| header.parameters());
        let pairs = parameters.map(|parameter| Pair {
            name: parameter.name().into_owned(),
            value: parameter.value().into_owned(),
            source: Source::Header,
            bare: false,
        });
        let (request, method) = (presented.request(), presented.signature_method());
        let mut suspect = Self::with_pairs(request, method, pairs);
        suspect.realm = presented.realm().map(ToOwned::to_owned);
        suspect.location = presented.location();
        suspect.signature = Zeroizing::new(presented.signature().into_owned());
        suspect
    }

    /// From its parts, however incomplete they are: the decoded parameters of the header in their
    /// order, `realm` among them or not, and the decoded signature.
    pub fn new<'p>(
        request: &SignableRequest<'a>,
        method: SignatureMethod,
        header: impl IntoIterator<Item = (&'p str, &'p str)>,
        signature: &str,
    ) -> Self {
        let mut realm = None;
        let pairs: Vec<_> = header
            .into_iter()
            .filter(|(name, value)| {
                if *name == "realm" {
                    realm = Some((*value).to_owned());
                }
                *name != "realm"
            })
            .map(|(name, value)| Pair::new(name, value, Source::Header))
            .collect();
        let mut suspect = Self::with_pairs(request, method, pairs);
        suspect.realm = realm;
        suspect.signature = Zeroizing::new(signature.as_bytes().to_vec());
        suspect
    }

    fn with_pairs(
        request: &SignableRequest<'a>,
        method: SignatureMethod,
        header: impl IntoIterator<Item = Pair>,
    ) -> Self {
        let header = header.into_iter().filter(|pair| pair.name != b"oauth_signature");
        let mut pairs: Vec<_> = header.collect();
        let reading = Reading::default();
        pairs.extend(reading.signed(request.query(), Source::Query));
        pairs.extend(reading.signed(request.body().form(), Source::Body));
        Self {
            request: *request,
            method,
            pairs,
            realm: None,
            location: Source::Header,
            signature: Zeroizing::default(),
            surroundings: Surroundings::default(),
            together: true,
        }
    }

    /// `oauth_signature_method`.
    #[must_use]
    pub const fn signature_method(&self) -> SignatureMethod {
        self.method
    }

    /// Looks for one mistake, not for two together: a hundredth of the work.
    #[must_use]
    pub const fn singly(mut self) -> Self {
        self.together = false;
        self
    }

    /// What else is known of the way that the request took.
    #[must_use]
    pub fn with_surroundings(mut self, surroundings: Surroundings<'a>) -> Self {
        self.surroundings = surroundings;
        self
    }

    /// Searches with the secrets that it should have been signed with, for HMAC and PLAINTEXT.
    /// For an RSA method nothing is found.
    #[must_use]
    pub fn by_secrets(&self, client: &SharedSecret, token: Option<&SharedSecret>) -> Diagnosis {
        let octets = |secret: &SharedSecret| Zeroizing::new(secret.expose().as_bytes().to_vec());
        let key = (octets(client), token.map(octets));
        self.search(Some(key), &Target::Signature(&self.signature))
    }

    /// Searches with the public key of an RSA method.
    #[cfg(feature = "rsa")]
    #[must_use]
    pub fn by_public_key(&self, key: &crate::rsa::RsaPublicKey) -> Diagnosis {
        use base64::{Engine, prelude::BASE64_STANDARD};
        let signature = BASE64_STANDARD.decode(&*self.signature).unwrap_or_default();
        self.search(None, &Target::Rsa(key, &signature))
    }

    /// Searches for the mistake that makes a base string which the client has written down. No
    /// secret is needed.
    #[must_use]
    pub fn by_base_string(&self, theirs: &str) -> Diagnosis {
        self.search(None, &Target::BaseString(theirs.as_bytes()))
    }

    fn search(&self, key: Option<Secrets>, target: &Target<'_>) -> Diagnosis {
        let value = |name: &str| {
            let pair = self.pairs.iter().find(|pair| pair.name == name.as_bytes())?;
            Some(String::from_utf8_lossy(&pair.value).into_owned())
        };
        let facts = Facts {
            request: self.request,
            method: self.method,
            realm: self.realm.clone(),
            client: value(names::CONSUMER_KEY).unwrap_or_default(),
            token: value(names::TOKEN),
            location: self.location,
            surroundings: &self.surroundings,
        };
        search::run(&facts, &self.recipe(key), target, self.together)
    }

    /// How it should have been signed.
    fn recipe(&self, key: Option<Secrets>) -> Recipe {
        let (request, method) = (&self.request, self.method);
        let uri = request.uri();
        let (client, token) = key.unwrap_or_default();
        let hash = method.hash();
        Recipe {
            method: request.method().to_ascii_uppercase().into_bytes(),
            absolute: true,
            scheme: uri.scheme(),
            host: uri.host().as_bytes().to_vec(),
            lower_host: true,
            port: uri.port(),
            path: uri.path().to_vec(),
            rest: Vec::new(),
            uri_times: 1,
            pairs: self.pairs.clone(),
            bare: false,
            raw_names: false,
            order: Order::Encoded,
            name_times: 1,
            value_times: 1,
            joined_times: 1,
            inner: Alphabet::default(),
            outer: Alphabet::default(),
            separator: b"&",
            key: Key { client, token, times: 1, separator: true, whole: 0 },
            algorithm: match method {
                SignatureMethod::Plaintext => Algorithm::Plaintext,
                rsa if rsa.is_rsa() => Algorithm::Rsa(hash),
                _ => Algorithm::Hmac(hash),
            },
            form: Form::Base64,
        }
    }
}

impl fmt::Debug for Suspect<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (method, uri) = (self.request.method(), self.request.uri());
        f.debug_struct("Suspect")
            .field("method", &method)
            .field("uri", uri)
            .field("signature_method", &self.method)
            .finish_non_exhaustive()
    }
}

type Secrets = (Zeroizing<Vec<u8>>, Option<Zeroizing<Vec<u8>>>);

/// What the search has found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Diagnosis {
    right: bool,
    findings: Vec<Finding>,
    tried: usize,
    complete: bool,
}

impl Diagnosis {
    /// Whether the signature, or the base string, is right as it is.
    #[must_use]
    pub const fn is_right(&self) -> bool {
        self.right
    }

    /// The most likely explanation.
    #[must_use]
    pub fn best(&self) -> Option<&Finding> {
        self.findings.first()
    }

    /// Every explanation, the most likely first. With some requests two mistakes come to the same.
    #[must_use]
    pub fn findings(&self) -> &[Finding] {
        &self.findings
    }

    /// How many ways of signing were tried.
    #[must_use]
    pub const fn tried(&self) -> usize {
        self.tried
    }

    /// Whether something was found, or all was tried: very large requests are not signed again
    /// thousands of times, and two mistakes together are not looked for by [`Suspect::singly`].
    #[must_use]
    pub const fn is_complete(&self) -> bool {
        self.complete
    }
}

/// What was found, in words; several lines.
impl fmt::Display for Diagnosis {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Some(best) = self.best() else {
            return f.write_str(if self.right {
                "the signature is right"
            } else {
                "no known mistake makes this signature, nor do two of them: the secret differs, or it is a mistake that is not known"
            });
        };
        for (i, mistake) in best.mistakes().iter().enumerate() {
            if i > 0 {
                f.write_str("\n")?;
            }
            let Mistake { id, title, explanation, fix, clause, .. } = mistake;
            write!(f, "the client {title} ({id})\n  {explanation} ({clause})\n  fix: {fix}")?;
        }
        for other in &self.findings[1..] {
            write!(f, "\nor else: {other}")?;
        }
        Ok(())
    }
}

/// One mistake, or two together.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding(Vec<&'static Mistake>);

impl Finding {
    /// One or two.
    #[must_use]
    pub fn mistakes(&self) -> &[&'static Mistake] {
        &self.0
    }
}

/// The titles.
impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (i, mistake) in self.0.iter().enumerate() {
            let and = if i > 0 { ", and " } else { "" };
            write!(f, "{and}{} ({})", mistake.title, mistake.id)?;
        }
        Ok(())
    }
}
