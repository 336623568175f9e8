//! `/keys/new`: a new key, and its card.

use askama::Template;
use axum::{Extension, extract::State, response::Response};
use http::StatusCode;

use super::{Answer, Card, fields, grid::Grid};
use crate::{
    console::{
        Console,
        asked::{Ask, Asked},
        form::{Errors, Values},
        once::{self, Once},
        page::{self, Shell},
        refused::Refused,
    },
    management::{Account, NewKey, Person, Right, Role},
};

#[derive(Template)]
#[template(path = "keys/new.html")]
struct NewPage<'a> {
    shell: Shell,
    form: &'a Values,
    errors: Errors,
    account: Account,
    accounts: Vec<Account>,
    grid: Grid,
    choices: Choices,
    once: String,
}

/// What can be chosen by who may see it; else it is not offered.
#[derive(Default)]
pub(in crate::console) struct Choices {
    pub(in crate::console) people: Vec<Person>,
    pub(in crate::console) roles: Vec<Role>,
}

impl Choices {
    pub(in crate::console) async fn of(console: &Console, asked: &Asked) -> Result<Self, Refused> {
        if !asked.may(Right::UsersManage) {
            return Ok(Self::default());
        }
        let (caller, management) = (asked.caller()?, console.management());
        let people = management.people().list(caller, None, MOST_PEOPLE).await?.people;
        let roles = management.roles().list(caller).await?;
        let roles = roles.into_iter().filter(|role| caller.rights.contains_all(role.rights));
        Ok(Self { people, roles: roles.collect() })
    }
}

pub(super) async fn form(State(console): State<Console>, Extension(asked): Ask) -> Answer {
    let form = Values::default()
        .with("account", asked.query.text("account"))
        .with("token_minutes", "60")
        .with("attribute_methods", "POST");
    page(&console, &asked, &form, StatusCode::OK, Errors::default()).await
}

async fn page(
    console: &Console,
    asked: &Asked,
    form: &Values,
    status: StatusCode,
    errors: Errors,
) -> Answer {
    let (caller, management) = (asked.caller()?, console.management());
    asked.require(Right::KeysCreate)?;
    let account = management.account(caller, form.given("account")).await?;
    let grid = Grid::new(management.catalogue(), &account);
    let accounts = management.accounts(caller).await?;
    let page = NewPage {
        shell: Shell::new(Some(asked), "New API key"),
        form,
        errors,
        account,
        accounts: if accounts.len() > 1 { accounts } else { Vec::new() },
        grid,
        choices: Choices::of(console, asked).await?,
        once: once::new_form()?,
    };
    Ok(page::render(status, &page))
}

pub(super) async fn create(State(console): State<Console>, Extension(asked): Ask) -> Answer {
    let (caller, form) = (asked.caller()?, &asked.form);
    let management = console.management();
    let account = management.account(caller, form.given("account")).await?;
    let mut errors = Errors::default();
    let new = new_key(form, &account, &Grid::new(management.catalogue(), &account), &mut errors);
    if !errors.is_empty() {
        return page(&console, &asked, form, StatusCode::UNPROCESSABLE_ENTITY, errors).await;
    }
    let once = Once::begin(&console, &asked).await?;
    match management.keys().create(caller, &new).await {
        Ok(made) => Ok(card(&console, &asked, &made)),
        Err(error) => {
            once.forget().await?;
            let errors = Errors::from(error)?;
            page(&console, &asked, form, StatusCode::UNPROCESSABLE_ENTITY, errors).await
        }
    }
}

fn card(console: &Console, asked: &Asked, made: &crate::management::CreatedKey) -> Response {
    let (client, token) = (&made.credentials.client, &made.credentials.token);
    let card = Card {
        title: "Your new key",
        key: &made.key,
        app_secret: (!made.key.rsa).then(|| client.secret()),
        access_token: token.identifier(),
        token_secret: Some(token.secret()),
        old_good_until: None,
        good_until: None,
    };
    card.show(console, asked)
}

fn new_key(form: &Values, account: &Account, grid: &Grid, errors: &mut Errors) -> NewKey {
    if form.text("display_name").is_empty() {
        errors.add("display_name", "Give the application a name.");
    }
    if form.text("developer_name").is_empty() {
        errors.add("developer_name", "Say who builds the application.");
    }
    let scopes = grid.scopes(form);
    let presets: Vec<String> = form.all("preset").map(str::to_owned).collect();
    if !grid.is_empty() && scopes.is_empty() && presets.is_empty() {
        errors.add("scopes", "Choose at least one thing that the key may do.");
    }
    NewKey {
        account: Some(account.name.clone()),
        name: form.owned("name"),
        display_name: form.owned("display_name"),
        developer_name: form.owned("developer_name"),
        description: form.text("description").to_owned(),
        environment: form.text("environment").to_owned(),
        expires_at: fields::expiry(form, account, errors),
        signature_methods: fields::methods(form),
        body_hash_required: form.has("body_hash_required", "yes"),
        two_legged: form.has("two_legged", "yes"),
        ip_allow: form.words("ip_allow"),
        callbacks: fields::callbacks(form),
        scopes,
        presets,
        attributes: fields::attributes(form, errors),
        attribute_methods: Some(form.words("attribute_methods")),
        token_lifetime: fields::token_lifetime(form, errors),
        acts_as: form.owned("acts_as"),
        role: form.owned("role"),
        kind: match form.owned("rsa_public_key") {
            Some(pem) => crate::management::ClientKind::Rsa(pem),
            None => crate::management::ClientKind::Secret,
        },
        imported: None,
    }
}

const MOST_PEOPLE: u16 = 200;

impl NewPage<'_> {
    fn ends(&self) -> Vec<(&'static str, &'static str)> {
        fields::ends(&self.account, false)
    }

    /// Whether something is wrong, or was filled in, where one does not look at first.
    fn has_more(&self) -> bool {
        let (form, errors) = (self.form, &self.errors);
        ["ip_allow", "callbacks", "attributes", "rsa_public_key", "acts_as", "role"]
            .iter()
            .any(|name| form.given(name).is_some() || errors.of(name).is_some())
            || ["attribute_methods", "token_minutes", "signature_methods"]
                .iter()
                .any(|name| errors.of(name).is_some())
    }
}
