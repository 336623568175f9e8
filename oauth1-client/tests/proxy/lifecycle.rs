//! Starting, logging, failing and stopping.

use std::{net::TcpListener, thread};

use crate::{Proxy, client, raw::Upstream, refused, server::Server};

#[test]
fn what_it_is_told_wrong_it_says_and_does_not_start() {
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    let upstream = "https://api.example.com";
    for (upstream, args, env, code, words) in [
        ("api.example.com", vec![], vec![], 2, "the upstream is no address"),
        ("https://api.example.com/?a=canary", vec![], vec![], 2, "has a query"),
        ("https://u:canary@h", vec![], vec![], 2, "user name or password"),
        (upstream, vec!["--listen", "here"], vec![], 2, "--listen is no address"),
        (upstream, vec!["--listen", &address], vec![], 6, "cannot be listened at"),
        (&*format!("http://{address}"), vec!["--listen", &address], vec![], 2, "the proxy itself"),
        (upstream, vec!["--host", "a b"], vec![], 2, "--host is no host name"),
        (upstream, vec!["--form-limit", "much"], vec![], 2, "512k"),
        (upstream, vec!["--max-connections", "0"], vec![], 2, "--max-connections"),
        (upstream, vec![], vec![("OAUTH1_CONSUMER_KEY", "")], 3, "the App key"),
        (upstream, vec![], vec![("OAUTH1_PROXY_TOKEN", "canary")], 3, "at least 16"),
    ] {
        let (exited, stderr) = refused(upstream, &args, &env);
        assert_eq!(exited, code, "{args:?}: {stderr}");
        assert!(stderr.contains(words) && stderr.contains("fix: "), "{words}: {stderr}");
    }
}

#[tokio::test]
async fn requests_are_logged_without_what_is_in_them() {
    let server = Server::hello();
    let mut proxy = Proxy::start(&server.origin, &["-v", "--json"]);
    let request = client().post(proxy.url("/a/b?c=canary")).bearer_auth("canary");
    request.form(&[("d", "canary")]).send().await.unwrap();
    let line = proxy.line();
    let millis = line.strip_prefix("POST /a/b 200 ").and_then(|rest| rest.strip_suffix(" ms"));
    millis.unwrap_or_else(|| panic!("{line}")).parse::<u64>().unwrap();
    client().get(proxy.url("/%1B[2J?canary")).header("origin", "x").send().await.unwrap();
    assert!(proxy.line().starts_with("GET /%1B[2J 403 "));
    let address = proxy.address.clone();
    proxy.signal("TERM");
    let (code, stdout, stderr) = proxy.ended();
    assert_eq!(code, Some(0));
    let json: serde_json::Value = serde_json::from_str(&stdout).unwrap();
    assert_eq!(json["listening"], format!("http://{address}"));
    assert_eq!(
        (&json["upstream"], &json["consumer_key"]),
        (&format!("{}/", server.origin).into(), &"app".into())
    );
    assert!(stderr.contains(&format!("signing for {}/ as app key app", server.origin)), "{stderr}");
}

#[tokio::test]
async fn an_upstream_that_is_not_there_or_hangs_up_is_said_so() {
    let free = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let proxy = Proxy::start(&format!("http://{free}"), &[]);
    for request in [client().get(proxy.url("/?canary")), client().post(proxy.url("/")).json(&1)] {
        let answer = request.send().await.unwrap();
        assert_eq!(answer.status(), 502);
        assert_eq!(answer.headers()["x-oauth1-proxy-error"], "unreachable");
        let text = answer.text().await.unwrap();
        assert!(text.contains("cannot be reached") && !text.contains("canary"), "{text}");
    }
    let upstream = Upstream::start();
    let proxy = Proxy::start(&upstream.origin, &[]);
    let mut caller = proxy.connect();
    caller.send(&format!("GET / HTTP/1.1\r\nHost: {}\r\n\r\n", proxy.address));
    let mut server = upstream.accept();
    server.head();
    drop(server);
    let answer = caller.message(false);
    assert_eq!((answer.status(), answer.error()), (502, Some("broken_off")));
}

#[test]
fn who_is_silent_too_long_is_not_waited_for() {
    let upstream = Upstream::start();
    let proxy = Proxy::start(&upstream.origin, &["--timeout", "1"]);
    let head = format!("POST / HTTP/1.1\r\nHost: {}\r\n", proxy.address);
    let mut caller = proxy.connect();
    caller.send(&format!("{head}Content-Length: 2\r\n\r\n{{}}"));
    let _server = upstream.accept();
    let answer = caller.message(false);
    assert_eq!((answer.status(), answer.error()), (504, Some("timeout")));
    for kind in ["text/plain", "application/x-www-form-urlencoded"] {
        let mut caller = proxy.connect();
        caller.send(&format!("{head}Content-Type: {kind}\r\nContent-Length: 9\r\n\r\na=b"));
        let answer = caller.message(false);
        assert_eq!((answer.status(), answer.error()), (408, Some("slow_caller")), "{kind}");
    }
    // In the middle of an answer, all that is left is to break it off.
    let _stream = upstream.accept();
    let mut caller = proxy.connect();
    caller.send(&format!("GET / HTTP/1.1\r\nHost: {}\r\n\r\n", proxy.address));
    let mut server = upstream.accept();
    server.head();
    server.send("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhel");
    assert_eq!((caller.head().status(), caller.octets(3).as_str()), (200, "hel"));
    assert!(caller.is_closed());
}

#[test]
fn requests_that_run_are_finished_before_it_ends() {
    for signal in ["TERM", "INT"] {
        let upstream = Upstream::start();
        let proxy = Proxy::start(&upstream.origin, &[]);
        let address = proxy.address.clone();
        let (mut unused, mut idle, mut caller) =
            (proxy.connect(), proxy.connect(), proxy.connect());
        idle.send(&format!("GET /idle HTTP/1.1\r\nHost: {address}\r\n\r\n"));
        let mut server = upstream.accept();
        server.head();
        server.send("HTTP/1.1 204 No Content\r\n\r\n");
        assert_eq!(idle.message(false).status(), 204);
        caller.send(&format!("GET /runs HTTP/1.1\r\nHost: {address}\r\n\r\n"));
        assert_eq!(upstream.next(&mut server).first, "GET /runs HTTP/1.1");
        proxy.signal(signal);
        // Idle connections end at once: the signal has arrived.
        assert!(idle.is_closed() && unused.is_closed());
        server.send("HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\ndone");
        assert_eq!(caller.message(false).body, "done");
        assert!(caller.is_closed());
        let (code, _, stderr) = proxy.ended();
        assert!(code == Some(0) && !stderr.contains("stopped before"), "{signal}: {stderr}");
        assert!(std::net::TcpStream::connect(&address).is_err());
    }
}

#[test]
fn requests_that_do_not_end_do_not_keep_it() {
    let upstream = Upstream::start();
    let proxy = Proxy::start(&upstream.origin, &["--timeout", "0"]);
    let mut caller = proxy.connect();
    caller.send(&format!("GET / HTTP/1.1\r\nHost: {}\r\n\r\n", proxy.address));
    let mut server = upstream.accept();
    server.head();
    proxy.signal("TERM");
    let (code, _, stderr) = proxy.ended();
    assert_eq!(code, Some(0));
    assert!(stderr.contains("stopped before all requests were answered"), "{stderr}");
}

#[test]
fn a_second_signal_ends_it_at_once() {
    let upstream = Upstream::start();
    let proxy = Proxy::start(&upstream.origin, &[]);
    let mut idle = proxy.connect();
    idle.send(&format!("GET / HTTP/1.1\r\nHost: {}\r\n\r\n", proxy.address));
    let _server = upstream.accept();
    proxy.signal("INT");
    // The first has arrived when nobody listens any more.
    while std::net::TcpStream::connect(&proxy.address).is_ok() {
        thread::yield_now();
    }
    proxy.signal("INT");
    let (code, _, stderr) = proxy.ended();
    assert!(code == Some(130) && stderr.contains("cut off"), "{code:?} {stderr}");
}

#[test]
fn connections_beyond_the_limit_wait_for_their_turn() {
    let upstream = Upstream::start();
    let proxy = Proxy::start(&upstream.origin, &["--max-connections", "1"]);
    let head = |path: &str| format!("GET {path} HTTP/1.1\r\nHost: {}\r\n\r\n", proxy.address);
    let (mut first, mut second) = (proxy.connect(), proxy.connect());
    first.send(&head("/first"));
    let mut server = upstream.accept();
    assert_eq!(server.head().first, "GET /first HTTP/1.1");
    second.send(&head("/second"));
    server.send("HTTP/1.1 204 No Content\r\n\r\n");
    assert_eq!(first.message(false).status(), 204);
    // The next request is the first connection's again, for the second has no turn yet.
    first.send(&head("/again"));
    assert_eq!(upstream.next(&mut server).first, "GET /again HTTP/1.1");
    server.send("HTTP/1.1 204 No Content\r\n\r\n");
    assert_eq!(first.message(false).status(), 204);
    drop(first);
    assert_eq!(upstream.next(&mut server).first, "GET /second HTTP/1.1");
}
