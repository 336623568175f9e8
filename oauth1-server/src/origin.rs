//! The public origin: scheme and authority that clients sign, RFC 5849 section 3.4.1.2.
//!
//! It is told, never guessed. The request itself says nothing about its scheme, and headers such
//! as `X-Forwarded-Host` say what their sender likes; none of them is read. The `Host` header is
//! believed only if it names a host that was allowed here.

use oauth1_core::base_string_uri::{Authority, BaseStringUri, Scheme, UriError};

/// Scheme and hosts under which clients know this server.
///
/// ```
/// use oauth1_server::PublicOrigin;
/// let origin = PublicOrigin::new("https://api.example.com")?
///     .with_host("api.example.net:8443")?
///     .with_path_prefix("/photos")?; // a proxy in front strips it
/// assert_eq!(origin.to_string(), "https://api.example.com/photos");
/// # Ok::<(), oauth1_server::OriginError>(())
/// ```
#[derive(Clone, Debug)]
pub struct PublicOrigin {
    scheme: Scheme,
    hosts: Vec<Host>,
    path_prefix: Box<str>,
}

#[derive(Clone, Debug)]
struct Host {
    name: Box<str>,
    port: Option<u16>,
}

impl PublicOrigin {
    /// Takes `scheme://host[:port]`.
    ///
    /// # Errors
    /// [`OriginError`] if it is anything else, or has more than that.
    pub fn new(origin: &str) -> Result<Self, OriginError> {
        let uri = BaseStringUri::parse(origin).map_err(OriginError::Uri)?;
        if uri.path() != b"/" || origin.contains(['?', '#', '@']) {
            return Err(OriginError::More);
        }
        let host = Host { name: uri.host().into(), port: uri.port() };
        Ok(Self { scheme: uri.scheme(), hosts: vec![host], path_prefix: "".into() })
    }

    /// Allows another `host[:port]` under the same scheme.
    ///
    /// # Errors
    /// [`OriginError::Uri`] if it is none.
    pub fn with_host(mut self, authority: &str) -> Result<Self, OriginError> {
        let authority = Authority::parse(authority).map_err(OriginError::Uri)?;
        self.hosts.push(Host { name: authority.host().into(), port: self.port(authority) });
        Ok(self)
    }

    /// The path that clients sign before the one that arrives here, if a proxy strips it.
    ///
    /// # Errors
    /// [`OriginError::Prefix`] unless it starts with `/` and does not end with it.
    pub fn with_path_prefix(self, prefix: &str) -> Result<Self, OriginError> {
        let valid = prefix.bytes().all(|b| b.is_ascii_graphic() && !matches!(b, b'?' | b'#'));
        if !valid || !prefix.starts_with('/') || prefix.ends_with('/') {
            return Err(OriginError::Prefix);
        }
        Ok(Self { path_prefix: prefix.into(), ..self })
    }

    /// The scheme that clients use.
    #[must_use]
    pub const fn scheme(&self) -> Scheme {
        self.scheme
    }

    /// Whether clients reach the server by `https`, as PLAINTEXT needs (section 3.4.4).
    #[must_use]
    pub fn is_secure(&self) -> bool {
        self.scheme == Scheme::Https
    }

    /// Whether clients reach the server on their own machine alone: all hosts are addresses of
    /// loopback, or `localhost`.
    #[must_use]
    pub fn is_loopback(&self) -> bool {
        self.hosts.iter().all(|host| {
            let name = host.name.trim_start_matches('[').trim_end_matches(']');
            let address = name.parse::<std::net::IpAddr>();
            name == "localhost" || address.is_ok_and(|address| address.to_canonical().is_loopback())
        })
    }

    /// The prefix, empty if there is none.
    #[must_use]
    pub fn path_prefix(&self) -> &str {
        &self.path_prefix
    }

    /// The first host, as it would stand in a `Host` header.
    pub(crate) fn authority(&self) -> String {
        self.hosts.first().map_or_else(String::new, |host| match host.port {
            Some(port) => format!("{}:{port}", host.name),
            None => host.name.to_string(),
        })
    }

    /// Whether the value of a `Host` header is one of the allowed hosts.
    pub(crate) fn allows(&self, authority: Authority<'_>) -> bool {
        let port = self.port(authority);
        self.hosts
            .iter()
            .any(|host| host.port == port && host.name.eq_ignore_ascii_case(authority.host()))
    }

    /// Whether both name the same host and port.
    pub(crate) fn same(&self, one: Authority<'_>, other: Authority<'_>) -> bool {
        self.port(one) == self.port(other) && one.host().eq_ignore_ascii_case(other.host())
    }

    /// The port, unless it is the scheme's default (section 3.4.1.2, 3).
    fn port(&self, authority: Authority<'_>) -> Option<u16> {
        authority.port().filter(|port| *port != self.scheme.default_port())
    }
}

impl std::fmt::Display for PublicOrigin {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}://{}{}", self.scheme.as_str(), self.authority(), self.path_prefix)
    }
}

/// Why a text is no public origin.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum OriginError {
    /// It is no absolute `http` or `https` URI, or the host is none.
    #[error(transparent)]
    Uri(UriError),
    /// It has more than scheme and authority.
    #[error(
        "a public origin is scheme://host[:port] and nothing more; for a path that a proxy strips use with_path_prefix"
    )]
    More,
    /// The prefix is no path, or ends with `/`.
    #[error("a path prefix starts with / and does not end with it, such as /api")]
    Prefix,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hosts_compare_without_case_and_default_port() {
        let origin = PublicOrigin::new("https://API.example.com:443").unwrap();
        let origin = origin.with_host("[2001:db8::1]:8443").unwrap();
        let allows = |host| origin.allows(Authority::parse(host).unwrap());
        assert!(allows("api.example.com") && allows("api.EXAMPLE.com:443"));
        assert!(allows("[2001:DB8::1]:8443"));
        for other in ["api.example.com:80", "example.com", "api.example.com.", "[2001:db8::1]"] {
            assert!(!allows(other), "{other}");
        }
    }

    #[test]
    fn an_origin_is_scheme_and_authority() {
        assert_eq!(PublicOrigin::new("https://a.example/x").unwrap_err(), OriginError::More);
        assert_eq!(PublicOrigin::new("https://a.example?x").unwrap_err(), OriginError::More);
        assert_eq!(PublicOrigin::new("https://u@a.example").unwrap_err(), OriginError::More);
        assert!(matches!(PublicOrigin::new("api.example.com"), Err(OriginError::Uri(_))));
        let origin = PublicOrigin::new("http://a.example:8080/").unwrap();
        assert_eq!(origin.to_string(), "http://a.example:8080");
        for prefix in ["x", "/x/", "/", "/a?b", "/ä"] {
            assert_eq!(origin.clone().with_path_prefix(prefix).unwrap_err(), OriginError::Prefix);
        }
    }
}
