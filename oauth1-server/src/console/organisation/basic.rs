//! `/basic`: names and passwords instead of signatures, and one of them.

use askama::Template;
use axum::{
    Extension,
    extract::{Path, State},
    response::{IntoResponse, Redirect, Response},
};
use http::StatusCode;

use super::{Answer, basic_card, confirm, enabled, password, told, wrong};
use crate::{
    console::{
        Console,
        asked::{Ask, Asked},
        form::{Errors, Values},
        once::{self, Once},
        page::{self, Shell},
        refused::Refused,
        when::When,
    },
    management::{Account, BasicCredential, Right},
};

#[derive(Template)]
#[template(path = "organisation/basic.html")]
struct ListPage {
    shell: Shell,
    credentials: Vec<BasicCredential>,
    next: Option<String>,
    first: bool,
    /// Whether there is more than one account.
    several: bool,
    /// Accounts that the page is about and that do not permit Basic.
    off: Vec<Account>,
}

impl ListPage {
    fn is_off(&self, credential: &BasicCredential) -> bool {
        self.off.iter().any(|account| account.name == credential.account)
    }
}

#[derive(Template)]
#[template(path = "organisation/basic_one.html")]
struct OnePage<'a> {
    shell: Shell,
    credential: BasicCredential,
    account: Account,
    form: &'a Values,
    errors: Errors,
    sees_audit: bool,
    within: u64,
    once: String,
}

pub(super) async fn list(State(console): State<Console>, Extension(asked): Ask) -> Answer {
    let (caller, management) = (asked.caller()?, console.management());
    let after = asked.query.given("after");
    let page = management.basic_credentials().list(caller, after, PAGE).await?;
    let accounts = management.accounts(caller).await?;
    let several = accounts.len() > 1;
    let has_some = |account: &Account| page.credentials.iter().any(|c| c.account == account.name);
    let off = accounts.into_iter().filter(|a| !a.basic_auth && (!several || has_some(a)));
    let page = ListPage {
        shell: Shell::new(Some(&asked), "Basic credentials"),
        off: off.collect(),
        next: page.next.map(|next| Values::default().query(&[("after", &next)])),
        first: after.is_none(),
        several,
        credentials: page.credentials,
    };
    Ok(page::render(StatusCode::OK, &page))
}

pub(super) async fn show(
    State(console): State<Console>,
    Path(name): Path<String>,
    Extension(asked): Ask,
) -> Answer {
    let credential = read(&console, &asked, &name).await?;
    page(&console, &asked, credential, (StatusCode::OK, Errors::default())).await
}

async fn page(
    console: &Console,
    asked: &Asked,
    credential: BasicCredential,
    (status, errors): (StatusCode, Errors),
) -> Answer {
    let account = console.management().account(asked.caller()?, Some(&credential.account)).await?;
    let page = OnePage {
        shell: Shell::new(Some(asked), credential.name.clone()),
        credential,
        account,
        form: &asked.form,
        errors,
        sees_audit: asked.may(Right::AuditRead),
        within: console.within(),
        once: once::new_form()?,
    };
    Ok(page::render(status, &page))
}

pub(super) async fn set_enabled(
    State(console): State<Console>,
    Path(name): Path<String>,
    Extension(asked): Ask,
) -> Answer {
    let credential = read(&console, &asked, &name).await?;
    let (enabled, version) = (enabled(&asked.form)?, asked.form.version());
    let service = console.management().basic_credentials();
    match service.set_enabled(asked.caller()?, &credential.id, enabled, version).await {
        Ok(credential) => {
            Ok(back(&credential, if enabled { "basic-enabled" } else { "basic-disabled" }))
        }
        Err(error) => page(&console, &asked, credential, told(error)?).await,
    }
}

/// Another password: the one that was typed, or else one that is made up and shown once.
pub(super) async fn set_password(
    State(console): State<Console>,
    Path(name): Path<String>,
    Extension(asked): Ask,
) -> Answer {
    let credential = read(&console, &asked, &name).await?;
    let mut errors = Errors::default();
    let password = password(&asked.form, &mut errors);
    if !errors.is_empty() {
        return page(&console, &asked, credential, wrong(errors)).await;
    }
    let once = Once::begin(&console, &asked).await?;
    let service = console.management().basic_credentials();
    match service.set_password(asked.caller()?, &credential.id, password.as_ref()).await {
        Ok(made) if made.password.is_some() => {
            Ok(basic_card::show(&console, &asked, "The new password", &made))
        }
        Ok(made) => Ok(back(&made.credential, "basic-password")),
        Err(error) => {
            once.forget().await?;
            page(&console, &asked, credential, told(error)?).await
        }
    }
}

pub(super) async fn delete(
    State(console): State<Console>,
    Path(name): Path<String>,
    Extension(asked): Ask,
) -> Answer {
    let credential = read(&console, &asked, &name).await?;
    let mut errors = Errors::default();
    confirm(&asked.form, &credential.name, &mut errors);
    if !errors.is_empty() {
        return page(&console, &asked, credential, wrong(errors)).await;
    }
    let service = console.management().basic_credentials();
    match service.delete(asked.caller()?, &credential.id, asked.form.version()).await {
        Ok(_) => Ok(Redirect::to("/basic?done=basic-deleted").into_response()),
        Err(error) => page(&console, &asked, credential, told(error)?).await,
    }
}

async fn read(console: &Console, asked: &Asked, name: &str) -> Result<BasicCredential, Refused> {
    Ok(console.management().basic_credentials().show(asked.caller()?, name).await?)
}

/// By its row id: a name may be "new".
fn back(credential: &BasicCredential, done: &str) -> Response {
    Redirect::to(&format!("/basic/{}?done={done}", credential.id)).into_response()
}

const PAGE: u16 = 25;
