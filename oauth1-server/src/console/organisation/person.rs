//! `/people/{person}`: what somebody may do, the password, the end.

use askama::Template;
use axum::{
    Extension,
    extract::{Path, State},
    response::{IntoResponse, Redirect},
};
use http::StatusCode;

use super::{Answer, confirm, enabled, limits, needed_password, people, told, wrong};
use crate::{
    console::{
        Console,
        asked::{Ask, Asked},
        form::{Errors, Values},
        keys::grid::Grid,
        page::{self, Shell},
        refused::Refused,
        when::When,
    },
    management::{Person, PersonChange, Right, Role},
};

#[derive(Template)]
#[template(path = "organisation/person.html")]
struct PersonPage<'a> {
    shell: Shell,
    person: Person,
    form: &'a Values,
    errors: Errors,
    grid: Grid,
    limits_open: bool,
    roles: Vec<Role>,
    own: bool,
    may_change: bool,
    sees_audit: bool,
    conflict: bool,
}

impl PersonPage<'_> {
    const fn limit_title(&self) -> &'static str {
        people::LIMIT.0
    }

    const fn limit_hint(&self) -> &'static str {
        people::LIMIT.1
    }

    fn place(&self) -> String {
        format!("/people/{}", self.person.id)
    }
}

pub(super) async fn show(
    State(console): State<Console>,
    Path(person): Path<String>,
    Extension(asked): Ask,
) -> Answer {
    let person = read(&console, &asked, &person).await?;
    page(&console, &asked, person, None, (StatusCode::OK, Errors::default())).await
}

/// With what was typed into the form of the person, if that is what was sent.
async fn page(
    console: &Console,
    asked: &Asked,
    person: Person,
    typed: Option<&Values>,
    (status, errors): (StatusCode, Errors),
) -> Answer {
    let caller = asked.caller()?;
    let grid = people::grid(console, asked).await?;
    let form = match typed {
        Some(typed) => typed.clone(),
        None => {
            let form = Values::default()
                .with("display_name", &person.display_name)
                .with("role", &person.role)
                .with("version", person.version.to_string())
                .with("confirm", asked.form.text("confirm"));
            limits::fill(form, &grid, &person.scopes)
        }
    };
    let page = PersonPage {
        shell: Shell::new(Some(asked), person.display_name.clone()),
        form: &form,
        limits_open: limits::are_open(&form, &errors),
        errors,
        grid,
        roles: people::roles(console, asked, person.account.is_some()).await?,
        own: caller.person.as_ref() == Some(&person.id),
        may_change: caller.rights.contains_all(person.rights),
        sees_audit: asked.may(Right::AuditRead),
        conflict: typed.is_some() && status == StatusCode::CONFLICT,
        person,
    };
    Ok(page::render(status, &page))
}

pub(super) async fn update(
    State(console): State<Console>,
    Path(person): Path<String>,
    Extension(asked): Ask,
) -> Answer {
    let person = read(&console, &asked, &person).await?;
    let form = &asked.form;
    let mut errors = Errors::default();
    let scopes = limits::chosen(form, &people::grid(&console, &asked).await?, &mut errors);
    if !errors.is_empty() {
        return page(&console, &asked, person, Some(form), wrong(errors)).await;
    }
    let change = PersonChange {
        display_name: Some(form.text("display_name").to_owned()),
        role: form.owned("role"),
        scopes: Some(scopes),
        enabled: None,
    };
    let people = console.management().people();
    match people.update(asked.caller()?, &person.id, &change, form.version()).await {
        Ok(person) => Ok(back(&person, "saved")),
        Err(error) => page(&console, &asked, person, Some(form), told(error)?).await,
    }
}

pub(super) async fn set_enabled(
    State(console): State<Console>,
    Path(person): Path<String>,
    Extension(asked): Ask,
) -> Answer {
    let person = read(&console, &asked, &person).await?;
    let enabled = enabled(&asked.form)?;
    let change = PersonChange { enabled: Some(enabled), ..PersonChange::default() };
    let people = console.management().people();
    match people.update(asked.caller()?, &person.id, &change, asked.form.version()).await {
        Ok(person) => Ok(back(&person, if enabled { "person-enabled" } else { "person-disabled" })),
        Err(error) => page(&console, &asked, person, None, told(error)?).await,
    }
}

pub(super) async fn set_password(
    State(console): State<Console>,
    Path(person): Path<String>,
    Extension(asked): Ask,
) -> Answer {
    let person = read(&console, &asked, &person).await?;
    let caller = asked.caller()?;
    if caller.person.as_ref() == Some(&person.id) {
        // There the old one is asked for.
        return Ok(Redirect::to("/me").into_response());
    }
    let mut errors = Errors::default();
    let password = needed_password(&asked.form, &mut errors);
    if !errors.is_empty() {
        return page(&console, &asked, person, None, wrong(errors)).await;
    }
    match console.management().people().set_password(caller, &person.id, &password).await {
        Ok(person) => Ok(back(&person, "password")),
        Err(error) => page(&console, &asked, person, None, told(error)?).await,
    }
}

pub(super) async fn delete(
    State(console): State<Console>,
    Path(person): Path<String>,
    Extension(asked): Ask,
) -> Answer {
    let person = read(&console, &asked, &person).await?;
    let mut errors = Errors::default();
    confirm(&asked.form, &person.name, &mut errors);
    if !errors.is_empty() {
        return page(&console, &asked, person, None, wrong(errors)).await;
    }
    let people = console.management().people();
    match people.delete(asked.caller()?, &person.id, asked.form.version()).await {
        Ok(_) => Ok(Redirect::to("/people?done=person-deleted").into_response()),
        Err(error) => page(&console, &asked, person, None, told(error)?).await,
    }
}

async fn read(console: &Console, asked: &Asked, person: &str) -> Result<Person, Refused> {
    Ok(console.management().people().show(asked.caller()?, person).await?)
}

fn back(person: &Person, done: &str) -> axum::response::Response {
    Redirect::to(&format!("/people/{}?done={done}", person.id)).into_response()
}
