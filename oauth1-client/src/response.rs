//! What a server says about a request it refused: the `oauth_problem` extension.

use oauth1_core::ProblemReport;
use reqwest::header::{HeaderMap, WWW_AUTHENTICATE};

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
