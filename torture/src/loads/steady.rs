//! Signed requests, as many as are answered.

use std::time::Duration;

use tokio::time::{Instant, sleep};

use super::finding;
use crate::{
    Scale, Setup,
    faults::Measured,
    harness::{
        run::Run,
        senders::{Seen, Senders},
        server::Site,
    },
    report::Finding,
};

/// L1: steady signed requests, with nonces in memory and in the journal.
pub(super) async fn signed(setup: &Setup) -> Finding {
    let seconds = setup.scale.pick(5, 60);
    let what = format!(
        "signed GETs of {CONNECTIONS} connections, as many as are answered, {seconds} s each with nonces in memory and in the journal; clients sign and share the processors with the server"
    );
    let goal = "0 errors, p99 ≤ 10 ms; the rate as a ratio is the benchmark `layer`";
    finding("L1", what, goal, both(setup, seconds).await)
}

async fn both(setup: &Setup, seconds: u64) -> Measured {
    // Times are not compared where others may be busy.
    let short = setup.scale == Scale::Short;
    let (mut told, mut met) = (Vec::new(), true);
    for store in ["memory", "journal"] {
        let site = Site::new(&setup.program)?
            .with(&format!("nonces.store={store}"))
            .with("nonces.capacity=67108864")
            .with("nonces.quota=67108864");
        let mut run = Run::new(&site.create_keys("steady")?);
        let server = site.start().await?;
        let seen = saturate(&server.address, &run, seconds).await?;
        run.note(&seen.sendings);
        met &= seen.all_accepted()
            && (short || seen.millis(99) <= 10.0)
            && run.history.twice.is_empty();
        told.push(format!(
            "{store}: {:.0} requests/s, p50 {:.2} ms, p99 {:.2} ms, {} of {} accepted",
            seen.rate(),
            seen.millis(50),
            seen.millis(99),
            seen.counts.accepted,
            seen.counts.sent
        ));
    }
    Ok((told.join("; "), met))
}

/// Fresh requests from all connections for some seconds.
pub(super) async fn saturate(
    address: &std::net::SocketAddr,
    run: &Run,
    seconds: u64,
) -> Result<Seen, String> {
    let (start, senders) = (Instant::now(), Senders::start(*address, run, CONNECTIONS, None)?);
    sleep(Duration::from_secs(seconds)).await;
    senders.stop(start).await
}

const CONNECTIONS: usize = 32;
