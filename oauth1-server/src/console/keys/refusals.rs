//! The refused requests of a key, each with its reason and what mends it.

use askama::Template;
use axum::{
    Extension,
    extract::{Path, State},
    response::{IntoResponse, Redirect},
};
use http::StatusCode;

use super::{Answer, head::Head};
use crate::{
    console::{
        Console,
        asked::Ask,
        page::{self, Shell},
        refusals::RefusalRow,
        refused::Refused,
        when::When,
    },
    management::{KeyState, LONGEST_EXPLAIN_WINDOW},
};

#[derive(Template)]
#[template(path = "keys/refusals.html")]
struct RefusalsPage {
    shell: Shell,
    head: Head,
    refusals: Vec<RefusalRow>,
}

pub(super) async fn list(
    State(console): State<Console>,
    Path(key): Path<String>,
    Extension(asked): Ask,
) -> Answer {
    let caller = asked.caller()?;
    let keys = console.management().keys();
    let key = keys.show(caller, &key).await?;
    let refusals = keys.refusals(caller, Some(&key.id)).await?;
    let of_key = |refusal| RefusalRow { key: Some(key.id.clone()), ..RefusalRow::from(refusal) };
    let refusals = refusals.into_iter().map(of_key).collect();
    let (shell, head) = Head::new(&asked, key, "refusals");
    Ok(page::render(StatusCode::OK, &RefusalsPage { shell, head, refusals }))
}

pub(super) async fn explain(
    State(console): State<Console>,
    Path(key): Path<String>,
    Extension(asked): Ask,
) -> Answer {
    let (caller, keys) = (asked.caller()?, console.management().keys());
    let (key, done) = match asked.form.text("window") {
        "open" => {
            let opened = keys.open_explain_window(caller, &key, LONGEST_EXPLAIN_WINDOW);
            (opened.await?, "explaining")
        }
        "close" => (keys.close_explain_window(caller, &key).await?, "explained"),
        _ => return Err(Refused::page(StatusCode::BAD_REQUEST, "Open or close: which?")),
    };
    Ok(Redirect::to(&format!("/keys/{}/refusals?done={done}", key.id)).into_response())
}
