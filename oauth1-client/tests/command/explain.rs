//! `oauth1 explain`.

use crate::{FIXED, File, X_SIGNATURE, names, oauth1, x_example};

#[test]
fn each_step_is_numbered() {
    let run = x_example("explain")
        .run()
        .exits(0)
        .prints(&["App secret    ****   (environment OAUTH1_CONSUMER_SECRET)", "(flag --nonce)"]);
    let headings: Vec<_> = run.stdout.lines().filter_map(|l| l.split_once(". ")).collect();
    let numbers: String = headings.iter().map(|(n, _)| *n).filter(|n| n.len() == 1).collect();
    assert_eq!(numbers, "01234567");
    assert!(run.stdout.contains(&format!("text    {X_SIGNATURE}")));
    assert!(run.stdout.contains("****&****") && !run.stdout.contains("kAcSOqF21"));
    let shown = x_example("explain").args(["--show-secrets"]).run().exits(0);
    shown.prints(&[
        "kAcSOqF21Fu85e7zjz7ZN2U4ZRhfV3WpwPAoE3Z7kBw&LswwdoUaIvS8ltyTt5jkRh4J50vUPVVHtR2YPi5kE",
    ]);
}

#[test]
fn the_url_is_shown_as_given_and_as_sent() {
    let run = oauth1(["explain", "HTTP://H:80/a/../b?q=it's", "--realm", "r", "--json-body", "1"]);
    let run = run.run().exits(0);
    run.prints(&[
        "HTTP://H:80/a/../b?q=it's   (as given)",
        "http://h/b?q=it%27s   (as it is sent)",
        "left out realm=r",
        "not form-encoded",
        "(generated)",
    ]);
}

#[test]
fn json_has_every_step() {
    let run = oauth1([
        "explain",
        "--json",
        "https://h/p?a=2&a=1",
        "--realm",
        "r",
        "--json-body",
        "[]",
        "--body-hash",
    ]);
    let json = run.args(FIXED).run().exits(0).json();
    let expected = [
        "base_string",
        "base_string_uri",
        "difference",
        "inputs",
        "left_out",
        "normalized_parameters",
        "parameters",
        "request",
        "signature",
        "signature_matches",
        "signing_key",
    ];
    assert_eq!(names(&json), expected);
    let request = ["body_hash", "body_length", "content_type", "method", "url_given", "url_sent"];
    assert_eq!(names(&json["request"]), request);
    assert_eq!(json["inputs"][0]["source"], "environment OAUTH1_CONSUMER_KEY");
    assert_eq!(
        (&json["inputs"][2]["value"], &json["inputs"][2]["secret"]),
        (&serde_json::Value::Null, &true.into())
    );
    let second = &json["parameters"][1];
    assert_eq!(
        (&second["value"], &second["sorted_by"], &second["source"]),
        (&"2".into(), &"value".into(), &"query".into())
    );
    assert_eq!(json["left_out"].as_array().unwrap().len(), 3);
    assert_eq!(json["base_string_uri"]["reasons"].as_array().unwrap().len(), 2);
    assert_eq!(json["base_string"]["parts"]["method"], "POST");
    assert_eq!(json["base_string"]["sha256"].as_str().unwrap().len(), 64);
    assert_eq!(
        (&json["signing_key"]["value"], &json["signing_key"]["masked"]),
        (&"****&****".into(), &true.into())
    );
    assert_eq!(names(&json["signature"]), ["authorization", "encoded", "hex", "method", "value"]);
    let signed = oauth1([
        "sign",
        "--json",
        "https://h/p?a=2&a=1",
        "--realm",
        "r",
        "--json-body",
        "[]",
        "--body-hash",
    ]);
    let signed = signed.args(FIXED).run().exits(0).json();
    assert_eq!(json["signature"]["value"], signed["signature"]);
    assert_eq!(json["signature"]["authorization"], signed["authorization"]);
}

#[test]
fn a_base_string_is_compared_from_text_file_and_stdin() {
    let explain = || oauth1(["explain", "https://h/p?a=1"]).args(FIXED);
    let json = explain().args(["--json"]).run().exits(0).json();
    let ours = json["base_string"]["value"].as_str().unwrap();
    explain().args(["--compare", ours]).run().exits(0).prints(&["The base strings are equal."]);
    let theirs = ours.replace("https%3A", "http%3A");
    let file = File::new("theirs", &theirs);
    explain()
        .args(["--compare", file.path()])
        .run()
        .exits(8)
        .prints(&["First difference: the base string URIs"]);
    explain().args(["--compare", "-"]).stdin(&theirs).run().exits(8);
    let json = explain().args(["--json", "--compare", &theirs]).run().exits(8).json();
    assert_eq!(names(&json["difference"]), ["at", "part", "text"]);
    assert_eq!(json["difference"]["at"], "GET&http".len());
}

#[test]
fn a_curl_line_is_explained_with_its_own_nonce() {
    let line = x_example("sign").args(["--curl"]).run().exits(0).stdout;
    let explain = |line: &str| x_example_secrets(oauth1(["explain", "--from", "-"])).stdin(line);
    explain(&line).run().exits(0).prints(&[
        X_SIGNATURE,
        "is the one above",
        "the request's Authorization header",
    ]);
    let wrong = line.replace("include_entities=true", "include_entities=false");
    explain(&wrong).run().exits(8).prints(&["is another one"]);
    let json = explain(&wrong).args(["--json"]).run().exits(8).json();
    assert_eq!(json["signature_matches"], false);
    let odd = line.replace("oauth_nonce", "oauth_odd");
    explain(&odd).run().exits(2).says(&["oauth1 verify"]);
}

fn x_example_secrets(run: crate::Oauth1) -> crate::Oauth1 {
    run.env("OAUTH1_CONSUMER_SECRET", "kAcSOqF21Fu85e7zjz7ZN2U4ZRhfV3WpwPAoE3Z7kBw")
        .env("OAUTH1_TOKEN_SECRET", "LswwdoUaIvS8ltyTt5jkRh4J50vUPVVHtR2YPi5kE")
}

#[test]
fn a_raw_request_is_explained_as_it_was_sent() {
    let raw = "GET /a/../b?q=it's HTTP/1.1\nHost: H:80\n\n";
    let run = oauth1(["explain", "--from", "-", "--scheme", "http"]).stdin(raw).run().exits(0);
    run.prints(&["http://h/a/../b\n", "q = \"it's\""]);
    oauth1(["explain", "--from", "-"]).stdin("{}").run().exits(2).says(&["no HAR"]);
}

#[test]
fn the_place_of_the_parameters_changes_nothing_but_wrong_bodies_are_refused() {
    let value = |args: &[&str]| {
        let run = oauth1(["explain", "--json", "https://h/", "-X", "POST"]).args(FIXED);
        run.args(args.iter().copied()).run().exits(0).json()["signature"]["value"].clone()
    };
    assert_eq!(value(&[]), value(&["--transmit", "query"]));
    assert_eq!(value(&[]), value(&["--transmit", "form"]));
    let json = oauth1(["explain", "https://h/", "--transmit", "form", "--json-body", "1"]);
    json.run().exits(2).says(&["not form-encoded"]);
}

#[test]
fn what_others_wrote_cannot_steer_the_terminal() {
    let raw = "POST / HTTP/1.1\nHost: h\nContent-Type: application/x-www-form-urlencoded\n\na\u{1b}[2J=\u{9b}1\u{7}";
    let run = oauth1(["explain", "--from", "-"]).stdin(raw).run().exits(0);
    assert!(!run.stdout.contains(|c: char| c.is_control() && c != '\n'), "{}", run.stdout);
}

#[test]
fn without_secrets_the_steps_end_with_the_base_string() {
    let bare = || oauth1(["explain", "https://h/"]).args(FIXED).without("OAUTH1_CONSUMER_SECRET");
    let run =
        bare().run().exits(0).prints(&["sha-256", "6. The key and the signature are left out"]);
    assert!(!run.stdout.contains("oauth_signature="), "{}", run.stdout);
    let json = bare().args(["--json"]).run().exits(0).json();
    assert!(json["signature"].is_null() && json["signing_key"].is_null());
    bare().without("OAUTH1_CONSUMER_KEY").run().exits(3).says(&["OAUTH1_CONSUMER_KEY"]);
}

#[test]
fn plaintext_is_hidden_unless_asked_for() {
    let explain = || oauth1(["explain", "https://h/", "--signature-method", "PLAINTEXT"]);
    explain().run().exits(0).prints(&["it is the key itself"]);
    assert!(explain().args(["--json"]).run().exits(0).json()["signature"].is_null());
    let shown = explain().args(["--show-secrets", "--json"]).run_showing_secrets().exits(0).json();
    assert_eq!(shown["signing_key"]["value"], "canary-app%26secret&canary-token%2Bsecret");
}

#[test]
fn colour_is_for_terminals_unless_asked_for() {
    let explain = || oauth1(["explain", "https://h/"]);
    let colored = |run: crate::Run| run.exits(0).stdout.contains('\u{1b}');
    assert!(!colored(explain().run()));
    assert!(colored(explain().args(["--color", "always"]).run()));
    assert!(colored(explain().env("CLICOLOR_FORCE", "1").run()));
    assert!(!colored(explain().env("CLICOLOR_FORCE", "1").env("NO_COLOR", "1").run()));
    assert!(!colored(explain().args(["--color", "never"]).env("CLICOLOR_FORCE", "1").run()));
}
