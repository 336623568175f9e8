"""oauthlib behind the line protocol of ../../README.md.

    pip install 'oauthlib[signedtoken]==4.0.1'

Its own functions are called the way its users call them; nothing it lacks is added.
"""

import json
import sys

from oauthlib import oauth1
from oauthlib.oauth1.rfc5849 import parameters, signature, utils

METHODS = dict(oauth1.Client.SIGNATURE_METHODS)
SECRETS = {"client_secret": "client_secret", "token_secret": "resource_owner_secret", "private_key_pem": "rsa_key"}


class NotImplementedHere(Exception):
    pass


def client(case, params=(), method=None):
    """A client that sends exactly `params` and keeps the base string it signs."""
    given = dict(params)
    method = method or given.get("oauth_signature_method") or case.get("signature_method") or "HMAC-SHA1"
    secrets = {name: case[field] for field, name in SECRETS.items() if field in case}
    made = oauth1.Client(given.get("oauth_consumer_key", ""), signature_method=method, **secrets)
    made.get_oauth_params = lambda request: [tuple(pair) for pair in params if pair[0] not in ("realm", "oauth_signature")]
    made.base_string = None

    def keep(base_string, signer):
        made.base_string = base_string
        return METHODS[method](base_string, signer)

    made.SIGNATURE_METHODS = {method: keep}
    return made


def signed(case, method=None):
    """The client after signing the request, and the header it made."""
    made = client(case, case["oauth_params"], method)
    headers = {"Content-Type": case["content_type"]} if "content_type" in case else None
    _, headers, _ = made.sign(case["url"], case["method"], case.get("body"), headers, realm=case.get("realm"))
    return made, headers["Authorization"]


def base_string(case):
    """PLAINTEXT would not make one, and RSA would want a key; the method signed for is in the parameters."""
    return signed({**case, "client_secret": "", "token_secret": ""}, "HMAC-SHA1")[0].base_string


def sign_request(case):
    made, header = signed(case)
    value = dict(utils.parse_authorization_header(header))["oauth_signature"]
    return {"base_string": made.base_string, "signature": utils.unescape(value), "authorization_header": header}


class Validator(oauth1.RequestValidator):
    """Knows the keys of one case; takes clients, nonces and times of any form."""

    enforce_ssl = False
    timestamp_lifetime = 10 ** 15
    allowed_signature_methods = tuple(METHODS)

    def __init__(self, case):
        super().__init__()
        self.case = case

    def check_client_key(self, key):
        return True

    check_nonce = check_client_key

    def validate_client_key(self, key, request):
        return True

    def validate_timestamp_and_nonce(self, *_, **__):
        return True

    def get_client_secret(self, key, request):
        return self.case.get("client_secret", "")

    def get_access_token_secret(self, key, token, request):
        return self.case.get("token_secret", "")

    def get_rsa_key(self, key, request):
        if "public_key_pem" in self.case:
            return self.case["public_key_pem"]
        raise NotImplementedHere  # it reads public keys, neither certificates nor private keys


def verify_request(case):
    """The signature goes where the other protocol parameters are."""
    url, body, headers = case["url"], case.get("body"), {}
    if "content_type" in case:
        headers["Content-Type"] = case["content_type"]
    query = url.partition("?")[2]
    if case["oauth_params"] or ("oauth_" not in query and "oauth_" not in (body or "")):
        params = [tuple(pair) for pair in case["oauth_params"]] + [("oauth_signature", case["signature"])]
        headers = parameters.prepare_headers(params, headers, realm=case.get("realm"))
    elif "oauth_signature=" not in query + (body or ""):
        added = "&oauth_signature=" + utils.escape(case["signature"])
        url, body = (url + added, body) if "oauth_" in query else (url, body + added)
    endpoint = oauth1.SignatureOnlyEndpoint(Validator(case))
    return "valid" if endpoint.validate_request(url, case["method"], body, headers)[0] else "invalid"


def normalize(case):
    params = [tuple(pair) for pair in case["params"]] if "params" in case else signature.collect_parameters(case["form"])
    return signature.normalize_parameters([pair for pair in params if pair[0] != "oauth_signature"])


def header_build(case):
    if case["separator"] != ", ":
        raise NotImplementedHere
    return parameters.prepare_headers(case["params"], realm=case["realm"])["Authorization"]


def header_parse(case):
    pairs = utils.parse_authorization_header(case["input"])
    params = [[utils.unescape(name), utils.unescape(value)] for name, value in pairs if name != "realm"]
    return {"realm": dict(pairs).get("realm"), "params": params}


def signature_of_base_string(case):
    kind = case["kind"].upper()
    if "base_string" not in case or "published" in case:
        raise NotImplementedHere
    return METHODS[kind](case["base_string"], client(case, method=kind))


def text_of(case):
    return bytes.fromhex(case["input_hex"]).decode() if "input_hex" in case else case["input"]


ANSWERS = {
    "percent-encode": lambda case: utils.escape(text_of(case)),
    "percent-decode": lambda case: utils.unescape(case["input"]),
    "base-string-uri": lambda case: signature.base_string_uri(case["url"], case.get("host_header")),
    "parameter-normalization": normalize,
    "base-string": base_string,
    "plaintext": lambda case: signature.sign_plaintext(case["client_secret"], case["token_secret"]),
    "authorization-header-build": header_build,
    "authorization-header-parse": header_parse,
    "sign-request": sign_request,
    "verify-request": verify_request,
}


def answer(case):
    kind = case["kind"]
    compute = ANSWERS.get(kind) or (signature_of_base_string if kind.startswith(("hmac-", "rsa-")) else None)
    try:
        if compute is None:
            raise NotImplementedHere
        return {"output": compute(case)}
    except NotImplementedHere:
        return {"not_implemented": True}
    except Exception as error:
        # A refusal by a function that computes is fine; a verifier has to answer, not to raise.
        if isinstance(error, ValueError) and kind != "verify-request":
            return {"refused": str(error)}
        return {"crashed": repr(error)}


if __name__ == "__main__":
    for line in sys.stdin:
        case = json.loads(line)
        print(json.dumps({"id": case["id"], **answer(case)}), flush=True)
