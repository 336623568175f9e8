//! Signing `reqwest` requests, RFC 5849 section 3.1.
//!
//! A request is signed after reqwest has built it: only then do URL, headers and body stand as
//! they will be sent. Anything changed afterwards breaks the signature.

use oauth1_core::{
    SignableBody, SignableRequest, Signer, Stamp, authorization,
    base_string_uri::{Authority, UriError},
    request::is_form,
};
use reqwest::{
    Method, Request, RequestBuilder,
    header::{AUTHORIZATION, CONTENT_LENGTH, CONTENT_TYPE, HOST, HeaderValue},
};

use crate::error::SignError;

/// Signs a request builder.
pub trait SignRequest: Sized {
    /// Signs the request as it stands, as the last step before it is sent.
    ///
    /// A user name and password in the URL were made into Basic authentication by reqwest
    /// already; like any other `Authorization` header, that one is replaced.
    ///
    /// # Errors
    /// [`SignError`]; the builder is used up.
    ///
    /// ```
    /// use oauth1_client::{ClientCredentials, SignRequest, Signer, client_builder};
    ///
    /// let http = client_builder().build()?; // follows no redirects
    /// let signer = Signer::new(ClientCredentials::new("app-key", "app-secret"));
    /// let request = http.get("http://api.example.com/1/me").sign_oauth1(&signer)?.build()?;
    /// assert!(request.headers()["authorization"].to_str()?.starts_with("OAuth "));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    fn sign_oauth1(self, signer: &Signer) -> Result<Self, SignError>;
}

impl SignRequest for RequestBuilder {
    fn sign_oauth1(self, signer: &Signer) -> Result<Self, SignError> {
        let (client, request) = self.build_split();
        let mut request = request.map_err(|e| SignError::Build(e.without_url()))?;
        sign(&mut request, signer)?;
        Ok(Self::from_parts(client, request))
    }
}

/// Where the protocol parameters go (RFC 5849 section 3.5).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Transmission {
    /// The `Authorization` header (section 3.5.1).
    #[default]
    Header,
    /// The query of the URL (section 3.5.3). Logs and caches keep URLs: prefer the header.
    Query,
    /// The form-encoded body (section 3.5.2).
    Body,
}

/// Signs a finished request: puts the `Authorization` header into it, marked sensitive, in place
/// of any that was there.
///
/// # Errors
/// [`SignError`]; the request is unchanged.
///
/// ```
/// use oauth1_client::{ClientCredentials, Signer, sign};
///
/// let signer = Signer::new(ClientCredentials::new("app-key", "app-secret"));
/// let url = "http://api.example.com/1/me?full=1".parse()?;
/// let mut request = reqwest::Request::new(reqwest::Method::GET, url);
/// sign(&mut request, &signer)?;
/// assert!(request.headers()["authorization"].is_sensitive());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn sign(request: &mut Request, signer: &Signer) -> Result<(), SignError> {
    sign_as(request, signer, Transmission::Header, &Stamp::now()?)
}

/// Like [`sign`], with a place for the parameters and a stamp of the caller's.
///
/// In query and body, an `Authorization` header of another scheme stays.
///
/// # Errors
/// [`SignError`]; the request is unchanged.
pub fn sign_as(
    request: &mut Request,
    signer: &Signer,
    transmission: Transmission,
    stamp: &Stamp,
) -> Result<(), SignError> {
    let signable = signable(request)?;
    match transmission {
        Transmission::Header => {
            let value = signer.authorize_at(&signable, stamp)?.to_header_value()?;
            request.headers_mut().insert(AUTHORIZATION, value);
            return Ok(());
        }
        Transmission::Query => {
            let parameters = signer.sign_query_at(&signable, stamp)?;
            let query = match request.url().query() {
                Some(query) if !query.is_empty() => format!("{query}&{parameters}"),
                _ => parameters,
            };
            request.url_mut().set_query(Some(&query));
        }
        Transmission::Body => {
            if matches!(*request.method(), Method::GET | Method::HEAD) {
                return Err(SignError::NoBody);
            }
            let body = signer.sign_form_at(&signable, stamp)?;
            *request.body_mut() = Some(body.into());
            let headers = request.headers_mut();
            headers.remove(CONTENT_LENGTH);
            if !headers.get(CONTENT_TYPE).and_then(|v| v.to_str().ok()).is_some_and(is_form) {
                headers.insert(CONTENT_TYPE, HeaderValue::from_static(FORM));
            }
        }
    }
    let authorization = request.headers().get(AUTHORIZATION);
    if authorization.is_some_and(|value| authorization::is_oauth(value.as_bytes())) {
        request.headers_mut().remove(AUTHORIZATION);
    }
    Ok(())
}

/// The parts of a request that are signed, as reqwest will send them.
///
/// # Errors
/// [`SignError`] if the URL, the `Host` header or the body cannot be signed.
///
/// ```
/// let url = "http://API.example.com:80/a/../b?q=it's#top".parse()?;
/// let request = reqwest::Request::new(reqwest::Method::GET, url);
/// let signable = oauth1_client::signable(&request)?;
/// assert_eq!(signable.uri().to_string(), "http://api.example.com/b");
/// assert_eq!(signable.query(), b"q=it%27s");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn signable(request: &Request) -> Result<SignableRequest<'_>, SignError> {
    let (url, headers) = (request.url(), request.headers());
    if !url.username().is_empty() || url.password().is_some() {
        return Err(SignError::UserInfo);
    }
    let mut signable = SignableRequest::new(request.method().as_str(), url.as_str())?;
    if let Some(host) = headers.get(HOST) {
        let authority = Authority::parse(host.to_str().map_err(|_| UriError::Host)?)?;
        let uri = signable.uri().with_authority(authority);
        signable = SignableRequest::from_parts(signable.method(), uri, signable.query());
    }
    let content_type = headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok());
    let body = match request.body().map(reqwest::Body::as_bytes) {
        None => SignableBody::of(content_type, &[]),
        Some(Some(body)) => SignableBody::of(content_type, body),
        Some(None) if content_type.is_some_and(is_form) => return Err(SignError::StreamedForm),
        Some(None) => SignableBody::Streamed,
    };
    Ok(signable.with_body(body))
}

const FORM: &str = "application/x-www-form-urlencoded";
