//! What is looked at when a step is done.

use serde::Deserialize;

/// How much an expectation weighs.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Eq, PartialOrd, Ord)]
#[serde(rename_all = "lowercase")]
pub enum Level {
    /// RFC 5849 demands it, or the security of the flow does.
    Must,
    /// RFC 5849 recommends it, or good practice.
    Should,
    /// It is left to the provider, or an extension asks for it.
    May,
}

impl Level {
    /// Its name in the files.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Must => "must",
            Self::Should => "should",
            Self::May => "may",
        }
    }
}

/// One thing that is looked at when a step is done: exactly one of the fields after `clause`.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Expectation {
    /// How much it weighs.
    pub level: Level,
    /// The clause it follows from; that of the case if it names none.
    #[serde(default)]
    pub clause: String,
    outcome: Option<Outcome>,
    granted: Option<usize>,
    status: Option<Vec<u16>>,
    content_type: Option<String>,
    parameter: Option<(String, String)>,
    problem: Option<Vec<String>>,
    challenge: Option<String>,
    redirect: Option<String>,
    no_redirect_to: Option<String>,
    redirect_parameter: Option<(String, String)>,
    different_from: Option<String>,
}

/// Whether a step gave the client what it is for.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "lowercase")]
pub enum Outcome {
    /// Credentials were issued, a verification code was handed out, the resource was sent.
    Granted,
    /// They were not.
    Refused,
}

/// What is looked at.
#[derive(Clone, Copy, Debug)]
pub enum What<'a> {
    /// Whether the step gave what it is for; of several requests: each of them.
    Outcome(Outcome),
    /// How many of several requests were granted.
    Granted(usize),
    /// The status is one of these; of several requests: of those that were refused.
    Status(&'a [u16]),
    /// The media type.
    ContentType(&'a str),
    /// The form in the body has this parameter exactly once, with this value.
    Parameter(&'a str, &'a str),
    /// `oauth_problem` is one of these; of several requests: of those that were refused.
    Problem(&'a [String]),
    /// A `WWW-Authenticate` field names this scheme.
    Challenge(&'a str),
    /// The browser was sent to this URI, the parameters appended to its query.
    Redirect(&'a str),
    /// The browser was not sent to this URI.
    NoRedirectTo(&'a str),
    /// The URI the browser was sent to has this parameter.
    RedirectParameter(&'a str, &'a str),
    /// What came is not what came of that step.
    DifferentFrom(&'a str),
}

impl Expectation {
    /// What is looked at.
    #[must_use]
    pub fn what(&self) -> Option<What<'_>> {
        let mut found = [
            self.outcome.map(What::Outcome),
            self.granted.map(What::Granted),
            self.status.as_deref().map(What::Status),
            self.content_type.as_deref().map(What::ContentType),
            self.parameter.as_ref().map(|(name, value)| What::Parameter(name, value)),
            self.problem.as_deref().map(What::Problem),
            self.challenge.as_deref().map(What::Challenge),
            self.redirect.as_deref().map(What::Redirect),
            self.no_redirect_to.as_deref().map(What::NoRedirectTo),
            self.redirect_parameter.as_ref().map(|(n, value)| What::RedirectParameter(n, value)),
            self.different_from.as_deref().map(What::DifferentFrom),
        ]
        .into_iter()
        .flatten();
        let first = found.next();
        if found.next().is_some() { None } else { first }
    }
}
