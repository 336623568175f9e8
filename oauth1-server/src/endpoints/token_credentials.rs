//! Token Request, RFC 5849 section 2.3; and two extensions: renewal by a session handle, and names
//! and passwords (xAuth).

use axum::{
    body::Body,
    extract::{Request, State},
    response::Response,
};
use zeroize::Zeroizing;

use super::{
    Endpoints,
    sent::{Sent, address, answer},
};
use crate::{
    DelegationError, Refusal, RequestBody, VerifiedRequest, management::delegation::Issued,
    requirements::XAUTH_MODE,
};

pub(super) async fn create(State(endpoints): State<Endpoints>, request: Request) -> Response {
    let (parts, body) = request.into_parts();
    let mut body = RequestBody::streamed(body);
    let verifier = &endpoints.0.exchange;
    let done = verifier.verify_and(&parts, &mut body, async |verified, form| {
        let sent = Sent::read(&parts, form, verifier)?;
        let address = address(&parts);
        issue(&endpoints, verified, &sent, address.as_deref()).await
    });
    match done.await {
        Ok((issued, by_password)) => written(&issued, by_password),
        Err(refusal) => verifier.answers().response(&refusal).map(Body::new),
    }
}

/// The token, and whether it is for a password.
async fn issue(
    endpoints: &Endpoints,
    verified: &VerifiedRequest,
    sent: &Sent,
    address: Option<&str>,
) -> Result<(Issued, bool), Refusal> {
    let client = verified.client_identifier();
    let delegations = endpoints.delegations();
    let Some(token) = verified.token_identifier() else {
        return Ok((by_password(endpoints, client, sent, address).await?, true));
    };
    let issued = match (&sent.session_handle, &sent.verifier) {
        (Some(handle), _) => delegations.renew(client, token, handle, address).await,
        (None, Some(verifier)) => delegations.exchange(client, token, verifier, address).await,
        (None, None) => Err(DelegationError::Verifier.into()),
    };
    Ok((issued?, false))
}

async fn by_password(
    endpoints: &Endpoints,
    client: &str,
    sent: &Sent,
    address: Option<&str>,
) -> Result<Issued, Refusal> {
    // Without people there are no passwords.
    if !endpoints.0.people || !endpoints.0.xauth.iter().any(|app_key| app_key == client) {
        return Err(DelegationError::PasswordsOff.into());
    }
    match (sent.other(XAUTH_MODE), sent.other("x_auth_username"), sent.other("x_auth_password")) {
        (Some("client_auth"), Some(name), Some(password)) => {
            let password = Zeroizing::new(password.to_owned());
            let delegations = endpoints.delegations();
            Ok(delegations.by_password(client, name, &password, address).await?)
        }
        _ => Err(DelegationError::PasswordForm.into()),
    }
}

/// What has no end has no seconds. For a password, the answer says whose token it is, and 0 stands
/// for no end.
fn written(issued: &Issued, by_password: bool) -> Response {
    let mut pairs = vec![
        ("oauth_token", issued.credentials.identifier()),
        ("oauth_token_secret", issued.credentials.secret().expose()),
    ];
    let expires_in = issued.expires_in.map(|seconds| seconds.to_string());
    let authorization = issued.authorization_expires_in.map(|seconds| seconds.to_string());
    for (name, value) in [
        ("oauth_session_handle", issued.session_handle.as_ref().map(|handle| handle.as_str())),
        ("oauth_expires_in", expires_in.as_deref()),
        ("oauth_authorization_expires_in", authorization.as_deref()),
    ] {
        pairs.extend(value.map(|value| (name, value)));
    }
    if by_password {
        pairs.push(("screen_name", &issued.resource_owner));
        pairs.push(("x_auth_expires", expires_in.as_deref().unwrap_or("0")));
    }
    answer(&pairs)
}
