//! Who may use the proxy: whoever can reach it signs with its credentials, and that must not be
//! any web page that a browser on this computer has open.
//!
//! * A page can send forms and load images from any address. Browsers then say `Origin`, or
//!   `Sec-Fetch-Site`, and that is refused.
//! * A page's own name can be made to lead to 127.0.0.1 after it was loaded ("DNS rebinding"): to
//!   the browser, the proxy is then of the page's own origin. But `Host` still holds that name, so
//!   only the proxy's names are served.

use std::net::SocketAddr;

use http::{
    HeaderMap, Method, Request, StatusCode,
    header::{AUTHORIZATION, HOST, HeaderName, ORIGIN, UPGRADE},
    uri::Authority,
};
use oauth1_client::SharedSecret;
use subtle::ConstantTimeEq;

use super::refusal::Refusal;

/// What a request must show before anything is done with it.
#[derive(Debug)]
pub(crate) struct Guard {
    names: Vec<String>,
    caller_token: Option<SharedSecret>,
}

impl Guard {
    /// Serves the names of this computer's loopback, the address listened at, and `hosts`.
    pub(crate) fn new(
        listening: SocketAddr,
        hosts: &[Authority],
        caller_token: Option<SharedSecret>,
    ) -> Self {
        let port = listening.port();
        let mut names = vec!["127.0.0.1".to_owned(), "localhost".into(), "[::1]".into()];
        let ip = listening.ip();
        if !ip.is_unspecified() {
            names.push(if ip.is_ipv6() { format!("[{ip}]") } else { ip.to_string() });
        }
        let with_port = |name: &String| format!("{name}:{port}");
        let mut all: Vec<_> = names.iter().map(with_port).collect();
        if port == 80 {
            all.append(&mut names);
        }
        for host in hosts {
            all.push(host.to_string());
            if host.port().is_none() {
                all.push(with_port(&host.to_string()));
            }
        }
        Self { names: all, caller_token }
    }

    /// The name under which the proxy was asked, if the request may be passed on.
    pub(super) fn admit<B>(&self, request: &Request<B>) -> Result<String, Refusal> {
        let headers = request.headers();
        if request.method() == Method::CONNECT {
            return Err(Refusal::bad_request("connect", THE_WAY));
        }
        let name = self.own_name(request)?;
        let elsewhere =
            headers.get_all(SEC_FETCH_SITE).iter().any(|site| site.as_bytes() != b"none");
        if elsewhere || headers.contains_key(ORIGIN) {
            return Err(Refusal::new(
                StatusCode::FORBIDDEN,
                "browser",
                "pages in browsers are not served, for any page could then use the credentials; \
                 send the request from a program, without Origin and Sec-Fetch-Site",
            ));
        }
        self.check_token(headers)?;
        // Asking for HTTP/2 by Upgrade is out of use (RFC 9113 section 3.1), and may be ignored.
        let wanted = headers.get_all(UPGRADE).iter().any(|wanted| wanted.as_bytes() != b"h2c");
        if wanted {
            return Err(Refusal::bad_request(
                "upgrade",
                "connections are not upgraded, for what goes over them would not be signed; leave \
                 out Upgrade",
            ));
        }
        Ok(name)
    }

    fn own_name<B>(&self, request: &Request<B>) -> Result<String, Refusal> {
        let asked = match request.uri().authority() {
            Some(authority) => Some(authority.as_str()),
            None => {
                let mut hosts = request.headers().get_all(HOST).iter();
                match (hosts.next(), hosts.next()) {
                    (Some(host), None) => host.to_str().ok(),
                    _ => None,
                }
            }
        };
        let Some(asked) = asked else {
            return Err(Refusal::bad_request(
                "host",
                "the request needs one Host header (RFC 9112 section 3.2)",
            ));
        };
        if self.names.iter().any(|name| name.eq_ignore_ascii_case(asked)) {
            return Ok(asked.into());
        }
        let text = match request.uri().authority() {
            Some(_) => THE_WAY,
            None => {
                "the Host header names somebody else; use the address that the proxy printed when \
                 it started, or start it with --host NAME"
            }
        };
        Err(Refusal::new(StatusCode::MISDIRECTED_REQUEST, "host", text))
    }

    fn check_token(&self, headers: &HeaderMap) -> Result<(), Refusal> {
        let Some(expected) = &self.caller_token else { return Ok(()) };
        let mut given = headers.get_all(AUTHORIZATION).iter();
        let token = match (given.next(), given.next()) {
            (Some(value), None) => bearer(value.as_bytes()),
            _ => None,
        };
        let same = token.is_some_and(|token| token.ct_eq(expected.expose().as_bytes()).into());
        if same {
            return Ok(());
        }
        let text = match token {
            Some(_) => "the caller token is not the proxy's; compare it with its file",
            None => "a caller token is required; send Authorization: Bearer TOKEN",
        };
        Err(Refusal::new(StatusCode::UNAUTHORIZED, "caller_token", text))
    }
}

fn bearer(value: &[u8]) -> Option<&[u8]> {
    let (scheme, token) = value.split_at_checked(SCHEME.len())?;
    scheme.eq_ignore_ascii_case(SCHEME).then(|| token.trim_ascii())
}

const SCHEME: &[u8] = b"Bearer ";
const SEC_FETCH_SITE: HeaderName = HeaderName::from_static("sec-fetch-site");
const THE_WAY: &str = "this is no proxy to other hosts: it stands for one upstream, so ask for \
                       http://ADDRESS-OF-THE-PROXY/path, without setting it as a proxy";

#[cfg(test)]
mod tests {
    use super::*;

    fn asked(guard: &Guard, headers: &[(&str, &str)]) -> Result<String, u16> {
        let request = headers.iter().fold(Request::get("/a"), |r, (n, v)| r.header(*n, *v));
        guard.admit(&request.body(()).unwrap()).map_err(|refusal| {
            let response = refusal.into_response();
            response.status().as_u16()
        })
    }

    fn guard(listening: &str, hosts: &[&str], token: Option<&str>) -> Guard {
        let hosts: Vec<_> = hosts.iter().map(|host| host.parse().unwrap()).collect();
        Guard::new(listening.parse().unwrap(), &hosts, token.map(SharedSecret::new))
    }

    #[test]
    fn only_its_own_names_are_served() {
        let plain = guard("127.0.0.1:8317", &[], None);
        for host in ["127.0.0.1:8317", "localhost:8317", "LOCALHOST:8317", "[::1]:8317"] {
            assert_eq!(asked(&plain, &[("host", host)]), Ok(host.into()));
        }
        for host in ["127.0.0.1", "localhost:1", "evil.example:8317", "a@localhost:8317", "", "."] {
            assert_eq!(asked(&plain, &[("host", host)]), Err(421), "{host}");
        }
        assert_eq!(asked(&plain, &[]), Err(400));
        let twice = [("host", "localhost:8317"), ("host", "localhost:8317")];
        assert_eq!(asked(&plain, &twice), Err(400));
        let named = guard("0.0.0.0:80", &["box.lan", "box.lan:81"], None);
        for host in ["box.lan", "box.lan:80", "box.lan:81", "localhost", "localhost:80"] {
            assert_eq!(asked(&named, &[("host", host)]), Ok(host.into()));
        }
        assert_eq!(asked(&named, &[("host", "0.0.0.0:80")]), Err(421));
        let here = guard("[fd00::7]:9", &[], None);
        assert!(asked(&here, &[("host", "[fd00::7]:9")]).is_ok());
    }

    #[test]
    fn tokens_are_compared_whole() {
        let guard = guard("127.0.0.1:1", &[], Some("canary-token"));
        let with =
            |value: &str| asked(&guard, &[("host", "localhost:1"), ("authorization", value)]);
        assert!(with("Bearer canary-token").is_ok() && with("bearer  canary-token ").is_ok());
        for value in ["", "Bearer", "Bearer ", "Bearer canary-toke", "Bearer canary-token2"] {
            assert_eq!(with(value), Err(401), "{value}");
        }
        assert_eq!(with("Basic canary-token"), Err(401));
        assert!(!format!("{guard:?}").contains("canary"));
    }
}
