"""python-oauth2 behind the line protocol of ../../README.md.

    pip install oauth2==1.9.0.post1

Its own functions are called the way its users call them; nothing it lacks is added.
On Python 3 its Server refuses every signature, because it compares octets with text.
"""

import json
import sys
import urllib.parse

import oauth2

FORM = "application/x-www-form-urlencoded"
METHODS = {"HMAC-SHA1": oauth2.SignatureMethod_HMAC_SHA1, "PLAINTEXT": oauth2.SignatureMethod_PLAINTEXT}


class NotImplementedHere(Exception):
    pass


def grouped(pairs):
    """The dictionary it takes: of a name that occurs more than once, a list."""
    made = {}
    for name, value in pairs:
        made.setdefault(name, []).append(value)
    return {name: values if len(values) > 1 else values[0] for name, values in made.items()}


def credentials(case):
    token = oauth2.Token(grouped(case.get("oauth_params", [])).get("oauth_token", ""), case.get("token_secret", ""))
    return oauth2.Consumer("", case.get("client_secret", "")), token


def request(case, sent):
    """What counts as a form, its Client decides so."""
    body, form = case.get("body", ""), case.get("content_type") == FORM
    params = {**(urllib.parse.parse_qs(body, keep_blank_values=True) if form else {}), **sent}
    # It adds a body hash to everything that is no form.
    plain = form or "oauth_body_hash" not in sent
    return oauth2.Request(case["method"], case["url"], params, body.encode(), plain)


def sent_of(case):
    return grouped(pair for pair in case["oauth_params"] if pair[0] not in ("realm", "oauth_signature"))


def base_string(case):
    made = request(case, sent_of(case))
    return oauth2.SignatureMethod_HMAC_SHA1().signing_base(made, *credentials(case))[1].decode()


def sign_request(case):
    sent = sent_of(case)
    method = sent.get("oauth_signature_method") or case.get("signature_method", "HMAC-SHA1")
    if method not in METHODS or case.get("realm") is None:
        raise NotImplementedHere  # it always sends a realm
    if "oauth_consumer_key" not in sent or "oauth_token" not in sent or "oauth_signature_method" not in sent:
        raise NotImplementedHere  # it adds these
    made, (consumer, token) = request(case, sent), credentials(case)
    made.sign_request(METHODS[method](), consumer, token)
    base = METHODS[method]().signing_base(made, consumer, token)[1]
    header = made.to_header(case["realm"])["Authorization"]
    return {"base_string": base.decode() if method != "PLAINTEXT" else None, "signature": made["oauth_signature"].decode(), "authorization_header": header}


def base_string_uri(case):
    if "host_header" in case:
        raise NotImplementedHere  # it is given a URL, no header
    return oauth2.Request(url=case["url"]).normalized_url


def normalize(case):
    url = "http://x/" + ("?" + case["form"] if "form" in case else "")
    return oauth2.Request(url=url, parameters=grouped(case.get("params", []))).get_normalized_parameters()


def header_build(case):
    if case["separator"] != ", " or case["realm"] is None:
        raise NotImplementedHere
    return oauth2.Request(url="http://x/", parameters=grouped(case["params"])).to_header(case["realm"])["Authorization"]


def hmac_sha1(case):
    if "base_string" not in case:
        raise NotImplementedHere

    class Given(oauth2.SignatureMethod_HMAC_SHA1):
        def signing_base(self, *parts):
            return super().signing_base(*parts)[0], case["base_string"].encode()

    return Given().sign(oauth2.Request(url="http://x/"), *credentials(case)).decode()


def plaintext(case):
    return oauth2.SignatureMethod_PLAINTEXT().sign(None, *credentials(case)).decode()


def verify_request(case):
    """The signature goes where the other protocol parameters are."""
    url, body, headers = case["url"], case.get("body"), {}
    query = url.partition("?")[2]
    form = case.get("content_type") == FORM
    if case["oauth_params"] or ("oauth_" not in query and "oauth_" not in (body or "")):
        params = grouped(case["oauth_params"] + [["oauth_signature", case["signature"]]])
        headers = oauth2.Request(url="http://x/", parameters=params).to_header(case.get("realm") or "")
    elif "oauth_signature=" not in query + (body or ""):
        added = "&oauth_signature=" + oauth2.escape(case["signature"])
        url, body = (url + added, body) if "oauth_" in query else (url, body + added)
    got = oauth2.Request.from_request(case["method"], url, headers, query_string=body if form else None)
    method = got.get("oauth_signature_method") if got else None
    if method and method not in METHODS:
        raise NotImplementedHere
    server = oauth2.Server({name: made() for name, made in METHODS.items()})
    server.timestamp_threshold = 10 ** 15
    try:
        server.verify_request(got, *credentials(case))
    except oauth2.Error:
        return "invalid"
    return "valid"


ANSWERS = {
    "percent-encode": lambda case: oauth2.escape(bytes.fromhex(case["input_hex"]) if "input_hex" in case else case["input"]),
    "base-string-uri": base_string_uri,
    "parameter-normalization": normalize,
    "base-string": base_string,
    "hmac-sha1": hmac_sha1,
    "plaintext": plaintext,
    "authorization-header-build": header_build,
    "sign-request": sign_request,
    "verify-request": verify_request,
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
