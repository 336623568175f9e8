//! What stands around all pages: who asks, what browsers may do with a page, pages of refusals.

use std::sync::Arc;

use askama::Template;
use axum::{
    extract::{Request, State},
    middleware::Next,
    response::{IntoResponse, Response},
};
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};

use super::{
    Console,
    asked::Asked,
    page::{self, Shell},
    refused::Refused,
};
use crate::rest::problem::Problem;

#[derive(Template)]
#[template(path = "refused.html")]
struct RefusedPage<'a> {
    shell: Shell,
    heading: &'a str,
    text: &'a str,
    status: u16,
}

pub(super) async fn around(
    State(console): State<Console>,
    request: Request,
    next: Next,
) -> Response {
    let (mut parts, body) = request.into_parts();
    let (asked, mut response) = match Asked::read(&console, &parts, body).await {
        Ok(asked) => {
            let asked = Arc::new(asked);
            parts.extensions.insert(asked.clone());
            let request = Request::from_parts(parts, axum::body::Body::empty());
            (Some(asked), next.run(request).await)
        }
        Err(refused) => (None, refused.into_response()),
    };
    let problem = response.extensions_mut().remove::<Problem>();
    let written = response.headers().contains_key(header::CONTENT_TYPE);
    let status = response.status();
    if problem.is_some() || (status == StatusCode::METHOD_NOT_ALLOWED && !written) {
        let problem = problem.unwrap_or_else(|| {
            Problem::new(status, "refused", "This page does not take that method.")
        });
        let (mut old, _) = response.into_parts();
        response = refused(asked.as_deref(), &problem);
        old.headers.remove(header::CONTENT_LENGTH);
        response.headers_mut().extend(old.headers);
    }
    harden(response.headers_mut());
    response
}

/// For paths that are none.
pub(super) async fn nothing() -> Refused {
    Refused::nothing()
}

fn refused(asked: Option<&Asked>, problem: &Problem) -> Response {
    let heading = match problem.status {
        StatusCode::NOT_FOUND => "Not found",
        StatusCode::FORBIDDEN => "Not permitted",
        StatusCode::CONFLICT | StatusCode::PRECONDITION_FAILED => "Not done",
        StatusCode::TOO_MANY_REQUESTS => "Too many tries",
        StatusCode::SERVICE_UNAVAILABLE => "Not available",
        _ => "Not understood",
    };
    let shell = Shell::new(asked, heading);
    let status = problem.status.as_u16();
    page::render(problem.status, &RefusedPage { shell, heading, text: &problem.detail, status })
}

/// No cache keeps a page, no page of others frames it, it runs and loads nothing of others.
pub(crate) fn harden(headers: &mut HeaderMap) {
    for (name, value) in [
        (header::CACHE_CONTROL, "no-store"),
        (header::CONTENT_SECURITY_POLICY, CONTENT_SECURITY_POLICY),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::X_FRAME_OPTIONS, "DENY"),
        // Forms of our own come with their origin; nobody else hears of a path.
        (header::REFERRER_POLICY, "same-origin"),
        (HeaderName::from_static("cross-origin-opener-policy"), "same-origin"),
        (HeaderName::from_static("cross-origin-resource-policy"), "same-origin"),
        (
            HeaderName::from_static("permissions-policy"),
            "clipboard-write=(self), camera=(), geolocation=(), microphone=()",
        ),
    ] {
        headers.insert(name, HeaderValue::from_static(value));
    }
}

const CONTENT_SECURITY_POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; \
    img-src 'self'; connect-src 'self'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'";
