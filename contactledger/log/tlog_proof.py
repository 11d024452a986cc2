"""Proof files: an entry's place in a log, with the checkpoint it is proved against.

This comment is the specification; the format is C2SP tlog-proof, version 1 (`.tlog-proof`)::

    c2sp.org/tlog-proof@v1
    extra YWdlLXYxLjIuMQ==                            may be missing: bytes for the application
    index 73894                                       of the entry, from 0
    gSKyXoYZUgZ6jduWYrkDOARinOMGJveXjgMkBTcdPlQ=      the inclusion proof, lowest hash first,
    …                                                 one a line
                                                      a blank line
    acme.example/ledger                               the checkpoint, byte by byte
    …

The extra bytes are signed by nobody. Numbers and base64 have one spelling only. Bounds: 63
hashes, `MAX_EXTRA_BYTES`, and a checkpoint as large as a note may be.
"""

from __future__ import annotations

from collections.abc import Iterable

from attrs import frozen

from contactledger.errors import BadRecord, TooLarge, Unverified
from contactledger.log.checkpoint import (
    OpenedCheckpoint,
    open_checkpoint,
    parse_hash,
    parse_number,
)
from contactledger.log.note import MAX_NOTE_BYTES
from contactledger.log.tlog import HASH_BYTES, MAX_HASHES, MAX_SIZE, check_inclusion, leaf_hash
from contactledger.log.verifier import VerifierKey, from_base64, to_base64

HEADER = "c2sp.org/tlog-proof@v1"
MAX_EXTRA_BYTES = 32_768
"""Readers in Go stop at a line of 64 KiB; in base64 this is well below it."""
_MAX_HEAD_BYTES = len(HEADER) + MAX_EXTRA_BYTES * 4 // 3 + 45 * MAX_HASHES + 64


@frozen
class TlogProof:
    """That an entry stands at `index`: hashes of 32 bytes, the signed checkpoint, extra bytes."""

    index: int
    hashes: tuple[bytes, ...]
    checkpoint: bytes
    extra: bytes | None = None


def format_tlog_proof(proof: TlogProof) -> bytes:
    """The bytes of a proof file; `BadRecord` or `TooLarge` for a value that cannot be one."""
    if type(proof.index) is not int or not 0 <= proof.index <= MAX_SIZE:
        raise BadRecord("must be a whole number from 0 to 2^62", field="index")
    for no, one in enumerate(proof.hashes):
        if len(one) != HASH_BYTES:
            raise BadRecord(f"must be {HASH_BYTES} bytes", field=f"hashes[{no}]")
    lines = [HEADER]
    if proof.extra is not None:
        lines.append(f"extra {to_base64(proof.extra)}")
    lines += [f"index {proof.index}", *map(to_base64, proof.hashes)]
    _check_bounds(proof)
    return "".join(f"{line}\n" for line in [*lines, ""]).encode() + proof.checkpoint


def parse_tlog_proof(data: bytes) -> TlogProof:
    """The proof of a proof file, *not checked*: see `open_tlog_proof`.

    `BadRecord` names the line that is not as the format asks.
    """
    end = data.find(b"\n\n", 0, _MAX_HEAD_BYTES + 2)
    if end < 0:
        raise BadRecord("has no blank line before its checkpoint", place="proof")
    try:
        lines = data[:end].decode("ascii").split("\n")
    except UnicodeDecodeError as error:
        raise BadRecord("is not ASCII", place=f"proof, byte {error.start}") from None
    if lines[0] != HEADER:
        raise BadRecord(f"must be {HEADER}", place="line 1")
    at, extra = 1, None
    if len(lines) > 1 and lines[1].startswith("extra "):
        at, extra = 2, from_base64(lines[1][6:], "extra", place="line 2")
    place = f"line {at + 1}"
    if len(lines) <= at or not lines[at].startswith("index "):
        raise BadRecord("is missing", field="index", place=place)
    index = parse_number(lines[at][6:], "index", place)
    hashes = [
        parse_hash(line, "hash", f"line {no}") for no, line in enumerate(lines[at + 1 :], at + 2)
    ]
    proof = TlogProof(index, tuple(hashes), data[end + 2 :], extra)
    _check_bounds(proof)
    return proof


def open_tlog_proof(
    data: bytes,
    record: bytes,
    log_keys: Iterable[VerifierKey],
    cosigner_keys: Iterable[VerifierKey] = (),
    *,
    origin: str | None = None,
) -> tuple[TlogProof, OpenedCheckpoint]:
    """The proof that `record` is in the log, and the checkpoint it is in; else `Unverified`.

    Raises for the checkpoint as `open_checkpoint`, for the file as `parse_tlog_proof`.
    """
    proof = parse_tlog_proof(data)
    opened = open_checkpoint(proof.checkpoint, log_keys, cosigner_keys, origin=origin)
    head = opened.checkpoint
    if not check_inclusion(proof.index, head.size, leaf_hash(record), proof.hashes, head.root):
        raise Unverified("the proof does not lead from the record to the checkpoint's root")
    return proof, opened


def _check_bounds(proof: TlogProof) -> None:
    if len(proof.hashes) > MAX_HASHES:
        raise TooLarge(f"has over {MAX_HASHES} hashes", field="hashes")
    if len(proof.extra or b"") > MAX_EXTRA_BYTES:
        raise TooLarge(f"is over {MAX_EXTRA_BYTES} bytes", field="extra")
    if not proof.checkpoint.endswith(b"\n"):
        raise BadRecord("must end in LF", field="checkpoint")
    if len(proof.checkpoint) > MAX_NOTE_BYTES:
        raise TooLarge(f"is over {MAX_NOTE_BYTES} bytes", field="checkpoint")
