//! `oauth1-conformance provider`: the request sequences, put to any provider.

use oauth1_core::ClientCredentials;
use oauth1_test_vectors::provider::{self, Settings};

/// Options of `provider`.
#[derive(Debug, clap::Args)]
#[command(after_help = ENVIRONMENT)]
pub(crate) struct Provider {
    /// The origin of the provider, perhaps with a path; before each PATH, unless that is a URL.
    #[arg(long, value_name = "URL")]
    base: String,
    /// The endpoint for temporary credentials (section 2.1).
    #[arg(long, value_name = "PATH", default_value = "/oauth/initiate")]
    initiate: String,
    /// The endpoint that the resource owner is sent to (section 2.2).
    #[arg(long, value_name = "PATH", default_value = "/oauth/authorize")]
    authorize: String,
    /// The endpoint for token credentials (section 2.3).
    #[arg(long, value_name = "PATH", default_value = "/oauth/token")]
    token: String,
    /// A protected resource: its path, or a method other than GET and its path.
    #[arg(long, value_name = "METHOD PATH", num_args = 1..=2, default_value = "/echo")]
    resource: Vec<String>,
    /// The callback that is registered for the client; one with a query shows most.
    #[arg(long, value_name = "URL")]
    callback: String,
    /// The callback of the second client, if it is another one.
    #[arg(long, value_name = "URL")]
    second_callback: Option<String>,
    /// The client may not use "oob" as its callback.
    #[arg(long)]
    no_oob: bool,
    /// A shell command that opens $AUTHORIZE_URL as the resource owner and approves. It prints the
    /// URI it is redirected to, or the verification code it is shown, or nothing.
    #[arg(long, value_name = "COMMAND")]
    approve: String,
    /// The same, denying.
    #[arg(long, value_name = "COMMAND")]
    deny: String,
    /// Only the case of this id; may be given several times.
    #[arg(long, value_name = "ID")]
    only: Vec<String>,
    /// What a provider should do counts like what it must do.
    #[arg(long)]
    strict: bool,
    /// Prints the report as one JSON object.
    #[arg(long)]
    json: bool,
}

impl Provider {
    /// Runs the sequences; the text to print, and whether all is well.
    pub(crate) fn execute(self) -> Result<(String, bool), String> {
        let missing = "set OAUTH1_CONSUMER_KEY and OAUTH1_CONSUMER_SECRET";
        let client = client("OAUTH1_CONSUMER_KEY", "OAUTH1_CONSUMER_SECRET")?.ok_or(missing)?;
        let second = client_of_second()?;
        let (method, resource) = match self.resource.as_slice() {
            [method, path] => (method.as_str(), path.clone()),
            paths => ("GET", paths.concat()),
        };
        let settings = Settings {
            initiate: self.initiate,
            authorize: self.authorize,
            token: self.token,
            resource,
            resource_method: method.to_owned(),
            second_callback: self.second_callback.unwrap_or_else(|| self.callback.clone()),
            oob: !self.no_oob,
            approve: self.approve,
            deny: self.deny,
            second,
            only: self.only,
            strict: self.strict,
            ..Settings::new(&self.base, &self.callback, client)
        };
        let report = provider::run(&settings).map_err(|misuse| misuse.to_string())?;
        let text = if self.json { report.to_json().to_line() + "\n" } else { report.to_text() };
        Ok((text, report.successful()))
    }
}

fn client_of_second() -> Result<Option<ClientCredentials>, String> {
    client("OAUTH1_SECOND_CONSUMER_KEY", "OAUTH1_SECOND_CONSUMER_SECRET")
}

/// Client credentials from two variables: both, or neither.
fn client(key: &str, secret: &str) -> Result<Option<ClientCredentials>, String> {
    let value = |name: &str| std::env::var(name).ok().filter(|value| !value.is_empty());
    match (value(key), value(secret)) {
        (Some(key), Some(secret)) => Ok(Some(ClientCredentials::new(key, secret))),
        (None, None) => Ok(None),
        _ => Err(format!("of {key} and {secret} only one is set; set both")),
    }
}

const ENVIRONMENT: &str = "\
The client is OAUTH1_CONSUMER_KEY with OAUTH1_CONSUMER_SECRET, from the environment. The second one,
which some cases need, is OAUTH1_SECOND_CONSUMER_KEY with OAUTH1_SECOND_CONSUMER_SECRET.

Exit code: 0 if nothing failed, 1 if a case failed or the resource owner's command could not act, 2
if it was asked wrongly or nobody answers.";
