//! T-SESS: sessions cannot be planted, read by scripts, taken along or used after their end.

use serde_json::json;

use crate::{
    browser::COOKIE,
    desk::{PASSWORD, at_console, expect},
    setup::sign_out,
};

#[tokio::test]
async fn t_sess_a_session_is_made_at_sign_in_and_ends_with_sign_out() {
    at_console(async |desk| {
        let browser = &desk.browser;
        sign_out(browser).await;
        // The old value is no session any more, whoever sends it.
        let old = format!("{COOKIE}={}", desk.admin);
        let answer = expect(desk.call("GET", "/keys").header("cookie", &old), 303).await;
        assert!(answer.headers()["location"].to_str().unwrap().starts_with("/sign-in"));

        // A planted cookie is not honoured, and not taken over.
        browser.set_cookie("planted-by-somebody").await;
        browser.open("/keys").await;
        browser.arrives("/sign-in").await;
        desk.sign_in("ada", PASSWORD).await;
        browser.arrives("/keys").await;
        let first = browser.cookie().await.unwrap();
        assert_ne!(first["value"], "planted-by-somebody");
        assert_eq!(first["httpOnly"], true);
        assert_eq!(first["sameSite"], "Strict");
        assert_eq!(first["path"], "/");
        assert!(first["value"].as_str().unwrap().len() >= 32);
        let seen = browser.session.script("return document.cookie", &[]).await;
        assert_eq!(seen, "", "no script reads the cookie");

        // Who signs in again, with a session that somebody may know, gets a new one.
        let own = format!("{COOKIE}={}", first["value"].as_str().unwrap());
        let request = desk.call("POST", "/sign-in").header("cookie", &own);
        let request = request.header("sec-fetch-site", "same-origin");
        let form = format!("name=ada&password={}&next=/keys", PASSWORD.replace(' ', "+"));
        let request = request.header("content-type", "application/x-www-form-urlencoded");
        let answer = expect(request.body(form), 303).await;
        let set = answer.headers()["set-cookie"].to_str().unwrap();
        for attribute in ["HttpOnly", "SameSite=Strict", "Path=/"] {
            assert!(set.contains(attribute), "{set}");
        }
        assert!(!set.contains(first["value"].as_str().unwrap()), "{set}");
        expect(desk.call("GET", "/keys").header("cookie", &own), 303).await;
        browser.reload().await;
        browser.arrives("/sign-in").await;
    })
    .await;
}

#[tokio::test]
async fn t_sess_a_new_password_ends_the_other_sessions() {
    at_console(async |desk| {
        let elsewhere = desk.session("ada", PASSWORD).await;
        let elsewhere = format!("{COOKIE}={elsewhere}");
        expect(desk.call("GET", "/keys").header("cookie", &elsewhere), 200).await;
        let browser = &desk.browser;
        browser.open("/me").await;
        browser.fill("Old password", PASSWORD).await;
        browser.fill("New password", "another horse battery staple").await;
        browser.fill("New password again", "another horse battery staple").await;
        browser.press("Change password").await;
        browser.sees("Your new password is set").await;
        expect(desk.call("GET", "/keys").header("cookie", &elsewhere), 303).await;
        browser.open("/keys").await;
        browser.arrives("/keys").await;
        sign_out(browser).await;
        desk.sign_in("ada", PASSWORD).await;
        browser.sees("wrong").await;
        desk.sign_in("ada", "another horse battery staple").await;
        browser.arrives("/keys").await;
    })
    .await;
}

#[tokio::test]
async fn t_sess_a_session_ends_with_its_time_and_its_person() {
    at_console(async |desk| {
        desk.become_new("grace", "key_manager").await;
        desk.browser.open("/keys").await;
        desk.browser.arrives("/keys").await;
        desk.change("/v1/people/grace", json!({ "enabled": false })).await;
        desk.browser.reload().await;
        desk.browser.arrives("/sign-in").await;
        desk.change("/v1/people/grace", json!({ "enabled": true })).await;
        let again = desk.session("grace", PASSWORD).await;
        desk.be(&again).await;
        desk.browser.open("/keys").await;
        desk.browser.arrives("/keys").await;
        crate::world::execute(desk, "UPDATE session SET expires_at = created_at").await;
        desk.browser.reload().await;
        desk.browser.arrives("/sign-in").await;
    })
    .await;
}
