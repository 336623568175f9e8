//! The routes under `/v1`, over SQLite and PostgreSQL.

#![allow(clippy::unwrap_used, clippy::expect_used, unreachable_pub)]

mod cross_site;
#[path = "../credential_stores/fixture.rs"]
#[allow(dead_code)]
mod database;
mod document;
mod fixture;
mod idempotency;
mod keys;
mod problems;
mod session;
mod setup;
mod signed;
