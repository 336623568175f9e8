"""Clients that make mistakes: requests that are refused, for diagnosing.

    python3 mistakes.py SEED SINGLES PAIRS WRONG

Prints one JSON object a line: SINGLES requests signed with one mistake, PAIRS with two, WRONG
with none but another secret. Each mistake is written here a second time, as the client would
make it; `mistakes` names what was done. A mistake that makes no difference to a request is not
counted as made, nor is one of two that makes none beside the other.
"""

import base64
import hashlib
import hmac
import json
import random
import re
import sys
from urllib.parse import quote

PLAIN = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~"


class Client:
    """Signs as RFC 5849 asks, one step a method; who makes a mistake replaces one of them."""

    def __init__(self, request):
        self.r = request

    # Section 3.6
    def safe(self):
        return ""

    def unsafe(self):
        return ""

    def escape(self, octets):
        octets = octets.encode("utf-8", "surrogateescape") if isinstance(octets, str) else octets
        kept = set((PLAIN + self.safe()).encode()) - set(self.unsafe().encode())
        return "".join(chr(b) if b in kept else self.hexed(b) for b in octets)

    def hexed(self, octet):
        return "%%%02X" % octet

    def escape_name(self, octets):
        return self.escape(octets)

    def escape_value(self, octets):
        return self.escape(octets)

    # Section 3.4.1.1
    def method(self):
        return self.r["method"]

    def escape_whole(self, text):
        return self.escape(text)

    def escape_uri(self, text):
        return self.escape(text)

    def glue(self):
        return "&"

    # Section 3.4.1.2
    def scheme(self):
        return self.r["scheme"]

    def host(self):
        return self.r["host"].lower()

    def port(self):
        port = self.r["port"]
        return "" if port in (None, {"http": 80, "https": 443}[self.scheme()]) else ":%d" % port

    def path(self):
        return self.r["path"]

    def after_path(self):
        return ""

    def uri(self):
        return self.scheme() + "://" + self.host() + self.port() + self.path() + self.after_path()

    # Section 3.4.1.3.1
    def decode(self, raw):
        return unescape(raw.replace("+", " "))

    def decode_name(self, raw):
        return self.decode(raw)

    def split(self, text):
        out = []
        for piece in text.split("&"):
            if piece:
                name, equals, value = piece.partition("=")
                out.append([self.decode_name(name), self.decode(value), bool(equals)])
        return out

    def query_pairs(self):
        return self.split(self.r["query"])

    def body_pairs(self):
        return self.split(self.r["body"]) if self.r["kind"] == "form" else []

    def header_pairs(self):
        return [[n.encode(), v.encode(), True] for n, v in self.r["oauth"]]

    def pairs(self):
        return self.header_pairs() + self.query_pairs() + self.body_pairs()

    # Section 3.4.1.3.2
    def sort(self, items):
        return sorted(items, key=lambda item: (item[0], item[1]))

    def pair_text(self, item):
        return item[0] + "=" + item[1]

    def normalized(self):
        items = [[self.escape_name(n), self.escape_value(v), n, v, e] for n, v, e in self.pairs()]
        return "&".join(self.pair_text(item) for item in self.sort(items))

    def base(self):
        parts = [self.method(), self.escape_uri(self.uri()), self.escape_whole(self.normalized())]
        return self.glue().join(parts)

    # Section 3.4.2
    def client_secret(self):
        return self.r["client_secret"].encode()

    def token_secret(self):
        return (self.r["token_secret"] or "").encode()

    def escape_secret(self, octets):
        return self.escape(octets)

    def key(self):
        return (self.escape_secret(self.client_secret()) + "&"
                + self.escape_secret(self.token_secret())).encode("latin-1")

    def hash(self):
        return {"HMAC-SHA1": "sha1", "HMAC-SHA256": "sha256", "HMAC-SHA512": "sha512"}[self.r["signature_method"]]

    def digest(self):
        return hmac.new(self.key(), octets(self.base()), self.hash()).digest()

    def write(self, digest):
        return base64.b64encode(digest).decode()

    def signature(self):
        return self.write(self.digest())


def octets(text):
    return text.encode("utf-8", "surrogateescape")


def unescape(text):
    """Decodes each %XX, and leaves a lone % as it is."""
    octet = lambda match: bytes([int(match.group(1), 16)])
    return re.sub(rb"%([0-9A-Fa-f]{2})", octet, text.encode())


MISTAKES = {}


def mistake(name):
    """Registers a class of methods that replace those of a client."""
    def register(cls):
        MISTAKES.setdefault(name, []).append(cls)
        return cls
    return register


def simple(name, **methods):
    MISTAKES.setdefault(name, []).append(type("M", (), methods))


other = {"http": "https", "https": "http"}
simple("scheme", scheme=lambda s: other[s.r["scheme"]])
simple("default-port-kept", port=lambda s: ":%d" % (s.r["port"] or {"http": 80, "https": 443}[s.scheme()]))
simple("port-dropped", port=lambda s: "")
simple("other-host", host=lambda s: s.r["forwarded"].partition(":")[0], port=lambda s: s.r["forwarded"].partition(":")[1] + s.r["forwarded"].partition(":")[2])
simple("www", host=lambda s: s.super("host")[4:] if s.super("host").startswith("www.") else "www." + s.super("host"))
simple("host-case", host=lambda s: s.r["host"])
simple("prefix", path=lambda s: "/gate" + s.super("path"))
simple("trailing-slash", path=lambda s: slash(s.super("path")))
simple("query-in-uri", after_path=lambda s: "?" + s.r["query"] if s.r["query"] else "")
simple("query-in-uri", after_path=lambda s: "?" + s.r["query"] if s.r["query"] else "", query_pairs=lambda s: [])
simple("slashes-merged", path=lambda s: squeeze(s.super("path")))
simple("dot-segments", path=lambda s: resolve(s.super("path")))
simple("path-reencoded", path=lambda s: quote(unescape(s.super("path")), safe="$&+,/:;=@~"))
simple("path-decoded", uri=lambda s: s.scheme() + "://" + s.host() + s.port() + plain(unescape(s.path())) + s.after_path())
simple("path-encoded-again", path=lambda s: s.super("path").replace("%", "%25"))
simple("path-escape-case", path=lambda s: recase(s.super("path"), str.lower))
# Where escapes alone have capitals, it is the mistake above.
simple("path-case", path=lambda s: s.super("path").lower() if recase(s.super("path"), str.lower) != s.super("path").lower() else s.super("path"))
simple("empty-path", path=lambda s: "" if s.super("path") == "/" else s.super("path"))
simple("path-only", uri=lambda s: s.path() + s.after_path())


@mistake("url-as-written")
class AsWritten:
    # A host in capitals alone, or a default port alone, are mistakes of their own.
    def both(self):
        r = self.r
        return r["host"] != r["host"].lower() and r["port"] == {"http": 80, "https": 443}[r["scheme"]]

    def host(self):
        return self.r["host"] if self.both() else self.super("host")

    def port(self):
        return ":%d" % self.r["port"] if self.both() else self.super("port")


simple("method-case", method=lambda s: s.super("method").lower())
simple("other-method", method=lambda s: "POST" if s.r["method"] == "GET" else "GET")

simple("query-left-out", query_pairs=lambda s: [])
simple("body-left-out", body_pairs=lambda s: [])
simple("body-signed-as-form", body_pairs=lambda s: s.super("body_pairs") + (s.split(s.r["body"]) if s.r["kind"] in ("json", "text") else []))
simple("json-signed", body_pairs=lambda s: s.super("body_pairs") + [[k.encode(), v.encode(), True] for k, v in s.r.get("members", [])])
simple("multipart-signed", body_pairs=lambda s: s.super("body_pairs") + [[k.encode(), v.encode(), True] for k, v in s.r.get("fields", [])])


@mistake("duplicates-merged")
class First:
    def pairs(self):
        seen = {}
        for pair in self.super("pairs"):
            seen.setdefault(pair[0], pair)
        return list(seen.values())


@mistake("duplicates-merged")
class Last:
    def pairs(self):
        return list({pair[0]: pair for pair in self.super("pairs")}.values())


@mistake("duplicates-joined")
class Joined:
    def pairs(self):
        names = {}
        for name, value, _ in self.super("pairs"):
            names.setdefault(name, []).append(value)
        return [[name, b",".join(values), True] for name, values in names.items()]


@mistake("duplicates-numbered")
class Numbered:
    def pairs(self):
        pairs, seen = self.super("pairs"), {}
        count = [name for name, _, _ in pairs].count
        out = []
        for name, value, equals in pairs:
            at = seen[name] = seen.get(name, -1) + 1
            out.append([name + b"[%d]" % at if count(name) > 1 else name, value, equals])
        return out


simple("brackets-dropped", pairs=lambda s: [[n.partition(b"[")[0], v, e] for n, v, e in s.super("pairs")])
simple("empty-left-out", pairs=lambda s: [p for p in s.super("pairs") if p[1] or p[0].startswith(b"oauth_")])
simple("bare-left-out", pairs=lambda s: [p for p in s.super("pairs") if p[2]])
simple("nameless-left-out", pairs=lambda s: [p for p in s.super("pairs") if p[0]])
simple("no-equals", pair_text=lambda s, item: item[0] if not item[4] else s.super("pair_text", item))
simple("plus-kept", decode=lambda s, raw: unescape(raw))
simple("names-not-decoded", decode_name=lambda s, raw: raw.encode())
simple("question-mark", split=lambda s, text: s.super("split", text.replace("?", "&")))
simple("semicolon", split=lambda s, text: s.super("split", text.replace(";", "&")))
simple("value-cut", pairs=lambda s: [[n, v if n.startswith(b"oauth_") else v.partition(b"=")[0], e] for n, v, e in s.super("pairs")])
simple("source-ignored", query_pairs=lambda s: [p for p in s.super("query_pairs") if p[0] not in [b[0] for b in s.body_pairs()]])

simple("version", header_pairs=lambda s: toggled(s.super("header_pairs"), b"oauth_version", b"1.0"))
simple("token", header_pairs=lambda s: toggled(s.super("header_pairs"), b"oauth_token", b""))
simple("callback", header_pairs=lambda s: toggled(s.super("header_pairs"), b"oauth_callback", b"about:blank"))
simple("verifier", header_pairs=lambda s: [p for p in s.super("header_pairs") if p[0] != b"oauth_verifier"])
simple("body-hash", header_pairs=lambda s: [p for p in s.super("header_pairs") if p[0] != b"oauth_body_hash"])
simple("protocol-left-out", header_pairs=lambda s: [p for p in s.super("header_pairs") if not p[0].startswith(b"oauth_")])
# Where query or body alone is there, it is that which was left out.
simple("only-protocol", pairs=lambda s: s.header_pairs() if s.query_pairs() and s.body_pairs() else s.super("pairs"))
simple("header-others", header_pairs=lambda s: [p for p in s.super("header_pairs") if p[0].startswith(b"oauth_")])
simple("realm", header_pairs=lambda s: s.super("header_pairs") + ([[b"realm", s.r["realm"].encode(), True]] if s.r["realm"] else []))
simple("signature-signed", header_pairs=lambda s: s.super("header_pairs") + [[b"oauth_signature", b"", True]])
simple("method-name", header_pairs=lambda s: [[n, b"RSA-SHA1" if n == b"oauth_signature_method" else v, e] for n, v, e in s.super("header_pairs")])

simple("space-as-plus", hexed=lambda s, octet: "+" if octet == 32 else s.super("hexed", octet))
simple("tilde-escaped", unsafe=lambda s: s.super("unsafe") + "~")
simple("marks-left", safe=lambda s: s.super("safe") + "!*'()")
simple("reserved-left", escape_name=lambda s, o: with_safe(s, o, "/"), escape_value=lambda s, o: with_safe(s, o, "/"))
simple("reserved-left", escape_name=lambda s, o: with_safe(s, o, ";,/?:@&=+$!*'()#"), escape_value=lambda s, o: with_safe(s, o, ";,/?:@&=+$!*'()#"))
simple("lower-case-hex", hexed=lambda s, octet: s.super("hexed", octet).lower())
simple("not-encoded", escape_name=lambda s, o: plain(o), escape_value=lambda s, o: plain(o))
simple("names-not-encoded", escape_name=lambda s, o: plain(o))
simple("octets-replaced", pairs=lambda s: [[n, v.decode("utf-8", "replace").encode(), e] for n, v, e in s.super("pairs")])


@mistake("names-never-encoded")
class RawNames:
    def normalized(self):
        return self.pairs()

    def escape_whole(self, pairs):
        items = sorted((plain(n), self.escape_value(v)) for n, v, _ in pairs)
        return self.escape("&").join(n + self.escape("=") + self.escape(v) for n, v in items)


simple("values-not-encoded", escape_value=lambda s, o: plain(o))
simple("joined-not-encoded", escape_whole=lambda s, text: text)
simple("joined-again", escape_whole=lambda s, text: s.escape(s.super("escape_whole", text)))
simple("encoded-again", query_pairs=lambda s: [[s.escape(n).encode("latin-1"), s.escape(v).encode("latin-1"), e] for n, v, e in s.super("query_pairs")])
simple("decoded-again", pairs=lambda s: [[unescape_octets(n), unescape_octets(v), e] for n, v, e in s.super("pairs")])
simple("uri-not-encoded", escape_uri=lambda s, text: text)
simple("uri-encoded-again", escape_uri=lambda s, text: s.escape(s.super("escape_uri", text)))
simple("utf8-twice", pairs=lambda s: [[n.decode("latin-1").encode(), v.decode("latin-1").encode(), e] for n, v, e in s.super("pairs")])
simple("latin-1", pairs=lambda s: latin(s.super("pairs")))
simple("separator", glue=lambda s: "\n")

simple("sorted-decoded", sort=lambda s, items: sorted(items, key=lambda i: (i[2], i[3])))
simple("not-sorted", sort=lambda s, items: items)
simple("values-not-sorted", sort=lambda s, items: sorted(items, key=lambda i: i[0]))
simple("sorted-joined", sort=lambda s, items: sorted(items, key=lambda i: i[0] + "=" + i[1]))
simple("sorted-ignoring-case", sort=lambda s, items: sorted(items, key=lambda i: (i[0].lower(), i[0], i[1])))
simple("sorted-descending", sort=lambda s, items: sorted(items, key=lambda i: (i[0], i[1]), reverse=True))


@mistake("sorted-apart")
class Apart:
    def normalized(self):
        out = []
        for pairs in (self.header_pairs(), self.query_pairs(), self.body_pairs()):
            items = [[self.escape_name(n), self.escape_value(v), n, v, e] for n, v, e in pairs]
            out += [self.pair_text(item) for item in sorted(items, key=lambda i: (i[0], i[1]))]
        return "&".join(out)


simple("no-token-secret", token_secret=lambda s: b"")
simple("key-without-ampersand", key=lambda s: (s.escape_secret(s.client_secret()) + s.escape_secret(s.token_secret())).encode("latin-1"))
simple("secrets-swapped", client_secret=lambda s: s.super("token_secret"), token_secret=lambda s: s.super("client_secret"))
simple("secrets-not-encoded", escape_secret=lambda s, octets: octets.decode("latin-1"))
simple("secrets-encoded-again", escape_secret=lambda s, octets: s.escape(s.super("escape_secret", octets)))
simple("key-encoded", key=lambda s: s.escape(s.super("key")).encode("latin-1"))
simple("identifier-as-secret", client_secret=lambda s: dict(s.r["oauth"])["oauth_consumer_key"].encode())
simple("whitespace", client_secret=lambda s: s.super("client_secret") + b"\n")
simple("whitespace", token_secret=lambda s: s.super("token_secret") + b"\r\n" if s.r["token_secret"] else b"")
simple("secret-decoded", client_secret=lambda s: unhex(s.super("client_secret")), token_secret=lambda s: unhex(s.super("token_secret")))

next_hash = {"sha1": "sha256", "sha256": "sha512", "sha512": "sha1"}
simple("other-hash", hash=lambda s: next_hash[s.super("hash")])
simple("hexadecimal", write=lambda s, d: d.hex())
simple("base64-of-hexadecimal", write=lambda s, d: base64.b64encode(d.hex().encode()).decode())
simple("encoded-signature", write=lambda s, d: Client.escape(s, s.super("write", d)))
simple("signature-not-encoded", write=lambda s, d: s.super("write", d).replace("+", " "))
simple("other-base64", write=lambda s, d: base64.urlsafe_b64encode(d).decode())
simple("other-base64", write=lambda s, d: base64.b64encode(d).decode().rstrip("="))
simple("key-and-text-swapped", digest=lambda s: hmac.new(octets(s.base()), s.key(), s.hash()).digest())
simple("no-key", digest=lambda s: hashlib.new(s.hash(), octets(s.base())).digest())


def plain(octets):
    return octets.decode("utf-8", "surrogateescape")


def with_safe(client, octets, safe):
    kept = set((PLAIN + client.safe() + safe).encode()) - set(client.unsafe().encode())
    return "".join(chr(b) if b in kept else client.hexed(b) for b in octets)


def toggled(pairs, name, value):
    kept = [pair for pair in pairs if pair[0] != name]
    return kept if len(kept) < len(pairs) else pairs + [[name, value, True]]


def unescape_octets(octets):
    return unescape(octets.decode("latin-1")) if all(b < 128 for b in octets) else octets


def latin(pairs):
    try:
        return [[n.decode().encode("latin-1"), v.decode().encode("latin-1"), e] for n, v, e in pairs]
    except UnicodeError:
        return pairs


def unhex(secret):
    try:
        return bytes.fromhex(secret.decode())
    except ValueError:
        return secret


def slash(path):
    if path == "/":
        return path  # an empty path, which is another mistake
    return path[:-1] if path.endswith("/") else path + "/"


def squeeze(path):
    while "//" in path:
        path = path.replace("//", "/")
    return path


def resolve(path):
    out = []
    for segment in path.split("/")[1:]:
        if segment == "..":
            out = out[:-1]
        elif segment != ".":
            out.append(segment)
    end = "/" if path.endswith(("/.", "/..")) and out else ""
    return "/" + "/".join(out) + end


def recase(path, change):
    parts = path.split("%")
    return parts[0] + "".join("%" + change(part[:2]) + part[2:] for part in parts[1:])


def client_with(request, chosen):
    """A client that makes these mistakes; each may ask the next for what it would have done."""
    class Made(Client):
        pass
    for cls in chosen:
        below = Made
        methods = {}
        for name in vars(cls):
            if not name.startswith("__"):
                methods[name] = bound(below, vars(cls)[name])
        Made = type("Made", (below,), methods)
    return Made(request)


def bound(below, function):
    def method(self, *arguments):
        class View:
            def __getattr__(_, name):
                return getattr(self, name)

            def super(_, name, *rest):
                return getattr(below, name)(self, *rest)
        return function(View(), *arguments)
    return method


WORDS = ["status", "page", "id", "q", "Name", "a3", "c2", "c@", "a", "A", "tag", "f[a]", "list[]", "x-y", "sort_by", "~t"]
VALUES = [b"\xff\xfe", "Hello Ladies", "a+b", "1", "42", "r b", "~home", "it's (a) *test*!", "/a/b:c@d", "100%25", "é", "naïve", "☃", "x;y", "", "Z", "a&b=c", "2 q", "what?why"]


def word(draw):
    return draw.choice(WORDS) + (str(draw.randrange(9)) if draw.random() < 0.3 else "")


def document(draw, most):
    pieces = []
    for _ in range(draw.randrange(1, most)):
        name, value = word(draw), draw.choice(VALUES)
        written = quote(value, safe=draw.choice(["", "/:;?"])).replace("%20", draw.choice(["+", "%20"]))
        name = quote(name, safe=draw.choice(["", "[]"])) if draw.random() < 0.97 else ""
        pieces.append(name if name and not value and draw.random() < 0.5 else name + "=" + written)
    if draw.random() < 0.5:
        pieces.append(draw.choice(pieces))
        name = pieces[0].partition("=")[0]
        pieces.append(name + "=" + draw.choice(["b", "%C3%9F", "1"]))
    return "&".join(pieces)


def secret(draw):
    kind = draw.randrange(3)
    if kind == 0:
        return "%032x" % draw.getrandbits(128)
    return "".join(draw.choice(PLAIN + ("+/=&%! " if kind == 1 else "")) for _ in range(draw.randrange(12, 48)))


def make_request(draw):
    r = {"method": draw.choice(["GET", "POST", "POST", "PUT"]), "scheme": draw.choice(["http", "https"])}
    r["host"] = draw.choice(["api.example.com", "API.Example.com", "www.example.org", "localhost", "photos.example.net"])
    r["port"] = draw.choice([None, None, 8080, 8443, 80, 443])
    segments = draw.sample(["1", "statuses", "Photos", "r%20v", "a%2Fb", "%7Euser", "x", "..", ".", "", "caf%C3%A9", "v1.1"], draw.randrange(0, 4))
    r["path"] = "/" + "/".join(segments)
    r["query"] = document(draw, 5) if draw.random() < 0.75 else ""
    r["kind"] = draw.choice(["form", "form", "json", "text", "multipart", "none"]) if r["method"] != "GET" else "none"
    r["body"], r["content_type"] = "", None
    if r["kind"] == "form":
        r["body"], r["content_type"] = document(draw, 5), draw.choice(["application/x-www-form-urlencoded", "application/x-www-form-urlencoded; charset=utf-8"])
    elif r["kind"] == "json":
        r["members"] = [[n, draw.choice(VALUES[1:])] for n in sorted({word(draw) for _ in range(3)})]
        r["body"], r["content_type"] = json.dumps(dict(r["members"])), "application/json"
    elif r["kind"] == "text":
        r["body"], r["content_type"] = document(draw, 4), "text/plain"
    elif r["kind"] == "multipart":
        r["fields"] = [[word(draw), draw.choice(VALUES[1:])] for _ in range(2)]
        part = '--b0undary\r\nContent-Disposition: form-data; name="%s"\r\n\r\n%s\r\n'
        r["body"] = "".join(part % (n, v) for n, v in r["fields"]) + "--b0undary--\r\n"
        r["content_type"] = "multipart/form-data; boundary=b0undary"
    r["realm"] = draw.choice([None, "Photos", "a b"])
    r["signature_method"] = draw.choice(["HMAC-SHA1", "HMAC-SHA1", "HMAC-SHA256", "HMAC-SHA512"])
    r["client_secret"] = secret(draw)
    r["token_secret"] = secret(draw) if draw.random() < 0.8 else None
    oauth = [("oauth_consumer_key", "key%d" % draw.randrange(10**6)), ("oauth_nonce", "%020x" % draw.getrandbits(80)),
             ("oauth_signature_method", r["signature_method"]), ("oauth_timestamp", str(1_700_000_000 + draw.randrange(10**8)))]
    if r["token_secret"] is not None:
        oauth.append(("oauth_token", "token%d" % draw.randrange(10**6)))
    for name, value in [("oauth_version", "1.0"), ("oauth_callback", "https://printer.example.com/ready?x=1"), ("oauth_verifier", "hfdp7dh39dks9884")]:
        if draw.random() < (0.6 if name == "oauth_version" else 0.15):
            oauth.append((name, value))
    if r["kind"] in ("json", "text") and draw.random() < 0.3:
        oauth.append(("oauth_body_hash", base64.b64encode(hashlib.sha1(r["body"].encode()).digest()).decode()))
    if draw.random() < 0.2:
        oauth.append(("xoauth_requestor", "a@b"))
    draw.shuffle(oauth)
    r["oauth"] = oauth
    r["forwarded"] = draw.choice(["internal:9000", "backend.local"])
    return r


def line(r, names, signature):
    def escape(text):
        return quote(text, safe="-._~")
    items = ['realm="%s"' % r["realm"]] if r["realm"] else []
    items += ['%s="%s"' % (n, escape(v)) for n, v in r["oauth"] + [("oauth_signature", signature)]]
    authority = r["host"] + (":%d" % r["port"] if r["port"] else "")
    headers = [["Authorization", "OAuth " + ", ".join(items)], ["X-Forwarded-Host", r["forwarded"]], ["X-Forwarded-Prefix", "/gate"]]
    if r["content_type"]:
        headers.append(["Content-Type", r["content_type"]])
    url = r["scheme"] + "://" + authority + r["path"] + ("?" + r["query"] if r["query"] else "")
    return json.dumps({"mistakes": names, "method": r["method"], "url": url, "headers": headers, "body": r["body"],
                       "client_secret": r["client_secret"], "token_secret": r["token_secret"]})


def refused(draw, names):
    """A request on which these mistakes matter; None if none is found soon."""
    for _ in range(400):
        r = make_request(draw)
        chosen = [draw.choice(MISTAKES[name]) for name in names]
        try:
            signature = client_with(r, chosen).signature()
            fewer = [client_with(r, chosen[:at] + chosen[at + 1:]).signature() for at in range(len(chosen))]
        except (AttributeError, TypeError, ValueError):
            continue  # the two cannot be made together, or not on this request
        right = client_with(r, []).signature()
        if signature != right and signature not in fewer and not any(ord(c) < 32 for c in signature):
            return line(r, names, signature)
    return None


def main(seed, singles, pairs, wrong):
    draw, known = random.Random(seed), sorted(MISTAKES)
    made = 0
    while made < singles:
        text = refused(draw, [known[made % len(known)]])
        if text is None:
            sys.exit("no request for " + known[made % len(known)])
        print(text)
        made += 1
    made = 0
    while made < pairs:
        text = refused(draw, draw.sample(known, 2))
        if text is not None:
            print(text)
            made += 1
    for _ in range(wrong):
        r = make_request(draw)
        claimed = dict(r, client_secret=secret(draw))
        print(line(claimed, [], client_with(r, []).signature()))


if __name__ == "__main__":
    if len(sys.argv) != 5:
        sys.exit(__doc__)
    main(*(int(argument) for argument in sys.argv[1:]))
