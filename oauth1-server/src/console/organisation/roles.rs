//! `/roles`: what people and keys may do, in words, and a role of one's own.

use askama::Template;
use axum::{
    Extension,
    extract::State,
    response::{IntoResponse, Redirect},
};
use http::StatusCode;

use super::{Answer, told, wrong};
use crate::{
    console::{
        Console,
        asked::{Ask, Asked},
        form::{Errors, Values},
        page::{self, Shell},
    },
    management::{Account, NewRole, Right, Rights, Role},
};

#[derive(Template)]
#[template(path = "organisation/roles.html")]
struct ListPage {
    shell: Shell,
    roles: Vec<Role>,
}

impl ListPage {
    /// The roles that have a permission.
    fn with(&self, right: &Right) -> Vec<&Role> {
        self.roles.iter().filter(|role| role.rights.contains(*right)).collect()
    }
}

#[derive(Template)]
#[template(path = "organisation/role_new.html")]
struct NewPage<'a> {
    shell: Shell,
    form: &'a Values,
    errors: Errors,
    accounts: Vec<Account>,
    rights: Rights,
}

pub(super) async fn list(State(console): State<Console>, Extension(asked): Ask) -> Answer {
    let roles = console.management().roles().list(asked.caller()?).await?;
    let page = ListPage { shell: Shell::new(Some(&asked), "Roles"), roles };
    Ok(page::render(StatusCode::OK, &page))
}

pub(super) async fn form(State(console): State<Console>, Extension(asked): Ask) -> Answer {
    page(&console, &asked, (StatusCode::OK, Errors::default())).await
}

async fn page(console: &Console, asked: &Asked, (status, errors): (StatusCode, Errors)) -> Answer {
    asked.require(Right::UsersManage)?;
    let caller = asked.caller()?;
    let accounts = match &caller.account {
        // There is nothing to choose.
        Some(_) => Vec::new(),
        None => console.management().accounts(caller).await?,
    };
    let page = NewPage {
        shell: Shell::new(Some(asked), "New role"),
        form: &asked.form,
        errors,
        accounts,
        rights: caller.rights,
    };
    Ok(page::render(status, &page))
}

pub(super) async fn create(State(console): State<Console>, Extension(asked): Ask) -> Answer {
    let (caller, form) = (asked.caller()?, &asked.form);
    let mut errors = Errors::default();
    if form.text("name").is_empty() {
        errors.add("name", "Give the role a name.");
    }
    let permissions = permissions(form, &mut errors);
    if !errors.is_empty() {
        return page(&console, &asked, wrong(errors)).await;
    }
    let new = NewRole {
        name: form.text("name").to_owned(),
        display_name: form.owned("display_name"),
        permissions,
        account: form.owned("account"),
    };
    match console.management().roles().create(caller, &new).await {
        Ok(role) => {
            let to = format!("/roles/{}?done=role-created", role.id);
            Ok(Redirect::to(&to).into_response())
        }
        Err(error) => page(&console, &asked, told(error)?).await,
    }
}

/// The permissions that were ticked.
pub(super) fn permissions(form: &Values, errors: &mut Errors) -> Vec<String> {
    let permissions: Vec<_> = form.all("permission").map(str::to_owned).collect();
    if permissions.is_empty() {
        errors.add("permissions", "Choose at least one permission.");
    }
    permissions
}

/// The permissions that a role of one's own can have.
pub(super) fn offered() -> impl Iterator<Item = Right> {
    Right::ALL.into_iter().filter(|right| !right.is_super())
}

/// For templates, which hand over references.
pub(super) const fn holds(rights: &Rights, right: &Right) -> bool {
    rights.contains(*right)
}

/// What a permission means.
pub(super) const fn meaning(right: &Right) -> &'static str {
    match right {
        Right::KeysRead => "See keys, who uses them and what was refused; never their secrets",
        Right::KeysCreate => "Make keys",
        Right::KeysUpdate => "Change, disable and enable keys",
        Right::KeysRotate => "Make new secrets and short-lived tokens for keys",
        Right::KeysDelete => "Delete keys for good, where the account permits it",
        Right::KeysReveal => "Read a secret again, where the account permits it",
        Right::OrgSettings => "Change the settings of the account and its Basic credentials",
        Right::AuditRead => "Read and export the audit log",
        Right::UsersManage => "Manage people and roles",
        Right::AssignmentsManage => "Assign what an API requires to accounts",
        Right::AccountsManage => "Make accounts",
    }
}
