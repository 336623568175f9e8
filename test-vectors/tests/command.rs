//! The command: what it prints, and its exit codes.

#![allow(clippy::unwrap_used)]

mod common;

use common::{COMMAND, changed, conformance, package, scratch, stderr, stdout, summary};
use oauth1_test_vectors::json::Json;

fn run(arguments: &[&str]) -> (Option<i32>, String) {
    let output = conformance(&[&["run"], arguments].concat());
    (output.status.code(), summary(&output))
}

/// `answer`, with its answers passed through `sed`.
fn core_through_sed(script: &str) -> String {
    format!("'{COMMAND}' answer | sed -u '{script}'")
}

#[test]
fn run_prints_the_summary_last() {
    let (code, last) = run(&[]);
    let total = last.split(' ').next().unwrap();
    assert_eq!(last, format!("{total} passed, 0 failed, 0 excluded, {total} total"));
    assert_eq!(code, Some(0));
    assert!(total.parse::<usize>().unwrap() > 1_500);
}

#[test]
fn the_core_behind_the_protocol_gives_the_same() {
    assert_eq!(run(&["--impl", &format!("'{COMMAND}' answer")]), run(&[]));
}

#[test]
fn json_holds_what_the_text_says() {
    let broken = core_through_sed("s/%20/+/g");
    let output = conformance(&["run", "--kind", "percent-encode", "--impl", &broken, "--json"]);
    assert_eq!(output.status.code(), Some(1));
    let json = Json::parse(&stdout(&output)).unwrap();
    let number = |name: &str| match json.get(name) {
        Some(Json::Integer(value)) => *value,
        other => panic!("{name}: {other:?}"),
    };
    assert_eq!(number("passed") + number("failed") + number("excluded"), number("total"));
    let failures = json.get("failures").and_then(Json::as_array).unwrap();
    assert_eq!(i64::try_from(failures.len()).unwrap(), number("failed"));
    for field in ["id", "kind", "clause", "comment", "expected", "came"] {
        assert!(failures[0].get(field).and_then(Json::as_str).is_some(), "{field}");
    }
    let (_, last) = run(&["--kind", "percent-encode", "--impl", &broken]);
    let expected = format!(
        "{} passed, {} failed, 0 excluded, {} total",
        number("passed"),
        number("failed"),
        number("total")
    );
    assert_eq!(last, expected);
}

#[test]
fn broken_implementations_fail() {
    for (kind, broken) in [
        // Wrong values, wrong verdicts, wrong ids, no answers, no JSON.
        ("hmac-sha1", core_through_sed("s/=\"}$/A\"}/")),
        ("verify-request", core_through_sed("s/\"invalid\"/\"valid\"/")),
        ("verify-request", core_through_sed("s/\"valid\"/\"invalid\"/")),
        ("base-string-uri", core_through_sed("s/\"refused\"/\"output\"/")),
        ("sign-request", core_through_sed("s/OAuth /Oauth2 /")),
        ("authorization-header-parse", core_through_sed("s/\"realm\":null/\"realm\":\"\"/")),
        ("plaintext", core_through_sed("s/\"id\":\"/&x/")),
        ("plaintext", core_through_sed("s/$/ trailing/")),
        ("plaintext", "head -c 1 >/dev/null".to_owned()),
        ("plaintext", "while read -r line; do echo nonsense; done".to_owned()),
    ] {
        let (code, last) = run(&["--kind", kind, "--impl", &broken]);
        assert_eq!(code, Some(1), "{kind} {broken}: {last}");
        assert!(!last.contains(" 0 failed"), "{kind} {broken}: {last}");
    }
}

#[test]
fn a_program_that_falls_silent_is_given_up() {
    let arguments = ["--kind", "plaintext", "--timeout", "1", "--impl", "exec sleep 1000"];
    let output = conformance(&[&["run"], &arguments[..]].concat());
    assert_eq!(output.status.code(), Some(1));
    assert!(stdout(&output).contains("no answer within 1 seconds"), "{}", stdout(&output));
    assert!(stdout(&output).contains("not asked"), "{}", stdout(&output));
}

#[test]
fn what_is_not_implemented_is_counted_apart() {
    let none = r#"sed -u 's/,"kind".*/,"not_implemented":true}/'"#;
    let output = conformance(&["run", "--kind", "plaintext", "--impl", none]);
    let last = summary(&output);
    let total = last.rsplit(' ').nth(1).unwrap();
    assert_eq!(last, format!("0 passed, 0 failed, {total} excluded, {total} total"));
    assert!(
        stdout(&output)
            .contains(&format!("excluded: {total} not implemented, 0 known differences"))
    );
    assert_eq!(output.status.code(), Some(0));
}

#[test]
fn known_differences_need_to_fail_still() {
    let folder = scratch("known-differences");
    let broken = core_through_sed("s/%2A/*/g");
    let with = |entries: &str| {
        let file = folder.join("list.json");
        std::fs::write(
            &file,
            format!(r#"{{"implementation": "test", "differences": {{{entries}}}}}"#),
        )
        .unwrap();
        let arguments = [
            "run",
            "--kind",
            "percent-encode",
            "--impl",
            &broken,
            "--known-differences",
            file.to_str().unwrap(),
        ];
        let output = conformance(&arguments);
        (output.status.code(), stdout(&output), stderr(&output))
    };
    let output = conformance(&["run", "--kind", "percent-encode", "--impl", &broken, "--json"]);
    let json = Json::parse(&stdout(&output)).unwrap();
    let failures = json.get("failures").and_then(Json::as_array).unwrap();
    let entry = |failure: &Json| {
        format!("\"{}\": \"leaves the asterisk\"", failure.get("id").unwrap().as_str().unwrap())
    };
    let all = failures.iter().map(entry).collect::<Vec<_>>().join(",");

    let (code, out, _) = with(&all);
    assert_eq!(code, Some(0), "{out}");
    assert!(out.contains(&format!("{} known differences", failures.len())), "{out}");
    assert_eq!(
        with(&failures[1..].iter().map(entry).collect::<Vec<_>>().join(",")).0,
        Some(1),
        "one is not listed"
    );
    let (code, out, _) = with(&format!("{all}, \"rfc5849/3.6-unreserved\": \"it passes\""));
    assert_eq!(code, Some(1));
    assert!(out.contains("take it off the list"), "{out}");
    let (code, out, _) = with(&format!("{all}, \"no/such-case\": \"there is none\""));
    assert_eq!(code, Some(1));
    assert!(out.contains("no such case"), "{out}");
    let (code, _, err) = with("\"rfc5849/3.6-unreserved\": \" \"");
    assert_eq!(code, Some(2));
    assert!(err.contains("the reason is missing"), "{err}");
}

#[test]
fn misuse_exits_2_and_says_what_to_do() {
    let empty = scratch("empty");
    for (arguments, says) in [
        (&[][..], "Usage"),
        (&["run", "--nonsense"], "--nonsense"),
        (&["run", "--kind", "nonsense"], "there are:"),
        (&["run", "--vectors", "/no/such/folder"], "/no/such/folder"),
        (&["run", "--vectors", empty.to_str().unwrap()], "no *.json"),
        (&["run", "--impl", "no-such-command-anywhere"], "could not be started"),
        (&["run", "--known-differences", "/no/such/file"], "/no/such/file"),
        (&["run", "--timeout", "0"], "--timeout"),
        (&["lint", "/no/such/folder"], "/no/such/folder"),
    ] {
        let output = conformance(arguments);
        assert_eq!(output.status.code(), Some(2), "{arguments:?}");
        assert!(stderr(&output).contains(says), "{arguments:?}: {}", stderr(&output));
    }
}

/// Defects of a file: each is found by `lint` (exit 1), those that change the meaning by `run`
/// too (exit 2).
#[test]
fn seeded_defects_are_found() {
    type Change = fn(&str) -> String;
    let defects: &[(&str, bool, Change, &str)] = &[
        ("unknown-field", true, |t| t.replacen("\"input\"", "\"inptu\"", 1), "inptu"),
        ("unknown-top", true, |t| t.replacen("\"clause\"", "\"clauses\"", 1), "clauses"),
        (
            "unknown-kind",
            true,
            |t| {
                t.replacen(
                    "\"kind\": \"percent-decode\",\n      \"source\"",
                    "\"kind\": \"percent\",\n      \"source\"",
                    1,
                )
            },
            "percent",
        ),
        (
            "unknown-flag",
            true,
            |t| t.replacen("\"flags\": [\"extension\"]", "\"flags\": [\"nonsense\"]", 1),
            "nonsense",
        ),
        (
            "unknown-source",
            true,
            |t| t.replacen("\"source\": \"scribejava\"", "\"source\": \"nobody\"", 1),
            "nobody",
        ),
        (
            "bad-result",
            true,
            |t| t.replacen("\"result\": \"valid\"", "\"result\": \"maybe\"", 1),
            "maybe",
        ),
        (
            "no-expectation",
            true,
            |t| t.replacen("\"result\": \"invalid\"", "\"result\": \"valid\"", 1),
            "expected",
        ),
        (
            "duplicate-id",
            true,
            |t| t.replacen("5.1-decode-01", "5.1-decode-02", 1),
            "5.1-decode-02",
        ),
        (
            "duplicate-key",
            true,
            |t| t.replacen("\"input\": ", "\"input\": \"x\",\n      \"input\": ", 1),
            "twice",
        ),
        (
            "wrong-type",
            true,
            |t| t.replacen("\"input\": \"a+b\"", "\"input\": 7", 1),
            "not a string",
        ),
        (
            "count",
            true,
            |t| t.replacen("\"number_of_cases\": ", "\"number_of_cases\": 1", 1),
            "number_of_cases",
        ),
        (
            "version",
            true,
            |t| t.replacen("\"format_version\": 1", "\"format_version\": 2", 1),
            "format_version",
        ),
        ("not-json", true, |t| t.replacen('{', "", 1), "line"),
        ("layout", false, |t| t.replacen("  \"kind\"", "\t\"kind\"", 1), "canonical"),
        ("not-ascii", false, |t| t.replacen("\\u00e5", "å", 1), "canonical"),
        (
            "field-order",
            false,
            |t| {
                t.replacen(
                    "\"format_version\": 1,\n  \"kind\": \"percent-decode\",",
                    "\"kind\": \"percent-decode\",\n  \"format_version\": 1,",
                    1,
                )
            },
            "canonical",
        ),
        (
            "no-comment",
            false,
            |t| t.replacen("\"comment\": \"inverse of the wiki table\"", "\"comment\": \"\"", 1),
            "comment",
        ),
        (
            "unused-note",
            false,
            |t| t.replacen("\"notes\": {", "\"notes\": {\n    \"aaa\": \"unused\",", 1),
            "aaa",
        ),
    ];
    for (name, loading, change, says) in defects {
        let folder = changed(&format!("defect-{name}"), "percent-decode.json", change);
        let folder = folder.to_str().unwrap();
        let lint = conformance(&["lint", folder]);
        assert_eq!(lint.status.code(), Some(1), "lint {name}: {}", stdout(&lint));
        assert!(stdout(&lint).contains(says), "lint {name}: {}", stdout(&lint));
        let run = conformance(&["run", "--vectors", folder]);
        assert_eq!(
            run.status.code(),
            Some(if *loading { 2 } else { 0 }),
            "run {name}: {}",
            stderr(&run)
        );
    }
    let lint = conformance(&["lint", package().join("vectors").to_str().unwrap()]);
    assert_eq!(lint.status.code(), Some(0), "{}", stdout(&lint));
}

/// One line in, one line out, whatever the line holds; spellings of older files are understood.
#[test]
fn answer_answers_every_line() {
    let lines = [
        (
            r#"{"id":"1","kind":"percent-encode","input":"é "}"#,
            r#"{"id":"1","output":"%C3%A9%20"}"#,
        ),
        (r#"{"id":"2","kind":"nonsense"}"#, r#"{"id":"2","not_implemented":true}"#),
        (r#"{"id":"3","kind":"plaintext"}"#, r#"{"id":"3","refused":""#),
        (r#"{"id":"4","kind":"percent-decode","input":"%"}"#, r#"{"id":"4","refused":""#),
        ("nonsense", r#"{"id":null,"refused":""#),
        ("[]", r#"{"id":null,"refused":""#),
        (
            r#"{"id":"5","kind":"hmac-sha1","key_hex":"4a656665","data_hex":"7768617420646f2079612077616e7420666f72206e6f7468696e673f","expected_hex":"effcdf6ae5eb2fa2d27416d5f184df9c259a7c79"}"#,
            r#"{"id":"5","output":"valid"}"#,
        ),
    ];
    let input = lines.map(|(line, _)| format!("{line}\n")).concat();
    let mut child = std::process::Command::new(COMMAND)
        .arg("answer")
        .stdin(std::process::Stdio::piped())
        .stdout(std::process::Stdio::piped())
        .spawn()
        .unwrap();
    std::io::Write::write_all(&mut child.stdin.take().unwrap(), input.as_bytes()).unwrap();
    let out = stdout(&child.wait_with_output().unwrap());
    assert_eq!(out.lines().count(), lines.len(), "{out}");
    for (answer, (line, expected)) in out.lines().zip(lines) {
        assert!(answer.starts_with(expected), "{line}: {answer}");
    }
}

#[test]
fn files_with_a_plain_header_are_read_too() {
    let folder = scratch("plain");
    let case = r#"{"id": "x/1", "kind": "percent-encode", "comment": "", "input": "a b", "expected": "a%20b", "result": "valid", "provenance": "here", "verified": true, "oauthlib_agrees": null}"#;
    let tag = r#"{"id": "x/2", "kind": "hmac-sha1", "comment": "", "key_hex": "0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b", "data_hex": "4869205468657265", "expected_hex": "b617318655057264e28bc0b6fb378c8ef146be00", "result": "valid"}"#;
    let write = |cases: &str| {
        std::fs::write(
            folder.join("any.json"),
            format!(r#"{{"source": {{"title": "t"}}, "cases": [{cases}]}}"#),
        )
        .unwrap();
        run(&["--vectors", folder.to_str().unwrap()])
    };
    assert_eq!(
        write(&format!("{case}, {tag}")),
        (Some(0), "2 passed, 0 failed, 0 excluded, 2 total".into())
    );
    assert_eq!(write(&format!("{case}, {}", tag.replace("b617", "b618"))).0, Some(1));
    assert_eq!(write(&case.replace("\"verified\"", "\"varified\"")).0, Some(2));
    assert_eq!(
        write(&case.replace("\"comment\"", "\"flags\": [\"nonsense\"], \"comment\"")).0,
        Some(2)
    );
}
