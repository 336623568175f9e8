//! Reading vector files. Strict: what is unknown, missing, double or miscounted is an error.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use crate::json::Json;
use crate::model::Case;
use crate::vectors::{EMBEDDED, SEQUENCES};

/// Why vectors could not be read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LoadError(String);

impl LoadError {
    pub(crate) fn of(file: &str, error: &str) -> Self {
        Self(format!("{file}: {error}"))
    }
}

impl std::fmt::Display for LoadError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for LoadError {}

/// A vector file: its name without folder, and its text.
#[derive(Clone, Debug)]
pub struct VectorFile {
    /// For instance `percent-encode.json`.
    pub name: String,
    /// The JSON text.
    pub text: String,
}

/// The vector files that are part of this program.
#[must_use]
pub fn embedded_files() -> Vec<VectorFile> {
    built_in(EMBEDDED)
}

/// The files of request sequences that are part of this program.
#[must_use]
pub fn embedded_sequences() -> Vec<VectorFile> {
    built_in(SEQUENCES)
}

fn built_in(files: &[(&str, &str)]) -> Vec<VectorFile> {
    let file =
        |(name, text): &(&str, &str)| VectorFile { name: (*name).into(), text: (*text).into() };
    files.iter().map(file).collect()
}

/// Every `*.json` in a folder, in order of name.
///
/// # Errors
/// The folder cannot be read, or holds no such file.
pub fn files_in(folder: &Path) -> Result<Vec<VectorFile>, LoadError> {
    let unreadable =
        |path: &Path, error| LoadError(format!("cannot read {}: {error}", path.display()));
    let mut files = Vec::new();
    for entry in std::fs::read_dir(folder).map_err(|error| unreadable(folder, error))? {
        let path = entry.map_err(|error| unreadable(folder, error))?.path();
        if path.extension().is_some_and(|extension| extension == "json") {
            let text = std::fs::read_to_string(&path).map_err(|error| unreadable(&path, error))?;
            let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
            files.push(VectorFile { name, text });
        }
    }
    if files.is_empty() {
        return Err(LoadError(format!("no *.json in {}", folder.display())));
    }
    files.sort_by(|a, b| a.name.cmp(&b.name));
    Ok(files)
}

/// Reads the cases of all files.
///
/// # Errors
/// The first thing that is wrong, with file and case.
pub fn cases(files: &[VectorFile]) -> Result<Vec<Case>, LoadError> {
    let mut all: Vec<Case> = Vec::new();
    let mut seen = BTreeMap::new();
    for file in files {
        let found = document(&file.text).map_err(|error| LoadError::of(&file.name, &error))?;
        for case in found {
            if let Some(other) = seen.insert(case.id.clone(), file.name.clone()) {
                return Err(LoadError(format!(
                    "{}: the id {} is already used in {other}; ids are unique over all files",
                    file.name, case.id
                )));
            }
            all.push(case);
        }
    }
    Ok(all)
}

fn document(text: &str) -> Result<Vec<Case>, String> {
    let document = Json::parse(text)?;
    let fields = document.as_object().ok_or("the file is no JSON object")?;
    let names: BTreeSet<_> = fields.iter().map(|(name, _)| name.as_str()).collect();
    if names == PLAIN_HEADER.iter().copied().collect() {
        return plain(&document);
    }
    if let Some(unknown) = names.iter().find(|name| !HEADER.contains(name)) {
        return Err(format!("the field {unknown:?} is unknown at the top of a file"));
    }
    if let Some(missing) = HEADER.iter().find(|name| !names.contains(*name)) {
        return Err(format!("the field {missing:?} is missing at the top of the file"));
    }
    described(&document)
}

/// A file with the full header: one kind, every flag and source described, the cases counted.
fn described(document: &Json) -> Result<Vec<Case>, String> {
    if document.get("format_version") != Some(&Json::Integer(FORMAT_VERSION)) {
        return Err(format!("format_version is not {FORMAT_VERSION}, the one this program reads"));
    }
    let kind = document.get("kind").and_then(Json::as_str).ok_or("\"kind\" is no string")?;
    let clause = document.get("clause").and_then(Json::as_str).ok_or("\"clause\" is no string")?;
    let notes = names(document, "notes")?;
    let sources = names(document, "sources")?;
    let list = document.get("cases").and_then(Json::as_array).ok_or("\"cases\" is no array")?;
    let count = i64::try_from(list.len()).map_err(|error| error.to_string())?;
    if document.get("number_of_cases") != Some(&Json::Integer(count)) {
        return Err(format!("number_of_cases is wrong: there are {count} cases"));
    }
    let mut cases = Vec::with_capacity(list.len());
    for item in list {
        let case = one(item, clause)?;
        let source = item.get("source").and_then(Json::as_str);
        let source = source.ok_or_else(|| format!("{}: no \"source\"", case.id))?;
        if case.kind.name != kind {
            return Err(format!("{}: kind {} in a file of kind {kind}", case.id, case.kind.name));
        }
        if !sources.contains(source) {
            return Err(format!("{}: the source {source:?} is not described in the file", case.id));
        }
        if let Some(flag) = case.flags.iter().find(|flag| !notes.contains(flag.as_str())) {
            return Err(format!("{}: the flag {flag:?} has no note in the file", case.id));
        }
        cases.push(case);
    }
    Ok(cases)
}

/// A file with nothing but `source` and `cases`: kinds may be mixed, flags are those of our own
/// files, and bookkeeping fields are passed over.
fn plain(document: &Json) -> Result<Vec<Case>, String> {
    let list = document.get("cases").and_then(Json::as_array).ok_or("\"cases\" is no array")?;
    let mut known = BTreeSet::new();
    for (name, text) in EMBEDDED {
        let file = Json::parse(text).map_err(|error| format!("{name}: {error}"))?;
        known.extend(names(&file, "notes")?.into_iter().map(str::to_owned));
    }
    let mut cases = Vec::with_capacity(list.len());
    for item in list {
        let fields = item.as_object().ok_or("a case is no JSON object")?;
        let kept = fields.iter().filter(|(name, _)| !BOOKKEEPING.contains(&name.as_str()));
        let renamed = kept.map(|(name, value)| {
            let name = if name == "expected_hex" { "tag_hex" } else { name };
            (name.to_owned(), value.clone())
        });
        let case = one(&Json::Object(renamed.collect()), "RFC 5849")?;
        if let Some(flag) = case.flags.iter().find(|flag| !known.contains(*flag)) {
            return Err(format!("{}: the flag {flag:?} is unknown", case.id));
        }
        cases.push(case);
    }
    Ok(cases)
}

fn one(item: &Json, clause: &str) -> Result<Case, String> {
    let fields = item.as_object().ok_or("a case is no JSON object")?;
    let id = item.get("id").and_then(Json::as_str).ok_or("a case has no \"id\"")?;
    Case::read(fields, clause).map_err(|error| format!("{id}: {error}"))
}

fn names<'a>(document: &'a Json, field: &str) -> Result<BTreeSet<&'a str>, String> {
    let fields = document.get(field).and_then(Json::as_object);
    let fields = fields.ok_or_else(|| format!("{field:?} is no JSON object"))?;
    Ok(fields.iter().map(|(name, _)| name.as_str()).collect())
}

const FORMAT_VERSION: i64 = 1;
pub(crate) const HEADER: &[&str] =
    &["format_version", "kind", "clause", "notes", "sources", "number_of_cases", "cases"];
const PLAIN_HEADER: &[&str] = &["source", "cases"];
/// Notes their author kept beside the cases; they say nothing about an implementation.
const BOOKKEEPING: &[&str] = &["verified", "oauthlib_agrees"];
