//! What went wrong in a login, and what to do.

use oauth1_client::{Callback, Problem, Refused, delegation::DelegationError};

use crate::{
    advice,
    failure::{Failure, Kind},
    output::printable,
    request::unsent,
    sending::kind,
};

/// Why there is no token. The callback is the one that was asked for, if one was.
pub(super) fn failed(error: DelegationError, callback: Option<&Callback>) -> Failure {
    let message = error.to_string();
    match error {
        DelegationError::Send(error) => unsent(error),
        DelegationError::Refused(refused) => refusal(&refused, callback),
        DelegationError::OwnerRefused => {
            Failure::new(Kind::Refused, message, "log in again, and allow it")
        }
        DelegationError::CallbackNotConfirmed => Failure::other(
            "the provider does not confirm the callback (oauth_callback_confirmed=true, RFC 5849 section 2.1): who began this could finish it with somebody else's approval",
            "this is OAuth Core 1.0, which is not safe: make the token in the provider's own pages, and oauth1 profile add NAME",
        ),
        DelegationError::Answer(_) => {
            Failure::other(message, "check the three addresses: is this the provider's endpoint?")
        }
        DelegationError::NoVerifier => Failure::other(
            message,
            "the provider may know only OAuth Core 1.0: make the token in its own pages",
        ),
        _ => Failure::other(message, "log in again"),
    }
}

fn refusal(refused: &Refused, callback: Option<&Callback>) -> Failure {
    let kind = kind(refused.status).unwrap_or(Kind::Http4xx);
    let mut message = refused.to_string();
    let report = refused.report.as_ref();
    let detail = |name| report.and_then(|report| report.detail(name));
    let Some(report) = report else {
        let fix = match callback {
            _ if kind == Kind::Http5xx => "try again later".to_owned(),
            Some(callback) => format!(
                "check App key and App secret, and that the callback {} is registered with the App key",
                callback.as_str()
            ),
            None => "check App key and App secret; oauth1 doctor looks at the clock".to_owned(),
        };
        return Failure::new(kind, message, fix);
    };
    let (why, fix) = advice::words(report.problem());
    message.push_str(&format!(": {why}"));
    let rejected = detail("oauth_parameters_rejected");
    if let Some(names) = rejected.or_else(|| detail("oauth_parameters_absent")) {
        message.push_str(&format!(": {}", printable(names)));
    }
    if let Some(text) = detail("oauth_problem_advice") {
        message.push_str(&format!("; the server adds: {}", printable(text)));
    }
    let fix = match (report.problem(), callback) {
        (Problem::ParameterRejected, Some(Callback::Uri(uri)))
            if rejected.is_some_and(|names| names.contains("oauth_callback")) =>
        {
            format!("register {uri} with the App key, or take --headless if oob is registered")
        }
        (Problem::ParameterRejected, Some(Callback::OutOfBand))
            if rejected.is_some_and(|names| names.contains("oauth_callback")) =>
        {
            "register the callback oob with the App key, or log in without --headless".into()
        }
        (Problem::SignatureInvalid, _) => "check the App secret: oauth1 profile show".into(),
        (Problem::VerifierInvalid, _) => "log in again, and type the code as it is shown".into(),
        (Problem::TimestampRefused, _) => "set the local clock, as with NTP".into(),
        (Problem::TokenExpired | Problem::TokenUsed | Problem::TokenRejected, _) => {
            "log in again: this attempt is over".into()
        }
        _ => fix.to_owned(),
    };
    Failure::new(kind, message, fix)
}

/// Whether another code may be the right one: providers say it with or without a reason.
pub(super) fn again(error: &DelegationError) -> bool {
    let DelegationError::Refused(refused) = error else { return false };
    match refused.problem() {
        Some(problem) => {
            matches!(problem, Problem::VerifierInvalid | Problem::PermissionUnknown)
        }
        None => matches!(refused.status.as_u16(), 400 | 401),
    }
}
