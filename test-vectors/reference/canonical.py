"""The one way a vector file is written, so that a change shows up as that change only.

Two spaces a level, ASCII only, one newline at the end; an array of strings or numbers
stands on one line; fields in the order below; sources and notes in order of their names.
"""

import json

HEADER_ORDER = ["format_version", "kind", "clause", "notes", "sources", "number_of_cases", "cases"]
SOURCE_ORDER = ["title", "reference", "licence", "url", "note"]
CASE_ORDER = [
    "id", "kind", "source", "provenance", "clause", "comment", "flags",
    "algorithm", "input", "input_hex", "form", "params", "separator", "method", "url", "host_header",
    "oauth_params", "body", "content_type", "realm", "signature_method", "client_secret", "token_secret",
    "private_key_pem", "public_key_pem", "certificate_pem", "modulus_hex", "public_exponent_hex",
    "base_string", "key_hex", "data_hex", "tag_hex", "tag_bytes", "signature", "signature_hex",
    "published", "published_signature", "decoded_params", "expected", "expected_transmitted",
    "expected_realm", "expected_params", "expected_base_string", "expected_signature",
    "expected_authorization_header", "needs", "steps", "result",
]
STEP_ORDER = [
    "endpoint", "as", "repeat", "client", "credentials", "owner", "method", "transmission", "set", "add", "omit",
    "query", "signing", "times", "parallel", "copies", "expect",
]
EXPECT_ORDER = [
    "level", "outcome", "granted", "status", "content_type", "parameter", "problem", "challenge", "redirect",
    "no_redirect_to", "redirect_parameter", "different_from", "clause",
]


def ordered(document):
    """The same document with every object's fields in canonical order."""
    document = _sorted(document, HEADER_ORDER)
    document["notes"] = dict(sorted(document["notes"].items()))
    document["sources"] = {k: _sorted(v, SOURCE_ORDER) for k, v in sorted(document["sources"].items())}
    document["cases"] = [_sorted(case, CASE_ORDER) for case in document["cases"]]
    for case in document["cases"]:
        if "steps" in case:
            case["steps"] = [_sorted(step, STEP_ORDER) for step in case["steps"]]
            for step in case["steps"]:
                step["expect"] = [_sorted(one, EXPECT_ORDER) for one in step["expect"]]
    return document


def write(document):
    return _write(ordered(document), 0) + "\n"


def _sorted(fields, order):
    return dict(sorted(fields.items(), key=lambda item: (order.index(item[0]) if item[0] in order else len(order), item[0])))


def _write(value, depth):
    inside = "  " * (depth + 1)
    if isinstance(value, dict) and value:
        members = [json.dumps(k) + ": " + _write(v, depth + 1) for k, v in value.items()]
        return "{\n" + inside + (",\n" + inside).join(members) + "\n" + "  " * depth + "}"
    if isinstance(value, list) and any(isinstance(item, (dict, list)) for item in value):
        members = [_write(item, depth + 1) for item in value]
        return "[\n" + inside + (",\n" + inside).join(members) + "\n" + "  " * depth + "]"
    return json.dumps(value)
