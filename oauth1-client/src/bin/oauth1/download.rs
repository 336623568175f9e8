//! `request --output`: the answer as a file, which is there whole or not at all.

use std::{
    fs::{self, File},
    io::{self, Write},
    path::{Path, PathBuf},
};

use crate::{failure::Failure, output::Output, progress::Progress};

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
        Ok(self.progress.octets())
    }
}

impl Drop for Download {
    fn drop(&mut self) {
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
