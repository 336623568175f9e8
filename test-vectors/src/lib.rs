//! OAuth 1.0a (RFC 5849) test vectors as data, and a conformance runner for any implementation.
//!
//! The vectors are the JSON files in `vectors/`; the README beside them says what they mean, and
//! is enough to use them from any language. This crate reads them strictly, puts them to an
//! implementation and judges what it answers.
//!
//! ```
//! let cases = oauth1_test_vectors::load::cases(&oauth1_test_vectors::load::embedded_files())?;
//! assert!(cases.iter().any(|case| case.id == "rfc5849/3.1-erratum-2550"));
//! # Ok::<(), oauth1_test_vectors::load::LoadError>(())
//! ```
//!
//! The public interface is:
//! - [`load`]: vector files to [`model::Case`]s, [`lint`]: their form
//! - [`runner::run`]: cases put to a [`runner::Implementation`], giving a [`report::Report`]
//! - [`answer::Core`]: `oauth1-core` as an implementation, [`program::Program`]: any program
//! - [`known`]: differences that are known, with their reasons
//! - [`sequence`]: request sequences, [`provider::run`]: put to a provider of the three-legged flow

#![cfg_attr(test, allow(clippy::unwrap_used))]

pub mod answer;
mod explained;
mod header;
pub mod json;
pub mod kinds;
pub mod known;
pub mod lint;
pub mod load;
pub mod model;
pub mod program;
pub mod provider;
pub mod report;
pub mod runner;
pub mod sequence;
mod vectors;
