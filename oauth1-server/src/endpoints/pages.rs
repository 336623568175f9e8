//! What stands around the pages of resource owners.

use std::sync::Arc;

use askama::Template;
use axum::{
    extract::{Request, State},
    middleware::Next,
    response::{IntoResponse, Response},
};
use http::{HeaderValue, StatusCode, header};

use super::{Endpoints, Identity, asked::Asked};
use crate::{
    console::{
        frame::harden,
        page::{self, Shell, Who},
        refused::Refused,
    },
    rest::problem::Problem,
};

pub(super) type Answer = Result<Response, Refused>;

#[derive(Template)]
#[template(path = "endpoints/refused.html")]
struct RefusedPage<'a> {
    shell: Shell,
    heading: &'a str,
    text: &'a str,
}

pub(super) async fn around(
    State(endpoints): State<Endpoints>,
    request: Request,
    next: Next,
) -> Response {
    let (parts, body) = request.into_parts();
    let (uri, method) = (parts.uri.clone(), parts.method.clone());
    let (asked, mut response) = match Asked::read(&endpoints, parts, body).await {
        Ok(asked) => {
            let asked = Arc::new(asked);
            let mut request = Request::new(axum::body::Body::empty());
            (*request.uri_mut(), *request.method_mut()) = (uri, method);
            request.extensions_mut().insert(asked.clone());
            (Some(asked), next.run(request).await)
        }
        Err(refused) => (None, refused.into_response()),
    };
    if let Some(problem) = response.extensions_mut().remove::<Problem>() {
        let (mut old, _) = response.into_parts();
        response = refused(&endpoints, asked.as_deref(), &problem);
        old.headers.remove(header::CONTENT_LENGTH);
        response.headers_mut().extend(old.headers);
    }
    let asks = response.extensions_mut().remove::<Asks>().is_some();
    harden(response.headers_mut());
    if asks {
        let policy = HeaderValue::from_static(POLICY_OF_QUESTIONS);
        response.headers_mut().insert(header::CONTENT_SECURITY_POLICY, policy);
    }
    response
}

/// The mark of a page whose form leads to the application.
#[derive(Clone, Copy, Debug)]
pub(super) struct Asks;

fn refused(endpoints: &Endpoints, asked: Option<&Asked>, problem: &Problem) -> Response {
    let heading = match problem.status {
        StatusCode::NOT_FOUND => "Nothing to decide",
        StatusCode::CONFLICT => "Too late",
        StatusCode::UNAUTHORIZED => "Not signed in",
        StatusCode::FORBIDDEN => "Not permitted",
        StatusCode::TOO_MANY_REQUESTS => "Too many tries",
        StatusCode::SERVICE_UNAVAILABLE => "Not available",
        _ => "Not understood",
    };
    let shell = shell(endpoints, asked, heading);
    page::render(problem.status, &RefusedPage { shell, heading, text: &problem.detail })
}

/// The frame of a page, with who is signed in.
pub(super) fn shell(endpoints: &Endpoints, asked: Option<&Asked>, title: &str) -> Shell {
    let who = asked.and_then(|asked| match &asked.identity {
        Identity::Known(owner) => Some(Who::owner(&owner.name)),
        _ => None,
    });
    let paths = &endpoints.0.paths;
    let grants = endpoints.link(&paths.grants);
    let sign_out = endpoints.link(&format!("{}/sign-out", paths.authorize));
    Shell {
        base: endpoints.origin().path_prefix().to_owned(),
        brand: endpoints.service().to_owned(),
        home: grants.clone(),
        links: vec![(grants, "Applications with access")],
        sign_out: endpoints.0.people.then_some(sign_out),
        ..Shell::bare(title, who)
    }
}

/// Browsers hold a form to `form-action` even where its answer leads on, and the callback of an
/// application may lead anywhere; so this page does not have it.
const POLICY_OF_QUESTIONS: &str = "default-src 'none'; script-src 'self'; style-src 'self'; \
    img-src 'self'; connect-src 'self'; frame-ancestors 'none'; base-uri 'none'";
