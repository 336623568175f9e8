//! Requests and answers as text and as JSON.

use base64::{Engine, prelude::BASE64_STANDARD};
use oauth1_client::ProblemReport;
use reqwest::{
    Request, Response, StatusCode,
    header::{HOST, HeaderMap},
};
use serde::Serialize;

use crate::advice::Advice;

/// What is kept of an answer.
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    /// The body, or its start.
    pub(crate) start: Vec<u8>,
    /// What was printed of it last is no end of a line.
    pub(crate) is_open: bool,
}

impl Answer {
    pub(crate) fn of(response: &Response) -> Self {
        let (status, headers) = (response.status(), response.headers().clone());
        Self { status, headers, start: Vec::new(), is_open: false }
    }
}

/// The head of a request, as HTTP/1.1 sends it.
pub(crate) fn request_head(request: &Request) -> String {
    let url = request.url();
    let query = url.query().map_or_else(String::new, |query| format!("?{query}"));
    let mut head = format!("{} {}{query} HTTP/1.1\r\n", request.method(), url.path());
    if !request.headers().contains_key(HOST) {
        head.push_str(&format!("host: {}\r\n", host(request)));
    }
    if let Some(body) = request.body().and_then(reqwest::Body::as_bytes) {
        head.push_str(&format!("content-length: {}\r\n", body.len()));
    }
    head.push_str(&lines(request.headers()));
    head
}

fn host(request: &Request) -> String {
    let host = request.url().host_str().unwrap_or_default();
    request.url().port().map_or_else(|| host.into(), |port| format!("{host}:{port}"))
}

/// The head of an answer.
pub(crate) fn response_head(response: &Response) -> String {
    let headers = lines(response.headers());
    format!("{:?} {}\r\n{headers}", response.version(), response.status())
}

fn lines(headers: &HeaderMap) -> String {
    let mut out = String::new();
    for (name, value) in headers {
        out.push_str(&format!("{name}: {}\r\n", String::from_utf8_lossy(value.as_bytes())));
    }
    out.push_str("\r\n");
    out
}

/// A body: as text, or in Base64 if it is none.
#[derive(Serialize)]
struct BodyJson {
    body: Option<String>,
    body_base64: Option<String>,
}

impl BodyJson {
    fn of(bytes: &[u8]) -> Self {
        match core::str::from_utf8(bytes) {
            Ok(text) => Self { body: Some(text.into()), body_base64: None },
            Err(_) => Self { body: None, body_base64: Some(BASE64_STANDARD.encode(bytes)) },
        }
    }
}

/// Names and values in order; a name may appear more than once.
fn pairs(headers: &HeaderMap) -> Vec<(String, String)> {
    let text = |value: &[u8]| String::from_utf8_lossy(value).into_owned();
    headers.iter().map(|(name, value)| (name.to_string(), text(value.as_bytes()))).collect()
}

/// `request --offline --json`.
#[derive(Serialize)]
pub(crate) struct OfflineJson {
    method: String,
    url: String,
    headers: Vec<(String, String)>,
    #[serde(flatten)]
    body: BodyJson,
}

impl OfflineJson {
    pub(crate) fn of(request: &Request, body: &[u8]) -> Self {
        Self {
            method: request.method().to_string(),
            url: request.url().to_string(),
            headers: pairs(request.headers()),
            body: BodyJson::of(body),
        }
    }
}

/// `request --json`.
#[derive(Serialize)]
pub(crate) struct ResponseJson {
    status: u16,
    headers: Vec<(String, String)>,
    #[serde(flatten)]
    body: BodyJson,
    problem: Option<ProblemJson>,
    /// Seconds that the local clock is ahead.
    clock_skew: Option<i64>,
}

#[derive(Serialize)]
struct ProblemJson {
    /// The `oauth_problem` code, if the server gave one.
    code: Option<&'static str>,
    details: Vec<(&'static str, String)>,
    why: String,
    fix: String,
}

impl ResponseJson {
    pub(crate) fn of(
        answer: &Answer,
        report: Option<&ProblemReport>,
        advice: Option<&Advice>,
        clock_skew: Option<i64>,
    ) -> Self {
        let details = report.into_iter().flat_map(ProblemReport::pairs).skip(1);
        let details = details.map(|(name, value)| (name, value.to_owned())).collect();
        let problem = advice.map(|advice| ProblemJson {
            code: report.map(|report| report.problem().as_str()),
            details,
            why: advice.why.clone(),
            fix: advice.fix.clone(),
        });
        Self {
            status: answer.status.as_u16(),
            headers: pairs(&answer.headers),
            body: BodyJson::of(&answer.start),
            problem,
            clock_skew,
        }
    }
}
