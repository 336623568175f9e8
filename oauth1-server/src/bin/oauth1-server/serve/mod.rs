//! `oauth1-server serve`: stores, listeners, self-test, and an orderly end.

mod admin;
mod app;
mod body;
mod connection;
mod health;
mod listener;
mod metrics;
mod notify;
mod stores;

use std::{net::SocketAddr, sync::Arc, time::Duration};

use axum::Router;
use http::StatusCode;
use oauth1_server::{
    NonceStoreError, PublicOrigin, RequestVerifier, SelfTest, SelfTestError, TimestampWindow,
    VerificationLayer,
    basic::PasswordChecker,
    endpoints::{Endpoints, HeaderOwners},
    management::Management,
    usage::Usage,
};
use rand::{TryRng, rngs::SysRng};
use tokio::{
    net::TcpListener,
    signal::unix::{SignalKind, signal},
    time::{sleep, timeout},
};
use tokio_util::{sync::CancellationToken, task::TaskTracker};

use crate::{
    config::{Delegation, Server, Settings},
    logging,
};
use app::Surroundings;
use connection::Pace;
use health::{Gate, Health};
use listener::{Limits, Listener};
use metrics::Metrics;

/// Serves until a signal ends it.
pub(crate) fn run(settings: Settings) -> Result<(), String> {
    logging::start(&settings.log);
    raise_file_limit();
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .map_err(|error| format!("no threads to serve with: {error}"))?;
    let served = runtime.block_on(serve(settings));
    // Whoever still holds a store gives it back, so that the journal is closed in order.
    runtime.shutdown_timeout(Duration::from_secs(1));
    served
}

async fn serve(settings: Settings) -> Result<(), String> {
    // First, so that no signal is missed.
    let mut signals = Signals::new()?;
    let (public, public_address) = bind("server.listen", settings.server.listen)?;
    let (admin, admin_address) = bind("server.admin_listen", settings.server.admin_listen)?;
    let origin = origin(&settings, public_address)?;
    let admin_origin = admin::origin(&settings, admin_address)?;

    let stores = stores::open(&settings).await?;
    let metrics = Metrics::new();
    let (usage, writer) = Usage::start(stores.credentials.store.clone(), WRITING);
    let verifier = RequestVerifier::new(origin, stores.cached(), stores.nonces.clone())
        .with_policy(settings.policy.clone())
        .with_answers(settings.answers)
        .with_authorizer(settings.catalogue.clone())
        .with_observer(metrics.clone())
        .with_observer(usage.clone());
    let verifier = match &settings.realm {
        Some(realm) => verifier.with_realm(realm),
        None => verifier,
    };
    let verifier = if settings.basic {
        let passwords = PasswordChecker::new(settings.credentials.cache_ttl);
        verifier.with_basic(passwords.map_err(|error| error.to_string())?)
    } else {
        verifier
    };
    let admin_verifier = RequestVerifier::new(admin_origin, stores.cached(), stores.nonces.clone())
        .with_policy(settings.policy.clone())
        .with_answers(settings.answers)
        .with_observer(metrics.clone())
        .with_observer(usage);
    let rest = admin::Rest::new(&settings, &stores, &verifier, admin_verifier).await?;
    let ends = Ends::default();
    let health = Health {
        nonces: stores.nonces.clone(),
        credentials: stores.cached(),
        window: settings.policy.window(),
        gate: Gate::default(),
        stopping: ends.stopping.clone(),
        metrics: metrics.clone(),
        management: rest.management.clone(),
    };
    let surroundings = Surroundings { gate: health.gate.clone(), metrics, instance: instance()? };
    let layer = VerificationLayer::new(verifier.clone());
    let mut routes = app::routes(layer).merge(rest.public_routes());
    if let Some(endpoints) = endpoints(&settings, &rest.management, &verifier)? {
        routes = routes.merge(endpoints.routes());
    }
    let routes = surroundings.around(routes);
    ends.listen(public, routes, &settings, &health.metrics, true);
    let routes = health.clone().routes().merge(rest.admin_routes());
    ends.listen(admin, routes, &settings, &health.metrics, false);
    tracing::info!(
        listen = %public_address,
        admin_listen = %admin_address,
        origin = %verifier.origin(),
        data_dir = %settings.server.data_dir.display(),
        "listening"
    );

    tokio::select! {
        ended = self_test(&verifier, &health) => ended?,
        () = signals.next() => return Ok(()),
    }
    health.gate.open();
    notify::ready();
    tracing::info!("the self-test has passed; requests are judged");
    rest.invite(&settings).await?;
    let counting = stores.watch_credentials(health.metrics.clone());
    let tidying = rest.tidy(settings.audit_keep);
    signals.next().await;
    notify::stopping();
    tidying.abort();
    tokio::select! {
        () = ends.drain(&settings.server) => {}
        () = signals.next() => tracing::warn!("a second signal: connections are cut"),
    }
    counting.abort();
    writer.finish(LONGEST_WRITING).await;
    Ok(())
}

/// Runs the self-test until it passes; a store that is down is waited for.
async fn self_test(verifier: &RequestVerifier, health: &Health) -> Result<(), String> {
    let mut told = false;
    loop {
        let ahead = match health.nonces_ready().await {
            Ok(()) => Some(0),
            Err(error) => {
                if !told {
                    tracing::warn!(%error, "requests are refused for the time being");
                    told = true;
                }
                above_fence(&error, health.window)
            }
        };
        if let Some(ahead) = ahead {
            let test = SelfTest::new(verifier).with_path("/echo").with_stamp_ahead(ahead);
            match test.run(app::routes).await {
                Ok(()) => return Ok(()),
                Err(SelfTestError::GenuineRefused(StatusCode::SERVICE_UNAVAILABLE)) => {}
                Err(error) => return Err(format!("the self-test failed: {error}")),
            }
        }
        sleep(RETRY).await;
    }
}

/// How far ahead a timestamp above the fence lies, if it is acceptable already.
fn above_fence(error: &NonceStoreError, window: TimestampWindow) -> Option<u64> {
    match error {
        NonceStoreError::Fenced { retry_after } if *retry_after < window.future => {
            Some(*retry_after)
        }
        _ => None,
    }
}

/// The origin that clients sign: told, or that of the listener on loopback.
fn origin(settings: &Settings, listening: SocketAddr) -> Result<PublicOrigin, String> {
    if let Some(origin) = &settings.origin {
        return Ok(origin.clone());
    }
    if !listening.ip().is_loopback() {
        return Err(format!(
            "server.origin is needed when listening on {listening}: the scheme://host[:port] that clients sign, such as https://api.example.com"
        ));
    }
    PublicOrigin::new(&format!("http://{listening}"))
        .and_then(|origin| origin.with_host(&format!("localhost:{}", listening.port())))
        .map_err(|error| error.to_string())
}

/// The endpoints of the flow in which people grant access, where their answers, which hold
/// secrets, are safe (section 2.1).
fn endpoints(
    settings: &Settings,
    management: &Management,
    verifier: &RequestVerifier,
) -> Result<Option<Endpoints>, String> {
    let Delegation { enabled, paths, times, service_name, owner_header, xauth } =
        &settings.delegation;
    let origin = verifier.origin();
    let is_safe = origin.is_secure() || origin.is_loopback();
    match enabled {
        Some(true) if !is_safe => {
            return Err(format!(
                "delegation.enabled: {origin} is neither https nor loopback, and secrets are not sent in clear"
            ));
        }
        None if !is_safe => {
            tracing::warn!(%origin, "applications cannot ask people for access: it takes https");
            return Ok(None);
        }
        Some(false) => return Ok(None),
        _ => {}
    }
    let endpoints = Endpoints::new(management, verifier, *times, paths.clone());
    let endpoints = match owner_header {
        Some(header) => endpoints.with_owners(HeaderOwners::new(header.clone())),
        None => endpoints,
    };
    let endpoints = match service_name {
        Some(name) => endpoints.with_service_name(name),
        None => endpoints,
    };
    Ok(Some(endpoints.with_xauth(xauth.clone())))
}

fn bind(setting: &str, address: SocketAddr) -> Result<(TcpListener, SocketAddr), String> {
    let bound = listener::bind(address).and_then(|socket| {
        let address = socket.local_addr()?;
        Ok((socket, address))
    });
    bound.map_err(|error| format!("{setting}: cannot listen on {address}: {error}"))
}

/// What request identifiers of this process start with.
fn instance() -> Result<u64, String> {
    SysRng.try_next_u64().map_err(|error| format!("no random bytes: {error}"))
}

/// How the listeners end.
#[derive(Default)]
struct Ends {
    stopping: CancellationToken,
    stop: CancellationToken,
    drain: CancellationToken,
    tasks: TaskTracker,
    admin: CancellationToken,
}

impl Ends {
    fn listen(
        &self,
        socket: TcpListener,
        router: Router,
        settings: &Settings,
        metrics: &Metrics,
        public: bool,
    ) {
        let server = &settings.server;
        let limits = Limits {
            pace: Pace {
                idle: server.idle_timeout,
                head: server.header_timeout,
                write: server.write_timeout,
            },
            body: server.body_timeout,
            head: settings.limits.head,
            connections: if public { server.max_connections } else { ADMIN_CONNECTIONS },
            per_address: server.max_connections_per_address,
        };
        let listener = Listener {
            router,
            limits,
            stop: if public { self.stop.clone() } else { self.admin.clone() },
            drain: if public { self.drain.clone() } else { self.admin.clone() },
            // Nobody waits for the admin listener's connections.
            tasks: if public { self.tasks.clone() } else { TaskTracker::new() },
            open: if public { metrics.open.clone() } else { Arc::default() },
            trusted: Arc::new(server.trusted_proxies.clone()),
        };
        tokio::spawn(listener.run(socket));
    }

    /// Not ready, then not accepting, then done or out of time.
    async fn drain(&self, server: &Server) {
        tracing::info!("stopping");
        self.stopping.cancel();
        sleep(server.shutdown_delay).await;
        self.stop.cancel();
        self.drain.cancel();
        self.tasks.close();
        if timeout(server.drain_timeout, self.tasks.wait()).await.is_err() {
            tracing::warn!(connections = self.tasks.len(), "cut off: they did not end in time");
        }
        self.admin.cancel();
        tracing::info!("stopped");
    }
}

/// SIGTERM and SIGINT.
struct Signals {
    terminate: tokio::signal::unix::Signal,
    interrupt: tokio::signal::unix::Signal,
}

impl Signals {
    fn new() -> Result<Self, String> {
        let of = |kind| signal(kind).map_err(|error| format!("no signals: {error}"));
        Ok(Self {
            terminate: of(SignalKind::terminate())?,
            interrupt: of(SignalKind::interrupt())?,
        })
    }

    async fn next(&mut self) {
        tokio::select! {
            _ = self.terminate.recv() => {}
            _ = self.interrupt.recv() => {}
        }
    }
}

/// As many open files as the system permits: each connection is one.
fn raise_file_limit() {
    use rustix::process::{Resource, getrlimit, setrlimit};
    let mut limit = getrlimit(Resource::Nofile);
    limit.current = limit.maximum;
    if let Err(error) = setrlimit(Resource::Nofile, limit) {
        tracing::warn!(%error, "the limit of open files could not be raised");
    }
}

const RETRY: Duration = Duration::from_millis(500);
/// Between two batches of last uses.
const WRITING: Duration = Duration::from_secs(2);
/// The last batch, when the server ends.
const LONGEST_WRITING: Duration = Duration::from_secs(2);
const ADMIN_CONNECTIONS: usize = 256;
