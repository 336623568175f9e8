//! The commands `keys`, `migrate` and `rekey`, as people and scripts use them.
#![allow(clippy::unwrap_used, clippy::expect_used)]

use std::{
    path::PathBuf,
    process::{Command, Output, Stdio},
    sync::atomic::{AtomicU32, Ordering},
};

use serde_json::Value;

struct DataDir(PathBuf);

impl DataDir {
    fn new() -> Self {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let number = COUNT.fetch_add(1, Ordering::Relaxed);
        let name = format!("oauth1-keys-{}-{number}", std::process::id());
        Self(std::env::temp_dir().join(name))
    }

    fn run(&self, words: &[&str]) -> Output {
        Command::new(env!("CARGO_BIN_EXE_oauth1-server"))
            .args(words)
            .arg("--data-dir")
            .arg(&self.0)
            .env_remove("CREDENTIALS_DIRECTORY")
            .stdin(Stdio::null())
            .output()
            .unwrap()
    }

    fn succeeds(&self, words: &[&str]) -> String {
        let output = self.run(words);
        assert!(output.status.success(), "{words:?}: {}", text(&output.stderr));
        text(&output.stdout)
    }

    fn json(&self, words: &[&str]) -> Value {
        serde_json::from_str(&self.succeeds(&[words, &["--json"]].concat())).unwrap()
    }

    /// The message, after the exit code was compared.
    fn fails(&self, words: &[&str], code: i32) -> String {
        let output = self.run(words);
        assert_eq!(output.status.code(), Some(code), "{words:?}: {}", text(&output.stderr));
        assert!(output.stdout.is_empty(), "{words:?}: {}", text(&output.stdout));
        text(&output.stderr)
    }
}

impl Drop for DataDir {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

fn text(octets: &[u8]) -> String {
    String::from_utf8(octets.to_vec()).unwrap()
}

fn string<'v>(value: &'v Value, name: &str) -> &'v str {
    value[name].as_str().unwrap_or_else(|| panic!("no {name} in {value}"))
}

#[test]
fn create_prints_the_four_values_in_their_order() {
    let dir = DataDir::new();
    let printed = dir.succeeds(&["keys", "create", "--name", "bot"]);
    let lines: Vec<_> = printed.lines().filter_map(|line| line.split_once("  ")).collect();
    let labels: Vec<_> = lines.iter().map(|(label, _)| *label).collect();
    assert_eq!(labels, ["App key", "App secret", "Access token", "Token secret"]);
    assert!(lines.iter().all(|(_, value)| value.trim().len() >= 27), "{printed}");

    let created = dir.json(&["keys", "create", "--name", "bot-2"]);
    for name in ["app_key", "app_secret", "access_token", "token_secret"] {
        assert!(string(&created, name).len() >= 27);
    }
}

#[test]
fn create_prints_an_environment() {
    let dir = DataDir::new();
    let printed = dir.succeeds(&["keys", "create", "--name", "bot", "--env"]);
    let lines: Vec<_> = printed.lines().filter_map(|line| line.split_once('=')).collect();
    let names: Vec<_> = lines.iter().map(|(name, _)| *name).collect();
    let [key, ..] = names[..] else { panic!("{printed}") };
    assert_eq!(key, "OAUTH1_CONSUMER_KEY");
    assert_eq!(names[1..], ["OAUTH1_CONSUMER_SECRET", "OAUTH1_TOKEN", "OAUTH1_TOKEN_SECRET"]);
    let shown = dir.json(&["keys", "show", "bot"]);
    assert_eq!(lines[0].1, string(&shown, "app_key"));
    let unquoted = |value: &str| value.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_');
    assert!(lines.iter().all(|(_, value)| value.len() >= 27 && unquoted(value)), "{printed}");
}

#[test]
fn secrets_are_printed_once() {
    let dir = DataDir::new();
    let created = dir.json(&["keys", "create", "--name", "bot"]);
    let rotated = dir.json(&["keys", "rotate", "bot", "--grace", "1h"]);
    assert_eq!(created["app_key"], rotated["app_key"]);
    assert_eq!(created["access_token"], rotated["access_token"]);
    let mut later = dir.succeeds(&["keys", "show", "bot"]);
    later += &dir.succeeds(&["keys", "show", "bot", "--json"]);
    later += &dir.succeeds(&["keys", "list", "--json"]);
    later += &dir.succeeds(&["keys", "disable", "bot", "--json"]);
    assert!(later.contains(string(&created, "app_key")));
    for of in [&created, &rotated] {
        for name in ["app_secret", "token_secret"] {
            assert!(!later.contains(string(of, name)), "{name}");
        }
    }
    assert_ne!(created["app_secret"], rotated["app_secret"]);
    assert_ne!(created["token_secret"], rotated["token_secret"]);
    let half = dir.json(&["keys", "rotate", "bot", "--only", "token-secret"]);
    assert!(half["app_secret"].is_null());
    assert_ne!(half["token_secret"], rotated["token_secret"]);
}

#[test]
fn a_key_goes_through_its_life() {
    let dir = DataDir::new();
    let options = ["--display-name", "Billing Bot", "--expires", "90d", "--scope", "bills:view"];
    let created = dir.json(&[&["keys", "create"][..], &options].concat());
    let key = string(&created, "app_key").to_owned();
    assert_eq!(string(&created, "name"), "billing-bot");
    assert_eq!(created["scopes"][0], "bills:view");
    for (words, state) in [
        (["keys", "disable", "billing-bot"], "disabled"),
        (["keys", "disable", "billing-bot"], "disabled"),
        (["keys", "enable", &key], "active"),
    ] {
        dir.succeeds(&words);
        assert_eq!(string(&dir.json(&["keys", "show", &key]), "state"), state);
    }
    let message = dir.fails(&["keys", "delete", &key], 1);
    assert!(message.contains("--yes"), "{message}");
    dir.succeeds(&["keys", "delete", &key, "--yes"]);
    let message = dir.fails(&["keys", "show", &key], 1);
    assert!(message.contains("there is no key") && message.contains("keys list"), "{message}");
    assert_eq!(dir.json(&["keys", "list"])["keys"].as_array().unwrap().len(), 0);
}

#[test]
fn lists_go_on_where_they_ended() {
    let dir = DataDir::new();
    for name in ["one", "two", "three"] {
        dir.succeeds(&["keys", "create", "--name", name]);
    }
    let page = dir.json(&["keys", "list", "--limit", "2"]);
    let names = |page: &Value| {
        let keys = page["keys"].as_array().unwrap().iter();
        keys.map(|key| string(key, "name").to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(names(&page), ["three", "two"]);
    let page = dir.json(&["keys", "list", "--after", string(&page, "next")]);
    assert_eq!(names(&page), ["one"]);
    assert!(page["next"].is_null());
    let table = dir.succeeds(&["keys", "list"]);
    assert!(table.starts_with("NAME") && table.lines().count() == 4, "{table}");
}

#[test]
fn d02_confirmed_before() {
    let dir = DataDir::new();
    let key = dir.json(&["keys", "create", "--name", "bot"]);
    for command in ["regenerate", "delete"] {
        // There is nobody at the terminal who could type the name.
        let message = dir.fails(&["keys", command, "bot"], 1);
        assert!(message.contains("nobody to ask"), "{message}");
    }
    assert_eq!(string(&dir.json(&["keys", "show", "bot"]), "app_key"), string(&key, "app_key"));
    let new = dir.json(&["keys", "regenerate", "bot", "--yes"]);
    assert_ne!(string(&new, "app_key"), string(&key, "app_key"));
}

#[test]
fn keys_are_changed_checked_and_given_tokens() {
    let dir = DataDir::new();
    dir.succeeds(&["keys", "create", "--name", "bot", "--developer", "Ada", "--two-legged"]);
    let key =
        dir.json(&["keys", "update", "bot", "--scope", "a:view", "--allow-ip", "192.0.2.0/24"]);
    assert_eq!(key["scopes"], serde_json::json!(["a:view"]));
    assert_eq!((&key["two_legged"], string(&key, "developer_name")), (&true.into(), "Ada"));
    let key = dir.json(&["keys", "update", "bot", "--scope", "", "--two-legged", "false"]);
    assert_eq!((&key["scopes"], &key["two_legged"]), (&serde_json::json!([]), &false.into()));
    assert_eq!(key["ip_allow"], serde_json::json!(["192.0.2.0/24"]));
    let message = dir.fails(&["keys", "check", "bot", "GET", "/x", "--from", "198.51.100.1"], 1);
    assert!(message.contains("198.51.100.1"), "{message}");
    assert!(dir.succeeds(&["keys", "check", "bot", "GET", "/x"]).contains("allowed"));
    let token = dir.json(&["keys", "token", "bot", "--lifetime", "5m"]);
    assert!(string(&token, "token_secret").starts_with("ats_"));
    let message = dir.fails(&["keys", "token", "bot", "--lifetime", "2h"], 1);
    assert!(message.contains("3600 seconds"), "{message}");
    dir.succeeds(&["keys", "revoke", "bot", string(&token, "access_token")]);
    let tokens = dir.json(&["keys", "show", "bot"])["tokens"].as_array().unwrap().clone();
    assert!(tokens.iter().any(|token| !token["revoked_at"].is_null()));
    let listed = dir.json(&["keys", "list", "--search", "ada", "--sort", "name"]);
    assert_eq!(listed["keys"].as_array().unwrap().len(), 1);
}

#[test]
fn callbacks_are_given_shown_and_taken_away() {
    let dir = DataDir::new();
    let url = "https://app.example.com/cb?x=1";
    let create = ["keys", "create", "--name", "bot", "--callback", url, "--callback", "oob"];
    assert_eq!(dir.json(&create)["callbacks"], serde_json::json!([url, "oob"]));
    let shown = dir.succeeds(&["keys", "show", "bot"]);
    assert!(shown.contains(&format!("{:<17} {url} oob", "Callbacks")), "{shown}");
    let kept = dir.json(&["keys", "update", "bot", "--description", "x"]);
    assert_eq!(kept["callbacks"], serde_json::json!([url, "oob"]));
    let other = dir.json(&["keys", "update", "bot", "--callback", "com.example.app:/back"]);
    assert_eq!(other["callbacks"], serde_json::json!(["com.example.app:/back"]));
    let none = dir.json(&["keys", "update", "bot", "--callback", ""]);
    assert_eq!(none["callbacks"], serde_json::json!([]));
    assert!(!dir.succeeds(&["keys", "show", "bot"]).contains("Callbacks"));
}

#[test]
fn accounts_are_changed_and_everything_is_in_the_audit_log() {
    let dir = DataDir::new();
    assert_eq!(dir.json(&["account", "show"])["max_keys"], 100);
    let account =
        dir.json(&["account", "update", "--max-keys", "1", "--time-zone", "Europe/Berlin"]);
    assert_eq!((&account["max_keys"], string(&account, "time_zone")), (&1.into(), "Europe/Berlin"));
    let message = dir.fails(&["account", "update", "--time-zone", "Nowhere/Here"], 1);
    assert!(message.contains("Europe/Berlin"), "{message}");
    dir.succeeds(&["keys", "create", "--name", "only"]);
    let message = dir.fails(&["keys", "create"], 1);
    assert!(message.contains("1 keys") || message.contains("as many"), "{message}");
    dir.succeeds(&["account", "create", "other"]);
    assert_eq!(dir.json(&["account", "list"])["accounts"].as_array().unwrap().len(), 2);
    dir.succeeds(&["keys", "create", "--account", "other"]);
    let log = dir.json(&["audit"]);
    let actions: Vec<_> =
        log["entries"].as_array().unwrap().iter().map(|entry| string(entry, "action")).collect();
    let expected = ["key.create", "account.create", "key.create", "account.update"];
    assert_eq!(actions, expected);
    assert_eq!(dir.json(&["audit", "--key", "only"])["entries"].as_array().unwrap().len(), 1);
    // A database that nobody has changed begins as it is configured.
    let fresh = DataDir::new();
    let shown = fresh.json(&["account", "show", "--set", "accounts.max_keys=7"]);
    assert_eq!(shown["max_keys"], 7);
}

#[test]
fn mistakes_are_explained() {
    let dir = DataDir::new();
    for (words, code, message) in [
        (&["keys", "create", "--name", "two words"][..], 1, "no spaces allowed"),
        (&["keys", "create", "--expires", "soon"], 1, "90d"),
        (&["keys", "create", "--expires", "2001-01-01"], 1, "in the past"),
        (&["keys", "create", "--signature-method", "MD5"], 2, "HMAC-SHA1"),
        (&["keys", "create", "--attribute", "x"], 2, "NAME=VALUE"),
        (&["keys", "create", "--callback", "OOB"], 1, "lower case"),
        (&["keys", "create", "--callback", "myapp://back"], 1, "com.example.app"),
        (&["keys", "create", "--rsa-public-key", "/nowhere"], 1, "/nowhere"),
        (&["keys", "rotate", "nobody"], 1, "there is no key"),
        (&["keys", "rotate", "nobody", "--grace", "31"], 2, "24h"),
        (&["keys", "show"], 2, "KEY"),
    ] {
        let printed = dir.fails(words, code);
        assert!(printed.contains(message), "{words:?}: {printed}");
    }
}

#[test]
fn an_rsa_key_has_no_app_secret() {
    let dir = DataDir::new();
    let pem = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/data/rsa-public.pem");
    let created = dir.json(&["keys", "create", "--name", "rsa", "--rsa-public-key", pem]);
    assert!(created["app_secret"].is_null() && created["rsa"].as_bool().unwrap());
    assert!(!string(&created, "token_secret").is_empty());
    dir.fails(&["keys", "rotate", "rsa", "--only", "app-secret"], 1);
    dir.succeeds(&["keys", "rotate", "rsa"]);
    let private = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/data/rsa-private.pem");
    dir.fails(&["keys", "create", "--rsa-public-key", private], 1);
}

#[test]
fn migrate_and_rekey() {
    let dir = DataDir::new();
    let message = dir.fails(&["migrate", "--check"], 1);
    assert!(message.contains("oauth1-server migrate"), "{message}");
    dir.succeeds(&["migrate"]);
    dir.succeeds(&["migrate", "--check"]);
    dir.succeeds(&["keys", "create", "--name", "bot"]);
    let key = || std::fs::read_to_string(dir.0.join("master.key")).unwrap();
    let before = key();
    let printed = dir.succeeds(&["rekey"]);
    assert!(printed.contains("2 secrets") && !printed.contains(key().trim()), "{printed}");
    assert_ne!(before, key());
    dir.succeeds(&["keys", "rotate", "bot"]);
    std::fs::write(dir.0.join("master.key"), before).unwrap();
    let message = dir.fails(&["keys", "list"], 1);
    assert!(message.contains("is not the one"), "{message}");
}
