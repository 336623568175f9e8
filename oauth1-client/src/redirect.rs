//! Redirects of signed requests: where the next hop leads, and what it looks like unsigned.

use reqwest::{
    Method, Request, StatusCode,
    header::{
        CONTENT_ENCODING, CONTENT_LENGTH, CONTENT_TYPE, HeaderMap, LOCATION, TRANSFER_ENCODING,
    },
};
use url::Url;

use crate::error::RedirectError;

/// What is kept of a request while it is on its way: enough to send it once more, unsigned.
pub(crate) struct Departed {
    /// `None` if the body was a stream.
    whole: Option<Request>,
    bare: Request,
}

impl Departed {
    pub(crate) fn of(request: &Request) -> Self {
        let mut bare = Request::new(request.method().clone(), request.url().clone());
        *bare.headers_mut() = request.headers().clone();
        *bare.timeout_mut() = request.timeout().copied();
        *bare.version_mut() = request.version();
        Self { whole: request.try_clone(), bare }
    }

    /// The request of the next hop, unsigned; `None` if the answer is no redirect.
    pub(crate) fn redirected(
        self,
        status: StatusCode,
        headers: &HeaderMap,
    ) -> Result<Option<Request>, RedirectError> {
        let Some(target) = target(self.bare.url(), status, headers)? else { return Ok(None) };
        let method = self.bare.method();
        let to_get = match status {
            StatusCode::SEE_OTHER => *method != Method::HEAD,
            StatusCode::MOVED_PERMANENTLY | StatusCode::FOUND => *method == Method::POST,
            _ => false,
        };
        let mut next = if to_get {
            let mut bare = self.bare;
            *bare.method_mut() = Method::GET;
            for header in [CONTENT_TYPE, CONTENT_LENGTH, CONTENT_ENCODING, TRANSFER_ENCODING] {
                bare.headers_mut().remove(header);
            }
            bare
        } else {
            self.whole.ok_or(RedirectError::Body)?
        };
        *next.url_mut() = target;
        Ok(Some(next))
    }
}

/// The address of the next hop, if the answer is a redirect within the origin.
fn target(
    from: &Url,
    status: StatusCode,
    headers: &HeaderMap,
) -> Result<Option<Url>, RedirectError> {
    if !matches!(status.as_u16(), 301 | 302 | 303 | 307 | 308) {
        return Ok(None);
    }
    let Some(location) = headers.get(LOCATION) else { return Ok(None) };
    let location = location.to_str().map_err(|_| RedirectError::Location)?;
    let mut target = from.join(location).map_err(|_| RedirectError::Location)?;
    if target.origin() != from.origin() {
        let origin = target.origin();
        let origin =
            if origin.is_tuple() { origin.ascii_serialization() } else { target.scheme().into() };
        return Err(RedirectError::OtherOrigin { origin });
    }
    // What a server writes there is no reason to send it as credentials.
    let _ = target.set_username("");
    let _ = target.set_password(None);
    Ok(Some(target))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn request(method: Method) -> Request {
        let mut request = Request::new(method, "https://h/a?x=1#f".parse().unwrap());
        request.headers_mut().insert(CONTENT_TYPE, "text/plain".parse().unwrap());
        *request.body_mut() = Some("body".into());
        request
    }

    fn follow(method: Method, status: u16, to: &str) -> Result<Option<Request>, RedirectError> {
        let headers = HeaderMap::from_iter([(LOCATION, to.parse().unwrap())]);
        let status = StatusCode::from_u16(status).unwrap();
        Departed::of(&request(method)).redirected(status, &headers)
    }

    #[test]
    fn methods_and_bodies_follow_the_status() {
        for (method, status, expected, body) in [
            (Method::POST, 301, Method::GET, false),
            (Method::POST, 302, Method::GET, false),
            (Method::POST, 303, Method::GET, false),
            (Method::PUT, 303, Method::GET, false),
            (Method::HEAD, 303, Method::HEAD, true),
            (Method::PUT, 302, Method::PUT, true),
            (Method::POST, 307, Method::POST, true),
            (Method::POST, 308, Method::POST, true),
        ] {
            let next = follow(method, status, "../b").unwrap().unwrap();
            assert_eq!((next.method(), next.body().is_some()), (&expected, body), "{status}");
            assert_eq!(next.headers().contains_key(CONTENT_TYPE), body, "{status}");
            assert_eq!(next.url().as_str(), "https://h/b");
        }
    }

    #[test]
    fn other_origins_are_refused_and_only_their_origin_is_named() {
        for (to, origin) in [
            ("https://other/secret?a=1", "https://other"),
            ("http://h/a", "http://h"),
            ("https://h:444/", "https://h:444"),
            ("//u:p@other", "https://other"),
            ("data:,secret", "data"),
        ] {
            let error = follow(Method::GET, 302, to).unwrap_err();
            assert_eq!(error, RedirectError::OtherOrigin { origin: origin.into() });
        }
        let error = follow(Method::GET, 302, "https://[").unwrap_err();
        assert_eq!(error, RedirectError::Location);
    }
}
