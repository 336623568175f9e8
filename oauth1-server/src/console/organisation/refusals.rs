//! `/refusals`: refused requests of senders whose key is not known.

use askama::Template;
use axum::{Extension, extract::State};
use http::StatusCode;

use super::Answer;
use crate::console::{
    Console,
    asked::Ask,
    page::{self, Shell},
    refusals::RefusalRow,
};

#[derive(Template)]
#[template(path = "organisation/refusals.html")]
struct RefusalsPage {
    shell: Shell,
    refusals: Vec<RefusalRow>,
}

pub(super) async fn list(State(console): State<Console>, Extension(asked): Ask) -> Answer {
    let refusals = console.management().keys().refusals(asked.caller()?, None).await?;
    let page = RefusalsPage {
        shell: Shell::new(Some(&asked), "Refused requests"),
        refusals: refusals.into_iter().map(RefusalRow::from).collect(),
    };
    Ok(page::render(StatusCode::OK, &page))
}
