//! A secret again, where the account permits it: one value, after the password, for 30 seconds.

use askama::Template;
use axum::{
    Extension,
    extract::{Path, State},
    response::Response,
};
use http::{HeaderName, HeaderValue, StatusCode};
use zeroize::Zeroizing;

use super::{Answer, head::Head};
use crate::{
    console::{
        Console,
        asked::{Ask, Asked},
        form::Errors,
        page::{self, Shell},
        refused::Refused,
    },
    management::{Caller, Key, ManagementError, Right, Secret, SignInError},
};

#[derive(Template)]
#[template(path = "keys/reveal.html")]
struct RevealPage<'a> {
    shell: Shell,
    head: Head,
    errors: Errors,
    secret: Secret,
    /// The value, once it may be shown.
    value: Option<&'a str>,
    fresh: bool,
}

pub(super) async fn form(
    State(console): State<Console>,
    Path(key): Path<String>,
    Extension(asked): Ask,
) -> Answer {
    let key = read(&console, &asked, &key).await?;
    let secret = which(asked.query.text("secret"));
    Ok(reveal_page(&asked, key, secret, None, StatusCode::OK, Errors::default()))
}

/// A value is only ever in the answer to a form: no link leads to one.
pub(super) async fn reveal(
    State(console): State<Console>,
    Path(key): Path<String>,
    Extension(asked): Ask,
) -> Answer {
    let key = read(&console, &asked, &key).await?;
    let (token, session) = asked.signed_in()?;
    let secret = which(asked.form.text("secret"));
    let mut caller: Caller = session.caller.clone();
    let password = Zeroizing::new(asked.form.exact("password").to_owned());
    if !password.is_empty() {
        let sessions = console.management().sessions();
        match sessions.step_up(token, &password, asked.address.as_deref()).await {
            Ok(session) => caller = session.caller,
            Err(error) => {
                let status = match error {
                    SignInError::Throttled { .. } => StatusCode::TOO_MANY_REQUESTS,
                    _ => StatusCode::FORBIDDEN,
                };
                let errors = Errors::of_password(error, "password")?;
                return Ok(reveal_page(&asked, key, secret, None, status, errors));
            }
        }
    }
    match console.management().keys().reveal(&caller, &key.id, secret).await {
        Ok(value) => {
            let value = Some(value.expose());
            let back = format!("{HIDDEN_AFTER}; url=/keys/{}", key.id);
            let mut page =
                reveal_page(&asked, key, secret, value, StatusCode::OK, Errors::default());
            if let Ok(back) = HeaderValue::try_from(back) {
                page.headers_mut().insert(HeaderName::from_static("refresh"), back);
            }
            Ok(page)
        }
        Err(ManagementError::StepUp) => {
            let mut errors = Errors::default();
            errors.add("password", "Give your password: the last time is too long ago.");
            let status = StatusCode::FORBIDDEN;
            Ok(reveal_page(&asked, key, secret, None, status, errors))
        }
        Err(error) => Err(error.into()),
    }
}

fn reveal_page(
    asked: &Asked,
    key: Key,
    secret: Secret,
    value: Option<&str>,
    status: StatusCode,
    errors: Errors,
) -> Response {
    let (shell, head) = Head::new(asked, key, "");
    let given = asked.session.as_ref().and_then(|(_, session)| session.caller.password_at);
    // Rather once too often: what counts is asked when the form comes.
    let fresh = errors.of("password").is_none() && given.is_some_and(|at| at > head.now - FRESH);
    page::render(status, &RevealPage { shell, head, errors, secret, value, fresh })
}

fn which(word: &str) -> Secret {
    if word == Secret::Token.as_str() { Secret::Token } else { Secret::App }
}

async fn read(console: &Console, asked: &Asked, key: &str) -> Result<Key, Refused> {
    let caller = asked.caller()?;
    asked.require(Right::KeysReveal)?;
    let key = console.management().keys().show(caller, key).await?;
    let account = console.management().account(caller, Some(&key.account)).await?;
    if account.secret_reveal { Ok(key) } else { Err(ManagementError::RevealForbidden.into()) }
}

/// Seconds.
const HIDDEN_AFTER: u64 = 30;
/// A little less than the five minutes that the management asks for.
const FRESH: i64 = 280 * 1000;
