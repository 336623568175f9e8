//! What the examples share: the four values from the environment, and, for their tests, a server
//! that verifies one request.

use std::{env, error::Error};

use oauth1_core::{ClientCredentials, Signer, TokenCredentials};

/// Signs with the values in `OAUTH1_CONSUMER_KEY` and so on.
pub(crate) fn signer_from_environment() -> Result<Signer, Box<dyn Error>> {
    let value = |name: &str| env::var(name).map_err(|_| format!("set {name}"));
    Ok(Signer::new(ClientCredentials::new(
        value("OAUTH1_CONSUMER_KEY")?,
        value("OAUTH1_CONSUMER_SECRET")?,
    ))
    .with_token(TokenCredentials::new(value("OAUTH1_TOKEN")?, value("OAUTH1_TOKEN_SECRET")?)))
}

#[cfg(test)]
pub(crate) mod verifying {
    use std::{
        io::{Read, Write},
        net::TcpListener,
        thread::{self, JoinHandle},
    };

    use oauth1_core::{
        ClientCredentials, Limits, PresentedRequest, SharedSecret, SignableBody, SignableRequest,
        SignatureMethod, Signer, TokenCredentials, VerificationKey,
    };

    pub(crate) fn signer() -> Signer {
        Signer::new(ClientCredentials::new("app-key", "app-secret"))
            .with_token(TokenCredentials::new("access-token", "token-secret"))
    }

    /// Answers one request: 200 if its signature is right, and the body says why if it is not.
    pub(crate) fn server() -> (String, JoinHandle<()>) {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let origin = format!("http://{}", listener.local_addr().unwrap());
        let thread = thread::spawn(move || {
            let (mut stream, _) = listener.accept().unwrap();
            let (head, body) = request(&mut stream);
            let (status, text) = match check(&head, &body) {
                Ok(()) => ("200 OK", String::from("signed as app-key")),
                Err(why) => ("401 Unauthorized", why),
            };
            let length = text.len();
            write!(
                stream,
                "HTTP/1.1 {status}\r\nContent-Length: {length}\r\nConnection: close\r\n\r\n{text}"
            )
            .unwrap();
        });
        (origin, thread)
    }

    fn request(stream: &mut impl Read) -> (String, Vec<u8>) {
        let (mut received, mut chunk) = (Vec::new(), [0; 4_096]);
        loop {
            let end = received.windows(4).position(|window| window == b"\r\n\r\n");
            if let Some(end) = end {
                let head = String::from_utf8(received[..end].to_vec()).unwrap();
                let length = header(&head, "content-length").map_or(0, |v| v.parse().unwrap());
                if received.len() >= end + 4 + length {
                    return (head, received[end + 4..].to_vec());
                }
            }
            let read = stream.read(&mut chunk).unwrap();
            assert_ne!(read, 0, "the request broke off");
            received.extend_from_slice(&chunk[..read]);
        }
    }

    fn check(head: &str, body: &[u8]) -> Result<(), String> {
        let mut line = head.split_whitespace();
        let (method, path) = (line.next().unwrap(), line.next().unwrap());
        let url = format!("http://{}{path}", header(head, "host").unwrap());
        let request = SignableRequest::new(method, &url).map_err(|e| e.to_string())?;
        let request = request.with_body(SignableBody::of(header(head, "content-type"), body));
        let authorization = header(head, "authorization").ok_or("no Authorization header")?;
        let presented =
            PresentedRequest::parse(&request, &[authorization.as_bytes()], Limits::default())
                .map_err(|e| e.to_string())?
                .ok_or("the request is not signed")?;
        let key = VerificationKey::shared(
            SignatureMethod::HmacSha1,
            &SharedSecret::new("app-secret"),
            Some(&SharedSecret::new("token-secret")),
        )
        .unwrap();
        presented.verify_signature(&key).map(|_| ()).map_err(|e| e.to_string())
    }

    fn header<'a>(head: &'a str, name: &str) -> Option<&'a str> {
        head.lines().skip(1).find_map(|line| {
            let (found, value) = line.split_once(':')?;
            found.eq_ignore_ascii_case(name).then(|| value.trim())
        })
    }
}
