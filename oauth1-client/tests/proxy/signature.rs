//! How requests are signed: places, methods, hashes, and the upstream's time.

use std::time::{SystemTime, UNIX_EPOCH};

use axum::{body::Body, http::Response};
use oauth1_client::ProblemReport;
use reqwest::header::AUTHORIZATION;

use crate::{
    Proxy, client,
    raw::Upstream,
    refused,
    server::{Seen, Server},
};

#[tokio::test]
async fn the_parameters_go_where_they_are_told_to() {
    let server = Server::hello();
    let http = client();
    let by_query = Proxy::start(&server.origin, &["--transmit", "query"]);
    http.get(by_query.url("/a?b=1")).send().await.unwrap();
    let seen = server.seen().pop().unwrap();
    assert!(seen.target.starts_with("/a?b=1&oauth_") && !seen.headers.contains_key(AUTHORIZATION));

    let by_form = Proxy::start(&server.origin, &["--transmit", "form"]);
    http.post(by_form.url("/a")).form(&[("b", "1")]).send().await.unwrap();
    let seen = server.seen().pop().unwrap();
    assert!(seen.body.starts_with(b"b=1&oauth_") && !seen.headers.contains_key(AUTHORIZATION));
    assert_eq!(seen.headers["content-length"], seen.body.len().to_string().as_str());
    for request in [http.get(by_form.url("/a")), http.post(by_form.url("/a")).json(&1)] {
        let answer = request.send().await.unwrap();
        assert_eq!(answer.status(), 400);
        assert_eq!(answer.headers()["x-oauth1-proxy-error"], "not_signable");
    }
    assert_eq!(server.verified_nonces().len(), 2);
}

#[tokio::test]
async fn methods_realms_and_hashes_are_those_of_the_command() {
    let server = Server::hello();
    let http = client();
    let args = ["--signature-method", "hmac-sha256", "--realm", "Photos", "--body-hash"];
    let proxy = Proxy::start(&server.origin, &args);
    http.post(proxy.url("/")).json(&[1]).send().await.unwrap();
    let seen = server.seen().pop().unwrap();
    let header = seen.headers[AUTHORIZATION].to_str().unwrap();
    for part in ["realm=\"Photos\"", "\"HMAC-SHA256\"", "oauth_body_hash="] {
        assert!(header.contains(part), "{header}");
    }
    // What is hashed must be there as a whole.
    let proxy = Proxy::start(&server.origin, &["--body-hash", "--form-limit", "10"]);
    let sent = http.post(proxy.url("/")).json(&["0123456789"]).send().await.unwrap();
    assert_eq!(sent.status(), 413);
    let sent = http.post(proxy.url("/")).json(&["01234"]).send().await.unwrap();
    assert_eq!(sent.status(), 200);
    let plain = Proxy::start(&server.origin, &["--signature-method", "PLAINTEXT"]);
    assert_eq!(http.get(plain.url("/")).send().await.unwrap().status(), 200);
    assert_eq!(server.seen().len(), 3);
    for seen in server.seen() {
        server.verified_nonce(&seen);
    }
    let (code, stderr) =
        refused("http://api.example.com", &["--signature-method", "PLAINTEXT"], &[]);
    assert!(code == 2 && stderr.contains("PLAINTEXT over http"), "{code} {stderr}");
}

/// Refuses what is not stamped for an hour ahead.
fn an_hour_ahead(in_the_body: bool) -> Server {
    Server::start(move |seen, _| {
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs() + 3_600;
        if stamped(seen).abs_diff(now) <= 300 {
            return Response::new("hello".into());
        }
        let report = ProblemReport::timestamp_refused(now - 300, now + 300);
        let refused = Response::builder().status(401);
        if in_the_body {
            let refused = refused.header("content-type", "application/x-www-form-urlencoded");
            return refused.body(report.to_form().into()).unwrap();
        }
        let mut challenge = "OAuth realm=\"x\"".to_owned();
        report.push_to_challenge(&mut challenge);
        refused.header("www-authenticate", challenge).body(Body::from("refused")).unwrap()
    })
}

fn stamped(seen: &Seen) -> u64 {
    let header = seen.headers[AUTHORIZATION].to_str().unwrap();
    let (_, rest) = header.split_once("oauth_timestamp=\"").unwrap();
    rest.split('"').next().unwrap().parse().unwrap()
}

#[tokio::test]
async fn the_time_of_the_upstream_is_learned() {
    for in_the_body in [false, true] {
        let server = an_hour_ahead(in_the_body);
        let proxy = Proxy::start(&server.origin, &[]);
        let (http, url) = (client(), proxy.url("/"));
        // A stream goes out once only: the answer says why, and the next request is right.
        let json = http.post(&url).json(&1).send().await.unwrap();
        assert_eq!((json.status().as_u16(), server.seen().len()), (401, 1));
        let refusal = json.text().await.unwrap();
        assert_eq!(refusal.contains("timestamp_refused"), in_the_body, "{refusal}");
        // A form is sent once more.
        let form = http.post(&url).form(&[("a", "1")]).send().await.unwrap();
        assert_eq!((form.status().as_u16(), server.seen().len()), (200, 3));
        for requests in [4, 5] {
            let answer = http.post(&url).json(&1).send().await.unwrap();
            assert_eq!((answer.status().as_u16(), server.seen().len()), (200, requests));
        }
        server.verified_nonces();
    }
}

#[test]
fn an_answer_that_was_looked_at_is_passed_on_whole() {
    let upstream = Upstream::start();
    let proxy = Proxy::start(&upstream.origin, &[]);
    let mut caller = proxy.connect();
    caller.send(&format!("GET / HTTP/1.1\r\nHost: {}\r\n\r\n", proxy.address));
    let mut server = upstream.accept();
    server.head();
    server.send(
        "HTTP/1.1 401 Unauthorized\r\nContent-Type: application/x-www-form-urlencoded\r\n\
         Content-Length: 24\r\nX-Far: 1\r\n\r\noauth_problem=nonce_used",
    );
    let answer = caller.message(false);
    assert_eq!((answer.status(), answer.header("x-far")), (401, Some("1")));
    assert_eq!((answer.error(), answer.body.as_str()), (None, "oauth_problem=nonce_used"));
}
