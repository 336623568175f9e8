//! A disk that is full, and one that fails.

use std::{
    fs,
    path::Path,
    process::Command,
    time::{Duration, Instant},
};

use super::{Measured, Trouble, finding, machine::live};
use crate::{
    Setup,
    harness::{
        client,
        history::{Counts, Outcome},
        run::Run,
        server::{Server, Site},
        tracer::{Tracer, has},
    },
    report::Finding,
};

/// F9: a disk of 2 MiB below the journal fills up, and is emptied again.
pub(super) async fn full(setup: &Setup) -> Finding {
    let what = "the journal on a disk of 2 MiB that fills up under load; then space is made, without a restart; at the end a restart and everything replayed".to_owned();
    let goal = "503 within 50 ms (p99) while it is full, 0 × 2xx without a record, 200 again without a restart once there is space and a fence is written";
    finding("F9", what, goal, fill(setup).await)
}

async fn fill(setup: &Setup) -> Measured {
    let site = Site::new(&setup.program)?;
    let mut run = Run::new(&site.create_keys("full")?);
    let nonces = site.data.join("nonces");
    fs::create_dir_all(&nonces)?;
    let _disk = Disk::mount(&nonces)?;
    let mut server = site.start().await?;
    // Leaves room for some thousand records.
    let filler = nonces.join("filler");
    fs::write(&filler, vec![0; 1_900_000])?;
    let flood = run.flood(&server, 8);
    wait_until_ready(&server, 503, Duration::from_secs(60)).await?;
    tokio::time::sleep(Duration::from_millis(200)).await;
    run.note(&flood.stop().await);
    let (worst, while_full) = timed(&mut run, &server, 300).await?;
    let accepted_while_full = while_full.accepted;

    fs::remove_file(&filler)?;
    let start = Instant::now();
    let mut recovered = None;
    while start.elapsed() < Duration::from_secs(60) {
        let ticket = run.ticket(0);
        if run.send_one(&server, ticket).await?.0.is_accepted() {
            recovered = Some(start.elapsed());
            break;
        }
        tokio::time::sleep(Duration::from_millis(250)).await;
    }
    let counts = run.replay(&server).await;
    server.stop(Duration::from_secs(20)).await?;
    let server = live(&site, &server).await?;
    let after = run.replay(&server).await;
    let Some(recovered) = recovered else {
        return Ok(("no request was accepted within a minute of making space".to_owned(), false));
    };
    let twice = run.history.twice.len();
    let measured = format!(
        "{} answers 503 while full, p99 {} ms, {accepted_while_full} accepted; accepted again {:.1} s after space was made; {} + {} replays, {twice} accepted twice",
        while_full.unavailable,
        worst.as_millis(),
        recovered.as_secs_f64(),
        counts.sent,
        after.sent
    );
    let met = twice == 0
        && accepted_while_full == 0
        && while_full.unavailable == while_full.sent
        && setup.scale.judges(worst <= Duration::from_millis(50));
    Ok((measured, met))
}

/// F10: a sync that fails.
pub(super) async fn sync_error(setup: &Setup) -> Finding {
    let what = "EIO injected into fdatasync and fsync under load, once; then the disk is well again; restart, all replayed".to_owned();
    let goal = "everything refused with 503 and /readyz 503 until the restart, a fence after it; 0 replays accepted";
    finding("F10", what, goal, sync(setup).await)
}

async fn sync(setup: &Setup) -> Measured {
    if !has("strace") {
        return Err(Trouble::Skipped("strace is not installed".to_owned()));
    }
    let site = Site::new(&setup.program)?;
    let mut run = Run::new(&site.create_keys("sync")?);
    let mut server = site.start().await?;
    run.send(&server, 200).await?;
    let tracer =
        Tracer::inject(&server, "fdatasync,fsync", "error=EIO:when=1").map_err(Trouble::Skipped)?;
    // The journal raises its mark while there are requests: that is what fails.
    let flood = run.flood(&server, 4);
    wait_until_ready(&server, 503, Duration::from_secs(60)).await?;
    run.note(&flood.stop().await);
    tracer.stop();
    let refused = run.send(&server, 100).await?;
    let all_refused = refused.iter().all(|outcome| *outcome == Outcome::Unavailable);
    let replayed = run.replay(&server).await;
    server.stop(Duration::from_secs(20)).await?;
    let server = live(&site, &server).await?;
    let after = run.replay(&server).await;
    let ready = client::get(server.admin, "/readyz").await?;
    let reason = String::from_utf8_lossy(&ready.body);
    let reason = reason.lines().find(|line| line.contains("nonces")).unwrap_or("none").to_owned();
    let twice = run.history.twice.len();
    let measured = format!(
        "after the error {} of 100 fresh requests 503; {} replays before and {} after the restart, {twice} accepted twice; readiness after it: {reason}",
        refused.iter().filter(|outcome| **outcome == Outcome::Unavailable).count(),
        replayed.sent,
        after.sent
    );
    let fenced = after.unavailable == after.sent && ready.status == 503;
    Ok((measured, twice == 0 && all_refused && fenced && after.sent > 0))
}

async fn wait_until_ready(server: &Server, status: u16, patience: Duration) -> Result<(), String> {
    let start = Instant::now();
    while start.elapsed() < patience {
        if client::get(server.admin, "/readyz").await.is_ok_and(|answer| answer.status == status) {
            return Ok(());
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    Err(format!("/readyz was never {status}: {}", server.log()))
}

/// Sends requests one by one; gives the 99th percentile of the times and the counts.
async fn timed(run: &mut Run, server: &Server, count: usize) -> Result<(Duration, Counts), String> {
    let before = run.history.counts;
    let mut times = Vec::with_capacity(count);
    for _ in 0..count {
        let ticket = run.ticket(0);
        let start = Instant::now();
        run.send_one(server, ticket).await?;
        times.push(start.elapsed());
    }
    times.sort();
    let worst = times.get(count * 99 / 100).copied().unwrap_or_default();
    Ok((worst, run.history.counts.since(before)))
}

/// A small disk in memory, mounted over a directory.
struct Disk(std::path::PathBuf);

impl Disk {
    fn mount(directory: &Path) -> Result<Self, Trouble> {
        let mounted = Command::new("mount")
            .args(["-t", "tmpfs", "-o", "size=2m,mode=0700", "tmpfs"])
            .arg(directory)
            .output();
        match mounted {
            Ok(output) if output.status.success() => Ok(Self(directory.to_owned())),
            _ => Err(Trouble::Skipped("mounting is not permitted here".to_owned())),
        }
    }
}

impl Drop for Disk {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg("-l").arg(&self.0).output();
    }
}
