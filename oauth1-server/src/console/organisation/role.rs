//! `/roles/{role}`: a role, which can be changed unless it is built in.

use askama::Template;
use axum::{
    Extension,
    extract::{Path, State},
    response::{IntoResponse, Redirect},
};
use http::StatusCode;

use super::{
    Answer, confirm,
    roles::{holds, meaning, offered, permissions},
    told, wrong,
};
use crate::{
    console::{
        Console,
        asked::{Ask, Asked},
        form::{Errors, Values},
        page::{self, Shell},
        refused::Refused,
        when::When,
    },
    management::{Right, Rights, Role, RoleChange},
};

#[derive(Template)]
#[template(path = "organisation/role.html")]
struct RolePage<'a> {
    shell: Shell,
    role: Role,
    form: &'a Values,
    errors: Errors,
    rights: Rights,
    may_change: bool,
    sees_audit: bool,
    conflict: bool,
}

impl RolePage<'_> {
    fn place(&self) -> String {
        format!("/roles/{}", self.role.id)
    }
}

pub(super) async fn show(
    State(console): State<Console>,
    Path(role): Path<String>,
    Extension(asked): Ask,
) -> Answer {
    let role = read(&console, &asked, &role).await?;
    page(&asked, role, None, (StatusCode::OK, Errors::default()))
}

/// With what was typed into the form of the role, if that is what was sent.
fn page(
    asked: &Asked,
    role: Role,
    typed: Option<&Values>,
    (status, errors): (StatusCode, Errors),
) -> Answer {
    let session = &asked.signed_in()?.1;
    let form = match typed {
        Some(typed) => typed.clone(),
        None => {
            let form = Values::default()
                .with("display_name", &role.display_name)
                .with("version", role.version.to_string())
                .with("confirm", asked.form.text("confirm"));
            let rights = role.rights.iter().map(Right::as_str);
            rights.fold(form, |form, right| form.with("permission", right))
        }
    };
    let of_account = &session.person.account;
    let page = RolePage {
        shell: Shell::new(Some(asked), role.display_name.clone()),
        form: &form,
        errors,
        rights: session.caller.rights,
        may_change: !role.built_in
            && (of_account.is_none() || *of_account == role.account)
            && session.caller.rights.contains_all(role.rights),
        sees_audit: asked.may(Right::AuditRead),
        conflict: typed.is_some() && status == StatusCode::CONFLICT,
        role,
    };
    Ok(page::render(status, &page))
}

pub(super) async fn update(
    State(console): State<Console>,
    Path(role): Path<String>,
    Extension(asked): Ask,
) -> Answer {
    let role = read(&console, &asked, &role).await?;
    let form = &asked.form;
    let mut errors = Errors::default();
    let permissions = permissions(form, &mut errors);
    if !errors.is_empty() {
        return page(&asked, role, Some(form), wrong(errors));
    }
    let change = RoleChange {
        display_name: Some(form.text("display_name").to_owned()),
        permissions: Some(permissions),
    };
    let roles = console.management().roles();
    match roles.update(asked.caller()?, &role.id, &change, form.version()).await {
        Ok(role) => Ok(Redirect::to(&format!("/roles/{}?done=saved", role.id)).into_response()),
        Err(error) => page(&asked, role, Some(form), told(error)?),
    }
}

pub(super) async fn delete(
    State(console): State<Console>,
    Path(role): Path<String>,
    Extension(asked): Ask,
) -> Answer {
    let role = read(&console, &asked, &role).await?;
    let mut errors = Errors::default();
    confirm(&asked.form, &role.name, &mut errors);
    if !errors.is_empty() {
        return page(&asked, role, None, wrong(errors));
    }
    let roles = console.management().roles();
    match roles.delete(asked.caller()?, &role.id, asked.form.version()).await {
        Ok(_) => Ok(Redirect::to("/roles?done=role-deleted").into_response()),
        Err(error) => page(&asked, role, None, told(error)?),
    }
}

async fn read(console: &Console, asked: &Asked, role: &str) -> Result<Role, Refused> {
    Ok(console.management().roles().show(asked.caller()?, role).await?)
}
