//! `/people`: who may sign in, and somebody new.

use askama::Template;
use axum::{
    Extension,
    extract::State,
    response::{IntoResponse, Redirect},
};
use http::StatusCode;

use super::{Answer, limits, needed_password, told, wrong};
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
    management::{Account, NewPerson, Person, Right, Role},
};

#[derive(Template)]
#[template(path = "organisation/people.html")]
struct ListPage {
    shell: Shell,
    people: Vec<Person>,
    next: Option<String>,
    first: bool,
    own: String,
}

#[derive(Template)]
#[template(path = "organisation/person_new.html")]
struct NewPage<'a> {
    shell: Shell,
    form: &'a Values,
    errors: Errors,
    roles: Vec<Role>,
    accounts: Vec<Account>,
    grid: Grid,
    limits_open: bool,
}

impl NewPage<'_> {
    const fn limit_title(&self) -> &'static str {
        LIMIT.0
    }

    const fn limit_hint(&self) -> &'static str {
        LIMIT.1
    }
}

pub(super) async fn list(State(console): State<Console>, Extension(asked): Ask) -> Answer {
    let caller = asked.caller()?;
    let after = asked.query.given("after");
    let page = console.management().people().list(caller, after, PAGE).await?;
    let page = ListPage {
        shell: Shell::new(Some(&asked), "People"),
        people: page.people,
        next: page.next.map(|next| Values::default().query(&[("after", &next)])),
        first: after.is_none(),
        own: caller.person.clone().unwrap_or_default(),
    };
    Ok(page::render(StatusCode::OK, &page))
}

pub(super) async fn form(State(console): State<Console>, Extension(asked): Ask) -> Answer {
    let form = Values::default().with("limit", "all");
    page(&console, &asked, &form, (StatusCode::OK, Errors::default())).await
}

async fn page(
    console: &Console,
    asked: &Asked,
    form: &Values,
    (status, errors): (StatusCode, Errors),
) -> Answer {
    asked.require(Right::UsersManage)?;
    let (person, management) = (&asked.signed_in()?.1.person, console.management());
    let accounts = match &person.account {
        // There is nothing to choose.
        Some(_) => Vec::new(),
        None => management.accounts(asked.caller()?).await?,
    };
    let page = NewPage {
        shell: Shell::new(Some(asked), "New person"),
        limits_open: limits::are_open(form, &errors),
        form,
        errors,
        roles: roles(console, asked, person.account.is_some()).await?,
        accounts,
        grid: grid(console, asked).await?,
    };
    Ok(page::render(status, &page))
}

pub(super) async fn create(State(console): State<Console>, Extension(asked): Ask) -> Answer {
    let (caller, form) = (asked.caller()?, &asked.form);
    let mut errors = Errors::default();
    if form.text("name").is_empty() {
        errors.add("name", "Give a name to sign in with.");
    }
    if form.text("role").is_empty() {
        errors.add("role", "Choose a role.");
    }
    let scopes = limits::chosen(form, &grid(&console, &asked).await?, &mut errors);
    let password = needed_password(form, &mut errors);
    if !errors.is_empty() {
        return page(&console, &asked, form, wrong(errors)).await;
    }
    let new = NewPerson {
        name: form.text("name").to_owned(),
        display_name: form.owned("display_name"),
        account: form.owned("account"),
        role: form.text("role").to_owned(),
        scopes: Some(scopes),
        password: Some(password),
    };
    match console.management().people().create(caller, &new).await {
        Ok(person) => {
            let to = format!("/people/{}?done=person-created", person.id);
            Ok(Redirect::to(&to).into_response())
        }
        Err(error) => page(&console, &asked, form, told(error)?).await,
    }
}

/// The roles that the caller may give to somebody, of one account or of all.
pub(super) async fn roles(
    console: &Console,
    asked: &Asked,
    of_one_account: bool,
) -> Result<Vec<Role>, Refused> {
    let caller = asked.caller()?;
    let roles = console.management().roles().list(caller).await?.into_iter();
    let roles = roles.filter(|role| {
        let is_super = role.rights.iter().any(Right::is_super);
        caller.rights.contains_all(role.rights) && !(is_super && of_one_account)
    });
    Ok(roles.collect())
}

/// What keys that act as somebody can be limited to.
pub(super) async fn grid(console: &Console, asked: &Asked) -> Result<Grid, Refused> {
    let management = console.management();
    let account = management.account(asked.caller()?, None).await?;
    Ok(limits::unlocked(Grid::new(management.catalogue(), &account)))
}

/// What limits a person, who has no rights of the API himself.
pub(super) const LIMIT: (&str, &str) = (
    "Keys that act as this person may do",
    "A key that acts as a person may do no more than this. What the person does here is up to the role.",
);
const PAGE: u16 = 25;
