//! A server with an application and a person.

use std::{
    io::Write,
    process::{Output, Stdio},
};

use serde_json::Value;

use crate::{
    library::Library,
    process::{Place, Server},
};

/// Nobody listens there: what matters is what the person's browser is told to open. It has a query
/// of its own, to which the server appends (section 2.2).
pub const CALLBACK: &str = "https://app.example.com/back?from=the+server&page=1";
pub const OUT_OF_BAND: &str = "oob";
/// Who allows, or denies.
pub const OWNER: &str = "ada";

pub struct Site {
    pub server: Server,
    pub app_key: String,
    app_secret: String,
    /// Of the key itself, without any person.
    pub access_token: String,
}

impl Site {
    pub fn new() -> Self {
        let place = Place::new();
        let made = create_key(&place, "app");
        let text = |name: &str| made[name].as_str().unwrap().to_owned();
        let (app_key, app_secret) = (text("app_key"), text("app_secret"));
        let access_token = text("access_token");
        create_owner(&place);
        Self { server: place.serve(&[]), app_key, app_secret, access_token }
    }

    /// Runs a library from the first leg to a request with the token.
    pub fn run(&self, library: &Library, callback: &str, decision: &str) -> Output {
        let mut script = library.script();
        script.env("OAUTH1_SITE", format!("http://{}", self.server.address));
        script.env("OAUTH1_APP_KEY", &self.app_key).env("OAUTH1_APP_SECRET", &self.app_secret);
        script.env("OAUTH1_CALLBACK", callback).env("OAUTH1_DECISION", decision);
        script.env("OAUTH1_OWNER", OWNER).env("OAUTH1_OWNER_PASSWORD", PASSWORD);
        script.output().unwrap()
    }

    /// The tokens of the key that it did not have from the beginning.
    pub fn granted(&self) -> Vec<Value> {
        let shown = json(&self.server.place, &["keys", "show", &self.app_key]);
        let mut tokens = shown["tokens"].as_array().unwrap().clone();
        tokens.retain(|token| token["own"] == false);
        tokens
    }

    /// For messages of tests that fail.
    pub fn told(&self, output: &Output) -> String {
        let (out, error) = (&output.stdout, &output.stderr);
        let (out, error) = (String::from_utf8_lossy(out), String::from_utf8_lossy(error));
        format!("{out}\n{error}\nthe server: {}", self.server.log())
    }
}

/// A key with both callbacks.
pub fn create_key(place: &Place, name: &str) -> Value {
    let callbacks = ["--callback", CALLBACK, "--callback", OUT_OF_BAND];
    json(place, &[&["keys", "create", "--name", name][..], &callbacks].concat())
}

/// Somebody who can allow and deny.
pub fn create_owner(place: &Place) {
    let mut person = place.command(&["people", "create", OWNER, "--role", "member"]);
    let mut person = person.stdin(Stdio::piped()).stdout(Stdio::null()).spawn().unwrap();
    writeln!(person.stdin.take().unwrap(), "{PASSWORD}").unwrap();
    assert!(person.wait().unwrap().success());
}

fn json(place: &Place, arguments: &[&str]) -> Value {
    let output = place.run(&[arguments, &["--json"]].concat());
    assert!(output.status.success(), "{arguments:?}: {output:?}");
    serde_json::from_slice(&output.stdout).unwrap()
}

pub const PASSWORD: &str = "analytical engine no. 1";
