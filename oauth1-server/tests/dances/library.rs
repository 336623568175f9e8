//! Clients that others wrote, and how they are run.

use std::{
    env,
    io::Write,
    path::PathBuf,
    process::{Command, Stdio},
};

use crate::site::{OWNER, PASSWORD};

/// One of them.
pub struct Library {
    pub name: &'static str,
    /// Which program, and which variable names another one.
    program: (&'static str, Option<&'static str>),
    /// Succeeds where everything is installed.
    probe: &'static [&'static str],
    pub script: &'static str,
    /// How to install it.
    how: &'static str,
}

const PYTHON: (&str, Option<&str>) = ("python3", Some("OAUTH1_PEER_PYTHON"));

pub const REQUESTS_OAUTHLIB: Library = Library {
    name: "requests-oauthlib",
    program: PYTHON,
    probe: &["-c", "import requests_oauthlib"],
    script: "with_requests_oauthlib.py",
    how: "pip install requests-oauthlib==2.0.0 in a venv and set OAUTH1_PEER_PYTHON to its python",
};

pub const AUTHLIB: Library = Library {
    name: "Authlib",
    program: PYTHON,
    probe: &["-c", "import authlib.integrations.requests_client"],
    script: "with_authlib.py",
    how: "pip install Authlib==1.9.9 requests in a venv and set OAUTH1_PEER_PYTHON to its python",
};

pub const NET_OAUTH: Library = Library {
    name: "Net::OAuth",
    program: ("perl", None),
    probe: &["-MNet::OAuth::Client", "-e", "1"],
    script: "with_net_oauth.pl",
    how: "apt-get install libnet-oauth-perl",
};

pub const RUBY_OAUTH: Library = Library {
    name: "Ruby's oauth",
    program: ("ruby", None),
    probe: &["-roauth", "-e", "1"],
    script: "with_ruby_oauth.rb",
    how: "apt-get install ruby-oauth",
};

pub const NODE_OAUTH: Library = Library {
    name: "Node's oauth",
    program: ("node", None),
    probe: &["-e", "require('oauth')"],
    script: "with_node_oauth.js",
    how: "npm install oauth@0.10.2 and set NODE_PATH to its node_modules",
};

impl Library {
    /// Says so aloud; fails where nothing may be missing.
    pub fn is_missing(&self) -> bool {
        let mut probe = self.command();
        probe.args(self.probe).stdout(Stdio::null()).stderr(Stdio::null());
        if probe.status().is_ok_and(|status| status.success()) {
            return false;
        }
        assert_ne!(env::var("CI").as_deref(), Ok("true"), "{} is missing; {}", self.name, self.how);
        // Not by println, which is kept back of tests that pass.
        let line = format!("\nSKIPPED: {} is missing; {}", self.name, self.how);
        let _ = writeln!(std::io::stdout(), "{line}");
        true
    }

    /// Its dance.
    pub fn script(&self) -> Command {
        let mut command = self.command();
        command.arg(scripts().join(self.script));
        command.env("OAUTH1_APPROVE", scripts().join("approve.py"));
        command
    }

    fn command(&self) -> Command {
        let (program, variable) = self.program;
        let named = variable.and_then(env::var_os);
        let mut command = Command::new(named.map_or_else(|| program.into(), PathBuf::from));
        for name in PROXIES {
            command.env_remove(name).env_remove(name.to_ascii_uppercase());
        }
        // Nothing is written beside the scripts.
        command.env("PYTHONDONTWRITEBYTECODE", "1").stdin(Stdio::null());
        command
    }
}

/// What comes of the decision of the resource owner: where he is sent, or the code that he is shown.
pub fn approval(url: &str, decision: &str) -> String {
    let mut command = Command::new("python3");
    for name in PROXIES {
        command.env_remove(name).env_remove(name.to_ascii_uppercase());
    }
    command.env("OAUTH1_OWNER", OWNER).env("OAUTH1_OWNER_PASSWORD", PASSWORD);
    command.env("PYTHONDONTWRITEBYTECODE", "1").env("OAUTH1_DECISION", decision);
    let output = command.arg(scripts().join("approve.py")).arg(url).output().unwrap();
    assert!(output.status.success(), "{output:?}");
    String::from_utf8(output.stdout).unwrap().trim().to_owned()
}

fn scripts() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/dances")
}

const PROXIES: [&str; 3] = ["http_proxy", "https_proxy", "all_proxy"];
