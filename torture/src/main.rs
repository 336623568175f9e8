//! `torture`: runs faults and loads, and writes the report.

use std::{path::PathBuf, process::ExitCode, time::Instant};

use clap::Parser;
use torture::{Scale, Setup, faults, loads, report::Report};

/// Faults and loads against oauth1-server: no request may be accepted twice.
#[derive(Debug, Parser)]
struct Cli {
    /// The server program [default: beside this one]
    #[arg(long, value_name = "FILE")]
    server: Option<PathBuf>,
    /// The sizes of the report, instead of a few minutes in all
    #[arg(long)]
    long: bool,
    /// Write the report to this file
    #[arg(long, value_name = "FILE")]
    report: Option<PathBuf>,
    /// Which, such as F1 L4; all if none is named
    names: Vec<String>,
}

#[tokio::main]
async fn main() -> ExitCode {
    match run(Cli::parse()).await {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::FAILURE
        }
    }
}

async fn run(cli: Cli) -> Result<bool, String> {
    let program = match cli.server {
        Some(program) => program,
        None => {
            let this = std::env::current_exe().map_err(|error| error.to_string())?;
            this.with_file_name("oauth1-server")
        }
    };
    if !program.exists() {
        return Err(format!(
            "there is no {}: cargo build --release -p oauth1-server --features server",
            program.display()
        ));
    }
    let scale = if cli.long { Scale::Long } else { Scale::Short };
    let setup = Setup { program, scale };
    let known = || faults::ALL.iter().chain(loads::ALL).copied();
    if let Some(unknown) = cli.names.iter().find(|name| !known().any(|known| known == **name)) {
        let all: Vec<_> = known().collect();
        return Err(format!("there is no {unknown}; there are {}", all.join(", ")));
    }
    let mut report = Report::default();
    for name in known().filter(|name| cli.names.is_empty() || cli.names.iter().any(|n| n == name)) {
        let start = Instant::now();
        let finding = match faults::run(name, &setup).await {
            Some(finding) => Some(finding),
            None => loads::run(name, &setup).await,
        };
        if let Some(finding) = finding {
            report.add(finding, start.elapsed());
        }
    }
    if let Some(path) = cli.report {
        std::fs::write(&path, report.markdown()).map_err(|error| error.to_string())?;
    }
    let (passed, failed, skipped) = report.totals();
    report.tell_failures();
    println!("{passed} passed, {failed} failed, {skipped} skipped");
    Ok(failed == 0)
}
