//! The service that the layer makes.

use std::{
    sync::Arc,
    task::{Context, Poll},
};

use bytes::Bytes;
use http::{Request, Response};
use http_body::Body;
use http_body_util::Either;
use tower::Service;

use super::{Answers, RequestBody, ResponseBody};
use crate::{
    BasicRequest, BoxFuture, Refusal, RequestVerifier, VerifiedRequest, attributes,
    verifier::Verdict,
};

/// Verifies each request before the inner service sees it.
#[derive(Clone, Debug)]
pub struct Verification<S> {
    verifier: Arc<RequestVerifier>,
    unsigned_allowed: bool,
    inner: S,
}

impl<S> Verification<S> {
    pub(crate) const fn new(
        verifier: Arc<RequestVerifier>,
        unsigned_allowed: bool,
        inner: S,
    ) -> Self {
        Self { verifier, unsigned_allowed, inner }
    }
}

/// What the layer leaves in the request's extensions: the sign that it was there.
#[derive(Clone, Debug)]
pub(crate) enum Judged {
    /// With what a handler that needs a signature answers.
    Unsigned(#[cfg_attr(not(feature = "axum"), allow(dead_code))] Arc<Answers>),
    Verified(VerifiedRequest),
    Basic(BasicRequest, #[cfg_attr(not(feature = "axum"), allow(dead_code))] Arc<Answers>),
}

impl<S, B, R> Service<Request<B>> for Verification<S>
where
    S: Service<Request<RequestBody<B>>, Response = Response<R>> + Clone + Send + 'static,
    S::Future: Send,
    B: Body<Data = Bytes> + Unpin + Send + 'static,
{
    type Response = Response<ResponseBody<R>>;
    type Error = S::Error;
    type Future = BoxFuture<'static, Result<Self::Response, S::Error>>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, request: Request<B>) -> Self::Future {
        // The service that was polled ready is the one to call; its clone may not be.
        let clone = self.inner.clone();
        let mut inner = std::mem::replace(&mut self.inner, clone);
        let verifier = self.verifier.clone();
        let unsigned_allowed = self.unsigned_allowed;
        let (mut parts, body) = request.into_parts();
        let mut body = RequestBody::streamed(body);
        attributes::strip(&mut parts.headers);
        Box::pin(async move {
            let refused =
                |refusal: &Refusal| verifier.answers().response(refusal).map(Either::Right);
            let judged = match verifier.verify_parts(&parts, &mut body).await {
                Ok(Verdict::Verified(verified)) => {
                    verified.set_attributes(&mut parts.headers);
                    Judged::Verified(verified)
                }
                Ok(Verdict::Basic(basic)) => Judged::Basic(basic, verifier.answers().clone()),
                Ok(Verdict::Unsigned) if unsigned_allowed => {
                    Judged::Unsigned(verifier.answers().clone())
                }
                Ok(Verdict::Unsigned) => return Ok(refused(&Refusal::Unsigned)),
                Err(refusal) => return Ok(refused(&refusal)),
            };
            parts.extensions.insert(judged);
            Ok(inner.call(Request::from_parts(parts, body)).await?.map(Either::Left))
        })
    }
}
