//! What came of a run against a provider, for people and for machines.

use std::fmt::Write as _;

use crate::json::Json;
use crate::sequence::{Case, Endpoint, Level};

/// What came of a run.
#[derive(Clone, Debug)]
pub struct Report {
    /// The cases, in the order they were run.
    pub cases: Vec<CaseReport>,
    strict: bool,
}

/// What came of a case.
#[derive(Clone, Debug)]
pub struct CaseReport {
    /// The case.
    pub id: String,
    /// The clause it follows from.
    pub clause: String,
    /// What it shows.
    pub comment: String,
    /// Every expectation that was looked at.
    pub findings: Vec<Finding>,
    /// Why it was not run at all: something that not every run has is missing.
    pub missing: Option<String>,
    /// Why the resource owner's command could not act.
    pub owner_failed: Option<String>,
    /// Which step could not be done, because an earlier one did not bring what it needs.
    pub stopped: Option<String>,
}

/// One expectation and what came.
#[derive(Clone, Debug)]
pub struct Finding {
    /// The step, counted from 1.
    pub step: usize,
    /// What it was sent to.
    pub endpoint: Endpoint,
    /// How much it weighs.
    pub level: Level,
    /// The clause it follows from.
    pub clause: String,
    /// What was expected.
    pub expected: String,
    /// What came. No secrets are in it.
    pub came: String,
    /// Whether it is what was expected.
    pub held: bool,
}

/// What a case comes to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// Everything held.
    Passed,
    /// A `must` did not hold; in a strict run, or a `should`.
    Failed,
    /// A `should` did not hold.
    Remarks,
    /// It could not be run, or not to its end.
    NotRun,
}

impl CaseReport {
    pub(super) fn new(case: &Case) -> Self {
        Self {
            id: case.id.clone(),
            clause: case.clause.clone(),
            comment: case.comment.clone(),
            findings: Vec::new(),
            missing: None,
            owner_failed: None,
            stopped: None,
        }
    }

    pub(super) fn not_run(case: &Case, reason: String) -> Self {
        Self { missing: Some(reason), ..Self::new(case) }
    }

    /// What the case comes to.
    #[must_use]
    pub fn verdict(&self, strict: bool) -> Verdict {
        let lost = |finding: &&Finding| !finding.held;
        let weighs = |level| level == Level::Must || strict && level == Level::Should;
        if self.findings.iter().filter(lost).any(|finding| weighs(finding.level)) {
            Verdict::Failed
        } else if self.missing.is_some() || self.owner_failed.is_some() {
            Verdict::NotRun
        } else if self.findings.iter().filter(lost).any(|finding| finding.level != Level::May) {
            Verdict::Remarks
        } else {
            Verdict::Passed
        }
    }

    fn reason(&self) -> Option<&str> {
        self.missing.as_deref().or(self.owner_failed.as_deref()).or(self.stopped.as_deref())
    }
}

impl Report {
    pub(super) const fn new(strict: bool) -> Self {
        Self { cases: Vec::new(), strict }
    }

    /// How many cases come to that.
    #[must_use]
    pub fn count(&self, verdict: Verdict) -> usize {
        self.cases.iter().filter(|case| case.verdict(self.strict) == verdict).count()
    }

    /// The cases that failed.
    pub fn failures(&self) -> impl Iterator<Item = &CaseReport> {
        self.cases.iter().filter(|case| case.verdict(self.strict) == Verdict::Failed)
    }

    /// Case, and expectation that did not hold, of one level.
    pub fn findings(&self, level: Level) -> impl Iterator<Item = (&CaseReport, &Finding)> {
        self.cases.iter().flat_map(move |case| {
            let lost = case.findings.iter().filter(move |one| one.level == level && !one.held);
            lost.map(move |finding| (case, finding))
        })
    }

    /// Whether nothing failed, and the resource owner's commands could always act.
    #[must_use]
    pub fn successful(&self) -> bool {
        self.failures().next().is_none()
            && self.cases.iter().all(|case| case.owner_failed.is_none())
    }

    /// The last line of the text.
    #[must_use]
    pub fn summary(&self) -> String {
        format!(
            "{} passed, {} failed, {} remarks, {} not run, {} total",
            self.count(Verdict::Passed),
            self.count(Verdict::Failed),
            self.count(Verdict::Remarks),
            self.count(Verdict::NotRun),
            self.cases.len()
        )
    }

    /// Expectations of a level: how many held, and how many did not.
    #[must_use]
    pub fn level(&self, level: Level) -> (usize, usize) {
        let all = self.cases.iter().flat_map(|case| &case.findings);
        let looked_at = all.filter(|finding| finding.level == level).count();
        let lost = self.findings(level).count();
        (looked_at - lost, lost)
    }

    /// The report for people: every case, what was expected and what came.
    #[must_use]
    pub fn to_text(&self) -> String {
        let mut out = String::new();
        // Writing to a String cannot fail.
        for case in &self.cases {
            let verdict = match case.verdict(self.strict) {
                Verdict::Passed => "passed",
                Verdict::Failed => "FAILED",
                Verdict::Remarks => "remark",
                Verdict::NotRun => "NOT RUN",
            };
            let _ = writeln!(out, "{verdict} {} ({})\n  {}", case.id, case.clause, case.comment);
            if let Some(reason) = case.reason() {
                let _ = writeln!(out, "  {reason}");
            }
            for finding in &case.findings {
                let Finding { step, level, clause, expected, came, held, .. } = finding;
                let (mark, level) = match (held, level) {
                    (true, _) => ("held", level.as_str()),
                    (false, Level::May) => ("not so", level.as_str()),
                    (false, _) => ("LOST", level.as_str()),
                };
                let at = finding.endpoint.as_str();
                let _ = writeln!(out, "  {mark:<6} {level:<6} step {step}, {at}: {expected}");
                let _ = writeln!(out, "         {came} ({clause})");
            }
        }
        for level in [Level::Must, Level::Should, Level::May] {
            let (held, lost) = self.level(level);
            let _ = writeln!(out, "{}: {held} held, {lost} did not", level.as_str());
        }
        out + &self.summary() + "\n"
    }

    /// The report for machines.
    #[must_use]
    pub fn to_json(&self) -> Json {
        let text = |value: &str| Json::String(value.to_owned());
        let number = |value: usize| Json::Integer(i64::try_from(value).unwrap_or(i64::MAX));
        let object = |fields: Vec<(&str, Json)>| {
            Json::Object(fields.into_iter().map(|(name, value)| (name.to_owned(), value)).collect())
        };
        let finding = |one: &Finding| {
            object(vec![
                ("step", number(one.step)),
                ("endpoint", text(one.endpoint.as_str())),
                ("level", text(one.level.as_str())),
                ("clause", text(&one.clause)),
                ("expected", text(&one.expected)),
                ("came", text(&one.came)),
                ("held", Json::Bool(one.held)),
            ])
        };
        let case = |case: &CaseReport| {
            let verdict = match case.verdict(self.strict) {
                Verdict::Passed => "passed",
                Verdict::Failed => "failed",
                Verdict::Remarks => "remarks",
                Verdict::NotRun => "not_run",
            };
            object(vec![
                ("id", text(&case.id)),
                ("clause", text(&case.clause)),
                ("comment", text(&case.comment)),
                ("verdict", text(verdict)),
                ("reason", case.reason().map_or(Json::Null, text)),
                ("findings", Json::Array(case.findings.iter().map(finding).collect())),
            ])
        };
        let level = |level: Level| {
            let (held, lost) = self.level(level);
            object(vec![("held", number(held)), ("lost", number(lost))])
        };
        object(vec![
            ("passed", number(self.count(Verdict::Passed))),
            ("failed", number(self.count(Verdict::Failed))),
            ("remarks", number(self.count(Verdict::Remarks))),
            ("not_run", number(self.count(Verdict::NotRun))),
            ("total", number(self.cases.len())),
            ("must", level(Level::Must)),
            ("should", level(Level::Should)),
            ("may", level(Level::May)),
            ("cases", Json::Array(self.cases.iter().map(case).collect())),
        ])
    }
}
