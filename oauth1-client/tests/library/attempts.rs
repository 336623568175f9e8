//! Requests that are sent again: each attempt signed afresh, and no nonce twice.

use std::{
    net::TcpListener,
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use axum::{body::Body, http::Response};
use oauth1_client::{Client, Problem, ProblemReport, Retries, SendError, Transmission, accepted};
use reqwest::header::AUTHORIZATION;

use crate::{
    server::{Seen, Server},
    signer,
};

fn client() -> Client {
    let builder = reqwest::Client::builder().no_proxy().timeout(Duration::from_secs(20));
    let retries = Retries { pause: Duration::from_millis(2), ..Retries::default() };
    Client::with_builder(signer(), builder).unwrap().with_retries(retries)
}

fn answer(status: u16, headers: &[(&str, &str)], body: &str) -> Response<Body> {
    let mut response = Response::builder().status(status);
    for (name, value) in headers {
        response = response.header(*name, *value);
    }
    response.body(body.to_owned().into()).unwrap()
}

#[tokio::test]
async fn busy_servers_are_asked_again_with_new_nonces() {
    for status in [429, 503] {
        let server = Server::start(move |_, number| match number {
            0 => answer(status, &[], ""),
            1 => answer(status, &[("retry-after", "0")], ""),
            _ => answer(200, &[], "hello"),
        });
        let client = client();
        let request = client.http().post(server.url("/a")).form(&[("b", "1")]);
        let response = client.send(request).await.unwrap();
        assert_eq!(response.status(), 200);
        assert_eq!(server.verified_nonces().len(), 3);
        assert!(server.seen().iter().all(|seen| &*seen.body == b"b=1"));
    }
}

#[tokio::test]
async fn it_ends_with_what_the_server_says_last() {
    let server = Server::start(|_, _| answer(503, &[], "busy"));
    let client = client();
    let response = client.send(client.http().get(server.url("/"))).await.unwrap();
    assert_eq!((response.status().as_u16(), server.verified_nonces().len()), (503, 3));
    assert_eq!(response.text().await.unwrap(), "busy");
    let once = client.with_retries(Retries::none());
    once.send(once.http().get(server.url("/"))).await.unwrap();
    assert_eq!(server.seen().len(), 4);
}

#[tokio::test]
async fn nobody_waits_longer_than_he_likes() {
    let server = Server::start(|_, _| answer(503, &[("retry-after", "31")], ""));
    let client = client();
    let response = client.send(client.http().get(server.url("/"))).await.unwrap();
    let refused = accepted(response).await.unwrap().unwrap_err();
    assert_eq!((server.seen().len(), refused.retry_after), (1, Some(Duration::from_secs(31))));
}

#[tokio::test]
async fn other_answers_and_streams_are_not_asked_for_again() {
    for status in [200, 400, 401, 404, 500, 502, 504] {
        let server = Server::start(move |_, _| answer(status, &[], ""));
        let client = client();
        client.send(client.http().get(server.url("/"))).await.unwrap();
        assert_eq!(server.seen().len(), 1, "{status}");
    }
    let server = Server::start(|_, _| answer(503, &[], ""));
    let client = client();
    let stream = crate::sign::stream();
    let response = client.send(client.http().post(server.url("/")).body(stream)).await.unwrap();
    assert_eq!((response.status().as_u16(), server.seen().len()), (503, 1));
}

#[tokio::test]
async fn a_server_that_is_not_there_is_tried_again() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    drop(listener);
    let client = client();
    let sent = client.send(client.http().post(format!("http://{address}/")).body("x")).await;
    let Err(SendError::Http(error)) = sent else { panic!("{sent:?}") };
    assert!(error.is_connect());
}

#[tokio::test]
async fn a_connection_that_breaks_is_tried_again_where_nothing_can_happen_twice() {
    for (method, requests) in [("GET", 3), ("PUT", 3), ("POST", 1), ("PATCH", 1)] {
        let (server, count) = breaking();
        let client = client();
        let method = method.parse().unwrap();
        let sent = client.send(client.http().request(method, &server).body("x")).await;
        assert!(matches!(sent, Err(SendError::Http(_))), "{sent:?}");
        assert_eq!(count.load(std::sync::atomic::Ordering::SeqCst), requests);
    }
}

/// Reads a request, and hangs up.
fn breaking() -> (String, std::sync::Arc<std::sync::atomic::AtomicU32>) {
    use std::io::Read;
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let origin = format!("http://{}", listener.local_addr().unwrap());
    let count = std::sync::Arc::new(std::sync::atomic::AtomicU32::new(0));
    let counted = count.clone();
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let (mut stream, mut head) = (stream.unwrap(), [0; 4096]);
            // It is counted before the client learns that the connection broke.
            if stream.read(&mut head).unwrap_or(0) > 0 {
                counted.fetch_add(1, std::sync::atomic::Ordering::SeqCst);
            }
        }
    });
    (origin, count)
}

/// Refuses what is not stamped for an hour ahead, as the test says.
fn an_hour_ahead(tell: fn(u64) -> Response<Body>) -> Server {
    Server::start(move |seen, _| {
        let server = now() + 3_600;
        if stamped(seen).abs_diff(server) <= 300 { answer(200, &[], "hello") } else { tell(server) }
    })
}

fn now() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs()
}

/// `oauth_timestamp`, wherever it stands.
fn stamped(seen: &Seen) -> u64 {
    let header = seen.headers.get(AUTHORIZATION).map_or("", |value| value.to_str().unwrap());
    let body = String::from_utf8_lossy(&seen.body);
    let all = format!("{header}&{}&{body}", seen.target).replace('"', "");
    let (_, rest) = all.split_once("oauth_timestamp=").unwrap();
    rest.split(|c: char| !c.is_ascii_digit()).next().unwrap().parse().unwrap()
}

#[tokio::test]
async fn the_clock_of_the_server_is_learned_once_and_kept() {
    let by_range = |server: u64| {
        let report = ProblemReport::timestamp_refused(server - 300, server + 300);
        let mut challenge = "OAuth realm=\"x\"".to_owned();
        report.push_to_challenge(&mut challenge);
        answer(401, &[("www-authenticate", &challenge)], "")
    };
    let in_the_body = |server: u64| {
        let report = ProblemReport::timestamp_refused(server - 300, server + 300);
        let form = [("content-type", "application/x-www-form-urlencoded")];
        answer(401, &form, &report.to_form())
    };
    let by_date = |server: u64| {
        let date = httpdate::fmt_http_date(UNIX_EPOCH + Duration::from_secs(server));
        let report = ProblemReport::new(Problem::TimestampRefused).to_form();
        let headers = [
            ("date", &*date),
            ("content-type", "application/x-www-form-urlencoded; charset=utf-8"),
        ];
        answer(401, &headers, &report)
    };
    for tell in [by_range, in_the_body, by_date] {
        let server = an_hour_ahead(tell);
        let client = client();
        for requests in [2, 3] {
            let response = client.send(client.http().get(server.url("/"))).await.unwrap();
            assert_eq!((response.status().as_u16(), server.seen().len()), (200, requests));
        }
        assert!((3_590..=3_610).contains(&client.clock_offset()), "{}", client.clock_offset());
        server.verified_nonces();
        // In the other places as well; and clones know what one of them has learned.
        for transmission in [Transmission::Query, Transmission::Body] {
            let client = client.clone().with_transmission(transmission);
            let request = client.http().post(server.url("/?a=1")).form(&[("b", "2")]);
            assert_eq!(client.send(request).await.unwrap().status(), 200);
        }
    }
}

#[tokio::test]
async fn a_server_that_is_never_content_is_asked_twice() {
    let server = Server::start(|_, number| {
        let report =
            ProblemReport::timestamp_refused(now() + 50 * (number as u64 + 1), now() + 900);
        let form = [("content-type", "application/x-www-form-urlencoded")];
        answer(401, &form, &report.to_form())
    });
    let client = client();
    let response = client.send(client.http().get(server.url("/"))).await.unwrap();
    let refused = accepted(response).await.unwrap().unwrap_err();
    assert_eq!((refused.problem(), server.seen().len()), (Some(Problem::TimestampRefused), 2));
    // Beyond the bound nothing is learned, and the answer is there as it came.
    let client = self::client().with_clock_bound(0);
    let response = client.send(client.http().get(server.url("/"))).await.unwrap();
    assert_eq!(client.clock_offset(), 0);
    assert!(response.text().await.unwrap().starts_with("oauth_problem=timestamp_refused"));
}
