//! What went wrong, why, and what to do about it; and the exit code that says so to scripts.

use serde::Serialize;

/// An error of the command. No text in it repeats a secret, an argument or a URL's query.
#[derive(Debug)]
pub(crate) struct Failure {
    pub(crate) kind: Kind,
    pub(crate) message: String,
    pub(crate) fix: String,
}

/// The kinds of failure; each has an exit code and a stable name in JSON.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// Something that is none of the others.
    Other,
    /// The command line does not make sense.
    Usage,
    /// Environment, profiles, secret files or key files.
    Config,
    /// The server answered 4xx, 401 and 403 aside.
    Http4xx,
    /// The server answered 5xx.
    Http5xx,
    /// The network failed or the time was up.
    Network,
    /// The server, or the resource owner, said no: 401, 403.
    Refused,
    /// A difference or an invalid signature was found.
    Difference,
    /// Ctrl-C.
    Interrupted,
}

impl Kind {
    pub(crate) const fn exit_code(self) -> u8 {
        match self {
            Self::Other => 1,
            Self::Usage => 2,
            Self::Config => 3,
            Self::Http4xx => 4,
            Self::Http5xx => 5,
            Self::Network => 6,
            Self::Refused => 7,
            Self::Difference => 8,
            Self::Interrupted => 130,
        }
    }

    const fn code(self) -> &'static str {
        match self {
            Self::Other => "other",
            Self::Usage => "usage",
            Self::Config => "config",
            Self::Http4xx => "http_4xx",
            Self::Http5xx => "http_5xx",
            Self::Network => "network",
            Self::Refused => "refused",
            Self::Difference => "difference",
            Self::Interrupted => "interrupted",
        }
    }
}

/// `{"error": {"code", "message", "fix"}}`.
#[derive(Serialize)]
pub(crate) struct FailureJson<'a> {
    error: Body<'a>,
}

#[derive(Serialize)]
struct Body<'a> {
    code: &'static str,
    message: &'a str,
    fix: &'a str,
}

impl Failure {
    pub(crate) fn new(kind: Kind, message: impl Into<String>, fix: impl Into<String>) -> Self {
        Self { kind, message: message.into(), fix: fix.into() }
    }

    pub(crate) fn usage(message: impl Into<String>, fix: impl Into<String>) -> Self {
        Self::new(Kind::Usage, message, fix)
    }

    pub(crate) fn config(message: impl Into<String>, fix: impl Into<String>) -> Self {
        Self::new(Kind::Config, message, fix)
    }

    pub(crate) fn other(message: impl Into<String>, fix: impl Into<String>) -> Self {
        Self::new(Kind::Other, message, fix)
    }

    pub(crate) fn interrupted(fix: impl Into<String>) -> Self {
        Self::new(Kind::Interrupted, "interrupted", fix)
    }

    pub(crate) fn json(&self) -> FailureJson<'_> {
        let Self { kind, message, fix } = self;
        FailureJson { error: Body { code: kind.code(), message, fix } }
    }
}

/// Signing fails for what the caller typed, the clock and the random source aside.
impl From<oauth1_client::SignError> for Failure {
    fn from(error: oauth1_client::SignError) -> Self {
        use oauth1_client::{SignError as E, core::SignError as Core};
        let message = error.to_string();
        match error {
            E::Protocol(Core::Stamp(_)) => Self::other(message, "repair the system, then retry"),
            E::Protocol(Core::NoRsaKey) => {
                let fix = if cfg!(feature = "rsa") {
                    "give the private key with --rsa-key FILE"
                } else {
                    "install oauth1-client with --features rsa, and give --rsa-key FILE"
                };
                Self::usage(message, fix)
            }
            E::Protocol(Core::Escape(..)) => {
                Self::usage(message, "write a literal % as %25, or use items: they are encoded")
            }
            E::Protocol(Core::ProtocolParameter(_)) => Self::usage(
                message,
                "remove it; to check a request that is signed already, use oauth1 verify",
            ),
            E::Protocol(Core::NotForm) => {
                Self::usage(message, "use --transmit header, or send form fields")
            }
            E::Protocol(Core::BodyUnknown) => Self::usage(
                "files go as multipart/form-data, and no oauth_body_hash is made of that",
                "leave out --body-hash, or send one file with --data @FILE",
            ),
            E::NoBody => Self::usage(message, "use -X POST, or --transmit header"),
            _ => Self::usage(message, "correct the request: oauth1 sign --help says how"),
        }
    }
}

impl From<oauth1_client::core::SignError> for Failure {
    fn from(error: oauth1_client::core::SignError) -> Self {
        oauth1_client::SignError::from(error).into()
    }
}
