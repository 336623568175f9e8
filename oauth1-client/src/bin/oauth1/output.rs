//! Where text goes: data to stdout, words to stderr, colour to terminals only.

use std::{
    env,
    io::{self, IsTerminal, Write},
};

use serde::Serialize;

use crate::failure::Failure;

/// When to colour.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum Color {
    /// On a terminal, unless NO_COLOR is set.
    #[default]
    Auto,
    /// Always.
    Always,
    /// Never.
    Never,
}

impl Color {
    fn on(self, terminal: bool) -> bool {
        let set = |name| env::var_os(name).is_some_and(|value| !value.is_empty());
        match self {
            Self::Always => true,
            Self::Never => false,
            Self::Auto if set("NO_COLOR") => false,
            Self::Auto => terminal || env::var_os("CLICOLOR_FORCE").is_some_and(|v| v != "0"),
        }
    }
}

/// The two streams of the command.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Output {
    pub(crate) json: bool,
    out_color: bool,
    err_color: bool,
}

impl Output {
    pub(crate) fn new(json: bool, color: Color) -> Self {
        Self {
            json,
            out_color: color.on(io::stdout().is_terminal()),
            err_color: color.on(io::stderr().is_terminal()),
        }
    }

    /// Writes data, as it is. A reader who went away is no failure: the exit code still counts.
    pub(crate) fn bytes(self, data: &[u8]) -> Result<(), Failure> {
        self.chunk(data).map(|_| ())
    }

    /// Writes a part of the data; `false` if nobody reads any more.
    pub(crate) fn chunk(self, data: &[u8]) -> Result<bool, Failure> {
        let mut out = io::stdout().lock();
        match out.write_all(data).and_then(|()| out.flush()).map_err(|error| error.kind()) {
            Ok(()) => Ok(true),
            Err(io::ErrorKind::BrokenPipe) => Ok(false),
            Err(kind) => Err(Failure::other(
                format!("stdout cannot be written: {kind}"),
                "check what the output goes to",
            )),
        }
    }

    /// Ends a line of data that is still open: on a terminal for the prompt, elsewhere for the words
    /// that follow it, if both go to one place.
    pub(crate) fn end_line(self, words_follow: bool) {
        if io::stdout().is_terminal() {
            let _ = self.chunk(b"\n");
        } else if words_follow && !io::stderr().is_terminal() {
            self.say("");
        }
    }

    /// Writes a line of data.
    pub(crate) fn line(self, text: &str) -> Result<(), Failure> {
        self.bytes(format!("{text}\n").as_bytes())
    }

    /// Writes one object of JSON on a line.
    pub(crate) fn object(self, value: &impl Serialize) -> Result<(), Failure> {
        let text = serde_json::to_string(value)
            .map_err(|_| Failure::other("the result has no form in JSON", "leave out --json"))?;
        self.line(&text)
    }

    /// Says something to the person. A closed stderr is no reason to stop.
    pub(crate) fn say(self, text: &str) {
        let _ = writeln!(io::stderr().lock(), "{text}");
    }

    /// Asks the person something; the answer is typed on the same line.
    pub(crate) fn ask(self, question: &str) {
        let mut stderr = io::stderr().lock();
        let _ = write!(stderr, "{question}").and_then(|()| stderr.flush());
    }

    /// A warning.
    pub(crate) fn warn(self, text: &str) {
        self.say(&format!("{} {text}", paint(self.err_color, YELLOW, "warning:")));
    }

    /// A failure: what and why, then the fix; with `--json` also as an object on stdout.
    pub(crate) fn failure(self, failure: &Failure) {
        let label = paint(self.err_color, RED, "error:");
        self.say(&format!("{label} {}\n  fix: {}", failure.message, failure.fix));
        if self.json {
            let _ = self.object(&failure.json());
        }
    }

    /// Numbered steps, fit for a terminal, with headings and the parts of the base string coloured.
    pub(crate) fn steps(self, text: &str) -> Result<(), Failure> {
        let painted: Vec<_> = text.lines().map(|line| self.step(&printable(line))).collect();
        self.line(&painted.join("\n"))
    }

    fn step(self, line: &str) -> String {
        let color = match line {
            _ if line.starts_with(|c: char| c.is_ascii_digit()) => BOLD,
            _ if line.starts_with("   method  ") => CYAN,
            _ if line.starts_with("   URI     ") => GREEN,
            _ if line.starts_with("   params  ") => YELLOW,
            _ => return line.into(),
        };
        paint(self.out_color, color, line)
    }
}

fn paint(on: bool, color: &str, text: &str) -> String {
    if on { format!("\u{1b}[{color}m{text}\u{1b}[0m") } else { text.into() }
}

/// Text from elsewhere, fit for a terminal: control characters are escaped.
pub(crate) fn printable(text: &str) -> String {
    text.chars()
        .flat_map(|c| {
            let escape = c.is_control() && c != '\t';
            escape.then(|| c.escape_default()).into_iter().flatten().chain((!escape).then_some(c))
        })
        .collect()
}

const BOLD: &str = "1";
const RED: &str = "31";
const GREEN: &str = "32";
const YELLOW: &str = "33";
const CYAN: &str = "36";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn control_characters_never_reach_the_terminal() {
        assert_eq!(printable("a\u{1b}[2Jb\r\n\u{9b}é"), "a\\u{1b}[2Jb\\r\\n\\u{9b}é");
    }
}
