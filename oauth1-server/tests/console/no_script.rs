//! Everything again in a browser that runs no scripts.

use crate::{
    card::{VALUES, create, four_values},
    desk::{PASSWORD, at_first_start, at_site, text},
    world::execute,
};

#[tokio::test]
async fn without_scripts_set_up_sign_in_create_and_use() {
    at_first_start(&[], async |desk| {
        let browser = &desk.browser;
        browser.without_scripts().await;
        browser.open("/").await;
        let code = desk.setup_code().await;
        browser.fill("Setup code", &code).await;
        browser.fill("Your name to sign in", "ada").await;
        browser.fill("Password", PASSWORD).await;
        browser.fill("Password again", PASSWORD).await;
        browser.press("Create administrator").await;
        desk.sign_in("ada", PASSWORD).await;
        browser.arrives("/keys").await;
        browser.sees("Make the first key").await;

        create(browser, "Till 7").await;
        let key = four_values(browser).await;
        for (id, _) in VALUES {
            // They can be selected, which is how one copies without scripts.
            let script = "const value = document.getElementById(arguments[0]);
                getSelection().selectAllChildren(value);
                return value.checkVisibility() && getComputedStyle(value).userSelect !== 'none'
                    && getSelection().toString() === value.textContent";
            let selected = browser.session.script(script, &[serde_json::json!(id)]).await;
            assert_eq!(selected, true, "{id}");
        }
        // What only scripts can do is not offered.
        for button in ["Copy App key", "Copy as JSON", "Download"] {
            assert!(!browser.has("button", button).await, "{button}");
        }
        browser.lacks("Waiting for the first request").await;
        let said = desk.oauth1(&key, "/echo");
        assert!(said.contains(text(&key, "app_key")), "{said}");
        // Done takes the tick, by the browser's own means.
        browser.press("Done").await;
        browser.sees("shown this once").await;
        browser.tick("I have stored these values").await;
        browser.press("Done").await;
        browser.sees("not shown again").await;
        browser.back().await;
        let source = browser.source().await;
        assert!(!source.contains(text(&key, "app_secret")), "{source}");
        browser.open("/keys").await;
        browser.press("ada, account menu").await;
        browser.press("Sign out").await;
        browser.sees("You are signed out").await;
    })
    .await;
}

#[tokio::test]
async fn without_scripts_a_key_is_managed() {
    at_site(&["accounts.secret_reveal=true"], async |desk| {
        let old = desk.key("till-7").await;
        let browser = &desk.browser;
        let id = text(&old, "id");
        browser.without_scripts().await;
        browser.open("/keys").await;
        browser.choose("State", "Active").await;
        browser.press("Show").await;
        browser.follow("till-7").await;

        browser.follow_in("This key", "Rotate").await;
        browser.tick("1 hour").await;
        browser.press("Rotate").await;
        let new = four_values(browser).await;
        for key in [&old, &new] {
            assert_eq!(desk.signed(key, "GET", "/echo").await, 200);
        }
        browser.open(&format!("/keys/{id}/rotate")).await;
        browser.sees("59 minutes").await;
        browser.press("End the old secrets now").await;
        browser.sees("The old secrets are no longer good").await;
        assert_eq!(desk.signed(&old, "GET", "/echo").await, 401);

        browser.follow_in("This key", "Overview").await;
        browser.press("Disable").await;
        browser.sees("Disabled. The next request is refused.").await;
        assert_eq!(desk.signed(&new, "GET", "/echo").await, 401);
        browser.press("Enable").await;
        browser.sees("Enabled. It works").await;
        assert_eq!(desk.signed(&new, "GET", "/echo").await, 200);

        browser.follow_in("This key", "Privileges").await;
        browser.tick_in("All other APIs", "View only").await;
        browser.press("Save").await;
        browser.sees("Privileges saved").await;
        assert_eq!(desk.signed(&new, "POST", "/echo").await, 403);

        browser.open(&format!("/keys/{id}")).await;
        browser.fill("Path", "/echo").await;
        browser.press("Check").await;
        browser.sees("Allowed by all:view").await;

        execute(desk, "UPDATE session SET password_at = password_at - 600000").await;
        browser.follow("Reveal App secret").await;
        browser.fill("Your password", PASSWORD).await;
        browser.press("Reveal").await;
        assert_eq!(browser.text_of("secret").await, text(&new, "app_secret"));
        browser.press("Hide").await;

        desk.shows("/v1/keys/till-7", "127.0.0.1").await;
        browser.reload().await;
        browser.press("Delete…").await;
        browser.fill("It was used within the last 7 days", "till-7").await;
        browser.press("Delete for good").await;
        browser.sees("Deleted. It can no longer be used").await;
        assert_eq!(desk.signed(&new, "GET", "/echo").await, 401);
    })
    .await;
}
