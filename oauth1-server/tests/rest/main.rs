//! The routes under `/v1`, over SQLite and PostgreSQL.

#![allow(clippy::unwrap_used, clippy::expect_used, unreachable_pub)]

mod cross_site;
mod document;
mod fixture;
mod idempotency;
mod keys;
mod problems;
mod session;
mod setup;
mod signed;
