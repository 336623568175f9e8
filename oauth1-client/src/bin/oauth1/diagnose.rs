//! `oauth1 diagnose`: why a signature was refused, by trying every known mistake.

use oauth1_client::core::{
    Difference, Limits, ParameterError, PresentedRequest,
    diagnose::{Diagnosis, Finding, Mistake, Surroundings, Suspect, mistakes},
};
use serde::Serialize;

use crate::{
    args::{CredentialArgs, OutputArgs, RequestArgs},
    captured::Captured,
    compare::{self, CompareArgs, DifferenceJson},
    credentials::Credentials,
    failure::{Failure, Kind},
    message::{FromArgs, unsigned},
    output::Output,
    source::Sources,
    verify::shared_secrets,
};

#[derive(clap::Args, Debug)]
#[command(before_help = "\
Examples:
  oauth1 diagnose --from request.txt
  oauth1 diagnose https://api.example.com/1/me 'Authorization:OAuth oauth_consumer_key=\"…\", …'
  oauth1 diagnose --from curl.txt --compare base-string.txt
  oauth1 diagnose --base-strings server.txt client.txt
  oauth1 diagnose --list

The request is that of the client, with its signature, and the URL as the server saw it. With the
secrets of that client, it is signed again with each known mistake and with each two, to see which
makes the client's signature. With --compare, no secrets are needed.")]
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
    /// Two base strings, texts or files: name the first difference, without a request
    #[arg(long, num_args = 2, value_names = ["OURS", "THEIRS"], conflicts_with_all = ["url", "from", "compare"])]
    base_strings: Option<Vec<String>>,
    /// List every mistake that is known
    #[arg(long, conflicts_with_all = ["url", "from", "compare", "base_strings"])]
    list: bool,
    /// Say on stderr where keys and secrets come from
    #[arg(short, long, help_heading = "Output")]
    verbose: bool,
}

/// A mistake, with `--json`.
#[derive(Serialize)]
struct MistakeJson {
    id: &'static str,
    title: &'static str,
    explanation: &'static str,
    fix: &'static str,
    clause: &'static str,
    made_by: &'static [&'static str],
}

impl From<&'static Mistake> for MistakeJson {
    fn from(mistake: &'static Mistake) -> Self {
        let Mistake { id, title, explanation, fix, clause, made_by, .. } = mistake;
        Self { id, title, explanation, fix, clause, made_by }
    }
}

/// The result, with `--json`.
#[derive(Serialize)]
struct DiagnosisJson {
    /// Whether signature or base string is right.
    right: bool,
    /// `parameters` if the request is malformed, which is the mistake then.
    reason: Option<&'static str>,
    message: String,
    /// The most likely first; one or two mistakes each.
    findings: Vec<Vec<MistakeJson>>,
    tried: usize,
    complete: bool,
    difference: Option<DifferenceJson>,
}

impl DiagnosisJson {
    fn without_search(right: bool, message: String) -> Self {
        let (findings, tried, complete) = (Vec::new(), 0, true);
        Self { right, reason: None, message, findings, tried, complete, difference: None }
    }
}

impl Args {
    pub(crate) fn run(&self) -> (Output, Result<u8, Failure>) {
        let output = Output::new(self.output.json, self.output.color);
        (output, self.diagnosed(output))
    }

    fn diagnosed(&self, output: Output) -> Result<u8, Failure> {
        if self.list {
            return list(output).map(|()| 0);
        }
        let sources = Sources::new(output);
        if let Some([ours, theirs]) = self.base_strings.as_deref() {
            let ours = compare::base_string(ours, "--base-strings", &sources)?;
            return between(
                output,
                &ours,
                &compare::base_string(theirs, "--base-strings", &sources)?,
            );
        }
        let input = self.from.sent(&self.request, &sources, output)?;
        let (signable, authorization) = (input.signable()?, input.request.authorization());
        let request = match PresentedRequest::parse(&signable, &authorization, Limits::default()) {
            Ok(Some(request)) => request,
            Ok(None) => return Err(unsigned()),
            Err(error) => return malformed(output, &error),
        };
        let headers = input.request.headers.iter();
        let headers = headers.map(|(name, value)| (name.as_str(), value.as_str()));
        let surroundings = Surroundings::of_headers(headers).with_url(&input.given);
        let suspect = Suspect::of(&request, &authorization).with_surroundings(surroundings);
        if let Some(theirs) = self.compare.theirs(&sources)? {
            let ours = request.base_string();
            let difference = ours.first_difference(&theirs);
            let diagnosis = suspect.by_base_string(&theirs);
            return tell(output, &diagnosis, difference.as_ref(), BASE_STRING);
        }
        let credentials =
            Credentials::resolve(&self.credentials, &Captured::default(), &sources, output)?;
        if self.verbose {
            output.say(&credentials.summary());
        }
        let diagnosis = by_key(&request, &suspect, &credentials)?;
        tell(output, &diagnosis, None, SIGNATURE)
    }
}

fn by_key(
    request: &PresentedRequest<'_>,
    suspect: &Suspect<'_>,
    credentials: &Credentials,
) -> Result<Diagnosis, Failure> {
    #[cfg(feature = "rsa")]
    if request.signature_method().is_rsa() {
        return Ok(suspect.by_public_key(&crate::verify::public_key(credentials)?));
    }
    let (client, token) = shared_secrets(request, credentials)?;
    Ok(suspect.by_secrets(client, token))
}

fn tell(
    output: Output,
    diagnosis: &Diagnosis,
    difference: Option<&Difference>,
    right: &str,
) -> Result<u8, Failure> {
    let told = if diagnosis.is_right() { right.to_owned() } else { diagnosis.to_string() };
    let mistakes = |finding: &Finding| {
        finding.mistakes().iter().map(|mistake| MistakeJson::from(*mistake)).collect()
    };
    let code = conclude(
        output,
        DiagnosisJson {
            findings: diagnosis.findings().iter().map(mistakes).collect(),
            tried: diagnosis.tried(),
            complete: diagnosis.is_complete(),
            difference: difference.map(DifferenceJson::of),
            ..DiagnosisJson::without_search(diagnosis.is_right(), told)
        },
    )?;
    if output.json {
        return Ok(code);
    }
    if let Some(difference) = difference {
        output.steps(&format!("first difference: {difference}"))?;
    }
    if diagnosis.best().is_none() && !diagnosis.is_right() {
        output.say(&format!(
            "note: {} ways of signing were tried{}; check both secrets, and the URL as the server sees it",
            diagnosis.tried(),
            if diagnosis.is_complete() { "" } else { ", not all, for the request is large" }
        ));
    }
    Ok(code)
}

/// A request that section 3.2 answers with 400: that is the mistake.
fn malformed(output: Output, error: &ParameterError) -> Result<u8, Failure> {
    let message = format!("the request is malformed: {error}");
    let reason = Some("parameters");
    conclude(output, DiagnosisJson { reason, ..DiagnosisJson::without_search(false, message) })
}

fn between(output: Output, ours: &str, theirs: &str) -> Result<u8, Failure> {
    let difference = Difference::between(ours, theirs);
    let message = difference.as_ref().map_or_else(
        || "the base strings are equal: the secrets differ, or what was made of them".to_owned(),
        |difference| format!("first difference: {difference}"),
    );
    conclude(
        output,
        DiagnosisJson {
            difference: difference.as_ref().map(DifferenceJson::of),
            ..DiagnosisJson::without_search(difference.is_none(), message)
        },
    )
}

/// Prints the JSON, or the message; the exit code.
fn conclude(output: Output, diagnosis: DiagnosisJson) -> Result<u8, Failure> {
    if output.json {
        output.object(&diagnosis)?;
    } else {
        output.steps(&diagnosis.message)?;
    }
    Ok(if diagnosis.right { 0 } else { Kind::Difference.exit_code() })
}

fn list(output: Output) -> Result<(), Failure> {
    if output.json {
        let all: Vec<MistakeJson> = mistakes().map(MistakeJson::from).collect();
        return output.object(&all);
    }
    let width = mistakes().map(|mistake| mistake.id.len()).max().unwrap_or_default();
    for Mistake { id, title, .. } in mistakes() {
        output.line(&format!("{id:width$}  {title}"))?;
    }
    Ok(())
}

const SIGNATURE: &str = "the signature is right: whoever refused it has another secret, another address, or another reason";
const BASE_STRING: &str = "the base string is right: the secrets differ, or what was made of it";
