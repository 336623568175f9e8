"""Answers conformance cases: one JSON object a line in, one line back. See ../README.md.

    oauth1-conformance run --impl 'python3 test-vectors/reference/answer.py'
"""

import hmac
import json
import sys

import oauth1
import rsa


def pairs(case, name):
    return [tuple(pair) for pair in case[name]]


def raw_hmac(algorithm, case):
    tag = hmac.new(bytes.fromhex(case["key_hex"]), bytes.fromhex(case["data_hex"]), algorithm).digest()
    presented = bytes.fromhex(case["tag_hex"])
    return verdict(hmac.compare_digest(tag[:case.get("tag_bytes", len(tag))], presented))


def raw_rsa(algorithm, case):
    key = tuple(int(case[name], 16) for name in ("modulus_hex", "public_exponent_hex"))
    return verdict(rsa.verify(algorithm, bytes.fromhex(case["data_hex"]), bytes.fromhex(case["signature_hex"]), key))


def verdict(good):
    return "valid" if good else "invalid"


def signature_case(kind, case):
    """hmac-* and rsa-*: make a signature, or judge the one presented."""
    algorithm = kind.partition("-")[2]
    if "key_hex" in case:
        return raw_hmac(algorithm, case)
    if "modulus_hex" in case:
        return raw_rsa(algorithm, case)
    if "published" in case:
        key = rsa.public_key(case["public_key_pem"])
        return verdict(oauth1.rsa_verifies(algorithm, case["base_string"].encode(), case["published"], key))
    return oauth1.signature(kind.upper(), case, case["base_string"])


def sign_request(case):
    string = oauth1.base_string(case)
    value = oauth1.signature(oauth1.signature_method(case), case, string)
    params = pairs(case, "oauth_params") + [("oauth_signature", value)]
    header = oauth1.build_header(params, case.get("realm"), ", ")
    return {"base_string": string, "signature": value, "authorization_header": header}


def parse_header(case):
    realm, found = oauth1.parse_header(case["input"])
    return {"realm": realm, "params": [list(pair) for pair in found]}


def normalize(case):
    return oauth1.normalize(pairs(case, "params") if "params" in case else oauth1.form_pairs(case["form"]))


def output(case):
    kind = case["kind"]
    if kind == "percent-encode":
        return oauth1.percent_encode(bytes.fromhex(case["input_hex"]) if "input_hex" in case else case["input"])
    if kind == "percent-decode":
        return oauth1.text(oauth1.percent_decode(case["input"]))
    if kind == "parameter-normalization":
        return normalize(case)
    if kind == "base-string-uri":
        return oauth1.base_string_uri(case["url"], case.get("host_header"))
    if kind == "base-string":
        return oauth1.base_string(case)
    if kind == "body-hash":
        return oauth1.body_hash(case["algorithm"], case["body"])
    if kind == "plaintext":
        return oauth1.signature("PLAINTEXT", case, "")
    if kind == "authorization-header-build":
        return oauth1.build_header(pairs(case, "params"), case["realm"], case["separator"])
    if kind == "authorization-header-parse":
        return parse_header(case)
    if kind == "sign-request":
        return sign_request(case)
    if kind == "verify-request":
        return verdict(oauth1.verify(case))
    return signature_case(kind, case)


def answer(case):
    try:
        return {"id": case["id"], "output": output(case)}
    except oauth1.Refused as reason:
        return {"id": case["id"], "refused": str(reason)}


if __name__ == "__main__":
    for line in sys.stdin:
        print(json.dumps(answer(json.loads(line))), flush=True)
