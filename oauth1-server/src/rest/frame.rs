//! What stands around all routes: limits, who asks, the request's id, problems in their form.

use std::sync::{
    Arc,
    atomic::{AtomicU64, Ordering},
};

use axum::{
    body::Body,
    extract::{Request, State},
    middleware::Next,
    response::{IntoResponse, Response},
};
use http::{HeaderName, HeaderValue, Method, StatusCode, header, request::Parts};
use http_body_util::{BodyExt, Limited};
use zeroize::Zeroizing;

use super::{
    RestState,
    asker::Asker,
    idempotency,
    input::{Content, Prepared},
    problem::Problem,
};
use crate::{PeerAddress, same_origin};

/// Prepares the request, and finishes the answer.
pub(super) async fn around(
    State(state): State<RestState>,
    request: Request,
    next: Next,
) -> Response {
    let id = identifier(&request);
    let (mut parts, body) = request.into_parts();
    let answer = match prepare(&state, &parts, body).await {
        Ok(content) => {
            let content = Arc::new(content);
            parts.extensions.insert(Prepared(content.clone()));
            idempotency::run(&state, parts, content, next, &id).await
        }
        Err(problem) => problem.into_response(),
    };
    let mut answer = finished(answer, &id).await;
    let headers = answer.headers_mut();
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    if let Ok(id) = HeaderValue::try_from(id) {
        headers.insert(REQUEST_ID, id);
    }
    answer
}

/// For paths that are none.
pub(super) async fn nothing() -> Problem {
    Problem::of_status(StatusCode::NOT_FOUND)
}

async fn prepare(state: &RestState, parts: &Parts, body: Body) -> Result<Content, Problem> {
    let octets = match Limited::new(body, LONGEST_BODY).collect().await {
        Ok(body) => Zeroizing::new(body.to_bytes().to_vec()),
        Err(error) if error.is::<http_body_util::LengthLimitError>() => {
            let detail = format!("a body has {LONGEST_BODY} octets at most");
            return Err(Problem::new(StatusCode::PAYLOAD_TOO_LARGE, "too_large", detail));
        }
        Err(_) => return Err(Problem::malformed("the body broke off")),
    };
    // PostgreSQL keeps no NUL, so no name of anything has one.
    if parts.uri.path().contains("%00") {
        return Err(Problem::of_status(StatusCode::NOT_FOUND));
    }
    if !accepts_json(parts) {
        return Err(Problem::new(
            StatusCode::NOT_ACCEPTABLE,
            "not_acceptable",
            "answers are application/json, and problems application/problem+json",
        ));
    }
    if !same_origin::is_reached_as_told(parts, state.verifier().origin()) {
        return Err(Problem::new(
            StatusCode::MISDIRECTED_REQUEST,
            "misdirected_request",
            "this is not the host of /v1; the operator sets it as server.admin_origin",
        ));
    }
    let address = parts.extensions.get::<PeerAddress>().map(|PeerAddress(ip)| ip.to_string());
    let asker = Asker::of(state, parts, &octets, address.as_deref()).await?;
    let query = parts.uri.query().map(str::to_owned);
    Ok(Content { asker, address, query, body: octets })
}

/// Whether `Accept` leaves room for JSON.
fn accepts_json(parts: &Parts) -> bool {
    let mut lines = parts.headers.get_all(header::ACCEPT).iter().peekable();
    if lines.peek().is_none() {
        return true;
    }
    lines.filter_map(|line| line.to_str().ok()).flat_map(|line| line.split(',')).any(|range| {
        let kind = range.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
        matches!(
            kind.as_str(),
            "" | "*/*" | "application/*" | "application/json" | "application/problem+json"
        )
    })
}

/// Writes the body of a problem. What is refused before it gets to a handler becomes one as well.
pub(super) async fn finished(answer: Response, id: &str) -> Response {
    let (mut parts, body) = answer.into_parts();
    let problem = parts.extensions.remove::<Problem>();
    let refused = parts.status.is_client_error() || parts.status.is_server_error();
    let written = parts.headers.get(header::CONTENT_TYPE).is_some_and(|kind| kind == PROBLEM);
    let problem = match problem {
        Some(problem) => problem,
        None if refused && !written => Problem::of_status(parts.status),
        None => return Response::from_parts(parts, body),
    };
    let text = problem.to_json(id).to_string();
    parts.headers.remove(header::CONTENT_LENGTH);
    parts.headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(PROBLEM));
    Response::from_parts(parts, Body::from(text))
}

/// The sender's, if it is a plain one, or a new one.
fn identifier(request: &Request) -> String {
    static COUNT: AtomicU64 = AtomicU64::new(0);
    let plain = |id: &str| {
        (1..=64).contains(&id.len())
            && id.bytes().all(|b| b.is_ascii_alphanumeric() || b"-_.".contains(&b))
    };
    let sent = request.headers().get(REQUEST_ID).and_then(|id| id.to_str().ok());
    match sent.filter(|id| plain(id)) {
        Some(id) => id.to_owned(),
        None => format!("rest-{:08x}", COUNT.fetch_add(1, Ordering::Relaxed)),
    }
}

/// Whether a repeated request could be meant as a second one.
pub(super) fn makes_something(method: &Method) -> bool {
    method == Method::POST
}

const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");
const PROBLEM: &str = "application/problem+json";
const LONGEST_BODY: usize = 64 * 1024;
