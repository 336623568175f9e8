//! Real implementations of others behind the protocol, and the second implementation in Python.
//!
//! Each needs a program that may be missing. Then the test says so aloud; where `CI` is `true` it
//! fails instead.

#![allow(clippy::unwrap_used)]

mod common;

use std::process::Command;

use common::{conformance, installed, package, stdout, summary};

/// The interpreter that has oauthlib: `OAUTH1_PEER_PYTHON`, or `python3`.
fn peer_python() -> String {
    std::env::var("OAUTH1_PEER_PYTHON").unwrap_or_else(|_| "python3".to_owned())
}

fn run_peer(interpreter: &str, name: &str, adapter: &str) {
    let adapter = package().join("peers").join(name).join(adapter);
    let known = package().join("known-differences").join(format!("{name}.json"));
    let command = format!("'{interpreter}' '{}'", adapter.display());
    let output =
        conformance(&["run", "--impl", &command, "--known-differences", known.to_str().unwrap()]);
    assert_eq!(output.status.code(), Some(0), "{}", stdout(&output));
    let passed: usize = summary(&output).split(' ').next().unwrap().parse().unwrap();
    assert!(passed > 400, "the peer answers too little: {}", summary(&output));
}

#[test]
fn oauthlib_differs_only_where_it_is_known() {
    let python = peer_python();
    let version = "import cryptography, jwt, oauthlib; assert oauthlib.__version__ == '4.0.1', oauthlib.__version__";
    let how = "pip install 'oauthlib[signedtoken]==4.0.1' in a venv and set OAUTH1_PEER_PYTHON to its python";
    if installed(&python, &["-c", version], how).is_some() {
        run_peer(&python, "oauthlib", "answer.py");
    }
}

#[test]
fn net_oauth_differs_only_where_it_is_known() {
    let how = "apt-get install libnet-oauth-perl libcrypt-openssl-rsa-perl";
    if installed("perl", &["-MNet::OAuth", "-MCrypt::OpenSSL::RSA", "-e1"], how).is_some() {
        run_peer("perl", "net-oauth-perl", "answer.pl");
    }
}

#[test]
fn the_reference_in_python_computes_every_value_again() {
    if installed("python3", &["--version"], "install Python 3").is_none() {
        return;
    }
    for script in ["check.py", "lint.py"] {
        let output =
            Command::new("python3").arg(package().join("reference").join(script)).output().unwrap();
        assert!(output.status.success(), "{script}: {}", stdout(&output));
    }
    let answer = format!("python3 '{}'", package().join("reference/answer.py").display());
    let output = conformance(&["run", "--impl", &answer]);
    assert_eq!(output.status.code(), Some(0), "{}", stdout(&output));
    assert!(summary(&output).contains(" 0 failed, 0 excluded, "), "{}", summary(&output));
}

/// The check would notice a wrong value.
#[test]
fn the_reference_finds_a_wrong_value() {
    if installed("python3", &["--version"], "install Python 3").is_none() {
        return;
    }
    let folder = common::scratch("wrong-value");
    let vectors = folder.join("vectors");
    std::fs::create_dir(&vectors).unwrap();
    let text = std::fs::read_to_string(package().join("vectors/plaintext.json")).unwrap();
    let wrong = text.replacen("\"expected\": \"ja893SD9&\"", "\"expected\": \"ja893SD9\"", 1);
    assert_ne!(wrong, text);
    std::fs::write(vectors.join("plaintext.json"), wrong).unwrap();
    let check = package().join("reference/check.py");
    let output = Command::new("python3").arg(check).arg(&folder).output().unwrap();
    assert_eq!(output.status.code(), Some(1));
    assert!(stdout(&output).contains("rfc5849/2.1-plaintext"), "{}", stdout(&output));
}

/// So would the check of form, for each thing it looks at; the untouched copy is clean.
#[test]
fn the_lint_in_python_finds_seeded_defects() {
    if installed("python3", &["--version"], "install Python 3").is_none() {
        return;
    }
    let folder = common::scratch("python-lint");
    for part in ["vectors", "sequences", "schema"] {
        std::fs::create_dir(folder.join(part)).unwrap();
        for entry in std::fs::read_dir(package().join(part)).unwrap() {
            let path = entry.unwrap().path();
            std::fs::copy(&path, folder.join(part).join(path.file_name().unwrap())).unwrap();
        }
    }
    std::fs::copy(package().join("README.md"), folder.join("README.md")).unwrap();
    let lint = || {
        let script = package().join("reference/lint.py");
        let output = Command::new("python3").arg(script).arg(&folder).output().unwrap();
        (output.status.code(), stdout(&output))
    };
    assert_eq!(lint().0, Some(0), "{}", lint().1);
    let file = folder.join("vectors/plaintext.json");
    let text = std::fs::read_to_string(&file).unwrap();
    for (from, to, says) in [
        ("\"client_secret\"", "\"client_sekret\"", "client_sekret"),
        ("\"result\": \"valid\"", "\"result\": \"invalid\"", "exactly one of the variants"),
        ("rfc5849/2.3-plaintext", "rfc5849/2.1-plaintext", "rfc5849/2.1-plaintext is also in"),
        ("rfc5849/2.3-plaintext", "no slash", "does not match"),
        ("\"expected\": ", "\"expected\": \"x\",\n      \"expected\": ", "occurs twice"),
        ("\"number_of_cases\": ", "\"number_of_cases\": 1", "number_of_cases"),
        ("\"source\": \"rfc5849\"", "\"source\": \"nobody\"", "nobody is not described"),
        ("\"core-vs-rfc-wording\"]", "\"nonsense\"]", "nonsense has no note"),
        ("  \"kind\"", "    \"kind\"", "not in canonical form"),
        ("pain-18-secrets-encoded", "pain-26-unknown", "no row for pain-26-unknown"),
    ] {
        let changed = text.replacen(from, to, 1);
        assert_ne!(changed, text, "{from}");
        std::fs::write(&file, changed).unwrap();
        let (code, out) = lint();
        assert_eq!(code, Some(1), "{to}: {out}");
        assert!(out.contains(says), "{to}: {out}");
    }
    std::fs::write(&file, &text).unwrap();
    std::fs::remove_file(folder.join("vectors/body-hash.json")).unwrap();
    assert!(lint().1.contains("no vectors/body-hash.json"));
}
