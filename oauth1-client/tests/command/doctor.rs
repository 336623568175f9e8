//! `oauth1 doctor`, completions and the manual.

use axum::{body::Body, http::Response};
use serde_json::Value;

use crate::{
    home::{Home, chmod},
    names, oauth1,
    server::Server,
};

/// What it says of a thing.
fn of<'a>(json: &'a Value, what: &str, state: &str) -> Option<&'a str> {
    let findings = json["findings"].as_array().unwrap();
    let found = findings.iter().find(|f| f["what"] == what && f["state"] == state);
    found.map(|finding| finding["message"].as_str().unwrap())
}

#[test]
fn a_healthy_profile_and_server_are_good_from_top_to_bottom() {
    let (home, server) = (Home::with_profile(), Server::hello());
    let run = home.run(["doctor", "--try", &server.url("/1/me")]).run().exits(0);
    run.prints(&[
        "✓ files: ",
        "✓ profile: work (the active one)",
        "✓ keys: Token secret (profile work)",
        "✓ server: http://127.0.0.1:",
        "✓ way: this computer",
        "✓ clock: ",
        "✓ request: a signed GET was accepted: 200 OK",
    ]);
    let seen = server.seen();
    assert!(seen.len() == 2 && !seen[0].headers.contains_key("authorization"), "{seen:?}");
    server.verified_nonce(&seen[1]);
    let json = home.run(["doctor", "--json", &server.url("/")]).run().exits(0).json();
    assert_eq!(names(&json), ["findings", "healthy"]);
    assert_eq!(names(&json["findings"][0]), ["fix", "message", "state", "what"]);
    // Nothing is signed unless it is asked for.
    assert!(server.seen().len() == 3 && of(&json, "request", "good").is_none());
}

#[test]
fn each_illness_is_named_with_its_code() {
    let home = Home::with_profile();
    chmod(&home.file("credentials.toml"), 0o644);
    let json = home.run(["doctor", "--json"]).run().exits(3).json();
    assert!(of(&json, "files", "bad").unwrap().contains("open to other users"), "{json}");
    chmod(&home.file("credentials.toml"), 0o600);

    let config = home.text("config.toml");
    let ended = config.replace("[profiles.work]", "[profiles.work]\ntoken_ends = 1000");
    std::fs::write(home.file("config.toml"), ended).unwrap();
    let json = home.run(["doctor", "--json"]).run().exits(3).json();
    assert!(of(&json, "token", "bad").unwrap().contains("it ended"), "{json}");
    std::fs::write(home.file("config.toml"), config).unwrap();

    let refused = |status: u16, body: &'static str| {
        Server::start(move |seen, _| {
            let status = if seen.headers.contains_key("authorization") { status } else { 200 };
            let response = Response::builder().status(status);
            response
                .header("content-type", "application/x-www-form-urlencoded")
                .body(body.into())
                .unwrap()
        })
    };
    for (status, body, code, words) in [
        (401, "oauth_problem=signature_invalid", 7, "signature_invalid"),
        (403, "", 7, "does not say why"),
        (404, "", 4, "404"),
        (503, "", 5, "503"),
    ] {
        let server = refused(status, body);
        let run = home.run(["doctor", "--json", "--try", &server.url("/")]).run().exits(code);
        let json = run.json();
        assert!(of(&json, "request", "bad").unwrap().contains(words), "{json}");
    }
    let run = home.run(["doctor", "--json", "http://127.0.0.1:1/"]).run().exits(6);
    assert!(of(&run.json(), "server", "bad").is_some());
    let old = Server::start(|_, _| {
        let response = Response::builder().header("date", "Sun, 06 Nov 1994 08:49:37 GMT");
        response.body(Body::empty()).unwrap()
    });
    let json = home.run(["doctor", "--json", &old.url("/")]).run().exits(1).json();
    assert!(of(&json, "clock", "bad").unwrap().contains("ahead"), "{json}");
}

#[test]
fn values_that_were_copied_wrong_are_pointed_out() {
    let long = "canary7zjz7ZN2U4ZRhfV3WpwPAoE3Z7kBwSecretSecret";
    let run = oauth1(["doctor", "--json"])
        .env("OAUTH1_CONSUMER_KEY", " app")
        .env("OAUTH1_TOKEN_SECRET", "\"canary\"")
        .run()
        .exits(0);
    let text = run.stdout;
    for words in
        ["App key has white space", "Token secret stands in quotes", "App secret (environment"]
    {
        assert!(text.contains(words), "{text}");
    }
    let run = oauth1(["doctor", "--json"])
        .env("OAUTH1_CONSUMER_KEY", long)
        .env("OAUTH1_CONSUMER_SECRET", "shortcanary");
    run.run().exits(0).prints(&["App key and App secret look swapped"]);
    let home = Home::new();
    let json = home.run(["doctor", "--json"]).run().exits(3).json();
    assert_eq!(of(&json, "keys", "bad"), Some("the App key is missing"));
}

#[test]
fn completions_and_manual_know_the_subcommands() {
    for (shell, words) in [
        ("bash", "_oauth1()"),
        ("zsh", "#compdef oauth1"),
        ("fish", "complete -c oauth1"),
        ("powershell", "Register-ArgumentCompleter"),
        ("elvish", "edit:completion"),
    ] {
        oauth1(["completions", shell])
            .run()
            .exits(0)
            .prints(&[words, "login", "profile", "doctor"]);
    }
    oauth1(["completions", "canary"]).run().exits(2).says(&["fix: "]);
    oauth1(["man"]).run().exits(0).prints(&[".TH oauth1 1", "oauth1\\-login", "Exit codes"]);
    oauth1(["man", "login"]).run().exits(0).prints(&[".TH", "\\-\\-headless"]);
    oauth1(["man", "canary"]).run().exits(2).says(&["no subcommand of this name"]);
}
