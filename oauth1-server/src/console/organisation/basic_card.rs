//! The one-time card of a Basic credential whose password was made up.

use askama::Template;
use axum::response::Response;
use http::StatusCode;

use crate::{
    console::{
        Console,
        asked::Asked,
        page::{self, Shell},
    },
    management::CreatedBasicCredential,
};

#[derive(Template)]
#[template(path = "organisation/basic_card.html")]
struct CardPage<'a> {
    shell: Shell,
    id: &'a str,
    name: &'a str,
    password: &'a str,
    /// Of something that can be called.
    url: &'a str,
}

/// The page, once.
pub(super) fn show(
    console: &Console,
    asked: &Asked,
    title: &str,
    made: &CreatedBasicCredential,
) -> Response {
    let mut shell = Shell::new(Some(asked), title);
    // Nothing on the page leads away by accident.
    shell.menu.clear();
    let page = CardPage {
        shell,
        id: &made.credential.id,
        name: &made.credential.name,
        password: made.password.as_ref().map_or("", |password| password.as_str()),
        url: console.service(),
    };
    page::render(StatusCode::OK, &page)
}
