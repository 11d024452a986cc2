"""A bundle: an account's log, or single entries of it, with everything that proves it.

This comment is the specification; the container is `contactledger.log.container`, the small
texts are `contactledger.log.bundle_text`, records are those of `record` and `seal`::

    account/entries.ndjson         the account's records in order, each ending in LF
    account/head.json              its head
    account/head.path              the head's path in the slot tree
    account/proofs.ndjson          only in a partial bundle: the inclusion proof of each line
    account/receipts/<n>.note      receipts that came back for the account, from 0 on
    blobs/<sha256>                 an original that a disclosure names
    disclosures.ndjson             [no,"D"], in order of (no, digest of D)
    house/entries.ndjson           the house log (J53), complete: not in a partial bundle
    house/head.json  house/head.path
    ledger/checkpoint              the signed checkpoint of the ledger log
    ledger/epoch.json              the newest epoch in it, with its proof
    ledger/epoch.tlog-proof
    ledger/genesis.json            leaf 0 of the ledger log, with its proof
    ledger/genesis.tlog-proof
    ledger/keys/<n>.json           leaf n of the ledger log, a change of keys;
    ledger/keys/<n>.tlog-proof     proved in a checkpoint that the old key still signed,
    ledger/keys/<n>.consistency    of which the bundle's checkpoint is an extension
    since/<size>.json              an older head that was given to somebody
    time/<n>.tsr                   timestamps over the text of the checkpoint, from 0 on

Nothing else may be in it. A bundle is *partial* if it has `account/proofs.ndjson`; it holds
some entries, of which 0 and 1 always are among. The steps in which one is opened stand in
`contactledger.log.bundle_open`. The slot 0 is the house log's.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from functools import partial
from itertools import islice
from typing import BinaryIO

from attrs import frozen

from contactledger.log.bundle_text import (
    Hashes,
    Since,
    format_disclosure,
    format_path,
    format_proof,
    format_since,
)
from contactledger.log.container import write
from contactledger.log.seal import parse_epoch
from contactledger.log.tlog_proof import TlogProof, format_tlog_proof

CHECKPOINT = "ledger/checkpoint"
EPOCH, EPOCH_PROOF = "ledger/epoch.json", "ledger/epoch.tlog-proof"
GENESIS, GENESIS_PROOF = "ledger/genesis.json", "ledger/genesis.tlog-proof"
DISCLOSURES = "disclosures.ndjson"
PROOFS = "account/proofs.ndjson"
HOUSE_SLOT = 0
MAX_SINCE = 1_000
"""Older heads in one bundle; each costs a few kilobytes and two proofs."""
MAX_KEYS = 100
"""Changes of keys in one bundle."""

KEY_FILE = re.compile(r"ledger/keys/(0|[1-9][0-9]{0,15})\.(json|tlog-proof|consistency)\Z")
SINCE_FILE = re.compile(r"since/(0|[1-9][0-9]{0,15})\.json\Z")
BLOB_FILE = re.compile(r"blobs/([0-9a-f]{64})\Z")

LOGS = ("entries.ndjson", "head.json", "head.path")
"""The files of a log, in the folder `account` or `house`."""
REQUIRED = (
    *(CHECKPOINT, EPOCH, EPOCH_PROOF, GENESIS, GENESIS_PROOF, DISCLOSURES),
    *(f"account/{name}" for name in LOGS),
)
_LINES_AT_A_TIME = 500


@frozen
class LogContent:
    """One log: its head, the head's path, its records (called once, when they are written)."""

    head: bytes
    head_path: Hashes
    records: Callable[[], Iterable[bytes]]


@frozen
class KeyContent:
    """A change of keys: its leaf index, its bytes, its proof file, and that the bundle's
    checkpoint extends the checkpoint in there."""

    no: int
    record: bytes
    proof: TlogProof
    consistency: Hashes


@frozen
class Content:
    """Everything that goes into a bundle.

    `epoch` and `genesis` are records with their proofs in the ledger log of `checkpoint`;
    `disclosures` gives (no, D) in order of (no, digest); `blobs` are names (SHA-256 in hex),
    `blob` gives their bytes. `receipts` are notes in the order of `bundle_receipts`, `times`
    timestamps in that of `bundle_times`. With `proofs` the bundle is partial and `house` is None.
    """

    checkpoint: bytes
    genesis: bytes
    genesis_proof: Hashes
    epoch: bytes
    epoch_proof: Hashes
    account: LogContent
    house: LogContent | None
    disclosures: Callable[[], Iterable[tuple[int, str]]]
    keys: tuple[KeyContent, ...] = ()
    since: tuple[tuple[int, Since], ...] = ()
    receipts: tuple[bytes, ...] = ()
    times: tuple[bytes, ...] = ()
    blobs: tuple[str, ...] = ()
    blob: Callable[[str], Iterable[bytes]] = lambda _: ()
    proofs: Callable[[], Iterable[Hashes]] | None = None


def write_bundle(target: BinaryIO, content: Content) -> int:
    """Write a bundle to a seekable binary file; the bytes written.

    Only a few lines lie in memory at a time. Raises BadRecord, TooLarge as `container.write`.
    """
    files = _files(content)
    return write(target, ((name, files[name]()) for name in sorted(files)))


def _files(content: Content) -> dict[str, Callable[[], Iterable[bytes]]]:
    """Name → what gives its bytes, piece by piece."""
    note = content.checkpoint
    epoch_no = parse_epoch(content.epoch).epoch
    epoch_proof = TlogProof(epoch_no, content.epoch_proof, note)
    genesis_proof = TlogProof(0, content.genesis_proof, note)
    disclosures, proofs = content.disclosures, content.proofs
    whole = {
        CHECKPOINT: note,
        EPOCH: content.epoch,
        EPOCH_PROOF: format_tlog_proof(epoch_proof),
        GENESIS: content.genesis,
        GENESIS_PROOF: format_tlog_proof(genesis_proof),
    }
    for key in content.keys:
        whole[f"ledger/keys/{key.no}.json"] = key.record
        whole[f"ledger/keys/{key.no}.tlog-proof"] = format_tlog_proof(key.proof)
        whole[f"ledger/keys/{key.no}.consistency"] = format_path(key.consistency)
    for size, since in content.since:
        whole[f"since/{size}.json"] = format_since(since)
    for no, receipt in enumerate(content.receipts):
        whole[f"account/receipts/{no}.note"] = receipt
    for no, token in enumerate(content.times):
        whole[f"time/{no}.tsr"] = token
    for folder, log in (("account", content.account), ("house", content.house)):
        if log is not None:
            whole[f"{folder}/head.json"] = log.head
            whole[f"{folder}/head.path"] = format_path(log.head_path)
    files: dict[str, Callable[[], Iterable[bytes]]] = {
        name: partial(_whole, data) for name, data in whole.items()
    }
    files["account/entries.ndjson"] = partial(_records, content.account)
    if content.house is not None:
        files["house/entries.ndjson"] = partial(_records, content.house)
    files[DISCLOSURES] = lambda: _lines(format_disclosure(no, body) for no, body in disclosures())
    if proofs is not None:
        files[PROOFS] = lambda: _lines(map(format_proof, proofs()))
    for sha256 in content.blobs:
        files[f"blobs/{sha256}"] = partial(content.blob, sha256)
    return files


def _whole(data: bytes) -> tuple[bytes]:
    return (data,)


def _records(log: LogContent) -> Iterator[bytes]:
    return _lines(log.records())


def _lines(lines: Iterable[bytes]) -> Iterator[bytes]:
    """Lines with their LF, many at a time."""
    waiting = iter(lines)
    while some := list(islice(waiting, _LINES_AT_A_TIME)):
        yield b"\n".join([*some, b""])
