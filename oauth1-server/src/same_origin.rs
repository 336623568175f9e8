//! Whether a request was made by a page of this server (RFC 5849 section 4.13): browsers send
//! cookies along with requests of any page, but let no page lie about where it comes from.

use http::{HeaderMap, Method, header, request::Parts};
use oauth1_core::base_string_uri::Authority;

use crate::PublicOrigin;

/// Whether a method changes nothing.
pub(crate) fn is_safe(method: &Method) -> bool {
    matches!(*method, Method::GET | Method::HEAD | Method::OPTIONS | Method::TRACE)
}

/// Whether a page of our own, or no page at all, made the request.
pub(crate) fn is_own(headers: &HeaderMap, origin: &PublicOrigin) -> bool {
    if let Some(site) = headers.get("sec-fetch-site") {
        return site == "same-origin" || site == "none";
    }
    let Some(sent) = headers.get(header::ORIGIN).and_then(|sent| sent.to_str().ok()) else {
        return false;
    };
    let scheme = if origin.is_secure() { "https" } else { "http" };
    let host = sent.strip_prefix(scheme).and_then(|rest| rest.strip_prefix("://"));
    host.and_then(|host| Authority::parse(host).ok()).is_some_and(|host| origin.allows(host))
}

/// Whether a page of others made it.
pub(crate) fn is_foreign(headers: &HeaderMap) -> bool {
    headers.get("sec-fetch-site").is_some_and(|site| site == "cross-site" || site == "same-site")
}

/// Whether `Host` is one of the origin's: no page of another name that leads here is ours, and
/// nobody signs in over a network in clear.
pub(crate) fn is_reached_as_told(parts: &Parts, origin: &PublicOrigin) -> bool {
    let host = parts.headers.get(header::HOST).and_then(|host| host.to_str().ok());
    let host = host.or_else(|| parts.uri.authority().map(|authority| authority.as_str()));
    host.and_then(|host| Authority::parse(host).ok()).is_some_and(|host| origin.allows(host))
}
