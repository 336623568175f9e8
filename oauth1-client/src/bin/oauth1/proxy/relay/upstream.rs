//! The one server that requests go to, signed.

use std::time::SystemTime;

use http::{Response, Uri};
use oauth1_client::{
    SendError, ServerClock, SignError, Signer, Stamp, Transmission,
    core::{SignError as ProtocolError, SignableBody, SignableRequest},
    sign_as, with_report,
};
use reqwest::{Body, Request};
use url::Url;

use super::refusal::Refusal;

/// Where requests go, and what they are signed with.
#[derive(Debug)]
pub(crate) struct Upstream {
    /// Without a slash at the end.
    base: String,
    http: reqwest::Client,
    /// `None` for the benchmark only.
    signer: Option<Signer>,
    transmission: Transmission,
    signs_bodies: bool,
    clock: ServerClock,
}

impl Upstream {
    /// `http` must neither follow redirects nor send anything again:
    /// [`client_builder`](oauth1_client::client_builder).
    pub(crate) fn new(
        base: &Url,
        http: reqwest::Client,
        signer: Option<Signer>,
        transmission: Transmission,
    ) -> Self {
        let base = base.as_str().trim_end_matches('/').to_owned();
        let signs_bodies = signer.as_ref().is_some_and(signs_bodies);
        let clock = ServerClock::default();
        Self { base, http, signer, transmission, signs_bodies, clock }
    }

    pub(super) fn base(&self) -> &str {
        &self.base
    }

    /// Whether bodies that are no forms are signed too, so that they must be there as a whole.
    pub(super) const fn signs_bodies(&self) -> bool {
        self.signs_bodies
    }

    /// The address of what is asked for: path and query below the base, as they are.
    pub(super) fn target(&self, asked: &Uri) -> Result<Url, Refusal> {
        let path = asked.path();
        if !path.starts_with('/') {
            return Err(Refusal::bad_request("path", "ask for a path that starts with a slash"));
        }
        if leads_elsewhere(path) {
            return Err(Refusal::bad_request(
                "path",
                "the path has a backslash or a segment . or .. in it, which would be resolved \
                 before it is sent; write the path that is meant",
            ));
        }
        let query = asked.query().map(|query| format!("?{query}")).unwrap_or_default();
        Url::parse(&format!("{}{path}{query}", self.base))
            .map_err(|_| Refusal::bad_request("path", "path and query make no URL; encode them"))
    }

    /// Signs and sends a request. If the timestamp is refused, it is sent once more with the
    /// upstream's time, unless its body was a stream.
    pub(super) async fn send(&self, mut request: Request) -> Result<Response<Body>, SendError> {
        let again = request.try_clone();
        let used = self.sign(&mut request)?;
        let response = self.execute(request).await?;
        let (Some(mut again), Some(used)) = (again, used) else { return Ok(response.into()) };
        let (response, report) = with_report(response).await?;
        let Some(report) = report else { return Ok(response.into()) };
        if !self.clock.learn(&report, response.headers(), SystemTime::now(), used) {
            return Ok(response.into());
        }
        self.sign(&mut again)?;
        self.execute(again).await.map(Into::into)
    }

    /// The clock's offset at that moment; `None` without a signer.
    fn sign(&self, request: &mut Request) -> Result<Option<i64>, SignError> {
        let Some(signer) = &self.signer else { return Ok(None) };
        let offset = self.clock.offset();
        sign_as(request, signer, self.transmission, &self.clock.stamp()?)?;
        Ok(Some(offset))
    }

    async fn execute(&self, request: Request) -> Result<reqwest::Response, SendError> {
        let response = self.http.execute(request).await;
        response.map_err(|error| SendError::Http(error.without_url()))
    }
}

/// Whether it signs bodies by their hash: then it cannot sign one that is not there.
fn signs_bodies(signer: &Signer) -> bool {
    let Ok(request) = SignableRequest::new("POST", "https://localhost/") else { return false };
    let request = request.with_body(SignableBody::Streamed);
    let Ok(stamp) = Stamp::now() else { return false };
    matches!(signer.authorize_at(&request, &stamp), Err(ProtocolError::BodyUnknown))
}

/// Whether the path holds what a URL parser resolves, also in escaped form.
fn leads_elsewhere(path: &str) -> bool {
    let is_dots = |segment: &str| {
        let plain = segment.to_ascii_lowercase().replace("%2e", ".");
        matches!(plain.as_str(), "." | "..")
    };
    path.contains('\\')
        || (path.contains("/.") || path.contains("/%2")) && path.split('/').any(is_dots)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_stay_below_the_base() {
        let http = oauth1_client::client_builder().build().unwrap();
        let base = "https://h/v1/".parse().unwrap();
        let upstream = Upstream::new(&base, http, None, Transmission::Header);
        let target = |asked: &str| {
            let url = upstream.target(&asked.parse().unwrap());
            url.map(|url| url.to_string()).map_err(|refusal| refusal.into_response().status())
        };
        for (asked, expected) in [
            ("/", "https://h/v1/"),
            ("/a%2Fb//c;d=%C3%A9?q=%20+&q", "https://h/v1/a%2Fb//c;d=%C3%A9?q=%20+&q"),
            ("//evil/a", "https://h/v1//evil/a"),
            ("/@evil", "https://h/v1/@evil"),
            ("/...?/../", "https://h/v1/...?/../"),
            ("/.a/%2ea/%2", "https://h/v1/.a/%2ea/%2"),
            ("http://localhost:1/x?y", "https://h/v1/x?y"),
        ] {
            assert_eq!(target(asked).as_deref(), Ok(expected), "{asked}");
        }
        for asked in ["/..", "/../x", "/a/./b", "/%2e%2E/x", "/.%2e", "/a\\..\\b", "*"] {
            assert_eq!(target(asked), Err(http::StatusCode::BAD_REQUEST), "{asked}");
        }
    }
}
