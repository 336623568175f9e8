//! What was refused, for the operator: without secrets, and without values that could be some.

use std::sync::Arc;

use http::request::Parts;
use oauth1_core::{
    PresentedRequest, SignatureBaseString, SignatureMethod,
    authorization::AuthorizationHeader,
    diagnose::Finding,
    parameters::{Parameter, Source, parse_form},
    protocol_parameters as names,
};

use crate::{
    DelegationError, IdentityError, NonceStoreError, PublicOrigin, Refusal, RequestBody,
    basic::{BasicError, Presented},
    framing::{Frame, original_uri},
    observer::Seen,
    policy::RequestLimits,
    suspicion::Suspicion,
};

/// A refused request, as far as it can be kept. It shows no secret: values of parameters that are
/// not of the protocol are left out, and so is every signature that could be right.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct RefusedRequest {
    /// The HTTP method.
    pub method: String,
    /// The path as it was sent, without the query; at most 512 characters.
    pub path: String,
    /// The names of the parameters that are not of the protocol, sorted; at most 64.
    pub parameters: Vec<String>,
    /// `oauth_consumer_key`, at most 255 characters of it.
    pub client: Option<String>,
    /// `oauth_token`, at most 64 characters of it.
    pub token: Option<String>,
    /// `oauth_nonce`.
    pub nonce: Option<String>,
    /// The signature base string (section 3.4.1) with `redacted` for all values that are not of
    /// the protocol; `None` if the request was not well formed, or if it is too long.
    pub base_string: Option<String>,
    /// `oauth_signature`, only if it was compared and did not match.
    pub signature: Option<String>,
    /// The name that came with a password.
    pub basic_name: Option<String>,
    /// To look for the mistake, if the signature was another one than it should be.
    pub(crate) suspicion: Option<Arc<Suspicion>>,
}

impl RefusedRequest {
    pub(crate) fn of<B>(
        parts: &Parts,
        body: &RequestBody<B>,
        origin: &PublicOrigin,
        limits: &RequestLimits,
        refusal: &Refusal,
        seen: &Seen,
    ) -> Self {
        let mut this = Self {
            method: shortened(parts.method.as_str(), 32),
            path: shortened(original_uri(parts).path(), 512),
            parameters: Vec::new(),
            client: None,
            token: None,
            nonce: None,
            base_string: None,
            signature: None,
            basic_name: None,
            suspicion: None,
        };
        if let Refusal::Basic(_) = refusal {
            let presented = Presented::of(&parts.headers);
            this.basic_name = presented.map(|presented| shortened(presented.name(), 64));
            return this;
        }
        let Ok(frame) = Frame::of(parts, origin, limits) else { return this };
        let form = body.buffered().filter(|_| frame.is_form).cloned().unwrap_or_default();
        let Ok(request) = frame.signable(&form) else { return this };
        let authorization = frame.authorization();
        let Ok(Some(presented)) =
            PresentedRequest::parse(&request, &authorization, limits.protocol)
        else {
            return this;
        };
        this.client = Some(shortened(presented.client_identifier(), 255));
        this.token = presented.token_identifier().map(|token| shortened(token, 64));
        this.nonce = presented.nonce().map(|nonce| shortened(nonce, 256));
        let parameters = presented.parameters();
        this.parameters = parameters
            .iter()
            .filter(|parameter| !parameter.is_protocol())
            .map(|parameter| shortened(&String::from_utf8_lossy(&parameter.name()), 64))
            .take(64)
            .collect();
        this.parameters.dedup();
        // Names first, so that the redacted ones outlive what borrows them.
        let names: Vec<_> = parameters.iter().map(|parameter| parameter.name()).collect();
        let shown = parameters.iter().zip(&names).map(|(parameter, name)| {
            if is_shown(name) {
                *parameter
            } else {
                Parameter::decoded(&**name, REDACTED.as_bytes(), parameter.source())
            }
        });
        let base_string = SignatureBaseString::new(request.method(), request.uri(), shown);
        this.base_string =
            Some(base_string.as_str().to_owned()).filter(|text| text.len() <= LONGEST);
        // One that was right may not have been used yet, and PLAINTEXT's are the secrets.
        let wrong = matches!(refusal, Refusal::Identity(IdentityError::Signature))
            && presented.signature_method() != SignatureMethod::Plaintext;
        this.signature = if wrong { signature(&frame, &authorization, &form) } else { None };
        this.suspicion = Suspicion::of(parts, &request, &authorization, &form, seen).map(Arc::new);
        this
    }
}

impl RefusedRequest {
    /// The mistake that made the signature another one than it should be, if it is a known one,
    /// or both, if it was two; the most likely, where it may be one of several. It takes up to
    /// some tenths of a second, so do not ask on the request's path, where the time would tell
    /// besides that the client exists.
    #[must_use]
    pub fn mistakes(&self) -> Option<Finding> {
        self.suspicion.as_ref()?.diagnose().and_then(|found| found.best().cloned())
    }
}

/// Identifiers and stamps. Verifiers are as good as secrets, and other values may be.
fn is_shown(name: &[u8]) -> bool {
    const SHOWN: [&str; 7] = [
        names::CONSUMER_KEY,
        names::TOKEN,
        names::SIGNATURE_METHOD,
        names::TIMESTAMP,
        names::NONCE,
        names::VERSION,
        names::BODY_HASH,
    ];
    SHOWN.iter().any(|shown| shown.as_bytes() == name)
}

fn signature(frame: &Frame<'_>, authorization: &[&[u8]], form: &[u8]) -> Option<String> {
    let header = authorization.iter().find_map(|value| AuthorizationHeader::parse(value).ok());
    let header = header.iter().flat_map(|header| header.parameters().iter().copied());
    let query = parse_form(frame.query(), Source::Query).filter_map(Result::ok);
    let form = parse_form(form, Source::Body).filter_map(Result::ok);
    let all = header.chain(query).chain(form);
    let value = all.into_iter().find(|p| *p.name() == *names::SIGNATURE.as_bytes())?;
    Some(shortened(&String::from_utf8_lossy(&value.value()), 1_024))
}

fn shortened(text: &str, most: usize) -> String {
    text.chars().take(most).collect()
}

impl Refusal {
    /// What the client or the operator can do about it, in words.
    #[must_use]
    pub fn fix(&self) -> &'static str {
        use IdentityError as Identity;
        match self {
            Self::Framing(_) => "Send the request as the reason says.",
            Self::Unsigned => "Sign the request.",
            Self::Parameters(_) | Self::LowerCaseMethod | Self::BodyHashOfForm => {
                "Correct the OAuth parameters as the reason says."
            }
            Self::SignatureMethod => {
                "Sign with a method that the server and this key accept; PLAINTEXT needs https."
            }
            Self::Timestamp(_) => "Set the client's clock; it must agree with the server's.",
            Self::Identity(Identity::ClientUnknown) => {
                "Check the app key; it does not exist or was deleted."
            }
            Self::Identity(Identity::ClientSuspended) => {
                "Enable the key, or the person it acts as; or its account was deleted."
            }
            Self::Identity(Identity::ClientExpired) => {
                "Give the key a later expiry, or make a new one."
            }
            Self::Identity(Identity::TokenUnknown) => {
                "Check the access token; it does not exist or was deleted."
            }
            Self::Identity(Identity::TokenOfAnotherClient) => {
                "Use the access token with the app key that it was issued to."
            }
            Self::Identity(Identity::Signature) => {
                "Compare the base string with the client's; if they are the same, a secret is wrong."
            }
            Self::Identity(Identity::BodyHash) => {
                "Compute oauth_body_hash over the octets that are sent."
            }
            Self::Explained(_) => "Do what the explanation says.",
            Self::NonceUsed => "Sign every attempt anew, with a new nonce.",
            Self::TokenExpired => "Make a new token; key and secret stay.",
            Self::TokenRevoked => "Make a new token, if the key should have one.",
            Self::AddressRefused => {
                "Add the address to the key's allowed addresses, or send from one of them."
            }
            Self::TokenRequired => "Send oauth_token, or permit the key to sign without a token.",
            Self::PermissionDenied => "Ask the application which rights the request needs.",
            Self::ScopeDenied { .. } => {
                "Give the scope to the key and to its token; some need an assignment to the account."
            }
            Self::Delegation(error) => error.fix(),
            Self::Basic(BasicError::Insecure) => "Use https.",
            Self::Basic(BasicError::SwitchedOff) => {
                "Switch Basic authentication on for the account, or sign the request."
            }
            Self::Basic(_) => "Check name and password, and whether the credential is enabled.",
            Self::Nonce(NonceStoreError::OverQuota { .. }) => {
                "Send fewer requests within the timestamp window, or raise nonces.quota."
            }
            Self::Nonce(_) | Self::Credentials(_) | Self::Clock => {
                "Nothing is wrong with the request; see the server's log."
            }
        }
    }
}

impl DelegationError {
    const fn fix(self) -> &'static str {
        match self {
            Self::Callback => {
                "Register the callback with the key, letter by letter as it is sent; oob as well, for codes."
            }
            Self::Scope => "Ask for scopes that the key has, or give it more.",
            Self::TokenSent => "Ask for temporary credentials with the app key alone.",
            Self::TooManyPending { .. } | Self::Throttled { .. } => "Wait, then try again.",
            Self::Undecided => "Exchange the temporary credentials when the person has decided.",
            Self::Denied => "Nothing: the person refused. It can be asked again.",
            Self::Used => "Use the access token that the exchange gave; each works once.",
            Self::Expired => {
                "Ask for temporary credentials anew, and send the person there sooner."
            }
            Self::Verifier => {
                "Send oauth_verifier as it came with the callback, or as it was shown."
            }
            Self::Locked | Self::WrongToken => "Begin anew with temporary credentials.",
            Self::SessionHandle => {
                "Send the session handle that came with the token; after the end, ask the person anew."
            }
            Self::PasswordsOff => "Name the app key in delegation.xauth, or ask people for access.",
            Self::PasswordForm => "Send x_auth_mode=client_auth with a name and a password.",
            Self::Password => "Check name and password.",
        }
    }
}

/// Stands in base strings instead of a value.
pub(crate) const REDACTED: &str = "redacted";
/// Octets of a base string.
const LONGEST: usize = 8 * 1024;
