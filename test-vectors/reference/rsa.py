"""RSASSA-PKCS1-v1_5 over Python integers, and just enough DER to read RSA keys.

For checking test vectors only: nothing here is constant time.
"""

import base64
import hashlib

# DER of the DigestInfo up to the hash value, RFC 8017 section 9.2, note 1.
DIGEST_INFO = {
    "sha1": bytes.fromhex("3021300906052b0e03021a05000414"),
    "sha256": bytes.fromhex("3031300d060960864801650304020105000420"),
    "sha512": bytes.fromhex("3051300d060960864801650304020305000440"),
}


def encode_message(algorithm, message, length):
    """EMSA-PKCS1-v1_5, RFC 8017 section 9.2."""
    digest = DIGEST_INFO[algorithm] + hashlib.new(algorithm, message).digest()
    if length < len(digest) + 11:
        raise ValueError("the RSA key is too short for this hash")
    return b"\x00\x01" + b"\xff" * (length - len(digest) - 3) + b"\x00" + digest


def sign(algorithm, message, private_key):
    """RFC 8017 section 8.2.1."""
    n, _, d = private_key
    length = (n.bit_length() + 7) // 8
    number = int.from_bytes(encode_message(algorithm, message, length), "big")
    return pow(number, d, n).to_bytes(length, "big")


def verify(algorithm, message, signature, public_key):
    """RFC 8017 section 8.2.2: the whole encoded message is compared."""
    n, e = public_key
    length = (n.bit_length() + 7) // 8
    number = int.from_bytes(signature, "big")
    if len(signature) != length or number >= n:
        return False
    recovered = pow(number, e, n).to_bytes(length, "big")
    return recovered == encode_message(algorithm, message, length)


def private_key(pem):
    """(n, e, d) of a PKCS#1 or PKCS#8 private key."""
    label, der = _unwrap(pem)
    fields = _sequence(der)
    if label == "PRIVATE KEY":
        fields = _sequence(fields[2][1])
    elif label != "RSA PRIVATE KEY":
        raise ValueError("not an RSA private key: " + label)
    return tuple(int.from_bytes(value, "big") for _, value in fields[1:4])


def public_key(pem):
    """(n, e) of a PKCS#1 or SPKI public key, an X.509 certificate or a private key."""
    label, der = _unwrap(pem)
    if label.endswith("PRIVATE KEY"):
        return private_key(pem)[:2]
    fields = _sequence(der)
    if label == "CERTIFICATE":
        body = _members(fields[0][1])
        with_version = 1 if body[0][0] == 0xA0 else 0
        fields = _members(body[with_version + 5][1])
    elif label not in ("PUBLIC KEY", "RSA PUBLIC KEY"):
        raise ValueError("not an RSA public key: " + label)
    if label != "RSA PUBLIC KEY":
        bit_string = fields[1][1]
        fields = _sequence(bit_string[1:])
    return tuple(int.from_bytes(value, "big") for _, value in fields[:2])


def _unwrap(pem):
    lines = [line.strip() for line in pem.strip().splitlines()]
    label = lines[0].removeprefix("-----BEGIN ").removesuffix("-----")
    return label, base64.b64decode("".join(lines[1:-1]))


def _sequence(der):
    return _members(_read(der, 0)[1])


def _members(content):
    """The (tag, value) pairs inside a constructed value."""
    members, at = [], 0
    while at < len(content):
        tag, value, at = _read(content, at)
        members.append((tag, value))
    return members


def _read(der, at):
    tag, length = der[at], der[at + 1]
    at += 2
    if length & 0x80:
        octets = length & 0x7F
        length = int.from_bytes(der[at:at + octets], "big")
        at += octets
    if at + length > len(der):
        raise ValueError("truncated DER")
    return tag, der[at:at + length], at + length
