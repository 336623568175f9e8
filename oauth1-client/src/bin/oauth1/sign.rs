//! `oauth1 sign`: the signature, for another program to send.

use oauth1_client::{
    SignatureMethod, Transmission,
    core::{
        authorization::AuthorizationHeader,
        parameters::{Source, parse_form},
        protocol_parameters as names,
    },
    sign_as,
};
use reqwest::{Request, header::AUTHORIZATION};
use serde::Serialize;

use crate::{
    args::{CredentialArgs, OutputArgs, ProtocolArgs, RequestArgs},
    captured::Captured,
    credentials::{Credentials, Needed},
    failure::Failure,
    input::{Input, Wire},
    output::Output,
    shell::quote,
    source::Sources,
    upload::Upload,
};

#[derive(clap::Args, Debug)]
#[command(before_help = "\
Examples:
  oauth1 sign https://api.example.com/1/me
  oauth1 sign --curl https://api.example.com/1/statuses status='Hello, world'
  oauth1 sign --transmit query https://api.example.com/1/me")]
pub(crate) struct Args {
    #[command(flatten)]
    request: RequestArgs,
    #[command(flatten)]
    credentials: CredentialArgs,
    #[command(flatten)]
    protocol: ProtocolArgs,
    #[command(flatten)]
    output: OutputArgs,
    /// Say on stderr where keys and secrets come from
    #[arg(short, long, help_heading = "Output")]
    verbose: bool,
    /// Print a curl line that sends the signed request
    #[arg(long, help_heading = "Output")]
    curl: bool,
    /// Allow PLAINTEXT, whose signature is the secrets themselves
    #[arg(long, help_heading = "Output")]
    show_secrets: bool,
}

/// The result, with `--json`.
#[derive(Serialize)]
struct Signed<'a> {
    method: &'a str,
    url: &'a str,
    transmit: &'a str,
    authorization: Option<&'a str>,
    body: Option<&'a str>,
    signature_method: &'a str,
    signature: String,
    nonce: &'a str,
    timestamp: u64,
    curl: Option<String>,
}

impl Args {
    pub(crate) fn run(&self) -> (Output, Result<u8, Failure>) {
        let output = Output::new(self.output.json, self.output.color);
        (output, self.signed(output).map(|()| 0))
    }

    fn signed(&self, output: Output) -> Result<(), Failure> {
        let (sources, captured) = (Sources::new(output), Captured::default());
        let credentials = Credentials::resolve(&self.credentials, &captured, &sources, output)?;
        if self.verbose {
            output.say(&credentials.summary());
        }
        let transmit = credentials.transmit(&self.protocol, &captured);
        let input = Input::from_args(&self.request, transmit, Wire::ToBeSent, &sources, output)?
            .unsigned(transmit)?;
        let signer = credentials.signer(&self.protocol, &captured, Needed::Yes)?;
        if signer.method() == SignatureMethod::Plaintext && !self.show_secrets {
            return Err(plaintext());
        }
        let stamp = self.protocol.stamp((None, None))?;
        let mut request = input.to_request()?;
        sign_as(&mut request, &signer, transmit.into(), &stamp)?;

        let authorization = authorization(&request);
        let body = request.body().and_then(reqwest::Body::as_bytes);
        let body = body.and_then(|body| core::str::from_utf8(body).ok());
        if output.json {
            return output.object(&Signed {
                method: request.method().as_str(),
                url: request.url().as_str(),
                transmit: transmit.as_str(),
                authorization,
                body,
                signature_method: signer.method().as_str(),
                signature: signature(&request, transmit.into()),
                nonce: stamp.nonce.as_str(),
                timestamp: stamp.timestamp.seconds(),
                curl: curl_line(&request, input.upload.as_ref()),
            });
        }
        if self.curl {
            return say_curl_line(output, &request, input.upload.as_ref());
        }
        match transmit.into() {
            Transmission::Header => {
                output.line(&format!("Authorization: {}", authorization.unwrap_or_default()))
            }
            Transmission::Query => output.line(request.url().as_str()),
            Transmission::Body => output.line(body.unwrap_or_default()),
        }
    }
}

/// The reason that PLAINTEXT is not printed.
pub(crate) fn plaintext() -> Failure {
    Failure::usage(
        "a PLAINTEXT signature is the secrets themselves, so it is not printed",
        "add --show-secrets if nobody else sees the output, or let oauth1 request send it",
    )
}

fn authorization(request: &Request) -> Option<&str> {
    request
        .headers()
        .get(AUTHORIZATION)
        .and_then(|value| core::str::from_utf8(value.as_bytes()).ok())
}

/// The decoded signature, read back from where it stands.
fn signature(request: &Request, transmission: Transmission) -> String {
    let value = |text: &[u8]| String::from_utf8_lossy(text).into_owned();
    let in_form = |form: &[u8]| {
        let pairs = parse_form(form, Source::Query).filter_map(Result::ok);
        pairs
            .filter(|p| *p.name() == *names::SIGNATURE.as_bytes())
            .map(|p| value(&p.value()))
            .next()
    };
    let found = match transmission {
        Transmission::Header => authorization(request).and_then(|header| {
            let header = AuthorizationHeader::parse(header.as_bytes()).ok()?;
            let found =
                header.parameters().iter().find(|p| *p.name() == *names::SIGNATURE.as_bytes());
            found.map(|p| value(&p.value()))
        }),
        Transmission::Query => request.url().query().and_then(|query| in_form(query.as_bytes())),
        Transmission::Body => request.body().and_then(reqwest::Body::as_bytes).and_then(in_form),
    };
    found.unwrap_or_default()
}

/// Prints a curl line, and says that it does not last.
pub(crate) fn say_curl_line(
    output: Output,
    request: &Request,
    upload: Option<&Upload>,
) -> Result<(), Failure> {
    let line = curl_line(request, upload).ok_or_else(|| {
        Failure::usage(
            "no curl line can hold the body: it is not text, or a name has = in it",
            "sign without --curl, and give curl the body with --data-binary @FILE",
        )
    })?;
    output.say("note: the line works once, within the time window of the server");
    output.line(&line)
}

/// A line for a POSIX shell; `None` if the body is no text.
fn curl_line(request: &Request, upload: Option<&Upload>) -> Option<String> {
    let mut line = String::from("curl");
    match request.method().as_str() {
        "GET" if request.body().is_none() => {}
        "HEAD" => line.push_str(" --head"),
        method if method.bytes().all(|b| b.is_ascii_alphanumeric()) => {
            line.push_str(&format!(" -X {method}"));
        }
        method => line.push_str(&format!(" -X {}", quote(method))),
    }
    let url = request.url().as_str();
    if url.contains(['[', ']', '{', '}']) {
        line.push_str(" --globoff");
    }
    line.push_str(&format!(" {}", quote(url)));
    for (name, value) in request.headers() {
        let value = core::str::from_utf8(value.as_bytes()).ok()?;
        let header = if value.is_empty() { format!("{name};") } else { format!("{name}: {value}") };
        line.push_str(&format!(" -H {}", quote(&header)));
    }
    if let Some(upload) = upload {
        line.push_str(&upload.curl()?);
    } else if let Some(body) = request.body() {
        let body =
            core::str::from_utf8(body.as_bytes()?).ok().filter(|text| !text.contains('\0'))?;
        line.push_str(&format!(" --data-raw {}", quote(body)));
    }
    Some(line)
}
