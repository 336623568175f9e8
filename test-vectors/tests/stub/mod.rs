//! Providers that do it all wrong, over plain sockets: one grants everything, one nothing.

#![allow(clippy::unwrap_used)]

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

/// Where the resource owner is sent, whatever the client asked for.
pub(crate) const CALLBACK: &str = "http://client.example/ready?state=1";

/// A provider in threads of its own, for as long as the test runs.
pub(crate) struct Stub {
    address: SocketAddr,
    signed_in: Arc<AtomicUsize>,
}

impl Stub {
    /// Issues credentials, codes and the resource to everybody.
    pub(crate) fn granting() -> Self {
        Self::start(true)
    }

    /// Refuses every request.
    pub(crate) fn refusing() -> Self {
        Self::start(false)
    }

    pub(crate) fn origin(&self) -> String {
        format!("http://{}", self.address)
    }

    /// How often somebody signed in with the right password.
    pub(crate) fn signed_in(&self) -> usize {
        self.signed_in.load(Ordering::SeqCst)
    }

    fn start(grants: bool) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let signed_in = Arc::new(AtomicUsize::new(0));
        let counter = Arc::clone(&signed_in);
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let counter = Arc::clone(&counter);
                std::thread::spawn(move || answer(stream, grants, &counter));
            }
        });
        Self { address, signed_in }
    }
}

struct Request {
    method: String,
    path: String,
    query: String,
    headers: String,
    body: String,
}

fn read(stream: &TcpStream) -> Option<Request> {
    let mut reader = BufReader::new(stream);
    let (mut line, mut headers) = (String::new(), String::new());
    reader.read_line(&mut line).ok()?;
    loop {
        let mut header = String::new();
        if reader.read_line(&mut header).ok()? <= 2 {
            break;
        }
        headers += &header.to_ascii_lowercase();
    }
    let length = headers.lines().find_map(|header| header.strip_prefix("content-length:"));
    let mut body = vec![0; length.map_or(0, |length| length.trim().parse().unwrap())];
    reader.read_exact(&mut body).ok()?;
    let mut words = line.split(' ');
    let (method, target) = (words.next()?, words.next()?);
    let (path, query) = target.split_once('?').unwrap_or((target, ""));
    let [method, path, query] = [method, path, query].map(str::to_owned);
    Some(Request { method, path, query, headers, body: String::from_utf8(body).ok()? })
}

fn answer(mut stream: TcpStream, grants: bool, signed_in: &AtomicUsize) {
    let Some(request) = read(&stream) else { return };
    let (status, fields, body) = if grants {
        granted(&request, signed_in)
    } else {
        (401, "WWW-Authenticate: OAuth\r\n".to_owned(), "refused".to_owned())
    };
    let _ = write!(
        stream,
        "HTTP/1.1 {status} -\r\n{fields}Content-Length: {}\r\nConnection: close\r\n\r\n{body}",
        body.len()
    );
}

/// Every request is granted. Only the pages for the resource owner are as they should be, so that
/// the script that acts for them is tested too: session cookie, `Origin`, hidden fields.
fn granted(request: &Request, signed_in: &AtomicUsize) -> (u16, String, String) {
    let form = "Content-Type: application/x-www-form-urlencoded\r\n".to_owned();
    let page = "Content-Type: text/html; charset=utf-8\r\n".to_owned();
    let seen = |location: &str| (303, format!("Location: {location}\r\n"), String::new());
    let host = request.headers.lines().find_map(|header| header.strip_prefix("host: "));
    let origin = format!("origin: http://{}\r\n", host.unwrap_or_default());
    if request.method == "POST" && request.path.starts_with("/oauth/authorize") {
        assert!(request.headers.contains(&origin), "no Origin: {}", request.headers);
    }
    match (request.method.as_str(), request.path.as_str()) {
        ("POST", "/oauth/authorize/sign-in") => {
            let right = "name=owner&password=canary-of-the-owner";
            if !request.body.ends_with(right) || !request.body.starts_with("next=%2Foauth") {
                return (401, page, "wrong password".to_owned());
            }
            signed_in.fetch_add(1, Ordering::SeqCst);
            seen("/oauth/authorize?signed=in\r\nSet-Cookie: session=1; SameSite=Lax; HttpOnly")
        }
        ("GET", "/oauth/authorize/sign-in") => {
            let form = r#"<form method="post" action="/oauth/authorize/sign-in">
                <input type="hidden" name="next" value="/oauth/authorize?a&amp;b">
                <input name="name"><input name="password" type="password"></form>"#;
            (200, page, form.to_owned())
        }
        ("GET", "/oauth/authorize") if !request.headers.contains("cookie: session=1") => {
            seen(&format!("/oauth/authorize/sign-in?next={}", request.query.len()))
        }
        ("GET", "/oauth/authorize") => {
            let form = r#"<form method="post" action="/oauth/authorize">
                <input type="hidden" name="oauth_token" value="temporary&amp;1">
                <button name="decision" value="allow">Allow</button></form>"#;
            (200, page, form.to_owned())
        }
        (_, "/oauth/authorize") => {
            let fields = "oauth_token=temporary%261&decision=";
            assert!(request.body.starts_with(fields), "{}", request.body);
            seen(&format!("{CALLBACK}&oauth_token=temporary&oauth_verifier=canary-verifier"))
        }
        (_, "/echo") => (200, page, "the resource".to_owned()),
        _ => {
            let credentials = "oauth_token=temporary&oauth_token_secret=canary-token-secret";
            (200, form, format!("{credentials}&oauth_callback_confirmed=true"))
        }
    }
}
