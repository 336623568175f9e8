//! `oauth1-conformance`: OAuth 1.0a test vectors, put to any implementation.

mod provider_command;

use std::io::{BufRead, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Duration;

use clap::{Parser, Subcommand};
use oauth1_test_vectors::load::{self, VectorFile};
use oauth1_test_vectors::model::Case;
use oauth1_test_vectors::program::Program;
use oauth1_test_vectors::runner::{self, KnownDifferences};
use oauth1_test_vectors::{answer, kinds, known, lint};

/// OAuth 1.0a (RFC 5849) test vectors, put to any implementation.
///
/// Exit code: 0 if all is well, 1 if a case failed or a file has a defect, 2 if it was asked
/// wrongly.
#[derive(Debug, Parser)]
#[command(version, max_term_width = 100)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Puts the vectors to oauth1-core, or to another program.
    Run(Run),
    /// Is oauth1-core behind the line protocol: a case a line in, an answer a line out.
    Answer,
    /// Puts the request sequences to a provider of the three-legged flow, over HTTP.
    Provider(Box<provider_command::Provider>),
    /// Checks the form of vector files.
    Lint {
        /// A folder of *.json; without it, the vectors and sequences built in.
        folder: Option<PathBuf>,
    },
}

#[derive(Debug, clap::Args)]
struct Run {
    /// The program to test, as a shell command. It reads a case a line and answers a line.
    #[arg(long = "impl", value_name = "COMMAND")]
    implementation: Option<String>,
    /// A folder of *.json to take instead of the vectors built in.
    #[arg(long, value_name = "DIR")]
    vectors: Option<PathBuf>,
    /// Failures that are known: {"implementation": …, "differences": {"case id": "reason"}}.
    #[arg(long, value_name = "FILE")]
    known_differences: Option<PathBuf>,
    /// Only cases of this kind; may be given several times.
    #[arg(long, value_name = "KIND")]
    kind: Vec<String>,
    /// Prints the report as one JSON object.
    #[arg(long)]
    json: bool,
    /// Seconds a program may take for one answer.
    #[arg(long, value_name = "SECONDS", default_value_t = 30, value_parser = clap::value_parser!(u64).range(1..))]
    timeout: u64,
}

fn main() -> ExitCode {
    let outcome = match Arguments::parse().command {
        Command::Run(run) => run.execute(),
        Command::Answer => answer_lines(),
        Command::Provider(provider) => {
            provider.execute().and_then(|(text, well)| print(&text).map(|()| well))
        }
        Command::Lint { folder } => check_form(folder.as_deref()),
    };
    match outcome {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::from(1),
        Err(misuse) => {
            eprintln!("oauth1-conformance: {misuse}");
            ExitCode::from(2)
        }
    }
}

impl Run {
    fn execute(self) -> Result<bool, String> {
        if let Some(unknown) = self.kind.iter().find(|kind| kinds::Kind::named(kind).is_none()) {
            let names: Vec<_> = kinds::KINDS.iter().map(|kind| kind.name).collect();
            return Err(format!(
                "the kind {unknown:?} is unknown; there are: {}",
                names.join(", ")
            ));
        }
        let all =
            load::cases(&files(self.vectors.as_deref())?).map_err(|error| error.to_string())?;
        let known = match &self.known_differences {
            Some(path) => known::read(path)?,
            None => KnownDifferences::new(),
        };
        let chosen = |case: &&Case| {
            self.kind.is_empty() || self.kind.iter().any(|kind| kind == case.kind.name)
        };
        let cases: Vec<_> = all.iter().filter(chosen).cloned().collect();
        if cases.is_empty() {
            return Err("no case is left to run; check --vectors and --kind".to_owned());
        }
        let mut report = match &self.implementation {
            None => runner::run(&cases, &mut answer::Core, &known),
            Some(command) => {
                let mut program = Program::new(command, Duration::from_secs(self.timeout));
                let report = runner::run(&cases, &mut program, &known);
                if let Some(misuse) = program.never_started() {
                    return Err(misuse);
                }
                report
            }
        };
        known::report_unknown(&known, &all, &mut report);
        if self.json {
            print(&(report.to_json().to_line() + "\n"))?
        } else {
            print(&report.to_text())?
        }
        Ok(report.failures.is_empty())
    }
}

fn files(folder: Option<&Path>) -> Result<Vec<VectorFile>, String> {
    match folder {
        None => Ok(load::embedded_files()),
        Some(folder) => load::files_in(folder).map_err(|error| error.to_string()),
    }
}

fn answer_lines() -> Result<bool, String> {
    for line in std::io::stdin().lock().lines() {
        let line = line.map_err(|error| format!("standard input: {error}"))?;
        print(&(answer::answer_line(&line) + "\n"))?;
    }
    Ok(true)
}

fn check_form(folder: Option<&Path>) -> Result<bool, String> {
    let mut files = files(folder)?;
    if folder.is_none() {
        files.extend(load::embedded_sequences());
    }
    let errors = lint::errors(&files);
    for error in &errors {
        print(&format!("{error}\n"))?;
    }
    print(&format!("{} files, {} errors\n", files.len(), errors.len()))?;
    Ok(errors.is_empty())
}

fn print(text: &str) -> Result<(), String> {
    let mut output = std::io::stdout().lock();
    let written = output.write_all(text.as_bytes()).and_then(|()| output.flush());
    written.map_err(|error| format!("standard output: {error}"))
}
