//! `oauth1 verify`: whether the signature of a request is right.

use oauth1_client::core::{
    Explanation, Limits, ParameterError, PresentedRequest, SharedSecret, SigningKey, Stamp,
    VerificationKey,
};
use serde::Serialize;

use crate::{
    args::{CredentialArgs, OutputArgs, RequestArgs},
    captured::Captured,
    compare::{CompareArgs, DifferenceJson},
    credentials::Credentials,
    failure::{Failure, Kind},
    message::{FromArgs, unsigned},
    output::Output,
    source::Sources,
};

#[derive(clap::Args, Debug)]
#[command(before_help = "\
Examples:
  oauth1 verify --from request.txt
  oauth1 verify https://api.example.com/1/me 'Authorization:OAuth oauth_consumer_key=\"…\", …'
  oauth1 verify --from request.txt --compare 'GET&https%3A%2F%2Fapi.example.com%2F1%2Fme&…'

The URL is taken as it stands. The secrets are those of the client whose request it is.")]
pub(crate) struct Args {
    #[command(flatten)]
    request: RequestArgs,
    #[command(flatten)]
    from: FromArgs,
    #[command(flatten)]
    credentials: CredentialArgs,
    #[command(flatten)]
    output: OutputArgs,
    #[command(flatten)]
    compare: CompareArgs,
    /// Say on stderr where keys and secrets come from
    #[arg(short, long, help_heading = "Output")]
    verbose: bool,
    /// Print the signature that would be right
    #[arg(long, help_heading = "Output")]
    show_secrets: bool,
}

/// The result, with `--json`.
#[derive(Serialize)]
struct Verdict<'a> {
    valid: bool,
    /// `signature`, `body_hash` or `parameters`.
    reason: Option<&'static str>,
    message: String,
    consumer_key: Option<&'a str>,
    token: Option<&'a str>,
    signature_method: Option<&'a str>,
    location: Option<&'a str>,
    nonce: Option<&'a str>,
    timestamp: Option<u64>,
    base_string: Option<String>,
    base_string_sha256: Option<String>,
    difference: Option<DifferenceJson>,
    expected_signature: Option<String>,
}

impl Args {
    pub(crate) fn run(&self) -> (Output, Result<u8, Failure>) {
        let output = Output::new(self.output.json, self.output.color);
        (output, self.verified(output))
    }

    fn verified(&self, output: Output) -> Result<u8, Failure> {
        let sources = Sources::new(output);
        let input = self.from.sent(&self.request, &sources, output)?;
        let (signable, authorization) = (input.signable()?, input.request.authorization());
        let request = match PresentedRequest::parse(&signable, &authorization, Limits::default()) {
            Ok(Some(request)) => request,
            Ok(None) => return Err(unsigned()),
            Err(error) => return Self::malformed(output, &error),
        };
        let theirs = self.compare.theirs(&sources)?;
        let credentials =
            Credentials::resolve(&self.credentials, &Captured::default(), &sources, output)?;
        if self.verbose {
            output.say(&credentials.summary());
        }
        let keys = Keys::of(&request, &credentials)?;
        let signature = request.verify_signature(&keys.verification).is_ok();
        let body_hash = request.verify_body_hash().is_ok();
        let explanation = request.explain();
        let difference = DifferenceJson::between(explanation.base_string(), theirs.as_deref());
        let (reason, mut message) = match (signature, body_hash) {
            (true, true) => (None, format!("valid {} signature", request.signature_method())),
            (true, false) => (
                Some("body_hash"),
                "the signature is right, but oauth_body_hash is not the hash of the body".into(),
            ),
            (false, _) => {
                (Some("signature"), "the signature does not match the request".to_owned())
            }
        };
        if !signature && theirs.is_some() && difference.is_none() {
            message.push_str("; the base strings are equal, so the secrets or the method differ");
        }
        if let Some(age) = age(&request) {
            output.say(&format!("note: {age}"));
        }
        let code = if reason.is_none() && difference.is_none() { 0 } else { DIFFERENT };
        let expected = self.show_secrets.then(|| keys.expected(&request)).flatten();
        if output.json {
            output.object(&Verdict {
                valid: reason.is_none(),
                reason,
                message,
                consumer_key: Some(request.client_identifier()),
                token: request.token_identifier(),
                signature_method: Some(request.signature_method().as_str()),
                location: Some(request.location().as_str()),
                nonce: request.nonce(),
                timestamp: request.timestamp().map(|timestamp| timestamp.seconds()),
                base_string: Some(explanation.base_string().as_str().into()),
                base_string_sha256: Some(explanation.base_string_sha256()),
                difference: difference.map(|(_, json)| json),
                expected_signature: expected,
            })?;
            return Ok(code);
        }
        output.line(&message)?;
        if reason == Some("signature") {
            Self::why(output, &explanation)?;
            Self::others(output, &request, &credentials);
        }
        if let Some((difference, _)) = difference {
            output.steps(&format!("First difference: {difference}"))?;
        }
        if let Some(expected) = expected {
            output.line(&format!("the right signature is {expected}"))?;
        }
        Ok(code)
    }

    /// The derivation, and what to look at.
    fn why(output: Output, explanation: &Explanation) -> Result<(), Failure> {
        output.steps(&explanation.to_string())?;
        output.say(
            "  fix: oauth1 diagnose with the same arguments looks for the mistake; or compare the base string with the client's by --compare",
        );
        Ok(())
    }

    /// Says so if the secrets at hand look like another client's.
    fn others(output: Output, request: &PresentedRequest<'_>, credentials: &Credentials) {
        let (key, token) = (Some(request.client_identifier()), request.token_identifier());
        for (what, theirs, ours) in
            [("App key", key, &credentials.client), ("Access token", token, &credentials.token)]
        {
            if let Some(ours) = ours
                && theirs.is_some_and(|theirs| theirs != ours.value)
            {
                let origin = &ours.origin;
                output.say(&format!(
                    "note: the request has another {what} than {origin}: its secret is another too"
                ));
            }
        }
    }

    /// A request that section 3.2 answers with 400.
    fn malformed(output: Output, error: &ParameterError) -> Result<u8, Failure> {
        let message = format!("the request is malformed: {error}");
        if output.json {
            output.object(&Verdict {
                valid: false,
                reason: Some("parameters"),
                message,
                consumer_key: None,
                token: None,
                signature_method: None,
                location: None,
                nonce: None,
                timestamp: None,
                base_string: None,
                base_string_sha256: None,
                difference: None,
                expected_signature: None,
            })?;
        } else {
            output.line(&message)?;
        }
        Ok(DIFFERENT)
    }
}

/// The key to check with and, unless it is a public one, the key to sign with.
struct Keys {
    verification: VerificationKey,
    signing: Option<SigningKey>,
}

impl Keys {
    fn of(request: &PresentedRequest<'_>, credentials: &Credentials) -> Result<Self, Failure> {
        let method = request.signature_method();
        if method.is_rsa() {
            return Self::rsa(request, credentials);
        }
        let (client, token) = shared_secrets(request, credentials)?;
        let verification = VerificationKey::shared(method, client, token);
        let verification = verification.ok_or_else(no_key)?;
        Ok(Self { verification, signing: SigningKey::shared(method, client, token) })
    }

    #[cfg(feature = "rsa")]
    fn rsa(request: &PresentedRequest<'_>, credentials: &Credentials) -> Result<Self, Failure> {
        let verification =
            VerificationKey::rsa(request.signature_method(), public_key(credentials)?);
        Ok(Self { verification: verification.ok_or_else(no_key)?, signing: None })
    }

    #[cfg(not(feature = "rsa"))]
    fn rsa(_: &PresentedRequest<'_>, _: &Credentials) -> Result<Self, Failure> {
        Err(without_rsa())
    }

    fn expected(&self, request: &PresentedRequest<'_>) -> Option<String> {
        let base_string = request.base_string();
        let signature = self.signing.as_ref()?.sign(base_string.as_str().as_bytes()).ok()?;
        Some(signature.as_str().into())
    }
}

/// The secrets that a request of HMAC or PLAINTEXT is signed with.
pub(crate) fn shared_secrets<'c>(
    request: &PresentedRequest<'_>,
    credentials: &'c Credentials,
) -> Result<(&'c SharedSecret, Option<&'c SharedSecret>), Failure> {
    if request.signature_method().is_rsa() {
        return Err(without_rsa());
    }
    let missing = |what: &str, variable: &str| {
        Failure::config(
            format!("{what} is missing"),
            format!("set {variable} or {variable}_FILE; it may be empty"),
        )
    };
    let client = credentials.client_secret.as_ref();
    let client = client.ok_or_else(|| missing("the App secret", "OAUTH1_CONSUMER_SECRET"))?;
    let token = match (request.token_identifier(), &credentials.token_secret) {
        (None, _) => None,
        (Some(_), Some(secret)) => Some(&secret.value),
        (Some(_), None) => return Err(missing("the Token secret", "OAUTH1_TOKEN_SECRET")),
    };
    Ok((&client.value, token))
}

/// The public key of `--rsa-key`, also from the private one.
#[cfg(feature = "rsa")]
pub(crate) fn public_key(
    credentials: &Credentials,
) -> Result<oauth1_client::core::rsa::RsaPublicKey, Failure> {
    use oauth1_client::core::rsa::{RsaPrivateKey, RsaPublicKey};
    let pem = credentials.rsa_key.as_ref().ok_or_else(no_key)?.value.expose();
    let key = RsaPublicKey::from_pem(pem)
        .or_else(|error| RsaPrivateKey::from_pem(pem).map(|k| k.public_key()).map_err(|_| error));
    key.map_err(|error| {
        Failure::config(format!("--rsa-key: {error}"), "give the public key in PEM")
    })
}

fn no_key() -> Failure {
    Failure::config("the RSA public key is missing", "give it with --rsa-key FILE")
}

fn without_rsa() -> Failure {
    Failure::usage(
        "the request is signed with RSA, which this oauth1 was built without",
        "install oauth1-client with --features rsa",
    )
}

/// How old the request is: a right signature may be late.
fn age(request: &PresentedRequest<'_>) -> Option<String> {
    let now = i64::try_from(Stamp::now().ok()?.timestamp.seconds()).ok()?;
    let then = i64::try_from(request.timestamp()?.seconds()).ok()?;
    match now - then {
        age @ 301.. => Some(format!("the timestamp is {age} s old: many servers would refuse it")),
        age @ ..=-301 => Some(format!("the timestamp is {} s in the future", -age)),
        _ => None,
    }
}

const DIFFERENT: u8 = Kind::Difference.exit_code();
