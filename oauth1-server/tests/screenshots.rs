//! Pictures of every page, for who reads about the console: `docs/PAGE-{desktop,phone}-{light,dark}.webp`.
//!
//! They are made anew by
//! `cargo test -p oauth1-server --features server --test screenshots screenshots`:
//! the first screen of each. With `OAUTH1_SCREENSHOTS=DIRECTORY`, whole pages, for who builds them.

#![allow(clippy::unwrap_used, clippy::expect_used, unreachable_pub, dead_code)]

#[path = "console/application.rs"]
mod application;
#[path = "console/browser.rs"]
mod browser;
#[path = "console/card.rs"]
mod card;
#[path = "console/consent.rs"]
mod consent;
#[path = "console/debugger.rs"]
mod debugger;
#[path = "console/desk.rs"]
mod desk;
#[path = "console/hands.rs"]
mod hands;
#[path = "console/setup.rs"]
mod setup;
#[path = "console/snippets.rs"]
mod snippets;
#[path = "console/webdriver.rs"]
mod webdriver;
#[path = "console/world.rs"]
mod world;
#[path = "console/xss.rs"]
mod xss;

use std::{
    env, fs,
    path::{Path, PathBuf},
};

use base64::{Engine, engine::general_purpose::STANDARD};
use serde_json::json;

use crate::{
    browser::{Browser, DESKTOP, Look, PHONE},
    desk::{PASSWORD, at_first_start},
    world::world,
};

#[tokio::test]
async fn screenshots() {
    let elsewhere = env::var_os("OAUTH1_SCREENSHOTS").map(PathBuf::from);
    let screens = if elsewhere.is_some() { 10 } else { 1 };
    let directory = elsewhere.unwrap_or_else(|| Path::new(env!("CARGO_MANIFEST_DIR")).join("docs"));
    fs::create_dir_all(&directory).unwrap();
    at_first_start(&[], async |desk| {
        let camera = Camera { directory, screens };
        let hidden = json!({ "hidden": true });
        desk.browser.session.devtools("Emulation.setScrollbarsHidden", hidden).await;
        desk.browser.open("/setup").await;
        camera.take(&desk.browser, "setup").await;
        desk.set_up().await;
        desk.browser.open("/keys").await;
        camera.take(&desk.browser, "keys-first").await;
        let world = world(desk).await;
        let browser = &desk.browser;
        for (name, path) in world.pages() {
            browser.open(&path).await;
            camera.take(browser, name).await;
        }
        browser.open("/nothing-here").await;
        camera.take(browser, "not-found").await;

        browser.open("/keys/new").await;
        browser.session.script("document.querySelector('form.form').submit()", &[]).await;
        browser.sees("Say who builds").await;
        camera.take(browser, "key-new-errors").await;
        card::create(browser, "Till 8, Hamburg").await;
        camera.take(browser, "card").await;

        browser.open(&format!("/keys/{}/reveal?secret=app_secret", world.id())).await;
        browser.press("Reveal").await;
        camera.take(browser, "key-revealed").await;
        browser.open("/keys").await;
        browser.tick("Choose Warehouse sync").await;
        browser.tick("Choose Chat bot").await;
        browser.press("Continue").await;
        camera.take(browser, "keys-bulk").await;
        crate::debugger::mistake(desk, &world.key).await;
        camera.take(&desk.browser, "debugger-mistake").await;
        crate::debugger::compare(desk, &world.key).await;
        camera.take(browser, "debugger-difference").await;
        let rotating = desk.show("/v1/keys?search=chat-bot").await;
        let id = rotating["items"][0]["id"].as_str().unwrap();
        browser.open(&format!("/keys/{id}/rotate")).await;
        camera.take(browser, "key-rotating").await;

        desk.become_new("margaret", "auditor").await;
        browser.open("/people").await;
        camera.take(browser, "not-permitted").await;
        crate::setup::sign_out_as(browser, "margaret").await;
        browser.open("/sign-in?next=%2Fkeys").await;
        camera.take(browser, "sign-in").await;
        desk.sign_in("ada", &PASSWORD.replace(' ', "")).await;
        browser.sees("wrong").await;
        camera.take(browser, "sign-in-wrong").await;
        consent::each_page(desk, async |browser, page| camera.take(browser, page).await).await;
    })
    .await;
}

struct Camera {
    directory: PathBuf,
    /// How far a page is scrolled at most.
    screens: u64,
}

impl Camera {
    async fn take(&self, browser: &Browser, page: &str) {
        for (size, look) in [("desktop", DESKTOP), ("phone", PHONE)] {
            for (theme, dark) in [("light", false), ("dark", true)] {
                browser.look(Look { dark, ..look }).await;
                let script = "return document.documentElement.scrollHeight";
                let height = browser.session.script(script, &[]).await.as_u64().unwrap();
                let height =
                    height.clamp(look.height.into(), self.screens * u64::from(look.height));
                let parameters = json!({ "format": "webp", "quality": 80,
                    "captureBeyondViewport": true, "clip": {
                    "x": 0, "y": 0, "width": look.width, "height": height, "scale": 1,
                } });
                let taken = browser.session.devtools("Page.captureScreenshot", parameters).await;
                let picture = STANDARD.decode(taken["data"].as_str().unwrap()).unwrap();
                let name = format!("{page}-{size}-{theme}.webp");
                fs::write(self.directory.join(name), picture).unwrap();
            }
        }
        browser.look(DESKTOP).await;
    }
}
