//! Where credentials come from, and that nobody sees them.

use crate::{
    FIXED, File, Oauth1, oauth1,
    server::{APP_SECRET, TOKEN_SECRET},
};

fn expected() -> String {
    signature(oauth1([]))
}

fn signature(run: Oauth1) -> String {
    let run = run.args(["sign", "--json", "https://h/"]).args(FIXED).run().exits(0);
    run.json()["signature"].as_str().unwrap().to_owned()
}

/// Without secrets in the environment.
fn bare() -> Oauth1 {
    oauth1([]).without("OAUTH1_CONSUMER_SECRET").without("OAUTH1_TOKEN_SECRET")
}

fn sign(run: Oauth1) -> Oauth1 {
    run.args(["sign", "--json", "https://h/"]).args(FIXED)
}

#[test]
fn files_named_by_the_environment() {
    let key = File::new("env-key", "app\n");
    let app = File::new("env-app", format!("{APP_SECRET}\n"));
    let token = File::new("env-token", format!("{TOKEN_SECRET}\r\n"));
    let run = bare()
        .without("OAUTH1_CONSUMER_KEY")
        .env("OAUTH1_CONSUMER_KEY_FILE", key.path())
        .env("OAUTH1_CONSUMER_SECRET_FILE", app.path())
        .env("OAUTH1_TOKEN_SECRET_FILE", token.path());
    assert_eq!(signature(run), expected());
}

#[test]
fn files_named_by_flags_and_stdin() {
    let app = File::new("flag-app", APP_SECRET);
    let token = File::new("flag-token", format!("{TOKEN_SECRET}\n"));
    let flags = ["--consumer-secret-file", app.path(), "--token-secret-file", token.path()];
    assert_eq!(sign(bare()).args(flags).run().exits(0).json()["signature"], expected().as_str());
    let flags = ["--consumer-secret-file", app.path(), "--token-secret-file", "-"];
    let run = sign(bare()).args(flags).stdin(&format!("{TOKEN_SECRET}\n")).run().exits(0);
    assert_eq!(run.json()["signature"], expected().as_str());
}

#[test]
fn both_secrets_from_stdin() {
    let both = format!("{APP_SECRET}\r\n{TOKEN_SECRET}\n\n");
    let run = sign(bare()).args(["--secrets-stdin"]).stdin(&both).run().exits(0);
    assert_eq!(run.json()["signature"], expected().as_str());
    for wrong in ["", "canary\ncanary\ncanary\n"] {
        let run = sign(bare()).args(["--secrets-stdin"]).stdin(wrong).run().exits(3);
        run.says(&["one or two lines", "first line"]);
    }
    let run = sign(bare()).args(["--secrets-stdin", "--data", "-"]).stdin("canary").run();
    run.exits(2).says(&["asked for twice"]);
}

#[test]
fn secrets_as_flags_work_with_a_warning() {
    let flags = ["--consumer-secret", APP_SECRET, "--token-secret", TOKEN_SECRET];
    let run = sign(bare())
        .args(flags)
        .run()
        .exits(0)
        .says(&["warning: --consumer-secret shows", "warning: --token-secret shows"]);
    assert_eq!(run.json()["signature"], expected().as_str());
}

#[test]
fn flags_go_before_the_environment() {
    let run = sign(oauth1([])).args(["--consumer-key", "other", "--token", "mine"]).run().exits(0);
    let json = run.json();
    let header = json["authorization"].as_str().unwrap();
    assert!(header.contains(r#"oauth_consumer_key="other""#), "{header}");
    assert!(header.contains(r#"oauth_token="mine""#), "{header}");
    let run = sign(oauth1([])).env("OAUTH1_TOKEN", "").run().exits(0).json();
    assert!(!run["authorization"].as_str().unwrap().contains("oauth_token"));
}

#[test]
fn what_is_missing_or_unclear_is_a_matter_of_configuration() {
    let file = File::new("twice", "canary");
    let not_text = File::new("not-text", b"canary\xff");
    for (run, words) in [
        (sign(bare()), "OAUTH1_CONSUMER_SECRET"),
        (sign(oauth1([])).without("OAUTH1_CONSUMER_KEY"), "OAUTH1_CONSUMER_KEY"),
        (sign(oauth1([])).args(["--consumer-key", ""]), "OAUTH1_CONSUMER_KEY"),
        (sign(oauth1([])).without("OAUTH1_TOKEN_SECRET"), "OAUTH1_TOKEN_SECRET"),
        (sign(oauth1([])).env("OAUTH1_TOKEN_SECRET_FILE", file.path()), "both set"),
        (sign(bare()).env("OAUTH1_CONSUMER_SECRET_FILE", "/nowhere/canary"), "the App secret"),
        (sign(bare()).args(["--consumer-secret-file", "/nowhere/canary"]), "the App secret"),
        (sign(bare()).args(["--consumer-secret-file", not_text.path()]), "not UTF-8"),
    ] {
        let json = run.run().exits(3).says(&["error: ", "fix: ", words]).json();
        assert_eq!(json["error"]["code"], "config");
    }
}

#[test]
fn an_empty_secret_is_a_secret() {
    let run = sign(oauth1([])).env("OAUTH1_TOKEN_SECRET", "").run().exits(0).json();
    assert_ne!(run["signature"], expected().as_str());
}
