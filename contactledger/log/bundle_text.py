"""The small texts of a bundle: paths, proofs, disclosures, and heads with all that signs them.

Each format/parse is a pair: what is parsed has one spelling.

**Path** (`head.path`, `*.consistency`): hashes of 32 bytes in base64, one a line, lowest first,
each line ending in LF; no hash is an empty file.

**Proof** (a line of `proofs.ndjson`): the same hashes as a list of base64url without padding.

**Disclosure** (a line of `disclosures.ndjson`): `[no,"D"]`, the entry it belongs to and D.

**Signed head**: a head, its path in the slot tree, the epoch with that tree's root, its proof
in the ledger log, and the checkpoint: everything it takes to show that the ledger said so. As
one object, its parts as they are elsewhere, records nested::

    {"checkpoint": note, "epoch": {…}, "epoch_proof": […], "head": {…}, "head_path": […],
     "typ": "contactledger/signed-head/v1"}

**Since** (`since/<size>.json`): an older head, all of it proved in the ledger log of the bundle's
own checkpoint, and that the account's log has only grown since::

    {"account_proof": […], "epoch": {…}, "epoch_proof": […], "head": {…}, "head_path": […],
     "typ": "contactledger/since/v1"}
"""

from __future__ import annotations

import re
from typing import Any

from attrs import frozen

from contactledger.errors import BadRecord, TooLarge
from contactledger.log.canon import canonical, parse
from contactledger.log.checkpoint import parse_hash
from contactledger.log.record import from_base64url, to_base64url
from contactledger.log.tlog import HASH_BYTES, MAX_HASHES
from contactledger.log.verifier import is_utf8, to_base64

Hashes = tuple[bytes, ...]

SIGNED_HEAD_TYP = "contactledger/signed-head/v1"
SINCE_TYP = "contactledger/since/v1"
MAX_PATH_BYTES = 45 * MAX_HASHES
MAX_DISCLOSURE_BYTES = 87_400
"""A record in base64url, and its number."""

_DISCLOSURE = re.compile(rb'\[(0|[1-9][0-9]{0,15}),"([A-Za-z0-9_-]+)"\]\Z')


def format_path(hashes: Hashes) -> bytes:
    """The text of a path."""
    return "".join(f"{to_base64(one)}\n" for one in hashes).encode()


def parse_path(data: bytes) -> Hashes:
    """The hashes of a path; BadRecord names the line that is not as it should be."""
    if len(data) > MAX_PATH_BYTES:
        raise TooLarge(f"has over {MAX_HASHES} hashes")
    if not data.isascii():
        raise BadRecord("is not ASCII")
    *lines, rest = data.decode("ascii").split("\n")
    if rest:
        raise BadRecord("its last line does not end in LF")
    return tuple([parse_hash(line, "hash", f"line {no}") for no, line in enumerate(lines, 1)])


def format_proof(hashes: Hashes) -> bytes:
    """The line of a proof, without its LF."""
    return canonical(_texts(hashes))


def parse_proof(line: bytes) -> Hashes:
    """The hashes of such a line."""
    return _hashes(parse(line), "proof")


def format_disclosure(no: int, body: str) -> bytes:
    """The line of a disclosure, without its LF."""
    return b'[%d,"%b"]' % (no, body.encode("ascii"))


def parse_disclosure(line: bytes) -> tuple[int, str]:
    """(number of the entry, D); D itself is not looked into."""
    found = _DISCLOSURE.match(line)
    if found is None:
        raise BadRecord('is not [no,"disclosure"]')
    return int(found[1]), found[2].decode("ascii")


@frozen
class SignedHead:
    """A head as bytes, and what leads from it to a signed checkpoint."""

    checkpoint: bytes
    epoch: bytes
    epoch_proof: Hashes
    head: bytes
    head_path: Hashes


@frozen
class Since:
    """An older head as bytes, its proofs in today's ledger log, and the account's consistency."""

    epoch: bytes
    epoch_proof: Hashes
    head: bytes
    head_path: Hashes
    account_proof: Hashes


def signed_head_document(signed: SignedHead) -> dict[str, Any]:
    """A signed head as a JSON document, to be kept."""
    return {
        "typ": SIGNED_HEAD_TYP,
        "checkpoint": signed.checkpoint.decode(),
        "epoch": parse(signed.epoch),
        "epoch_proof": _texts(signed.epoch_proof),
        "head": parse(signed.head),
        "head_path": _texts(signed.head_path),
    }


def read_signed_head(document: Any) -> SignedHead:
    """The pair of `signed_head_document`; BadRecord names the field."""
    names = ("checkpoint", "epoch", "epoch_proof", "head", "head_path")
    d = _shaped(document, SIGNED_HEAD_TYP, names)
    if not isinstance(d["checkpoint"], str) or not is_utf8(d["checkpoint"]):
        raise BadRecord("must be text", field="checkpoint")
    return SignedHead(
        d["checkpoint"].encode(),
        canonical(d["epoch"]),
        _hashes(d["epoch_proof"], "epoch_proof"),
        canonical(d["head"]),
        _hashes(d["head_path"], "head_path"),
    )


def format_since(since: Since) -> bytes:
    """The canonical bytes of a `since/<size>.json`."""
    return canonical(
        {
            "typ": SINCE_TYP,
            "account_proof": _texts(since.account_proof),
            "epoch": parse(since.epoch),
            "epoch_proof": _texts(since.epoch_proof),
            "head": parse(since.head),
            "head_path": _texts(since.head_path),
        }
    )


def parse_since(data: bytes) -> Since:
    """The pair of `format_since`; BadRecord names the field.

    The records nested in it are canonical because the whole is, so their bytes are those
    that were hashed.
    """
    names = ("account_proof", "epoch", "epoch_proof", "head", "head_path")
    d = _shaped(parse(data), SINCE_TYP, names)
    return Since(
        canonical(d["epoch"]),
        _hashes(d["epoch_proof"], "epoch_proof"),
        canonical(d["head"]),
        _hashes(d["head_path"], "head_path"),
        _hashes(d["account_proof"], "account_proof"),
    )


def _shaped(document: Any, typ: str, names: tuple[str, ...]) -> dict[str, Any]:
    if not isinstance(document, dict) or document.get("typ") != typ:
        raise BadRecord(f"must be {typ}", field="typ")
    if set(document) != {"typ", *names}:
        raise BadRecord(f"has other fields than {', '.join(names)}")
    return document


def _texts(hashes: Hashes) -> list[str]:
    return [to_base64url(one) for one in hashes]


def _hashes(value: Any, field: str) -> Hashes:
    if not isinstance(value, list) or not all(isinstance(one, str) for one in value):
        raise BadRecord("must be a list of hashes", field=field)
    if len(value) > MAX_HASHES:
        raise TooLarge(f"has over {MAX_HASHES} hashes", field=field)
    found = tuple([from_base64url(one) for one in value])
    for index, one in enumerate(found):
        if len(one) != HASH_BYTES:
            raise BadRecord(f"must be {HASH_BYTES} bytes", field=f"{field}[{index}]")
    return found
