//! A provider of the three-legged flow (RFC 5849 section 2) put to the test from outside, whatever
//! it is written in.
//!
//! The request sequences are sent over HTTP, redirects are never followed, and two commands act as
//! the resource owner. [`run`] blocks; from async code it is called where blocking is allowed.

mod answer;
mod flow;
mod http;
mod judge;
mod owner;
mod redact;
mod report;
mod request;
mod values;
mod words;

use oauth1_core::ClientCredentials;

use crate::sequence::{self, Case, Need};
use http::Http;
use redact::Redactor;
pub use report::{CaseReport, Finding, Report, Verdict};

/// What to test, and how to reach it.
#[derive(Clone, Debug)]
pub struct Settings {
    /// The origin, perhaps with a path, before each of the paths; a path may be a whole URL.
    pub base: String,
    /// The Temporary Credential Request endpoint (section 2.1).
    pub initiate: String,
    /// The Resource Owner Authorization endpoint (section 2.2).
    pub authorize: String,
    /// The Token Request endpoint (section 2.3).
    pub token: String,
    /// A protected resource.
    pub resource: String,
    /// The method it is asked for with.
    pub resource_method: String,
    /// The callback that is registered for the first client.
    pub callback: String,
    /// The one that is registered for the second client.
    pub second_callback: String,
    /// Whether the first client may have `oob` as its callback.
    pub oob: bool,
    /// The shell command that approves the request at `AUTHORIZE_URL`.
    pub approve: String,
    /// The shell command that denies it.
    pub deny: String,
    /// The first client.
    pub client: ClientCredentials,
    /// The second one; cases that need it are not run without.
    pub second: Option<ClientCredentials>,
    /// The ids of the cases to run; none means all.
    pub only: Vec<String>,
    /// Whether a `should` that does not hold makes the case fail.
    pub strict: bool,
}

impl Settings {
    /// The paths of our own server, `oob` allowed, one client, all cases, not strict.
    pub fn new(base: &str, callback: &str, client: ClientCredentials) -> Self {
        Self {
            base: base.to_owned(),
            initiate: "/oauth/initiate".to_owned(),
            authorize: "/oauth/authorize".to_owned(),
            token: "/oauth/token".to_owned(),
            resource: "/echo".to_owned(),
            resource_method: "GET".to_owned(),
            callback: callback.to_owned(),
            second_callback: callback.to_owned(),
            oob: true,
            approve: String::new(),
            deny: String::new(),
            client,
            second: None,
            only: Vec::new(),
            strict: false,
        }
    }

    fn has(&self, need: Need) -> Result<(), String> {
        let (there, missing) = match need {
            Need::SecondClient => (self.second.is_some(), "needs a second client"),
            Need::Oob => (self.oob, "needs a client that may use \"oob\""),
            Need::CallbackQuery => {
                (self.callback.contains('?'), "needs a callback with a query of its own")
            }
        };
        if there { Ok(()) } else { Err(missing.to_owned()) }
    }
}

/// Why nothing could be run: what was asked for makes no sense, or nobody answers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Misuse(String);

impl std::fmt::Display for Misuse {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for Misuse {}

/// Puts the request sequences to a provider.
///
/// # Errors
/// [`Misuse`]: an id, URL or method that is none, or a provider that gives no answer at all.
pub fn run(settings: &Settings) -> Result<Report, Misuse> {
    let all = sequence::embedded().map_err(|error| Misuse(error.to_string()))?;
    if let Some(id) = settings.only.iter().find(|id| !all.iter().any(|case| case.id == **id)) {
        return Err(Misuse(format!("no case has the id {id:?}; see sequences/")));
    }
    values::check_callback(&settings.callback).map_err(Misuse)?;
    values::check_callback(&settings.second_callback).map_err(Misuse)?;
    let http = Http::new(settings).map_err(Misuse)?;
    http.reachable().map_err(Misuse)?;
    let chosen = |case: &&Case| settings.only.is_empty() || settings.only.contains(&case.id);
    let redactor = Redactor::new(settings);
    let mut report = Report::new(settings.strict);
    for case in all.iter().filter(chosen) {
        report.cases.push(one(case, settings, &http, &redactor));
    }
    Ok(report)
}

fn one(case: &Case, settings: &Settings, http: &Http, redactor: &Redactor) -> CaseReport {
    let missing = case.needs.iter().find_map(|need| settings.has(*need).err());
    match missing {
        Some(reason) => CaseReport::not_run(case, reason),
        None => flow::run(case, settings, http, redactor),
    }
}
