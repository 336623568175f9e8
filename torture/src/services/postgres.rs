//! PostgreSQL.

use std::{
    ffi::OsStr,
    fs,
    net::SocketAddr,
    path::{Path, PathBuf},
    process::{Command, Stdio},
    time::Duration,
};

use super::{
    ServiceError, free_port,
    process::{Directory, Process, is_root, signal, wait_for},
    program,
};

/// A PostgreSQL server on a free port, with a cluster of its own.
#[derive(Debug)]
pub struct Postgres {
    port: u16,
    options: Vec<String>,
    directory: Directory,
    process: Option<Process>,
}

impl Postgres {
    /// Starts one that does not sync, which makes it quick: what it loses is the machine's power,
    /// and not its own end.
    ///
    /// # Errors
    /// [`ServiceError`] says why it does not run.
    pub fn start() -> Result<Self, ServiceError> {
        Self::start_with(&["fsync=off", "full_page_writes=off"])
    }

    /// Starts one with these settings.
    ///
    /// # Errors
    /// [`ServiceError`] says why it does not run.
    pub fn start_with(settings: &[&str]) -> Result<Self, ServiceError> {
        let mut this = Self::prepared(settings)?;
        let data = this.data();
        let mut initdb = command("initdb")?;
        initdb.args(["-N", "-A", "trust", "-U", "postgres", "-E", "UTF8", "--locale=C", "-D"]);
        run(initdb.arg(&data))?;
        this.resume()?;
        Ok(this)
    }

    /// Starts a standby that follows this server through an address, which may be a proxy.
    ///
    /// # Errors
    /// [`ServiceError`] says why it does not run.
    pub fn start_standby(&self, through: SocketAddr) -> Result<Self, ServiceError> {
        let mut standby = Self::prepared(&["fsync=off"])?;
        let mut copy = command("pg_basebackup")?;
        copy.args(["-h", "127.0.0.1", "-U", "postgres", "-c", "fast", "-N", "-R", "-X", "stream"])
            .args(["-p", &through.port().to_string(), "-D"])
            .arg(standby.data());
        run(&mut copy)?;
        standby.resume()?;
        Ok(standby)
    }

    fn prepared(settings: &[&str]) -> Result<Self, ServiceError> {
        command("initdb")?;
        let directory = Directory::new("postgres")?;
        if is_root() {
            let (user, group) = (Some(NOBODY), Some(NOBODY));
            std::os::unix::fs::chown(directory.path(), user, group)?;
        }
        let settings = settings.iter().map(|setting| format!("-c{setting}"));
        Ok(Self { port: free_port()?, options: settings.collect(), directory, process: None })
    }

    fn data(&self) -> PathBuf {
        self.directory.path().join("data")
    }

    /// Where it listens.
    #[must_use]
    pub const fn address(&self) -> SocketAddr {
        SocketAddr::new(std::net::IpAddr::V4(std::net::Ipv4Addr::LOCALHOST), self.port)
    }

    /// The URL of its database.
    #[must_use]
    pub fn url(&self) -> String {
        format!("postgres://postgres@{}/postgres", self.address())
    }

    /// Starts it again on the same port after it was stopped.
    ///
    /// # Errors
    /// [`ServiceError`] says why it does not run.
    pub fn resume(&mut self) -> Result<(), ServiceError> {
        let sockets = self.directory.path().to_string_lossy().into_owned();
        let log = fs::File::create(self.directory.path().join("log"))?;
        let mut server = command("postgres")?;
        server
            .args(["-p", &self.port.to_string(), "-k", &sockets, "-h", "127.0.0.1"])
            // What it shares goes with its directory, even if it is killed.
            .args(["-c", "dynamic_shared_memory_type=mmap"])
            .args(["-N", "100", "-B", "32MB", "-D"])
            .arg(self.data())
            .args(&self.options)
            .stdout(Stdio::null())
            .stderr(log);
        let status = self.data().join("postmaster.pid");
        // One that was killed has left its own.
        let _ = fs::remove_file(&status);
        let mut process = Process::start(server, &self.directory)?;
        wait_for("postgres", WAIT, || {
            let ready = fs::read_to_string(&status)
                .is_ok_and(|s| s.lines().nth(7).is_some_and(|s| s.trim() == "ready"));
            process.has_ended() || ready
        })?;
        if process.has_ended() {
            let log = fs::read_to_string(self.directory.path().join("log")).unwrap_or_default();
            return Err(ServiceError::Failed(format!("postgres does not start: {log}")));
        }
        self.process = Some(process);
        Ok(())
    }

    /// Stops it at once, as `pg_ctl stop -m immediate` does: it recovers at the next start.
    ///
    /// # Errors
    /// If it does not run, or does not end.
    pub fn stop_immediately(&mut self) -> Result<(), ServiceError> {
        let mut process = self.process.take().ok_or_else(stopped)?;
        signal("QUIT", &[process.id()])?;
        process.wait(WAIT)
    }

    /// Kills it and everything of it with SIGKILL.
    ///
    /// # Errors
    /// If it does not run.
    pub fn kill(&mut self) -> Result<(), ServiceError> {
        self.freeze()?;
        let processes = self.processes()?;
        signal_all("KILL", &processes);
        self.process = None;
        // Their memory is shared: the next one waits until all are gone.
        wait_for("the processes to end", WAIT, || {
            processes.iter().all(|id| !PathBuf::from(format!("/proc/{id}")).exists())
        })
    }

    /// Stops all of it with SIGSTOP, so that it is there and does not answer.
    ///
    /// # Errors
    /// If it does not run.
    pub fn freeze(&self) -> Result<(), ServiceError> {
        // The one that makes the others first.
        signal("STOP", &[self.process.as_ref().ok_or_else(stopped)?.id()])?;
        signal_all("STOP", &self.processes()?);
        Ok(())
    }

    /// Lets it go on.
    ///
    /// # Errors
    /// If it does not run.
    pub fn thaw(&self) -> Result<(), ServiceError> {
        signal_all("CONT", &self.processes()?);
        Ok(())
    }

    /// Makes a standby a primary.
    ///
    /// # Errors
    /// If it is not promoted.
    pub fn promote(&self) -> Result<(), ServiceError> {
        self.query("SELECT pg_promote(true, 20)").map(drop)
    }

    /// Everything that is in it, as SQL.
    ///
    /// # Errors
    /// With the error of `pg_dump`.
    pub fn dump(&self) -> Result<String, ServiceError> {
        run(command("pg_dump")?.arg(self.url()))
    }

    /// Where it keeps its files.
    #[must_use]
    pub fn directory(&self) -> &Path {
        self.directory.path()
    }

    /// Runs SQL in it, and gives what `psql` prints of the rows.
    ///
    /// # Errors
    /// With the error of the server.
    pub fn query(&self, sql: &str) -> Result<String, ServiceError> {
        let mut psql = command("psql")?;
        psql.args(["-X", "-A", "-t", "-q", "-v", "ON_ERROR_STOP=1", "-c", sql]).arg(self.url());
        run(&mut psql)
    }

    /// The server and its children.
    fn processes(&self) -> Result<Vec<u32>, ServiceError> {
        let parent = self.process.as_ref().ok_or_else(stopped)?.id();
        let mut all = vec![parent];
        for entry in fs::read_dir("/proc")?.flatten() {
            let Some(id) = entry.file_name().to_str().and_then(|name| name.parse().ok()) else {
                continue;
            };
            let stat = fs::read_to_string(entry.path().join("stat")).unwrap_or_default();
            // After the name, which may hold anything: the state and the parent.
            let rest = stat.rsplit_once(") ").map_or("", |(_, rest)| rest);
            if rest.split(' ').nth(1).and_then(|id| id.parse().ok()) == Some(parent) {
                all.push(id);
            }
        }
        Ok(all)
    }
}

impl Drop for Postgres {
    fn drop(&mut self) {
        // What is stopped does not see that its parent is gone.
        let _ = self.thaw();
        // Killed, it would leave shared memory behind.
        let _ = self.stop_immediately();
    }
}

/// Sends a signal to each process that is still there.
fn signal_all(name: &str, processes: &[u32]) {
    for process in processes {
        let _ = signal(name, &[*process]);
    }
}

fn stopped() -> ServiceError {
    ServiceError::Failed("it was stopped".into())
}

/// A program of PostgreSQL, as a user that it runs for.
fn command(name: &'static str) -> Result<Command, ServiceError> {
    let versions = fs::read_dir("/usr/lib/postgresql").into_iter().flatten().flatten();
    let mut installed: Vec<_> = versions.map(|version| version.path().join("bin")).collect();
    installed.sort();
    installed.reverse();
    let program = program(name, &installed)?;
    if !is_root() {
        return Ok(Command::new(program));
    }
    let id = NOBODY.to_string();
    let mut command = Command::new(super::program("setpriv", &[])?);
    command.args(["--reuid", &id, "--regid", &id, "--clear-groups", "--"]).arg(program);
    command.env("HOME", "/").current_dir("/");
    Ok(command)
}

fn run(command: &mut Command) -> Result<String, ServiceError> {
    let output = command.stdin(Stdio::null()).output()?;
    if output.status.success() {
        return Ok(String::from_utf8_lossy(&output.stdout).into_owned());
    }
    let name = command.get_args().last().unwrap_or(OsStr::new("")).to_string_lossy().into_owned();
    let error = String::from_utf8_lossy(&output.stderr);
    Err(ServiceError::Failed(format!("{name}: {error}")))
}

const WAIT: Duration = Duration::from_secs(30);
/// A user that owns nothing.
const NOBODY: u32 = 65_534;
