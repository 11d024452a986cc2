"""What sealing asks of a store: nodes of trees, slots, the ledger log, its checkpoints.

Part of the port (`contactledger.store.port`), and under its rules.

Nodes of an **account log** are written with the entries that complete them and never change;
a store keeps the levels 8, 16, 24 …, and between them stand at most 256 hashes to compute a
node from (as in C2SP tlog-tiles). The **ledger log** keeps the same levels. The **slot tree**
keeps every level, as its leaves are replaced in place.

What belongs to an account starts with it in every key. Slots, the ledger log and its
checkpoints belong to the ledger as a whole, and are written under `claim` alone.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from datetime import datetime
from typing import TYPE_CHECKING, NamedTuple, Protocol

if TYPE_CHECKING:
    from contactledger.store.port import AccountRow

STORED_LEVELS = 8
"""Every so many levels a log's nodes are stored: 8, 16, 24 …"""

SLOTS = "slots"
"""Name of the slot tree."""
LEDGER_LOG = "ledger"
"""Name of the tree over the ledger log; its leaves stand with its records."""


class NodeRow(NamedTuple):
    """The hash of a complete subtree: its level (0: leaves) and its number on that level."""

    level: int
    number: int
    hash: bytes


class SlotRow(NamedTuple):
    """The newest head of an account: `head` its bytes, `size` the entries it seals."""

    slot: int
    account: str
    size: int
    head: bytes


class SealedRow(NamedTuple):
    """A leaf of the ledger log: `kind` is ledger, key or epoch; the bytes and their hash."""

    no: int
    kind: str
    record: bytes
    leaf: bytes


class CheckpointRow(NamedTuple):
    """The ledger log at a seal: its size, root and frontier (hashes joined), how many slots
    there were, and the signed note, None until it is signed."""

    size: int
    root: bytes
    frontier: bytes
    slots: int
    note: bytes | None


class GivenRow(NamedTuple):
    """A head that somebody was given: in which epoch, to whom (an id), when; the head's bytes
    and its path in the slot tree of that epoch (hashes joined), which are not kept elsewhere."""

    account: str
    epoch: int
    whom: str
    at: datetime
    head: bytes
    path: bytes


class ReceiptRow(NamedTuple):
    """A countersignature that came back for an account: of which epoch, by which verifier key.
    `note` are the bytes of its file (`contactledger.log.receipt`)."""

    account: str
    epoch: int
    key: str
    note: bytes


class SealTransaction(Protocol):
    """What a transaction can do for sealing."""

    def leaves(self, account: str, start: int, stop: int) -> list[bytes]:
        """Leaf hashes of an account's entries, `start` ≤ no < `stop`, in order."""
        ...

    def nodes(self, account: str, level: int, start: int, stop: int) -> list[bytes]:
        """Stored nodes of an account's log on a level, `start` ≤ index < `stop`, in order;
        those that are not there are left out."""
        ...

    def unsealed(self, after: str = "", limit: int = 1_000) -> list[AccountRow]:
        """Heads of accounts with entries that are not sealed, in order of their ids, the next
        `limit` after the id `after`. Costs nothing for those that are."""
        ...

    def put_slots(self, rows: Collection[SlotRow]) -> None:
        """Write slots, or replace them; their accounts are sealed up to `size`."""
        ...

    def slots(self, accounts: Collection[str]) -> dict[str, SlotRow]:
        """Slots of these accounts, as far as they have one."""
        ...

    def slots_from(self, start: int = 0, limit: int = 1_000) -> list[SlotRow]:
        """The next `limit` slots from number `start` on, in order."""
        ...

    def tree(self, name: str, wanted: Collection[tuple[int, int]]) -> dict[tuple[int, int], bytes]:
        """Nodes of the tree `SLOTS` or `LEDGER_LOG` by (level, index), as far as they are there."""
        ...

    def put_tree(self, name: str, nodes: Iterable[NodeRow]) -> None:
        """Write nodes of a tree, or replace them."""
        ...

    def sealed(self, start: int = 0, stop: int | None = None) -> Iterator[SealedRow]:
        """Leaves of the ledger log in order, `start` ≤ no < `stop`."""
        ...

    def sealed_keys(self) -> list[SealedRow]:
        """The leaves of the ledger log that are not epochs, in order: ledger and key records."""
        ...

    def add_sealed(self, rows: Collection[SealedRow]) -> None:
        """Append to the ledger log; StoreError if a number is there."""
        ...

    def checkpoint(self, *, signed: bool = False) -> CheckpointRow | None:
        """The newest checkpoint, or the newest that is signed."""
        ...

    def checkpoints(self, after: int = 0, limit: int = 1_000) -> list[CheckpointRow]:
        """Checkpoints in order of their sizes, the next `limit` above the size `after`."""
        ...

    def put_checkpoint(self, row: CheckpointRow) -> None:
        """Write a checkpoint, or replace the one of this size (to add its note)."""
        ...

    def put_given(self, row: GivenRow) -> None:
        """Remember a head that was given to somebody (once for an epoch and receiver)."""
        ...

    def given(self, account: str) -> list[GivenRow]:
        """Heads of an account that were given out, in order of (epoch, whom)."""
        ...

    def put_receipt(self, row: ReceiptRow) -> None:
        """Keep a note that came back; another of the same key for the epoch replaces it."""
        ...

    def receipts(self, account: str, epoch: int | None = None) -> list[ReceiptRow]:
        """Notes that came back for an account, of one epoch or of all, in order of (epoch, key)."""
        ...
