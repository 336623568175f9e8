//! A callback on this machine: the browser brings the verification code by itself.

use std::{io, net::SocketAddr, time::Duration};

use oauth1_core::{Callback, Verifier};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
    task::JoinSet,
    time::timeout,
};

use super::{AwaitingOwner, DelegationError};

/// Waits at `http://127.0.0.1:PORT/PATH` for the resource owner to come back.
///
/// Providers that compare callbacks want that very URL registered, so choose a port.
///
/// ```no_run
/// # async fn run(delegation: oauth1_client::delegation::Delegation) -> Result<(), Box<dyn std::error::Error>> {
/// use oauth1_client::delegation::Loopback;
///
/// let loopback = Loopback::bind(8318, "/callback").await?;
/// let awaiting = delegation.begin(loopback.callback(), &[]).await?;
/// println!("open {}", awaiting.authorization_url());
/// let code = loopback.verifier(&awaiting).await?;
/// let granted = awaiting.exchange(code).await?;
/// # Ok(())
/// # }
/// ```
#[derive(Debug)]
pub struct Loopback {
    listener: TcpListener,
    address: SocketAddr,
    path: String,
}

impl Loopback {
    /// Listens on a port of `127.0.0.1`, 0 for any, for a path that begins with `/`.
    ///
    /// # Errors
    /// The port is taken, most likely.
    pub async fn bind(port: u16, path: &str) -> io::Result<Self> {
        let listener = TcpListener::bind(("127.0.0.1", port)).await?;
        let address = listener.local_addr()?;
        Ok(Self { listener, address, path: path.to_owned() })
    }

    /// What to begin with, and to register.
    #[must_use]
    pub fn callback(&self) -> Callback {
        Callback::uri(format!("http://{}{}", self.address, self.path))
    }

    /// Waits until the resource owner comes back with the answer to this request. What others send
    /// here, pages in the same browser among them, does not end it.
    ///
    /// # Errors
    /// [`DelegationError`]: the resource owner refused, or there is no code.
    pub async fn verifier(&self, awaiting: &AwaitingOwner) -> Result<Verifier, DelegationError> {
        let mut visits = JoinSet::new();
        loop {
            tokio::select! {
                accepted = self.listener.accept() => match accepted {
                    Ok((stream, _)) => {
                        visits.spawn(timeout(LONGEST_VISIT, head(stream)));
                    }
                    // No file handles, most likely: some end soon.
                    Err(_) => tokio::time::sleep(BACK_OFF).await,
                },
                Some(visit) = visits.join_next() => {
                    let Ok(Ok(Ok((stream, target)))) = visit else { continue };
                    if let Some(answer) = self.answer(stream, &target, awaiting).await {
                        return answer;
                    }
                }
            }
        }
    }

    /// Answers a visit; `None` if it is none that was waited for.
    async fn answer(
        &self,
        stream: TcpStream,
        target: &str,
        awaiting: &AwaitingOwner,
    ) -> Option<Result<Verifier, DelegationError>> {
        if target.split('?').next() != Some(self.path.as_str()) {
            say(stream, "404 Not Found", "There is nothing here.").await;
            return None;
        }
        let answer = awaiting.verifier(target);
        let (status, text) = match &answer {
            Ok(_) => ("200 OK", "Access was granted. You can close this page."),
            Err(DelegationError::OwnerRefused) => {
                ("200 OK", "Access was refused. You can close this page.")
            }
            Err(DelegationError::OtherToken) => {
                ("400 Bad Request", "This is not the answer that is waited for.")
            }
            Err(_) => ("400 Bad Request", "There is no verification code in this address."),
        };
        say(stream, status, text).await;
        (!matches!(answer, Err(DelegationError::OtherToken))).then_some(answer)
    }
}

/// The request target of a `GET`.
async fn head(mut stream: TcpStream) -> io::Result<(TcpStream, String)> {
    let mut head = Vec::new();
    while !head.windows(4).any(|end| end == b"\r\n\r\n") {
        if head.len() > LONGEST_HEAD || stream.read_buf(&mut head).await? == 0 {
            return Err(io::ErrorKind::InvalidData.into());
        }
    }
    let line = head.split(|octet| *octet == b'\r').next().unwrap_or_default();
    let mut words = str::from_utf8(line).map_err(io::Error::other)?.split(' ');
    match (words.next(), words.next()) {
        (Some("GET"), Some(target)) => Ok((stream, target.to_owned())),
        _ => Err(io::ErrorKind::InvalidData.into()),
    }
}

/// A page; whoever has gone meanwhile does not see it.
async fn say(mut stream: TcpStream, status: &str, text: &str) {
    let body = format!(
        "<!DOCTYPE html><html lang=\"en\"><meta charset=\"utf-8\"><title>oauth1</title><p>{text}</p>\n"
    );
    let length = body.len();
    // The address has the code in it: it is neither kept nor told on.
    let page = format!(
        "HTTP/1.1 {status}\r\nContent-Type: text/html; charset=utf-8\r\nContent-Length: {length}\r\n\
         Cache-Control: no-store\r\nReferrer-Policy: no-referrer\r\nX-Content-Type-Options: nosniff\r\n\
         Content-Security-Policy: default-src 'none'\r\nConnection: close\r\n\r\n{body}"
    );
    let sent = async {
        stream.write_all(page.as_bytes()).await?;
        stream.shutdown().await
    };
    let _ = timeout(LONGEST_VISIT, sent).await;
}

const LONGEST_HEAD: usize = 32 * 1024;
const LONGEST_VISIT: Duration = Duration::from_secs(10);
const BACK_OFF: Duration = Duration::from_millis(100);
