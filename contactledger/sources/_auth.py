"""Signatures and passwords of requests, on the bytes as they came.

Every comparison takes the same time wherever two texts differ, and every one of several keys
is tried, so that a key can be exchanged while both are in use.
"""

from __future__ import annotations

import binascii
import hashlib
import hmac
import re
from base64 import b64decode, b64encode
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from typing import Protocol
from urllib.parse import urlsplit

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import load_der_public_key, load_pem_public_key

from contactledger.errors import BadEvent, BadInput, Unverified
from contactledger.sources._text import from_epoch
from contactledger.sources.source import Headers, header
from contactledger.vocabulary import Auth

AHEAD_SECONDS = 3600
"""How far ahead of our clock a signed time may be, where a provider names no bound."""

MAX_SIGNATURES = 20
"""Of one request (Standard Webhooks sends one for each key while they are exchanged)."""

Texts = str | Iterable[str] | None
"""One text, several, or none: how keys and credentials are given."""


def to_texts(value: Texts) -> tuple[str, ...]:
    """One text or several as a tuple."""
    return (value,) if isinstance(value, str) else tuple(value or ())


def to_credentials(value: Texts) -> tuple[str, ...]:
    """Texts that read "user:password"; `BadInput` naming `basic` for others."""
    texts = to_texts(value)
    if not all(":" in text for text in texts):
        raise BadInput('must read "user:password"', field="basic")
    return texts


def to_secrets(value: Texts) -> tuple[bytes, ...]:
    """Secrets of an HMAC as bytes; `BadInput` naming `key` for one that is empty."""
    secrets = tuple([text.encode() for text in to_texts(value)])
    if not all(secrets):
        raise BadInput("must not be empty", field="key")
    return secrets


# --- public keys -----------------------------------------------------------------------------


def load_p256(text: str, field: str) -> ec.EllipticCurvePublicKey:
    """A P-256 public key from PEM or from base64 of its DER (SubjectPublicKeyInfo).

    `BadInput` naming `field` for anything else.
    """
    key = _load(text, field)
    if not isinstance(key, ec.EllipticCurvePublicKey) or key.curve.name != "secp256r1":
        raise BadInput("must be an ECDSA key on the curve P-256", field=field)
    return key


def load_rsa(text: str, field: str) -> rsa.RSAPublicKey:
    """An RSA public key from PEM or from base64 of its DER (SubjectPublicKeyInfo).

    `BadInput` naming `field` for anything else.
    """
    key = _load(text, field)
    if not isinstance(key, rsa.RSAPublicKey):
        raise BadInput("must be an RSA key", field=field)
    return key


def _load(text: str, field: str) -> object:
    try:
        if "-----BEGIN" in text:
            return load_pem_public_key(text.encode())
        return load_der_public_key(b64decode("".join(text.split()), validate=True))
    except (ValueError, UnsupportedAlgorithm):
        raise BadInput("is no public key in PEM or base64 DER", field=field) from None


def _signature(text: str) -> bytes | None:
    try:
        return b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        return None


def ecdsa_holds(
    keys: tuple[ec.EllipticCurvePublicKey, ...], signature_b64: str, signed: bytes
) -> bool:
    """Whether the base64 DER signature over `signed` (SHA-256) is by one of the keys."""
    signature = _signature(signature_b64)
    if signature is None:
        return False
    for key in keys:
        try:
            key.verify(signature, signed, ec.ECDSA(hashes.SHA256()))
        except InvalidSignature:
            continue
        return True
    return False


def rsa_holds(
    keys: Iterable[rsa.RSAPublicKey],
    signature_b64: str,
    signed: bytes,
    algorithm: hashes.HashAlgorithm,
) -> bool:
    """Whether the base64 PKCS #1 v1.5 signature over `signed` is by one of the keys."""
    signature = _signature(signature_b64)
    if signature is None:
        return False
    for key in keys:
        try:
            key.verify(signature, signed, padding.PKCS1v15(), algorithm)
        except (InvalidSignature, UnsupportedAlgorithm):  # some systems forbid SHA-1
            continue
        return True
    return False


# --- shared secrets --------------------------------------------------------------------------


def hmac_holds(secrets: Sequence[bytes], given: str, signed: bytes, digest: str) -> bool:
    """Whether `given`, in hexadecimal, is the HMAC of `signed` by one of the secrets."""
    text = given.encode("utf-8", "replace")
    made = [hmac.new(secret, signed, digest).hexdigest().encode() for secret in secrets]
    return sum(hmac.compare_digest(text, one) for one in made) > 0


def hmac64_holds(secrets: Sequence[bytes], given: str, signed: bytes, digest: str) -> bool:
    """Whether `given`, in base64, is the HMAC of `signed` by one of the secrets."""
    text = given.encode("utf-8", "replace")
    made = [b64encode(hmac.digest(secret, signed, digest)) for secret in secrets]
    return sum(hmac.compare_digest(text, one) for one in made) > 0


def basic_holds(credentials: tuple[str, ...], authorization: str | None) -> bool:
    """Whether an Authorization header carries one of the "user:password" texts (RFC 7617)."""
    given = _basic(authorization)
    # every one is compared, so that the time taken says nothing about which one is close
    return given is not None and (
        sum(hmac.compare_digest(given, one.encode()) for one in credentials) > 0
    )


def _basic(authorization: str | None) -> bytes | None:
    scheme, _, encoded = (authorization or "").partition(" ")
    return _signature(encoded.strip()) if scheme.lower() == "basic" else None


def check_basic(name: str, credentials: tuple[str, ...], headers: Headers) -> Auth:
    """`BASIC` where credentials are asked for and hold, `NONE` where none are asked for.

    `Unverified`, beginning with the source's `name`, where they do not hold.
    """
    if not credentials:
        return Auth.NONE
    if not basic_holds(credentials, header(headers, "Authorization")):
        raise Unverified(f"{name}: the credentials are missing or wrong")
    return Auth.BASIC


def check_age(
    name: str, stamp: str, now: datetime, tolerance_seconds: int, ahead_seconds: int
) -> None:
    """Raises `Unverified` for a signed time (seconds since 1970) that is no time, too old or
    too far ahead of `now`. It is the time of the attempt, never of the event."""
    try:
        age = (now - from_epoch(stamp, "timestamp")).total_seconds()
    except BadEvent:
        raise Unverified(f"{name}: the signed timestamp is no time") from None
    if not -ahead_seconds <= age <= tolerance_seconds:
        raise Unverified(f"{name}: the signed timestamp is too old, or ahead of our clock")


# --- an address and the parameters of a form (Mandrill, Twilio) -----------------------------


def url_and_form(url: str, form: Iterable[tuple[str, str]]) -> bytes:
    """What Mandrill and Twilio sign: the address, then each parameter's name and value, in
    the order of the names. A name that stands there several times has its values sorted and
    each once, as Twilio's own libraries do."""
    pairs = sorted(set(form))
    text = url + "".join(name + value for name, value in pairs)
    return text.encode("utf-8", "surrogateescape")


def url_spellings(url: str, authorization: str | None) -> Iterator[str]:
    """The ways in which the address may have been spelt when it was signed.

    As it is; with the port of its scheme written out, or without its port; with the user and
    password of the request within, where the provider was given them that way; and each with
    an apostrophe of the query as it is or escaped.
    """
    parts = urlsplit(url)
    host = parts.hostname or ""
    host = f"[{host}]" if ":" in host else host
    user = parts.netloc.rpartition("@")[0]
    given = _basic(authorization)
    users = [user] if user or given is None else [given.decode("utf-8", "replace"), ""]
    port = {"https": "443", "http": "80"}.get(parts.scheme, "")
    seen = dict.fromkeys([url])
    for one in users:
        for place in (parts.netloc.rpartition("@")[2], host, f"{host}:{port}"):
            spelt = parts._replace(netloc=f"{one}@{place}" if one else place).geturl()
            seen |= dict.fromkeys([spelt, spelt.replace("'", "%27"), spelt.replace("%27", "'")])
    yield from seen


def url_signature_holds(
    secrets: Sequence[bytes],
    given: str,
    url: str,
    form: Sequence[tuple[str, str]],
    authorization: str | None,
) -> bool:
    """Whether the base64 HMAC-SHA-1 `given` covers one spelling of `url` and the form."""
    try:
        spellings = list(url_spellings(url, authorization))
    except ValueError:  # no address at all
        return False
    held = [hmac64_holds(secrets, given, url_and_form(one, form), "sha1") for one in spellings]
    return sum(held) > 0


# --- Standard Webhooks -----------------------------------------------------------------------

_STAMP = re.compile(r"([0-9]{1,12})(?:\.[0-9]{1,9})?\Z")


class StandardKeys:
    """Keys of Standard Webhooks: secrets ("whsec_…") and Ed25519 public keys ("whpk_…").

    `BadInput` naming `key` for a text that is neither.
    """

    def __init__(self, texts: tuple[str, ...]) -> None:
        self.secrets: list[bytes] = []
        self.public: list[Ed25519PublicKey] = []
        for text in texts:
            prefix, _, encoded = text.rpartition("_")
            raw = _signature(encoded + "=" * (-len(encoded) % 4))
            if not raw or prefix not in ("", "whsec", "whpk"):
                raise BadInput("must be base64, whsec_… or whpk_…", field="key")
            if prefix != "whpk":
                self.secrets.append(raw)
            elif len(raw) != 32:
                raise BadInput("a public key (whpk_…) has 32 bytes", field="key")
            else:
                self.public.append(Ed25519PublicKey.from_public_bytes(raw))

    def __bool__(self) -> bool:
        return bool(self.secrets or self.public)

    def hold(self, signatures: str, signed: bytes) -> bool:
        """Whether one of the signatures, separated by blanks, is by one of the keys."""
        for one in signatures.split(" ", MAX_SIGNATURES)[:MAX_SIGNATURES]:
            version, _, encoded = one.partition(",")
            if version == "v1" and hmac64_holds(self.secrets, encoded, signed, "sha256"):
                return True
            if version == "v1a" and self._signed(encoded, signed):
                return True
        return False

    def _signed(self, encoded: str, signed: bytes) -> bool:
        signature = _signature(encoded)
        for key in self.public:
            try:
                key.verify(signature or b"", signed)
            except InvalidSignature:
                continue
            return True
        return False


def to_standard_keys(value: Texts) -> StandardKeys:
    """Keys of Standard Webhooks from one text, several, or none."""
    return StandardKeys(to_texts(value))


def standard_header(headers: Headers, name: str) -> str | None:
    """The header "webhook-<name>", or "svix-<name>", as Svix called them before."""
    return header(headers, f"webhook-{name}") or header(headers, f"svix-{name}")


def check_standard(
    name: str,
    keys: StandardKeys,
    headers: Headers,
    body: bytes,
    now: datetime,
    tolerance_seconds: int | None,
) -> None:
    """Raises `Unverified` unless the request is signed as Standard Webhooks asks for: over
    id, time of the attempt and body, not longer ago, nor further ahead, than the tolerance."""
    id_, stamp, signatures = (standard_header(headers, n) for n in ("id", "timestamp", "signature"))
    if not id_ or not stamp or not signatures:
        raise Unverified(f"{name}: the request is not signed")
    seconds = _STAMP.match(stamp)
    if not seconds:
        raise Unverified(f"{name}: the signed timestamp is no time")
    # libraries that write a fraction into the header sign the whole seconds
    for spelt in dict.fromkeys((stamp, seconds.group(1))):
        signed = f"{id_}.{spelt}.".encode("utf-8", "surrogatepass") + body
        if keys.hold(signatures, signed):
            break
    else:
        raise Unverified(f"{name}: the signature is not by a key that is known here")
    if tolerance_seconds is not None:
        check_age(name, seconds.group(1), now, tolerance_seconds, tolerance_seconds)


class Standard(Protocol):
    """A source whose requests are signed as Standard Webhooks asks for."""

    @property
    def name(self) -> str: ...
    @property
    def basic(self) -> tuple[str, ...]: ...
    @property
    def key(self) -> StandardKeys: ...
    @property
    def tolerance_seconds(self) -> int | None: ...


def standard_auth(source: Standard, headers: Headers, body: bytes, now: datetime) -> Auth:
    """`SIGNED_BODY` with a key, `BASIC` with credentials alone, else `NONE`; `Unverified` where
    what is asked for does not hold."""
    auth = check_basic(source.name, source.basic, headers)
    if not source.key:
        return auth
    check_standard(source.name, source.key, headers, body, now, source.tolerance_seconds)
    return Auth.SIGNED_BODY


def hmac_auth(
    name: str,
    secrets: Sequence[bytes],
    basic: tuple[str, ...],
    headers: Headers,
    body: bytes,
    header_name: str,
) -> Auth:
    """The same where a header holds the HMAC-SHA-256 of the body in hexadecimal."""
    auth = check_basic(name, basic, headers)
    if not secrets:
        return auth
    given = header(headers, header_name)
    if not given:
        raise Unverified(f"{name}: the request is not signed")
    if not hmac_holds(secrets, given, body, "sha256"):
        raise Unverified(f"{name}: the signature is not by a key that is known here")
    return Auth.SIGNED_BODY


def digest_hex(data: bytes, algorithm: str) -> str:
    """The digest of bytes in hexadecimal, for schemes that ask for one by name."""
    return hashlib.new(algorithm, data, usedforsecurity=False).hexdigest()
