//! `/v1/setup` and `/v1/session`: the first person, and who is signed in.

use axum::extract::State;
use http::StatusCode;
use serde_json::{Value as Json, json};

use super::{
    RestState,
    answer::{self, Answer},
    asker::Asker,
    input::Input,
    json,
    problem::Problem,
};
use crate::{management::Session, session_cookie::SessionCookie};

pub(super) async fn setup_state(State(state): State<RestState>, input: Input) -> Answer {
    input.no_query()?;
    answer::ok(&json!({ "open": state.management().setup().is_open().await? }))
}

pub(super) async fn set_up(State(state): State<RestState>, input: Input) -> Answer {
    input.no_query()?;
    let mut body = input.body()?;
    let code = body.needed_password("code");
    let (name, password) = (body.needed_text("name"), body.needed_password("password"));
    body.end()?;
    let address = input.content.address.as_deref();
    let person = state.management().setup().run(&code, &name, password, address).await?;
    let location = format!("/v1/people/{}", person.id);
    answer::created(&location, &json::person(&person), person.version)
}

pub(super) async fn show(input: Input) -> Answer {
    input.no_query()?;
    let (_, session) = own(&input)?;
    answer::ok(&shown(session))
}

pub(super) async fn sign_in(State(state): State<RestState>, input: Input) -> Answer {
    input.no_query()?;
    let mut body = input.body()?;
    let (name, password) = (body.needed_text("name"), body.needed_password("password"));
    body.end()?;
    let before = match &input.content.asker {
        Asker::Person { token, .. } => Some(token.as_str()),
        _ => None,
    };
    let address = input.content.address.as_deref();
    let sessions = state.management().sessions();
    let (token, session) = sessions.sign_in(&name, &password, address, before).await?;
    let mut response = answer::json(StatusCode::CREATED, &shown(&session));
    SessionCookie::Console.set(response.headers_mut(), state.verifier().origin(), &token);
    Ok(response)
}

pub(super) async fn step_up(State(state): State<RestState>, input: Input) -> Answer {
    input.no_query()?;
    let (token, _) = own(&input)?;
    let mut body = input.body()?;
    let password = body.needed_password("password");
    body.end()?;
    let address = input.content.address.as_deref();
    let session = state.management().sessions().step_up(token, &password, address).await;
    // The session is good: a 401 would say that it is not.
    let session = session.map_err(|error| match Problem::from(error) {
        problem if problem.status == StatusCode::UNAUTHORIZED => {
            let detail = "the password is wrong";
            Problem::new(StatusCode::FORBIDDEN, "sign_in_failed", detail)
        }
        problem => problem,
    })?;
    answer::ok(&shown(&session))
}

pub(super) async fn sign_out(State(state): State<RestState>, input: Input) -> Answer {
    input.no_query()?;
    input.no_body()?;
    let (token, session) = own(&input)?;
    state.management().sessions().sign_out(token, &session.caller).await?;
    let mut response = answer::done()?;
    SessionCookie::Console.remove(response.headers_mut(), state.verifier().origin());
    Ok(response)
}

fn own(input: &Input) -> Result<(&str, &Session), Problem> {
    match &input.content.asker {
        Asker::Person { token, session } => Ok((token.as_str(), &**session)),
        Asker::Key(_) => {
            let detail = "this is for who is signed in; keys have no session";
            Err(Problem::new(StatusCode::FORBIDDEN, "permission_denied", detail))
        }
        _ => Err(Problem::unauthenticated()),
    }
}

fn shown(session: &Session) -> Json {
    json!({
        "person": json::person(&session.person),
        "expires_at": json::time(session.expires_at), "idle_at": json::time(session.idle_at),
        "password_at": json::optional_time(session.caller.password_at),
    })
}
