//! A console in use: keys in every state, people, roles, refusals. And its pages.

use serde_json::{Value as Json, json};
use sqlx::{AssertSqlSafe, Connection, SqliteConnection};

use crate::{
    browser::Browser,
    desk::{Desk, PASSWORD, authorization, expect, text},
};

/// Something of each kind, for the paths of pages.
pub struct World {
    /// The four values of a key that is used and refused, and its id.
    pub key: Json,
    pub person: String,
    pub role: String,
}

/// All that a console in use holds.
pub async fn world(desk: &Desk) -> World {
    let settings = json!({ "basic_auth": true, "secret_reveal": "step_up" });
    desk.change("/v1/settings", settings).await;
    for (name, display_name, developer, environment, scopes) in KEYS {
        let key = json!({
            "display_name": display_name, "developer_name": developer,
            "environment": environment, "scopes": scopes.split(' ').collect::<Vec<_>>(),
        });
        desk.key_with(name, key).await;
    }
    let day = |days: i64| json!(iso(now() + days * DAY));
    let change = |name: &str| format!("/v1/keys/{name}");
    desk.change(
        &change("till-berlin-07"),
        json!({
            "description": "Sales and returns of the shop at Alexanderplatz.",
            "attributes": { "till": "T07", "shop": "Berlin" },
            "ip_allow": ["127.0.0.1", "192.0.2.0/24"], "expires_at": day(200),
        }),
    )
    .await;
    desk.change(&change("warehouse-sync"), json!({ "expires_at": day(9) })).await;
    desk.change(&change("night-report"), json!({ "ip_allow": ["0.0.0.0/0"] })).await;
    desk.change(&change("loyalty-test"), json!({ "enabled": false })).await;
    let key = desk.made("/v1/keys/till-berlin-07/regenerate", json!({})).await;
    desk.made("/v1/keys/chat-bot/rotate", json!({ "grace": 86_400 })).await;
    desk.made("/v1/keys/till-berlin-07/tokens", json!({ "lifetime": 900 })).await;
    traffic(desk, &key).await;
    let role = json!({
        "name": "support", "display_name": "Support",
        "permissions": ["keys.read", "keys.update", "audit.read"],
    });
    let role = desk.made("/v1/roles", role).await;
    for (name, display_name, role) in PEOPLE {
        let person = json!({
            "name": name, "display_name": display_name, "role": role, "password": PASSWORD,
        });
        desk.made("/v1/people", person).await;
    }
    desk.change("/v1/people/frances", json!({ "enabled": false })).await;
    let person = desk.show("/v1/people/grace").await;
    let till = json!({ "name": "till-42", "password": PASSWORD });
    desk.made("/v1/basic-credentials", till).await;
    desk.made("/v1/basic-credentials", json!({ "name": "till-43" })).await;
    age(desk).await;
    World { key, person: text(&person, "id").to_owned(), role: text(&role, "id").to_owned() }
}

/// Requests that are accepted, and one for each common reason to refuse.
async fn traffic(desk: &Desk, key: &Json) {
    for path in ["/echo", "/echo?shop=Berlin", "/echo?page=2"] {
        assert_eq!(desk.signed(key, "GET", path).await, 200);
    }
    let mut wrong = key.clone();
    wrong["token_secret"] = json!("mistaken");
    assert_eq!(desk.signed(&wrong, "GET", "/echo?shop=Berlin").await, 401);
    assert_eq!(desk.signed(key, "DELETE", "/echo").await, 403);
    let url = desk.service("/echo");
    let header = authorization(key, "GET", &url);
    for status in [200, 401] {
        expect(desk.http.get(&url).header("authorization", &header), status).await;
    }
    let mut unknown = key.clone();
    unknown["app_key"] = json!("ak_of_another_server");
    assert_eq!(desk.signed(&unknown, "GET", "/echo").await, 401);
    let path = format!("/v1/keys/{}/refusals", text(key, "id"));
    for reason in ["signature_invalid", "scope_denied", "nonce_used"] {
        desk.shows(&path, reason).await;
    }
    desk.shows("/v1/refusals", "consumer_key_unknown").await;
    desk.shows(&format!("/v1/keys/{}", text(key, "id")), "127.0.0.1").await;
}

/// Sets times back: a key that has expired, others that were used long ago.
async fn age(desk: &Desk) {
    let now = now();
    for sql in [
        format!("UPDATE client SET expires_at = {} WHERE name = 'pilot-2025'", now - 40 * DAY),
        format!(
            "UPDATE client SET last_used_at = {}, last_used_address = '192.0.2.17'
             WHERE name IN ('pilot-2025', 'loyalty-test')",
            now - 120 * DAY
        ),
        format!(
            "UPDATE client SET last_used_at = {}, last_used_address = '198.51.100.4'
             WHERE name IN ('warehouse-sync', 'night-report', 'chat-bot')",
            now - DAY / 5
        ),
        "INSERT OR IGNORE INTO client_address
             SELECT id, last_used_address, last_used_at, last_used_at FROM client
             WHERE last_used_address IS NOT NULL"
            .to_owned(),
        format!("UPDATE client SET created_at = {} WHERE name <> 'loyalty-prod'", now - 150 * DAY),
    ] {
        execute(desk, &sql).await;
    }
}

/// Changes the database of a running server.
pub async fn execute(desk: &Desk, sql: &str) {
    let file = desk.site.data.join("credentials.sqlite3");
    let url = format!("sqlite:{}", file.display());
    let mut database = SqliteConnection::connect(&url).await.unwrap();
    sqlx::query(AssertSqlSafe(sql)).execute(&mut database).await.unwrap();
    database.close().await.unwrap();
}

impl World {
    pub fn id(&self) -> &str {
        text(&self.key, "id")
    }

    /// Every page that somebody with all rights can open, with a name for files.
    pub fn pages(&self) -> Vec<(&'static str, String)> {
        let key = |page: &str| format!("/keys/{}{page}", self.id());
        vec![
            ("keys", "/keys".into()),
            ("keys-never-expires", "/keys?health=never-expires".into()),
            ("keys-none", "/keys?q=nothing-is-called-this".into()),
            ("key-new", "/keys/new".into()),
            ("key", key("")),
            ("key-check", key("?method=DELETE&path=/v1/cloud-storage/objects/7#check")),
            ("key-privileges", key("/privileges")),
            ("key-settings", key("/settings")),
            ("key-tokens", key("/tokens")),
            ("key-rotate", key("/rotate")),
            ("key-regenerate", key("/regenerate")),
            ("key-delete", key("/delete")),
            ("key-reveal", key("/reveal?secret=app_secret")),
            ("key-refusals", key("/refusals")),
            ("basic", "/basic".into()),
            ("basic-new", "/basic/new".into()),
            ("basic-one", "/basic/till-42".into()),
            ("catalogue", "/catalogue".into()),
            ("people", "/people".into()),
            ("person-new", "/people/new".into()),
            ("person", format!("/people/{}", self.person)),
            ("roles", "/roles".into()),
            ("role-new", "/roles/new".into()),
            ("role", format!("/roles/{}", self.role)),
            ("accounts", "/accounts".into()),
            ("account-new", "/accounts/new".into()),
            ("settings", "/settings".into()),
            ("audit", "/audit".into()),
            ("refusals", "/refusals".into()),
            ("debugger", "/debugger".into()),
            ("me", "/me".into()),
            ("step-up", "/step-up?next=/keys".into()),
        ]
    }
}

/// Pages for who is not signed in.
pub const OUTSIDE: [(&str, &str); 1] = [("sign-in", "/sign-in?next=%2Fkeys")];

/// Opens a page and checks that it is one, not what stands in for it.
pub async fn open(browser: &Browser, path: &str) {
    browser.open(path).await;
    let script = "return performance.getEntriesByType('navigation')[0].responseStatus";
    let status = browser.session.script(script, &[]).await;
    assert_eq!(status, 200, "{path}: {}", browser.text().await);
    assert!(!browser.heading().await.is_empty(), "{path} has no heading");
}

pub fn now() -> i64 {
    i64::try_from(std::time::UNIX_EPOCH.elapsed().unwrap().as_millis()).unwrap()
}

fn iso(milliseconds: i64) -> String {
    jiff::Timestamp::from_millisecond(milliseconds).unwrap().to_string()
}

const KEYS: [(&str, &str, &str, &str, &str); 8] = [
    ("pilot-2025", "Pilot of 2025", "Ben Okafor", "test", "target-groups:view"),
    ("night-report", "Night report", "Data team", "production", "transaction:view"),
    ("chat-bot", "Chat bot", "Agentia GmbH", "production", "agent-interactions:user-login"),
    ("loyalty-test", "Loyalty app", "Mira Santos", "test", "target-groups:modify all:view"),
    ("warehouse-sync", "Warehouse sync", "Logistics", "production", "transaction:modify"),
    ("exporter", "Exporter of target groups", "Data team", "staging", "target-groups:view"),
    ("loyalty-prod", "Loyalty app", "Mira Santos", "production", "target-groups:modify"),
    (
        "till-berlin-07",
        "Till 7, Berlin",
        "Grace Hopper",
        "production",
        "transaction:modify all:view",
    ),
];
const PEOPLE: [(&str, &str, &str); 4] = [
    ("grace", "Grace Hopper", "key_manager"),
    ("edsger", "Edsger Dijkstra", "auditor"),
    ("frances", "Frances Allen", "admin"),
    ("barbara", "Barbara Liskov", "support"),
];
/// Milliseconds.
const DAY: i64 = 24 * 3600 * 1000;
