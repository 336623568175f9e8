//! Passes requests on, signed. It knows nothing of the command line: the benchmark uses it too.

mod body;
mod guard;
mod headers;
mod listener;
mod refusal;
mod upstream;

use std::{error::Error, pin::pin, time::Duration};

use http::{
    HeaderMap, HeaderValue, Request, Response, StatusCode,
    header::{AUTHORIZATION, CONTENT_TYPE, EXPECT, HOST, TRANSFER_ENCODING},
};
use http_body::Body as _;
use http_body_util::{BodyExt, LengthLimitError, Limited};
use hyper::body::Incoming;
use oauth1_client::{SendError, core::request::is_form};
use reqwest::Body;
use tokio::time::{Instant, timeout, timeout_at};

use self::{
    body::{Downloaded, Progress, Uploaded},
    headers::{add_via, rewrite_location, strip_hop_by_hop},
    refusal::{ERROR, Refusal},
};
pub(crate) use self::{
    guard::Guard,
    listener::{bind, serve},
    upstream::Upstream,
};

/// What happens to each request.
#[derive(Debug)]
pub(crate) struct Relay {
    pub(crate) guard: Guard,
    pub(crate) upstream: Upstream,
    /// Octets of a body that is read whole, to be signed.
    pub(crate) form_limit: usize,
    /// How long anybody may be silent.
    pub(crate) silence: Option<Duration>,
    /// Gets one line a request: never a query, a header or a body.
    pub(crate) log: Option<fn(&str)>,
}

impl Relay {
    async fn answer(&self, request: Request<Incoming>) -> Response<Downloaded> {
        let started = Instant::now();
        let asked =
            self.log.map(|log| (log, format!("{} {}", request.method(), request.uri().path())));
        let response = self.pass_on(request).await.unwrap_or_else(Refusal::into_response);
        if let Some((log, asked)) = asked {
            let (status, taken) = (response.status().as_u16(), started.elapsed().as_millis());
            log(&format!("{asked} {status} {taken} ms"));
        }
        response.map(|body| Downloaded::new(body, self.silence))
    }

    async fn pass_on(&self, request: Request<Incoming>) -> Result<Response<Body>, Refusal> {
        let own_name = self.guard.admit(&request)?;
        let (mut head, body) = request.into_parts();
        let url = self.upstream.target(&head.uri)?;
        strip_hop_by_hop(&mut head.headers);
        for name in [AUTHORIZATION, EXPECT, HOST] {
            head.headers.remove(name);
        }
        let progress = Progress::new();
        let body = self.body(&mut head.headers, body, &progress).await?;
        add_via(&mut head.headers);
        let mut passed = reqwest::Request::new(head.method, url.clone());
        (*passed.headers_mut(), *passed.body_mut()) = (head.headers, body);
        let response = self.send(passed, &progress).await?;

        let (answered, body) = response.into_parts();
        let mut response = Response::new(body);
        *response.status_mut() = answered.status;
        *response.headers_mut() = answered.headers;
        let headers = response.headers_mut();
        strip_hop_by_hop(headers);
        headers.remove(ERROR);
        rewrite_location(headers, &url, self.upstream.base(), &own_name);
        Ok(response)
    }

    /// A form is read whole, for its parameters are signed (RFC 5849 section 3.4.1.3.1); any other
    /// body is a stream.
    async fn body(
        &self,
        headers: &mut HeaderMap,
        body: Incoming,
        progress: &Progress,
    ) -> Result<Option<Body>, Refusal> {
        if body.is_end_stream() {
            return Ok(None);
        }
        let kind = headers.get(CONTENT_TYPE).and_then(|kind| kind.to_str().ok());
        if !self.upstream.signs_bodies() && !kind.is_some_and(is_form) {
            if body.size_hint().exact().is_none() {
                // Without it, hyper leaves out the body of a GET.
                headers.insert(TRANSFER_ENCODING, HeaderValue::from_static("chunked"));
            }
            return Ok(Some(Body::wrap(Uploaded::new(body, progress.clone()))));
        }
        if usize::try_from(body.size_hint().lower()).is_ok_and(|least| least > self.form_limit) {
            return Err(self.too_large());
        }
        let whole = Limited::new(body, self.form_limit).collect();
        let whole = match self.silence {
            Some(silence) => timeout(silence, whole).await.map_err(|_| slow_caller())?,
            None => whole.await,
        };
        match whole {
            Ok(whole) => Ok(Some(whole.to_bytes().into())),
            Err(error) if error.is::<LengthLimitError>() => Err(self.too_large()),
            Err(_) => Err(Refusal::bad_request("body", "the body broke off")),
        }
    }

    fn too_large(&self) -> Refusal {
        let text = format!(
            "the body is longer than {} octets, and it must be read whole to be signed; allow more \
             with --form-limit",
            self.form_limit
        );
        Refusal::new(StatusCode::PAYLOAD_TOO_LARGE, "form_limit", text)
    }

    /// Sends the request. As long as its body is on the way, nobody is silent.
    async fn send(
        &self,
        request: reqwest::Request,
        progress: &Progress,
    ) -> Result<Response<Body>, Refusal> {
        let mut sending = pin!(self.upstream.send(request));
        let Some(silence) = self.silence else { return sending.await.map_err(not_sent) };
        let mut deadline = Instant::now() + silence;
        loop {
            if let Ok(sent) = timeout_at(deadline, sending.as_mut()).await {
                return sent.map_err(not_sent);
            }
            deadline = progress.moved() + silence;
            if deadline <= Instant::now() {
                let is_caller = progress.is_caller_awaited();
                return Err(if is_caller { slow_caller() } else { silent_upstream() });
            }
        }
    }
}

fn slow_caller() -> Refusal {
    Refusal::new(
        StatusCode::REQUEST_TIMEOUT,
        "slow_caller",
        "the body of the request did not come in time; allow more with --timeout",
    )
}

fn silent_upstream() -> Refusal {
    Refusal::new(
        StatusCode::GATEWAY_TIMEOUT,
        "timeout",
        "the upstream did not answer in time; allow more with --timeout",
    )
}

fn not_sent(failed: SendError) -> Refusal {
    let error = match failed {
        SendError::Http(error) => error,
        other => return Refusal::bad_request("not_signable", other.to_string()),
    };
    if error.is_timeout() {
        return silent_upstream();
    }
    // reqwest's own text only names the stage.
    let mut innermost: &dyn Error = &error;
    while let Some(source) = innermost.source() {
        innermost = source;
    }
    let (code, what) = match error.is_connect() {
        true => ("unreachable", "the upstream cannot be reached"),
        false => ("broken_off", "the exchange with the upstream broke off"),
    };
    Refusal::new(StatusCode::BAD_GATEWAY, code, format!("{what}: {innermost}"))
}
