//! `/accounts`: who owns keys.

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
    management::{Account, KeyFilter, Right},
};

#[derive(Template)]
#[template(path = "organisation/accounts.html")]
struct ListPage {
    shell: Shell,
    rows: Vec<AccountRow>,
}

struct AccountRow {
    account: Account,
    /// How many keys it has, of how many.
    keys: String,
}

#[derive(Template)]
#[template(path = "organisation/account_new.html")]
struct NewPage<'a> {
    shell: Shell,
    form: &'a Values,
    errors: Errors,
}

pub(super) async fn list(State(console): State<Console>, Extension(asked): Ask) -> Answer {
    asked.require(Right::AccountsManage)?;
    let (caller, management) = (asked.caller()?, console.management());
    let mut rows = Vec::new();
    for account in management.accounts(caller).await? {
        let filter = KeyFilter { account: Some(account.name.clone()), ..KeyFilter::default() };
        let most = account.max_keys.unsigned_abs();
        let counted = if most > 0 { most.min(COUNTED) } else { COUNTED };
        let used = management.keys().count(caller, &filter, counted).await?;
        let more = if used == COUNTED && most != COUNTED { "+" } else { "" };
        let keys =
            if most > 0 { format!("{used}{more} of {most}") } else { format!("{used}{more}") };
        rows.push(AccountRow { account, keys });
    }
    let page = ListPage { shell: Shell::new(Some(&asked), "Accounts"), rows };
    Ok(page::render(StatusCode::OK, &page))
}

pub(super) async fn form(Extension(asked): Ask) -> Answer {
    page(&asked, (StatusCode::OK, Errors::default()))
}

fn page(asked: &Asked, (status, errors): (StatusCode, Errors)) -> Answer {
    asked.require(Right::AccountsManage)?;
    let shell = Shell::new(Some(asked), "New account");
    Ok(page::render(status, &NewPage { shell, form: &asked.form, errors }))
}

pub(super) async fn create(State(console): State<Console>, Extension(asked): Ask) -> Answer {
    let (caller, form) = (asked.caller()?, &asked.form);
    let name = form.text("name");
    if name.is_empty() {
        let mut errors = Errors::default();
        errors.add("name", "Give the account a name.");
        return page(&asked, wrong(errors));
    }
    let display_name = form.given("display_name").unwrap_or(name);
    match console.management().create_account(caller, name, display_name).await {
        Ok(account) => {
            let to = format!("/settings?account={}&done=account-created", account.name);
            Ok(Redirect::to(&to).into_response())
        }
        Err(error) => page(&asked, told(error)?),
    }
}

/// More keys are not counted: what is counted is looked at.
const COUNTED: u64 = 1000;
