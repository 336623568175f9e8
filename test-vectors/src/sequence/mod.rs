//! Request sequences: what a client, a resource owner and an attacker do with a provider, step by
//! step, and what must come of each step (RFC 5849 section 2).
//!
//! They are the JSON files in `sequences/`; the README says what the fields mean. They are read as
//! strictly as the vectors. [`crate::provider`] puts them to a provider.

mod check;
mod expectation;
mod text;

use std::collections::BTreeMap;

use serde::Deserialize;

use crate::json::Json;
use crate::load::{LoadError, VectorFile};
pub use expectation::{Expectation, Level, Outcome, What};
pub use text::{Piece, Place, Variant, pieces};

/// The kind that all files of this folder have.
pub const KIND: &str = "request-sequence";

/// A file of request sequences.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct File {
    format_version: u32,
    kind: String,
    clause: String,
    notes: BTreeMap<String, String>,
    sources: BTreeMap<String, BTreeMap<String, String>>,
    number_of_cases: usize,
    cases: Vec<Case>,
}

/// A sequence of steps that shows one thing.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Case {
    /// Unique over all files, those of the vectors too.
    pub id: String,
    kind: String,
    source: String,
    provenance: String,
    /// The clause it follows from; that of the file if a case names none.
    #[serde(default)]
    pub clause: String,
    /// What the case shows.
    pub comment: String,
    /// What a provider, or the one who asks, must have so that it can run.
    #[serde(default)]
    pub needs: Vec<Need>,
    /// What is done, in this order.
    pub steps: Vec<Step>,
}

/// What not every run has.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "kebab-case")]
pub enum Need {
    /// A second set of client credentials.
    SecondClient,
    /// The provider takes `oob` as the callback of the first client.
    Oob,
    /// The callback of the first client has a query of its own.
    CallbackQuery,
}

/// One step: a signed request, one that is sent again, or a decision of the resource owner.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Step {
    /// What it is sent to.
    pub endpoint: Endpoint,
    /// The name under which later steps find the request, and what came of it.
    #[serde(rename = "as")]
    pub name: Option<String>,
    /// The name of an earlier request, sent again octet by octet.
    pub repeat: Option<String>,
    /// Whose client credentials sign it.
    pub client: Option<Client>,
    /// The step whose credentials go with it.
    pub credentials: Option<String>,
    /// What the resource owner decides.
    pub owner: Option<Decision>,
    /// The request method, where it is not the usual one.
    pub method: Option<String>,
    /// Where the protocol parameters are.
    #[serde(default)]
    pub transmission: Transmission,
    /// Parameters to be set, in the place of the usual one if there is one of that name.
    #[serde(default)]
    pub set: Vec<(String, String)>,
    /// Parameters that are there besides.
    #[serde(default)]
    pub add: Vec<(String, String)>,
    /// Usual parameters that are left out.
    #[serde(default)]
    pub omit: Vec<String>,
    /// Parameters of the query that do not travel with the protocol parameters.
    #[serde(default)]
    pub query: Vec<(String, String)>,
    /// How it is signed.
    #[serde(default)]
    pub signing: Signing,
    /// So many such requests one after the other, each with its own nonce.
    pub times: Option<usize>,
    /// So many such requests at once, each with its own nonce.
    pub parallel: Option<usize>,
    /// So many copies of one request at once.
    pub copies: Option<usize>,
    /// What must come of it.
    pub expect: Vec<Expectation>,
}

impl Step {
    /// How many requests it sends.
    #[must_use]
    pub fn count(&self) -> usize {
        self.times.or(self.parallel).or(self.copies).unwrap_or(1)
    }
}

/// The endpoints of section 2, and a protected resource.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "lowercase")]
pub enum Endpoint {
    /// Temporary Credential Request (section 2.1).
    Initiate,
    /// Resource Owner Authorization (section 2.2).
    Authorize,
    /// Token Request (section 2.3).
    Token,
    /// A protected resource (section 3).
    Resource,
}

impl Endpoint {
    /// Its name in the files.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Initiate => "initiate",
            Self::Authorize => "authorize",
            Self::Token => "token",
            Self::Resource => "resource",
        }
    }
}

/// A client.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "lowercase")]
pub enum Client {
    /// The one the callback is registered for.
    First,
    /// Another one.
    Second,
    /// One that the provider does not know.
    Unknown,
}

/// What the resource owner decides.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "lowercase")]
pub enum Decision {
    /// Access is granted.
    Approve,
    /// It is not.
    Deny,
}

/// The three places of section 3.5.
#[derive(Clone, Copy, Debug, Default, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "lowercase")]
pub enum Transmission {
    /// The `Authorization` header (section 3.5.1).
    #[default]
    Header,
    /// The form body (section 3.5.2).
    Body,
    /// The query (section 3.5.3).
    Query,
}

/// How a request is signed, always with HMAC-SHA1.
#[derive(Clone, Copy, Debug, Default, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "kebab-case")]
pub enum Signing {
    /// As section 3.4 says.
    #[default]
    Right,
    /// The same, and one character of the signature is another.
    Tampered,
    /// With another client secret.
    WrongClientSecret,
    /// With an empty token secret.
    WithoutTokenSecret,
}

/// The sequences that are part of this program.
///
/// # Errors
/// The first thing that is wrong with them; a test sees to it that nothing is.
pub fn embedded() -> Result<Vec<Case>, LoadError> {
    cases(&crate::load::embedded_sequences())
}

/// Reads the cases of all files.
///
/// # Errors
/// The first thing that is wrong, with file and case.
pub fn cases(files: &[VectorFile]) -> Result<Vec<Case>, LoadError> {
    let mut all: Vec<Case> = Vec::new();
    for file in files {
        let found = read(&file.text).map_err(|error| LoadError::of(&file.name, &error))?;
        for case in found {
            if all.iter().any(|other| other.id == case.id) {
                let error = format!("the id {} is already used; ids are unique", case.id);
                return Err(LoadError::of(&file.name, &error));
            }
            all.push(case);
        }
    }
    Ok(all)
}

fn read(text: &str) -> Result<Vec<Case>, String> {
    // Read twice: this reader refuses duplicate fields, the other one unknown ones.
    Json::parse(text)?;
    let file: File = serde_json::from_str(text).map_err(|error| error.to_string())?;
    check::file(file)
}
