"""Authlib behind the line protocol of ../../README.md.

    pip install 'authlib==1.9.9'

Its own functions are called the way its users call them; nothing it lacks is added.
"""

import json
import os
import sys

os.environ["AUTHLIB_INSECURE_TRANSPORT"] = "1"  # the cases have http URLs too

from authlib.oauth1 import ClientAuth, ResourceProtector
from authlib.oauth1.errors import OAuth1Error, UnsupportedSignatureMethodError
from authlib.oauth1.rfc5849 import parameters, signature, util
from authlib.oauth1.rfc5849.wrapper import OAuth1Request

METHODS = dict(ClientAuth.SIGNATURE_METHODS)
SECRETS = {"client_secret": "client_secret", "token_secret": "token_secret", "private_key_pem": "rsa_key"}


class NotImplementedHere(Exception):
    pass


def client(case, method):
    """A client that sends exactly the parameters of the case and keeps the base string it signs."""
    if method not in METHODS:
        raise NotImplementedHere
    params = [tuple(pair) for pair in case["oauth_params"] if pair[0] not in ("realm", "oauth_signature")]
    if any(not name.startswith("oauth_") for name, _ in params):
        raise NotImplementedHere  # it puts no others into the header
    secrets = {name: case[field] for field, name in SECRETS.items() if field in case}
    key = dict(params).get("oauth_consumer_key", "")
    made = ClientAuth(key, signature_method=method, realm=case.get("realm"), **secrets)
    made.get_oauth_params = lambda nonce, timestamp: list(params)
    made.base_string = None

    def keep(auth, request):
        if method != signature.SIGNATURE_PLAINTEXT:
            made.base_string = signature.generate_signature_base_string(request)
        return METHODS[method](auth, request)

    made.SIGNATURE_METHODS = {method: keep}
    return made


def signed(case, method):
    """The client after signing the request the way its HTTP clients do, and the header it made."""
    made = client(case, method)
    headers = {"Content-Type": case["content_type"]} if "content_type" in case else {}
    _, headers, _ = made.prepare(case["method"], case["url"], headers, case.get("body"))
    return made, headers["Authorization"]


def base_string(case):
    """The method signed for is in the parameters; PLAINTEXT would make no base string, RSA would want a key."""
    return signed({**case, "client_secret": "", "token_secret": ""}, signature.SIGNATURE_HMAC_SHA1)[0].base_string


def sign_request(case):
    method = dict(case["oauth_params"]).get("oauth_signature_method") or case.get("signature_method") or "HMAC-SHA1"
    made, header = signed(case, method)
    value = dict(header_parse({"input": header})["params"])["oauth_signature"]
    return {"base_string": made.base_string, "signature": value, "authorization_header": header}


class Keys:
    """The client and the token of one case, as its models are."""

    def __init__(self, case):
        self.case = case

    def get_client_secret(self):
        return self.case.get("client_secret")

    def get_oauth_token_secret(self):
        return self.case.get("token_secret")

    def get_rsa_public_key(self):
        if "public_key_pem" in self.case:
            return self.case["public_key_pem"]
        raise NotImplementedHere  # it reads public keys, neither certificates nor private keys


class Protector(ResourceProtector):
    """Takes clients, tokens, nonces and times of any form."""

    SUPPORTED_SIGNATURE_METHODS = list(METHODS)
    EXPIRY_TIME = None

    def __init__(self, case):
        self.keys = Keys(case)

    def get_client_by_id(self, client_id):
        return self.keys

    def get_token_credential(self, request):
        return self.keys

    def exists_nonce(self, nonce, request):
        return False


def verify_request(case):
    """The signature goes where the other protocol parameters are."""
    url, headers, params = case["url"], {}, case["oauth_params"]
    # It takes the parameters of a form; whether a body is one, the web framework decides.
    media_type = case.get("content_type", "").partition(";")[0].strip().lower()
    body = case.get("body") if media_type == "application/x-www-form-urlencoded" else None
    query = url.partition("?")[2]
    if params or ("oauth_" not in query and "oauth_" not in (body or "")):
        if not any(name == "oauth_token" for name, _ in params):
            raise NotImplementedHere  # it verifies requests with a token
        pairs = [*params, ("oauth_signature", case["signature"])]
        headers["Authorization"] = "OAuth " + ", ".join('%s="%s"' % (util.escape(n), util.escape(v)) for n, v in pairs)
    else:
        if "oauth_token=" not in query + (body or ""):
            raise NotImplementedHere
        if "oauth_signature=" not in query + (body or ""):
            added = "&oauth_signature=" + util.escape(case["signature"])
            url, body = (url + added, body) if "oauth_" in query else (url, body + added)
    try:
        Protector(case).validate_request(case["method"], url, body, headers)
        return "valid"
    except UnsupportedSignatureMethodError:
        raise NotImplementedHere
    except OAuth1Error:
        return "invalid"


def normalize(case):
    params = case["params"] if "params" in case else OAuth1Request("GET", "https://x/?" + case["form"], headers={}).params
    return signature.normalize_parameters([pair for pair in params if pair[0] != "oauth_signature"])


def header_build(case):
    if case["separator"] != ", ":
        raise NotImplementedHere
    return parameters.prepare_headers(case["params"], realm=case["realm"])["Authorization"]


def header_parse(case):
    request = OAuth1Request("GET", "https://x/", headers={"Authorization": case["input"]})
    return {"realm": request.realm, "params": [list(pair) for pair in request.auth_params if pair[0] != "realm"]}


def text_of(case):
    return bytes.fromhex(case["input_hex"]).decode() if "input_hex" in case else case["input"]


def hmac_sha1(case):
    if "key_hex" in case:
        raise NotImplementedHere
    return signature.hmac_sha1_signature(case["base_string"], case["client_secret"], case["token_secret"])


def rsa_sha1(case):
    if "private_key_pem" not in case:
        raise NotImplementedHere
    return signature.rsa_sha1_signature(case["base_string"], case["private_key_pem"])


ANSWERS = {
    "percent-encode": lambda case: util.escape(text_of(case)),
    "percent-decode": lambda case: util.unescape(case["input"]),
    "base-string-uri": lambda case: signature.normalize_base_string_uri(case["url"], case.get("host_header")),
    "parameter-normalization": normalize,
    "base-string": base_string,
    "hmac-sha1": hmac_sha1,
    "rsa-sha1": rsa_sha1,
    "plaintext": lambda case: signature.plaintext_signature(case["client_secret"], case["token_secret"]),
    "authorization-header-build": header_build,
    "authorization-header-parse": header_parse,
    "sign-request": sign_request,
    "verify-request": verify_request,
}


def answer(case):
    try:
        if case["kind"] not in ANSWERS:
            raise NotImplementedHere
        return {"output": ANSWERS[case["kind"]](case)}
    except NotImplementedHere:
        return {"not_implemented": True}
    except Exception as error:
        return {"refused": repr(error)}


if __name__ == "__main__":
    for line in sys.stdin:
        case = json.loads(line)
        print(json.dumps({"id": case["id"], **answer(case)}), flush=True)
