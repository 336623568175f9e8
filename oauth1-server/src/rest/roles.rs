//! `/v1/roles`.

use axum::extract::{Path, State};

use super::{
    RestState,
    answer::{self, Answer},
    input::Input,
    json,
};
use crate::management::{NewRole, RoleChange};

pub(super) async fn list(State(state): State<RestState>, input: Input) -> Answer {
    let caller = input.caller()?;
    input.no_query()?;
    let roles = state.management().roles().list(caller).await?;
    answer::page(roles.iter().map(json::role).collect(), None)
}

pub(super) async fn create(State(state): State<RestState>, input: Input) -> Answer {
    let caller = input.caller()?;
    input.no_query()?;
    let mut body = input.body()?;
    let new = NewRole {
        name: body.needed_text("name"),
        display_name: body.text("display_name"),
        permissions: body.texts("permissions").unwrap_or_default(),
        account: body.nullable_text("account").flatten(),
    };
    body.end()?;
    let role = state.management().roles().create(caller, &new).await?;
    let location = format!("/v1/roles/{}", role.id);
    answer::created(&location, &json::role(&role), role.version)
}

pub(super) async fn show(
    State(state): State<RestState>,
    Path(role): Path<String>,
    input: Input,
) -> Answer {
    let caller = input.caller()?;
    input.no_query()?;
    let role = state.management().roles().show(caller, &role).await?;
    answer::versioned(&json::role(&role), role.version)
}

pub(super) async fn update(
    State(state): State<RestState>,
    Path(role): Path<String>,
    input: Input,
) -> Answer {
    let caller = input.caller()?;
    input.no_query()?;
    let mut body = input.body()?;
    let change = RoleChange {
        display_name: body.text("display_name"),
        permissions: body.texts("permissions"),
    };
    body.end()?;
    let role = state.management().roles().update(caller, &role, &change, input.version()).await?;
    answer::versioned(&json::role(&role), role.version)
}

pub(super) async fn delete(
    State(state): State<RestState>,
    Path(role): Path<String>,
    input: Input,
) -> Answer {
    let caller = input.caller()?;
    input.no_query()?;
    input.no_body()?;
    state.management().roles().delete(caller, &role, input.version()).await?;
    answer::done()
}
