//! What is known of the way that a request took.

use alloc::vec::Vec;

use crate::base_string_uri::Authority;

/// Other names and paths under which the client may have known the server. They are tried and
/// never believed.
#[derive(Clone, Debug, Default)]
pub struct Surroundings<'a> {
    pub(super) hosts: Vec<(&'a str, Option<u16>)>,
    pub(super) prefixes: Vec<&'a str>,
    pub(super) fragment: Option<&'a str>,
    /// Before `?` and `#`.
    pub(super) url: Option<&'a str>,
}

impl<'a> Surroundings<'a> {
    /// What proxies and the client say in headers: `Host`, `X-Forwarded-Host`,
    /// `X-Original-Host`, `X-Forwarded-Server`, `X-Forwarded-Port` and `X-Forwarded-Prefix`.
    #[must_use]
    pub fn of_headers(headers: impl IntoIterator<Item = (&'a str, &'a str)>) -> Self {
        let mut found = Self::default();
        let mut ports = Vec::new();
        for (name, value) in headers {
            let is = |names: &[&str]| names.iter().any(|known| known.eq_ignore_ascii_case(name));
            let values = value.split(',').map(str::trim).filter(|value| !value.is_empty());
            if is(&["host", "x-forwarded-host", "x-original-host", "x-forwarded-server"]) {
                values.for_each(|host| found.add_host(host));
            } else if is(&["x-forwarded-port"]) {
                ports.extend(values.filter_map(|port| port.parse::<u16>().ok()).take(4));
            } else if is(&["x-forwarded-prefix", "x-script-name"]) {
                values.for_each(|prefix| found.add_prefix(prefix));
            }
        }
        for (host, _) in found.hosts.clone() {
            let with_port = ports.iter().map(|port| (host, Some(*port)));
            found.hosts.extend(with_port);
        }
        found
    }

    /// Another `host` or `host:port`.
    #[must_use]
    pub fn with_host(mut self, host: &'a str) -> Self {
        self.add_host(host);
        self
    }

    /// A path that a proxy puts before the one that arrives, or takes away from it.
    #[must_use]
    pub fn with_prefix(mut self, prefix: &'a str) -> Self {
        self.add_prefix(prefix);
        self
    }

    /// The URL as the client wrote it, with what is not sent of it: case of scheme and host,
    /// default port, fragment.
    #[must_use]
    pub fn with_url(mut self, url: &'a str) -> Self {
        self.fragment = url.split_once('#').map(|(_, fragment)| fragment);
        self.url = url.split(['?', '#']).next();
        self
    }

    fn add_host(&mut self, host: &'a str) {
        if let Ok(authority) = Authority::parse(host)
            && self.hosts.len() < MOST
        {
            self.hosts.push((authority.host(), authority.port()));
        }
    }

    fn add_prefix(&mut self, prefix: &'a str) {
        let prefix = prefix.trim_end_matches('/');
        if prefix.starts_with('/') && self.prefixes.len() < MOST {
            self.prefixes.push(prefix);
        }
    }
}

const MOST: usize = 8;
