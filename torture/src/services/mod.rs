//! Real servers for tests: Redis and PostgreSQL on free ports and in directories of their own, and
//! a proxy that stands between them.
//!
//! Each server ends with the value that stands for it, and with this process, however that ends.

mod postgres;
mod process;
mod proxy;
mod redis;

use std::{
    fmt,
    io::{self, Write},
    path::PathBuf,
};

pub use postgres::Postgres;
pub use proxy::Proxy;
pub use redis::{Monitor, Redis, RedisCluster, Sentinel};

/// Why a server does not run.
#[derive(Debug)]
pub enum ServiceError {
    /// The program is not installed.
    Missing(&'static str),
    /// It does not start, or does not do what it was told.
    Failed(String),
}

impl ServiceError {
    /// Skips a test whose program is missing: prints a line that says so. Everything else is a
    /// failure, and so is a missing program where `CI` is `true`.
    ///
    /// # Panics
    /// With the reason, when the test must not be skipped.
    pub fn skip(self) {
        match self {
            Self::Missing(program) if std::env::var("CI").as_deref() != Ok("true") => {
                // Not by println!, which the harness of tests keeps to itself.
                let _ = writeln!(std::io::stdout(), "SKIPPED: {program} is not installed");
            }
            error => panic!("{error}"),
        }
    }
}

impl fmt::Display for ServiceError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Missing(program) => write!(f, "{program} is not installed: install it"),
            Self::Failed(reason) => f.write_str(reason),
        }
    }
}

impl std::error::Error for ServiceError {}

impl From<io::Error> for ServiceError {
    fn from(error: io::Error) -> Self {
        Self::Failed(error.to_string())
    }
}

/// The program of this name in `PATH` or in one of these directories.
fn program(name: &'static str, also: &[PathBuf]) -> Result<PathBuf, ServiceError> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    std::env::split_paths(&path)
        .chain(also.iter().cloned())
        .map(|directory| directory.join(name))
        .find(|program| program.is_file())
        .ok_or(ServiceError::Missing(name))
}

/// A port of this machine that nobody listens on.
fn free_port() -> io::Result<u16> {
    // Below the range of outgoing connections, which would take the port while its server restarts.
    use std::sync::atomic::{AtomicU16, Ordering};
    static NEXT: AtomicU16 = AtomicU16::new(0);
    let base = (std::process::id() % 1_000) as u16 * 11;
    for _ in 0..4_000 {
        // The bus of a Redis cluster is 10 000 ports up, and must be below that range as well.
        let port = 20_000 + (base + NEXT.fetch_add(1, Ordering::Relaxed)) % 2_700;
        if std::net::TcpListener::bind(("127.0.0.1", port)).is_ok() {
            return Ok(port);
        }
    }
    Err(io::Error::other("no port is free"))
}
