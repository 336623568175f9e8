//! Reads the settings from their texts, and tells everything that is wrong with them at once.

use std::{net::SocketAddr, path::PathBuf, str::FromStr, sync::Arc};

use oauth1_core::{Limits, SignatureMethod, Timestamp};
use oauth1_server::{
    AnswerProfile, JournalLevel, Networks, Policy, PublicOrigin, SignatureMethods, TimestampWindow,
    catalogue::Catalogue, credentials::IdentifierStyle, management::AccountChange,
    policy::RequestLimits,
};

use super::{Credentials, Layers, Log, NonceBackend, Nonces, Server, Settings, keys, values};

/// Reads values, and goes on after an error to find them all.
pub(super) struct Reader<'a> {
    pub(super) layers: &'a Layers,
    pub(super) errors: Vec<String>,
}

impl Reader<'_> {
    pub(super) fn read<T>(
        &mut self,
        name: &str,
        parse: impl FnOnce(&str) -> Result<T, String>,
    ) -> Option<T> {
        let Ok(key) = keys::find(name) else {
            self.errors.push(format!("{name} is no setting"));
            return None;
        };
        let (text, source) = self.layers.value(key);
        parse(text).map_err(|error| self.errors.push(format!("{source}: {name}: {error}"))).ok()
    }

    fn parsed<T: FromStr>(&mut self, name: &str, what: &str) -> Option<T> {
        self.read(name, |text| text.parse().map_err(|_| format!("must be {what}")))
    }

    fn flag(&mut self, name: &str) -> Option<bool> {
        self.parsed(name, "true or false")
    }

    fn count<T: FromStr + PartialOrd + From<u8>>(&mut self, name: &str) -> Option<T> {
        self.read(name, |text| {
            let number: Option<T> = text.parse().ok();
            number.filter(|n| *n >= T::from(1)).ok_or_else(|| "must be a number above 0".to_owned())
        })
    }

    fn address(&mut self, name: &str) -> Option<SocketAddr> {
        self.parsed(name, "an address with a port, such as 127.0.0.1:8080 or [::]:8080")
    }

    pub(super) fn text(&mut self, name: &str) -> Option<Option<String>> {
        self.read(name, |text| Ok(Some(text.to_owned()).filter(|text| !text.is_empty())))
    }

    pub(super) fn settings(&mut self) -> Option<Settings> {
        // Each is read before the first question mark ends anything.
        let (server, origin, policy) = (self.server(), self.origin(), self.policy());
        let (nonces, credentials, log) = (self.nonces(), self.credentials(), self.log());
        let (accounts, delegation) = (self.accounts(), self.delegation());
        let audit_keep = self.read("audit.keep", values::duration);
        let catalogue = self.read("catalogue.file", |path| match path {
            "" => Ok(Arc::default()),
            path => {
                let text = std::fs::read_to_string(path)
                    .map_err(|error| format!("cannot read {path}: {error}"))?;
                let read = Catalogue::parse(&text);
                read.map(Arc::new).map_err(|error| format!("{path}:\n{error}"))
            }
        });
        let admin_origin = self.read("server.admin_origin", |text| match text {
            "" => Ok(None),
            text => PublicOrigin::new(text).map(Some).map_err(|error| error.to_string()),
        });
        let realm = self.text("policy.realm");
        let basic = self.flag("policy.basic");
        let answers = self.read("policy.answers", |text| match text {
            "minimal" => Ok(AnswerProfile::Minimal),
            "full" => Ok(AnswerProfile::Full),
            _ => Err("must be minimal or full".to_owned()),
        });
        let (policy, limits) = policy?;
        Some(Settings {
            server: server?,
            origin: origin?,
            admin_origin: admin_origin?,
            realm: realm?,
            policy,
            limits,
            answers: answers?,
            basic: basic?,
            nonces: nonces?,
            credentials: credentials?,
            catalogue: catalogue?,
            accounts: accounts?,
            delegation: delegation?,
            audit_keep: audit_keep?,
            log: log?,
        })
    }

    fn server(&mut self) -> Option<Server> {
        let mut time = |name| self.read(name, values::duration);
        let times = (
            (time("server.header_timeout"), time("server.body_timeout")),
            (time("server.write_timeout"), time("server.idle_timeout")),
            (time("server.shutdown_delay"), time("server.drain_timeout")),
        );
        let listen = self.address("server.listen");
        let admin_listen = self.address("server.admin_listen");
        let trusted_proxies = self.read("server.trusted_proxies", |text| {
            text.parse::<Networks>().map_err(|error| error.to_string())
        });
        let data_dir = self.parsed("server.data_dir", "a path");
        let max_connections = self.count("server.max_connections");
        let per_address = self.parsed("server.max_connections_per_address", "a number");
        Some(Server {
            data_dir: data_dir?,
            listen: listen?,
            admin_listen: admin_listen?,
            trusted_proxies: trusted_proxies?,
            header_timeout: times.0.0?,
            body_timeout: times.0.1?,
            write_timeout: times.1.0?,
            idle_timeout: times.1.1?,
            max_connections: max_connections?,
            max_connections_per_address: per_address?,
            shutdown_delay: times.2.0?,
            drain_timeout: times.2.1?,
        })
    }

    /// `Some(None)` if none is set.
    fn origin(&mut self) -> Option<Option<PublicOrigin>> {
        let origin = self.read("server.origin", |text| match text {
            "" => Ok(None),
            text => PublicOrigin::new(text).map(Some).map_err(|error| error.to_string()),
        });
        let hosts = self.text("server.hosts")?.unwrap_or_default();
        let prefix = self.text("server.path_prefix")?;
        let Some(mut origin) = origin? else {
            if !hosts.is_empty() || prefix.is_some() {
                self.errors.push("server.hosts and server.path_prefix need server.origin".into());
            }
            return Some(None);
        };
        for host in hosts.split(',').map(str::trim).filter(|host| !host.is_empty()) {
            origin = self.read("server.hosts", |_| {
                origin.with_host(host).map_err(|error| format!("{host:?}: {error}"))
            })?;
        }
        match prefix {
            Some(prefix) => self
                .read("server.path_prefix", |_| {
                    origin.with_path_prefix(&prefix).map_err(|error| error.to_string())
                })
                .map(Some),
            None => Some(Some(origin)),
        }
    }

    fn policy(&mut self) -> Option<(Policy, RequestLimits)> {
        let mut limits = RequestLimits::default();
        let (past, future) = (
            self.read("policy.window_past", values::seconds),
            self.read("policy.window_future", values::seconds),
        );
        let methods = self.read("policy.methods", methods);
        let token = self.flag("policy.token_required");
        let hash = self.flag("policy.body_hash_required");
        let mut size = |name| self.read(name, values::octets);
        let (head, uri) = (size("limits.head"), size("limits.uri"));
        let (authorization, body) = (size("limits.authorization"), size("limits.body"));
        let (parameters, nonce) = (self.count("limits.parameters"), self.count("limits.nonce"));
        (limits.head, limits.uri) = (head?, uri?);
        (limits.authorization, limits.body) = (authorization?, body?);
        limits.protocol = Limits { parameters: parameters?, nonce: nonce? };
        let window = TimestampWindow { past: past?, future: future? };
        let policy = Policy::new().with_methods(methods?).with_window(window).with_limits(limits);
        Some((policy.with_token_required(token?).with_body_hash_required(hash?), limits))
    }

    fn nonces(&mut self) -> Option<Nonces> {
        let url = self.text("nonces.url");
        let shared = self.text("credentials.url");
        let level = self.read("nonces.level", |text| match text {
            "process" => Ok(JournalLevel::Process),
            "power" => Ok(JournalLevel::Power),
            "memory" => Ok(JournalLevel::Memory),
            _ => Err("must be process, power or memory".to_owned()),
        });
        let (url, shared, level) = (url?, shared?, level?);
        let store = self.read("nonces.store", |text| match (text, url) {
            ("journal", None) => Ok(NonceBackend::Journal(level)),
            ("memory", None) => Ok(NonceBackend::Memory),
            ("journal" | "memory", Some(_)) => Err(format!("{text} takes no nonces.url")),
            ("redis", Some(url)) => Ok(NonceBackend::Redis(url)),
            ("redis", None) => Err("redis needs nonces.url, such as redis://host:6379".to_owned()),
            ("postgres", url) => {
                let shared = shared.filter(|url| url.starts_with("postgres"));
                let url = url.or(shared).ok_or("postgres needs nonces.url, postgres://…")?;
                Ok(NonceBackend::Postgres(url))
            }
            _ => Err("must be journal, memory, redis or postgres".to_owned()),
        });
        let capacity = self.count("nonces.capacity");
        let quota = self.read("nonces.quota", |text| match text {
            "" => Ok(None),
            text => text.parse().map(Some).map_err(|_| "must be a number".to_owned()),
        });
        let now = Timestamp::from_system_time(std::time::SystemTime::now());
        let now = now.map_or(0, Timestamp::seconds);
        let fence = self.read("nonces.fence", |text| match text {
            "" => Ok(None),
            text => Ok(Timestamp::from_seconds(values::time(text, now)?)),
        });
        let snapshots = self.flag("nonces.snapshots");
        let step = self.flag("nonces.fence_on_clock_step");
        let any = self.flag("nonces.any_file_system");
        let timeout = self.read("nonces.timeout", |text| match text {
            "" => Ok(None),
            text => values::duration(text).map(Some),
        });
        let (prefix, replicas) =
            (self.text("nonces.prefix"), self.parsed("nonces.replicas", "a number"));
        let (unsynced, mirror) = (self.flag("nonces.unsynced"), self.text("nonces.mirror"));
        let pool_size = self.count("nonces.pool_size");
        let capacity = capacity?;
        Some(Nonces {
            store: store?,
            capacity,
            quota: quota?.unwrap_or(capacity / 4),
            snapshots: snapshots?,
            fence_on_clock_step: step?,
            fence: fence?,
            any_file_system: any?,
            mirror: mirror?.map(PathBuf::from),
            timeout: timeout?,
            prefix: prefix?.unwrap_or_default(),
            replicas: replicas?,
            unsynced: unsynced?,
            pool_size: pool_size?,
        })
    }

    fn credentials(&mut self) -> Option<Credentials> {
        let pool_size = self.count("credentials.pool_size");
        let cache_ttl = self.read("credentials.cache_ttl", values::duration);
        let cache_capacity = self.count::<u64>("credentials.cache_capacity");
        let url = self.text("credentials.url");
        let prefix = self.text("credentials.prefix")?.unwrap_or_default();
        let style = self.read("credentials.style", |text| match text {
            "prefixed" if prefix.bytes().all(|b| b.is_ascii_alphanumeric()) => {
                Ok(IdentifierStyle::Prefixed(prefix.as_str().into()))
            }
            "prefixed" => Err("credentials.prefix must be letters and digits".to_owned()),
            "hex" if prefix.is_empty() => Ok(IdentifierStyle::Hex),
            "hex" => Err("hex takes no credentials.prefix".to_owned()),
            _ => Err("must be prefixed or hex".to_owned()),
        });
        let (key, file) =
            (self.text("credentials.master_key"), self.text("credentials.master_key_file"));
        Some(Credentials {
            url: url?,
            pool_size: pool_size?,
            cache_ttl: cache_ttl?,
            cache_capacity: usize::try_from(cache_capacity?).unwrap_or(usize::MAX),
            master_key: key?.map(zeroize::Zeroizing::new),
            master_key_file: file?.map(PathBuf::from),
            style: style?,
        })
    }

    fn accounts(&mut self) -> Option<AccountChange> {
        let max_keys = self.parsed::<u32>("accounts.max_keys", "a number");
        let basic_auth = self.flag("accounts.basic_auth");
        let secret_reveal = self.flag("accounts.secret_reveal");
        let expiry_required = self.flag("accounts.expiry_required");
        let deletion_allowed = self.flag("accounts.deletion_allowed");
        Some(AccountChange {
            max_keys: Some(i64::from(max_keys?)),
            basic_auth: Some(basic_auth?),
            secret_reveal: Some(secret_reveal?),
            expiry_required: Some(expiry_required?),
            deletion_allowed: Some(deletion_allowed?),
            ..AccountChange::default()
        })
    }

    fn log(&mut self) -> Option<Log> {
        let json = self.read("log.format", |text| match text {
            "json" => Ok(true),
            "text" => Ok(false),
            _ => Err("must be text or json".to_owned()),
        });
        let level = self.parsed("log.level", "error, warn, info, debug or trace");
        let rate = self.parsed("log.refusals_per_second", "a number");
        Some(Log { json: json?, level: level?, refusals_per_second: rate? })
    }
}

fn methods(text: &str) -> Result<SignatureMethods, String> {
    let mut methods = SignatureMethods::none();
    for name in text.split(',').map(str::trim).filter(|name| !name.is_empty()) {
        let method = SignatureMethod::ALL.into_iter().find(|method| method.as_str() == name);
        methods = methods.with(method.ok_or_else(|| {
            let all: Vec<_> = SignatureMethod::ALL.iter().map(|method| method.as_str()).collect();
            format!("{name:?} is none of {}", all.join(", "))
        })?);
    }
    if methods == SignatureMethods::none() {
        return Err("at least one signature method is needed".to_owned());
    }
    Ok(methods)
}
