//! Faults in system calls of a running process, by `strace`.

use std::{
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};

use super::server::Server;

/// A tracer; dropped, it lets go.
#[derive(Debug)]
pub struct Tracer(Child);

/// Whether a program is there.
#[must_use]
pub fn has(program: &str) -> bool {
    let paths = std::env::var_os("PATH").unwrap_or_default();
    std::env::split_paths(&paths).any(|path| path.join(program).exists())
}

impl Tracer {
    /// Injects into these system calls of all threads, such as `writev,sendto` with `signal=KILL`.
    ///
    /// # Errors
    /// The system does not permit it.
    pub fn inject(server: &Server, calls: &str, fault: &str) -> Result<Self, String> {
        let id = server.child.id().to_string();
        Self::start(
            &[
                "-f",
                "-p",
                &id,
                "-e",
                &format!("trace={calls}"),
                "-e",
                &format!("inject={calls}:{fault}"),
            ],
            &id,
        )
    }

    /// Writes a line for each of these system calls, with the paths of its files, until it is
    /// stopped.
    ///
    /// # Errors
    /// The system does not permit it.
    pub fn list(server: &Server, calls: &str, to: &std::path::Path) -> Result<Self, String> {
        let id = server.child.id().to_string();
        let to = to.to_string_lossy();
        let calls = format!("trace={calls}");
        Self::start(&["-f", "-y", "-s", "0", "-p", &id, "-o", &to, "-e", &calls], &id)
    }

    fn start(arguments: &[&str], id: &str) -> Result<Self, String> {
        let mut command = Command::new("strace");
        command.args(arguments).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        let mut child = command.spawn().map_err(|error| format!("strace: {error}"))?;
        let start = Instant::now();
        // Every thread has a tracer once all of them are stopped and let go on.
        while !is_traced(id) {
            if let Ok(Some(status)) = child.try_wait() {
                return Err(format!("strace ended with {status}: it may not be permitted here"));
            }
            if start.elapsed() > Duration::from_secs(10) {
                return Err("strace did not attach within 10 s".to_owned());
            }
            std::thread::sleep(Duration::from_millis(5));
        }
        Ok(Self(child))
    }

    /// Lets go, and waits until what was counted is written.
    pub fn stop(mut self) {
        self.interrupt();
    }

    fn interrupt(&mut self) {
        let id = self.0.id().to_string();
        let _ = Command::new("kill").args(["-INT", &id]).status();
        let _ = self.0.wait();
    }
}

impl Drop for Tracer {
    fn drop(&mut self) {
        if let Ok(None) = self.0.try_wait() {
            self.interrupt();
        }
    }
}

/// Whether each thread of the process is traced.
fn is_traced(id: &str) -> bool {
    let Ok(threads) = std::fs::read_dir(format!("/proc/{id}/task")) else { return false };
    threads.flatten().all(|thread| {
        let status = std::fs::read_to_string(thread.path().join("status")).unwrap_or_default();
        !status.lines().any(|line| line == "TracerPid:\t0")
    })
}
