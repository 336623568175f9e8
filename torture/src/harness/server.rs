//! `oauth1-server` as a process of its own, in a directory of its own.

use std::{
    ffi::OsString,
    fs::{self, File},
    io,
    net::{SocketAddr, TcpListener},
    path::{Path, PathBuf},
    process::{Child, Command, ExitStatus, Stdio},
    sync::atomic::{AtomicU32, Ordering},
    time::{Duration, Instant},
};

use oauth1_core::{ClientCredentials, TokenCredentials};
use tokio::time::sleep;

use super::{
    client,
    forge::{HOST, Keys},
};

/// Where servers put their data, and how they are started.
#[derive(Debug)]
pub struct Site {
    /// The program.
    pub program: PathBuf,
    /// The data directory, removed with the site.
    pub data: PathBuf,
    root: PathBuf,
    /// In memory, for the mirror of the journal; it outlives the servers as it would at home.
    memory: PathBuf,
    settings: Vec<String>,
    wrapper: Vec<OsString>,
}

/// One running server.
#[derive(Debug)]
pub struct Server {
    /// The public listener.
    pub address: SocketAddr,
    /// The admin listener.
    pub admin: SocketAddr,
    /// The process, or that of its wrapper.
    pub child: Child,
    log: PathBuf,
}

impl Site {
    /// An empty directory for servers of this program.
    ///
    /// # Errors
    /// What the system says.
    pub fn new(program: &Path) -> io::Result<Self> {
        static COUNT: std::sync::atomic::AtomicU32 = std::sync::atomic::AtomicU32::new(0);
        let count = COUNT.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
        let root = std::env::temp_dir().join(format!("torture-{}-{count}", std::process::id()));
        fs::create_dir_all(&root)?;
        let memory = Path::new("/dev/shm").join(root.file_name().unwrap_or_default());
        fs::create_dir_all(&memory)?;
        Ok(Self {
            program: program.to_owned(),
            data: root.join("data"),
            root,
            memory,
            settings: Vec::new(),
            wrapper: Vec::new(),
        })
    }

    /// A site for a second node, with the same settings and a copy of the data directory as it is.
    ///
    /// # Errors
    /// What the system says.
    pub fn twin(&self) -> io::Result<Self> {
        let mut twin = Self::new(&self.program)?;
        twin.settings.clone_from(&self.settings);
        fs::create_dir_all(&twin.data)?;
        for file in fs::read_dir(&self.data)? {
            let file = file?;
            // With its permissions.
            fs::copy(file.path(), twin.data.join(file.file_name()))?;
        }
        Ok(twin)
    }

    /// The directory around the data directory.
    #[must_use]
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// The directory in memory.
    #[must_use]
    pub fn memory(&self) -> &Path {
        &self.memory
    }

    /// A setting for every server started from now on, `name=value`.
    #[must_use]
    pub fn with(mut self, setting: &str) -> Self {
        self.settings.push(setting.to_owned());
        self
    }

    /// Changes the settings of every server started from now on.
    pub const fn settings(&mut self) -> &mut Vec<String> {
        &mut self.settings
    }

    /// A program that starts the server, such as `strace` with its arguments.
    pub fn wrap<S: Into<OsString>>(&mut self, wrapper: impl IntoIterator<Item = S>) {
        self.wrapper = wrapper.into_iter().map(Into::into).collect();
    }

    /// Makes the four values on the command line.
    ///
    /// # Errors
    /// What the command says.
    pub fn create_keys(&self, name: &str) -> Result<Keys, String> {
        let mut command = self.command("keys");
        command.args(["create", "--name", name, "--json"]);
        let output = command.output().map_err(|error| error.to_string())?;
        if !output.status.success() {
            return Err(String::from_utf8_lossy(&output.stderr).into_owned());
        }
        let values: serde_json::Value =
            serde_json::from_slice(&output.stdout).map_err(|error| error.to_string())?;
        let text = |name: &str| {
            values[name].as_str().map(str::to_owned).ok_or(format!("keys create gave no {name}"))
        };
        Ok(Keys {
            client: ClientCredentials::new(text("app_key")?, text("app_secret")?),
            token: TokenCredentials::new(text("access_token")?, text("token_secret")?),
        })
    }

    /// A command of the program with this site's settings.
    #[must_use]
    pub fn command(&self, name: &str) -> Command {
        let mut words = self.wrapper.clone();
        if name != "serve" {
            words.clear();
        }
        words.push(self.program.clone().into_os_string());
        words.push(name.into());
        let mut command = Command::new(&words[0]);
        command.args(&words[1..]).stdin(Stdio::null());
        // The arguments stand after those of a subcommand as well.
        command.env("OAUTH1_SERVER__SERVER__DATA_DIR", &self.data);
        command.env("OAUTH1_SERVER__SERVER__ORIGIN", format!("http://{HOST}"));
        command.env("OAUTH1_SERVER__NONCES__MIRROR", &self.memory);
        for setting in &self.settings {
            let (name, value) = setting.split_once('=').unwrap_or((setting, ""));
            let name = name.to_ascii_uppercase().replace('.', "__");
            command.env(format!("OAUTH1_SERVER__{name}"), value);
        }
        command
    }

    /// Starts a server on free ports and waits until it is ready.
    ///
    /// # Errors
    /// What it said when it did not become ready.
    pub async fn start(&self) -> Result<Server, String> {
        let server = self.launch(free_address()?, free_address()?)?;
        server.ready(Duration::from_secs(30)).await
    }

    /// Starts a server where another one was, and waits until it is ready.
    ///
    /// # Errors
    /// What it said when it did not become ready.
    pub async fn restart(&self, before: &Server) -> Result<Server, String> {
        self.launch(before.address, before.admin)?.ready(Duration::from_secs(30)).await
    }

    /// Starts a server and does not wait.
    ///
    /// # Errors
    /// What the system says.
    pub fn launch(&self, address: SocketAddr, admin: SocketAddr) -> Result<Server, String> {
        let log = self.root.join(format!("log-{}", address.port()));
        let file = File::options().create(true).append(true).open(&log);
        let file = file.map_err(|error| error.to_string())?;
        let mut command = self.command("serve");
        command
            .args(["--listen", &address.to_string(), "--admin-listen", &admin.to_string()])
            .stdout(file.try_clone().map_err(|error| error.to_string())?)
            .stderr(file);
        let child = command.spawn().map_err(|error| format!("{command:?}: {error}"))?;
        Ok(Server { address, admin, child, log })
    }
}

impl Drop for Site {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.root);
        let _ = fs::remove_dir_all(&self.memory);
    }
}

impl Server {
    /// Waits until `/readyz` says so.
    ///
    /// # Errors
    /// It ended, or took too long; with the end of its log.
    pub async fn ready(mut self, patience: Duration) -> Result<Self, String> {
        let start = Instant::now();
        loop {
            if let Ok(answer) = client::get(self.admin, "/readyz").await
                && answer.status == 200
            {
                return Ok(self);
            }
            if let Ok(Some(status)) = self.child.try_wait() {
                return Err(format!("the server ended with {status}: {}", self.log()));
            }
            if start.elapsed() > patience {
                return Err(format!("not ready after {patience:?}: {}", self.log()));
            }
            sleep(Duration::from_millis(5)).await;
        }
    }

    /// `kill -9`.
    pub fn kill(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }

    /// Sends a signal by name.
    ///
    /// # Errors
    /// What the system says.
    pub fn signal(&self, name: &str) -> io::Result<()> {
        let id = self.child.id().to_string();
        let status = Command::new("kill").args([&format!("-{name}"), &id]).status()?;
        if status.success() { Ok(()) } else { Err(io::Error::other("no such process")) }
    }

    /// SIGTERM, and the wait for the end.
    ///
    /// # Errors
    /// It did not end in time.
    pub async fn stop(&mut self, patience: Duration) -> Result<ExitStatus, String> {
        self.signal("TERM").map_err(|error| error.to_string())?;
        let start = Instant::now();
        loop {
            match self.child.try_wait() {
                Ok(Some(status)) => return Ok(status),
                _ if start.elapsed() > patience => {
                    return Err(format!("still there {patience:?} after SIGTERM"));
                }
                _ => sleep(Duration::from_millis(5)).await,
            }
        }
    }

    /// Everything that it said.
    #[must_use]
    pub fn log(&self) -> String {
        fs::read_to_string(&self.log).unwrap_or_default()
    }

    /// The value of a metric, summed over its labels.
    ///
    /// # Errors
    /// The metrics could not be read.
    pub async fn metric(&self, name: &str) -> Result<f64, String> {
        let answer = client::get(self.admin, "/metrics").await.map_err(|e| e.to_string())?;
        let text = String::from_utf8_lossy(&answer.body).into_owned();
        Ok(text
            .lines()
            .filter(|line| line.strip_prefix(name).is_some_and(|rest| rest.starts_with([' ', '{'])))
            .filter_map(|line| line.rsplit(' ').next()?.parse::<f64>().ok())
            .sum())
    }

    /// Resident memory in octets.
    ///
    /// # Errors
    /// The system does not tell.
    pub fn resident(&self) -> io::Result<u64> {
        let status = fs::read_to_string(format!("/proc/{}/status", self.child.id()))?;
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
        let kib = line.and_then(|line| line.split_whitespace().next()?.parse::<u64>().ok());
        kib.map(|kib| kib * 1024).ok_or_else(|| io::Error::other("no VmRSS"))
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.kill();
    }
}

/// An address that nobody listens on, and that the system gives to nobody who asks for any: it is
/// below what it takes for connections, and each is given out here once.
///
/// # Errors
/// All are in use.
pub fn free_address() -> Result<SocketAddr, String> {
    static NEXT: AtomicU32 = AtomicU32::new(0);
    for _ in 0..PORTS {
        let number =
            NEXT.fetch_add(1, Ordering::Relaxed).wrapping_add(std::process::id().wrapping_mul(97));
        let port = FIRST_PORT + u16::try_from(number % PORTS).unwrap_or(0);
        let address = SocketAddr::from(([127, 0, 0, 1], port));
        if TcpListener::bind(address).is_ok() {
            return Ok(address);
        }
    }
    Err(format!("no port from {FIRST_PORT} on is free"))
}

const FIRST_PORT: u16 = 12_000;
const PORTS: u32 = 20_000;
