//! Why things are as they are, what goes wrong with OAuth 1, and what things are called.

#![allow(rustdoc::bare_urls)]

#[doc = include_str!("rationale.md")]
pub mod rationale {}

#[doc = include_str!("pitfalls.md")]
pub mod pitfalls {}

#[doc = include_str!("names.md")]
pub mod names {}
