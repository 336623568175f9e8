//! The base string URI, RFC 5849 section 3.4.1.2.
//!
//! Contract: the text is the *wire form*: what stands in the request line and the `Host` header.
//! Scheme and host are lower-cased, the default port of the scheme is dropped, an empty path is
//! `/`; the path is otherwise left octet for octet as sent: no dot segments resolved, no escapes
//! rewritten (only what no URI may hold, a space or an octet above 127, is written as an escape). Query, fragment and user information are not part of it.

use core::fmt;

use memchr::{memchr, memrchr};

use crate::{
    percent_encoding::{UPPER_HEX, is_unreserved},
    sink::Sink,
    stamp::Decimal,
    words::{HOST, PATH},
};

/// The scheme of the request, as the client used it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Scheme {
    /// `http`, default port 80.
    Http,
    /// `https`, default port 443.
    Https,
}

impl Scheme {
    /// `http` or `https`.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Http => "http",
            Self::Https => "https",
        }
    }

    /// The port that section 3.4.1.2 (3) leaves out for this scheme.
    #[must_use]
    pub const fn default_port(self) -> u16 {
        match self {
            Self::Http => 80,
            Self::Https => 443,
        }
    }
}

/// Scheme, authority and path of the requested resource (section 3.4.1.2).
///
/// `Display` gives the URI of the base string, before it is percent-encoded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BaseStringUri<'a> {
    scheme: Scheme,
    host: &'a str,
    /// Whether the host stands in the base string as it was given.
    plain: bool,
    port: Option<u16>,
    path: &'a [u8],
}

impl<'a> BaseStringUri<'a> {
    /// Takes the parts of a request as they stand on the wire: `authority` is the value of the
    /// `Host` header, `path` the path of the request target.
    ///
    /// # Errors
    /// [`UriError`] if the authority is not `host[:port]`, or the path does not start with `/`.
    ///
    /// ```
    /// use oauth1_core::base_string_uri::{BaseStringUri, Scheme};
    /// let uri = BaseStringUri::new(Scheme::Http, "EXAMPLE.COM:80", "/r%20v/X")?;
    /// assert_eq!(uri.to_string(), "http://example.com/r%20v/X");
    /// # Ok::<(), oauth1_core::base_string_uri::UriError>(())
    /// ```
    pub fn new<P: AsRef<[u8]> + ?Sized>(
        scheme: Scheme,
        authority: &'a str,
        path: &'a P,
    ) -> Result<Self, UriError> {
        let authority = Authority::parse(authority)?;
        Self::of(scheme, authority, path.as_ref())
    }

    /// Like [`BaseStringUri::new`], for an authority that was parsed before.
    ///
    /// # Errors
    /// [`UriError::Path`] if the path does not start with `/`.
    pub fn of(scheme: Scheme, authority: Authority<'a>, path: &'a [u8]) -> Result<Self, UriError> {
        let path: &[u8] = if path.is_empty() { b"/" } else { path };
        let refused = path
            .iter()
            .fold(false, |refused, b| refused | b.is_ascii_control() | (*b == b'?') | (*b == b'#'));
        if path[0] != b'/' || refused {
            return Err(UriError::Path);
        }
        Ok(Self {
            scheme,
            host: authority.host,
            plain: authority.plain,
            port: authority.port.filter(|port| *port != scheme.default_port()),
            path,
        })
    }

    /// Parses an absolute `http` or `https` URI; query, fragment and user information are dropped.
    ///
    /// # Errors
    /// [`UriError`] if it is no absolute `http` or `https` URI.
    pub fn parse(uri: &'a str) -> Result<Self, UriError> {
        Ok(AbsoluteUri::parse(uri)?.base)
    }

    /// The scheme.
    #[must_use]
    pub const fn scheme(&self) -> Scheme {
        self.scheme
    }

    /// The host as given, not yet lower-cased.
    #[must_use]
    pub const fn host(&self) -> &'a str {
        self.host
    }

    /// The port, unless it is the default of the scheme.
    #[must_use]
    pub const fn port(&self) -> Option<u16> {
        self.port
    }

    /// The path as sent, `/` if it was empty.
    #[must_use]
    pub const fn path(&self) -> &'a [u8] {
        self.path
    }

    /// The same resource under the authority of a `Host` header (section 3.4.1.2, 2).
    #[must_use]
    pub fn with_authority(self, authority: Authority<'a>) -> Self {
        Self {
            host: authority.host,
            plain: authority.plain,
            port: authority.port.filter(|port| *port != self.scheme.default_port()),
            ..self
        }
    }

    /// Writes the URI percent-encoded once, as it stands in the base string.
    #[inline(always)]
    pub(crate) fn write_encoded<S: Sink>(&self, out: &mut S) {
        out.put(match self.scheme {
            Scheme::Http => b"http%3A%2F%2F",
            Scheme::Https => b"https%3A%2F%2F",
        });
        if self.plain {
            out.put(self.host.as_bytes());
        } else {
            out.put_each(self.host.as_bytes(), &HOST);
        }
        if let Some(port) = self.port {
            out.put(b"%3A");
            out.put(Decimal::new(u64::from(port)).digits());
        }
        out.put_each(self.path, &PATH);
    }
}

impl fmt::Display for BaseStringUri<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}://", self.scheme.as_str())?;
        for c in self.host.chars() {
            write!(f, "{}", c.to_ascii_lowercase())?;
        }
        if let Some(port) = self.port {
            write!(f, ":{port}")?;
        }
        for &byte in self.path {
            if byte.is_ascii_graphic() {
                write!(f, "{}", byte as char)?;
            } else {
                let hex = |digit: u8| UPPER_HEX[digit as usize] as char;
                write!(f, "%{}{}", hex(byte >> 4), hex(byte & 15))?;
            }
        }
        Ok(())
    }
}

/// `host[:port]`, as in a `Host` header.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Authority<'a> {
    host: &'a str,
    plain: bool,
    port: Option<u16>,
}

impl<'a> Authority<'a> {
    /// Parses `host`, `host:port` or `[v6]:port`; an empty port counts as none.
    ///
    /// # Errors
    /// [`UriError::Host`] or [`UriError::Port`].
    pub fn parse(text: &'a str) -> Result<Self, UriError> {
        let (host, port) = if let Some(v6) = text.strip_prefix('[') {
            let end = v6.find(']').ok_or(UriError::Host)?;
            let valid = |b: u8| b.is_ascii_hexdigit() || matches!(b, b':' | b'.');
            if end == 0 || !v6[..end].bytes().all(valid) {
                return Err(UriError::Host);
            }
            let (host, rest) = text.split_at(end + 2);
            match rest.strip_prefix(':') {
                Some(port) => (host, port),
                None if rest.is_empty() => (host, ""),
                None => return Err(UriError::Host),
            }
        } else {
            text.split_once(':').unwrap_or((text, ""))
        };
        // Never empty for http (RFC 9110 4.2.1).
        let kinds = host.bytes().fold(0, |kinds, b| kinds | REG_NAME[b as usize]);
        if host.is_empty() || (kinds & INVALID != 0 && !host.starts_with('[')) {
            return Err(UriError::Host);
        }
        let port = match port {
            "" => None,
            digits if digits.bytes().all(|b| b.is_ascii_digit()) => match digits.parse::<u16>() {
                Ok(port @ 1..) => Some(port),
                _ => return Err(UriError::Port),
            },
            _ => return Err(UriError::Port),
        };
        Ok(Self { host, plain: kinds == PLAIN, port })
    }

    /// The host as given, an IPv6 literal in its brackets.
    #[must_use]
    pub const fn host(&self) -> &'a str {
        self.host
    }

    /// The port, if one was given.
    #[must_use]
    pub const fn port(&self) -> Option<u16> {
        self.port
    }
}

/// An absolute URI, split into what section 3.4.1.2 and section 3.4.1.3.1 look at.
#[derive(Clone, Copy, Debug)]
pub(crate) struct AbsoluteUri<'a> {
    pub(crate) base: BaseStringUri<'a>,
    pub(crate) query: &'a [u8],
}

impl<'a> AbsoluteUri<'a> {
    pub(crate) fn parse(uri: &'a str) -> Result<Self, UriError> {
        let (scheme, rest) = Self::scheme(uri)?;
        let rest = memchr(b'#', rest.as_bytes()).map_or(rest, |fragment| &rest[..fragment]);
        let (hierarchy, query) = match memchr(b'?', rest.as_bytes()) {
            Some(at) => (&rest[..at], &rest.as_bytes()[at + 1..]),
            None => (rest, &b""[..]),
        };
        let end = memchr(b'/', hierarchy.as_bytes()).unwrap_or(hierarchy.len());
        let (authority, path) = hierarchy.split_at(end);
        let authority =
            memrchr(b'@', authority.as_bytes()).map_or(authority, |at| &authority[at + 1..]);
        let base = BaseStringUri::of(scheme, Authority::parse(authority)?, path.as_bytes())?;
        Ok(Self { base, query })
    }

    #[inline]
    fn scheme(uri: &str) -> Result<(Scheme, &str), UriError> {
        // As nearly all are spelled.
        if let Some(rest) = uri.strip_prefix("https://") {
            return Ok((Scheme::Https, rest));
        }
        let (scheme, rest) = uri.split_once("://").ok_or(UriError::NotAbsolute)?;
        if scheme.eq_ignore_ascii_case("https") {
            Ok((Scheme::Https, rest))
        } else if scheme.eq_ignore_ascii_case("http") {
            Ok((Scheme::Http, rest))
        } else {
            Err(UriError::Scheme)
        }
    }
}

/// What octets a host may have: RFC 3986 3.2.2, reg-name is unreserved, sub-delims and escapes.
static REG_NAME: [u8; 256] = {
    let mut table = [INVALID; 256];
    let mut byte = b'!';
    while byte <= b'~' {
        table[byte as usize] = match byte {
            b'"' | b'#' | b'/' | b'<' | b'>'..=b'@' | b'['..=b'^' | b'`' | b'{'..=b'}' => INVALID,
            byte if is_unreserved(byte) && !byte.is_ascii_uppercase() => PLAIN,
            _ => ESCAPED,
        };
        byte += 1;
    }
    table
};
/// Stands in the base string as it is.
const PLAIN: u8 = 1;
const ESCAPED: u8 = 2;
const INVALID: u8 = 4;

/// Why a text is not the URI of a request that can be signed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum UriError {
    /// There is no `scheme://`.
    #[error("not an absolute URI: write the whole address, such as https://api.example.com/path")]
    NotAbsolute,
    /// The scheme is neither `http` nor `https` (section 3.4.1.2).
    #[error("the scheme must be http or https")]
    Scheme,
    /// The host is missing or has characters no host has.
    #[error("the host is missing or malformed: expected host, host:port or [IPv6]:port")]
    Host,
    /// The port is not a number from 1 to 65535.
    #[error("the port must be a number from 1 to 65535")]
    Port,
    /// The path does not start with `/`, or has control characters.
    #[error("the path must start with '/' and hold no control characters; escape them as %XX")]
    Path,
}

#[cfg(test)]
mod tests {
    use alloc::string::ToString;

    use super::*;

    #[test]
    fn default_ports_follow_the_scheme() {
        let base = |uri| BaseStringUri::parse(uri).unwrap().to_string();
        assert_eq!(base("http://h:80/"), "http://h/");
        assert_eq!(base("http://h:443/"), "http://h:443/");
        assert_eq!(base("https://h:443"), "https://h/");
        assert_eq!(base("https://h:80"), "https://h:80/");
        assert_eq!(base("https://u:p@[::1]:8080?a=@b/"), "https://[::1]:8080/");
        assert_eq!(base("HTTP://H:/A/../b//c%7e"), "http://h/A/../b//c%7e");
    }

    #[test]
    fn what_is_no_uri_is_refused_with_its_reason() {
        for (uri, why) in [
            ("", UriError::NotAbsolute),
            ("example.com", UriError::NotAbsolute),
            ("ftp://example.com/", UriError::Scheme),
            ("http://", UriError::Host),
            ("http://:8080", UriError::Host),
            ("http://[::1", UriError::Host),
            ("http://[]/", UriError::Host),
            ("http://[::1]x/", UriError::Host),
            ("http://a b/", UriError::Host),
            ("http://h:0", UriError::Port),
            ("http://h:65536", UriError::Port),
            ("http://h:+1", UriError::Port),
            ("http://h:1:2", UriError::Port),
            ("http://h/\r\n", UriError::Path),
        ] {
            assert_eq!(BaseStringUri::parse(uri), Err(why), "{uri}");
        }
    }
}
