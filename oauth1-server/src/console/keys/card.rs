//! The one-time card: the four values, in their order, and all that one does with them first.

use askama::Template;
use axum::response::Response;
use http::StatusCode;
use oauth1_core::SharedSecret;

use super::snippets::{self, FourValues, Snippet};
use crate::{
    console::{
        Console,
        asked::Asked,
        page::{self, Shell},
        when::When,
    },
    credentials::generate::now,
    management::Key,
};

/// What a card shows. What is not new is not shown again.
pub(in crate::console) struct Card<'a> {
    pub(in crate::console) title: &'static str,
    pub(in crate::console) key: &'a Key,
    pub(in crate::console) app_secret: Option<&'a SharedSecret>,
    pub(in crate::console) access_token: &'a str,
    pub(in crate::console) token_secret: Option<&'a SharedSecret>,
    /// Until when what was before is good.
    pub(in crate::console) old_good_until: Option<i64>,
    /// Until when the values are good, if not as long as the key.
    pub(in crate::console) good_until: Option<i64>,
}

#[derive(Template)]
#[template(path = "keys/card.html")]
struct CardPage<'a> {
    shell: Shell,
    card: &'a Card<'a>,
    app_secret: Option<&'a str>,
    token_secret: Option<&'a str>,
    copies: Vec<Snippet>,
    requests: Vec<Snippet>,
    within: u64,
    now: i64,
}

impl Card<'_> {
    fn is_old_good(&self, now: &i64) -> bool {
        self.old_good_until.is_some_and(|end| end > *now)
    }

    /// The page, once.
    pub(in crate::console) fn show(&self, console: &Console, asked: &Asked) -> Response {
        let (app_secret, token_secret) = (
            self.app_secret.map(SharedSecret::expose),
            self.token_secret.map(SharedSecret::expose),
        );
        let values = app_secret.zip(token_secret).map(|(app_secret, token_secret)| FourValues {
            name: &self.key.display_name,
            app_key: &self.key.app_key,
            app_secret,
            access_token: self.access_token,
            token_secret,
            url: console.service(),
        });
        let mut shell = Shell::new(Some(asked), self.title);
        // Nothing on the page leads away by accident.
        shell.menu.clear();
        let page = CardPage {
            shell,
            card: self,
            app_secret,
            token_secret,
            copies: values.map(snippets::copies).unwrap_or_default(),
            requests: values.map(snippets::requests).unwrap_or_default(),
            within: console.within(),
            now: now(),
        };
        page::render(StatusCode::OK, &page)
    }
}
