//! The console: pages over [`management`](crate::management), for people.
//!
//! Pages are rendered here and need no script; the one small script of our own adds comfort. A
//! page loads nothing from elsewhere, runs no script of others and is never framed or cached.
//! What somebody may do is decided by the management alone: here it is only what menus show.

pub(crate) mod asked;
pub(crate) mod assets;
mod debugger;
pub(crate) mod form;
pub(crate) mod frame;
mod keys;
mod once;
mod organisation;
pub(crate) mod page;
mod redacted;
mod refusals;
pub(crate) mod refused;
pub(crate) mod session;
pub(crate) mod when;

use std::sync::Arc;

use axum::{
    Router, middleware,
    response::Redirect,
    routing::{MethodRouter, get, post},
};

use crate::{PublicOrigin, management::Management};

/// What the pages need. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Console(Arc<Inner>);

#[derive(Clone, Debug)]
struct Inner {
    management: Management,
    origin: PublicOrigin,
    service: String,
    within: u64,
}

impl Console {
    /// `origin` is where people reach the pages, `service` the URL of something that keys can
    /// call, for the examples on the pages.
    #[must_use]
    pub fn new(management: Management, origin: PublicOrigin, service: impl Into<String>) -> Self {
        Self(Arc::new(Inner { management, origin, service: service.into(), within: 0 }))
    }

    /// How many seconds other nodes take at most until they know of a change.
    #[must_use]
    pub fn with_propagation(mut self, seconds: u64) -> Self {
        Arc::make_mut(&mut self.0).within = seconds;
        self
    }

    fn management(&self) -> &Management {
        &self.0.management
    }

    fn origin(&self) -> &PublicOrigin {
        &self.0.origin
    }

    fn service(&self) -> &str {
        &self.0.service
    }

    /// Seconds.
    fn within(&self) -> u64 {
        self.0.within
    }
}

/// All pages. What is no page is answered as a page as well.
pub fn routes(console: Console) -> Router {
    let router = table()
        .into_iter()
        .fold(Router::new(), |router, (path, methods)| router.route(path, methods));
    let frame = middleware::from_fn_with_state(console.clone(), frame::around);
    router.fallback(frame::nothing).layer(frame).with_state(console).merge(assets::routes())
}

/// Every path, with what it answers to.
fn table() -> Vec<(&'static str, MethodRouter<Console>)> {
    let mut table = vec![
        ("/", get(async || Redirect::to("/keys"))),
        ("/setup", get(session::set_up_form).post(session::set_up)),
        ("/sign-in", get(session::sign_in_form).post(session::sign_in)),
        ("/sign-out", post(session::sign_out)),
        ("/step-up", get(session::step_up_form).post(session::step_up)),
    ];
    table.push(("/debugger", get(debugger::form).post(debugger::explain)));
    table.extend(keys::table());
    table.extend(organisation::table());
    table
}
