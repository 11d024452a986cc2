"""Trees over stored nodes: reading them, replacing leaves, proving and checking an entry.

An account's log and the ledger log store their complete subtrees at the levels 8, 16, 24 …
beside their leaves, as C2SP tlog-tiles does: whatever lies between is computed from a tile of
256 hashes. So an append writes next to nothing, and a proof reads a few tiles however long
the log is. The slot tree stores every level, since a seal replaces its leaves: a changed leaf
costs one hash a level.

`prove_entry` leads from an entry to the signed checkpoint in three inclusion proofs, and
`check_entry` is its pair:

1. the entry stands in its account's log, whose root is in the account's *head*;
2. the head stands at its slot in the slot tree, whose root is in the *epoch*;
3. the epoch stands in the ledger log, whose root is in the *checkpoint*.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import TypeVar

from attrs import frozen

from contactledger.errors import BadRecord, Corrupt, Unverified
from contactledger.log.checkpoint import Checkpoint, open_checkpoint
from contactledger.log.seal import Epoch, Head, parse_epoch, parse_head
from contactledger.log.tlog import (
    EMPTY_ROOT,
    NodeReader,
    check_inclusion,
    leaf_hash,
    node_hash,
    prove_inclusion,
    reader_over,
    subtree_root,
)
from contactledger.log.verifier import VerifierKey
from contactledger.store.port import Transaction
from contactledger.store.sealing import LEDGER_LOG, SLOTS, STORED_LEVELS, NodeRow

_T = TypeVar("_T")

TILE = 1 << STORED_LEVELS
"""Hashes of a tile: what lies between two stored levels."""
MAX_TILES = 64
"""Tiles that a reader keeps; a proof needs one for every 8 levels."""


# ---- reading


def account_reader(tx: Transaction, account: str) -> NodeReader:
    """A node reader over an account's log. It raises Corrupt where a stored node is missing."""

    def stored(level: int, start: int, stop: int) -> list[bytes]:
        if level == 0:
            return tx.leaves(account, start, stop)
        return tx.nodes(account, level, start, stop)

    return tiled(stored, account)


def ledger_reader(tx: Transaction) -> NodeReader:
    """A node reader over the ledger log. It raises Corrupt where a stored node is missing."""

    def stored(level: int, start: int, stop: int) -> list[bytes]:
        if level == 0:
            return [row.leaf for row in tx.sealed(start, stop)]
        found = tx.tree(LEDGER_LOG, [(level, number) for number in range(start, stop)])
        return [found[where] for where in sorted(found)]

    return tiled(stored, "")


def tiled(stored: Callable[[int, int, int], list[bytes]], account: str) -> NodeReader:
    """A node reader over hashes stored at every eighth level, `stored(level, start, stop)`."""
    tiles: dict[tuple[int, int], NodeReader] = {}

    def read(level: int, index: int) -> bytes:
        rise = level % STORED_LEVELS
        base, tile = level - rise, index // (TILE >> rise)
        if (base, tile) not in tiles:
            if len(tiles) == MAX_TILES:
                tiles.pop(next(iter(tiles)))
            tiles[base, tile] = reader_over(stored(base, tile * TILE, (tile + 1) * TILE))
        try:
            return tiles[base, tile](rise, index % (TILE >> rise))
        except BadRecord:
            raise Corrupt("hashes of its tree are missing", account=account) from None

    return read


def from_slots(tx: Transaction, compute: Callable[[NodeReader], _T]) -> _T:
    """What `compute` makes of the slot tree's nodes, all of them asked for at once."""
    wanted: list[tuple[int, int]] = []

    def note(level: int, index: int) -> bytes:
        wanted.append((level, index))
        return EMPTY_ROOT

    compute(note)
    found = tx.tree(SLOTS, wanted)

    def read(level: int, index: int) -> bytes:
        if (level, index) not in found:
            raise Corrupt("hashes of the slot tree are missing")
        return found[level, index]

    return compute(read)


def slot_root(tx: Transaction, slots: int) -> bytes:
    """The root of the slot tree, which has so many slots."""
    return from_slots(tx, lambda read: subtree_root(0, slots, read))


def slot_path(tx: Transaction, slot: int, slots: int) -> tuple[bytes, ...]:
    """The inclusion proof of a slot among so many."""
    return from_slots(tx, lambda read: prove_inclusion(slot, slots, read))


# ---- replacing leaves


def replace_leaves(tx: Transaction, leaves: Mapping[int, bytes], slots: int) -> None:
    """Put leaves into the slot tree, which then has so many slots; nodes above them follow."""
    rows: list[set[int]] = [set(leaves)]
    known: dict[tuple[int, int], bytes] = {(0, slot): leaf for slot, leaf in leaves.items()}
    wanted: list[tuple[int, int]] = []
    while rows[-1]:
        level, below = len(rows) - 1, rows[-1]
        # a node is stored once it is complete, and so are its children
        row = {slot >> 1 for slot in below if ((slot >> 1) + 1) << (level + 1) <= slots}
        wanted += [
            (level, child)
            for node in row
            for child in (2 * node, 2 * node + 1)
            if child not in below
        ]
        rows.append(row)
    known |= _needed(tx.tree(SLOTS, wanted), wanted)
    made = [NodeRow(0, slot, leaf) for slot, leaf in leaves.items()]
    for level, row in enumerate(rows[1:], 1):
        for index in sorted(row):
            left, right = known[level - 1, 2 * index], known[level - 1, 2 * index + 1]
            known[level, index] = node_hash(left, right)
            made.append(NodeRow(level, index, known[level, index]))
    tx.put_tree(SLOTS, made)


def _needed(
    found: Mapping[tuple[int, int], bytes], wanted: Iterable[tuple[int, int]]
) -> Mapping[tuple[int, int], bytes]:
    if any(where not in found for where in wanted):
        raise Corrupt("hashes of the slot tree are missing")
    return found


# ---- an entry up to the checkpoint


@frozen
class EntryProof:
    """That entry `no` stands in its account's log, and that log under a signed checkpoint.

    `hashes`: the entry in the account's log; `head`: the account's head, its bytes; `path`:
    the head in the slot tree; `epoch`: its bytes; `epoch_path`: the epoch in the ledger log;
    `note`: the signed checkpoint. Hashes are 32 bytes, lowest first.
    """

    no: int
    hashes: tuple[bytes, ...]
    head: bytes
    path: tuple[bytes, ...]
    epoch: bytes
    epoch_path: tuple[bytes, ...]
    note: bytes


@frozen
class Proved:
    """What a proof led through: the head of the account's log, the epoch, the checkpoint."""

    head: Head
    epoch: Epoch
    checkpoint: Checkpoint


def check_entry(record: bytes, proof: EntryProof, keys: Iterable[VerifierKey]) -> Proved:
    """What `record` is proved to stand in; `keys` are the ledger's, which the caller trusts.

    Unverified says which of the steps does not hold; BadRecord for a record that is none.
    """
    checkpoint = open_checkpoint(proof.note, keys).checkpoint
    epoch = parse_epoch(proof.epoch)
    if not check_inclusion(
        epoch.epoch, checkpoint.size, leaf_hash(proof.epoch), proof.epoch_path, checkpoint.root
    ):
        raise Unverified("the epoch is not in the ledger log that the checkpoint signs")
    head = parse_head(proof.head)
    if not check_inclusion(head.slot, epoch.slots, leaf_hash(proof.head), proof.path, epoch.root):
        raise Unverified("the head is not in its slot in this epoch")
    if not check_inclusion(proof.no, head.size, leaf_hash(record), proof.hashes, head.root):
        raise Unverified("the entry is not in the log that the head stands for")
    return Proved(head, epoch, checkpoint)
