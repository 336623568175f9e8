//! What can be typed after `oauth1-server keys`.

use std::{path::PathBuf, time::Duration};

use clap::{Args, Subcommand, ValueEnum};

use super::values;
use crate::Sources;

/// Makes and manages keys. A running server sees each change before the command has ended.
#[derive(Debug, Subcommand)]
pub(crate) enum KeysCommand {
    /// Make a key, and print its four values, once.
    #[command(after_help = CREATE_EXAMPLES)]
    Create(Box<CreateArgs>),
    /// List keys, the newest first.
    List(ListArgs),
    /// Show a key and its tokens, without secrets.
    Show(KeyArgs),
    /// Change a key; what is not named stays as it is.
    Update(Box<UpdateArgs>),
    /// Refuse requests with a key until it is enabled again.
    Disable(KeyArgs),
    /// Accept requests with a key again.
    Enable(KeyArgs),
    /// Make new secrets, and print them, once; the old ones are good for some time more.
    Rotate(RotateArgs),
    /// End the old secrets of a rotation before their time.
    FinishRotation(KeyArgs),
    /// Make four new values, and print them, once. The old ones end now.
    Regenerate(SureArgs),
    /// Make a short-lived token for a key, and print it, once.
    Token(TokenArgs),
    /// Revoke a token.
    Revoke(RevokeArgs),
    /// Say whether a key could make a request, and if not, why.
    Check(CheckArgs),
    /// Show where a key is used from.
    Addresses(KeyArgs),
    /// Show the latest refused requests of a key, or of senders without a known one.
    Refusals(RefusalsArgs),
    /// Tell senders by which mistake a wrong signature was made, for an hour at most.
    Explain(ExplainArgs),
    /// Delete a key for good, and erase its secrets.
    Delete(SureArgs),
}

#[derive(Debug, Args)]
pub(crate) struct Common {
    #[command(flatten)]
    pub(crate) sources: Sources,
    /// Print JSON
    #[arg(long)]
    pub(crate) json: bool,
}

/// What a key is, for `create` and `update` alike.
#[derive(Debug, Args)]
pub(crate) struct Fields {
    /// Name as people read it
    #[arg(long, value_name = "TEXT")]
    pub(super) display_name: Option<String>,
    /// Who builds the application [default of a new key: who types]
    #[arg(long, value_name = "TEXT")]
    pub(super) developer: Option<String>,
    /// What it is for
    #[arg(long, value_name = "TEXT")]
    pub(super) description: Option<String>,
    /// Such as production
    #[arg(long, value_name = "NAME")]
    pub(super) environment: Option<String>,
    /// When it ends: 90d, 12h, 2027-01-31 (to its end, in the account's time zone),
    /// 2027-01-31T12:00:00Z or never [default of a new key: never]
    #[arg(long, value_name = "WHEN")]
    pub(super) expires: Option<String>,
    /// What it may do, such as orders:view; more than once for more, '' for nothing
    #[arg(long = "scope", value_name = "SCOPE")]
    pub(super) scopes: Vec<String>,
    /// Something that handlers want to know; more than once for more
    #[arg(long = "attribute", value_name = "NAME=VALUE", value_parser = values::attribute)]
    pub(super) attributes: Vec<(String, String)>,
    /// Method whose requests get the attributes; more than once for more [default: POST]
    #[arg(long = "attribute-method", value_name = "METHOD")]
    pub(super) attribute_methods: Vec<String>,
    /// Accept it only from this address or network; more than once for more, '' for any
    #[arg(long = "allow-ip", value_name = "CIDR")]
    pub(super) ip_allow: Vec<String>,
    /// URL that people are sent back to when they have granted access, or oob to show a code
    /// instead; more than once for more, '' for none
    #[arg(long = "callback", value_name = "URL")]
    pub(super) callbacks: Vec<String>,
    /// Accept only this signature method; more than once for more
    #[arg(long = "signature-method", value_name = "METHOD", value_parser = values::method)]
    pub(super) signature_methods: Vec<String>,
    /// Require oauth_body_hash for bodies that are no forms
    #[arg(long, value_name = "BOOL", num_args = 0..=1, default_missing_value = "true")]
    pub(super) require_body_hash: Option<bool>,
    /// Accept requests without a token
    #[arg(long, value_name = "BOOL", num_args = 0..=1, default_missing_value = "true")]
    pub(super) two_legged: Option<bool>,
    /// How long a short-lived token is good [default of a new key: 60m]
    #[arg(long, value_name = "DURATION", value_parser = values::duration)]
    pub(super) token_lifetime: Option<Duration>,
    /// Person whose rights limit it, '' for nobody
    #[arg(long, value_name = "NAME")]
    pub(super) acts_as: Option<String>,
    /// Role with which it manages keys through the admin API, '' for none
    #[arg(long, value_name = "NAME")]
    pub(super) role: Option<String>,
}

#[derive(Debug, Args)]
pub(crate) struct CreateArgs {
    #[command(flatten)]
    pub(super) common: Common,
    /// Account it belongs to
    #[arg(long, value_name = "NAME")]
    pub(super) account: Option<String>,
    /// Unique name without spaces [default: made of the display name]
    #[arg(long)]
    pub(super) name: Option<String>,
    #[command(flatten)]
    pub(super) fields: Fields,
    /// Preset of the catalogue; more than once for more
    #[arg(long = "preset", value_name = "NAME")]
    pub(super) presets: Vec<String>,
    /// File with an RSA public key (PEM), instead of an app secret
    #[arg(long, value_name = "FILE")]
    pub(super) rsa_public_key: Option<PathBuf>,
    /// Print the four values as lines of an environment, for .env files and for
    /// oauth1 profile add --from-env-file -
    #[arg(long, conflicts_with = "json")]
    pub(super) env: bool,
}

#[derive(Debug, Args)]
pub(crate) struct UpdateArgs {
    #[command(flatten)]
    pub(super) key: KeyArgs,
    /// Another unique name without spaces
    #[arg(long)]
    pub(super) name: Option<String>,
    #[command(flatten)]
    pub(super) fields: Fields,
}

#[derive(Debug, Args)]
pub(crate) struct ListArgs {
    #[command(flatten)]
    pub(super) common: Common,
    /// How many at most
    #[arg(long, value_name = "COUNT", default_value_t = 100)]
    pub(super) limit: u16,
    /// Where to go on: `next` of the page before
    #[arg(long, value_name = "CURSOR")]
    pub(super) after: Option<String>,
    /// Only keys of this account
    #[arg(long, value_name = "NAME")]
    pub(super) account: Option<String>,
    /// Only keys in this state
    #[arg(long, value_enum)]
    pub(super) state: Option<State>,
    /// Only keys of this environment
    #[arg(long, value_name = "NAME")]
    pub(super) environment: Option<String>,
    /// Only keys that were given this scope
    #[arg(long)]
    pub(super) scope: Option<String>,
    /// Only keys that this person or program made
    #[arg(long, value_name = "NAME")]
    pub(super) created_by: Option<String>,
    /// Only keys with words that begin with these
    #[arg(long, value_name = "WORDS")]
    pub(super) search: Option<String>,
    /// Order
    #[arg(long, value_enum, default_value = "newest")]
    pub(super) sort: Sort,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
pub(crate) enum State {
    Active,
    Disabled,
    Expired,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
pub(crate) enum Sort {
    Newest,
    Name,
    LastUsed,
    Expires,
}

#[derive(Debug, Args)]
pub(crate) struct KeyArgs {
    #[command(flatten)]
    pub(super) common: Common,
    /// App key or name
    #[arg(value_name = "KEY")]
    pub(super) key: String,
}

#[derive(Debug, Args)]
pub(crate) struct RotateArgs {
    #[command(flatten)]
    pub(super) key: KeyArgs,
    /// How long the old secrets are good: 24h, 7d, 90s, or 0 to end them now
    #[arg(long, value_name = "DURATION", default_value = "24h", value_parser = values::duration)]
    pub(super) grace: Duration,
    /// Replace only one of the secrets
    #[arg(long, value_enum, value_name = "WHICH")]
    pub(super) only: Option<Only>,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
pub(crate) enum Only {
    AppSecret,
    TokenSecret,
}

#[derive(Debug, Args)]
pub(crate) struct TokenArgs {
    #[command(flatten)]
    pub(super) key: KeyArgs,
    /// How long it is good, at most what the key permits [default: what the key permits]
    #[arg(long, value_name = "DURATION", value_parser = values::duration)]
    pub(super) lifetime: Option<Duration>,
    /// Only this of what the key may do; more than once for more
    #[arg(long = "scope", value_name = "SCOPE")]
    pub(super) scopes: Vec<String>,
}

#[derive(Debug, Args)]
pub(crate) struct RevokeArgs {
    #[command(flatten)]
    pub(super) key: KeyArgs,
    /// Access token
    #[arg(value_name = "TOKEN")]
    pub(super) token: String,
}

#[derive(Debug, Args)]
pub(crate) struct CheckArgs {
    #[command(flatten)]
    pub(super) key: KeyArgs,
    /// Method of the request
    #[arg(value_name = "METHOD")]
    pub(super) method: String,
    /// Path of the request
    #[arg(value_name = "PATH")]
    pub(super) path: String,
    /// Address that it would come from
    #[arg(long, value_name = "ADDRESS")]
    pub(super) from: Option<std::net::IpAddr>,
}

#[derive(Debug, Args)]
pub(crate) struct RefusalsArgs {
    #[command(flatten)]
    pub(super) common: Common,
    /// App key or name; leave it out for senders without a known key
    #[arg(value_name = "KEY")]
    pub(super) key: Option<String>,
}

#[derive(Debug, Args)]
pub(crate) struct ExplainArgs {
    #[command(flatten)]
    pub(super) key: KeyArgs,
    /// How long: 1h at most
    #[arg(long = "for", value_name = "DURATION", default_value = "1h", value_parser = values::duration)]
    pub(super) length: Duration,
    /// Stop telling
    #[arg(long, conflicts_with = "length")]
    pub(super) off: bool,
}

/// A key, and whether to ask first.
#[derive(Debug, Args)]
pub(crate) struct SureArgs {
    #[command(flatten)]
    pub(super) key: KeyArgs,
    /// Do not ask
    #[arg(long, short)]
    pub(super) yes: bool,
}

impl KeysCommand {
    pub(super) const fn common(&self) -> &Common {
        match self {
            Self::Create(args) => &args.common,
            Self::List(args) => &args.common,
            Self::Refusals(args) => &args.common,
            Self::Show(args)
            | Self::Disable(args)
            | Self::Enable(args)
            | Self::FinishRotation(args)
            | Self::Addresses(args) => &args.common,
            Self::Update(args) => &args.key.common,
            Self::Rotate(args) => &args.key.common,
            Self::Token(args) => &args.key.common,
            Self::Revoke(args) => &args.key.common,
            Self::Check(args) => &args.key.common,
            Self::Explain(args) => &args.key.common,
            Self::Regenerate(args) | Self::Delete(args) => &args.key.common,
        }
    }

    pub(super) const fn changes(&self) -> bool {
        !matches!(
            self,
            Self::List(_) | Self::Show(_) | Self::Check(_) | Self::Addresses(_) | Self::Refusals(_)
        )
    }
}

const CREATE_EXAMPLES: &str = "\
Examples:
  oauth1-server keys create --name billing-bot --expires 90d
  oauth1-server keys create --name billing-bot --json > billing-bot.json
  oauth1-server keys create --name billing-bot --env | oauth1 profile add billing --from-env-file -
  oauth1-server keys create --display-name 'Chat bot' --preset bot-login --allow-ip 192.0.2.0/24";
