//! `/me`: oneself, and one's password.

use askama::Template;
use axum::{
    Extension,
    extract::State,
    response::{IntoResponse, Redirect},
};
use http::StatusCode;

use super::{Answer, needed_password, roles::meaning, told, wrong};
use crate::{
    console::{
        Console,
        asked::{Ask, Asked},
        form::Errors,
        page::{self, Shell},
        refused::Refused,
        session,
        when::When,
    },
    management::{ManagementError, Password, Session, SignInError},
    session_cookie::SessionCookie,
};

#[derive(Template)]
#[template(path = "organisation/me.html")]
struct MePage<'a> {
    shell: Shell,
    session: &'a Session,
    errors: Errors,
}

pub(super) async fn show(Extension(asked): Ask) -> Answer {
    page(&asked, (StatusCode::OK, Errors::default()))
}

fn page(asked: &Asked, (status, errors): (StatusCode, Errors)) -> Answer {
    let session = &asked.signed_in()?.1;
    let shell = Shell::new(Some(asked), "My account");
    Ok(page::render(status, &MePage { shell, session, errors }))
}

/// Another password, for who knows the old one. Every session ends; this browser gets a new one.
pub(super) async fn set_password(State(console): State<Console>, Extension(asked): Ask) -> Answer {
    let (token, session) = asked.signed_in()?;
    let (form, address) = (&asked.form, asked.address.as_deref());
    let mut errors = Errors::default();
    if form.exact("old_password").is_empty() {
        errors.add("old_password", "Fill this in.");
    }
    let new = needed_password(form, &mut errors);
    if !errors.is_empty() {
        return page(&asked, wrong(errors));
    }
    let sessions = console.management().sessions();
    let old = Password::new(form.exact("old_password").to_owned());
    let confirmed = match sessions.step_up(token, &old, address).await {
        Ok(confirmed) => confirmed,
        Err(error) => return not_confirmed(&asked, error),
    };
    let name = &session.person.name;
    match console.management().people().set_password(&confirmed.caller, name, &new).await {
        Ok(_) => {}
        Err(ManagementError::StepUp) => return Err(Refused::StepUp { next: "/me".to_owned() }),
        Err(error) => return page(&asked, told(error)?),
    }
    let to = |path: &str| Redirect::to(&format!("{path}?done=own-password")).into_response();
    Ok(match sessions.sign_in(name, &new, address, None).await {
        Ok((token, _)) => {
            let mut response = to("/me");
            SessionCookie::Console.set(response.headers_mut(), console.origin(), &token);
            response
        }
        // It is set all the same.
        Err(_) => to("/sign-in"),
    })
}

fn not_confirmed(asked: &Asked, error: SignInError) -> Answer {
    let retry = session::retry_after(&error);
    let status =
        if retry.is_some() { StatusCode::TOO_MANY_REQUESTS } else { StatusCode::FORBIDDEN };
    let errors = Errors::of_password(error, "old_password")?;
    Ok(session::with_retry(page(asked, (status, errors))?, retry))
}
