//! Extractors for axum handlers.

use std::sync::Arc;

use axum::{
    extract::{FromRequestParts, OptionalFromRequestParts},
    response::{IntoResponse, Response},
};
use http::{StatusCode, request::Parts};

use crate::{
    Authenticated, BasicRequest, Refusal, VerifiedRequest,
    middleware::{Answers, Judged},
};

/// The request must be signed.
impl<S: Send + Sync> FromRequestParts<S> for VerifiedRequest {
    type Rejection = ExtractRejection;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, ExtractRejection> {
        match judged(parts)? {
            Judged::Verified(verified) => Ok(verified.clone()),
            Judged::Unsigned(answers) | Judged::Basic(_, answers) => Err(unsigned(answers)),
        }
    }
}

/// The request must have come with a name and a password.
impl<S: Send + Sync> FromRequestParts<S> for BasicRequest {
    type Rejection = ExtractRejection;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, ExtractRejection> {
        match judged(parts)? {
            Judged::Basic(basic, _) => Ok(basic.clone()),
            Judged::Unsigned(answers) => Err(unsigned(answers)),
            Judged::Verified(_) => Err(ExtractRejection(Reason::Signed)),
        }
    }
}

/// The request must be signed, or have come with a name and a password.
impl<S: Send + Sync> FromRequestParts<S> for Authenticated {
    type Rejection = ExtractRejection;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, ExtractRejection> {
        match judged(parts)? {
            Judged::Verified(verified) => Ok(Self::Signed(verified.clone())),
            Judged::Basic(basic, _) => Ok(Self::Basic(basic.clone())),
            Judged::Unsigned(answers) => Err(unsigned(answers)),
        }
    }
}

fn unsigned(answers: &Arc<Answers>) -> ExtractRejection {
    ExtractRejection(Reason::Unsigned(answers.clone()))
}

/// `None` is an unsigned request; a name and a password are no signature. A request that is signed
/// and not right never gets to a handler.
impl<S: Send + Sync> OptionalFromRequestParts<S> for VerifiedRequest {
    type Rejection = ExtractRejection;

    async fn from_request_parts(
        parts: &mut Parts,
        _: &S,
    ) -> Result<Option<Self>, ExtractRejection> {
        match judged(parts)? {
            Judged::Verified(verified) => Ok(Some(verified.clone())),
            Judged::Unsigned(_) | Judged::Basic(..) => Ok(None),
        }
    }
}

fn judged(parts: &Parts) -> Result<&Judged, ExtractRejection> {
    parts.extensions.get().ok_or_else(|| {
        // The programmer's mistake, and the handler must not run: nobody verified anything.
        tracing::error!(
            path = parts.uri.path(),
            "VerifiedRequest is extracted on a route without VerificationLayer: add the layer"
        );
        ExtractRejection(Reason::LayerMissing)
    })
}

/// Why a handler that takes a [`VerifiedRequest`] was not called.
#[derive(Debug)]
pub struct ExtractRejection(Reason);

#[derive(Debug)]
enum Reason {
    LayerMissing,
    Unsigned(Arc<Answers>),
    Signed,
}

impl IntoResponse for ExtractRejection {
    fn into_response(self) -> Response {
        match self.0 {
            Reason::LayerMissing => (
                StatusCode::INTERNAL_SERVER_ERROR,
                "the server is not set up for signed requests\n",
            )
                .into_response(),
            Reason::Signed => {
                (StatusCode::FORBIDDEN, "this needs a name and a password, not a signature\n")
                    .into_response()
            }
            Reason::Unsigned(answers) => {
                answers.response(&Refusal::Unsigned).map(axum::body::Body::new)
            }
        }
    }
}
