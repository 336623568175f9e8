//! `oauth1-server serve` as a process: its configuration, deadlines, limits, health and end.
#![allow(clippy::unwrap_used, clippy::expect_used)]

mod configuration;
mod connections;
mod ending;
mod first_minutes;
mod health;
mod process;
mod redis_tls;
mod refusals;
