//! What a page was asked for, and by whom.

use std::sync::Arc;

use axum::{Extension, body::Body};
use http::{StatusCode, header, request::Parts};
use http_body_util::{BodyExt, LengthLimitError, Limited};
use zeroize::Zeroizing;

use super::{Console, form::Values, refused::Refused};
use crate::{
    PeerAddress,
    management::{Caller, ManagementError, Right, Session, SessionToken},
    same_origin,
    session_cookie::SessionCookie,
};

/// As handlers take it.
pub(super) type Ask = Extension<Arc<Asked>>;

/// A request for a page.
#[derive(Debug)]
pub(super) struct Asked {
    /// Who is signed in, with what the cookie holds.
    pub(super) session: Option<(SessionToken, Session)>,
    pub(super) address: Option<String>,
    /// With the query.
    pub(super) target: String,
    pub(super) query: Values,
    pub(super) form: Values,
}

impl Asked {
    pub(super) async fn read(
        console: &Console,
        parts: &Parts,
        body: Body,
    ) -> Result<Self, Refused> {
        let origin = console.origin();
        if !same_origin::is_reached_as_told(parts, origin) {
            return Err(Refused::page(
                StatusCode::MISDIRECTED_REQUEST,
                "This is not the address of the console. The operator sets it as server.admin_origin.",
            ));
        }
        if !same_origin::is_safe(&parts.method) && !same_origin::is_own(&parts.headers, origin) {
            return Err(Refused::page(
                StatusCode::FORBIDDEN,
                "This form was not sent by a page of this console, so nothing was done. Open the page here and try again.",
            ));
        }
        let (query, form) = read_form(parts, body).await?;
        let address = parts.extensions.get::<PeerAddress>().map(|PeerAddress(ip)| ip.to_string());
        let session = match SessionCookie::Console.find(&parts.headers, origin) {
            None => None,
            Some(token) => {
                let sessions = console.management().sessions();
                let found = sessions.find(token, address.as_deref()).await?;
                found.map(|session| (Zeroizing::new(token.to_owned()), session))
            }
        };
        let target = parts.uri.path_and_query().map_or("/", |target| target.as_str()).to_owned();
        Ok(Self { session, address, target, query, form })
    }

    /// Who asks; nobody is sent to where one signs in.
    pub(super) fn caller(&self) -> Result<&Caller, Refused> {
        Ok(&self.signed_in()?.1.caller)
    }

    pub(super) fn signed_in(&self) -> Result<&(SessionToken, Session), Refused> {
        self.session.as_ref().ok_or_else(|| Refused::SignIn { next: self.target.clone() })
    }

    /// For pages that would show nothing without the right.
    pub(super) fn require(&self, right: Right) -> Result<(), Refused> {
        self.caller()?;
        if self.may(right) { Ok(()) } else { Err(ManagementError::Forbidden(right).into()) }
    }

    /// For what is shown or not.
    pub(super) fn may(&self, right: Right) -> bool {
        self.session.as_ref().is_some_and(|(_, session)| session.caller.rights.contains(right))
    }
}

/// The query, and the form that is the body.
pub(crate) async fn read_form(parts: &Parts, body: Body) -> Result<(Values, Values), Refused> {
    let octets = read(body).await?;
    let malformed = || {
        let text = "The request contains characters that cannot be read.";
        Refused::page(StatusCode::BAD_REQUEST, text)
    };
    if parts.uri.path().contains("%00") {
        return Err(malformed());
    }
    let query = Values::parse(parts.uri.query().unwrap_or_default().as_bytes());
    let query = query.ok_or_else(malformed)?;
    let kind = parts.headers.get(header::CONTENT_TYPE).and_then(|kind| kind.to_str().ok());
    let is_form = kind.is_some_and(|kind| {
        let essence = kind.split(';').next().unwrap_or_default().trim();
        essence.eq_ignore_ascii_case("application/x-www-form-urlencoded")
    });
    if !octets.is_empty() && !is_form {
        let text = "The body is not that of a form.";
        return Err(Refused::page(StatusCode::UNSUPPORTED_MEDIA_TYPE, text));
    }
    let form = Values::parse(&octets).ok_or_else(malformed)?;
    Ok((query, form))
}

async fn read(body: Body) -> Result<Zeroizing<Vec<u8>>, Refused> {
    match Limited::new(body, LONGEST_BODY).collect().await {
        Ok(body) => Ok(Zeroizing::new(body.to_bytes().to_vec())),
        Err(error) if error.is::<LengthLimitError>() => {
            let text = format!("A form has {LONGEST_BODY} octets at most.");
            Err(Refused::page(StatusCode::PAYLOAD_TOO_LARGE, text))
        }
        Err(_) => Err(Refused::page(StatusCode::BAD_REQUEST, "The body broke off.")),
    }
}

const LONGEST_BODY: usize = 256 * 1024;
