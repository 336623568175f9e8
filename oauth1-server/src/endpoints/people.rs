//! Resource owners who are people of the management: they sign in with their password.

use std::sync::Arc;

use askama::Template;
use axum::{Extension, extract::State, response::IntoResponse};
use http::{StatusCode, request::Parts};
use zeroize::Zeroizing;

use super::{
    Endpoints, Identity, ResourceOwner, ResourceOwners,
    asked::Asked,
    pages::{Answer, shell},
    sent::address,
};
use crate::{
    BoxFuture, PublicOrigin, StoreError,
    console::{
        form::{Errors, Values},
        page::{self, Shell},
        refused::Refused,
        session::{local, retry_after, told, with_retry},
    },
    management::SessionService,
    session_cookie::SessionCookie,
};

/// Who is signed in here.
#[derive(Debug)]
pub(super) struct People {
    pub(super) sessions: SessionService,
    pub(super) origin: PublicOrigin,
    pub(super) sign_in: String,
}

impl ResourceOwners for People {
    fn identify<'a>(&'a self, parts: &'a Parts) -> BoxFuture<'a, Result<Identity, StoreError>> {
        Box::pin(async move {
            let address = address(parts);
            let session = match SessionCookie::Owner.find(&parts.headers, &self.origin) {
                None => None,
                Some(token) => {
                    let found = self.sessions.find(token, address.as_deref()).await;
                    found.map_err(StoreError::new)?
                }
            };
            Ok(match session {
                None => Identity::SignIn { path: self.sign_in.clone() },
                Some(session) => Identity::Known(ResourceOwner {
                    name: session.person.name,
                    person: Some(session.person.id),
                    scopes: session.person.scopes,
                    address,
                }),
            })
        })
    }
}

#[derive(Template)]
#[template(path = "endpoints/sign_in.html")]
struct SignInPage<'a> {
    shell: Shell,
    form: &'a Values,
    errors: Errors,
    next: &'a str,
    action: String,
}

fn sign_in_page<'a>(
    endpoints: &Endpoints,
    asked: &'a Asked,
    errors: Errors,
    next: &'a str,
) -> SignInPage<'a> {
    SignInPage {
        shell: shell(endpoints, Some(asked), "Sign in"),
        form: &asked.form,
        errors,
        next,
        action: endpoints.link(&format!("{}/sign-in", endpoints.0.paths.authorize)),
    }
}

pub(super) async fn form(
    State(endpoints): State<Endpoints>,
    Extension(asked): Extension<Arc<Asked>>,
) -> Answer {
    let next = next(&endpoints, asked.query.text("next"));
    if matches!(asked.identity, Identity::Known(_)) {
        return Err(Refused::To(endpoints.link(&next)));
    }
    let page = sign_in_page(&endpoints, &asked, Errors::default(), &next);
    Ok(page::render(StatusCode::OK, &page))
}

pub(super) async fn sign_in(
    State(endpoints): State<Endpoints>,
    Extension(asked): Extension<Arc<Asked>>,
) -> Answer {
    let form = &asked.form;
    let next = next(&endpoints, form.text("next"));
    let password = Zeroizing::new(form.exact("password").to_owned());
    let before = SessionCookie::Owner.find(&asked.parts.headers, endpoints.origin());
    let sessions = endpoints.delegations().management().owner_sessions();
    let address = address(&asked.parts);
    match sessions.sign_in(form.text("name"), &password, address.as_deref(), before).await {
        Ok((token, _)) => {
            let mut response = Refused::To(endpoints.link(&next)).into_response();
            SessionCookie::Owner.set(response.headers_mut(), endpoints.origin(), &token);
            Ok(response)
        }
        Err(error) => {
            let retry = retry_after(&error);
            let (status, errors) = told(error)?;
            let page = sign_in_page(&endpoints, &asked, errors, &next);
            Ok(with_retry(page::render(status, &page), retry))
        }
    }
}

pub(super) async fn sign_out(
    State(endpoints): State<Endpoints>,
    Extension(asked): Extension<Arc<Asked>>,
) -> Answer {
    let sessions = endpoints.delegations().management().owner_sessions();
    let token = SessionCookie::Owner.find(&asked.parts.headers, endpoints.origin());
    if let Some(token) = token {
        let address = address(&asked.parts);
        if let Some(session) = sessions.find(token, address.as_deref()).await? {
            sessions.sign_out(token, &session.caller).await?;
        }
    }
    let to = endpoints.link(&endpoints.0.paths.grants);
    let mut response = Refused::To(to).into_response();
    SessionCookie::Owner.remove(response.headers_mut(), endpoints.origin());
    Ok(response)
}

/// Where somebody wanted to go, if it is one of our pages.
fn next(endpoints: &Endpoints, next: &str) -> String {
    let paths = &endpoints.0.paths;
    let path = local(next).split('?').next().unwrap_or_default();
    let ours = [&paths.authorize, &paths.grants].iter().any(|page| page.as_str() == path);
    if ours { next.to_owned() } else { paths.grants.clone() }
}
