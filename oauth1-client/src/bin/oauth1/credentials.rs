//! Where keys and secrets come from: flags, a captured header, the environment, files, stdin.

use std::env;

use oauth1_client::{
    Callback, ClientCredentials, SharedSecret, SignatureMethod, Signer, TemporaryCredentials,
    TokenCredentials, Verifier, core::protocol_parameters as names,
};
use zeroize::Zeroizing;

use crate::{
    args::{CredentialArgs, Hidden, ProtocolArgs},
    captured::Captured,
    failure::Failure,
    output::Output,
    source::{Sources, utf8},
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
}

impl Credentials {
    /// Looks at flags first, then at the captured header, then at the environment.
    pub(crate) fn resolve(
        args: &CredentialArgs,
        captured: &Captured,
        sources: &Sources,
        output: Output,
    ) -> Result<Self, Failure> {
        let reader = Reader { sources, output };
        let (mut client_secret, mut token_secret) = (None, None);
        if args.secrets_stdin {
            (client_secret, token_secret) = reader.both_from_stdin()?;
        }
        if client_secret.is_none() {
            client_secret = reader.secret(
                ("--consumer-secret", &args.consumer_secret),
                ("--consumer-secret-file", &args.consumer_secret_file),
                ("OAUTH1_CONSUMER_SECRET", "the App secret"),
            )?;
        }
        if token_secret.is_none() {
            token_secret = reader.secret(
                ("--token-secret", &args.token_secret),
                ("--token-secret-file", &args.token_secret_file),
                ("OAUTH1_TOKEN_SECRET", "the Token secret"),
            )?;
        }
        let given = |given: Option<Given<String>>| given.filter(|given| !given.value.is_empty());
        let client = reader.identifier(
            ("--consumer-key", &args.consumer_key),
            captured.get(names::CONSUMER_KEY),
            ("OAUTH1_CONSUMER_KEY", "the App key"),
        )?;
        // A captured request without a token has none: one of the environment is for others.
        let token = match (&args.token, captured.present, captured.get(names::TOKEN)) {
            (None, true, None) => None,
            (flag, _, found) => {
                reader.identifier(("--token", flag), found, ("OAUTH1_TOKEN", "the Access token"))?
            }
        };
        #[cfg(feature = "rsa")]
        let rsa_key = match &args.rsa_key {
            Some(path) => {
                let value = sources.secret(path, "the RSA key")?;
                let value = SharedSecret::new(value.as_str());
                Some(Given { value, origin: "--rsa-key".into() })
            }
            None => None,
        };
        Ok(Self {
            client: given(client),
            client_secret,
            token: given(token),
            token_secret,
            #[cfg(feature = "rsa")]
            rsa_key,
        })
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
        if let Some(realm) = args.realm.clone().or_else(|| captured.realm.clone()) {
            signer = signer.with_realm(realm);
        }
        let version = !captured.present || captured.get(names::VERSION).is_some();
        let body_hash = args.body_hash || captured.get(names::BODY_HASH).is_some();
        let signer = signer.with_version(version && !args.no_version).with_body_hash(body_hash);
        self.with_rsa_key(signer, method)
    }

    fn method(&self, args: &ProtocolArgs, captured: &Captured) -> Result<SignatureMethod, Failure> {
        if let Some(method) = args.method()? {
            return Ok(method);
        }
        let Some(name) = captured.get(names::SIGNATURE_METHOD) else {
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
            Failure::config(format!("--rsa-key: {error}"), "give an RSA private key in PEM")
        })?;
        Ok(signer.with_rsa_key(method, key))
    }

    #[cfg(not(feature = "rsa"))]
    #[allow(clippy::unused_self, clippy::unnecessary_wraps)]
    const fn with_rsa_key(&self, signer: Signer, _: SignatureMethod) -> Result<Signer, Failure> {
        Ok(signer)
    }
}

/// Whether secrets must be there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Needed {
    Yes,
    No,
}

struct Reader<'a> {
    sources: &'a Sources,
    output: Output,
}

type Secret = Option<Given<SharedSecret>>;

impl Reader<'_> {
    fn both_from_stdin(&self) -> Result<(Secret, Secret), Failure> {
        let bytes = self.sources.stdin("the secrets")?;
        let mut lines = utf8(&bytes, "the text with the secrets")?.lines();
        let mut next = |which: &str| {
            let origin = format!("stdin, {which} line");
            lines.next().map(|line| Given { value: SharedSecret::new(line), origin })
        };
        let both = (next("first"), next("second"));
        if both.0.is_none() || lines.any(|line| !line.is_empty()) {
            return Err(Failure::config(
                "stdin must hold one or two lines of secrets",
                "the App secret on the first line, the Token secret on the second",
            ));
        }
        Ok(both)
    }

    fn secret(
        &self,
        (flag, value): (&str, &Option<Hidden>),
        (file_flag, path): (&str, &Option<String>),
        (variable, what): (&str, &'static str),
    ) -> Result<Secret, Failure> {
        if let Some(Hidden(secret)) = value {
            self.output.warn(&format!(
                "{flag} shows the secret to other users of this computer; use {file_flag} or {variable}"
            ));
            return Ok(Some(Given { value: secret.clone(), origin: format!("flag {flag}") }));
        }
        if let Some(path) = path {
            let text = self.sources.secret(path, what)?;
            let origin = if path == "-" { "stdin".into() } else { format!("file of {file_flag}") };
            return Ok(Some(Given { value: SharedSecret::new(text.as_str()), origin }));
        }
        Ok(self.variable(variable, what)?.map(|Given { value, origin }| Given {
            value: SharedSecret::new(value.as_str()),
            origin,
        }))
    }

    fn identifier(
        &self,
        (flag, value): (&str, &Option<String>),
        captured: Option<&str>,
        (variable, what): (&str, &'static str),
    ) -> Result<Option<Given<String>>, Failure> {
        if let Some(value) = value {
            return Ok(Some(Given { value: value.clone(), origin: format!("flag {flag}") }));
        }
        if let Some(value) = captured {
            let origin = "the request's Authorization header".into();
            return Ok(Some(Given { value: value.into(), origin }));
        }
        let found = self.variable(variable, what)?;
        Ok(found.map(|Given { value, origin }| Given { value: value.as_str().into(), origin }))
    }

    /// `NAME`, or the content of the file that `NAME_FILE` names.
    fn variable(
        &self,
        name: &str,
        what: &'static str,
    ) -> Result<Option<Given<Zeroizing<String>>>, Failure> {
        let file_name = format!("{name}_FILE");
        let file = env::var_os(&file_name).filter(|path| !path.is_empty());
        match (env::var_os(name), file) {
            (Some(_), Some(_)) => Err(Failure::config(
                format!("{name} and {file_name} are both set"),
                "unset one of them",
            )),
            (Some(value), None) => {
                let value = value.into_string().map(Zeroizing::new).map_err(|_| {
                    Failure::config(format!("{name} is not UTF-8"), "set it to UTF-8 text")
                })?;
                Ok(Some(Given { value, origin: format!("environment {name}") }))
            }
            (None, Some(path)) => {
                let path = path.to_string_lossy();
                let value = self.sources.secret(&path, what)?;
                Ok(Some(Given { value, origin: format!("file of environment {file_name}") }))
            }
            (None, None) => Ok(None),
        }
    }
}

fn missing(what: &str, variable: &str, flag: &str) -> Failure {
    Failure::config(
        format!("{what} is missing"),
        format!("set {variable} or {variable}_FILE, or give {flag}"),
    )
}
