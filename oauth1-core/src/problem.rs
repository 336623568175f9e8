//! Problem reporting: the `oauth_problem` extension, written and read.
//!
//! A report travels in the `WWW-Authenticate` header or a form-encoded body. Besides the code it
//! may name the parameters, versions or timestamps that would have been accepted.

use alloc::{string::String, vec::Vec};
use core::{fmt, str::FromStr};

use crate::{
    parameters::{Source, parse_form},
    percent_encoding::encode_into,
    protocol_parameters::{self as names, ParameterError},
};

macro_rules! problems {
    ($($(#[$doc:meta])* $name:ident = $code:literal,)*) => {
        /// A value of `oauth_problem`.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        #[non_exhaustive]
        pub enum Problem { $($(#[$doc])* $name,)* }

        impl Problem {
            /// Every code, in the order of this enum.
            pub const ALL: &[Self] = &[$(Self::$name,)*];

            /// The wire form.
            #[must_use]
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$name => $code,)* }
            }
        }
    };
}

problems! {
    /// `oauth_version` is not supported.
    VersionRejected = "version_rejected",
    /// A required parameter is missing.
    ParameterAbsent = "parameter_absent",
    /// A parameter is duplicated, malformed or unexpected.
    ParameterRejected = "parameter_rejected",
    /// The timestamp is outside of the window.
    TimestampRefused = "timestamp_refused",
    /// The nonce was used before.
    NonceUsed = "nonce_used",
    /// The signature method is not accepted.
    SignatureMethodRejected = "signature_method_rejected",
    /// The signature does not match.
    SignatureInvalid = "signature_invalid",
    /// The client is not known.
    ConsumerKeyUnknown = "consumer_key_unknown",
    /// The client is known and permanently not accepted.
    ConsumerKeyRejected = "consumer_key_rejected",
    /// The client is known and not accepted for now.
    ConsumerKeyRefused = "consumer_key_refused",
    /// The token was exchanged already.
    TokenUsed = "token_used",
    /// The token has expired.
    TokenExpired = "token_expired",
    /// The token was revoked.
    TokenRevoked = "token_revoked",
    /// The token is not acceptable, or not this client's.
    TokenRejected = "token_rejected",
    /// The resource owner must authorize once more.
    AdditionalAuthorizationRequired = "additional_authorization_required",
    /// The resource owner has not decided yet.
    PermissionUnknown = "permission_unknown",
    /// The grant does not cover the request.
    PermissionDenied = "permission_denied",
    /// The resource owner refused.
    UserRefused = "user_refused",
    /// The verification code is wrong.
    VerifierInvalid = "verifier_invalid",
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for Problem {
    type Err = UnknownProblem;

    fn from_str(code: &str) -> Result<Self, UnknownProblem> {
        Self::ALL.iter().copied().find(|p| p.as_str() == code).ok_or(UnknownProblem)
    }
}

/// Not a code of the problem reporting extension.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not a code of the OAuth problem reporting extension")]
pub struct UnknownProblem;

/// A problem with what would have been accepted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProblemReport {
    problem: Problem,
    details: Vec<(&'static str, String)>,
}

const ABSENT: &str = "oauth_parameters_absent";
const REJECTED: &str = "oauth_parameters_rejected";
const VERSIONS: &str = "oauth_acceptable_versions";
const TIMESTAMPS: &str = "oauth_acceptable_timestamps";
const ADVICE: &str = "oauth_problem_advice";

impl ProblemReport {
    /// A report of the code alone.
    #[must_use]
    pub const fn new(problem: Problem) -> Self {
        Self { problem, details: Vec::new() }
    }

    /// A refused timestamp, with the first and last one acceptable now.
    #[must_use]
    pub fn timestamp_refused(first: u64, last: u64) -> Self {
        Self::new(Problem::TimestampRefused).with(TIMESTAMPS, alloc::format!("{first}-{last}"))
    }

    /// Parameters that are not accepted as they are, by their wire names.
    #[must_use]
    pub fn parameters_rejected(names: &[&str]) -> Self {
        Self::new(Problem::ParameterRejected).with_names(REJECTED, names)
    }

    /// Adds a sentence for people.
    #[must_use]
    pub fn with_advice(self, advice: impl Into<String>) -> Self {
        self.with(ADVICE, advice.into())
    }

    fn with(mut self, name: &'static str, value: String) -> Self {
        self.details.push((name, value));
        self
    }

    fn with_names(self, name: &'static str, listed: &[&str]) -> Self {
        // The list itself is encoded names joined by '&', and is then encoded as a value.
        self.with(name, listed.join("&"))
    }

    /// The code.
    #[must_use]
    pub const fn problem(&self) -> Problem {
        self.problem
    }

    /// A detail by its wire name, such as `oauth_parameters_absent`.
    #[must_use]
    pub fn detail(&self, name: &str) -> Option<&str> {
        self.details.iter().find(|(n, _)| *n == name).map(|(_, value)| value.as_str())
    }

    /// The first and last acceptable timestamp, if the report names them.
    #[must_use]
    pub fn acceptable_timestamps(&self) -> Option<(u64, u64)> {
        let (first, last) = self.detail(TIMESTAMPS)?.split_once('-')?;
        Some((first.parse().ok()?, last.parse().ok()?))
    }

    /// All pairs, `oauth_problem` first, decoded.
    pub fn pairs(&self) -> impl Iterator<Item = (&'static str, &str)> {
        core::iter::once(("oauth_problem", self.problem.as_str()))
            .chain(self.details.iter().map(|(name, value)| (*name, value.as_str())))
    }

    /// Form-encoded, for a response body.
    #[must_use]
    pub fn to_form(&self) -> String {
        let mut out = String::new();
        for (name, value) in self.pairs() {
            if !out.is_empty() {
                out.push('&');
            }
            out.push_str(name);
            out.push('=');
            encode_into(&mut out, value.as_bytes());
        }
        out
    }

    /// Appends `, name="value"` pairs, for a `WWW-Authenticate` header.
    pub fn push_to_challenge(&self, challenge: &mut String) {
        for (name, value) in self.pairs() {
            challenge.push_str(", ");
            challenge.push_str(name);
            challenge.push_str("=\"");
            encode_into(challenge, value.as_bytes());
            challenge.push('"');
        }
    }

    /// Reads a report from the value of a `WWW-Authenticate` header or from a form-encoded body;
    /// `None` if neither holds a known code.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let known = |name: &[u8]| {
            [ABSENT, REJECTED, VERSIONS, TIMESTAMPS, ADVICE]
                .into_iter()
                .find(|known| known.as_bytes() == name)
        };
        let header = crate::authorization::AuthorizationHeader::parse(text.as_bytes());
        let pairs: Vec<_> = match &header {
            Ok(header) => header.parameters().to_vec(),
            Err(_) => {
                parse_form(text.trim().as_bytes(), Source::Body).filter_map(Result::ok).collect()
            }
        };
        let text = |value: &[u8]| String::from_utf8(value.to_vec()).ok();
        let code = pairs.iter().find(|p| p.name.is("oauth_problem"))?;
        let problem = text(&code.value())?.parse().ok()?;
        let details =
            pairs.iter().filter_map(|p| Some((known(&p.name())?, text(&p.value())?))).collect();
        Some(Self { problem, details })
    }
}

/// The code and details that section 3.2 and the extension give a bad request.
impl ParameterError {
    /// The code that reports it.
    #[must_use]
    pub const fn problem(&self) -> Problem {
        match self {
            Self::Absent(_) => Problem::ParameterAbsent,
            Self::Version => Problem::VersionRejected,
            Self::SignatureMethod => Problem::SignatureMethodRejected,
            _ => Problem::ParameterRejected,
        }
    }
}

impl From<&ParameterError> for ProblemReport {
    fn from(error: &ParameterError) -> Self {
        let report = Self::new(error.problem());
        let rejected = |name| Self::parameters_rejected(&[name]);
        match error {
            ParameterError::Absent(absent) => report.with_names(ABSENT, absent),
            ParameterError::Version => report.with(VERSIONS, "1.0-1.0".into()),
            ParameterError::Duplicated(name) | ParameterError::Text(name) => match name.known() {
                Some(name) => rejected(name),
                None => report,
            },
            ParameterError::Timestamp => rejected(names::TIMESTAMP),
            ParameterError::NonceTooLong(_) => rejected(names::NONCE),
            _ => report,
        }
    }
}

#[cfg(test)]
mod tests {
    use alloc::vec;

    use super::*;

    #[test]
    fn reports_read_back_from_both_forms() {
        for report in [
            ProblemReport::new(Problem::NonceUsed),
            ProblemReport::timestamp_refused(100, 700).with_advice("set the clock, please"),
            ProblemReport::from(&ParameterError::Absent(vec![names::NONCE, names::TIMESTAMP])),
            ProblemReport::from(&ParameterError::Version),
        ] {
            assert_eq!(ProblemReport::parse(&report.to_form()).as_ref(), Some(&report));
            let mut challenge = String::from("OAuth realm=\"a\"");
            report.push_to_challenge(&mut challenge);
            assert_eq!(ProblemReport::parse(&challenge).as_ref(), Some(&report), "{challenge}");
        }
    }

    #[test]
    fn every_code_reads_back_and_nothing_else_is_one() {
        for problem in Problem::ALL {
            assert_eq!(problem.as_str().parse(), Ok(*problem));
        }
        assert_eq!("nonce-used".parse::<Problem>(), Err(UnknownProblem));
        assert_eq!(ProblemReport::parse("OAuth realm=\"a\""), None);
    }

    #[test]
    fn acceptable_timestamps_are_numbers() {
        assert_eq!(ProblemReport::timestamp_refused(1, 2).acceptable_timestamps(), Some((1, 2)));
    }
}
