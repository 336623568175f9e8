//! What the tests share: the command, scratch folders, and programs that may be missing.

#![allow(dead_code, unreachable_pub, clippy::explicit_write, clippy::unwrap_used)]

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

/// The command under test.
pub const COMMAND: &str = env!("CARGO_BIN_EXE_oauth1-conformance");

/// The folder of this package.
pub fn package() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// Runs the command in a folder that has nothing to do with the package.
pub fn conformance(arguments: &[&str]) -> Output {
    Command::new(COMMAND).args(arguments).current_dir(std::env::temp_dir()).output().unwrap()
}

/// Its standard output.
pub fn stdout(output: &Output) -> String {
    String::from_utf8(output.stdout.clone()).unwrap()
}

/// Its standard error.
pub fn stderr(output: &Output) -> String {
    String::from_utf8(output.stderr.clone()).unwrap()
}

/// The last line of its standard output.
pub fn summary(output: &Output) -> String {
    stdout(output).lines().last().unwrap_or_default().to_owned()
}

/// An empty folder for one test.
pub fn scratch(name: &str) -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
    let _ = std::fs::remove_dir_all(&folder);
    std::fs::create_dir_all(&folder).unwrap();
    folder
}

/// A scratch folder with one file of our own vectors, changed.
pub fn changed(name: &str, file: &str, change: impl Fn(&str) -> String) -> PathBuf {
    let folder = scratch(name);
    let text = std::fs::read_to_string(package().join("vectors").join(file)).unwrap();
    let changed = change(&text);
    assert_ne!(changed, text, "the change changed nothing");
    std::fs::write(folder.join(file), changed).unwrap();
    folder
}

/// A program that can be run, or `None` said aloud. Where `CI` is `true` nothing may be missing.
pub fn installed(program: &str, arguments: &[&str], how: &str) -> Option<()> {
    let found = Command::new(program).args(arguments).output().is_ok_and(|o| o.status.success());
    if found {
        return Some(());
    }
    assert_ne!(std::env::var("CI").as_deref(), Ok("true"), "{program} is missing; {how}");
    // Deliberately not eprintln!, which a passing test keeps to itself.
    writeln!(std::io::stderr(), "SKIPPED: {program} or what it needs is missing; {how}").unwrap();
    None
}
