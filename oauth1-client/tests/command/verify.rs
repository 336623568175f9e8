//! `oauth1 verify`.

use crate::{FIXED, File, names, oauth1};

const RIGHT: &str = "https://h/p?a=1";

fn header(args: &[&str]) -> String {
    let run = oauth1(["sign"]).args(FIXED).args(args.iter().copied()).run().exits(0);
    run.stdout.trim_end().to_owned()
}

fn signature(args: &[&str]) -> String {
    let run = oauth1(["sign", "--json"]).args(FIXED).args(args.iter().copied()).run().exits(0);
    run.json()["signature"].as_str().unwrap().to_owned()
}

#[test]
fn what_sign_makes_is_valid() {
    let header = header(&[RIGHT, "b=2 3"]);
    let run = oauth1(["verify", RIGHT, "b=2 3", &header]).run().exits(0);
    run.prints(&["valid HMAC-SHA1 signature"]).says(&["the timestamp is"]);
    let run = oauth1(["verify", RIGHT, "-d", "b=2+3", "-H", &header]).run().exits(0);
    assert_eq!(run.stdout, "valid HMAC-SHA1 signature\n");
    for transmit in ["query", "form"] {
        let signed = oauth1(["sign", "--transmit", transmit, RIGHT, "b=2"]).run().exits(0).stdout;
        let signed = signed.trim_end();
        let verify = match transmit {
            "query" => oauth1(["verify", signed, "b=2"]),
            _ => oauth1(["verify", RIGHT, "-d", signed]),
        };
        verify.run().exits(0);
    }
}

#[test]
fn a_wrong_signature_shows_the_base_string_and_not_the_right_one() {
    let header = header(&[RIGHT]);
    let right = signature(&["https://h/p?a=2"]);
    let run = oauth1(["verify", "https://h/p?a=2", &header]).run().exits(8);
    assert!(!run.stdout.contains(&right) && !run.stderr.contains(&right));
    run.prints(&["does not match", "GET&https%3A%2F%2Fh%2Fp&a%3D2%26oauth_consumer_key%3Dapp"]);
    let run = oauth1(["verify", "--show-secrets", "https://h/p?a=2", &header]).run().exits(8);
    run.prints(&[&format!("the right signature is {right}")]);
    let run = oauth1(["verify", RIGHT, &header]).env("OAUTH1_TOKEN_SECRET", "other").run().exits(8);
    assert!(!run.stderr.contains("another"), "{}", run.stderr);
    let run = oauth1(["verify", RIGHT, &header]).env("OAUTH1_CONSUMER_SECRET", "other");
    let run = run.env("OAUTH1_CONSUMER_KEY", "other").run().exits(8);
    run.says(&["another App key than environment OAUTH1_CONSUMER_KEY"]);
}

#[test]
fn json_has_a_stable_schema() {
    let header = header(&[RIGHT]);
    let right = oauth1(["verify", "--json", RIGHT, &header]).run().exits(0).json();
    let wrong = oauth1(["verify", "--json", "https://h/", &header]).run().exits(8).json();
    let malformed = oauth1(["verify", "--json", RIGHT, "Authorization: OAuth a=b"]).run();
    let malformed = malformed.exits(8).json();
    let expected = [
        "base_string",
        "base_string_sha256",
        "consumer_key",
        "difference",
        "expected_signature",
        "location",
        "message",
        "nonce",
        "reason",
        "signature_method",
        "timestamp",
        "token",
        "valid",
    ];
    for json in [&right, &wrong, &malformed] {
        assert_eq!(names(json), expected);
        assert!(json["expected_signature"].is_null());
    }
    assert_eq!((&right["valid"], &right["reason"]), (&true.into(), &serde_json::Value::Null));
    assert_eq!((&wrong["valid"], &wrong["reason"]), (&false.into(), &"signature".into()));
    assert_eq!(malformed["reason"], "parameters");
    assert_eq!((&right["nonce"], &right["location"]), (&"n1".into(), &"header".into()));
}

#[test]
fn raw_requests_are_read_from_files_and_stdin() {
    let header = header(&["https://h/p?a=1", "b=2"]);
    let raw = format!(
        "POST /p?a=1 HTTP/1.1\r\nHost: H\r\n{header}\r\nContent-Type: application/x-www-form-urlencoded\r\n\r\nb=2\n"
    );
    let file = File::new("raw", &raw);
    oauth1(["verify", "--from", file.path()]).run().exits(0);
    oauth1(["verify", "--from", "-"]).stdin(&raw).run().exits(0);
    oauth1(["verify", "--from", "-", "--scheme", "http"]).stdin(&raw).run().exits(8);
    oauth1(["verify", "--from", "-"]).stdin(&raw.replace("b=2", "b=3")).run().exits(8);
    let line = format!("curl 'https://h/p?a=1' -H '{header}' -d b=2");
    oauth1(["verify", "--from", "-"]).stdin(&line).run().exits(0);
}

#[test]
fn body_hashes_are_checked() {
    let header = header(&["https://h/", "--json-body", "[1]", "--body-hash"]);
    oauth1(["verify", "https://h/", "--json-body", "[1]", &header]).run().exits(0);
    let run = oauth1(["verify", "--json", "https://h/", "--json-body", "[2]", &header]).run();
    assert_eq!(run.exits(8).json()["reason"], "body_hash");
}

#[test]
fn base_strings_are_compared() {
    let header = header(&[RIGHT]);
    let json = oauth1(["verify", "--json", RIGHT, &header]).run().exits(0).json();
    let ours = json["base_string"].as_str().unwrap();
    oauth1(["verify", RIGHT, &header, "--compare", ours]).run().exits(0);
    let file = File::new("base", format!("{}\n", ours.replace("a%3D1", "a%3D2")));
    let run = oauth1(["verify", RIGHT, &header, "--compare", file.path()]).run().exits(8);
    run.prints(&["valid HMAC-SHA1", "First difference: the values of the parameter a differ", "^"]);
    // The same base string, and still another signature: then it is the secrets.
    let run = oauth1(["verify", RIGHT, &header, "--compare", ours]);
    run.env("OAUTH1_TOKEN_SECRET", "other").run().exits(8).prints(&["the secrets or the method"]);
    oauth1(["verify", RIGHT, &header, "--compare", "nonsense"]).run().exits(2);
}

#[test]
fn plaintext_is_verified_and_never_shown() {
    let header = r#"Authorization:OAuth oauth_consumer_key="app", oauth_signature_method="PLAINTEXT", oauth_signature="canary-app%2526secret%26""#;
    oauth1(["verify", RIGHT, header]).run().exits(0);
    let wrong = header.replace("secret", "wrong");
    oauth1(["verify", RIGHT, &wrong]).run().exits(8);
    oauth1(["verify", "--json", RIGHT, &wrong]).run().exits(8);
}

#[test]
fn what_cannot_be_verified_says_why() {
    let header = header(&[RIGHT]);
    oauth1(["verify", RIGHT]).run().exits(2).says(&["carries no OAuth signature"]);
    oauth1(["verify", RIGHT, "Authorization: Basic canary"]).run().exits(2);
    let run = oauth1(["verify", RIGHT, &header]).without("OAUTH1_TOKEN_SECRET").run();
    run.exits(3).says(&["the Token secret is missing"]);
    oauth1(["verify", "--from", "x", RIGHT]).run().exits(2).says(&["cannot be used with"]);
    oauth1(["verify", "--from", "-"]).stdin("nonsense").run().exits(2).says(&["request line"]);
    oauth1(["verify", "--from", "-"]).stdin("{\"log\":1}").run().exits(2).says(&["HAR"]);
    oauth1(["verify", "--from", "/nowhere"]).run().exits(2).says(&["the request"]);
    let twice = format!("{header}, oauth_nonce=\"n2\"");
    oauth1(["verify", RIGHT, &twice]).run().exits(8).prints(&["more than once"]);
}

#[test]
fn the_url_is_taken_as_it_stands() {
    // The base string of this path is another one than that of /b, which it is normalized to.
    let raw = "GET /a/../b HTTP/1.1\nHost: h\n\n";
    let json = oauth1(["explain", "--json", "--from", "-"]).args(FIXED).stdin(raw).run().exits(0);
    let json = json.json();
    let header = format!("Authorization: {}", json["signature"]["authorization"].as_str().unwrap());
    oauth1(["verify", "https://h/a/../b", &header]).run().exits(0);
    oauth1(["verify", "https://h/b", &header]).run().exits(8);
}

#[test]
fn the_signed_request_of_a_har_file_is_found() {
    let signed = oauth1(["sign", "--json", "https://h/p?a=1", "b=2 3"]).run().exits(0).json();
    let header = |name: &str, value: &str| serde_json::json!({ "name": name, "value": value });
    let entry = serde_json::json!({ "request": {
        "method": "POST", "url": "https://h/p?a=1#part", "postData": { "text": signed["body"] },
        "headers": [
            header(":path", "/p?a=1"),
            header("authorization", signed["authorization"].as_str().unwrap()),
            header("content-type", "application/x-www-form-urlencoded"),
        ],
    } });
    let page = serde_json::json!({ "request": {
        "method": "GET", "url": "https://h/canary", "headers": [header("cookie", "canary")],
    } });
    let har = |entries: &[&serde_json::Value]| {
        serde_json::json!({ "log": { "version": "1.2", "entries": entries } }).to_string()
    };
    let verify = |text: String| oauth1(["verify", "--from", "-"]).stdin(&text).run();
    verify(har(&[&entry])).exits(0).prints(&["valid"]);
    verify(har(&[&page, &entry, &page])).exits(0).prints(&["valid"]);
    verify(har(&[&entry, &entry])).exits(2).says(&["2 requests, 2 of them"]);
    verify(har(&[&page, &page])).exits(2).says(&["2 requests, 0 of them"]);
    verify(har(&[])).exits(2).says(&["0 requests"]);
    let mut other = entry.clone();
    other["request"]["method"] = "PUT".into();
    verify(har(&[&other])).exits(8);
}
