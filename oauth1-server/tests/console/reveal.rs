//! A secret that is read again, where the account permits it.

use serde_json::json;

use crate::{
    desk::{PASSWORD, at_console, expect, text},
    world::execute,
};

#[tokio::test]
async fn a_secret_is_revealed_after_the_password_and_hides_itself() {
    at_console(async |desk| {
        let key = desk.key("till-7").await;
        let (browser, id) = (&desk.browser, text(&key, "id"));
        // Shown once, unless the account says otherwise.
        browser.open(&format!("/keys/{id}")).await;
        browser.sees("shown once").await;
        assert!(!browser.has("link", "Reveal App secret").await);
        expect(desk.own("GET", &format!("/keys/{id}/reveal?secret=app_secret")), 403).await;

        desk.change("/v1/settings", json!({ "secret_reveal": "step_up" })).await;
        // The password was given long ago.
        execute(desk, "UPDATE session SET password_at = password_at - 600000").await;
        browser.open("/keys").await;
        browser.follow("Reveal the secrets of till-7").await;
        browser.fill("Your password", "mistaken horse").await;
        browser.press("Reveal").await;
        browser.sees("The password is wrong").await;
        assert!(!browser.source().await.contains(text(&key, "app_secret")));
        browser.fill("Your password", PASSWORD).await;
        browser.press("Reveal").await;
        assert_eq!(browser.text_of("secret").await, text(&key, "app_secret"));
        let source = browser.source().await;
        assert!(!source.contains(text(&key, "token_secret")), "one value at a time");
        // It goes away by itself, with and without scripts.
        let script = "return document.querySelector('[data-hide-after]').dataset.hideAfter";
        assert_eq!(browser.session.script(script, &[]).await, "30");
        let form = desk.own("POST", &format!("/keys/{id}/reveal")).body("secret=token_secret");
        let form = form.header("content-type", "application/x-www-form-urlencoded");
        execute(desk, "UPDATE session SET password_at = seen_at").await;
        let answer = expect(form, 200).await;
        assert_eq!(answer.headers()["refresh"], format!("30; url=/keys/{id}").as_str());
        assert!(answer.text().await.unwrap().contains(text(&key, "token_secret")));

        browser.press("Hide").await;
        assert!(!browser.source().await.contains(text(&key, "app_secret")));
        browser.back().await;
        assert!(!browser.source().await.contains(text(&key, "app_secret")), "after Back");
        // Within five minutes, without the password.
        browser.open(&format!("/keys/{id}")).await;
        browser.follow("Reveal Token secret").await;
        browser.press("Reveal").await;
        assert_eq!(browser.text_of("secret").await, text(&key, "token_secret"));
        browser.open("/audit?action=key.reveal").await;
        browser.sees("person:ada").await;
        browser.sees(text(&key, "app_key")).await;
    })
    .await;
}

#[tokio::test]
async fn who_may_not_reveal_sees_no_eye_and_gets_403() {
    at_console(async |desk| {
        let key = desk.key("till-7").await;
        desk.change("/v1/settings", json!({ "secret_reveal": "step_up" })).await;
        desk.become_new("grace", "key_manager").await;
        let (browser, id) = (&desk.browser, text(&key, "id"));
        browser.open("/keys").await;
        browser.sees("till-7").await;
        assert!(!browser.has("link", "Reveal the secrets of till-7").await);
        browser.open(&format!("/keys/{id}")).await;
        assert!(!browser.has("link", "Reveal App secret").await);
        browser.open(&format!("/keys/{id}/reveal?secret=app_secret")).await;
        browser.sees("Not permitted").await;
    })
    .await;
}
