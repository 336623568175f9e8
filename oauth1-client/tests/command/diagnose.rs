//! `oauth1 diagnose`: the mistake behind a refused signature, and no signature that is right.

use crate::{Run, home::Home, names, oauth1};

/// What `oauth1 sign` makes for a request.
fn header(args: &[&str]) -> String {
    let run = oauth1(["sign"]).args(args.iter().copied()).run().exits(0);
    run.stdout.trim().to_owned()
}

/// What a client that has the secrets right would have sent. It must not be on the screen.
fn lacks_the_right_one(run: &Run, args: &[&str], theirs: &str) {
    let stamp = |name: &str| {
        let (_, rest) = theirs.split_once(&format!("oauth_{name}=\"")).unwrap();
        rest.split('"').next().unwrap().to_owned()
    };
    let (nonce, timestamp) = (stamp("nonce"), stamp("timestamp"));
    let right = oauth1(["sign", "--json", "--nonce", &nonce, "--timestamp", &timestamp]);
    let right = right.args(args.iter().copied()).run().exits(0).json();
    let right = right["signature"].as_str().unwrap().to_owned();
    for text in [&run.stdout, &run.stderr] {
        assert!(!text.contains(&right), "{text}");
    }
}

#[test]
fn a_mistake_is_named_with_fix_and_clause() {
    let theirs = header(&["http://api.example.com/1/me", "a==b c"]);
    let asked = ["https://api.example.com/1/me", "a==b c"];
    let run = oauth1(["diagnose"]).args(asked).args([&*theirs]).run().exits(8);
    lacks_the_right_one(&run, &asked, &theirs);
    let run = run.prints(&["(scheme)", "TLS", "fix: ", "section 3.4.1.2"]);
    assert_eq!(run.stderr, "");
    let json = oauth1(["diagnose", "--json"]).args(asked).args([&*theirs]).run().exits(8).json();
    assert_eq!(
        names(&json),
        ["complete", "difference", "findings", "message", "reason", "right", "tried"]
    );
    assert_eq!(
        names(&json["findings"][0][0]),
        ["clause", "explanation", "fix", "id", "made_by", "title"]
    );
    assert_eq!((&json["findings"][0][0]["id"], &json["right"]), (&"scheme".into(), &false.into()));
    // Two at once: the scheme, and a query that was not signed.
    let theirs = header(&["http://api.example.com/1/me"]);
    let run = oauth1(["diagnose"]).args(asked).args([&*theirs]).run().exits(8);
    lacks_the_right_one(&run, &asked, &theirs);
    run.prints(&["(scheme)", "(query-left-out)"]);
}

#[test]
fn a_captured_request_is_enough() {
    let home = Home::new();
    let line = oauth1(["sign", "--curl", "https://api.example.com/1/statuses", "status=a b"]);
    let line = line.run().exits(0).stdout;
    let right = home.write("right", &line);
    oauth1(["diagnose", "--from", &right]).run().exits(0).prints(&["the signature is right"]);
    // The body was changed on the way to a form that was not signed.
    let wrong = home.write("wrong", &line.replace("status=a%20b", "status=a%20b&more=1"));
    let run = oauth1(["diagnose", "--from", &wrong]).run().exits(8);
    run.prints(&["no known mistake"]).says(&["ways of signing were tried", "both secrets"]);
    // Where the URL was seen with a fragment, and behind a proxy.
    let theirs = header(&["http://public.example/1/me"]);
    let url = "http://internal/1/me";
    let run = oauth1(["diagnose", url, "X-Forwarded-Host:public.example", &theirs]).run();
    run.exits(8).prints(&["(other-host)"]);
}

#[test]
fn without_secrets_a_base_string_tells() {
    let home = Home::new();
    let bare = |args: &[&str]| {
        let run = home.run(["diagnose"]).args(args.iter().copied()).run();
        assert!(!run.stderr.contains("secret is missing"), "{}", run.stderr);
        run
    };
    let theirs = header(&["https://api.example.com/a", "q==1 2"]);
    let sent = ["https://api.example.com/a?q=1%202", &theirs];
    let base = oauth1(["verify", "--json"]).args(sent).run().exits(0).json();
    let base = base["base_string"].as_str().unwrap().to_owned();
    let plus = base.replace("1%25202", "1%2B2");
    let run = bare(&[sent[0], sent[1], "--compare", &plus]).exits(8);
    run.prints(&["(space-as-plus)", "first difference: "]);
    bare(&[sent[0], sent[1], "--compare", &base]).exits(0).prints(&["the base string is right"]);
    let unknown = base.replace("api.example.com", "elsewhere.example");
    let run = bare(&[sent[0], sent[1], "--compare", &unknown]).exits(8);
    run.prints(&["no known mistake", "first difference: the base string URI"]);
    bare(&["--base-strings", &base, &plus])
        .exits(8)
        .prints(&["the values of the parameter q differ"]);
    bare(&["--base-strings", &base, &base]).exits(0).prints(&["are equal"]);
    home.run(["diagnose"]).args(sent).run().exits(3).says(&["the App secret is missing"]);
}

#[test]
fn what_cannot_be_diagnosed_is_said() {
    let run = oauth1(["diagnose", "https://h/"]).run().exits(2);
    run.says(&["carries no OAuth signature"]);
    let twice = "Authorization:OAuth oauth_nonce=\"a\", oauth_nonce=\"b\"";
    let run = oauth1(["diagnose", "--json", "https://h/", twice]).run().exits(8);
    assert_eq!(run.json()["reason"], "parameters");
    oauth1(["diagnose", "--base-strings", "a", "b"]).run().exits(2).says(&["--base-strings"]);
    let run = oauth1(["diagnose", "--list"]).run().exits(0);
    assert!(run.stdout.lines().count() >= 80, "{}", run.stdout);
    let all = oauth1(["diagnose", "--list", "--json"]).run().exits(0).json();
    assert_eq!(all.as_array().unwrap().len(), run.stdout.lines().count());
}
