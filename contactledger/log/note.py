"""Signed notes: text that counts only once a key one trusts is found to have signed it.

This comment is the specification; the format is C2SP signed-note, as Go's `sumdb/note` and
every transparency log write it.

**Note.** A text, a blank line, and signature lines; all of it UTF-8 without any control
character below U+0020 but LF. The text ends in LF and may hold blank lines itself: the last
one of the note is what parts text and signatures::

    acme.example/ledger
    12
    CsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=

    — acme.example/ledger Az3grlgtzPICa5OS8npVmf1Myq/5IZniMp+ZJurmRDeO…

**Signature line.** Em dash, space, name of the key, space, base64(key id ‖ signature), LF.
What is signed is the text with its last LF, without the blank line. The keys, their names,
ids and kinds stand in `contactledger.log.verifier`.

**Opening.** A line of a key that is not known is ignored; one of a known key that does not
hold rejects the whole note; so does a note without a line of a known key. A key counts once:
further lines of it must hold as well and are dropped.

**Bounds.** `MAX_SIGNATURES` lines, `MAX_NOTE_BYTES` in all.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Protocol

from attrs import frozen

from contactledger.errors import BadInput, BadRecord, TooLarge, Unverified
from contactledger.log.verifier import (
    ID_BYTES,
    MAX_TIME,
    TIME_BYTES,
    Kind,
    VerifierKey,
    cosigned_message,
    from_base64,
    is_name,
    is_utf8,
    to_base64,
)

__all__ = [
    "MAX_NOTE_BYTES",
    "MAX_SIGNATURES",
    "Kind",
    "Note",
    "Signature",
    "Signer",
    "VerifierKey",
    "add_signatures",
    "check_text",
    "format_note",
    "make_cosignature",
    "make_signature",
    "open_note",
    "parse_unverified",
    "sign",
]

MAX_SIGNATURES = 100
"""Lines in one note, as in Go's reader; C2SP asks for 16 at least."""
MAX_NOTE_BYTES = 1_048_576
"""A note: 100 lines of the largest signatures that C2SP speaks of (5 kB) and a long text."""

_CONTROL = re.compile(r"[\x00-\x09\x0b-\x1f]")
_LINE = re.compile(r"— (?P<name>\S+) (?P<value>[A-Za-z0-9+/=]+)\Z")


class Signer(Protocol):
    """Whatever can sign with one key: a key file, an agent, a key management service."""

    @property
    def name(self) -> str:
        """The name of the key."""
        ...

    @property
    def key(self) -> VerifierKey:
        """The public half, of kind `Kind.ED25519`."""
        ...

    def sign(self, message: bytes) -> bytes:
        """The Ed25519 signature over `message`, 64 bytes."""
        ...


@frozen
class Signature:
    """A signature line: the name of the key, its id (4 bytes), the signature after the id."""

    name: str
    key_id: bytes
    value: bytes

    @property
    def line(self) -> str:
        """The line as it stands in a note, without its LF."""
        return f"— {self.name} {to_base64(self.key_id + self.value)}"


@frozen
class Note:
    """A note that was read: its text, the signatures found to hold, and those of unknown keys."""

    text: str
    signatures: tuple[Signature, ...]
    unverified: tuple[Signature, ...] = ()


def sign(text: str, *signers: Signer) -> bytes:
    """The note of `text`, signed by each of the signers in turn.

    `BadRecord` for a text that cannot be a note's, or without any signer; `Unverified` if what
    a signer gives back does not hold under its key.
    """
    return format_note(text, [make_signature(text, signer) for signer in signers])


def make_signature(text: str, signer: Signer) -> Signature:
    """The signer's line for `text`. Raises as `sign`."""
    check_text(text)
    if text.startswith("cosignature/v1\n"):  # the same key would have cosigned what follows
        raise BadRecord("must not begin as what a cosignature signs", field="text")
    return _make(text, text.encode(), signer, signer.key, b"")


def make_cosignature(text: str, signer: Signer, time: int) -> Signature:
    """The signer's line of kind 0x04 for `text`, at `time` in POSIX seconds. Raises as `sign`."""
    check_text(text)
    if type(time) is not int or not 0 <= time <= MAX_TIME:
        raise BadRecord("must be whole POSIX seconds from 0 to 2^63-1", field="time")
    key = signer.key.as_kind(Kind.COSIGNATURE)
    stamp = time.to_bytes(TIME_BYTES, "big")
    return _make(text, cosigned_message(text, time), signer, key, stamp)


def _make(text: str, message: bytes, signer: Signer, key: VerifierKey, stamp: bytes) -> Signature:
    if signer.name != key.name:
        raise BadInput("has another name than its key", field="signer")
    value = stamp + signer.sign(message)
    if not key.holds(text, value):  # the wrong key behind a service is found here, not by others
        raise Unverified("what the signer gave back does not hold under its own key")
    return Signature(key.name, key.id, value)


def format_note(text: str, signatures: Iterable[Signature]) -> bytes:
    """The bytes of a note; `BadRecord` or `TooLarge` for one that nobody could open."""
    check_text(text)
    given = tuple(signatures)
    note = "".join([text, "\n", *(f"{signature.line}\n" for signature in given)])
    if not is_utf8(note) or parse_unverified(note.encode()).unverified != given:
        raise BadRecord("would not be read as they were given", field="signatures")
    return note.encode()


def add_signatures(note: bytes, *added: Signature) -> bytes:
    """The note with further lines at its end; one of the same key and id is replaced.

    Nothing is verified here; the other lines and their order stay.
    """
    parsed = parse_unverified(note)
    new = {(signature.name, signature.key_id) for signature in added}
    kept = [old for old in parsed.unverified if (old.name, old.key_id) not in new]
    return format_note(parsed.text, [*kept, *added])


def parse_unverified(note: bytes) -> Note:
    """The text and the lines of a note, *whoever signed it*: nothing of it may be believed.

    All signatures are under `unverified`, in their order. `BadRecord` names the line that is
    not as the format asks, `TooLarge` a note over the bounds.
    """
    if len(note) > MAX_NOTE_BYTES:
        raise TooLarge(f"is over {MAX_NOTE_BYTES} bytes", place="note")
    try:
        whole = note.decode("utf-8")
    except UnicodeDecodeError as error:
        raise BadRecord("is not UTF-8", place=f"note, byte {error.start}") from None
    text, blank, block = whole.rpartition("\n\n")
    if not blank:
        raise BadRecord("has no blank line before its signatures", place="note")
    text += "\n"
    check_text(text)
    *lines, last = block.split("\n")
    if last or not lines:
        raise BadRecord("does not end in a signature line and LF", place="note")
    if len(lines) > MAX_SIGNATURES:
        raise TooLarge(f"has over {MAX_SIGNATURES} signatures", place="note")
    return Note(text, (), tuple([_parse_line(line, no) for no, line in enumerate(lines, 1)]))


def open_note(note: bytes, verifiers: Iterable[VerifierKey]) -> Note:
    """The note, if a key of `verifiers` signed it; each of them at most once in `signatures`.

    `Unverified` if none did, or if a line of one of them does not hold; `BadRecord` and
    `TooLarge` as `parse_unverified`; `BadInput` for two keys under one name and id.
    """
    known = _by_name_and_id(verifiers)
    parsed = parse_unverified(note)
    signatures: dict[VerifierKey, Signature] = {}
    unverified: dict[Signature, None] = {}
    for no, signature in enumerate(parsed.unverified, 1):
        key = known.get((signature.name, signature.key_id))
        if key is None:
            unverified[signature] = None
        elif key.holds(parsed.text, signature.value):
            signatures.setdefault(key, signature)
        else:
            raise Unverified(f"signature {no} of the note does not hold under its key")
    if not signatures:
        raise Unverified("the note is signed by none of the keys that are trusted")
    return Note(parsed.text, tuple(signatures.values()), tuple(unverified))


def _by_name_and_id(verifiers: Iterable[VerifierKey]) -> dict[tuple[str, bytes], VerifierKey]:
    known: dict[tuple[str, bytes], VerifierKey] = {}
    for key in verifiers:
        if known.setdefault((key.name, key.id), key) != key:
            raise BadInput("two keys have one name and one id", field="verifiers")
    return known


def _parse_line(line: str, no: int) -> Signature:
    place = f"signature {no}"
    found = _LINE.match(line)
    if found is None or not is_name(found["name"]):
        raise BadRecord("is not: em dash, name of a key, base64", place=place)
    data = from_base64(found["value"], "value", place=place)
    if len(data) <= ID_BYTES:
        raise BadRecord("is too short to hold a signature", place=place)
    return Signature(found["name"], data[:ID_BYTES], data[ID_BYTES:])


def check_text(text: str) -> None:
    """`BadRecord` for a text that cannot be a note's: its end, its characters."""
    if not text.endswith("\n"):
        raise BadRecord("must end in LF", field="text")
    found = _CONTROL.search(text)
    if found:
        line = text.count("\n", 0, found.start()) + 1
        raise BadRecord("holds a control character", field="text", place=f"line {line}")
    if not is_utf8(text):
        raise BadRecord("holds a lone surrogate", field="text")
