//! The vectors themselves: all of them pass against `oauth1-core`, and the folder is complete.

#![allow(clippy::unwrap_used)]

mod common;

use std::collections::{BTreeMap, BTreeSet};

use common::package;
use oauth1_test_vectors::json::Json;
use oauth1_test_vectors::kinds::{COMMON, KINDS};
use oauth1_test_vectors::model::{Case, Expectation};
use oauth1_test_vectors::runner::{KnownDifferences, Reply, run};
use oauth1_test_vectors::{answer, lint, load};

fn cases() -> Vec<Case> {
    load::cases(&load::embedded_files()).unwrap()
}

#[test]
fn every_vector_passes_against_the_core_and_none_is_excluded() {
    let cases = cases();
    let report = run(&cases, &mut answer::Core, &KnownDifferences::new());
    assert!(report.failures.is_empty(), "{}", report.to_text());
    assert_eq!((report.excluded(), report.passed), (0, cases.len()));
}

#[test]
fn the_built_in_files_are_those_of_the_folder_one_for_each_kind() {
    let folder = load::files_in(&package().join("vectors")).unwrap();
    let embedded = load::embedded_files();
    let pairs = |files: &[load::VectorFile]| -> BTreeMap<String, String> {
        files.iter().map(|file| (file.name.clone(), file.text.clone())).collect()
    };
    assert!(pairs(&folder) == pairs(&embedded), "src/vectors.rs does not list what is in vectors/");
    let names: BTreeSet<_> = folder.iter().map(|file| file.name.clone()).collect();
    assert_eq!(names, KINDS.iter().map(|kind| format!("{}.json", kind.name)).collect());
}

#[test]
fn our_files_have_no_defects_of_form() {
    assert_eq!(lint::errors(&load::embedded_files()), Vec::<String>::new());
}

/// The schemas and the table of kinds say the same about fields.
#[test]
fn schemas_know_the_fields_of_the_runner() {
    for kind in KINDS {
        let path = package().join("schema").join(format!("{}.json", kind.name));
        let schema = Json::parse(&std::fs::read_to_string(path).unwrap()).unwrap();
        let case = schema.get("$defs").and_then(|defs| defs.get("case")).unwrap();
        let properties = case.get("properties").and_then(Json::as_object).unwrap();
        let known: BTreeSet<_> = properties.iter().map(|(name, _)| name.as_str()).collect();
        let fields = COMMON.iter().chain(kind.inputs).chain(kind.expectations).copied();
        assert_eq!(known, fields.collect(), "{}", kind.name);
    }
}

/// The table of the README names every pain point and pitfall, each with three cases at least, and
/// the counts it prints are right.
#[test]
fn every_pain_point_and_pitfall_has_three_cases() {
    let readme = std::fs::read_to_string(package().join("README.md")).unwrap();
    let mut groups: BTreeMap<String, usize> = BTreeMap::new();
    for case in cases() {
        let (group, _) = case.id.rsplit_once('/').unwrap();
        if group.starts_with("pain-") || group.starts_with("pitfall-") {
            *groups.entry(group.to_owned()).or_default() += 1;
        }
    }
    for number in 1..=25 {
        let prefix = format!("pain-{number:02}-");
        assert!(groups.keys().any(|group| group.starts_with(&prefix)), "no case for {prefix}");
    }
    for (group, count) in groups {
        assert!(count >= 3, "{group} has {count} cases");
        let row = format!("| `{group}` | {count} |");
        assert!(readme.contains(&row), "README.md has no row {row}");
    }
}

/// What is signed verifies, and no longer once secret, method or URL are others: sign and verify
/// look at the same request.
#[test]
fn signed_requests_verify_and_changed_ones_do_not() {
    let mut verified = 0;
    for case in cases() {
        let Expectation::Signed { signature, .. } = &case.expectation else { continue };
        let text = |name: &str| case.request().get(name).and_then(Json::as_str).map(str::to_owned);
        let pairs = case.request();
        let pairs = pairs.get("oauth_params").and_then(Json::as_pairs).unwrap();
        let given = |name: &str| pairs.iter().find(|pair| pair.0 == name).map(|pair| pair.1);
        let plaintext = given("oauth_signature_method") == Some("PLAINTEXT");
        let complete = given("oauth_consumer_key").is_some()
            && given("oauth_signature_method").is_some()
            && given("oauth_version").is_none_or(|version| version == "1.0")
            && (plaintext || given("oauth_nonce").is_some() && given("oauth_timestamp").is_some())
            && !text("url").unwrap().contains("oauth_");
        let verdict = |change: &dyn Fn(&str, &Json) -> Json| {
            let request = case.request();
            let fields = request.as_object().unwrap().iter();
            let fields = fields.filter(|(name, _)| name != "kind");
            let mut fields: Vec<_> =
                fields.map(|(name, value)| (name.clone(), change(name, value))).collect();
            fields.push(("kind".to_owned(), Json::String("verify-request".to_owned())));
            fields.push(("signature".to_owned(), Json::String(signature.clone())));
            answer::answer(&Json::Object(fields))
        };
        let valid = Reply::Output(Json::String("valid".to_owned()));
        let suffixed = |field: &'static str, suffix: &'static str| {
            move |name: &str, value: &Json| match value.as_str() {
                Some(text) if name == field => Json::String(format!("{text}{suffix}")),
                _ => value.clone(),
            }
        };
        assert_eq!(verdict(&|_, value| value.clone()) == valid, complete, "{}", case.id);
        verified += usize::from(complete);
        if !plaintext {
            assert_ne!(verdict(&suffixed("method", "X")), valid, "{}", case.id);
            let changed = if text("url").unwrap().contains('?') { "&x=1" } else { "?x=1" };
            assert_ne!(verdict(&suffixed("url", changed)), valid, "{}", case.id);
        }
        if text("client_secret").is_some() {
            assert_ne!(verdict(&suffixed("client_secret", "x")), valid, "{}", case.id);
            assert_ne!(verdict(&suffixed("token_secret", "x")), valid, "{}", case.id);
        }
    }
    assert!(verified > 60, "only {verified}");
}

/// No program is sent what is expected of it.
#[test]
fn requests_hold_no_expectation() {
    for case in cases() {
        for (name, _) in case.request().as_object().unwrap() {
            let published_input = case.kind.inputs.contains(&"published");
            assert!(!name.starts_with("expected") && name != "result", "{}: {name}", case.id);
            assert!(published_input || !name.starts_with("published"), "{}: {name}", case.id);
        }
    }
}

/// The erratum of the RFC: a verifier refuses the printed signature, a signer makes the other one.
#[test]
fn the_erratum_of_the_rfc_is_recorded() {
    let text =
        |id: &str| format!("{:?}", cases().iter().find(|case| case.id == id).unwrap().expectation);
    assert!(text("rfc5849/3.1-erratum-2550").contains("r6/TJjbCOr97/+UU0NsvSne7s5g="));
    assert_eq!(text("rfc5849/3.1-verify-published"), "Invalid");
}
