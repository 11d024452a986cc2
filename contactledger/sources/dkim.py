"""DKIM signatures of mail that came in, RFC 6376 with RFC 8301 and 8463.

A valid signature of the sender's domain says that this domain sent these bytes (J33). It holds
for as long as its key can be found, and keys are taken out of the DNS after months: so the
key's text, as it was when the mail came in, is kept beside the message (`Proof.statement`), and
with both anybody can check again (`check` with a mapping instead of the DNS).

Nothing here asks the network or the clock: the caller gives a function, or a mapping, from
"selector._domainkey.domain" to the text of the TXT record, and the time. dkimpy was not
taken: it reads the clock, and its blank-squeezing takes quadratic time.

Not taken for valid: rsa-sha1 and RSA keys under 1,024 bits (RFC 8301), a signature that leaves
From or a part of the body out (`l=`), a message of two From fields, a domain that is not
the sender's or above it.
"""

from __future__ import annotations

import binascii
import hashlib
import hmac
import re
from base64 import b64decode
from collections.abc import Callable, Mapping
from datetime import datetime

from attrs import frozen

from contactledger.sources._mime import addresses, unix_lines

Keys = Mapping[str, str] | Callable[[str], str | None]
"""From "selector._domainkey.domain" to the text of its TXT record; None, or no such key, where
there is none."""

MAX_SIGNATURES = 5
"""Tried of one message; forwarders add theirs."""
MAX_HEADER_BYTES = 512 * 1024
MAX_KEY_CHARS = 4_096
"""Of a TXT record; a key of 4,096 bits takes some 800."""
MIN_RSA_BITS = 1024
MAX_RSA_BITS = 8192

_TAG = re.compile(r"\s*([A-Za-z][A-Za-z0-9_]{0,30})\s*=\s*([^;]*)\Z")
_NAME = re.compile(rb"([!-9;-~]{1,200})[ \t]*:")
_BLANKS = re.compile(rb"[ \t]+")
_DOMAIN = re.compile(r"(?:[a-z0-9_-]{1,63}\.){1,20}[a-z0-9-]{1,63}\Z")
"""At least two labels: nobody signs for all of a top-level domain."""
_B_VALUE = re.compile(rb"(\bb[ \t\r\n]*=)[^;]*")

Field = tuple[bytes, bytes]
"""Lower-case name, and the whole field with its name, folds and CRLF."""


@frozen
class Proof:
    """A signature that holds: whose, by which key, as that key's record read."""

    domain: str
    selector: str
    algorithm: str
    key: str

    @property
    def name(self) -> str:
        """The name under which the key stood in the DNS."""
        return f"{self.selector}._domainkey.{self.domain}"

    @property
    def statement(self) -> str:
        """One line that keeps what is needed to check again."""
        return f"dkim=pass a={self.algorithm} {self.name} {self.key}"


def check(raw: bytes, keys: Keys, at: datetime | None) -> Proof | None:
    """The first signature by the sender's own domain that holds; None if none does.

    `at`: when the mail came in, for signatures that expire (`x=`); None takes them as well.
    Raises nothing, whatever the bytes are; what `keys` raises goes through.
    """
    data = unix_lines(raw.removeprefix(b"\xef\xbb\xbf")).lstrip(b"\n")
    head, _, body = data.partition(b"\n\n")
    if len(head) > MAX_HEADER_BYTES:
        return None
    fields = _fields(head)
    sender = _sender_domain(fields)
    signatures = [field for name, field in fields if name == b"dkim-signature"]
    if sender is None or not signatures:
        return None
    bodies: dict[str, bytes] = {}
    for field in signatures[:MAX_SIGNATURES]:
        tags = _tags(field.partition(b":")[2].decode("utf-8", "replace"))
        if tags is None or not _usable(tags, sender, at):
            continue
        if not _same(_body_hash(body, tags, bodies), tags["bh"]):
            continue
        proof = _signed(fields, field, tags, keys)
        if proof is not None:
            return proof
    return None


def _fields(head: bytes) -> list[Field]:
    found: list[Field] = []
    lines: list[bytes] = []
    for line in [*head.split(b"\n"), b""]:
        if line[:1] in (b" ", b"\t") and lines:
            lines.append(line)
            continue
        named = _NAME.match(lines[0]) if lines else None
        if named:
            found.append((named.group(1).lower(), b"\r\n".join(lines) + b"\r\n"))
        lines = [line]
    return found


def _sender_domain(fields: list[Field]) -> str | None:
    given = [field for name, field in fields if name == b"from"]
    if len(given) != 1:
        return None
    found = addresses(given[0].partition(b":")[2].decode("utf-8", "replace"))
    return found[0].rpartition("@")[2].lower() if len(found) == 1 else None


def _tags(text: str) -> dict[str, str] | None:
    """The tags of a signature or key record (RFC 6376 3.2); None for what is no such list."""
    found: dict[str, str] = {}
    for part in text.split(";"):
        if not part.strip():
            continue
        tag = _TAG.match(part)
        if tag is None or tag.group(1) in found:
            return None
        found[tag.group(1)] = tag.group(2).strip()
    return found


def _usable(tags: dict[str, str], sender: str, at: datetime | None) -> bool:
    """Whether it is a signature that counts at all, before anything is computed."""
    domain = tags.get("d", "").lower()
    identity = tags.get("i", "@" + domain).lower().rpartition("@")[2]
    signed = [name.strip().lower() for name in tags.get("h", "").split(":")]
    expires = tags.get("x")
    canon = tags.get("c", "simple").split("/")
    return (
        tags.get("v") == "1"
        and tags.get("a") in ("rsa-sha256", "ed25519-sha256")
        and all(tags.get(name) for name in ("b", "bh", "s"))
        and _DOMAIN.match(domain) is not None
        and _DOMAIN.match(tags["s"].lower() + ".x") is not None
        and _within(sender, domain)
        and _within(identity, domain)
        and "from" in signed
        and "l" not in tags
        and "dns/txt" in tags.get("q", "dns/txt").split(":")
        and len(canon) <= 2
        and set(canon) <= {"simple", "relaxed"}
        and (expires is None or _not_past(expires, at))
    )


def _within(domain: str, above: str) -> bool:
    return domain == above or domain.endswith("." + above)


def _not_past(expires: str, at: datetime | None) -> bool:
    if not expires.isascii() or not expires.isdigit() or len(expires) > 12:
        return False
    return at is None or at.timestamp() <= int(expires)


def _body_hash(body: bytes, tags: dict[str, str], done: dict[str, bytes]) -> bytes:
    _, _, way = tags.get("c", "simple/simple").partition("/")
    way = way or "simple"
    if way not in done:
        lines = body.split(b"\n")
        if way == "relaxed":
            lines = [_BLANKS.sub(b" ", line).rstrip(b" ") for line in lines]
        while lines and not lines[-1]:
            lines.pop()
        text = b"\r\n".join([*lines, b""])
        done[way] = hashlib.sha256(text or (b"\r\n" if way == "simple" else b"")).digest()
    return done[way]


def _same(digest: bytes, encoded: str) -> bool:
    given = _bytes(encoded)
    return given is not None and hmac.compare_digest(digest, given)


def _bytes(encoded: str) -> bytes | None:
    try:
        return b64decode("".join(encoded.split()), validate=True)
    except (binascii.Error, ValueError):
        return None


def _signed(fields: list[Field], field: bytes, tags: dict[str, str], keys: Keys) -> Proof | None:
    domain, selector = tags["d"].lower(), tags["s"].lower()
    name = f"{selector}._domainkey.{domain}"
    text = keys.get(name) if isinstance(keys, Mapping) else keys(name)
    signature = _bytes(tags["b"])
    if not text or len(text) > MAX_KEY_CHARS or signature is None:
        return None
    text = " ".join(text.split())
    record = _tags(text)
    if record is None or not _key_serves(record, tags):
        return None
    if not _holds(record, tags["a"], signature, _header_bytes(fields, field, tags)):
        return None
    return Proof(domain, selector, tags["a"], text)


def _key_serves(record: dict[str, str], tags: dict[str, str]) -> bool:
    """Whether a key's record allows for this use (RFC 6376 3.6.1)."""
    flags = [flag.strip() for flag in record.get("t", "").split(":")]
    services = [service.strip() for service in record.get("s", "*").split(":")]
    domain = tags["d"].lower()
    strict = "s" in flags and tags.get("i", "@" + domain).lower().rpartition("@")[2] != domain
    return (
        record.get("v", "DKIM1") == "DKIM1"
        and record.get("k", "rsa") == tags["a"].partition("-")[0]
        and "sha256" in [one.strip() for one in record.get("h", "sha256").split(":")]
        and bool({"*", "email"} & set(services))
        and not strict
    )


def _header_bytes(fields: list[Field], own: bytes, tags: dict[str, str]) -> bytes:
    """What is signed of the headers: each named field from the bottom up, then its own."""
    relaxed = tags.get("c", "simple").partition("/")[0] == "relaxed"
    below: dict[bytes, list[bytes]] = {}
    for name, field in fields:
        below.setdefault(name, []).append(field)
    parts: list[bytes] = []
    for signed in tags["h"].split(":"):
        left = below.get(signed.strip().lower().encode("utf-8", "replace"))
        if left:
            parts.append(_canonical(left.pop(), relaxed))
    head, colon, value = own.partition(b":")
    emptied = head + colon + _B_VALUE.sub(rb"\1", value, count=1)
    return b"".join(parts) + _canonical(emptied, relaxed).removesuffix(b"\r\n")


def _canonical(field: bytes, relaxed: bool) -> bytes:
    if not relaxed:
        return field if field.endswith(b"\r\n") else field + b"\r\n"
    name, _, value = field.partition(b":")
    value = _BLANKS.sub(b" ", value.replace(b"\r\n", b"")).strip(b" ")
    return name.strip().lower() + b":" + value + b"\r\n"


def _holds(record: dict[str, str], algorithm: str, signature: bytes, signed: bytes) -> bool:
    raw = _bytes(record.get("p", ""))
    if not raw:  # an empty one is a key that was withdrawn
        return False
    digest = hashlib.sha256(signed).digest()
    # Imported where there is a signature to check: most who open a ledger check none.
    from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
    from cryptography.hazmat.primitives import hashes
    from cryptography.hazmat.primitives.asymmetric import padding, rsa
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
    from cryptography.hazmat.primitives.serialization import load_der_public_key

    try:
        if algorithm == "ed25519-sha256":
            Ed25519PublicKey.from_public_bytes(raw).verify(signature, digest)
            return True
        key = load_der_public_key(raw)
        if not isinstance(key, rsa.RSAPublicKey):
            return False
        if not MIN_RSA_BITS <= key.key_size <= MAX_RSA_BITS:
            return False
        key.verify(signature, signed, padding.PKCS1v15(), hashes.SHA256())
    except (InvalidSignature, ValueError, UnsupportedAlgorithm):
        return False
    return True
