"""Computes every case a second time, with oauth1.py, and compares it with what the files say.

    python3 reference/check.py           exit 1 if any value differs
    python3 reference/check.py FOLDER    reads FOLDER/vectors

Besides what a program under test is asked for, it checks the values no program is sent:
decoded_params, expected_transmitted, the base string beside a verification, and that a
published value said to be wrong is another value than the one computed.
"""

import pathlib
import sys

import answer
import lint
import oauth1


def header_values(header):
    realm, params = oauth1.parse_header(header)
    return realm, sorted(params)


def outcome_errors(case, got):
    """The answer against the expectation; the rules are in ../README.md."""
    kind, output, invalid = case["kind"], got.get("output"), case["result"] == "invalid"
    if "expected" in case:
        if output != case["expected"]:
            yield "expected %r, computed %r" % (case["expected"], output or got)
    elif kind == "sign-request":
        yield from signed_errors(case, output)
    elif kind == "authorization-header-parse" and not invalid:
        if output != {"realm": case["expected_realm"], "params": case["expected_params"]}:
            yield "computed %r" % got
    elif kind == "verify-request" or kind.startswith(("hmac-", "rsa-")):
        if ("valid" if output == "valid" else "invalid") != case["result"]:
            yield "expected %s, computed %r" % (case["result"], got)
    elif "refused" not in got:
        yield "expected to be refused, computed %r" % got


def signed_errors(case, output):
    if output["signature"] != case["expected_signature"]:
        yield "expected_signature is %s, computed %s" % (case["expected_signature"], output["signature"])
    if output["base_string"] != case.get("expected_base_string", output["base_string"]):
        yield "expected_base_string is %s, computed %s" % (case["expected_base_string"], output["base_string"])
    header = case.get("expected_authorization_header", output["authorization_header"])
    if header_values(header) != header_values(output["authorization_header"]):
        yield "expected_authorization_header is %s, computed %s" % (header, output["authorization_header"])


def silent_errors(case):
    """Values beside the expectation."""
    if case["kind"] == "verify-request" and "expected_base_string" in case:
        if oauth1.base_string(case) != case["expected_base_string"]:
            yield "expected_base_string differs"
    if "decoded_params" in case and [[oauth1.text(v) for v in pair] for pair in oauth1.form_pairs(case["form"])] != case["decoded_params"]:
        yield "decoded_params differ"
    if "expected_transmitted" in case and oauth1.percent_encode(case["expected"]) != case["expected_transmitted"]:
        yield "expected_transmitted differs"


def main(arguments):
    root = pathlib.Path(arguments[0]) if arguments else lint.HERE
    count = failed = 0
    for path in sorted((root / "vectors").glob("*.json")):
        for case in lint.load(path)["cases"]:
            count += 1
            errors = list(outcome_errors(case, answer.answer(case))) + list(silent_errors(case))
            failed += bool(errors)
            for error in errors:
                print("%s: %s" % (case["id"], error))
    print("%d cases computed, %d differ" % (count, failed))
    return 1 if failed or not count else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
