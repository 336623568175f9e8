//! `oauth1 login`: access that a person grants, in the three steps of RFC 5849 section 2, kept in a
//! profile.

mod ask;
mod begun;
mod browser;
mod logout;
mod place;
mod words;

use std::time::{SystemTime, UNIX_EPOCH};

use oauth1_client::delegation::{Granted, Session};
use serde_json::json;

use crate::{
    args::{AppArgs, OutputArgs, Transmit},
    failure::Failure,
    output::{Output, printable},
    profile::Secret,
    sending::runtime,
};

use begun::Begun;
pub(crate) use logout::Args as LogoutArgs;
pub(crate) use place::{OWN_SERVER, filled, unknown_provider};

#[derive(clap::Args, Debug)]
#[command(before_help = "\
Examples:
  oauth1 login --provider oauth1-server --site http://127.0.0.1:8080 --profile work
  oauth1 login --provider x --headless
  oauth1 login --initiate URL --authorize URL --token URL --scope 'photos read'
  oauth1 login --renew

The App key wants the callback http://127.0.0.1:8318/callback registered, or with --headless, oob.")]
pub(crate) struct Args {
    #[command(flatten)]
    place: place::PlaceArgs,
    /// Profile to keep the token in [default: OAUTH1_PROFILE, the active one, or default]
    #[arg(long, value_name = "NAME", help_heading = "Credentials")]
    profile: Option<String>,
    #[command(flatten)]
    app: AppArgs,
    /// Port of the callback http://127.0.0.1:PORT/callback; 0 for any
    #[arg(long, value_name = "PORT", conflicts_with = "headless")]
    callback_port: Option<u16>,
    /// Without a browser on this computer: print the address, and read the code that it shows
    #[arg(long)]
    headless: bool,
    /// What the token is to be good for, as the provider writes it
    #[arg(long)]
    scope: Option<String>,
    /// A parameter of the provider's own
    #[arg(long = "param", value_name = "NAME=VALUE", value_parser = parameter)]
    parameters: Vec<(String, String)>,
    /// With name and password instead of a browser (xAuth), where the provider permits that
    #[arg(long, requires = "user", conflicts_with_all = ["headless", "callback_port", "scope", "parameters", "renew"])]
    password: bool,
    /// Name for --password
    #[arg(long, value_name = "NAME", requires = "password")]
    user: Option<String>,
    /// File with the password, - for stdin [default: asked for]
    #[arg(long, value_name = "FILE|-", requires = "password")]
    password_file: Option<String>,
    /// Renew the token of the profile, without asking the person again
    #[arg(long, conflicts_with_all = ["headless", "callback_port", "scope", "parameters"])]
    renew: bool,
    /// Give up when nobody has decided after so many seconds
    #[arg(long, value_name = "SECONDS", default_value_t = 300)]
    timeout: u64,
    /// Signature method [default: the provider's, or HMAC-SHA1]
    #[arg(long, value_name = "METHOD", help_heading = "Signature")]
    signature_method: Option<String>,
    /// Realm for the header; never signed
    #[arg(long, help_heading = "Signature")]
    realm: Option<String>,
    /// Where the oauth_ parameters go
    #[arg(long, value_name = "WHERE", help_heading = "Signature")]
    transmit: Option<Transmit>,
    #[command(flatten)]
    output: OutputArgs,
    /// Say on stderr where keys and secrets come from
    #[arg(short, long, help_heading = "Output")]
    verbose: bool,
}

// The text is not repeated: it may be a secret in the wrong place.
fn parameter(text: &str) -> Result<(String, String), &'static str> {
    match text.split_once('=') {
        Some((name, _)) if name.starts_with("oauth_") => {
            Err("names with oauth_ are of the protocol")
        }
        Some((name, value)) if !name.is_empty() => Ok((name.into(), value.into())),
        _ => Err("write it as NAME=VALUE"),
    }
}

impl Args {
    pub(crate) fn run(&self) -> (Output, Result<u8, Failure>) {
        let output = Output::new(self.output.json, self.output.color);
        (output, self.logged_in(output).map(|()| 0))
    }

    fn logged_in(&self, output: Output) -> Result<(), Failure> {
        let begun = Begun::of(self, output)?;
        // Ctrl-C ends the process, as it does by default: nothing was written before the end.
        let runtime = runtime()?;
        let granted = if self.renew {
            runtime.block_on(self.renewed(&begun))?
        } else if self.password {
            let password = self.typed_password(&begun, output)?;
            let delegation = begun.delegation()?;
            let name = self.user.as_deref().unwrap_or_default();
            let granted = runtime.block_on(delegation.with_password(name, &password));
            Some(granted.map_err(|error| words::failed(error, None))?)
        } else if self.headless || begun.by_console(self) {
            Some(self.with_code(&runtime, &begun, output)?)
        } else {
            Some(runtime.block_on(self.with_browser(&begun, output))?)
        };
        self.kept(begun, granted, output)
    }

    /// `None` if the token is the same as before.
    async fn renewed(&self, begun: &Begun) -> Result<Option<Granted>, Failure> {
        let token = begun.token()?;
        let delegation = begun.delegation()?;
        if begun.place.wakes() {
            let woken = delegation.wake(&token).await;
            return woken.map(|()| None).map_err(|error| words::failed(error, None));
        }
        let handle = begun.secrets.session_handle.as_ref().ok_or_else(|| {
            Failure::config(
                "the token cannot be renewed: the provider gave no session handle with it",
                "log in again, without --renew",
            )
        })?;
        let session = Session::new(handle.0.expose());
        let granted = delegation.renew(&token, &session).await;
        granted.map(Some).map_err(|error| words::failed(error, None))
    }

    /// Writes the token into the profile, and says what to do next.
    fn kept(&self, begun: Begun, granted: Option<Granted>, output: Output) -> Result<(), Failure> {
        let Begun { directory, name, mut settings, mut secrets, .. } = begun;
        let (mut others, mut expires_in) = (Vec::new(), None);
        if let Some(granted) = granted {
            settings.access_token = Some(granted.token.identifier().to_owned());
            let ends = granted.expires_in.and_then(|lasts| SystemTime::now().checked_add(lasts));
            let ends = ends.and_then(|ends| ends.duration_since(UNIX_EPOCH).ok());
            settings.token_ends = ends.map(|ends| ends.as_secs());
            secrets.token_secret = Some(Secret(granted.token.secret().clone()));
            let handle = granted.session.map(|session| Secret(session.handle));
            // An answer to a renewal may leave out what has not changed.
            let before = secrets.session_handle.take().filter(|_| self.renew);
            secrets.session_handle = handle.or(before);
            (others, expires_in) = (granted.others, granted.expires_in);
        }
        let active = directory.change(|config, all| {
            config.profiles.insert(name.clone(), settings.clone());
            all.insert(name.clone(), secrets);
            let active = config.active.get_or_insert_with(|| name.clone());
            Ok(*active == name)
        })?;
        let renewable = expires_in.is_some();
        let next = match &settings.provider {
            _ if active => "oauth1 request URL".to_owned(),
            _ => format!("oauth1 request --profile {name} URL"),
        };
        others.retain(|(name, _)| ACCOUNT.contains(&name.as_str()));
        let expires_in = expires_in.map(|lasts| lasts.as_secs());
        if output.json {
            let account: serde_json::Map<_, _> =
                others.into_iter().map(|(name, value)| (name, value.into())).collect();
            return output.object(&json!({
                "profile": name, "app_key": settings.app_key,
                "access_token": settings.access_token, "expires_in": expires_in,
                "account": account, "next": next,
            }));
        }
        let token = settings.access_token.as_deref().unwrap_or_default();
        let done = if self.renew { "renewed" } else { "logged in" };
        output.line(&printable(&format!("{done}: profile {name}, Access token {token}")))?;
        for (name, value) in &others {
            output.say(&printable(&format!("  {name}: {value}")));
        }
        if let Some(seconds) = expires_in {
            output.say(&format!("  the token ends in {seconds} s"));
        }
        output.say(&format!("next: {next}"));
        if renewable {
            output.say(&format!("and then: oauth1 login --renew --profile {name}"));
        }
        Ok(())
    }
}

/// Names of what providers say about the person; other values may be secrets of their own.
const ACCOUNT: [&str; 6] =
    ["fullname", "screen_name", "user_id", "user_nsid", "userID", "username"];
