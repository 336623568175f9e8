//! `/v1/keys`.

use axum::extract::{Path, State};
use serde_json::{Value as Json, json};

use super::{
    RestState,
    answer::{self, Answer},
    input::Input,
    json, key_input,
};
use crate::management::{CreatedKey, KeyFilter, KeyOrder, KeyState};

pub(super) async fn list(State(state): State<RestState>, input: Input) -> Answer {
    let caller = input.caller()?;
    let mut query = input.query()?;
    let filter = KeyFilter {
        account: query.text("account"),
        state: query.word("state", &KeyState::ALL.map(|state| (state.as_str(), state))),
        environment: query.text("environment"),
        scope: query.text("scope"),
        created_by: query.text("created_by"),
        expires_before: query.time("expires_before"),
        never_expires: query.flag("never_expires").unwrap_or_default(),
        unused_since: query.time("unused_since"),
        open_to_all: query.flag("open_to_all").unwrap_or_default(),
        search: query.text("search"),
        order: query.word("sort", &SORTS).unwrap_or_default(),
    };
    let (limit, after) = (query.limit(), query.text("after"));
    query.end()?;
    let page = state.management().keys().list(caller, &filter, after.as_deref(), limit).await?;
    answer::page(page.keys.iter().map(json::key).collect(), page.next.as_deref())
}

pub(super) async fn create(State(state): State<RestState>, input: Input) -> Answer {
    let caller = input.caller()?;
    input.no_query()?;
    let new = key_input::new_key(&state, caller, input.body()?).await?;
    let made = state.management().keys().create(caller, &new).await?;
    answer::created(&location(&made.key.id), &with_secrets(&made), made.key.version)
}

pub(super) async fn show(
    State(state): State<RestState>,
    Path(key): Path<String>,
    input: Input,
) -> Answer {
    let caller = input.caller()?;
    input.no_query()?;
    let key = state.management().keys().show(caller, &key).await?;
    answer::versioned(&json::key(&key), key.version)
}

pub(super) async fn update(
    State(state): State<RestState>,
    Path(key): Path<String>,
    input: Input,
) -> Answer {
    let caller = input.caller()?;
    input.no_query()?;
    let change = key_input::change(&state, caller, &key, input.body()?).await?;
    let key = state.management().keys().update(caller, &key, &change, input.version()).await?;
    answer::versioned(&json::key(&key), key.version)
}

pub(super) async fn delete(
    State(state): State<RestState>,
    Path(key): Path<String>,
    input: Input,
) -> Answer {
    let caller = input.caller()?;
    input.no_query()?;
    input.no_body()?;
    state.management().keys().delete(caller, &key, input.version()).await?;
    answer::done()
}

/// A key with its four values, this once.
pub(super) fn with_secrets(made: &CreatedKey) -> Json {
    let CreatedKey { key, credentials } = made;
    let mut object = json::key(key);
    object["access_token"] = json!(credentials.token.identifier());
    object["app_secret"] =
        if key.rsa { Json::Null } else { json!(credentials.client.secret().expose()) };
    object["token_secret"] = json!(credentials.token.secret().expose());
    object
}

fn location(id: &str) -> String {
    format!("/v1/keys/{id}")
}

const SORTS: [(&str, KeyOrder); 4] = [
    ("newest", KeyOrder::Newest),
    ("name", KeyOrder::Name),
    ("last_used", KeyOrder::LastUsed),
    ("expires", KeyOrder::Expires),
];
