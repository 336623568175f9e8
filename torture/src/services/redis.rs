//! redis-server.

use std::{
    fs::{self, File},
    net::SocketAddr,
    path::Path,
    process::{Child, Command, Stdio},
    time::Duration,
};

use super::{
    ServiceError, free_port,
    process::{Directory, Process, signal, wait_for},
    program,
};

/// A redis-server on a free port, which writes nothing to disk unless it is told to.
#[derive(Debug)]
pub struct Redis {
    port: u16,
    options: Vec<String>,
    directory: Directory,
    process: Option<Process>,
}

impl Redis {
    /// Starts one, with more options of its command line.
    ///
    /// # Errors
    /// [`ServiceError`] says why it does not run.
    pub fn start(options: &[&str]) -> Result<Self, ServiceError> {
        let mut this = Self {
            port: free_port()?,
            options: options.iter().map(ToString::to_string).collect(),
            directory: Directory::new("redis")?,
            process: None,
        };
        // Another process may be faster to take the port, or that of a cluster's bus.
        for _ in 0..3 {
            if this.resume().is_ok() {
                return Ok(this);
            }
            this.port = free_port()?;
        }
        this.resume()?;
        Ok(this)
    }

    /// Starts a replica of the server at this address, which may be a proxy.
    ///
    /// # Errors
    /// [`ServiceError`] says why it does not run.
    pub fn start_replica_of(primary: SocketAddr) -> Result<Self, ServiceError> {
        let (host, port) = (primary.ip().to_string(), primary.port().to_string());
        let this = Self::start(&["--replicaof", &host, &port])?;
        wait_for("the replica", WAIT, || {
            this.command(&["INFO", "replication"])
                .is_ok_and(|info| info.contains("master_link_status:up"))
        })?;
        Ok(this)
    }

    /// Where it listens.
    #[must_use]
    pub const fn address(&self) -> SocketAddr {
        SocketAddr::new(std::net::IpAddr::V4(std::net::Ipv4Addr::LOCALHOST), self.port)
    }

    /// Its URL.
    #[must_use]
    pub fn url(&self) -> String {
        format!("redis://{}/", self.address())
    }

    /// Starts it again on the same port after [`kill`](Self::kill), with what it has on disk.
    ///
    /// # Errors
    /// [`ServiceError`] says why it does not run.
    pub fn resume(&mut self) -> Result<(), ServiceError> {
        let mut command = Command::new(program("redis-server", &[])?);
        command
            .args(["--port", &self.port.to_string(), "--bind", "127.0.0.1"])
            .args(["--dir"])
            .arg(self.directory.path())
            .args(["--save", "", "--appendonly", "no"])
            // A replica gets its copy at once, not after five seconds.
            .args(["--repl-diskless-sync-delay", "0"])
            .args(&self.options)
            .stdout(Stdio::null())
            .stderr(Stdio::null());
        let mut process = Process::start(command, &self.directory)?;
        wait_for("redis-server", WAIT, || {
            process.has_ended()
                || self.command(&["PING"]).is_ok_and(|answer| answer.trim() == "PONG")
        })?;
        if process.has_ended() {
            return Err(ServiceError::Failed("redis-server does not start".into()));
        }
        self.process = Some(process);
        Ok(())
    }

    /// Kills it with SIGKILL.
    pub fn kill(&mut self) {
        self.process = None;
    }

    /// Stops it with SIGSTOP, so that it is there and does not answer.
    ///
    /// # Errors
    /// If it does not run.
    pub fn freeze(&self) -> Result<(), ServiceError> {
        self.signal("STOP")
    }

    /// Lets it go on.
    ///
    /// # Errors
    /// If it does not run.
    pub fn thaw(&self) -> Result<(), ServiceError> {
        self.signal("CONT")
    }

    fn signal(&self, name: &str) -> Result<(), ServiceError> {
        let process = self.process.as_ref();
        let id = process.map(Process::id).ok_or(ServiceError::Failed("it was killed".into()))?;
        Ok(signal(name, &[id])?)
    }

    /// Where it keeps its files.
    #[must_use]
    pub fn directory(&self) -> &Path {
        self.directory.path()
    }

    /// Writes every command that it runs to a file, until the value is dropped.
    ///
    /// # Errors
    /// If it does not run.
    pub fn monitor(&self, to: &Path) -> Result<Monitor, ServiceError> {
        let mut command = Command::new(program("redis-cli", &[])?);
        command.args(["-p", &self.port.to_string(), "MONITOR"]);
        command.stdin(Stdio::null()).stdout(File::create(to)?).stderr(Stdio::null());
        let monitor = Monitor(command.spawn()?);
        wait_for("MONITOR", WAIT, || {
            fs::read_to_string(to).is_ok_and(|text| text.starts_with("OK"))
        })?;
        Ok(monitor)
    }

    /// Runs a command in it, and gives the answer as `redis-cli` prints it.
    ///
    /// # Errors
    /// If there is no answer, or it is an error.
    pub fn command(&self, arguments: &[&str]) -> Result<String, ServiceError> {
        command(self.port, arguments)
    }
}

/// Follows what a Redis is told.
#[derive(Debug)]
pub struct Monitor(Child);

impl Drop for Monitor {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// Sentinels that watch one primary by the name `nonces`.
#[derive(Debug)]
pub struct Sentinel {
    port: u16,
    _directory: Directory,
    _process: Process,
}

impl Sentinel {
    /// Starts one, which decides alone.
    ///
    /// # Errors
    /// [`ServiceError`] says why it does not run.
    pub fn start(primary: &Redis) -> Result<Self, ServiceError> {
        let directory = Directory::new("sentinel")?;
        let port = free_port()?;
        let file = directory.path().join("sentinel.conf");
        let watched = primary.port;
        fs::write(
            &file,
            format!(
                "port {port}\nbind 127.0.0.1\nsentinel monitor nonces 127.0.0.1 {watched} 1\n\
                 sentinel down-after-milliseconds nonces 300\nsentinel failover-timeout nonces 2000\n"
            ),
        )?;
        let mut server = Command::new(program("redis-server", &[])?);
        server.arg(&file).arg("--sentinel").stdout(Stdio::null()).stderr(Stdio::null());
        let process = Process::start(server, &directory)?;
        wait_for("the sentinel", WAIT, || {
            command(port, &["PING"]).is_ok_and(|answer| answer.trim() == "PONG")
        })?;
        Ok(Self { port, _directory: directory, _process: process })
    }

    /// Where it listens.
    #[must_use]
    pub fn address(&self) -> String {
        format!("127.0.0.1:{}", self.port)
    }

    /// Waits until it knows a replica, which it can promote.
    ///
    /// # Errors
    /// If it finds none.
    pub fn wait_for_replica(&self) -> Result<(), ServiceError> {
        wait_for("the sentinel to find the replica", Duration::from_secs(30), || {
            command(self.port, &["SENTINEL", "replicas", "nonces"])
                .is_ok_and(|answer| answer.contains("slave") && !answer.contains("s_down"))
        })
    }
}

/// A Redis Cluster of three primaries.
#[derive(Debug)]
pub struct RedisCluster {
    nodes: Vec<Redis>,
}

impl RedisCluster {
    /// Starts one.
    ///
    /// # Errors
    /// [`ServiceError`] says why it does not run.
    pub fn start() -> Result<Self, ServiceError> {
        let options = ["--cluster-enabled", "yes", "--cluster-node-timeout", "1000"];
        let nodes =
            (0..3).map(|_| Redis::start(&options)).collect::<Result<Vec<_>, ServiceError>>()?;
        let mut create = vec!["--cluster".to_owned(), "create".to_owned()];
        create.extend(nodes.iter().map(|node| node.address().to_string()));
        create.extend(["--cluster-yes".to_owned()]);
        let create: Vec<_> = create.iter().map(String::as_str).collect();
        command(nodes[0].port, &create)?;
        wait_for("the cluster", Duration::from_secs(30), || {
            nodes.iter().all(|node| {
                node.command(&["CLUSTER", "INFO"])
                    .is_ok_and(|info| info.contains("cluster_state:ok"))
            })
        })?;
        Ok(Self { nodes })
    }

    /// The primaries.
    pub fn nodes(&mut self) -> &mut [Redis] {
        &mut self.nodes
    }
}

fn command(port: u16, arguments: &[&str]) -> Result<String, ServiceError> {
    let output = Command::new(program("redis-cli", &[])?)
        .args(["-p", &port.to_string(), "-e"])
        .args(arguments)
        .stdin(Stdio::null())
        .output()?;
    let answer = String::from_utf8_lossy(&output.stdout).into_owned();
    if output.status.success() {
        return Ok(answer);
    }
    let error = String::from_utf8_lossy(&output.stderr);
    Err(ServiceError::Failed(format!("redis-cli: {answer}{error}")))
}

const WAIT: Duration = Duration::from_secs(20);
