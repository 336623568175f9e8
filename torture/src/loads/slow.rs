//! Clients that take their time.

use std::{io, net::SocketAddr, time::Duration};

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpSocket,
    task::JoinSet,
    time::{Instant, sleep, sleep_until, timeout},
};

use super::{connections::raise_file_limit, finding};
use crate::{
    Scale, Setup,
    faults::Measured,
    harness::{
        client::Connection,
        forge::HOST,
        run::Run,
        senders::{Seen, Senders},
        server::{Server, Site},
    },
    report::Finding,
};

/// L5: heads that never end.
pub(super) async fn heads(setup: &Setup) -> Finding {
    let size = setup.scale.pick(
        Heads { count: 1_000, deadline: 2, every: 500, seconds: 6, rate: 200.0 },
        Heads { count: 10_000, deadline: 10, every: 5_000, seconds: 35, rate: 500.0 },
    );
    let what = format!(
        "{} connections at once that send an octet of a head each {} ms, and come again when they are closed, for {} s; {:.0} honest requests a second before and meanwhile; nonces in memory",
        size.count, size.every, size.seconds, size.rate
    );
    let goal = "p99 of honest requests ≤ 2 × that without them, 0 honest failures; each closed at the deadline of the head";
    finding("L5", what, goal, dribble(setup, size).await)
}

#[derive(Clone, Copy)]
struct Heads {
    count: usize,
    /// Seconds.
    deadline: u64,
    /// Milliseconds between two octets.
    every: u64,
    /// How long it lasts.
    seconds: u64,
    /// Honest requests a second.
    rate: f64,
}

async fn dribble(setup: &Setup, size: Heads) -> Measured {
    raise_file_limit(size.count)?;
    let deadline = Duration::from_secs(size.deadline);
    let site = Site::new(&setup.program)?
        .with(&format!("server.header_timeout={}s", size.deadline))
        // A disk that others keep busy would show instead.
        .with("nonces.store=memory");
    let mut run = Run::new(&site.create_keys("honest")?);
    let server = site.start().await?;
    let quiet = honest(&server, &run, size.rate, Duration::from_secs(size.seconds.min(10))).await?;
    run.note(&quiet.sendings);

    // A second more: that all of them go at once is not what is measured.
    let end = Instant::now() + Duration::from_secs(size.seconds + 1);
    let every = Duration::from_millis(size.every);
    let mut tasks = JoinSet::new();
    for number in 0..size.count {
        let (address, begin) = (server.address, every.mul_f64(number as f64 / size.count as f64));
        tasks.spawn(async move {
            // Not all in the same instant.
            sleep(begin).await;
            dribbles(address, every, end).await
        });
    }
    let busy = honest(&server, &run, size.rate, Duration::from_secs(size.seconds)).await?;
    run.note(&busy.sendings);
    let lives: Vec<Duration> =
        tasks.join_all().await.into_iter().collect::<io::Result<Vec<_>>>()?.concat();
    let (first, last) = extremes(&lives);
    let measured = format!(
        "{} heads given up, {first:.2} to {last:.2} s after their first octet (deadline {} s); honest: {} of {} accepted, p99 {:.2} ms and {:.2} ms before ({:.2} ×)",
        lives.len(),
        size.deadline,
        busy.counts.accepted,
        busy.counts.sent,
        busy.millis(99),
        quiet.millis(99),
        busy.millis(99) / quiet.millis(99)
    );
    // Times are not compared where others may be busy.
    let short = setup.scale == Scale::Short;
    let met = lives.len() >= size.count
        && first >= deadline.as_secs_f64() - 0.1
        && last <= deadline.as_secs_f64() + 2.0
        && busy.all_accepted()
        && quiet.all_accepted()
        && (short || busy.millis(99) <= 2.0 * quiet.millis(99));
    Ok((measured, met))
}

/// Heads that do not end, one after the other; how long the server waited for each.
async fn dribbles(address: SocketAddr, every: Duration, end: Instant) -> io::Result<Vec<Duration>> {
    let mut lives = Vec::new();
    while Instant::now() < end {
        let mut stream = Connection::open(address).await?.stream;
        let start = Instant::now();
        let head = b"GET /echo HTTP/1.1\r\nX-Slow: ".iter().copied().chain(std::iter::repeat(b'x'));
        let closed = async {
            let (mut reader, mut writer) = stream.split();
            let mut answer = [0; 512];
            let mut head = head;
            let mut next = start;
            loop {
                tokio::select! {
                    read = reader.read(&mut answer) => match read {
                        Ok(0) | Err(_) => return start.elapsed(),
                        Ok(_) => {}
                    },
                    () = sleep_until(next) => {
                        let octet = head.next().unwrap_or(b'x');
                        if writer.write_all(&[octet]).await.is_err() {
                            return start.elapsed();
                        }
                        next += every;
                    }
                }
            }
        };
        // What is open at the end is not waited for.
        match tokio::time::timeout_at(end, closed).await {
            Ok(life) => lives.push(life),
            Err(_) => break,
        }
    }
    Ok(lives)
}

/// L6: slow bodies, half-closed connections, and clients that read nothing.
pub(super) async fn peers(setup: &Setup) -> Finding {
    let (count, deadline) = setup.scale.pick((50, 4), (200, 30));
    let what = format!(
        "{count} each of: a signed body of an octet a second; a request and a half head, each followed by the end of what the client sends; {DEAF} with endless requests whose answers are not read; 100 honest requests a second meanwhile"
    );
    let goal = "408 at the deadline of the body; half-closed ones answered or closed ≤ 10 s; those that read nothing closed by the deadline of writing; honest ones unaffected";
    finding("L6", what, goal, loiter(setup, count, deadline).await)
}

async fn loiter(setup: &Setup, count: usize, deadline: u64) -> Measured {
    raise_file_limit(count * 4)?;
    let site = Site::new(&setup.program)?
        .with(&format!("server.body_timeout={deadline}s"))
        .with(&format!("server.write_timeout={deadline}s"));
    let mut run = Run::new(&site.create_keys("slow")?);
    let server = site.start().await?;
    let honest = Senders::start(server.address, &run, 4, Some(100.0))?;
    let start = Instant::now();
    let (mut bodies, mut halves, mut heads, mut deaf) =
        (JoinSet::new(), JoinSet::new(), JoinSet::new(), JoinSet::new());
    for _ in 0..count {
        let authorization = run.forge.authorization("POST", "/echo", run.ticket(0))?;
        bodies.spawn(slow_body(server.address, authorization));
        let request = run.forge.request(run.ticket(0))?;
        heads.spawn(half_closed(server.address, request[..request.len() / 2].to_vec()));
        halves.spawn(half_closed(server.address, request));
    }
    for _ in 0..DEAF {
        deaf.spawn(reads_nothing(server.address));
    }
    let all = |set: JoinSet<io::Result<(u16, Duration)>>| async {
        set.join_all().await.into_iter().collect::<io::Result<Vec<_>>>()
    };
    let (bodies, halves) = (all(bodies).await?, all(halves).await?);
    let (heads, deaf) = (all(heads).await?, all(deaf).await?);
    let seen = honest.stop(start).await?;
    run.note(&seen.sendings);
    let times =
        |all: &[(u16, Duration)]| extremes(&all.iter().map(|(_, time)| *time).collect::<Vec<_>>());
    let with =
        |all: &[(u16, Duration)], status| all.iter().filter(|(got, _)| *got == status).count();
    let (body, half, head, write) = (times(&bodies), times(&halves), times(&heads), times(&deaf));
    let measured = format!(
        "slow bodies: {} × 408 after {:.2} to {:.2} s (deadline {deadline} s); half-closed after a request: {} × 200, closed within {:.2} s; within a head: closed within {:.2} s; read nothing: {} closed {:.2} to {:.2} s after they could send no more (deadline {deadline} s); honest: {} of {} accepted, p99 {:.2} ms",
        with(&bodies, 408),
        body.0,
        body.1,
        with(&halves, 200),
        half.1,
        head.1,
        deaf.len(),
        write.0,
        write.1,
        seen.counts.accepted,
        seen.counts.sent,
        seen.millis(99)
    );
    let limit = deadline as f64;
    let met = with(&bodies, 408) == count
        && body.0 >= limit - 0.1
        && body.1 <= limit + 2.0
        && halves.len() == count
        && half.1 <= 10.0
        && head.1 <= 10.0
        && deaf.len() == DEAF
        && write.1 <= limit + 5.0
        && seen.all_accepted();
    Ok((measured, met))
}

/// A body of an octet a second; the status of the answer, and when it came.
async fn slow_body(address: SocketAddr, authorization: String) -> io::Result<(u16, Duration)> {
    let mut connection = Connection::open(address).await?;
    let head = format!(
        "POST /echo HTTP/1.1\r\nHost: {HOST}\r\nAuthorization: {authorization}\r\nContent-Length: 1000\r\n\r\n"
    );
    connection.stream.write_all(head.as_bytes()).await?;
    let start = Instant::now();
    loop {
        match connection.answer_within(Duration::from_secs(1)).await {
            Ok(answer) => return Ok((answer.status, start.elapsed())),
            Err(error) if error.kind() != io::ErrorKind::TimedOut => return Err(error),
            Err(_) if start.elapsed() > PATIENCE => return Err(still_open("a slow body")),
            Err(_) => connection.stream.write_all(b"x").await?,
        }
    }
}

/// Sends, ends its side, and waits for the end of the other; 0 if there was no answer.
async fn half_closed(address: SocketAddr, octets: Vec<u8>) -> io::Result<(u16, Duration)> {
    let mut stream = Connection::open(address).await?.stream;
    stream.write_all(&octets).await?;
    stream.shutdown().await?;
    let start = Instant::now();
    let mut answer = Vec::new();
    match timeout(PATIENCE, stream.read_to_end(&mut answer)).await {
        Err(_) => Err(still_open("a half-closed connection")),
        Ok(_) => {
            let text = String::from_utf8_lossy(&answer);
            let status = text.split(' ').nth(1).and_then(|status| status.parse().ok());
            Ok((status.unwrap_or_default(), start.elapsed()))
        }
    }
}

/// Sends requests and reads no answer; how long it was kept after it could send no more.
async fn reads_nothing(address: SocketAddr) -> io::Result<(u16, Duration)> {
    let socket = TcpSocket::new_v4()?;
    socket.set_recv_buffer_size(4_096)?;
    socket.set_send_buffer_size(16_384)?;
    let mut stream = timeout(PATIENCE, socket.connect(address)).await??;
    let requests = format!("GET /echo HTTP/1.1\r\nHost: {HOST}\r\n\r\n").repeat(100);
    let start = Instant::now();
    // Until nothing was taken for a while.
    while let Ok(sent) = timeout(STALL, stream.write_all(requests.as_bytes())).await {
        if sent.is_err() || start.elapsed() > PATIENCE {
            return Err(io::Error::other("it never stalled, although nothing was read"));
        }
    }
    let stalled = Instant::now().checked_sub(STALL).unwrap_or(start);
    while stalled.elapsed() < PATIENCE {
        if !matches!(stream.take_error(), Ok(None)) {
            return Ok((0, stalled.elapsed()));
        }
        sleep(Duration::from_millis(20)).await;
    }
    Err(still_open("a client that reads nothing"))
}

/// Honest requests for some time.
async fn honest(server: &Server, run: &Run, rate: f64, time: Duration) -> Result<Seen, String> {
    let (start, senders) = (Instant::now(), Senders::start(server.address, run, 8, Some(rate))?);
    sleep(time).await;
    senders.stop(start).await
}

/// The shortest and the longest, in seconds.
fn extremes(times: &[Duration]) -> (f64, f64) {
    let seconds = times.iter().map(Duration::as_secs_f64);
    seconds.fold((f64::INFINITY, 0.0), |(low, high), time| (low.min(time), high.max(time)))
}

fn still_open(what: &str) -> io::Error {
    io::Error::other(format!("{what} is still open after {PATIENCE:?}"))
}

const PATIENCE: Duration = Duration::from_secs(60);
/// Longer than a busy server takes for those whose turn it is.
const STALL: Duration = Duration::from_secs(2);
/// Each makes the server answer until megabytes of buffers are full.
const DEAF: usize = 20;
