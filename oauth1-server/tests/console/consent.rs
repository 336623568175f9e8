//! Somebody grants an application access, refuses it, and takes it back: at the pages of the
//! public listener.

use serde_json::json;
use url::{Url, form_urlencoded};

use crate::{
    application::{Application, member},
    browser::Browser,
    desk::{Desk, PASSWORD, at_console},
    xss::{PAYLOADS, nothing_ran},
};

#[tokio::test]
async fn access_is_granted_used_and_ended() {
    at_console(async |desk| {
        member(desk, "eve").await;
        let mut printer = Application::new(desk, "printer", json!({})).await;
        let callback = printer.callback.clone();
        let path = printer.ask(desk, &callback).await;
        at_service(desk);
        let browser = &desk.browser;

        browser.open(&path).await;
        assert_eq!(browser.heading().await, "Sign in");
        sign_in(browser, "eve", "wrong").await;
        browser.sees("Name or password are wrong").await;
        assert_eq!(browser.value("Name").await, "eve");
        sign_in(browser, "eve", PASSWORD).await;
        browser.arrives("/oauth/authorize?").await;
        let host = Url::parse(&callback).unwrap();
        let host = format!("127.0.0.1:{}", host.port().unwrap());
        for words in [
            "Let Photo Printer use",
            "Grace Hopper",
            "Prints your photos on good paper.",
            "Signed in as eve",
            "Nobody has verified them.",
            "Transaction: see",
            "It does not get your password.",
            &format!("you go back to {host}"),
        ] {
            browser.sees(words).await;
        }
        browser.press("Allow").await;
        browser.sees("Welcome back to the printer.").await;
        let code = brought(browser, "oauth_verifier").await;
        let token = printer.exchange(desk, &code).await.unwrap();
        let (status, said) = printer.call(desk, &token).await;
        assert!(status == 200 && said.contains(r#""resource_owner":"eve""#), "{status} {said}");
        // Back to the question: it was answered.
        browser.open(&path).await;
        browser.sees("This was decided before").await;

        browser.press("eve, account menu").await;
        browser.follow("Applications with access").await;
        browser.sees("Photo Printer").await;
        browser.press("End access of Photo Printer").await;
        browser.sees("Its access has ended.").await;
        browser.sees("No application has access.").await;
        let (status, said) = printer.call(desk, &token).await;
        assert!(status == 401 && said.contains("token_revoked"), "{status} {said}");

        let path = printer.ask(desk, &callback).await;
        browser.open(&path).await;
        browser.press("Deny").await;
        browser.sees("Welcome back to the printer.").await;
        assert_eq!(brought(browser, "oauth_problem").await, "user_refused");
        assert_eq!(brought(browser, "oauth_verifier").await, "");
        assert_eq!(printer.exchange(desk, "guess").await.unwrap_err(), "user_refused");

        browser.open("/oauth/grants").await;
        browser.press("eve, account menu").await;
        browser.press("Sign out").await;
        browser.arrives("/oauth/authorize/sign-in").await;
    })
    .await;
}

#[tokio::test]
async fn a_code_is_shown_copied_and_typed() {
    at_console(async |desk| {
        member(desk, "eve").await;
        let mut printer = Application::new(desk, "printer", json!({})).await;
        at_service(desk);
        let browser = &desk.browser;
        browser.allow_clipboard().await;
        let path = printer.ask(desk, "oob").await;
        browser.open(&path).await;
        sign_in(browser, "eve", PASSWORD).await;
        browser.sees("never give the code to somebody who asks you for it").await;
        browser.press("Allow").await;
        browser.sees("Type this code into Photo Printer").await;
        browser.press("Copy code").await;
        browser.sees("Copied code.").await;
        let code = browser.clipboard().await;
        assert!(code.len() == 8 && code.bytes().all(|b| b.is_ascii_digit()), "{code}");
        assert_eq!(code, browser.text_of("verifier").await);
        // It is shown once: the form does nothing a second time.
        browser.back().await;
        let token = printer.exchange(desk, &code).await.unwrap();
        assert_eq!(printer.call(desk, &token).await.0, 200);

        // Without scripts, and refused.
        browser.without_scripts().await;
        let path = printer.ask(desk, "oob").await;
        browser.open(&path).await;
        browser.press("Deny").await;
        browser.sees("Photo Printer does not get access.").await;
        assert_eq!(printer.exchange(desk, "12345678").await.unwrap_err(), "user_refused");
        let path = printer.ask(desk, "oob").await;
        browser.open(&path).await;
        browser.press("Allow").await;
        let code = browser.text_of("verifier").await;
        printer.exchange(desk, &code).await.unwrap();
    })
    .await;
}

#[tokio::test]
async fn t_xss_1_what_applications_say_of_themselves_is_text() {
    at_console(async |desk| {
        member(desk, "eve").await;
        let mut applications = Vec::new();
        for (number, payloads) in PAYLOADS.chunks(3).enumerate() {
            let texts = json!({
                "display_name": payloads[0], "developer_name": payloads[1],
                "description": payloads[2],
            });
            applications.push(Application::new(desk, &format!("app-{number}"), texts).await);
        }
        at_service(desk);
        let mut signed_in = false;
        for (application, payloads) in applications.iter_mut().zip(PAYLOADS.chunks(3)) {
            let path = application.ask(desk, "oob").await;
            desk.browser.open(&path).await;
            if !std::mem::replace(&mut signed_in, true) {
                sign_in(&desk.browser, "eve", PASSWORD).await;
            }
            nothing_ran(desk, &path).await;
            for payload in payloads {
                desk.browser.sees(payload).await;
            }
            desk.browser.press("Allow").await;
            desk.browser.sees("It works once").await;
            nothing_ran(desk, "the code").await;
            let code = desk.browser.text_of("verifier").await;
            application.exchange(desk, &code).await.unwrap();
        }
        desk.browser.open("/oauth/grants").await;
        nothing_ran(desk, "/oauth/grants").await;
        for payloads in PAYLOADS.chunks(3) {
            desk.browser.sees(payloads[0]).await;
            desk.browser.sees(payloads[1]).await;
        }
    })
    .await;
}

/// Each page of this kind, for who looks at all pages.
pub async fn each_page(desk: &mut Desk, mut look: impl AsyncFnMut(&Browser, &str)) {
    member(desk, "eve").await;
    let mut printer = Application::new(desk, "printer", json!({})).await;
    let callback = printer.callback.clone();
    at_service(desk);
    let browser = &desk.browser;
    let path = printer.ask(desk, &callback).await;
    browser.open(&path).await;
    look(browser, "grant-sign-in").await;
    sign_in(browser, "eve", PASSWORD).await;
    browser.sees("Let Photo Printer").await;
    look(browser, "grant").await;
    browser.open("/oauth/grants").await;
    look(browser, "grants-none").await;
    let path = printer.ask(desk, "oob").await;
    browser.open(&path).await;
    look(browser, "grant-oob").await;
    browser.press("Allow").await;
    let code = browser.text_of("verifier").await;
    look(browser, "grant-code").await;
    let token = printer.exchange(desk, &code).await.unwrap();
    printer.call(desk, &token).await;
    browser.open("/oauth/grants").await;
    look(browser, "grants").await;
    browser.open(&path).await;
    look(browser, "grant-decided").await;
}

/// From now on paths are those of the public listener.
fn at_service(desk: &mut Desk) {
    desk.browser.origin = desk.service("");
}

async fn sign_in(browser: &Browser, name: &str, password: &str) {
    browser.fill("Name", name).await;
    browser.fill("Password", password).await;
    browser.press("Sign in").await;
}

/// A parameter of the address that the browser is at.
async fn brought(browser: &Browser, name: &str) -> String {
    let url = browser.path().await;
    let query = url.split_once('?').map_or("", |(_, query)| query);
    let mut pairs = form_urlencoded::parse(query.as_bytes());
    pairs.find(|(found, _)| found == name).map_or(String::new(), |(_, value)| value.into_owned())
}
