//! What the layer costs: an axum application behind it, with nonces in memory and in a journal,
//! against the same application without it.
//!
//! ```text
//! cargo bench -p oauth1-server --features journal --bench layer
//! ```
//!
//! All of them run in this process and are sent the very same octets by the same clients, in turns
//! whose order changes. Every request is signed before a turn begins, and no two are the same.
//! Clients and servers share the processors, as they do not where requests come over a network.
#![allow(missing_docs, clippy::unwrap_used, clippy::expect_used, clippy::print_stdout)]

use std::{
    net::SocketAddr,
    ops::Range,
    path::PathBuf,
    sync::{Arc, Barrier},
    thread,
    time::{Duration, Instant},
};

use axum::{Json, Router, extract::Request, routing::any};
use http_body_util::BodyExt;
use oauth1_core::{SignableRequest, Signer, Stamp};
use oauth1_server::{
    JournalNonceStore, MemoryNonceStore, NonceStore, PublicOrigin, RequestVerifier,
    VerificationLayer,
    credentials::{IssuedCredentials, MemoryCredentialStore},
};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
    runtime,
    task::JoinSet,
};
use tower::ServiceExt;

const HOST: &str = "api.example.com";
const PATH: &str = "/echo?status=open&page=2";
const CLIENTS: usize = 100;
const CAPACITY: u64 = 1 << 26;

/// The requests of each connection.
type Requests = Arc<[Vec<Vec<u8>>]>;

/// How much is done.
#[derive(Clone, Copy)]
struct Size {
    rounds: usize,
    requests: usize,
    threads: usize,
    connections: usize,
}

fn main() {
    // `cargo test --benches` and `--test` only show that it runs.
    let small = std::env::args().any(|argument| argument == "--test");
    let size = match small {
        true => Size { rounds: 2, requests: 640, threads: 2, connections: 4 },
        false => Size { rounds: 100, requests: 16_000, threads: 2, connections: 16 },
    };
    let directory = Directory::new();
    let issuer = Arc::new(MemoryCredentialStore::new());
    let issued: Vec<_> = (0..CLIENTS).map(|_| issuer.issue().unwrap()).collect();
    let memory = MemoryNonceStore::builder().first_start(true).capacity(CAPACITY).quota(CAPACITY);
    let journal = JournalNonceStore::builder(&directory.0).first_start(true);
    let journal = journal.mirror(directory.memory());
    let journal = journal.capacity(CAPACITY).quota(CAPACITY).any_file_system(true);
    let protected = |nonces: Arc<dyn NonceStore>| {
        let origin = PublicOrigin::new(&format!("http://{HOST}")).unwrap();
        application().layer(VerificationLayer::new(RequestVerifier::new(
            origin,
            issuer.clone(),
            nonces,
        )))
    };
    let applications = [
        application(),
        protected(Arc::new(memory.build().unwrap())),
        protected(Arc::new(journal.open().unwrap())),
    ];
    over_loopback(&applications, &issued, size);
    in_process(&applications, &issued, size);
}

/// A small answer in JSON about the request.
fn application() -> Router {
    Router::new().route("/echo", any(echo))
}

async fn echo(request: Request) -> Json<serde_json::Value> {
    Json(serde_json::json!({
        "method": request.method().as_str(),
        "path": request.uri().path(),
        "query": request.uri().query(),
    }))
}

/// Requests per second and times, with clients of its own.
fn over_loopback(applications: &[Router; 3], issued: &[IssuedCredentials], size: Size) {
    let server = runtime::Builder::new_multi_thread().enable_all().build().unwrap();
    let addresses = applications.clone().map(|application| {
        let listener = server.block_on(TcpListener::bind("127.0.0.1:0")).unwrap();
        let address = listener.local_addr().unwrap();
        server.spawn(async move { axum::serve(listener, application).await });
        address
    });
    let mut rounds: Vec<[Turn; 3]> = Vec::with_capacity(size.rounds);
    for round in 0..=size.rounds {
        let connections = size.threads * size.connections;
        let requests: Requests =
            (0..connections).map(|_| wire(issued, size.requests / connections)).collect();
        let mut turns = [Turn::default(); 3];
        for turn in 0..3 {
            let which = (turn + round) % 3;
            turns[which] = Turn::run(addresses[which], &requests, size);
        }
        // The first one warms up.
        if round > 0 {
            rounds.push(turns);
        }
    }
    println!(
        "{} rounds of {} requests each, {} connections; {} processors for clients and servers together; medians, and ratios within a round with their quartiles; processor time of client and server together\n",
        size.rounds,
        size.requests,
        size.threads * size.connections,
        thread::available_parallelism().map_or(0, usize::from),
    );
    println!("| | requests/s | of plain | processor time | p50 | p99 | p99 of plain |");
    println!("|---|---|---|---|---|---|---|");
    for (which, name) in NAMES.iter().enumerate() {
        let of = |value: &dyn Fn(&[Turn; 3]) -> f64| Spread::of(rounds.iter().map(value));
        println!(
            "| {name} | {:.0} | {} | {:.1} µs | {:.2} ms | {:.2} ms | {} |",
            of(&|turns| turns[which].rate).median,
            of(&|turns| turns[which].rate / turns[0].rate).show(),
            of(&|turns| turns[which].used).median,
            of(&|turns| turns[which].half).median,
            of(&|turns| turns[which].slow).median,
            of(&|turns| turns[which].slow / turns[0].slow).show(),
        );
    }
}

/// Time of one request inside the process, without connections: on one thread, in turns.
fn in_process(applications: &[Router; 3], issued: &[IssuedCredentials], size: Size) {
    let alone = runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let mut rounds: Vec<[f64; 3]> = Vec::with_capacity(size.rounds);
    for round in 0..size.rounds {
        let batch = size.requests / 4;
        let headers: Vec<String> = (0..batch).map(|n| authorization(issued, n)).collect();
        let mut turns = [0.0; 3];
        for turn in 0..3 {
            let which = (turn + round) % 3;
            let requests: Vec<_> = headers.iter().map(|header| request(header)).collect();
            turns[which] = alone.block_on(async {
                let start = Instant::now();
                for request in requests {
                    let answer = applications[which].clone().oneshot(request).await.unwrap();
                    assert_eq!(answer.status(), http::StatusCode::OK);
                    answer.into_body().collect().await.unwrap();
                }
                start.elapsed().as_secs_f64() * 1e6 / batch as f64
            });
        }
        rounds.push(turns);
    }
    println!("\nin the process, without connections, on one thread:");
    for (which, name) in NAMES.iter().enumerate() {
        let median = Spread::of(rounds.iter().map(|turns| turns[which])).median;
        println!("{name}: {median:.2} µs a request");
    }
}

fn request(authorization: &str) -> http::Request<axum::body::Body> {
    http::Request::get(PATH)
        .header("host", HOST)
        .header("authorization", authorization)
        .body(axum::body::Body::empty())
        .unwrap()
}

fn authorization(issued: &[IssuedCredentials], number: usize) -> String {
    let IssuedCredentials { client, token } = &issued[number % issued.len()];
    let url = format!("http://{HOST}{PATH}");
    let request = SignableRequest::new("GET", &url).unwrap();
    let signer = Signer::new(client.clone()).with_token(token.clone());
    signer.authorize_at(&request, &Stamp::now().unwrap()).unwrap().as_str().to_owned()
}

/// Requests as they are sent.
fn wire(issued: &[IssuedCredentials], count: usize) -> Vec<Vec<u8>> {
    let octets = |number| {
        let header = authorization(issued, number);
        format!("GET {PATH} HTTP/1.1\r\nhost: {HOST}\r\nauthorization: {header}\r\n\r\n")
            .into_bytes()
    };
    (0..count).map(octets).collect()
}

/// One application under all connections.
#[derive(Clone, Copy, Default)]
struct Turn {
    /// Requests per second.
    rate: f64,
    /// Processor time of a request in microseconds, of the client and of the server.
    used: f64,
    /// The median time of a request, in milliseconds.
    half: f64,
    /// The time that 1 % of the requests exceed.
    slow: f64,
}

impl Turn {
    fn run(address: SocketAddr, requests: &Requests, size: Size) -> Self {
        let gate = Arc::new(Barrier::new(size.threads + 1));
        let clients: Vec<_> = (0..size.threads)
            .map(|number| {
                let (requests, gate) = (requests.clone(), gate.clone());
                let own = number * size.connections..(number + 1) * size.connections;
                thread::spawn(move || clients(address, &requests, own, &gate))
            })
            .collect();
        gate.wait();
        let (start, used) = (Instant::now(), used_time());
        let mut times: Vec<_> =
            clients.into_iter().flat_map(|client| client.join().unwrap()).collect();
        let (elapsed, used) = (start.elapsed(), used_time() - used);
        times.sort();
        let at = |share: usize| times[times.len() * share / 100].as_secs_f64() * 1e3;
        let count = times.len() as f64;
        Self {
            rate: count / elapsed.as_secs_f64(),
            used: used.as_secs_f64() * 1e6 / count,
            half: at(50),
            slow: at(99),
        }
    }
}

/// What this process used of the processors.
fn used_time() -> Duration {
    let used = rustix::time::clock_gettime(rustix::time::ClockId::ProcessCPUTime);
    Duration::try_from(used).unwrap()
}

/// The connections of one thread.
fn clients(
    address: SocketAddr,
    requests: &Requests,
    own: Range<usize>,
    gate: &Barrier,
) -> Vec<Duration> {
    let alone = runtime::Builder::new_current_thread().enable_all().build().unwrap();
    alone.block_on(async {
        let mut streams = Vec::new();
        for number in own {
            let stream = TcpStream::connect(address).await.unwrap();
            stream.set_nodelay(true).unwrap();
            streams.push((stream, number));
        }
        gate.wait();
        let mut tasks = JoinSet::new();
        for (stream, number) in streams {
            let requests = requests.clone();
            tasks.spawn(async move { send(stream, &requests[number]).await });
        }
        tasks.join_all().await.concat()
    })
}

/// Sends one after the other, and gives the time of each.
async fn send(mut stream: TcpStream, requests: &[Vec<u8>]) -> Vec<Duration> {
    let mut times = Vec::with_capacity(requests.len());
    let mut answer = vec![0; 4096];
    for request in requests {
        let start = Instant::now();
        stream.write_all(request).await.unwrap();
        let mut length = 0;
        while !is_complete(&answer[..length]) {
            let read = stream.read(&mut answer[length..]).await.unwrap();
            assert!(read > 0, "the connection ended");
            length += read;
        }
        times.push(start.elapsed());
        let text = String::from_utf8_lossy(&answer[..length]);
        assert!(text.starts_with("HTTP/1.1 200 "), "{text}");
    }
    times
}

/// Every answer of [`echo`] ends with the only brace that closes.
fn is_complete(answer: &[u8]) -> bool {
    answer.last() == Some(&b'}')
}

/// A median with its quartiles.
struct Spread {
    median: f64,
    quartiles: [f64; 2],
}

impl Spread {
    fn of(values: impl Iterator<Item = f64>) -> Self {
        let mut values: Vec<f64> = values.collect();
        values.sort_by(f64::total_cmp);
        let at = |quarter: usize| values[(values.len() - 1) * quarter / 4];
        Self { median: at(2), quartiles: [at(1), at(3)] }
    }

    fn show(&self) -> String {
        let [low, high] = self.quartiles;
        format!("{:.3} × ({low:.3}–{high:.3})", self.median)
    }
}

/// A directory that is removed when this value is dropped.
struct Directory(PathBuf);

impl Directory {
    fn new() -> Self {
        let this = Self(std::env::temp_dir().join(format!("oauth1-layer-{}", std::process::id())));
        std::fs::create_dir_all(this.memory()).unwrap();
        this
    }

    /// Where the journal has its mirror.
    fn memory(&self) -> PathBuf {
        PathBuf::from("/dev/shm").join(self.0.file_name().unwrap())
    }
}

impl Drop for Directory {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
        let _ = std::fs::remove_dir_all(self.memory());
    }
}

const NAMES: [&str; 3] = ["plain", "layer, nonces in memory", "layer, nonces in a journal"];
