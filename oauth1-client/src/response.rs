//! What a server says about a request it refused: the `oauth_problem` extension.

use std::{
    fmt,
    time::{Duration, SystemTime},
};

use oauth1_core::{Problem, ProblemReport, request::is_form};
use reqwest::{
    Response, ResponseBuilderExt, StatusCode,
    header::{CONTENT_TYPE, HeaderMap, WWW_AUTHENTICATE},
};

use crate::{error::SendError, retries::retry_after};

/// Reads the problem report of an answer, from its `WWW-Authenticate` headers or from its
/// form-encoded body; `None` if neither holds one.
///
/// ```
/// use oauth1_client::{Problem, problem_report};
/// use reqwest::header::HeaderMap;
///
/// let report = problem_report(&HeaderMap::new(), b"oauth_problem=nonce_used");
/// assert_eq!(report.map(|r| r.problem()), Some(Problem::NonceUsed));
/// ```
#[must_use]
pub fn problem_report(headers: &HeaderMap, body: &[u8]) -> Option<ProblemReport> {
    headers
        .get_all(WWW_AUTHENTICATE)
        .iter()
        .filter_map(|challenge| challenge.to_str().ok())
        .chain(core::str::from_utf8(body))
        .find_map(ProblemReport::parse)
}

/// A server's refusal: every status from 400 on.
///
/// ```no_run
/// # async fn run(client: oauth1_client::Client) -> Result<(), Box<dyn std::error::Error>> {
/// use oauth1_client::{Problem, accepted};
///
/// let request = client.http().get("https://api.example.com/1/me");
/// match accepted(client.send(request).await?).await? {
///     Ok(response) => println!("{}", response.text().await?),
///     Err(refused) if refused.problem() == Some(Problem::TokenRevoked) => println!("log in again"),
///     Err(refused) => return Err(refused.into()),
/// }
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Refused {
    /// The HTTP status.
    pub status: StatusCode,
    /// What the server reports, if it does.
    pub report: Option<ProblemReport>,
    /// How long it wants to be left alone.
    pub retry_after: Option<Duration>,
}

impl Refused {
    /// The code of the report.
    #[must_use]
    pub fn problem(&self) -> Option<Problem> {
        self.report.as_ref().map(ProblemReport::problem)
    }
}

impl fmt::Display for Refused {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the server refused the request: {}", self.status)?;
        if let Some(problem) = self.problem() {
            write!(f, ", {problem}")?;
        }
        match self.retry_after {
            Some(wait) => write!(f, "; try again in {} seconds", wait.as_secs()),
            None => Ok(()),
        }
    }
}

impl std::error::Error for Refused {}

/// Tells an answer from a refusal, and reads what the refusal says.
///
/// # Errors
/// [`SendError::Http`] if the body of a refusal cannot be read.
pub async fn accepted(response: Response) -> Result<Result<Response, Refused>, SendError> {
    let status = response.status();
    if status.as_u16() < 400 {
        return Ok(Ok(response));
    }
    let (response, report) = with_report(response).await?;
    let retry_after = retry_after(response.headers(), SystemTime::now());
    Ok(Err(Refused { status, report, retry_after }))
}

/// The answer as it was, and the problem report that is in it. A body is read only where it is a
/// short form, as reports are.
///
/// ```no_run
/// # async fn run(response: reqwest::Response) -> Result<(), Box<dyn std::error::Error>> {
/// let (response, report) = oauth1_client::with_report(response).await?;
/// if let Some(report) = report {
///     eprintln!("{}: {}", response.status(), report.problem());
/// }
/// # Ok(())
/// # }
/// ```
///
/// # Errors
/// [`SendError::Http`] if that body cannot be read.
pub async fn with_report(
    response: Response,
) -> Result<(Response, Option<ProblemReport>), SendError> {
    if !matches!(response.status().as_u16(), 400 | 401 | 403) {
        return Ok((response, None));
    }
    if let Some(report) = problem_report(response.headers(), b"") {
        return Ok((response, Some(report)));
    }
    let kind = response.headers().get(CONTENT_TYPE).and_then(|kind| kind.to_str().ok());
    let is_short = response.content_length().is_some_and(|length| length <= LONGEST_REPORT);
    if !is_short || !kind.is_some_and(is_form) {
        return Ok((response, None));
    }
    let (status, version) = (response.status(), response.version());
    let (headers, url) = (response.headers().clone(), response.url().clone());
    let body = response.bytes().await.map_err(|e| SendError::Http(e.without_url()))?;
    let report = problem_report(&HeaderMap::new(), &body);
    let mut rebuilt = http::Response::builder().url(url).body(body).unwrap_or_default();
    (*rebuilt.status_mut(), *rebuilt.version_mut()) = (status, version);
    *rebuilt.headers_mut() = headers;
    Ok((rebuilt.into(), report))
}

const LONGEST_REPORT: u64 = 16 * 1024;
