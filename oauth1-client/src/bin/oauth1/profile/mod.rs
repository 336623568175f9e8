//! `oauth1 profile`: keys and tokens under a name, so that no command has to be told them.

mod add;
mod chosen;
mod files;
mod import;
mod lint;
mod model;
mod show;
mod yaml;

use clap::Subcommand;
use serde_json::json;

use crate::{
    args::OutputArgs,
    failure::Failure,
    output::{Output, printable},
};

pub(crate) use chosen::{Chosen, Why, gone, named};
pub(crate) use files::Directory;
pub(crate) use lint::{odd, swapped};
pub(crate) use model::{CONFIG, CREDENTIALS, Config, Secret, Secrets, Settings};

#[derive(clap::Args, Debug)]
#[command(before_help = "\
Examples:
  oauth1 profile add work --provider oauth1-server --site http://127.0.0.1:8080
  oauth1 profile add bot --app-key KEY --token TOKEN --secrets-stdin <secrets
  oauth1 profile add x --from-twurl
  oauth1 profile use work")]
pub(crate) struct Args {
    #[command(subcommand)]
    action: Action,
}

#[derive(Subcommand, Debug)]
enum Action {
    /// Keep keys and secrets under a name; what is not given is asked for
    Add(Box<add::Args>),
    /// Show all profiles
    List(OutputArgs),
    /// Show a profile and where its values come from; secrets are masked
    Show(show::Args),
    /// Make a profile the active one
    Use(NameArgs),
    /// Forget a profile and its secrets
    Remove(NameArgs),
}

#[derive(clap::Args, Debug)]
struct NameArgs {
    /// Name of the profile
    name: String,
    #[command(flatten)]
    output: OutputArgs,
}

impl Args {
    pub(crate) fn run(&self) -> (Output, Result<u8, Failure>) {
        let args = match &self.action {
            Action::Add(args) => &args.output,
            Action::List(args) => args,
            Action::Show(args) => &args.output,
            Action::Use(args) | Action::Remove(args) => &args.output,
        };
        let output = Output::new(args.json, args.color);
        let result = match &self.action {
            Action::Add(args) => args.added(output),
            Action::List(_) => list(output),
            Action::Show(args) => args.shown(output),
            Action::Use(args) => activate(&args.name, output),
            Action::Remove(args) => remove(&args.name, output),
        };
        (output, result.map(|()| 0))
    }
}

fn list(output: Output) -> Result<(), Failure> {
    let config = Directory::find().map_or_else(|| Ok(Config::default()), |d| d.config())?;
    let active = |name: &str| config.active.as_deref() == Some(name);
    if output.json {
        let rows = config.profiles.iter().map(|(name, settings)| {
            json!({
                "name": name, "active": active(name), "app_key": settings.app_key,
                "access_token": settings.access_token, "provider": settings.provider,
                "site": settings.site,
            })
        });
        return output.object(&rows.collect::<Vec<_>>());
    }
    if config.profiles.is_empty() {
        output.say("there are no profiles: oauth1 profile add NAME makes one");
    }
    let longest = config.profiles.keys().map(String::len).max().unwrap_or_default();
    for (name, settings) in &config.profiles {
        let mark = if active(name) { '*' } else { ' ' };
        let token = settings.access_token.as_deref().unwrap_or("no token");
        let (app, place) = (&settings.app_key, settings.place());
        let place = place.map_or_else(String::new, |place| format!("  {place}"));
        output.line(&printable(&format!("{mark} {name:<longest$}  {app}  {token}{place}")))?;
    }
    Ok(())
}

fn activate(name: &str, output: Output) -> Result<(), Failure> {
    Directory::needed()?.change(|config, _| {
        if !config.profiles.contains_key(name) {
            return Err(gone(Why::Flag));
        }
        config.active = Some(name.to_owned());
        Ok(())
    })?;
    if std::env::var_os("OAUTH1_PROFILE").is_some_and(|value| !value.is_empty()) {
        output.warn("OAUTH1_PROFILE is set, and goes before the active profile");
    }
    done(output, name, "active", "is the active profile now")
}

fn remove(name: &str, output: Output) -> Result<(), Failure> {
    Directory::needed()?.change(|config, secrets| {
        if secrets.remove(name).is_none() & config.profiles.remove(name).is_none() {
            return Err(gone(Why::Flag));
        }
        if config.active.as_deref() == Some(name) {
            config.active = None;
        }
        Ok(())
    })?;
    output.say("note: its token is good until the provider ends it");
    done(output, name, "removed", "was removed")
}

/// Says what was done to a profile that is there, or was.
fn done(output: Output, name: &str, key: &str, words: &str) -> Result<(), Failure> {
    if output.json {
        return output.object(&json!({ "profile": name, key: true }));
    }
    output.line(&format!("profile {name} {words}"))
}

impl Settings {
    /// Where its keys are for, in words.
    fn place(&self) -> Option<String> {
        let site = self.site.as_ref().or(self.initiate.as_ref()).or(self.account.as_ref());
        match (&self.provider, site) {
            (Some(provider), Some(site)) => Some(format!("{provider} {site}")),
            (provider, site) => provider.as_ref().or(site).cloned(),
        }
    }
}

/// Whether a profile may have this name: it stands in files, messages and command lines.
pub(crate) fn check_name(name: &str) -> Result<(), Failure> {
    let fits = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
    if (1..=64).contains(&name.len()) && name.chars().all(fits) && !name.starts_with('-') {
        return Ok(());
    }
    Err(Failure::usage(
        "the name of the profile cannot be used",
        "take 1 to 64 letters, digits, - _ or ., as in work or x-bot",
    ))
}
