//! `/v1/accounts`, `/v1/settings` (the caller's own account), `/v1/catalogue`.

use axum::extract::{Path, State};
use serde_json::{Value as Json, json};

use super::{
    RestState,
    answer::{self, Answer},
    fields::Fields,
    input::Input,
    json,
    problem::Problem,
};
use crate::{catalogue::Level, management::AccountChange};

pub(super) async fn settings(State(state): State<RestState>, input: Input) -> Answer {
    let caller = input.caller()?;
    input.no_query()?;
    let account = state.management().account(caller, None).await?;
    answer::versioned(&json::account(&account), account.version)
}

pub(super) async fn change_settings(State(state): State<RestState>, input: Input) -> Answer {
    change_of(&state, None, &input).await
}

pub(super) async fn list(State(state): State<RestState>, input: Input) -> Answer {
    let caller = input.caller()?;
    input.no_query()?;
    let accounts = state.management().accounts(caller).await?;
    answer::page(accounts.iter().map(json::account).collect(), None)
}

pub(super) async fn create(State(state): State<RestState>, input: Input) -> Answer {
    let caller = input.caller()?;
    input.no_query()?;
    let mut body = input.body()?;
    let name = body.needed_text("name");
    let display_name = body.text("display_name").unwrap_or_else(|| name.clone());
    body.end()?;
    let account = state.management().create_account(caller, &name, &display_name).await?;
    let location = format!("/v1/accounts/{}", account.id);
    answer::created(&location, &json::account(&account), account.version)
}

pub(super) async fn show(
    State(state): State<RestState>,
    Path(account): Path<String>,
    input: Input,
) -> Answer {
    let caller = input.caller()?;
    input.no_query()?;
    let account = state.management().account(caller, Some(&account)).await?;
    answer::versioned(&json::account(&account), account.version)
}

pub(super) async fn update(
    State(state): State<RestState>,
    Path(account): Path<String>,
    input: Input,
) -> Answer {
    change_of(&state, Some(&account), &input).await
}

pub(super) async fn assign(
    State(state): State<RestState>,
    Path((account, scope)): Path<(String, String)>,
    input: Input,
) -> Answer {
    set_assigned(&state, &account, &scope, &input, true).await
}

pub(super) async fn unassign(
    State(state): State<RestState>,
    Path((account, scope)): Path<(String, String)>,
    input: Input,
) -> Answer {
    set_assigned(&state, &account, &scope, &input, false).await
}

pub(super) async fn catalogue(State(state): State<RestState>, input: Input) -> Answer {
    input.caller()?;
    input.no_query()?;
    let catalogue = state.management().catalogue();
    let groups = catalogue.groups().iter().map(|group| {
        let privileges = group.privileges.iter().map(|privilege| {
            json!({
                "name": privilege.name, "title": privilege.title, "docs": privilege.docs,
                "scope": privilege.scope, "requires_assignment": privilege.requires_assignment,
                "level": privilege.level.map(|level| match level {
                    Level::View => "view",
                    Level::Modify => "modify",
                }),
                "rules": privilege.rules,
            })
        });
        json!({
            "name": group.name, "title": group.title, "docs": group.docs, "paths": group.paths,
            "others": group.others, "privileges": privileges.collect::<Vec<_>>(),
        })
    });
    let presets = catalogue.presets().iter().map(
        |preset| json!({ "name": preset.name, "title": preset.title, "scopes": preset.scopes }),
    );
    answer::ok(&json!({
        "groups": groups.collect::<Vec<_>>(), "presets": presets.collect::<Vec<_>>(),
    }))
}

async fn change_of(state: &RestState, account: Option<&str>, input: &Input) -> Answer {
    let caller = input.caller()?;
    input.no_query()?;
    let change = change(input.body()?)?;
    let changed =
        state.management().update_account(caller, account, &change, input.version()).await?;
    answer::versioned(&json::account(&changed), changed.version)
}

fn change(mut body: Fields) -> Result<AccountChange, Problem> {
    let change = AccountChange {
        display_name: body.text("display_name"),
        max_keys: body.number("max_keys"),
        basic_auth: body.flag("basic_auth"),
        secret_reveal: body.word("secret_reveal", &[("never", false), ("step_up", true)]),
        expiry_required: body.flag("expiry_required"),
        deletion_allowed: body.flag("deletion_allowed"),
        time_zone: body.text("time_zone"),
    };
    body.end()?;
    Ok(change)
}

async fn set_assigned(
    state: &RestState,
    account: &str,
    scope: &str,
    input: &Input,
    assigned: bool,
) -> Answer {
    let caller = input.caller()?;
    input.no_query()?;
    input.no_body()?;
    let account = state.management().assign(caller, Some(account), scope, assigned).await?;
    let object: Json = json::account(&account);
    answer::versioned(&object, account.version)
}
