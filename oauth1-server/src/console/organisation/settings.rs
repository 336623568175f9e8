//! `/settings`: how an account treats its keys, and what was assigned to it.

use askama::Template;
use axum::{
    Extension,
    extract::State,
    response::{IntoResponse, Redirect, Response},
};
use http::StatusCode;
use jiff::tz;

use super::{Answer, told, wrong};
use crate::{
    console::{
        Console,
        asked::{Ask, Asked},
        form::{Errors, Values},
        page::{self, Shell},
        refused::Refused,
    },
    management::{Account, AccountChange, Right},
};

#[derive(Template)]
#[template(path = "organisation/settings.html")]
struct SettingsPage<'a> {
    shell: Shell,
    account: Account,
    accounts: Vec<Account>,
    form: &'a Values,
    errors: Errors,
    assignable: Vec<Assignable>,
    may_assign: bool,
    sees_audit: bool,
    conflict: bool,
    within: u64,
}

/// A privilege that needs an assignment.
struct Assignable {
    scope: String,
    group: String,
    title: String,
    assigned: bool,
}

impl SettingsPage<'_> {
    fn place(&self) -> String {
        format!("/settings?account={}", self.account.name)
    }

    /// The names to choose from; others are good as well.
    fn zones(&self) -> Vec<String> {
        let zones = tz::db().available().map(|zone| zone.as_str().to_owned());
        let areas =
            ["Africa/", "America/", "Asia/", "Atlantic/", "Australia/", "Europe/", "Pacific/"];
        let common = zones.filter(|zone| areas.iter().any(|area| zone.starts_with(area)));
        std::iter::once("UTC".to_owned()).chain(common).collect()
    }
}

pub(super) async fn show(State(console): State<Console>, Extension(asked): Ask) -> Answer {
    let account = read(&console, &asked, asked.query.given("account")).await?;
    page(&console, &asked, account, None, (StatusCode::OK, Errors::default())).await
}

async fn page(
    console: &Console,
    asked: &Asked,
    account: Account,
    typed: Option<&Values>,
    (status, errors): (StatusCode, Errors),
) -> Answer {
    let accounts = console.management().accounts(asked.caller()?).await?;
    let form = typed.cloned().unwrap_or_else(|| form(&account));
    let page = SettingsPage {
        shell: Shell::new(Some(asked), "Settings"),
        assignable: assignable(console, &account),
        accounts: if accounts.len() > 1 { accounts } else { Vec::new() },
        account,
        form: &form,
        errors,
        may_assign: asked.may(Right::AssignmentsManage),
        sees_audit: asked.may(Right::AuditRead),
        conflict: status == StatusCode::CONFLICT,
        within: console.within(),
    };
    Ok(page::render(status, &page))
}

fn form(account: &Account) -> Values {
    let word = |yes: bool| if yes { "yes" } else { "no" };
    Values::default()
        .with("display_name", &account.display_name)
        .with("max_keys", account.max_keys.to_string())
        .with("basic_auth", word(account.basic_auth))
        .with("secret_reveal", if account.secret_reveal { "step_up" } else { "never" })
        .with("expiry_required", word(account.expiry_required))
        .with("deletion_allowed", word(account.deletion_allowed))
        .with("time_zone", &account.time_zone)
        .with("version", account.version.to_string())
}

/// What the catalogue has, and after it what was assigned and has left the catalogue since.
fn assignable(console: &Console, account: &Account) -> Vec<Assignable> {
    let mut found = Vec::new();
    for group in console.management().catalogue().groups() {
        for privilege in group.privileges.iter().filter(|one| one.requires_assignment) {
            found.push(Assignable {
                scope: privilege.scope.to_string(),
                group: group.title.to_string(),
                title: privilege.title.to_string(),
                assigned: account.assignments.iter().any(|scope| **scope == *privilege.scope),
            });
        }
    }
    for scope in &account.assignments {
        if !found.iter().any(|one| one.scope == *scope) {
            let group = "No longer in the catalogue".to_owned();
            let (scope, title) = (scope.clone(), scope.clone());
            found.push(Assignable { scope, group, title, assigned: true });
        }
    }
    found
}

pub(super) async fn update(State(console): State<Console>, Extension(asked): Ask) -> Answer {
    let form = &asked.form;
    let account = read(&console, &asked, form.given("account")).await?;
    let mut errors = Errors::default();
    let change = change(form, &mut errors);
    if !errors.is_empty() {
        return page(&console, &asked, account, Some(form), wrong(errors)).await;
    }
    let caller = asked.caller()?;
    let management = console.management();
    match management.update_account(caller, Some(&account.id), &change, form.version()).await {
        Ok(account) => Ok(back(&account, "saved")),
        Err(error) => page(&console, &asked, account, Some(form), told(error)?).await,
    }
}

fn change(form: &Values, errors: &mut Errors) -> AccountChange {
    // In the order of the page, so that the first that is wrong gets the focus.
    let basic_auth = flag(form, "basic_auth", "no", "yes", errors);
    let max_keys = form.text("max_keys").parse().ok();
    if max_keys.is_none() {
        errors.add("max_keys", "Give a number; 0 stands for any number of keys.");
    }
    AccountChange {
        display_name: Some(form.text("display_name").to_owned()),
        max_keys,
        basic_auth,
        expiry_required: flag(form, "expiry_required", "no", "yes", errors),
        secret_reveal: flag(form, "secret_reveal", "never", "step_up", errors),
        deletion_allowed: flag(form, "deletion_allowed", "no", "yes", errors),
        time_zone: Some(form.text("time_zone").to_owned()),
    }
}

fn flag(form: &Values, name: &str, no: &str, yes: &str, errors: &mut Errors) -> Option<bool> {
    let text = form.text(name);
    if text != no && text != yes {
        errors.add(name, "Choose one of the two.");
        return None;
    }
    Some(text == yes)
}

/// Gives an account what needs an assignment, or takes it.
pub(super) async fn assign(State(console): State<Console>, Extension(asked): Ask) -> Answer {
    let (caller, form) = (asked.caller()?, &asked.form);
    let assigned = match form.text("assigned") {
        "true" => true,
        "false" => false,
        _ => return Err(Refused::page(StatusCode::BAD_REQUEST, "Assign or unassign: which?")),
    };
    let account = form.given("account");
    let account =
        console.management().assign(caller, account, form.text("scope"), assigned).await?;
    Ok(back(&account, if assigned { "assigned" } else { "unassigned" }))
}

async fn read(console: &Console, asked: &Asked, account: Option<&str>) -> Result<Account, Refused> {
    let caller = asked.caller()?;
    asked.require(Right::OrgSettings)?;
    Ok(console.management().account(caller, account).await?)
}

fn back(account: &Account, done: &str) -> Response {
    Redirect::to(&format!("/settings?account={}&done={done}", account.name)).into_response()
}
