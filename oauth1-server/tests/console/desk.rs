//! A server of its own, and a browser at its console.

use std::{
    env, fs,
    path::{Path, PathBuf},
    process::{Command, Stdio},
    sync::OnceLock,
    time::{Duration, Instant},
};

use oauth1_core::{
    ClientCredentials, Nonce, SignableRequest, Signer, Stamp, Timestamp, TokenCredentials,
};
use reqwest::{Client, Method, RequestBuilder, Response};
use serde_json::{Value as Json, json};
use tokio::time::sleep;
use torture::harness::server::{Server, Site, free_address};

use crate::{
    browser::{Browser, COOKIE},
    webdriver::Session,
};

/// Somebody at the console of a running server.
pub struct Desk {
    pub site: Site,
    pub server: Server,
    pub browser: Browser,
    pub http: Client,
    /// The session of the administrator, for what a test needs but is not about.
    pub admin: String,
}

/// Runs a test at a console that ada has set up and is signed in at, and then asks the browser
/// what it complains of.
pub async fn at_console(test: impl AsyncFnOnce(&mut Desk)) {
    at_site(&[], test).await;
}

/// The same with settings of the server.
pub async fn at_site(settings: &[&str], test: impl AsyncFnOnce(&mut Desk)) {
    at_first_start(settings, async |desk| {
        desk.set_up().await;
        test(desk).await;
    })
    .await;
}

/// The same where nobody has been yet.
pub async fn at_first_start(settings: &[&str], test: impl AsyncFnOnce(&mut Desk)) {
    let Some(session) = Session::open().await else { return };
    let mut desk = Desk::new(session, settings).await;
    test(&mut desk).await;
    let complaints = desk.browser.complaints().await;
    assert!(complaints.is_empty(), "{complaints:#?}");
}

impl Desk {
    async fn new(session: Session, settings: &[&str]) -> Self {
        let mut site = Site::new(Path::new(env!("CARGO_BIN_EXE_oauth1-server"))).unwrap();
        let (address, admin) = (free_address().unwrap(), free_address().unwrap());
        let catalogue = site.root().join("catalogue.toml");
        fs::write(&catalogue, CATALOGUE).unwrap();
        site.settings().push(format!("catalogue.file={}", catalogue.display()));
        site.settings().push(format!("server.origin=http://{address}"));
        site.settings().extend(settings.iter().map(|&setting| setting.to_owned()));
        let server = site.launch(address, admin).unwrap();
        let server = server.ready(Duration::from_secs(60)).await.unwrap();
        let browser = Browser::new(session, format!("http://{admin}"));
        let http = Client::builder().no_proxy().redirect(reqwest::redirect::Policy::none());
        let http = http.build().unwrap();
        Self { site, server, browser, http, admin: String::new() }
    }

    /// What the first start prints.
    pub async fn setup_code(&self) -> String {
        let start = Instant::now();
        loop {
            let log = self.server.log();
            let line = log.split_inclusive('\n').find(|line| line.contains("with the setup code "));
            if let Some(line) = line.and_then(|line| line.strip_suffix('\n')) {
                assert!(line.contains(&self.browser.origin), "{line}");
                return line.rsplit(' ').next().unwrap().to_owned();
            }
            assert!(start.elapsed() < Duration::from_secs(30), "no code was printed");
            sleep(Duration::from_millis(10)).await;
        }
    }

    /// Makes ada and signs her in, in the browser as well.
    pub async fn set_up(&mut self) {
        let code = self.setup_code().await;
        let body = json!({ "code": code, "name": "ada", "password": PASSWORD });
        expect(self.call("POST", "/v1/setup").json(&body), 201).await;
        self.admin = self.session("ada", PASSWORD).await;
        let cookie = self.admin.clone();
        self.be(&cookie).await;
    }

    /// A session, made without the browser.
    pub async fn session(&self, name: &str, password: &str) -> String {
        let body = json!({ "name": name, "password": password });
        let answer = self.call("POST", "/v1/session").json(&body).send().await.unwrap();
        let cookie = answer.headers()["set-cookie"].to_str().unwrap();
        let value = cookie.split(';').next().unwrap().strip_prefix("oauth1-session=").unwrap();
        value.to_owned()
    }

    /// Nobody signs in with that any more.
    pub async fn sign_in_elsewhere(&self, name: &str, password: &str, status: u16) {
        let body = json!({ "name": name, "password": password });
        expect(self.call("POST", "/v1/session").json(&body), status).await;
    }

    /// From now on the browser has this session.
    pub async fn be(&self, session: &str) {
        if self.browser.path().await.contains("data:") || self.browser.cookie().await.is_none() {
            // Cookies are set at a page of their site.
            self.browser.open("/livez").await;
        }
        self.browser.set_cookie(session).await;
    }

    /// Signs in at the page.
    pub async fn sign_in(&self, name: &str, password: &str) {
        self.browser.open("/sign-in").await;
        self.browser.fill("Name", name).await;
        self.browser.fill("Password", password).await;
        self.browser.press("Sign in").await;
    }

    /// A person of this role; the browser is then this person's.
    pub async fn become_new(&self, name: &str, role: &str) {
        let person = json!({ "name": name, "role": role, "password": PASSWORD });
        self.made("/v1/people", person).await;
        let session = self.session(name, PASSWORD).await;
        self.be(&session).await;
    }

    /// A request to the admin listener.
    pub fn call(&self, method: &str, path: &str) -> RequestBuilder {
        let method = Method::from_bytes(method.as_bytes()).unwrap();
        self.http.request(method, format!("{}{path}", self.browser.origin))
    }

    /// The same as ada.
    pub fn own(&self, method: &str, path: &str) -> RequestBuilder {
        let cookie = format!("{COOKIE}={}", self.admin);
        self.call(method, path).header("cookie", cookie).header("sec-fetch-site", "same-origin")
    }

    /// Makes something through `/v1`.
    pub async fn made(&self, path: &str, body: Json) -> Json {
        let answer = self.own("POST", path).json(&body).send().await.unwrap();
        let (status, text) = (answer.status(), answer.text().await.unwrap());
        assert!(status.is_success(), "{path} {body}: {text}");
        serde_json::from_str(&text).unwrap_or_default()
    }

    /// The four values of a new key that may do everything.
    pub async fn key(&self, name: &str) -> Json {
        self.key_with(name, json!({})).await
    }

    pub async fn key_with(&self, name: &str, more: Json) -> Json {
        let mut body = json!({ "name": name, "scopes": ["all:modify"] });
        body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        self.made("/v1/keys", body).await
    }

    pub async fn change(&self, path: &str, body: Json) {
        expect(self.own("PATCH", path).json(&body), 200).await;
    }

    pub async fn show(&self, path: &str) -> Json {
        expect(self.own("GET", path), 200).await.json().await.unwrap()
    }

    /// A request to the service, signed with a key's values.
    pub async fn signed(&self, key: &Json, method: &str, path: &str) -> u16 {
        let url = self.service(path);
        let header = authorization(key, method, &url);
        let method = Method::from_bytes(method.as_bytes()).unwrap();
        let request = self.http.request(method, url).header("authorization", header);
        request.send().await.unwrap().status().as_u16()
    }

    /// The URL of something at the public listener.
    pub fn service(&self, path: &str) -> String {
        format!("http://{}{path}", self.server.address)
    }

    /// What `oauth1 request` says about a request with these values.
    pub fn oauth1(&self, key: &Json, path: &str) -> String {
        let mut command = Command::new(oauth1());
        for (name, member) in [
            ("OAUTH1_CONSUMER_KEY", "app_key"),
            ("OAUTH1_CONSUMER_SECRET", "app_secret"),
            ("OAUTH1_TOKEN", "access_token"),
            ("OAUTH1_TOKEN_SECRET", "token_secret"),
        ] {
            command.env(name, text(key, member));
        }
        let command = command.args(["request", &self.service(path)]).stdin(Stdio::null());
        let output = command.output().unwrap();
        String::from_utf8([output.stdout, output.stderr].concat()).unwrap()
    }

    /// Waits until something that is written soon is there.
    pub async fn shows(&self, path: &str, words: &str) {
        let start = Instant::now();
        while !self.show(path).await.to_string().contains(words) {
            assert!(start.elapsed() < Duration::from_secs(60), "{words} is not at {path}");
            sleep(Duration::from_millis(100)).await;
        }
    }
}

/// Sends it; the answer has this status.
pub async fn expect(request: RequestBuilder, status: u16) -> Response {
    let answer = request.send().await.unwrap();
    if answer.status().as_u16() != status {
        let url = answer.url().clone();
        panic!("{url}: {}, not {status}: {}", answer.status(), answer.text().await.unwrap());
    }
    answer
}

/// An `Authorization` header for now.
pub fn authorization(key: &Json, method: &str, url: &str) -> String {
    let client = ClientCredentials::new(text(key, "app_key"), text(key, "app_secret"));
    let token = TokenCredentials::new(text(key, "access_token"), text(key, "token_secret"));
    let request = SignableRequest::new(method, url).unwrap();
    let now = std::time::UNIX_EPOCH.elapsed().unwrap().as_secs();
    let timestamp = Timestamp::from_seconds(now).unwrap();
    let stamp = Stamp::new(Nonce::random().unwrap(), timestamp);
    let signer = Signer::new(client).with_token(token);
    signer.authorize_at(&request, &stamp).unwrap().as_str().to_owned()
}

pub fn text<'a>(object: &'a Json, member: &str) -> &'a str {
    object[member].as_str().unwrap_or_else(|| panic!("no {member} in {object}"))
}

/// The program `oauth1`, beside the program that is tested.
fn oauth1() -> &'static Path {
    static PROGRAM: OnceLock<PathBuf> = OnceLock::new();
    PROGRAM.get_or_init(|| {
        let beside = Path::new(env!("CARGO_BIN_EXE_oauth1-server"));
        let program = beside.with_file_name("oauth1");
        if !program.exists() {
            let target = beside.parent().and_then(Path::parent).unwrap();
            let mut build = Command::new(env!("CARGO"));
            build.args(["build", "--quiet", "--locked", "-p", "oauth1-client", "--target-dir"]);
            assert!(build.arg(target).status().unwrap().success(), "{build:?}");
        }
        program
    })
}

pub const PASSWORD: &str = "correct horse battery staple";
const CATALOGUE: &str = include_str!("../../catalogue.example.toml");
