//! Every page, wide and light, narrow and dark: axe-core finds nothing that keeps people out, and
//! nothing has to be scrolled sideways.

use std::{collections::BTreeMap, env, fs};

use serde_json::{Value as Json, json};

use crate::{
    browser::{Browser, DESKTOP, Look, PHONE},
    card, consent, debugger,
    desk::at_console,
    webdriver::missing_here,
    world::{OUTSIDE, open, world},
};

#[tokio::test]
async fn pages_are_accessible() {
    let Some(axe) = env::var_os("OAUTH1_AXE").and_then(|file| fs::read_to_string(file).ok()) else {
        return missing_here("axe-core is missing: OAUTH1_AXE=FILE names its axe.min.js");
    };
    at_console(async |desk| {
        let world = world(desk).await;
        let browser = &desk.browser;
        // In every document from now on, whatever its policy says.
        let source = json!({ "source": axe });
        browser.session.devtools("Page.addScriptToEvaluateOnNewDocument", source).await;
        let mut found = Found::default();
        for (_, path) in world.pages() {
            open(browser, &path).await;
            found.look(browser, &path).await;
        }
        browser.open("/nothing-here").await;
        found.look(browser, "not found").await;
        // More is chosen from where there is more than one account.
        desk.made("/v1/accounts", json!({ "name": "north" })).await;
        for path in ["/keys", "/keys/new", "/people/new", "/settings", "/accounts"] {
            open(browser, path).await;
            found.look(browser, path).await;
        }
        card::create(browser, "Till 8").await;
        found.look(browser, "the card").await;
        browser.open("/keys/new").await;
        browser.session.script("document.querySelector('form.form').submit()", &[]).await;
        browser.sees("Say who builds").await;
        found.look(browser, "a form with errors").await;
        debugger::mistake(desk, &world.key).await;
        found.look(browser, "a mistake").await;
        browser.open(&format!("/keys/{}/refusals", world.id())).await;
        browser.press("Tell for an hour").await;
        found.look(browser, "an explain window").await;
        browser.session.devtools("Network.clearBrowserCookies", json!({})).await;
        for (_, path) in OUTSIDE {
            open(browser, path).await;
            found.look(browser, path).await;
        }
        consent::each_page(desk, async |browser, page| found.look(browser, page).await).await;
        println!("{} looks, {} violations of any impact", found.looks, found.all.len());
        assert!(found.all.is_empty(), "{:#?}", found.all);
    })
    .await;
}

#[derive(Default)]
struct Found {
    looks: u32,
    /// What is wrong, and where.
    all: BTreeMap<String, Vec<String>>,
}

impl Found {
    async fn look(&mut self, browser: &Browser, page: &str) {
        for look in [DESKTOP, Look { dark: true, ..PHONE }] {
            browser.look(look).await;
            self.looks += 1;
            self.run(browser, &format!("{page} at {}", look.width)).await;
        }
    }

    async fn run(&mut self, browser: &Browser, page: &str) {
        // Colours that still change would be measured on their way.
        let body = json!({ "script": RUN, "args": [] });
        let violations = browser.session.command("execute/async", body).await;
        let violations = violations.as_array().unwrap_or_else(|| panic!("{page}: {violations}"));
        for violation in violations {
            let what = |member: &str| violation[member].as_str().unwrap_or_default();
            let nodes = violation["nodes"].as_array().unwrap().iter();
            let nodes: Vec<&str> = nodes.filter_map(Json::as_str).collect();
            let text = format!("{} {}: {}", what("impact"), what("id"), what("help"));
            self.all.entry(text).or_default().push(format!("{page}: {}", nodes.join(" | ")));
        }
        let wide = browser.session.script(WIDE, &[]).await;
        if !wide.is_null() {
            let text = "serious: the page is wider than the window".to_owned();
            self.all.entry(text).or_default().push(format!("{page}: {wide}"));
        }
    }
}

const RUN: &str = "const done = arguments[0];
    document.getAnimations().forEach((animation) => {
        if (animation.effect.getComputedTiming().endTime === Infinity) animation.cancel();
        else animation.finish();
    });
    axe.run({ resultTypes: ['violations'] }).then(({ violations }) => done(violations.map(
        ({ id, impact, help, nodes }) => ({ id, impact, help, nodes: nodes.slice(0, 3).map(
            (node) => node.html.slice(0, 160) + ' ' + node.any.map((check) => check.message)
                .join(' ').slice(0, 200)) }))), (error) => done('' + error));";

/// What stands out to the right, if the page can be scrolled there.
const WIDE: &str = "const { scrollWidth, clientWidth } = document.documentElement;
    if (scrollWidth <= clientWidth) return null;
    const out = Array.from(document.querySelectorAll('body *'))
        .filter((element) => element.getBoundingClientRect().right > clientWidth
            && !element.closest('.scroll, pre')?.matches(':not(:scope)'));
    return [scrollWidth, clientWidth,
        ...out.slice(-3).map((element) => element.outerHTML.slice(0, 120))];";
