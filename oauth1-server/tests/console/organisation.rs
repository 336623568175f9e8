//! Basic credentials, settings, the catalogue, accounts and the audit log.

use std::fs;

use serde_json::{Value as Json, json};

use crate::{
    desk::{Desk, PASSWORD, at_console, at_site, expect, text},
    world::world,
};

/// Passwords are not taken on plain http, so the service is told that it is reached by https.
const SECURE: &str = "server.origin=https://api.example.com";

async fn basic(desk: &Desk, name: &str, password: &str) -> u16 {
    let request = desk.http.get(desk.service("/echo")).header("host", "api.example.com");
    request.basic_auth(name, Some(password)).send().await.unwrap().status().as_u16()
}

#[tokio::test]
async fn basic_credentials_work_while_the_account_permits_them() {
    at_site(&[SECURE], async |desk| {
        let browser = &desk.browser;
        browser.open("/basic").await;
        browser.press("New Basic credential").await;
        browser.sees("switched off").await;
        browser.fill("Name", "till-42").await;
        browser.press("Create credential").await;
        browser.sees("Choose at least one thing").await;
        assert_eq!(browser.value("Name").await, "till-42");
        browser.tick("Everything").await;
        browser.press("Create credential").await;
        browser.sees("The password is shown this once").await;
        let password = browser.text_of("basic-password").await;
        browser.tick("I have stored the password").await;
        browser.press("Done").await;
        assert!(!browser.source().await.contains(&password));
        assert_eq!(basic(desk, "till-42", &password).await, 401, "it is off by default");

        // The switch, and the next request.
        browser.follow("Switch it on in the settings").await;
        browser.tick_in("Enable Basic Authentication", "Yes").await;
        browser.press("Save").await;
        browser.sees("Saved.").await;
        assert_eq!(basic(desk, "till-42", &password).await, 200);
        assert_eq!(basic(desk, "till-42", "mistaken").await, 401);
        browser.open("/basic").await;
        browser.follow("till-42").await;
        browser.press("Disable").await;
        browser.sees("Disabled. The next request is refused.").await;
        assert_eq!(basic(desk, "till-42", &password).await, 401);
        browser.press("Enable").await;
        browser.sees("Enabled.").await;

        // A new password replaces the old one.
        browser.fill("Password", PASSWORD).await;
        browser.fill("Password again", PASSWORD).await;
        browser.press("Set password").await;
        browser.sees("new password").await;
        assert_eq!(basic(desk, "till-42", &password).await, 401);
        assert_eq!(basic(desk, "till-42", PASSWORD).await, 200);
        browser.open("/settings").await;
        browser.tick_in("Enable Basic Authentication", "No").await;
        browser.press("Save").await;
        browser.sees("Saved.").await;
        assert_eq!(basic(desk, "till-42", PASSWORD).await, 401);

        browser.open("/basic").await;
        browser.follow("till-42").await;
        browser.fill("To be sure, type the name", "till-42").await;
        browser.press("Delete credential").await;
        browser.sees("The name and password no longer work").await;
    })
    .await;
}

#[tokio::test]
async fn settings_hold_for_new_keys_and_mistakes_are_told() {
    at_console(async |desk| {
        let browser = &desk.browser;
        browser.open("/settings").await;
        browser.fill("Time zone", "Europe/Nowhere").await;
        browser.tick_in("Each key must end", "Yes").await;
        browser.press("Save").await;
        browser.sees("Europe/Nowhere").await;
        browser.sees("Nothing was saved yet").await;
        browser.fill("Time zone", "Europe/Berlin").await;
        browser.press("Save").await;
        browser.sees("Saved.").await;
        browser.open("/keys/new").await;
        browser.sees("23:59:59 in Europe/Berlin").await;
        assert!(!browser.has("field", "No expiry").await);
        // A privilege that needs an assignment, and is assigned.
        browser.open("/settings").await;
        browser.press("Assign Objects").await;
        browser.sees("Assigned. Keys of the account may be given it now").await;
        browser.open("/keys/new").await;
        browser.tick_in("Cloud Storage", "Objects").await;
        browser.open("/settings").await;
        browser.press("Unassign Objects").await;
        browser.sees("No longer assigned").await;
        // Keys that cannot be deleted.
        browser.tick_in("Keys can be deleted", "No").await;
        browser.press("Save").await;
        browser.sees("Saved.").await;
        let key = desk.key_with("till-7", json!({ "expires_at": "2099-01-01" })).await;
        browser.open(&format!("/keys/{}/delete", text(&key, "id"))).await;
        browser.sees("do not permit deleting").await;
    })
    .await;
}

#[tokio::test]
async fn accounts_have_keys_of_their_own() {
    at_console(async |desk| {
        let browser = &desk.browser;
        desk.key("till-7").await;
        browser.open("/accounts").await;
        browser.press("New account").await;
        browser.fill("Display name", "Shops in the north").await;
        browser.fill("Name without spaces", "north").await;
        browser.press("Create account").await;
        browser.sees("The account is there").await;
        desk.key_with("till-8", json!({ "account": "north" })).await;
        browser.open("/accounts").await;
        browser.follow("Shops in the north").await;
        browser.sees("till-8").await;
        browser.lacks("till-7").await;
        // A list that says it is of all accounts has the keys of all, however it is sorted and
        // searched; else it says whose it is.
        for path in ["/keys", "/keys?sort=name", "/keys?sort=last_used", "/keys?q=till"] {
            browser.open(path).await;
            browser.sees("till-7").await;
            if browser.value("Account").await.is_empty() {
                browser.sees("till-8").await;
            }
        }
    })
    .await;
}

#[tokio::test]
async fn the_catalogue_is_shown_and_how_to_use_it() {
    at_console(async |desk| {
        let browser = &desk.browser;
        browser.open("/keys").await;
        browser.follow("API catalogue").await;
        for words in ["Target Groups", "transaction:modify", "Bot login", "cloud-storage:objects"] {
            browser.sees(words).await;
        }
        browser.press("How to create a key for Cloud Storage").await;
        browser.sees("Have a super administrator assign").await;
        let script = "return document.querySelector('a[href*=\"docs.example.com\"]').rel";
        let rel = browser.session.script(script, &[]).await;
        assert!(rel.as_str().unwrap().contains("noreferrer"), "{rel}");
    })
    .await;
}

#[tokio::test]
async fn the_audit_log_shows_each_change_and_is_exported() {
    at_console(async |desk| {
        let world = world(desk).await;
        let id = world.id();
        desk.made("/v1/accounts", json!({ "name": "north" })).await;
        desk.made(&format!("/v1/keys/{id}/reveal"), json!({ "secret": "app_secret" })).await;
        expect(desk.own("DELETE", "/v1/keys/exporter"), 204).await;
        let browser = &desk.browser;
        browser.open("/audit").await;
        browser.sees("person:ada").await;
        for action in [
            "key.create",
            "key.update",
            "key.regenerate",
            "key.rotate",
            "key.reveal",
            "key.delete",
            "token.create",
            "person.create",
            "role.create",
            "basic.create",
            "account.create",
        ] {
            browser.fill("Action", action).await;
            browser.press("Show").await;
            browser.arrives("/audit?").await;
            browser.sees(&format!("{action} ")).await;
            browser.sees("127.0.0.1").await;
        }
        browser.fill("Action", "key.").await;
        browser.fill("Who", "person:nobody").await;
        browser.press("Show").await;
        browser.sees("No entry is like that").await;
        browser.follow("Show all").await;

        // The whole result, as a file.
        let directory = desk.site.root().join("downloads");
        fs::create_dir_all(&directory).unwrap();
        let csv = expect(desk.own("GET", "/audit.csv?action=key."), 200).await;
        assert!(csv.headers()["content-type"].to_str().unwrap().starts_with("text/csv"));
        let disposition = csv.headers()["content-disposition"].to_str().unwrap();
        assert!(disposition.starts_with("attachment"), "{disposition}");
        let csv = csv.text().await.unwrap();
        let exported = expect(desk.own("GET", "/audit.json?action=key."), 200).await;
        let exported: Json = exported.json().await.unwrap();
        let entries = exported.as_array().or_else(|| exported["items"].as_array()).unwrap();
        assert!(entries.len() >= 15, "{exported:.300}");
        assert_eq!(csv.lines().count(), entries.len() + 1, "a line for each, and the heading");
        for entry in entries {
            assert!(entry["action"].as_str().unwrap().starts_with("key."), "{entry}");
        }
        assert!(csv.contains("key.reveal") && csv.contains("person:ada"), "{csv:.500}");
        for member in ["app_secret", "token_secret"] {
            let secret = text(&world.key, member);
            assert!(!csv.contains(secret) && !exported.to_string().contains(secret));
        }
        // The buttons lead there with the same filters.
        browser.open("/audit?action=key.").await;
        let link = browser.find("link", "Export CSV", "").await;
        let href =
            browser.session.script("return arguments[0].getAttribute('href')", &[link.0]).await;
        assert!(
            href.as_str().unwrap().starts_with("/audit.csv?")
                && href.as_str().unwrap().contains("action=key.")
        );
    })
    .await;
}
