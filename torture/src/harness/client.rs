//! A small HTTP/1.1 client that sends octets as they are and reads answers back.

use std::{io, net::SocketAddr, time::Duration};

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    time::timeout,
};

/// One connection.
#[derive(Debug)]
pub struct Connection {
    /// The stream itself, for what no client does.
    pub stream: TcpStream,
    buffer: Vec<u8>,
}

/// What the harness looks at in an answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answer {
    /// The status code.
    pub status: u16,
    /// `oauth_problem`, if there is one.
    pub problem: Option<String>,
    /// `Retry-After` in seconds.
    pub retry_after: Option<u64>,
    /// Whether the server closes the connection after it.
    pub closes: bool,
    /// The body.
    pub body: Vec<u8>,
}

impl Answer {
    /// Whether the request was accepted.
    #[must_use]
    pub fn is_success(&self) -> bool {
        (200..300).contains(&self.status)
    }

    /// Whether it was refused as a replay.
    #[must_use]
    pub fn is_replay(&self) -> bool {
        self.status == 401 && self.problem.as_deref() == Some("nonce_used")
    }
}

impl Connection {
    /// Connects, within some seconds.
    ///
    /// # Errors
    /// What the system says.
    pub async fn open(address: SocketAddr) -> io::Result<Self> {
        let stream = timeout(PATIENCE, TcpStream::connect(address)).await??;
        stream.set_nodelay(true)?;
        Ok(Self { stream, buffer: Vec::with_capacity(1024) })
    }

    /// Sends octets and reads one answer.
    ///
    /// # Errors
    /// The connection broke, or the answer did not come within some seconds.
    pub async fn exchange(&mut self, request: &[u8]) -> io::Result<Answer> {
        timeout(PATIENCE, self.stream.write_all(request)).await??;
        self.answer().await
    }

    /// Reads one answer.
    ///
    /// # Errors
    /// The connection broke, or the answer did not come within some seconds.
    pub async fn answer(&mut self) -> io::Result<Answer> {
        self.answer_within(PATIENCE).await
    }

    /// Reads one answer.
    ///
    /// # Errors
    /// The connection broke, or the answer did not come in time.
    pub async fn answer_within(&mut self, limit: Duration) -> io::Result<Answer> {
        timeout(limit, async {
            loop {
                if let Some((answer, length)) = parse(&self.buffer)? {
                    self.buffer.drain(..length);
                    return Ok(answer);
                }
                if self.stream.read_buf(&mut self.buffer).await? == 0 {
                    return Err(io::ErrorKind::UnexpectedEof.into());
                }
            }
        })
        .await?
    }
}

/// One request on a connection of its own.
///
/// # Errors
/// The connection broke, or the answer did not come within some seconds.
pub async fn send(address: SocketAddr, request: &[u8]) -> io::Result<Answer> {
    Connection::open(address).await?.exchange(request).await
}

/// `GET` of a path, unsigned.
///
/// # Errors
/// The connection broke, or the answer did not come within some seconds.
pub async fn get(address: SocketAddr, path: &str) -> io::Result<Answer> {
    let request = format!("GET {path} HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n\r\n");
    send(address, request.as_bytes()).await
}

/// The answer at the beginning of the buffer with its length, once all of it is there.
fn parse(buffer: &[u8]) -> io::Result<Option<(Answer, usize)>> {
    let Some(head) = buffer.windows(4).position(|w| w == b"\r\n\r\n") else { return Ok(None) };
    let bad = || io::Error::new(io::ErrorKind::InvalidData, "not an HTTP answer");
    let text = std::str::from_utf8(&buffer[..head]).map_err(|_| bad())?;
    let mut lines = text.split("\r\n");
    let status = lines.next().and_then(|line| line.split(' ').nth(1)).and_then(|s| s.parse().ok());
    let mut answer = Answer {
        status: status.ok_or_else(bad)?,
        problem: None,
        retry_after: None,
        closes: false,
        body: Vec::new(),
    };
    let mut length = 0;
    for line in lines {
        let (name, value) = line.split_once(':').ok_or_else(bad)?;
        let value = value.trim();
        match name.to_ascii_lowercase().as_str() {
            "content-length" => length = value.parse().map_err(|_| bad())?,
            "retry-after" => answer.retry_after = value.parse().ok(),
            "connection" => answer.closes = value.eq_ignore_ascii_case("close"),
            _ => {}
        }
    }
    let (start, end) = (head + 4, head + 4 + length);
    if buffer.len() < end {
        return Ok(None);
    }
    answer.body = buffer[start..end].to_vec();
    let form = String::from_utf8_lossy(&answer.body);
    answer.problem = form
        .split('&')
        .find_map(|pair| pair.strip_prefix("oauth_problem="))
        .map(|problem| problem.trim().to_owned());
    Ok(Some((answer, end)))
}

const PATIENCE: Duration = Duration::from_secs(10);
