//! The configuration: read from file, environment and flags, then checked as a whole.

mod delegation;
mod keys;
mod layers;
mod reader;
mod values;

use std::{
    net::SocketAddr,
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};

use oauth1_core::Timestamp;
use oauth1_server::{
    AnswerProfile, JournalLevel, Networks, Policy, PublicOrigin,
    catalogue::Catalogue,
    credentials::IdentifierStyle,
    endpoints::{Paths, Times},
    management::AccountChange,
    policy::RequestLimits,
};
use reader::Reader;

pub(crate) use layers::{Layers, print};

/// All settings, checked.
#[derive(Debug)]
pub(crate) struct Settings {
    pub(crate) server: Server,
    pub(crate) origin: Option<PublicOrigin>,
    pub(crate) admin_origin: Option<PublicOrigin>,
    pub(crate) realm: Option<String>,
    pub(crate) policy: Policy,
    pub(crate) limits: RequestLimits,
    pub(crate) answers: AnswerProfile,
    pub(crate) basic: bool,
    pub(crate) nonces: Nonces,
    pub(crate) credentials: Credentials,
    pub(crate) catalogue: Arc<Catalogue>,
    pub(crate) accounts: AccountChange,
    pub(crate) delegation: Delegation,
    pub(crate) audit_keep: Duration,
    pub(crate) log: Log,
}

#[derive(Debug)]
pub(crate) struct Server {
    pub(crate) data_dir: PathBuf,
    pub(crate) listen: SocketAddr,
    pub(crate) admin_listen: SocketAddr,
    pub(crate) trusted_proxies: Networks,
    pub(crate) header_timeout: Duration,
    pub(crate) body_timeout: Duration,
    pub(crate) write_timeout: Duration,
    pub(crate) idle_timeout: Duration,
    pub(crate) max_connections: usize,
    pub(crate) max_connections_per_address: usize,
    pub(crate) shutdown_delay: Duration,
    pub(crate) drain_timeout: Duration,
}

/// Where used nonces are kept.
#[derive(Debug)]
pub(crate) struct Nonces {
    pub(crate) store: NonceBackend,
    pub(crate) capacity: u64,
    pub(crate) quota: u64,
    pub(crate) snapshots: bool,
    pub(crate) fence_on_clock_step: bool,
    pub(crate) fence: Option<Timestamp>,
    pub(crate) any_file_system: bool,
    pub(crate) mirror: Option<PathBuf>,
    pub(crate) timeout: Option<Duration>,
    pub(crate) prefix: String,
    pub(crate) replicas: u32,
    pub(crate) unsynced: bool,
    pub(crate) pool_size: u32,
}

pub(crate) enum NonceBackend {
    Memory,
    Journal(JournalLevel),
    Redis(String),
    Postgres(String),
}

pub(crate) struct Credentials {
    pub(crate) url: Option<String>,
    pub(crate) pool_size: u32,
    pub(crate) cache_ttl: Duration,
    pub(crate) cache_capacity: usize,
    pub(crate) master_key: Option<zeroize::Zeroizing<String>>,
    pub(crate) master_key_file: Option<PathBuf>,
    pub(crate) style: IdentifierStyle,
}

/// How applications get access that people grant.
#[derive(Debug)]
pub(crate) struct Delegation {
    /// `None` for where it is safe.
    pub(crate) enabled: Option<bool>,
    pub(crate) paths: Paths,
    pub(crate) times: Times,
    pub(crate) service_name: Option<String>,
    pub(crate) owner_header: Option<http::HeaderName>,
    pub(crate) xauth: Vec<String>,
}

#[derive(Debug)]
pub(crate) struct Log {
    pub(crate) json: bool,
    pub(crate) level: tracing::Level,
    pub(crate) refusals_per_second: u32,
}

impl std::fmt::Debug for NonceBackend {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Memory => "memory",
            Self::Journal(_) => "journal",
            Self::Redis(_) => "redis",
            Self::Postgres(_) => "postgres",
        })
    }
}

impl std::fmt::Debug for Credentials {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Credentials").field("cache_ttl", &self.cache_ttl).finish_non_exhaustive()
    }
}

impl Settings {
    /// Reads every value.
    ///
    /// # Errors
    /// All that is wrong, each with the name of the setting and its source.
    pub(crate) fn of(layers: &Layers) -> Result<Self, Vec<String>> {
        let mut reader = Reader { layers, errors: layers.errors.clone() };
        let settings = reader.settings();
        match settings {
            Some(settings) if reader.errors.is_empty() => Ok(settings),
            _ => Err(reader.errors),
        }
    }
}

/// The file that is read unless `--config` names one.
pub(crate) fn default_file() -> Option<PathBuf> {
    ["oauth1-server.toml", "/etc/oauth1-server/oauth1-server.toml"]
        .map(PathBuf::from)
        .into_iter()
        .find(|path| path.exists())
}

/// The layers from all sources; `flags` are names and values.
pub(crate) fn layers(file: Option<&Path>, flags: Vec<(String, String)>) -> Layers {
    let default = default_file();
    let file = file.or(default.as_deref());
    let environment = std::env::vars_os()
        .filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)));
    let mut layers = Layers::read(file, environment);
    for (name, value) in flags {
        layers.set(&name, value);
    }
    layers
}
