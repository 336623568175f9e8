//! `oauth1 login`, at a provider that does as the test says.

use std::{
    fs,
    os::unix::fs::PermissionsExt,
    thread,
    time::{Duration, Instant},
};

use axum::{body::Body, http::Response};
use reqwest::Url;

use crate::{
    Oauth1, Run,
    home::Home,
    names,
    server::{APP_SECRET, Seen, Server, TOKEN_SECRET},
    terminal,
};

fn form(status: u16, body: &str) -> Response<Body> {
    let response = Response::builder().status(status);
    let response = response.header("content-type", "application/x-www-form-urlencoded");
    response.body(body.to_owned().into()).unwrap()
}

/// A protocol parameter of a request, as it stands in its header.
fn parameter(seen: &Seen, name: &str) -> Option<String> {
    let header = seen.headers.get("authorization")?.to_str().unwrap();
    let (_, rest) = header.split_once(&format!("{name}=\""))?;
    Some(rest.split('"').next().unwrap().to_owned())
}

const TEMPORARY: &str =
    "oauth_token=temporary&oauth_token_secret=canary-token%2Bsecret&oauth_callback_confirmed=true";
const GRANTED: &str = "oauth_token=access&oauth_token_secret=canary-token%2Bsecret&screen_name=ada&key=canary\
     &oauth_expires_in=3600&oauth_session_handle=canary-handle";

/// Gives a token for the code `right`, renews, and takes one name and password.
fn provider() -> Server {
    Server::start(|seen, _| {
        let path = seen.target.split('?').next().unwrap();
        match path {
            "/oauth/initiate" => form(200, TEMPORARY),
            "/oauth/token" if parameter(seen, "oauth_session_handle").is_some() => {
                form(200, "oauth_token=renewed&oauth_token_secret=canary-token%2Bsecret")
            }
            "/oauth/token" if seen.body.starts_with(b"x_auth_mode=client_auth") => {
                form(200, "oauth_token=mobile&oauth_token_secret=canary-token%2Bsecret")
            }
            "/oauth/token" => match parameter(seen, "oauth_verifier").as_deref() {
                Some("right") => form(200, GRANTED),
                _ => form(401, "oauth_problem=verifier_invalid"),
            },
            _ => form(200, "hello"),
        }
    })
}

/// A login at the provider, with an App key.
fn login(home: &Home, server: &Server, args: &[&str]) -> Oauth1 {
    let run = home.run(["login", "--provider", "oauth1-server", "--site", &server.origin]);
    run.args(args.iter().copied())
        .env("OAUTH1_CONSUMER_KEY", "app")
        .env("OAUTH1_CONSUMER_SECRET", APP_SECRET)
}

/// A "browser" that writes down where it was sent.
fn browser(home: &Home) -> String {
    let seen = home.path("address");
    let program = home.write(
        "browser",
        &format!(
            "#!/bin/sh\nenv >'{0}.env'\nprintf %s \"$1\" >'{0}.new'\nmv '{0}.new' '{0}'\n",
            seen.display()
        ),
    );
    fs::set_permissions(&program, fs::Permissions::from_mode(0o700)).unwrap();
    program
}

/// Where the browser was sent, as soon as it was.
fn address(home: &Home) -> Url {
    let (path, start) = (home.path("address"), Instant::now());
    while start.elapsed() < Duration::from_secs(60) {
        if let Ok(text) = fs::read_to_string(&path) {
            return text.parse().unwrap();
        }
        thread::sleep(Duration::from_millis(20));
    }
    panic!("no browser was opened");
}

fn visit(url: &str) -> u16 {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async { reqwest::get(url).await.unwrap().status().as_u16() })
}

/// Logs in with a browser that comes back with this query. Port 0, so that tests do not meet.
fn with_browser(home: &Home, server: &Server, args: &[&str], answer: &str) -> Run {
    let mut all = vec!["--callback-port", "0"];
    all.extend(args);
    let run = login(home, server, &all).env("BROWSER", &browser(home)).env("PATH", "/usr/bin:/bin");
    let running = thread::spawn(move || run.run());
    let sent_to = address(home);
    assert_eq!(sent_to.as_str(), server.url("/oauth/authorize?oauth_token=temporary"));
    let callback = parameter(&server.seen()[0], "oauth_callback").unwrap();
    let callback = callback.replace("%3A", ":").replace("%2F", "/");
    assert!(
        callback.starts_with("http://127.0.0.1:") && callback.ends_with("/callback"),
        "{callback}"
    );
    // Another page's attempt does not end it.
    assert_eq!(visit(&format!("{callback}?oauth_token=other&oauth_verifier=wrong")), 400);
    assert_eq!(visit(&format!("{callback}?{answer}")), 200);
    running.join().unwrap()
}

#[test]
fn the_browser_brings_the_code_and_the_profile_keeps_the_token() {
    let (home, server) = (Home::new(), provider());
    let args = ["--scope", "photos read", "--param", "x=1", "--profile", "work"];
    let run = with_browser(&home, &server, &args, "oauth_token=temporary&oauth_verifier=right");
    let run =
        run.exits(0).says(&["screen_name: ada", "ends in 3600 s", "next: oauth1 request URL"]);
    run.prints(&["logged in: profile work, Access token access"]);
    let seen = server.seen();
    assert_eq!(&*seen[0].body, b"scope=photos+read&x=1");
    assert_eq!(parameter(&seen[1], "oauth_verifier").as_deref(), Some("right"));
    server.verified_nonces();
    // The profile is all that a request needs.
    home.run(["request", &server.url("/1/me")]).run().exits(0);
    assert_eq!(parameter(&server.seen()[2], "oauth_token").as_deref(), Some("access"));
    server.verified_nonces();
    let config = home.text("config.toml");
    assert!(config.contains("token_ends = ") && !config.contains("canary"), "{config}");
    assert!(home.text("credentials.toml").contains("canary-handle"));
    // The browser knows no secrets.
    let environment = fs::read_to_string(home.path("address.env")).unwrap();
    assert!(!environment.contains("canary"), "{environment}");
}

#[test]
fn a_refusal_in_the_browser_is_one_of_the_command() {
    let (home, server) = (Home::new(), provider());
    let run = with_browser(
        &home,
        &server,
        &["--json"],
        "oauth_token=temporary&oauth_problem=user_refused",
    );
    let json = run.exits(7).json();
    assert_eq!(json["error"]["code"], "refused");
    assert_eq!(server.seen().len(), 1);
    assert!(!home.file("config.toml").exists());
}

#[test]
fn a_code_that_was_mistyped_is_asked_for_again() {
    let (home, server) = (Home::new(), provider());
    let run = login(&home, &server, &["--headless"]).stdin("wrong\n\n  right  \n").run().exits(0);
    run.says(&[&server.url("/oauth/authorize?oauth_token=temporary"), "try again, 4 left"]);
    assert_eq!(parameter(&server.seen()[0], "oauth_callback").as_deref(), Some("oob"));
    assert_eq!(server.verified_nonces().len(), 3);
    // The profile has a name even where none was given.
    home.run(["profile", "list"]).run().prints(&["* default  app  access  oauth1-server"]);

    let run = login(&home, &server, &["--headless"]).stdin("1\n2\n3\n4\n5\nright\n").run().exits(7);
    run.says(&["verifier_invalid"]);
    login(&home, &server, &["--headless"]).stdin("").run().exits(2).says(&["no code was typed"]);
}

#[test]
fn json_has_a_stable_schema_and_no_secrets() {
    let (home, server) = (Home::new(), provider());
    let run = login(&home, &server, &["--headless", "--json"]).stdin("right\n").run().exits(0);
    let json = run.json();
    assert_eq!(
        names(&json),
        ["access_token", "account", "app_key", "expires_in", "next", "profile"]
    );
    assert_eq!((&json["access_token"], &json["expires_in"]), (&"access".into(), &3600.into()));
    assert_eq!(json["account"], serde_json::json!({ "screen_name": "ada" }));
}

#[test]
fn a_token_is_renewed_by_its_handle_and_forgotten_by_logout() {
    let (home, server) = (Home::new(), provider());
    login(&home, &server, &["--headless"]).stdin("right\n").run().exits(0);
    // All that is needed is in the profile.
    home.run(["login", "--renew"])
        .run()
        .exits(0)
        .prints(&["renewed: profile default", "renewed\n"]);
    let renewal = server.seen().pop().unwrap();
    assert_eq!(parameter(&renewal, "oauth_session_handle").as_deref(), Some("canary-handle"));
    assert_eq!(parameter(&renewal, "oauth_token").as_deref(), Some("access"));
    server.verified_nonces();
    let config = home.text("config.toml");
    assert!(
        config.contains("access_token = \"renewed\"") && !config.contains("token_ends"),
        "{config}"
    );
    // The answer brought no new handle, so the old one is kept.
    home.run(["login", "--renew"]).run().exits(0);

    home.run(["logout"]).run().exits(0).prints(&["has no token any more"]);
    let secrets = home.text("credentials.toml");
    assert!(secrets.contains("app_secret") && !secrets.contains("token_secret"), "{secrets}");
    assert!(!secrets.contains("session_handle"), "{secrets}");
    home.run(["login", "--renew"]).run().exits(3).says(&["has no token"]);
    home.run(["logout", "--json"]).run().exits(0);
    Home::new().run(["logout"]).run().exits(3);
}

#[test]
fn a_token_without_a_handle_cannot_be_renewed() {
    let server = Server::hello();
    let home = Home::with_profile();
    let run =
        home.run(["login", "--renew", "--provider", "oauth1-server", "--site", &server.origin]);
    run.run().exits(3).says(&["session handle", "without --renew"]);
    assert!(server.seen().is_empty());
}

#[test]
fn name_and_password_where_the_provider_permits_it() {
    let (home, server) = (Home::new(), provider());
    let args = ["--password", "--user", "ada", "--password-file", "-", "--profile", "mobile"];
    login(&home, &server, &args).stdin("canary&pass\n").run().exits(0).prints(&["token mobile"]);
    let seen = server.only();
    assert_eq!(
        &*seen.body,
        b"x_auth_mode=client_auth&x_auth_username=ada&x_auth_password=canary%26pass"
    );
    server.verified_nonces();
    assert!(!home.text("credentials.toml").contains("pass"));
    login(&home, &server, &["--password"]).run().exits(2).says(&["--user"]);
    login(&home, &server, &["--password", "--user", "a"]).run().exits(2).says(&["--password-file"]);
}

#[test]
fn the_password_is_asked_for_without_echo() {
    let (home, server) = (Home::new(), provider());
    home.add(
        "work",
        &[
            "--app-key",
            "app",
            "--secrets-stdin",
            "--provider",
            "oauth1-server",
            "--site",
            &server.origin,
        ],
    )
    .exits(0);
    let args = ["login", "--password", "--user", "ada"];
    let Some((code, screen)) = terminal::run(&home, &args, &[("Password of ada: ", "canary\n")])
    else {
        return;
    };
    assert_eq!(code, 0, "{screen}");
    assert!(!screen.contains("canary"), "{screen}");
    assert!(server.only().body.ends_with(b"x_auth_password=canary"));
}

#[test]
fn what_the_provider_refuses_has_its_exit_code_and_a_way_out() {
    for (status, body, exit, words) in [
        (
            400,
            "oauth_problem=parameter_rejected&oauth_parameters_rejected=oauth_callback",
            4,
            &["register the callback oob", "oauth_callback"][..],
        ),
        (401, "oauth_problem=signature_invalid", 7, &["signature_invalid", "App secret"]),
        (401, "", 7, &["401", "App key"]),
        (500, "", 5, &["try again later"]),
        (
            200,
            "oauth_callback_confirmed=true&x=canary",
            1,
            &["cannot be used", "check the three addresses"],
        ),
        (
            200,
            "oauth_token=t&oauth_token_secret=canary",
            1,
            &["oauth_callback_confirmed", "OAuth Core 1.0"],
        ),
    ] {
        let (home, server) = (Home::new(), Server::start(move |_, _| form(status, body)));
        let mut run = login(&home, &server, &["--headless"]).run().exits(exit);
        run = run.says(words);
        run.says(&["error: ", "fix: "]);
        assert_eq!(server.seen().len(), 1);
        assert!(!home.file("credentials.toml").exists());
    }
    let run = login(&Home::new(), &Server::hello(), &[]).args(["--site", "http://127.0.0.1:1"]);
    run.run().exits(2).says(&["--site"]);
    let home = Home::new();
    let run = home.run([
        "login",
        "--provider",
        "oauth1-server",
        "--site",
        "http://127.0.0.1:1",
        "--headless",
    ]);
    run.env("OAUTH1_CONSUMER_KEY", "k").env("OAUTH1_CONSUMER_SECRET", "canary").run().exits(6);
}

#[test]
fn what_cannot_work_is_refused_before_anything_is_sent() {
    let home = Home::new();
    let keys =
        |run: Oauth1| run.env("OAUTH1_CONSUMER_KEY", "app").env("OAUTH1_CONSUMER_SECRET", "canary");
    for (args, words) in [
        (&["--provider", "launchpad"][..], &["no verification code", "refused"][..]),
        (&["--provider", "schoology", "--headless"], &["no verification code"]),
        (&["--provider", "mastercard"], &["no token to ask for"]),
        (&["--provider", "magento"], &["profile add"]),
        (&["--provider", "tumblr", "--headless"], &["shows no codes"]),
        (&["--provider", "canary"], &["no provider of this name", "oauth1-server"]),
        (&["--provider", "jira-data-center"], &["--site URL"]),
        (&["--provider", "netsuite"], &["--account ID"]),
        (&["--provider", "oauth1-server", "--site", "http://h.example"], &["everybody on the way"]),
        (&["--provider", "oauth1-server", "--site", "canary"], &["no URL"]),
        (&["--initiate", "https://h/"], &["where to log in"]),
        (&[], &["--provider NAME"]),
        (&["--provider", "x", "--param", "canary"], &["NAME=VALUE"]),
        (&["--provider", "x", "--param", "oauth_callback=canary"], &["of the protocol"]),
        (&["--provider", "x", "--initiate", "https://h/"], &["--initiate"]),
        (&["--provider", "x", "--headless", "--callback-port", "1"], &["--callback-port"]),
    ] {
        keys(home.run(["login"])).args(args.iter().copied()).run().exits(2).says(words);
    }
    home.run(["login", "--provider", "x"]).run().exits(3).says(&["App key is missing"]);
    let with = Home::with_profile();
    let run = with.run(["login", "--provider", "x"]).env("OAUTH1_CONSUMER_KEY", "another");
    run.run().exits(3).says(&["another App key", "--profile NAME"]);
}

#[test]
fn endpoints_without_a_name_are_kept_in_the_profile() {
    let (home, server) = (Home::new(), provider());
    let urls = ["/oauth/initiate", "/grant?app=7", "/oauth/token"].map(|path| server.url(path));
    let run = home.run([
        "login",
        "--headless",
        "--initiate",
        &urls[0],
        "--authorize",
        &urls[1],
        "--token",
        &urls[2],
    ]);
    let run = run.args(["--app-key", "app", "--app-secret-file", &home.write("s", APP_SECRET)]);
    let run = run.stdin("right\n").run().exits(0);
    run.says(&[&server.url("/grant?app=7&oauth_token=temporary")]);
    // Again, with all of it from the profile, the App secret too.
    home.run(["login", "--headless"]).stdin("right\n").run().exits(0);
    assert_eq!(server.verified_nonces().len(), 4);
    assert!(home.text("credentials.toml").contains(TOKEN_SECRET));
}
