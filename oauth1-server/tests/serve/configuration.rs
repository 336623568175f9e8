//! Settings: where they come from, and what is said about wrong ones.

use super::process::{Place, free};

fn stderr(output: &std::process::Output) -> String {
    String::from_utf8(output.stderr.clone()).unwrap()
}

#[test]
fn print_shows_each_value_with_its_source_and_no_secret() {
    let place = Place::new();
    let file =
        "[server]\nidle_timeout = \"9s\"\n[credentials]\nurl = \"postgres://u:canary@db/x\"\n";
    std::fs::write(place.0.join("oauth1-server.toml"), file).unwrap();
    std::fs::write(place.0.join("secret"), "redis://:canary@cache\n").unwrap();
    let output = place
        .command(&["config", "print", "--data-dir", "here"])
        .env("OAUTH1_SERVER__NONCES__STORE", "redis")
        .env("OAUTH1_SERVER__NONCES__URL_FILE", place.0.join("secret"))
        .env("OAUTH1_SERVER__CREDENTIALS__MASTER_KEY", "canary")
        .output()
        .unwrap();
    assert!(output.status.success(), "{output:?}");
    let text = String::from_utf8(output.stdout).unwrap();
    assert!(!text.contains("canary"), "{text}");
    for (value, source) in [
        (r#"idle_timeout = "9s""#, "file oauth1-server.toml"),
        (r#"data_dir = "here""#, "flag"),
        (r#"header_timeout = "10s""#, "default"),
        (r#"url = "postgres://u:********@db/x""#, "file"),
        (r#"url = "redis://:********@cache""#, "environment OAUTH1_SERVER__NONCES__URL_FILE"),
        (r#"master_key = "[set]""#, "environment"),
    ] {
        let line = text.lines().find(|line| line.starts_with(value));
        assert!(line.is_some_and(|line| line.contains(&format!("# {source}"))), "{value}\n{text}");
    }
}

#[test]
fn check_says_everything_that_is_wrong_at_once() {
    let place = Place::new();
    let bad = [
        ("server.lisen=x", "did you mean server.listen?"),
        ("server.idle_timeout=5", "a duration has a unit"),
        ("server.listen=nowhere", "an address with a port"),
        ("policy.methods=HMAC-MD5", "\"HMAC-MD5\" is none of HMAC-SHA1"),
        ("limits.body=8 gallons", "a size is in octets"),
        ("nonces.store=redis", "redis needs nonces.url"),
        ("server.origin=api.example.com", "server.origin"),
        ("log.level=loud", "error, warn, info, debug or trace"),
        ("limits.parameters=0", "above 0"),
        ("delegation.enabled=maybe", "auto, true or false"),
        ("delegation.initiate=oauth", "must be a path"),
        ("delegation.token=/echo", "/echo is something else already"),
        ("delegation.grants=/oauth/authorize/sign-in", "is something else already"),
        ("delegation.owner_header=X-Forwarded-User", "needs the proxies that may set it"),
        ("delegation.xauth=ak_1", "have no password here"),
        ("delegation.token_lifetime=0s", "1s to 3650d"),
    ];
    let mut arguments = vec!["config", "check"];
    bad.iter().for_each(|(setting, _)| arguments.extend(["--set", setting]));
    let output = place.run(&arguments);
    assert_eq!(output.status.code(), Some(1));
    for (setting, message) in bad {
        assert!(stderr(&output).contains(message), "{setting}\n{}", stderr(&output));
    }
    assert!(place.run(&["config", "check"]).status.success());
    assert_eq!(place.run(&["serve", "--no-such-flag"]).status.code(), Some(2));
}

#[test]
fn a_file_that_cannot_be_read_or_parsed_is_named_without_its_text() {
    let place = Place::new();
    let output = place.run(&["config", "check", "--config", "nowhere.toml"]);
    assert!(stderr(&output).contains("nowhere.toml: cannot be read"), "{output:?}");
    std::fs::write(place.0.join("bad.toml"), "[server]\nlisten = \"canary\nx = 1\n").unwrap();
    let output = place.run(&["config", "check", "--config", "bad.toml"]);
    assert!(stderr(&output).contains("bad.toml: line 2"), "{output:?}");
    assert!(!stderr(&output).contains("canary"), "{output:?}");
}

#[test]
fn a_server_that_cannot_serve_says_why_and_does_not_start() {
    let place = Place::new();
    let output = place.run(&["serve", "--listen", "0.0.0.0:0", "--admin-listen", "127.0.0.1:0"]);
    assert_eq!(output.status.code(), Some(1));
    assert!(stderr(&output).contains("server.origin is needed"), "{output:?}");

    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    let output = place.run(&["serve", "--listen", &address]);
    assert_eq!(output.status.code(), Some(1));
    assert!(stderr(&output).contains(&format!("server.listen: cannot listen on {address}")));

    let server = Place::new().serve(&[]);
    let data = server.place.0.join("oauth1-data");
    let (listen, admin) = (free().to_string(), free().to_string());
    let arguments = [
        "serve",
        "--listen",
        &listen,
        "--admin-listen",
        &admin,
        "--data-dir",
        data.to_str().unwrap(),
    ];
    let second = place.run(&arguments);
    assert_eq!(second.status.code(), Some(1));
    assert!(stderr(&second).contains("another process"), "{second:?}");
    assert_eq!(server.admin_get("/readyz").unwrap().status, 200, "the first one is unaffected");
}
