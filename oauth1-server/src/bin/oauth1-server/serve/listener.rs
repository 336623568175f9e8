//! The accept loop: `axum::serve` has no deadlines and no limit of connections.

use std::{
    convert::Infallible,
    io,
    net::{IpAddr, SocketAddr},
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use axum::{Router, body::Body};
use dashmap::DashMap;
use http::{HeaderValue, Request, Response, StatusCode, header};
use hyper::{body::Incoming, server::conn::http1, service::service_fn};
use hyper_util::rt::TokioIo;
use oauth1_server::{Networks, PeerAddress, TrustedProxy};
use tokio::{
    net::{TcpListener, TcpSocket, TcpStream},
    sync::Semaphore,
    time::{Instant, sleep},
};
use tokio_util::{sync::CancellationToken, task::TaskTracker};
use tower::Service;

use super::{
    body::{Answer, Late, TimedBody},
    connection::{Pace, Paced, Progress},
};

/// What connections may take.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Limits {
    pub(crate) pace: Pace,
    pub(crate) body: Duration,
    pub(crate) head: usize,
    pub(crate) connections: usize,
    /// Of one address, loopback aside; 0 for no limit.
    pub(crate) per_address: usize,
}

/// A listener and its connections.
pub(crate) struct Listener {
    pub(crate) router: Router,
    pub(crate) limits: Limits,
    /// Ends accepting.
    pub(crate) stop: CancellationToken,
    /// Ends connections after the request they are at.
    pub(crate) drain: CancellationToken,
    pub(crate) tasks: TaskTracker,
    pub(crate) open: Arc<AtomicU64>,
    /// Whose `X-Forwarded-For` is believed.
    pub(crate) trusted: Arc<Networks>,
}

/// Binds with the largest backlog that the system gives.
pub(crate) fn bind(address: SocketAddr) -> io::Result<TcpListener> {
    let socket = if address.is_ipv4() { TcpSocket::new_v4() } else { TcpSocket::new_v6() }?;
    socket.set_reuseaddr(true)?;
    socket.bind(address)?;
    socket.listen(BACKLOG)
}

impl Listener {
    /// Accepts until it is stopped.
    pub(crate) async fn run(self, listener: TcpListener) {
        let slots = Arc::new(Semaphore::new(self.limits.connections.min(Semaphore::MAX_PERMITS)));
        let addresses: Arc<DashMap<IpAddr, usize>> = Arc::default();
        loop {
            let accepted = tokio::select! {
                biased;
                () = self.stop.cancelled() => return,
                accepted = async {
                    let slot = slots.clone().acquire_owned().await;
                    (slot, listener.accept().await)
                } => accepted,
            };
            let (Ok(slot), accepted) = accepted else { return };
            let (stream, peer) = match accepted {
                Ok(accepted) => accepted,
                Err(error) => {
                    if is_of_the_peer(&error) {
                        continue;
                    }
                    // No file handles, most likely: some end soon.
                    tracing::warn!(%error, "a connection could not be accepted");
                    sleep(BACK_OFF).await;
                    continue;
                }
            };
            let Some(place) = self.place(&addresses, peer.ip()) else { continue };
            let open = Open::new(self.open.clone());
            let connection = self.connection(stream, peer.ip());
            self.tasks.spawn(async move {
                connection.await;
                drop((slot, place, open));
            });
        }
    }

    fn place(&self, addresses: &Arc<DashMap<IpAddr, usize>>, peer: IpAddr) -> Option<Place> {
        if self.limits.per_address == 0 || peer.is_loopback() {
            return Some(Place(None));
        }
        let mut count = addresses.entry(peer).or_default();
        (*count < self.limits.per_address).then(|| {
            *count += 1;
            Place(Some((addresses.clone(), peer)))
        })
    }

    fn connection(
        &self,
        stream: TcpStream,
        peer: IpAddr,
    ) -> impl Future<Output = ()> + Send + 'static {
        let Limits { pace, body, head, .. } = self.limits;
        let (router, drain, trusted) =
            (self.router.clone(), self.drain.clone(), self.trusted.clone());
        async move {
            // Without it, small answers wait for the peer's acknowledgement.
            let _ = stream.set_nodelay(true);
            let progress = Progress::default();
            let paced = Paced::new(stream, pace, progress.clone());
            let of_request = progress.clone();
            let service = service_fn(move |mut request: Request<Incoming>| {
                if let Some(address) = PeerAddress::of(peer, request.headers(), &trusted) {
                    request.extensions_mut().insert(address);
                }
                if let Some(proxy) = TrustedProxy::of(peer, &trusted) {
                    request.extensions_mut().insert(proxy);
                }
                answer(router.clone(), request, of_request.clone(), body)
            });
            let mut builder = http1::Builder::new();
            // The verifier answers 431 above its limits; this bounds what is buffered.
            builder.max_buf_size((head + HEAD_SLACK).max(MIN_BUFFER)).header_read_timeout(None);
            // A client may end its side once it has asked.
            builder.half_close(true);
            let mut connection =
                std::pin::pin!(builder.serve_connection(TokioIo::new(paced), service));
            tokio::select! {
                biased;
                // What goes wrong with a connection is its peer's affair.
                _ = connection.as_mut() => return,
                () = drain.cancelled() => {}
            }
            // Before its first request, hyper takes a connection for a busy one.
            if progress.is_awaiting() {
                return;
            }
            connection.as_mut().graceful_shutdown();
            let _ = connection.await;
        }
    }
}

/// One request: its body has a deadline, and its answer says when it is done.
async fn answer(
    mut router: Router,
    request: Request<Incoming>,
    progress: Progress,
    limit: Duration,
) -> Result<Response<Answer<Body>>, Infallible> {
    let answering = progress.request();
    let late = Late::default();
    let deadline = Instant::now() + limit;
    let request = request.map(|body| Body::new(TimedBody::new(body, deadline, late.clone())));
    let Ok(mut response) = router.call(request).await;
    if late.is_set() {
        response = Response::new(Body::from("the request body did not arrive in time\n"));
        *response.status_mut() = StatusCode::REQUEST_TIMEOUT;
        response.headers_mut().insert(header::CONNECTION, HeaderValue::from_static("close"));
    }
    Ok(response.map(|body| Answer::new(body, answering)))
}

/// Errors of one connection, not of the listener.
fn is_of_the_peer(error: &io::Error) -> bool {
    use io::ErrorKind as Kind;
    matches!(
        error.kind(),
        Kind::ConnectionAborted | Kind::ConnectionReset | Kind::ConnectionRefused
    )
}

/// A connection among those of its address.
struct Place(Option<(Arc<DashMap<IpAddr, usize>>, IpAddr)>);

impl Drop for Place {
    fn drop(&mut self) {
        if let Some((addresses, peer)) = self.0.take() {
            if let Some(mut count) = addresses.get_mut(&peer) {
                *count -= 1;
            }
            addresses.remove_if(&peer, |_, count| *count == 0);
        }
    }
}

/// Counts open connections.
struct Open(Arc<AtomicU64>);

impl Open {
    fn new(count: Arc<AtomicU64>) -> Self {
        count.fetch_add(1, Ordering::Relaxed);
        Self(count)
    }
}

impl Drop for Open {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

const BACKLOG: u32 = 4_096;
const BACK_OFF: Duration = Duration::from_millis(100);
/// For what the verifier's limit does not count, such as the line ends.
const HEAD_SLACK: usize = 8 * 1024;
/// hyper takes no less.
const MIN_BUFFER: usize = 8 * 1024;
