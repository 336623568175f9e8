//! `oauth1-server basic`: names and passwords instead of signatures.

use clap::{Args, Subcommand};
use oauth1_server::management::{
    BasicCredential, CreatedBasicCredential, Management, ManagementError, NewBasicCredential,
};
use serde_json::{Value as Json, json};

use crate::{
    keys::{Common, caller, managing, optional, table, time},
    people::{ListArgs, print_object},
    secret_input::password,
};

/// Makes and manages Basic credentials: names and passwords instead of signatures, where the
/// account permits it.
#[derive(Debug, Subcommand)]
pub(crate) enum BasicCommand {
    /// Make a credential, and print its password, once.
    Create(CreateArgs),
    /// List credentials, by name.
    List(ListArgs),
    /// Show a credential.
    Show(NameArgs),
    /// Refuse requests with a credential until it is enabled again.
    Disable(NameArgs),
    /// Accept requests with a credential again.
    Enable(NameArgs),
    /// Make another password, and print it, once. The old one ends now.
    SetPassword(PasswordArgs),
    /// Delete a credential.
    Delete(NameArgs),
}

#[derive(Debug, Args)]
pub(crate) struct NameArgs {
    #[command(flatten)]
    common: Common,
    /// Name
    name: String,
}

#[derive(Debug, Args)]
pub(crate) struct PasswordArgs {
    #[command(flatten)]
    name: NameArgs,
    /// Ask for the password, or read it from standard input, instead of making one
    #[arg(long)]
    ask: bool,
}

#[derive(Debug, Args)]
pub(crate) struct CreateArgs {
    #[command(flatten)]
    password: PasswordArgs,
    /// Account [default: default]
    #[arg(long, value_name = "NAME")]
    account: Option<String>,
    /// What it may do; more than once for more [default: everything]
    #[arg(long = "scope", value_name = "SCOPE")]
    scopes: Vec<String>,
}

/// Runs one of the commands.
///
/// # Errors
/// What went wrong, and what to do.
pub(crate) fn run(command: BasicCommand) -> Result<(), String> {
    use BasicCommand as C;
    let common = match &command {
        C::Create(args) => &args.password.name.common,
        C::List(args) => &args.common,
        C::SetPassword(args) => &args.name.common,
        C::Show(args) | C::Disable(args) | C::Enable(args) | C::Delete(args) => &args.common,
    };
    let (json, sources) = (common.json, common.sources.clone());
    let changes = !matches!(command, C::List(_) | C::Show(_));
    managing(&sources.settings(Vec::new())?, changes, async |management| {
        execute(command, management, json).await
    })
}

async fn execute(command: BasicCommand, management: &Management, json: bool) -> Result<(), String> {
    let failed = |error: ManagementError| error.to_string();
    let (caller, service) = (caller(), management.basic_credentials());
    let credential = match command {
        BasicCommand::Create(args) => {
            let name = args.password.name.name;
            let given = args.password.ask.then(|| password(&name)).transpose()?;
            let new = NewBasicCredential {
                name,
                account: args.account,
                scopes: (!args.scopes.is_empty()).then_some(args.scopes),
                password: given,
            };
            let made = service.create(&caller, &new).await.map_err(failed)?;
            print_made(&made, json);
            return Ok(());
        }
        BasicCommand::SetPassword(args) => {
            let given = args.ask.then(|| password(&args.name.name)).transpose()?;
            let made = service.set_password(&caller, &args.name.name, given.as_ref()).await;
            print_made(&made.map_err(failed)?, json);
            return Ok(());
        }
        BasicCommand::List(args) => {
            let page = service.list(&caller, args.after.as_deref(), args.limit).await;
            let page = page.map_err(failed)?;
            if json {
                let credentials: Vec<_> = page.credentials.iter().map(to_json).collect();
                println!("{:#}", json!({ "credentials": credentials, "next": page.next }));
                return Ok(());
            }
            let rows = page.credentials.into_iter().map(|c| {
                let state = if c.enabled { "enabled" } else { "disabled" };
                [c.name, c.account, state.to_owned(), time(c.last_used_at, "never")]
            });
            table(["NAME", "ACCOUNT", "STATE", "LAST USED"], rows);
            if let Some(next) = &page.next {
                eprintln!("There are more: --after {next}");
            }
            return Ok(());
        }
        BasicCommand::Show(args) => service.show(&caller, &args.name).await,
        BasicCommand::Disable(args) => service.set_enabled(&caller, &args.name, false, None).await,
        BasicCommand::Enable(args) => service.set_enabled(&caller, &args.name, true, None).await,
        BasicCommand::Delete(args) => {
            let gone = service.delete(&caller, &args.name, None).await.map_err(failed)?;
            if json {
                println!("{:#}", json!({ "name": gone.name, "done": "deleted" }));
            } else {
                println!("{} is deleted.", gone.name);
            }
            return Ok(());
        }
    };
    print_object(&to_json(&credential.map_err(failed)?), json);
    Ok(())
}

fn print_made(made: &CreatedBasicCredential, json: bool) {
    let mut object = to_json(&made.credential);
    if let Some(password) = &made.password {
        object["password"] = Json::from(password.as_str());
    }
    print_object(&object, json);
    if made.password.is_some() && !json {
        eprintln!("Store the password now: it is not shown again.");
    }
}

fn to_json(credential: &BasicCredential) -> Json {
    json!({
        "name": credential.name, "account": credential.account,
        "scopes": credential.scopes.split_whitespace().collect::<Vec<_>>(),
        "enabled": credential.enabled, "created_at": optional(Some(credential.created_at)),
        "created_by": credential.created_by, "last_used_at": optional(credential.last_used_at),
        "last_used_address": credential.last_used_address,
    })
}
