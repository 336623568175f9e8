//! Known differences of an implementation: failures that are expected, each with its reason.

use std::path::Path;

use crate::json::Json;
use crate::model::Case;
use crate::report::{Failure, Report};
use crate::runner::KnownDifferences;

/// Reads `{"implementation": …, "differences": {"case id": "reason"}}`.
///
/// # Errors
/// The file cannot be read, or is not of that form.
pub fn read(path: &Path) -> Result<KnownDifferences, String> {
    let wrong = |what: &str| format!("{}: {what}", path.display());
    let text = std::fs::read_to_string(path).map_err(|error| wrong(&error.to_string()))?;
    let file = Json::parse(&text).map_err(|error| wrong(&error))?;
    let fields = file.as_object().unwrap_or_default();
    if !fields.iter().map(|(name, _)| name.as_str()).eq(["implementation", "differences"]) {
        return Err(wrong(
            "needs \"implementation\" and \"differences\", in this order, and no more",
        ));
    }
    let entries = file.get("differences").and_then(Json::as_object);
    let entries = entries.ok_or_else(|| wrong("\"differences\" is no JSON object"))?;
    let entry = |(id, reason): &(String, Json)| match reason.as_str() {
        Some(reason) if !reason.trim().is_empty() => Ok((id.clone(), reason.to_owned())),
        _ => Err(wrong(&format!("{id}: the reason is missing"))),
    };
    entries.iter().map(entry).collect()
}

/// Adds a failure for every entry that names no case: the list is stale.
pub fn report_unknown(known: &KnownDifferences, cases: &[Case], report: &mut Report) {
    for (id, reason) in known {
        if !cases.iter().any(|case| case.id == *id) {
            report.failures.push(Failure {
                id: id.clone(),
                kind: "known difference".to_owned(),
                clause: "none".to_owned(),
                comment: reason.clone(),
                expected: "a case of this id; take the entry off the list".to_owned(),
                came: "no such case".to_owned(),
                mistakes: None,
            });
        }
    }
}
