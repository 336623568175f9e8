//! A real server on the loopback interface, requests written octet by octet, answers read back.

#![allow(dead_code, unreachable_pub)] // each test binary uses its own part of this

mod server;
mod wire;

pub use server::*;
pub use wire::*;
