//! People and roles, and what somebody without a permission sees.

use serde_json::json;

use crate::{
    browser::COOKIE,
    desk::{PASSWORD, at_console, expect, text},
    setup::sign_out_as,
};

#[tokio::test]
async fn people_are_made_changed_and_ended() {
    at_console(async |desk| {
        let browser = &desk.browser;
        browser.open("/people").await;
        browser.press("New person").await;
        browser.fill("Name to sign in", "grace").await;
        browser.fill("Display name", "Grace Hopper").await;
        browser.choose("Role", "Key manager").await;
        browser.fill("First password", "short").await;
        browser.fill("Password again", "short").await;
        browser.press("Create person").await;
        browser.sees("12 characters").await;
        assert_eq!(browser.value("Display name").await, "Grace Hopper");
        browser.fill("First password", PASSWORD).await;
        browser.fill("Password again", PASSWORD).await;
        browser.press("Create person").await;
        browser.sees("The person can sign in now").await;
        let grace = desk.session("grace", PASSWORD).await;
        let cookie = format!("{COOKIE}={grace}");
        let sees = async |path: &str, status: u16| {
            expect(desk.call("GET", path).header("cookie", &cookie), status).await;
        };
        sees("/keys/new", 200).await;

        // Another role holds with the next page.
        browser.open("/people").await;
        browser.follow("Grace Hopper").await;
        browser.choose("Role", "Auditor").await;
        browser.press("Save").await;
        browser.sees("Saved.").await;
        sees("/keys/new", 403).await;
        sees("/audit", 200).await;

        browser.press("Disable").await;
        browser.sees("signed out and cannot sign in").await;
        sees("/audit", 303).await;
        browser.press("Enable").await;
        browser.sees("can sign in again").await;
        browser.fill("New password", "another horse battery staple").await;
        browser.fill("Password again", "another horse battery staple").await;
        browser.press("Set password").await;
        browser.sees("The new password is set").await;
        desk.session("grace", "another horse battery staple").await;

        browser.fill("To be sure, type the name", "somebody").await;
        browser.press("Delete person").await;
        browser.sees("Nothing was saved yet").await;
        browser.fill("To be sure, type the name", "grace").await;
        browser.press("Delete person").await;
        browser.sees("The person can no longer sign in").await;
        browser.lacks("Grace Hopper").await;
        desk.sign_in_elsewhere("grace", "another horse battery staple", 401).await;
    })
    .await;
}

#[tokio::test]
async fn a_role_of_ones_own_permits_what_it_says() {
    at_console(async |desk| {
        let browser = &desk.browser;
        desk.key("till-7").await;
        browser.open("/roles").await;
        browser.press("New role").await;
        browser.fill("Display name", "Support").await;
        assert_eq!(browser.value("Name without spaces").await, "support");
        browser.tick("See keys").await;
        browser.press("Create role").await;
        browser.sees("The role is there").await;
        desk.become_new("barbara", "support").await;
        browser.open("/keys").await;
        browser.sees("till-7").await;
        assert!(!browser.has("button", "New API key").await);
        assert!(!browser.has("button", "Disable till-7").await);
        assert!(!browser.has("link", "Audit log").await);
        desk.be(&desk.admin.clone()).await;
        browser.open("/roles").await;
        browser.follow("Support").await;
        browser.tick("Change, disable and enable keys").await;
        browser.press("Save").await;
        browser.sees("Saved.").await;
        desk.be(&desk.session("barbara", PASSWORD).await).await;
        browser.open("/keys").await;
        assert!(browser.has("button", "Disable till-7").await);
        // A role that somebody has stays.
        desk.be(&desk.admin.clone()).await;
        browser.open("/roles").await;
        browser.follow("Support").await;
        browser.fill("To be sure, type the name", "support").await;
        browser.press("Delete role").await;
        browser.lacks("The role is gone").await;
        browser.sees("Support").await;
        expect(desk.own("DELETE", "/v1/people/barbara"), 204).await;
        browser.fill("To be sure, type the name", "support").await;
        browser.press("Delete role").await;
        browser.sees("The role is gone").await;
    })
    .await;
}

/// What is not permitted is not in the menu, and its address answers 403, as does every form.
#[tokio::test]
async fn without_the_permission_there_is_no_menu_item_and_403() {
    at_console(async |desk| {
        let key = desk.key("till-7").await;
        let (browser, id) = (&desk.browser, text(&key, "id"));
        for (name, role, menu, forbidden) in [
            (
                "edsger",
                "auditor",
                &["Keys", "Refused requests", "Signature debugger", "Audit log"][..],
                &["/keys/new", "/people", "/roles", "/settings", "/accounts", "/people/new"][..],
            ),
            (
                "grace",
                "key_manager",
                &["Keys", "Refused requests"][..],
                &["/people", "/roles/new", "/settings", "/accounts", "/accounts/new"][..],
            ),
        ] {
            desk.become_new(name, role).await;
            browser.open("/keys").await;
            let script = "return Array.from(document.querySelectorAll('nav.menu a'))
                .map((link) => [link.innerText, link.getAttribute('href')])";
            let items = browser.session.script(script, &[]).await;
            let items = items.as_array().unwrap();
            for item in menu {
                assert!(items.iter().any(|found| found[0] == *item), "{name}: {item}: {items:?}");
            }
            // Everything in the menu opens.
            for item in items {
                browser.open(item[1].as_str().unwrap()).await;
                browser.lacks("Not permitted").await;
            }
            for path in forbidden {
                assert!(!items.iter().any(|found| found[1] == *path), "{name}: {path}");
                browser.open(path).await;
                browser.sees("Not permitted").await;
            }
            sign_out_as(browser, name).await;
        }
        // Forms that an auditor was never shown.
        let auditor = desk.session("edsger", PASSWORD).await;
        let cookie = format!("{COOKIE}={auditor}");
        for (path, form) in [
            (format!("/keys/{id}/enabled"), "enabled=false"),
            (format!("/keys/{id}/delete"), "confirm=till-7"),
            (format!("/keys/{id}/rotate"), "once=0123456789abcdef&grace=0&only=both"),
            (format!("/keys/{id}/regenerate"), "once=0123456789abcdee&confirm=till-7"),
            (format!("/keys/{id}/reveal"), "secret=app_secret"),
            (format!("/keys/{id}/tokens"), "once=0123456789abcded&token_minutes=5"),
            (format!("/keys/{id}/privileges"), "version=1&level-all=none"),
            ("/keys/bulk".to_owned(), &*format!("key={id}&action=disable&confirmed=yes")),
            ("/people/new".to_owned(), "name=eve&role=super_admin&limit=all"),
            ("/settings".to_owned(), "basic_auth=yes&version=1"),
            ("/settings/assign".to_owned(), "scope=cloud-storage:objects&assigned=true"),
        ] {
            let request = desk.call("POST", &path).header("cookie", &cookie);
            let request = request.header("sec-fetch-site", "same-origin");
            let request = request.header("content-type", "application/x-www-form-urlencoded");
            let answer = request.body(form.to_owned()).send().await.unwrap();
            assert_eq!(answer.status(), 403, "{path}: {}", answer.text().await.unwrap());
        }
        assert_eq!(desk.signed(&key, "POST", "/echo").await, 200, "nothing was done");
        assert_eq!(desk.show("/v1/people").await["items"].as_array().unwrap().len(), 3);
        assert_eq!(desk.show("/v1/settings").await["basic_auth"], json!(false));
    })
    .await;
}
