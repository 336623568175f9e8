//! `oauth1-server people`, `setup-code` and `basic`: who may sign in, and who needs no signature.

use clap::{Args, Subcommand};
use oauth1_server::management::{
    Management, ManagementError, NewPerson, Person, PersonChange, Right,
};
use serde_json::{Value as Json, json};

use crate::{
    keys::{Common, caller, managing, optional, table, time},
    secret_input::password,
};

/// Makes and manages people, who sign in to manage keys.
#[derive(Debug, Subcommand)]
pub(crate) enum PeopleCommand {
    /// Make a person; the password is asked for, or read from standard input.
    Create(CreateArgs),
    /// List people, by name.
    List(ListArgs),
    /// Show a person.
    Show(PersonArgs),
    /// Change a person; what is not named stays as it is.
    Update(UpdateArgs),
    /// Sign a person out, and let him in no more.
    Disable(PersonArgs),
    /// Let a person in again.
    Enable(PersonArgs),
    /// Give a person another password, which is asked for, or read from standard input.
    SetPassword(PersonArgs),
    /// Delete a person.
    Delete(PersonArgs),
    /// List the roles that people and keys can have.
    Roles(Common),
}

#[derive(Debug, Args)]
pub(crate) struct PersonArgs {
    #[command(flatten)]
    common: Common,
    /// Name
    name: String,
}

#[derive(Debug, Args)]
pub(crate) struct CreateArgs {
    #[command(flatten)]
    person: PersonArgs,
    /// Role, such as admin, key_manager, auditor, or member, who only grants access
    #[arg(long, value_name = "ROLE")]
    role: String,
    /// Name as people read it [default: the name]
    #[arg(long, value_name = "TEXT")]
    display_name: Option<String>,
    /// The one account that the person works in [default: all]
    #[arg(long, value_name = "NAME")]
    account: Option<String>,
    /// Scope that keys acting as this person are limited to; more than once for more
    #[arg(long = "scope", value_name = "SCOPE")]
    scopes: Vec<String>,
    /// Make the person without a password, so that nobody signs in as this person
    #[arg(long)]
    no_password: bool,
}

#[derive(Debug, Args)]
pub(crate) struct UpdateArgs {
    #[command(flatten)]
    person: PersonArgs,
    /// Role
    #[arg(long, value_name = "ROLE")]
    role: Option<String>,
    /// Name as people read it
    #[arg(long, value_name = "TEXT")]
    display_name: Option<String>,
    /// Scope that keys acting as this person are limited to, or *; more than once for more
    #[arg(long = "scope", value_name = "SCOPE")]
    scopes: Vec<String>,
}

#[derive(Debug, Args)]
pub(crate) struct ListArgs {
    #[command(flatten)]
    pub(crate) common: Common,
    /// How many at most
    #[arg(long, value_name = "COUNT", default_value_t = 100)]
    pub(crate) limit: u16,
    /// Where to go on: `next` of the page before
    #[arg(long, value_name = "CURSOR")]
    pub(crate) after: Option<String>,
}

/// Runs one of the commands.
///
/// # Errors
/// What went wrong, and what to do.
pub(crate) fn run(command: PeopleCommand) -> Result<(), String> {
    use PeopleCommand as C;
    let common = match &command {
        C::Create(args) => &args.person.common,
        C::Update(args) => &args.person.common,
        C::List(args) => &args.common,
        C::Roles(common) => common,
        C::Show(args) | C::Disable(args) | C::Enable(args) => &args.common,
        C::SetPassword(args) | C::Delete(args) => &args.common,
    };
    let (json, sources) = (common.json, common.sources.clone());
    let changes = !matches!(command, C::List(_) | C::Show(_) | C::Roles(_));
    managing(&sources.settings(Vec::new())?, changes, async |management| {
        execute(command, management, json).await
    })
}

async fn execute(
    command: PeopleCommand,
    management: &Management,
    json: bool,
) -> Result<(), String> {
    let failed = |error: ManagementError| error.to_string();
    let (caller, people) = (caller(), management.people());
    let enabled = |enabled| PersonChange { enabled: Some(enabled), ..PersonChange::default() };
    let person = match command {
        PeopleCommand::Create(args) => {
            let given = (!args.no_password).then(|| password(&args.person.name)).transpose()?;
            let new = NewPerson {
                name: args.person.name,
                display_name: args.display_name,
                account: args.account,
                role: args.role,
                scopes: (!args.scopes.is_empty()).then_some(args.scopes),
                password: given,
            };
            people.create(&caller, &new).await
        }
        PeopleCommand::List(args) => {
            let page = people.list(&caller, args.after.as_deref(), args.limit).await;
            let page = page.map_err(failed)?;
            if json {
                let people: Vec<_> = page.people.iter().map(to_json).collect();
                println!("{:#}", json!({ "people": people, "next": page.next }));
                return Ok(());
            }
            let rows = page.people.into_iter().map(|p| {
                let state = if p.enabled { "enabled" } else { "disabled" };
                let account = p.account.unwrap_or_else(|| "all".to_owned());
                [p.name, p.role, account, state.to_owned(), time(p.signed_in_at, "never")]
            });
            table(["NAME", "ROLE", "ACCOUNT", "STATE", "SIGNED IN"], rows);
            if let Some(next) = &page.next {
                eprintln!("There are more: --after {next}");
            }
            return Ok(());
        }
        PeopleCommand::Roles(_) => return roles(management, json).await,
        PeopleCommand::Show(args) => people.show(&caller, &args.name).await,
        PeopleCommand::Update(args) => {
            let change = PersonChange {
                display_name: args.display_name,
                role: args.role,
                scopes: (!args.scopes.is_empty()).then_some(args.scopes),
                enabled: None,
            };
            people.update(&caller, &args.person.name, &change, None).await
        }
        PeopleCommand::Disable(args) => {
            people.update(&caller, &args.name, &enabled(false), None).await
        }
        PeopleCommand::Enable(args) => {
            people.update(&caller, &args.name, &enabled(true), None).await
        }
        PeopleCommand::SetPassword(args) => {
            people.set_password(&caller, &args.name, &password(&args.name)?).await
        }
        PeopleCommand::Delete(args) => {
            let person = people.delete(&caller, &args.name, None).await.map_err(failed)?;
            if json {
                println!("{:#}", json!({ "name": person.name, "done": "deleted" }));
            } else {
                println!("{} is deleted.", person.name);
            }
            return Ok(());
        }
    };
    let object = to_json(&person.map_err(failed)?);
    print_object(&object, json);
    Ok(())
}

async fn roles(management: &Management, json: bool) -> Result<(), String> {
    let roles = management.roles().list(&caller()).await.map_err(|error| error.to_string())?;
    let names = |rights: oauth1_server::management::Rights| {
        rights.iter().map(Right::as_str).collect::<Vec<_>>()
    };
    if json {
        let roles = roles.iter().map(|role| {
            json!({
                "name": role.name, "display_name": role.display_name, "account": role.account,
                "permissions": names(role.rights), "built_in": role.built_in,
            })
        });
        println!("{:#}", json!({ "roles": roles.collect::<Vec<_>>() }));
        return Ok(());
    }
    let rows = roles.into_iter().map(|role| {
        let account = role.account.unwrap_or_else(|| "all".to_owned());
        [role.name, account, names(role.rights).join(" ")]
    });
    table(["NAME", "ACCOUNT", "PERMISSIONS"], rows);
    Ok(())
}

/// For people: a line for each field.
pub(crate) fn print_object(object: &Json, json: bool) {
    match object.as_object() {
        Some(fields) if !json => {
            for (name, value) in fields {
                let text = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
                println!("{name:<17} {text}");
            }
        }
        _ => println!("{object:#}"),
    }
}

fn to_json(person: &Person) -> Json {
    json!({
        "name": person.name, "display_name": person.display_name, "account": person.account,
        "role": person.role, "scopes": person.scopes.split_whitespace().collect::<Vec<_>>(),
        "enabled": person.enabled, "has_password": person.has_password,
        "created_at": optional(Some(person.created_at)), "created_by": person.created_by,
        "signed_in_at": optional(person.signed_in_at),
    })
}

/// Prints a new code for the first person.
///
/// # Errors
/// What went wrong; that there is somebody already.
pub(crate) fn setup_code(common: Common) -> Result<(), String> {
    let settings = common.sources.clone().settings(Vec::new())?;
    managing(&settings, true, async |management| {
        let code = management.setup().new_code().await.map_err(|error| error.to_string())?;
        let code =
            code.ok_or("the first person was made already; see: oauth1-server people list")?;
        if common.json {
            println!("{:#}", json!({ "setup_code": code.as_str() }));
        } else {
            println!("{}", code.as_str());
        }
        Ok(())
    })
}
