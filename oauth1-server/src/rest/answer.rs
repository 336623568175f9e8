//! What handlers answer.

use axum::{body::Body, response::Response};
use http::{HeaderValue, StatusCode, header};
use serde_json::{Value as Json, json};

use super::problem::Problem;

/// A handler's answer.
pub(super) type Answer = Result<Response, Problem>;

/// A JSON body.
pub(super) fn json(status: StatusCode, body: &Json) -> Response {
    let mut response = Response::new(Body::from(body.to_string()));
    *response.status_mut() = status;
    let kind = HeaderValue::from_static("application/json");
    response.headers_mut().insert(header::CONTENT_TYPE, kind);
    response
}

/// 200.
pub(super) fn ok(body: &Json) -> Answer {
    Ok(json(StatusCode::OK, body))
}

/// 200, of something that has a version.
pub(super) fn versioned(body: &Json, version: i64) -> Answer {
    Ok(tagged(json(StatusCode::OK, body), version))
}

/// 201, of something that has a version.
pub(super) fn created(location: &str, body: &Json, version: i64) -> Answer {
    let mut response = tagged(json(StatusCode::CREATED, body), version);
    if let Ok(location) = HeaderValue::try_from(location) {
        response.headers_mut().insert(header::LOCATION, location);
    }
    Ok(response)
}

/// 204.
pub(super) fn done() -> Answer {
    let mut response = Response::new(Body::empty());
    *response.status_mut() = StatusCode::NO_CONTENT;
    Ok(response)
}

/// A page of a list.
pub(super) fn page(items: Vec<Json>, next: Option<&str>) -> Answer {
    ok(&json!({ "items": items, "next": next }))
}

fn tagged(mut response: Response, version: i64) -> Response {
    // Digits and quotes are a header value.
    if let Ok(tag) = HeaderValue::try_from(format!("\"{version}\"")) {
        response.headers_mut().insert(header::ETAG, tag);
    }
    response
}
