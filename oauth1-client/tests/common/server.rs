//! A server on the loopback that keeps what it gets, and answers as the test says.

use std::{
    net::TcpListener,
    sync::{Arc, Mutex},
    thread,
};

use axum::{
    Router,
    body::{Body, Bytes, to_bytes},
    extract::Request,
    http::{HeaderMap, Response, header},
};
use oauth1_client::core::{
    Limits, PresentedRequest, SharedSecret, SignableBody, SignableRequest, VerificationKey,
};

/// A request as it arrived.
#[derive(Clone, Debug)]
pub(crate) struct Seen {
    pub(crate) method: String,
    pub(crate) target: String,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
}

pub(crate) struct Server {
    pub(crate) origin: String,
    seen: Arc<Mutex<Vec<Seen>>>,
}

impl Server {
    /// Answers each request by a function of it and of its number, from 0.
    pub(crate) fn start(
        respond: impl Fn(&Seen, usize) -> Response<Body> + Send + Sync + 'static,
    ) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let origin = format!("http://{}", listener.local_addr().unwrap());
        listener.set_nonblocking(true).unwrap();
        let seen = Arc::new(Mutex::new(Vec::new()));
        let (kept, respond) = (seen.clone(), Arc::new(respond));
        let handler = move |request: Request| {
            let (kept, respond) = (kept.clone(), respond.clone());
            async move {
                let (head, body) = request.into_parts();
                let arrived = Seen {
                    method: head.method.to_string(),
                    target: head.uri.to_string(),
                    headers: head.headers,
                    body: to_bytes(body, usize::MAX).await.unwrap(),
                };
                let number = kept.lock().unwrap().len();
                let response = respond(&arrived, number);
                kept.lock().unwrap().push(arrived);
                response
            }
        };
        // A thread of its own: tests that run the command block theirs.
        thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
            runtime.unwrap().block_on(async {
                let listener = tokio::net::TcpListener::from_std(listener).unwrap();
                axum::serve(listener, Router::new().fallback(handler)).await.unwrap();
            });
        });
        Self { origin, seen }
    }

    /// Answers every request with 200 and `hello`.
    pub(crate) fn hello() -> Self {
        Self::start(|_, _| Response::new("hello".into()))
    }

    pub(crate) fn url(&self, path: &str) -> String {
        format!("{}{path}", self.origin)
    }

    pub(crate) fn seen(&self) -> Vec<Seen> {
        self.seen.lock().unwrap().clone()
    }

    /// The only request that came.
    pub(crate) fn only(&self) -> Seen {
        let mut seen = self.seen();
        assert_eq!(seen.len(), 1, "{seen:?}");
        seen.remove(0)
    }

    /// The nonce of a request whose signature is right. Panics if it is not.
    pub(crate) fn verified_nonce(&self, seen: &Seen) -> String {
        let host = seen.headers.get(header::HOST).unwrap().to_str().unwrap();
        let url = format!("http://{host}{}", seen.target);
        let content_type = seen.headers.get(header::CONTENT_TYPE).map(|v| v.to_str().unwrap());
        let request = SignableRequest::new(&seen.method, &url)
            .unwrap()
            .with_body(SignableBody::of(content_type, &seen.body));
        let authorization = seen.headers.get_all(header::AUTHORIZATION);
        let authorization: Vec<_> = authorization.iter().map(|v| v.as_bytes()).collect();
        let presented = PresentedRequest::parse(&request, &authorization, Limits::default());
        let presented = presented.unwrap().expect("the request is signed");
        let (app, token) = (SharedSecret::new(APP_SECRET), SharedSecret::new(TOKEN_SECRET));
        let token = presented.token_identifier().map(|_| &token);
        let key = VerificationKey::shared(presented.signature_method(), &app, token).unwrap();
        let _ =
            presented.verify_signature(&key).unwrap_or_else(|_| panic!("{}", presented.explain()));
        presented.verify_body_hash().unwrap();
        presented.nonce().unwrap().to_owned()
    }

    /// The nonces of all requests, each signed right and all different.
    pub(crate) fn verified_nonces(&self) -> Vec<String> {
        let nonces: Vec<_> = self.seen().iter().map(|seen| self.verified_nonce(seen)).collect();
        let mut unique = nonces.clone();
        unique.sort();
        unique.dedup();
        assert_eq!(unique.len(), nonces.len(), "{nonces:?}");
        nonces
    }
}

/// A redirect.
pub(crate) fn redirect(status: u16, to: &str) -> Response<Body> {
    Response::builder().status(status).header(header::LOCATION, to).body(Body::empty()).unwrap()
}

pub(crate) const APP_SECRET: &str = "canary-app&secret";
pub(crate) const TOKEN_SECRET: &str = "canary-token+secret";
