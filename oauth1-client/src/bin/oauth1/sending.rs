//! What every subcommand that sends something needs.

use reqwest::{StatusCode, Url};
use tokio::runtime::{Builder, Runtime};
use url::Host;

use crate::failure::{Failure, Kind};

/// Runs on the thread that asks.
pub(crate) fn runtime() -> Result<Runtime, Failure> {
    Builder::new_current_thread().enable_all().build().map_err(no_runtime)
}

/// Runs on as many threads as there are processors.
pub(crate) fn threads() -> Result<Runtime, Failure> {
    Builder::new_multi_thread().enable_all().build().map_err(no_runtime)
}

fn no_runtime(_: std::io::Error) -> Failure {
    Failure::other("no runtime", "free some memory")
}

/// The HTTP client cannot be built.
pub(crate) fn no_tls(_: reqwest::Error) -> Failure {
    Failure::other("TLS cannot be set up", "check the certificates")
}

/// Whether nobody else can listen: TLS, or this computer.
pub(crate) fn private(url: &Url) -> bool {
    let is_here = match url.host() {
        Some(Host::Domain(name)) => name == "localhost",
        Some(Host::Ipv4(ip)) => ip.is_loopback(),
        Some(Host::Ipv6(ip)) => ip.is_loopback(),
        None => false,
    };
    url.scheme() == "https" || is_here
}

/// What an answer of 400 or more says.
pub(crate) fn kind(status: StatusCode) -> Option<Kind> {
    match status.as_u16() {
        401 | 403 => Some(Kind::Refused),
        400..=499 => Some(Kind::Http4xx),
        500.. => Some(Kind::Http5xx),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn this_computer_and_tls_are_private() {
        let private = |url: &str| private(&url.parse().unwrap());
        assert!(private("https://h") && private("http://127.0.0.1:1") && private("http://[::1]/"));
        assert!(private("http://127.0.0.2:1"));
        assert!(private("http://localhost") && !private("http://localhost.evil"));
        assert!(!private("http://h") && !private("http://10.0.0.1") && !private("http://127.evil"));
    }

    #[test]
    fn statuses_have_their_exit_codes() {
        let code = |status| kind(StatusCode::from_u16(status).unwrap()).map_or(0, Kind::exit_code);
        let codes = [200, 304, 400, 401, 403, 404, 500, 599].map(code);
        assert_eq!(codes, [0, 0, 4, 7, 7, 4, 5, 5]);
    }
}
