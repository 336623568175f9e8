//! What goes through, and how it looks on the other side.

use axum::{
    body::Body,
    http::{Response, StatusCode},
};
use reqwest::Method;

use crate::{
    Proxy, client,
    raw::{Raw, Upstream},
    server::{Server, redirect},
};

#[tokio::test]
async fn requests_of_all_kinds_leave_signed() {
    let server = Server::hello();
    let proxy = Proxy::start(&server.origin, &[]);
    let (http, url) = (client(), proxy.url("/a/b%2Fc?q=%C3%A9&q=a+b&empty"));
    let kinds = [
        http.get(&url),
        http.delete(&url),
        http.head(&url),
        http.request(Method::OPTIONS, &url),
        http.request(Method::from_bytes(b"PURGE").unwrap(), &url),
        http.post(&url),
        http.post(&url).form(&[("status", "Hello, world + é"), ("b", "")]),
        http.put(&url).form(&[("a", "1")]),
        http.post(&url).json(&["no form"]),
        http.patch(&url).body("text"),
        http.put(&url).header("content-type", "image/png").body(vec![0, 159, 146, 150]),
        http.get(&url).body("a body with GET"),
    ];
    let number = kinds.len();
    for kind in kinds {
        let request = kind.header("x-mine", "kept").build().unwrap();
        let (method, body) = (request.method().clone(), request.body().and_then(|b| b.as_bytes()));
        let body = body.unwrap_or_default().to_owned();
        let kind = request.headers().get("content-type").cloned();
        let response = http.execute(request).await.unwrap();
        assert_eq!(response.status(), 200);
        assert_eq!(response.headers()["content-length"], "5");
        let expected = if method == Method::HEAD { "" } else { "hello" };
        assert_eq!(response.text().await.unwrap(), expected);
        let seen = server.seen().pop().unwrap();
        assert_eq!((seen.method.as_str(), &*seen.body), (method.as_str(), body.as_slice()));
        assert_eq!(seen.target, "/a/b%2Fc?q=%C3%A9&q=a+b&empty");
        assert_eq!(seen.headers.get("content-type"), kind.as_ref());
        assert_eq!(seen.headers["host"], server.origin.strip_prefix("http://").unwrap());
        assert_eq!(
            (&seen.headers["x-mine"], &seen.headers["via"]),
            (&"kept".parse().unwrap(), &"1.1 oauth1".parse().unwrap())
        );
        if !body.is_empty() {
            assert_eq!(seen.headers["content-length"], body.len().to_string().as_str());
        }
    }
    assert_eq!(server.verified_nonces().len(), number);
}

#[test]
fn a_thousand_requests_over_one_connection_have_a_thousand_nonces() {
    let server = Server::hello();
    let proxy = Proxy::start(&server.origin, &[]);
    let mut connection = proxy.connect();
    for number in 0..1_000 {
        let head = format!("GET /{number}?a=1 HTTP/1.1\nHost: {}", proxy.address);
        let answer = connection.ask(&head);
        assert_eq!((answer.status(), answer.body.as_str()), (200, "hello"), "{answer:?}");
    }
    assert_eq!(server.verified_nonces().len(), 1_000);
}

#[test]
fn headers_of_one_hop_stay_there() {
    let upstream = Upstream::start();
    let proxy = Proxy::start(&upstream.origin, &[]);
    let mut caller = proxy.connect();
    caller.send(&format!(
        "GET / HTTP/1.1\r\nHost: {}\r\nConnection: keep-alive, X-Hop\r\nX-Hop: 1\r\nX-Far: 2\r\n\
         Keep-Alive: timeout=5\r\nProxy-Connection: close\r\nProxy-Authorization: Basic eA==\r\n\
         TE: trailers\r\nUpgrade: h2c\r\nAuthorization: Basic eA==\r\n\r\n",
        proxy.address
    ));
    let mut server = upstream.accept();
    let seen = server.head();
    assert_eq!((seen.first.as_str(), seen.header("x-far")), ("GET / HTTP/1.1", Some("2")));
    for name in [
        "connection",
        "x-hop",
        "keep-alive",
        "proxy-connection",
        "proxy-authorization",
        "te",
        "upgrade",
    ] {
        assert_eq!(seen.header(name), None, "{name}: {seen:?}");
    }
    let authorizations = seen.headers.iter().filter(|(name, _)| name == "authorization");
    let authorizations: Vec<_> = authorizations.map(|(_, value)| &value[..6]).collect();
    assert_eq!(authorizations, ["OAuth "]);

    server.send(
        "HTTP/1.1 200 OK\r\nConnection: X-Hop\r\nX-Hop: 1\r\nX-Far: 2\r\nKeep-Alive: timeout=5\r\n\
         Proxy-Authenticate: Basic\r\nX-OAuth1-Proxy-Error: forged\r\nSet-Cookie: a=1\r\n\
         Set-Cookie: b=2\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n",
    );
    let answer = caller.message(false);
    assert_eq!((answer.status(), answer.body.as_str()), (200, "abc"));
    for name in ["connection", "x-hop", "keep-alive", "proxy-authenticate", "x-oauth1-proxy-error"]
    {
        assert_eq!(answer.header(name), None, "{name}: {answer:?}");
    }
    let cookies = answer.headers.iter().filter(|(name, _)| name == "set-cookie").count();
    assert_eq!((answer.header("x-far"), cookies), (Some("2"), 2));
}

#[tokio::test]
async fn redirects_are_passed_on_and_lead_back_to_the_proxy() {
    let server = Server::start(|seen, _| match seen.target.as_str() {
        "/v1/absolute" => {
            let host = seen.headers["host"].to_str().unwrap();
            redirect(302, &format!("http://{host}/v1/next?a=1"))
        }
        "/v1/relative" => redirect(308, "next"),
        "/v1/rooted" => redirect(303, "/v1/next"),
        "/v1/outside" => redirect(302, "/v2/next"),
        "/v1/away" => redirect(302, "https://other.example/next"),
        _ => Response::new("arrived".into()),
    });
    let proxy = Proxy::start(&server.url("/v1/"), &[]);
    let (http, next) = (client(), proxy.url("/next"));
    let origin = server.origin.clone();
    for (path, status, location) in [
        ("/absolute", 302, format!("{next}?a=1")),
        ("/relative", 308, next.clone()),
        ("/rooted", 303, next.clone()),
        ("/outside", 302, "/v2/next".into()),
        ("/away", 302, "https://other.example/next".into()),
    ] {
        let response = http.get(proxy.url(path)).send().await.unwrap();
        let found = response.headers()["location"].to_str().unwrap().to_owned();
        assert_eq!((response.status().as_u16(), found), (status, location), "{path} {origin}");
    }
    let response = http.get(next).send().await.unwrap();
    assert_eq!(response.text().await.unwrap(), "arrived");
    assert_eq!(server.verified_nonces().len(), 6);
    // Under the name that was asked for.
    let port = proxy.address.rsplit_once(':').unwrap().1;
    let answer = proxy.connect().ask(&format!("GET /relative HTTP/1.1\nHost: localhost:{port}"));
    assert_eq!(answer.header("location"), Some(&*format!("http://localhost:{port}/next")));
}

#[test]
fn answers_without_a_body_have_none() {
    let server = Server::start(|seen, _| {
        let status = seen.target.trim_start_matches('/').parse().unwrap_or(StatusCode::OK);
        let mut response = Response::new(Body::empty());
        *response.status_mut() = status;
        if seen.method == "HEAD" {
            response.headers_mut().insert("content-length", "12345".parse().unwrap());
        }
        response.headers_mut().insert("etag", "\"x\"".parse().unwrap());
        response
    });
    let proxy = Proxy::start(&server.origin, &[]);
    let mut connection = proxy.connect();
    let mut ask = |head: &str| {
        let answer = connection.ask(&format!("{head} HTTP/1.1\nHost: {}", proxy.address));
        let length = answer.header("content-length").map(str::to_owned);
        assert_eq!(
            (answer.header("transfer-encoding"), answer.header("etag")),
            (None, Some("\"x\""))
        );
        (answer.status(), length)
    };
    // On one connection: an octet too many in one would break the next.
    assert_eq!(ask("HEAD /200"), (200, Some("12345".into())));
    assert_eq!(ask("GET /204"), (204, None));
    assert_eq!(ask("GET /304").0, 304);
    assert_eq!(ask("HEAD /304").0, 304);
    assert_eq!(ask("GET /200"), (200, Some("0".into())));
}

#[test]
fn a_caller_may_wait_to_be_told_to_go_on() {
    let server = Server::hello();
    let proxy = Proxy::start(&server.origin, &["--form-limit", "1k"]);
    for kind in ["application/json", "application/x-www-form-urlencoded"] {
        let mut caller = proxy.connect();
        let head = format!(
            "POST / HTTP/1.1\r\nHost: {}\r\nContent-Type: {kind}\r\nContent-Length: 3\r\n\
             Expect: 100-continue\r\n\r\n",
            proxy.address
        );
        caller.send(&head);
        assert_eq!(caller.head().status(), 100);
        caller.send("a=b");
        assert_eq!(caller.message(false).body, "hello");
        let seen = server.seen().pop().unwrap();
        assert_eq!((&*seen.body, seen.headers.get("expect")), (&b"a=b"[..], None));
        // Who would send too much is told before.
        let mut caller = proxy.connect();
        caller.send(&head.replace("Length: 3", "Length: 1025"));
        let expected = if kind == "application/json" { 100 } else { 413 };
        assert_eq!(caller.head().status(), expected);
    }
}

#[test]
fn old_callers_are_answered_in_their_way() {
    let server = Server::hello();
    let proxy = Proxy::start(&server.origin, &[]);
    let mut caller = Raw::connect(&proxy.address);
    let answer = caller.ask(&format!("GET /old HTTP/1.0\nHost: {}", proxy.address));
    assert_eq!((answer.status(), answer.body.as_str()), (200, "hello"));
    assert!(answer.first.starts_with("HTTP/1.0 ") && caller.is_closed(), "{answer:?}");
    server.verified_nonces();
}
