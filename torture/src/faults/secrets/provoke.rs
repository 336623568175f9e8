//! Requests of every kind, good and bad, and what the server answers to them.

use std::{net::SocketAddr, time::Duration};

use oauth1_core::{Nonce, SignableRequest, SignatureMethod, Signer, Stamp, Timestamp};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    time::timeout,
};

use super::Secrets;
use crate::harness::{
    canary::Canaries,
    forge::{HOST, Keys, now},
};

/// Sends them, and keeps the answers.
pub(super) struct Provoker {
    /// Of the last request: what its nonce is made of, and its timestamp.
    last: (u64, u64),
    /// All answers, as they came.
    pub(super) answers: Vec<u8>,
    /// How many requests were sent.
    pub(super) sent: usize,
    /// How many of them were accepted.
    pub(super) accepted: usize,
}

impl Provoker {
    pub(super) fn new() -> Self {
        Self { last: (now() << 20, 0), answers: Vec::new(), sent: 0, accepted: 0 }
    }

    /// Everything once, with keys that are good and keys that are not any more.
    pub(super) async fn run(
        &mut self,
        server: SocketAddr,
        keys: &Secrets,
        disabled: &Secrets,
        canaries: &mut Canaries,
    ) -> Result<(), String> {
        for method in [SignatureMethod::HmacSha1, SignatureMethod::HmacSha256] {
            let good = self.sign(keys, method, "GET", "/echo", 0)?;
            for _ in 0..2 {
                // The second is a replay.
                self.send(server, "GET", "/echo", &[&good], "").await;
            }
            for wrong in WRONG {
                let good = self.sign(keys, method, "GET", "/echo", 0)?;
                let bad = with_signature(&good, wrong, canaries)?;
                self.send(server, "GET", "/echo", &[&bad], "").await;
            }
            // Signed for another path, by a disabled key, with other secrets.
            let other = self.sign(keys, method, "GET", "/echo?admin=1", 0)?;
            let sent = header(&keys.keys, method, "GET", "/echo", self.last)?;
            with_signature(&other, "", canaries)?;
            self.send(server, "GET", "/echo?admin=1", &[&sent], "").await;
            let refused = self.sign(disabled, method, "GET", "/echo", 0)?;
            let bad = with_signature(&refused, WRONG[0], canaries)?;
            for header in [&refused, &bad] {
                self.send(server, "GET", "/echo", &[header], "").await;
            }
        }
        self.oddities(server, keys).await
    }

    async fn oddities(&mut self, server: SocketAddr, keys: &Secrets) -> Result<(), String> {
        let method = SignatureMethod::HmacSha1;
        for ahead in [-1_000, 1_000] {
            let header = self.sign(keys, method, "GET", "/echo", ahead)?;
            self.send(server, "GET", "/echo", &[&header], "").await;
        }
        let good = self.sign(keys, method, "GET", "/echo", 0)?;
        // The secrets themselves, as PLAINTEXT sends them, where they belong and where not.
        let (key, access) = (keys.keys.client.identifier(), keys.keys.token.identifier());
        let (app, own) = (&keys.app_secret, &keys.token_secret);
        let plain = format!(
            "OAuth oauth_consumer_key=\"{key}\", oauth_token=\"{access}\", oauth_signature_method=\"PLAINTEXT\", oauth_signature=\"{app}%26{own}\""
        );
        let many = good.replace("oauth_nonce", "oauth_unknown=\"1\", oauth_nonce");
        let headers = [
            plain,
            many,
            good.replace("oauth_version=\"1.0\"", "oauth_version=\"9.9\""),
            good.replace("oauth_nonce=\"", "oauth_nonce=\"%FF%00"),
            good.replace("oauth_timestamp=\"", "oauth_timestamp=\"x"),
            good.replace("oauth_consumer_key=\"", "oauth_consumer_key=\"unknown"),
            good.replace("oauth_token=\"", "oauth_token=\"unknown"),
            good.replace("oauth_signature=", "oauth_signature=\"twice\", oauth_signature="),
            good.replace("HMAC-SHA1", "RSA-SHA1"),
            format!("{good}, x=\"{}\"", "y".repeat(9_000)),
            "OAuth".to_owned(),
            "Basic Zm9vOmJhcg==".to_owned(),
            String::new(),
        ];
        for header in &headers {
            self.send(server, "GET", "/echo", &[header], "").await;
        }
        self.send(server, "GET", "/echo", &[&good, &good], "").await;
        for body in ["a=1&b=%FF", "oauth_nonce=again", "%%%", "a=1", ""] {
            let header = self.sign(keys, method, "POST", "/echo", 0)?;
            self.send(server, "POST", "/echo", &[&header], body).await;
        }
        for path in ["/", "/nowhere", "/echo/..", "*"] {
            let header = good.clone();
            self.send(server, "GET", path, &[&header], "").await;
        }
        self.exchange(server, b"\x16\x03\x01 not HTTP\r\n\r\n").await;
        self.exchange(server, TWO_HOSTS).await;
        Ok(())
    }

    /// A header for a request with the next nonce.
    fn sign(
        &mut self,
        secrets: &Secrets,
        method: SignatureMethod,
        verb: &str,
        path: &str,
        ahead: i64,
    ) -> Result<String, String> {
        self.last = (self.last.0 + 1, now().saturating_add_signed(ahead));
        header(&secrets.keys, method, verb, path, self.last)
    }

    async fn send(
        &mut self,
        server: SocketAddr,
        verb: &str,
        path: &str,
        headers: &[&String],
        body: &str,
    ) {
        let mut request =
            format!("{verb} {path} HTTP/1.1\r\nHost: {HOST}\r\nConnection: close\r\n");
        for header in headers {
            request += &format!("Authorization: {header}\r\n");
        }
        if verb == "POST" {
            let length = body.len();
            request += &format!(
                "Content-Type: application/x-www-form-urlencoded\r\nContent-Length: {length}\r\n"
            );
        }
        request += "\r\n";
        request += body;
        self.exchange(server, request.as_bytes()).await;
    }

    async fn exchange(&mut self, server: SocketAddr, request: &[u8]) {
        let mut answer = Vec::new();
        let exchanged = timeout(Duration::from_secs(3), async {
            let mut stream = TcpStream::connect(server).await?;
            stream.write_all(request).await?;
            stream.read_to_end(&mut answer).await
        });
        // What came is what counts, however it ended.
        let _ = exchanged.await;
        self.sent += 1;
        self.accepted += usize::from(answer.starts_with(b"HTTP/1.1 200"));
        self.answers.append(&mut answer);
    }
}

fn header(
    keys: &Keys,
    method: SignatureMethod,
    verb: &str,
    path: &str,
    (number, timestamp): (u64, u64),
) -> Result<String, String> {
    let url = format!("http://{HOST}{path}");
    let request = SignableRequest::new(verb, &url).map_err(|error| error.to_string())?;
    let nonce = Nonce::new(format!("{number:x}")).map_err(|error| error.to_string())?;
    let timestamp = Timestamp::from_seconds(timestamp).ok_or("no such time")?;
    let signer = Signer::new(keys.client.clone()).with_token(keys.token.clone());
    let signed = signer.with_method(method).authorize_at(&request, &Stamp::new(nonce, timestamp));
    signed.map(|header| header.as_str().to_owned()).map_err(|error| error.to_string())
}

/// The header with another signature; the right one is a secret from now on.
fn with_signature(header: &str, wrong: &str, canaries: &mut Canaries) -> Result<String, String> {
    use base64::{Engine, engine::general_purpose::STANDARD};
    let none = || "the header has no signature".to_owned();
    let (before, rest) = header.split_once(MARK).ok_or_else(none)?;
    let (escaped, after) = rest.split_once('"').ok_or_else(none)?;
    let text = escaped.replace("%2B", "+").replace("%2F", "/").replace("%3D", "=");
    let octets = STANDARD.decode(&text).map_err(|error| format!("{text}: {error}"))?;
    let name = format!("computed signature {}", canaries.count().0);
    canaries.add(&name, text.as_bytes());
    canaries.add(&name, &octets);
    Ok(format!("{before}{MARK}{wrong}\"{after}"))
}

const TWO_HOSTS: &[u8] = b"GET /echo HTTP/1.1\r\nHost: a\r\nHost: b\r\nConnection: close\r\n\r\n";
const MARK: &str = "oauth_signature=\"";
const WRONG: [&str; 4] = ["AAAAAAAAAAAAAAAAAAAAAAAAAAA%3D", "", "%%%", "c2hvcnQ%3D"];
