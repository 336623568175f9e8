//! No secret in a URL, in the log or in a second answer.

use std::collections::BTreeSet;

use serde_json::{Value as Json, json};

use crate::{
    browser::Browser,
    card::{create, four_values},
    desk::{Desk, PASSWORD, at_first_start, text},
};

#[tokio::test]
async fn no_secret_is_in_a_url_the_log_or_a_second_answer() {
    let settings = ["log.level=trace", "accounts.secret_reveal=true"];
    at_first_start(&settings, async |desk| {
        let mut secrets = BTreeSet::from([PASSWORD.to_owned(), PASSWORD.replace(' ', "+")]);
        secrets.insert(PASSWORD.replace(' ', "%20"));
        let code = desk.setup_code().await;
        let browser = &desk.browser;
        browser.open("/setup").await;
        browser.fill("Setup code", &code).await;
        browser.fill("Your name to sign in", "ada").await;
        browser.fill("Password", PASSWORD).await;
        browser.fill("Password again", PASSWORD).await;
        browser.press("Create administrator").await;
        desk.sign_in("ada", PASSWORD).await;
        browser.arrives("/keys").await;
        let cookie = browser.cookie().await.unwrap()["value"].as_str().unwrap().to_owned();
        secrets.insert(cookie.clone());
        let mut urls = BTreeSet::new();

        create(browser, "Till 7").await;
        let key = take(browser, &mut secrets, &mut urls).await;
        assert_eq!(desk.signed(&key, "GET", "/echo").await, 200);
        browser.sees("It works").await;
        browser.tick("I have stored these values").await;
        browser.press("Done").await;
        browser.sees("What can this key do?").await;
        urls_of(browser, &mut urls).await;
        let id = browser.path().await;
        let id = id.split(['/', '?']).nth(2).unwrap();
        for (page, button) in [("rotate", "Rotate"), ("tokens", "Mint short-lived token")] {
            browser.open(&format!("/keys/{id}/{page}")).await;
            browser.press(button).await;
            take(browser, &mut secrets, &mut urls).await;
        }
        for which in ["app_secret", "token_secret"] {
            browser.open(&format!("/keys/{id}/reveal?secret={which}")).await;
            browser.press("Reveal").await;
            secrets.insert(browser.text_of("secret").await);
            urls_of(browser, &mut urls).await;
        }
        browser.open(&format!("/keys/{id}/regenerate")).await;
        browser.fill("Type the name of the key", "till-7").await;
        browser.press("Regenerate all four").await;
        take(browser, &mut secrets, &mut urls).await;
        assert!(secrets.len() == 11, "{}", secrets.len());

        desk.admin = cookie;
        second_answers(desk, id, &secrets).await;
        let clean = |what: &str, text: &str| {
            for secret in &secrets {
                assert!(!text.contains(secret.as_str()), "{what}: {secret} in {text:.2000}");
            }
        };
        for url in &urls {
            clean("a URL", url);
            assert!(!url.contains(&code));
        }
        assert!(urls.len() > 5, "{urls:?}");
        let log = desk.server.log();
        for said in ["INSERT INTO session", "SELECT id, at, actor", " DEBUG "] {
            assert!(log.contains(said), "the log is read at trace: {said}");
        }
        clean("the log", &log);
        assert_eq!(log.matches(&code).count(), 1, "the code is printed once");
    })
    .await;
}

async fn take(
    browser: &Browser,
    secrets: &mut BTreeSet<String>,
    urls: &mut BTreeSet<String>,
) -> Json {
    browser.sees("shown this once").await;
    urls_of(browser, urls).await;
    let values = four_values_or_fewer(browser).await;
    for member in ["app_secret", "token_secret"] {
        if values[member].is_string() {
            secrets.insert(text(&values, member).to_owned());
        }
    }
    values
}

/// A token has two values of its own.
async fn four_values_or_fewer(browser: &Browser) -> Json {
    let script = "return document.getElementById('app-secret') !== null";
    if browser.session.script(script, &[]).await == true {
        return four_values(browser).await;
    }
    json!({ "token_secret": browser.text_of("token-secret").await })
}

/// All that the page has loaded, and where it is.
async fn urls_of(browser: &Browser, urls: &mut BTreeSet<String>) {
    let script = "return performance.getEntries().map((entry) => entry.name)
        .concat(location.href, document.referrer)";
    let found = browser.session.script(script, &[]).await;
    urls.extend(found.as_array().unwrap().iter().map(|url| url.as_str().unwrap().to_owned()));
    let history = browser.session.devtools("Page.getNavigationHistory", json!({})).await;
    for entry in history["entries"].as_array().unwrap() {
        urls.insert(entry["url"].as_str().unwrap().to_owned());
    }
}

/// What was shown once is in no answer any more, whichever page or route one asks.
async fn second_answers(desk: &Desk, id: &str, secrets: &BTreeSet<String>) {
    for path in [
        "/keys".to_owned(),
        format!("/keys/{id}"),
        format!("/keys/{id}/settings"),
        format!("/keys/{id}/privileges"),
        format!("/keys/{id}/tokens"),
        format!("/keys/{id}/rotate"),
        format!("/keys/{id}/refusals"),
        format!("/keys/{id}/first-use?since=0"),
        format!("/keys/{id}/reveal?secret=app_secret"),
        "/audit".to_owned(),
        "/audit.csv".to_owned(),
        "/audit.json".to_owned(),
        "/people".to_owned(),
        "/me".to_owned(),
        "/metrics".to_owned(),
    ] {
        let answer = desk.own("GET", &path).send().await.unwrap();
        let (status, text) = (answer.status(), answer.text().await.unwrap());
        assert_eq!(status, 200, "{path}");
        for secret in secrets {
            assert!(!text.contains(secret.as_str()), "{path}: {secret}");
        }
    }
}
