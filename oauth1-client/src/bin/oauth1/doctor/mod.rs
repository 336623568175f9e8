//! `oauth1 doctor`: looks at profiles, keys, clock and server, and says what to do.

mod keys;
mod server;

use serde::Serialize;

use crate::{
    args::{CredentialArgs, OutputArgs, ProtocolArgs},
    captured::Captured,
    credentials::Credentials,
    failure::Failure,
    output::{Output, printable},
    profile::{Chosen, Directory},
    source::Sources,
};

#[derive(clap::Args, Debug)]
#[command(before_help = "\
Examples:
  oauth1 doctor
  oauth1 doctor https://api.example.com/1/me --try")]
pub(crate) struct Args {
    /// Server to look at [default: where the profile's provider is]
    url: Option<String>,
    /// Send a signed GET as well, and see whether it is accepted
    #[arg(long = "try")]
    attempt: bool,
    #[command(flatten)]
    credentials: CredentialArgs,
    #[command(flatten)]
    output: OutputArgs,
}

/// How something is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
enum State {
    Good,
    Odd,
    Bad,
}

/// A line of the report.
#[derive(Debug, Serialize)]
struct Finding {
    state: State,
    what: &'static str,
    message: String,
    fix: Option<String>,
    #[serde(skip)]
    code: u8,
}

/// What was found, in the order in which it was looked at.
#[derive(Debug, Default)]
struct Report(Vec<Finding>);

impl Report {
    fn good(&mut self, what: &'static str, message: impl Into<String>) {
        self.0.push(Finding {
            state: State::Good,
            what,
            message: message.into(),
            fix: None,
            code: 0,
        });
    }

    fn odd(&mut self, what: &'static str, message: impl Into<String>, fix: impl Into<String>) {
        let (message, fix) = (message.into(), Some(fix.into()));
        self.0.push(Finding { state: State::Odd, what, message, fix, code: 0 });
    }

    fn bad(&mut self, what: &'static str, failure: Failure) {
        let Failure { kind, message, fix } = failure;
        let (fix, code) = (Some(fix), kind.exit_code());
        self.0.push(Finding { state: State::Bad, what, message, fix, code });
    }

    /// The code of the first thing that is bad.
    fn code(&self) -> u8 {
        self.0.iter().find(|finding| finding.state == State::Bad).map_or(0, |bad| bad.code)
    }
}

impl Args {
    pub(crate) fn run(&self) -> (Output, Result<u8, Failure>) {
        let output = Output::new(self.output.json, self.output.color);
        (output, self.examined(output))
    }

    fn examined(&self, output: Output) -> Result<u8, Failure> {
        let mut report = Report::default();
        keys::files(&mut report);
        let profile = match Chosen::find(self.credentials.profile.as_deref()) {
            Ok(profile) => profile,
            Err(failure) => {
                report.bad("profile", failure);
                None
            }
        };
        keys::profile(&mut report, profile.as_ref());
        let (sources, captured) = (Sources::new(output), Captured::default());
        let credentials = match Credentials::resolve(&self.credentials, &captured, &sources, output)
        {
            Ok(credentials) => Some(credentials),
            Err(failure) => {
                report.bad("keys", failure);
                None
            }
        };
        if let Some(credentials) = &credentials {
            keys::credentials(&mut report, credentials);
        }
        let settings = profile.as_ref().map(|profile| &profile.settings);
        match server::address(self.url.as_deref(), settings) {
            Ok(Some(url)) => {
                let signed = credentials.as_ref().filter(|_| self.attempt);
                server::examine(&mut report, &url, signed, &ProtocolArgs::default())?;
            }
            Ok(None) => report.odd("server", "there is no server to look at", "give its URL"),
            Err(failure) => report.bad("server", failure),
        }
        let code = report.code();
        if output.json {
            let healthy = code == 0;
            output.object(&serde_json::json!({ "healthy": healthy, "findings": report.0 }))?;
            return Ok(code);
        }
        for Finding { state, what, message, fix, .. } in &report.0 {
            let mark = match state {
                State::Good => '\u{2713}',
                State::Odd => '!',
                State::Bad => '\u{2717}',
            };
            output.line(&printable(&format!("{mark} {what}: {message}")))?;
            if let Some(fix) = fix {
                output.line(&printable(&format!("    fix: {fix}")))?;
            }
        }
        Ok(code)
    }
}
