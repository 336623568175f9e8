//! What is done with one key: new secrets, a secret again, what it may do, what became of it.

use std::time::Duration;

use axum::extract::{Path, State};
use serde_json::json;

use super::{
    RestState,
    answer::{self, Answer},
    input::Input,
    json, keys,
};
use crate::management::{LONGEST_EXPLAIN_WINDOW, Rotation, Secret};

pub(super) async fn rotate(
    State(state): State<RestState>,
    Path(key): Path<String>,
    input: Input,
) -> Answer {
    let caller = input.caller()?;
    input.no_query()?;
    let mut body = input.optional_body()?;
    let words = [
        ("both", Rotation::Both),
        ("app_secret", Rotation::AppSecret),
        ("token_secret", Rotation::TokenSecret),
    ];
    let rotation = body.word("only", &words).unwrap_or_default();
    let grace = body.number("grace").unwrap_or(DAY);
    let seconds = u64::try_from(grace);
    if seconds.is_err() {
        body.fail("grace", "must be 0 seconds or more");
    }
    body.end()?;
    let grace = Duration::from_secs(seconds.unwrap_or_default());
    let rotated = state.management().keys().rotate(caller, &key, rotation, grace).await?;
    let mut object = json::key(&rotated.key);
    object["app_secret"] = json!(rotated.app_secret.as_ref().map(|secret| secret.expose()));
    object["token_secret"] = json!(rotated.token_secret.as_ref().map(|secret| secret.expose()));
    object["old_good_until"] = json::time(rotated.old_good_until);
    answer::versioned(&object, rotated.key.version)
}

pub(super) async fn finish_rotation(
    State(state): State<RestState>,
    Path(key): Path<String>,
    input: Input,
) -> Answer {
    let caller = input.caller()?;
    input.no_query()?;
    input.no_body()?;
    let key = state.management().keys().finish_rotation(caller, &key).await?;
    answer::versioned(&json::key(&key), key.version)
}

pub(super) async fn explain(
    State(state): State<RestState>,
    Path(key): Path<String>,
    input: Input,
) -> Answer {
    let caller = input.caller()?;
    input.no_query()?;
    let mut body = input.optional_body()?;
    let seconds = body.number("seconds").map(u64::try_from);
    if seconds.is_some_and(|seconds| seconds.is_err()) {
        body.fail("seconds", "must be from 1 to 3600");
    }
    body.end()?;
    let length = seconds
        .map_or(LONGEST_EXPLAIN_WINDOW, |seconds| Duration::from_secs(seconds.unwrap_or_default()));
    let key = state.management().keys().open_explain_window(caller, &key, length).await?;
    answer::versioned(&json::key(&key), key.version)
}

pub(super) async fn finish_explaining(
    State(state): State<RestState>,
    Path(key): Path<String>,
    input: Input,
) -> Answer {
    let caller = input.caller()?;
    input.no_query()?;
    input.no_body()?;
    let key = state.management().keys().close_explain_window(caller, &key).await?;
    answer::versioned(&json::key(&key), key.version)
}

pub(super) async fn regenerate(
    State(state): State<RestState>,
    Path(key): Path<String>,
    input: Input,
) -> Answer {
    let caller = input.caller()?;
    input.no_query()?;
    input.no_body()?;
    let made = state.management().keys().regenerate(caller, &key).await?;
    answer::versioned(&keys::with_secrets(&made), made.key.version)
}

pub(super) async fn reveal(
    State(state): State<RestState>,
    Path(key): Path<String>,
    input: Input,
) -> Answer {
    let caller = input.caller()?;
    input.no_query()?;
    let mut body = input.body()?;
    let words = [("app_secret", Secret::App), ("token_secret", Secret::Token)];
    let which = body.word("secret", &words);
    body.end()?;
    let Some(which) = which else {
        let missing = ("secret".to_owned(), "must be app_secret or token_secret".to_owned());
        return Err(super::problem::Problem::invalid(vec![missing]));
    };
    let secret = state.management().keys().reveal(caller, &key, which).await?;
    answer::ok(&json!({ "secret": which.as_str(), "value": secret.expose() }))
}

pub(super) async fn check(
    State(state): State<RestState>,
    Path(key): Path<String>,
    input: Input,
) -> Answer {
    let caller = input.caller()?;
    input.no_query()?;
    let mut body = input.body()?;
    let (method, path) = (body.needed_text("method"), body.needed_text("path"));
    let address = body.text("address").map(|text| text.parse());
    if address.as_ref().is_some_and(Result::is_err) {
        body.fail("address", "must be an address such as 192.0.2.7");
    }
    body.end()?;
    let address = address.and_then(Result::ok);
    let verdict = state.management().keys().check(caller, &key, &method, &path, address).await?;
    answer::ok(&json!({
        "allowed": verdict.is_allowed(), "by": verdict.by, "needs": verdict.needs,
        "reasons": verdict.reasons,
    }))
}

pub(super) async fn refusals(
    State(state): State<RestState>,
    Path(key): Path<String>,
    input: Input,
) -> Answer {
    let caller = input.caller()?;
    input.no_query()?;
    let refusals = state.management().keys().refusals(caller, Some(&key)).await?;
    answer::page(refusals.iter().map(json::refusal).collect(), None)
}

pub(super) async fn refusals_of_nobody(State(state): State<RestState>, input: Input) -> Answer {
    let caller = input.caller()?;
    input.no_query()?;
    let refusals = state.management().keys().refusals(caller, None).await?;
    answer::page(refusals.iter().map(json::refusal).collect(), None)
}

pub(super) async fn addresses(
    State(state): State<RestState>,
    Path(key): Path<String>,
    input: Input,
) -> Answer {
    let caller = input.caller()?;
    input.no_query()?;
    let seen = state.management().keys().addresses(caller, &key).await?;
    let addresses = seen.addresses.iter().map(|seen| {
        json!({
            "address": seen.address, "first_used_at": json::time(seen.first_used_at),
            "last_used_at": json::time(seen.last_used_at),
        })
    });
    answer::ok(&json!({
        "addresses": addresses.collect::<Vec<_>>(), "last_day": seen.last_day, "hint": seen.hint,
    }))
}

/// Seconds that old secrets stay good.
const DAY: i64 = 24 * 3600;
