//! One key after it was made: state, privileges, settings, tokens, what it can do.

use serde_json::json;

use crate::{
    card::four_values,
    desk::{Desk, at_console, authorization, text},
};

/// Opens the page of a key, or one below it.
async fn open(desk: &Desk, key: &serde_json::Value, page: &str) {
    desk.browser.open(&format!("/keys/{}{page}", text(key, "id"))).await;
}

#[tokio::test]
async fn a_disabled_key_is_refused_until_it_is_enabled() {
    at_console(async |desk| {
        let key = desk.key("till-7").await;
        let browser = &desk.browser;
        assert_eq!(desk.signed(&key, "GET", "/echo").await, 200);
        open(desk, &key, "").await;
        browser.press("Disable").await;
        browser.sees("Disabled. The next request is refused.").await;
        assert_eq!(desk.signed(&key, "GET", "/echo").await, 401);
        browser.press("Enable").await;
        browser.sees("Enabled. It works with the next request.").await;
        assert_eq!(desk.signed(&key, "GET", "/echo").await, 200);
        // The switch in the row of the list does the same.
        browser.open("/keys").await;
        browser.press("Disable till-7").await;
        browser.sees("Disabled. The next request is refused.").await;
        assert_eq!(desk.signed(&key, "GET", "/echo").await, 401);
        browser.press("Enable till-7").await;
        browser.sees("Enabled. It works").await;
        assert_eq!(desk.signed(&key, "GET", "/echo").await, 200);
    })
    .await;
}

#[tokio::test]
async fn new_privileges_hold_with_the_next_request() {
    at_console(async |desk| {
        let key = desk.key_with("till-7", json!({ "scopes": ["all:view"] })).await;
        assert_eq!(desk.signed(&key, "POST", "/echo").await, 403);
        let browser = &desk.browser;
        open(desk, &key, "").await;
        browser.follow_in("This key", "Privileges").await;
        browser.tick_in("All other APIs", "Modify").await;
        browser.tick_in("Agent Interactions", "User Login").await;
        browser.press("Save").await;
        browser.sees("Privileges saved").await;
        assert_eq!(desk.signed(&key, "POST", "/echo").await, 200, "with the same values");
        browser.tick_in("All other APIs", "None").await;
        browser.press("Save").await;
        browser.sees("Privileges saved").await;
        assert_eq!(desk.signed(&key, "GET", "/echo").await, 403);
        // What the account has not been assigned cannot be ticked, and the page says why.
        let script = "return [document.getElementById('privilege-cloud-storage:objects').disabled]";
        assert_eq!(browser.session.script(script, &[]).await, json!([true]));
        browser.sees("Needs an assignment").await;
        // Who saves what somebody else has changed meanwhile is told so.
        desk.change("/v1/keys/till-7", json!({ "scopes": ["all:view"] })).await;
        browser.tick_in("All other APIs", "Modify").await;
        browser.press("Save").await;
        browser.sees("changed").await;
        assert_eq!(desk.signed(&key, "POST", "/echo").await, 403);
    })
    .await;
}

#[tokio::test]
async fn settings_of_a_key_are_changed_and_mistakes_told() {
    at_console(async |desk| {
        let key = desk.key("till-7").await;
        let browser = &desk.browser;
        open(desk, &key, "").await;
        browser.follow_in("This key", "Settings").await;
        browser.fill("Description", "At the door").await;
        browser.set("Allowed addresses", "192.0.2.0/24\nlocalhost").await;
        browser.press("Save").await;
        browser.sees("localhost").await;
        assert_eq!(browser.value("Description").await, "At the door");
        assert_eq!(browser.value("Allowed addresses").await, "192.0.2.0/24\nlocalhost");
        assert_eq!(desk.signed(&key, "GET", "/echo").await, 200, "nothing was saved");
        browser.set("Allowed addresses", "192.0.2.0/24").await;
        browser.set("Attributes", "till=T42").await;
        browser.tick("A year").await;
        browser.set("Callback URLs", "https://app.example.com\noob").await;
        browser.press("Save").await;
        browser.sees("write https://app.example.com/").await;
        assert_eq!(browser.value("Callback URLs").await, "https://app.example.com\noob");
        browser.set("Callback URLs", "https://app.example.com/?x=1,2\noob").await;
        browser.tick("A year").await;
        browser.press("Save").await;
        browser.sees("Saved.").await;
        assert_eq!(desk.signed(&key, "GET", "/echo").await, 403, "not from that network");
        open(desk, &key, "").await;
        browser.sees("At the door").await;
        browser.sees("192.0.2.0/24").await;
        browser.sees("https://app.example.com/?x=1,2").await;
        browser.sees("a code instead of a URL").await;
        let shown = desk.show("/v1/keys/till-7").await;
        assert_eq!(shown["attributes"], json!({ "till": "T42" }));
        assert_eq!(shown["callbacks"], json!(["https://app.example.com/?x=1,2", "oob"]));
        assert!(shown["expires_at"].is_string(), "{shown}");
    })
    .await;
}

#[tokio::test]
async fn the_tester_says_what_a_key_can_do_and_why_not() {
    at_console(async |desk| {
        let more = json!({ "scopes": ["transaction:view"], "ip_allow": ["192.0.2.0/24"] });
        let key = desk.key_with("till-7", more).await;
        let browser = &desk.browser;
        open(desk, &key, "").await;
        browser.fill("Path", "/v1/transactions/12").await;
        browser.fill("From the address", "192.0.2.7").await;
        browser.press("Check").await;
        browser.sees("Allowed by transaction:view").await;
        browser.choose("Method", "POST").await;
        browser.press("Check").await;
        browser.sees("Not allowed.").await;
        browser.sees("transaction:modify").await;
        assert_eq!(browser.value("Path").await, "/v1/transactions/12");
        browser.choose("Method", "GET").await;
        browser.fill("From the address", "198.51.100.1").await;
        browser.press("Check").await;
        browser.sees("Not allowed.").await;
        browser.sees("198.51.100.1").await;
        browser.fill("From the address", "nowhere").await;
        browser.press("Check").await;
        browser.lacks("Allowed by").await;
    })
    .await;
}

#[tokio::test]
async fn short_lived_tokens_are_minted_and_revoked() {
    at_console(async |desk| {
        let mut key = desk.key("till-7").await;
        let browser = &desk.browser;
        open(desk, &key, "").await;
        browser.follow_in("This key", "Tokens").await;
        browser.fill("Good for, in minutes", "0").await;
        let form = "document.querySelector('main form[action$=tokens]').noValidate = true";
        browser.session.script(form, &[]).await;
        browser.press("Mint short-lived token").await;
        browser.sees("Nothing was saved yet").await;
        browser.fill("Good for, in minutes", "15").await;
        browser.press("Mint short-lived token").await;
        browser.sees("This token is good until").await;
        for (id, member) in [("access-token", "access_token"), ("token-secret", "token_secret")] {
            let value = browser.text_of(id).await;
            assert_ne!(key[member], value.as_str());
            key[member] = json!(value);
        }
        assert_eq!(desk.signed(&key, "GET", "/echo").await, 200);
        let secret = text(&key, "token_secret").to_owned();
        browser.tick("I have stored these values").await;
        browser.press("Done").await;
        open(desk, &key, "/tokens").await;
        assert!(!browser.source().await.contains(&secret));
        browser.press(&format!("Revoke {}", text(&key, "access_token"))).await;
        browser.sees("The token is revoked").await;
        browser.sees("Revoked").await;
        assert_eq!(desk.signed(&key, "GET", "/echo").await, 401);
    })
    .await;
}

#[tokio::test]
async fn refused_requests_stand_there_with_reason_and_fix() {
    at_console(async |desk| {
        let key = desk.key("till-7").await;
        let mut wrong = key.clone();
        wrong["token_secret"] = json!("mistaken");
        assert_eq!(desk.signed(&wrong, "GET", "/echo?shop=7").await, 401);
        desk.shows(&format!("/v1/keys/{}/refusals", text(&key, "id")), "signature_invalid").await;
        let browser = &desk.browser;
        open(desk, &key, "").await;
        browser.follow_in("This key", "Refused requests").await;
        browser.sees("signature_invalid").await;
        browser.sees("What to do:").await;
        browser.sees("GET /echo").await;
        browser.sees("127.0.0.1").await;
        let mut unknown = key.clone();
        unknown["app_key"] = json!("ak_of_somebody");
        assert_eq!(desk.signed(&unknown, "GET", "/echo").await, 401);
        desk.shows("/v1/refusals", "consumer_key_unknown").await;
        browser.follow_in("Main", "Refused requests").await;
        browser.sees("consumer_key_unknown").await;
    })
    .await;
}

#[tokio::test]
async fn senders_hear_the_mistake_while_the_owner_lets_them() {
    at_console(async |desk| {
        let key = desk.key("till-7").await;
        // The query is not signed.
        let answer = async || {
            let header = authorization(&key, "GET", &desk.service("/echo"));
            let request = reqwest::Client::new().get(desk.service("/echo?shop=7"));
            let answer = request.header("authorization", header).send().await.unwrap();
            assert_eq!(answer.status(), 401);
            answer.text().await.unwrap()
        };
        assert!(!answer().await.contains("query-left-out"));
        let browser = &desk.browser;
        open(desk, &key, "/refusals").await;
        browser.press("Tell for an hour").await;
        browser.sees("For an hour, senders with this key hear").await;
        assert!(answer().await.contains("query-left-out"));
        browser.press("Stop telling").await;
        browser.sees("Senders hear no reasons any more").await;
        assert!(!answer().await.contains("query-left-out"));
        browser.sees("A sender hears only that the signature is wrong").await;
    })
    .await;
}

#[tokio::test]
async fn rotating_keeps_both_secrets_good_for_a_while() {
    at_console(async |desk| {
        let old = desk.key("till-7").await;
        let browser = &desk.browser;
        open(desk, &old, "").await;
        browser.follow_in("This key", "Rotate").await;
        browser.tick("24 hours").await;
        browser.press("Rotate").await;
        browser.sees("shown this once").await;
        let new = four_values(browser).await;
        for same in ["app_key", "access_token"] {
            assert_eq!(new[same], old[same]);
        }
        for changed in ["app_secret", "token_secret"] {
            assert_ne!(new[changed], old[changed]);
        }
        for key in [&old, &new, &old] {
            assert_eq!(desk.signed(key, "GET", "/echo").await, 200);
        }
        browser.tick("I have stored these values").await;
        browser.press("Done").await;
        browser.sees("Two secrets are good until").await;
        browser.follow("See who still uses the old one").await;
        browser.sees("in 23 hours").await;
        desk.shows("/v1/keys/till-7", "127.0.0.1").await;
        browser.reload().await;
        browser.sees("The old secret was still used").await;
        browser.press("End the old secrets now").await;
        browser.sees("The old secrets are no longer good").await;
        assert_eq!(desk.signed(&old, "GET", "/echo").await, 401);
        assert_eq!(desk.signed(&new, "GET", "/echo").await, 200);

        // At once, where there is no time to lose.
        open(desk, &old, "/rotate").await;
        browser.tick("no time").await;
        browser.press("Rotate").await;
        browser.sees("The old secrets no longer work").await;
        let newest = four_values(browser).await;
        assert_eq!(desk.signed(&new, "GET", "/echo").await, 401);
        assert_eq!(desk.signed(&newest, "GET", "/echo").await, 200);
    })
    .await;
}

#[tokio::test]
async fn regenerating_takes_the_name_and_replaces_all_four() {
    at_console(async |desk| {
        let old = desk.key("till-7").await;
        let browser = &desk.browser;
        open(desk, &old, "/rotate").await;
        browser.press("Regenerate all four…").await;
        browser.fill("Type the name of the key", "till-8").await;
        browser.press("Regenerate all four").await;
        browser.sees("till-7").await;
        assert_eq!(desk.signed(&old, "GET", "/echo").await, 200);
        browser.fill("Type the name of the key", "till-7").await;
        browser.press("Regenerate all four").await;
        browser.sees("shown this once").await;
        let new = four_values(browser).await;
        for member in ["app_key", "app_secret", "access_token", "token_secret"] {
            assert_ne!(new[member], old[member]);
        }
        assert_eq!(desk.signed(&old, "GET", "/echo").await, 401);
        assert_eq!(desk.signed(&new, "GET", "/echo").await, 200);
    })
    .await;
}

#[tokio::test]
async fn deleting_is_confirmed_and_for_good() {
    at_console(async |desk| {
        let used = desk.key("till-7").await;
        let unused = desk.key("till-8").await;
        assert_eq!(desk.signed(&used, "GET", "/echo").await, 200);
        desk.shows("/v1/keys/till-7", "127.0.0.1").await;
        let browser = &desk.browser;
        browser.open("/keys").await;
        browser.follow("Delete till-8").await;
        browser.sees("It was never used").await;
        browser.follow("Cancel").await;
        browser.press("Delete…").await;
        browser.press("Delete for good").await;
        browser.sees("Deleted. It can no longer be used").await;
        browser.arrives("/keys?").await;
        browser.lacks("till-8").await;
        assert_eq!(desk.signed(&unused, "GET", "/echo").await, 401);

        // What was used lately takes its name.
        open(desk, &used, "/delete").await;
        browser.press("Delete for good").await;
        browser.sees("Type its name").await;
        assert_eq!(desk.signed(&used, "GET", "/echo").await, 200);
        browser.fill("It was used within the last 7 days", "till-7").await;
        browser.press("Delete for good").await;
        browser.sees("Deleted. It can no longer be used").await;
        assert_eq!(desk.signed(&used, "GET", "/echo").await, 401);
        open(desk, &used, "").await;
        browser.sees("Not found").await;
    })
    .await;
}
