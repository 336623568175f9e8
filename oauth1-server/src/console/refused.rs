//! Why a page was not shown.

use axum::{
    body::Body,
    response::{IntoResponse, Redirect, Response},
};
use http::{HeaderValue, StatusCode, header};

use super::form::{Values, sentence};
use crate::{
    management::{ManagementError, SignInError},
    rest::problem::Problem,
};

/// Why a page was not shown.
#[derive(Clone, Debug)]
pub(crate) enum Refused {
    /// Nobody is signed in.
    SignIn { next: String },
    /// The password has to be given again.
    StepUp { next: String },
    /// The page is elsewhere.
    To(String),
    /// What cannot be done, in words.
    Page(Problem),
}

impl Refused {
    pub(crate) fn page(status: StatusCode, text: impl Into<String>) -> Self {
        Self::Page(Problem::new(status, "refused", text))
    }

    pub(crate) fn nothing() -> Self {
        Self::page(StatusCode::NOT_FOUND, "There is nothing here. The menu lists what there is.")
    }
}

impl From<ManagementError> for Refused {
    fn from(error: ManagementError) -> Self {
        let mut problem = Problem::from(error);
        problem.detail = sentence(&problem.detail);
        Self::Page(problem)
    }
}

impl From<SignInError> for Refused {
    fn from(error: SignInError) -> Self {
        Self::Page(Problem::from(error))
    }
}

/// The frame around all pages writes the page of a problem, because it knows who asks.
impl IntoResponse for Refused {
    fn into_response(self) -> Response {
        let to = |path: &str, next: &str| {
            // Only from where one can come back by a link.
            let next = Values::default().with("next", next).query(&[]);
            Redirect::to(&format!("{path}?{next}")).into_response()
        };
        match self {
            Self::SignIn { next } => to("/sign-in", &next),
            Self::StepUp { next } => to("/step-up", &next),
            Self::To(location) => Redirect::to(&location).into_response(),
            Self::Page(problem) => {
                let mut response = Response::new(Body::empty());
                *response.status_mut() = problem.status;
                if let Some(seconds) = problem.retry_after {
                    let value = HeaderValue::from(seconds);
                    response.headers_mut().insert(header::RETRY_AFTER, value);
                }
                response.extensions_mut().insert(problem);
                response
            }
        }
    }
}
