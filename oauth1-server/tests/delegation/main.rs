//! The flow in which people grant access to applications (RFC 5849 section 2), over SQLite and
//! PostgreSQL.

#![allow(clippy::unwrap_used, clippy::expect_used, unreachable_pub)]

mod access;
mod callbacks;
#[path = "../credential_stores/fixture.rs"]
#[allow(dead_code)]
mod database;
mod desk;
mod exchange;
mod owners;
mod pages;
mod passwords;
mod renewal;
