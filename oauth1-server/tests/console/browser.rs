//! What somebody sees in a browser.

use std::time::{Duration, Instant};

use serde_json::{Value as Json, json};
use tokio::time::sleep;

use crate::webdriver::Session;

/// One browser, at one site.
pub struct Browser {
    pub session: Session,
    /// Scheme, host and port.
    pub origin: String,
}

/// What a page is seen with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Look {
    pub width: u32,
    pub height: u32,
    pub dark: bool,
}

impl Browser {
    pub fn new(session: Session, origin: String) -> Self {
        Self { session, origin }
    }

    /// Loads a page and waits until it is there.
    pub async fn open(&self, path: &str) {
        let url = format!("{}{path}", self.origin);
        self.session.command("url", json!({ "url": url })).await;
    }

    pub async fn reload(&self) {
        self.session.command("refresh", json!({})).await;
    }

    pub async fn back(&self) {
        self.session.command("back", json!({})).await;
    }

    /// The path and query of the page.
    pub async fn path(&self) -> String {
        let url = self.session.read("url").await;
        let url = url.as_str().unwrap();
        url.strip_prefix(&self.origin).unwrap_or(url).to_owned()
    }

    /// All that can be read on the page.
    pub async fn text(&self) -> String {
        let text = self.session.script("return document.body?.innerText ?? ''", &[]).await;
        text.as_str().unwrap().split_whitespace().collect::<Vec<_>>().join(" ")
    }

    /// The document as it is now.
    pub async fn source(&self) -> String {
        self.session.read("source").await.as_str().unwrap().to_owned()
    }

    pub async fn heading(&self) -> String {
        let script = "return document.querySelector('h1')?.innerText ?? ''";
        self.session.script(script, &[]).await.as_str().unwrap().to_owned()
    }

    /// Waits until the page says this.
    pub async fn sees(&self, words: &str) {
        let words = words.split_whitespace().collect::<Vec<_>>().join(" ");
        let start = Instant::now();
        loop {
            let text = self.text().await;
            if text.contains(&words) {
                return;
            }
            if start.elapsed() > SOON {
                panic!("{:?} is not on {}: {text}", words, self.path().await);
            }
            sleep(A_MOMENT).await;
        }
    }

    /// Checks that the page does not say this.
    pub async fn lacks(&self, words: &str) {
        let text = self.text().await;
        assert!(!text.contains(words), "{words:?} is on {}: {text}", self.path().await);
    }

    /// Waits until this is the path of the page.
    pub async fn arrives(&self, start_of_path: &str) {
        let start = Instant::now();
        while !self.path().await.starts_with(start_of_path) {
            if start.elapsed() > SOON {
                let (path, text) = (self.path().await, self.text().await);
                panic!("at {path}, not {start_of_path}: {text}");
            }
            sleep(A_MOMENT).await;
        }
    }

    /// The text of an element with this id.
    pub async fn text_of(&self, id: &str) -> String {
        let start = Instant::now();
        let script = "return document.getElementById(arguments[0])?.textContent ?? null";
        loop {
            if let Some(text) = self.session.script(script, &[json!(id)]).await.as_str() {
                return text.to_owned();
            }
            if start.elapsed() > SOON {
                panic!("no #{id} on {}: {}", self.path().await, self.text().await);
            }
            sleep(A_MOMENT).await;
        }
    }

    /// From now on, scripts of pages do not run.
    pub async fn without_scripts(&self) {
        let value = json!({ "value": true });
        self.session.devtools("Emulation.setScriptExecutionDisabled", value).await;
    }

    /// Lets pages use the clipboard, and gives them the focus that takes.
    pub async fn allow_clipboard(&self) {
        let permissions = ["clipboardReadWrite", "clipboardSanitizedWrite"];
        let allowed = json!({ "origin": self.origin, "permissions": permissions });
        self.session.devtools("Browser.grantPermissions", allowed).await;
        let focus = json!({ "enabled": true });
        self.session.devtools("Emulation.setFocusEmulationEnabled", focus).await;
    }

    pub async fn clipboard(&self) -> String {
        let script = "const done = arguments[0];
            navigator.clipboard.readText().then(done, (error) => done('failed: ' + error))";
        let body = json!({ "script": script, "args": [] });
        self.session.command("execute/async", body).await.as_str().unwrap().to_owned()
    }

    pub async fn look(&self, look: Look) {
        let size = json!({
            "width": look.width, "height": look.height, "deviceScaleFactor": 1,
            "mobile": look.width < 600,
        });
        self.session.devtools("Emulation.setDeviceMetricsOverride", size).await;
        let value = if look.dark { "dark" } else { "light" };
        let features = json!([{ "name": "prefers-color-scheme", "value": value }]);
        let media = json!({ "media": "screen", "features": features });
        self.session.devtools("Emulation.setEmulatedMedia", media).await;
    }

    /// The value of the session cookie.
    pub async fn cookie(&self) -> Option<Json> {
        let cookies = self.session.read("cookie").await;
        let mut cookies = cookies.as_array().unwrap().iter();
        cookies.find(|cookie| cookie["name"] == COOKIE).cloned()
    }

    pub async fn set_cookie(&self, value: &str) {
        let cookie = json!({
            "name": COOKIE, "value": value, "path": "/", "httpOnly": true, "sameSite": "Strict",
        });
        self.session.command("cookie", json!({ "cookie": cookie })).await;
    }

    /// What the browser complained of: blocked by the policy of the page, or a failed script.
    /// That an answer was not 200 is said as well, and hints; they are no complaints.
    pub async fn complaints(&self) -> Vec<String> {
        let entries = self.session.command("se/log", json!({ "type": "browser" })).await;
        let entries = entries.as_array().unwrap().iter();
        let entries = entries.filter(|entry| {
            let stopped = entry["source"] == "security" || entry["source"] == "javascript";
            stopped || (entry["level"] == "SEVERE" && entry["source"] != "network")
        });
        entries.map(|entry| format!("{}: {}", entry["source"], entry["message"])).collect()
    }
}

pub const COOKIE: &str = "oauth1-session";
pub const DESKTOP: Look = Look { width: 1280, height: 900, dark: false };
pub const PHONE: Look = Look { width: 390, height: 844, dark: false };

/// How long a page may take to change.
pub const SOON: Duration = Duration::from_secs(20);
pub const A_MOMENT: Duration = Duration::from_millis(50);
