//! What is answered instead: problem details (RFC 9457), with the fix in words.

use axum::{
    body::Body,
    response::{IntoResponse, Response},
};
use http::{HeaderValue, StatusCode, header};
use serde_json::{Value as Json, json};

use crate::management::{InvalidField, ManagementError, SignInError};

/// Why a request was not done.
#[derive(Clone, Debug)]
pub(crate) struct Problem {
    pub(crate) status: StatusCode,
    /// One word from a closed set, for programs.
    pub(crate) code: &'static str,
    /// What to do, for people.
    pub(crate) detail: String,
    /// Fields, and what is wrong with each.
    pub(crate) errors: Vec<(String, String)>,
    pub(crate) retry_after: Option<u64>,
    /// Boxed, because it is seldom there.
    pub(crate) challenge: Option<Box<HeaderValue>>,
}

impl Problem {
    pub(crate) fn new(status: StatusCode, code: &'static str, detail: impl Into<String>) -> Self {
        let detail = detail.into();
        Self { status, code, detail, errors: Vec::new(), retry_after: None, challenge: None }
    }

    /// The request itself cannot be read.
    pub(crate) fn malformed(detail: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, "malformed_request", detail)
    }

    /// The request can be read, but not done as it is.
    pub(crate) fn invalid(errors: Vec<(String, String)>) -> Self {
        let detail = errors.iter().map(|(field, problem)| format!("{field}: {problem}"));
        let detail = detail.collect::<Vec<_>>().join("; ");
        let problem = Self::new(StatusCode::UNPROCESSABLE_ENTITY, "invalid_field", detail);
        Self { errors, ..problem }
    }

    /// Nobody has asked.
    pub(crate) fn unauthenticated() -> Self {
        let detail =
            "sign in with POST /v1/session, or sign the request with a key that has a role";
        Self {
            challenge: Some(Box::new(HeaderValue::from_static("OAuth"))),
            ..Self::new(StatusCode::UNAUTHORIZED, "unauthenticated", detail)
        }
    }

    /// What an answer without a body of ours stands for.
    pub(crate) fn of_status(status: StatusCode) -> Self {
        let (code, detail) = match status {
            StatusCode::NOT_FOUND => {
                ("not_found", "there is nothing here; /v1/openapi.json lists what there is")
            }
            StatusCode::METHOD_NOT_ALLOWED => {
                ("method_not_allowed", "the header Allow lists the methods that there are")
            }
            StatusCode::BAD_REQUEST => ("malformed_request", "the request cannot be read"),
            status if status.is_server_error() => ("unavailable", "try again later"),
            _ => ("refused", "the request was refused"),
        };
        Self::new(status, code, detail)
    }

    /// The body; `id` is the request's.
    pub(crate) fn to_json(&self, id: &str) -> Json {
        let mut object = json!({
            "type": format!("urn:oauth1-server:problem:{}", self.code),
            "title": self.status.canonical_reason().unwrap_or("Refused"),
            "status": self.status.as_u16(),
            "code": self.code,
            "detail": self.detail,
            "request_id": id,
        });
        if !self.errors.is_empty() {
            let errors = self.errors.iter();
            object["errors"] = errors
                .map(|(field, problem)| json!({ "field": field, "problem": problem }))
                .collect();
        }
        object
    }
}

/// Without a body: the frame around all routes writes it, because it knows the request's id.
impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let mut response = Response::new(Body::empty());
        *response.status_mut() = self.status;
        if let Some(seconds) = self.retry_after {
            response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(seconds));
        }
        if let Some(challenge) = &self.challenge {
            response.headers_mut().insert(header::WWW_AUTHENTICATE, (**challenge).clone());
        }
        response.extensions_mut().insert(self);
        response
    }
}

impl From<InvalidField> for Problem {
    fn from(InvalidField { field, problem }: InvalidField) -> Self {
        Self::invalid(vec![(field.to_owned(), problem)])
    }
}

impl From<ManagementError> for Problem {
    fn from(error: ManagementError) -> Self {
        use ManagementError as E;
        let (status, code) = match &error {
            E::Invalid(invalid) => return invalid.clone().into(),
            E::Forbidden(_) | E::Refused(_) => (StatusCode::FORBIDDEN, "permission_denied"),
            E::StepUp => (StatusCode::FORBIDDEN, "step_up_required"),
            E::DeletionForbidden => (StatusCode::FORBIDDEN, "deletion_forbidden"),
            E::RevealForbidden => (StatusCode::FORBIDDEN, "reveal_forbidden"),
            E::Unknown { .. } => (StatusCode::NOT_FOUND, "not_found"),
            E::Ambiguous(_) => (StatusCode::CONFLICT, "ambiguous"),
            E::NameTaken(_) => (StatusCode::CONFLICT, "name_taken"),
            E::LimitReached(_) => (StatusCode::CONFLICT, "key_limit_reached"),
            E::Blocked(_) => (StatusCode::CONFLICT, "blocked"),
            E::NoSecret => (StatusCode::CONFLICT, "no_secret"),
            E::NoToken => (StatusCode::CONFLICT, "no_token"),
            E::Conflict { .. } => (StatusCode::PRECONDITION_FAILED, "version_mismatch"),
            E::Database(sqlx::Error::Database(database)) if database.is_unique_violation() => {
                let detail = "somebody else has just taken that name; choose another";
                return Self::new(StatusCode::CONFLICT, "name_taken", detail);
            }
            // The cause is the operator's affair.
            E::Seal(_) | E::Issue(_) | E::Database(_) => {
                tracing::error!(%error, "a request could not be done");
                let detail = "the server's database does not do it at the moment; try again later";
                return Self {
                    retry_after: Some(RETRY_SECONDS),
                    ..Self::new(StatusCode::SERVICE_UNAVAILABLE, "unavailable", detail)
                };
            }
        };
        Self::new(status, code, error.to_string())
    }
}

impl From<SignInError> for Problem {
    fn from(error: SignInError) -> Self {
        let text = error.to_string();
        match error {
            SignInError::Wrong => Self {
                challenge: Some(Box::new(HeaderValue::from_static("OAuth"))),
                ..Self::new(StatusCode::UNAUTHORIZED, "sign_in_failed", text)
            },
            SignInError::WrongCode => Self::new(StatusCode::FORBIDDEN, "setup_code_wrong", text),
            SignInError::SetupDone => Self::new(StatusCode::CONFLICT, "setup_done", text),
            SignInError::Throttled { retry_after } => Self {
                retry_after: Some(retry_after),
                ..Self::new(StatusCode::TOO_MANY_REQUESTS, "too_many_tries", text)
            },
            SignInError::Management(error) => error.into(),
        }
    }
}

const RETRY_SECONDS: u64 = 5;
