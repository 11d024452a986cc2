"""Countersigning: the other side signs for what it was given, and the ledger keeps that.

Whoever opened a bundle makes a small file (`countersign`), and the ledger takes it in
(`Ledger.accept`). From then on both can show the same thing: this log, so far, was in the
other's hands at that time. The ledger cannot show somebody else another history of that time,
and the other side cannot say that it was never given this one. It is no word on what the
entries say: agreement is the mark `acknowledged` (J39).

The cosignature covers the whole ledger, but it is shown in the bundles of the account alone:
no customer need learn from it who the other customers are.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any

from attrs import frozen

from contactledger import files
from contactledger.accounts import refuse_archived
from contactledger.declare import as_utc
from contactledger.errors import BadInput, Unverified
from contactledger.exchange import OpenedBundle, Trust, trusted_keys
from contactledger.keys import load_signer
from contactledger.log.canon import MAX_RECORD_BYTES
from contactledger.log.checkpoint import Checkpoint, format_checkpoint
from contactledger.log.receipt import (
    make_countersignature,
    open_countersignature,
    parse_countersignature,
    parse_receipt_note,
)
from contactledger.log.seal import Received
from contactledger.log.tlog import subtree_root
from contactledger.log.verifier import VerifierKey
from contactledger.sealed import known_keys
from contactledger.store.port import Transaction
from contactledger.store.sealing import ReceiptRow
from contactledger.trees import account_reader

CLOCK = timedelta(minutes=5)
"""How far a seal may lie ahead of the countersigner's clock, as with any entry (J46)."""

MEANING = (
    "It says that this log was received, and not that anybody agrees with what is in it; "
    "agreement is a mark on an entry (rule J39)."
)


@frozen(repr=False)
class Countersignature:
    """One small file that says: we were given this log. `data` are its bytes.

    What the properties tell is as the file has it; only whoever checks the signatures with
    a key of the countersigner's (`Ledger.accept`) may believe it.
    """

    data: bytes

    @property
    def received(self) -> Received:
        """The account (an id), its size and root, the epoch, and when it was received."""
        return parse_receipt_note(parse_countersignature(self.data)[1])[0]

    @property
    def name(self) -> str:
        """The name of the key that countersigned."""
        _, note = parse_receipt_note(parse_countersignature(self.data)[1])
        return note.unverified[0].name

    def save(self, path: files.Where) -> None:
        """Write it to a file. BadInput if that cannot be written."""
        with files.replacing(path, "path") as file:
            file.write(self.data)

    @classmethod
    def load(cls, path: files.Where) -> Countersignature:
        """Read it from a file. BadInput if that cannot be read, BadRecord if it is none."""
        with files.reading(path, "path") as file:
            made = cls(file.read(MAX_RECORD_BYTES + 1))
        parse_receipt_note(parse_countersignature(made.data)[1])
        return made

    def __repr__(self) -> str:
        received = self.received
        return (
            f"<Countersignature of {self.name}: account {received.account}, "
            f"{received.size} entries, {received.at:%Y-%m-%d %H:%M:%S} UTC>"
        )


@frozen
class Accepted:
    """A countersignature that was verified and is kept: whose, of which account (its id), how
    many entries, of which epoch, and when it was made by the other side's clock."""

    name: str
    account: str
    size: int
    epoch: int
    at: datetime


def countersign(opened: OpenedBundle, signer: Any, now: datetime) -> Countersignature:
    """The countersignature of a bundle that was opened, to be sent back to who made it.

    `signer`: the path of a key file, "env:NAME" or a `Signer`; the key of one's own ledger will
    do. `now`: the time by one's own clock. Open the bundle with `remember=`, so that what is
    signed is known to continue what was signed before. BadInput for a partial bundle, since a
    receipt is for a whole log, and for a seal dated ahead of `now`.
    """
    verified, at = opened.verified, as_utc(now, "now")
    if verified.partial:
        raise BadInput(
            "a partial bundle holds some entries of a log; a receipt is for all of it",
            field="opened",
        )
    if verified.epoch.sealed_at > at + CLOCK:
        raise BadInput(
            "lies before the bundle was sealed, by the clock of who sealed it: one of the two "
            "is wrong, and nothing was signed",
            field="now",
        )
    received = Received(
        account=verified.head.account,
        at=at,
        epoch=verified.epoch.epoch,
        root=verified.head.root,
        size=verified.head.size,
    )
    text = format_checkpoint(verified.checkpoint)
    return Countersignature(make_countersignature(text, received, load_signer(signer)))


def accept(
    tx: Transaction,
    countersignature: Countersignature | bytes,
    trust: Trust | Iterable[Trust],
) -> Accepted:
    """Take in what came back, to be shown in the account's own bundles.

    `trust`: the other side's keys. Unverified if it is signed by none of them, is for another
    ledger, or for a history that this ledger does not have; then nothing is kept. Of one
    key and epoch the first receipt stands, and a second changes nothing.
    """
    data = countersignature if isinstance(countersignature, bytes) else countersignature.data
    signed = open_countersignature(data, trusted_keys(trust))
    received, key = signed.received, signed.key.format()
    own = {VerifierKey.parse(text).public_key for text in known_keys(tx).keys}
    if signed.key.public_key in own:
        raise Unverified("it is signed with a key of this ledger, which is no witness of itself")
    _require_checkpoint(tx, signed.checkpoint)
    refuse_archived(tx.lock([received.account]).values())
    _require_log(tx, received)
    there = [r for r in tx.receipts(received.account, received.epoch) if r.key == key]
    if there:
        received = Countersignature(there[0].note).received
    else:
        tx.put_receipt(ReceiptRow(received.account, received.epoch, key, data))
    return Accepted(signed.key.name, received.account, received.size, received.epoch, received.at)


def _require_checkpoint(tx: Transaction, checkpoint: Checkpoint) -> None:
    """Unverified unless this ledger has signed the checkpoint."""
    if checkpoint.origin != known_keys(tx).origin:
        raise Unverified("it is for the checkpoint of another ledger")
    for row in tx.checkpoints(checkpoint.size - 1, 1):
        if (row.size, row.root) == (checkpoint.size, checkpoint.root) and row.note is not None:
            return
    raise Unverified("it is for a checkpoint that this ledger has not signed")


def _require_log(tx: Transaction, received: Received) -> None:
    """Unverified unless the account's first entries have the root that was received."""
    slot = tx.slots([received.account]).get(received.account)
    if slot is None or not 0 < received.size <= slot.size:
        raise Unverified("it is for a log that this ledger has not sealed")
    root = subtree_root(0, received.size, account_reader(tx, received.account))
    if root != received.root:
        raise Unverified("it is for another log than the account's")
