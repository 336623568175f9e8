//! Who is served, and who is not: nothing of a refused request reaches the upstream.

use reqwest::header::AUTHORIZATION;

use crate::{Directory, Proxy, client, refused, server::Server};

#[test]
fn only_the_names_of_the_proxy_are_served() {
    let server = Server::hello();
    let proxy = Proxy::start(&server.origin, &["--host", "box.lan"]);
    let port = proxy.address.rsplit_once(':').unwrap().1.to_owned();
    let ask = |head: String| proxy.connect().ask(&head);
    let own = [format!("127.0.0.1:{port}"), format!("LocalHost:{port}"), format!("[::1]:{port}")];
    let named = ["box.lan".to_owned(), format!("box.lan:{port}")];
    for name in own.iter().chain(&named) {
        assert_eq!(ask(format!("GET / HTTP/1.1\nHost: {name}")).status(), 200, "{name}");
        // A request line with the whole address says who is asked (RFC 9112 section 3.2.2).
        let whole = format!("GET http://{name}/ HTTP/1.1\nHost: evil.example");
        assert_eq!(ask(whole).status(), 200, "{name}");
    }
    let served = server.seen().len();
    let others = ["evil.example".to_owned(), format!("evil.example:{port}"), "127.0.0.1:1".into()];
    for name in others {
        for head in [
            format!("GET / HTTP/1.1\nHost: {name}"),
            format!("GET http://{name}/ HTTP/1.1\nHost: {}", proxy.address),
        ] {
            let answer = ask(head);
            assert_eq!((answer.status(), answer.error()), (421, Some("host")), "{answer:?}");
            assert!(!answer.body.contains("evil"), "{answer:?}");
        }
    }
    for (head, status, code) in [
        ("GET / HTTP/1.1".to_owned(), 400, "host"),
        (format!("GET / HTTP/1.1\nHost: {0}\nHost: {0}", proxy.address), 400, "host"),
        (format!("CONNECT {0} HTTP/1.1\nHost: {0}", proxy.address), 400, "connect"),
    ] {
        let answer = ask(head.clone());
        assert_eq!((answer.status(), answer.error()), (status, Some(code)), "{head}: {answer:?}");
    }
    assert_eq!((server.seen().len(), served), (10, 10));
    server.verified_nonces();
}

#[test]
fn pages_in_browsers_are_not_served() {
    let server = Server::hello();
    let proxy = Proxy::start(&server.origin, &[]);
    let ask = |header: &str| {
        proxy.connect().ask(&format!("GET / HTTP/1.1\nHost: {}\n{header}", proxy.address))
    };
    for header in [
        "Origin: https://evil.example".to_owned(),
        "Origin: null".into(),
        format!("Origin: http://{}", proxy.address),
        "Sec-Fetch-Site: cross-site".into(),
        "Sec-Fetch-Site: same-origin".into(),
        "Sec-Fetch-Site: none\nSec-Fetch-Site: cross-site".into(),
    ] {
        let answer = ask(&header);
        assert_eq!((answer.status(), answer.error()), (403, Some("browser")), "{header}");
    }
    assert_eq!(server.seen().len(), 0);
    // An address that a person typed.
    assert_eq!(ask("Sec-Fetch-Site: none").status(), 200);
}

#[tokio::test]
async fn callers_show_their_token_and_it_goes_nowhere() {
    let server = Server::hello();
    let directory = Directory::new("token");
    let file = directory.file("token", "canary-0123456789\n");
    let by_flag = Proxy::start(&server.origin, &["--caller-token-file", &file]);
    let env = [("OAUTH1_PROXY_TOKEN", "canary-0123456789")];
    let by_value = Proxy::start_with(&server.origin, &["--transmit", "query"], &env);
    let by_file = Proxy::start_with(&server.origin, &[], &[("OAUTH1_PROXY_TOKEN_FILE", &file)]);
    for proxy in [&by_flag, &by_value, &by_file] {
        let http = client();
        for wrong in [None, Some("canary-012345678"), Some("canary-0123456780"), Some("")] {
            let request = http.get(proxy.url("/"));
            let request = match wrong {
                Some(token) => request.bearer_auth(token),
                None => request,
            };
            let answer = request.send().await.unwrap();
            assert_eq!(answer.status(), 401);
            assert_eq!(answer.headers()["x-oauth1-proxy-error"], "caller_token");
            assert_eq!(answer.headers()["www-authenticate"], "Bearer realm=\"oauth1 proxy\"");
            assert!(!answer.text().await.unwrap().contains("canary"));
        }
        let right = http.get(proxy.url("/")).bearer_auth("canary-0123456789");
        assert_eq!(right.send().await.unwrap().status(), 200);
    }
    assert_eq!(server.seen().len(), 3);
    for seen in server.seen() {
        let authorization = seen.headers.get(AUTHORIZATION).map(|value| value.to_str().unwrap());
        assert!(authorization.is_none_or(|value| value.starts_with("OAuth ")));
        assert!(!format!("{seen:?}").contains("canary-0123"), "{seen:?}");
    }
    server.verified_nonces();
}

#[test]
fn strangers_need_to_be_allowed_and_to_show_a_token() {
    let directory = Directory::new("remote");
    let file = directory.file("token", "canary-0123456789");
    let (remote, token) = (["--listen", "0.0.0.0:0"], ["--caller-token-file", &file]);
    for (args, words) in [
        (remote.to_vec(), "--allow-remote"),
        ([remote, token].concat(), "--allow-remote"),
        ([&remote[..], &["--allow-remote"]].concat(), "needs a caller token"),
    ] {
        let (code, stderr) = refused("http://127.0.0.1:1", &args, &[]);
        assert!(code == 2 && stderr.contains(words), "{args:?}: {code} {stderr}");
    }
    for short in ["canary-012345678", "canary 0123456789"] {
        let short = directory.file("short", &short[..15.min(short.len())]);
        let args = ["--caller-token-file", short.as_str()];
        let (code, stderr) = refused("http://127.0.0.1:1", &args, &[]);
        assert!(code == 3 && stderr.contains("at least 16"), "{code} {stderr}");
    }
    let server = Server::hello();
    let proxy = Proxy::start(&server.origin, &[&remote[..], &token, &["--allow-remote"]].concat());
    let port = proxy.address.rsplit_once(':').unwrap().1;
    let mut caller = crate::raw::Raw::connect(&format!("127.0.0.1:{port}"));
    let head = format!("GET / HTTP/1.1\nHost: 127.0.0.1:{port}");
    assert_eq!(caller.ask(&head).status(), 401);
    let answer = caller.ask(&format!("{head}\nAuthorization: bearer canary-0123456789"));
    assert_eq!(answer.status(), 200);
    // The wildcard address is no name.
    assert_eq!(caller.ask(&format!("GET / HTTP/1.1\nHost: 0.0.0.0:{port}")).status(), 421);
}

#[test]
fn what_cannot_be_passed_on_as_it_is_is_refused() {
    let server = Server::hello();
    let proxy = Proxy::start(&format!("{}/v1", server.origin), &[]);
    let ask = |line: &str, header: &str| {
        proxy.connect().ask(&format!("{line} HTTP/1.1\nHost: {}{header}", proxy.address))
    };
    for (line, header, code) in [
        ("GET /../admin", "", "path"),
        ("GET /a/%2e%2E/admin", "", "path"),
        ("GET /a\\..\\..\\admin", "", "path"),
        ("OPTIONS *", "", "path"),
        ("GET /?a=%zz", "", "not_signable"),
        ("GET /?oauth_token=mine", "", "not_signable"),
        ("GET /", "\nConnection: Upgrade\nUpgrade: websocket", "upgrade"),
    ] {
        let answer = ask(line, header);
        assert_eq!((answer.status(), answer.error()), (400, Some(code)), "{line}: {answer:?}");
        assert_eq!(answer.header("content-type"), Some("text/plain; charset=utf-8"));
        assert!(answer.body.starts_with("oauth1 proxy: ") && answer.body.ends_with('\n'));
    }
    let long = format!("\nX-Long: {}", "x".repeat(64 * 1024));
    assert_eq!(ask("GET /", &long).status(), 431);
    assert_eq!(server.seen().len(), 0);
    assert_eq!(ask("GET //evil.example/a", "").status(), 200);
    assert_eq!(server.only().target, "/v1//evil.example/a");
    server.verified_nonces();
}
