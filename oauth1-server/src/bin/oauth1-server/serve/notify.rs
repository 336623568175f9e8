//! Tells the service manager, as `Type=notify` expects it.

/// Requests are judged from now on.
pub(crate) fn ready() {
    send("READY=1");
}

/// No more requests are taken.
pub(crate) fn stopping() {
    send("STOPPING=1");
}

#[cfg(not(target_os = "linux"))]
const fn send(_: &str) {}

#[cfg(target_os = "linux")]
fn send(state: &str) {
    use std::os::{
        linux::net::SocketAddrExt,
        unix::net::{SocketAddr, UnixDatagram},
    };
    let Some(path) = std::env::var_os("NOTIFY_SOCKET") else { return };
    let sent = (|| {
        let name = path.as_encoded_bytes();
        let address = match name.strip_prefix(b"@") {
            Some(name) => SocketAddr::from_abstract_name(name)?,
            None => SocketAddr::from_pathname(&path)?,
        };
        UnixDatagram::unbound()?.send_to_addr(state.as_bytes(), &address)
    })();
    if let Err(error) = sent {
        tracing::warn!(%error, "the service manager could not be told");
    }
}
