//! A server's process and directory.

use std::{
    fs, io,
    os::unix::fs::MetadataExt,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    sync::atomic::{AtomicU32, Ordering},
    thread,
    time::{Duration, Instant},
};

use super::ServiceError;

/// A process that is killed when this value is dropped, or when this process ends.
#[derive(Debug)]
pub(super) struct Process {
    child: Child,
    /// Waits for the end of this process, kills what it left, and removes the directory.
    watchdog: Child,
}

impl Process {
    pub(super) fn start(mut command: Command, directory: &Directory) -> io::Result<Self> {
        let child = command.stdin(Stdio::null()).spawn()?;
        let watchdog = Command::new("sh")
            .args(["-c", WATCH])
            .arg(child.id().to_string())
            .arg(directory.path())
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()?;
        Ok(Self { child, watchdog })
    }

    pub(super) fn id(&self) -> u32 {
        self.child.id()
    }

    pub(super) fn has_ended(&mut self) -> bool {
        !matches!(self.child.try_wait(), Ok(None))
    }

    /// Waits for it to end.
    pub(super) fn wait(&mut self, at_most: Duration) -> Result<(), ServiceError> {
        wait_for("the process to end", at_most, || self.has_ended())
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // The watchdog first: the number may be another process's once the child was waited for.
        let _ = self.watchdog.kill();
        let _ = self.watchdog.wait();
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Sends a signal to processes.
pub(super) fn signal(name: &str, processes: &[u32]) -> io::Result<()> {
    let ids = processes.iter().map(u32::to_string);
    let script = format!("kill -{name} \"$@\"");
    let mut kill = Command::new("sh");
    kill.args(["-c", &script, "kill"]).args(ids).stderr(Stdio::null());
    let status = kill.status()?;
    if status.success() { Ok(()) } else { Err(io::Error::other("the process has ended")) }
}

/// Polls until it is so.
pub(super) fn wait_for(
    what: &str,
    at_most: Duration,
    mut ready: impl FnMut() -> bool,
) -> Result<(), ServiceError> {
    let end = Instant::now() + at_most;
    while !ready() {
        if Instant::now() > end {
            return Err(ServiceError::Failed(format!("waited {at_most:?} for {what}")));
        }
        thread::sleep(Duration::from_millis(5));
    }
    Ok(())
}

/// A directory that is removed when this value is dropped.
#[derive(Debug)]
pub(super) struct Directory(PathBuf);

impl Directory {
    pub(super) fn new(kind: &str) -> io::Result<Self> {
        static NEXT: AtomicU32 = AtomicU32::new(0);
        let id = NEXT.fetch_add(1, Ordering::Relaxed);
        let name = format!("torture-{kind}-{}-{id}", std::process::id());
        let path = std::env::temp_dir().join(name);
        fs::create_dir(&path)?;
        Ok(Self(path))
    }

    pub(super) fn path(&self) -> &Path {
        &self.0
    }
}

impl Drop for Directory {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

/// Whether this process may do everything, which PostgreSQL does not like.
pub(super) fn is_root() -> bool {
    fs::metadata("/proc/self").is_ok_and(|me| me.uid() == 0)
}

const WATCH: &str = r#"trap "" INT TERM; read -r _; kill -QUIT "$0" 2>/dev/null
for _ in 1 2 3 4 5 6 7 8 9 10; do kill -0 "$0" 2>/dev/null || break; sleep 0.1; done
kill -KILL "$0" 2>/dev/null; rm -rf "$1""#;
