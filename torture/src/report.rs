//! What a run found, as lines on the terminal and as a table in Markdown.

use std::time::Duration;

/// The result of one fault or load.
#[derive(Clone, Debug)]
pub struct Finding {
    /// Such as `F1`.
    pub id: &'static str,
    /// What was done.
    pub what: String,
    /// The figure that must be met.
    pub goal: &'static str,
    /// What was measured.
    pub measured: String,
    /// Whether it was met.
    pub verdict: Verdict,
}

/// Whether a goal was met.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// Yes.
    Passed,
    /// No, or something went wrong on the way.
    Failed,
    /// It could not be run here, and why.
    Skipped(String),
}

impl Finding {
    /// What could not even be run.
    #[must_use]
    pub fn broken(id: &'static str, what: &str, goal: &'static str, error: String) -> Self {
        Self { id, what: what.to_owned(), goal, measured: error, verdict: Verdict::Failed }
    }
}

/// All results of one run.
#[derive(Debug, Default)]
pub struct Report {
    rows: Vec<(Finding, Duration)>,
}

impl Report {
    /// Adds a result and prints it.
    pub fn add(&mut self, finding: Finding, took: Duration) {
        let verdict = match &finding.verdict {
            Verdict::Passed => "passed".to_owned(),
            Verdict::Failed => "FAILED".to_owned(),
            Verdict::Skipped(reason) => format!("skipped: {reason}"),
        };
        let Finding { id, what, goal, measured, .. } = &finding;
        println!("{id}: {verdict} ({:.1} s)", took.as_secs_f64());
        println!("    done:     {what}\n    goal:     {goal}\n    measured: {measured}");
        if let Verdict::Skipped(reason) = &finding.verdict {
            println!("SKIPPED: {id}: {reason}");
        }
        self.rows.push((finding, took));
    }

    /// Prints those that failed once more, for whoever reads the end alone.
    pub fn tell_failures(&self) {
        for (finding, _) in &self.rows {
            if finding.verdict == Verdict::Failed {
                println!("FAILED: {}: {}", finding.id, finding.measured);
            }
        }
    }

    /// How many have this verdict: passed, failed, skipped.
    #[must_use]
    pub fn totals(&self) -> (usize, usize, usize) {
        let count = |wanted: fn(&Verdict) -> bool| {
            self.rows.iter().filter(|(finding, _)| wanted(&finding.verdict)).count()
        };
        (
            count(|verdict| *verdict == Verdict::Passed),
            count(|verdict| *verdict == Verdict::Failed),
            count(|verdict| matches!(verdict, Verdict::Skipped(_))),
        )
    }

    /// The document.
    #[must_use]
    pub fn markdown(&self) -> String {
        let cores = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
        let (passed, failed, skipped) = self.totals();
        let minutes = self.rows.iter().map(|(_, took)| took.as_secs()).sum::<u64>() / 60;
        let mut out = format!(
            "{INTRODUCTION}\nOn {cores} cores, shared by server, clients and databases; {}; {}. {} goals met, {} missed, {} not run; {minutes} minutes.\n\n",
            version("redis-server", &[]),
            version("postgres", &["/usr/lib/postgresql"]),
            passed,
            failed,
            skipped,
        );
        out += "| | what was done | goal | measured | verdict | seconds |\n|---|---|---|---|---|---|\n";
        for (Finding { id, what, goal, measured, verdict }, took) in &self.rows {
            let verdict = match verdict {
                Verdict::Passed => "met".to_owned(),
                Verdict::Failed => "**missed**".to_owned(),
                Verdict::Skipped(reason) => format!("not run: {reason}"),
            };
            let cell = |text: &str| text.replace('|', "\\|").replace('\n', " ");
            out += &format!(
                "| {id} | {} | {} | {} | {} | {} |\n",
                cell(what),
                cell(goal),
                cell(measured),
                cell(&verdict),
                took.as_secs()
            );
        }
        out
    }
}

/// The first line of `--version`; servers of PostgreSQL lie in directories by version.
fn version(program: &str, directories: &[&str]) -> String {
    let mut candidates = vec![std::path::PathBuf::from(program)];
    for versions in directories.iter().filter_map(|path| std::fs::read_dir(path).ok()) {
        candidates.extend(versions.flatten().map(|entry| entry.path().join("bin").join(program)));
    }
    candidates
        .iter()
        .find_map(|program| {
            let output = std::process::Command::new(program).arg("--version").output().ok()?;
            let text = String::from_utf8(output.stdout).ok()?;
            let line = text.lines().next()?;
            // What follows says how it was built.
            let end = line.find(" sha=").or_else(|| line.find(" (Debian")).unwrap_or(line.len());
            Some(line[..end].to_owned())
        })
        .unwrap_or_else(|| format!("no {program}"))
}

const INTRODUCTION: &str = "\
# Reliability

No request is ever accepted twice: not after a crash, a power loss, a restored backup, a clock that was set, a failover, nor by two nodes at once. This is the report of trying.

```sh
cargo build --release -p oauth1-server --features server
cargo run --release -p torture -- --long --report RELIABILITY.md   # this file
cargo run --release -p torture                                     # the short form, part of ./test
cargo run --release -p torture -- F1 L4                            # some of them
```

Each fault and load starts the server as a process of its own, with a real `redis-server` or PostgreSQL where one is named, sends it signed requests over TCP, and keeps account of every request and every answer. *Replayed* means that the same octets are sent again. A request, that is a client, a token, a timestamp and a nonce, may get one 2xx in its life; one that got no answer may have been recorded or not, and still gets one 2xx at most. What only a simulated disk or clock can do (F4, F8, F18) is done by the tests of the journal, at the size given. How each store keeps the promise stands in its documentation, in `oauth1-server/src/replay/`.

What the goals cannot promise is in those documents as well, under *What is not covered*: snapshots of a disk that are restored behind the server's back while the machine is off, and two primaries of one Redis or PostgreSQL that are cut off from each other.
";
