//! What a login knows before it sends anything.

use oauth1_client::{
    ClientCredentials, SharedSecret, Signer, TokenCredentials, delegation::Delegation,
    providers::Quirk,
};

use super::{Args, place::Place};
use crate::{
    args::{ProtocolArgs, TokenArgs, Transmit, parsed_method},
    captured::Captured,
    credentials::{Credentials, Given, Needed},
    failure::Failure,
    output::Output,
    profile::{Chosen, Directory, Secret, Secrets, Settings, Why, check_name, named},
    prompt,
    source::Sources,
};

/// The profile as it will be, the place, and how requests are signed there.
pub(super) struct Begun {
    pub(super) directory: Directory,
    pub(super) name: String,
    pub(super) settings: Settings,
    pub(super) secrets: Secrets,
    pub(super) place: Place,
    pub(super) signer: Signer,
    pub(super) sources: Sources,
}

impl Begun {
    pub(super) fn of(args: &Args, output: Output) -> Result<Self, Failure> {
        let directory = Directory::needed()?;
        let mut config = directory.config()?;
        let name = match named(args.profile.as_deref())? {
            Some((name, _)) => name,
            None => config.active.unwrap_or_else(|| "default".into()),
        };
        check_name(&name)?;
        let existing = config.profiles.remove(&name);
        if args.renew && existing.is_none() {
            return Err(crate::profile::gone(Why::Flag));
        }
        let is_new = existing.is_none();
        let mut settings = existing.unwrap_or_default();
        args.place.apply(&mut settings)?;
        if let Some(method) = &args.signature_method {
            settings.signature_method = Some(parsed_method(method)?.as_str().to_owned());
        }
        settings.rsa_key = args.app.rsa_path()?.or(settings.rsa_key);
        settings.realm = args.realm.clone().or(settings.realm);
        settings.transmit = args.transmit.or(settings.transmit);
        let place = args.place.place(&settings, args.password)?;

        let sources = Sources::new(output);
        let mut found = args.credentials(&sources, output)?;
        if found.client.is_none() && is_new && prompt::possible() {
            let typed = prompt::line(output, "App key: ")?.unwrap_or_default();
            let value = typed.as_str().to_owned();
            found.client = Some(Given { value, origin: "typed".into() });
        }
        match &found.client {
            Some(client) if is_new => settings.app_key.clone_from(&client.value),
            Some(client) if client.value != settings.app_key => {
                let origin = &client.origin;
                return Err(Failure::config(
                    format!("profile {name} has another App key than {origin}"),
                    "unset or leave out that one, or name a profile for it: --profile NAME",
                ));
            }
            _ => {}
        }
        if settings.app_key.is_empty() {
            return Err(Failure::config(
                "the App key is missing",
                "give --app-key KEY or OAUTH1_CONSUMER_KEY, or oauth1 profile add NAME",
            ));
        }
        // For the three steps there is no token yet.
        let signing = Settings { access_token: None, ..settings.clone() };
        let why = if args.profile.is_some() { Why::Flag } else { Why::Active };
        let profile = Chosen { directory: directory.clone(), name, why, settings: signing };
        let mut secrets = profile.secrets()?;
        let name = profile.name.clone();
        found.complete(profile, false, &sources, output)?;
        found.token = None;
        if found.client_secret.is_none() && settings.rsa_key.is_none() && prompt::possible() {
            let value = prompt::secret(output, "App secret: ")?;
            found.client_secret = Some(Given { value, origin: "typed".into() });
        }
        if args.verbose {
            output.say(&found.summary());
        }
        let signer = found.signer(&ProtocolArgs::default(), &Captured::default(), Needed::Yes)?;
        secrets.app_secret = found.client_secret.map(|given| Secret(given.value));
        Ok(Self { directory, name, settings, secrets, place, signer, sources })
    }

    /// Whether the code is shown to the person, since the callback is agreed on elsewhere.
    pub(super) fn by_console(&self, args: &Args) -> bool {
        self.place.has(Quirk::CallbackByConsole) && args.callback_port.is_none()
    }

    /// The token that the profile has.
    pub(super) fn token(&self) -> Result<TokenCredentials, Failure> {
        match (&self.settings.access_token, &self.secrets.token_secret) {
            (Some(token), Some(Secret(secret))) => {
                Ok(TokenCredentials::with_secret(token.clone(), secret.clone()))
            }
            _ => Err(Failure::config("the profile has no token", "log in, without --renew")),
        }
    }

    /// The library's flow, with the signer of the profile.
    pub(super) fn delegation(&self) -> Result<Delegation, Failure> {
        let transmit = self.settings.known_transmit().unwrap_or(Transmit::Header);
        let secret = match &self.secrets.app_secret {
            Some(Secret(secret)) => secret.clone(),
            // With an RSA key there is none.
            None => SharedSecret::new(""),
        };
        let client = ClientCredentials::with_secret(self.settings.app_key.clone(), secret);
        self.place.delegation(client, self.signer.clone(), transmit)
    }
}

impl Args {
    /// Flags and environment; without a token, for none is there yet.
    fn credentials(&self, sources: &Sources, output: Output) -> Result<Credentials, Failure> {
        let none = TokenArgs { token: Some(String::new()), ..TokenArgs::default() };
        Credentials::given(&self.app, &none, &Captured::default(), sources, output)
    }
}
