//! `oauth1-server keys`: makes and manages keys, beside a running server.

mod print;
mod values;

use std::{path::PathBuf, time::Duration};

use clap::{Args, Subcommand, ValueEnum};
use oauth1_server::{
    credentials::{
        cache::CacheSettings,
        seal::MasterKeySource,
        sql::{SqlCredentialStore, StoreSettings},
    },
    management::{Actor, ClientKind, KeyError, KeyService, NewKey, Rotation},
};

use crate::{Sources, config::Settings};
use print::Print;

/// Makes and manages keys. A running server sees each change before the command has ended.
#[derive(Debug, Subcommand)]
pub(crate) enum KeysCommand {
    /// Make a key, and print its four values, once.
    #[command(after_help = CREATE_EXAMPLES)]
    Create(CreateArgs),
    /// List keys, the newest first.
    List(ListArgs),
    /// Show a key and its tokens, without secrets.
    Show(KeyArgs),
    /// Refuse requests with a key until it is enabled again.
    Disable(KeyArgs),
    /// Accept requests with a key again.
    Enable(KeyArgs),
    /// Make new secrets, and print them, once; the old ones are good for some time more.
    Rotate(RotateArgs),
    /// Delete a key for good, and erase its secrets.
    Delete(DeleteArgs),
}

#[derive(Debug, Args)]
pub(crate) struct Common {
    #[command(flatten)]
    sources: Sources,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

#[derive(Debug, Args)]
pub(crate) struct CreateArgs {
    #[command(flatten)]
    common: Common,
    /// Unique name without spaces [default: made of the display name]
    #[arg(long)]
    name: Option<String>,
    /// Name as people read it
    #[arg(long, value_name = "TEXT")]
    display_name: Option<String>,
    /// Who builds the application
    #[arg(long, value_name = "TEXT", default_value = "")]
    developer: String,
    /// What it is for
    #[arg(long, value_name = "TEXT", default_value = "")]
    description: String,
    /// Such as production
    #[arg(long, value_name = "NAME", default_value = "")]
    environment: String,
    /// When it ends: 90d, 12h, 2027-01-31 (to its end, UTC), 2027-01-31T12:00:00Z or never
    #[arg(long, value_name = "WHEN", default_value = "never", value_parser = values::expiry)]
    expires: values::Expiry,
    /// What it may do, such as orders:view; more than once for more
    #[arg(long = "scope", value_name = "SCOPE")]
    scopes: Vec<String>,
    /// Something that handlers want to know; more than once for more
    #[arg(long = "attribute", value_name = "NAME=VALUE", value_parser = values::attribute)]
    attributes: Vec<(String, String)>,
    /// Accept only this signature method; more than once for more
    #[arg(long = "signature-method", value_name = "METHOD", value_parser = values::method)]
    signature_methods: Vec<String>,
    /// Require oauth_body_hash for bodies that are no forms
    #[arg(long)]
    require_body_hash: bool,
    /// File with an RSA public key (PEM), instead of an app secret
    #[arg(long, value_name = "FILE")]
    rsa_public_key: Option<PathBuf>,
}

#[derive(Debug, Args)]
pub(crate) struct ListArgs {
    #[command(flatten)]
    common: Common,
    /// How many at most
    #[arg(long, value_name = "COUNT", default_value_t = 100)]
    limit: u16,
    /// Where to go on: `next` of the page before
    #[arg(long, value_name = "CURSOR")]
    after: Option<String>,
}

#[derive(Debug, Args)]
pub(crate) struct KeyArgs {
    #[command(flatten)]
    common: Common,
    /// App key or name
    #[arg(value_name = "KEY")]
    key: String,
}

#[derive(Debug, Args)]
pub(crate) struct RotateArgs {
    #[command(flatten)]
    key: KeyArgs,
    /// How long the old secrets are good: 24h, 7d, 90s, or 0 to end them now
    #[arg(long, value_name = "DURATION", default_value = "24h", value_parser = values::duration)]
    grace: Duration,
    /// Replace only one of the secrets
    #[arg(long, value_enum, value_name = "WHICH")]
    only: Option<Only>,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum Only {
    AppSecret,
    TokenSecret,
}

#[derive(Debug, Args)]
pub(crate) struct DeleteArgs {
    #[command(flatten)]
    key: KeyArgs,
    /// Do not ask
    #[arg(long, short)]
    yes: bool,
}

impl KeysCommand {
    const fn common(&self) -> &Common {
        match self {
            Self::Create(args) => &args.common,
            Self::List(args) => &args.common,
            Self::Show(args) | Self::Disable(args) | Self::Enable(args) => &args.common,
            Self::Rotate(args) => &args.key.common,
            Self::Delete(args) => &args.key.common,
        }
    }

    const fn changes(&self) -> bool {
        !matches!(self, Self::List(_) | Self::Show(_))
    }
}

/// Runs one of the commands.
///
/// # Errors
/// What went wrong, and what to do.
pub(crate) fn run(command: KeysCommand) -> Result<(), String> {
    let common = command.common();
    let settings = store_settings(&common.sources.clone().settings(Vec::new())?)?;
    let print = Print { json: common.json };
    block_on(async {
        let store = SqlCredentialStore::open(&settings).await.map_err(|e| e.to_string())?;
        let changes = command.changes();
        let done = execute(command, &KeyService::new(store.clone()), print).await;
        store.close().await;
        if changes && done.is_ok() {
            // Until here a running server may not have looked.
            tokio::time::sleep(SETTLED).await;
        }
        done
    })
}

async fn execute(command: KeysCommand, keys: &KeyService, print: Print) -> Result<(), String> {
    let actor = actor();
    let failed = |error: KeyError| error.to_string();
    match command {
        KeysCommand::Create(args) => {
            let created = keys.create(&actor, &new_key(args)?).await.map_err(failed)?;
            print.created(&created);
        }
        KeysCommand::List(args) => {
            print.page(&keys.list(args.after.as_deref(), args.limit).await.map_err(failed)?);
        }
        KeysCommand::Show(args) => print.key(&keys.show(&args.key).await.map_err(failed)?),
        KeysCommand::Disable(args) => {
            let key = keys.set_enabled(&actor, &args.key, false).await.map_err(failed)?;
            print.done("disabled", &key);
        }
        KeysCommand::Enable(args) => {
            let key = keys.set_enabled(&actor, &args.key, true).await.map_err(failed)?;
            print.done("enabled", &key);
        }
        KeysCommand::Rotate(args) => {
            let rotation = match args.only {
                None => Rotation::Both,
                Some(Only::AppSecret) => Rotation::AppSecret,
                Some(Only::TokenSecret) => Rotation::TokenSecret,
            };
            let rotated = keys.rotate(&actor, &args.key.key, rotation, args.grace).await;
            print.rotated(&rotated.map_err(failed)?);
        }
        KeysCommand::Delete(args) => {
            let key = keys.show(&args.key.key).await.map_err(failed)?;
            if !args.yes && !values::confirmed(&key)? {
                return Err("nothing was deleted".to_owned());
            }
            let key = keys.delete(&actor, &key.app_key).await.map_err(failed)?;
            print.done("deleted", &key);
        }
    }
    Ok(())
}

fn new_key(args: CreateArgs) -> Result<NewKey, String> {
    let kind = match &args.rsa_public_key {
        None => ClientKind::Secret,
        Some(file) => ClientKind::Rsa(
            std::fs::read_to_string(file)
                .map_err(|error| format!("cannot read {}: {error}", file.display()))?,
        ),
    };
    let methods = (!args.signature_methods.is_empty()).then(|| args.signature_methods.join(" "));
    Ok(NewKey {
        name: args.name,
        display_name: args.display_name,
        developer_name: args.developer,
        description: args.description,
        environment: args.environment,
        expires_at: args.expires.0,
        signature_methods: methods,
        body_hash_required: args.require_body_hash,
        scopes: args.scopes,
        attributes: args.attributes.into_iter().collect(),
        kind,
        imported: None,
    })
}

/// Who types, as far as the system says.
fn actor() -> Actor {
    let user = std::env::var("SUDO_USER").or_else(|_| std::env::var("USER"));
    Actor {
        name: user.map_or_else(|_| "cli".to_owned(), |user| format!("cli:{user}")),
        address: None,
    }
}

/// The part of the settings that says where credentials are.
///
/// # Errors
/// Why the URL cannot be used.
pub(crate) fn store_settings(settings: &Settings) -> Result<StoreSettings, String> {
    let credentials = &settings.credentials;
    let database = credentials.url.as_deref().map(str::parse).transpose();
    Ok(StoreSettings {
        data_dir: settings.server.data_dir.clone(),
        database: database.map_err(|error| format!("credentials.url: {error}"))?,
        master_key: MasterKeySource::configured(
            credentials.master_key.clone(),
            credentials.master_key_file.clone(),
        ),
        max_connections: credentials.pool_size,
        cache: CacheSettings {
            lifetime: credentials.cache_ttl,
            records: credentials.cache_capacity,
            ..CacheSettings::default()
        },
    })
}

/// Runs a command to its end.
///
/// # Errors
/// The command's, or why there is no runtime.
pub(crate) fn block_on(command: impl Future<Output = Result<(), String>>) -> Result<(), String> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    runtime.map_err(|error| format!("cannot start: {error}"))?.block_on(command)
}

/// Servers look every tenth of a second.
const SETTLED: Duration = Duration::from_millis(250);

const CREATE_EXAMPLES: &str = "\
Examples:
  oauth1-server keys create --name billing-bot --expires 90d
  oauth1-server keys create --name billing-bot --json > billing-bot.json";
