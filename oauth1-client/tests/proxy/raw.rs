//! HTTP/1.1 by hand, on both sides of the proxy: what no library would send.

use std::{
    io::{BufRead, BufReader, Read, Write},
    net::{TcpListener, TcpStream},
    sync::mpsc::{Receiver, channel},
    thread,
};

use crate::PATIENCE;

/// One end of a connection.
pub(crate) struct Raw(BufReader<TcpStream>);

/// The head of a message, and its body if it was read.
#[derive(Debug)]
pub(crate) struct Message {
    pub(crate) first: String,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: String,
}

impl Message {
    #[track_caller]
    pub(crate) fn status(&self) -> u16 {
        self.first.split(' ').nth(1).unwrap().parse().unwrap()
    }

    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(n, _)| n == name).map(|(_, value)| value.as_str())
    }

    /// The code of an answer that is the proxy's own.
    pub(crate) fn error(&self) -> Option<&str> {
        self.header("x-oauth1-proxy-error")
    }
}

impl Raw {
    pub(crate) fn connect(address: &str) -> Self {
        Self::new(TcpStream::connect(address).unwrap())
    }

    fn new(stream: TcpStream) -> Self {
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        stream.set_nodelay(true).unwrap();
        Self(BufReader::new(stream))
    }

    pub(crate) fn send(&mut self, text: &str) {
        // Who was answered already may have gone.
        let _ = self.0.get_mut().write_all(text.as_bytes());
    }

    /// Sends a request without a body, and reads the answer.
    pub(crate) fn ask(&mut self, head: &str) -> Message {
        self.send(&format!("{}\r\n\r\n", head.replace('\n', "\r\n")));
        self.message(head.starts_with("HEAD"))
    }

    fn has_more(&mut self) -> bool {
        self.0.get_ref().set_read_timeout(Some(std::time::Duration::from_millis(20))).unwrap();
        let more = self.0.fill_buf().is_ok_and(|octets| !octets.is_empty());
        self.0.get_ref().set_read_timeout(Some(PATIENCE)).unwrap();
        more
    }

    pub(crate) fn line(&mut self) -> String {
        let mut line = String::new();
        self.0.read_line(&mut line).unwrap();
        line.trim_end().into()
    }

    pub(crate) fn head(&mut self) -> Message {
        let first = self.line();
        let mut headers = Vec::new();
        loop {
            let line = self.line();
            let Some((name, value)) = line.split_once(':') else { break };
            headers.push((name.to_ascii_lowercase(), value.trim().into()));
        }
        Message { first, headers, body: String::new() }
    }

    /// A message with its body, which ends where its headers say.
    pub(crate) fn message(&mut self, is_head: bool) -> Message {
        let mut message = self.head();
        if is_head {
        } else if let Some(length) = message.header("content-length") {
            message.body = self.octets(length.parse().unwrap());
        } else if message.header("transfer-encoding").is_some() {
            loop {
                let chunk = self.chunk();
                if chunk.is_empty() {
                    break;
                }
                message.body.push_str(&chunk);
            }
        }
        message
    }

    pub(crate) fn chunk(&mut self) -> String {
        let length = usize::from_str_radix(&self.line(), 16).unwrap();
        let chunk = self.octets(length);
        assert_eq!(self.line(), "");
        chunk
    }

    pub(crate) fn octets(&mut self, length: usize) -> String {
        let mut octets = vec![0; length];
        self.0.read_exact(&mut octets).unwrap();
        String::from_utf8(octets).unwrap()
    }

    /// Whether the other side hangs up without another word.
    pub(crate) fn is_closed(&mut self) -> bool {
        let mut rest = Vec::new();
        // A reset is a way to hang up as well.
        let _ = self.0.read_to_end(&mut rest);
        rest.is_empty()
    }
}

/// An upstream whose connections the test answers by hand.
pub(crate) struct Upstream {
    pub(crate) origin: String,
    connections: Receiver<Raw>,
}

impl Upstream {
    pub(crate) fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let origin = format!("http://{}", listener.local_addr().unwrap());
        let (hand_over, connections) = channel();
        thread::spawn(move || {
            listener.incoming().try_for_each(|stream| hand_over.send(Raw::new(stream.unwrap())))
        });
        Self { origin, connections }
    }

    pub(crate) fn accept(&self) -> Raw {
        self.connections.recv_timeout(PATIENCE).expect("nobody connects to the upstream")
    }

    /// The head of the next request. It comes by the connection that is there, or by a new one if
    /// that is not known to be idle yet.
    pub(crate) fn next(&self, server: &mut Raw) -> Message {
        let start = std::time::Instant::now();
        loop {
            if let Ok(connection) = self.connections.try_recv() {
                *server = connection;
                return server.head();
            }
            if server.has_more() {
                return server.head();
            }
            assert!(start.elapsed() < PATIENCE, "no request comes");
        }
    }
}
