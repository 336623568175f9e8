//! The signature debugger: the derivation, the first difference, and no secret.

use serde_json::{Value as Json, json};

use crate::{
    browser::Browser,
    desk::{Desk, PASSWORD, at_console, authorization, text},
};

/// Compares a request with the base string of a client that signs another path.
pub async fn compare(desk: &Desk, key: &Json) {
    let browser = &desk.browser;
    let ours = explain(desk, key, "GET", "/echo?shop=Berlin&page=2").await;
    let theirs = ours.replace("%2Fecho&", "%2Fecho%2F&");
    assert_ne!(ours, theirs);
    browser.set("The client's base string", &theirs).await;
    browser.press("Explain").await;
    browser.sees("The first difference").await;
}

/// Shows a request whose signature was made with a known mistake.
pub async fn mistake(desk: &Desk, key: &Json) {
    let mut wrong = key.clone();
    wrong["app_secret"] = key["token_secret"].clone();
    wrong["token_secret"] = key["app_secret"].clone();
    explain(desk, &wrong, "GET", "/echo?shop=Berlin").await;
    desk.browser.sees("swapped App secret and Token secret").await;
}

/// Pastes a curl line, and returns the base string that the page derives.
async fn explain(desk: &Desk, key: &Json, method: &str, path: &str) -> String {
    let browser = &desk.browser;
    let url = desk.service(path);
    let header = authorization(key, method, &url);
    browser.open("/debugger").await;
    let line = format!("curl -X {method} -H 'Authorization: {header}' '{url}'");
    browser.set("A curl line", &line).await;
    browser.press("Explain").await;
    browser.sees("The derivation").await;
    browser.text_of("base-string").await
}

#[tokio::test]
async fn the_debugger_finds_the_first_difference() {
    at_console(async |desk| {
        let key = desk.key("till-7").await;
        let browser = &desk.browser;
        let base = explain(desk, &key, "GET", "/echo?shop=Berlin&page=2").await;
        let address = desk.server.address.to_string().replace(':', "%3A");
        let start = format!("GET&http%3A%2F%2F{address}%2Fecho&oauth_consumer_key%3D");
        assert!(base.starts_with(&start), "{base}");
        browser.sees("The signature is right").await;
        shows_no_secret(browser, &key).await;

        compare(desk, &key).await;
        let octets = base.find("%2Fecho&").unwrap() + "%2Fecho".len();
        browser.sees(&format!("They part after {octets} octets")).await;
        browser.set("The client's base string", &base_of(browser).await).await;
        browser.press("Explain").await;
        browser.sees("The base strings are the same").await;

        // A wrong secret: the page says so, and not what would have been right.
        let mut wrong = key.clone();
        wrong["token_secret"] = json!("mistaken");
        explain(desk, &wrong, "GET", "/echo").await;
        browser.sees("The signature is not the one").await;
        browser.sees("No known mistake makes it").await;
        shows_no_secret(browser, &key).await;
        mistake(desk, &key).await;
        browser.sees("RFC 5849 section 3.4.2").await;
        shows_no_secret(browser, &key).await;
        // What cannot be read is told at its field.
        browser.set("A curl line", "curl").await;
        browser.press("Explain").await;
        browser.sees("Nothing was saved yet").await;
    })
    .await;
}

#[tokio::test]
async fn a_refused_request_is_compared_from_its_page() {
    at_console(async |desk| {
        let key = desk.key("till-7").await;
        let mut wrong = key.clone();
        wrong["token_secret"] = json!("mistaken");
        assert_eq!(desk.signed(&wrong, "GET", "/echo?shop=Berlin").await, 401);
        let page = format!("/keys/{}/refusals", text(&key, "id"));
        desk.shows(&format!("/v1{page}"), "signature_invalid").await;
        let browser = &desk.browser;
        browser.open(&page).await;
        browser.follow("Compare base strings").await;
        browser.sees("What the server signed").await;
        let base = base_of(browser).await;
        assert!(base.starts_with("GET&http%3A%2F%2F"), "{base}");
        // The client's has the value that was not kept.
        let theirs = base.replace("redacted", "Berlin");
        assert_ne!(theirs, base);
        browser.set("The client's base string", &theirs).await;
        browser.press("Compare").await;
        browser.sees("The base strings are the same").await;
        browser.set("The client's base string", &theirs.replacen("GET", "POST", 1)).await;
        browser.press("Compare").await;
        browser.sees("They part after 0 octets").await;
        shows_no_secret(browser, &key).await;
    })
    .await;
}

#[tokio::test]
async fn without_scripts_the_debugger_explains_too() {
    at_console(async |desk| {
        let key = desk.key("till-7").await;
        desk.browser.without_scripts().await;
        compare(desk, &key).await;
        desk.browser.sees("The signature is right").await;
    })
    .await;
}

/// Who may not see keys of an account is told nothing about signatures of theirs.
#[tokio::test]
async fn the_debugger_tells_nothing_about_keys_of_others() {
    at_console(async |desk| {
        let key = desk.key("till-7").await;
        desk.made("/v1/accounts", json!({ "name": "north" })).await;
        let person = json!({
            "name": "nora", "role": "admin", "account": "north", "password": PASSWORD,
        });
        desk.made("/v1/people", person).await;
        desk.be(&desk.session("nora", PASSWORD).await).await;
        explain(desk, &key, "GET", "/echo").await;
        desk.browser.sees("cannot be said").await;
        desk.browser.lacks("The signature is right").await;
        shows_no_secret(&desk.browser, &key).await;
    })
    .await;
}

async fn base_of(browser: &Browser) -> String {
    browser.text_of("base-string").await
}

async fn shows_no_secret(browser: &Browser, key: &Json) {
    let source = browser.source().await;
    for member in ["app_secret", "token_secret"] {
        assert!(!source.contains(text(key, member)), "{member}");
    }
}
