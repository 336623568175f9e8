//! `oauth1 request`, against a loopback server that verifies what it gets.

use std::{
    io::{ErrorKind, Read, Write},
    net::TcpListener,
    process::{Command, Stdio},
};

use axum::{body::Body, http::Response};
use oauth1_client::{Problem, ProblemReport};

use crate::{
    FIXED,
    home::Home,
    names, oauth1,
    server::{Server, redirect},
};

fn status(status: u16, headers: &[(&'static str, String)], body: &'static str) -> Response<Body> {
    let mut response = Response::builder().status(status);
    for (name, value) in headers {
        response = response.header(*name, value);
    }
    response.body(body.into()).unwrap()
}

#[test]
fn the_answer_is_printed_and_nothing_else() {
    let server = Server::hello();
    let url = server.url("/p?a=1");
    let run = oauth1(["request", &url, "b==2 3", "c=4&5", "X-Own: 6"]).run().exits(0);
    assert_eq!((run.stdout.as_str(), run.stderr.as_str()), ("hello", ""));
    let seen = server.only();
    assert_eq!((seen.method.as_str(), seen.target.as_str()), ("POST", "/p?a=1&b=2%203"));
    assert_eq!(
        (&seen.headers["x-own"], seen.body.as_ref()),
        (&"6".parse().unwrap(), &b"c=4%265"[..])
    );
    assert_eq!(server.verified_nonces().len(), 1);
}

#[test]
fn every_kind_of_request_verifies() {
    let server = Server::hello();
    let url = server.url("/a/../b c?q=it's");
    for args in [
        &["--json-body", "{}"][..],
        &["--json-body", "{}", "--body-hash", "-X", "put"],
        &["--data", "a=b c", "--content-type", "text/plain"],
        &["--transmit", "query", "a=1"],
        &["--transmit", "form", "a=1"],
        &["--transmit", "form"],
        &["--signature-method", "HMAC-SHA512"],
        &["--signature-method", "PLAINTEXT"],
        &["Host:virtual.example"],
        &["-X", "HEAD"],
    ] {
        oauth1(["req", &url]).args(args.iter().copied()).run().exits(0);
    }
    assert_eq!(server.verified_nonces().len(), 10);
}

#[test]
fn the_status_decides_the_exit_code() {
    for (code, exit) in
        [(200, 0), (304, 0), (400, 4), (401, 7), (403, 7), (404, 4), (500, 5), (503, 5)]
    {
        let server = Server::start(move |_, _| status(code, &[], ""));
        oauth1(["request", &server.url("/")]).run().exits(exit);
        assert_eq!(server.seen().len(), 1);
    }
}

#[test]
fn a_refusal_is_put_into_words() {
    let stamp = ["--nonce", "n1", "--timestamp", "1318622958"];
    for (report, words) in [
        (
            ProblemReport::timestamp_refused(100, 700),
            &["timestamp_refused", "said 1318622958", "100 to 700", "clock"][..],
        ),
        (ProblemReport::new(Problem::NonceUsed), &["nonce_used", "leave out --nonce"]),
        (
            ProblemReport::new(Problem::SignatureInvalid),
            &["oauth1 explain with the same arguments and --nonce n1 --timestamp 1318622958"],
        ),
        (
            ProblemReport::new(Problem::TokenRevoked).with_advice("ask\u{7}Bob"),
            &["token_revoked", "ask\\u{7}Bob"],
        ),
    ] {
        let mut challenge = String::from("OAuth realm=\"a\"");
        report.push_to_challenge(&mut challenge);
        let server = Server::start(move |_, _| {
            status(401, &[("www-authenticate", challenge.clone())], "no")
        });
        let run = oauth1(["request", &server.url("/")]).args(stamp).run().exits(7);
        assert_eq!(run.stdout, "no");
        run.says(&["refused: 401", "why: ", "fix: "]).says(words);
        // The same in the body of a 400, which is no refusal and still a problem.
        let form = report.to_form();
        let server = Server::start(move |_, _| {
            Response::builder().status(400).body(form.clone().into()).unwrap()
        });
        oauth1(["request", &server.url("/")]).args(stamp).run().exits(4).says(words);
    }
    let server = Server::start(|_, _| status(401, &[], ""));
    oauth1(["request", &server.url("/")]).run().exits(7).says(&["does not say why"]);
}

#[test]
fn a_given_timestamp_is_not_corrected() {
    let report = ProblemReport::new(Problem::TimestampRefused).to_form();
    let server = Server::start(move |_, _| {
        Response::builder().status(401).body(report.clone().into()).unwrap()
    });
    let run = oauth1(["request", &server.url("/"), "--timestamp", "1318622958"]).run().exits(7);
    run.says(&["said 1318622958"]);
    server.only();
}

#[test]
fn a_wrong_clock_is_mentioned() {
    let old = || [("date", "Sun, 06 Nov 1994 08:49:37 GMT".to_owned())];
    let server = Server::start(move |_, _| status(200, &old(), ""));
    oauth1(["request", &server.url("/")]).run().exits(0).says(&["s ahead of the server's"]);
    let json = oauth1(["request", "--json", &server.url("/")]).run().exits(0).json();
    assert!(json["clock_skew"].as_i64().unwrap() > 60);
}

#[test]
fn json_has_a_stable_schema() {
    let challenge = || [("www-authenticate", "OAuth oauth_problem=\"nonce_used\"".to_owned())];
    let server = Server::start(move |seen, _| match seen.target.as_str() {
        "/binary" => Response::new(Body::from(&b"\xff\x00"[..])),
        "/refused" => status(401, &challenge(), "no"),
        _ => status(200, &[("set-cookie", "a".into()), ("set-cookie", "b".into())], "hello"),
    });
    let get = |path: &str| oauth1(["request", "--json", &server.url(path)]).run();
    let json = get("/").exits(0).json();
    assert_eq!(names(&json), ["body", "body_base64", "clock_skew", "headers", "problem", "status"]);
    assert_eq!((&json["status"], &json["body"]), (&200.into(), &"hello".into()));
    let headers = json["headers"].as_array().unwrap();
    assert_eq!(headers.iter().filter(|pair| pair[0] == "set-cookie").count(), 2);
    assert!(json["problem"].is_null() && json["clock_skew"].is_i64());
    let json = get("/binary").exits(0).json();
    assert_eq!((&json["body"], &json["body_base64"]), (&serde_json::Value::Null, &"/wA=".into()));
    let json = get("/refused").exits(7).says(&["nonce_used"]).json();
    assert_eq!(names(&json["problem"]), ["code", "details", "fix", "why"]);
    assert_eq!(json["problem"]["code"], "nonce_used");
}

#[test]
fn verbose_shows_heads_without_what_is_secret() {
    let echo = |seen: &crate::server::Seen, _| {
        let signed = seen.headers.get("authorization").cloned();
        let mut response = Response::new(Body::from("body"));
        response.headers_mut().insert("x-echo", "canary-app%26secret".parse().unwrap());
        response.headers_mut().insert("set-cookie", "session=canary".parse().unwrap());
        if let Some(signed) = signed {
            response.headers_mut().insert("authorization", signed);
        }
        response
    };
    let server = Server::start(echo);
    let url = server.url("/p?a=1");
    let cookie = "Cookie: session=canary";
    let run = oauth1(["request", "-v", &url, cookie]).args(FIXED).run().exits(0);
    assert_eq!(run.stdout, "body");
    let shown = run.stderr.clone();
    run.says(&[
        &format!("> GET {url}"),
        "oauth_nonce=\"n1\"",
        "oauth_signature=\"[redacted]\"",
        "> cookie: [redacted]",
        "< HTTP/1.1 200 OK",
        "< x-echo: [redacted]",
    ]);
    let signature = oauth1(["sign", "--json", &url]).args(FIXED).run().json()["signature"].clone();
    let encoded =
        signature.as_str().unwrap().trim_end_matches('=').replace('/', "%2F").replace('+', "%2B");
    assert!(!shown.contains(&encoded), "{shown}");
    for args in [
        &["--transmit", "query"][..],
        &["--signature-method", "PLAINTEXT"],
        &["--transmit", "query", "--signature-method", "PLAINTEXT"],
    ] {
        oauth1(["request", "-v", &url])
            .args(args.iter().copied())
            .run()
            .exits(0)
            .says(&["[redacted]"]);
    }
}

#[test]
fn include_prints_the_head_before_the_body() {
    let server = Server::hello();
    let run = oauth1(["request", "-i", &server.url("/")]).run().exits(0);
    let (head, body) = run.stdout.split_once("\r\n\r\n").unwrap();
    assert!(
        head.starts_with("HTTP/1.1 200 OK\r\n") && head.contains("content-length: 5"),
        "{head}"
    );
    assert_eq!(body, "hello");
}

#[test]
fn offline_prints_what_would_be_sent_and_sends_nothing() {
    let server = Server::hello();
    let url = server.url("/p?a=1");
    let run = oauth1(["request", "--offline", &url, "b=2"]).args(FIXED).run().exits(0);
    let host = format!("host: {}\r\n", server.origin.trim_start_matches("http://"));
    run.prints(&[
        "POST /p?a=1 HTTP/1.1\r\n",
        &host,
        "content-length: 3\r\n",
        "authorization: OAuth ",
        "\r\n\r\nb=2",
    ]);
    let run = oauth1(["request", "--offline", &url, "b=2"]).run();
    // What it prints can be verified as it is.
    let verify = oauth1(["verify", "--from", "-", "--scheme", "http"]).stdin(&run.stdout).run();
    verify.exits(0);
    let json = oauth1(["request", "--offline", "--json", &url]).run().exits(0).json();
    assert_eq!(names(&json), ["body", "body_base64", "headers", "method", "url"]);
    oauth1(["request", "--offline", &url, "--signature-method", "PLAINTEXT"]).run().exits(2);
    assert!(server.seen().is_empty());
}

#[test]
fn redirects_are_signed_afresh_even_with_a_nonce_given() {
    let server =
        Server::start(
            |_, n| if n == 0 { redirect(302, "/next") } else { Response::new("end".into()) },
        );
    let run = oauth1(["request", "-v", &server.url("/")]).args(FIXED).run().exits(0);
    assert_eq!(run.stdout, "end");
    run.says(&["followed a redirect"]);
    assert_eq!(server.verified_nonces()[0], "n1");
}

#[test]
fn redirects_to_another_origin_are_refused() {
    let second = TcpListener::bind("127.0.0.1:0").unwrap();
    second.set_nonblocking(true).unwrap();
    let origin = format!("http://{}", second.local_addr().unwrap());
    let target = format!("{origin}/canary");
    let first = Server::start(move |_, _| redirect(302, &target));
    let run = oauth1(["request", "--json", "--timeout", "20", &first.url("/")]).run().exits(1);
    assert_eq!(run.json()["error"]["code"], "other");
    run.says(&["another origin", &origin]);
    assert_eq!(second.accept().unwrap_err().kind(), ErrorKind::WouldBlock);
}

#[test]
fn the_network_has_its_own_exit_code() {
    let silent = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}/?canary=1", silent.local_addr().unwrap());
    let run = oauth1(["request", "--json", "--timeout", "1", &url]).run().exits(6);
    assert_eq!(run.json()["error"]["code"], "network");
    run.says(&["no answer in time", "--timeout"]);
    drop(silent);
    oauth1(["request", &url]).run().exits(6).says(&["check the address"]);
}

#[test]
fn an_interrupt_has_its_own_exit_code() {
    let silent = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}/", silent.local_addr().unwrap());
    let mut child = Command::new(env!("CARGO_BIN_EXE_oauth1"))
        .args(["request", "--timeout", "0", &url])
        .env_clear()
        .env("OAUTH1_CONSUMER_KEY", "app")
        .env("OAUTH1_CONSUMER_SECRET", "secret")
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    // The request has come: the command waits for the answer.
    let (mut connection, _) = silent.accept().unwrap();
    let _ = connection.read(&mut [0; 4]).unwrap();
    let kill = format!("kill -INT {}", child.id());
    assert!(Command::new("sh").arg("-c").arg(kill).status().unwrap().success());
    let mut words = String::new();
    child.stderr.take().unwrap().read_to_string(&mut words).unwrap();
    assert_eq!(child.wait().unwrap().code(), Some(130), "{words}");
    assert!(words.contains("interrupted"), "{words}");
}

#[test]
fn plaintext_needs_tls_or_this_computer() {
    let run = oauth1(["request", "http://api.example.com/", "--signature-method", "PLAINTEXT"]);
    run.run().exits(2).says(&["3.4.4", "https"]);
}

#[test]
fn a_second_authorization_is_refused_but_basic_goes_beside_the_query() {
    let server = Server::hello();
    let url = server.url("/");
    let basic = "Authorization: Basic dTpw";
    oauth1(["request", &url, basic]).run().exits(2).says(&["Authorization header already"]);
    let oauth = "Authorization: OAuth oauth_nonce=\"n\"";
    oauth1(["request", &url, oauth, "--transmit", "query"]).run().exits(2);
    assert!(server.seen().is_empty());
    oauth1(["request", &url, basic, "--transmit", "query"]).run().exits(0);
    let seen = server.only();
    assert_eq!(seen.headers["authorization"], "Basic dTpw");
    assert!(seen.target.contains("oauth_signature="), "{}", seen.target);
}

#[test]
fn an_answer_is_saved_whole_or_not_at_all() {
    let home = Home::new();
    let (path, octets) = (home.path("photo"), vec![7_u8; 3 << 20]);
    let file = path.to_str().unwrap();
    let sent = octets.clone();
    let server = Server::start(move |seen, _| match seen.target.as_str() {
        "/photo" => Response::new(sent.clone().into()),
        _ => status(404, &[], "nothing there"),
    });
    let run = oauth1(["request", &server.url("/photo"), "-o", file]).run().exits(0);
    assert_eq!(run.stdout, "");
    run.says(&["saved: 3145728 octets"]);
    assert!(std::fs::read(&path).unwrap() == octets);
    // A refusal is for the person, and the file stays as it is.
    let run = oauth1(["request", &server.url("/no"), "--output", file]).run().exits(4);
    assert_eq!(run.stdout, "nothing there");
    let short = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}/", short.local_addr().unwrap());
    let answering = std::thread::spawn(move || {
        for stream in short.incoming().take(1) {
            let mut stream = stream.unwrap();
            let _ = stream.read(&mut [0; 4096]).unwrap();
            stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\nfour").unwrap();
        }
    });
    oauth1(["request", &url, "--output", file]).run().exits(6);
    answering.join().unwrap();
    assert!(std::fs::read(&path).unwrap() == octets);
    let left = std::fs::read_dir(home.path("")).unwrap().count();
    assert_eq!(left, 1, "something is left of what was broken off");
    let run = oauth1(["request", &server.url("/photo"), "-o", "/nowhere/canary"]).run().exits(1);
    run.says(&["cannot be written"]);
}
