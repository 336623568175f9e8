//! Tokens of keys: short-lived ones, made by people or by the application itself.

use axum::extract::{Path, State};
use serde_json::{Value as Json, json};

use super::{
    RestState,
    answer::{self, Answer},
    asker::Asker,
    fields::Fields,
    input::Input,
    json,
    problem::Problem,
};
use crate::management::{CreatedToken, NewToken};

pub(super) async fn list(
    State(state): State<RestState>,
    Path(key): Path<String>,
    input: Input,
) -> Answer {
    let caller = input.caller()?;
    let mut query = input.query()?;
    let (limit, after) = (query.limit(), query.text("after"));
    query.end()?;
    let page = state.management().keys().tokens(caller, &key, after.as_deref(), limit).await?;
    answer::page(page.tokens.iter().map(json::token).collect(), page.next.as_deref())
}

pub(super) async fn create(
    State(state): State<RestState>,
    Path(key): Path<String>,
    input: Input,
) -> Answer {
    let caller = input.caller()?;
    input.no_query()?;
    let new = new_token(input.optional_body()?)?;
    let made = state.management().keys().mint(caller, &key, &new).await?;
    created(&made)
}

/// Signed by the key itself, without a token.
pub(super) async fn create_own(State(state): State<RestState>, input: Input) -> Answer {
    let Asker::Application(app_key) = &input.content.asker else {
        return Err(Problem {
            detail: "sign the request with the app key and app secret, without a token".to_owned(),
            ..Problem::unauthenticated()
        });
    };
    input.no_query()?;
    let new = new_token(input.optional_body()?)?;
    let address = input.content.address.as_deref();
    let made = state.management().keys().mint_own(app_key, address, &new).await?;
    created(&made)
}

pub(super) async fn revoke(
    State(state): State<RestState>,
    Path((key, token)): Path<(String, String)>,
    input: Input,
) -> Answer {
    let caller = input.caller()?;
    input.no_query()?;
    input.no_body()?;
    state.management().keys().revoke(caller, &key, &token).await?;
    answer::done()
}

fn new_token(mut body: Fields) -> Result<NewToken, Problem> {
    let new = NewToken { lifetime: body.number("lifetime"), scopes: body.texts("scopes") };
    body.end()?;
    Ok(new)
}

fn created(made: &CreatedToken) -> Answer {
    let mut object = json::token(&made.token);
    object["app_key"] = json!(made.app_key);
    object["token_secret"] = Json::from(made.credentials.secret().expose());
    Ok(answer::json(http::StatusCode::CREATED, &object))
}
