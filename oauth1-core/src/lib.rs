//! OAuth 1.0a, RFC 5849: the protocol.
//!
//! Sign requests ([`Signer`]), verify them ([`PresentedRequest`]), and look at every step between
//! ([`Signer::explain`], [`SignatureBaseString`]). No I/O, no clock, no async: the caller brings
//! the request as it travels, and the time.
//!
//! Find a rule of the RFC by its file:
//!
//! | section | module |
//! |---|---|
//! | 1.1, 2 credentials | [`credentials`] |
//! | 3.1, 3.2 protocol parameters | [`protocol_parameters`], [`Signer`], [`PresentedRequest`] |
//! | 3.3 nonce and timestamp | [`stamp`] |
//! | 3.4.1 signature base string | [`SignatureBaseString`], [`base_string_uri`], [`parameters`] |
//! | 3.4.2–4 signature methods | [`SignatureMethod`], [`SigningKey`], [`VerificationKey`] |
//! | 3.5 transmission | [`authorization`], [`Signer`] |
//! | 3.6 percent encoding | [`percent_encoding`] |
//! | what went wrong in them | [`diagnose`], [`Difference`] |
//!
//! # Features
//!
//! | feature | default | brings |
//! |---|---|---|
//! | `std` | yes | [`Timestamp::from_system_time`](stamp::Timestamp::from_system_time) |
//! | `http` | yes | [`Signer::sign`] for `http::Request` |
//! | `random` | yes | [`Stamp::random`](stamp::Stamp::random) |
//! | `rsa` | no | RSA verification, and RSA-SHA256 and RSA-SHA512 signing |
//! | `rsa-sha1-signing` | no | RSA-SHA1 signing, with the `rsa` crate |

#![no_std]
#![forbid(unsafe_code)]
#![cfg_attr(test, allow(clippy::unwrap_used))]

extern crate alloc;
#[cfg(any(feature = "std", test))]
extern crate std;

pub mod authorization;
pub mod base_string_uri;
pub mod body_hash;
pub mod captured;
pub mod credentials;
pub mod diagnose;
mod difference;
mod encoded;
mod explain;
#[cfg(feature = "http")]
mod http;
pub mod manual;
mod parameter_list;
pub mod parameters;
pub mod percent_encoding;
mod prepared;
mod problem;
pub mod protocol_parameters;
mod protocol_set;
pub mod request;
#[cfg(feature = "rsa")]
pub mod rsa;
mod sign;
mod signature_base_string;
mod signature_method;
mod signed;
mod sink;
pub mod stamp;
mod template;
mod unreserved;
mod unsigned;
mod verify;
mod words;

// The public interface is:
pub use base_string_uri::BaseStringUri;
pub use credentials::{
    Callback, ClientCredentials, SharedSecret, TemporaryCredentials, TokenCredentials, Verifier,
};
pub use difference::{Difference, Part};
pub use explain::{ExplainedParameter, Explanation, Secrets};
pub use prepared::PreparedSigner;
pub use problem::{Problem, ProblemReport, UnknownProblem};
pub use protocol_parameters::ParameterError;
pub use request::{SignableBody, SignableRequest};
pub use sign::{Authorization, SignError, Signer};
pub use signature_base_string::SignatureBaseString;
pub use signature_method::{
    HashAlgorithm, Signature, SignatureMethod, SigningFailed, SigningKey, UnknownSignatureMethod,
    VerificationKey,
};
pub use stamp::{Nonce, Stamp, Timestamp};
pub use verify::{InvalidBodyHash, InvalidSignature, Limits, PresentedRequest, SignatureVerified};
