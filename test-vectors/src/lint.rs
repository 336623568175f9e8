//! The form of the vector files and request sequences, beyond what loading them checks already.

use std::collections::{BTreeMap, BTreeSet};

use crate::json::Json;
use crate::kinds::{CASE_ORDER, EXPECT_ORDER, STEP_ORDER};
use crate::load::{self, HEADER, VectorFile};
use crate::sequence;

/// Everything that is wrong with the form of these files; empty if nothing is.
///
/// Looks at each file alone first (canonical writing, name, unused notes and sources), then at
/// what loading all of them refuses: unknown or duplicate fields, duplicate ids, wrong counts.
#[must_use]
pub fn errors(files: &[VectorFile]) -> Vec<String> {
    let mut errors = Vec::new();
    let (mut vectors, mut sequences) = (Vec::new(), Vec::new());
    let mut ids: BTreeMap<String, &str> = BTreeMap::new();
    for file in files {
        let document = match Json::parse(&file.text) {
            Ok(document) => document,
            Err(error) => {
                errors.push(format!("{}: {error}", file.name));
                continue;
            }
        };
        check(file, &document, &mut errors);
        for case in document.get("cases").and_then(Json::as_array).unwrap_or_default() {
            let id = case.get("id").and_then(Json::as_str).unwrap_or_default();
            if let Some(other) = ids.insert(id.to_owned(), &file.name)
                && *other != file.name
            {
                errors.push(format!("{}: the id {id} is also in {other}", file.name));
            }
        }
        let is_sequence = document.get("kind").and_then(Json::as_str) == Some(sequence::KIND);
        if is_sequence { &mut sequences } else { &mut vectors }.push(file.clone());
    }
    let loaded = [load::cases(&vectors).map(drop), sequence::cases(&sequences).map(drop)];
    errors.extend(loaded.into_iter().filter_map(Result::err).map(|error| error.to_string()));
    errors.dedup();
    errors
}

fn check(file: &VectorFile, document: &Json, errors: &mut Vec<String>) {
    let mut found = |text: String| errors.push(format!("{}: {text}", file.name));
    let kind = document.get("kind").and_then(Json::as_str).unwrap_or_default();
    if file.name != format!("{kind}.json") {
        found(format!("the kind in the file is {kind:?}; file and kind have one name"));
    }
    let cases = document.get("cases").and_then(Json::as_array).unwrap_or_default();
    let mut flags = BTreeSet::new();
    let mut sources = BTreeSet::new();
    for case in cases {
        let id = case.get("id").and_then(Json::as_str).unwrap_or("a case without id");
        for field in ["source", "provenance", "comment"] {
            if case.get(field).and_then(Json::as_str).unwrap_or_default().is_empty() {
                found(format!("{id}: {field:?} is missing or empty"));
            }
        }
        for (published, expected) in
            [("published", "expected"), ("published_signature", "expected_signature")]
        {
            if case.get(published).is_some() && case.get(published) == case.get(expected) {
                found(format!("{id}: {published:?} and {expected:?} are the same"));
            }
        }
        flags.extend(
            case.get("flags")
                .and_then(Json::as_array)
                .unwrap_or_default()
                .iter()
                .filter_map(Json::as_str),
        );
        sources.extend(case.get("source").and_then(Json::as_str));
    }
    for (field, used) in [("notes", flags), ("sources", sources)] {
        for (name, _) in document.get(field).and_then(Json::as_object).unwrap_or_default() {
            if !used.contains(name.as_str()) {
                found(format!("{field:?} describes {name:?}, which no case uses"));
            }
        }
    }
    if canonical(document).to_canonical() != file.text {
        found("not in canonical form; run: python3 reference/lint.py --fix".to_owned());
    }
}

/// The document with its fields in canonical order.
fn canonical(document: &Json) -> Json {
    let fields = document.as_object().unwrap_or_default().iter().map(|(name, value)| {
        let value = match (name.as_str(), value) {
            ("notes", Json::Object(notes)) => sorted(notes, &[]),
            ("sources", Json::Object(sources)) => {
                let inner = |(name, source): &(String, Json)| {
                    (name.clone(), sorted(source.as_object().unwrap_or_default(), SOURCE))
                };
                sorted(&sources.iter().map(inner).collect::<Vec<_>>(), &[])
            }
            ("cases", cases) => {
                nested(cases, CASE_ORDER, &[("steps", STEP_ORDER), ("expect", EXPECT_ORDER)])
            }
            (_, other) => other.clone(),
        };
        (name.clone(), value)
    });
    sorted(&fields.collect::<Vec<_>>(), HEADER)
}

/// An array of objects, each with its fields in order, and those of the array inside it.
fn nested(list: &Json, order: &[&str], inside: &[(&str, &[&str])]) -> Json {
    let Some(list) = list.as_array() else { return list.clone() };
    let one = |item: &Json| {
        let fields = item.as_object().unwrap_or_default().iter().map(|(name, value)| {
            let value = match inside {
                [(field, order), deeper @ ..] if name == field => nested(value, order, deeper),
                _ => value.clone(),
            };
            (name.clone(), value)
        });
        sorted(&fields.collect::<Vec<_>>(), order)
    };
    Json::Array(list.iter().map(one).collect())
}

fn sorted(fields: &[(String, Json)], order: &[&str]) -> Json {
    let mut fields = fields.to_vec();
    let place = |name: &str| order.iter().position(|field| *field == name).unwrap_or(order.len());
    fields.sort_by(|(a, _), (b, _)| place(a).cmp(&place(b)).then_with(|| a.cmp(b)));
    Json::Object(fields)
}

const SOURCE: &[&str] = &["title", "reference", "licence", "url", "note"];
