//! `oauth1 profile show`.

use std::env;

use serde_json::json;

use super::{CONFIG, CREDENTIALS, Chosen, Directory, Settings};
use crate::{
    args::OutputArgs,
    failure::Failure,
    output::{Output, printable},
};

#[derive(clap::Args, Debug)]
pub(super) struct Args {
    /// Name of the profile [default: OAUTH1_PROFILE, or the active one]
    name: Option<String>,
    #[command(flatten)]
    pub(super) output: OutputArgs,
}

impl Args {
    pub(super) fn shown(&self, output: Output) -> Result<(), Failure> {
        Directory::needed()?;
        let profile = Chosen::find(self.name.as_deref())?.ok_or_else(|| {
            Failure::config("no profile is active", "name one; oauth1 profile list shows all")
        })?;
        let secrets = profile.secrets()?;
        let path = |name| profile.directory.path().join(name).to_string_lossy().into_owned();
        let (config, credentials) = (path(CONFIG), path(CREDENTIALS));
        let mut rows = Vec::new();
        let mut row = |name, value: Option<String>, origin: &str| {
            if let Some(value) = value {
                rows.push((name, value, origin.to_owned()));
            }
        };
        let settings = &profile.settings;
        row("App key", Some(settings.app_key.clone()), &config);
        row("Access token", settings.access_token.clone(), &config);
        row("Token ends", settings.token_ends.map(|seconds| seconds.to_string()), &config);
        let masked = |there: bool| there.then(|| "****".to_owned());
        row("App secret", masked(secrets.app_secret.is_some()), &credentials);
        row("Token secret", masked(secrets.token_secret.is_some()), &credentials);
        row("Session handle", masked(secrets.session_handle.is_some()), &credentials);
        for (name, value) in [
            ("Provider", &settings.provider),
            ("Site", &settings.site),
            ("Account", &settings.account),
            ("Initiate", &settings.initiate),
            ("Authorize", &settings.authorize),
            ("Token URL", &settings.token),
            ("RSA key", &settings.rsa_key),
        ] {
            row(name, value.clone(), &config);
        }
        let from = |own: bool| if own { config.as_str() } else { "provider" };
        let method = settings.method().unwrap_or("HMAC-SHA1");
        let origin = match settings.method() {
            Some(_) => from(settings.signature_method.is_some()),
            None => "default",
        };
        row("Method", Some(method.to_owned()), origin);
        row("Realm", settings.known_realm(), from(settings.realm.is_some()));
        let transmit = settings.known_transmit().map(|transmit| transmit.as_str().to_owned());
        row("Transmit", transmit, from(settings.transmit.is_some()));
        if output.json {
            let rows = rows.iter().map(|(name, value, origin)| {
                let secret = value == "****";
                let value = (!secret).then_some(value);
                json!({ "name": name, "value": value, "secret": secret, "source": origin })
            });
            return output.object(&json!({
                "profile": profile.name, "chosen_by": profile.why.as_str(),
                "values": rows.collect::<Vec<_>>(), "set_aside_by": set_aside(settings),
            }));
        }
        let why = if self.name.is_some() { "as named" } else { profile.why.as_str() };
        output.line(&format!("profile {} ({why})", profile.name))?;
        for (name, value, origin) in &rows {
            output.line(&printable(&format!("  {name:<14} {value}   ({origin})")))?;
        }
        for variable in set_aside(settings) {
            output
                .say(&format!("note: {variable} is set in the environment, and goes before this"));
        }
        Ok(())
    }
}

/// Variables that go before what the profile says.
fn set_aside(settings: &Settings) -> Vec<&'static str> {
    let variables = [
        "OAUTH1_CONSUMER_KEY",
        "OAUTH1_CONSUMER_KEY_FILE",
        "OAUTH1_CONSUMER_SECRET",
        "OAUTH1_CONSUMER_SECRET_FILE",
        "OAUTH1_TOKEN",
        "OAUTH1_TOKEN_FILE",
        "OAUTH1_TOKEN_SECRET",
        "OAUTH1_TOKEN_SECRET_FILE",
    ];
    let differs = |name: &str| match env::var(name) {
        Ok(value) if name == "OAUTH1_CONSUMER_KEY" => value != settings.app_key,
        Ok(_) | Err(env::VarError::NotUnicode(_)) => true,
        Err(env::VarError::NotPresent) => false,
    };
    variables.into_iter().filter(|name| differs(name)).collect()
}
