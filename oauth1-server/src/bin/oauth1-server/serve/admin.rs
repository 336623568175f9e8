//! `/v1` and the pages: on the admin listener; and the one route of `/v1` that applications reach.

use std::{net::SocketAddr, time::Duration};

use axum::Router;
use oauth1_server::{
    PublicOrigin, RequestVerifier,
    console::{self, Console},
    management::Management,
    rest::{self, RestState},
};

use tokio::{task::JoinHandle, time::sleep};

use super::stores::Stores;
use crate::{config::Settings, keys::management};

/// The routes and what they need.
pub(crate) struct Rest {
    pub(super) management: Management,
    admin: RestState,
    public: RestState,
    console: Console,
    origin: PublicOrigin,
}

impl Rest {
    /// Both verifiers keep nonces in the same store: what was used at one is used at the other.
    pub(crate) async fn new(
        settings: &Settings,
        stores: &Stores,
        public: &RequestVerifier,
        admin: RequestVerifier,
    ) -> Result<Self, String> {
        let management =
            management(stores.credentials.store.clone(), settings).with_cache(stores.cached());
        management.begin().await.map_err(|error| error.to_string())?;
        let service = format!("{}/echo", public.origin());
        let console = Console::new(management.clone(), admin.origin().clone(), service)
            .with_propagation(settings.credentials.cache_ttl.as_secs());
        Ok(Self {
            console,
            origin: admin.origin().clone(),
            admin: RestState::new(management.clone(), admin),
            public: RestState::new(management.clone(), public.clone()),
            management,
        })
    }

    /// `/v1` and the pages.
    pub(crate) fn admin_routes(&self) -> Router {
        rest::routes(self.admin.clone()).merge(console::routes(self.console.clone()))
    }

    pub(crate) fn public_routes(&self) -> Router {
        rest::token_routes(self.public.clone())
    }

    /// Removes what is over, at once and every hour.
    pub(crate) fn tidy(&self, audit_keep: Duration) -> JoinHandle<()> {
        let management = self.management.clone();
        tokio::spawn(async move {
            loop {
                match management.tidy(audit_keep).await {
                    Ok(tidied) => tracing::debug!(?tidied, "what was over is gone"),
                    Err(error) => tracing::warn!(%error, "what is over could not be removed"),
                }
                sleep(TIDYING).await;
            }
        })
    }

    /// At the first start of the embedded default, prints the code that makes the first person.
    /// Not through the log, which others may read.
    pub(crate) async fn invite(&self, settings: &Settings) -> Result<(), String> {
        if settings.credentials.url.is_some() {
            return Ok(());
        }
        let code = self.management.setup().first_code().await;
        if let Some(code) = code.map_err(|error| error.to_string())? {
            println!(
                "Make the first administrator at {} with the setup code {}",
                self.origin, *code
            );
        }
        Ok(())
    }
}

/// The origin by which the admin listener is reached: told, or its own on loopback.
pub(crate) fn origin(settings: &Settings, listening: SocketAddr) -> Result<PublicOrigin, String> {
    match &settings.admin_origin {
        Some(origin) if origin.is_secure() || origin.is_loopback() => return Ok(origin.clone()),
        Some(origin) => {
            return Err(format!(
                "server.admin_origin: {origin} is neither https nor loopback; passwords are not sent in clear"
            ));
        }
        None => {}
    }
    // Elsewhere health checks work all the same, but /v1 refuses other hosts than these.
    let port = listening.port();
    PublicOrigin::new(&format!("http://127.0.0.1:{port}"))
        .and_then(|origin| origin.with_host(&format!("localhost:{port}")))
        .and_then(|origin| origin.with_host(&format!("[::1]:{port}")))
        .map_err(|error| error.to_string())
}

const TIDYING: Duration = Duration::from_secs(3600);
