//! `oauth1 profile`, and what the other commands take from profiles.

use std::{fs, os::unix::fs::symlink};

use crate::{
    FIXED, Oauth1, Run,
    home::{Home, chmod, mode},
    oauth1,
    server::{APP_SECRET, Server, TOKEN_SECRET},
    terminal,
};

fn header(run: Oauth1) -> String {
    header_with(run, &[])
}

fn header_with(run: Oauth1, flags: &[&str]) -> String {
    let run = run.args(["sign", "--json", "https://h/"]).args(FIXED).args(flags.iter().copied());
    run.run().exits(0).json()["authorization"].as_str().unwrap().to_owned()
}

#[test]
fn a_profile_signs_like_the_environment() {
    let home = Home::with_profile();
    assert_eq!(header(home.run([])), header(oauth1([])));
    let server = Server::hello();
    home.run(["request", &server.url("/")]).run().exits(0);
    assert_eq!(server.verified_nonces().len(), 1);
}

#[test]
fn only_one_of_the_files_has_secrets_and_nobody_else_can_read_them() {
    let home = Home::with_profile();
    assert_eq!(mode(&home.file("")), 0o700);
    for (name, secret) in [("config.toml", false), ("credentials.toml", true)] {
        assert_eq!(mode(&home.file(name)), 0o600, "{name}");
        let text = home.text(name);
        assert_eq!(text.contains(APP_SECRET) && text.contains(TOKEN_SECRET), secret, "{name}");
        assert_eq!(text.contains("canary"), secret, "{name}");
    }
    // Nothing is left of the way they were written.
    let mut names: Vec<_> = fs::read_dir(home.file(""))
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    assert_eq!(names, ["config.toml", "credentials.toml", "lock"]);
}

#[test]
fn files_that_are_open_to_others_are_refused_with_the_line_that_mends_it() {
    let home = Home::with_profile();
    for (name, open, right) in [
        ("credentials.toml", 0o640, "600"),
        ("credentials.toml", 0o604, "600"),
        ("config.toml", 0o620, "600"),
        (".", 0o755, "700"),
        (".", 0o701, "700"),
    ] {
        let path = home.file(name);
        let before = mode(&path);
        chmod(&path, open);
        let shown = path.to_str().unwrap().trim_end_matches("/.");
        let mend = format!("chmod {right} '{shown}'");
        for args in [&["sign", "https://h/"][..], &["profile", "show"], &["profile", "use", "work"]]
        {
            let run = home.run(args.iter().copied()).run().exits(3);
            run.says(&["open to other users", &mend]);
        }
        chmod(&path, before);
    }
    home.run(["sign", "https://h/"]).run().exits(0);
    // With keys of its own, a run does not look at the secrets.
    chmod(&home.file("credentials.toml"), 0o644);
    oauth1(["sign", "https://h/"]).env("HOME", home.path("").to_str().unwrap()).run().exits(0);
}

#[test]
fn links_are_not_written_through() {
    let home = Home::with_profile();
    let elsewhere = home.path("elsewhere");
    fs::rename(home.file("credentials.toml"), &elsewhere).unwrap();
    symlink(&elsewhere, home.file("credentials.toml")).unwrap();
    let before = fs::read(&elsewhere).unwrap();
    home.add("more", &["--app-key", "k", "--secrets-stdin"]).exits(3).says(&["symbolic link"]);
    assert_eq!(fs::read(&elsewhere).unwrap(), before);
    // Read they are.
    home.run(["sign", "https://h/"]).run().exits(0);
}

#[test]
fn what_is_broken_is_said_by_line_and_without_its_text() {
    let home = Home::with_profile();
    for (name, line) in [("config.toml", "3"), ("credentials.toml", "3")] {
        let before = home.text(name);
        fs::write(home.file(name), "# one\n# two\ncanary = = canary\n").unwrap();
        let run = home.run(["sign", "https://h/"]).run().exits(3);
        run.says(&[name, &format!("line {line} "), "fix: "]);
        fs::write(home.file(name), before.replace("app_", "canary_")).unwrap();
        home.run(["sign", "https://h/"]).run().exits(3).says(&[name, "line "]);
        fs::write(home.file(name), before).unwrap();
    }
    home.run(["sign", "https://h/"]).run().exits(0);
}

#[test]
fn flags_go_before_the_environment_and_that_before_the_profile() {
    let home = Home::with_profile();
    let key = |name: &str| format!("oauth_consumer_key=\"{name}\"");
    let foreign = |run: Oauth1| {
        run.env("OAUTH1_CONSUMER_KEY", "mine").env("OAUTH1_CONSUMER_SECRET", "canary")
    };
    let own = header(foreign(home.run([])));
    // Neither token nor secrets of the profile go with another App key.
    assert!(own.contains(&key("mine")) && !own.contains("oauth_token"), "{own}");
    assert!(header_with(foreign(home.run([])), &["--consumer-key", "flag"]).contains(&key("flag")));
    let run = home.run(["sign", "https://h/", "--app-key", "other"]).run().exits(3);
    run.says(&["the App secret", "is missing"]);
    // One value of the environment beside the profile's others.
    let mixed = header(home.run([]).env("OAUTH1_TOKEN", "").env("OAUTH1_CONSUMER_KEY", "app"));
    assert!(mixed.contains(&key("app")) && !mixed.contains("oauth_token"), "{mixed}");
    // A token of the environment does not take the profile's secret.
    let run = home.run(["sign", "https://h/"]).env("OAUTH1_TOKEN", "another").run().exits(3);
    run.says(&["the Token secret", "is missing"]);
}

#[test]
fn verbose_says_which_source_won() {
    let home = Home::with_profile();
    let server = Server::hello();
    let url = server.url("/");
    for subcommand in ["request", "sign"] {
        let run = home.run([subcommand, "-v", &url]).run().exits(0);
        run.says(&["App key app (profile work)", "Token secret (profile work)"]);
        let run = oauth1([subcommand, "-v", &url]).run().exits(0);
        run.says(&["App key app (environment OAUTH1_CONSUMER_KEY)"]);
    }
    home.run(["explain", &url]).run().exits(0).prints(&["(profile work)"]);
    let run = home.run(["sign", &url, "--profile", "work"]).env("OAUTH1_CONSUMER_KEY", "mine");
    let run = run.env("OAUTH1_CONSUMER_SECRET", "canary").run().exits(0);
    run.says(&["warning: profile work is not used: environment OAUTH1_CONSUMER_KEY"]);
}

#[test]
fn flag_environment_and_active_choose_in_this_order() {
    let home = Home::with_profile();
    for name in ["second", "third"] {
        home.add(name, &["--app-key", name, "--secrets-stdin"]).exits(0);
    }
    let key_with =
        |run: Oauth1, flags: &[&str]| header_with(run, flags).split('"').nth(1).unwrap().to_owned();
    let key = |run: Oauth1| key_with(run, &[]);
    assert_eq!(key(home.run([])), "app");
    assert_eq!(key(home.run([]).env("OAUTH1_PROFILE", "second")), "second");
    assert_eq!(
        key_with(home.run([]).env("OAUTH1_PROFILE", "second"), &["--profile", "third"]),
        "third"
    );
    home.run(["profile", "use", "third"]).run().exits(0).prints(&["third is the active"]);
    assert_eq!(key(home.run([])), "third");
    for run in [
        home.run(["sign", "https://h/", "--profile", "canary"]),
        home.run(["sign", "https://h/"]).env("OAUTH1_PROFILE", "canary"),
        home.run(["profile", "use", "canary"]),
        home.run(["profile", "remove", "canary"]),
    ] {
        run.run().exits(3).says(&["is not there", "oauth1 profile list"]);
    }
}

#[test]
fn oauth1_config_dir_and_xdg_move_the_files() {
    let home = Home::new();
    let place = home.path("deep/er");
    let place = place.to_str().unwrap();
    for (variable, file) in [("OAUTH1_CONFIG_DIR", ""), ("XDG_CONFIG_HOME", "oauth1/")] {
        let add = home.run(["profile", "add", "a", "--app-key", "k", "--secrets-stdin"]);
        add.env(variable, place).stdin("canary").run().exits(0);
        assert!(home.path(&format!("deep/er/{file}credentials.toml")).exists());
        home.run(["profile", "list"]).env(variable, place).run().exits(0).prints(&["* a  k"]);
    }
    assert!(!home.path(".config").exists());
    home.run(["profile", "add", "a"]).without("HOME").run().exits(3).says(&["set HOME"]);
}

#[test]
fn list_and_show_have_no_secrets_and_say_where_values_come_from() {
    let home = Home::with_profile();
    home.add(
        "shop",
        &[
            "--app-key",
            "ck",
            "--secrets-stdin",
            "--provider",
            "WooCommerce",
            "--site",
            "https://shop.example/",
        ],
    )
    .exits(0);
    let run = home.run(["profile", "list"]).run().exits(0);
    run.prints(&["* work  app  token\n", "  shop  ck  no token  woocommerce https://shop.example"]);
    let json = home.run(["profile", "list", "--json"]).run().exits(0).json();
    assert_eq!((&json[1]["name"], &json[1]["active"]), (&"work".into(), &true.into()));
    let run = home.run(["profile", "show", "shop"]).run().exits(0);
    run.prints(&[
        "App secret     ****   (",
        "credentials.toml)",
        "Method         HMAC-SHA256   (provider)",
        "Transmit       query   (provider)",
    ]);
    let run = home.run(["profile", "show", "--json"]).env("OAUTH1_TOKEN", "t").run().exits(0);
    let json = run.json();
    assert_eq!((&json["profile"], &json["chosen_by"]), (&"work".into(), &"the active one".into()));
    assert_eq!(json["set_aside_by"][0], "OAUTH1_TOKEN");
    let secret = json["values"].as_array().unwrap().iter().find(|v| v["name"] == "App secret");
    assert_eq!(
        (&secret.unwrap()["value"], &secret.unwrap()["secret"]),
        (&serde_json::Value::Null, &true.into())
    );
    // What the provider wants is done.
    let signed = home.run(["sign", "--profile", "shop", "https://h/"]).run().exits(0);
    signed.prints(&["https://h/?oauth_", "oauth_signature_method=HMAC-SHA256"]);
}

#[test]
fn removing_forgets_the_secrets_too() {
    let home = Home::with_profile();
    home.add("other", &["--app-key", "k", "--secrets-stdin"]).exits(0);
    home.run(["profile", "remove", "work"]).run().exits(0).prints(&["work was removed"]);
    assert!(!home.text("credentials.toml").contains("[work]"));
    assert!(!home.text("config.toml").contains("work"));
    // No other one becomes active by itself.
    home.run(["sign", "https://h/"]).run().exits(3).says(&["oauth1 profile add"]);
}

#[test]
fn adding_asks_for_sense() {
    let home = Home::with_profile();
    let add = |name: &str, args: &[&str]| home.add(name, args);
    add("work", &["--app-key", "k", "--secrets-stdin"]).exits(3).says(&["--replace"]);
    add("work", &["--app-key", "k", "--secrets-stdin", "--replace"]).exits(0);
    assert!(!home.text("config.toml").contains("token"));
    for name in ["", "a b", "../x", "a/b", "ü"] {
        add(name, &["--app-key", "k", "--secrets-stdin"]).exits(2).says(&["name of the profile"]);
    }
    add("b", &["--secrets-stdin"]).exits(3).says(&["App key is missing"]);
    add("b", &["--app-key", "k"]).exits(3).says(&["App secret is missing"]);
    let unknown = ["--app-key", "k", "--secrets-stdin", "--provider", "canary"];
    add("b", &unknown).exits(2).says(&["no provider", "oauth1-server", "x,"]);
    let file = home.write("secret", "canary\n");
    let args = ["--app-key", "k", "--app-secret-file", &file, "--token", "t"];
    add("b", &args).exits(3).says(&["Token secret is missing"]);
    let odd = ["--app-key", "\"k\"", "--app-secret-file", &file];
    add("odd", &odd).exits(0).says(&["warning: the App key stands in quotes"]);
    assert!(!home.text("config.toml").contains("[profiles.b]"));
}

#[test]
fn keys_are_imported_from_env_files_twurl_and_xurl() {
    let home = Home::new();
    let keys = |key: &str, secret: &str, token: &str, token_secret: &str| {
        format!("{key}app{secret}{APP_SECRET}{token}token{token_secret}{TOKEN_SECRET}")
    };
    let env = keys(
        "X_API_KEY=",
        "\nexport X_API_SECRET='",
        "'\nX_ACCESS_TOKEN=\"",
        "\"\nX_ACCESS_TOKEN_SECRET=",
    );
    let twurl = format!(
        "---\nprofiles:\n  other:\n    k:\n      consumer_key: k\n  me:\n    app:\n{}\nconfiguration:\n  default_profile:\n  - me\n  - app\n",
        keys(
            "      username: me\n      consumer_key: ",
            "\n      consumer_secret: ",
            "\n      token: ",
            "\n      secret: "
        )
    );
    let xurl = format!(
        "apps:\n  bot:\n    client_id: ''\n    oauth1_token:\n      type: oauth1\n      oauth1:\n{}\ndefault_app: bot\n",
        keys(
            "        consumer_key: ",
            "\n        consumer_secret: ",
            "\n        access_token: ",
            "\n        token_secret: "
        )
    );
    let old = keys(
        "{\"oauth1_tokens\":{\"type\":\"oauth1\",\"oauth1\":{\"consumer_key\":\"",
        "\",\"consumer_secret\":\"",
        "\",\"access_token\":\"",
        "\",\"token_secret\":\"",
    ) + "\"}}}";
    let env = home.write("env", &env);
    let twurl = home.write(".twurlrc", &twurl);
    home.write("auth.yml", &xurl);
    fs::create_dir(home.path(".xurl")).unwrap();
    fs::rename(home.path("auth.yml"), home.path(".xurl/auth.yml")).unwrap();
    let old = home.write("old.json", &old);
    let expected = header(oauth1([]));
    for (name, args) in [
        ("env", &["--from-env-file", &env][..]),
        ("twurl", &["--from-twurl"]),
        ("twurl2", &["--from-twurl", &twurl]),
        ("xurl", &["--from-xurl"]),
        ("xurl2", &["--from-xurl", &old]),
    ] {
        home.add(name, args).exits(0);
        assert_eq!(header_with(home.run([]), &["--profile", name]), expected, "{name}");
    }
    let broken = home.write("broken", "a: [canary\n");
    let empty = home.write("empty", "profiles: {}\n");
    for args in [
        ["--from-twurl", &broken],
        ["--from-xurl", &broken],
        ["--from-twurl", &empty],
        ["--from-xurl", &empty],
        ["--from-env-file", &empty],
    ] {
        let run: Run = home.add("bad", &args).exits(3);
        run.says(&["fix: "]);
    }
}

#[test]
fn secrets_are_asked_for_without_echo() {
    let home = Home::new();
    let answers = [
        ("App key: ", "app\n"),
        ("App secret: ", "canary-app&secreX\u{7f}t\n"),
        ("Access token (empty for none): ", "token\n"),
        ("Token secret: ", "wrong\u{15}canary-token+secret\n"),
    ];
    let Some((code, screen)) = terminal::run(&home, &["profile", "add", "work"], &answers) else {
        return;
    };
    assert_eq!(code, 0, "{screen}");
    assert!(screen.contains("App key: app") && !screen.contains("canary"), "{screen}");
    assert_eq!(header(home.run([])), header(oauth1([])));
    // Ctrl-C leaves nothing behind, and a terminal that shows what is typed.
    let answers = [("App key: ", "k\n"), ("App secret: ", "canary\u{3}")];
    let run = terminal::run(&home, &["profile", "add", "two"], &answers);
    let (code, screen) = run.unwrap();
    assert_eq!(code, 130, "{screen}");
    assert!(screen.contains("echo is on") && !screen.contains("canary"), "{screen}");
    assert!(!home.text("config.toml").contains("two"));
}
