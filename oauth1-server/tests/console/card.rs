//! A new key: the form, and the card that shows the four values once.

use std::{fs, time::Duration};

use serde_json::{Value as Json, json};
use tokio::time::{Instant, sleep};

use crate::{
    browser::Browser,
    desk::{Desk, at_console},
    snippets,
};

/// Fills in the form and presses Create.
pub async fn create(browser: &Browser, name: &str) {
    browser.open("/keys").await;
    browser.press("New API key").await;
    browser.fill("Application name", name).await;
    browser.fill("Developer name", "Grace").await;
    browser.tick_in("All other APIs", "Modify").await;
    browser.tick("A year").await;
    browser.press("Create").await;
    browser.sees("shown this once").await;
}

/// The four values as the card shows them.
pub async fn four_values(browser: &Browser) -> Json {
    let mut values = json!({});
    for (id, member) in VALUES {
        values[member] = json!(browser.text_of(id).await);
    }
    values
}

#[tokio::test]
async fn a_new_key_shows_four_values_that_work() {
    at_console(async |desk| {
        let browser = &desk.browser;
        create(browser, "Till 7").await;
        // Four labels, in this order, each beside its value.
        let script = "return Array.from(document.querySelectorAll('#card dl > div')).map((row) =>
            [row.querySelector('dt').innerText, row.querySelector('dd code').id])";
        let rows = browser.session.script(script, &[]).await;
        let told = json!([
            ["App key", "app-key"],
            ["App secret", "app-secret"],
            ["Access token", "access-token"],
            ["Token secret", "token-secret"],
        ]);
        assert_eq!(rows, told);
        let key = four_values(browser).await;
        browser.sees("Waiting for the first request…").await;

        let said = desk.oauth1(&key, "/echo");
        assert!(said.contains(key["app_key"].as_str().unwrap()), "{said}");
        // The card turns green by itself.
        browser.sees("It works: the first request came from 127.0.0.1").await;
        let good = "return document.getElementById('test').classList.contains('good')";
        assert_eq!(browser.session.script(good, &[]).await, true);

        browser.tick("I have stored these values").await;
        browser.press("Done").await;
        browser.sees("not shown again").await;
        browser.sees("Last used").await;
        browser.sees("127.0.0.1").await;
        browser.open("/keys").await;
        browser.follow("Till 7").await;
        browser.sees("till-7").await;
    })
    .await;
}

#[tokio::test]
async fn what_is_missing_is_told_at_the_field_and_what_was_typed_stays() {
    at_console(async |desk| {
        let browser = &desk.browser;
        browser.open("/keys/new").await;
        browser.fill("Application name", "Till 7").await;
        browser.fill("Name without spaces", "till 7").await;
        // The browser would tell by itself; the server tells those without such a browser.
        browser.session.script("document.querySelector('form.form').noValidate = true", &[]).await;
        browser.press("Create").await;
        browser.sees("Say who builds the application").await;
        browser.sees("Choose at least one thing").await;
        assert_eq!(browser.value("Application name").await, "Till 7");
        assert_eq!(browser.value("Name without spaces").await, "till 7");
        let script = "return [document.activeElement.name,
            document.activeElement.getAttribute('aria-invalid')]";
        assert_eq!(browser.session.script(script, &[]).await, json!(["developer_name", "true"]));
        browser.fill("Developer name", "Grace").await;
        browser.tick_in("All other APIs", "View only").await;
        browser.session.script("document.querySelector('form.form').noValidate = true", &[]).await;
        browser.press("Create").await;
        browser.sees("expir").await;
        browser.tick("No expiry").await;
        browser.session.script("document.querySelector('form.form').noValidate = true", &[]).await;
        browser.press("Create").await;
        browser.sees("No spaces allowed").await;
        assert!(desk.show("/v1/keys").await["items"].as_array().unwrap().is_empty());
    })
    .await;
}

#[tokio::test]
async fn the_card_is_shown_once() {
    at_console(async |desk| {
        let browser = &desk.browser;
        create(browser, "Till 7").await;
        let key = four_values(browser).await;
        let secrets = ["app_secret", "token_secret"].map(|member| key[member].as_str().unwrap());
        let gone = async |when: &str| {
            let source = browser.source().await;
            for secret in secrets {
                assert!(!source.contains(secret), "{when}: {source}");
            }
        };
        browser.session.script("document.getElementById('stored').checked = true", &[]).await;
        browser.reload().await;
        browser.sees("sent before").await;
        gone("after reload").await;
        browser.open("/keys").await;
        gone("in the list").await;
        for _ in 0..3 {
            browser.back().await;
            gone("after Back").await;
        }
        let keys = desk.show("/v1/keys").await;
        assert_eq!(keys["items"].as_array().unwrap().len(), 1, "no second key was made");
    })
    .await;
}

#[tokio::test]
async fn the_card_is_not_lost_by_accident() {
    at_console(async |desk| {
        let browser = &desk.browser;
        browser.allow_clipboard().await;
        create(browser, "Till 7").await;
        let key = four_values(browser).await;
        // Esc, and clicks beside the card.
        browser.keys("\u{e00c}").await;
        for selector in ["body", "#main", "header.top", "h1"] {
            let script = "document.querySelector(arguments[0]).click()";
            browser.session.script(script, &[json!(selector)]).await;
        }
        assert_eq!(four_values(browser).await, key);
        // Leaving asks first, until something was copied, downloaded, or the box is ticked.
        let leaving = "const leaving = new Event('beforeunload', { cancelable: true });
            window.dispatchEvent(leaving);
            return leaving.defaultPrevented";
        assert_eq!(browser.session.script(leaving, &[]).await, true, "asked");
        // Done waits for the box.
        browser.press("Done").await;
        assert_eq!(four_values(browser).await, key);
        browser.tick("I have stored these values").await;
        assert_eq!(browser.session.script(leaving, &[]).await, false);
        browser.untick("I have stored these values").await;
        assert_eq!(browser.session.script(leaving, &[]).await, true);
        browser.press("Copy App secret").await;
        copied(browser, key["app_secret"].as_str().unwrap()).await;
        assert_eq!(browser.session.script(leaving, &[]).await, false);
    })
    .await;
}

#[tokio::test]
async fn every_copy_button_copies_its_value() {
    at_console(async |desk| {
        let browser = &desk.browser;
        browser.allow_clipboard().await;
        create(browser, "Till 7").await;
        let key = four_values(browser).await;
        for (label, member) in LABELS {
            browser.press(&format!("Copy {label}")).await;
            copied(browser, key[member].as_str().unwrap()).await;
            browser.sees(&format!("Copied {label}.")).await;
        }
        for (button, id) in [
            ("Copy as .env", "copy-env"),
            ("Copy as JSON", "copy-json"),
            ("Copy as oauth1 command", "copy-command"),
        ] {
            browser.press(button).await;
            let text = browser.text_of(id).await;
            for (_, member) in LABELS {
                assert!(text.contains(key[member].as_str().unwrap()), "{button}: {text}");
            }
            copied(browser, &text).await;
        }
        let json: Json = serde_json::from_str(&browser.text_of("copy-json").await).unwrap();
        for (_, member) in LABELS {
            assert_eq!(json[member], key[member], "{json}");
        }
        // A snippet is copied when it is open.
        for (title, id) in snippets::TITLES {
            if !browser.has("button", &format!("Copy {title}")).await {
                browser.press(title).await;
            }
            browser.press(&format!("Copy {title}")).await;
            copied(browser, &browser.text_of(id).await).await;
        }
        download(desk, &key).await;
    })
    .await;
}

async fn download(desk: &Desk, key: &Json) {
    let directory = desk.site.root().join("downloads");
    fs::create_dir_all(&directory).unwrap();
    let allow = json!({ "behavior": "allow", "downloadPath": directory });
    desk.browser.session.devtools("Browser.setDownloadBehavior", allow).await;
    desk.browser.press("Download").await;
    let (file, start) = (directory.join("till-7.env"), Instant::now());
    while !file.exists() {
        assert!(start.elapsed() < Duration::from_secs(20), "nothing was downloaded");
        sleep(Duration::from_millis(50)).await;
    }
    let downloaded = fs::read_to_string(file).unwrap();
    assert_eq!(downloaded, desk.browser.text_of("copy-env").await);
    assert!(downloaded.contains(key["token_secret"].as_str().unwrap()));
}

/// Waits until the clipboard holds this.
pub async fn copied(browser: &Browser, value: &str) {
    let start = Instant::now();
    loop {
        let clipboard = browser.clipboard().await;
        if clipboard == value {
            return;
        }
        assert!(start.elapsed() < Duration::from_secs(10), "{clipboard:?}, not {value:?}");
        sleep(Duration::from_millis(50)).await;
    }
}

pub const VALUES: [(&str, &str); 4] = [
    ("app-key", "app_key"),
    ("app-secret", "app_secret"),
    ("access-token", "access_token"),
    ("token-secret", "token_secret"),
];
const LABELS: [(&str, &str); 4] = [
    ("App key", "app_key"),
    ("App secret", "app_secret"),
    ("Access token", "access_token"),
    ("Token secret", "token_secret"),
];
