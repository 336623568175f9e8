//! Health, metrics, log and request identifiers.

use super::process::{Place, wait_until};

#[test]
fn a_signed_request_is_answered_by_who_called() {
    let place = Place::new();
    let keys = place.keys();
    let server = place.serve(&["log.format=json", "log.level=debug", "policy.answers=full"]);
    for method in ["GET", "POST", "DELETE", "PROPFIND"] {
        let answer = server.send(&server.signed(&keys, method, "", b""));
        assert_eq!(answer.status, 200, "{answer:?}");
        assert!(answer.text.contains(&format!("\"method\":\"{method}\"")), "{answer:?}");
        assert!(answer.text.contains(&*keys.app_key), "{answer:?}");
    }
    let octets = server.signed(&keys, "GET", "X-Request-Id: mine-1\r\n", b"");
    assert!(server.send(&octets).text.contains("x-request-id: mine-1\r\n"));
    let replay = server.send(&octets);
    assert_eq!(replay.status, 401);
    assert!(replay.text.contains("oauth_problem=nonce_used"), "{replay:?}");
    let evil = server.signed(&keys, "GET", "X-Request-Id: a b\u{7f}\r\n", b"");
    assert!(!server.send(&evil).text.contains("x-request-id: a b"));

    let body = b"12345";
    let octets = server.signed(&keys, "POST", "Content-Length: 5\r\n", body);
    assert!(server.send(&octets).text.contains("\"body_octets\":5"));
    assert_eq!(server.send(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n").status, 404);

    wait_until("the log is written", || server.log().contains("nonce was used before"));
    for line in server.log().lines() {
        let line: serde_json::Value = serde_json::from_str(line).unwrap();
        assert!(line["level"].is_string() && line["timestamp"].is_string(), "{line}");
    }
    let refusal = server.log();
    let refusal = refusal.lines().find(|line| line.contains("nonce was used before")).unwrap();
    assert!(refusal.contains("mine-1"), "a refusal has its request: {refusal}");
}

#[test]
fn metrics_have_the_names_and_labels_that_are_promised() {
    let place = Place::new();
    let keys = place.keys();
    let server = place.serve(&[]);
    let octets = server.signed(&keys, "GET", "", b"");
    assert_eq!((server.send(&octets).status, server.send(&octets).status), (200, 401));
    let metrics = server.admin_get("/metrics").unwrap().text;
    for line in [
        "oauth1_tokens_issued_total 0",
        "oauth1_key_rotations_total 0",
        "oauth1_secret_reveals_total 0",
        r#"oauth1_verifications_total{result="ok",method="HMAC-SHA1",transport="header"} 1"#,
        r#"oauth1_verifications_total{result="nonce_used",method="HMAC-SHA1",transport="header"} 1"#,
        r#"oauth1_nonce_store_operations_total{op="record",result="fresh"} 1"#,
        r#"oauth1_nonce_store_operations_total{op="record",result="replayed"} 1"#,
        "oauth1_verification_duration_seconds_count 2",
        "oauth1_clock_skew_seconds_count 2",
        "oauth1_nonce_fence_seconds 0",
        "oauth1_nonce_entries 2",
        r#"oauth1_build_info{version=""#,
        r#"oauth1_cache_requests_total{result="hit"}"#,
        r#"http_server_request_duration_seconds_count{http_request_method="GET",http_response_status_code="200"} 1"#,
    ] {
        assert!(metrics.contains(line), "{line}\n{metrics}");
    }
    assert!(!metrics.contains(&*keys.app_key), "no identifiers in labels");
    assert_eq!(server.send(&server.token_request(&keys)).status, 201);
    let metrics = server.admin_get("/metrics").unwrap().text;
    for line in
        ["oauth1_tokens_issued_total 1", r#"oauth1_audit_events_total{event="token.create"} 1"#]
    {
        assert!(metrics.contains(line), "{line}\n{metrics}");
    }
}

#[test]
fn methods_and_keys_that_senders_make_up_are_no_new_labels() {
    let server = Place::new().serve(&[]);
    let lines = || {
        let text = server.admin_get("/metrics").unwrap().text;
        text.lines().filter(|line| !line.contains("_bucket")).count()
    };
    let send = |n: u32| {
        let request = format!(
            "M{n} /echo HTTP/1.1\r\nHost: x{n}\r\nAuthorization: OAuth oauth_consumer_key=\"k{n}\",oauth_signature_method=\"S{n}\"\r\n\r\n"
        );
        server.send(request.as_bytes());
    };
    send(0);
    // Credentials are counted in the background.
    let counted = || server.admin_get("/metrics").unwrap().text.contains("oauth1_credentials{");
    while !counted() {
        std::thread::sleep(std::time::Duration::from_millis(20));
    }
    let before = lines();
    (1..200).for_each(send);
    assert_eq!(lines(), before);
}

#[test]
fn health_is_on_the_admin_listener_alone() {
    let server = Place::new().serve(&[]);
    for path in ["/livez", "/healthz", "/readyz"] {
        assert_eq!(server.admin_get(path).unwrap().status, 200, "{path}");
        let public = format!("GET {path} HTTP/1.1\r\nHost: x\r\n\r\n");
        assert_eq!(server.send(public.as_bytes()).status, 404, "{path}");
    }
    let verbose = server.admin_get("/readyz?verbose").unwrap().text;
    for check in ["[+] clock", "[+] nonces", "[+] credentials", "[+] self-test", "[+] running"] {
        assert!(verbose.contains(check), "{verbose}");
    }
}

#[test]
fn a_fence_is_not_ready_and_503_until_it_has_passed() {
    let place = Place::new();
    let keys = place.keys();
    let (address, admin) = (super::process::free(), super::process::free());
    let (listen, admin_listen) = (address.to_string(), admin.to_string());
    let arguments = [
        "serve",
        "--listen",
        &listen,
        "--admin-listen",
        &admin_listen,
        "--set",
        "nonces.fence=now+3s",
    ];
    let child = place.command(&arguments).stderr(std::process::Stdio::null()).spawn().unwrap();
    std::fs::write(place.0.join("log"), "").unwrap();
    let server = super::process::Server { child, address, admin, place };
    wait_until("it listens", || server.admin_get("/livez").is_some());
    let ready = server.admin_get("/readyz").unwrap();
    assert_eq!(ready.status, 503, "{ready:?}");
    assert!(ready.text.contains("[-] nonces: "), "{ready:?}");
    let answer = server.send(&server.signed(&keys, "GET", "", b""));
    assert_eq!(answer.status, 503, "{answer:?}");
    assert!(answer.text.contains("retry-after: "), "{answer:?}");
    wait_until("the fence has passed", || server.admin_get("/readyz").unwrap().status == 200);
    assert_eq!(server.send(&server.signed(&keys, "GET", "", b"")).status, 200);
}
