//! People, roles and Basic credentials, over SQLite and PostgreSQL.

#![allow(clippy::unwrap_used, clippy::expect_used, unreachable_pub, dead_code)]

mod commands;
#[path = "../credential_stores/fixture.rs"]
mod database;
#[path = "../rest/fixture.rs"]
mod fixture;
mod people;
mod roles;
