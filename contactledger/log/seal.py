"""Heads: what is said of an account's log at a seal.

A head is one canonical record and the leaf of the slot tree::

    {"typ": "contactledger/head/v1", "account": id, "blind": …, "root": …, "size": n, "slot": n}

`root` is the RFC 6962 root of the account's first `size` entries and `blind` 16 random bytes,
both in base64url without padding: without the blind a stranger who sees sibling hashes could
try out guesses of an account's head. RFC 6962 roots do not commit to the size of their tree,
so size and slot stand inside the hashed bytes.
"""

from __future__ import annotations

from attrs import frozen

from contactledger.errors import BadRecord
from contactledger.log.canon import canonical, parse
from contactledger.log.record import ID, from_base64url, to_base64url

HEAD_TYP = "contactledger/head/v1"
_SHAPE = {"typ": str, "account": str, "blind": str, "root": str, "size": int, "slot": int}


@frozen
class Head:
    """The head of an account's log: `root` 32 bytes, `blind` 16 bytes, `size` entries."""

    account: str
    blind: bytes
    root: bytes
    size: int
    slot: int


def format_head(head: Head) -> bytes:
    """The canonical bytes of a head."""
    return canonical(
        {
            "typ": HEAD_TYP,
            "account": head.account,
            "blind": to_base64url(head.blind),
            "root": to_base64url(head.root),
            "size": head.size,
            "slot": head.slot,
        }
    )


def parse_head(record: bytes) -> Head:
    """The head of canonical bytes; BadRecord names the field that is not as it should be."""
    document = parse(record)
    if not isinstance(document, dict) or {k: type(v) for k, v in document.items()} != _SHAPE:
        raise BadRecord("not a head record")
    if document["typ"] != HEAD_TYP:
        raise BadRecord("not a head record", field="typ")
    if not ID.match(document["account"]):
        raise BadRecord("not an id of 26 base32 characters", field="account")
    blind, root = from_base64url(document["blind"]), from_base64url(document["root"])
    if len(blind) != 16:
        raise BadRecord("must be 16 bytes", field="blind")
    if len(root) != 32:
        raise BadRecord("must be 32 bytes", field="root")
    for name in ("size", "slot"):
        if document[name] < 0:
            raise BadRecord("must not be negative", field=name)
    return Head(document["account"], blind, root, document["size"], document["slot"])
