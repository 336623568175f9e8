//! `/basic/new`: another name and password.

use askama::Template;
use axum::{
    Extension,
    extract::State,
    response::{IntoResponse, Redirect},
};
use http::StatusCode;

use super::{Answer, basic_card, limits, password, told, wrong};
use crate::{
    console::{
        Console,
        asked::{Ask, Asked},
        form::{Errors, Values},
        keys::grid::Grid,
        once::{self, Once},
        page::{self, Shell},
    },
    management::{Account, NewBasicCredential, Right},
};

#[derive(Template)]
#[template(path = "organisation/basic_new.html")]
struct NewPage<'a> {
    shell: Shell,
    form: &'a Values,
    errors: Errors,
    account: Account,
    accounts: Vec<Account>,
    grid: Grid,
    limits_open: bool,
    once: String,
}

impl NewPage<'_> {
    const fn limit_title(&self) -> &'static str {
        "Requests with it may do"
    }

    const fn limit_hint(&self) -> &'static str {
        "Everything is all that needs no assignment. Choose the least that does."
    }
}

pub(super) async fn form(State(console): State<Console>, Extension(asked): Ask) -> Answer {
    let limit = if console.management().catalogue().is_empty() { "all" } else { "some" };
    let account = asked.query.text("account");
    let form = Values::default().with("account", account).with("limit", limit);
    page(&console, &asked, &form, (StatusCode::OK, Errors::default())).await
}

async fn page(
    console: &Console,
    asked: &Asked,
    form: &Values,
    (status, errors): (StatusCode, Errors),
) -> Answer {
    asked.require(Right::OrgSettings)?;
    let (caller, management) = (asked.caller()?, console.management());
    let account = management.account(caller, form.given("account")).await?;
    let accounts = management.accounts(caller).await?;
    let page = NewPage {
        shell: Shell::new(Some(asked), "New Basic credential"),
        limits_open: limits::are_open(form, &errors),
        form,
        errors,
        grid: Grid::new(management.catalogue(), &account),
        account,
        accounts: if accounts.len() > 1 { accounts } else { Vec::new() },
        once: once::new_form()?,
    };
    Ok(page::render(status, &page))
}

pub(super) async fn create(State(console): State<Console>, Extension(asked): Ask) -> Answer {
    let (caller, form) = (asked.caller()?, &asked.form);
    asked.require(Right::OrgSettings)?;
    let management = console.management();
    let account = management.account(caller, form.given("account")).await?;
    let grid = Grid::new(management.catalogue(), &account);
    let mut errors = Errors::default();
    if form.text("name").is_empty() {
        errors.add("name", "Give the name that the sender writes before the colon.");
    }
    let scopes = limits::chosen(form, &grid, &mut errors);
    if scopes.is_empty() && errors.of("limit").is_none() {
        errors.add("scopes", "Choose at least one thing that may be done with it.");
    }
    let password = password(form, &mut errors);
    if !errors.is_empty() {
        return page(&console, &asked, form, wrong(errors)).await;
    }
    let new = NewBasicCredential {
        name: form.text("name").to_owned(),
        account: Some(account.id),
        scopes: Some(scopes),
        password,
    };
    let once = Once::begin(&console, &asked).await?;
    match management.basic_credentials().create(caller, &new).await {
        Ok(made) if made.password.is_some() => {
            Ok(basic_card::show(&console, &asked, "Your new Basic credential", &made))
        }
        Ok(made) => {
            let to = format!("/basic/{}?done=basic-created", made.credential.id);
            Ok(Redirect::to(&to).into_response())
        }
        Err(error) => {
            once.forget().await?;
            page(&console, &asked, form, told(error)?).await
        }
    }
}
