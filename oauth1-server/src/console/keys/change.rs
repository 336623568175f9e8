//! Changes of a key: its switch, its privileges, everything else about it.

use askama::Template;
use axum::{
    Extension,
    extract::{Path, State},
    response::{IntoResponse, Redirect},
};
use http::StatusCode;

use super::{Answer, fields, grid::Grid, head::Head, new::Choices};
use crate::{
    console::{
        Console,
        asked::{Ask, Asked},
        form::{Errors, Values},
        page::{self, Shell},
        refused::Refused,
        when::When,
    },
    management::{Account, Key, KeyChange, KeyState, Right},
};

#[derive(Template)]
#[template(path = "keys/privileges.html")]
struct PrivilegesPage<'a> {
    shell: Shell,
    head: Head,
    form: &'a Values,
    errors: Errors,
    grid: Grid,
    within: u64,
}

#[derive(Template)]
#[template(path = "keys/settings.html")]
struct SettingsPage<'a> {
    shell: Shell,
    head: Head,
    form: &'a Values,
    errors: Errors,
    account: Account,
    choices: Choices,
}

impl SettingsPage<'_> {
    fn ends(&self) -> Vec<(&'static str, &'static str)> {
        fields::ends(&self.account, true)
    }
}

pub(super) async fn set_enabled(
    State(console): State<Console>,
    Path(key): Path<String>,
    Extension(asked): Ask,
) -> Answer {
    let to = asked.query.given("to").unwrap_or_else(|| asked.form.text("enabled"));
    let enabled = match to {
        "true" => true,
        "false" => false,
        _ => return Err(Refused::page(StatusCode::BAD_REQUEST, "Enable or disable: which?")),
    };
    let caller = asked.caller()?;
    let key = console.management().keys().set_enabled(caller, &key, enabled).await?;
    let done = if enabled { "enabled" } else { "disabled" };
    let to = match asked.query.text("back") {
        "list" => format!("/keys?done={done}"),
        _ => format!("/keys/{}?done={done}", key.id),
    };
    Ok(Redirect::to(&to).into_response())
}

pub(super) async fn privileges_form(
    State(console): State<Console>,
    Path(key): Path<String>,
    Extension(asked): Ask,
) -> Answer {
    let (key, account) = read(&console, &asked, &key).await?;
    let grid = Grid::new(console.management().catalogue(), &account);
    let form = Values::default().with("version", key.version.to_string());
    let form = grid.fill(form, &key.scopes);
    Ok(privileges_page(&console, &asked, key, grid, &form, Errors::default()))
}

fn privileges_page(
    console: &Console,
    asked: &Asked,
    key: Key,
    grid: Grid,
    form: &Values,
    errors: Errors,
) -> axum::response::Response {
    let status = status(&errors);
    let (shell, head) = Head::new(asked, key, "privileges");
    page::render(
        status,
        &PrivilegesPage { shell, head, form, errors, grid, within: console.within() },
    )
}

pub(super) async fn privileges(
    State(console): State<Console>,
    Path(key): Path<String>,
    Extension(asked): Ask,
) -> Answer {
    let (key, account) = read(&console, &asked, &key).await?;
    let grid = Grid::new(console.management().catalogue(), &account);
    let form = &asked.form;
    let change = KeyChange { scopes: Some(grid.scopes(form)), ..KeyChange::default() };
    let keys = console.management().keys();
    match keys.update(asked.caller()?, &key.id, &change, form.version()).await {
        Ok(key) => {
            let to = format!("/keys/{}/privileges?done=privileges", key.id);
            Ok(Redirect::to(&to).into_response())
        }
        Err(error) => {
            let errors = Errors::from(error)?;
            Ok(privileges_page(&console, &asked, key, grid, form, errors))
        }
    }
}

pub(super) async fn settings_form(
    State(console): State<Console>,
    Path(key): Path<String>,
    Extension(asked): Ask,
) -> Answer {
    let (key, account) = read(&console, &asked, &key).await?;
    let form = fields::of(&key);
    settings_page(&console, &asked, key, account, &form, Errors::default()).await
}

async fn settings_page(
    console: &Console,
    asked: &Asked,
    key: Key,
    account: Account,
    form: &Values,
    errors: Errors,
) -> Answer {
    let status = status(&errors);
    let choices = Choices::of(console, asked).await?;
    let (shell, head) = Head::new(asked, key, "settings");
    Ok(page::render(status, &SettingsPage { shell, head, form, errors, account, choices }))
}

pub(super) async fn settings(
    State(console): State<Console>,
    Path(key): Path<String>,
    Extension(asked): Ask,
) -> Answer {
    let (key, account) = read(&console, &asked, &key).await?;
    let form = &asked.form;
    let mut errors = Errors::default();
    let expires_at = match form.text("expires") {
        "same" => None,
        _ => Some(fields::expiry(form, &account, &mut errors)),
    };
    let change = KeyChange {
        name: Some(form.text("name").to_owned()),
        display_name: Some(form.text("display_name").to_owned()),
        developer_name: Some(form.text("developer_name").to_owned()),
        description: Some(form.text("description").to_owned()),
        environment: Some(form.text("environment").to_owned()),
        enabled: None,
        expires_at,
        signature_methods: Some(fields::methods(form)),
        body_hash_required: Some(form.has("body_hash_required", "yes")),
        two_legged: Some(form.has("two_legged", "yes")),
        ip_allow: Some(form.words("ip_allow")),
        callbacks: Some(fields::callbacks(form)),
        scopes: None,
        attributes: Some(fields::attributes(form, &mut errors)),
        attribute_methods: Some(form.words("attribute_methods")),
        token_lifetime: fields::token_lifetime(form, &mut errors),
        // Who cannot choose is not offered a choice, and leaves them as they are.
        acts_as: asked.may(Right::UsersManage).then(|| form.owned("acts_as")),
        role: asked.may(Right::UsersManage).then(|| form.owned("role")),
    };
    if errors.is_empty() {
        let keys = console.management().keys();
        match keys.update(asked.caller()?, &key.id, &change, form.version()).await {
            Ok(key) => {
                let to = format!("/keys/{}/settings?done=saved", key.id);
                return Ok(Redirect::to(&to).into_response());
            }
            Err(error) => errors = Errors::from(error)?,
        }
    }
    settings_page(&console, &asked, key, account, form, errors).await
}

/// The key and its account, for who may change keys.
async fn read(console: &Console, asked: &Asked, key: &str) -> Result<(Key, Account), Refused> {
    let caller = asked.caller()?;
    asked.require(Right::KeysUpdate)?;
    let key = console.management().keys().show(caller, key).await?;
    let account = console.management().account(caller, Some(&key.account)).await?;
    Ok((key, account))
}

pub(super) fn status(errors: &Errors) -> StatusCode {
    if errors.is_empty() { StatusCode::OK } else { StatusCode::UNPROCESSABLE_ENTITY }
}
