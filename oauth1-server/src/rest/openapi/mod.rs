//! The description of all routes, OpenAPI 3.1.

mod paths;
mod schemas;

use serde_json::{Map, Value as Json, json};

use super::{
    answer::{self, Answer},
    input::Input,
};

/// The OpenAPI document of the routes.
#[must_use]
pub fn document() -> Json {
    let mut paths = Map::new();
    for operation in paths::operations() {
        let item = paths.entry(operation.path).or_insert_with(|| json!({}));
        item[operation.method] = operation.to_json();
    }
    json!({
        "openapi": "3.1.0",
        "info": {
            "title": "oauth1-server", "version": env!("CARGO_PKG_VERSION"),
            "summary": "Issues and manages OAuth 1.0a keys.",
            "description": DESCRIPTION, "license": { "name": "MIT OR Apache-2.0" },
        },
        "servers": [{ "url": "/" }],
        "tags": TAGS.map(|(name, about)| json!({ "name": name, "description": about })),
        "security": [{ "session": [] }, { "session_https": [] }, { "signature": [] }],
        "paths": paths,
        "components": {
            "schemas": schemas::schemas(),
            "responses": { "Problem": {
                "description": "Not done; `detail` says what to do.",
                "headers": { "X-Request-Id": { "schema": { "type": "string" } } },
                "content": { "application/problem+json": {
                    "schema": { "$ref": "#/components/schemas/Problem" },
                } },
            } },
            "securitySchemes": {
                "session": { "type": "apiKey", "in": "cookie", "name": "oauth1-session",
                    "description": "From POST /v1/session, over plain HTTP on loopback." },
                "session_https": { "type": "apiKey", "in": "cookie",
                    "name": "__Host-oauth1-session",
                    "description": "From POST /v1/session, over HTTPS." },
                "signature": { "type": "apiKey", "in": "header", "name": "Authorization",
                    "description": "OAuth 1.0 (RFC 5849), signed with a key that has a role." },
            },
        },
    })
}

pub(super) async fn show(input: Input) -> Answer {
    input.no_query()?;
    answer::ok(&document())
}

const DESCRIPTION: &str = "Callers are people who are signed in (a session cookie), and keys with \
a role, which sign each request with OAuth 1.0 (RFC 5849). Changes with a cookie need \
`Sec-Fetch-Site: same-origin` or the `Origin` of this server. Times are UTC. Secrets stand in the \
answer that makes them and in no other. `If-Match` takes the `ETag` of what was read.";
const TAGS: [(&str, &str); 9] = [
    ("session", "Signing in."),
    ("keys", "Keys and their secrets."),
    ("tokens", "Short-lived tokens."),
    ("accounts", "Accounts, their settings and assignments."),
    ("people", "Who may sign in."),
    ("roles", "What people and keys may do."),
    ("basic", "Names and passwords instead of signatures."),
    ("audit", "Who did what, and what was refused."),
    ("description", "What there is."),
];
