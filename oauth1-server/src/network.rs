//! Where requests come from: addresses, networks, and proxies that are believed.

use std::{net::IpAddr, str::FromStr};

use http::{Extensions, HeaderMap, HeaderName};

/// The address that a request came from, as an extension of the request. The listener inserts it;
/// [`VerificationLayer`](crate::VerificationLayer) reads it.
///
/// Without it, clients that are bound to addresses are refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PeerAddress(pub IpAddr);

impl PeerAddress {
    /// The address of a connection, or what a trusted proxy says: the right-most address of
    /// `X-Forwarded-For` that is none of the trusted proxies. `None` if a trusted proxy sent
    /// something that cannot be read.
    #[must_use]
    pub fn of(peer: IpAddr, headers: &HeaderMap, trusted: &Networks) -> Option<Self> {
        let peer = peer.to_canonical();
        if trusted.is_empty() || !trusted.contains(peer) {
            return Some(Self(peer));
        }
        let mut address = peer;
        // Each proxy appends: the last line's last address is the nearest.
        for line in headers.get_all(FORWARDED_FOR).iter().rev() {
            for text in line.to_str().ok()?.rsplit(',') {
                address = forwarded(text.trim())?;
                if !trusted.contains(address) {
                    return Some(Self(address));
                }
            }
        }
        Some(Self(address))
    }

    /// The address behind the extensions of a request.
    pub(crate) fn find(extensions: &Extensions) -> Option<IpAddr> {
        extensions.get::<Self>().map(|Self(address)| address.to_canonical())
    }
}

/// The connection comes from a proxy that is trusted, as an extension of the request. The listener
/// inserts it; [`HeaderOwners`](crate::endpoints::HeaderOwners) asks for it.
#[cfg(feature = "server")]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TrustedProxy;

#[cfg(feature = "server")]
impl TrustedProxy {
    /// Whether a connection does.
    #[must_use]
    pub fn of(peer: IpAddr, trusted: &Networks) -> Option<Self> {
        trusted.contains(peer.to_canonical()).then_some(Self)
    }
}

/// An address, with a port or without.
fn forwarded(text: &str) -> Option<IpAddr> {
    let address = text.parse().ok().or_else(|| {
        let with_port = text.parse::<std::net::SocketAddr>().ok();
        let bracketed = || text.strip_prefix('[')?.strip_suffix(']')?.parse().ok();
        with_port.map(|address| address.ip()).or_else(bracketed)
    });
    address.map(|address: IpAddr| address.to_canonical())
}

/// An address or a network: `192.0.2.7`, `192.0.2.0/24`, `2001:db8::/32`.
///
/// IPv4 addresses within IPv6 (`::ffff:192.0.2.7`) are the IPv4 address.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Network {
    address: IpAddr,
    prefix: u8,
}

/// Not an address or network.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct NetworkError(String);

impl Network {
    /// Whether the address is in it.
    #[must_use]
    pub fn contains(self, address: IpAddr) -> bool {
        match (self.address, address.to_canonical()) {
            (IpAddr::V4(own), IpAddr::V4(other)) => {
                let shift = 32 - u32::from(self.prefix);
                (own.to_bits() ^ other.to_bits()).checked_shr(shift).unwrap_or(0) == 0
            }
            (IpAddr::V6(own), IpAddr::V6(other)) => {
                let shift = 128 - u32::from(self.prefix);
                (own.to_bits() ^ other.to_bits()).checked_shr(shift).unwrap_or(0) == 0
            }
            _ => false,
        }
    }

    /// The first address, which a network is written with.
    fn first(self) -> IpAddr {
        let mask = |bits: u32| u32::MAX.checked_shl(32 - bits).unwrap_or(0);
        let wide = |bits: u32| u128::MAX.checked_shl(128 - bits).unwrap_or(0);
        match self.address {
            IpAddr::V4(own) => IpAddr::V4((own.to_bits() & mask(self.prefix.into())).into()),
            IpAddr::V6(own) => IpAddr::V6((own.to_bits() & wide(self.prefix.into())).into()),
        }
    }
}

impl FromStr for Network {
    type Err = NetworkError;

    fn from_str(text: &str) -> Result<Self, NetworkError> {
        let fail = |problem: String| Err(NetworkError(format!("{text:?} {problem}")));
        let (address, prefix) = match text.split_once('/') {
            Some((address, prefix)) => (address, Some(prefix)),
            None => (text, None),
        };
        let Ok(written) = address.parse::<IpAddr>() else {
            return fail(
                "is no address or network, such as 192.0.2.7, 192.0.2.0/24 or 2001:db8::/32".into(),
            );
        };
        let address = written.to_canonical();
        let longest = |address: IpAddr| if address.is_ipv4() { 32u8 } else { 128 };
        // The length of a mapped network counts the 96 bits before the IPv4 address.
        let mapped = longest(written) - longest(address);
        let prefix = match prefix {
            None => longest(address),
            Some(prefix) => match prefix.parse::<u8>() {
                Ok(prefix) if (mapped..=longest(written)).contains(&prefix) => prefix - mapped,
                _ => return fail(format!("must end with /{mapped} to /{}", longest(written))),
            },
        };
        let network = Self { address, prefix };
        if network.first() != address {
            return fail(format!("has bits beyond its length; write {}/{prefix}", network.first()));
        }
        Ok(network)
    }
}

impl std::fmt::Display for Network {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let whole = if self.address.is_ipv4() { 32 } else { 128 };
        if self.prefix == whole {
            return write!(f, "{}", self.address);
        }
        write!(f, "{}/{}", self.address, self.prefix)
    }
}

/// Some networks.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Networks(Box<[Network]>);

impl Networks {
    /// Whether there are none.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Whether the address is in one of them.
    #[must_use]
    pub fn contains(&self, address: IpAddr) -> bool {
        self.0.iter().any(|network| network.contains(address))
    }
}

/// Between spaces or commas.
impl FromStr for Networks {
    type Err = NetworkError;

    fn from_str(text: &str) -> Result<Self, NetworkError> {
        let texts = text.split([' ', ',']).filter(|text| !text.is_empty());
        texts.map(str::parse).collect::<Result<_, _>>().map(Self)
    }
}

const FORWARDED_FOR: HeaderName = HeaderName::from_static("x-forwarded-for");

#[cfg(test)]
mod tests {
    use super::*;

    fn address(text: &str) -> IpAddr {
        text.parse().unwrap()
    }

    #[test]
    fn networks_contain_addresses() {
        for (network, inside, outside) in [
            ("192.0.2.7", "192.0.2.7", "192.0.2.8"),
            ("192.0.2.0/24", "192.0.2.255", "192.0.3.0"),
            ("192.0.2.0/24", "::ffff:192.0.2.1", "::192.0.2.1"),
            ("0.0.0.0/0", "203.0.113.9", "::1"),
            ("::ffff:192.0.2.0/120", "192.0.2.9", "192.0.3.9"),
            ("2001:db8::/32", "2001:db8:ffff::1", "2001:db9::1"),
            ("::/0", "2001:db8::1", "192.0.2.1"),
            ("::1", "::1", "::2"),
        ] {
            let parsed: Network = network.parse().unwrap();
            assert!(parsed.contains(address(inside)), "{network} {inside}");
            assert!(!parsed.contains(address(outside)), "{network} {outside}");
            assert_eq!(parsed.to_string().parse(), Ok(parsed));
        }
        for (bad, why) in [
            ("", "is no address"),
            ("192.0.2", "is no address"),
            ("192.0.2.0/33", "must end with /0 to /32"),
            ("::ffff:192.0.2.0/24", "must end with /96 to /128"),
            ("192.0.2.1/24", "write 192.0.2.0/24"),
            ("2001:db8::/129", "must end with"),
            ("10.0.0.0/x", "must end with"),
        ] {
            let error = bad.parse::<Network>().unwrap_err().to_string();
            assert!(error.contains(why), "{bad}: {error}");
        }
    }

    #[test]
    fn only_trusted_proxies_are_believed() {
        let trusted: Networks = "10.0.0.0/8, 2001:db8::/32".parse().unwrap();
        let of = |peer: &str, lines: &[&str]| {
            let mut headers = HeaderMap::new();
            for line in lines {
                headers.append(FORWARDED_FOR, line.parse().unwrap());
            }
            PeerAddress::of(address(peer), &headers, &trusted).map(|peer| peer.0.to_string())
        };
        let is = |address: &str| Some(address.to_owned());
        assert_eq!(of("192.0.2.1", &["203.0.113.9"]), is("192.0.2.1"));
        assert_eq!(of("10.0.0.1", &["203.0.113.9"]), is("203.0.113.9"));
        assert_eq!(of("::ffff:10.0.0.1", &["203.0.113.9"]), is("203.0.113.9"));
        assert_eq!(of("10.0.0.1", &["1.1.1.1, 203.0.113.9, 10.0.0.2"]), is("203.0.113.9"));
        assert_eq!(of("10.0.0.1", &["1.1.1.1", "203.0.113.9"]), is("203.0.113.9"));
        assert_eq!(of("10.0.0.1", &["203.0.113.9:4711"]), is("203.0.113.9"));
        assert_eq!(of("2001:db8::1", &["[2001:db9::1]:80"]), is("2001:db9::1"));
        assert_eq!(of("10.0.0.1", &["10.0.0.3, 10.0.0.2"]), is("10.0.0.3"));
        assert_eq!(of("10.0.0.1", &[]), is("10.0.0.1"));
        assert_eq!(of("10.0.0.1", &["203.0.113.9, unknown"]), None);
    }
}
