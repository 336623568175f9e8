//! `request --output`: the answer as a file, which is there whole or not at all.

use std::{
    fs::{self, File},
    io::{self, IsTerminal, Write},
    path::{Path, PathBuf},
    time::{Duration, Instant},
};

use crate::{failure::Failure, output::Output};

/// A file that takes its name when it is complete.
pub(crate) struct Download {
    file: File,
    partial: PathBuf,
    path: PathBuf,
    progress: Progress,
}

impl Download {
    /// Begins a file; `length` is what the server says, if it does.
    pub(crate) fn to(path: &str, length: Option<u64>, output: Output) -> Result<Self, Failure> {
        let path = PathBuf::from(path);
        let unusable = || Failure::usage("--output names no file", "give the path of a file");
        let name = path.file_name().ok_or_else(unusable)?.to_string_lossy().into_owned();
        let partial = path.with_file_name(format!(".{name}.{}.part", std::process::id()));
        let file = File::create_new(&partial).map_err(|error| unwritten(&error))?;
        Ok(Self { file, partial, path, progress: Progress::new(length, output) })
    }

    pub(crate) fn write(&mut self, octets: &[u8]) -> Result<(), Failure> {
        self.file.write_all(octets).map_err(|error| unwritten(&error))?;
        self.progress.advance(octets.len());
        Ok(())
    }

    /// Gives the file its name; what had it before is replaced.
    pub(crate) fn finish(mut self) -> Result<u64, Failure> {
        self.progress.clear();
        let finished = self.file.sync_all().and_then(|()| fs::rename(&self.partial, &self.path));
        finished.map_err(|error| unwritten(&error))?;
        Ok(self.progress.octets)
    }
}

impl Drop for Download {
    fn drop(&mut self) {
        self.progress.clear();
        // After a rename there is nothing of this name.
        let _ = fs::remove_file(Path::new(&self.partial));
    }
}

fn unwritten(error: &io::Error) -> Failure {
    Failure::other(
        format!("the file of --output cannot be written: {}", error.kind()),
        "check its path, who may write there, and the space left",
    )
}

/// How far it is, on a terminal, if it takes a while.
struct Progress {
    octets: u64,
    length: Option<u64>,
    output: Output,
    on: bool,
    shown: bool,
    next: Instant,
}

impl Progress {
    fn new(length: Option<u64>, output: Output) -> Self {
        let on = io::stderr().is_terminal();
        Self { octets: 0, length, output, on, shown: false, next: Instant::now() + PATIENCE }
    }

    fn advance(&mut self, octets: usize) {
        self.octets += octets as u64;
        let now = Instant::now();
        if self.on && now >= self.next {
            self.next = now + STEP;
            self.shown = true;
            self.output.ask(&format!("\r\u{1b}[K{}", so_far(self.octets, self.length)));
        }
    }

    fn clear(&mut self) {
        if std::mem::take(&mut self.shown) {
            self.output.ask("\r\u{1b}[K");
        }
    }
}

fn so_far(octets: u64, length: Option<u64>) -> String {
    let mib = |octets: u64| format!("{}.{} MiB", octets >> 20, ((octets & 0xF_FFFF) * 10) >> 20);
    match length.filter(|length| *length > 0) {
        Some(length) => {
            let percent = octets.saturating_mul(100) / length;
            format!("{} of {}, {percent} %", mib(octets), mib(length))
        }
        None => mib(octets),
    }
}

const PATIENCE: Duration = Duration::from_millis(300);
const STEP: Duration = Duration::from_millis(100);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn progress_in_words() {
        assert_eq!(so_far(1 << 19, None), "0.5 MiB");
        assert_eq!(so_far(3 << 20, Some(4 << 20)), "3.0 MiB of 4.0 MiB, 75 %");
        assert_eq!(so_far(7, Some(0)), "0.0 MiB");
    }
}
