//! A key is disabled while the server cannot be told.

use std::time::{Duration, Instant};

use super::{
    Measured, Trouble, finding,
    shared::{master_key, migrate, tail, told},
};
use crate::{
    Setup,
    harness::{history::Outcome, run::Run, server::Site},
    report::Finding,
    services::{Postgres, Proxy},
};

/// F20: revocation during an outage.
pub(super) async fn during_an_outage(setup: &Setup) -> Finding {
    let what = "credentials in PostgreSQL, nonces in the journal; the server cut off from PostgreSQL (connections broken; connections that hang), then the key disabled there; requests with it all the time, and after the connection is back".to_owned();
    let goal = "nothing accepted later than 5 s after the key was disabled; 401 once PostgreSQL is back, never 200";
    finding("F20", what, goal, both(setup).await)
}

async fn both(setup: &Setup) -> Measured {
    let postgres = Postgres::start()?;
    let (cut, hung) = tokio::join!(revoke(setup, &postgres, false), revoke(setup, &postgres, true));
    let ((cut, cut_met), (hung, hung_met)) = (cut?, hung?);
    Ok((format!("broken: {cut}; hanging: {hung}"), cut_met && hung_met))
}

async fn revoke(setup: &Setup, postgres: &Postgres, hang: bool) -> Measured {
    let name = if hang { "hanging" } else { "broken" };
    postgres.query(&format!("CREATE DATABASE {name}"))?;
    let proxy = Proxy::start(postgres.address())?;
    let site = Site::new(&setup.program)?;
    let key = master_key(site.root())?;
    let site = site.with(&format!("credentials.master_key_file={}", key.display()));
    let url = |address| format!("credentials.url=postgres://postgres@{address}/{name}");
    let mut site = site.with(&url(postgres.address()));
    migrate(&site)?;
    let mut run = Run::new(&site.create_keys("revoked")?);
    site.settings().push(url(proxy.address()));
    let server = site.start().await?;
    run.send(&server, 20).await?;
    let flood = run.paced(&server, 4, 200);
    tokio::time::sleep(Duration::from_millis(200)).await;
    let outage = |on| if hang { proxy.stall(on) } else { proxy.cut(on) };
    outage(true);

    // The command has another way to the database.
    site.settings().push(url(postgres.address()));
    let disabled = site.command("keys").args(["disable", "revoked"]).output()?;
    let acknowledged = Instant::now();
    if !disabled.status.success() {
        let error = String::from_utf8_lossy(&disabled.stderr).into_owned();
        return Err(Trouble::Broken(error));
    }
    let mut last = Duration::ZERO;
    while acknowledged.elapsed() < Duration::from_millis(6_500) {
        let ticket = run.ticket(0);
        if run.send_one(&server, ticket).await?.0.is_accepted() {
            last = acknowledged.elapsed();
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    run.note(&flood.stop().await);
    let meanwhile = run.history.counts;
    outage(false);
    let start = Instant::now();
    let refused = loop {
        let ticket = run.ticket(0);
        match run.send_one(&server, ticket).await?.0 {
            Outcome::Refused(401) => break start.elapsed(),
            Outcome::Unavailable if start.elapsed() < Duration::from_secs(15) => {}
            other => {
                let log = server.log();
                return Err(Trouble::Broken(format!("then: {other:?}: {}", tail(&log))));
            }
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    };
    let figures = format!(
        "last accepted {} ms after; {}; 401 {} ms after the connection was back",
        last.as_millis(),
        told(meanwhile),
        refused.as_millis()
    );
    Ok((figures, last <= Duration::from_secs(5) && meanwhile.accepted > 0))
}
