//! The list of keys: found, narrowed, counted, changed many at a time.

use serde_json::json;

use crate::{
    desk::{at_console, expect},
    world::world,
};

#[tokio::test]
async fn health_cards_lead_to_the_keys_that_they_count() {
    at_console(async |desk| {
        world(desk).await;
        let browser = &desk.browser;
        for (card, shown, hidden) in [
            ("Expire within 14 days", "warehouse-sync", "chat-bot"),
            ("Allow list without effect", "night-report", "till-berlin-07"),
            ("Idle for 90 days", "pilot-2025", "till-berlin-07"),
            ("Never expire", "chat-bot", "till-berlin-07"),
        ] {
            browser.open("/keys").await;
            let script = "const tile = Array.from(document.querySelectorAll('main a'))
                    .find((link) => link.innerText.includes(arguments[0]));
                const count = Number(tile.querySelector('strong').innerText);
                tile.click();
                return count";
            let count = browser.session.script(script, &[json!(card)]).await;
            browser.arrives("/keys?").await;
            browser.sees(shown).await;
            browser.lacks(hidden).await;
            let rows = "return document.querySelectorAll('tbody tr').length";
            assert_eq!(browser.session.script(rows, &[]).await, count, "{card}");
        }
    })
    .await;
}

#[tokio::test]
async fn keys_are_searched_filtered_and_sorted() {
    at_console(async |desk| {
        world(desk).await;
        let browser = &desk.browser;
        let names = async || {
            let script = "return Array.from(document.querySelectorAll('tbody th .sub'))
                .map((sub) => sub.innerText.split(' · ')[0])";
            browser.session.script(script, &[]).await
        };
        browser.open("/keys").await;
        browser.fill("Search", "loyalty").await;
        browser.press("Show").await;
        // Found by words, and so in their order.
        let mut found = names().await;
        found.as_array_mut().unwrap().sort_by_key(|name| name.to_string());
        assert_eq!(found, json!(["loyalty-prod", "loyalty-test"]));
        browser.choose("State", "Disabled").await;
        browser.arrives("/keys?").await;
        browser.sees("loyalty-test").await;
        browser.lacks("loyalty-prod").await;
        browser.follow("Show all").await;
        browser.choose("State", "Expired").await;
        browser.lacks("warehouse-sync").await;
        assert_eq!(names().await, json!(["pilot-2025"]));
        browser.open("/keys").await;
        browser.choose("Sort by", "Name").await;
        browser.arrives("/keys?").await;
        let sorted = names().await;
        let mut expected: Vec<String> =
            sorted.as_array().unwrap().iter().map(|name| name.as_str().unwrap().into()).collect();
        expected.sort();
        assert_eq!(sorted, json!(expected));
        assert_eq!(expected.len(), 8);
        browser.open("/keys?q=nothing-is-called-this").await;
        browser.sees("No key is like that").await;
        // A click anywhere in a row opens the key.
        browser.open("/keys?q=warehouse").await;
        let script = "document.querySelector('tbody tr td:nth-of-type(3)').click()";
        browser.session.script(script, &[]).await;
        browser.sees("What can this key do?").await;
    })
    .await;
}

#[tokio::test]
async fn many_are_disabled_at_once_after_a_question() {
    at_console(async |desk| {
        let mut keys = Vec::new();
        for number in 0..3 {
            keys.push(desk.key(&format!("till-{number}")).await);
        }
        let browser = &desk.browser;
        browser.open("/keys").await;
        browser.choose("With the chosen", "Disable").await;
        browser.press("Continue").await;
        browser.sees("No key was chosen").await;
        browser.open("/keys").await;
        browser.tick("Choose till-0").await;
        browser.tick("Choose till-2").await;
        browser.choose("With the chosen", "Disable").await;
        browser.press("Continue").await;
        browser.sees("Disable 2 keys?").await;
        assert_eq!(desk.signed(&keys[0], "GET", "/echo").await, 200, "not before the question");
        browser.press("Disable 2 keys").await;
        browser.sees("Done for all of them").await;
        for (key, status) in keys.iter().zip([401, 200, 401]) {
            assert_eq!(desk.signed(key, "GET", "/echo").await, status);
        }
        for name in ["Choose till-0", "Choose till-1"] {
            browser.tick(name).await;
        }
        browser.choose("With the chosen", "Delete").await;
        browser.press("Continue").await;
        browser.press("Delete 2 keys").await;
        browser.sees("Done for all of them").await;
        let left = desk.show("/v1/keys").await;
        assert_eq!(left["items"].as_array().unwrap().len(), 1);
    })
    .await;
}

#[tokio::test]
async fn the_hundred_and_first_key_is_refused() {
    at_console(async |desk| {
        for number in 0..99 {
            desk.key(&format!("till-{number}")).await;
        }
        let browser = &desk.browser;
        // The form was opened while there was room for one more.
        browser.open("/keys").await;
        browser.sees("99 of 100").await;
        browser.press("New API key").await;
        desk.key("till-99").await;
        browser.fill("Application name", "One more").await;
        browser.fill("Developer name", "Grace").await;
        browser.tick_in("All other APIs", "Modify").await;
        browser.tick("A year").await;
        browser.press("Create").await;
        browser.sees("100 keys").await;
        assert!(!browser.source().await.contains("shown this once"));
        browser.open("/keys").await;
        browser.sees("100 of 100").await;
        let script = "return Array.from(document.querySelectorAll('button'))
            .find((button) => button.innerText === 'New API key').disabled";
        assert_eq!(browser.session.script(script, &[]).await, true);
        // Page by page, all of them are there once.
        let mut seen = std::collections::BTreeSet::new();
        loop {
            let script = "return Array.from(document.querySelectorAll('tbody tr'))
                .map((row) => row.dataset.href)";
            for row in browser.session.script(script, &[]).await.as_array().unwrap() {
                assert!(seen.insert(row.as_str().unwrap().to_owned()), "{row} is there twice");
            }
            if !browser.has("button", "Next page").await {
                break;
            }
            browser.press("Next page").await;
        }
        assert_eq!(seen.len(), 100);
        expect(desk.own("POST", "/v1/keys").json(&json!({ "name": "x" })), 409).await;
    })
    .await;
}
