//! The request sequences against providers: two that others wrote, and some that do it all wrong.

#![allow(clippy::unwrap_used)]

mod common;
mod stub;

use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};

use common::{COMMAND, installed, package, stderr, stdout};
use oauth1_core::ClientCredentials;
use oauth1_test_vectors::provider::{self, Finding, Report, Settings, Verdict};
use oauth1_test_vectors::sequence::Level;
use stub::Stub;

const KEY: &str = "firstclientkey1234567";
const SECRET: &str = "canary-of-the-first-client";
const SECOND_KEY: &str = "secondclientkey123456";
const SECOND_SECRET: &str = "canary-of-the-second-client";
const SECOND_CALLBACK: &str = "http://second.example/cb";

/// The interpreter that has the libraries: `OAUTH1_PEER_PYTHON`, or `python3`.
fn peer_python() -> String {
    std::env::var("OAUTH1_PEER_PYTHON").unwrap_or_else(|_| "python3".to_owned())
}

/// A provider of another's making, ended when it is dropped.
struct Peer {
    child: Child,
    origin: String,
}

impl Peer {
    fn start(name: &str, callback: &str) -> Self {
        let program = package().join("peers").join(name).join("provider.py");
        let clients =
            format!("{KEY}:{SECRET}:{callback}\n{SECOND_KEY}:{SECOND_SECRET}:{SECOND_CALLBACK}");
        let mut child = Command::new(peer_python())
            .arg(program)
            .env("CLIENTS", clients)
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut origin = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut origin).unwrap();
        Self { child, origin: origin.trim().to_owned() }
    }
}

impl Drop for Peer {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn settings(base: &str, callback: &str) -> Settings {
    let decide = package().join("peers/decide.py");
    let decide = |what: &str| format!("'{}' '{}' {what}", peer_python(), decide.display());
    Settings {
        second_callback: SECOND_CALLBACK.to_owned(),
        second: Some(ClientCredentials::new(SECOND_KEY, SECOND_SECRET)),
        approve: decide("allow"),
        deny: decide("deny"),
        ..Settings::new(base, callback, ClientCredentials::new(KEY, SECRET))
    }
}

/// Every `must` and `should` that did not hold: `must flow-…/… 3: what was expected`.
fn findings(report: &Report) -> Vec<String> {
    let of = |level: Level| {
        report.findings(level).map(move |(case, finding)| {
            format!("{} {} {}: {}", level.as_str(), case.id, finding.step, finding.expected)
        })
    };
    of(Level::Must).chain(of(Level::Should)).collect()
}

/// Every finding is in the table of `PROVIDERS.md`.
fn listed(report: &Report) {
    let file = std::fs::read_to_string(package().join("PROVIDERS.md")).unwrap();
    for (case, finding) in report.findings(Level::Must).chain(report.findings(Level::Should)) {
        let Finding { step, level, clause, expected, .. } = finding;
        let row = format!("| `{}` {step} | {clause} | {} | {expected} |", case.id, level.as_str());
        assert!(file.contains(&row), "PROVIDERS.md has no row {row}");
    }
}

fn no_secrets(report: &Report) {
    let all = report.to_text() + &report.to_json().to_line();
    assert!(!all.contains("canary"), "{all}");
}

fn run_peer(name: &str, callback: &str, only: &[&str]) -> Report {
    let peer = Peer::start(name, callback);
    let only = only.iter().map(|id| (*id).to_owned()).collect();
    let report = provider::run(&Settings { only, ..settings(&peer.origin, callback) }).unwrap();
    no_secrets(&report);
    assert_eq!(report.count(Verdict::NotRun), 0, "{}", report.to_text());
    listed(&report);
    report
}

/// What the library lets through, all of it looked into by hand; see `PROVIDERS.md`.
#[test]
fn oauthlib() {
    let import = "import oauthlib; assert oauthlib.__version__ == '4.0.1'";
    let how = "pip install oauthlib==4.0.1, and name that Python in OAUTH1_PEER_PYTHON";
    if installed(&peer_python(), &["-c", import], how).is_none() {
        return;
    }
    let report = run_peer("provider-oauthlib", "http://client.example/ready?state=1", &[]);
    assert_eq!(
        findings(&report),
        [
            "must flow-temporary/sixteen-at-once 3: 1 granted",
            "should flow-callback/twice 1: status 400",
            "should flow-verifier/twice 3: status 400",
            "should flow-token/at-initiate 4: refused",
            "should flow-parameters/nonce-twice 1: status 400",
            "should flow-parameters/token-twice 3: status 400",
        ],
        "{}",
        report.to_text()
    );
    assert!(!report.successful());
    let escapes = run_peer("provider-oauthlib", ESCAPES, WITH_ESCAPES);
    assert_eq!(
        findings(&escapes),
        [
            &format!(
                "must flow-callback/own-query 2: a redirect to {ESCAPES}, parameters appended"
            ),
            "should flow-transmission/body 1: granted",
            "should flow-transmission/query 1: granted",
        ],
        "{}",
        escapes.to_text()
    );
}

#[test]
fn authlib() {
    let import = "import authlib, flask; assert authlib.__version__ == '1.9.9'";
    let how = "pip install authlib==1.9.9 flask==3.1.3, and name that Python in OAUTH1_PEER_PYTHON";
    if installed(&peer_python(), &["-c", import], how).is_none() {
        return;
    }
    let report = run_peer("provider-authlib", "http://client.example/ready?state=1", &[]);
    let others = ["scheme", "host", "subdomain", "port", "path", "query", "fragment"];
    let others = others.map(|other| format!("should flow-callback/other-{other} 1: refused"));
    let mut expected: Vec<String> = [
        "must flow-plain/callback 1: oauth_callback_confirmed=true, once",
        "must flow-plain/oob 1: oauth_callback_confirmed=true, once",
        "must flow-temporary/sixteen-at-once 3: 1 granted",
        "must flow-temporary/of-another-client 3: refused",
        "must flow-temporary/of-another-client-no-harm 3: refused",
        "must flow-replay/sixteen-copies 1: 1 granted",
        "must flow-parameters/version 1: refused",
    ]
    .map(str::to_owned)
    .into();
    expected.extend(others);
    expected.extend(
        [
            "should flow-callback/twice 1: status 400",
            "should flow-verifier/strangers-do-no-harm 4: granted",
            "should flow-temporary/of-another-client-no-harm 4: granted",
            "should flow-temporary/approved-after-denial 3: refused",
            "should flow-replay/refused-token 3: granted",
            "should flow-timestamp/sign 1: refused",
            "should flow-parameters/nonce-twice 1: status 400",
            "should flow-parameters/token-twice 3: status 400",
        ]
        .map(str::to_owned),
    );
    assert_eq!(findings(&report), expected, "{}", report.to_text());
    let escapes = run_peer("provider-authlib", ESCAPES, WITH_ESCAPES);
    assert_eq!(
        findings(&escapes),
        [
            "must flow-plain/callback 1: granted",
            "must flow-callback/own-query 1: granted",
            "should flow-transmission/body 1: granted",
            "should flow-transmission/query 1: granted",
        ],
        "{}",
        escapes.to_text()
    );
}

/// A callback whose query has escapes: each library decodes it once too often somewhere.
const ESCAPES: &str = "http://client.example/ready?state=a%20b&next=%2Fhome";
const WITH_ESCAPES: &[&str] = &[
    "flow-plain/callback",
    "flow-callback/own-query",
    "flow-transmission/body",
    "flow-transmission/query",
];

/// Acts as the resource owner of the stub, with the script for our own server.
fn of_the_stub(stub: &Stub) -> Option<Settings> {
    installed("python3", &["--version"], "install Python 3")?;
    let script = package().join("peers/approve.py");
    let command = |option: &str| {
        let owner = "OAUTH1_OWNER=owner OAUTH1_OWNER_PASSWORD=canary-of-the-owner";
        format!("{owner} python3 '{}' {option}", script.display())
    };
    let base = settings(&stub.origin(), stub::CALLBACK);
    Some(Settings { approve: command(""), deny: command("--deny"), ..base })
}

/// Nothing that is expected to be refused passes where everything is granted.
#[test]
fn a_provider_that_grants_everything_fails_wherever_it_must_refuse() {
    let stub = Stub::granting();
    let Some(settings) = of_the_stub(&stub) else { return };
    let report = provider::run(&settings).unwrap();
    no_secrets(&report);
    let mut refusals = 0;
    for case in &report.cases {
        let all: Vec<_> = case.findings.iter().filter(|one| one.level == Level::Must).collect();
        for finding in &all {
            let refusal = finding.expected == "refused" || finding.expected == "1 granted";
            assert!(!(refusal && finding.held), "{} {finding:?}", case.id);
            assert!(finding.expected != "granted" || finding.held, "{} {finding:?}", case.id);
            refusals += usize::from(refusal);
        }
        let lost = all.iter().any(|finding| !finding.held);
        assert_eq!(case.verdict(false) == Verdict::Failed, lost, "{}", case.id);
    }
    assert!(refusals > 60, "only {refusals}");
    assert_eq!(report.count(Verdict::NotRun), 0, "{}", report.to_text());
    assert!(report.failures().count() > 55, "{}", report.summary());
    assert!(!report.successful());
    // One password and one session each time it decides; nobody else got the password.
    assert!(stub.signed_in() > 20);
}

/// Nothing that is expected to be granted passes where nothing is; and the rest was not reached.
#[test]
fn a_provider_that_refuses_everything_fails_wherever_it_must_grant() {
    let stub = Stub::refusing();
    let Some(settings) = of_the_stub(&stub) else { return };
    let report = provider::run(&settings).unwrap();
    let mut lost = 0;
    for case in &report.cases {
        for finding in &case.findings {
            assert!(finding.expected != "granted" || !finding.held, "{}", case.id);
            lost += usize::from(finding.expected == "granted" && finding.level == Level::Must);
        }
        let first = &case.findings[0];
        if first.expected == "granted" && first.level == Level::Must {
            assert_eq!(case.verdict(false), Verdict::Failed, "{}", case.id);
        }
    }
    assert!(lost > 50, "only {lost}");
    assert!(report.to_text().contains("was not reached: \"temporary\" gave no credentials"));
}

/// The command: environment, exit codes, the last line, and no secrets.
#[test]
fn the_command_says_what_is_wrong_and_what_came() {
    let stub = Stub::granting();
    let origin = stub.origin();
    let run = |environment: &[(&str, &str)], arguments: &[&str]| {
        let base = ["provider", "--base", &origin, "--callback", stub::CALLBACK];
        let output = Command::new(COMMAND)
            .args(base)
            .args(arguments)
            .env_clear()
            .env("PATH", std::env::var_os("PATH").unwrap())
            .envs(environment.iter().copied())
            .output()
            .unwrap();
        (output.status.code(), stdout(&output), stderr(&output))
    };
    let client = [("OAUTH1_CONSUMER_KEY", KEY), ("OAUTH1_CONSUMER_SECRET", SECRET)];
    let commands = ["--approve", "exit 3", "--deny", "exit 3"];
    let with = |more: &[&'static str]| [&commands[..], more].concat();

    for (environment, arguments, says) in [
        (&[][..], with(&[]), "OAUTH1_CONSUMER_KEY"),
        (&client[..1], with(&[]), "only one is set"),
        (&client[..], with(&["--only", "flow/none"]), "flow/none"),
        (&client[..], with(&["--second-callback", "oob"]), "no callback with scheme and host"),
        (&client[..], with(&["--token", "ftp://a/b"]), "no http or https URL"),
        (&client[..], with(&["--resource", "GE T", "/echo"]), "no method"),
        (&client[..], with(&["--resource", "http://127.0.0.1:1/"]), "check --base"),
    ] {
        let (code, _, error) = run(environment, &arguments);
        assert_eq!(code, Some(2), "{arguments:?}: {error}");
        assert!(error.contains(says), "{arguments:?}: {error}");
        assert!(!error.contains("canary"), "{error}");
    }

    // A case that holds, one that fails, one that is missing something, an owner who cannot act.
    for (arguments, code, last) in [
        (
            &["flow-empty-token/left-out"][..],
            0,
            "1 passed, 0 failed, 0 remarks, 0 not run, 1 total",
        ),
        (&["flow-callback/missing"], 1, "0 passed, 1 failed, 0 remarks, 0 not run, 1 total"),
        (&["flow-callback/other-host"], 0, "0 passed, 0 failed, 1 remarks, 0 not run, 1 total"),
        (&["flow-token/of-another-client"], 0, "0 passed, 0 failed, 0 remarks, 1 not run, 1 total"),
        (&["flow-plain/callback"], 1, "0 passed, 0 failed, 0 remarks, 1 not run, 1 total"),
    ] {
        let only: Vec<_> = arguments.iter().flat_map(|id| ["--only", id]).collect();
        let (found, text, error) = run(&client, &[&commands[..], &only].concat());
        assert_eq!(text.lines().last(), Some(last), "{text}{error}");
        assert_eq!(found, Some(code), "{text}");
        assert!(text.contains(arguments[0]) && !text.contains("canary"), "{text}");
        let (found, json, _) = run(&client, &[&commands[..], &only, &["--json"]].concat());
        assert_eq!(found, Some(code));
        assert!(json.contains(arguments[0]) && !json.contains("canary"), "{json}");
    }
    let strict = ["--only", "flow-callback/other-host", "--strict"];
    assert_eq!(run(&client, &[&commands[..], &strict].concat()).0, Some(1));
    let no_oob = ["--only", "flow-plain/oob", "--no-oob"];
    let (code, text, _) = run(&client, &[&commands[..], &no_oob].concat());
    assert!(code == Some(0) && text.contains("needs a client that may use"), "{text}");
    let chatty = ["--approve", "echo a; echo b", "--deny", "true", "--only", "flow-plain/callback"];
    let (code, text, _) = run(&client, &chatty);
    assert!(code == Some(1) && text.contains("several lines"), "{text}");
}
