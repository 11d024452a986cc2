"""The deep check of what is sealed: every hash above the accounts' logs is made again.

The ledger log's records and columns, its stored nodes, every checkpoint's root and signature;
the slots, their heads, every node of the slot tree; which accounts count as sealed. Heads
against the logs that they stand for are part of `contactledger.checking.check_account`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import suppress
from datetime import datetime
from typing import NoReturn

from contactledger.errors import BadInput, Corrupt, LedgerError
from contactledger.log.checkpoint import Checkpoint, format_checkpoint, open_checkpoint
from contactledger.log.seal import (
    Epoch,
    Genesis,
    KeyChange,
    parse_epoch,
    parse_genesis,
    parse_head,
    parse_key_change,
)
from contactledger.log.tlog import (
    Frontier,
    Node,
    check_inclusion,
    grow,
    leaf_hash,
    root,
    subtree_root,
)
from contactledger.log.verifier import VerifierKey
from contactledger.recording import hashes_in
from contactledger.sealed import newest
from contactledger.store.port import AccountRow, LedgerRow, Transaction
from contactledger.store.sealing import (
    LEDGER_LOG,
    SLOTS,
    STORED_LEVELS,
    CheckpointRow,
    GivenRow,
    SealedRow,
    SlotRow,
)
from contactledger.trees import account_reader, slot_path

PAGE = 1_000
"""Rows looked at in one piece."""
_LEVELS = range(STORED_LEVELS, 56, STORED_LEVELS)


def check_nodes(tx: Transaction, account: str, nodes: tuple[Node, ...]) -> None:
    """Corrupt unless these nodes of an account's log, new from one append, are stored so."""
    for level in sorted({at for at, *_ in nodes if at % STORED_LEVELS == 0}):
        made = [node for at, _, node in nodes if at == level]
        first = next(number for at, number, _ in nodes if at == level)
        if tx.nodes(account, level, first, first + len(made)) != made:
            what = "a stored node of its tree is not that of the entries"
            raise Corrupt(what, account=account, no=first << level)


def check_head(tx: Transaction, account: str, size: int, sealed: bytes | None = None) -> None:
    """Check the sealed head of an account of `size` entries, if it has one. Raises Corrupt.

    `sealed`: the root of what is sealed, where the leaves are not here to make it of.
    """
    for level in _LEVELS:
        if tx.nodes(account, level, size >> level, (size >> level) + PAGE):
            raise Corrupt("a stored node behind the head", account=account)
    row = tx.slots([account]).get(account)
    if row is None:
        return
    try:
        head = parse_head(row.head)
    except BadInput as error:
        raise Corrupt(f"its sealed head is none: {error}", account=account) from None
    if (head.slot, head.account, head.size) != (row.slot, account, row.size):
        raise Corrupt("its sealed head is not what its columns say", account=account)
    if head.size > size:
        raise Corrupt(f"{head.size} entries were sealed, there are {size}", account=account)
    known = sealed or subtree_root(0, head.size, account_reader(tx, account))
    if known != head.root:
        raise Corrupt("its sealed head is not that of the entries", account=account)
    epoch = _epoch(tx, newest(tx).size - 1)
    path = slot_path(tx, row.slot, epoch.slots) if row.slot < epoch.slots else ()
    if not check_inclusion(row.slot, epoch.slots, leaf_hash(row.head), path, epoch.root):
        raise Corrupt("its sealed head is not in the newest epoch", account=account)
    for given in tx.given(account):
        _check_given(tx, given)


def check_archived(tx: Transaction, head: AccountRow) -> None:
    """Check what is kept of an archived account; all of it was sealed. Raises Corrupt."""
    account, size, frontier = head.account, head.size, hashes_in(head.frontier)
    rows = list(tx.entries(account))
    if [row.no for row in rows] != [0] or rows[0].leaf != leaf_hash(rows[0].record):
        raise Corrupt("of an archived account entry 0 is kept, and nothing else", account=account)
    if not size or len(frontier) != size.bit_count():
        raise Corrupt("the head's frontier is not that of its size", account=account)
    stored = tx.nodes(account, STORED_LEVELS, 0, size >> STORED_LEVELS)
    tiles, made = grow(0, (), stored)
    if len(stored) != size >> STORED_LEVELS or tiles != frontier[: len(tiles)]:
        raise Corrupt("the head's frontier is not that of the stored nodes", account=account)
    above = tuple((level + STORED_LEVELS, number, node) for level, number, node in made)
    check_nodes(tx, account, above)
    row = tx.slots([account]).get(account)
    if row is None or row.size != size:
        raise Corrupt("an archived account of which not all is sealed", account=account)
    check_head(tx, account, size, root(size, frontier))


def _check_given(tx: Transaction, given: GivenRow) -> None:
    epoch = _epoch(tx, given.epoch)
    path = hashes_in(given.path)
    try:
        slot = parse_head(given.head).slot
    except BadInput:
        slot = -1
    if not check_inclusion(slot, epoch.slots, leaf_hash(given.head), path, epoch.root):
        what = "a head that was given out is not in its epoch"
        raise Corrupt(what, account=given.account)


def _epoch(tx: Transaction, no: int) -> Epoch:
    for row in tx.sealed(no, no + 1):
        with suppress(BadInput):
            return parse_epoch(row.record)
    raise Corrupt("there is no such epoch", no=no)


def check_seals(tx: Transaction, ledger: LedgerRow) -> None:
    """Check the ledger log, its checkpoints, the slots and their tree. Raises Corrupt."""
    log = _Log(tx, ledger)
    for row in tx.sealed():
        log.leaf(row)
    epoch = log.close()
    slots = _check_slots(tx, ledger, epoch)
    _check_unsealed(tx, slots)


class _Log:
    """Walks the ledger log."""

    def __init__(self, tx: Transaction, ledger: LedgerRow) -> None:
        self.tx = tx
        self.ledger = ledger
        self.no = 0
        self.frontier: Frontier = ()
        self.origin = ""
        self.keys: list[VerifierKey] = []
        self.epoch: Epoch | None = None
        self.checkpoints = _checkpoints(tx)

    def leaf(self, row: SealedRow) -> None:
        no = self.no
        if row.no != no:
            self._bad("a leaf is missing")
        if row.leaf != leaf_hash(row.record):
            self._bad("the bytes are not those of the leaf hash")
        try:
            self._record(row)
        except BadInput as error:
            self._bad(f"not a record: {error}")
        self.frontier, made = grow(no, self.frontier, [row.leaf])
        stored = [node for node in made if node[0] % STORED_LEVELS == 0]
        found = self.tx.tree(LEDGER_LOG, [(level, number) for level, number, _ in stored])
        if [found.get((level, number)) for level, number, _ in stored] != [n for *_, n in stored]:
            self._bad("a stored node of its tree is not that of the leaves")
        if row.kind == "epoch":
            self._checkpoint(next(self.checkpoints, None))
        self.no = no + 1

    def _record(self, row: SealedRow) -> None:
        if (row.kind == "ledger") != (row.no == 0):
            self._bad("leaf 0, and no other, is the ledger record")
        if row.kind == "ledger":
            self._genesis(parse_genesis(row.record))
        elif row.kind == "key":
            self._key(parse_key_change(row.record))
        elif row.kind == "epoch":
            self._next(parse_epoch(row.record))
        else:
            self._bad("a record of no known kind")

    def _genesis(self, genesis: Genesis) -> None:
        if genesis.ledger != self.ledger.id:
            self._bad("the record of another ledger")
        self.origin = genesis.origin
        self.keys = [VerifierKey.parse(key) for key in genesis.keys]

    def _key(self, change: KeyChange) -> None:
        if change.replaces != self.keys[-1].format():
            self._bad("does not replace the newest key")
        self.keys.append(VerifierKey.parse(change.key))

    def _next(self, epoch: Epoch) -> None:
        before = self.epoch
        if epoch.epoch != self.no:
            self._bad("an epoch stands at another place")
        if before is not None and (epoch.slots < before.slots or _before(epoch, before.sealed_at)):
            self._bad("an epoch goes back behind the one in front of it")
        self.epoch = epoch

    def _checkpoint(self, row: CheckpointRow | None) -> None:
        assert self.epoch is not None  # noqa: S101 - one was just read
        size = self.no + 1
        now = (size, root(size, self.frontier), b"".join(self.frontier), self.epoch.slots)
        if row is None or row[:4] != now:
            self._bad("the checkpoint of this epoch is not that of the leaves")
        if row.note is None:
            return
        try:
            note = open_checkpoint(row.note, self.keys, origin=self.origin).note
        except LedgerError as error:
            self._bad(f"the checkpoint's note does not open: {error}")
        if note.text != format_checkpoint(Checkpoint(self.origin, row.size, row.root)):
            self._bad("the checkpoint's note is that of another checkpoint")

    def close(self) -> Epoch | None:
        if next(self.checkpoints, None) is not None:
            raise Corrupt("a checkpoint of leaves that are not there")
        if self.no and (self.epoch is None or self.epoch.epoch != self.no - 1):
            raise Corrupt("does not end in an epoch", no=self.no - 1)
        return self.epoch

    def _bad(self, what: str) -> NoReturn:
        raise Corrupt(what, no=self.no)


def _before(epoch: Epoch, moment: datetime) -> bool:
    return epoch.sealed_at < moment


def _checkpoints(tx: Transaction) -> Iterator[CheckpointRow]:
    after = 0
    while rows := tx.checkpoints(after, PAGE):
        yield from rows
        after = rows[-1].size


def _check_slots(tx: Transaction, ledger: LedgerRow, epoch: Epoch | None) -> Mapping[str, int]:
    """Check every slot and every node above; how many entries of each account are sealed."""
    sealed: dict[str, int] = {}
    frontier: Frontier = ()
    count = 0
    while rows := tx.slots_from(count, PAGE):
        for number, row in enumerate(rows, count):
            _check_slot(tx, ledger, number, row)
            sealed[row.account] = row.size
        leaves = [leaf_hash(row.head) for row in rows]
        frontier, made = grow(count, frontier, leaves)
        nodes = [*[(0, number, leaf) for number, leaf in enumerate(leaves, count)], *made]
        found = tx.tree(SLOTS, [(level, number) for level, number, _ in nodes])
        for level, number, node in nodes:
            if found.get((level, number)) != node:
                raise Corrupt(f"node {number} of level {level} of the slot tree is not that above")
        count += len(rows)
    now = (0, None) if epoch is None else (epoch.slots, epoch.root)
    if now != (count, root(count, frontier) if count else None):
        raise Corrupt("the slots are not those of the newest epoch")
    return sealed


def _check_slot(tx: Transaction, ledger: LedgerRow, number: int, row: SlotRow) -> None:
    if row.slot != number:
        raise Corrupt(f"slot {number} is missing")
    if (row.account == ledger.house) != (number == 0):
        raise Corrupt("slot 0, and no other, is the house log's")
    if number and tx.head(row.account) is None:
        raise Corrupt(f"slot {number} is that of an account that is not there")


def _check_unsealed(tx: Transaction, sealed: Mapping[str, int]) -> None:
    """Every account with entries beyond its sealed head is to be sealed, and no other."""
    after = ""
    while heads := tx.heads(after, PAGE):
        last = heads[-1].account
        open_ = [head.account for head in heads if head.size > sealed.get(head.account, 0)]
        found = [row.account for row in tx.unsealed(after, PAGE) if row.account <= last]
        for account in sorted({*open_} ^ {*found}):
            raise Corrupt("sealed and not sealed at once", account=account)
        after = last
