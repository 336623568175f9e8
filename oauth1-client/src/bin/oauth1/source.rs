//! Reading what the command line points at: files, and stdin, which can be read once only.

use std::{
    cell::Cell,
    fs,
    io::{self, IsTerminal, Read},
    path::Path,
};

use zeroize::Zeroizing;

use crate::{
    failure::{Failure, Kind},
    output::Output,
};

/// Files and stdin of one run.
#[derive(Debug)]
pub(crate) struct Sources {
    output: Output,
    stdin_taken_by: Cell<Option<&'static str>>,
}

impl Sources {
    pub(crate) const fn new(output: Output) -> Self {
        Self { output, stdin_taken_by: Cell::new(None) }
    }

    /// A text given as it is, as `@FILE`, or as `-` for stdin.
    pub(crate) fn text_or_file(
        &self,
        argument: &str,
        what: &'static str,
    ) -> Result<Vec<u8>, Failure> {
        match argument.strip_prefix('@') {
            Some(path) => self.file(path, what, Kind::Usage).map(|bytes| bytes.to_vec()),
            None if argument == "-" => self.stdin(what).map(|bytes| bytes.to_vec()),
            None => Ok(argument.as_bytes().into()),
        }
    }

    /// A file, or stdin for `-`.
    pub(crate) fn file(
        &self,
        path: &str,
        what: &'static str,
        kind: Kind,
    ) -> Result<Zeroizing<Vec<u8>>, Failure> {
        if path == "-" {
            return self.stdin(what);
        }
        fs::read(Path::new(path)).map(Zeroizing::new).map_err(|error| {
            Failure::new(
                kind,
                format!("the file with {what} cannot be read: {}", error.kind()),
                "check its path and who may read it",
            )
        })
    }

    /// A secret: the content of a file or of stdin as text, without its last line end.
    pub(crate) fn secret(
        &self,
        path: &str,
        what: &'static str,
    ) -> Result<Zeroizing<String>, Failure> {
        let bytes = self.file(path, what, Kind::Config)?;
        let text = utf8(&bytes, what)?;
        Ok(Zeroizing::new(without_line_end(text).into()))
    }

    /// All of stdin.
    pub(crate) fn stdin(&self, what: &'static str) -> Result<Zeroizing<Vec<u8>>, Failure> {
        if let Some(other) = self.stdin_taken_by.replace(Some(what)) {
            return Err(Failure::usage(
                format!("stdin is asked for twice: for {other} and for {what}"),
                "give one of them as a file",
            ));
        }
        if io::stdin().is_terminal() {
            self.output.warn(&format!(
                "reading {what} from the terminal, where it stays visible; end with Ctrl-D"
            ));
        }
        let mut bytes = Zeroizing::new(Vec::new());
        io::stdin().lock().read_to_end(&mut bytes).map_err(|error| {
            Failure::other(format!("stdin cannot be read: {}", error.kind()), "check the pipe")
        })?;
        Ok(bytes)
    }
}

/// The bytes as text.
pub(crate) fn utf8<'a>(bytes: &'a [u8], what: &str) -> Result<&'a str, Failure> {
    core::str::from_utf8(bytes)
        .map_err(|_| Failure::config(format!("{what} is not UTF-8"), "save it as UTF-8 text"))
}

/// Without one `\n` or `\r\n` at the end.
pub(crate) fn without_line_end(text: &str) -> &str {
    let text = text.strip_suffix('\n').unwrap_or(text);
    text.strip_suffix('\r').unwrap_or(text)
}
