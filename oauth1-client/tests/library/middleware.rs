//! In a chain of reqwest-middleware: what stands before the signer and sends again has new nonces.

use axum::{body::Body, http::Response as Answer};
use oauth1_client::{SigningMiddleware, Transmission, client_builder};
use reqwest::{Request, Response};
use reqwest_middleware::{ClientBuilder, Middleware, Next, Result};

use crate::{server::Server, signer};

/// Sends everything three times.
struct Thrice;

#[async_trait::async_trait]
impl Middleware for Thrice {
    async fn handle(
        &self,
        request: Request,
        extensions: &mut http::Extensions,
        next: Next<'_>,
    ) -> Result<Response> {
        for _ in 0..2 {
            let copy = request.try_clone().unwrap();
            next.clone().run(copy, extensions).await?;
        }
        next.run(request, extensions).await
    }
}

#[tokio::test]
async fn each_attempt_is_signed_afresh() {
    for transmission in [Transmission::Header, Transmission::Query, Transmission::Body] {
        let server = Server::start(|_, _| Answer::new(Body::from("hello")));
        let client = ClientBuilder::new(client_builder().no_proxy().build().unwrap())
            .with(Thrice)
            .with(SigningMiddleware::new(signer()).with_transmission(transmission))
            .build();
        let request = client.post(server.url("/a?b=1"));
        let request = request.header("content-type", "application/x-www-form-urlencoded");
        assert_eq!(request.body("c=2").send().await.unwrap().text().await.unwrap(), "hello");
        assert_eq!(server.verified_nonces().len(), 3);
    }
}

#[tokio::test]
async fn what_cannot_be_signed_is_not_sent() {
    let server = Server::hello();
    let client = ClientBuilder::new(client_builder().no_proxy().build().unwrap())
        .with(SigningMiddleware::new(signer()))
        .build();
    let error = client.get(server.url("/?oauth_nonce=mine")).send().await.unwrap_err();
    assert!(error.to_string().contains("oauth_ parameter"), "{error}");
    assert!(server.seen().is_empty());
}
