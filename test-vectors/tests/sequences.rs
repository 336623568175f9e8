//! The request sequences as data: the folder is complete, and what is wrong with a file is found,
//! by the command and by the second implementation of the checks.

#![allow(clippy::unwrap_used)]

mod common;

use std::collections::BTreeSet;
use std::process::Command;

use common::{conformance, installed, package, scratch, stdout};
use oauth1_test_vectors::sequence::{self, Endpoint, Level, Need};
use oauth1_test_vectors::{lint, load};

const FILE: &str = "request-sequence.json";

#[test]
fn the_built_in_files_are_those_of_the_folder_and_have_no_defects() {
    let texts = |files: &[load::VectorFile]| -> BTreeSet<(String, String)> {
        files.iter().map(|file| (file.name.clone(), file.text.clone())).collect()
    };
    let folder = load::files_in(&package().join("sequences")).unwrap();
    assert!(texts(&folder) == texts(&load::embedded_sequences()), "src/vectors.rs is stale");
    let all = [load::embedded_files(), load::embedded_sequences()].concat();
    assert_eq!(lint::errors(&all), Vec::<String>::new());
    let lint = conformance(&["lint"]);
    assert_eq!(stdout(&lint), format!("{} files, 0 errors\n", all.len()));
}

/// Every step of section 2 is put to the test, with what must, should and may come of it, and each
/// expectation has its clause.
#[test]
fn the_cases_cover_the_flow() {
    let cases = sequence::embedded().unwrap();
    assert!(cases.len() >= 40, "only {}", cases.len());
    for at in [Endpoint::Initiate, Endpoint::Authorize, Endpoint::Token, Endpoint::Resource] {
        for level in [Level::Must, Level::Should, Level::May] {
            let all = cases.iter().flat_map(|case| &case.steps).filter(|step| step.endpoint == at);
            let count = all.flat_map(|step| &step.expect).filter(|e| e.level == level).count();
            assert!(count > 0, "{at:?} {level:?}");
        }
    }
    for need in [Need::SecondClient, Need::Oob, Need::CallbackQuery] {
        assert!(cases.iter().any(|case| case.needs.contains(&need)), "{need:?}");
    }
    for case in &cases {
        let expectations = || case.steps.iter().flat_map(|step| &step.expect);
        assert!(expectations().all(|one| !one.clause.is_empty()), "{}", case.id);
    }
}

/// Each defect is found by `lint`, and by `lint.py` in a copy of the folder.
#[test]
fn seeded_defects_are_found() {
    let folder = scratch("sequence-defects");
    for part in ["vectors", "schema", "sequences"] {
        std::fs::create_dir(folder.join(part)).unwrap();
        for entry in std::fs::read_dir(package().join(part)).unwrap() {
            let path = entry.unwrap().path();
            std::fs::copy(&path, folder.join(part).join(path.file_name().unwrap())).unwrap();
        }
    }
    std::fs::copy(package().join("README.md"), folder.join("README.md")).unwrap();
    let python = installed("python3", &["--version"], "install Python 3").is_some();
    let script = package().join("reference/lint.py");
    let by_python = || {
        let output = Command::new("python3").arg(&script).arg(&folder).output().unwrap();
        (output.status.code(), stdout(&output))
    };
    let file = folder.join("sequences").join(FILE);
    let text = std::fs::read_to_string(&file).unwrap();
    assert!(!python || by_python().0 == Some(0), "{}", by_python().1);
    for (from, to, says) in [
        ("\"client\": \"first\"", "\"klient\": \"first\"", "klient"),
        ("\"client\": \"first\"", "\"client\": \"third\"", ""),
        ("\"level\": \"must\"", "\"level\": \"can\"", ""),
        ("\"as\": \"approval\"", "\"as\": \"temporary\"", "step 2"),
        ("\"as\": \"approval\"", "\"as\": \"approved\"", "approval"),
        ("\"credentials\": \"temporary\"", "\"credentials\": \"nobody\"", "nobody"),
        ("\"owner\": \"approve\"", "\"owner\": \"approve\",\n          \"times\": 2", "owner"),
        ("{callback}", "{callback", "callback"),
        ("{callback}", "{callback:harbour}", "harbour"),
        ("{verifier:approval}", "{verifier:temporary}", "temporary"),
        ("\"second-client\"", "\"oob\"", "second-client"),
        ("\"parallel\": 16", "\"parallel\": 1", "parallel"),
        ("\"number_of_cases\": ", "\"number_of_cases\": 1", "number_of_cases"),
        (
            "\"kind\": \"request-sequence\",\n      \"source\"",
            "\"kind\": \"plaintext\",\n      \"source\"",
            "kind",
        ),
        ("\"id\": \"flow-plain/oob\"", "\"id\": \"flow-plain/callback\"", "flow-plain/callback"),
        ("\"id\": \"flow-plain/oob\"", "\"id\": \"body_hash/hello-world-sha1\"", "body_hash"),
        (
            "\"outcome\": \"granted\",",
            "\"outcome\": \"granted\",\n              \"granted\": 1,",
            "",
        ),
        ("\"level\": \"must\",\n              \"outcome\"", "\"outcome\"", "level"),
        ("\"notes\": {}", "\"notes\": {\n    \"aaa\": \"unused\"\n  }", ""),
        ("  \"kind\"", "\t\"kind\"", "canonical"),
        ("\"client\": \"first\",\n          \"set\"", "\"set\"", "step"),
    ] {
        let changed = text.replacen(from, to, 1);
        assert_ne!(changed, text, "{from}");
        std::fs::write(&file, &changed).unwrap();
        // Both folders in one, as the ids of both are unique together.
        let together = scratch("sequence-defects-together");
        for path in [&file, &folder.join("vectors/body-hash.json")] {
            std::fs::copy(path, together.join(path.file_name().unwrap())).unwrap();
        }
        let lint = conformance(&["lint", together.to_str().unwrap()]);
        assert_eq!(lint.status.code(), Some(1), "{to}: {}", stdout(&lint));
        assert!(stdout(&lint).contains(says), "{to}: {}", stdout(&lint));
        if python {
            let (code, out) = by_python();
            assert_eq!(code, Some(1), "{to}: {out}");
            assert!(out.contains(says) && out.contains(" errors"), "{to}: {out}");
        }
    }
}
