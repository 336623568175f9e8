//! An application that asks people for access, and the place where they come back to.

use std::{
    io::{Read, Write},
    net::{SocketAddr, TcpListener},
    thread,
};

use http::Request;
use oauth1_core::{
    Callback, ClientCredentials, Signer, TemporaryCredentials, TokenCredentials, Verifier,
};
use serde_json::{Value as Json, json};
use url::form_urlencoded;

use crate::desk::{Desk, PASSWORD, expect, text};

pub struct Application {
    client: ClientCredentials,
    /// Where people come back to; it leads on to another host.
    pub callback: String,
    temporary: Option<TemporaryCredentials>,
}

impl Application {
    /// With a key that may do something, and a person who can grant it.
    pub async fn new(desk: &Desk, name: &str, more: Json) -> Self {
        let callback = format!("http://{}/back", back());
        let mut key = json!({
            "display_name": "Photo Printer", "developer_name": "Grace Hopper",
            "description": "Prints your photos on good paper.",
            "scopes": ["transaction:view", "all:view"], "callbacks": [callback, "oob"],
        });
        key.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        let key = desk.key_with(name, key).await;
        let client = ClientCredentials::new(text(&key, "app_key"), text(&key, "app_secret"));
        Self { client, callback, temporary: None }
    }

    /// The path that people are sent to.
    pub async fn ask(&mut self, desk: &Desk, callback: &str) -> String {
        let callback =
            if callback == "oob" { Callback::OutOfBand } else { Callback::uri(callback) };
        let signer = Signer::new(self.client.clone()).with_callback(callback);
        let (status, form) = post(desk, &signer, "/oauth/initiate").await;
        assert_eq!(status, 200, "{form:?}");
        let temporary = TemporaryCredentials::new(
            value(&form, "oauth_token"),
            value(&form, "oauth_token_secret"),
        );
        let path = format!("/oauth/authorize?oauth_token={}", temporary.identifier());
        self.temporary = Some(temporary);
        path
    }

    /// The token, or the problem code.
    pub async fn exchange(&self, desk: &Desk, code: &str) -> Result<TokenCredentials, String> {
        let temporary = self.temporary.clone().unwrap();
        let signer =
            Signer::new(self.client.clone()).with_temporary(temporary, Verifier::new(code));
        let (status, form) = post(desk, &signer, "/oauth/token").await;
        if status != 200 {
            return Err(value(&form, "oauth_problem"));
        }
        Ok(TokenCredentials::new(value(&form, "oauth_token"), value(&form, "oauth_token_secret")))
    }

    /// Status and text of what the service says to a token.
    pub async fn call(&self, desk: &Desk, token: &TokenCredentials) -> (u16, String) {
        let signer = Signer::new(self.client.clone()).with_token(token.clone());
        let url = desk.service("/echo");
        let header = signed(&signer, "GET", &url);
        let answer = desk.http.get(url).header("authorization", header).send().await.unwrap();
        (answer.status().as_u16(), answer.text().await.unwrap())
    }
}

/// Somebody who can do nothing but grant access.
pub async fn member(desk: &Desk, name: &str) {
    let person = json!({ "name": name, "role": "member", "password": PASSWORD });
    expect(desk.own("POST", "/v1/people").json(&person), 201).await;
}

type Form = Vec<(String, String)>;

async fn post(desk: &Desk, signer: &Signer, path: &str) -> (u16, Form) {
    let url = desk.service(path);
    let header = signed(signer, "POST", &url);
    let answer = desk.http.post(url).header("authorization", header).send().await.unwrap();
    let status = answer.status().as_u16();
    let octets = answer.bytes().await.unwrap();
    (status, form_urlencoded::parse(&octets).into_owned().collect())
}

fn signed(signer: &Signer, method: &str, url: &str) -> String {
    let mut request = Request::builder().method(method).uri(url).body("").unwrap();
    signer.sign(&mut request).unwrap();
    request.headers()["authorization"].to_str().unwrap().to_owned()
}

fn value(form: &Form, name: &str) -> String {
    form.iter().find(|(found, _)| found == name).map(|(_, value)| value.clone()).unwrap_or_default()
}

/// A site that sends whoever comes to `/back` on to another host of its own, with the query.
fn back() -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    thread::spawn(move || {
        for stream in listener.incoming() {
            let Ok(mut stream) = stream else { continue };
            let mut head = [0; 4096];
            let length = stream.read(&mut head).unwrap_or(0);
            let head = String::from_utf8_lossy(&head[..length]).into_owned();
            let target = head.split(' ').nth(1).unwrap_or("/");
            let answer = match target.strip_prefix("/back") {
                Some(query) => format!(
                    "HTTP/1.1 302 Found\r\nLocation: http://localhost:{}/there{query}\r\n",
                    address.port()
                ),
                None => "HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n".to_owned(),
            };
            let body = "<title>Printer</title><p>Welcome back to the printer.</p>";
            let rest = format!("Content-Length: {}\r\nConnection: close\r\n\r\n{body}", body.len());
            let _ = stream.write_all((answer + &rest).as_bytes());
        }
    });
    address
}
