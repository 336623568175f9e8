//! The layer in front of a service: bodies, unsigned requests, nested routers, plain tower.
#![allow(clippy::unwrap_used, clippy::expect_used)]

mod support;

use std::{
    convert::Infallible,
    pin::Pin,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
    task::{Context, Poll},
};

use bytes::Bytes;
use http::{Request, Response, StatusCode};
use http_body::{Body, Frame};
use http_body_util::{BodyExt, Full};
use oauth1_server::{RequestBody, RequestVerifier, VerificationLayer, VerifiedRequest};
use support::{FORM, HOST, Location, NOW, Server, Setup, Wire};
use tower::{Layer, Service, ServiceExt, service_fn};

#[tokio::test]
async fn a_form_body_reaches_the_handler_octet_for_octet() {
    let server = Server::start().await;
    for form in [&["a=1&&&b=%zz2&c"][..], &["=&=&", "x=é+%2B"], &["d=4", "c=3"], &[""]] {
        let form: Vec<String> = form.iter().map(|pair| pair.replace("%zz", "%FF")).collect();
        for location in Location::ALL {
            let wire =
                Wire { method: "POST".into(), form: Some(form.clone()), ..Wire::new(location) };
            let octets = wire.render();
            let end = octets.windows(4).position(|w| w == b"\r\n\r\n").unwrap() + 4;
            let answer = server.send_octets(&octets).await;
            assert_eq!((answer.status, &*answer.body), (200, &octets[end..]), "{wire}");
            assert_eq!(answer.header("x-client"), Some("ck"));
        }
    }
}

#[tokio::test]
async fn a_large_body_of_another_type_passes_without_a_limit() {
    let server = Server::start().await;
    let body = vec![b'{'; 3 * 1024 * 1024];
    let wire = Wire {
        method: "POST".into(),
        body: Some(("application/json".into(), body.clone())),
        ..Wire::new(Location::Header)
    };
    let answer = server.send(&wire).await;
    assert_eq!((answer.status, answer.body.len()), (200, body.len()));
}

#[tokio::test]
async fn unsigned_requests_pass_only_where_they_may_and_forged_ones_nowhere() {
    let server = Server::with(Setup { unsigned_allowed: true, ..Setup::default() }).await;
    let answer = server.send(&Wire::unsigned()).await;
    assert_eq!((answer.status, answer.header("x-client")), (200, None));
    let answer = server.send(&Wire::with_authorization("Basic dTpw")).await;
    assert_eq!((answer.status, answer.header("x-client")), (200, None));
    let many = Wire { form: Some(vec!["a=1".into(); 1_000]), ..Wire::unsigned() };
    assert_eq!(server.send(&many).await.status, 200, "the limit is for signed requests");
    for location in Location::ALL {
        let wire = Wire::new(location);
        server.refuses(&wire.clone().with_secrets("a", "b"), 401, "signature_invalid").await;
        server.refuses(&wire.clone().without("oauth_nonce"), 400, "parameter_absent").await;
        server.refuses(&wire.clone().set("oauth_nonce", "%"), 400, "parameter_rejected").await;
        let answer = server.send(&wire).await;
        assert_eq!((answer.status, answer.header("x-client")), (200, Some("ck")));
        server.refuses(&wire, 401, "nonce_used").await;
    }
}

fn verifier() -> RequestVerifier {
    let clock = Arc::new(std::sync::atomic::AtomicU64::new(NOW));
    support::verifier(&Setup::default(), clock)
}

/// A body that notes whether anybody asked it for data.
struct Watched {
    data: Option<Bytes>,
    polled: Arc<AtomicBool>,
}

impl Body for Watched {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        self.polled.store(true, Ordering::SeqCst);
        Poll::Ready(self.data.take().map(|data| Ok(Frame::data(data))))
    }
}

/// The request that a wire form stands for, with this body.
fn request<B>(wire: &Wire, content_type: &str, body: B) -> Request<B> {
    Request::builder()
        .method(&*wire.method)
        .uri(format!("{}?{}", wire.path, wire.query.join("&")))
        .header("host", HOST)
        .header("authorization", wire.authorization())
        .header("content-type", content_type)
        .body(body)
        .unwrap()
}

#[tokio::test]
async fn only_forms_are_read_before_the_handler() {
    for (content_type, form, read) in
        [("application/json", None, false), (FORM, Some(vec!["c=3".to_owned()]), true)]
    {
        let polled = Arc::new(AtomicBool::new(false));
        let before_handler = Arc::new(AtomicBool::new(false));
        let (seen, noted) = (polled.clone(), before_handler.clone());
        let service = service_fn(move |request: Request<RequestBody<Watched>>| {
            noted.store(seen.load(Ordering::SeqCst), Ordering::SeqCst);
            async move {
                let body = request.into_body().collect().await.unwrap().to_bytes();
                Ok::<_, Infallible>(Response::new(Full::new(body)))
            }
        });
        let wire = Wire { method: "POST".into(), form, ..Wire::new(Location::Header) };
        let body = Watched { data: Some("c=3".into()), polled: polled.clone() };
        let service = VerificationLayer::new(verifier()).layer(service);
        let response = service.oneshot(request(&wire, content_type, body)).await.unwrap();
        assert_eq!(response.status(), StatusCode::OK);
        assert_eq!(response.into_body().collect().await.unwrap().to_bytes(), "c=3");
        assert_eq!(before_handler.load(Ordering::SeqCst), read, "{content_type}");
    }
    // A refused request's body is not read at all.
    let polled = Arc::new(AtomicBool::new(false));
    let body = Watched { data: Some("{}".into()), polled: polled.clone() };
    let service = service_fn(async |_: Request<RequestBody<Watched>>| {
        Ok::<_, Infallible>(Response::new(Full::<Bytes>::default()))
    });
    let wire = Wire::new(Location::Header).with_secrets("wrong", "wrong");
    let service = VerificationLayer::new(verifier()).layer(service);
    let response = service.oneshot(request(&wire, "application/json", body)).await.unwrap();
    assert_eq!(response.status(), StatusCode::UNAUTHORIZED);
    assert!(!polled.load(Ordering::SeqCst));
}

/// A body that breaks off.
struct Broken;

impl Body for Broken {
    type Data = Bytes;
    type Error = std::io::Error;

    fn poll_frame(
        self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, std::io::Error>>> {
        Poll::Ready(Some(Err(std::io::ErrorKind::ConnectionReset.into())))
    }
}

#[tokio::test]
async fn a_form_that_breaks_off_is_a_bad_request() {
    let service = service_fn(async |_: Request<RequestBody<Broken>>| {
        Ok::<_, Infallible>(Response::new(Full::<Bytes>::default()))
    });
    let service = VerificationLayer::new(verifier()).layer(service);
    let response = service.oneshot(request(&Wire::post_form(), FORM, Broken)).await.unwrap();
    assert_eq!(response.status(), StatusCode::BAD_REQUEST);
}

/// Panics, as some services do, when it is called without having been ready.
struct Strict {
    ready: bool,
    calls: Arc<AtomicUsize>,
}

impl Clone for Strict {
    fn clone(&self) -> Self {
        Self { ready: false, calls: self.calls.clone() }
    }
}

impl<B> Service<Request<B>> for Strict {
    type Response = Response<Full<Bytes>>;
    type Error = Infallible;
    type Future = std::future::Ready<Result<Self::Response, Infallible>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        self.ready = true;
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<B>) -> Self::Future {
        assert!(std::mem::take(&mut self.ready), "called without being ready");
        assert!(VerifiedRequest::of(request.extensions()).is_some());
        self.calls.fetch_add(1, Ordering::SeqCst);
        std::future::ready(Ok(Response::new(Full::default())))
    }
}

#[tokio::test]
async fn the_service_that_was_ready_is_the_one_that_is_called() {
    let calls = Arc::new(AtomicUsize::new(0));
    let strict = Strict { ready: false, calls: calls.clone() };
    let mut service = VerificationLayer::new(verifier()).layer(strict);
    for _ in 0..3 {
        let request = request(&Wire::new(Location::Header), "text/plain", Full::<Bytes>::default());
        let ready = ServiceExt::<Request<Full<Bytes>>>::ready(&mut service).await.unwrap();
        let response = ready.call(request).await.unwrap();
        assert_eq!(response.status(), StatusCode::OK);
    }
    assert_eq!(calls.load(Ordering::SeqCst), 3);
}

#[tokio::test]
async fn http_2_has_the_host_in_the_target() {
    let service = service_fn(async |_: Request<RequestBody<Full<Bytes>>>| {
        Ok::<_, Infallible>(Response::new(Full::<Bytes>::default()))
    });
    let service = VerificationLayer::new(verifier()).layer(service);
    for (target, status) in [("http://api.example.com", 200), ("http://evil.example", 421)] {
        let wire = Wire::new(Location::Header);
        let mut request = request(&wire, "text/plain", Full::<Bytes>::default());
        request.headers_mut().remove("host");
        *request.uri_mut() = format!("{target}{}", request.uri()).parse().unwrap();
        let response = service.clone().oneshot(request).await.unwrap();
        assert_eq!(response.status(), status, "{target}");
    }
}

#[tokio::test]
async fn the_verifier_works_without_tower() {
    let verifier = verifier();
    let wire = Wire::new(Location::Header);
    let request = || request(&wire, "text/plain", Full::new(Bytes::from_static(b"intact")));
    let (request_back, verified) = verifier.verify(request()).await.unwrap();
    let verified = verified.unwrap();
    assert_eq!((verified.client_identifier(), verified.token_identifier()), ("ck", Some("tk")));
    assert_eq!(verified.token_attribute("scope"), Some("read"));
    assert_eq!(verified.timestamp().unwrap().seconds(), NOW);
    assert_eq!(request_back.into_body().collect().await.unwrap().to_bytes(), "intact");
    let refusal = verifier.verify(request()).await.map(|_| ()).unwrap_err();
    assert!(matches!(refusal, oauth1_server::Refusal::NonceUsed), "{refusal:?}");
}
