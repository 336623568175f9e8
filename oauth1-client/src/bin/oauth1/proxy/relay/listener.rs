//! The accept loop: connections have deadlines, there is a limit to them, and they end in order.

use std::{convert::Infallible, io, net::SocketAddr, pin::pin, sync::Arc, time::Duration};

use hyper::{server::conn::http1, service::service_fn};
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::{
    net::{TcpListener, TcpSocket, TcpStream},
    sync::{Semaphore, watch},
    time::{sleep, timeout},
};

use super::Relay;

/// Listens, also where connections of an earlier run are still being closed.
pub(crate) fn bind(address: SocketAddr) -> io::Result<TcpListener> {
    let socket = if address.is_ipv4() { TcpSocket::new_v4() } else { TcpSocket::new_v6() }?;
    // On Windows, this would let two programs listen at one address.
    #[cfg(unix)]
    socket.set_reuseaddr(true)?;
    socket.bind(address)?;
    socket.listen(BACKLOG)
}

/// Serves until `stop`; then waits for the requests that run. Says whether all of them were done
/// in time.
pub(crate) async fn serve(
    listener: TcpListener,
    relay: Arc<Relay>,
    max_connections: usize,
    stop: impl Future<Output = ()>,
) -> bool {
    let slots = Arc::new(Semaphore::new(max_connections.min(Semaphore::MAX_PERMITS)));
    let (drain, draining) = watch::channel(false);
    let mut stop = pin!(stop);
    loop {
        let accepted = tokio::select! {
            biased;
            () = stop.as_mut() => break,
            accepted = async {
                let slot = slots.clone().acquire_owned().await;
                (slot, listener.accept().await)
            } => accepted,
        };
        match accepted {
            (slot, Ok((stream, _))) => {
                let connection = connection(stream, relay.clone(), draining.clone());
                tokio::spawn(async move {
                    connection.await;
                    drop(slot);
                });
            }
            // No file handles, most likely: some end soon.
            (_, Err(_)) => sleep(BACK_OFF).await,
        }
    }
    drop((listener, draining));
    let _ = drain.send(true);
    timeout(PATIENCE, drain.closed()).await.is_ok()
}

async fn connection(stream: TcpStream, relay: Arc<Relay>, mut draining: watch::Receiver<bool>) {
    // Without it, small answers wait for the peer's acknowledgement.
    let _ = stream.set_nodelay(true);
    let service = service_fn(move |request| {
        let relay = relay.clone();
        async move { Ok::<_, Infallible>(relay.answer(request).await) }
    });
    let mut builder = http1::Builder::new();
    // hyper has no deadlines without a timer. This one is for idle connections as well.
    builder.timer(TokioTimer::new()).header_read_timeout(HEAD_TIMEOUT);
    // A caller who ends its side has gone: what runs for it upstream is given up.
    builder.max_header_size(MAX_HEAD);
    let mut connection = pin!(builder.serve_connection(TokioIo::new(stream), service));
    tokio::select! {
        biased;
        // What goes wrong with a connection is its peer's affair.
        _ = connection.as_mut() => return,
        _ = draining.wait_for(|draining| *draining) => {}
    }
    connection.as_mut().graceful_shutdown();
    let _ = connection.await;
}

const BACKLOG: u32 = 1_024;
const BACK_OFF: Duration = Duration::from_millis(100);
const HEAD_TIMEOUT: Duration = Duration::from_secs(30);
const MAX_HEAD: usize = 64 * 1024;
/// For requests that run when the proxy is told to stop.
const PATIENCE: Duration = Duration::from_secs(10);
