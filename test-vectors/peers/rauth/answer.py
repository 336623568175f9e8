"""rauth behind the line protocol of ../../README.md.

    pip install rauth==0.7.3

Its own functions are called the way its users call them; nothing it lacks is added. A request goes
up to the point where it would be sent; the base string is what is hashed.
"""

import hmac
import json
import sys
import urllib.parse

import rauth.oauth
import requests
from rauth import OAuth1Session

FORM = "application/x-www-form-urlencoded"
METHODS = {"HMAC-SHA1": rauth.oauth.HmacSha1Signature, "PLAINTEXT": rauth.oauth.PlaintextSignature}


class NotImplementedHere(Exception):
    pass


class Hmac:
    """What it uses of the module hmac, with the text kept."""

    text = None

    @classmethod
    def new(cls, key, text, digest):
        cls.text = text.decode()
        return hmac.new(key, text, digest)


rauth.oauth.hmac = Hmac


class Unsent(requests.adapters.BaseAdapter):
    """Takes the place of the network and keeps the request."""

    def send(self, request, **_):
        self.request = request
        response = requests.Response()
        response.status_code, response.request, response.raw = 200, request, None
        response._content = b""
        return response

    def close(self):
        pass


def pairs(body):
    return urllib.parse.parse_qsl(body.decode() if isinstance(body, bytes) else body or "", keep_blank_values=True)


def sign_request(case):
    sent = dict(pair for pair in case["oauth_params"] if pair[0] not in ("realm", "oauth_signature"))
    method = sent.get("oauth_signature_method", "")
    if method not in METHODS or any(not name.startswith("oauth_") for name in sent):
        raise NotImplementedHere
    session = OAuth1Session(sent.get("oauth_consumer_key", ""), case.get("client_secret", ""), sent.get("oauth_token"), case.get("token_secret"), METHODS[method])
    session._get_oauth_params = lambda req_kwargs: dict(sent)
    network = Unsent()
    session.mount("http://", network)
    session.mount("https://", network)
    headers = {"Content-Type": case["content_type"]} if "content_type" in case else {}
    Hmac.text = None
    body = {"data": case["body"]} if "body" in case else {}
    session.request(case["method"], case["url"], header_auth=True, realm=case.get("realm") or "", headers=headers, **body)
    made = network.request
    if pairs(made.body) != pairs(case.get("body")) or made.body and "content_type" not in case:
        raise NotImplementedHere  # it sends another form than it was given, and gives a body without a type one
    header = made.headers["Authorization"]
    header = header.decode() if isinstance(header, bytes) else header
    signature = urllib.parse.unquote(header.partition('oauth_signature="')[2].partition('"')[0])
    return {"base_string": Hmac.text, "signature": signature, "authorization_header": header}


def base_string(case):
    made = sign_request({**case, "client_secret": "", "token_secret": ""})["base_string"]
    if made is None:
        raise NotImplementedHere  # PLAINTEXT makes none
    return made


def signed(case):
    if case.get("realm") is None:
        raise NotImplementedHere  # it always sends a realm
    return sign_request(case)


ANSWERS = {
    "percent-encode": lambda case: rauth.oauth.SignatureMethod()._escape(bytes.fromhex(case["input_hex"]).decode() if "input_hex" in case else case["input"]).decode(),
    "base-string": base_string,
    "plaintext": lambda case: METHODS["PLAINTEXT"]().sign(case["client_secret"], case["token_secret"], "GET", "http://x/", {}, {}),
    "sign-request": signed,
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
