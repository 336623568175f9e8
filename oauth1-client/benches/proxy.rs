//! What signing costs a proxy: requests per second through `oauth1 proxy` against the very same
//! proxy that passes requests on unsigned, which no command line can ask for.
//!
//! ```text
//! cargo bench -p oauth1-client --bench proxy
//! ```
//!
//! Clients, both proxies and the upstream run in this process and share its processors. The
//! proxies take turns, in an order that changes.
#![allow(missing_docs, clippy::unwrap_used, clippy::expect_used, clippy::print_stdout)]

// Its unit tests are the command's.
#[allow(dead_code, unused_imports)]
#[path = "../src/bin/oauth1/proxy/relay/mod.rs"]
mod relay;

use std::{
    convert::Infallible,
    future::pending,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

use http_body_util::Full;
use hyper::{
    Request, Response,
    body::{Bytes, Incoming},
    header::AUTHORIZATION,
    server::conn::http1,
    service::service_fn,
};
use hyper_util::rt::TokioIo;
use oauth1_client::{ClientCredentials, Signer, TokenCredentials, Transmission, client_builder};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
    task::JoinSet,
};

use relay::{Guard, Relay, Upstream, bind, serve};

/// How much is done.
#[derive(Clone, Copy)]
struct Size {
    rounds: usize,
    requests: usize,
    connections: usize,
}

/// What a caller sends, and how it is told apart in the table.
struct Kind {
    name: &'static str,
    head: &'static str,
    body: &'static str,
}

const KINDS: [Kind; 2] = [
    Kind { name: "GET, a query", head: "GET /1/me?status=open&page=2", body: "" },
    Kind {
        name: "POST, a form",
        head: "POST /1/statuses?include_entities=true",
        body: "status=Hello+Ladies+%2B+Gentlemen%2C+a+signed+OAuth+request%21&trim=1",
    },
];

#[tokio::main]
async fn main() {
    // `cargo test --benches` only shows that it runs.
    let size = match std::env::args().any(|argument| argument == "--bench") {
        true => Size { rounds: 60, requests: 8_000, connections: 32 },
        false => Size { rounds: 2, requests: 200, connections: 4 },
    };
    let signed = Arc::new(AtomicU64::new(0));
    let upstream = upstream(signed.clone()).await;
    let signer = Signer::new(ClientCredentials::new("app-key", "app-secret"))
        .with_token(TokenCredentials::new("access-token", "token-secret"));
    let proxies = [proxy(&upstream, None), proxy(&upstream, Some(signer))];
    println!(
        "{} rounds of {} requests, {} connections",
        size.rounds, size.requests, size.connections
    );
    println!("| | unsigned/s | signed/s | ratio | quartiles |");
    println!("|---|---|---|---|---|");
    for kind in KINDS {
        let requests = proxies.each_ref().map(|proxy| Arc::<str>::from(kind.text(proxy)));
        let mut taken = [Vec::new(), Vec::new()];
        for round in 0..=size.rounds {
            let order = if round % 2 == 0 { [0, 1] } else { [1, 0] };
            for which in order {
                let before = signed.load(Ordering::Relaxed);
                let time = run(&proxies[which], &requests[which], size).await;
                let sent = size.requests as u64 * which as u64;
                assert_eq!(signed.load(Ordering::Relaxed) - before, sent, "{}", kind.name);
                // The first round warms up.
                if round > 0 {
                    taken[which].push(time.as_secs_f64());
                }
            }
        }
        let [plain, signed] = &taken;
        let ratios = plain.iter().zip(signed).map(|(plain, signed)| plain / signed).collect();
        let rate = |times: &Vec<f64>| size.requests as f64 / quartiles(times.clone())[1];
        let [low, ratio, high] = quartiles(ratios);
        println!(
            "| {} | {:.0} | {:.0} | {ratio:.2} | {low:.2}–{high:.2} |",
            kind.name,
            rate(plain),
            rate(signed)
        );
    }
}

impl Kind {
    fn text(&self, host: &str) -> String {
        let Self { head, body, .. } = self;
        let form = match body.len() {
            0 => String::new(),
            length => format!(
                "Content-Type: application/x-www-form-urlencoded\r\nContent-Length: {length}\r\n"
            ),
        };
        format!("{head} HTTP/1.1\r\nHost: {host}\r\nAccept: */*\r\n{form}\r\n{body}")
    }
}

/// The time it takes to send the request so often and to read all answers.
async fn run(proxy: &str, request: &Arc<str>, size: Size) -> Duration {
    let mut connections = Vec::new();
    for _ in 0..size.connections {
        let stream = TcpStream::connect(proxy).await.unwrap();
        stream.set_nodelay(true).unwrap();
        connections.push(stream);
    }
    let each = size.requests / size.connections;
    let started = Instant::now();
    let mut callers = JoinSet::new();
    for mut stream in connections {
        let request = request.clone();
        callers.spawn(async move {
            let mut buffer = [0; 2_048];
            for _ in 0..each {
                stream.write_all(request.as_bytes()).await.unwrap();
                let mut length = 0;
                while !buffer[..length].ends_with(ANSWER.as_bytes()) {
                    let read = stream.read(&mut buffer[length..]).await.unwrap();
                    assert_ne!(read, 0, "{}", String::from_utf8_lossy(&buffer[..length]));
                    length += read;
                }
                assert!(buffer.starts_with(b"HTTP/1.1 200 "));
            }
        });
    }
    callers.join_all().await;
    started.elapsed()
}

/// A proxy's address. Without a signer it does everything but sign.
fn proxy(upstream: &str, signer: Option<Signer>) -> String {
    let listener = bind("127.0.0.1:0".parse().unwrap()).unwrap();
    let address = listener.local_addr().unwrap();
    let http = client_builder().no_proxy().build().unwrap();
    let base = upstream.parse().unwrap();
    let relay = Relay {
        guard: Guard::new(address, &[], None),
        upstream: Upstream::new(&base, http, signer, Transmission::Header),
        form_limit: 1 << 20,
        silence: Some(Duration::from_secs(60)),
        log: None,
    };
    tokio::spawn(serve(listener, Arc::new(relay), 512, pending()));
    address.to_string()
}

/// A server that counts what is signed, and answers shortly.
async fn upstream(signed: Arc<AtomicU64>) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let origin = format!("http://{}", listener.local_addr().unwrap());
    tokio::spawn(async move {
        loop {
            let (stream, _) = listener.accept().await.unwrap();
            stream.set_nodelay(true).unwrap();
            let signed = signed.clone();
            let service = service_fn(move |request: Request<Incoming>| {
                let is_signed = request.headers().contains_key(AUTHORIZATION);
                signed.fetch_add(u64::from(is_signed), Ordering::Relaxed);
                async { Ok::<_, Infallible>(Response::new(Full::new(Bytes::from(ANSWER)))) }
            });
            tokio::spawn(http1::Builder::new().serve_connection(TokioIo::new(stream), service));
        }
    });
    origin
}

fn quartiles(mut values: Vec<f64>) -> [f64; 3] {
    values.sort_by(f64::total_cmp);
    [1, 2, 3].map(|quarter| values[(values.len() - 1) * quarter / 4])
}

const ANSWER: &str = r#"{"id":7,"name":"somebody"}"#;
