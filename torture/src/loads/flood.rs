//! Requests that nobody signed.

use std::{
    fs, io,
    path::Path,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use tokio::time::{Instant, sleep};

use super::finding;
use crate::{
    Scale, Setup,
    faults::Measured,
    harness::{
        client::{self, Connection},
        forge::{HOST, now},
        run::Run,
        senders::Senders,
        server::{Server, Site},
    },
    report::Finding,
};

/// L7: a flood of unsigned and badly signed requests.
pub(super) async fn unsigned(setup: &Setup) -> Finding {
    let seconds = setup.scale.pick(4, 20);
    let what = format!(
        "{CONNECTIONS} connections send requests that are unsigned or signed by nobody, with random keys, tokens, nonces, signature methods, methods and paths, as many as are answered, for {seconds} s; {RATE} honest ones a second before and meanwhile"
    );
    let goal = "memory grows ≤ 16 MB; p99 of honest requests ≤ 5 × that without the flood, none fails; the database grows ≤ 8.4 MB (it keeps the latest refusals), no nonce kept, no metric line more; ≤ 50 lines of log a second";
    finding("L7", what, goal, flood(setup, seconds).await)
}

async fn flood(setup: &Setup, seconds: u64) -> Measured {
    let site = Site::new(&setup.program)?;
    let mut run = Run::new(&site.create_keys("honest")?);
    let server = site.start().await?;
    let known = run.forge.client().to_owned();
    // Every kind of answer once, so that its lines are there.
    for number in 0..u64::from(KINDS) * 2 {
        client::send(server.address, &request(number, &known)).await?;
    }
    let start = Instant::now();
    let honest = Senders::start(server.address, &run, 4, Some(RATE))?;
    sleep(Duration::from_secs(seconds.min(5))).await;
    let quiet = honest.stop(start).await?;
    run.note(&quiet.sendings);
    let before = State::of(&server, &site.data).await?;

    let stop = Arc::new(AtomicBool::new(false));
    let start = Instant::now();
    let honest = Senders::start(server.address, &run, 4, Some(RATE))?;
    let flood = std::thread::spawn({
        let (stop, address) = (stop.clone(), server.address);
        move || send_all(address, &known, &stop)
    });
    sleep(Duration::from_secs(seconds)).await;
    stop.store(true, Ordering::Relaxed);
    let joined = tokio::task::spawn_blocking(move || flood.join()).await;
    let (sent, passed) = joined
        .map_err(|error| error.to_string())?
        .map_err(|_| "the flood panicked".to_owned())?
        .map_err(|error| error.to_string())?;
    let lasted = start.elapsed().as_secs_f64();
    let honest = honest.stop(start).await?;
    run.note(&honest.sendings);
    let after = State::of(&server, &site.data).await?;

    let grown = after.memory.saturating_sub(before.memory) as f64 / 1e6;
    let kept = after.nonces - before.nonces;
    let logged = after.logged - before.logged;
    let written = after.database.saturating_sub(before.database) as f64 / 1e6;
    let measured = format!(
        "{sent} at {:.0}/s, {passed} of them accepted; memory + {grown:.1} MB; honest {} of {} accepted, p99 {:.2} ms and {:.2} ms before ({:.1} ×); {kept} nonces kept of {} accepted; database + {written:.1} MB; {} metric lines before, {} after; {logged} lines of log",
        sent as f64 / lasted,
        honest.counts.accepted,
        honest.counts.sent,
        honest.millis(99),
        quiet.millis(99),
        honest.millis(99) / quiet.millis(99),
        honest.counts.accepted,
        before.metrics,
        after.metrics,
    );
    // Times are not compared where others may be busy.
    let short = setup.scale == Scale::Short;
    let met = passed == 0
        && grown <= 16.0
        && honest.all_accepted()
        && (short || honest.millis(99) <= 5.0 * quiet.millis(99))
        && kept == honest.counts.accepted
        // The latest refusals of each key, and of senders without one, are kept.
        && written <= DATABASE
        && after.metrics == before.metrics
        && logged <= LOGGED * (lasted.ceil() as usize + 1);
    Ok((measured, met))
}

/// What a flood must not change.
struct State {
    memory: u64,
    nonces: u64,
    metrics: usize,
    logged: usize,
    /// Octets.
    database: u64,
}

impl State {
    async fn of(server: &Server, data: &Path) -> Result<Self, String> {
        let metrics = client::get(server.admin, "/metrics").await;
        let metrics = metrics.map_err(|error| error.to_string())?.body;
        let text = String::from_utf8_lossy(&metrics);
        Ok(Self {
            memory: server.resident().map_err(|error| error.to_string())?,
            nonces: server.metric("oauth1_nonce_entries").await? as u64,
            metrics: text.lines().filter(|line| !line.starts_with('#')).count(),
            logged: server.log().lines().count(),
            database: database(data).map_err(|error| error.to_string())?,
        })
    }
}

/// The size of the database with its log.
fn database(data: &Path) -> io::Result<u64> {
    let mut octets = 0;
    for entry in fs::read_dir(data)? {
        let entry = entry?;
        let name = entry.file_name().to_string_lossy().into_owned();
        if name.contains("sqlite") && !name.ends_with("-shm") {
            octets += entry.metadata()?.len();
        }
    }
    Ok(octets)
}

/// Sends until told to stop, on a thread of its own; how many, and how many were accepted.
fn send_all(
    address: std::net::SocketAddr,
    known: &str,
    stop: &Arc<AtomicBool>,
) -> io::Result<(u64, u64)> {
    let alone = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    alone.block_on(async {
        let mut tasks = tokio::task::JoinSet::new();
        for of in 0..CONNECTIONS {
            let (known, stop) = (known.to_owned(), stop.clone());
            tasks.spawn(async move {
                let (mut sent, mut passed) = (0, 0);
                while !stop.load(Ordering::Relaxed) {
                    let mut connection = Connection::open(address).await?;
                    loop {
                        if stop.load(Ordering::Relaxed) {
                            break;
                        }
                        let octets = request(sent * CONNECTIONS + of, &known);
                        sent += 1;
                        let Ok(answer) = connection.exchange(&octets).await else { break };
                        passed += u64::from(answer.is_success());
                        if answer.closes {
                            break;
                        }
                    }
                }
                io::Result::Ok((sent, passed))
            });
        }
        let mut all = (0, 0);
        for done in tasks.join_all().await {
            let (sent, passed) = done?;
            all = (all.0 + sent, all.1 + passed);
        }
        Ok(all)
    })
}

/// One of several kinds, with all in it that a sender can choose.
fn request(number: u64, known: &str) -> Vec<u8> {
    let random = scrambled(number ^ now());
    let nobody = format!("{random:016x}{number:016x}");
    let signed = |client: &str, token: &str, method: &str| {
        format!(
            "Authorization: OAuth oauth_consumer_key=\"{client}\", oauth_token=\"{token}\", oauth_signature_method=\"{method}\", oauth_timestamp=\"{}\", oauth_nonce=\"{nobody}\", oauth_signature=\"AAAAAAAAAAAAAAAAAAAAAAAAAAA%3D\"\r\n",
            now()
        )
    };
    let (method, path, header) = match number % u64::from(KINDS) {
        0 => ("GET".to_owned(), "/echo".to_owned(), String::new()),
        1 => ("GET".to_owned(), "/echo".to_owned(), signed(&nobody, &nobody, "HMAC-SHA1")),
        2 => ("POST".to_owned(), "/echo".to_owned(), signed(known, &nobody, "HMAC-SHA1")),
        3 => ("GET".to_owned(), "/echo".to_owned(), signed(known, &nobody, &nobody)),
        4 => (format!("M{random:X}"), "/echo".to_owned(), signed(known, &nobody, "HMAC-SHA256")),
        5 => ("GET".to_owned(), format!("/{nobody}?{nobody}"), String::new()),
        6 => {
            let long = nobody.repeat(40);
            ("GET".to_owned(), "/echo".to_owned(), signed(&long, &long, "HMAC-SHA512"))
        }
        _ => {
            ("GET".to_owned(), "/echo".to_owned(), "Authorization: OAuth oauth_=\"\r\n".to_owned())
        }
    };
    let length = if method == "POST" { "Content-Length: 0\r\n" } else { "" };
    format!("{method} {path} HTTP/1.1\r\nHost: {HOST}\r\n{length}{header}\r\n").into_bytes()
}

/// A number that looks like nothing.
const fn scrambled(number: u64) -> u64 {
    let mixed = number.wrapping_add(1).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    let mixed = (mixed ^ (mixed >> 31)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    mixed ^ (mixed >> 29)
}

const CONNECTIONS: u64 = 16;
const KINDS: u8 = 8;
const RATE: f64 = 200.0;
/// Refusals logged in a second, by default.
const LOGGED: usize = 50;
/// Megabytes: the log of SQLite before it is taken over, twice.
const DATABASE: f64 = 8.4;
