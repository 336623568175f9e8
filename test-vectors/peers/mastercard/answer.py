"""mastercard-oauth1-signer behind the line protocol of ../../README.md.

    pip install mastercard-oauth1-signer==1.9.2

Its own functions are called the way its users call them; nothing it lacks is added. It signs with
RSA-SHA256, and sends no token.
"""

import json
import sys

from cryptography.hazmat.primitives.serialization import load_pem_private_key
from oauth1 import coreutils
from oauth1.oauth import OAuth

SENT = {"oauth_" + name for name in ("consumer_key", "nonce", "timestamp", "signature_method", "version", "body_hash")}


class NotImplementedHere(Exception):
    pass


def once(pairs):
    """The dictionary it takes, which has no name twice."""
    made = dict(pair for pair in pairs if pair[0] not in ("realm", "oauth_signature"))
    if len(made) != sum(pair[0] not in ("realm", "oauth_signature") for pair in pairs):
        raise NotImplementedHere
    return made


def base_string(case):
    if case.get("body") and not case["oauth_params"]:
        raise NotImplementedHere  # it sends none of its parameters in a body
    return OAuth.get_base_string(case["url"], case["method"], once(case["oauth_params"]))


def sign_request(case):
    sent = once(case["oauth_params"])
    if sent.keys() != SENT or sent["oauth_signature_method"] != "RSA-SHA256" or case.get("realm") is not None:
        raise NotImplementedHere
    coreutils.get_nonce, coreutils.get_timestamp = lambda: sent["oauth_nonce"], lambda: sent["oauth_timestamp"]
    key = load_pem_private_key(case["private_key_pem"].encode(), None)
    header = OAuth.get_authorization_header(case["url"], case["method"], case.get("body"), sent["oauth_consumer_key"], key)
    signature = OAuth.sign_message(base_string(case), key)
    return {"base_string": base_string(case), "signature": signature, "authorization_header": header}


def rsa_sha256(case):
    if "base_string" not in case or "private_key_pem" not in case or "published" in case:
        raise NotImplementedHere
    return OAuth.sign_message(case["base_string"], load_pem_private_key(case["private_key_pem"].encode(), None))


def base_string_uri(case):
    if "host_header" in case:
        raise NotImplementedHere  # it is given a URL, no header
    return coreutils.normalize_url(case["url"])


def normalize(case):
    if "form" in case:
        return coreutils.normalize_params("http://x/?" + case["form"], {})
    return coreutils.normalize_params("http://x/", once(case["params"]))


ANSWERS = {
    "percent-encode": lambda case: coreutils.percent_encode(bytes.fromhex(case["input_hex"]) if "input_hex" in case else case["input"]),
    "base-string-uri": base_string_uri,
    "parameter-normalization": normalize,
    "base-string": base_string,
    "rsa-sha256": rsa_sha256,
    "sign-request": sign_request,
}


def answer(case):
    kind = case["kind"]
    try:
        if kind not in ANSWERS:
            raise NotImplementedHere
        return {"output": ANSWERS[kind](case)}
    except NotImplementedHere:
        return {"not_implemented": True}
    except Exception as error:
        return {"refused": repr(error)}


if __name__ == "__main__":
    for line in sys.stdin:
        case = json.loads(line)
        print(json.dumps({"id": case["id"], **answer(case)}), flush=True)
