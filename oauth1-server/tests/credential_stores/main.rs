//! Credentials in SQLite and in PostgreSQL: one suite for both, what is at rest, and the cache.
#![allow(clippy::unwrap_used, clippy::expect_used, unreachable_pub)]

mod cache;
mod fixture;
mod migration;
mod rekey;
mod rest;
mod sqlite;
mod suite;
mod watch;
