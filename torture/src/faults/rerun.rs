//! Orderly ends, and two processes that want one directory.

use std::time::{Duration, Instant};

use super::{Measured, finding};
use crate::{
    Setup,
    harness::{
        run::Run,
        server::{Site, free_address},
    },
    report::Finding,
};

/// F3: SIGTERM, start, everything again.
pub(super) async fn graceful_restart(setup: &Setup) -> Finding {
    let cycles = setup.scale.pick(3, 20);
    let what = format!("{cycles} × SIGTERM under load, start, all requests replayed");
    let goal = "0 replays accepted, no fence: 0 answers 503 after the start";
    finding("F3", what, goal, restarts(setup, cycles).await)
}

async fn restarts(setup: &Setup, cycles: u32) -> Measured {
    let site = Site::new(&setup.program)?;
    let mut run = Run::new(&site.create_keys("restarts")?);
    let (mut replays, mut unavailable, mut server) = (0, 0, site.start().await?);
    for _ in 0..cycles {
        let flood = run.flood(&server, 16);
        tokio::time::sleep(Duration::from_millis(300)).await;
        let status = server.stop(Duration::from_secs(20)).await?;
        if !status.success() {
            return Err(format!("the server ended with {status}: {}", server.log()).into());
        }
        run.note(&flood.stop().await);
        server = site.restart(&server).await?;
        let fresh = run.send(&server, 20).await?;
        unavailable += fresh.iter().filter(|outcome| !outcome.is_accepted()).count();
        let counts = run.replay(&server).await;
        replays += counts.sent;
        unavailable += usize::try_from(counts.unavailable).unwrap_or(usize::MAX);
    }
    let twice = run.history.twice.len();
    let measured = format!(
        "{replays} replays, {twice} accepted twice, {unavailable} answers 503 after a start"
    );
    Ok((measured, twice == 0 && unavailable == 0 && replays > 0))
}

/// F23: a second process on the same directory.
pub(super) async fn second_process(setup: &Setup) -> Finding {
    let goal = "the second ends with a status other than 0 within 1 s and says why; the first is unaffected";
    let what = "a second server started on the directory of the first, under load".to_owned();
    finding("F23", what, goal, two_processes(setup).await)
}

async fn two_processes(setup: &Setup) -> Measured {
    let site = Site::new(&setup.program)?;
    let mut run = Run::new(&site.create_keys("two")?);
    let server = site.start().await?;
    let flood = run.flood(&server, 8);
    let start = Instant::now();
    let mut second = site.launch(free_address()?, free_address()?)?;
    let status = loop {
        if let Some(status) = second.child.try_wait()? {
            break status;
        }
        if start.elapsed() > Duration::from_secs(10) {
            return Err("the second process is still there after 10 s".to_owned().into());
        }
        tokio::time::sleep(Duration::from_millis(2)).await;
    };
    let took = start.elapsed();
    run.note(&flood.stop().await);
    let counts = run.history.counts;
    let unharmed = counts.accepted == counts.sent && counts.sent > 0;
    let log = second.log();
    let reason = log.lines().rfind(|line| line.starts_with("error")).unwrap_or("no reason");
    let measured = format!(
        "ended with {:?} after {} ms ({reason}); the first accepted {} of {}",
        status.code(),
        took.as_millis(),
        counts.accepted,
        counts.sent
    );
    let quick = setup.scale.judges(took <= Duration::from_secs(1));
    Ok((measured, !status.success() && quick && unharmed && reason.starts_with("error")))
}
