//! Every setting: its name, its default, and what it is for.

/// One setting. Values are text until they are read.
#[derive(Debug)]
pub(crate) struct Key {
    /// `section.name`, as in the file.
    pub(crate) name: &'static str,
    /// Empty if there is none.
    pub(crate) default: &'static str,
    pub(crate) shown: Shown,
    pub(crate) about: &'static str,
}

/// How much of a value `config print` shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Shown {
    Whole,
    /// A URL, whose password is not shown.
    WithoutPassword,
    /// Only that it is set.
    Masked,
}

const fn key(name: &'static str, default: &'static str, about: &'static str) -> Key {
    Key { name, default, shown: Shown::Whole, about }
}

/// All of them, in the order in which they are printed.
pub(crate) const KEYS: &[Key] = &[
    key("server.data_dir", "oauth1-data", "directory of the embedded stores and the master key"),
    key("server.listen", "127.0.0.1:8080", "address of the public listener"),
    key(
        "server.admin_listen",
        "127.0.0.1:8081",
        "address of health checks, metrics, /v1 and the console",
    ),
    key("server.origin", "", "scheme://host[:port] that clients sign; needed unless on loopback"),
    key(
        "server.admin_origin",
        "",
        "scheme://host[:port] by which /v1 is reached; needed unless on loopback",
    ),
    key("server.hosts", "", "more host[:port] that clients sign, under the same scheme"),
    key("server.path_prefix", "", "path that a proxy in front strips, such as /api"),
    key(
        "server.trusted_proxies",
        "",
        "addresses and networks whose X-Forwarded-For is believed, such as 10.0.0.0/8",
    ),
    key("server.header_timeout", "10s", "from the first octet of a request to the end of its head"),
    key("server.body_timeout", "30s", "from the head of a request to the end of its body"),
    key("server.write_timeout", "30s", "how long a client may take nothing of an answer"),
    key("server.idle_timeout", "75s", "how long a connection may wait for its next request"),
    key("server.max_connections", "16384", "connections at once; more wait to be accepted"),
    key(
        "server.max_connections_per_address",
        "1000",
        "of one address, loopback aside; 0: no limit",
    ),
    key("server.shutdown_delay", "0s", "from SIGTERM to the end of accepting, for load balancers"),
    key("server.drain_timeout", "8s", "how long requests may take to end after that"),
    key("policy.realm", "", "protection realm of challenges; the origin if empty"),
    key("policy.window_past", "300s", "how old a timestamp may be"),
    key("policy.window_future", "300s", "how far ahead a timestamp may be"),
    key("policy.methods", "HMAC-SHA1,HMAC-SHA256,HMAC-SHA512", "signature methods"),
    key("policy.token_required", "false", "whether each request needs a token"),
    key(
        "policy.body_hash_required",
        "false",
        "whether each request without a form needs a body hash",
    ),
    key(
        "policy.basic",
        "true",
        "whether accounts can permit names and passwords, not on plain http",
    ),
    key("policy.answers", "minimal", "what refused senders are told: minimal or full"),
    key("limits.head", "16KiB", "request line and headers"),
    key("limits.uri", "8KiB", "request target"),
    key("limits.authorization", "8KiB", "Authorization header"),
    key("limits.body", "1MiB", "form bodies, and bodies that are checked against their hash"),
    key("limits.parameters", "256", "parameters of a request"),
    key("limits.nonce", "256", "octets of a nonce"),
    key("nonces.store", "journal", "journal, memory, redis or postgres"),
    Key {
        name: "nonces.url",
        default: "",
        shown: Shown::WithoutPassword,
        about: "of redis or postgres; postgres: credentials.url if empty",
    },
    key("nonces.level", "process", "what a journal's answer waits for: process, power or memory"),
    key("nonces.capacity", "4194304", "nonces remembered at most; more are 503"),
    key("nonces.quota", "", "of one client; more are 429; a quarter of the capacity if empty"),
    key("nonces.mirror", "", "directory in memory for a journal's mirror; /dev/shm if empty"),
    key("nonces.snapshots", "false", "whether the disk may be set back while the machine is off"),
    key(
        "nonces.fence_on_clock_step",
        "false",
        "refuse for the window's future when the clock jumps",
    ),
    key("nonces.fence", "", "refuse what is stamped up to then (seconds since 1970, or now+300s)"),
    key("nonces.any_file_system", "false", "take file systems not known to keep what was written"),
    key("nonces.timeout", "", "how long redis or postgres may take; 50ms or 250ms if empty"),
    key("nonces.prefix", "oauth1:", "what keys in redis begin with"),
    key("nonces.replicas", "0", "replicas of redis that must have a nonce before it is answered"),
    key("nonces.unsynced", "false", "take a postgres with fsync off, for tests"),
    key("nonces.pool_size", "8", "connections to postgres"),
    Key {
        name: "credentials.url",
        default: "",
        shown: Shown::WithoutPassword,
        about: "sqlite:FILE or postgres://…; SQLite in the data directory if empty",
    },
    key("credentials.pool_size", "8", "connections to postgres"),
    key("credentials.cache_ttl", "5s", "how long a change may take to be seen everywhere, at most"),
    key("credentials.cache_capacity", "100000", "clients and tokens kept in memory"),
    Key {
        name: "credentials.master_key",
        default: "",
        shown: Shown::Masked,
        about: "opens the secrets; better in a file",
    },
    key("credentials.master_key_file", "", "master.key in the data directory if empty"),
    key("credentials.style", "prefixed", "new identifiers and secrets: prefixed or hex"),
    key("credentials.prefix", "", "what stands before ak_, as_, at_ and ats_ in prefixed ones"),
    key("accounts.max_keys", "100", "keys of a new account, 0: no limit"),
    key("accounts.basic_auth", "false", "whether a new account permits names and passwords"),
    key("accounts.secret_reveal", "false", "whether secrets can be read again in a new account"),
    key("accounts.expiry_required", "false", "whether keys of a new account need an expiry"),
    key("accounts.deletion_allowed", "true", "whether keys of a new account can be deleted"),
    key(
        "delegation.enabled",
        "auto",
        "whether applications can ask people for access: true, false, or auto, not on plain http",
    ),
    key("delegation.initiate", "/oauth/initiate", "path of temporary credential requests"),
    key("delegation.authorize", "/oauth/authorize", "path where people grant access"),
    key("delegation.token", "/oauth/token", "path of token requests"),
    key("delegation.grants", "/oauth/grants", "path where people see and revoke what they granted"),
    key("delegation.service_name", "", "what the pages call the service; the host if empty"),
    key(
        "delegation.owner_header",
        "",
        "header in which a trusted proxy says who has signed in; people of the console if empty",
    ),
    key("delegation.temporary_lifetime", "10m", "to decide, and again to fetch the token"),
    key(
        "delegation.token_lifetime",
        "",
        "of granted tokens, which are then renewed; empty: no end",
    ),
    key("delegation.authorization_lifetime", "", "of what was granted; empty: until revoked"),
    key("delegation.xauth", "", "app keys that may bring names and passwords of people (xAuth)"),
    key("audit.keep", "400d", "how long entries of the audit log are kept"),
    key(
        "catalogue.file",
        "",
        "groups, privileges and presets of the API; all is permitted if empty",
    ),
    key("log.format", "text", "text or json"),
    key("log.level", "info", "error, warn, info, debug or trace; debug shows each request"),
    key("log.refusals_per_second", "50", "refused requests logged at most; the rest is counted"),
];

/// The key of this name, or what it is most like.
pub(crate) fn find(name: &str) -> Result<&'static Key, Option<&'static str>> {
    KEYS.iter().find(|key| key.name == name).ok_or_else(|| {
        let likeness = |key: &&Key| (strsim::jaro_winkler(key.name, name) * 1e6) as u64;
        KEYS.iter().filter(|key| likeness(key) > ALIKE).max_by_key(likeness).map(|key| key.name)
    })
}

/// Of a million.
const ALIKE: u64 = 850_000;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_that_is_off_by_a_letter_finds_the_right_one() {
        for key in KEYS {
            assert!(find(key.name).is_ok());
            assert_eq!(find(&format!("{}x", key.name)).unwrap_err(), Some(key.name));
            assert!(!key.about.is_empty() && key.name.matches('.').count() == 1);
        }
        assert_eq!(find("server.lisen").unwrap_err(), Some("server.listen"));
        assert_eq!(find("color").unwrap_err(), None);
    }
}
