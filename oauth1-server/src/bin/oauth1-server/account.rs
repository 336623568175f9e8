//! `oauth1-server account` and `oauth1-server audit`: how keys are treated, and who did what.

use clap::{Args, Subcommand};
use oauth1_server::management::{Account, AccountChange, AuditFilter, Management};
use serde_json::{Value as Json, json};

use crate::{
    keys::{Common, caller, managing, optional, table, time},
    people::print_object,
};

/// Shows and changes accounts: how many keys they may have, and how these are treated.
#[derive(Debug, Subcommand)]
pub(crate) enum AccountCommand {
    /// List the accounts.
    List(Common),
    /// Make an account.
    Create(CreateArgs),
    /// Show an account.
    Show(AccountArgs),
    /// Change an account; what is not named stays as it is.
    Update(UpdateArgs),
    /// Give an account a privilege that needs an assignment.
    Assign(AssignArgs),
    /// Take such a privilege away.
    Unassign(AssignArgs),
}

#[derive(Debug, Args)]
pub(crate) struct AccountArgs {
    #[command(flatten)]
    common: Common,
    /// Account
    #[arg(long, value_name = "NAME", default_value = "default")]
    account: String,
}

#[derive(Debug, Args)]
pub(crate) struct CreateArgs {
    #[command(flatten)]
    common: Common,
    /// Unique name without spaces
    name: String,
    /// Name as people read it [default: the name]
    #[arg(long, value_name = "TEXT")]
    display_name: Option<String>,
}

#[derive(Debug, Args)]
pub(crate) struct UpdateArgs {
    #[command(flatten)]
    account: AccountArgs,
    /// Name as people read it
    #[arg(long, value_name = "TEXT")]
    display_name: Option<String>,
    /// How many keys it may have, 0 for any number
    #[arg(long, value_name = "COUNT")]
    max_keys: Option<u32>,
    /// Accept a name and a password instead of a signature
    #[arg(long, value_name = "BOOL")]
    basic_auth: Option<bool>,
    /// Let who may, and gives the password again, read a secret again
    #[arg(long, value_name = "BOOL")]
    secret_reveal: Option<bool>,
    /// Each key must end
    #[arg(long, value_name = "BOOL")]
    expiry_required: Option<bool>,
    /// Keys can be deleted
    #[arg(long, value_name = "BOOL")]
    deletion_allowed: Option<bool>,
    /// Time zone of dates, such as Europe/Berlin
    #[arg(long, value_name = "ZONE")]
    time_zone: Option<String>,
}

#[derive(Debug, Args)]
pub(crate) struct AssignArgs {
    #[command(flatten)]
    account: AccountArgs,
    /// Privilege, such as cloud-storage:write
    scope: String,
}

#[derive(Debug, Args)]
pub(crate) struct AuditArgs {
    #[command(flatten)]
    common: Common,
    /// How many at most
    #[arg(long, value_name = "COUNT", default_value_t = 100)]
    limit: u16,
    /// Where to go on: `next` of the page before
    #[arg(long, value_name = "CURSOR")]
    after: Option<String>,
    /// Only actions that begin with this, such as key.
    #[arg(long, value_name = "TEXT")]
    action: Option<String>,
    /// Only what this person or program did
    #[arg(long, value_name = "NAME")]
    actor: Option<String>,
    /// Only what was done to this key
    #[arg(long, value_name = "KEY")]
    key: Option<String>,
}

/// Runs one of the commands.
///
/// # Errors
/// What went wrong, and what to do.
pub(crate) fn run(command: AccountCommand) -> Result<(), String> {
    let common = match &command {
        AccountCommand::List(common) => common,
        AccountCommand::Create(args) => &args.common,
        AccountCommand::Show(args) => &args.common,
        AccountCommand::Update(args) => &args.account.common,
        AccountCommand::Assign(args) | AccountCommand::Unassign(args) => &args.account.common,
    };
    let (json, sources) = (common.json, common.sources.clone());
    let changes = !matches!(command, AccountCommand::List(_) | AccountCommand::Show(_));
    managing(&sources.settings(Vec::new())?, changes, async |management| {
        execute(command, management, json).await
    })
}

async fn execute(
    command: AccountCommand,
    management: &Management,
    json: bool,
) -> Result<(), String> {
    let caller = caller();
    let account = match command {
        AccountCommand::List(_) => {
            let accounts = management.accounts(&caller).await.map_err(|e| e.to_string())?;
            if json {
                let accounts: Vec<_> = accounts.iter().map(to_json).collect();
                println!("{:#}", json!({ "accounts": accounts }));
            } else {
                let rows = accounts.into_iter().map(|a| {
                    let limit = if a.max_keys == 0 { "any".into() } else { a.max_keys.to_string() };
                    [a.name, a.display_name, limit]
                });
                table(["NAME", "DISPLAY NAME", "KEYS AT MOST"], rows);
            }
            return Ok(());
        }
        AccountCommand::Create(args) => {
            let text = args.display_name.as_deref().unwrap_or(&args.name);
            management.create_account(&caller, &args.name, text).await
        }
        AccountCommand::Show(args) => management.account(&caller, Some(&args.account)).await,
        AccountCommand::Update(args) => {
            let change = AccountChange {
                display_name: args.display_name,
                max_keys: args.max_keys.map(i64::from),
                basic_auth: args.basic_auth,
                secret_reveal: args.secret_reveal,
                expiry_required: args.expiry_required,
                deletion_allowed: args.deletion_allowed,
                time_zone: args.time_zone,
            };
            management.update_account(&caller, Some(&args.account.account), &change, None).await
        }
        AccountCommand::Assign(args) => {
            management.assign(&caller, Some(&args.account.account), &args.scope, true).await
        }
        AccountCommand::Unassign(args) => {
            management.assign(&caller, Some(&args.account.account), &args.scope, false).await
        }
    };
    print_object(&to_json(&account.map_err(|error| error.to_string())?), json);
    Ok(())
}

fn to_json(account: &Account) -> Json {
    json!({
        "name": account.name, "display_name": account.display_name,
        "max_keys": account.max_keys, "basic_auth": account.basic_auth,
        "secret_reveal": account.secret_reveal, "expiry_required": account.expiry_required,
        "deletion_allowed": account.deletion_allowed, "time_zone": account.time_zone,
        "assignments": account.assignments, "created_at": optional(Some(account.created_at)),
    })
}

/// Prints the audit log.
///
/// # Errors
/// What went wrong, and what to do.
pub(crate) fn audit(args: AuditArgs) -> Result<(), String> {
    let settings = args.common.sources.clone().settings(Vec::new())?;
    managing(&settings, false, async |management| {
        let caller = caller();
        let subject_id = match &args.key {
            // A key that was deleted is known to the log alone, by its row id.
            Some(key) => match management.keys().show(&caller, key).await {
                Ok(key) => Some(key.id),
                Err(_) => Some(key.clone()),
            },
            None => None,
        };
        let filter = AuditFilter {
            subject_id,
            action: args.action,
            actor: args.actor,
            ..Default::default()
        };
        let page = management.audit(&caller, &filter, args.after.as_deref(), args.limit).await;
        let page = page.map_err(|error| error.to_string())?;
        if args.common.json {
            let entries = page.entries.iter().map(|entry| {
                let detail: Json = serde_json::from_str(&entry.detail).unwrap_or_default();
                json!({
                    "id": entry.id, "at": optional(Some(entry.at)), "actor": entry.actor,
                    "address": entry.address, "action": entry.action,
                    "subject_kind": entry.subject_kind, "subject_id": entry.subject_id,
                    "subject": entry.subject, "detail": detail,
                })
            });
            let entries: Vec<_> = entries.collect();
            println!("{:#}", json!({ "entries": entries, "next": page.next }));
            return Ok(());
        }
        let rows = page.entries.into_iter().map(|e| {
            [time(Some(e.at), ""), e.actor, e.address.unwrap_or_default(), e.action, e.subject]
        });
        table(["AT", "WHO", "FROM", "WHAT", "TO WHAT"], rows);
        if let Some(next) = &page.next {
            eprintln!("There are more: --after {next}");
        }
        Ok(())
    })
}
