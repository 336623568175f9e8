//! `Idempotency-Key`: a request that is sent again gets the answer that it got.

use std::sync::Arc;

use axum::{
    body::Body,
    extract::Request,
    middleware::Next,
    response::{IntoResponse, Response},
};
use http::{HeaderName, HeaderValue, StatusCode, header, request::Parts};
use http_body_util::BodyExt;
use serde_json::{Value as Json, json};
use zeroize::Zeroizing;

use super::{
    RestState,
    frame::{finished, makes_something},
    input::Content,
    problem::Problem,
};
use crate::management::Attempt;

/// Runs a request, or gives the answer that it had before.
pub(super) async fn run(
    state: &RestState,
    parts: Parts,
    content: Arc<Content>,
    next: Next,
    id: &str,
) -> Response {
    let key = parts.headers.get(IDEMPOTENCY_KEY).cloned();
    let kept = makes_something(&parts.method) && !is_exempt(parts.uri.path());
    let (Some(key), Some(caller)) = (key.filter(|_| kept), content.asker.caller()) else {
        return next.run(Request::from_parts(parts, Body::empty())).await;
    };
    let plain =
        |key: &&str| (1..=255).contains(&key.len()) && key.bytes().all(|b| b.is_ascii_graphic());
    let Some(key) = key.to_str().ok().filter(plain) else {
        let detail = "Idempotency-Key has to be 1 to 255 visible ASCII characters";
        return Problem::malformed(detail).into_response();
    };
    // With other rights, it is another request.
    let rights = format!("{:?}", caller.rights);
    let target = parts.uri.to_string();
    let request = [target.as_bytes(), rights.as_bytes(), content.body.as_slice()];
    let service = state.management().idempotency();
    let conflict = |status, code, detail| Problem::new(status, code, detail).into_response();
    match service.begin(caller, key, &request).await {
        Err(error) => Problem::from(error).into_response(),
        Ok(Attempt::Done { status, answer }) => opened(status, &answer),
        Ok(Attempt::Lost) => conflict(
            StatusCode::CONFLICT,
            "answer_lost",
            "the request was done, but its answer is not kept any more; look at what there is",
        ),
        Ok(Attempt::Running) => conflict(
            StatusCode::CONFLICT,
            "still_running",
            "the same request is being done; look at what there is before you send it again",
        ),
        Ok(Attempt::Other) => conflict(
            StatusCode::UNPROCESSABLE_ENTITY,
            "idempotency_key_reused",
            "this Idempotency-Key was sent with another request; make a new one for each",
        ),
        Ok(Attempt::First(row)) => {
            let (state, id) = (state.clone(), id.to_owned());
            // On a task of its own: who sent it may leave before it is done.
            let work = tokio::spawn(async move {
                let answer = next.run(Request::from_parts(parts, Body::empty())).await;
                keep(&state, &row, finished(answer, &id).await).await
            });
            match work.await {
                Ok(answer) => answer,
                Err(_) => Problem::of_status(StatusCode::INTERNAL_SERVER_ERROR).into_response(),
            }
        }
    }
}

/// Keeps an answer; one that says that it was not done is not worth it.
async fn keep(state: &RestState, row: &str, answer: Response) -> Response {
    let service = state.management().idempotency();
    let (parts, body) = answer.into_parts();
    let octets = match body.collect().await {
        Ok(body) => body.to_bytes(),
        Err(_) => return Problem::of_status(StatusCode::INTERNAL_SERVER_ERROR).into_response(),
    };
    let kept = if parts.status.is_server_error() {
        service.forget(row).await
    } else {
        let text = |name| parts.headers.get(name).and_then(|value| value.to_str().ok());
        let whole = json!({
            "content_type": text(header::CONTENT_TYPE), "etag": text(header::ETAG),
            "location": text(header::LOCATION), "body": std::str::from_utf8(&octets).ok(),
        });
        let whole = Zeroizing::new(whole.to_string());
        service.keep(row, parts.status.as_u16(), whole.as_bytes()).await
    };
    if let Err(error) = kept {
        tracing::error!(%error, "an answer could not be kept for its Idempotency-Key");
    }
    Response::from_parts(parts, Body::from(octets))
}

/// A kept answer.
fn opened(status: u16, answer: &[u8]) -> Response {
    let kept: Json = serde_json::from_slice(answer).unwrap_or_default();
    let mut response = Response::new(Body::from(kept["body"].as_str().unwrap_or("").to_owned()));
    *response.status_mut() = StatusCode::from_u16(status).unwrap_or(StatusCode::OK);
    for (field, name) in [
        ("content_type", header::CONTENT_TYPE),
        ("etag", header::ETAG),
        ("location", header::LOCATION),
    ] {
        let value = kept[field].as_str().and_then(|value| HeaderValue::try_from(value).ok());
        if let Some(value) = value {
            response.headers_mut().insert(name, value);
        }
    }
    response.headers_mut().insert(REPLAYED, HeaderValue::from_static("true"));
    response
}

/// Sessions have cookies, and a secret that is read again is read anew: neither is kept.
fn is_exempt(path: &str) -> bool {
    path.starts_with("/v1/session")
        || path == "/v1/setup"
        || path.ends_with("/reveal")
        || path.ends_with("/check")
}

const IDEMPOTENCY_KEY: HeaderName = HeaderName::from_static("idempotency-key");
const REPLAYED: HeaderName = HeaderName::from_static("idempotent-replayed");
