//! Everything that makes or takes secrets through `/v1`.

use std::time::{Duration, Instant};

use serde_json::{Value as Json, json};
use tokio::time::sleep;

use crate::desk::{Desk, text};

/// Keys that requests are signed with, with their four values.
pub struct Keys {
    pub bot: Json,
    /// With a role.
    pub manager: Json,
    /// From addresses that nobody has.
    pub elsewhere: Json,
    pub disabled: Json,
    /// A token of the first key, which is revoked.
    pub revoked: Json,
    pub given_password: String,
    pub made_password: String,
}

impl Desk {
    /// Makes the first person, with the code that the first start prints or that a command makes,
    /// and signs in.
    pub async fn first_person(&mut self, printed: bool) {
        if printed {
            let code = self.printed_code().await;
            self.secret("printed setup code", &code);
        }
        let made = self.run_making(&["setup-code"], "");
        let code = text(&made, "setup_code").to_owned();
        self.secret("setup code as it is hashed", &code.replace('-', ""));
        for secret in [PASSWORD, WRONG, NEW_PASSWORD] {
            self.secret("password", secret);
        }
        self.secret(TYPED_AS_NAME, AS_NAME);
        let body = |code: &str| json!({ "code": code, "name": "ada", "password": PASSWORD });
        let post = |path: &str, body: Json| self.request("POST", path).json(&body);
        self.ask(post("/v1/setup", body(WRONG)), 403).await;
        self.ask(post("/v1/setup", body(&code)), 201).await;
        self.ask(post("/v1/setup", body(&code)), 409).await;
        let sign_in = |name: &str, password: &str| {
            post("/v1/session", json!({ "name": name, "password": password }))
        };
        self.ask(sign_in("ada", WRONG), 401).await;
        self.ask(sign_in(AS_NAME, WRONG), 401).await;
        self.ask(post("/v1/session", json!({ "name": "ada", "pass": PASSWORD })), 422).await;
        self.ask(post("/v1/session", json!({ "name": "ada", "password": [WRONG] })), 422).await;
        let broken = format!("{{\"name\": \"ada\", \"password\": \"{WRONG}\"");
        let broken = self.request("POST", "/v1/session").body(broken);
        self.ask(broken.header("content-type", "application/json"), 400).await;

        let answer = sign_in("ada", PASSWORD).send().await.unwrap();
        let cookie = answer.headers()["set-cookie"].to_str().unwrap().to_owned();
        let value = cookie.strip_prefix("oauth1-session=").unwrap();
        self.cookie = value.split(';').next().unwrap().to_owned();
        self.keep("answer", answer.text().await.unwrap().as_bytes());
        self.secret("session", &self.cookie.clone());
        self.ask(self.own("POST", STEP_UP).json(&json!({ "password": WRONG })), 403).await;
        self.ask(self.own("POST", STEP_UP).json(&json!({ "password": PASSWORD })), 200).await;
        let cookie = format!("oauth1-session={}", self.cookie);
        let forged = self.request("POST", "/v1/keys").header("cookie", cookie);
        self.ask(forged.json(&json!({})), 403).await;
    }

    async fn printed_code(&self) -> String {
        let start = Instant::now();
        loop {
            let log = self.server.log();
            let line = log.split_inclusive('\n').find(|line| line.contains("with the setup code "));
            if let Some(line) = line.and_then(|line| line.strip_suffix('\n')) {
                return line.rsplit(' ').next().unwrap().to_owned();
            }
            assert!(start.elapsed() < PATIENCE, "no code was printed");
            sleep(Duration::from_millis(10)).await;
        }
    }

    async fn made(&mut self, path: &str, body: Json) -> Json {
        self.make(self.own("POST", path).json(&body)).await
    }

    pub async fn routes(&mut self) -> Keys {
        let switch = json!({ "basic_auth": true, "secret_reveal": "step_up" });
        self.ask(self.own("PATCH", "/v1/settings").json(&switch), 200).await;
        let key = |name: &str| json!({ "name": name, "scopes": ["echo:view"] });

        // The answer to an Idempotency-Key holds the secrets again.
        let call = || self.own("POST", "/v1/keys").header("idempotency-key", "first");
        let (first, again) = (call().json(&key("canary-bot")), call().json(&key("canary-bot")));
        let bot = self.make(first).await;
        assert_eq!(self.make(again).await, bot);
        let call = || self.own("POST", "/v1/keys/canary-bot/rotate");
        let call = || call().header("idempotency-key", "second").json(&json!({ "grace": 600 }));
        let (first, again) = (call(), call());
        let bot = self.make(first).await;
        assert_eq!(self.make(again).await, bot);
        let only = json!({ "only": "app_secret", "grace": 0 });
        self.made("/v1/keys/canary-bot/rotate", only).await;
        let bot = self.make(self.own("POST", "/v1/keys/canary-bot/regenerate")).await;

        let mut revoked = self.made("/v1/keys/canary-bot/tokens", json!({})).await;
        self.made("/v1/keys/canary-bot/tokens", json!({ "lifetime": 60 })).await;
        revoked["app_secret"] = bot["app_secret"].clone();
        let path = format!("/v1/keys/canary-bot/tokens/{}", text(&revoked, "access_token"));
        self.ask(self.own("DELETE", &path), 204).await;
        for which in ["app_secret", "token_secret"] {
            let body = json!({ "secret": which });
            let revealed = self.made("/v1/keys/canary-bot/reveal", body).await;
            assert_eq!(revealed["value"], bot[which]);
        }

        let manager = json!({ "name": "manager", "role": "key_manager" });
        let manager = self.made("/v1/keys", manager).await;
        let mut elsewhere = key("elsewhere");
        elsewhere["ip_allow"] = json!(["192.0.2.0/24"]);
        let elsewhere = self.made("/v1/keys", elsewhere).await;
        let disabled = self.made("/v1/keys", key("disabled")).await;
        let off = self.own("PATCH", "/v1/keys/disabled").json(&json!({ "enabled": false }));
        self.ask(off, 200).await;
        self.made("/v1/keys", key("deleted")).await;
        self.ask(self.own("DELETE", "/v1/keys/deleted"), 204).await;

        let (given_password, made_password) = self.basic().await;
        self.people().await;
        Keys { bot, manager, elsewhere, disabled, revoked, given_password, made_password }
    }

    async fn basic(&mut self) -> (String, String) {
        let given = "given+basic/password=1 &";
        self.secret("given Basic password", given);
        let body = json!({ "name": "given-till", "password": PASSWORD });
        self.ask(self.own("POST", BASIC).json(&body), 201).await;
        let path = "/v1/basic-credentials/given-till/password";
        self.ask(self.own("POST", path).json(&json!({ "password": given })), 200).await;
        let made = json!({ "name": "oauth-till" });
        self.make(self.own("POST", BASIC).header("idempotency-key", "third").json(&made)).await;
        let path = "/v1/basic-credentials/oauth-till/password";
        let made = self.make(self.own("POST", path)).await;
        (given.to_owned(), text(&made, "password").to_owned())
    }

    async fn people(&self) {
        let bob = json!({ "name": "bob", "role": "auditor", "password": PASSWORD });
        let call = self.own("POST", "/v1/people").header("idempotency-key", "fourth");
        self.ask(call.json(&bob), 201).await;
        let call = self.own("PUT", "/v1/people/bob/password");
        self.ask(call.json(&json!({ "password": NEW_PASSWORD })), 204).await;
        let call = self.own("PUT", "/v1/people/nobody/password");
        self.ask(call.json(&json!({ "password": NEW_PASSWORD })), 404).await;
    }

    /// What is written soon.
    async fn look_until(&self, path: &str, words: &[&str]) {
        let start = Instant::now();
        loop {
            let found = self.look(path).await.to_string();
            let Some(missing) = words.iter().find(|word| !found.contains(**word)) else { return };
            assert!(start.elapsed() < PATIENCE, "{missing} in {found}");
            sleep(Duration::from_millis(100)).await;
        }
    }

    /// All that can be read afterwards, once the refusals are written.
    pub async fn look_at_everything(&self, keys: &Keys) {
        self.look_until("/v1/keys/canary-bot/refusals", &REASONS).await;
        self.look_until("/v1/refusals", &["basic_refused", "consumer_key_unknown"]).await;
        let audit = self.look("/v1/audit?limit=200").await.to_string();
        for action in
            ["key.create", "key.rotate", "key.reveal", "basic.password", "session.step_up"]
        {
            assert!(audit.contains(action), "{action} in {audit}");
        }
        let id = text(&keys.bot, "id");
        for path in [
            "/v1/keys?limit=100",
            &format!("/v1/keys/{id}"),
            &format!("/v1/keys/{id}/tokens"),
            &format!("/v1/keys/{id}/addresses"),
            "/v1/keys/elsewhere/refusals",
            "/v1/keys/disabled/refusals",
            "/v1/people",
            "/v1/people/bob",
            "/v1/basic-credentials",
            "/v1/basic-credentials/oauth-till",
            "/v1/roles",
            "/v1/accounts",
            "/v1/settings",
            "/v1/catalogue",
            "/v1/session",
            "/v1/setup",
            "/v1/openapi.json",
        ] {
            assert!(self.look(path).await.is_object(), "{path}");
        }
        for path in ["/metrics", "/readyz?verbose", "/livez"] {
            self.look(path).await;
        }
        self.ask(self.own("DELETE", "/v1/session"), 204).await;
        self.ask(self.own("GET", "/v1/keys"), 401).await;
    }
}

const REASONS: [&str; 7] = [
    "timestamp_refused",
    "scope_denied",
    "token_required",
    "nonce_used",
    "signature_invalid",
    "token_revoked",
    "signature_method_rejected",
];
const PATIENCE: Duration = Duration::from_secs(60);
const BASIC: &str = "/v1/basic-credentials";
const STEP_UP: &str = "/v1/session/step-up";
const PASSWORD: &str = "correct+horse/battery=of ada &";
const NEW_PASSWORD: &str = "another+horse/battery=of bob &";
/// A password that was typed where the name belongs.
pub const TYPED_AS_NAME: &str = "password typed as a name";
const AS_NAME: &str = "misplaced+horse/battery=of ada &";
const WRONG: &str = "mistaken+horse/battery=never &";
