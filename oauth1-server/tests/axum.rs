//! The extractors, and the layer inside nested routers.
#![cfg(feature = "axum")]
#![allow(clippy::unwrap_used, clippy::expect_used)]

mod support;

use std::sync::{Arc, atomic::AtomicU64};

use axum::{
    Form, Router,
    routing::{any, get, post},
};
use oauth1_server::{VerificationLayer, VerifiedRequest};
use support::{Answer, CLIENT, HOST, Location, NOW, Setup, Wire, send, serve};

fn layer() -> VerificationLayer {
    VerificationLayer::new(support::verifier(&Setup::default(), Arc::new(AtomicU64::new(NOW))))
}

async fn who(oauth: VerifiedRequest) -> String {
    oauth.client_identifier().to_owned()
}

async fn maybe(oauth: Option<VerifiedRequest>) -> String {
    oauth.map_or("nobody".to_owned(), |oauth| oauth.client_identifier().to_owned())
}

fn get_from(path: &str) -> Wire {
    Wire { path: path.into(), ..Wire::new(Location::Header) }
}

async fn ask(app: Router, wires: &[Wire]) -> Vec<Answer> {
    let address = serve(app).await;
    let mut answers = Vec::new();
    for wire in wires {
        answers.push(send(address, &wire.render()).await);
    }
    answers
}

#[tokio::test]
async fn a_verified_request_is_extracted() {
    let app = Router::new().route("/me", get(who)).route_layer(layer());
    let unsigned = Wire { path: "/me".into(), ..Wire::unsigned() };
    let forged = get_from("/me").with_secrets("a", "b");
    let missing = Wire { path: "/missing".into(), ..Wire::unsigned() };
    let answers = ask(app, &[get_from("/me"), unsigned, forged, missing]).await;
    assert_eq!((answers[0].status, &*answers[0].body), (200, CLIENT.as_bytes()));
    answers[1].is_refusal(401, "", "unsigned");
    answers[2].is_refusal(401, "signature_invalid", "forged");
    assert_eq!(answers[3].status, 404);
}

#[tokio::test]
async fn an_optional_one_is_none_for_unsigned_and_never_for_forged() {
    let app = Router::new()
        .route("/maybe", get(maybe))
        .route("/me", get(who))
        .route_layer(layer().with_unsigned_allowed(true));
    let unsigned = |path: &str| Wire { path: path.into(), ..Wire::unsigned() };
    let answers = ask(
        app,
        &[
            get_from("/maybe"),
            unsigned("/maybe"),
            get_from("/maybe").with_secrets("a", "b"),
            get_from("/maybe").without("oauth_nonce"),
            unsigned("/me"),
        ],
    )
    .await;
    assert_eq!((answers[0].status, &*answers[0].body), (200, CLIENT.as_bytes()));
    assert_eq!((answers[1].status, &*answers[1].body), (200, &b"nobody"[..]));
    answers[2].is_refusal(401, "signature_invalid", "forged");
    answers[3].is_refusal(400, "parameter_absent", "malformed");
    answers[4].is_refusal(401, "", "unsigned, where the handler needs a signature");
}

#[tokio::test]
async fn without_the_layer_no_handler_runs() {
    let app = Router::new().route("/me", get(who)).route("/maybe", get(maybe));
    let unsigned = Wire { path: "/maybe".into(), ..Wire::unsigned() };
    for answer in ask(app, &[get_from("/me"), get_from("/maybe"), unsigned]).await {
        assert_eq!(answer.status, 500, "{answer:?}");
        assert!(!String::from_utf8_lossy(&answer.body).contains(CLIENT));
    }
}

#[tokio::test]
async fn nested_routers_verify_the_original_path() {
    let inner = |layer: VerificationLayer| Router::new().route("/r", any(who)).layer(layer);
    let inside = Router::new().nest("/api", inner(layer()));
    let deeper = Router::new().nest("/api", Router::new().nest("/v1", inner(layer())));
    let outside = Router::new().nest("/api", Router::new().route("/r", any(who))).layer(layer());
    let route_layer =
        Router::new().nest("/api", Router::new().route("/r", any(who)).route_layer(layer()));
    for (app, path) in
        [(inside, "/api/r"), (deeper, "/api/v1/r"), (outside, "/api/r"), (route_layer, "/api/r")]
    {
        let stripped = Wire { path: path.into(), ..get_from("/r").signed() };
        let absolute = Wire { absolute: format!("http://{HOST}"), ..get_from(path) };
        let answers = ask(app, &[get_from(path), stripped, absolute]).await;
        assert_eq!(answers[0].status, 200, "{path}: {:?}", answers[0]);
        answers[1].is_refusal(401, "signature_invalid", path);
        assert_eq!(answers[2].status, 200, "{path}: {:?}", answers[2]);
    }
}

#[tokio::test]
async fn the_form_extractor_reads_what_was_verified() {
    async fn form(_: VerifiedRequest, Form(pairs): Form<Vec<(String, String)>>) -> String {
        format!("{pairs:?}")
    }
    let app = Router::new().route("/form", post(form)).route_layer(layer());
    let wire = Wire { path: "/form".into(), ..Wire::post_form() };
    let answers = ask(app, &[wire]).await;
    assert_eq!(&*answers[0].body, br#"[("c", "3"), ("d", "4")]"#, "{:?}", answers[0]);
}
