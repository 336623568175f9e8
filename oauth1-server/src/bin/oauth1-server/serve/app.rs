//! The public routes: `/echo` behind the verifier, and what every answer carries.

use std::{
    collections::BTreeMap,
    sync::atomic::{AtomicU64, Ordering},
    time::Instant,
};

use axum::{
    Json, Router,
    body::Body,
    extract::{Request, State},
    middleware::{self, Next},
    response::{IntoResponse, Response},
    routing::any,
};
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use http_body_util::BodyExt;
use oauth1_server::{Authenticated, VerificationLayer};
use serde_json::{Value, json};
use tracing::Instrument;

use super::{health::Gate, metrics::Metrics};

/// The application as it is served.
pub(crate) fn routes(layer: VerificationLayer) -> Router {
    Router::new()
        .route("/echo", any(echo))
        .route_layer(layer)
        .fallback(async || (StatusCode::NOT_FOUND, "there is nothing here; /echo is protected\n"))
}

/// What stands around it.
#[derive(Clone)]
pub(crate) struct Surroundings {
    pub(crate) gate: Gate,
    pub(crate) metrics: Metrics,
    /// Of this process; request identifiers start with it.
    pub(crate) instance: u64,
}

impl Surroundings {
    pub(crate) fn around(self, routes: Router) -> Router {
        routes.layer(middleware::from_fn_with_state(self, surround))
    }
}

/// Gate, request identifier, metrics and log.
async fn surround(State(around): State<Surroundings>, request: Request, next: Next) -> Response {
    let start = Instant::now();
    let id = identifier(request.headers(), around.instance);
    let method = request.method().clone();
    let span = tracing::info_span!("request", id = id.to_str().unwrap_or_default());
    // The request is gone when it is logged.
    let path = tracing::enabled!(tracing::Level::DEBUG)
        .then(|| request.uri().path().chars().take(LOGGED_CHARS).collect::<String>());
    let mut response = if around.gate.is_open() {
        next.run(request).instrument(span.clone()).await
    } else {
        let retry = [(header::RETRY_AFTER, HeaderValue::from_static("1"))];
        (StatusCode::SERVICE_UNAVAILABLE, retry, "the server is starting\n").into_response()
    };
    let (status, elapsed) = (response.status().as_u16(), start.elapsed());
    around.metrics.answered(&method, status, elapsed);
    span.in_scope(|| {
        let micros = u64::try_from(elapsed.as_micros()).unwrap_or(u64::MAX);
        // Never the query: it may hold a signature.
        tracing::debug!(%method, path = ?path.unwrap_or_default(), status, micros, "request answered");
    });
    response.headers_mut().insert(REQUEST_ID, id);
    response
}

/// The sender's identifier if it is a plain one, or a new one.
fn identifier(headers: &HeaderMap, instance: u64) -> HeaderValue {
    static COUNT: AtomicU64 = AtomicU64::new(0);
    if let Some(id) = headers.get(REQUEST_ID)
        && (1..=MAX_ID).contains(&id.len())
        && id.as_bytes().iter().all(|b| b.is_ascii_alphanumeric() || b"-_.".contains(b))
    {
        return id.clone();
    }
    let id = format!("{instance:016x}-{:08x}", COUNT.fetch_add(1, Ordering::Relaxed));
    HeaderValue::try_from(id).unwrap_or(HeaderValue::from_static("none"))
}

/// Says who called, and what arrived.
async fn echo(caller: Authenticated, request: Request) -> Response {
    let (parts, body) = request.into_parts();
    let octets = match count(body).await {
        Ok(octets) => octets,
        Err(_) => return (StatusCode::BAD_REQUEST, "the body broke off\n").into_response(),
    };
    let mut answer = json!({
        "method": parts.method.as_str(),
        "path": parts.uri.path(),
        "body_octets": octets,
    });
    let who = match &caller {
        Authenticated::Signed(oauth) => json!({
            "authentication": "oauth1",
            "client": oauth.client_identifier(),
            "token": oauth.token_identifier(),
            "resource_owner": oauth.token_attribute("resource_owner"),
            "signature_method": oauth.signature_method().as_str(),
            "timestamp": oauth.timestamp().map(|timestamp| timestamp.seconds()),
            "attributes": oauth.attributes().collect::<BTreeMap<_, _>>(),
        }),
        Authenticated::Basic(basic) => json!({ "authentication": "basic", "name": basic.name() }),
    };
    if let (Value::Object(answer), Value::Object(who)) = (&mut answer, who) {
        answer.extend(who);
    }
    ([(header::CACHE_CONTROL, "no-store")], Json(answer)).into_response()
}

/// Reads the body to its end, and keeps nothing of it.
async fn count(mut body: Body) -> Result<u64, axum::Error> {
    let mut octets = 0;
    while let Some(frame) = body.frame().await {
        octets += frame?.data_ref().map_or(0, |data| data.len() as u64);
    }
    Ok(octets)
}

const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");
const MAX_ID: usize = 64;
const LOGGED_CHARS: usize = 128;
