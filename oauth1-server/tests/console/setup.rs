//! The first start, signing in and out.

use crate::browser::Browser;
use crate::desk::{Desk, PASSWORD, at_console, at_first_start};

#[tokio::test]
async fn the_first_person_is_made_with_the_code() {
    at_first_start(&[], async |desk| {
        let code = desk.setup_code().await;
        let browser = &desk.browser;
        browser.open("/").await;
        browser.arrives("/setup").await;
        first_person(desk, "WRNG-WRNG-WRNG-WRNG", PASSWORD).await;
        browser.sees("code").await;
        assert_eq!(browser.value("Your name to sign in").await, "ada", "what was typed stays");
        // The wrong code has the focus, and says so to who cannot see it.
        let script = "const field = document.activeElement;
            return [field.name, field.getAttribute('aria-invalid'),
                field.getAttribute('aria-describedby').split(' ').includes('code-error')]";
        let focus = browser.session.script(script, &[]).await;
        assert_eq!(focus, serde_json::json!(["code", "true", true]));

        first_person(desk, &code, PASSWORD).await;
        browser.arrives("/sign-in").await;
        browser.sees("You are the first administrator").await;
        desk.sign_in("ada", PASSWORD).await;
        browser.arrives("/keys").await;
        assert!(!browser.source().await.contains(&code));
        browser.open("/setup").await;
        browser.arrives("/keys").await;
    })
    .await;
}

async fn first_person(desk: &Desk, code: &str, password: &str) {
    desk.browser.fill("Setup code", code).await;
    desk.browser.fill("Your name to sign in", "ada").await;
    desk.browser.fill("Password", password).await;
    desk.browser.fill("Password again", password).await;
    desk.browser.press("Create administrator").await;
}

#[tokio::test]
async fn a_wrong_password_is_told_and_tries_are_throttled() {
    at_console(async |desk| {
        sign_out(&desk.browser).await;
        desk.browser.open("/keys?state=active").await;
        desk.browser.arrives("/sign-in?next=").await;
        for _ in 0..5 {
            desk.sign_in("ada", "mistaken horse").await;
            desk.browser.sees("wrong").await;
            assert_eq!(desk.browser.value("Name").await, "ada");
            assert_eq!(desk.browser.value("Password").await, "");
        }
        // Too many tries: the right password has to wait as well.
        desk.sign_in("ada", PASSWORD).await;
        desk.browser.sees("second").await;
        desk.browser.arrives("/sign-in").await;
        // Somebody nobody knows is answered the same.
        for _ in 0..5 {
            desk.sign_in("nobody", PASSWORD).await;
            desk.browser.sees("wrong").await;
        }
        desk.sign_in("nobody", PASSWORD).await;
        desk.browser.sees("second").await;
    })
    .await;
}

#[tokio::test]
async fn signing_in_leads_to_where_one_wanted() {
    at_console(async |desk| {
        sign_out(&desk.browser).await;
        desk.browser.open("/audit?action=key.create").await;
        desk.browser.fill("Name", "ada").await;
        desk.browser.fill("Password", PASSWORD).await;
        desk.browser.press("Sign in").await;
        desk.browser.arrives("/audit?action=key.create").await;
    })
    .await;
}

/// By the menu at the top.
pub async fn sign_out(browser: &Browser) {
    sign_out_as(browser, "ada").await;
}

pub async fn sign_out_as(browser: &Browser, name: &str) {
    browser.open("/keys").await;
    browser.press(&format!("{name}, account menu")).await;
    browser.press("Sign out").await;
    browser.sees("You are signed out").await;
}
