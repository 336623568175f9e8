//! Signs what hyper sends over a connection of your own.
//!
//! With the four values in the environment (`OAUTH1_CONSUMER_KEY`, `OAUTH1_CONSUMER_SECRET`,
//! `OAUTH1_TOKEN`, `OAUTH1_TOKEN_SECRET`):
//!
//! ```text
//! cargo run -p oauth1-core --example hyper -- 'http://127.0.0.1:8080/1/me?full=1'
//! ```
//!
//! The request is built with an absolute URI, signed, and only then brought into the form in which
//! HTTP/1.1 sends it: path and query, with the host in its header.

#![cfg_attr(test, allow(clippy::unwrap_used))]

mod common;

use std::{env, error::Error};

use http::{HeaderValue, Request, Uri, header::HOST};
use http_body_util::{BodyExt, Full};
use hyper::{body::Bytes, client::conn::http1};
use hyper_util::rt::TokioIo;
use oauth1_core::Signer;
use tokio::net::TcpStream;

fn main() -> Result<(), Box<dyn Error>> {
    let url = env::args().nth(1).ok_or("usage: hyper URL")?;
    let signer = common::signer_from_environment()?;
    let request = Request::get(url).body(Bytes::new())?;
    println!("{}", block_on(send(&signer, request))?);
    Ok(())
}

fn block_on<T>(
    future: impl Future<Output = Result<T, Box<dyn Error>>>,
) -> Result<T, Box<dyn Error>> {
    tokio::runtime::Builder::new_current_thread().enable_io().build()?.block_on(future)
}

/// Signs a request and sends it; every attempt is to be signed afresh.
async fn send(signer: &Signer, mut request: Request<Bytes>) -> Result<String, Box<dyn Error>> {
    signer.sign(&mut request)?;

    let authority = request.uri().authority().ok_or("the URL has no host")?.clone();
    let path = request.uri().path_and_query().ok_or("the URL has no path")?.clone();
    request.headers_mut().insert(HOST, HeaderValue::from_str(authority.as_str())?);
    *request.uri_mut() = Uri::from(path);

    let address = (authority.host(), authority.port_u16().unwrap_or(80));
    let stream = TcpStream::connect(address).await?;
    let (mut sender, connection) = http1::handshake(TokioIo::new(stream)).await?;
    tokio::spawn(connection);
    let response = sender.send_request(request.map(Full::new)).await?;
    let status = response.status();
    let body = response.into_body().collect().await?.to_bytes();
    Ok(format!("{status}: {}", String::from_utf8_lossy(&body)))
}

#[cfg(test)]
mod tests {
    use http::header::CONTENT_TYPE;

    use super::*;
    use common::verifying::{server, signer};

    fn sent(request: impl FnOnce(&str) -> Request<Bytes>) -> String {
        let (origin, server) = server();
        let answer = block_on(send(&signer(), request(&origin))).unwrap();
        server.join().unwrap();
        answer
    }

    #[test]
    fn queries_and_forms_arrive_as_they_were_signed() {
        let query = sent(|o| Request::get(format!("{o}/a?b=%20c&d")).body(Bytes::new()).unwrap());
        assert_eq!(query, "200 OK: signed as app-key");
        let form = sent(|o| {
            Request::post(format!("{o}/a"))
                .header(CONTENT_TYPE, "application/x-www-form-urlencoded")
                .body("status=Hello+world%21".into())
                .unwrap()
        });
        assert_eq!(form, "200 OK: signed as app-key");
    }
}
