//! New secrets for a key, the end of the old ones, or four new values.

use std::time::Duration;

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
        refused::Refused,
        when::{self, When},
    },
    management::{Key, KeyState, ManagementError, Right, Rotation, SeenAddresses},
};

#[derive(Template)]
#[template(path = "keys/rotate.html")]
struct RotatePage<'a> {
    shell: Shell,
    head: Head,
    form: &'a Values,
    errors: Errors,
    seen: SeenAddresses,
    once: String,
}

#[derive(Template)]
#[template(path = "keys/regenerate.html")]
struct RegeneratePage<'a> {
    shell: Shell,
    head: Head,
    form: &'a Values,
    errors: Errors,
    seen: SeenAddresses,
    once: String,
}

impl RotatePage<'_> {
    /// How long the old secrets have not been used, if that is long enough to end them.
    fn quiet_for(&self) -> Option<String> {
        let key = &self.head.key;
        let used = key.old_secret_used_at.unwrap_or(key.changed_at);
        let quiet = self.head.now - used;
        (quiet >= QUIET).then(|| when::duration(quiet))
    }
}

pub(super) async fn form(
    State(console): State<Console>,
    Path(key): Path<String>,
    Extension(asked): Ask,
) -> Answer {
    let key = read(&console, &asked, &key).await?;
    let form = Values::default().with("grace", "86400").with("only", "both");
    rotate_page(&console, &asked, key, &form, Errors::default()).await
}

async fn rotate_page(
    console: &Console,
    asked: &Asked,
    key: Key,
    form: &Values,
    errors: Errors,
) -> Answer {
    let seen = console.management().keys().addresses(asked.caller()?, &key.id).await?;
    let (status, once) = (status(&errors), once::new_form()?);
    let (shell, head) = Head::new(asked, key, "rotate");
    Ok(page::render(status, &RotatePage { shell, head, form, errors, seen, once }))
}

pub(super) async fn rotate(
    State(console): State<Console>,
    Path(key): Path<String>,
    Extension(asked): Ask,
) -> Answer {
    let key = read(&console, &asked, &key).await?;
    let (caller, form) = (asked.caller()?, &asked.form);
    let mut errors = Errors::default();
    let rotation = match form.text("only") {
        "app_secret" => Rotation::AppSecret,
        "token_secret" => Rotation::TokenSecret,
        _ => Rotation::Both,
    };
    let grace = form.text("grace").parse().ok().map(Duration::from_secs);
    let Some(grace) = grace else {
        errors.add("grace", "Choose how long the old secrets stay good.");
        return rotate_page(&console, &asked, key, form, errors).await;
    };
    let once = Once::begin(&console, &asked).await?;
    match console.management().keys().rotate(caller, &key.id, rotation, grace).await {
        Ok(rotated) => {
            let own = rotated.key.tokens.iter().find(|token| token.own);
            let card = Card {
                title: "New secrets",
                key: &rotated.key,
                app_secret: rotated.app_secret.as_ref(),
                access_token: own.map_or("", |token| &token.access_token),
                token_secret: rotated.token_secret.as_ref(),
                old_good_until: Some(rotated.old_good_until),
                good_until: None,
            };
            Ok(card.show(&console, &asked))
        }
        Err(error) => {
            once.forget().await?;
            let errors = in_words(error)?;
            rotate_page(&console, &asked, key, form, errors).await
        }
    }
}

pub(super) async fn finish(
    State(console): State<Console>,
    Path(key): Path<String>,
    Extension(asked): Ask,
) -> Answer {
    let key = console.management().keys().finish_rotation(asked.caller()?, &key).await?;
    Ok(Redirect::to(&format!("/keys/{}/rotate?done=old-ended", key.id)).into_response())
}

pub(super) async fn regenerate_form(
    State(console): State<Console>,
    Path(key): Path<String>,
    Extension(asked): Ask,
) -> Answer {
    let key = read(&console, &asked, &key).await?;
    regenerate_page(&console, &asked, key, Errors::default()).await
}

async fn regenerate_page(console: &Console, asked: &Asked, key: Key, errors: Errors) -> Answer {
    let seen = console.management().keys().addresses(asked.caller()?, &key.id).await?;
    let (status, once) = (status(&errors), once::new_form()?);
    let (shell, head) = Head::new(asked, key, "rotate");
    let page = RegeneratePage { shell, head, form: &asked.form, errors, seen, once };
    Ok(page::render(status, &page))
}

pub(super) async fn regenerate(
    State(console): State<Console>,
    Path(key): Path<String>,
    Extension(asked): Ask,
) -> Answer {
    let key = read(&console, &asked, &key).await?;
    if asked.form.text("confirm") != key.name {
        let mut errors = Errors::default();
        errors.add("confirm", format!("Type {} to confirm.", key.name));
        return regenerate_page(&console, &asked, key, errors).await;
    }
    let once = Once::begin(&console, &asked).await?;
    match console.management().keys().regenerate(asked.caller()?, &key.id).await {
        Ok(made) => {
            let (client, token) = (&made.credentials.client, &made.credentials.token);
            let card = Card {
                title: "Four new values",
                key: &made.key,
                app_secret: Some(client.secret()),
                access_token: token.identifier(),
                token_secret: Some(token.secret()),
                old_good_until: Some(0),
                good_until: None,
            };
            Ok(card.show(&console, &asked))
        }
        Err(error) => {
            once.forget().await?;
            regenerate_page(&console, &asked, key, in_words(error)?).await
        }
    }
}

fn until(end: &i64, now: &i64) -> String {
    when::duration(end - now)
}

/// An RSA key has no secret to replace: that is told where it was asked for.
fn in_words(error: ManagementError) -> Result<Errors, Refused> {
    match error {
        ManagementError::NoSecret | ManagementError::NoToken => {
            Ok(Errors::whole(&error.to_string()))
        }
        error => Errors::from(error),
    }
}

async fn read(console: &Console, asked: &Asked, key: &str) -> Result<Key, Refused> {
    let caller = asked.caller()?;
    asked.require(Right::KeysRotate)?;
    Ok(console.management().keys().show(caller, key).await?)
}

/// An hour, in milliseconds: uses are written every few seconds, and jobs run hourly.
const QUIET: i64 = 3600 * 1000;
