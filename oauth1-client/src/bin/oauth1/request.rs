//! `oauth1 request`: sign, send, print the answer.

use std::time::{Duration, SystemTime};

use http_body_util::BodyExt;
use oauth1_client::{
    Client, ProblemReport, Retries, SendError, SignatureMethod, Signer, Stamp, client_builder,
    clock_skew, problem_report, sign_as,
};
use reqwest::{Request, Response, StatusCode};

use crate::{
    advice::{SKEW, advise, skew_words},
    answer::{Answer, OfflineJson, ResponseJson, request_head, response_head},
    args::{CredentialArgs, OutputArgs, ProtocolArgs, RequestArgs, Transmit},
    captured::Captured,
    credentials::{Credentials, Needed},
    download::Download,
    failure::{Failure, Kind},
    input::{Input, Wire},
    output::Output,
    redact::Redactor,
    sending::{kind, no_tls, private, runtime},
    sign::{plaintext, say_curl_line},
    source::Sources,
    upload::{Upload, placeholder},
};

#[derive(clap::Args, Debug)]
#[command(before_help = "\
Examples:
  oauth1 request https://api.example.com/1/me full==1
  oauth1 request -v https://api.example.com/1/statuses status='Hello, world'
  oauth1 request https://api.example.com/1/photos title='At sea' photo@sea.jpg
  oauth1 request --json -X PUT https://api.example.com/1/photos/7 --json-body @photo.json
  oauth1 request --offline https://api.example.com/1/me")]
pub(crate) struct Args {
    #[command(flatten)]
    request: RequestArgs,
    #[command(flatten)]
    credentials: CredentialArgs,
    #[command(flatten)]
    protocol: ProtocolArgs,
    #[command(flatten)]
    output: OutputArgs,
    /// Show the heads of request and answer on stderr, without signature and secrets
    #[arg(short, long, help_heading = "Output")]
    verbose: bool,
    /// Print the head of the answer before its body
    #[arg(short, long, help_heading = "Output")]
    include: bool,
    /// Save the body of a good answer as a file, which replaces one of this name when it is complete
    #[arg(short = 'o', long = "output", visible_alias = "download", value_name = "FILE", conflicts_with_all = ["json", "offline"], help_heading = "Output")]
    save: Option<String>,
    /// Print the signed request instead of sending it
    #[arg(long, help_heading = "Output")]
    offline: bool,
    /// Print a curl line that sends the signed request, instead of sending it
    #[arg(long, conflicts_with_all = ["offline", "json", "save"], help_heading = "Output")]
    curl: bool,
    /// Give up when the server is silent for so many seconds; 0 never does
    #[arg(long, value_name = "SECONDS", default_value_t = 60, help_heading = "Request")]
    timeout: u64,
}

/// Everything that is known before the request goes out.
struct Prepared {
    request: Request,
    upload: Option<Upload>,
    signer: Signer,
    stamp: Stamp,
    transmit: Transmit,
    redactor: Redactor,
}

impl Args {
    pub(crate) fn run(&self) -> (Output, Result<u8, Failure>) {
        let output = Output::new(self.output.json, self.output.color);
        (output, self.requested(output))
    }

    fn requested(&self, output: Output) -> Result<u8, Failure> {
        let prepared = self.prepare(output)?;
        if (self.offline || self.curl) && prepared.signer.method() == SignatureMethod::Plaintext {
            return Err(plaintext());
        }
        if self.curl {
            return print_curl(output, prepared).map(|()| 0);
        }
        if !self.offline
            && prepared.signer.method() == SignatureMethod::Plaintext
            && !private(prepared.request.url())
        {
            return Err(Failure::usage(
                "PLAINTEXT over http shows the secrets to everybody on the way (RFC 5849 section 3.4.4)",
                "use https, or --signature-method HMAC-SHA1",
            ));
        }
        runtime()?.block_on(async {
            let done = async {
                match self.offline {
                    true => print_offline(output, prepared).await.map(|()| 0),
                    false => self.send(output, prepared).await,
                }
            };
            tokio::select! {
                result = done => result,
                _ = tokio::signal::ctrl_c() => {
                    Err(Failure::interrupted("the server may have got the request"))
                }
            }
        })
    }

    fn prepare(&self, output: Output) -> Result<Prepared, Failure> {
        let (sources, captured) = (Sources::new(output), Captured::default());
        let credentials = Credentials::resolve(&self.credentials, &captured, &sources, output)?;
        if self.verbose {
            output.say(&credentials.summary());
        }
        let transmit = credentials.transmit(&self.protocol, &captured);
        // A hash wants the whole body first.
        let wire = if self.protocol.body_hash { Wire::ToBeSent } else { Wire::Streamed };
        let mut input = Input::from_args(&self.request, transmit, wire, &sources, output)?
            .unsigned(transmit)?;
        for (name, value) in [("User-Agent", USER_AGENT), ("Accept", "*/*")] {
            if input.request.header(name).is_none() {
                input.request.headers.push((name.into(), value.into()));
            }
        }
        let signer = credentials.signer(&self.protocol, &captured, Needed::Yes)?;
        let secrets = [&credentials.client_secret, &credentials.token_secret];
        let secrets = secrets.into_iter().flatten().map(|given| given.value.expose());
        let stamp = self.protocol.stamp((None, None))?;
        let redactor = Redactor::new(secrets);
        let (request, upload) = (input.to_request()?, input.upload);
        Ok(Prepared { request, upload, signer, stamp, transmit, redactor })
    }

    async fn send(&self, output: Output, prepared: Prepared) -> Result<u8, Failure> {
        let Prepared { mut request, upload, signer, stamp, transmit, redactor } = prepared;
        let transmission = transmit.into();
        if self.verbose {
            let mut shown = request.try_clone().unwrap_or_else(|| {
                let mut bare = Request::new(request.method().clone(), request.url().clone());
                *bare.headers_mut() = request.headers().clone();
                *bare.body_mut() = Some(placeholder());
                bare
            });
            sign_as(&mut shown, &signer, transmission, &stamp)?;
            let (method, url) = (shown.method(), redactor.query(shown.url().as_str()));
            output.say(&format!("> {method} {url}{}", redactor.headers(">", shown.headers())));
        }
        let mut builder = reqwest::Client::builder();
        if self.timeout > 0 {
            let silence = Duration::from_secs(self.timeout);
            builder = builder.connect_timeout(silence).read_timeout(silence);
        }
        let client = Client::with_builder(signer, builder)
            .map_err(no_tls)?
            .with_transmission(transmission)
            // What the server says is shown, and what to do.
            .with_retries(Retries::none())
            .with_clock_bound(0);
        if let Some(upload) = upload {
            request = upload.attach(request, client.http(), output).await?;
        }
        let path = request.url().path().to_owned();
        let response = client.execute_at(request, stamp.clone()).await.map_err(unsent)?;
        if self.verbose {
            if response.url().path() != path {
                output.say("* followed a redirect within the origin, signed afresh");
            }
            let (version, status) = (response.version(), response.status());
            let headers = redactor.headers("<", response.headers());
            output.say(&format!("< {version:?} {status}{headers}"));
        }
        let skew = clock_skew(response.headers(), SystemTime::now());
        let answer = self.print(output, response).await?;
        let report = problem_report(&answer.headers, &answer.start);
        self.comment(output, &answer, report.as_ref(), skew, &stamp, &redactor)?;
        Ok(kind(answer.status).map_or(0, Kind::exit_code))
    }

    /// Prints the body as it comes; with `--json` it is kept.
    async fn print(&self, output: Output, mut response: Response) -> Result<Answer, Failure> {
        if self.include && !output.json {
            output.bytes(response_head(&response).as_bytes())?;
        }
        let mut answer = Answer::of(&response);
        let mut file = match &self.save {
            // What a server says against it is for the person.
            Some(path) if answer.status.is_success() => {
                Some(Download::to(path, response.content_length(), output)?)
            }
            _ => None,
        };
        while let Some(chunk) =
            response.chunk().await.map_err(|e| unsent(SendError::Http(e.without_url())))?
        {
            if output.json || answer.start.len() < START {
                answer.start.extend_from_slice(&chunk);
            }
            match &mut file {
                Some(file) => file.write(&chunk)?,
                None if output.json => {}
                None if output.chunk(&chunk)? => answer.is_open = !chunk.ends_with(b"\n"),
                None => break,
            }
        }
        if let Some(file) = file {
            output.say(&format!("saved: {} octets", file.finish()?));
        }
        Ok(answer)
    }

    /// Says why the server refused, and prints the JSON.
    fn comment(
        &self,
        output: Output,
        answer: &Answer,
        report: Option<&ProblemReport>,
        skew: Option<i64>,
        stamp: &Stamp,
        redactor: &Redactor,
    ) -> Result<(), Failure> {
        let status = answer.status;
        let refused = matches!(status, StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN);
        let said =
            (refused || report.is_some()).then(|| advise(status, report, skew, stamp, redactor));
        if output.json {
            output.object(&ResponseJson::of(answer, report, said.as_ref(), skew))?;
        }
        if answer.is_open && !output.json {
            output.end_line(said.is_some());
        }
        if let Some(advice) = said {
            let refused = if refused { "refused" } else { "problem" };
            output
                .say(&format!("{refused}: {status}\n  why: {}\n  fix: {}", advice.why, advice.fix));
        }
        if let Some(skew) = skew.filter(|skew| skew.abs() > SKEW) {
            output.warn(&format!("{}; many servers refuse requests over that", skew_words(skew)));
        }
        Ok(())
    }
}

fn print_curl(output: Output, prepared: Prepared) -> Result<(), Failure> {
    let Prepared { mut request, upload, signer, stamp, transmit, .. } = prepared;
    sign_as(&mut request, &signer, transmit.into(), &stamp)?;
    say_curl_line(output, &request, upload.as_ref())
}

async fn print_offline(output: Output, prepared: Prepared) -> Result<(), Failure> {
    let Prepared { mut request, upload, signer, stamp, transmit, .. } = prepared;
    sign_as(&mut request, &signer, transmit.into(), &stamp)?;
    if let Some(upload) = upload {
        let http = client_builder().build().map_err(no_tls)?;
        request = upload.attach(request, &http, output).await?;
    }
    if !output.json {
        output.bytes(request_head(&request).as_bytes())?;
    }
    let (mut body, mut whole) = (request.body_mut().take(), Vec::new());
    while let Some(frame) = body.as_mut().map(BodyExt::frame) {
        let Some(frame) = frame.await else { break };
        let frame = frame.map_err(|_| {
            Failure::usage("a file to upload cannot be read", "check who may read it")
        })?;
        let octets = frame.into_data().unwrap_or_default();
        if output.json {
            whole.extend_from_slice(&octets);
        } else if !output.chunk(&octets)? {
            break;
        }
    }
    if output.json { output.object(&OfflineJson::of(&request, &whole)) } else { Ok(()) }
}

pub(crate) fn unsent(error: SendError) -> Failure {
    let message = error.to_string();
    match error {
        SendError::Sign(error) => error.into(),
        SendError::Http(error) => {
            let fix = if error.is_timeout() {
                "try again, or give more time with --timeout"
            } else if error.is_connect() {
                "check the address, the network and, for https, the certificate"
            } else {
                "try again: each run has a nonce of its own"
            };
            Failure::new(Kind::Network, message, fix)
        }
        _ => {
            Failure::other(message, "if you trust the new address, send the request to it yourself")
        }
    }
}

pub(crate) const USER_AGENT: &str = concat!("oauth1/", env!("CARGO_PKG_VERSION"));
/// So much of an answer is looked at for a problem report.
const START: usize = 64 * 1024;
