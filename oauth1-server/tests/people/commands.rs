//! `people`, `basic` and `setup-code`, as people and scripts type them, and the first start.

use std::{
    io::{BufRead, BufReader, Write},
    path::PathBuf,
    process::{Child, Command, Output, Stdio},
    sync::atomic::{AtomicU32, Ordering},
};

use serde_json::{Value, json};

use crate::fixture::PASSWORD;

struct DataDir(PathBuf);

impl DataDir {
    fn new() -> Self {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let number = COUNT.fetch_add(1, Ordering::Relaxed);
        let name = format!("oauth1-people-{}-{number}", std::process::id());
        Self(std::env::temp_dir().join(name))
    }

    fn command(&self, words: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_oauth1-server"));
        command.args(words).arg("--data-dir").arg(&self.0).env_remove("CREDENTIALS_DIRECTORY");
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        command
    }

    fn run(&self, words: &[&str], typed: &str) -> Output {
        let mut child = self.command(words).spawn().unwrap();
        let _ = child.stdin.take().unwrap().write_all(typed.as_bytes());
        child.wait_with_output().unwrap()
    }

    fn succeeds(&self, words: &[&str], typed: &str) -> String {
        let output = self.run(words, typed);
        let errors = String::from_utf8(output.stderr).unwrap();
        assert!(output.status.success(), "{words:?}: {errors}");
        assert!(!errors.contains(PASSWORD));
        String::from_utf8(output.stdout).unwrap()
    }

    fn json(&self, words: &[&str], typed: &str) -> Value {
        serde_json::from_str(&self.succeeds(&[words, &["--json"]].concat(), typed)).unwrap()
    }

    fn fails(&self, words: &[&str], typed: &str) -> String {
        let output = self.run(words, typed);
        assert_eq!(output.status.code(), Some(1), "{words:?}");
        assert!(output.stdout.is_empty());
        String::from_utf8(output.stderr).unwrap()
    }

    /// A running server, and the line that it prints at its first start.
    fn serve(&self) -> (Server, String) {
        let words = ["serve", "--listen", "127.0.0.1:0", "--admin-listen", "127.0.0.1:0"];
        let mut command = self.command(&words);
        let mut child = command.stderr(Stdio::null()).spawn().unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
        (Server(child), line)
    }

    /// What a server prints from its start to its orderly end.
    fn start_and_stop(&self) -> String {
        let words = ["serve", "--listen", "127.0.0.1:0", "--admin-listen", "127.0.0.1:0"];
        let mut child = self.command(&words).spawn().unwrap();
        let mut log = BufReader::new(child.stderr.take().unwrap());
        let mut line = String::new();
        while !line.contains("the self-test has passed") {
            line.clear();
            assert_ne!(log.read_line(&mut line).unwrap(), 0, "the server has ended");
        }
        let process = rustix::process::Pid::from_child(&child);
        rustix::process::kill_process(process, rustix::process::Signal::TERM).unwrap();
        std::io::copy(&mut log, &mut std::io::sink()).unwrap();
        String::from_utf8(child.wait_with_output().unwrap().stdout).unwrap()
    }
}

impl Drop for DataDir {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

struct Server(Child);

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

#[test]
fn people_from_making_to_deleting() {
    let dir = DataDir::new();
    let create = ["people", "create", "ada", "--role", "super_admin", "--display-name", "Ada L."];
    let made = dir.json(&create, &format!("{PASSWORD}\n"));
    assert_eq!((&made["name"], &made["role"]), (&json!("ada"), &json!("super_admin")));
    assert_eq!(made["has_password"], true);
    assert!(dir.fails(&create, &format!("{PASSWORD}\n")).contains("taken"));
    assert!(dir.fails(&["people", "create", "bob", "--role", "admin"], "").contains("no password"));
    let short = dir.fails(&["people", "create", "bob", "--role", "admin"], "short\n");
    assert!(short.contains("12 characters"), "{short}");
    dir.succeeds(&["people", "create", "bob", "--role", "auditor", "--no-password"], "");
    let listed = dir.json(&["people", "list"], "");
    assert_eq!(listed["people"].as_array().unwrap().len(), 2);
    assert!(dir.succeeds(&["people", "list"], "").contains("auditor"));
    let shown = dir.succeeds(&["people", "show", "ada"], "");
    assert!(shown.contains("Ada L.") && !shown.contains("argon2"), "{shown}");
    dir.succeeds(&["people", "set-password", "bob"], &format!("{PASSWORD}\n"));
    assert_eq!(dir.json(&["people", "disable", "bob"], "")["enabled"], false);
    assert_eq!(dir.json(&["people", "enable", "bob"], "")["enabled"], true);
    assert_eq!(dir.json(&["people", "update", "bob", "--role", "admin"], "")["role"], "admin");
    dir.succeeds(&["people", "delete", "bob"], "");
    assert!(dir.fails(&["people", "show", "bob"], "").contains("there is no person \"bob\""));
    assert!(dir.fails(&["people", "delete", "ada"], "").contains("last super administrator"));
    let roles = dir.succeeds(&["people", "roles"], "");
    for role in ["super_admin", "admin", "key_manager", "auditor", "member", "keys.reveal"] {
        assert!(roles.contains(role), "{role}");
    }
    assert!(dir.fails(&["setup-code"], "").contains("made already"));
}

#[test]
fn basic_credentials_from_making_to_deleting() {
    let dir = DataDir::new();
    let made = dir.json(&["basic", "create", "till-42"], "");
    let password = made["password"].as_str().unwrap();
    assert!(password.len() >= 26);
    let shown = dir.succeeds(&["basic", "show", "till-42"], "");
    assert!(!shown.contains(password) && !shown.contains("argon2"));
    let given = dir.json(&["basic", "create", "own", "--ask"], &format!("{PASSWORD}\n"));
    assert!(given.get("password").is_none());
    assert_eq!(dir.json(&["basic", "disable", "own"], "")["enabled"], false);
    let again = dir.json(&["basic", "set-password", "till-42"], "");
    assert_ne!(again["password"], made["password"]);
    dir.succeeds(&["basic", "delete", "till-42"], "");
    let listed = dir.json(&["basic", "list"], "");
    assert_eq!(listed["credentials"].as_array().unwrap().len(), 1);
}

/// The whole way, with nothing but the program: a key, a token for itself, a request with it.
#[tokio::test]
async fn applications_reach_the_one_route_that_is_theirs() {
    use oauth1_core::{ClientCredentials, Signer, TokenCredentials};
    let dir = DataDir::new();
    let key = dir.json(&["keys", "create", "--name", "bot"], "");
    let words = ["serve", "--listen", "127.0.0.1:0", "--admin-listen", "127.0.0.1:0"];
    let mut child = dir.command(&words).spawn().unwrap();
    let mut log = BufReader::new(child.stderr.take().unwrap());
    let server = Server(child);
    let (mut line, mut address) = (String::new(), None);
    while !line.contains("the self-test has passed") {
        line.clear();
        assert_ne!(log.read_line(&mut line).unwrap(), 0, "the server has ended");
        if let Some((_, after)) = line.split_once(" listen=") {
            address = after.split_whitespace().next().map(str::to_owned);
        }
    }
    let address = address.unwrap();
    let text = |object: &Value, field: &str| object[field].as_str().unwrap().to_owned();
    let client = ClientCredentials::new(text(&key, "app_key"), text(&key, "app_secret"));
    let send = async |signer: Option<Signer>, method: &str, path: &str| {
        let url = format!("http://{address}{path}");
        let mut request = http::Request::builder().method(method).uri(&url).body("").unwrap();
        if let Some(signer) = signer {
            signer.sign(&mut request).unwrap();
        }
        let answer = reqwest::Client::new().execute(request.try_into().unwrap()).await.unwrap();
        (answer.status().as_u16(), answer.json::<Value>().await.unwrap_or_default())
    };
    let signer = Signer::new(client);
    let (status, token) = send(Some(signer.clone()), "POST", "/v1/tokens").await;
    assert_eq!(status, 201, "{token}");
    let token = TokenCredentials::new(text(&token, "access_token"), text(&token, "token_secret"));
    // Without a token, nothing else is there for it.
    assert_eq!(send(Some(signer.clone()), "GET", "/echo").await.0, 400);
    assert_eq!(send(Some(signer.with_token(token)), "GET", "/echo").await.0, 200);
    let (status, problem) = send(None, "POST", "/v1/tokens").await;
    assert_eq!((status, &problem["code"]), (401, &json!("unauthenticated")));
    for path in ["/v1/keys", "/v1/setup", "/v1/openapi.json"] {
        assert_eq!(send(None, "GET", path).await.0, 404, "{path}");
    }
    drop(server);
}

#[test]
fn the_first_start_prints_the_code_and_no_other_does() {
    let dir = DataDir::new();
    let (server, line) = dir.serve();
    let code = line.trim().rsplit(' ').next().unwrap().to_owned();
    assert!(line.contains("http://127.0.0.1:") && line.contains("setup code"), "{line}");
    assert_eq!(code.len(), 23, "{line}");
    // Another code is made beside the running server, and the first means nothing any more.
    let second = dir.succeeds(&["setup-code"], "");
    assert_ne!(second.trim(), code);
    drop(server);
    assert_eq!(dir.start_and_stop(), "", "the code stands in the output of another start");
    let rows = std::fs::read(dir.0.join("credentials.sqlite3")).unwrap();
    for code in [code.as_bytes(), second.trim().as_bytes()] {
        assert!(!rows.windows(code.len()).any(|window| window == code), "the code is stored");
    }
}
