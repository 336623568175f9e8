//! What keys may do, from where and until when: records of both databases behind the layer.
#![allow(clippy::unwrap_used, clippy::expect_used, unreachable_pub)]

mod attributes;
mod basic;
mod conditions;
// Each program uses a part of it.
#[allow(dead_code)]
#[path = "../credential_stores/fixture.rs"]
mod fixture;
mod flood;
#[cfg(feature = "server")]
#[allow(dead_code)]
#[path = "../serve/process.rs"]
mod process;
mod scope;
#[cfg(feature = "server")]
mod served;
mod usage;
mod world;
