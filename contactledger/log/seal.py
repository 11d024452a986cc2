"""What is sealed: heads, epochs, and the record with which a ledger begins.

Three layers, each a plain RFC 6962 tree. An account's entries are the leaves of its **account
log**. The account's newest *head* is one leaf of the **slot tree**, at a slot that it keeps::

    {"typ": "contactledger/head/v1", "account": id, "blind": …, "root": …, "size": n, "slot": n}

`root` is the root of the account's first `size` entries and `blind` 16 random bytes, both in
base64url without padding; without the blind, somebody who sees a sibling's hash could try out
guesses of that account's head. A seal makes an *epoch*, a leaf of the **ledger log**::

    {"typ": "contactledger/epoch/v1", "epoch": n, "root": …, "sealed_at": time, "slots": n}

`root` is the root of the slot tree. Leaf 0 of the ledger log is the *ledger* record, and a new
key is a *key* record; an epoch's number is its leaf index::

    {"typ": "contactledger/ledger/v1", "keys": […], "ledger": id, "origin": …, "profile": …}
    {"typ": "contactledger/key/v1", "at": time, "key": verifier key, "replaces": verifier key}

Only the ledger log's checkpoint is signed. RFC 6962 roots do not commit to the size of their
tree, so sizes and slots stand inside the hashed bytes. Each format/parse is a pair.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from attrs import frozen

from contactledger.errors import BadRecord
from contactledger.log.canon import canonical, format_time, parse, parse_time
from contactledger.log.record import ID, from_base64url, to_base64url

HEAD_TYP = "contactledger/head/v1"
EPOCH_TYP = "contactledger/epoch/v1"
LEDGER_TYP = "contactledger/ledger/v1"
KEY_TYP = "contactledger/key/v1"
RECEIPT_TYP = "contactledger/receipt/v1"
PROFILE = "contactledger/v1"

_SHAPES: dict[str, dict[str, type]] = {
    HEAD_TYP: {"account": str, "blind": str, "root": str, "size": int, "slot": int},
    EPOCH_TYP: {"epoch": int, "root": str, "sealed_at": str, "slots": int},
    LEDGER_TYP: {"keys": list, "ledger": str, "origin": str, "profile": str},
    KEY_TYP: {"at": str, "key": str, "replaces": str},
    RECEIPT_TYP: {"account": str, "at": str, "epoch": int, "root": str, "size": int},
}


@frozen
class Head:
    """The head of an account's log: `root` 32 bytes, `blind` 16 bytes, `size` entries."""

    account: str
    blind: bytes
    root: bytes
    size: int
    slot: int


@frozen
class Epoch:
    """A seal: its number, the slot tree's root (32 bytes) and size, and when."""

    epoch: int
    root: bytes
    sealed_at: datetime
    slots: int


@frozen
class Genesis:
    """Leaf 0 of a ledger log: the ledger's id, its checkpoint's origin, its first keys."""

    ledger: str
    origin: str
    keys: tuple[str, ...]


@frozen
class KeyChange:
    """A new key from `at` on, in place of `replaces`; both are verifier key texts."""

    at: datetime
    key: str
    replaces: str


@frozen
class Received:
    """A receipt: somebody was given this account's log, so far, in this epoch."""

    account: str
    at: datetime
    epoch: int
    root: bytes
    size: int


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
    d = _document(record, HEAD_TYP)
    return Head(d["account"], _bytes(d, "blind", 16), _bytes(d, "root", 32), d["size"], d["slot"])


def format_epoch(epoch: Epoch) -> bytes:
    """The canonical bytes of an epoch."""
    return canonical(
        {
            "typ": EPOCH_TYP,
            "epoch": epoch.epoch,
            "root": to_base64url(epoch.root),
            "sealed_at": format_time(epoch.sealed_at),
            "slots": epoch.slots,
        }
    )


def parse_epoch(record: bytes) -> Epoch:
    """The epoch of canonical bytes; BadRecord names the field."""
    d = _document(record, EPOCH_TYP)
    return Epoch(d["epoch"], _bytes(d, "root", 32), _time(d, "sealed_at"), d["slots"])


def format_genesis(genesis: Genesis) -> bytes:
    """The canonical bytes of a ledger record."""
    return canonical(
        {
            "typ": LEDGER_TYP,
            "keys": list(genesis.keys),
            "ledger": genesis.ledger,
            "origin": genesis.origin,
            "profile": PROFILE,
        }
    )


def parse_genesis(record: bytes) -> Genesis:
    """The ledger record of canonical bytes; BadRecord names the field."""
    d = _document(record, LEDGER_TYP)
    if d["profile"] != PROFILE:
        raise BadRecord("a profile that this release does not know", field="profile")
    if not d["keys"] or not all(isinstance(key, str) for key in d["keys"]):
        raise BadRecord("must be a list of verifier keys", field="keys")
    return Genesis(d["ledger"], d["origin"], tuple(d["keys"]))


def format_key_change(change: KeyChange) -> bytes:
    """The canonical bytes of a key record."""
    return canonical(
        {
            "typ": KEY_TYP,
            "at": format_time(change.at),
            "key": change.key,
            "replaces": change.replaces,
        }
    )


def parse_key_change(record: bytes) -> KeyChange:
    """The key record of canonical bytes; BadRecord names the field."""
    d = _document(record, KEY_TYP)
    return KeyChange(_time(d, "at"), d["key"], d["replaces"])


def format_receipt(receipt: Received) -> bytes:
    """The canonical bytes of a receipt."""
    return canonical(
        {
            "typ": RECEIPT_TYP,
            "account": receipt.account,
            "at": format_time(receipt.at),
            "epoch": receipt.epoch,
            "root": to_base64url(receipt.root),
            "size": receipt.size,
        }
    )


def parse_receipt(record: bytes) -> Received:
    """The receipt of canonical bytes; BadRecord names the field."""
    d = _document(record, RECEIPT_TYP)
    return Received(d["account"], _time(d, "at"), d["epoch"], _bytes(d, "root", 32), d["size"])


def _document(record: bytes, typ: str) -> dict[str, Any]:
    """The object of canonical bytes, its keys and types as `typ` has them."""
    document = parse(record)
    kind = typ.split("/")[1]
    if not isinstance(document, dict) or document.get("typ") != typ:
        raise BadRecord(f"not a {kind} record", field="typ")
    if {k: type(v) for k, v in document.items() if k != "typ"} != _SHAPES[typ]:
        raise BadRecord(f"not a {kind} record: other fields than it has")
    for name, value in document.items():
        if name in ("account", "ledger") and not ID.match(value):
            raise BadRecord("not an id of 26 base32 characters", field=name)
        if type(value) is int and value < 0:
            raise BadRecord("must not be negative", field=name)
    return document


def _bytes(document: dict[str, Any], name: str, size: int) -> bytes:
    try:
        data = from_base64url(document[name])
    except BadRecord as error:
        raise BadRecord(error.why, field=name) from None
    if len(data) != size:
        raise BadRecord(f"must be {size} bytes", field=name)
    return data


def _time(document: dict[str, Any], name: str) -> datetime:
    try:
        return parse_time(document[name])
    except BadRecord as error:
        raise BadRecord(error.why, field=name) from None
