//! Who asks: somebody who is signed in, a key with a role that signs, or nobody.

use bytes::Bytes;
use http::{Method, StatusCode, header, request::Parts};
use http_body_util::{BodyExt, Full};

use super::{RestState, problem::Problem};
use crate::{
    PeerAddress, Refusal, RequestVerifier, VerifiedRequest,
    management::{Caller, ManagementError, Right, Rights, Session},
    same_origin::{self, is_safe},
    session_cookie::SessionCookie,
};

/// Who asks.
#[derive(Debug)]
pub(super) enum Asker {
    Nobody,
    /// With what the cookie holds.
    Person {
        token: zeroize::Zeroizing<String>,
        session: Box<Session>,
    },
    /// A key with a role.
    Key(Box<Caller>),
    /// A key that asks for a token of its own, by its app key.
    Application(String),
}

impl Asker {
    pub(super) fn caller(&self) -> Option<&Caller> {
        match self {
            Self::Person { session, .. } => Some(&session.caller),
            Self::Key(caller) => Some(caller),
            Self::Nobody | Self::Application(_) => None,
        }
    }

    /// Finds out who asks.
    pub(super) async fn of(
        state: &RestState,
        parts: &Parts,
        body: &[u8],
        address: Option<&str>,
    ) -> Result<Self, Problem> {
        if parts.headers.contains_key(header::AUTHORIZATION) {
            return signed(state, parts, body, address).await;
        }
        let origin = state.verifier().origin();
        let Some(token) = SessionCookie::Console.find(&parts.headers, origin) else {
            if !is_safe(&parts.method) && same_origin::is_foreign(&parts.headers) {
                return Err(forged());
            }
            return Ok(Self::Nobody);
        };
        if !is_safe(&parts.method) && !same_origin::is_own(&parts.headers, origin) {
            return Err(forged());
        }
        Ok(match state.management().sessions().find(token, address).await? {
            Some(session) => {
                Self::Person { token: token.to_owned().into(), session: Box::new(session) }
            }
            None => Self::Nobody,
        })
    }
}

/// A signed request.
async fn signed(
    state: &RestState,
    parts: &Parts,
    body: &[u8],
    address: Option<&str>,
) -> Result<Asker, Problem> {
    let own_token = parts.uri.path() == TOKENS && parts.method == Method::POST;
    let verifier = if own_token { state.token_verifier() } else { state.verifier() };
    let verified = verify(verifier, parts, body).await?;
    let Some(verified) = verified else { return Ok(Asker::Nobody) };
    if own_token {
        return Ok(Asker::Application(verified.client_identifier().to_owned()));
    }
    if !body.is_empty() && !verified.is_body_signed() {
        return Err(Problem::new(
            StatusCode::BAD_REQUEST,
            "body_not_signed",
            "the body is not covered by the signature; send oauth_body_hash, as oauth1 request --body-hash does",
        ));
    }
    let app_key = verified.client_identifier();
    let Some((account, rights)) = state.management().role_of(app_key).await? else {
        return Err(Problem::new(
            StatusCode::FORBIDDEN,
            "permission_denied",
            "this key has no role; give it one with: oauth1-server keys update --role",
        ));
    };
    Ok(Asker::Key(Box::new(Caller {
        name: format!("key:{app_key}"),
        address: address.map(str::to_owned),
        // Only who may make accounts works in all of them.
        account: (!rights.contains(Right::AccountsManage)).then_some(account),
        rights,
        person: None,
        password_at: None,
    })))
}

async fn verify(
    verifier: &RequestVerifier,
    parts: &Parts,
    body: &[u8],
) -> Result<Option<VerifiedRequest>, Problem> {
    let mut request = http::Request::new(Full::new(Bytes::copy_from_slice(body)));
    *request.method_mut() = parts.method.clone();
    *request.uri_mut() = parts.uri.clone();
    *request.version_mut() = parts.version;
    *request.headers_mut() = parts.headers.clone();
    if let Some(address) = parts.extensions.get::<PeerAddress>() {
        request.extensions_mut().insert(*address);
    }
    match verifier.verify(request).await {
        Ok((_, verified)) => Ok(verified),
        Err(refusal) => Err(refused(verifier, &refusal).await),
    }
}

/// What the layer answers, as a problem.
async fn refused(verifier: &RequestVerifier, refusal: &Refusal) -> Problem {
    let (parts, body) = verifier.answers().response(refusal).into_parts();
    let text = match (refusal, body.collect().await) {
        (Refusal::Explained(explanation), _) => explanation.to_string(),
        (_, Ok(body)) => String::from_utf8_lossy(&body.to_bytes()).trim().to_owned(),
        (_, Err(never)) => match never {},
    };
    let code = match parts.status {
        StatusCode::SERVICE_UNAVAILABLE => "unavailable",
        StatusCode::TOO_MANY_REQUESTS => "too_many_requests",
        StatusCode::UNAUTHORIZED => "signature_refused",
        StatusCode::FORBIDDEN => "permission_denied",
        _ => "malformed_request",
    };
    let retry = parts.headers.get(header::RETRY_AFTER).and_then(|value| value.to_str().ok());
    Problem {
        retry_after: retry.and_then(|value| value.parse().ok()),
        challenge: parts.headers.get(header::WWW_AUTHENTICATE).cloned().map(Box::new),
        ..Problem::new(parts.status, code, format!("the signed request was refused: {text}"))
    }
}

fn forged() -> Problem {
    Problem::new(
        StatusCode::FORBIDDEN,
        "cross_site_request",
        "changes with a cookie need Sec-Fetch-Site: same-origin, or the Origin of this server; programs sign with a key instead",
    )
}

impl crate::management::Management {
    /// The account of a key, and what its role permits; `None` if it has none.
    async fn role_of(&self, app_key: &str) -> Result<Option<(String, Rights)>, ManagementError> {
        let row = self.store.database().row(ROLE, [app_key.into()]).await?;
        row.map(|row| Ok((row.text("account_id")?, Rights::parse(&row.text("permissions")?))))
            .transpose()
    }
}

const ROLE: &str = "
    SELECT c.account_id, r.permissions FROM client c JOIN role r ON r.id = c.role_id
    WHERE c.identifier = $1 AND c.deleted_at IS NULL AND r.deleted_at IS NULL";
/// Where applications sign without a token.
pub(super) const TOKENS: &str = "/v1/tokens";
