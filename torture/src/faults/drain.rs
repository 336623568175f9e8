//! The end, with everything still under way.

use std::time::{Duration, Instant};

use tokio::{io::AsyncWriteExt, task::JoinSet};

use super::{Measured, finding};
use crate::{
    Setup,
    harness::{client::Connection, forge::HOST, history::Outcome, run::Run, server::Site},
    report::Finding,
};

/// F22: SIGTERM with requests in flight, idle connections and an upload that never ends.
pub(super) async fn under_load(setup: &Setup) -> Finding {
    let what = format!(
        "SIGTERM with {IN_FLIGHT} requests whose bodies are half sent, {IDLE} idle connections and an upload that never ends"
    );
    let goal = "0 requests in flight lost; idle connections closed at once; ended within 10 s";
    finding("F22", what, goal, drain(setup).await)
}

async fn drain(setup: &Setup) -> Measured {
    let site = Site::new(&setup.program)?;
    let mut run = Run::new(&site.create_keys("drain")?);
    let mut server = site.start().await?;
    let mut idle = Vec::new();
    for _ in 0..IDLE {
        let mut connection = Connection::open(server.address).await?;
        connection.exchange(format!("GET / HTTP/1.1\r\nHost: {HOST}\r\n\r\n").as_bytes()).await?;
        idle.push(connection);
    }
    let mut in_flight = Vec::new();
    for _ in 0..=IN_FLIGHT {
        let ticket = run.ticket(0);
        let authorization = run.forge.authorization("POST", "/echo", ticket)?;
        let mut connection = Connection::open(server.address).await?;
        let head = format!(
            "POST /echo HTTP/1.1\r\nHost: {HOST}\r\nAuthorization: {authorization}\r\nContent-Length: 10\r\n\r\n01234"
        );
        connection.stream.write_all(head.as_bytes()).await?;
        in_flight.push((ticket, connection));
    }
    // All heads are read by then.
    tokio::time::sleep(Duration::from_millis(500)).await;
    let _stuck = in_flight.pop();

    let start = Instant::now();
    server.signal("TERM")?;
    let mut closing = JoinSet::new();
    for mut connection in idle {
        closing.spawn(async move {
            let ended = connection.answer_within(Duration::from_secs(20)).await;
            (ended.is_err(), start.elapsed())
        });
    }
    let mut answers = JoinSet::new();
    for (number, (ticket, mut connection)) in in_flight.into_iter().enumerate() {
        answers.spawn(async move {
            // Spread over two seconds.
            tokio::time::sleep(Duration::from_millis(number as u64 * 10)).await;
            let sent = connection.stream.write_all(b"56789").await;
            let answer = match sent {
                Ok(()) => connection.answer().await.ok(),
                Err(_) => None,
            };
            (ticket, Outcome::of(answer.as_ref()))
        });
    }
    let closed: Vec<Duration> = closing.join_all().await.into_iter().map(|(_, at)| at).collect();
    let sendings = answers.join_all().await;
    run.note(&sendings);
    let served = sendings.iter().filter(|(_, outcome)| outcome.is_accepted()).count();
    let status = loop {
        if let Some(status) = server.child.try_wait()? {
            break status;
        }
        if start.elapsed() > Duration::from_secs(60) {
            return Err("it is still there a minute after SIGTERM".to_owned().into());
        }
        tokio::time::sleep(Duration::from_millis(5)).await;
    };
    let took = start.elapsed();
    let slowest = closed.iter().max().copied().unwrap_or_default();
    let measured = format!(
        "{served} of {IN_FLIGHT} in flight answered 200; {} idle connections closed, the last after {} ms; ended with {:?} after {:.1} s",
        closed.len(),
        slowest.as_millis(),
        status.code(),
        took.as_secs_f64()
    );
    let met = served == IN_FLIGHT
        && setup.scale.judges(slowest <= Duration::from_secs(1))
        && status.success()
        && setup.scale.judges(took <= Duration::from_secs(10));
    Ok((measured, met))
}

const IN_FLIGHT: usize = 200;
const IDLE: usize = 1_000;
