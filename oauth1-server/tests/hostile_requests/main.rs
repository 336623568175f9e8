//! The hostile corpus, row by row, over real HTTP: each request with its exact status and problem
//! code, with the protocol parameters in header, form body and query where that makes sense.
//!
//! Rows are named by their number. Row 63 concerns the endpoints of section 2 and is not here.
#![allow(clippy::unwrap_used, clippy::expect_used)]

#[path = "../support/mod.rs"]
mod support;

mod encoding;
mod explain;
mod header;
mod host_and_stores;
mod identity;
mod methods_and_time;
mod parameters;
mod profiles;
mod replay;
