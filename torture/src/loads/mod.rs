//! Loads that the server must hold.

mod benches;
mod connections;
mod crowd;
mod flood;
mod slow;
mod steady;
mod writes;

use crate::{Setup, faults::finding, report::Finding};

/// Runs the load of this name.
pub async fn run(id: &str, setup: &Setup) -> Option<Finding> {
    Some(match id {
        "L1" => steady::signed(setup).await,
        "L4" => connections::kept_alive(setup).await,
        "L5" => slow::heads(setup).await,
        "L6" => slow::peers(setup).await,
        "L7" => flood::unsigned(setup).await,
        "L8" => crowd::over_quota(setup).await,
        "L10" => benches::credentials(setup).await,
        "L11" => benches::nonces(setup).await,
        "J1" => writes::per_request(setup).await,
        _ => return None,
    })
}

/// All of them, in order.
pub const ALL: &[&str] = &["L1", "L4", "L5", "L6", "L7", "L8", "L10", "L11", "J1"];
