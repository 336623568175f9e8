//! PostgreSQL, for many nodes.

use std::{str::FromStr, time::Duration};

use sqlx::postgres::{PgConnectOptions, PgPoolOptions};

use super::{
    database::{Database, LONGEST_WAIT},
    settings::{DatabaseUrl, OpenError},
};

/// Connects.
pub(super) async fn open(
    DatabaseUrl(url): &DatabaseUrl,
    max_connections: u32,
) -> Result<Database, OpenError> {
    // The message of a malformed URL could repeat the password.
    let options = PgConnectOptions::from_str(url).map_err(|_| OpenError::Url)?;
    let options = options.application_name("oauth1-server").options([
        // The server gives up a little before we do, so that nothing is left running.
        ("statement_timeout", "8000"),
        ("lock_timeout", "8000"),
        // A key that was disabled or rotated must stay so when the power fails.
        ("synchronous_commit", "on"),
    ]);
    let pool = |wait| {
        PgPoolOptions::new()
            .max_connections(max_connections)
            .acquire_timeout(wait)
            .idle_timeout(Duration::from_secs(600))
    };
    // A first connection may take longer than one that requests wait for.
    let first = pool(FIRST_WAIT).max_connections(1).connect_with(options.clone()).await?;
    first.close().await;
    Ok(Database::Postgres(pool(LONGEST_WAIT).connect_lazy_with(options)))
}

const FIRST_WAIT: Duration = Duration::from_secs(5);
