//! What came of a run, for people and for machines.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use crate::json::Json;

/// What came of a run.
#[derive(Clone, Debug, Default)]
pub struct Report {
    /// Cases answered as expected.
    pub passed: usize,
    /// Cases that failed, and entries of known differences that are stale.
    pub failures: Vec<Failure>,
    /// Id and kind of the cases the implementation has no function for.
    pub not_implemented: Vec<(String, String)>,
    /// Id and reason of the failures that were known.
    pub known: Vec<(String, String)>,
}

/// A failed case.
#[derive(Clone, Debug)]
pub struct Failure {
    /// The case.
    pub id: String,
    /// Its kind.
    pub kind: String,
    /// The clause it follows from.
    pub clause: String,
    /// What it shows.
    pub comment: String,
    /// What should have come.
    pub expected: String,
    /// What came.
    pub came: String,
    /// What explains a wrong base string or signature, the most likely first: one mistake or two,
    /// by the names of `oauth1 diagnose --list`. `None` if it is neither.
    pub mistakes: Option<Vec<Vec<&'static str>>>,
}

impl Report {
    /// Cases that were not judged: not implemented, or known differences.
    #[must_use]
    pub fn excluded(&self) -> usize {
        self.not_implemented.len() + self.known.len()
    }

    /// All of them.
    #[must_use]
    pub fn total(&self) -> usize {
        self.passed + self.failures.len() + self.excluded()
    }

    /// The last line of the text.
    #[must_use]
    pub fn summary(&self) -> String {
        let (failed, excluded) = (self.failures.len(), self.excluded());
        format!(
            "{} passed, {failed} failed, {excluded} excluded, {} total",
            self.passed,
            self.total()
        )
    }

    /// The report for people: failures, what was excluded and why, and the summary.
    #[must_use]
    pub fn to_text(&self) -> String {
        let mut out = String::new();
        // Writing to a String cannot fail.
        for failure in &self.failures {
            let Failure { id, kind, clause, comment, expected, came, mistakes } = failure;
            let _ = writeln!(out, "FAILED {id} ({kind}, {clause})\n  {comment}");
            let _ = writeln!(out, "  expected: {expected}\n  came:     {came}");
            match mistakes.as_deref() {
                Some([first, ..]) => {
                    let _ = writeln!(out, "  mistake:  {}", first.join(" and "));
                }
                Some([]) => out.push_str("  mistake:  none that is known\n"),
                None => {}
            }
        }
        for (id, reason) in &self.known {
            let _ = writeln!(out, "known difference: {id}: {reason}");
        }
        let mut kinds: BTreeMap<&str, usize> = BTreeMap::new();
        for (_, kind) in &self.not_implemented {
            *kinds.entry(kind).or_default() += 1;
        }
        for (kind, count) in kinds {
            let _ = writeln!(out, "not implemented: {kind}: {count}");
        }
        if self.excluded() > 0 {
            let (missing, known) = (self.not_implemented.len(), self.known.len());
            let _ = writeln!(out, "excluded: {missing} not implemented, {known} known differences");
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
        let names = |names: &Vec<&str>| Json::Array(names.iter().map(|name| text(name)).collect());
        let found_names = |found: &Vec<Vec<&str>>| Json::Array(found.iter().map(names).collect());
        let failure = |f: &Failure| {
            object(vec![
                ("id", text(&f.id)),
                ("kind", text(&f.kind)),
                ("clause", text(&f.clause)),
                ("comment", text(&f.comment)),
                ("expected", text(&f.expected)),
                ("came", text(&f.came)),
                ("mistakes", f.mistakes.as_ref().map_or(Json::Null, found_names)),
            ])
        };
        let missing =
            |(id, kind): &(String, String)| object(vec![("id", text(id)), ("kind", text(kind))]);
        let known = |(id, reason): &(String, String)| {
            object(vec![("id", text(id)), ("reason", text(reason))])
        };
        object(vec![
            ("passed", number(self.passed)),
            ("failed", number(self.failures.len())),
            ("excluded", number(self.excluded())),
            ("total", number(self.total())),
            ("failures", Json::Array(self.failures.iter().map(failure).collect())),
            ("not_implemented", Json::Array(self.not_implemented.iter().map(missing).collect())),
            ("known_differences", Json::Array(self.known.iter().map(known).collect())),
        ])
    }
}
