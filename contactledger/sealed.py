"""What is sealed, as the store has it: the newest seal, the keys on record, proofs under it."""

from __future__ import annotations

from datetime import datetime

from attrs import frozen

from contactledger.errors import NotSealed
from contactledger.log.checkpoint import Checkpoint
from contactledger.log.seal import Epoch, parse_epoch, parse_genesis, parse_key_change
from contactledger.log.tlog import prove_inclusion
from contactledger.store.port import Transaction
from contactledger.store.sealing import CheckpointRow
from contactledger.trees import EntryProof, account_reader, ledger_reader, slot_path


@frozen
class Sealed:
    """A signed checkpoint: the note as anybody may have it, and what it says.

    `epoch` is the newest seal, the last leaf under the checkpoint.
    """

    note: bytes
    checkpoint: Checkpoint
    epoch: Epoch

    @property
    def sealed_at(self) -> datetime:
        """When it was sealed, by the ledger's clock."""
        return self.epoch.sealed_at


@frozen
class KnownKeys:
    """The keys of a ledger log in order of their records, as texts; the last is the newest."""

    origin: str
    keys: tuple[str, ...]


def known_keys(tx: Transaction) -> KnownKeys:
    """The keys on record. NotSealed before the first seal."""
    rows = tx.sealed_keys()
    if not rows:
        raise NotSealed("nothing is sealed yet")
    genesis = parse_genesis(rows[0].record)
    later = [parse_key_change(row.record).key for row in rows[1:]]
    return KnownKeys(genesis.origin, (*genesis.keys, *later))


def newest_sealed(tx: Transaction) -> Sealed:
    """The newest seal, signed. NotSealed if there is none or its signature is still missing:
    the slots are then ahead of what was signed, and sealing again brings the signature."""
    row = newest(tx)
    if row.note is None:
        raise NotSealed("the last seal is not signed yet: seal again")
    return sealed_by(tx, row)


def newest_signed(tx: Transaction) -> Sealed | None:
    """The newest seal that is signed; a later one may wait for its signature."""
    row = tx.checkpoint(signed=True)
    return None if row is None else sealed_by(tx, row)


def newest(tx: Transaction) -> CheckpointRow:
    """The row of the newest seal, signed or not. NotSealed before the first."""
    row = tx.checkpoint()
    if row is None:
        raise NotSealed("nothing is sealed yet")
    return row


def sealed_by(tx: Transaction, row: CheckpointRow) -> Sealed:
    """What a row says; its note is empty while it is not signed."""
    (last,) = tx.sealed(row.size - 1, row.size)
    checkpoint = Checkpoint(known_keys(tx).origin, row.size, row.root)
    return Sealed(row.note or b"", checkpoint, parse_epoch(last.record))


def prove_entry(tx: Transaction, account: str, no: int) -> EntryProof:
    """The proof of an account's entry up to the newest checkpoint; see `check_entry`.

    NotSealed if the entry came after the last seal.
    """
    sealed = newest_sealed(tx)
    row = tx.slots([account]).get(account)
    if row is None or not 0 <= no < row.size:
        raise NotSealed("the entry is not sealed yet")
    size = sealed.checkpoint.size
    (last,) = tx.sealed(size - 1, size)
    return EntryProof(
        no,
        prove_inclusion(no, row.size, account_reader(tx, account)),
        row.head,
        slot_path(tx, row.slot, sealed.epoch.slots),
        last.record,
        prove_inclusion(size - 1, size, ledger_reader(tx)),
        sealed.note,
    )
