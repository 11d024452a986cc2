"""Checkpoints: the signed head of a log, and who saw it when.

This comment is the specification; the formats are C2SP tlog-checkpoint and tlog-cosignature.

**Checkpoint.** A signed note (`contactledger.log.note`) whose text is three lines or more,
none of them empty::

    acme.example/ledger                              origin: which log this is
    20852163                                         size: leaves, decimal, no leading zero
    CsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=     root: base64 of the 32 bytes
    …                                                extension lines, which mean nothing here

Ours have no extension lines; those of others are kept, for they are signed. The log's own
signature is of kind 0x01 as a rule.

**Cosignature.** Whoever checked that the head extends every one seen before may add a line of
kind 0x04: it says that, at its time, this was the largest head of that log it had seen.

The text alone, without signatures, is what `format_checkpoint` and `parse_checkpoint` write
and read; `open_checkpoint` takes the whole note.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from attrs import field, frozen

from contactledger.errors import BadRecord, Unverified
from contactledger.log.note import (
    Note,
    Signature,
    Signer,
    add_signatures,
    check_text,
    make_cosignature,
    open_note,
    sign,
)
from contactledger.log.tlog import HASH_BYTES, MAX_SIZE
from contactledger.log.verifier import Kind, VerifierKey, from_base64, time_of, to_base64

_DECIMAL = re.compile(r"(?:0|[1-9][0-9]{0,18})\Z")


def parse_number(text: str, field: str, place: str) -> int:
    """A number in ASCII digits without leading zeros, at most 2^62; `BadRecord` for others."""
    number = int(text) if _DECIMAL.match(text) else -1
    if not 0 <= number <= MAX_SIZE:
        raise BadRecord("must be a decimal number from 0 to 2^62", field=field, place=place)
    return number


def parse_hash(text: str, field: str, place: str) -> bytes:
    """A SHA-256 hash from its base64; `BadRecord` for anything but 32 bytes."""
    data = from_base64(text, field, place=place)
    if len(data) != HASH_BYTES:
        raise BadRecord(f"must be {HASH_BYTES} bytes", field=field, place=place)
    return data


def _check_size(_: object, __: object, size: int) -> None:
    if type(size) is not int or not 0 <= size <= MAX_SIZE:
        raise BadRecord("must be a whole number from 0 to 2^62", field="size")


def _check_root(_: object, __: object, root: bytes) -> None:
    if type(root) is not bytes or len(root) != HASH_BYTES:
        raise BadRecord(f"must be {HASH_BYTES} bytes", field="root")


@frozen
class Checkpoint:
    """The head of a log: `origin` its name, `size` its leaves, `root` 32 bytes."""

    origin: str
    size: int = field(validator=_check_size)
    root: bytes = field(validator=_check_root)
    extensions: tuple[str, ...] = ()


@frozen
class Cosignature:
    """That a key saw a checkpoint, at `time` in POSIX seconds by its own clock."""

    key: VerifierKey
    time: int


@frozen
class OpenedCheckpoint:
    """A checkpoint that the log signed, who cosigned it, and the note as it was read."""

    checkpoint: Checkpoint
    cosignatures: tuple[Cosignature, ...]
    note: Note


def format_checkpoint(checkpoint: Checkpoint) -> str:
    """The text of a checkpoint; `BadRecord` for an origin or extension that cannot be a line."""
    lines = [
        checkpoint.origin,
        str(checkpoint.size),
        to_base64(checkpoint.root),
        *checkpoint.extensions,
    ]
    for no, line in enumerate(lines, 1):
        if not line or "\n" in line:
            raise BadRecord("must be one line, not empty", field=_field_of(no))
    text = "".join(f"{line}\n" for line in lines)
    check_text(text)
    return text


def parse_checkpoint(text: str) -> Checkpoint:
    """The checkpoint of a note's text; `BadRecord` names the line that is not as it should be.

    The text alone says nothing: see `open_checkpoint`.
    """
    check_text(text)
    lines = text.split("\n")[:-1]
    if len(lines) < 3:
        raise BadRecord("has fewer than three lines", place="checkpoint")
    for no, line in enumerate(lines, 1):
        if not line:
            raise BadRecord("must not be empty", field=_field_of(no), place=f"line {no}")
    origin, size, root, *extensions = lines
    return Checkpoint(
        origin,
        parse_number(size, "size", "line 2"),
        parse_hash(root, "root", "line 3"),
        tuple(extensions),
    )


def _field_of(line: int) -> str:
    return {1: "origin", 2: "size", 3: "root"}.get(line, f"extensions[{line - 4}]")


def sign_checkpoint(checkpoint: Checkpoint, *signers: Signer) -> bytes:
    """The note of a checkpoint, signed by the log's keys (several while one replaces another)."""
    return sign(format_checkpoint(checkpoint), *signers)


def cosign(text: str, signer: Signer, time: int) -> Signature:
    """The signer's cosignature over the text of a checkpoint, at `time` in POSIX seconds.

    Whoever calls has checked that this checkpoint extends the last one it cosigned.
    `BadRecord` for a text that is no checkpoint or a time that cannot be; otherwise as
    `contactledger.log.note.sign`.
    """
    parse_checkpoint(text)
    return make_cosignature(text, signer, time)


def add_cosignature(note: bytes, cosignature: Signature) -> bytes:
    """The note with the cosignature; an earlier one of the same key gives way to it."""
    return add_signatures(note, cosignature)


def open_checkpoint(
    note: bytes,
    log_keys: Iterable[VerifierKey],
    cosigner_keys: Iterable[VerifierKey] = (),
    *,
    origin: str | None = None,
) -> OpenedCheckpoint:
    """The checkpoint of a note that one of the log's keys signed, and its cosignatures.

    `cosigner_keys` may be given as either kind. A cosignature alone is not the log's word:
    `Unverified` unless a key of `log_keys` signed, if a line of any known key does not hold,
    or if the log is not `origin`; `BadRecord` for a note that is no checkpoint.
    """
    logs = tuple(log_keys)
    cosigners = {(key.name, key.id): key for key in _as_cosigners(cosigner_keys)}
    opened = open_note(note, (*logs, *cosigners.values()))
    signed = {(signature.name, signature.key_id) for signature in opened.signatures}
    if signed.isdisjoint((key.name, key.id) for key in logs):
        raise Unverified("the checkpoint is signed by none of the log's keys")
    checkpoint = parse_checkpoint(opened.text)
    if origin is not None and checkpoint.origin != origin:
        raise Unverified("the checkpoint is that of another log")
    seen = [
        Cosignature(cosigners[who], time_of(signature.value))
        for signature in opened.signatures
        if (who := (signature.name, signature.key_id)) in cosigners
    ]
    return OpenedCheckpoint(checkpoint, tuple(seen), opened)


def _as_cosigners(keys: Iterable[VerifierKey]) -> list[VerifierKey]:
    return [key.as_kind(Kind.COSIGNATURE) for key in keys]
