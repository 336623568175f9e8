//! The three steps at a provider that nobody here wrote: Python oauthlib behind a small WSGI
//! program.

use std::{
    io::{BufRead, BufReader, Write},
    path::PathBuf,
    process::{Child, Command, Stdio},
};

use oauth1_client::{
    Callback, Client, ClientCredentials, Signer, Transmission, Verifier, accepted,
    delegation::{Delegation, DelegationError, Endpoints},
};

const KEY: &str = "firstclientkey1234567";
const SECRET: &str = "the-secret-of-the-first-client";
const CALLBACK: &str = "http://client.example/ready?state=1";

struct Peer {
    child: Child,
    origin: String,
}

impl Peer {
    /// `None` where oauthlib is missing, which is said aloud, and is a failure with `CI=true`.
    fn start() -> Option<Self> {
        let probe = Command::new(python()).args(["-c", "import oauthlib"]).output();
        if !probe.is_ok_and(|probe| probe.status.success()) {
            assert_ne!(std::env::var("CI").as_deref(), Ok("true"), "Python oauthlib is missing");
            let line = "SKIPPED: Python oauthlib is missing; pip install oauthlib, and name that Python in OAUTH1_PEER_PYTHON";
            let _ = writeln!(std::io::stdout(), "{line}");
            return None;
        }
        let mut child = Command::new(python())
            .arg(peers("provider-oauthlib/provider.py"))
            .env("CLIENTS", format!("{KEY}:{SECRET}:{CALLBACK}"))
            .env("PYTHONDONTWRITEBYTECODE", "1")
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut origin = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut origin).unwrap();
        Some(Self { child, origin: origin.trim().to_owned() })
    }

    fn delegation(&self, transmission: Transmission) -> Delegation {
        let url = |path: &str| format!("{}/oauth/{path}", self.origin);
        let endpoints = Endpoints::new(&url("initiate"), &url("authorize"), &url("token")).unwrap();
        let signer = Signer::new(ClientCredentials::new(KEY, SECRET));
        let http = reqwest::Client::builder().no_proxy();
        let client = Client::with_builder(signer.clone(), http).unwrap();
        let delegation = Delegation::with_client(client, signer, endpoints);
        delegation.with_transmission(transmission)
    }
}

impl Drop for Peer {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn python() -> String {
    std::env::var("OAUTH1_PEER_PYTHON").unwrap_or_else(|_| "python3".to_owned())
}

fn peers(file: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../test-vectors/peers").join(file)
}

/// Where the resource owner's decision leads, or the code that is shown.
fn decide(url: &str, decision: &str) -> String {
    let mut command = Command::new(python());
    command.arg(peers("decide.py")).arg(decision).env("AUTHORIZE_URL", url);
    let output = command.env("PYTHONDONTWRITEBYTECODE", "1").output().unwrap();
    assert!(output.status.success(), "{output:?}");
    String::from_utf8(output.stdout).unwrap().trim().to_owned()
}

#[tokio::test]
async fn oauthlib_grants_what_our_client_asks_for() {
    let Some(peer) = Peer::start() else { return };
    for transmission in [Transmission::Header, Transmission::Query, Transmission::Body] {
        for callback in [Callback::uri(CALLBACK), Callback::OutOfBand] {
            let delegation = peer.delegation(transmission);
            let awaiting = delegation.begin(callback.clone(), &[]).await.unwrap();
            let brought = decide(awaiting.authorization_url().as_str(), "allow");
            let verifier = match callback {
                Callback::OutOfBand => Verifier::new(brought),
                Callback::Uri(_) => awaiting.verifier(&brought).unwrap(),
            };
            let granted = awaiting.exchange(verifier).await.unwrap();
            let signer = Signer::new(ClientCredentials::new(KEY, SECRET)).with_token(granted.token);
            let http = reqwest::Client::builder().no_proxy();
            let client = Client::with_builder(signer, http).unwrap();
            let request = client.http().get(format!("{}/echo", peer.origin));
            accepted(client.send(request).await.unwrap()).await.unwrap().unwrap();
        }
    }
}

#[tokio::test]
async fn oauthlib_refuses_what_it_should() {
    let Some(peer) = Peer::start() else { return };
    let delegation = peer.delegation(Transmission::Header);
    let elsewhere = Callback::uri("http://evil.example/ready");
    let refused = delegation.begin(elsewhere, &[]).await;
    assert!(matches!(refused, Err(DelegationError::Refused(_))), "{refused:?}");
    let awaiting = delegation.begin(Callback::uri(CALLBACK), &[]).await.unwrap();
    decide(awaiting.authorization_url().as_str(), "allow");
    let failed = awaiting.exchange(Verifier::new("aCodeThatSomebodyGuessed")).await.unwrap_err();
    let DelegationError::Refused(refused) = &failed.error else { panic!("{failed}") };
    assert_eq!(refused.status, 401);
}
