//! Redirects: signed afresh within the origin, not followed out of it.

use std::{io::ErrorKind, net::TcpListener, time::Duration};

use oauth1_client::{
    Client, RedirectError, Retries, SendError, SignRequest, Transmission, client_builder,
};
use reqwest::{Response, header::AUTHORIZATION};

use crate::{
    server::{Server, redirect},
    signer,
};

fn client() -> Client {
    // The limit only keeps a failing test from waiting for a host that never answers.
    let builder = reqwest::Client::builder().no_proxy().timeout(Duration::from_secs(20));
    Client::with_builder(signer(), builder).unwrap()
}

fn hello() -> axum::http::Response<axum::body::Body> {
    axum::http::Response::new("hello".into())
}

fn refused(result: Result<Response, SendError>) -> RedirectError {
    match result {
        Err(SendError::Redirect(error)) => error,
        other => panic!("{other:?}"),
    }
}

/// A second host, which counts who calls.
fn elsewhere() -> (TcpListener, String) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    listener.set_nonblocking(true).unwrap();
    let origin = format!("http://{}", listener.local_addr().unwrap());
    (listener, origin)
}

#[tokio::test]
async fn each_hop_has_its_own_nonce_and_a_right_signature() {
    for status in [301, 302, 303, 307, 308] {
        let server = Server::start(move |_, number| match number {
            0 => redirect(status, "/second?b=2#f"),
            1 => redirect(status, "third"),
            _ => hello(),
        });
        let client = client();
        let request = client.http().post(server.url("/first?a=1")).form(&[("c", "3")]);
        let response = client.send(request).await.unwrap();
        assert_eq!(response.text().await.unwrap(), "hello");
        assert_eq!(server.verified_nonces().len(), 3);
        let keeps = status > 303;
        let last = server.seen().pop().unwrap();
        assert_eq!(last.target, "/third");
        assert_eq!(last.method, if keeps { "POST" } else { "GET" });
        assert_eq!(last.body.as_ref(), if keeps { &b"c=3"[..] } else { b"" });
        assert_eq!(last.headers.contains_key("content-type"), keeps);
    }
}

#[tokio::test]
async fn parameters_in_the_query_are_made_afresh_too() {
    let server =
        Server::start(|_, number| if number == 0 { redirect(302, "?b=2") } else { hello() });
    let client = client().with_transmission(Transmission::Query);
    client.send(client.http().get(server.url("/a?x=1"))).await.unwrap();
    assert_eq!(server.verified_nonces().len(), 2);
    assert!(server.seen()[1].target.starts_with("/a?b=2&oauth_"));
}

#[tokio::test]
async fn parameters_in_a_body_move_to_the_header_when_the_body_goes() {
    for (status, kept) in [(303, false), (307, true)] {
        let server =
            Server::start(move |_, n| if n == 0 { redirect(status, "/b") } else { hello() });
        let client = client().with_transmission(Transmission::Body);
        client.send(client.http().post(server.url("/a")).form(&[("c", "3")])).await.unwrap();
        assert_eq!(server.verified_nonces().len(), 2);
        assert_eq!(server.seen()[1].headers.contains_key(AUTHORIZATION), !kept);
        assert_eq!(server.seen()[1].body.starts_with(b"c=3&oauth_"), kept);
    }
}

#[tokio::test]
async fn nothing_reaches_another_origin() {
    for status in [301, 302, 303, 307, 308] {
        let (second, origin) = elsewhere();
        let target = format!("{origin}/steal?canary=1");
        let first = Server::start(move |_, _| redirect(status, &target));
        let client = client();
        let request = client.http().post(first.url("/")).form(&[("c", "3")]);
        let error = refused(client.send(request).await);
        assert_eq!(error, RedirectError::OtherOrigin { origin: origin.clone() });
        let shown = error.to_string();
        assert!(shown.contains(&origin) && !shown.contains("canary"), "{shown}");
        // Had anybody connected, the connection would wait here to be accepted.
        assert_eq!(second.accept().unwrap_err().kind(), ErrorKind::WouldBlock);
        assert_eq!(first.verified_nonces().len(), 1);
    }
}

#[tokio::test]
async fn ten_redirects_are_enough() {
    let server = Server::start(|_, _| redirect(302, "/"));
    let client = client();
    let error = refused(client.send(client.http().get(server.url("/"))).await);
    assert_eq!(error, RedirectError::TooMany(10));
    assert_eq!(server.verified_nonces().len(), 11);
}

#[tokio::test]
async fn a_stream_is_not_sent_twice() {
    let server = Server::start(|seen, _| match seen.target.as_str() {
        "/again" => redirect(307, "/next"),
        "/other" => redirect(303, "/next"),
        _ => hello(),
    });
    let client = client();
    let upload = |path: &str| {
        let form = reqwest::multipart::Form::new().text("a", "b");
        client.send(client.http().post(server.url(path)).multipart(form))
    };
    assert_eq!(refused(upload("/again").await), RedirectError::Body);
    assert!(upload("/other").await.unwrap().status().is_success());
    assert_eq!(server.verified_nonces().len(), 3);
}

#[tokio::test]
async fn what_is_no_redirect_is_an_answer() {
    for status in [200, 300, 304, 401, 503] {
        let server = Server::start(move |_, _| redirect(status, "http://other.invalid/"));
        let client = client().with_retries(Retries::none());
        let response = client.send(client.http().get(server.url("/"))).await.unwrap();
        assert_eq!(response.status().as_u16(), status);
        assert_eq!(server.verified_nonces().len(), 1);
    }
    let server = Server::start(|_, _| {
        let mut response = redirect(302, "/");
        response.headers_mut().remove("location");
        response
    });
    let client = client();
    let response = client.send(client.http().get(server.url("/"))).await.unwrap();
    assert_eq!(response.status().as_u16(), 302);
}

#[tokio::test]
async fn the_builder_for_other_clients_follows_nothing() {
    let server = Server::start(|_, _| redirect(302, "/next"));
    let http = client_builder().no_proxy().build().unwrap();
    let request = http.get(server.url("/")).sign_oauth1(&signer()).unwrap();
    assert_eq!(request.send().await.unwrap().status().as_u16(), 302);
    assert!(server.only().headers.contains_key(AUTHORIZATION));
}
