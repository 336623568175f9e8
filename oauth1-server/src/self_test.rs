//! The self-test at start: a replay cache that is configured and not wired is worse than none,
//! because everybody believes in it.

use std::{convert::Infallible, future::poll_fn, sync::Arc, task};

use bytes::Bytes;
use http::{Request, Response, StatusCode, header};
use http_body_util::Full;
use oauth1_core::{
    ClientCredentials, SignableRequest, SignatureMethod, Signer, Stamp, Timestamp, TokenCredentials,
};
use tower::{Layer, Service};

use crate::{
    BoxError, BoxFuture, ClientRecord, CredentialStore, RequestBody, RequestVerifier, StoreError,
    TokenRecord, VerificationLayer,
    credentials::{new_client, new_token},
};

/// Checks that the verifier refuses a forged request, accepts the genuine one, and refuses it the
/// second time. A server that is to start calls this first, and does not start on an error.
///
/// It cannot pass while the store of nonces is fenced or down: wait until
/// [`NonceStore::ready`](crate::NonceStore::ready) says so.
///
/// The canary is signed with a credential that exists for this call alone; it goes through the
/// verifier's own layer, policy, clock and store, where its nonce stays.
///
/// # Errors
/// [`SelfTestError`] says what went wrong.
pub async fn self_test(verifier: &RequestVerifier) -> Result<(), SelfTestError> {
    SelfTest::new(verifier).run(|layer| layer.layer(Accept)).await
}

/// The self-test through an application of one's own, as it is served.
///
/// ```no_run
/// # #[cfg(feature = "axum")] {
/// # use axum::{Router, routing::get};
/// # use oauth1_server::{RequestVerifier, SelfTest, SelfTestError, VerificationLayer, VerifiedRequest};
/// fn app(layer: VerificationLayer) -> Router {
///     Router::new().route("/1/me", get(async |_: VerifiedRequest| "ok")).route_layer(layer)
/// }
/// # async fn start(verifier: RequestVerifier) -> Result<Router, SelfTestError> {
/// SelfTest::new(&verifier).with_path("/1/me").run(app).await?;
/// Ok(app(VerificationLayer::new(verifier)))
/// # } }
/// ```
#[derive(Debug)]
pub struct SelfTest<'a> {
    verifier: &'a RequestVerifier,
    path: &'a str,
    ahead: u64,
}

impl<'a> SelfTest<'a> {
    /// A self-test by `GET /`.
    #[must_use]
    pub const fn new(verifier: &'a RequestVerifier) -> Self {
        Self { verifier, path: "/", ahead: 0 }
    }

    /// The path of a route behind the layer. Its handler is called once.
    #[must_use]
    pub const fn with_path(self, path: &'a str) -> Self {
        Self { path, ..self }
    }

    /// Stamps its requests some seconds ahead: above a fence, where the store takes them already.
    #[must_use]
    pub const fn with_stamp_ahead(self, seconds: u64) -> Self {
        Self { ahead: seconds, ..self }
    }

    /// Runs it. `build` makes the application around the layer that it is given.
    ///
    /// # Errors
    /// [`SelfTestError`] says what went wrong.
    pub async fn run<S, B>(
        self,
        build: impl FnOnce(VerificationLayer) -> S,
    ) -> Result<(), SelfTestError>
    where
        S: Service<Request<Full<Bytes>>, Response = Response<B>>,
        S::Error: Into<BoxError>,
    {
        let canary = Canary::new(self.verifier.credentials().clone())?;
        let now = self.verifier.clock().now().map_or(0, Timestamp::seconds);
        let time = (now > 0).then(|| Timestamp::from_seconds(now.saturating_add(self.ahead)));
        let stamp = time.flatten().and_then(|time| Stamp::random(time).ok());
        let stamp = stamp.ok_or(SelfTestError::NoCanary)?;
        let genuine = self.request(&canary.client, &canary.token, &stamp)?;
        // The same nonce: a store that records before the signature was checked is found as well.
        let other = new_client().map_err(|_| SelfTestError::NoCanary)?;
        let other =
            ClientCredentials::with_secret(canary.client.identifier(), other.secret().clone());
        let forged = self.request(&other, &canary.token, &stamp)?;

        // The canary has no RSA key, so its method is allowed whatever the policy says.
        let methods = self.verifier.policy().methods.with(SignatureMethod::HmacSha1);
        let policy = self.verifier.policy().clone().with_methods(methods);
        let verifier = self.verifier.clone().quiet();
        let verifier = verifier.with_policy(policy).with_credentials(Arc::new(canary));
        let mut service = build(VerificationLayer::new(verifier));
        match status(&mut service, forged).await? {
            StatusCode::UNAUTHORIZED => {}
            passed => return Err(SelfTestError::ForgeryNotRefused(passed)),
        }
        match status(&mut service, genuine.clone()).await? {
            refused if REFUSALS.contains(&refused) => {
                return Err(SelfTestError::GenuineRefused(refused));
            }
            _ => {}
        }
        match status(&mut service, genuine).await? {
            StatusCode::UNAUTHORIZED => Ok(()),
            passed => Err(SelfTestError::ReplayNotRefused(passed)),
        }
    }

    /// The canary as it would arrive.
    fn request(
        &self,
        client: &ClientCredentials,
        token: &TokenCredentials,
        stamp: &Stamp,
    ) -> Result<Request<Full<Bytes>>, SelfTestError> {
        let authority = self.verifier.origin().authority();
        let url = {
            let origin = self.verifier.origin();
            format!(
                "{}://{authority}{}{}",
                origin.scheme().as_str(),
                origin.path_prefix(),
                self.path
            )
        };
        let signable = SignableRequest::new("GET", &url).map_err(|_| SelfTestError::NoCanary)?;
        let signer = Signer::new(client.clone())
            .with_token(token.clone())
            .with_body_hash(self.verifier.policy().body_hash_required);
        let authorization = signer.authorize_at(&signable, stamp);
        Request::get(self.path)
            .header(header::HOST, authority)
            .header(
                header::AUTHORIZATION,
                authorization.map_err(|_| SelfTestError::NoCanary)?.into_string(),
            )
            .body(Full::default())
            .map_err(|_| SelfTestError::NoCanary)
    }
}

async fn status<S, B>(
    service: &mut S,
    request: Request<Full<Bytes>>,
) -> Result<StatusCode, SelfTestError>
where
    S: Service<Request<Full<Bytes>>, Response = Response<B>>,
    S::Error: Into<BoxError>,
{
    let failed = |error: S::Error| SelfTestError::Service(error.into());
    poll_fn(|cx| service.poll_ready(cx)).await.map_err(failed)?;
    Ok(service.call(request).await.map_err(failed)?.status())
}

/// The real store, with one more client and token before it.
struct Canary {
    client: ClientCredentials,
    token: TokenCredentials,
    store: Arc<dyn CredentialStore>,
}

impl Canary {
    fn new(store: Arc<dyn CredentialStore>) -> Result<Self, SelfTestError> {
        let client = new_client().map_err(|_| SelfTestError::NoCanary)?;
        let token = new_token().map_err(|_| SelfTestError::NoCanary)?;
        Ok(Self { client, token, store })
    }
}

impl CredentialStore for Canary {
    fn client<'a>(
        &'a self,
        identifier: &'a str,
    ) -> BoxFuture<'a, Result<Option<ClientRecord>, StoreError>> {
        if identifier == self.client.identifier() {
            return Box::pin(std::future::ready(Ok(Some(ClientRecord::new(&self.client)))));
        }
        self.store.client(identifier)
    }

    fn token<'a>(
        &'a self,
        identifier: &'a str,
    ) -> BoxFuture<'a, Result<Option<TokenRecord>, StoreError>> {
        if identifier == self.token.identifier() {
            let token = TokenRecord::new(&self.token, self.client.identifier());
            return Box::pin(std::future::ready(Ok(Some(token))));
        }
        self.store.token(identifier)
    }

    fn ready(&self) -> BoxFuture<'_, Result<(), StoreError>> {
        self.store.ready()
    }
}

/// Answers 204 to everything.
#[derive(Clone, Copy, Debug)]
struct Accept;

impl<B> Service<Request<RequestBody<B>>> for Accept {
    type Response = Response<Full<Bytes>>;
    type Error = Infallible;
    type Future = std::future::Ready<Result<Self::Response, Infallible>>;

    fn poll_ready(&mut self, _: &mut task::Context<'_>) -> task::Poll<Result<(), Infallible>> {
        task::Poll::Ready(Ok(()))
    }

    fn call(&mut self, _: Request<RequestBody<B>>) -> Self::Future {
        let mut response = Response::new(Full::default());
        *response.status_mut() = StatusCode::NO_CONTENT;
        std::future::ready(Ok(response))
    }
}

/// Why a server must not start.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SelfTestError {
    /// No request could be made: no random bytes, no clock, or the path is none.
    #[error(
        "the self-test could not make its request: check the clock, the random source and the path"
    )]
    NoCanary,
    /// A request with a wrong signature was not answered with 401: the layer does not stand in
    /// front of this path.
    #[error(
        "a request with a wrong signature was answered with {0} instead of 401: the layer is not in front of this path"
    )]
    ForgeryNotRefused(StatusCode),
    /// The genuine request was refused, by a store that does not work or a nonce that was recorded
    /// for the forged one.
    #[error("a correctly signed request was answered with {0}: check the stores and the clock")]
    GenuineRefused(StatusCode),
    /// The genuine request was accepted twice: the store of nonces is not wired.
    #[error(
        "the same request sent twice was answered with {0} instead of 401: replay protection does not work"
    )]
    ReplayNotRefused(StatusCode),
    /// The application failed.
    #[error("the application failed: {0}")]
    Service(BoxError),
}

/// How the layer answers to what it does not pass; 403 comes after the nonce was recorded.
const REFUSALS: [StatusCode; 7] = [
    StatusCode::BAD_REQUEST,
    StatusCode::UNAUTHORIZED,
    StatusCode::URI_TOO_LONG,
    StatusCode::MISDIRECTED_REQUEST,
    StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE,
    StatusCode::TOO_MANY_REQUESTS,
    StatusCode::SERVICE_UNAVAILABLE,
];
