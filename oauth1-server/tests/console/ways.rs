//! Ways through the console that other consoles' users know.

use serde_json::json;

use crate::desk::at_console;

/// Top right: the account, its settings, its API access keys.
#[tokio::test]
async fn the_account_menu_leads_to_the_keys() {
    at_console(async |desk| {
        let browser = &desk.browser;
        browser.open("/debugger").await;
        browser.press("ada").await;
        browser.follow("Account settings").await;
        browser.sees("Enable Basic Authentication").await;
        browser.press("ada").await;
        browser.follow("API access keys").await;
        browser.sees("Make the first key").await;
        browser.press("ada").await;
        browser.keys("\u{e00c}").await;
        assert!(!browser.has("link", "API access keys").await, "Escape closes it");
    })
    .await;
}

#[tokio::test]
async fn a_privilege_that_needs_an_assignment_is_greyed_until_it_is_given() {
    at_console(async |desk| {
        let browser = &desk.browser;
        let greyed = async || {
            browser.open("/keys/new").await;
            let script = "return document.querySelector(
                'input[name=privilege][value=\"cloud-storage:objects\"]').disabled";
            browser.session.script(script, &[]).await
        };
        assert_eq!(greyed().await, json!(true));
        browser.sees("Needs an assignment, which a super administrator gives").await;
        browser.open("/settings").await;
        browser.press_in("cloud-storage:objects", "Assign").await;
        browser.sees("Assigned. Keys of the account may be given it now").await;
        assert_eq!(greyed().await, json!(false));
        browser.open("/settings").await;
        browser.press_in("cloud-storage:objects", "Unassign").await;
        browser.sees("No longer assigned").await;
        assert_eq!(greyed().await, json!(true));
    })
    .await;
}
