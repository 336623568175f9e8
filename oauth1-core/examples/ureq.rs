//! Signs what ureq sends: blocking, without an async runtime.
//!
//! With the four values in the environment (`OAUTH1_CONSUMER_KEY`, `OAUTH1_CONSUMER_SECRET`,
//! `OAUTH1_TOKEN`, `OAUTH1_TOKEN_SECRET`):
//!
//! ```text
//! cargo run -p oauth1-core --example ureq -- 'http://127.0.0.1:8080/1/me?full=1'
//! ```
//!
//! For `https`, ureq needs its feature `rustls` or `native-tls`.

#![cfg_attr(test, allow(clippy::unwrap_used))]

mod common;

use std::{env, error::Error};

use http::Request;
use oauth1_core::Signer;
use ureq::Agent;

fn main() -> Result<(), Box<dyn Error>> {
    let url = env::args().nth(1).ok_or("usage: ureq URL")?;
    let request = Request::get(url).body(String::new())?;
    println!("{}", send(&agent(), &common::signer_from_environment()?, request)?);
    Ok(())
}

/// A redirect would carry the signature of another address along, so none is followed.
fn agent() -> Agent {
    Agent::config_builder().max_redirects(0).http_status_as_error(false).build().into()
}

/// Signs a request and sends it; every attempt is to be signed afresh.
fn send(
    agent: &Agent,
    signer: &Signer,
    mut request: Request<String>,
) -> Result<String, Box<dyn Error>> {
    signer.sign(&mut request)?;
    let mut response = agent.run(request)?;
    Ok(format!("{}: {}", response.status(), response.body_mut().read_to_string()?))
}

#[cfg(test)]
mod tests {
    use http::header::CONTENT_TYPE;

    use super::*;
    use common::verifying::{server, signer};

    fn sent(request: impl FnOnce(&str) -> Request<String>) -> String {
        let (origin, server) = server();
        let answer = send(&agent(), &signer(), request(&origin)).unwrap();
        server.join().unwrap();
        answer
    }

    #[test]
    fn queries_and_forms_arrive_as_they_were_signed() {
        let query = sent(|o| Request::get(format!("{o}/a?b=%20c&d")).body("".into()).unwrap());
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
