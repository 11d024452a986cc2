"""Verifier keys: the public half of a key that signs notes, with its name.

This comment is the specification; the format is that of C2SP signed-note ("vkeys"). Keys are
those of Ed25519 (RFC 8032), 32 bytes, and of two kinds::

    key id       = SHA-256(name ‖ LF ‖ kind ‖ public key), its first 4 bytes
    verifier key = name+hex(key id)+base64(kind ‖ public key)
    kind 0x01      signs the text as it is; the signature has 64 bytes
    kind 0x04      a cosignature with a time (C2SP tlog-cosignature, version 1): it signs
                   "cosignature/v1" LF "time N" LF and the text, with N in POSIX seconds;
                   the signature is N as 8 bytes, big-endian, and then 64 bytes

A name is not empty and holds neither white space nor a plus. Base64 is the standard alphabet
with padding, and only the one spelling that an encoder gives; hexadecimal is lower case.

Refused as public keys are the 14 encodings of points of small order (a signature under one
says nothing about the text) and those that are no canonical encoding of a number (RFC 8032
section 5.1.3), of which implementations think differently: a note must not be good to one
reader and bad to another.
"""

from __future__ import annotations

import binascii
import re
from base64 import b64decode, b64encode
from enum import IntEnum
from hashlib import sha256

import attrs
from attrs import frozen

from contactledger.errors import BadRecord

MAX_TIME = 2**63 - 1
"""The last POSIX second that a cosignature may name (C2SP tlog-cosignature)."""

ID_BYTES = 4
KEY_BYTES = 32
SIGNATURE_BYTES = 64
TIME_BYTES = 8

_PRIME = 2**255 - 19
_SIGN_BIT = 2**255

SMALL_ORDER_KEYS = frozenset(
    bytes.fromhex(y + end)
    for y, ends in (
        ("00" * 31, ("00", "80")),  # y = 0, order 4
        ("01" + "00" * 30, ("00", "80")),  # y = 1, the neutral element; with a sign it has not
        ("ec" + "ff" * 30, ("7f", "ff")),  # y = -1, order 2; with a sign it has not
        ("ed" + "ff" * 30, ("7f", "ff")),  # y = 0, written as p
        ("ee" + "ff" * 30, ("7f", "ff")),  # y = 1, written as p + 1
        ("26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc", ("05", "85")),
        ("c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac03", ("7a", "fa")),
    )
    for end in ends
)
"""The 14 encodings of the 8 points whose order divides 8; a test derives them."""

_NAME = re.compile(r"[^\s+\x00-\x20]+\Z")
_VERIFIER = re.compile(r"(?P<name>[^+]+)\+(?P<id>[0-9a-f]{8})\+(?P<key>[A-Za-z0-9+/=]+)\Z")


class Kind(IntEnum):
    """How a key signs: the signature type bytes of C2SP signed-note that are spoken here."""

    ED25519 = 0x01
    COSIGNATURE = 0x04


def to_base64(data: bytes) -> str:
    """Standard base64 with padding."""
    return b64encode(data).decode("ascii")


def from_base64(text: str, field: str, *, place: str = "") -> bytes:
    """The bytes of standard base64; `BadRecord` for any spelling but the encoder's own."""
    try:
        data = b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        data = b""
    if to_base64(data) != text:
        raise BadRecord("is not base64 as an encoder writes it", field=field, place=place)
    return data


def is_utf8(text: str) -> bool:
    """Whether a text can be encoded: it holds no lone surrogate."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def is_name(name: str) -> bool:
    """Whether this may be the name of a key: not empty, no white space, no plus."""
    return _NAME.match(name) is not None and is_utf8(name)


def cosigned_message(text: str, time: int) -> bytes:
    """What a cosignature signs: two lines and the text (C2SP tlog-cosignature)."""
    return f"cosignature/v1\ntime {time}\n{text}".encode()


def _check_name(_: object, __: object, name: str) -> None:
    if not is_name(name):
        raise BadRecord("must not be empty nor hold white space or a plus", field="name")


def _check_public_key(_: object, __: object, public_key: bytes) -> None:
    if type(public_key) is not bytes or len(public_key) != KEY_BYTES:
        raise BadRecord(f"must be {KEY_BYTES} bytes", field="public_key")
    if public_key in SMALL_ORDER_KEYS:
        raise BadRecord("is of small order: its signatures say nothing", field="public_key")
    if int.from_bytes(public_key, "little") % _SIGN_BIT >= _PRIME:
        raise BadRecord("is not in canonical form", field="public_key")


@frozen
class VerifierKey:
    """A public key with its name: what one must have to believe a note.

    `public_key` 32 bytes; `BadRecord` for a name or a key that the format refuses.
    """

    name: str = attrs.field(validator=_check_name)
    public_key: bytes = attrs.field(validator=_check_public_key)
    kind: Kind = Kind.ED25519

    @property
    def id(self) -> bytes:
        """The key id, 4 bytes: a name for the key, no proof of it."""
        data = b"%b\n%c%b" % (self.name.encode(), self.kind, self.public_key)
        return sha256(data).digest()[:ID_BYTES]

    @classmethod
    def parse(cls, text: str) -> VerifierKey:
        """The key of `name+hex+base64`; `BadRecord` says what is wrong with the text."""
        found = _VERIFIER.match(text)
        if found is None:
            raise BadRecord("must be name+8 hex digits+base64", field="verifier key")
        data = from_base64(found["key"], "verifier key")
        try:
            kind = Kind(data[0])
        except ValueError:
            raise BadRecord("is of a kind not known here", field="verifier key") from None
        key = cls(found["name"], data[1:], kind)
        if key.id.hex() != found["id"]:
            raise BadRecord("its name and key do not give its key id", field="verifier key")
        return key

    def format(self) -> str:
        """The text that `parse` reads, `name+hex+base64`."""
        data = bytes([self.kind]) + self.public_key
        return f"{self.name}+{self.id.hex()}+{to_base64(data)}"

    def as_kind(self, kind: Kind) -> VerifierKey:
        """The same name and public key, for signatures of another kind."""
        return attrs.evolve(self, kind=kind)

    def holds(self, text: str, signature: bytes) -> bool:
        """Whether `signature` (what follows the key id) is this key's over `text`.

        False for anything malformed; never raises.
        """
        if self.kind is Kind.ED25519:
            return self.signed(text.encode(), signature)
        time = time_of(signature)
        message = cosigned_message(text, time)
        return time <= MAX_TIME and self.signed(message, signature[TIME_BYTES:])

    def signed(self, message: bytes, signature: bytes) -> bool:
        """Whether the 64 bytes are the plain Ed25519 signature over the message (RFC 8032)."""
        if len(signature) != SIGNATURE_BYTES:
            return False
        # Imported where something is verified: most who open a ledger verify nothing.
        from cryptography.exceptions import InvalidSignature
        from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

        try:
            Ed25519PublicKey.from_public_bytes(self.public_key).verify(signature, message)
        except InvalidSignature:
            return False
        return True


def time_of(cosignature: bytes) -> int:
    """The POSIX seconds that a signature of kind 0x04 begins with."""
    return int.from_bytes(cosignature[:TIME_BYTES], "big")
