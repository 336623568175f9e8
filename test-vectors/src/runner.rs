//! Putting cases to an implementation and judging its answers.

use std::collections::BTreeMap;

use crate::explained::explained;
use crate::header;
use crate::json::Json;
use crate::model::{Case, Expectation};
use crate::report::{Failure, Report};

/// What an implementation says to one case.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Reply {
    /// It computed this.
    Output(Json),
    /// It refused the input, with its reason.
    Refused(String),
    /// It has no such function.
    NotImplemented,
}

impl Reply {
    /// Reads the line a program answered.
    ///
    /// # Errors
    /// It is not an answer to the case of that id, in the form of the README.
    pub fn read(line: &str, id: &str) -> Result<Self, String> {
        let json = Json::parse(line).map_err(|error| format!("no JSON ({error}): {line}"))?;
        let fields = json.as_object().ok_or_else(|| format!("no JSON object: {line}"))?;
        if json.get("id").and_then(Json::as_str) != Some(id) {
            return Err(format!("not the id {id}: {line}"));
        }
        let rest: Vec<_> = fields.iter().filter(|(name, _)| name != "id").collect();
        match rest[..] {
            [(name, output)] if name == "output" => Ok(Self::Output(output.clone())),
            [(name, Json::String(reason))] if name == "refused" => {
                Ok(Self::Refused(reason.clone()))
            }
            [(name, Json::Bool(true))] if name == "not_implemented" => Ok(Self::NotImplemented),
            _ => Err(format!(
                "needs \"id\" and one of \"output\", \"refused\", \"not_implemented\": {line}"
            )),
        }
    }

    /// The line a program answers.
    #[must_use]
    pub fn to_line(&self, id: Json) -> String {
        let (name, value) = match self {
            Self::Output(output) => ("output", output.clone()),
            Self::Refused(reason) => ("refused", Json::String(reason.clone())),
            Self::NotImplemented => ("not_implemented", Json::Bool(true)),
        };
        Json::Object(vec![("id".to_owned(), id), (name.to_owned(), value)]).to_line()
    }
}

impl std::fmt::Display for Reply {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Output(output) => f.write_str(&output.to_line()),
            Self::Refused(reason) => write!(f, "refused: {reason}"),
            Self::NotImplemented => f.write_str("not implemented"),
        }
    }
}

/// Something that answers cases.
pub trait Implementation {
    /// Answers one case.
    ///
    /// # Errors
    /// No answer, or one that is not in the form of the protocol; the case has failed.
    fn answer(&mut self, case: &Case) -> Result<Reply, String>;
}

/// Case ids whose failure is known, each with its reason.
pub type KnownDifferences = BTreeMap<String, String>;

/// Puts every case to the implementation.
pub fn run(
    cases: &[Case],
    implementation: &mut dyn Implementation,
    known: &KnownDifferences,
) -> Report {
    let mut report = Report::default();
    for case in cases {
        let reply = implementation.answer(case);
        let wrong = match &reply {
            Ok(Reply::NotImplemented) => None,
            Ok(reply) => (!fits(&case.expectation, reply)).then(|| reply.to_string()),
            Err(error) => Some(error.clone()),
        };
        let failure = |expected: String, came: String| Failure {
            id: case.id.clone(),
            kind: case.kind.name.to_owned(),
            clause: case.clause.clone(),
            comment: case.comment.clone(),
            expected,
            came,
            mistakes: None,
        };
        match (wrong, known.get(&case.id)) {
            (Some(_), Some(reason)) => report.known.push((case.id.clone(), reason.clone())),
            (Some(came), None) => {
                let mut failure = failure(case.expectation.to_string(), came);
                if let Ok(Reply::Output(output)) = &reply {
                    failure.mistakes = explained(case, output);
                }
                report.failures.push(failure);
            }
            (None, Some(_)) => {
                let came = reply.map_or_else(|error| error, |reply| reply.to_string());
                let expected =
                    "a failure: it is listed as a known difference; take it off the list";
                report.failures.push(failure(expected.to_owned(), came));
            }
            (None, None) if reply == Ok(Reply::NotImplemented) => {
                report.not_implemented.push((case.id.clone(), case.kind.name.to_owned()));
            }
            (None, None) => report.passed += 1,
        }
    }
    report
}

/// Whether an answer is the one expected. Refusing the input of a verification means "invalid".
fn fits(expectation: &Expectation, reply: &Reply) -> bool {
    match (expectation, reply) {
        (Expectation::Refused | Expectation::Invalid, Reply::Refused(_)) => true,
        (Expectation::Text(text), Reply::Output(output)) => output.as_str() == Some(text),
        (Expectation::Valid, Reply::Output(output)) => output.as_str() == Some("valid"),
        (Expectation::Invalid, Reply::Output(output)) => output.as_str() == Some("invalid"),
        (Expectation::Header { realm, params }, Reply::Output(output)) => {
            let same_realm = match output.get("realm") {
                None | Some(Json::Null) => realm.is_none(),
                Some(other) => other.as_str().is_some() && other.as_str() == realm.as_deref(),
            };
            let found = output.get("params").and_then(Json::as_pairs);
            same_realm && found.is_some_and(|found| found == borrowed(params))
        }
        (Expectation::Signed { .. }, Reply::Output(output)) => signed(expectation, output),
        _ => false,
    }
}

/// The signature is compared, the base string where the case gives one, and the header as scheme,
/// realm and set of decoded pairs.
fn signed(expectation: &Expectation, output: &Json) -> bool {
    let Expectation::Signed { base_string, signature, realm, params } = expectation else {
        return false;
    };
    let field = |name: &str| output.get(name).and_then(Json::as_str);
    let Some(Ok((found_realm, mut found))) = field("authorization_header").map(header::parse)
    else {
        return false;
    };
    let mut wanted = params.clone();
    wanted.sort();
    found.sort();
    field("signature") == Some(signature)
        && base_string.as_ref().is_none_or(|wanted| field("base_string") == Some(wanted))
        && found_realm == *realm
        && found == wanted
}

fn borrowed(pairs: &[(String, String)]) -> Vec<(&str, &str)> {
    pairs.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect()
}

impl std::fmt::Display for Expectation {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let text = |text: &str| Json::String(text.to_owned()).to_line();
        let pairs = |realm: &Option<String>, params: &[(String, String)]| {
            let realm = realm.as_deref().map_or("null".to_owned(), text);
            let params: Vec<_> =
                params.iter().map(|(n, v)| format!("[{},{}]", text(n), text(v))).collect();
            format!("realm {realm}, params [{}]", params.join(","))
        };
        match self {
            Self::Text(value) => f.write_str(&text(value)),
            Self::Refused => f.write_str("refused"),
            Self::Valid => f.write_str("\"valid\""),
            Self::Invalid => f.write_str("\"invalid\", or refused"),
            Self::Header { realm, params } => f.write_str(&pairs(realm, params)),
            Self::Signed { base_string, signature, realm, params } => {
                if let Some(base_string) = base_string {
                    write!(f, "base_string {}, ", text(base_string))?;
                }
                write!(
                    f,
                    "signature {}, header in any order: {}",
                    text(signature),
                    pairs(realm, params)
                )
            }
        }
    }
}
