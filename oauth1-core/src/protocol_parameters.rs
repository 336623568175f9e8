//! Protocol parameters, RFC 5849 sections 3.1 and 3.2: their wire names, and what makes a set of
//! them unacceptable before any signature is looked at.

use alloc::{string::String, vec::Vec};
use core::fmt;

use crate::{parameters::Source, percent_encoding::MalformedEscape};

/// `oauth_body_hash`, of the request body hash extension.
pub const BODY_HASH: &str = "oauth_body_hash";
/// `oauth_callback` (section 2.1).
pub const CALLBACK: &str = "oauth_callback";
/// `oauth_callback_confirmed` (section 2.1), in responses.
pub const CALLBACK_CONFIRMED: &str = "oauth_callback_confirmed";
/// `oauth_consumer_key` (section 3.1): the client identifier.
pub const CONSUMER_KEY: &str = "oauth_consumer_key";
/// `oauth_nonce` (section 3.3).
pub const NONCE: &str = "oauth_nonce";
/// `oauth_session_handle`, of the session extension.
pub const SESSION_HANDLE: &str = "oauth_session_handle";
/// `oauth_signature` (section 3.4).
pub const SIGNATURE: &str = "oauth_signature";
/// `oauth_signature_method` (section 3.4).
pub const SIGNATURE_METHOD: &str = "oauth_signature_method";
/// `oauth_timestamp` (section 3.3).
pub const TIMESTAMP: &str = "oauth_timestamp";
/// `oauth_token` (section 3.1): the token identifier.
pub const TOKEN: &str = "oauth_token";
/// `oauth_token_secret` (sections 2.1 and 2.3), in responses.
pub const TOKEN_SECRET: &str = "oauth_token_secret";
/// `oauth_verifier` (section 2.3).
pub const VERIFIER: &str = "oauth_verifier";
/// `oauth_version` (section 3.1): always `1.0`.
pub const VERSION: &str = "oauth_version";

/// A parameter that a request may carry and this crate reads, in the order of the base string.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub(crate) enum Known {
    BodyHash,
    Callback,
    ConsumerKey,
    Nonce,
    SessionHandle,
    Signature,
    SignatureMethod,
    Timestamp,
    Token,
    Verifier,
    Version,
}

impl Known {
    pub(crate) const ALL: [Self; 11] = [
        Self::BodyHash,
        Self::Callback,
        Self::ConsumerKey,
        Self::Nonce,
        Self::SessionHandle,
        Self::Signature,
        Self::SignatureMethod,
        Self::Timestamp,
        Self::Token,
        Self::Verifier,
        Self::Version,
    ];

    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::BodyHash => BODY_HASH,
            Self::Callback => CALLBACK,
            Self::ConsumerKey => CONSUMER_KEY,
            Self::Nonce => NONCE,
            Self::SessionHandle => SESSION_HANDLE,
            Self::Signature => SIGNATURE,
            Self::SignatureMethod => SIGNATURE_METHOD,
            Self::Timestamp => TIMESTAMP,
            Self::Token => TOKEN,
            Self::Verifier => VERIFIER,
            Self::Version => VERSION,
        }
    }

    /// As it stands between two parameters of the base string: `%26name%3D`, and its length.
    #[inline]
    pub(crate) const fn separated_name(self) -> &'static ([u8; 32], usize) {
        &SEPARATED[self as usize]
    }

    /// The name at the start of `text` if it is followed by `="`, as in most headers.
    #[inline]
    pub(crate) fn starting(text: &[u8]) -> Option<Self> {
        let rest = text.strip_prefix(b"oauth_")?;
        // Comparing with constants takes a few instructions each, and the first octet leaves few.
        Some(match rest.first()? {
            b'b' if rest.starts_with(b"body_hash=\"") => Self::BodyHash,
            b'c' if rest.starts_with(b"consumer_key=\"") => Self::ConsumerKey,
            b'c' if rest.starts_with(b"callback=\"") => Self::Callback,
            b'n' if rest.starts_with(b"nonce=\"") => Self::Nonce,
            b's' if rest.starts_with(b"signature=\"") => Self::Signature,
            b's' if rest.starts_with(b"signature_method=\"") => Self::SignatureMethod,
            b's' if rest.starts_with(b"session_handle=\"") => Self::SessionHandle,
            b't' if rest.starts_with(b"timestamp=\"") => Self::Timestamp,
            b't' if rest.starts_with(b"token=\"") => Self::Token,
            b'v' if rest.starts_with(b"version=\"") => Self::Version,
            b'v' if rest.starts_with(b"verifier=\"") => Self::Verifier,
            _ => return None,
        })
    }

    /// By the decoded name; names are case sensitive (section 3.1).
    #[inline]
    pub(crate) fn of(name: &[u8]) -> Option<Self> {
        // Of equal length there are two at most, so one or two comparisons find it.
        Some(match name {
            b"oauth_body_hash" => Self::BodyHash,
            b"oauth_callback" => Self::Callback,
            b"oauth_consumer_key" => Self::ConsumerKey,
            b"oauth_nonce" => Self::Nonce,
            b"oauth_session_handle" => Self::SessionHandle,
            b"oauth_signature" => Self::Signature,
            b"oauth_signature_method" => Self::SignatureMethod,
            b"oauth_timestamp" => Self::Timestamp,
            b"oauth_token" => Self::Token,
            b"oauth_verifier" => Self::Verifier,
            b"oauth_version" => Self::Version,
            _ => return None,
        })
    }
}

static SEPARATED: [([u8; 32], usize); Known::ALL.len()] = {
    let mut made = [([0; 32], 0); Known::ALL.len()];
    let mut which = 0;
    while which < made.len() {
        let parts = ["%26", Known::ALL[which].name(), "%3D"];
        let (mut part, mut used) = (0, 0);
        while part < parts.len() {
            let mut at = 0;
            while at < parts[part].len() {
                made[which].0[used] = parts[part].as_bytes()[at];
                used += 1;
                at += 1;
            }
            part += 1;
        }
        made[which].1 = used;
        which += 1;
    }
    made
};

/// Why a request is a bad request (400) by section 3.2: its parameters are missing, duplicated,
/// malformed or unsupported. Nothing secret was touched.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ParameterError {
    /// Required parameters are missing or empty.
    Absent(Vec<&'static str>),
    /// The `Authorization` header is not in the form of section 3.5.1.
    Header(crate::authorization::HeaderError),
    /// More than one `Authorization` header, one of them for OAuth.
    SeveralHeaders,
    /// A protocol parameter appears more than once (section 3.1, 2).
    Duplicated(Name),
    /// Parameters named `oauth_…` stand in more than one location (section 3.5).
    SeveralLocations,
    /// Protocol parameters in the body of a `GET` or `HEAD` request.
    BodyNotAllowed,
    /// The value is not UTF-8, or has control characters.
    Text(Name),
    /// A malformed escape in the query or the form body.
    Escape(Source, MalformedEscape),
    /// `oauth_version` is not `1.0`.
    Version,
    /// `oauth_signature_method` names no method that is known here.
    SignatureMethod,
    /// `oauth_timestamp` is no positive integer.
    Timestamp,
    /// `oauth_nonce` is longer than allowed; the limit in octets.
    NonceTooLong(usize),
    /// There are more parameters than allowed; the limit.
    TooMany(usize),
}

/// The name of a parameter in an error: known names only, so that nothing the sender wrote is
/// repeated.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Name(pub(crate) Option<&'static str>);

impl Name {
    pub(crate) fn of(known: Option<Known>) -> Self {
        Self(known.map(Known::name))
    }

    /// The wire name, if it is one this crate knows.
    #[must_use]
    pub const fn known(self) -> Option<&'static str> {
        self.0
    }
}

impl fmt::Display for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0.unwrap_or("an oauth_ parameter"))
    }
}

impl fmt::Display for ParameterError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Absent(names) => {
                let mut list = String::new();
                for (i, name) in names.iter().enumerate() {
                    list.push_str(if i == 0 { "" } else { ", " });
                    list.push_str(name);
                }
                write!(f, "missing or empty: {list} (RFC 5849 section 3.1)")
            }
            Self::Header(error) => write!(f, "Authorization header: {error}"),
            Self::SeveralHeaders => f.write_str("more than one Authorization header; send one"),
            Self::Duplicated(name) => {
                write!(f, "{name} appears more than once (RFC 5849 section 3.1)")
            }
            Self::SeveralLocations => f.write_str(
                "oauth_ parameters in more than one of header, form body and query; use one (RFC 5849 section 3.5)",
            ),
            Self::BodyNotAllowed => f.write_str(
                "oauth_ parameters in the body of a GET or HEAD request; send them in the Authorization header",
            ),
            Self::Text(name) => {
                write!(f, "{name} must be UTF-8 without control characters (RFC 5849 section 3.6)")
            }
            Self::Escape(source, error) => write!(f, "in the {}: {error}", source.as_str()),
            Self::Version => f.write_str("oauth_version must be 1.0 or left out"),
            Self::SignatureMethod => f.write_str("oauth_signature_method is not supported here"),
            Self::Timestamp => f.write_str(
                "oauth_timestamp must be a positive integer of seconds since 1970 (RFC 5849 section 3.3)",
            ),
            Self::NonceTooLong(limit) => write!(f, "oauth_nonce is longer than {limit} octets"),
            Self::TooMany(limit) => write!(f, "more than {limit} parameters"),
        }
    }
}

impl core::error::Error for ParameterError {}

impl From<crate::authorization::HeaderError> for ParameterError {
    fn from(error: crate::authorization::HeaderError) -> Self {
        Self::Header(error)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn known_names_are_sorted_and_found_by_name() {
        assert!(Known::ALL.is_sorted_by_key(|known| known.name()));
        for (at, known) in Known::ALL.into_iter().enumerate() {
            assert_eq!((Known::of(known.name().as_bytes()), known as usize), (Some(known), at));
            let header = alloc::format!("{}=\"", known.name());
            assert_eq!(Known::starting(header.as_bytes()), Some(known));
            assert_eq!(Known::starting(known.name().as_bytes()), None);
            let separated = alloc::format!("%26{}%3D", known.name());
            let (text, length) = known.separated_name();
            assert_eq!(&text[..*length], separated.as_bytes());
        }
        assert_eq!(Known::of(b"OAUTH_NONCE"), None);
    }
}
