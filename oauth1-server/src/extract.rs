//! Extractors for axum handlers.

use std::sync::Arc;

use axum::{
    extract::{FromRequestParts, OptionalFromRequestParts},
    response::{IntoResponse, Response},
};
use http::{StatusCode, request::Parts};

use crate::{
    Refusal, VerifiedRequest,
    middleware::{Answers, Judged},
};

/// The request must be signed.
impl<S: Send + Sync> FromRequestParts<S> for VerifiedRequest {
    type Rejection = ExtractRejection;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, ExtractRejection> {
        match judged(parts)? {
            Judged::Verified(verified) => Ok(verified.clone()),
            Judged::Unsigned(answers) => Err(ExtractRejection(Reason::Unsigned(answers.clone()))),
        }
    }
}

/// `None` is an unsigned request. One that is signed and not right never gets to a handler.
impl<S: Send + Sync> OptionalFromRequestParts<S> for VerifiedRequest {
    type Rejection = ExtractRejection;

    async fn from_request_parts(
        parts: &mut Parts,
        _: &S,
    ) -> Result<Option<Self>, ExtractRejection> {
        match judged(parts)? {
            Judged::Verified(verified) => Ok(Some(verified.clone())),
            Judged::Unsigned(_) => Ok(None),
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
}

impl IntoResponse for ExtractRejection {
    fn into_response(self) -> Response {
        match self.0 {
            Reason::LayerMissing => (
                StatusCode::INTERNAL_SERVER_ERROR,
                "the server is not set up for signed requests\n",
            )
                .into_response(),
            Reason::Unsigned(answers) => {
                answers.response(&Refusal::Unsigned).map(axum::body::Body::new)
            }
        }
    }
}
