//! The first person, signing in and out, and the password given again.

use askama::Template;
use axum::{
    Extension,
    extract::State,
    response::{IntoResponse, Redirect, Response},
};
use http::{HeaderValue, StatusCode, header};
use zeroize::Zeroizing;

use super::{
    Console,
    asked::{Ask, Asked},
    form::{Errors, Values, sentence},
    page::{self, Shell},
    refused::Refused,
};
use crate::{
    management::{ManagementError, SignInError},
    session_cookie::SessionCookie,
};

pub(super) type Answer = Result<Response, Refused>;

#[derive(Template)]
#[template(path = "session/setup.html")]
struct SetupPage<'a> {
    shell: Shell,
    form: &'a Values,
    errors: Errors,
}

#[derive(Template)]
#[template(path = "session/sign_in.html")]
struct SignInPage<'a> {
    shell: Shell,
    form: &'a Values,
    errors: Errors,
    next: &'a str,
}

#[derive(Template)]
#[template(path = "session/step_up.html")]
struct StepUpPage<'a> {
    shell: Shell,
    errors: Errors,
    next: &'a str,
}

pub(super) async fn set_up_form(State(console): State<Console>, Extension(asked): Ask) -> Answer {
    if !console.management().setup().is_open().await? {
        return Ok(Redirect::to("/sign-in").into_response());
    }
    Ok(setup_page(&asked, StatusCode::OK, Errors::default()))
}

fn setup_page(asked: &Asked, status: StatusCode, errors: Errors) -> Response {
    let shell = Shell::new(Some(asked), "Set up");
    page::render(status, &SetupPage { shell, form: &asked.form, errors })
}

pub(super) async fn set_up(State(console): State<Console>, Extension(asked): Ask) -> Answer {
    let form = &asked.form;
    let mut errors = Errors::default();
    for field in ["code", "name", "password"] {
        if form.exact(field).is_empty() {
            errors.add(field, "Fill this in.");
        }
    }
    if errors.is_empty() && form.exact("password") != form.exact("password_again") {
        errors.add("password_again", "The two passwords are not the same.");
    }
    if !errors.is_empty() {
        return Ok(setup_page(&asked, StatusCode::UNPROCESSABLE_ENTITY, errors));
    }
    let password = Zeroizing::new(form.exact("password").to_owned());
    let setup = console.management().setup();
    let address = asked.address.as_deref();
    let done = setup.run(form.text("code"), form.text("name"), password, address).await;
    match done {
        Ok(_) => Ok(Redirect::to("/sign-in?done=set-up").into_response()),
        Err(SignInError::SetupDone) => Ok(Redirect::to("/sign-in").into_response()),
        Err(error) => {
            let (status, errors) = told(error)?;
            Ok(setup_page(&asked, status, errors))
        }
    }
}

pub(super) async fn sign_in_form(State(console): State<Console>, Extension(asked): Ask) -> Answer {
    if asked.session.is_some() {
        return Ok(Redirect::to("/").into_response());
    }
    if console.management().setup().is_open().await? {
        return Ok(Redirect::to("/setup").into_response());
    }
    let next = local(asked.query.text("next"));
    let shell = Shell::new(Some(&asked), "Sign in");
    let errors = Errors::default();
    Ok(page::render(StatusCode::OK, &SignInPage { shell, form: &asked.form, errors, next }))
}

pub(super) async fn sign_in(State(console): State<Console>, Extension(asked): Ask) -> Answer {
    let form = &asked.form;
    let next = local(form.text("next"));
    let password = Zeroizing::new(form.exact("password").to_owned());
    let before = asked.session.as_ref().map(|(token, _)| token.as_str());
    let sessions = console.management().sessions();
    let address = asked.address.as_deref();
    match sessions.sign_in(form.text("name"), &password, address, before).await {
        Ok((token, _)) => {
            let mut response = Redirect::to(next).into_response();
            SessionCookie::Console.set(response.headers_mut(), console.origin(), &token);
            Ok(response)
        }
        Err(error) => {
            let retry = retry_after(&error);
            let (status, errors) = told(error)?;
            let shell = Shell::new(Some(&asked), "Sign in");
            let page = SignInPage { shell, form, errors, next };
            Ok(with_retry(page::render(status, &page), retry))
        }
    }
}

pub(super) async fn sign_out(State(console): State<Console>, Extension(asked): Ask) -> Answer {
    if let Some((token, session)) = &asked.session {
        console.management().sessions().sign_out(token, &session.caller).await?;
    }
    let mut response = Redirect::to("/sign-in?done=signed-out").into_response();
    SessionCookie::Console.remove(response.headers_mut(), console.origin());
    Ok(response)
}

pub(super) async fn step_up_form(Extension(asked): Ask) -> Answer {
    asked.caller()?;
    let next = local(asked.query.text("next"));
    let shell = Shell::new(Some(&asked), "Confirm it is you");
    Ok(page::render(StatusCode::OK, &StepUpPage { shell, errors: Errors::default(), next }))
}

pub(super) async fn step_up(State(console): State<Console>, Extension(asked): Ask) -> Answer {
    let (token, _) = asked.signed_in()?;
    let next = local(asked.form.text("next"));
    let password = Zeroizing::new(asked.form.exact("password").to_owned());
    let sessions = console.management().sessions();
    match sessions.step_up(token, &password, asked.address.as_deref()).await {
        Ok(_) => Ok(Redirect::to(next).into_response()),
        Err(error) => {
            let retry = retry_after(&error);
            let errors = Errors::of_password(error, "password")?;
            let shell = Shell::new(Some(&asked), "Confirm it is you");
            let page = StepUpPage { shell, errors, next };
            Ok(with_retry(page::render(StatusCode::FORBIDDEN, &page), retry))
        }
    }
}

/// What is wrong, at the field if it is one's.
pub(crate) fn told(error: SignInError) -> Result<(StatusCode, Errors), Refused> {
    let status = match &error {
        SignInError::Throttled { .. } => StatusCode::TOO_MANY_REQUESTS,
        SignInError::Wrong => StatusCode::UNAUTHORIZED,
        SignInError::WrongCode => StatusCode::FORBIDDEN,
        SignInError::Management(ManagementError::Invalid(_)) => StatusCode::UNPROCESSABLE_ENTITY,
        _ => return Err(error.into()),
    };
    let mut errors = Errors::default();
    match error {
        SignInError::Management(error) => return Ok((status, Errors::from(error)?)),
        SignInError::WrongCode => errors.add("code", sentence(&error.to_string())),
        error => errors.general = Some(sentence(&error.to_string())),
    }
    Ok((status, errors))
}

pub(crate) const fn retry_after(error: &SignInError) -> Option<u64> {
    match error {
        SignInError::Throttled { retry_after } => Some(*retry_after),
        _ => None,
    }
}

pub(crate) fn with_retry(mut response: Response, seconds: Option<u64>) -> Response {
    if let Some(seconds) = seconds {
        response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(seconds));
    }
    response
}

/// A path of ours, and nothing that a browser takes for another host.
pub(crate) fn local(next: &str) -> &str {
    let plain = next.bytes().all(|b| b.is_ascii_graphic() && b != b'\\');
    let ours = next.starts_with('/') && !next.starts_with("//") && plain;
    if ours { next } else { "/" }
}

#[cfg(test)]
mod tests {
    #[test]
    fn nobody_is_sent_elsewhere() {
        for (next, to) in [
            ("/keys?state=active", "/keys?state=active"),
            ("", "/"),
            ("//evil.example", "/"),
            ("/\\evil.example", "/"),
            ("https://evil.example", "/"),
            ("javascript:alert(1)", "/"),
            ("/a\r\nSet-Cookie: x", "/"),
        ] {
            assert_eq!(super::local(next), to);
        }
    }
}
