//! Faults that must not let a request be accepted twice.

mod cut;
mod disk;
mod drain;
mod kill;
mod machine;
mod postgres;
mod redis;
mod rerun;
mod secrets;
mod shared;
mod shared_failover;
mod shared_revoke;
mod shared_twice;
mod suite;

use crate::{
    Setup,
    report::{Finding, Verdict},
};

/// Runs the fault of this name.
pub async fn run(id: &str, setup: &Setup) -> Option<Finding> {
    Some(match id {
        "F1" => kill::under_load(setup).await,
        "F2" => cut::between_record_and_answer(setup).await,
        "F3" => rerun::graceful_restart(setup).await,
        "F4" => suite::power_loss(setup).await,
        "F6" => machine::another_boot(setup).await,
        "F7" => machine::an_older_copy(setup).await,
        "F8" => suite::damage(setup).await,
        "F9" => disk::full(setup).await,
        "F10" => disk::sync_error(setup).await,
        "F11" => redis::outage(setup).await,
        "F12" => redis::restart(setup).await,
        "F13" => shared_failover::losing_writes(setup).await,
        "F14" => redis::memory(setup).await,
        "F16" => shared_twice::at_once(setup).await,
        "F18" => suite::clock(setup).await,
        "F19" => postgres::trouble(setup).await,
        "F20" => shared_revoke::during_an_outage(setup).await,
        "F22" => drain::under_load(setup).await,
        "F23" => rerun::second_process(setup).await,
        "S1" => secrets::anywhere(setup).await,
        _ => return None,
    })
}

/// All of them, in order.
pub const ALL: &[&str] = &[
    "F1", "F2", "F3", "F4", "F6", "F7", "F8", "F9", "F10", "F11", "F12", "F13", "F14", "F16",
    "F18", "F19", "F20", "F22", "F23", "S1",
];

/// What came of a fault: its figures and whether they are good enough, or why there are none.
pub(crate) type Measured = Result<(String, bool), Trouble>;

/// Why a fault has no figures.
pub(crate) enum Trouble {
    /// It could not be run here.
    Skipped(String),
    /// Something else went wrong.
    Broken(String),
}

impl From<String> for Trouble {
    fn from(error: String) -> Self {
        Self::Broken(error)
    }
}

impl From<std::io::Error> for Trouble {
    fn from(error: std::io::Error) -> Self {
        Self::Broken(error.to_string())
    }
}

pub(crate) fn finding(
    id: &'static str,
    what: String,
    goal: &'static str,
    measured: Measured,
) -> Finding {
    let (measured, verdict) = match measured {
        Ok((measured, true)) => (measured, Verdict::Passed),
        Ok((measured, false)) => (measured, Verdict::Failed),
        Err(Trouble::Broken(error)) => (error, Verdict::Failed),
        // Where everything is to be installed, nothing may be skipped.
        Err(Trouble::Skipped(reason)) if std::env::var("CI").as_deref() == Ok("true") => {
            (reason, Verdict::Failed)
        }
        Err(Trouble::Skipped(reason)) => (String::from("–"), Verdict::Skipped(reason)),
    };
    Finding { id, what, goal, measured, verdict }
}
