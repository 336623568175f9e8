//! What the subcommands have in common on the command line.

use clap::{Args, ValueEnum};
use oauth1_client::{
    SignatureMethod, Stamp, Transmission,
    core::{Nonce, Timestamp},
};
use serde::{Deserialize, Serialize};

use crate::{failure::Failure, output::Color};

#[derive(Args, Debug)]
#[command(next_help_heading = "Request")]
pub(crate) struct RequestArgs {
    /// The whole address, such as https://api.example.com/1/me
    #[arg(display_order = 0)]
    pub(crate) url: Option<String>,
    /// Items after the URL: name=value (form field), name==value (query), name:value (header),
    /// name@FILE (upload; also name@FILE;type=image/png;filename=a.png)
    ///
    /// Names and values are encoded for you. A backslash before =, :, @ or \ in a name keeps it.
    /// With an upload, fields and files go as multipart/form-data, which is not signed.
    #[arg(verbatim_doc_comment, display_order = 1)]
    pub(crate) items: Vec<String>,
    /// Request method; GET, or POST when there is a body
    #[arg(short = 'X', long)]
    pub(crate) method: Option<String>,
    /// Raw body: text, @FILE, or - for stdin
    #[arg(short, long, value_name = "TEXT|@FILE|-", conflicts_with = "json_body")]
    pub(crate) data: Option<String>,
    /// Content-Type of --data [default: application/x-www-form-urlencoded]
    #[arg(long, value_name = "TYPE")]
    pub(crate) content_type: Option<String>,
    /// JSON body: text, @FILE, or - for stdin. JSON is not signed, unless with --body-hash
    #[arg(long, value_name = "TEXT|@FILE|-")]
    pub(crate) json_body: Option<String>,
    /// A header, as "name: value"
    #[arg(short = 'H', long = "header", value_name = "HEADER")]
    pub(crate) headers: Vec<String>,
}

#[derive(Args, Debug, Default)]
#[command(next_help_heading = "Credentials")]
pub(crate) struct CredentialArgs {
    /// Profile [default: OAUTH1_PROFILE, or the active one of oauth1 profile list]
    #[arg(long, value_name = "NAME")]
    pub(crate) profile: Option<String>,
    #[command(flatten)]
    pub(crate) app: AppArgs,
    #[command(flatten)]
    pub(crate) token: TokenArgs,
}

/// The application.
#[derive(Args, Debug, Default)]
#[command(next_help_heading = "Credentials")]
pub(crate) struct AppArgs {
    /// App key (consumer key), or OAUTH1_CONSUMER_KEY, OAUTH1_CONSUMER_KEY_FILE
    #[arg(long, visible_alias = "app-key", value_name = "KEY")]
    pub(crate) consumer_key: Option<String>,
    /// File with the App secret (consumer secret), - for stdin; or OAUTH1_CONSUMER_SECRET,
    /// OAUTH1_CONSUMER_SECRET_FILE
    #[arg(long, visible_alias = "app-secret-file", value_name = "FILE|-")]
    pub(crate) consumer_secret_file: Option<String>,
    /// App secret. Other users can see it in the list of processes: prefer the ways above
    #[arg(long, value_name = "SECRET", conflicts_with = "consumer_secret_file")]
    pub(crate) consumer_secret: Option<Hidden>,
    /// RSA key in PEM: the private key to sign with; to verify, the public key or certificate
    #[cfg(feature = "rsa")]
    #[arg(long, value_name = "FILE|-")]
    pub(crate) rsa_key: Option<String>,
}

impl AppArgs {
    #[cfg(feature = "rsa")]
    pub(crate) const fn has_rsa_key(&self) -> bool {
        self.rsa_key.is_some()
    }

    /// The key stays where it is, so its path must hold from everywhere.
    #[cfg(feature = "rsa")]
    pub(crate) fn rsa_path(&self) -> Result<Option<String>, Failure> {
        let Some(path) = &self.rsa_key else { return Ok(None) };
        let absolute = std::path::absolute(path).ok().filter(|_| path != "-");
        let text = absolute.and_then(|path| path.into_os_string().into_string().ok());
        text.map(Some).ok_or_else(|| {
            Failure::usage("the RSA key must be a file", "give --rsa-key the path of a file")
        })
    }

    #[cfg(not(feature = "rsa"))]
    #[allow(clippy::unused_self)]
    pub(crate) const fn has_rsa_key(&self) -> bool {
        false
    }

    #[cfg(not(feature = "rsa"))]
    #[allow(clippy::unused_self, clippy::unnecessary_wraps)]
    pub(crate) const fn rsa_path(&self) -> Result<Option<String>, Failure> {
        Ok(None)
    }
}

/// The token, if there is one.
#[derive(Args, Debug, Default)]
#[command(next_help_heading = "Credentials")]
pub(crate) struct TokenArgs {
    /// Access token, or OAUTH1_TOKEN, OAUTH1_TOKEN_FILE
    #[arg(long)]
    pub(crate) token: Option<String>,
    /// File with the Token secret, - for stdin; or OAUTH1_TOKEN_SECRET, OAUTH1_TOKEN_SECRET_FILE
    #[arg(long, value_name = "FILE|-")]
    pub(crate) token_secret_file: Option<String>,
    /// Token secret. Other users can see it in the list of processes: prefer the ways above
    #[arg(long, value_name = "SECRET", conflicts_with = "token_secret_file")]
    pub(crate) token_secret: Option<Hidden>,
    /// Read the App secret from the first line of stdin, the Token secret from the second
    #[arg(long, conflicts_with_all = ["consumer_secret", "consumer_secret_file", "token_secret", "token_secret_file"])]
    pub(crate) secrets_stdin: bool,
}

/// An argument that no `Debug` shows.
#[derive(Clone)]
pub(crate) struct Hidden(pub(crate) oauth1_client::SharedSecret);

impl std::fmt::Debug for Hidden {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("[redacted]")
    }
}

impl From<&str> for Hidden {
    fn from(text: &str) -> Self {
        Self(oauth1_client::SharedSecret::new(text))
    }
}

#[derive(Args, Debug, Default)]
#[command(next_help_heading = "Signature")]
pub(crate) struct ProtocolArgs {
    /// HMAC-SHA1, HMAC-SHA256, HMAC-SHA512, PLAINTEXT, RSA-SHA1, RSA-SHA256 or RSA-SHA512
    /// [default: the profile's, or HMAC-SHA1]
    #[arg(long, visible_alias = "method-name", value_name = "METHOD")]
    pub(crate) signature_method: Option<String>,
    /// Realm for the header; never signed
    #[arg(long)]
    pub(crate) realm: Option<String>,
    /// Nonce [default: random]
    #[arg(long)]
    pub(crate) nonce: Option<String>,
    /// Seconds since 1970 [default: now]
    #[arg(long, value_name = "SECONDS")]
    pub(crate) timestamp: Option<String>,
    /// Sign a body that is no form by its hash, oauth_body_hash
    #[arg(long)]
    pub(crate) body_hash: bool,
    /// Leave out oauth_version
    #[arg(long)]
    pub(crate) no_version: bool,
    /// Callback for the request of a request token: an address, or oob
    #[arg(long, value_name = "URL|oob")]
    pub(crate) callback: Option<String>,
    /// Verification code, to exchange a request token
    #[arg(long, value_name = "CODE")]
    pub(crate) verifier: Option<Hidden>,
    /// Where the oauth_ parameters go [default: the profile's, or header]
    #[arg(long, value_name = "WHERE")]
    pub(crate) transmit: Option<Transmit>,
}

#[derive(Args, Debug)]
#[command(next_help_heading = "Output")]
pub(crate) struct OutputArgs {
    /// JSON on stdout, errors too
    #[arg(long)]
    pub(crate) json: bool,
    /// Colour on terminals
    #[arg(long, value_name = "WHEN", default_value = "auto")]
    pub(crate) color: Color,
}

/// The three locations of RFC 5849 section 3.5.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Transmit {
    /// The Authorization header
    Header,
    /// The query of the URL
    Query,
    /// The form-encoded body
    Form,
}

impl Transmit {
    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::Header => "header",
            Self::Query => "query",
            Self::Form => "form",
        }
    }
}

impl From<Transmit> for Transmission {
    fn from(transmit: Transmit) -> Self {
        match transmit {
            Transmit::Header => Self::Header,
            Transmit::Query => Self::Query,
            Transmit::Form => Self::Body,
        }
    }
}

/// The method of `--signature-method`.
pub(crate) fn parsed_method(name: &str) -> Result<SignatureMethod, Failure> {
    let parsed = name.to_ascii_uppercase().parse();
    parsed.map_err(|error: oauth1_client::core::UnknownSignatureMethod| {
        Failure::usage(error.to_string(), "correct --signature-method")
    })
}

impl ProtocolArgs {
    pub(crate) fn method(&self) -> Result<Option<SignatureMethod>, Failure> {
        self.signature_method.as_deref().map(parsed_method).transpose()
    }

    /// The nonce and timestamp given, or else found in the request, or else fresh ones.
    pub(crate) fn stamp(&self, found: (Option<String>, Option<String>)) -> Result<Stamp, Failure> {
        let mut stamp = Stamp::now()?;
        if let Some(nonce) = self.nonce.clone().or(found.0) {
            stamp.nonce =
                Nonce::new(nonce).map_err(|e| Failure::usage(e.to_string(), "correct --nonce"))?;
        }
        if let Some(seconds) = self.timestamp.clone().or(found.1) {
            stamp.timestamp = Timestamp::parse(&seconds)
                .map_err(|e| Failure::usage(e.to_string(), "correct --timestamp"))?;
        }
        Ok(stamp)
    }
}
