//! `oauth1-server`: verifies OAuth 1.0a requests and keeps credentials.

#![cfg_attr(test, allow(clippy::unwrap_used, clippy::expect_used))]

mod account;
mod basic;
mod config;
mod keys;
mod logging;
mod migrate;
mod people;
mod rekey;
mod secret_input;
mod serve;

use std::{path::PathBuf, process::ExitCode};

use clap::{Args, Parser, Subcommand};

use account::{AccountCommand, AuditArgs};
use basic::BasicCommand;
use config::{Layers, Settings};
use keys::{Common, KeysCommand};
use migrate::MigrateArgs;
use people::PeopleCommand;
use rekey::RekeyArgs;

/// Verifies OAuth 1.0a (RFC 5849) requests, and keeps the credentials.
#[derive(Debug, Parser)]
#[command(version, arg_required_else_help = true)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Serve: a protected route /echo, health checks and metrics.
    #[command(after_help = EXAMPLES)]
    Serve(ServeArgs),
    #[command(subcommand)]
    Keys(KeysCommand),
    #[command(subcommand)]
    Account(AccountCommand),
    /// Print the audit log, the latest first.
    Audit(AuditArgs),
    #[command(subcommand)]
    People(PeopleCommand),
    #[command(subcommand)]
    Basic(BasicCommand),
    /// Make a new code for the first person, while there is none.
    SetupCode(Common),
    /// Make or change the tables of the database.
    Migrate(MigrateArgs),
    Rekey(RekeyArgs),
    /// Check or print the configuration.
    #[command(subcommand)]
    Config(ConfigCommand),
}

#[derive(Debug, Args)]
struct ServeArgs {
    #[command(flatten)]
    sources: Sources,
    /// Address of the public listener
    #[arg(long, value_name = "ADDRESS")]
    listen: Option<String>,
    /// Address of health checks, metrics and /v1
    #[arg(long, value_name = "ADDRESS")]
    admin_listen: Option<String>,
}

/// Where settings come from, for every command.
#[derive(Clone, Debug, Args)]
pub(crate) struct Sources {
    /// Configuration file [default: oauth1-server.toml here or in /etc/oauth1-server]
    #[arg(long, value_name = "FILE", env = "OAUTH1_SERVER_CONFIG")]
    config: Option<PathBuf>,
    /// Directory of the embedded stores and the master key
    #[arg(long, value_name = "DIR")]
    data_dir: Option<String>,
    /// Any other setting, such as policy.answers=full
    #[arg(long = "set", value_name = "NAME=VALUE")]
    set: Vec<String>,
}

#[derive(Debug, Subcommand)]
enum ConfigCommand {
    /// Check all settings, and say what is wrong with them.
    Check(Sources),
    /// Print all settings with the source of each; nothing secret.
    Print(Sources),
}

impl Sources {
    fn layers(self, more: Vec<(&str, Option<String>)>) -> Result<Layers, String> {
        let mut flags = Vec::new();
        for pair in &self.set {
            let (name, value) = pair
                .split_once('=')
                .ok_or_else(|| format!("--set {pair:?} has no =; it is --set NAME=VALUE"))?;
            flags.push((name.to_owned(), value.to_owned()));
        }
        for (name, value) in [("server.data_dir", self.data_dir)].into_iter().chain(more) {
            flags.extend(value.map(|value| (name.to_owned(), value)));
        }
        Ok(config::layers(self.config.as_deref(), flags))
    }

    /// All settings, or what is wrong with them.
    fn settings(self, more: Vec<(&str, Option<String>)>) -> Result<Settings, String> {
        Settings::of(&self.layers(more)?).map_err(|errors| errors.join("\n"))
    }
}

fn main() -> ExitCode {
    let done = match Cli::parse().command {
        Command::Serve(ServeArgs { sources, listen, admin_listen }) => {
            let flags = vec![("server.listen", listen), ("server.admin_listen", admin_listen)];
            sources.settings(flags).and_then(serve::run)
        }
        Command::Keys(command) => keys::run(command),
        Command::Account(command) => account::run(command),
        Command::Audit(args) => account::audit(args),
        Command::People(command) => people::run(command),
        Command::Basic(command) => basic::run(command),
        Command::SetupCode(common) => people::setup_code(common),
        Command::Migrate(args) => migrate::run(args),
        Command::Rekey(args) => rekey::run(args),
        Command::Config(ConfigCommand::Check(sources)) => {
            sources.settings(Vec::new()).map(|_| println!("the configuration is good"))
        }
        Command::Config(ConfigCommand::Print(sources)) => {
            sources.layers(Vec::new()).and_then(|layers| {
                print!("{}", config::print(&layers));
                Settings::of(&layers).map(|_| ()).map_err(|errors| errors.join("\n"))
            })
        }
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(message) => {
            for line in message.lines() {
                eprintln!("error: {line}");
            }
            ExitCode::FAILURE
        }
    }
}

const EXAMPLES: &str = "\
Examples:
  oauth1-server serve --data-dir /var/lib/oauth1-server
  oauth1-server serve --listen 0.0.0.0:8080 --set server.origin=https://api.example.com";
