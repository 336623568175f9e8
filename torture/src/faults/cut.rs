//! The process ends between recording a nonce and answering.

use std::time::Duration;

use super::{Measured, Trouble, finding};
use crate::{
    Setup,
    harness::{
        history::Outcome,
        run::Run,
        server::Site,
        tracer::{Tracer, has},
    },
    report::Finding,
};

/// F2: killed as it begins to write an answer, by a tracer that sees the system call.
pub(super) async fn between_record_and_answer(setup: &Setup) -> Finding {
    let cycles = setup.scale.pick(5, 50);
    let what = format!(
        "{cycles} × killed on entering the system call that sends an answer, when its nonce is recorded; then the same request, then one signed afresh"
    );
    let goal = "none gets an answer; 0 accepted afterwards; each signed afresh is 200";
    finding("F2", what, goal, cuts(setup, cycles).await)
}

async fn cuts(setup: &Setup, cycles: usize) -> Measured {
    if !has("strace") {
        return Err(Trouble::Skipped("strace is not installed".to_owned()));
    }
    let site = Site::new(&setup.program)?;
    let mut run = Run::new(&site.create_keys("cut")?);
    let (mut lost, mut replays, mut fresh) = (0, 0, 0);
    let mut server = site.start().await?;
    for _ in 0..cycles {
        let tracer = Tracer::inject(&server, "sendto,sendmsg,writev", "signal=KILL")
            .map_err(Trouble::Skipped)?;
        let ticket = run.ticket(0);
        lost += usize::from(run.send_one(&server, ticket).await?.0 == Outcome::Lost);
        drop(tracer);
        tokio::time::sleep(Duration::from_millis(20)).await;
        if server.child.try_wait()?.is_none() {
            return Err("the server outlived its answer: the fault did not happen"
                .to_owned()
                .into());
        }
        server = site.restart(&server).await?;
        replays += usize::from(run.send_one(&server, ticket).await?.0 == Outcome::Replay);
        fresh += usize::from(run.send(&server, 1).await?[0].is_accepted());
    }
    let twice = run.history.twice.len();
    let measured = format!(
        "{lost} of {cycles} without an answer; the same again: {replays} nonce_used, {twice} accepted twice; afresh: {fresh} accepted"
    );
    let met = [lost, replays, fresh] == [cycles; 3] && twice == 0;
    Ok((measured, met))
}
