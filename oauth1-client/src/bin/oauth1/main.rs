//! `oauth1`: sign, send, verify and explain OAuth 1.0a requests (RFC 5849) from the command line.
//!
//! Data goes to stdout, words to stderr. Secrets come from the environment, files or stdin.

#![forbid(unsafe_code)]
#![cfg_attr(test, allow(clippy::unwrap_used))]

mod advice;
mod answer;
mod args;
mod body;
mod captured;
mod compare;
mod completions;
mod credentials;
mod derivation;
mod diagnose;
mod doctor;
mod download;
mod explain;
mod failure;
mod har;
mod input;
mod item;
mod login;
mod message;
mod output;
mod profile;
mod progress;
mod prompt;
mod proxy;
mod reader;
mod redact;
mod request;
mod sending;
mod shell;
mod sign;
mod source;
mod upload;
mod verify;

use std::{
    env,
    io::{self, Write},
    process::ExitCode,
};

use clap::{
    CommandFactory, Parser, Subcommand,
    error::{ContextKind, ErrorKind},
};

use crate::{
    failure::Failure,
    output::{Color, Output},
};

#[derive(Parser)]
#[command(
    name = "oauth1", version, arg_required_else_help = true, before_help = EXAMPLES,
    after_help = EXIT_CODES,
    about = "Signs, sends, verifies and explains OAuth 1.0a requests (RFC 5849)"
)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Sign a request and print the Authorization header, or the signed URL or body
    Sign(Box<sign::Args>),
    /// Sign a request, send it and print the answer
    #[command(visible_alias = "req")]
    Request(Box<request::Args>),
    /// Listen on this computer, and pass requests on to one server, signed
    Proxy(Box<proxy::Args>),
    /// Get a token: a person grants access in a browser
    Login(Box<login::Args>),
    /// Forget the token of a profile
    Logout(login::LogoutArgs),
    /// Keys and tokens under names
    Profile(profile::Args),
    /// Look at profiles, keys, clock and server
    Doctor(Box<doctor::Args>),
    /// Check the signature of a request
    Verify(Box<verify::Args>),
    /// Find the mistake behind a refused signature
    Diagnose(Box<diagnose::Args>),
    /// Show how a signature comes about, step by step
    Explain(Box<explain::Args>),
    /// Print completions for a shell
    Completions(completions::CompletionsArgs),
    /// Print the manual page
    Man(completions::ManArgs),
}

fn main() -> ExitCode {
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(error) => return ExitCode::from(no_command(&error)),
    };
    let (output, result) = match cli.command {
        Command::Sign(args) => args.run(),
        Command::Request(args) => args.run(),
        Command::Proxy(args) => args.run(),
        Command::Login(args) => args.run(),
        Command::Logout(args) => args.run(),
        Command::Profile(args) => args.run(),
        Command::Verify(args) => args.run(),
        Command::Diagnose(args) => args.run(),
        Command::Explain(args) => args.run(),
        Command::Doctor(args) => args.run(),
        Command::Completions(args) => args.run(Cli::command()),
        Command::Man(args) => args.run(Cli::command()),
    };
    match result {
        Ok(code) => ExitCode::from(code),
        Err(failure) => {
            output.failure(&failure);
            ExitCode::from(failure.kind.exit_code())
        }
    }
}

/// Help, the version, or a command line that makes no sense.
fn no_command(error: &clap::Error) -> u8 {
    let text = error.render();
    match error.kind() {
        ErrorKind::DisplayHelp | ErrorKind::DisplayVersion => {
            let _ = write!(io::stdout().lock(), "{text}");
            return 0;
        }
        ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand => {
            let _ = write!(io::stderr().lock(), "{text}");
            return 2;
        }
        _ => {}
    }
    let text = text.to_string();
    let mut paragraphs = text.split("\n\n");
    let words = |paragraph: &str| paragraph.split_whitespace().collect::<Vec<_>>().join(" ");
    let mut message = words(paragraphs.next().unwrap_or_default().trim_start_matches("error: "));
    if error.kind() == ErrorKind::TooManyValues {
        // Values are not repeated: they may be secrets in the wrong place.
        let argument = error.get(ContextKind::InvalidArg).map(ToString::to_string);
        message = format!("{} takes no value", argument.unwrap_or_else(|| "an option".into()));
    }
    if let Some(value) = error.get(ContextKind::InvalidValue) {
        message = message.replace(&format!("'{value}' "), "");
    }
    let tip = paragraphs.map(words).find_map(|p| p.strip_prefix("tip: ").map(str::to_owned));
    let fix = tip.unwrap_or_else(|| "see oauth1 --help".into());
    let failure = Failure::usage(message, fix);
    let json = env::args_os().any(|argument| argument == "--json");
    Output::new(json, Color::Auto).failure(&failure);
    failure.kind.exit_code()
}

const EXAMPLES: &str = "\
Examples:
  export OAUTH1_CONSUMER_KEY=… OAUTH1_CONSUMER_SECRET_FILE=~/app-secret
  oauth1 request https://api.example.com/1/me full==1
  oauth1 request -v https://api.example.com/1/statuses status='Hello, world'
  oauth1 sign --curl https://api.example.com/1/photos --json-body @photo.json
  oauth1 login --provider oauth1-server --site http://127.0.0.1:8080
  oauth1 proxy https://api.example.com
  oauth1 explain https://api.example.com/1/me --compare base-string.txt
  oauth1 diagnose --from refused-request.txt
  oauth1 verify --from request.txt";

const EXIT_CODES: &str = "\
Exit codes: 0 ok, 1 other, 2 usage, 3 credentials and their files, 4 HTTP 4xx, 5 HTTP 5xx,
  6 network or timeout, 7 signature or authorization refused (401, 403),
  8 a difference or an invalid signature was found, 130 interrupted";
