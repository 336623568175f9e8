//! The pages about the organisation: people and roles, accounts and their settings, Basic
//! credentials, the catalogue, the audit log, refused requests without a key, and oneself.

mod accounts;
mod audit;
mod basic;
mod basic_card;
mod basic_new;
mod catalogue;
mod csv;
mod difference;
mod export;
mod limits;
mod me;
mod people;
mod person;
mod refusals;
mod role;
mod roles;
mod settings;

use axum::routing::{MethodRouter, get, post};
use http::StatusCode;

use super::{
    Console,
    form::{Errors, Values},
    refused::Refused,
    session::Answer,
};
use crate::management::{ManagementError, Password};

pub(super) fn table() -> Vec<(&'static str, MethodRouter<Console>)> {
    vec![
        ("/people", get(people::list)),
        ("/people/new", get(people::form).post(people::create)),
        ("/people/{person}", get(person::show).post(person::update)),
        ("/people/{person}/enabled", post(person::set_enabled)),
        ("/people/{person}/password", post(person::set_password)),
        ("/people/{person}/delete", post(person::delete)),
        ("/roles", get(roles::list)),
        ("/roles/new", get(roles::form).post(roles::create)),
        ("/roles/{role}", get(role::show).post(role::update)),
        ("/roles/{role}/delete", post(role::delete)),
        ("/accounts", get(accounts::list)),
        ("/accounts/new", get(accounts::form).post(accounts::create)),
        ("/settings", get(settings::show).post(settings::update)),
        ("/settings/assign", post(settings::assign)),
        ("/basic", get(basic::list)),
        ("/basic/new", get(basic_new::form).post(basic_new::create)),
        ("/basic/{name}", get(basic::show)),
        ("/basic/{name}/enabled", post(basic::set_enabled)),
        ("/basic/{name}/password", post(basic::set_password)),
        ("/basic/{name}/delete", post(basic::delete)),
        ("/catalogue", get(catalogue::show)),
        ("/audit", get(audit::show)),
        ("/audit.csv", get(export::csv)),
        ("/audit.json", get(export::json)),
        ("/refusals", get(refusals::list)),
        ("/me", get(me::show)),
        ("/me/password", post(me::set_password)),
    ]
}

/// What was wrong with a form, and with which status it is shown again.
fn told(error: ManagementError) -> Result<(StatusCode, Errors), Refused> {
    let status = match &error {
        ManagementError::Conflict { .. } => StatusCode::CONFLICT,
        _ => StatusCode::UNPROCESSABLE_ENTITY,
    };
    Ok((status, Errors::from(error)?))
}

/// What was wrong before the management was asked.
const fn wrong(errors: Errors) -> (StatusCode, Errors) {
    (StatusCode::UNPROCESSABLE_ENTITY, errors)
}

/// What a switch is to be.
fn enabled(form: &Values) -> Result<bool, Refused> {
    match form.text("enabled") {
        "true" => Ok(true),
        "false" => Ok(false),
        _ => Err(Refused::page(StatusCode::BAD_REQUEST, "Enable or disable: which?")),
    }
}

/// A password that was typed twice; `None` if nothing was typed.
fn password(form: &Values, errors: &mut Errors) -> Option<Password> {
    let (password, again) = (form.exact("password"), form.exact("password_again"));
    if password != again {
        errors.add("password_again", "The two passwords are not the same.");
    }
    (!password.is_empty()).then(|| Password::new(password.to_owned()))
}

/// The same, where one is needed.
fn needed_password(form: &Values, errors: &mut Errors) -> Password {
    let password = password(form, errors);
    if password.is_none() {
        errors.add("password", "Fill this in.");
    }
    password.unwrap_or_default()
}

/// The name, typed by who is sure.
fn confirm(form: &Values, name: &str, errors: &mut Errors) {
    if form.text("confirm") != name {
        errors.add("confirm", format!("Type {name} to confirm."));
    }
}
