//! `oauth1 proxy` as a process, between real sockets. Nothing it prints may hold a secret.
#![allow(clippy::unwrap_used, clippy::expect_used)]
#![allow(missing_docs)]

mod forward;
mod guard;
#[cfg(unix)]
mod lifecycle;
mod raw;
#[path = "../common/server.rs"]
mod server;
mod signature;
mod stream;
mod tls;

use std::{
    env, fs,
    io::{BufRead, BufReader, Read},
    path::PathBuf,
    process::{Child, Command, ExitStatus, Stdio},
    sync::mpsc::{Receiver, channel},
    thread::{self, JoinHandle},
    time::Duration,
};

use crate::{
    raw::Raw,
    server::{APP_SECRET, TOKEN_SECRET},
};

/// A running proxy. It is killed when it is dropped.
pub(crate) struct Proxy {
    child: Child,
    /// Where it listens: address and port.
    pub(crate) address: String,
    lines: Receiver<String>,
    stdout: Option<JoinHandle<String>>,
    said: Vec<String>,
}

impl Proxy {
    pub(crate) fn start(upstream: &str, args: &[&str]) -> Self {
        Self::start_with(upstream, args, &[])
    }

    pub(crate) fn start_with(upstream: &str, args: &[&str], env: &[(&str, &str)]) -> Self {
        let mut child = command(upstream, args, env).spawn().unwrap();
        let (say, lines) = channel();
        let stderr = BufReader::new(child.stderr.take().unwrap());
        thread::spawn(move || stderr.lines().try_for_each(|line| say.send(line.unwrap())));
        let mut out = child.stdout.take().unwrap();
        let stdout = thread::spawn(move || {
            let mut text = String::new();
            out.read_to_string(&mut text).unwrap();
            text
        });
        let mut proxy =
            Self { child, address: String::new(), lines, stdout: Some(stdout), said: Vec::new() };
        let line = proxy.line();
        let rest = line.strip_prefix("listening on http://").unwrap_or_else(|| panic!("{line}"));
        proxy.address = rest.split(',').next().unwrap().into();
        proxy
    }

    pub(crate) fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }

    pub(crate) fn connect(&self) -> Raw {
        Raw::connect(&self.address)
    }

    /// The next line on stderr.
    pub(crate) fn line(&mut self) -> String {
        let line = self.lines.recv_timeout(PATIENCE).expect("the proxy says nothing");
        assert!(!line.contains("canary"), "a secret in: {line}");
        self.said.push(line.clone());
        line
    }

    pub(crate) fn signal(&self, name: &str) {
        let pid = self.child.id().to_string();
        assert!(Command::new("kill").args(["-s", name, &pid]).status().unwrap().success());
    }

    /// Waits for its end: the exit code, and what stands on stdout and stderr.
    pub(crate) fn ended(mut self) -> (Option<i32>, String, String) {
        let status: ExitStatus = self.child.wait().unwrap();
        self.said.extend(self.lines.iter());
        let (out, err) = (self.stdout.take().unwrap().join().unwrap(), self.said.join("\n"));
        assert!(!format!("{out}{err}").contains("canary"), "a secret in: {out}{err}");
        assert!(!err.contains("panicked"), "{err}");
        (status.code(), out, err)
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
        if !thread::panicking() {
            for line in self.lines.try_iter() {
                assert!(!line.contains("canary") && !line.contains("panicked"), "{line}");
            }
        }
    }
}

fn command(upstream: &str, args: &[&str], env: &[(&str, &str)]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_oauth1"));
    command
        .env_clear()
        .env("OAUTH1_CONSUMER_KEY", "app")
        .env("OAUTH1_CONSUMER_SECRET", APP_SECRET)
        .env("OAUTH1_TOKEN", "token")
        .env("OAUTH1_TOKEN_SECRET", TOKEN_SECRET)
        .envs(env.iter().copied())
        .args(["proxy", upstream])
        .args(args)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    if !args.contains(&"--listen") {
        command.args(["--listen", "127.0.0.1:0"]);
    }
    command
}

/// The exit code and stderr of a proxy that does not start.
pub(crate) fn refused(upstream: &str, args: &[&str], env: &[(&str, &str)]) -> (i32, String) {
    let output = command(upstream, args, env).output().unwrap();
    let stderr = String::from_utf8(output.stderr).unwrap();
    assert!(!stderr.contains("canary") && !stderr.contains("panicked"), "{stderr}");
    (output.status.code().unwrap(), stderr)
}

/// A client that neither follows redirects nor knows of other proxies.
pub(crate) fn client() -> reqwest::Client {
    oauth1_client::client_builder().no_proxy().timeout(PATIENCE).build().unwrap()
}

/// A directory that goes away with the test.
pub(crate) struct Directory(pub(crate) PathBuf);

impl Directory {
    pub(crate) fn new(name: &str) -> Self {
        let path = env::temp_dir().join(format!("oauth1-proxy-{}-{name}", std::process::id()));
        fs::create_dir_all(&path).unwrap();
        Self(path)
    }

    /// The path of a new file in it.
    pub(crate) fn file(&self, name: &str, content: &str) -> String {
        let path = self.0.join(name);
        fs::write(&path, content).unwrap();
        path.to_str().unwrap().into()
    }
}

impl Drop for Directory {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

/// Longer than anything takes; whoever waits so long waits in vain.
pub(crate) const PATIENCE: Duration = Duration::from_secs(60);
