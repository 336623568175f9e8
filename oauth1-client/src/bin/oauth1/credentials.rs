//! Where keys and secrets come from: flags, a captured header, the environment, a profile; each may
//! name a file or stdin.

use oauth1_client::{
    Callback, ClientCredentials, SharedSecret, SignatureMethod, Signer, TemporaryCredentials,
    TokenCredentials, Verifier, core::protocol_parameters as names, providers::Quirk,
};

use crate::{
    args::{AppArgs, CredentialArgs, Hidden, ProtocolArgs, TokenArgs, Transmit},
    captured::Captured,
    failure::Failure,
    output::{Output, printable},
    profile::{Chosen, Secret, Settings, Why},
    reader::Reader,
    source::Sources,
};

/// A value, and where it came from.
#[derive(Clone, Debug)]
pub(crate) struct Given<T> {
    pub(crate) value: T,
    pub(crate) origin: String,
}

/// What a request is signed or verified with. `Debug` shows no secret.
#[derive(Debug)]
pub(crate) struct Credentials {
    pub(crate) client: Option<Given<String>>,
    pub(crate) client_secret: Option<Given<SharedSecret>>,
    pub(crate) token: Option<Given<String>>,
    pub(crate) token_secret: Option<Given<SharedSecret>>,
    #[cfg(feature = "rsa")]
    pub(crate) rsa_key: Option<Given<SharedSecret>>,
    /// The profile, if it has a part in this.
    pub(crate) profile: Option<Chosen>,
}

impl Credentials {
    /// Looks at flags first, then at the captured header, then at the environment, then at the
    /// profile. A profile whose App key is another than the one that was found has no part in it:
    /// its secrets, token and settings are for that key.
    pub(crate) fn resolve(
        args: &CredentialArgs,
        captured: &Captured,
        sources: &Sources,
        output: Output,
    ) -> Result<Self, Failure> {
        let mut found = Self::given(&args.app, &args.token, captured, sources, output)?;
        if let Some(profile) = Chosen::find(args.profile.as_deref())? {
            let tokenless = tokenless(&args.token, captured);
            found.complete(profile, tokenless, sources, output)?;
        }
        let some = |given: Option<Given<String>>| given.filter(|given| !given.value.is_empty());
        (found.client, found.token) = (some(found.client), some(found.token));
        Ok(found)
    }

    /// Without any profile; what is there and empty stands for none.
    pub(crate) fn given(
        app: &AppArgs,
        token_args: &TokenArgs,
        captured: &Captured,
        sources: &Sources,
        output: Output,
    ) -> Result<Self, Failure> {
        let reader = Reader { sources, output };
        let (mut client_secret, mut token_secret) = (None, None);
        if token_args.secrets_stdin {
            (client_secret, token_secret) = reader.both_from_stdin()?;
        }
        if client_secret.is_none() {
            client_secret = reader.secret(
                ("--consumer-secret", &app.consumer_secret),
                ("--consumer-secret-file", &app.consumer_secret_file),
                ("OAUTH1_CONSUMER_SECRET", "the App secret"),
            )?;
        }
        if token_secret.is_none() {
            token_secret = reader.secret(
                ("--token-secret", &token_args.token_secret),
                ("--token-secret-file", &token_args.token_secret_file),
                ("OAUTH1_TOKEN_SECRET", "the Token secret"),
            )?;
        }
        let client = reader.identifier(
            ("--consumer-key", &app.consumer_key),
            captured.get(names::CONSUMER_KEY),
            ("OAUTH1_CONSUMER_KEY", "the App key"),
        )?;
        // A captured request without a token has none: one of the environment is for others.
        let tokenless =
            token_args.token.is_none() && captured.present && captured.get(names::TOKEN).is_none();
        let token = if tokenless {
            None
        } else {
            reader.identifier(
                ("--token", &token_args.token),
                captured.get(names::TOKEN),
                ("OAUTH1_TOKEN", "the Access token"),
            )?
        };
        #[cfg(feature = "rsa")]
        let rsa_key = match &app.rsa_key {
            Some(path) => {
                let value = sources.secret(path, "the RSA key")?;
                let value = SharedSecret::new(value.as_str());
                Some(Given { value, origin: "flag --rsa-key".into() })
            }
            None => None,
        };
        Ok(Self {
            client,
            client_secret,
            token,
            token_secret,
            #[cfg(feature = "rsa")]
            rsa_key,
            profile: None,
        })
    }

    /// Takes what is missing from the profile.
    #[cfg_attr(not(feature = "rsa"), allow(unused_variables))]
    pub(crate) fn complete(
        &mut self,
        profile: Chosen,
        tokenless: bool,
        sources: &Sources,
        output: Output,
    ) -> Result<(), Failure> {
        let settings = &profile.settings;
        if let Some(client) = self.client.as_ref().filter(|c| c.value != settings.app_key) {
            if profile.why != Why::Active {
                let (name, origin) = (&profile.name, &client.origin);
                output.warn(&format!("profile {name} is not used: {origin} goes before it"));
            }
            return Ok(());
        }
        let given = |value: &String| Given { value: value.clone(), origin: profile.origin() };
        self.client.get_or_insert_with(|| given(&settings.app_key));
        if self.token.is_none() && !tokenless {
            self.token = settings.access_token.as_ref().map(given);
        }
        let token = self.token.as_ref().map(|token| &token.value);
        let ours = token.is_some() && token == settings.access_token.as_ref();
        if self.client_secret.is_none() || (ours && self.token_secret.is_none()) {
            let secrets = profile.secrets()?;
            let given = |Secret(value)| Given { value, origin: profile.origin() };
            self.client_secret = self.client_secret.take().or(secrets.app_secret.map(given));
            let token_secret = secrets.token_secret.filter(|_| ours).map(given);
            self.token_secret = self.token_secret.take().or(token_secret);
        }
        #[cfg(feature = "rsa")]
        if let (None, Some(path)) = (&self.rsa_key, &settings.rsa_key) {
            let value = SharedSecret::new(sources.secret(path, "the RSA key")?.as_str());
            self.rsa_key = Some(Given { value, origin: profile.origin() });
        }
        self.profile = Some(profile);
        Ok(())
    }

    /// What there is, its value unless it is a secret, and where it came from.
    pub(crate) fn rows(&self) -> Vec<(&'static str, Option<String>, String)> {
        let mut rows = Vec::new();
        for (name, given) in [("App key", &self.client), ("Access token", &self.token)] {
            if let Some(given) = given {
                rows.push((name, Some(given.value.clone()), given.origin.clone()));
            }
        }
        for (name, given) in
            [("App secret", &self.client_secret), ("Token secret", &self.token_secret)]
        {
            let origin = given.as_ref().map_or("missing", |given| given.origin.as_str());
            rows.push((name, None, origin.into()));
        }
        #[cfg(feature = "rsa")]
        if let Some(key) = &self.rsa_key {
            rows.push(("RSA key", None, key.origin.clone()));
        }
        rows
    }

    /// Which source won, on a line.
    pub(crate) fn summary(&self) -> String {
        let row = |(name, value, origin): (&str, Option<String>, String)| {
            let value = value.map_or_else(String::new, |value| format!(" {}", printable(&value)));
            format!("{name}{value} ({origin})")
        };
        let rows: Vec<_> = self.rows().into_iter().map(row).collect();
        format!("* {}", rows.join(", "))
    }

    /// Where the protocol parameters go.
    pub(crate) fn transmit(&self, args: &ProtocolArgs, captured: &Captured) -> Transmit {
        let settings = self.settings(captured);
        let transmit = args.transmit.or_else(|| settings.and_then(Settings::known_transmit));
        transmit.unwrap_or(Transmit::Header)
    }

    /// The settings of the profile, unless a captured request says how it was signed.
    fn settings(&self, captured: &Captured) -> Option<&Settings> {
        self.profile.as_ref().filter(|_| !captured.present).map(|profile| &profile.settings)
    }

    /// A signer with these credentials and what arguments and captured header ask for.
    pub(crate) fn signer(
        &self,
        args: &ProtocolArgs,
        captured: &Captured,
        secrets: Needed,
    ) -> Result<Signer, Failure> {
        let method = self.method(args, captured)?;
        let client = self.client.as_ref().ok_or_else(|| {
            missing("the App key (consumer key)", "OAUTH1_CONSUMER_KEY", "--consumer-key KEY")
        })?;
        let open = secrets == Needed::No || method.is_rsa();
        let secret = |given: &Option<Given<SharedSecret>>| match given {
            Some(given) => Some(given.value.clone()),
            None => open.then(|| SharedSecret::new("")),
        };
        let client_secret = secret(&self.client_secret).ok_or_else(|| {
            missing(
                "the App secret (consumer secret)",
                "OAUTH1_CONSUMER_SECRET",
                "--consumer-secret-file FILE",
            )
        })?;
        let client = ClientCredentials::with_secret(client.value.clone(), client_secret);
        let mut signer = Signer::new(client).with_method(method);
        let verifier = args.verifier.as_ref().map(|Hidden(code)| code.expose().to_owned());
        let verifier = verifier.or_else(|| captured.own(names::VERIFIER)).map(Verifier::new);
        if let Some(token) = &self.token {
            let secret = secret(&self.token_secret).ok_or_else(|| {
                missing("the Token secret", "OAUTH1_TOKEN_SECRET", "--token-secret-file FILE")
            })?;
            let token = token.value.clone();
            signer = match verifier {
                Some(verifier) => signer
                    .with_temporary(TemporaryCredentials::with_secret(token, secret), verifier),
                None => signer.with_token(TokenCredentials::with_secret(token, secret)),
            };
        } else if verifier.is_some() {
            return Err(Failure::usage(
                "a verifier goes with the request token it was given for",
                "give the request token with --token and its secret",
            ));
        }
        if let Some(callback) = args.callback.clone().or_else(|| captured.own(names::CALLBACK)) {
            signer = signer.with_callback(match callback.as_str() {
                "oob" => Callback::OutOfBand,
                _ => Callback::uri(callback),
            });
        }
        if let Some(handle) = captured.own(names::SESSION_HANDLE) {
            signer = signer.with_session_handle(handle);
        }
        let settings = self.settings(captured);
        let realm = args.realm.clone().or_else(|| captured.realm.clone());
        if let Some(realm) = realm.or_else(|| settings.and_then(Settings::known_realm)) {
            signer = signer.with_realm(realm);
        }
        let has = |quirk| settings.is_some_and(|settings| settings.has(quirk));
        let version = !captured.present || captured.get(names::VERSION).is_some();
        let version = version && !has(Quirk::NoVersion);
        let body_hash = args.body_hash || captured.get(names::BODY_HASH).is_some();
        let body_hash = body_hash || has(Quirk::BodyHash);
        let signer = signer.with_version(version && !args.no_version).with_body_hash(body_hash);
        self.with_rsa_key(signer, method)
    }

    fn method(&self, args: &ProtocolArgs, captured: &Captured) -> Result<SignatureMethod, Failure> {
        if let Some(method) = args.method()? {
            return Ok(method);
        }
        let settings = self.settings(captured);
        let name = captured.get(names::SIGNATURE_METHOD);
        let Some(name) = name.or_else(|| settings.and_then(Settings::method)) else {
            return Ok(SignatureMethod::default());
        };
        name.parse().map_err(|error: oauth1_client::core::UnknownSignatureMethod| {
            Failure::usage(error.to_string(), "give --signature-method")
        })
    }

    #[cfg(feature = "rsa")]
    fn with_rsa_key(&self, signer: Signer, method: SignatureMethod) -> Result<Signer, Failure> {
        let Some(pem) = self.rsa_key.as_ref().filter(|_| method.is_rsa()) else {
            return Ok(signer);
        };
        let key = oauth1_client::core::rsa::RsaPrivateKey::from_pem(pem.value.expose());
        let key = key.map_err(|error| {
            Failure::config(format!("the RSA key: {error}"), "give an RSA private key in PEM")
        })?;
        Ok(signer.with_rsa_key(method, key))
    }

    #[cfg(not(feature = "rsa"))]
    #[allow(clippy::unused_self, clippy::unnecessary_wraps)]
    const fn with_rsa_key(&self, signer: Signer, _: SignatureMethod) -> Result<Signer, Failure> {
        Ok(signer)
    }
}

/// A captured request without a token has none: one of the environment is for others.
fn tokenless(args: &TokenArgs, captured: &Captured) -> bool {
    args.token.is_none() && captured.present && captured.get(names::TOKEN).is_none()
}

/// Whether secrets must be there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Needed {
    Yes,
    No,
}

fn missing(what: &str, variable: &str, flag: &str) -> Failure {
    Failure::config(
        format!("{what} is missing"),
        format!("set {variable} or {variable}_FILE, give {flag}, or oauth1 profile add NAME"),
    )
}
