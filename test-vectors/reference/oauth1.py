"""OAuth 1.0a (RFC 5849) written a second time, as plainly as possible.

It exists to compute and to check the values in ../vectors, so it favours being
read over being fast. Standard library only. Each function names its section.
"""

import base64
import hashlib
import hmac
import ipaddress
import re

import rsa

UNRESERVED = frozenset(b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~")
FORM = "application/x-www-form-urlencoded"
METHODS = {
    "HMAC-SHA1": ("hmac", "sha1"), "HMAC-SHA256": ("hmac", "sha256"), "HMAC-SHA512": ("hmac", "sha512"),
    "RSA-SHA1": ("rsa", "sha1"), "RSA-SHA256": ("rsa", "sha256"), "RSA-SHA512": ("rsa", "sha512"),
    "PLAINTEXT": ("plaintext", None),
}


class Refused(Exception):
    """The input is not something this protocol can be applied to."""


def octets(value):
    return value if isinstance(value, bytes) else value.encode("utf-8")


def text(value):
    try:
        return value.decode("utf-8")
    except UnicodeDecodeError:
        raise Refused("not UTF-8")


def percent_encode(value):
    """Section 3.6."""
    return "".join(chr(b) if b in UNRESERVED else "%%%02X" % b for b in octets(value))


def percent_decode(value):
    """The inverse of section 3.6; "+" stays "+". Every "%" must start an escape."""
    raw = octets(value)
    out, at = bytearray(), 0
    while at < len(raw):
        if raw[at] == 0x25:
            pair = raw[at + 1:at + 3]
            if not re.fullmatch(rb"[0-9A-Fa-f]{2}", pair):
                raise Refused("malformed percent escape")
            out.append(int(pair, 16))
            at += 3
        else:
            out.append(raw[at])
            at += 1
    return bytes(out)


def form_pairs(document):
    """Section 3.4.1.3.1: a query or a form body as decoded pairs."""
    pairs = []
    for piece in octets(document).split(b"&"):
        if piece:
            name, _, value = piece.partition(b"=")
            pairs.append(tuple(percent_decode(part.replace(b"+", b" ")) for part in (name, value)))
    return pairs


def normalize(pairs):
    """Section 3.4.1.3.2: encode, sort by name then value, join."""
    kept = [(n, v) for n, v in pairs if octets(n) != b"oauth_signature"]
    encoded = sorted((percent_encode(n), percent_encode(v)) for n, v in kept)
    return "&".join(n + "=" + v for n, v in encoded)


def base_string_uri(url, host_header=None):
    """Section 3.4.1.2. `host_header` is what the Host field said, if it differs from the URL.

    The path stays as sent; only what no URI may hold, a space or an octet above 127, is escaped.
    """
    match = re.match(r"(https?)://([^/?#]*)([^?#]*)", url, re.IGNORECASE | re.DOTALL)
    if not match:
        raise Refused("not an absolute http or https URI")
    scheme, authority, path = match.groups()
    scheme = scheme.lower()
    authority = authority.rpartition("@")[2] if host_header is None else host_header
    bracketed = re.fullmatch(r"\[([^\]]*)\](?::(.*))?", authority, re.DOTALL)
    if bracketed:
        host, port = bracketed.groups()
        try:
            ipaddress.IPv6Address(host)
        except ValueError:
            raise Refused("not an IPv6 address")
        host = "[" + host + "]"
    else:
        host, _, port = authority.partition(":")
        if not re.fullmatch(r"[A-Za-z0-9._~!$&'()*+,;=%-]+", host):
            raise Refused("not a host name")
    if port and (not re.fullmatch(r"[0-9]+", port) or not 0 < int(port) < 65536):
        raise Refused("not a port")
    default = {"http": 80, "https": 443}[scheme]
    if re.search(r"[\x00-\x1f\x7f]", path):
        raise Refused("control character in the path")
    path = "".join(c if "!" <= c <= "~" else percent_encode(c) for c in path) or "/"
    suffix = ":%d" % int(port) if port and int(port) != default else ""
    return scheme + "://" + host.lower() + suffix + path


def is_form(content_type):
    return bool(content_type) and content_type.split(";")[0].strip(" \t").lower() == FORM


def sources(request):
    """Section 3.4.1.3.1: (query, header, body) pairs; the realm is not a parameter."""
    query = request["url"].partition("#")[0].partition("?")[2]
    header = [(octets(n), octets(v)) for n, v in request.get("oauth_params", []) if n != "realm"]
    body = request.get("body") or ""
    return form_pairs(query), header, form_pairs(body) if is_form(request.get("content_type")) else []


def base_string(request):
    """Section 3.4.1.1."""
    pairs = [pair for source in sources(request) for pair in source]
    return "&".join(percent_encode(part) for part in (
        request["method"].upper(),
        base_string_uri(request["url"], request.get("host_header")),
        normalize(pairs),
    ))


def shared_key(client_secret, token_secret):
    """Sections 3.4.2 and 3.4.4."""
    return percent_encode(client_secret) + "&" + percent_encode(token_secret)


def signature_method(request):
    for name, value in request.get("oauth_params", []):
        if name == "oauth_signature_method":
            return value
    return request.get("signature_method")


def signature(method, case, string):
    """Section 3.4.2, 3.4.3 or 3.4.4, as text."""
    if method not in METHODS:
        raise Refused("unknown signature method")
    family, algorithm = METHODS[method]
    if family == "plaintext":
        return shared_key(case.get("client_secret", ""), case.get("token_secret", ""))
    if family == "hmac":
        key = shared_key(case.get("client_secret", ""), case.get("token_secret", ""))
        value = hmac.new(key.encode(), octets(string), algorithm).digest()
    else:
        value = rsa.sign(algorithm, octets(string), rsa.private_key(case["private_key_pem"]))
    return base64.b64encode(value).decode()


def rsa_verifies(algorithm, message, presented, public_key):
    """Section 3.4.3. `presented` is Base64; only the canonical spelling counts."""
    try:
        raw = base64.b64decode(presented, validate=True)
    except ValueError:
        return False
    return base64.b64encode(raw).decode() == presented and rsa.verify(algorithm, message, raw, public_key)


def body_hash(algorithm, body):
    return base64.b64encode(hashlib.new(algorithm, octets(body)).digest()).decode()


def build_header(params, realm, separator):
    """Section 3.5.1; the realm is a quoted-string of RFC 2617."""
    items = [] if realm is None else ['realm="%s"' % realm.replace("\\", "\\\\").replace('"', '\\"')]
    items += ['%s="%s"' % (percent_encode(n), percent_encode(v)) for n, v in params]
    return "OAuth " + separator.join(items)


def parse_header(header):
    """Section 3.5.1. Returns (realm, decoded pairs)."""
    match = re.match(r"oauth(?=[ \t\r\n]|$)", header, re.IGNORECASE)
    if not match:
        raise Refused("not the OAuth scheme")
    rest, realm, pairs = header[match.end():], None, []
    while True:
        rest = rest.lstrip(" \t\r\n,")
        if not rest:
            return realm, pairs
        match = re.match(r'([^\s=",]+)[ \t\r\n]*=[ \t\r\n]*"((?:[^"\\]|\\.)*)"[ \t\r\n]*(?=,|$)', rest, re.DOTALL)
        if not match:
            raise Refused("not a list of name=\"value\"")
        name, value = text(percent_decode(match.group(1))), match.group(2)
        rest = rest[match.end():]
        if name == "realm":
            if realm is not None:
                raise Refused("realm twice")
            realm = re.sub(r"\\(.)", r"\1", value, flags=re.DOTALL)
        else:
            pairs.append((name, text(percent_decode(value))))


def verify(request):
    """Section 3.2 as far as one request shows it: no clock, no memory of nonces."""
    located = [source for source in sources(request) if any(n.startswith(b"oauth_") for n, _ in source)]
    if len(located) != 1:
        raise Refused("protocol parameters in no place, or in more than one (3.5)")
    protocol = {}
    for name, value in located[0]:
        if name.startswith(b"oauth_"):
            if name in protocol:
                raise Refused("duplicated protocol parameter (3.1)")
            protocol[name] = text(value)
    method = protocol.get(b"oauth_signature_method")
    if method not in METHODS:
        raise Refused("missing or unknown signature method (3.2)")
    needed = [b"oauth_consumer_key"]
    if method != "PLAINTEXT":
        needed += [b"oauth_timestamp", b"oauth_nonce"]
    if any(name not in protocol for name in needed):
        raise Refused("missing protocol parameter (3.1)")
    if protocol.get(b"oauth_version", "1.0") != "1.0":
        raise Refused("version (3.2)")
    stamp = protocol.get(b"oauth_timestamp")
    if stamp is not None and not (re.fullmatch(r"[0-9]+", stamp, re.ASCII) and int(stamp) > 0):
        raise Refused("timestamp is not a positive integer (3.3)")
    presented = request["signature"]
    if protocol.get(b"oauth_signature", presented) != presented:
        raise Refused("two different signatures")
    family, algorithm = METHODS[method]
    if family == "rsa":
        pem = next(request[k] for k in ("public_key_pem", "certificate_pem", "private_key_pem") if k in request)
        return rsa_verifies(algorithm, octets(base_string(request)), presented, rsa.public_key(pem))
    string = "" if family == "plaintext" else base_string(request)
    return hmac.compare_digest(octets(signature(method, request, string)), octets(presented))
