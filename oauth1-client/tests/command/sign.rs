//! `oauth1 sign`.

use std::process::{Command, Stdio};

use crate::{FIXED, File, X_SIGNATURE, names, oauth1, x_example};

fn signature(args: &[&str]) -> String {
    let run = oauth1(["sign", "--json"]).args(FIXED).args(args.iter().copied()).run().exits(0);
    run.json()["signature"].as_str().unwrap().to_owned()
}

#[test]
fn the_documented_example_of_x() {
    x_example("sign").run().exits(0).prints(&[
        "Authorization: OAuth oauth_consumer_key=\"xvz1evFS4wEEPTGEFPHBog\"",
        "oauth_signature=\"hCtSmYh%2BiHYCEqBWrE7C7hYmtUk%3D\"",
    ]);
    let json = x_example("sign").args(["--json"]).run().exits(0).json();
    assert_eq!(json["signature"], X_SIGNATURE);
}

#[test]
fn the_example_of_rfc_5849_section_3_1() {
    let json = oauth1([
        "sign",
        "--json",
        "http://example.com/request?b5=%3D%253D&a3=a&c%40=&a2=r%20b",
        "--data",
        "c2&a3=2+q",
        "--no-version",
        "--nonce",
        "7d8f3e4a",
        "--timestamp",
        "137131201",
    ])
    .env("OAUTH1_CONSUMER_KEY", "9djdj82h48djs9d2")
    .env("OAUTH1_CONSUMER_SECRET", "j49sk3j29djd")
    .env("OAUTH1_TOKEN", "kkk9d7dh3k39sjv7")
    .env("OAUTH1_TOKEN_SECRET", "dh893hdasih9")
    .run()
    .exits(0)
    .json();
    assert_eq!(json["signature"], "r6/TJjbCOr97/+UU0NsvSne7s5g=");
    assert_eq!(json["method"], "POST");
}

#[test]
fn query_and_form_are_printed_whole() {
    let run = oauth1(["sign", "https://h/p?a=1", "b==2", "--transmit", "query"]).args(FIXED).run();
    let url = run.exits(0).stdout;
    assert!(url.starts_with("https://h/p?a=1&b=2&oauth_consumer_key=app&oauth_nonce=n1&"), "{url}");
    let run = oauth1(["sign", "https://h/p", "b=2 3", "--transmit", "form"]).args(FIXED).run();
    let body = run.exits(0).stdout;
    assert!(body.starts_with("b=2%203&oauth_consumer_key=app&oauth_nonce=n1&"), "{body}");
    oauth1(["sign", "https://h/", "--transmit", "form", "-X", "GET"]).run().exits(2);
}

#[test]
fn json_has_a_stable_schema() {
    let json = oauth1(["sign", "--json", "https://h/", "a=b"]).args(FIXED).run().exits(0).json();
    let expected = [
        "authorization",
        "body",
        "curl",
        "method",
        "nonce",
        "signature",
        "signature_method",
        "timestamp",
        "transmit",
        "url",
    ];
    assert_eq!(names(&json), expected);
    assert_eq!(json["timestamp"], 1_318_622_958);
    assert_eq!(json["body"], "a=b");
}

#[test]
fn only_form_bodies_are_signed() {
    let form = signature(&["https://h/", "a=b"]);
    assert_eq!(form, signature(&["https://h/", "--data", "a=b"]));
    let typed = [
        "https://h/",
        "--data",
        "a=b",
        "--content-type",
        "Application/X-WWW-form-urlencoded; charset=x",
    ];
    assert_eq!(form, signature(&typed));
    let none = signature(&["https://h/", "-X", "POST"]);
    assert_ne!(form, none);
    assert_eq!(none, signature(&["https://h/", "--json-body", r#"{"a":1}"#]));
    assert_eq!(none, signature(&["https://h/", "-d", "a=b", "Content-Type:text/plain"]));
    assert_ne!(none, signature(&["https://h/", "--json-body", r#"{"a":1}"#, "--body-hash"]));
    oauth1(["sign", "https://h/", "-d", "{}"]).run().exits(0).says(&["looks like JSON"]);
    oauth1(["sign", "https://h/", "--json-body", "canary"]).run().exits(2).says(&["no JSON"]);
}

#[test]
fn bodies_come_from_files_and_stdin() {
    let file = File::new("body", "a=b");
    let at = format!("@{}", file.path());
    let expected = signature(&["https://h/", "a=b"]);
    assert_eq!(expected, signature(&["https://h/", "--data", &at]));
    let piped = oauth1(["sign", "--json", "https://h/", "--data", "-"]).args(FIXED).stdin("a=b");
    assert_eq!(piped.run().exits(0).json()["signature"], expected.as_str());
    oauth1(["sign", "https://h/", "--data", "@/nowhere/canary"]).run().exits(2).says(&["the body"]);
}

#[test]
fn the_url_is_signed_as_it_is_sent() {
    let expected = signature(&["https://h/b?q=it%27s"]);
    assert_eq!(expected, signature(&["HTTPS://H:443/a/../b?q=it's#top"]));
    assert_eq!(expected, signature(&["https://h/b", "q==it's"]));
    assert_eq!(expected, signature(&["https://other/b", "q==it's", "Host:h:443"]));
    assert_ne!(expected, signature(&["https://h:444/b?q=it's"]));
}

#[test]
fn a_curl_line_survives_the_shell() {
    let url = "https://h/it's?a[]={b}";
    let line = oauth1(["sign", "--curl", url, "text=it's\n`$x`", "X-Empty:", "X-Odd: a'b\"c"])
        .run()
        .exits(0)
        .says(&["works once"])
        .stdout;
    // The shell's own reading of the line, word by word.
    let script = format!("curl() {{ printf '%s\\n' \"$@\"; }}\n{line}");
    let output = Command::new("sh").arg("-c").arg(script).stdin(Stdio::null()).output().unwrap();
    let words = String::from_utf8(output.stdout).unwrap();
    let words: Vec<_> = words.lines().collect();
    assert_eq!(words[..3], ["-X", "POST", "--globoff"]);
    assert_eq!(words[3], "https://h/it's?a[]={b}");
    for word in ["x-empty;", "x-odd: a'b\"c", "text=it%27s%0A%60%24x%60"] {
        assert!(words.contains(&word), "{words:?}");
    }
    let head = oauth1(["sign", "--curl", "https://h/", "-X", "head"]).run().exits(0);
    assert!(head.stdout.starts_with("curl --head 'https://h/' -H "), "{}", head.stdout);
    let file = File::new("binary", b"\xff\0");
    let at = format!("@{}", file.path());
    oauth1(["sign", "--curl", "https://h/", "-d", &at]).run().exits(2).says(&["--data-binary"]);
}

#[test]
fn plaintext_is_not_printed_unasked() {
    let sign = || oauth1(["sign", "https://h/", "--method-name", "plaintext"]);
    for extra in ["--json", "--curl", "--no-version"] {
        sign().args([extra]).run().exits(2).says(&["the secrets themselves", "--show-secrets"]);
    }
    let shown = sign().args(["--show-secrets"]).run_showing_secrets().exits(0);
    shown.prints(&["oauth_signature=\"canary-app%2526secret%26canary-token%252Bsecret\""]);
}

#[test]
fn other_protocol_parameters_can_be_given() {
    let run = oauth1([
        "sign",
        "https://h/",
        "--realm",
        "a\"b",
        "--callback",
        "oob",
        "--verifier",
        "v1",
        "--signature-method",
        "hmac-sha256",
    ]);
    run.run().exits(0).prints(&[
        r#"realm="a\"b""#,
        r#"oauth_callback="oob""#,
        r#"oauth_verifier="v1""#,
        "HMAC-SHA256",
    ]);
    let run = oauth1(["sign", "https://h/", "--verifier", "v1"]).without("OAUTH1_TOKEN");
    run.run().exits(2).says(&["request token"]);
}

#[test]
fn what_makes_no_sense_is_usage() {
    for (args, words) in [
        (&["sign"][..], "no URL"),
        (&["sign", "GET", "https://h/"], "-X METHOD"),
        (&["sign", "h/p"], "whole address"),
        (&["sign", "https://u:canary@h/"], "user name or password"),
        (&["sign", "https:\\\\u:canary@h/"], "URL"),
        (&["sign", "https://h/", "canary"], "item 1"),
        (&["sign", "https://h/", "a:=1"], "--json-body"),
        (&["sign", "https://h/", "a=b", "--data", "c"], "raw body"),
        (&["sign", "https://h/", "-d", "c", "--json-body", "1"], "cannot be used with"),
        (&["sign", "https://h/", "-d", "c", "--content-type", "x", "content-type:y"], "twice"),
        (&["sign", "https://h/", "-H", "canary"], "colon"),
        (&["sign", "https://h/", "a\nb:canary"], "malformed"),
        (&["sign", "https://h/", "a:canary\nb"], "a is malformed"),
        (&["sign", "https://h/", "authorization:canary"], "already"),
        (&["sign", "https://h/?oauth_nonce=canary"], "oauth_ parameter"),
        (&["sign", "https://h/?a=%zz"], "%25"),
        (&["sign", "https://h/", "-X", "A B"], "method"),
        (&["sign", "https://h/", "--nonce", ""], "nonce"),
        (&["sign", "https://h/", "--timestamp", "01"], "timestamp"),
        (&["sign", "https://h/", "--signature-method", "canary"], "HMAC-SHA1"),
        (&["sign", "https://h/", "--transmit", "canary"], "header, query, form"),
        (&["sign", "https://h/", "--consumer-secert=canary"], "--consumer-secret"),
        (&["sign", "https://h/", "--secrets-stdin=canary"], "takes no value"),
        (&["frobnicate"], "frobnicate"),
    ] {
        let run = oauth1(args.iter().copied()).run().exits(2).says(&["error: ", "fix: ", words]);
        assert_eq!(run.stdout, "", "{args:?}");
        let json = oauth1(args.iter().copied()).args(["--json"]).run().exits(2).json();
        assert_eq!(names(&json["error"]), ["code", "fix", "message"], "{args:?}");
        assert_eq!(json["error"]["code"], "usage");
    }
}

#[test]
fn help_leads_with_examples() {
    for args in [
        &["--help"][..],
        &["sign", "--help"],
        &["request", "--help"],
        &["req", "-h"],
        &["verify", "--help"],
        &["explain", "--help"],
    ] {
        let help = oauth1(args.iter().copied()).run().exits(0).stdout;
        assert!(help.starts_with("Examples:\n"), "{help}");
    }
    let bare = oauth1([]).run().exits(2).says(&["Examples:", "Usage:"]);
    assert_eq!(bare.stdout, "");
    oauth1(["--version"]).run().exits(0).prints(&[env!("CARGO_PKG_VERSION")]);
    oauth1(["sign", "--help"]).run().exits(0).prints(&["App key", "Access token", "Token secret"]);
}

#[test]
fn a_reader_that_leaves_is_no_error_and_changes_no_exit_code() {
    let different = ["--compare", "GET&a&b"];
    assert_eq!(exit_code_without_reader(&[]), 0);
    assert_eq!(exit_code_without_reader(&different), 8);
}

fn exit_code_without_reader(args: &[&str]) -> i32 {
    let mut child = Command::new(env!("CARGO_BIN_EXE_oauth1"))
        .args(["explain", "https://h/", "--consumer-key", "k", "--data", "-"])
        .args(args)
        .env_clear()
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    // The reader is gone before the command, which waits for stdin, can write.
    drop(child.stdout.take());
    drop(child.stdin.take());
    let output = child.wait_with_output().unwrap();
    assert!(output.stderr.is_empty());
    output.status.code().unwrap()
}
