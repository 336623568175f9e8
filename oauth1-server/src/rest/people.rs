//! `/v1/people`.

use axum::extract::{Path, State};

use super::{
    RestState,
    answer::{self, Answer},
    input::Input,
    json,
};
use crate::management::{NewPerson, PersonChange};

pub(super) async fn list(State(state): State<RestState>, input: Input) -> Answer {
    let caller = input.caller()?;
    let mut query = input.query()?;
    let (limit, after) = (query.limit(), query.text("after"));
    query.end()?;
    let page = state.management().people().list(caller, after.as_deref(), limit).await?;
    answer::page(page.people.iter().map(json::person).collect(), page.next.as_deref())
}

pub(super) async fn create(State(state): State<RestState>, input: Input) -> Answer {
    let caller = input.caller()?;
    input.no_query()?;
    let mut body = input.body()?;
    let new = NewPerson {
        name: body.needed_text("name"),
        display_name: body.text("display_name"),
        account: body.nullable_text("account").flatten(),
        role: body.needed_text("role"),
        scopes: body.texts("scopes"),
        password: body.password("password"),
    };
    body.end()?;
    let person = state.management().people().create(caller, &new).await?;
    let location = format!("/v1/people/{}", person.id);
    answer::created(&location, &json::person(&person), person.version)
}

pub(super) async fn show(
    State(state): State<RestState>,
    Path(person): Path<String>,
    input: Input,
) -> Answer {
    let caller = input.caller()?;
    input.no_query()?;
    let person = state.management().people().show(caller, &person).await?;
    answer::versioned(&json::person(&person), person.version)
}

pub(super) async fn update(
    State(state): State<RestState>,
    Path(person): Path<String>,
    input: Input,
) -> Answer {
    let caller = input.caller()?;
    input.no_query()?;
    let mut body = input.body()?;
    let change = PersonChange {
        display_name: body.text("display_name"),
        role: body.text("role"),
        scopes: body.texts("scopes"),
        enabled: body.flag("enabled"),
    };
    body.end()?;
    let people = state.management().people();
    let person = people.update(caller, &person, &change, input.version()).await?;
    answer::versioned(&json::person(&person), person.version)
}

pub(super) async fn set_password(
    State(state): State<RestState>,
    Path(person): Path<String>,
    input: Input,
) -> Answer {
    let caller = input.caller()?;
    input.no_query()?;
    let mut body = input.body()?;
    let password = body.needed_password("password");
    body.end()?;
    state.management().people().set_password(caller, &person, &password).await?;
    answer::done()
}

pub(super) async fn delete(
    State(state): State<RestState>,
    Path(person): Path<String>,
    input: Input,
) -> Answer {
    let caller = input.caller()?;
    input.no_query()?;
    input.no_body()?;
    state.management().people().delete(caller, &person, input.version()).await?;
    answer::done()
}
