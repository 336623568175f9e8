//! `oauth1 proxy`: passes requests on, signed, for programs that cannot sign.

mod listen;
mod relay;
mod values;

use std::{io, sync::Arc, time::Duration};

use oauth1_client::{SharedSecret, SignatureMethod, Signer, Transmission, client_builder};
use serde::Serialize;

use crate::{
    args::{CredentialArgs, OutputArgs, ProtocolArgs, Transmit},
    captured::Captured,
    credentials::{Credentials, Needed},
    failure::{Failure, Kind},
    output::{Color, Output, printable},
    reader::Reader,
    sending::{no_tls, private, threads},
    source::Sources,
};

use self::{
    listen::{Address, Stopped, stopped},
    relay::{Guard, Relay, Upstream, bind, serve},
    values::{own_name, size, upstream},
};

#[derive(clap::Args, Debug)]
#[command(before_help = "\
Examples:
  oauth1 proxy https://api.example.com
  curl http://127.0.0.1:8317/1/me
  oauth1 proxy -v --listen 127.0.0.1:0 https://api.example.com/v1
  oauth1 proxy --listen 0.0.0.0:8317 --host build.lan --allow-remote \\
      --caller-token-file ~/proxy-token https://api.example.com")]
pub(crate) struct Args {
    /// Where requests go, such as https://api.example.com; a path is put before theirs
    upstream: String,
    #[command(flatten)]
    credentials: CredentialArgs,
    #[command(flatten)]
    output: OutputArgs,
    /// Show a line on stderr for each request: method, path, status and time
    #[arg(short, long, help_heading = "Output")]
    verbose: bool,
    /// Address and port to listen at; port 0 takes any that is free
    #[arg(long, value_name = "ADDR", default_value = "127.0.0.1:8317")]
    listen: String,
    /// Another name under which the proxy may be asked, with or without port
    #[arg(long = "host", value_name = "NAME")]
    hosts: Vec<String>,
    /// File with a token that callers must send as Authorization: Bearer TOKEN, - for stdin; or
    /// OAUTH1_PROXY_TOKEN, OAUTH1_PROXY_TOKEN_FILE
    #[arg(long, value_name = "FILE|-")]
    caller_token_file: Option<String>,
    /// Listen at an address that other computers reach; needs a caller token
    #[arg(long)]
    allow_remote: bool,
    /// Longest body that is read whole to be signed, in octets, or with k or m at the end
    #[arg(long, value_name = "SIZE", default_value = "1m", value_parser = size)]
    form_limit: usize,
    /// Connections at once; more of them wait
    #[arg(
        long, value_name = "NUMBER", default_value_t = 512,
        value_parser = clap::value_parser!(u32).range(1..)
    )]
    max_connections: u32,
    /// Give up when the upstream or the caller is silent for so many seconds; 0 never does
    #[arg(
        long, value_name = "SECONDS", default_value_t = 60,
        value_parser = clap::value_parser!(u64).range(..=A_YEAR)
    )]
    timeout: u64,
    /// HMAC-SHA1, HMAC-SHA256, HMAC-SHA512, PLAINTEXT, RSA-SHA1, RSA-SHA256 or RSA-SHA512
    /// [default: the profile's, or HMAC-SHA1]
    #[arg(long, value_name = "METHOD", help_heading = "Signature")]
    signature_method: Option<String>,
    /// Realm for the header; never signed
    #[arg(long, help_heading = "Signature")]
    realm: Option<String>,
    /// Sign bodies that are no forms by their hash, oauth_body_hash. They are then read whole
    #[arg(long, help_heading = "Signature")]
    body_hash: bool,
    /// Where the oauth_ parameters go [default: the profile's, or header]
    #[arg(long, value_name = "WHERE", help_heading = "Signature")]
    transmit: Option<Transmit>,
}

/// Where it listens, with `--json`.
#[derive(Serialize)]
struct Listening<'a> {
    listening: &'a str,
    upstream: &'a str,
    consumer_key: &'a str,
}

impl Args {
    pub(crate) fn run(&self) -> (Output, Result<u8, Failure>) {
        let output = Output::new(self.output.json, self.output.color);
        (output, self.proxy(output))
    }

    fn proxy(&self, output: Output) -> Result<u8, Failure> {
        let upstream = upstream(&self.upstream)?;
        let address = Address::parse(&self.listen)?;
        let hosts = self.hosts.iter().map(|host| own_name(host)).collect::<Result<Vec<_>, _>>()?;
        let sources = Sources::new(output);
        let caller_token = self.caller_token(&sources, output)?;
        address.check(self.allow_remote, caller_token.is_some(), &upstream)?;
        let Signing { signer, transmission, client } = self.signing(&sources, output)?;
        if signer.method() == SignatureMethod::Plaintext && !private(&upstream) {
            return Err(Failure::usage(
                "PLAINTEXT over http shows the secrets to everybody on the way (RFC 5849 section 3.4.4)",
                "use https, or --signature-method HMAC-SHA1",
            ));
        }
        let http = client_builder().build().map_err(no_tls)?;
        let runtime = threads()?;
        let ended = runtime.block_on(async {
            // Whoever stops it as soon as it says that it listens must not be too early.
            let stopped = stopped().map_err(|_| no_signals())?;
            let listener = bind(address.0).map_err(|error| not_bound(&error))?;
            let listening = listener.local_addr().map_err(|error| not_bound(&error))?;
            let relay = Relay {
                guard: Guard::new(listening, &hosts, caller_token),
                upstream: Upstream::new(&upstream, http, Some(signer), transmission),
                form_limit: self.form_limit,
                silence: (self.timeout > 0).then(|| Duration::from_secs(self.timeout)),
                log: self.verbose.then_some(log),
            };
            let origin = format!("http://{listening}");
            output.say(&format!(
                "listening on {origin}, signing for {upstream} as app key {}",
                printable(&client)
            ));
            if output.json {
                let upstream = upstream.as_str();
                let listening = &origin;
                output.object(&Listening { listening, upstream, consumer_key: &client })?;
            }
            let Stopped { first, second } = stopped;
            let connections = self.max_connections as usize;
            tokio::select! {
                in_time = serve(listener, Arc::new(relay), connections, first) => {
                    if !in_time {
                        output.warn("stopped before all requests were answered");
                    }
                    Ok(0)
                }
                () = second => {
                    Err(Failure::interrupted("requests that were running were cut off"))
                }
            }
        });
        // A name server that does not answer holds nobody up.
        runtime.shutdown_background();
        ended
    }

    /// What requests are signed with.
    fn signing(&self, sources: &Sources, output: Output) -> Result<Signing, Failure> {
        let captured = Captured::default();
        let credentials = Credentials::resolve(&self.credentials, &captured, sources, output)?;
        let protocol = ProtocolArgs {
            signature_method: self.signature_method.clone(),
            realm: self.realm.clone(),
            nonce: None,
            timestamp: None,
            body_hash: self.body_hash,
            no_version: false,
            callback: None,
            verifier: None,
            transmit: self.transmit,
        };
        let signer = credentials.signer(&protocol, &captured, Needed::Yes)?;
        let transmission = credentials.transmit(&protocol, &captured).into();
        let client = credentials.client.map(|client| client.value).unwrap_or_default();
        Ok(Signing { signer, transmission, client })
    }

    /// What callers must show, if anything.
    fn caller_token(
        &self,
        sources: &Sources,
        output: Output,
    ) -> Result<Option<SharedSecret>, Failure> {
        let token = Reader { sources, output }.secret(
            ("", &None),
            ("--caller-token-file", &self.caller_token_file),
            ("OAUTH1_PROXY_TOKEN", "the caller token"),
        )?;
        let Some(token) = token.map(|given| given.value) else { return Ok(None) };
        let text = token.expose();
        // Short ones can be tried out.
        if text.len() < 16 || !text.bytes().all(|octet| octet.is_ascii_graphic()) {
            return Err(Failure::config(
                "the caller token must be at least 16 visible ASCII characters",
                "make one, with openssl rand -hex 32",
            ));
        }
        Ok(Some(token))
    }
}

struct Signing {
    signer: Signer,
    transmission: Transmission,
    /// The App key.
    client: String,
}

fn log(line: &str) {
    // The file descriptor is the only state of an output that says something.
    Output::new(false, Color::Never).say(&printable(line));
}

fn not_bound(error: &io::Error) -> Failure {
    let message = format!("the address of --listen cannot be listened at: {}", error.kind());
    Failure::new(Kind::Network, message, "choose another with --listen; port 0 takes a free one")
}

fn no_signals() -> Failure {
    Failure::other("signals cannot be received", "check the limits of the system")
}

const A_YEAR: u64 = 31_536_000;
