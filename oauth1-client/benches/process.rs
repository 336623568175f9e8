//! `oauth1 sign` as a whole process, against Python with oauthlib signing the same request.
//!
//! ```text
//! OAUTH1_PEER_PYTHON=python3 cargo bench -p oauth1-client --bench process
//! ```
//!
//! They take turns, in an order that changes. What the bare interpreter takes is shown beside it,
//! for it is most of the peer's time. First, both must have signed alike.
#![allow(missing_docs, clippy::unwrap_used, clippy::print_stdout)]

use std::{
    env,
    process::{Command, Stdio},
    time::{Duration, Instant},
};

type Start = fn() -> Command;

const URL: &str = "https://api.example.com/1/statuses?trim=1&since=2026-01-01";
const FORM: &str = "status=Hello%20Ladies%20%2B%20Gentlemen&display=compact";
const NONCE: &str = "pnnxdscqbmhlcrfidjshrvcwhl";
const TIMESTAMP: &str = "1780000000";

const OAUTHLIB: &str = r"
import sys
from oauthlib.oauth1 import Client
url, body, nonce, timestamp = sys.argv[1:]
client = Client('app-key', 'app-secret', 'access-token', 'token-secret', nonce=nonce,
                timestamp=timestamp)
form = {'Content-Type': 'application/x-www-form-urlencoded'}
print(client.sign(url, 'POST', body, form)[1]['Authorization'])
";

fn main() {
    let is_test = env::args().any(|argument| argument == "--test");
    let has_peer = python().args(["-c", "import oauthlib"]).stderr(Stdio::null()).status();
    if !has_peer.is_ok_and(|status| status.success()) {
        assert_ne!(env::var("CI").as_deref(), Ok("true"), "Python oauthlib is missing");
        println!(
            "SKIPPED: Python oauthlib is missing; name a Python that has it in OAUTH1_PEER_PYTHON"
        );
        return;
    }
    let rounds = if is_test { 3 } else { 200 };
    let programs: [(&str, Start); 3] =
        [("oauth1 sign", ours), ("python, oauthlib", theirs), ("python, nothing", bare)];
    let signature_of_both = signature(&mut ours());
    assert_eq!(signature_of_both, signature(&mut theirs()), "both must sign alike first");

    let mut taken = [const { Vec::new() }; 3];
    for round in 0..rounds {
        for turn in 0..programs.len() {
            let which = (round + turn) % programs.len();
            taken[which].push(time(programs[which].1()));
        }
    }
    let ours = median(&mut taken[0].clone());
    println!("{rounds} rounds; both sign {signature_of_both}");
    println!("| | median | quartiles | against ours |\n|---|---|---|---|");
    for ((name, _), times) in programs.iter().zip(&mut taken) {
        let middle = median(times);
        println!(
            "| {name} | {} ms | {}–{} | {:.1} |",
            milliseconds(middle),
            milliseconds(times[times.len() / 4]),
            milliseconds(times[times.len() * 3 / 4]),
            middle.as_secs_f64() / ours.as_secs_f64(),
        );
    }
}

fn ours() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_oauth1"));
    command
        .args(["sign", "-X", "POST", "--data", FORM, "--nonce", NONCE, "--timestamp", TIMESTAMP])
        .arg(URL)
        .env("OAUTH1_CONSUMER_KEY", "app-key")
        .env("OAUTH1_CONSUMER_SECRET", "app-secret")
        .env("OAUTH1_TOKEN", "access-token")
        .env("OAUTH1_TOKEN_SECRET", "token-secret");
    command
}

fn theirs() -> Command {
    let mut command = python();
    command.args(["-c", OAUTHLIB, URL, FORM, NONCE, TIMESTAMP]);
    command
}

fn bare() -> Command {
    let mut command = python();
    command.args(["-c", "pass"]);
    command
}

fn python() -> Command {
    Command::new(env::var_os("OAUTH1_PEER_PYTHON").unwrap_or_else(|| "python3".into()))
}

/// What the program printed as `oauth_signature`.
fn signature(command: &mut Command) -> String {
    let output = command.output().unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    let Some((_, rest)) = text.split_once("oauth_signature=\"") else {
        panic!("nothing signed: {text}{}", String::from_utf8_lossy(&output.stderr));
    };
    rest.split_once('"').unwrap().0.to_owned()
}

fn time(mut command: Command) -> Duration {
    command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    let start = Instant::now();
    let status = command.status().unwrap();
    let taken = start.elapsed();
    assert!(status.success());
    taken
}

fn median(times: &mut [Duration]) -> Duration {
    times.sort_unstable();
    times[times.len() / 2]
}

fn milliseconds(time: Duration) -> String {
    format!("{:.1}", time.as_secs_f64() * 1e3)
}
