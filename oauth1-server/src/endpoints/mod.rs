//! How applications get access that people grant them (RFC 5849 section 2): the three endpoints,
//! and the pages on which resource owners decide and change their minds.
//!
//! | endpoint | section | path unless told otherwise |
//! |---|---|---|
//! | Temporary Credential Request | 2.1 | `POST /oauth/initiate` |
//! | Resource Owner Authorization | 2.2 | `GET /oauth/authorize` |
//! | Token Request | 2.3 | `POST /oauth/token` |
//! | what somebody has granted | 2 | `GET /oauth/grants` |
//!
//! Their answers hold secrets, so they are for `https`, or for clients on the same machine.

mod asked;
mod grants;
mod owners;
mod pages;
mod people;
mod resource_owner_authorization;
mod sent;
mod temporary_credentials;
mod token_credentials;

use std::sync::Arc;

use axum::{
    Router, middleware,
    routing::{get, post},
};

use crate::{
    PublicOrigin, RequestVerifier, console,
    management::{
        Management,
        delegation::{DelegationService, DelegationTimes, ExchangeStore},
    },
    requirements::Purpose,
};

pub use crate::management::delegation::{DelegationTimes as Times, ResourceOwner};
pub use owners::{HeaderOwners, Identity, ResourceOwners};

/// Where the endpoints are: paths that begin with `/`, as they arrive here.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Paths {
    /// Temporary Credential Request (section 2.1).
    pub initiate: String,
    /// Resource Owner Authorization (section 2.2). Signing in is below it.
    pub authorize: String,
    /// Token Request (section 2.3).
    pub token: String,
    /// Where resource owners see and revoke what they granted.
    pub grants: String,
}

impl Default for Paths {
    fn default() -> Self {
        Self {
            initiate: "/oauth/initiate".to_owned(),
            authorize: "/oauth/authorize".to_owned(),
            token: "/oauth/token".to_owned(),
            grants: "/oauth/grants".to_owned(),
        }
    }
}

/// The endpoints and what they need. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Endpoints(Arc<Inner>);

#[derive(Clone, Debug)]
struct Inner {
    delegations: DelegationService,
    temporary: RequestVerifier,
    exchange: RequestVerifier,
    paths: Paths,
    service: String,
    owners: Arc<dyn ResourceOwners>,
    people: bool,
    xauth: Arc<[String]>,
}

impl Endpoints {
    /// Resource owners are the people of the management. The verifier has the credentials of the
    /// same database; what it asks of requests to the protected resources does not matter here.
    #[must_use]
    pub fn new(
        management: &Management,
        verifier: &RequestVerifier,
        times: DelegationTimes,
        paths: Paths,
    ) -> Self {
        let exchange = ExchangeStore {
            store: management.store.clone(),
            others: verifier.credentials().clone(),
        };
        let people = people::People {
            sessions: management.owner_sessions(),
            origin: verifier.origin().clone(),
            sign_in: format!("{}/sign-in", paths.authorize),
        };
        Self(Arc::new(Inner {
            delegations: management.delegations(times),
            temporary: verifier.clone().for_purpose(Purpose::TemporaryCredentials),
            exchange: verifier
                .clone()
                .for_purpose(Purpose::TokenCredentials)
                .with_credentials(Arc::new(exchange)),
            paths,
            service: verifier.origin().authority(),
            owners: Arc::new(people),
            people: true,
            xauth: Arc::new([]),
        }))
    }

    /// What the pages call the service; its host unless told.
    #[must_use]
    pub fn with_service_name(mut self, name: &str) -> Self {
        Arc::make_mut(&mut self.0).service = name.to_owned();
        self
    }

    /// Resource owners are who somebody else says they are.
    #[must_use]
    pub fn with_owners(mut self, owners: impl ResourceOwners + 'static) -> Self {
        let inner = Arc::make_mut(&mut self.0);
        inner.owners = Arc::new(owners);
        inner.people = false;
        self
    }

    /// The app keys of applications that may bring names and passwords of people (xAuth); nobody
    /// may unless he is named. Only people of the management have passwords.
    #[must_use]
    pub fn with_xauth(mut self, app_keys: Vec<String>) -> Self {
        Arc::make_mut(&mut self.0).xauth = app_keys.into();
        self
    }

    /// The routes, with the style sheet of the pages.
    pub fn routes(self) -> Router {
        let Paths { initiate, authorize, token, grants } = &self.0.paths;
        let mut pages = Router::new()
            .route(
                authorize,
                get(resource_owner_authorization::ask).post(resource_owner_authorization::decide),
            )
            .route(grants, get(grants::list).post(grants::revoke));
        if self.0.people {
            pages = pages
                .route(&format!("{authorize}/sign-in"), get(people::form).post(people::sign_in))
                .route(&format!("{authorize}/sign-out"), post(people::sign_out));
        }
        let frame = middleware::from_fn_with_state(self.clone(), pages::around);
        Router::new()
            .route(initiate, post(temporary_credentials::create))
            .route(token, post(token_credentials::create))
            .merge(pages.route_layer(frame))
            .with_state(self)
            .merge(console::assets::routes())
    }

    fn delegations(&self) -> &DelegationService {
        &self.0.delegations
    }

    fn service(&self) -> &str {
        &self.0.service
    }

    fn origin(&self) -> &PublicOrigin {
        self.0.temporary.origin()
    }

    /// A path as browsers have to ask for it.
    fn link(&self, path: &str) -> String {
        format!("{}{path}", self.origin().path_prefix())
    }
}
