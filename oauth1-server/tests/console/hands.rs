//! What somebody does in a browser: things are found by the names that they have for people.

use std::{slice::from_ref, time::Instant};

use serde_json::{Value as Json, json};
use tokio::time::sleep;

use crate::{
    browser::{A_MOMENT, Browser, SOON},
    webdriver::Element,
};

impl Browser {
    /// Types into a field, in place of what is there.
    pub async fn fill(&self, label: &str, value: &str) {
        let field = self.field(label).await;
        self.session.on(&field, "clear", json!({})).await;
        if !value.is_empty() {
            self.session.on(&field, "value", json!({ "text": value })).await;
        }
    }

    /// Puts a value that no keyboard types, such as a date or ten lines, into a field.
    pub async fn set(&self, label: &str, value: &str) {
        let field = self.field(label).await;
        let script = "arguments[0].value = arguments[1];
            for (const kind of ['input', 'change']) {
                arguments[0].dispatchEvent(new Event(kind, { bubbles: true }));
            }";
        self.session.script(script, &[field.0, json!(value)]).await;
    }

    /// Chooses in a list.
    pub async fn choose(&self, label: &str, option: &str) {
        let field = self.field(label).await;
        let script = "const [list, name] = arguments;
            const option = Array.from(list.options)
                .find((option) => option.text.trim().startsWith(name));
            if (!option) return Array.from(list.options).map((option) => option.text);
            option.selected = true;
            list.dispatchEvent(new Event('change', { bubbles: true }));
            return null;";
        let others = self.session.script(script, &[field.0, json!(option)]).await;
        assert!(others.is_null(), "{label} has no {option}, but {others}");
    }

    /// Ticks a box or one of some radio buttons.
    pub async fn tick(&self, label: &str) {
        self.set_tick(&self.field(label).await, true).await;
    }

    pub async fn untick(&self, label: &str) {
        self.set_tick(&self.field(label).await, false).await;
    }

    /// The same, in the part of the page that says `part`.
    pub async fn tick_in(&self, part: &str, label: &str) {
        self.set_tick(&self.find("field", label, part).await, true).await;
    }

    async fn set_tick(&self, field: &Element, ticked: bool) {
        if self.is_ticked(field).await != ticked {
            self.click(field).await;
        }
        assert_eq!(self.is_ticked(field).await, ticked);
    }

    async fn is_ticked(&self, field: &Element) -> bool {
        self.session.script("return arguments[0].checked", from_ref(&field.0)).await == true
    }

    pub async fn value(&self, label: &str) -> String {
        let field = self.field(label).await;
        let value = self.session.script("return arguments[0].value", &[field.0]).await;
        value.as_str().unwrap().to_owned()
    }

    pub async fn field(&self, label: &str) -> Element {
        self.find("field", label, "").await
    }

    /// Presses a button, or a link that looks like one.
    pub async fn press(&self, name: &str) {
        self.click(&self.find("button", name, "").await).await;
    }

    pub async fn press_in(&self, part: &str, name: &str) {
        self.click(&self.find("button", name, part).await).await;
    }

    pub async fn follow(&self, name: &str) {
        self.click(&self.find("link", name, "").await).await;
    }

    /// Follows a link in the part of the page, or the navigation, that says or is called `part`.
    pub async fn follow_in(&self, part: &str, name: &str) {
        self.click(&self.find("link", name, part).await).await;
    }

    /// Clicks, also on what the browser has to scroll to or is drawn by its label. Where that leads
    /// to another page, it is there afterwards.
    pub async fn click(&self, element: &Element) {
        let leads = self.session.script(LEADS, from_ref(&element.0)).await;
        if let Err(error) = self.session.try_on(element, "click", json!({})).await {
            let script = "return arguments[0].labels?.[0]";
            let label = self.session.script(script, from_ref(&element.0)).await;
            assert!(!label.is_null(), "{error}");
            self.session.on(&Element(label), "click", json!({})).await;
        }
        let start = Instant::now();
        let there = "return !window.__left && document.readyState === 'complete'";
        while leads == true
            && self.session.try_script(there).await != Ok(json!(true))
            && start.elapsed() < SOON
        {
            sleep(A_MOMENT).await;
        }
    }

    /// Keys, to what has the focus.
    pub async fn keys(&self, keys: &str) {
        let pressed = keys.chars().flat_map(|key| {
            ["keyDown", "keyUp"].map(|kind| json!({ "type": kind, "value": key.to_string() }))
        });
        let pressed: Vec<Json> = pressed.collect();
        let actions = json!({ "actions": [{ "type": "key", "id": "keys", "actions": pressed }] });
        self.session.command("actions", actions).await;
    }

    /// Whether there is such a thing now.
    pub async fn has(&self, kind: &str, name: &str) -> bool {
        !self.look_for(kind, name, "").await["found"].is_null()
    }

    /// What is there with a name for its user; waits for it.
    pub async fn find(&self, kind: &str, name: &str, part: &str) -> Element {
        let start = Instant::now();
        loop {
            let mut looked = self.look_for(kind, name, part).await;
            if !looked["found"].is_null() {
                return Element(looked["found"].take());
            }
            if start.elapsed() > SOON {
                let (path, text) = (self.path().await, self.text().await);
                panic!(
                    "no {kind} {name:?} {part:?} on {path}, but {}; it says: {text}",
                    looked["names"]
                );
            }
            sleep(A_MOMENT).await;
        }
    }

    async fn look_for(&self, kind: &str, name: &str, part: &str) -> Json {
        let arguments = [kind, name, part].map(|text| json!(text));
        self.session.script(include_str!("find.js"), &arguments).await
    }
}

/// Whether a click leads to another page; then this page is marked.
const LEADS: &str = "const [element] = arguments;
    element.scrollIntoView({ block: 'center' });
    const plain = (url) => String(url).split('#')[0];
    const link = element.closest('a[href]');
    const leads = link
        ? !link.hasAttribute('download') && plain(link.href) !== plain(location.href)
        : element.type === 'submit' && element.form !== null
            && (element.form.noValidate || element.form.checkValidity());
    if (leads) window.__left = true;
    return leads;";
