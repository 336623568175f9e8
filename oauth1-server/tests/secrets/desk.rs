//! Somebody who manages a server: everything that is said to him is kept and searched, but for
//! secrets when they are made, which are what is searched for.

use std::{
    fs,
    io::Write,
    path::PathBuf,
    process::{Output, Stdio},
};

use reqwest::{Client, Method, RequestBuilder, Response};
use serde_json::Value as Json;
use torture::harness::{
    canary::Canaries,
    server::{Server, Site},
};

pub struct Desk {
    pub site: Site,
    pub server: Server,
    pub canaries: Canaries,
    /// What each secret is, and the secret.
    pub secrets: Vec<(String, String)>,
    pub http: Client,
    pub cookie: String,
    kept: PathBuf,
}

impl Desk {
    pub async fn open(site: Site) -> Self {
        let kept = site.root().join("outputs");
        fs::create_dir_all(&kept).unwrap();
        let server = site.start().await.unwrap();
        let http = Client::builder().no_proxy().build().unwrap();
        let (canaries, secrets, cookie) = Default::default();
        Self { site, server, canaries, secrets, http, cookie, kept }
    }

    /// From now on this must be nowhere.
    pub fn secret(&mut self, what: &str, secret: &str) {
        // Answers that are given again have it again.
        if self.secrets.iter().any(|(_, known)| known == secret) {
            return;
        }
        let name = format!("{what} ({})", self.secrets.len());
        self.canaries.add(&name, secret.as_bytes());
        self.secrets.push((name, secret.to_owned()));
    }

    /// Keeps something that is to be searched.
    pub fn keep(&self, what: &str, octets: &[u8]) {
        let number = fs::read_dir(&self.kept).unwrap().count();
        fs::write(self.kept.join(format!("{number:04}-{what}")), octets).unwrap();
    }

    /// All that was kept, but for the rows of tables.
    pub fn outputs(&self) -> String {
        let files = fs::read_dir(&self.kept).unwrap().map(|file| file.unwrap().path());
        let files = files.filter(|file| !file.to_string_lossy().ends_with("-rows"));
        files.map(|file| String::from_utf8_lossy(&fs::read(file).unwrap()).into_owned()).collect()
    }

    pub fn request(&self, method: &str, path: &str) -> RequestBuilder {
        let method = Method::from_bytes(method.as_bytes()).unwrap();
        self.http.request(method, format!("http://{}{path}", self.server.admin))
    }

    /// With the cookie, from a page of our own.
    pub fn own(&self, method: &str, path: &str) -> RequestBuilder {
        let cookie = format!("oauth1-session={}", self.cookie);
        self.request(method, path).header("cookie", cookie).header("sec-fetch-site", "same-origin")
    }

    /// An answer in which no secret may be.
    pub async fn ask(&self, request: RequestBuilder, expected: u16) -> Json {
        let (head, text) = self.answer(request, expected).await;
        self.keep("answer", format!("{head}\n{text}").as_bytes());
        serde_json::from_str(&text).unwrap_or_default()
    }

    /// The same, for who is signed in.
    pub async fn look(&self, path: &str) -> Json {
        self.ask(self.own("GET", path), 200).await
    }

    /// An answer that shows secrets, this once. What is around them is kept.
    pub async fn make(&mut self, request: RequestBuilder) -> Json {
        let (head, text) = self.answer(request, 0).await;
        self.keep("answer", head.as_bytes());
        let made: Json = serde_json::from_str(&text).unwrap();
        self.take_secrets(&made);
        made
    }

    /// The head and the body of an answer. Status 0 stands for 200 and 201.
    async fn answer(&self, request: RequestBuilder, expected: u16) -> (String, String) {
        let response: Response = request.send().await.unwrap();
        let status = response.status().as_u16();
        let mut headers = response.headers().clone();
        // Who signs in is told the cookie.
        headers.remove("set-cookie");
        let head = format!("{} {status} {headers:?}", response.url().path());
        let text = response.text().await.unwrap();
        let as_expected = status == expected || (expected == 0 && (200..=201).contains(&status));
        assert!(as_expected, "{head}: {text}");
        (head, text)
    }

    fn take_secrets(&mut self, made: &Json) {
        let mut found = 0;
        for member in ["app_secret", "token_secret", "password", "value", "setup_code"] {
            if let Some(secret) = made[member].as_str() {
                self.secret(member, secret);
                found += 1;
            }
        }
        assert!(found > 0, "no secret was made: {made}");
    }

    /// Runs a command in whose output no secret may be.
    pub fn run(&self, words: &[&str], typed: &str) -> String {
        let output = self.output(words, typed);
        self.keep("output", &[&output.stdout[..], b"\n", &output.stderr].concat());
        String::from_utf8(output.stdout).unwrap()
    }

    /// Runs a command that prints secrets, this once, as JSON.
    pub fn run_making(&mut self, words: &[&str], typed: &str) -> Json {
        let output = self.output(&[words, &["--json"]].concat(), typed);
        self.keep("output", &output.stderr);
        let made = serde_json::from_slice(&output.stdout).unwrap();
        self.take_secrets(&made);
        made
    }

    fn output(&self, words: &[&str], typed: &str) -> Output {
        let mut command = self.site.command(words[0]);
        command.args(&words[1..]).stdin(Stdio::piped());
        command.stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().unwrap();
        // Most of them read nothing.
        let _ = child.stdin.take().unwrap().write_all(typed.as_bytes());
        let output = child.wait_with_output().unwrap();
        assert!(output.status.success(), "{words:?}: {output:?}");
        output
    }
}

pub fn text<'a>(object: &'a Json, member: &str) -> &'a str {
    object[member].as_str().unwrap_or_else(|| panic!("no {member} in {object}"))
}
