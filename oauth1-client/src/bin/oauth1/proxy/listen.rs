//! Where the proxy listens, and how it is told to stop.

use std::{
    io,
    net::{IpAddr, Ipv4Addr, SocketAddr},
    pin::Pin,
};

use url::{Host, Url};

use crate::failure::Failure;

/// An address to listen at.
#[derive(Clone, Copy, Debug)]
pub(super) struct Address(pub(super) SocketAddr);

impl Address {
    /// `ADDRESS:PORT`, `localhost:PORT`, or a port of the loopback.
    pub(super) fn parse(text: &str) -> Result<Self, Failure> {
        let port = text.strip_prefix("localhost:").unwrap_or(text);
        let of_port = || port.parse().map(|port| SocketAddr::from((Ipv4Addr::LOCALHOST, port)));
        let parsed = text.parse().or_else(|_| of_port());
        parsed.map(Self).map_err(|_| {
            Failure::usage("--listen is no address", "give address and port: 127.0.0.1:8317")
        })
    }

    /// Refuses what would let strangers sign, and what would go round in circles.
    pub(super) fn check(
        self,
        allow_remote: bool,
        has_token: bool,
        upstream: &Url,
    ) -> Result<(), Failure> {
        let is_remote = !self.0.ip().is_loopback();
        if is_remote && !allow_remote {
            return Err(Failure::usage(
                "whoever reaches the proxy signs with its credentials, and other computers reach \
                 the address of --listen",
                "listen at 127.0.0.1, or add --allow-remote and --caller-token-file FILE",
            ));
        }
        if is_remote && !has_token {
            return Err(Failure::usage(
                "a proxy that other computers reach needs a caller token",
                "give one with --caller-token-file FILE; openssl rand -hex 32 makes one",
            ));
        }
        let same_ip = match upstream.host() {
            Some(Host::Domain(name)) => name == "localhost",
            Some(Host::Ipv4(ip)) => self.0.ip() == IpAddr::V4(ip),
            Some(Host::Ipv6(ip)) => self.0.ip() == IpAddr::V6(ip),
            None => false,
        };
        if same_ip && self.0.port() != 0 && upstream.port_or_known_default() == Some(self.0.port())
        {
            return Err(Failure::usage(
                "the upstream is the proxy itself",
                "give the server's address, or another --listen",
            ));
        }
        Ok(())
    }
}

/// The first signal to stop, and one more.
pub(super) struct Stopped {
    pub(super) first: Pin<Box<dyn Future<Output = ()> + Send>>,
    pub(super) second: Pin<Box<dyn Future<Output = ()> + Send>>,
}

/// Receives SIGINT and SIGTERM from now on.
#[cfg(unix)]
pub(super) fn stopped() -> io::Result<Stopped> {
    use tokio::signal::unix::{SignalKind, signal};
    let both = || {
        let (interrupt, terminate) =
            (signal(SignalKind::interrupt())?, signal(SignalKind::terminate())?);
        Ok::<_, io::Error>((interrupt, terminate))
    };
    let ((mut i1, mut t1), (mut i2, mut t2)) = (both()?, both()?);
    let first = Box::pin(async move {
        tokio::select! { _ = i1.recv() => {} _ = t1.recv() => {} }
    });
    let second = Box::pin(async move {
        for _ in 0..2 {
            tokio::select! { _ = i2.recv() => {} _ = t2.recv() => {} }
        }
    });
    Ok(Stopped { first, second })
}

/// Receives Ctrl-C from now on.
#[cfg(not(unix))]
pub(super) fn stopped() -> io::Result<Stopped> {
    let first = Box::pin(async {
        let _ = tokio::signal::ctrl_c().await;
    });
    let second = Box::pin(async {
        for _ in 0..2 {
            let _ = tokio::signal::ctrl_c().await;
        }
    });
    Ok(Stopped { first, second })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_have_short_forms() {
        for (text, expected) in [
            ("127.0.0.1:0", "127.0.0.1:0"),
            ("[::1]:8", "[::1]:8"),
            ("localhost:81", "127.0.0.1:81"),
            ("81", "127.0.0.1:81"),
        ] {
            assert_eq!(Address::parse(text).unwrap().0.to_string(), expected);
        }
        for text in ["", "127.0.0.1", "localhost", "h:1", "70000", "localhost:localhost:1"] {
            assert!(Address::parse(text).is_err(), "{text}");
        }
    }

    #[test]
    fn strangers_and_circles_are_refused() {
        let check = |listen: &str, remote, token, upstream: &str| {
            let upstream = upstream.parse().unwrap();
            Address::parse(listen).unwrap().check(remote, token, &upstream).is_ok()
        };
        assert!(check("127.0.0.1:1", false, false, "http://127.0.0.1:2"));
        assert!(check("127.0.0.1:0", false, false, "http://127.0.0.1:80"));
        assert!(check("0.0.0.0:1", true, true, "https://h"));
        for (remote, token) in [(false, false), (false, true), (true, false)] {
            assert!(!check("0.0.0.0:1", remote, token, "https://h"));
            assert!(!check("[::]:1", remote, token, "https://h"));
        }
        for upstream in ["http://127.0.0.1:80", "http://localhost", "http://127.0.0.1/v1"] {
            assert!(!check("127.0.0.1:80", false, false, upstream));
        }
        assert!(!check("[::1]:443", false, false, "https://[::1]"));
    }
}
