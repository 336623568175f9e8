//! `oauth1-server keys`: makes and manages keys, beside a running server.

mod args;
mod fields;
mod print;
mod values;

use std::time::Duration;

use oauth1_server::{
    credentials::{
        cache::CacheSettings,
        seal::MasterKeySource,
        sql::{SqlCredentialStore, StoreSettings},
    },
    management::{
        Caller, KeyFilter, KeyOrder, KeyService, KeyState, Management, ManagementError, NewToken,
        Rotation,
    },
};

use crate::config::Settings;
pub(crate) use args::{Common, KeysCommand};
use args::{ListArgs, Only, Sort, State, SureArgs};
use print::Print;
pub(crate) use print::{optional, table, time};

/// Runs one of the commands.
///
/// # Errors
/// What went wrong, and what to do.
pub(crate) fn run(command: KeysCommand) -> Result<(), String> {
    let print = Print { json: command.common().json };
    let changes = command.changes();
    let sources = command.common().sources.clone();
    managing(&sources.settings(Vec::new())?, changes, async |management| {
        execute(command, management, print).await
    })
}

/// Opens the store, does something with it, and waits until running servers have looked.
///
/// # Errors
/// What went wrong, and what to do.
pub(crate) fn managing(
    settings: &Settings,
    changes: bool,
    work: impl AsyncFnOnce(&Management) -> Result<(), String>,
) -> Result<(), String> {
    let store = store_settings(settings)?;
    block_on(async {
        let store = SqlCredentialStore::open(&store).await.map_err(|e| e.to_string())?;
        let management = management(store.clone(), settings);
        let done = match management.begin().await {
            Ok(()) => work(&management).await,
            Err(error) => Err(error.to_string()),
        };
        store.close().await;
        if changes && done.is_ok() {
            // Until here a running server may not have looked.
            tokio::time::sleep(SETTLED).await;
        }
        done
    })
}

/// The management as it is configured.
pub(crate) fn management(store: SqlCredentialStore, settings: &Settings) -> Management {
    Management::new(store)
        .with_catalogue(settings.catalogue.clone())
        .with_style(settings.credentials.style.clone())
        .with_account_defaults(settings.accounts.clone())
}

async fn execute(
    command: KeysCommand,
    management: &Management,
    print: Print,
) -> Result<(), String> {
    let (caller, keys) = (caller(), management.keys());
    let failed = |error: ManagementError| error.to_string();
    match command {
        KeysCommand::Create(args) => {
            let account = management.account(&caller, args.account.as_deref()).await;
            let environment = args.env;
            let new = fields::new_key(*args, &account.map_err(failed)?)?;
            let created = keys.create(&caller, &new).await.map_err(failed)?;
            if environment { Print::environment(&created) } else { print.created(&created) }
        }
        KeysCommand::List(args) => {
            let filter = filter(&args);
            let page = keys.list(&caller, &filter, args.after.as_deref(), args.limit).await;
            print.page(&page.map_err(failed)?);
        }
        KeysCommand::Show(args) => {
            print.key(&keys.show(&caller, &args.key).await.map_err(failed)?);
        }
        KeysCommand::Update(args) => {
            let key = keys.show(&caller, &args.key.key).await.map_err(failed)?;
            let account = management.account(&caller, Some(&key.account)).await.map_err(failed)?;
            let change = fields::change(args.name, args.fields, &account)?;
            let key = keys.update(&caller, &key.id, &change, None).await;
            print.key(&key.map_err(failed)?);
        }
        KeysCommand::Disable(args) => {
            let key = keys.set_enabled(&caller, &args.key, false).await.map_err(failed)?;
            print.done("disabled", &key);
        }
        KeysCommand::Enable(args) => {
            let key = keys.set_enabled(&caller, &args.key, true).await.map_err(failed)?;
            print.done("enabled", &key);
        }
        KeysCommand::Rotate(args) => {
            let rotation = match args.only {
                None => Rotation::Both,
                Some(Only::AppSecret) => Rotation::AppSecret,
                Some(Only::TokenSecret) => Rotation::TokenSecret,
            };
            let rotated = keys.rotate(&caller, &args.key.key, rotation, args.grace).await;
            print.rotated(&rotated.map_err(failed)?);
        }
        KeysCommand::FinishRotation(args) => {
            let key = keys.finish_rotation(&caller, &args.key).await.map_err(failed)?;
            print.done("without old secrets", &key);
        }
        KeysCommand::Regenerate(args) => {
            let id = sure(&keys, &caller, &args, "Regenerate all values of").await?;
            print.created(&keys.regenerate(&caller, &id).await.map_err(failed)?);
        }
        KeysCommand::Token(args) => {
            let new = NewToken {
                lifetime: args.lifetime.map(fields::seconds),
                scopes: (!args.scopes.is_empty()).then_some(args.scopes),
            };
            print.minted(&keys.mint(&caller, &args.key.key, &new).await.map_err(failed)?);
        }
        KeysCommand::Revoke(args) => {
            let key = keys.revoke(&caller, &args.key.key, &args.token).await.map_err(failed)?;
            print.done("without that token", &key);
        }
        KeysCommand::Check(args) => {
            let verdict = keys.check(&caller, &args.key.key, &args.method, &args.path, args.from);
            return print.verdict(&verdict.await.map_err(failed)?);
        }
        KeysCommand::Addresses(args) => {
            print.addresses(&keys.addresses(&caller, &args.key).await.map_err(failed)?);
        }
        KeysCommand::Refusals(args) => {
            print.refusals(&keys.refusals(&caller, args.key.as_deref()).await.map_err(failed)?);
        }
        KeysCommand::Explain(args) if args.off => {
            let key = keys.close_explain_window(&caller, &args.key.key).await.map_err(failed)?;
            print.done("no longer explained", &key);
        }
        KeysCommand::Explain(args) => {
            let opened = keys.open_explain_window(&caller, &args.key.key, args.length).await;
            print.explained(&opened.map_err(failed)?);
        }
        KeysCommand::Delete(args) => {
            let id = sure(&keys, &caller, &args, "Delete for good").await?;
            print.done("deleted", &keys.delete(&caller, &id, None).await.map_err(failed)?);
        }
    }
    Ok(())
}

/// The row id of a key, after its name was typed or `--yes` given.
async fn sure(
    keys: &KeyService,
    caller: &Caller,
    args: &SureArgs,
    what: &str,
) -> Result<String, String> {
    let key = keys.show(caller, &args.key.key).await.map_err(|error| error.to_string())?;
    if args.yes || values::confirmed(what, &key)? {
        return Ok(key.id);
    }
    Err("nothing was changed".to_owned())
}

fn filter(args: &ListArgs) -> KeyFilter {
    KeyFilter {
        account: args.account.clone(),
        state: args.state.map(|state| match state {
            State::Active => KeyState::Active,
            State::Disabled => KeyState::Disabled,
            State::Expired => KeyState::Expired,
        }),
        environment: args.environment.clone(),
        scope: args.scope.clone(),
        created_by: args.created_by.clone(),
        search: args.search.clone(),
        order: match args.sort {
            Sort::Newest => KeyOrder::Newest,
            Sort::Name => KeyOrder::Name,
            Sort::LastUsed => KeyOrder::LastUsed,
            Sort::Expires => KeyOrder::Expires,
        },
        ..KeyFilter::default()
    }
}

/// Who types, as far as the system says.
pub(crate) fn caller() -> Caller {
    let user = std::env::var("SUDO_USER").or_else(|_| std::env::var("USER"));
    Caller::system(user.map_or_else(|_| "cli".to_owned(), |user| format!("cli:{user}")))
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
