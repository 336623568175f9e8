//! An upstream with TLS: HTTP/2 where it is offered, and HTTP/1.1 where it is not.

use std::{
    convert::Infallible,
    io::Write,
    process::{Command, Stdio},
    sync::{Arc, Mutex},
    thread,
};

use http_body_util::{BodyExt, Full};
use hyper::{
    Request, Response, Version,
    body::{Bytes, Incoming},
    server::conn::{http1, http2},
    service::service_fn,
};
use hyper_util::rt::{TokioExecutor, TokioIo};
use oauth1_client::core::{
    Limits, PresentedRequest, SharedSecret, SignableBody, SignableRequest, VerificationKey,
};
use rustls::{
    ServerConfig,
    pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject},
};
use tokio_rustls::TlsAcceptor;

use crate::{
    Directory, Proxy, client,
    server::{APP_SECRET, TOKEN_SECRET},
    stream::Pieces,
};

#[tokio::test]
async fn http_2_is_spoken_where_the_upstream_does() {
    let directory = Directory::new("tls");
    let Some((certificate, key)) = certificate(&directory) else { return };
    for (protocol, version) in [("h2", Version::HTTP_2), ("http/1.1", Version::HTTP_11)] {
        let (origin, seen) = start(&certificate, &key, protocol);
        // Without the certificate among the roots, nothing is sent.
        let stranger = Proxy::start(&origin, &[]);
        let answer = client().get(stranger.url("/")).send().await.unwrap();
        assert_eq!(answer.headers()["x-oauth1-proxy-error"], "unreachable");
        assert_eq!(seen.lock().unwrap().len(), 0);

        let proxy = Proxy::start_with(&origin, &[], &[("SSL_CERT_FILE", &certificate)]);
        let http = client();
        let multipart = reqwest::multipart::Form::new().text("a", "b");
        let kinds = [
            http.get(proxy.url("/a?b=%20")),
            http.post(proxy.url("/a")).form(&[("c", "1 2")]),
            http.post(proxy.url("/a")).json(&[1]),
            http.post(proxy.url("/a")).multipart(multipart),
            http.post(proxy.url("/a")).body(reqwest::Body::wrap(Pieces("x".repeat(300_000)))),
            http.head(proxy.url("/a")),
        ];
        let number = kinds.len();
        for kind in kinds {
            let answer = kind.send().await.unwrap();
            // To the caller it is HTTP/1.1 all the same.
            assert_eq!((answer.status().as_u16(), answer.version()), (200, Version::HTTP_11));
            assert_eq!(answer.headers()["content-length"], "5");
        }
        let mut seen = seen.lock().unwrap().clone();
        assert!(seen.iter().all(|(spoken, _)| *spoken == version), "{seen:?}");
        seen.sort_by(|a, b| a.1.cmp(&b.1));
        seen.dedup_by(|a, b| a.1 == b.1);
        assert_eq!(seen.len(), number, "a nonce came twice");
    }
}

/// The version of each request, and its nonce.
type Seen = Arc<Mutex<Vec<(Version, String)>>>;

/// A server of one protocol, which keeps what is signed rightly.
fn start(certificate: &str, key: &str, protocol: &'static str) -> (String, Seen) {
    let chain = vec![CertificateDer::from_pem_file(certificate).unwrap()];
    let key = PrivateKeyDer::from_pem_file(key).unwrap();
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let config =
        ServerConfig::builder_with_provider(provider).with_safe_default_protocol_versions();
    let mut config = config.unwrap().with_no_client_auth().with_single_cert(chain, key).unwrap();
    config.alpn_protocols = vec![protocol.into()];
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let origin = format!("https://localhost:{}", listener.local_addr().unwrap().port());
    listener.set_nonblocking(true).unwrap();
    let (seen, authority) = (Seen::default(), origin.clone());
    let kept = seen.clone();
    thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
        runtime.unwrap().block_on(async {
            let listener = tokio::net::TcpListener::from_std(listener).unwrap();
            let acceptor = TlsAcceptor::from(Arc::new(config));
            loop {
                let (stream, _) = listener.accept().await.unwrap();
                let (acceptor, kept) = (acceptor.clone(), kept.clone());
                let origin = authority.clone();
                tokio::spawn(async move {
                    // Whoever does not trust the certificate hangs up.
                    let Ok(stream) = acceptor.accept(stream).await else { return };
                    let service = service_fn(move |request| {
                        let (origin, kept) = (origin.clone(), kept.clone());
                        async move {
                            let found = verified(&origin, request).await;
                            kept.lock().unwrap().push(found);
                            Ok::<_, Infallible>(Response::new(Full::new(Bytes::from("hello"))))
                        }
                    });
                    let io = TokioIo::new(stream);
                    let _ = match protocol {
                        "h2" => {
                            let builder = http2::Builder::new(TokioExecutor::new());
                            builder.serve_connection(io, service).await
                        }
                        _ => http1::Builder::new().serve_connection(io, service).await,
                    };
                });
            }
        });
    });
    (origin, seen)
}

/// The nonce of a request whose signature is right. Panics, and so ends the connection, if not.
async fn verified(origin: &str, request: Request<Incoming>) -> (Version, String) {
    let (head, body) = request.into_parts();
    let body = body.collect().await.unwrap().to_bytes();
    let url = format!("{origin}{}", head.uri.path_and_query().unwrap());
    let text = |name: &str| head.headers.get(name).map(|value| value.to_str().unwrap());
    let request = SignableRequest::new(head.method.as_str(), &url).unwrap();
    let request = request.with_body(SignableBody::of(text("content-type"), &body));
    let authorization = [text("authorization").unwrap().as_bytes()];
    let presented = PresentedRequest::parse(&request, &authorization, Limits::default()).unwrap();
    let presented = presented.expect("the request is signed");
    let (app, token) = (SharedSecret::new(APP_SECRET), SharedSecret::new(TOKEN_SECRET));
    let key = VerificationKey::shared(presented.signature_method(), &app, Some(&token)).unwrap();
    let _ = presented.verify_signature(&key).unwrap_or_else(|_| panic!("{}", presented.explain()));
    (head.version, presented.nonce().unwrap().to_owned())
}

/// A certificate for localhost and its key; `None` without openssl.
fn certificate(directory: &Directory) -> Option<(String, String)> {
    let (certificate, key) = (directory.0.join("a.crt"), directory.0.join("a.key"));
    let made = Command::new("openssl")
        .args(["req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj"])
        .args(["/CN=localhost", "-addext", "subjectAltName=DNS:localhost"])
        .args(["-addext", "basicConstraints=critical,CA:FALSE", "-keyout"])
        .args([key.as_os_str(), "-out".as_ref(), certificate.as_os_str()])
        .stderr(Stdio::null())
        .status();
    if !made.is_ok_and(|status| status.success()) {
        assert_ne!(std::env::var("CI").as_deref(), Ok("true"), "openssl is not installed");
        let _ = writeln!(std::io::stdout(), "SKIPPED: openssl is not installed");
        return None;
    }
    Some((certificate.to_str()?.into(), key.to_str()?.into()))
}
