//! The first step: what is looked at before any parameter is parsed. Size limits (section 4.10),
//! the host and the path of section 3.4.1.2, and whether the body is a form.

use std::borrow::Cow;

use http::{HeaderMap, Uri, header, request::Parts};
use oauth1_core::{
    SignableBody, SignableRequest,
    base_string_uri::{Authority, BaseStringUri},
    request::is_form,
};

use crate::{FramingError, PublicOrigin, policy::RequestLimits};

/// A request head that can be judged.
#[derive(Debug)]
pub(crate) struct Frame<'a> {
    parts: &'a Parts,
    origin: &'a PublicOrigin,
    uri: &'a Uri,
    authority: Authority<'a>,
    path: Cow<'a, [u8]>,
    pub(crate) is_form: bool,
}

impl<'a> Frame<'a> {
    /// Checks the head.
    pub(crate) fn of(
        parts: &'a Parts,
        origin: &'a PublicOrigin,
        limits: &RequestLimits,
    ) -> Result<Self, FramingError> {
        let uri = original_uri(parts);
        check_sizes(parts, uri, limits)?;
        let authority = authority(&parts.headers, uri, origin)?;
        let path = match origin.path_prefix() {
            "" => Cow::Borrowed(uri.path().as_bytes()),
            prefix => Cow::Owned([prefix, uri.path()].concat().into_bytes()),
        };
        // An empty prefix leaves "*" and the authority of CONNECT without a path.
        if !uri.path().starts_with('/') {
            return Err(FramingError::Target);
        }
        let is_form = has_form(&parts.headers)?;
        Ok(Self { parts, origin, uri, authority, path, is_form })
    }

    /// The request as it is signed; `form` is the body, if it is a form.
    pub(crate) fn signable<'s>(
        &'s self,
        form: &'s [u8],
    ) -> Result<SignableRequest<'s>, FramingError> {
        let uri = BaseStringUri::of(self.origin.scheme(), self.authority, &self.path)
            .map_err(|_| FramingError::Target)?;
        let body = if self.is_form { SignableBody::Form(form) } else { SignableBody::Streamed };
        Ok(SignableRequest::from_parts(self.parts.method.as_str(), uri, self.query())
            .with_body(body))
    }

    /// The values of all `Authorization` headers.
    pub(crate) fn authorization(&self) -> Vec<&'a [u8]> {
        let values = self.parts.headers.get_all(header::AUTHORIZATION);
        values.iter().map(http::HeaderValue::as_bytes).collect()
    }

    /// The query as it was sent.
    pub(crate) fn query(&self) -> &'a [u8] {
        self.uri.query().unwrap_or_default().as_bytes()
    }

    /// Separators between parameters, empty ones counted as well.
    pub(crate) fn separators(&self, form: &[u8]) -> usize {
        let count = |data: &[u8]| data.iter().filter(|b| **b == b'&').count();
        count(self.query()) + count(form)
    }
}

/// The request target as it arrived. Routers that nest strip a prefix from `parts.uri`.
pub(crate) fn original_uri(parts: &Parts) -> &Uri {
    #[cfg(feature = "axum")]
    if let Some(axum::extract::OriginalUri(uri)) = parts.extensions.get() {
        return uri;
    }
    &parts.uri
}

fn check_sizes(parts: &Parts, uri: &Uri, limits: &RequestLimits) -> Result<(), FramingError> {
    let authority = uri.authority().map_or(0, |authority| authority.as_str().len());
    let target = uri.path().len() + uri.query().map_or(0, |query| 1 + query.len()) + authority;
    if target > limits.uri {
        return Err(FramingError::UriTooLong);
    }
    let size = |(name, value): (&http::HeaderName, &http::HeaderValue)| {
        name.as_str().len() + value.len() + ": \r\n".len()
    };
    let head = target + parts.headers.iter().map(size).sum::<usize>();
    let authorization = parts.headers.get_all(header::AUTHORIZATION);
    let authorization = authorization.iter().map(http::HeaderValue::len).sum::<usize>();
    if head > limits.head || authorization > limits.authorization {
        return Err(FramingError::HeadTooLarge);
    }
    Ok(())
}

/// The host that the client signed. `Host` must stand there once (RFC 9112 section 3.2), agree
/// with an absolute target, and be allowed. HTTP/2 has it in the target alone.
fn authority<'a>(
    headers: &'a HeaderMap,
    uri: &'a Uri,
    origin: &PublicOrigin,
) -> Result<Authority<'a>, FramingError> {
    let parse = |text: &'a str| Authority::parse(text).map_err(|_| FramingError::Host);
    let target = uri.authority().map(|a| parse(a.as_str())).transpose()?;
    let mut hosts = headers.get_all(header::HOST).iter();
    let host = match hosts.next() {
        Some(host) => Some(parse(host.to_str().map_err(|_| FramingError::Host)?)?),
        None => None,
    };
    let authority = match (host, target) {
        (Some(host), Some(target)) if !origin.same(host, target) => None,
        (Some(host), _) => Some(host),
        (None, target) => target,
    };
    match authority {
        Some(authority) if hosts.next().is_none() => {
            if origin.allows(authority) {
                Ok(authority)
            } else {
                Err(FramingError::Misdirected)
            }
        }
        _ => Err(FramingError::Host),
    }
}

/// Whether the body is form-encoded, and in a form whose octets can be read (section 3.5.2).
fn has_form(headers: &HeaderMap) -> Result<bool, FramingError> {
    let mut types = headers.get_all(header::CONTENT_TYPE).iter();
    let content_type = types.next().map(|value| String::from_utf8_lossy(value.as_bytes()));
    if types.next().is_some() {
        // Whoever reads the body later may believe the other one.
        return Err(FramingError::ContentType);
    }
    let Some(content_type) = content_type.filter(|value| is_form(value)) else { return Ok(false) };
    let charset_is_utf8 = content_type.split(';').skip(1).all(|parameter| {
        let (name, value) = parameter.split_once('=').unwrap_or((parameter, ""));
        let value = value.trim().trim_matches('"');
        !name.trim().eq_ignore_ascii_case("charset")
            || value.eq_ignore_ascii_case("utf-8")
            || value.eq_ignore_ascii_case("utf8")
    });
    let identity = headers
        .get_all(header::CONTENT_ENCODING)
        .iter()
        .all(|coding| coding.as_bytes().trim_ascii().eq_ignore_ascii_case(b"identity"));
    if charset_is_utf8 && identity { Ok(true) } else { Err(FramingError::FormEncoding) }
}
