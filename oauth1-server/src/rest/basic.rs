//! `/v1/basic-credentials`.

use axum::extract::{Path, State};
use serde_json::{Value as Json, json};

use super::{
    RestState,
    answer::{self, Answer},
    input::Input,
    json,
    problem::Problem,
};
use crate::management::{CreatedBasicCredential, NewBasicCredential};

pub(super) async fn list(State(state): State<RestState>, input: Input) -> Answer {
    let caller = input.caller()?;
    let mut query = input.query()?;
    let (limit, after) = (query.limit(), query.text("after"));
    query.end()?;
    let service = state.management().basic_credentials();
    let page = service.list(caller, after.as_deref(), limit).await?;
    answer::page(page.credentials.iter().map(json::basic).collect(), page.next.as_deref())
}

pub(super) async fn create(State(state): State<RestState>, input: Input) -> Answer {
    let caller = input.caller()?;
    input.no_query()?;
    let mut body = input.body()?;
    let new = NewBasicCredential {
        name: body.needed_text("name"),
        account: body.text("account"),
        scopes: body.texts("scopes"),
        password: body.password("password"),
    };
    body.end()?;
    let made = state.management().basic_credentials().create(caller, &new).await?;
    let location = format!("/v1/basic-credentials/{}", made.credential.id);
    answer::created(&location, &with_password(&made), made.credential.version)
}

pub(super) async fn show(
    State(state): State<RestState>,
    Path(name): Path<String>,
    input: Input,
) -> Answer {
    let caller = input.caller()?;
    input.no_query()?;
    let credential = state.management().basic_credentials().show(caller, &name).await?;
    answer::versioned(&json::basic(&credential), credential.version)
}

pub(super) async fn update(
    State(state): State<RestState>,
    Path(name): Path<String>,
    input: Input,
) -> Answer {
    let caller = input.caller()?;
    input.no_query()?;
    let mut body = input.body()?;
    let enabled = body.flag("enabled");
    body.end()?;
    let Some(enabled) = enabled else {
        let missing = ("enabled".to_owned(), "is missing".to_owned());
        return Err(Problem::invalid(vec![missing]));
    };
    let service = state.management().basic_credentials();
    let credential = service.set_enabled(caller, &name, enabled, input.version()).await?;
    answer::versioned(&json::basic(&credential), credential.version)
}

pub(super) async fn set_password(
    State(state): State<RestState>,
    Path(name): Path<String>,
    input: Input,
) -> Answer {
    let caller = input.caller()?;
    input.no_query()?;
    let mut body = input.optional_body()?;
    let password = body.password("password");
    body.end()?;
    let service = state.management().basic_credentials();
    let made = service.set_password(caller, &name, password.as_ref()).await?;
    answer::versioned(&with_password(&made), made.credential.version)
}

pub(super) async fn delete(
    State(state): State<RestState>,
    Path(name): Path<String>,
    input: Input,
) -> Answer {
    let caller = input.caller()?;
    input.no_query()?;
    input.no_body()?;
    state.management().basic_credentials().delete(caller, &name, input.version()).await?;
    answer::done()
}

/// A credential with its password, this once, if it was made here.
fn with_password(made: &CreatedBasicCredential) -> Json {
    let mut object = json::basic(&made.credential);
    object["password"] = json!(made.password.as_ref().map(|password| password.as_str()));
    object
}
