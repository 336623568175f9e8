//! Making requests, RFC 5849 section 3.1.
//!
//! A [`Signer`] holds the credentials with everything that is the same for each request already
//! encoded: the key state, and the constant runs of base string and header. Request parameters are
//! sorted as borrowed slices; all `oauth_` parameters sort together, so their run is dropped in
//! between. The base string is written once, on the stack if it fits there, and is never kept.

use alloc::{boxed::Box, string::String, vec::Vec};
use core::fmt;

use crate::{
    body_hash::body_hash,
    credentials::{
        Callback, ClientCredentials, SharedSecret, TemporaryCredentials, TokenCredentials, Verifier,
    },
    parameter_list::ParameterList,
    parameters::{Source, Unwritable},
    percent_encoding::MalformedEscape,
    request::{SignableBody, SignableRequest},
    signature_method::{SignatureMethod, SigningFailed, SigningKey},
    stamp::Stamp,
    template::{Style, Template},
    unsigned::{Stamped, Unsigned},
};

/// Signs requests with one set of credentials.
///
/// ```
/// use oauth1_core::{ClientCredentials, Nonce, SignableRequest, Signer, Stamp, Timestamp, TokenCredentials};
///
/// let signer = Signer::new(ClientCredentials::new("dpf43f3p2l4k3l03", "kd94hf93k423kf44"))
///     .with_token(TokenCredentials::new("nnch734d00sl2jdk", "pfkkdhi9sl3r4s00"))
///     .with_version(false)
///     .with_realm("Photos");
/// let url = "http://photos.example.net/photos?file=vacation.jpg&size=original";
/// let request = SignableRequest::new("GET", url)?;
/// let stamp = Stamp::new(Nonce::new("chapoH")?, Timestamp::parse("137131202")?);
/// let authorization = signer.authorize_at(&request, &stamp)?;
/// assert!(authorization.as_str().contains(r#"oauth_signature="MdpQcU8iPSUjWoN%2FUDMsK2sui9I%3D""#));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone)]
pub struct Signer {
    client: Box<str>,
    client_secret: SharedSecret,
    token: Option<(Box<str>, SharedSecret)>,
    callback: Option<Callback>,
    verifier: Option<Verifier>,
    session_handle: Option<SharedSecret>,
    realm: Option<Box<str>>,
    version: bool,
    body_hash: bool,
    method: SignatureMethod,
    #[cfg(feature = "rsa")]
    rsa: Option<crate::rsa::RsaPrivateKey>,
    key: Option<SigningKey>,
    template: Template,
}

impl Signer {
    /// A signer without a token, with HMAC-SHA1 and `oauth_version`.
    #[must_use]
    pub fn new(client: ClientCredentials) -> Self {
        Self {
            client: client.identifier().into(),
            client_secret: client.secret().clone(),
            token: None,
            callback: None,
            verifier: None,
            session_handle: None,
            realm: None,
            version: true,
            body_hash: false,
            method: SignatureMethod::default(),
            #[cfg(feature = "rsa")]
            rsa: None,
            key: None,
            template: Template::default(),
        }
        .prepared()
    }

    /// Signs on behalf of the resource owner who granted the token.
    #[must_use]
    pub fn with_token(self, token: TokenCredentials) -> Self {
        let token = Some((token.identifier().into(), token.secret().clone()));
        Self { token, ..self }.prepared()
    }

    /// Signs the request for token credentials (section 2.3).
    #[must_use]
    pub fn with_temporary(self, temporary: TemporaryCredentials, verifier: Verifier) -> Self {
        let token = Some((temporary.identifier().into(), temporary.secret().clone()));
        Self { token, verifier: Some(verifier), ..self }.prepared()
    }

    /// Signs the request for temporary credentials (section 2.1).
    #[must_use]
    pub fn with_callback(self, callback: Callback) -> Self {
        Self { callback: Some(callback), ..self }.prepared()
    }

    /// Adds `oauth_session_handle`, to renew a token under the session extension.
    #[must_use]
    pub fn with_session_handle(self, handle: impl Into<String>) -> Self {
        Self { session_handle: Some(SharedSecret::new(handle)), ..self }.prepared()
    }

    /// Signs with another method. An RSA method needs [`Signer::with_rsa_key`].
    #[must_use]
    pub fn with_method(self, method: SignatureMethod) -> Self {
        Self { method, ..self }.prepared()
    }

    /// Signs with an RSA key instead of the secrets (section 3.4.3).
    #[cfg(feature = "rsa")]
    #[must_use]
    pub fn with_rsa_key(self, method: SignatureMethod, key: crate::rsa::RsaPrivateKey) -> Self {
        Self { method, rsa: Some(key), ..self }.prepared()
    }

    /// Puts a `realm` into the header (section 3.5.1). It is never signed.
    #[must_use]
    pub fn with_realm(self, realm: impl Into<Box<str>>) -> Self {
        Self { realm: Some(realm.into()), ..self }.prepared()
    }

    /// Whether `oauth_version="1.0"` is sent; it is optional (section 3.1) and on by default.
    #[must_use]
    pub fn with_version(self, version: bool) -> Self {
        Self { version, ..self }.prepared()
    }

    /// Whether bodies that are not form-encoded are signed by their hash; off by default, for not
    /// every server knows the extension.
    #[must_use]
    pub const fn with_body_hash(mut self, body_hash: bool) -> Self {
        self.body_hash = body_hash;
        self
    }

    /// The client identifier.
    #[must_use]
    pub fn client_identifier(&self) -> &str {
        &self.client
    }

    /// The signature method.
    #[must_use]
    pub const fn method(&self) -> SignatureMethod {
        self.method
    }

    fn prepared(mut self) -> Self {
        let (client, token) = self.secrets();
        self.key = SigningKey::shared(self.method, client, token);
        #[cfg(feature = "rsa")]
        if let Some(key) = self.rsa.as_ref().filter(|_| self.method.is_rsa()) {
            self.key = SigningKey::rsa(self.method, key.clone());
        }
        self.template = Template::new(self.realm.as_deref(), self.constants());
        self
    }

    /// The protocol parameters that are the same for every request, sorted; nonce and timestamp,
    /// which are not, as `None`.
    fn constants(&self) -> impl Iterator<Item = (&'static str, Option<&str>)> {
        use crate::protocol_parameters as names;
        let token = self.token.as_ref().map(|(identifier, _)| &**identifier);
        [
            (names::CALLBACK, self.callback.as_ref().map(Callback::as_str)),
            (names::CONSUMER_KEY, Some(&*self.client)),
            (names::NONCE, Some("")),
            (names::SESSION_HANDLE, self.session_handle.as_ref().map(SharedSecret::expose)),
            (names::SIGNATURE, Some("")),
            (names::SIGNATURE_METHOD, Some(self.method.as_str())),
            (names::TIMESTAMP, Some("")),
            (names::TOKEN, token),
            (names::VERIFIER, self.verifier.as_ref().map(Verifier::expose)),
            (names::VERSION, self.version.then_some("1.0")),
        ]
        .into_iter()
        .filter(|(_, value)| value.is_some())
        .map(|(name, value)| {
            let varies = matches!(name, names::NONCE | names::TIMESTAMP | names::SIGNATURE);
            (name, value.filter(|_| !varies))
        })
    }

    /// Signs a request for the `Authorization` header (section 3.5.1).
    ///
    /// # Errors
    /// [`SignError`]; nothing was signed.
    pub fn authorize_at(
        &self,
        request: &SignableRequest<'_>,
        stamp: &Stamp,
    ) -> Result<Authorization, SignError> {
        self.sign_as(Style::Header, request, stamp).map(Authorization)
    }

    /// Signs a request for the query (section 3.5.3): returns the `&`-joined parameters to append
    /// to the query of the URL. Prefer the header where it can be sent.
    ///
    /// # Errors
    /// [`SignError`]; nothing was signed.
    pub fn sign_query_at(
        &self,
        request: &SignableRequest<'_>,
        stamp: &Stamp,
    ) -> Result<String, SignError> {
        self.sign_as(Style::Form, request, stamp).map(into_text)
    }

    /// Signs a request for the form-encoded body (section 3.5.2): returns the whole new body, the
    /// request's own parameters first.
    ///
    /// # Errors
    /// [`SignError`], among them [`SignError::NotForm`] if the body is no form and not empty.
    pub fn sign_form_at(
        &self,
        request: &SignableRequest<'_>,
        stamp: &Stamp,
    ) -> Result<Vec<u8>, SignError> {
        let form = match request.body() {
            SignableBody::Form(form) => form,
            SignableBody::NotForm([]) => &[],
            SignableBody::NotForm(_) | SignableBody::Streamed => return Err(SignError::NotForm),
        };
        let request = request.with_body(SignableBody::Form(form));
        let parameters = self.sign_query_at(&request, stamp)?;
        let mut body = Vec::with_capacity(form.len() + 1 + parameters.len());
        body.extend_from_slice(form);
        if !matches!(form, [] | [.., b'&']) {
            body.push(b'&');
        }
        body.extend_from_slice(parameters.as_bytes());
        Ok(body)
    }

    #[inline]
    fn sign_as(
        &self,
        style: Style,
        request: &SignableRequest<'_>,
        stamp: &Stamp,
    ) -> Result<Vec<u8>, SignError> {
        let (mut list, stamp) = (ParameterList::default(), stamp.written());
        let unsigned = Unsigned::new(self, request, &mut list)?;
        let stamped = Stamped { unsigned: &unsigned, stamp: &stamp };
        self.key()?.sign_base_string(&stamped, |signed| {
            self.template.write(style, &stamp, unsigned.body_hash.as_deref(), signed)
        })
    }

    pub(crate) fn key(&self) -> Result<&SigningKey, SignError> {
        self.key.as_ref().ok_or(SignError::NoRsaKey)
    }

    pub(crate) const fn template(&self) -> &Template {
        &self.template
    }

    pub(crate) fn body_hash_of(&self, body: SignableBody<'_>) -> Result<Option<String>, SignError> {
        match body {
            SignableBody::Streamed if self.body_hash => Err(SignError::BodyUnknown),
            SignableBody::NotForm(body) if self.body_hash => {
                Ok(Some(body_hash(self.method.hash(), body)))
            }
            _ => Ok(None),
        }
    }

    pub(crate) const fn secrets(&self) -> (&SharedSecret, Option<&SharedSecret>) {
        let token = match &self.token {
            Some((_, secret)) => Some(secret),
            None => None,
        };
        (&self.client_secret, token)
    }

    pub(crate) fn realm(&self) -> Option<&str> {
        self.realm.as_deref()
    }

    /// Every protocol parameter of a request but the signature, decoded and sorted.
    pub(crate) fn protocol_parameters<'s>(
        &'s self,
        stamp: &'s Stamp,
        timestamp: &'s str,
        body_hash: Option<&'s str>,
    ) -> impl Iterator<Item = (&'static str, &'s str)> {
        use crate::protocol_parameters as names;
        let hash = body_hash.map(|hash| (names::BODY_HASH, hash));
        hash.into_iter().chain(self.constants().filter_map(move |(name, value)| match name {
            names::NONCE => Some((name, stamp.nonce.as_str())),
            names::TIMESTAMP => Some((name, timestamp)),
            _ => Some((name, value?)),
        }))
    }
}

impl fmt::Debug for Signer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Signer")
            .field("client", &self.client)
            .field("token", &self.token.as_ref().map(|(identifier, _)| identifier))
            .field("method", &self.method)
            .field("realm", &self.realm)
            .finish_non_exhaustive()
    }
}

/// The value of an `Authorization` header. `Debug` is redacted: with PLAINTEXT it holds secrets.
#[derive(Clone, PartialEq, Eq)]
pub struct Authorization(pub(crate) Vec<u8>);

impl Authorization {
    /// The header's value: ASCII, but for a realm that is not.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }

    /// The header's value as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        // Only text was written into it.
        core::str::from_utf8(&self.0).unwrap_or_default()
    }

    /// The header's value as text, without copying.
    #[must_use]
    pub fn into_string(self) -> String {
        into_text(self.0)
    }
}

fn into_text(written: Vec<u8>) -> String {
    String::from_utf8(written).unwrap_or_default()
}

impl fmt::Debug for Authorization {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Authorization([redacted])")
    }
}

impl From<Unwritable> for SignError {
    fn from(Unwritable { source, error }: Unwritable) -> Self {
        Self::Escape(source, error)
    }
}

/// Why a request was not signed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SignError {
    /// A malformed escape in the query or the form body.
    #[error("in the {0}: {1}")]
    Escape(Source, MalformedEscape),
    /// The query or the form body already has a parameter named `oauth_…`; section 3.5 allows
    /// them in one location only.
    #[error(
        "the {0} already has an oauth_ parameter; remove it, the signer adds its own (RFC 5849 section 3.5)"
    )]
    ProtocolParameter(Source),
    /// The URL is no absolute `http` or `https` URL.
    #[error(transparent)]
    Uri(#[from] crate::base_string_uri::UriError),
    /// An RSA method without an RSA key, or RSA-SHA1 without the feature `rsa-sha1-signing`.
    #[error(
        "the signature method needs an RSA private key; RSA-SHA1 also needs the feature rsa-sha1-signing"
    )]
    NoRsaKey,
    /// The RSA key could not sign.
    #[error(transparent)]
    Rsa(#[from] SigningFailed),
    /// A body hash was asked for, but the body is a stream.
    #[error(
        "the body is a stream: buffer it so that its hash can be signed, or turn the body hash off"
    )]
    BodyUnknown,
    /// Parameters were to go into a body that is not form-encoded.
    #[error(
        "the body is not form-encoded: send the oauth_ parameters in the Authorization header instead"
    )]
    NotForm,
    /// The system clock or random source failed.
    #[error("{0}")]
    Stamp(&'static str),
    /// The value cannot stand in an HTTP header.
    #[error("the realm or an identifier has characters that no HTTP header can hold")]
    HeaderValue,
}
