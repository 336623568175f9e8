//! The command as a process: what it prints, where, and its exit codes. After each run, no secret
//! may stand in what it printed.
#![allow(clippy::unwrap_used, clippy::expect_used)]
#![allow(missing_docs)]

mod diagnose;
mod doctor;
mod explain;
mod home;
mod login;
mod profile;
mod request;
#[cfg(feature = "rsa")]
mod rsa;
mod secrets;
#[path = "../common/server.rs"]
mod server;
mod sign;
mod terminal;
mod upload;
mod verify;

use std::{
    env, fs,
    io::Write,
    path::PathBuf,
    process::{Command, Stdio},
};

use serde_json::Value;

use crate::server::{APP_SECRET, TOKEN_SECRET};

/// A run of `oauth1` with the canary credentials in its environment.
pub(crate) struct Oauth1 {
    command: Command,
    stdin: Vec<u8>,
}

pub(crate) struct Run {
    pub(crate) code: Option<i32>,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

pub(crate) fn oauth1<'a>(args: impl IntoIterator<Item = &'a str>) -> Oauth1 {
    let mut command = Command::new(env!("CARGO_BIN_EXE_oauth1"));
    command
        .env_clear()
        .env("OAUTH1_CONSUMER_KEY", "app")
        .env("OAUTH1_CONSUMER_SECRET", APP_SECRET)
        .env("OAUTH1_TOKEN", "token")
        .env("OAUTH1_TOKEN_SECRET", TOKEN_SECRET)
        .args(args);
    Oauth1 { command, stdin: Vec::new() }
}

impl Oauth1 {
    pub(crate) fn args<'a>(mut self, args: impl IntoIterator<Item = &'a str>) -> Self {
        self.command.args(args);
        self
    }

    pub(crate) fn env(mut self, name: &str, value: &str) -> Self {
        self.command.env(name, value);
        self
    }

    pub(crate) fn without(mut self, name: &str) -> Self {
        self.command.env_remove(name);
        self
    }

    pub(crate) fn stdin(mut self, text: &str) -> Self {
        self.stdin = text.into();
        self
    }

    /// Runs it; whatever it prints holds no secret.
    pub(crate) fn run(self) -> Run {
        let run = self.run_showing_secrets();
        for text in [&run.stdout, &run.stderr] {
            assert!(!text.contains("canary"), "a secret in: {text}");
        }
        run
    }

    pub(crate) fn run_showing_secrets(mut self) -> Run {
        let pipe = Stdio::piped;
        let mut child = self.command.stdin(pipe()).stdout(pipe()).stderr(pipe()).spawn().unwrap();
        // Who does not read stdin may be gone already.
        let _ = child.stdin.take().unwrap().write_all(&self.stdin);
        let output = child.wait_with_output().unwrap();
        let text = |bytes| String::from_utf8(bytes).unwrap();
        let run = Run {
            code: output.status.code(),
            stdout: text(output.stdout),
            stderr: text(output.stderr),
        };
        assert!(!run.stderr.contains("panicked"), "{}", run.stderr);
        run
    }
}

impl Run {
    #[track_caller]
    pub(crate) fn exits(self, code: i32) -> Self {
        assert_eq!(self.code, Some(code), "stdout: {}\nstderr: {}", self.stdout, self.stderr);
        self
    }

    /// The one object on stdout.
    #[track_caller]
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.stdout).unwrap_or_else(|e| panic!("{e}: {}", self.stdout))
    }

    /// The words on stderr hold each of these.
    #[track_caller]
    pub(crate) fn says(self, parts: &[&str]) -> Self {
        for part in parts {
            assert!(self.stderr.contains(part), "no {part:?} in: {}", self.stderr);
        }
        self
    }

    #[track_caller]
    pub(crate) fn prints(self, parts: &[&str]) -> Self {
        for part in parts {
            assert!(self.stdout.contains(part), "no {part:?} in: {}", self.stdout);
        }
        self
    }
}

/// The names in an object, sorted.
pub(crate) fn names(object: &Value) -> Vec<&str> {
    let mut names: Vec<_> = object.as_object().unwrap().keys().map(String::as_str).collect();
    names.sort_unstable();
    names
}

/// A file that goes away with the test.
pub(crate) struct File(PathBuf);

impl File {
    pub(crate) fn new(name: &str, content: impl AsRef<[u8]>) -> Self {
        let path = env::temp_dir().join(format!("oauth1-{}-{name}", std::process::id()));
        fs::write(&path, content).unwrap();
        Self(path)
    }

    pub(crate) fn path(&self) -> &str {
        self.0.to_str().unwrap()
    }
}

impl Drop for File {
    fn drop(&mut self) {
        let _ = fs::remove_file(&self.0);
    }
}

pub(crate) const FIXED: [&str; 4] = ["--nonce", "n1", "--timestamp", "1318622958"];

/// X's documented example.
pub(crate) fn x_example(subcommand: &str) -> Oauth1 {
    oauth1([
        subcommand,
        "https://api.twitter.com/1.1/statuses/update.json?include_entities=true",
        "status=Hello Ladies + Gentlemen, a signed OAuth request!",
        "--nonce",
        "kYjzVBB8Y0ZFabxSWbWovY3uYSQ2pTgmZeNu2VS4cg",
        "--timestamp",
        "1318622958",
    ])
    .env("OAUTH1_CONSUMER_KEY", "xvz1evFS4wEEPTGEFPHBog")
    .env("OAUTH1_CONSUMER_SECRET", "kAcSOqF21Fu85e7zjz7ZN2U4ZRhfV3WpwPAoE3Z7kBw")
    .env("OAUTH1_TOKEN", "370773112-GmHxMAgYyLbNEtIKZeRNFsMKPR9EyMZeS9weJAEb")
    .env("OAUTH1_TOKEN_SECRET", "LswwdoUaIvS8ltyTt5jkRh4J50vUPVVHtR2YPi5kE")
}

pub(crate) const X_SIGNATURE: &str = "hCtSmYh+iHYCEqBWrE7C7hYmtUk=";
