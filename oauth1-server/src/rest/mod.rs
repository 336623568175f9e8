//! Managing keys over HTTP: `/v1`, as `/v1/openapi.json` describes it.
//!
//! Callers are people who are signed in (a session cookie), and keys with a role, which sign with
//! OAuth 1.0 like everybody else. What they may do is decided by [`management`](crate::management)
//! alone. Answers are JSON with times in ISO 8601; what is refused is a problem (RFC 9457) that
//! says what to do. Nothing here may be stored by caches.

mod accounts;
mod answer;
mod asker;
mod audit;
mod basic;
mod fields;
mod frame;
mod idempotency;
mod input;
mod json;
mod key_actions;
mod key_input;
mod keys;
mod openapi;
mod people;
pub(crate) mod problem;
mod roles;
mod session;
mod tokens;

use std::sync::Arc;

use axum::{
    Router, middleware,
    routing::{MethodRouter, any, delete, get, post, put},
};

use crate::{RequestVerifier, management::Management};

pub use openapi::document;

/// What the routes need. Cheap to clone.
#[derive(Clone, Debug)]
pub struct RestState(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    management: Management,
    verifier: RequestVerifier,
    tokens: RequestVerifier,
}

impl RestState {
    /// The verifier has the origin by which callers reach these routes, and the credentials of the
    /// same database.
    #[must_use]
    pub fn new(management: Management, verifier: RequestVerifier) -> Self {
        let tokens = verifier.clone().for_token_requests();
        Self(Arc::new(Inner { management, verifier, tokens }))
    }

    fn management(&self) -> &Management {
        &self.0.management
    }

    fn verifier(&self) -> &RequestVerifier {
        &self.0.verifier
    }

    fn token_verifier(&self) -> &RequestVerifier {
        &self.0.tokens
    }
}

/// All routes, for the admin listener.
pub fn routes(state: RestState) -> Router {
    let router = table()
        .into_iter()
        .fold(Router::new(), |router, (path, methods)| router.route(path, methods));
    let frame = middleware::from_fn_with_state(state.clone(), frame::around);
    // Paths of no version are answered by what this is merged into.
    let router = router.route("/v1/{*rest}", any(frame::nothing)).route("/v1", any(frame::nothing));
    router.layer(frame).with_state(state)
}

/// `POST /v1/tokens` alone, for the listener that applications reach.
pub fn token_routes(state: RestState) -> Router {
    let frame = middleware::from_fn_with_state(state.clone(), frame::around);
    let router = Router::new().route(asker::TOKENS, post(tokens::create_own));
    // Other paths are answered by what this is merged into.
    router.route_layer(frame).with_state(state)
}

/// Every path, with what it answers to.
fn table() -> Vec<(&'static str, MethodRouter<RestState>)> {
    vec![
        ("/v1/openapi.json", get(openapi::show)),
        ("/v1/setup", get(session::setup_state).post(session::set_up)),
        ("/v1/session", get(session::show).post(session::sign_in).delete(session::sign_out)),
        ("/v1/session/step-up", post(session::step_up)),
        ("/v1/keys", get(keys::list).post(keys::create)),
        ("/v1/keys/{key}", get(keys::show).patch(keys::update).delete(keys::delete)),
        ("/v1/keys/{key}/rotate", post(key_actions::rotate)),
        ("/v1/keys/{key}/finish-rotation", post(key_actions::finish_rotation)),
        (
            "/v1/keys/{key}/explain",
            post(key_actions::explain).delete(key_actions::finish_explaining),
        ),
        ("/v1/keys/{key}/regenerate", post(key_actions::regenerate)),
        ("/v1/keys/{key}/reveal", post(key_actions::reveal)),
        ("/v1/keys/{key}/check", post(key_actions::check)),
        ("/v1/keys/{key}/tokens", get(tokens::list).post(tokens::create)),
        ("/v1/keys/{key}/tokens/{token}", delete(tokens::revoke)),
        ("/v1/keys/{key}/refusals", get(key_actions::refusals)),
        ("/v1/keys/{key}/addresses", get(key_actions::addresses)),
        ("/v1/tokens", post(tokens::create_own)),
        ("/v1/refusals", get(key_actions::refusals_of_nobody)),
        ("/v1/catalogue", get(accounts::catalogue)),
        ("/v1/settings", get(accounts::settings).patch(accounts::change_settings)),
        ("/v1/accounts", get(accounts::list).post(accounts::create)),
        ("/v1/accounts/{account}", get(accounts::show).patch(accounts::update)),
        (
            "/v1/accounts/{account}/assignments/{scope}",
            put(accounts::assign).delete(accounts::unassign),
        ),
        ("/v1/people", get(people::list).post(people::create)),
        ("/v1/people/{person}", get(people::show).patch(people::update).delete(people::delete)),
        ("/v1/people/{person}/password", put(people::set_password)),
        ("/v1/roles", get(roles::list).post(roles::create)),
        ("/v1/roles/{role}", get(roles::show).patch(roles::update).delete(roles::delete)),
        ("/v1/basic-credentials", get(basic::list).post(basic::create)),
        (
            "/v1/basic-credentials/{name}",
            get(basic::show).patch(basic::update).delete(basic::delete),
        ),
        ("/v1/basic-credentials/{name}/password", post(basic::set_password)),
        ("/v1/audit", get(audit::list)),
    ]
}

#[cfg(test)]
mod tests {
    /// The document names every path of the table and no other; that the methods are the same is
    /// tested against the running routes.
    #[test]
    fn the_document_has_every_path() {
        let document = super::document();
        let documented: Vec<_> = document["paths"].as_object().unwrap().keys().cloned().collect();
        let mut paths: Vec<_> = super::table().into_iter().map(|(path, _)| path).collect();
        paths.sort_unstable();
        assert_eq!(documented, paths);
    }
}
