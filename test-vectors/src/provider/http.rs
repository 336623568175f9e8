//! Requests over HTTP, as they are: no redirect is followed, nothing is sent twice.

use std::time::Duration;

use oauth1_core::SharedSecret;
use reqwest::header::{AUTHORIZATION, CONTENT_TYPE, HeaderValue, WWW_AUTHENTICATE};
use reqwest::{Client, Method, Url, redirect, retry};
use tokio::runtime::Runtime;
use tokio::task::JoinSet;

use super::Settings;
use super::answer::Answer;
use super::request::Prepared;
use crate::sequence::Endpoint;

/// The HTTP client and the runtime it lives in.
pub(super) struct Http {
    client: Client,
    runtime: Runtime,
    resource: Prepared,
}

impl Http {
    pub(super) fn new(settings: &Settings) -> Result<Self, String> {
        let client = Client::builder()
            .redirect(redirect::Policy::none())
            .retry(retry::never())
            // A connection that is used again may be closed just then, and the request sent anew.
            .pool_max_idle_per_host(0)
            .timeout(PATIENCE)
            .user_agent(concat!("oauth1-conformance/", env!("CARGO_PKG_VERSION")))
            .build()
            .map_err(|error| format!("no HTTP client: {error}"))?;
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .map_err(|error| format!("no runtime: {error}"))?;
        for at in [Endpoint::Initiate, Endpoint::Authorize, Endpoint::Token] {
            url_of(&endpoint(settings, at))?;
        }
        let resource = endpoint(settings, Endpoint::Resource);
        let resource = Prepared::unsigned(&settings.resource_method, &resource);
        request(&client, &resource)?;
        Ok(Self { client, runtime, resource })
    }

    /// Whether anybody answers: one request without any parameter.
    pub(super) fn reachable(&self) -> Result<(), String> {
        let sent = self.send(&self.resource).map(|_| ());
        sent.map_err(|error| format!("{}: {error}; check --base", self.resource.url))
    }

    /// Sends one request.
    pub(super) fn send(&self, prepared: &Prepared) -> Result<Answer, String> {
        let request = request(&self.client, prepared)?;
        self.runtime.block_on(answer(self.client.clone(), request))
    }

    /// Sends them all at once.
    pub(super) fn send_all(&self, prepared: &[Prepared]) -> Vec<Result<Answer, String>> {
        self.runtime.block_on(async {
            let mut sent = JoinSet::new();
            let mut answers = Vec::new();
            for one in prepared {
                match request(&self.client, one) {
                    Ok(request) => drop(sent.spawn(answer(self.client.clone(), request))),
                    Err(error) => answers.push(Err(error)),
                }
            }
            while let Some(done) = sent.join_next().await {
                answers.push(done.unwrap_or_else(|error| Err(error.to_string())));
            }
            answers
        })
    }
}

/// The URL of an endpoint.
pub(super) fn endpoint(settings: &Settings, endpoint: Endpoint) -> String {
    let path = match endpoint {
        Endpoint::Initiate => &settings.initiate,
        Endpoint::Authorize => &settings.authorize,
        Endpoint::Token => &settings.token,
        Endpoint::Resource => &settings.resource,
    };
    if path.contains("://") {
        path.clone()
    } else {
        format!("{}/{}", settings.base.trim_end_matches('/'), path.trim_start_matches('/'))
    }
}

fn url_of(text: &str) -> Result<Url, String> {
    let url = Url::parse(text).map_err(|error| format!("{text:?} is no URL: {error}"))?;
    if !matches!(url.scheme(), "http" | "https") {
        return Err(format!("{text:?} is no http or https URL"));
    }
    Ok(url)
}

fn request(client: &Client, prepared: &Prepared) -> Result<reqwest::Request, String> {
    let method = Method::from_bytes(prepared.method.as_bytes())
        .map_err(|_| format!("{:?} is no method", prepared.method))?;
    let mut request = client.request(method, url_of(&prepared.url)?);
    if let Some(header) = &prepared.authorization {
        let mut value = HeaderValue::from_str(header)
            .map_err(|_| "the Authorization header cannot be sent".to_owned())?;
        value.set_sensitive(true);
        request = request.header(AUTHORIZATION, value);
    }
    if let Some(form) = &prepared.form {
        request = request.header(CONTENT_TYPE, FORM).body(form.clone());
    }
    request.build().map_err(|error| error.without_url().to_string())
}

async fn answer(client: Client, request: reqwest::Request) -> Result<Answer, String> {
    // The URL may hold a signature.
    let failed = |error: reqwest::Error| format!("no answer ({})", causes(&error.without_url()));
    let mut response = client.execute(request).await.map_err(failed)?;
    let headers = response.headers();
    let text = |value: &HeaderValue| String::from_utf8_lossy(value.as_bytes()).into_owned();
    let content_type = headers.get(CONTENT_TYPE).map(text);
    let challenges = headers.get_all(WWW_AUTHENTICATE).iter().map(text).collect();
    let status = response.status().as_u16();
    let mut body = Vec::new();
    while let Some(chunk) = response.chunk().await.map_err(failed)? {
        let room = MOST - body.len();
        body.extend(chunk.iter().take(room));
        if chunk.len() >= room {
            break;
        }
    }
    let body = String::from_utf8(body)
        .unwrap_or_else(|error| String::from_utf8_lossy(error.as_bytes()).into_owned());
    Ok(Answer { status, content_type, challenges, body: SharedSecret::new(body) })
}

fn causes(error: &dyn std::error::Error) -> String {
    let more = std::iter::successors(error.source(), |error| error.source());
    more.fold(error.to_string(), |text, cause| format!("{text}: {cause}"))
}

/// The media type of section 3.5.2.
const FORM: &str = "application/x-www-form-urlencoded";
const PATIENCE: Duration = Duration::from_secs(30);
/// Octets of a body that are looked at.
const MOST: usize = 64 * 1024;
