//! Answers to refused requests: status codes of RFC 5849 section 3.2, the challenge of section
//! 3.5.1, and the problem reporting extension.
//!
//! Each is small, not stored by caches, and repeats nothing that the sender wrote.

use bytes::Bytes;
use http::{HeaderValue, Response, StatusCode, header};
use http_body_util::{Either, Full};
use oauth1_core::{
    ParameterError, Problem, ProblemReport, authorization::push_realm, protocol_parameters as names,
};

use crate::{DelegationError, FramingError, Refusal, replay::NonceStoreError};

/// The body of a response behind the layer: the inner service's, or that of a refusal.
pub type ResponseBody<B> = Either<B, Full<Bytes>>;

/// How much a refused sender is told.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum AnswerProfile {
    /// Every [`IdentityError`](crate::IdentityError) is `signature_invalid`, octet for octet the same, so that nobody
    /// learns which clients and tokens exist. No advice.
    ///
    /// Two things stay visible: a client that is pinned to some methods answers 400 to the others,
    /// where a client that does not exist answers like one that is not pinned; and a client whose
    /// owner lets senders hear their mistakes ([`Refusal::Explained`]) can be told from others.
    #[default]
    Minimal,
    /// Each reason has its own problem code, and advice where there is some.
    Full,
}

/// Makes the answers of one verifier.
#[derive(Clone, Debug)]
pub(crate) struct Answers {
    pub(crate) realm: Box<str>,
    pub(crate) profile: AnswerProfile,
    /// Whether names and passwords are accepted as well.
    pub(crate) basic: bool,
}

impl Answers {
    /// The answer to a refused request.
    pub(crate) fn response(&self, refusal: &Refusal) -> Response<Full<Bytes>> {
        let Answer { status, problem, retry_after } = Answer::of(refusal);
        let problem = problem.map(|report| self.redacted(report, refusal));
        let (body, media_type) = match &problem {
            Some(report) => (report.to_form(), "application/x-www-form-urlencoded"),
            None => (plain_text(refusal, status), "text/plain; charset=utf-8"),
        };
        let mut response = Response::new(Full::new(Bytes::from(body)));
        *response.status_mut() = status;
        let headers = response.headers_mut();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(media_type));
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
        if problem.is_some() || status == StatusCode::UNAUTHORIZED {
            headers.insert(header::WWW_AUTHENTICATE, self.challenge(problem.as_ref()));
        }
        if self.basic && matches!(refusal, Refusal::Unsigned | Refusal::Basic(_)) {
            headers.append(header::WWW_AUTHENTICATE, self.basic_challenge());
        }
        if let Some(seconds) = retry_after {
            headers.insert(header::RETRY_AFTER, HeaderValue::from(seconds));
        }
        response
    }

    /// The report as far as this profile gives it.
    fn redacted(&self, report: ProblemReport, refusal: &Refusal) -> ProblemReport {
        match (self.profile, refusal) {
            (AnswerProfile::Minimal, Refusal::Identity(_)) => {
                ProblemReport::new(Problem::SignatureInvalid)
            }
            (
                AnswerProfile::Full,
                Refusal::Parameters(_)
                | Refusal::LowerCaseMethod
                | Refusal::BodyHashOfForm
                | Refusal::Delegation(_),
            ) => report.with_advice(refusal.to_string()),
            _ => report,
        }
    }

    /// `OAuth realm="…"` with the problem, if there is one (section 3.5.1).
    fn challenge(&self, problem: Option<&ProblemReport>) -> HeaderValue {
        let mut challenge = String::from("OAuth ");
        push_realm(&mut challenge, &self.realm);
        if let Some(report) = problem {
            report.push_to_challenge(&mut challenge);
        }
        // push_realm leaves no control characters, and reports are percent-encoded.
        HeaderValue::from_str(&challenge).unwrap_or(HeaderValue::from_static("OAuth"))
    }

    /// `Basic realm="…"` (RFC 7617 section 2).
    fn basic_challenge(&self) -> HeaderValue {
        let mut challenge = String::from("Basic ");
        push_realm(&mut challenge, &self.realm);
        challenge += ", charset=\"UTF-8\"";
        HeaderValue::from_str(&challenge).unwrap_or(HeaderValue::from_static("Basic"))
    }
}

/// What a refusal is in HTTP.
struct Answer {
    status: StatusCode,
    problem: Option<ProblemReport>,
    retry_after: Option<u64>,
}

impl Answer {
    fn of(refusal: &Refusal) -> Self {
        let report = |status, problem| Self { status, problem: Some(problem), retry_after: None };
        let code = |status, problem| report(status, ProblemReport::new(problem));
        let bare = |status| Self { status, problem: None, retry_after: None };
        let later =
            |seconds| Self { retry_after: Some(seconds), ..bare(StatusCode::SERVICE_UNAVAILABLE) };
        const BAD_REQUEST: StatusCode = StatusCode::BAD_REQUEST;
        const UNAUTHORIZED: StatusCode = StatusCode::UNAUTHORIZED;
        match refusal {
            Refusal::Framing(error) => bare(framing_status(*error)),
            Refusal::Unsigned | Refusal::Basic(_) => bare(UNAUTHORIZED),
            Refusal::Parameters(error) => report(BAD_REQUEST, error.into()),
            Refusal::LowerCaseMethod | Refusal::BodyHashOfForm => {
                code(BAD_REQUEST, Problem::ParameterRejected)
            }
            Refusal::SignatureMethod => {
                report(BAD_REQUEST, (&ParameterError::SignatureMethod).into())
            }
            Refusal::Timestamp(acceptable) => report(
                UNAUTHORIZED,
                ProblemReport::timestamp_refused(acceptable.first, acceptable.last),
            ),
            Refusal::Identity(error) => code(UNAUTHORIZED, error.problem()),
            Refusal::Explained(explanation) => {
                let problem = ProblemReport::new(Problem::SignatureInvalid);
                report(UNAUTHORIZED, problem.with_advice(explanation.to_string()))
            }
            Refusal::NonceUsed => code(UNAUTHORIZED, Problem::NonceUsed),
            Refusal::TokenExpired => code(UNAUTHORIZED, Problem::TokenExpired),
            Refusal::TokenRevoked => code(UNAUTHORIZED, Problem::TokenRevoked),
            Refusal::TokenRequired => {
                report(BAD_REQUEST, (&ParameterError::Absent(vec![names::TOKEN])).into())
            }
            Refusal::PermissionDenied | Refusal::ScopeDenied { .. } | Refusal::AddressRefused => {
                code(StatusCode::FORBIDDEN, Problem::PermissionDenied)
            }
            Refusal::Delegation(error) => Self::of_delegation(*error),
            Refusal::Nonce(NonceStoreError::OverQuota { retry_after }) => Self {
                retry_after: Some(*retry_after),
                ..code(StatusCode::TOO_MANY_REQUESTS, Problem::ConsumerKeyRefused)
            },
            Refusal::Nonce(
                NonceStoreError::Full { retry_after } | NonceStoreError::Fenced { retry_after },
            ) => later(*retry_after),
            Refusal::Nonce(NonceStoreError::Unavailable(_))
            | Refusal::Credentials(_)
            | Refusal::Clock => later(STORE_RETRY_SECONDS),
        }
    }
}

impl Answer {
    fn of_delegation(error: DelegationError) -> Self {
        use DelegationError as Error;
        let (status, retry_after) = match error {
            _ if error.rejected().is_some() => (StatusCode::BAD_REQUEST, None),
            Error::PasswordsOff => (StatusCode::FORBIDDEN, None),
            Error::TooManyPending { retry_after } | Error::Throttled { retry_after } => {
                (StatusCode::TOO_MANY_REQUESTS, Some(retry_after))
            }
            _ => (StatusCode::UNAUTHORIZED, None),
        };
        let problem = match error.rejected() {
            Some(name) => ProblemReport::parameters_rejected(&[name]),
            None => ProblemReport::new(error.problem()),
        };
        Self { status, problem: Some(problem), retry_after }
    }
}

const fn framing_status(error: FramingError) -> StatusCode {
    match error {
        FramingError::UriTooLong => StatusCode::URI_TOO_LONG,
        FramingError::HeadTooLarge => StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE,
        FramingError::Misdirected => StatusCode::MISDIRECTED_REQUEST,
        FramingError::FormEncoding => StatusCode::UNSUPPORTED_MEDIA_TYPE,
        FramingError::BodyTooLarge => StatusCode::PAYLOAD_TOO_LARGE,
        FramingError::Host
        | FramingError::Target
        | FramingError::ContentType
        | FramingError::Body => StatusCode::BAD_REQUEST,
    }
}

/// What a server is at fault for is not explained; framing errors are.
fn plain_text(refusal: &Refusal, status: StatusCode) -> String {
    match refusal {
        Refusal::Framing(error) => format!("{error}\n"),
        Refusal::Unsigned => "sign the request with OAuth 1.0 (RFC 5849)\n".to_owned(),
        // Nothing says which of both is wrong.
        Refusal::Basic(_) => "name or password are not right, or not accepted here\n".to_owned(),
        _ => format!("{}\n", status.canonical_reason().unwrap_or("refused").to_lowercase()),
    }
}

const STORE_RETRY_SECONDS: u64 = 5;

#[cfg(test)]
mod tests {
    use super::*;

    fn answers(profile: AnswerProfile) -> Answers {
        Answers { realm: "a \"b\" \n".into(), profile, basic: false }
    }

    #[test]
    fn the_realm_is_quoted() {
        let response = answers(AnswerProfile::Full).response(&Refusal::Unsigned);
        assert_eq!(response.headers()[header::WWW_AUTHENTICATE], r#"OAuth realm="a \"b\"  ""#);
    }

    #[test]
    fn a_store_failure_is_a_503_that_says_nothing_about_it() {
        let error = crate::StoreError::new("connection to 10.0.0.7 refused");
        let response = answers(AnswerProfile::Full).response(&Refusal::Credentials(error));
        assert_eq!(response.status(), StatusCode::SERVICE_UNAVAILABLE);
        assert!(response.headers().contains_key(header::RETRY_AFTER));
        assert!(!response.headers().contains_key(header::WWW_AUTHENTICATE));
        assert!(!format!("{response:?}").contains("10.0.0.7"));
    }
}
