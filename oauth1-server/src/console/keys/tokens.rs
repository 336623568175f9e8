//! The tokens of a key: all of them, short-lived new ones, their end.

use askama::Template;
use axum::{
    Extension,
    extract::{Path, State},
    response::{IntoResponse, Redirect},
};

use super::{Answer, Card, change::status, head::Head};
use crate::{
    console::{
        Console,
        asked::{Ask, Asked},
        form::{Errors, Values},
        once::{self, Once},
        page::{self, Shell},
        when::When,
    },
    management::{Key, KeyState, KeyToken, NewToken},
};

#[derive(Template)]
#[template(path = "keys/tokens.html")]
struct TokensPage<'a> {
    shell: Shell,
    head: Head,
    form: &'a Values,
    errors: Errors,
    tokens: Vec<KeyToken>,
    next: Option<String>,
    once: String,
}

impl TokensPage<'_> {
    fn is_over(&self, token: &KeyToken) -> bool {
        token.expires_at.is_some_and(|end| end <= self.head.now)
    }
}

pub(super) async fn list(
    State(console): State<Console>,
    Path(key): Path<String>,
    Extension(asked): Ask,
) -> Answer {
    let key = console.management().keys().show(asked.caller()?, &key).await?;
    let minutes = key.token_lifetime.div_euclid(60).max(1).to_string();
    let form = Values::default().with("token_minutes", minutes).with("scopes", &key.scopes);
    tokens_page(&console, &asked, key, &form, Errors::default()).await
}

async fn tokens_page(
    console: &Console,
    asked: &Asked,
    key: Key,
    form: &Values,
    errors: Errors,
) -> Answer {
    let (caller, after) = (asked.caller()?, asked.query.given("after"));
    let page = console.management().keys().tokens(caller, &key.id, after, PAGE).await?;
    let (status, once) = (status(&errors), once::new_form()?);
    let (shell, head) = Head::new(asked, key, "tokens");
    let (tokens, next) = (page.tokens, page.next);
    Ok(page::render(status, &TokensPage { shell, head, form, errors, tokens, next, once }))
}

pub(super) async fn mint(
    State(console): State<Console>,
    Path(key): Path<String>,
    Extension(asked): Ask,
) -> Answer {
    let (caller, form) = (asked.caller()?, &asked.form);
    let key = console.management().keys().show(caller, &key).await?;
    let mut errors = Errors::default();
    let lifetime = super::fields::token_lifetime(form, &mut errors);
    if !errors.is_empty() {
        return tokens_page(&console, &asked, key, form, errors).await;
    }
    let new = NewToken { lifetime, scopes: Some(form.words("scopes")) };
    let once = Once::begin(&console, &asked).await?;
    match console.management().keys().mint(caller, &key.id, &new).await {
        Ok(made) => {
            let card = Card {
                title: "Your short-lived token",
                key: &key,
                app_secret: None,
                access_token: made.credentials.identifier(),
                token_secret: Some(made.credentials.secret()),
                old_good_until: None,
                good_until: made.token.expires_at,
            };
            Ok(card.show(&console, &asked))
        }
        Err(error) => {
            once.forget().await?;
            let errors = Errors::from(error)?;
            tokens_page(&console, &asked, key, form, errors).await
        }
    }
}

pub(super) async fn revoke(
    State(console): State<Console>,
    Path((key, token)): Path<(String, String)>,
    Extension(asked): Ask,
) -> Answer {
    let key = console.management().keys().revoke(asked.caller()?, &key, &token).await?;
    Ok(Redirect::to(&format!("/keys/{}/tokens?done=revoked", key.id)).into_response())
}

const PAGE: u16 = 25;
