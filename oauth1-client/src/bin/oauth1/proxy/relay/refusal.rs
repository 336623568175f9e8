//! What the proxy itself answers, told from the upstream's answers by a header.

use std::borrow::Cow;

use http::{
    HeaderValue, Response, StatusCode,
    header::{CONTENT_TYPE, HeaderName, WWW_AUTHENTICATE},
};
use reqwest::Body;

/// Why a request was not passed on, or not answered. No text repeats what was asked or sent.
#[derive(Debug)]
pub(super) struct Refusal {
    status: StatusCode,
    code: &'static str,
    text: Cow<'static, str>,
}

impl Refusal {
    pub(super) fn new(
        status: StatusCode,
        code: &'static str,
        text: impl Into<Cow<'static, str>>,
    ) -> Self {
        Self { status, code, text: text.into() }
    }

    pub(super) fn bad_request(code: &'static str, text: impl Into<Cow<'static, str>>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, code, text)
    }

    pub(super) fn into_response(self) -> Response<Body> {
        let mut response = Response::new(Body::from(format!("oauth1 proxy: {}\n", self.text)));
        *response.status_mut() = self.status;
        let headers = response.headers_mut();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("text/plain; charset=utf-8"));
        headers.insert(ERROR, HeaderValue::from_static(self.code));
        if self.status == StatusCode::UNAUTHORIZED {
            headers.insert(
                WWW_AUTHENTICATE,
                HeaderValue::from_static("Bearer realm=\"oauth1 proxy\""),
            );
        }
        response
    }
}

/// Stands in the proxy's own answers only.
pub(super) const ERROR: HeaderName = HeaderName::from_static("x-oauth1-proxy-error");
