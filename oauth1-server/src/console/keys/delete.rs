//! Deleting a key, and what is done with many keys at once.

use askama::Template;
use axum::{
    Extension,
    extract::{Path, State},
    response::{IntoResponse, Redirect},
};
use http::StatusCode;

use super::{Answer, change::status, head::Head};
use crate::{
    console::{
        Console,
        asked::{Ask, Asked},
        form::{Errors, Values},
        page::{self, Shell},
        refused::Refused,
        when::When,
    },
    management::{Key, KeyState, Right},
};

#[derive(Template)]
#[template(path = "keys/delete.html")]
struct DeletePage<'a> {
    shell: Shell,
    head: Head,
    form: &'a Values,
    errors: Errors,
    allowed: bool,
}

#[derive(Template)]
#[template(path = "keys/bulk.html")]
struct BulkPage<'a> {
    shell: Shell,
    action: &'a str,
    keys: Vec<Key>,
    now: i64,
}

impl DeletePage<'_> {
    fn is_used(&self) -> bool {
        is_used(&self.head.key, &self.head.now)
    }
}

pub(super) async fn form(
    State(console): State<Console>,
    Path(key): Path<String>,
    Extension(asked): Ask,
) -> Answer {
    let key = read(&console, &asked, &key).await?;
    delete_page(&console, &asked, key, Errors::default()).await
}

async fn delete_page(console: &Console, asked: &Asked, key: Key, errors: Errors) -> Answer {
    let account = console.management().account(asked.caller()?, Some(&key.account)).await?;
    let status = status(&errors);
    let (shell, head) = Head::new(asked, key, "");
    let allowed = account.deletion_allowed;
    Ok(page::render(status, &DeletePage { shell, head, form: &asked.form, errors, allowed }))
}

pub(super) async fn delete(
    State(console): State<Console>,
    Path(key): Path<String>,
    Extension(asked): Ask,
) -> Answer {
    let key = read(&console, &asked, &key).await?;
    let now = crate::credentials::generate::now();
    if is_used(&key, &now) && asked.form.text("confirm") != key.name {
        let mut errors = Errors::default();
        errors.add("confirm", format!("Type {} to confirm.", key.name));
        return delete_page(&console, &asked, key, errors).await;
    }
    console.management().keys().delete(asked.caller()?, &key.id, None).await?;
    Ok(Redirect::to("/keys?done=deleted").into_response())
}

/// Keys that were ticked in the list: shown first, then done.
pub(super) async fn bulk(State(console): State<Console>, Extension(asked): Ask) -> Answer {
    let (caller, form) = (asked.caller()?, &asked.form);
    let action = form.text("action");
    asked.require(match action {
        "enable" | "disable" => Right::KeysUpdate,
        "delete" => Right::KeysDelete,
        _ => return Err(Refused::page(StatusCode::BAD_REQUEST, "Disable, enable or delete?")),
    })?;
    let service = console.management().keys();
    let mut keys = Vec::new();
    for key in form.all("key").take(MOST) {
        keys.push(service.show(caller, key).await?);
    }
    if keys.is_empty() || form.text("confirmed").is_empty() {
        let shell = Shell::new(Some(&asked), "Confirm");
        let now = crate::credentials::generate::now();
        return Ok(page::render(StatusCode::OK, &BulkPage { shell, action, keys, now }));
    }
    for key in &keys {
        match action {
            "delete" => service.delete(caller, &key.id, None).await?,
            action => service.set_enabled(caller, &key.id, action == "enable").await?,
        };
    }
    Ok(Redirect::to("/keys?done=bulk").into_response())
}

async fn read(console: &Console, asked: &Asked, key: &str) -> Result<Key, Refused> {
    let caller = asked.caller()?;
    asked.require(Right::KeysDelete)?;
    Ok(console.management().keys().show(caller, key).await?)
}

/// Within the last seven days: then somebody will miss it.
fn is_used(key: &Key, now: &i64) -> bool {
    key.last_used_at.is_some_and(|at| at > now - 7 * 24 * 3600 * 1000)
}

const MOST: usize = 200;
