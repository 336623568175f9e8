//! `oauth1 profile add`.

use oauth1_client::providers::Provider;

use super::{
    Directory, Secrets, Settings, check_name, done,
    import::{FromArgs, Imported},
    model::Secret,
    odd, swapped,
};
use crate::{
    args::{AppArgs, OutputArgs, TokenArgs, Transmit, parsed_method},
    captured::Captured,
    credentials::{Credentials, Given},
    failure::Failure,
    login::{OWN_SERVER, unknown_provider},
    output::Output,
    prompt,
    source::Sources,
};

#[derive(clap::Args, Debug)]
pub(crate) struct Args {
    /// Name of the profile: letters, digits, - _ and .
    name: String,
    #[command(flatten)]
    app: AppArgs,
    #[command(flatten)]
    token: TokenArgs,
    #[command(flatten)]
    from: FromArgs,
    /// Provider whose keys these are, such as x or oauth1-server
    #[arg(long, value_name = "NAME", help_heading = "Provider")]
    provider: Option<String>,
    /// Address of one's installation, where the provider has many
    #[arg(long, value_name = "URL", help_heading = "Provider")]
    site: Option<String>,
    /// ID of one's account, where the provider has it in host names
    #[arg(long, value_name = "ID", help_heading = "Provider")]
    account: Option<String>,
    /// Signature method [default: the provider's, or HMAC-SHA1]
    #[arg(long, value_name = "METHOD", help_heading = "Signature")]
    signature_method: Option<String>,
    /// Realm for the header; never signed
    #[arg(long, help_heading = "Signature")]
    realm: Option<String>,
    /// Where the oauth_ parameters go
    #[arg(long, value_name = "WHERE", help_heading = "Signature")]
    transmit: Option<Transmit>,
    /// Replace a profile of this name
    #[arg(long)]
    replace: bool,
    #[command(flatten)]
    pub(super) output: OutputArgs,
}

impl Args {
    pub(super) fn added(&self, output: Output) -> Result<(), Failure> {
        check_name(&self.name)?;
        let directory = Directory::needed()?;
        if !self.replace && directory.config()?.profiles.contains_key(&self.name) {
            return Err(self.taken());
        }
        let sources = Sources::new(output);
        let found = match self.from.imported(&sources)? {
            Some(imported) => imported,
            None => self.typed(&sources, output)?,
        };
        let settings = self.settings(&found)?;
        let Imported { client_secret, token_secret, .. } = found;
        let secret = |given: Option<Given<_>>| given.map(|given| Secret(given.value));
        let secrets = Secrets {
            app_secret: secret(client_secret),
            token_secret: secret(token_secret),
            session_handle: None,
        };
        Self::warn(output, &settings, &secrets);
        let first = directory.change(|config, all| {
            // Looked at once more: now nobody else changes it.
            if !self.replace && config.profiles.contains_key(&self.name) {
                return Err(self.taken());
            }
            config.profiles.insert(self.name.clone(), settings.clone());
            all.insert(self.name.clone(), secrets.clone());
            let first = config.active.is_none();
            config.active.get_or_insert_with(|| self.name.clone());
            Ok(first)
        })?;
        if first {
            output.say("note: it is the active profile; oauth1 profile use NAME changes that");
        }
        if settings.access_token.is_none() && settings.provider.is_some() {
            let name = &self.name;
            output.say(&format!("next: oauth1 login --profile {name}"));
        }
        done(output, &self.name, "added", "was added")
    }

    fn taken(&self) -> Failure {
        Failure::config(
            "there is a profile of this name",
            "take another name, or --replace, which forgets the secrets it has",
        )
    }

    /// From flags, files and environment; the person is asked for what is missing.
    fn typed(&self, sources: &Sources, output: Output) -> Result<Imported, Failure> {
        let found =
            Credentials::given(&self.app, &self.token, &Captured::default(), sources, output)?;
        let mut found = Imported {
            client: found.client,
            client_secret: found.client_secret,
            token: found.token,
            token_secret: found.token_secret,
            provider: None,
        };
        let typed = |value: String| Given { value, origin: "typed".into() };
        let ask = |question: &str| -> Result<Option<Given<String>>, Failure> {
            let answer = prompt::line(output, question)?.filter(|answer| !answer.is_empty());
            Ok(answer.map(|answer| typed(answer.as_str().to_owned())))
        };
        let hidden = |question: &str| -> Result<_, Failure> {
            let value = prompt::secret(output, question)?;
            Ok(Some(Given { value, origin: "typed".into() }))
        };
        if prompt::possible() {
            let all = found.client.is_none();
            if all {
                found.client = ask("App key: ")?;
            }
            if found.client.is_some() && found.client_secret.is_none() && !self.app.has_rsa_key() {
                found.client_secret = hidden("App secret: ")?;
            }
            if all && found.token.is_none() {
                found.token = ask("Access token (empty for none): ")?;
            }
            if found.token.is_some() && found.token_secret.is_none() {
                found.token_secret = hidden("Token secret: ")?;
            }
        }
        Ok(found)
    }

    fn settings(&self, found: &Imported) -> Result<Settings, Failure> {
        let value = |given: &Option<Given<String>>| {
            given.as_ref().map(|given| given.value.clone()).filter(|value| !value.is_empty())
        };
        let missing = |what: &str, fix: &str| Failure::config(format!("{what} is missing"), fix);
        let app_key = value(&found.client).ok_or_else(|| {
            missing("the App key", "give --app-key KEY or OAUTH1_CONSUMER_KEY, or use a terminal")
        })?;
        if found.client_secret.is_none() && !self.app.has_rsa_key() {
            let fix = "give --app-secret-file FILE, --secrets-stdin or OAUTH1_CONSUMER_SECRET, or use a terminal";
            return Err(missing("the App secret", fix));
        }
        let access_token = value(&found.token);
        if access_token.is_some() && found.token_secret.is_none() && !self.app.has_rsa_key() {
            let fix = "give --token-secret-file FILE or OAUTH1_TOKEN_SECRET, or use a terminal";
            return Err(missing("the Token secret", fix));
        }
        let provider = self.provider.as_deref().or(found.provider);
        if let Some(name) = provider
            && name != OWN_SERVER
            && Provider::find(name).is_none()
        {
            return Err(unknown_provider());
        }
        let provider = provider.map(str::to_ascii_lowercase);
        let method = self.signature_method.as_deref().map(parsed_method).transpose()?;
        Ok(Settings {
            app_key,
            access_token,
            provider,
            site: self.site.as_deref().map(|site| site.trim_end_matches('/').to_owned()),
            account: self.account.clone(),
            signature_method: method.map(|method| method.as_str().to_owned()),
            realm: self.realm.clone(),
            transmit: self.transmit,
            rsa_key: self.app.rsa_path()?,
            ..Settings::default()
        })
    }

    fn warn(output: Output, settings: &Settings, secrets: &Secrets) {
        let exposed = |secret: &Option<Secret>| secret.as_ref().map(|s| s.0.clone());
        let (app, token) = (exposed(&secrets.app_secret), exposed(&secrets.token_secret));
        let access_token = settings.access_token.as_deref().unwrap_or_default();
        let app = app.as_ref().map_or("", |secret| secret.expose());
        let token = token.as_ref().map_or("", |secret| secret.expose());
        for (what, value) in [
            ("App key", settings.app_key.as_str()),
            ("App secret", app),
            ("Access token", access_token),
            ("Token secret", token),
        ] {
            if let Some(odd) = odd(value) {
                output.warn(&format!("the {what} {odd}"));
            }
        }
        if swapped(&settings.app_key, app) {
            output.warn("App key and App secret look swapped");
        }
        if swapped(access_token, token) {
            output.warn("Access token and Token secret look swapped");
        }
    }
}
