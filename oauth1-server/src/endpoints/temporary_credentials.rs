//! Temporary Credential Request, RFC 5849 section 2.1.

use axum::{
    body::Body,
    extract::{Request, State},
    response::Response,
};

use super::{
    Endpoints,
    sent::{Sent, answer},
};
use crate::{DelegationError, Refusal, RequestBody};

/// Gives temporary credentials to a client that signs with its own credentials alone.
///
/// Besides `oauth_callback` it may say with `scope` what it asks for.
pub(super) async fn create(State(endpoints): State<Endpoints>, request: Request) -> Response {
    let (parts, body) = request.into_parts();
    let mut body = RequestBody::streamed(body);
    let verifier = &endpoints.0.temporary;
    let done = verifier.verify_and(&parts, &mut body, async |verified, form| {
        let sent = Sent::read(&parts, form, verifier)?;
        if verified.token_identifier().is_some() {
            return Err(DelegationError::TokenSent.into());
        }
        let callback = sent.callback.as_deref().unwrap_or_default();
        let client = verified.client_identifier();
        let made = endpoints.delegations().begin(client, callback, sent.other("scope")).await;
        made.map_err(Refusal::from)
    });
    match done.await {
        Ok(temporary) => answer(&[
            ("oauth_token", temporary.identifier()),
            ("oauth_token_secret", temporary.secret().expose()),
            // Of 1.0a: the callback is bound to these credentials, whatever comes later.
            ("oauth_callback_confirmed", "true"),
        ]),
        Err(refusal) => verifier.answers().response(&refusal).map(Body::new),
    }
}
