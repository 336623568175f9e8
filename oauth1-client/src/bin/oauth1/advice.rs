//! A refused request in words: what the server says, why it may say so, what to do.

use oauth1_client::{Problem, ProblemReport, Stamp};
use reqwest::StatusCode;

use crate::redact::Redactor;

/// Why, and what to do.
pub(crate) struct Advice {
    pub(crate) why: String,
    pub(crate) fix: String,
}

/// A clock that is off by more than this is mentioned.
pub(crate) const SKEW: i64 = 60;

/// Puts an answer into words. `skew` is how far the local clock is ahead.
pub(crate) fn advise(
    status: StatusCode,
    report: Option<&ProblemReport>,
    skew: Option<i64>,
    stamp: &Stamp,
    redactor: &Redactor,
) -> Advice {
    let explain = format!(
        "run oauth1 explain with the same arguments and --nonce {} --timestamp {}, and compare with what the server logs",
        stamp.nonce, stamp.timestamp
    );
    let Some(report) = report else {
        let why = match status {
            StatusCode::FORBIDDEN => {
                "the server does not say why; often the token lacks a permission, or the app must be approved"
            }
            _ => {
                "the server does not say why; often a secret or token is wrong, or of another app, or a clock is off"
            }
        };
        return Advice { why: why.into(), fix: format!("check keys and secrets; {explain}") };
    };
    let (why, fix) = words(report.problem());
    let detail = |name| report.detail(name).map(|text| redactor.text(text));
    let (mut why, mut fix) = (format!("{}: {why}", report.problem()), fix.to_owned());
    if let Some(names) = detail("oauth_parameters_absent").or(detail("oauth_parameters_rejected")) {
        why.push_str(&format!(": {}", names.replace('&', ", ")));
    }
    if report.problem() == Problem::TimestampRefused {
        why.push_str(&format!(": the request said {}", stamp.timestamp));
        if let Some((first, last)) = report.acceptable_timestamps() {
            why.push_str(&format!(", the server accepts {first} to {last}"));
        }
        if let Some(skew) = skew {
            why.push_str(&format!("; {}", skew_words(skew)));
        }
    }
    if let Some(versions) = detail("oauth_acceptable_versions") {
        why.push_str(&format!("; accepted: {versions}"));
    }
    if let Some(text) = detail("oauth_problem_advice") {
        why.push_str(&format!("; the server adds: {text}"));
    }
    if report.problem() == Problem::SignatureInvalid {
        fix = format!("check both secrets; then {explain}");
    }
    Advice { why, fix }
}

/// The clocks, in words.
pub(crate) fn skew_words(skew: i64) -> String {
    let seconds = skew.unsigned_abs();
    match skew {
        0 => "the local clock agrees with the server's".into(),
        1.. => format!("the local clock is {seconds} s ahead of the server's"),
        _ => format!("the local clock is {seconds} s behind the server's"),
    }
}

pub(crate) const fn words(problem: Problem) -> (&'static str, &'static str) {
    match problem {
        Problem::VersionRejected => ("the server wants another oauth_version", "add --no-version"),
        Problem::ParameterAbsent => (
            "the server misses parameters",
            "give the token, --callback or --verifier that this address needs",
        ),
        Problem::ParameterRejected => (
            "the server does not accept some parameters",
            "leave them out, or correct them; --transmit header is understood by most servers",
        ),
        Problem::TimestampRefused => (
            "the server does not accept the timestamp",
            "set the local clock, as with NTP, or leave out --timestamp",
        ),
        Problem::NonceUsed => (
            "the server has seen this nonce before",
            "leave out --nonce; every request needs its own, and so does a retry",
        ),
        Problem::SignatureMethodRejected => (
            "the server does not accept this signature method",
            "ask which it accepts, and give that as --signature-method",
        ),
        Problem::SignatureInvalid => ("the server computes another signature", ""),
        Problem::ConsumerKeyUnknown => (
            "the server does not know this App key",
            "check OAUTH1_CONSUMER_KEY, and that the app is registered at this server",
        ),
        Problem::ConsumerKeyRejected | Problem::ConsumerKeyRefused => {
            ("the server does not let this app in", "look at the state of the app at the provider")
        }
        Problem::TokenUsed => (
            "the request token was exchanged already",
            "start the authorization again, or use the Access token it was exchanged for",
        ),
        Problem::TokenExpired => ("the token has expired", "renew it, or authorize again"),
        Problem::TokenRevoked => ("the token was revoked", "authorize again"),
        Problem::TokenRejected => (
            "the server does not accept this token",
            "check OAUTH1_TOKEN, and that it belongs to this App key",
        ),
        Problem::AdditionalAuthorizationRequired => {
            ("the user must authorize once more", "start the authorization again")
        }
        Problem::PermissionUnknown => {
            ("the user has not decided yet", "wait for the user, then try again")
        }
        Problem::PermissionDenied => (
            "the token does not allow this request",
            "authorize again with the permission this address needs",
        ),
        Problem::UserRefused => ("the user refused", "ask the user, then authorize again"),
        Problem::VerifierInvalid => {
            ("the verification code is wrong", "copy the code again: --verifier")
        }
        _ => ("the server refused the request", "ask the operator of the server"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_problem_has_a_reason_and_a_fix() {
        let (stamp, redactor) = (Stamp::now().unwrap(), Redactor::new([]));
        for problem in Problem::ALL {
            let report = ProblemReport::new(*problem);
            let advice = advise(StatusCode::UNAUTHORIZED, Some(&report), None, &stamp, &redactor);
            let reason = advice.why.strip_prefix(problem.as_str()).unwrap();
            assert!(reason.starts_with(": the ") && reason.len() > 15, "{reason}");
            assert!(!advice.fix.is_empty(), "{problem}");
        }
    }

    #[test]
    fn a_refused_timestamp_names_the_range_and_the_clock() {
        let (stamp, redactor) = (Stamp::now().unwrap(), Redactor::new(["canary"]));
        let report = ProblemReport::timestamp_refused(100, 700).with_advice("canary \u{1b}[2J");
        let advice = advise(StatusCode::UNAUTHORIZED, Some(&report), Some(-90), &stamp, &redactor);
        for part in ["100 to 700", "90 s behind", "[redacted] \\u{1b}[2J"] {
            assert!(advice.why.contains(part), "{part}: {}", advice.why);
        }
    }
}
