//! The program under test, in a directory of its own.

#![allow(unreachable_pub)] // each test module uses its own part of this

use std::{
    fs::File,
    io::{Read, Write},
    net::{SocketAddr, TcpStream},
    path::{Path, PathBuf},
    process::{Child, Command, Output, Stdio},
    sync::atomic::{AtomicU32, Ordering},
    thread::sleep,
    time::{Duration, Instant},
};

use oauth1_core::{ClientCredentials, SignableRequest, Signer, Stamp, TokenCredentials};

/// A directory for one test.
pub struct Place(pub PathBuf);

/// A running server.
pub struct Server {
    pub child: Child,
    pub address: SocketAddr,
    pub admin: SocketAddr,
    pub place: Place,
}

/// What requests are signed with.
pub struct Keys {
    pub app_key: String,
    signer: Signer,
    /// Of the app key alone.
    app: Signer,
}

/// An answer as it came.
#[derive(Debug)]
pub struct Answer {
    pub status: u16,
    pub text: String,
}

impl Place {
    pub fn new() -> Self {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let count = COUNT.fetch_add(1, Ordering::Relaxed);
        let path =
            std::env::temp_dir().join(format!("oauth1-serve-{}-{count}", std::process::id()));
        std::fs::create_dir_all(&path).unwrap();
        std::fs::create_dir_all(memory(&path)).unwrap();
        Self(path)
    }

    /// The program with arguments; its data directory is in this one.
    pub fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_oauth1-server"));
        command.args(arguments).current_dir(&self.0).stdin(Stdio::null());
        command.env("OAUTH1_SERVER__NONCES__MIRROR", memory(&self.0));
        command
    }

    /// A line for the shell, run there.
    pub fn shell(&self, line: &str) -> Command {
        let mut command = Command::new("bash");
        command.args(["-c", line]).current_dir(&self.0).stdin(Stdio::null());
        command
    }

    pub fn run(&self, arguments: &[&str]) -> Output {
        self.command(arguments).output().unwrap()
    }

    /// The four values, signed with.
    pub fn keys(&self) -> Keys {
        let output = self.run(&["keys", "create", "--name", "test", "--json"]);
        assert!(output.status.success(), "{output:?}");
        let values: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
        let text = |name: &str| values[name].as_str().unwrap().to_owned();
        let app = Signer::new(ClientCredentials::new(text("app_key"), text("app_secret")));
        let token = TokenCredentials::new(text("access_token"), text("token_secret"));
        Keys { app_key: text("app_key"), signer: app.clone().with_token(token), app }
    }

    /// Starts the server with settings, and waits until it is ready.
    pub fn serve(self, settings: &[&str]) -> Server {
        self.serve_with(settings, &[])
    }

    pub fn serve_with(self, settings: &[&str], environment: &[(&str, &str)]) -> Server {
        let (address, admin) = (free(), free());
        let (listen, admin_listen) = (address.to_string(), admin.to_string());
        let mut arguments = vec!["serve", "--listen", &listen, "--admin-listen", &admin_listen];
        settings.iter().for_each(|setting| arguments.extend(["--set", setting]));
        let log = File::options().create(true).append(true).open(self.0.join("log")).unwrap();
        let mut command = self.command(&arguments);
        command.envs(environment.iter().copied());
        let child = command.stdout(Stdio::null()).stderr(log).spawn().unwrap();
        let mut server = Server { child, address, admin, place: self };
        wait_until("the server is ready", || {
            if let Ok(Some(status)) = server.child.try_wait() {
                panic!("{status}: {}", server.log());
            }
            server.admin_get("/readyz").is_some_and(|answer| answer.status == 200)
        });
        server
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
        let _ = std::fs::remove_dir_all(memory(&self.0));
    }
}

/// Where the journal of a place has its mirror.
fn memory(place: &Path) -> PathBuf {
    Path::new("/dev/shm").join(place.file_name().unwrap())
}

impl Server {
    pub fn log(&self) -> String {
        std::fs::read_to_string(self.place.0.join("log")).unwrap()
    }

    pub fn connect(&self) -> TcpStream {
        let stream = TcpStream::connect(self.address).unwrap();
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        stream
    }

    /// A signed request with these header lines and body.
    pub fn signed(&self, keys: &Keys, method: &str, headers: &str, body: &[u8]) -> Vec<u8> {
        let mut octets = self.signed_by(&keys.signer, method, "/echo", headers);
        octets.extend_from_slice(body);
        octets
    }

    /// A request with which an application makes a token for itself.
    pub fn token_request(&self, keys: &Keys) -> Vec<u8> {
        self.signed_by(&keys.app, "POST", "/v1/tokens", "Content-Length: 0\r\n")
    }

    fn signed_by(&self, signer: &Signer, method: &str, path: &str, headers: &str) -> Vec<u8> {
        let url = format!("http://{}{path}", self.address);
        let request = SignableRequest::new(method, &url).unwrap();
        let authorization = signer.authorize_at(&request, &Stamp::now().unwrap()).unwrap();
        format!(
            "{method} {path} HTTP/1.1\r\nHost: {}\r\nAuthorization: {}\r\n{headers}\r\n",
            self.address,
            authorization.as_str()
        )
        .into_bytes()
    }

    pub fn send(&self, octets: &[u8]) -> Answer {
        let mut stream = self.connect();
        stream.write_all(octets).unwrap();
        read_answer(&mut stream).unwrap()
    }

    /// `None` if it does not listen.
    pub fn admin_get(&self, path: &str) -> Option<Answer> {
        let mut stream = TcpStream::connect(self.admin).ok()?;
        stream.set_read_timeout(Some(PATIENCE)).ok()?;
        let request = format!("GET {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
        stream.write_all(request.as_bytes()).ok()?;
        let mut text = String::new();
        stream.read_to_string(&mut text).ok()?;
        Some(Answer { status: text.get(9..12)?.parse().ok()?, text })
    }

    pub fn signal(&self, name: &str) {
        let id = self.child.id().to_string();
        assert!(Command::new("kill").args([&format!("-{name}"), &id]).status().unwrap().success());
    }

    /// How the process ended.
    pub fn wait(&mut self) -> Option<i32> {
        let mut code = None;
        wait_until("the server ends", || match self.child.try_wait().unwrap() {
            Some(status) => {
                code = status.code();
                true
            }
            None => false,
        });
        code
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// One answer with its body; `None` if the connection ends before it.
pub fn read_answer(stream: &mut TcpStream) -> Option<Answer> {
    let mut octets = Vec::new();
    let mut octet = [0; 1];
    while !octets.ends_with(b"\r\n\r\n") {
        if stream.read(&mut octet).ok()? == 0 {
            return None;
        }
        octets.push(octet[0]);
    }
    let head = String::from_utf8(octets).unwrap();
    let length = head.to_ascii_lowercase().lines().find_map(|line| {
        line.strip_prefix("content-length:").map(|length| length.trim().parse::<usize>().unwrap())
    });
    let mut body = vec![0; length.unwrap_or(0)];
    stream.read_exact(&mut body).ok()?;
    let text = head.clone() + &String::from_utf8_lossy(&body);
    Some(Answer { status: head[9..12].parse().unwrap(), text })
}

/// Polls until it is so; a minute is as good as never.
pub fn wait_until(what: &str, mut done: impl FnMut() -> bool) {
    let start = Instant::now();
    while !done() {
        assert!(start.elapsed() < Duration::from_secs(60), "waited a minute until {what}");
        sleep(Duration::from_millis(5));
    }
}

/// An address that nobody listens on.
pub fn free() -> SocketAddr {
    torture::harness::server::free_address().unwrap()
}

const PATIENCE: Duration = Duration::from_secs(60);

/// The command lies beside the server, where both were built: `cargo test --workspace` does.
pub fn oauth1() -> Option<PathBuf> {
    let program = Path::new(env!("CARGO_BIN_EXE_oauth1-server")).with_file_name("oauth1");
    if program.is_file() {
        return Some(program);
    }
    assert_ne!(
        std::env::var("CI").as_deref(),
        Ok("true"),
        "oauth1 is missing: build oauth1-client"
    );
    let line = "SKIPPED: oauth1 is missing; cargo build -p oauth1-client";
    let _ = writeln!(std::io::stdout(), "{line}");
    None
}
