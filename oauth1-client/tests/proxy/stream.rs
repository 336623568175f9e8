//! Bodies are handed on as they come, and a form is not longer than allowed.

use std::{
    convert::Infallible,
    pin::Pin,
    task::{Context, Poll},
};

use bytes::Bytes;
use http_body::Frame;

use crate::{Proxy, client, raw::Upstream, server::Server};

#[test]
fn each_piece_of_an_upload_arrives_before_the_next_is_sent() {
    let upstream = Upstream::start();
    let proxy = Proxy::start(&upstream.origin, &[]);
    let mut caller = proxy.connect();
    caller.send(&format!(
        "POST /up HTTP/1.1\r\nHost: {}\r\nContent-Type: application/json\r\n\
         Transfer-Encoding: chunked\r\n\r\n4\r\n[1, \r\n",
        proxy.address
    ));
    let mut server = upstream.accept();
    let seen = server.head();
    assert_eq!(seen.header("transfer-encoding"), Some("chunked"));
    assert!(seen.header("authorization").unwrap().starts_with("OAuth "));
    assert_eq!(server.chunk(), "[1, ");
    // Only now does the next piece exist.
    for piece in ["2, ", "3]"] {
        caller.send(&format!("{:x}\r\n{piece}\r\n", piece.len()));
        assert_eq!(server.chunk(), piece);
    }
    caller.send("0\r\n\r\n");
    assert_eq!(server.chunk(), "");
    server.send("HTTP/1.1 201 Created\r\nContent-Length: 0\r\n\r\n");
    assert_eq!(caller.message(false).status(), 201);
}

#[test]
fn each_piece_of_an_answer_arrives_before_the_next_is_sent() {
    let upstream = Upstream::start();
    let proxy = Proxy::start(&upstream.origin, &[]);
    let mut caller = proxy.connect();
    caller.send(&format!("GET /down HTTP/1.1\r\nHost: {}\r\n\r\n", proxy.address));
    let mut server = upstream.accept();
    server.head();
    // So that the next request comes by another one, and not by either.
    server.send("HTTP/1.1 200 OK\r\nContent-Length: 6\r\nConnection: close\r\n\r\n");
    assert_eq!(caller.head().header("content-length"), Some("6"));
    for piece in ["on", "e ", "by"] {
        server.send(piece);
        assert_eq!(caller.octets(2), piece);
    }
    // The caller's connection is as good as new.
    caller.send(&format!("GET /next HTTP/1.1\r\nHost: {}\r\n\r\n", proxy.address));
    assert_eq!(upstream.accept().head().first, "GET /next HTTP/1.1");
}

#[test]
fn an_answer_that_breaks_off_is_not_made_whole() {
    let upstream = Upstream::start();
    let proxy = Proxy::start(&upstream.origin, &[]);
    for framing in ["Transfer-Encoding: chunked\r\n\r\n2\r\non\r\n", "Content-Length: 9\r\n\r\non"]
    {
        let mut caller = proxy.connect();
        caller.send(&format!("GET / HTTP/1.1\r\nHost: {}\r\n\r\n", proxy.address));
        let mut server = upstream.accept();
        server.head();
        server.send(&format!("HTTP/1.1 200 OK\r\n{framing}"));
        let answer = caller.head();
        let piece = match answer.header("content-length") {
            Some(_) => caller.octets(2),
            None => caller.chunk(),
        };
        assert_eq!(piece, "on");
        drop(server);
        // No last chunk, and no octets more.
        assert!(caller.is_closed());
    }
}

#[test]
fn a_caller_who_hangs_up_is_not_worked_for() {
    let upstream = Upstream::start();
    let proxy = Proxy::start(&upstream.origin, &["--timeout", "0"]);
    let mut caller = proxy.connect();
    caller.send(&format!("GET / HTTP/1.1\r\nHost: {}\r\n\r\n", proxy.address));
    let mut server = upstream.accept();
    server.head();
    drop(caller);
    assert!(server.is_closed());
}

#[tokio::test]
async fn forms_have_a_limit_and_nothing_else_has() {
    let server = Server::hello();
    let proxy = Proxy::start(&server.origin, &["--form-limit", "1k"]);
    let http = client();
    let form = |length: usize| format!("a={}", "x".repeat(length - 2));
    let chunked = |length| reqwest::Body::wrap(Pieces(form(length)));
    let post = |kind: &'static str| http.post(proxy.url("/")).header("content-type", kind);
    for (request, status) in [
        (post(FORM).body(form(1_024)), 200),
        (post("Application/X-WWW-Form-URLEncoded; charset=utf-8").body(chunked(1_024)), 200),
        (post(FORM).body(form(1_025)), 413),
        (post(FORM).body(chunked(1_025)), 413),
        (post("text/plain").body(form(1_025)), 200),
        (post("text/plain").body(chunked(5_000_000)), 200),
        // Without it, reqwest leaves out the body of a GET.
        (http.get(proxy.url("/")).header("transfer-encoding", "chunked").body(chunked(7)), 200),
    ] {
        let response = request.send().await.unwrap();
        let own = response.headers().get("x-oauth1-proxy-error").cloned();
        assert_eq!((response.status().as_u16(), own.is_some()), (status, status == 413));
        if status == 413 {
            assert_eq!(own.unwrap(), "form_limit");
            let text = response.text().await.unwrap();
            assert!(text.contains("1024 octets") && text.contains("--form-limit"), "{text}");
        }
    }
    let lengths: Vec<_> = server.seen().iter().map(|seen| seen.body.len()).collect();
    assert_eq!(lengths, [1_024, 1_024, 1_025, 5_000_000, 7]);
    server.verified_nonces();
}

/// A text in pieces, without its length.
pub(crate) struct Pieces(pub(crate) String);

impl http_body::Body for Pieces {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        let middle = self.0.len().min(100_000);
        let rest = self.0.split_off(middle);
        let piece = std::mem::replace(&mut self.0, rest);
        Poll::Ready((!piece.is_empty()).then(|| Ok(Frame::data(piece.into()))))
    }
}

const FORM: &str = "application/x-www-form-urlencoded";
