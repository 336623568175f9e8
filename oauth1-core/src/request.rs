//! The borrowed view of a request that is signed or was presented.
//!
//! Contract: everything is in the form it travels in. The URL is percent-encoded exactly once, the
//! form body is the text that is sent. Nothing here encodes or repairs it.

use crate::{
    base_string_uri::{AbsoluteUri, BaseStringUri, UriError},
    parameters::{self, Parameter, Source},
    percent_encoding::MalformedEscape,
};

/// The parts of an HTTP request that OAuth looks at.
///
/// ```
/// use oauth1_core::{SignableBody, SignableRequest};
/// let request = SignableRequest::new("POST", "https://api.example.com/1/statuses?trim=1")?
///     .with_body(SignableBody::of(Some("application/x-www-form-urlencoded"), b"status=hi"));
/// assert_eq!(request.uri().to_string(), "https://api.example.com/1/statuses");
/// # Ok::<(), oauth1_core::base_string_uri::UriError>(())
/// ```
#[derive(Clone, Copy, Debug)]
pub struct SignableRequest<'a> {
    method: &'a str,
    uri: BaseStringUri<'a>,
    query: &'a [u8],
    body: SignableBody<'a>,
}

impl<'a> SignableRequest<'a> {
    /// A request without a body, to an absolute URL as it will be sent. A fragment and user
    /// information are ignored, for they are not sent.
    ///
    /// # Errors
    /// [`UriError`] if the URL is no absolute `http` or `https` URL.
    pub fn new(method: &'a str, url: &'a str) -> Result<Self, UriError> {
        let AbsoluteUri { base, query } = AbsoluteUri::parse(url)?;
        Ok(Self::from_parts(method, base, query))
    }

    /// A request without a body, from the parts of a request line and the `Host` header.
    #[must_use]
    pub const fn from_parts(method: &'a str, uri: BaseStringUri<'a>, query: &'a [u8]) -> Self {
        Self { method, uri, query, body: SignableBody::NotForm(&[]) }
    }

    /// The same request with a body.
    #[must_use]
    pub const fn with_body(self, body: SignableBody<'a>) -> Self {
        Self { body, ..self }
    }

    /// The request method as it is sent.
    #[must_use]
    pub const fn method(&self) -> &'a str {
        self.method
    }

    /// Scheme, authority and path (section 3.4.1.2).
    #[must_use]
    pub const fn uri(&self) -> &BaseStringUri<'a> {
        &self.uri
    }

    /// The query as it is sent, without the `?`; empty if there is none.
    #[must_use]
    pub const fn query(&self) -> &'a [u8] {
        self.query
    }

    /// The body.
    #[must_use]
    pub const fn body(&self) -> SignableBody<'a> {
        self.body
    }

    /// The parameters of query and form body, in this order (section 3.4.1.3.1).
    ///
    /// # Errors
    /// The iterator yields the source and the [`MalformedEscape`] in it.
    pub fn parameters(
        &self,
    ) -> impl Iterator<Item = Result<Parameter<'a>, (Source, MalformedEscape)>> {
        let read = |data, source| {
            parameters::parse_form(data, source).map(move |p| p.map_err(|e| (source, e)))
        };
        read(self.query, Source::Query).chain(read(self.body.form(), Source::Body))
    }

    pub(crate) fn has_more_parameters_than(&self, limit: usize) -> bool {
        // A parameter takes two octets, its separator among them: most requests are too short.
        (self.query.len() + self.body.form().len()) / 2 + 2 > limit
            && parameters::count_form(self.query) + parameters::count_form(self.body.form()) > limit
    }
}

/// A request body, classified by its media type.
#[derive(Clone, Copy, Debug)]
pub enum SignableBody<'a> {
    /// `application/x-www-form-urlencoded`: its parameters are signed (section 3.4.1.3.1).
    Form(&'a [u8]),
    /// Any other body, or none: not signed, unless by its hash.
    NotForm(&'a [u8]),
    /// Any other body, whose octets are not at hand.
    Streamed,
}

impl<'a> SignableBody<'a> {
    /// Classifies a body by the value of `Content-Type`.
    #[must_use]
    pub fn of(content_type: Option<&str>, body: &'a [u8]) -> Self {
        if content_type.is_some_and(is_form) { Self::Form(body) } else { Self::NotForm(body) }
    }

    /// The form-encoded octets; empty for every other body.
    #[must_use]
    pub const fn form(self) -> &'a [u8] {
        match self {
            Self::Form(form) => form,
            Self::NotForm(_) | Self::Streamed => &[],
        }
    }
}

/// Whether the media type is `application/x-www-form-urlencoded`, in any case and with any
/// parameters such as `charset`.
///
/// ```
/// use oauth1_core::request::is_form;
/// assert!(is_form("Application/X-WWW-Form-URLEncoded; charset=utf-8"));
/// assert!(!is_form("multipart/form-data; boundary=x"));
/// ```
#[must_use]
pub fn is_form(content_type: &str) -> bool {
    // As nearly all are spelled.
    if content_type == "application/x-www-form-urlencoded" {
        return true;
    }
    let essence = content_type.split(';').next().unwrap_or_default();
    essence.trim().eq_ignore_ascii_case("application/x-www-form-urlencoded")
}
