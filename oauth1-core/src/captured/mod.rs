//! Requests that somebody wrote down, to be looked at later: a curl line, or the octets of HTTP.

mod curl;
mod http_message;
mod shell_words;

use alloc::{string::String, vec::Vec};

use crate::{
    SignableBody, SignableRequest,
    base_string_uri::{Authority, Scheme, UriError},
};

/// A request as it was written down, with the signature that it came with or without one.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CapturedRequest {
    /// The request method.
    pub method: String,
    /// The absolute URL, as it is sent.
    pub url: String,
    /// Names and values, in their order.
    pub headers: Vec<(String, String)>,
    /// The body; empty if there is none.
    pub body: Vec<u8>,
}

/// What was written down is no request.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{message}; {fix}")]
pub struct CaptureError {
    /// What is wrong with it. It repeats no value of the request.
    pub message: String,
    /// What to do.
    pub fix: &'static str,
}

impl CapturedRequest {
    /// Reads a curl line as browsers and people copy it. Files that it names are asked for.
    ///
    /// # Errors
    /// [`CaptureError`], also for options that nobody here knows; or what `files` says.
    pub fn from_curl<E: From<CaptureError>>(
        line: &str,
        mut files: impl FnMut(&str) -> Result<Vec<u8>, E>,
    ) -> Result<Self, E> {
        curl::parse(line, &mut files)
    }

    /// Reads a request as RFC 9112 writes it; bare line feeds and folded headers are tolerated.
    /// The octets do not say the scheme.
    ///
    /// # Errors
    /// [`CaptureError`].
    pub fn from_http(octets: &[u8], scheme: Scheme) -> Result<Self, CaptureError> {
        http_message::parse(octets, scheme)
    }

    /// The first header of that name.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        let found = self.headers.iter().find(|(found, _)| found.eq_ignore_ascii_case(name));
        found.map(|(_, value)| value.as_str())
    }

    /// The values of all `Authorization` headers.
    #[must_use]
    pub fn authorization(&self) -> Vec<&[u8]> {
        let named = |(name, _): &&(String, String)| name.eq_ignore_ascii_case("authorization");
        self.headers.iter().filter(named).map(|(_, value)| value.as_bytes()).collect()
    }

    /// What is signed of it: under its `Host` header, if it has one.
    ///
    /// # Errors
    /// [`UriError`] if the URL or the host is none.
    pub fn signable(&self) -> Result<SignableRequest<'_>, UriError> {
        let mut signable = SignableRequest::new(&self.method, &self.url)?;
        if let Some(host) = self.header("host") {
            let uri = signable.uri().with_authority(Authority::parse(host)?);
            signable = SignableRequest::from_parts(signable.method(), uri, signable.query());
        }
        Ok(signable.with_body(SignableBody::of(self.header("content-type"), &self.body)))
    }
}
