"""What sealing asks of a store, in a database; see `contactledger.store.sealing`."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from typing import Any

from contactledger.store.port import AccountRow
from contactledger.store.rows import PAGE, SqlRows, micros, moment
from contactledger.store.sealing import (
    CheckpointRow,
    GivenRow,
    NodeRow,
    ReceiptRow,
    SealedRow,
    SlotRow,
)

_LEVEL = 56
"""Bits of an index on its level: the rest of a number's 63 holds the level."""


def place(level: int, index: int) -> int:
    """A node's key: its level, then its index."""
    return level << _LEVEL | index


def at_place(value: int) -> tuple[int, int]:
    """Level and index of such a key; the pair of `place`."""
    return value >> _LEVEL, value & ((1 << _LEVEL) - 1)


def head_row(row: Sequence[Any]) -> AccountRow:
    """An account's head from its columns."""
    account, size, frontier, newest, archived = row
    at = None if newest is None else moment(newest)
    return AccountRow(account, size, frontier, at, archived)


class SqlSealing(SqlRows):
    """The part of a `Transaction` that sealing uses."""

    def leaves(self, account: str, start: int, stop: int) -> list[bytes]:
        """See the port."""
        return [leaf for (leaf,) in self._rows(self._sql.leaves, (account, start, stop))]

    def nodes(self, account: str, level: int, start: int, stop: int) -> list[bytes]:
        """See the port."""
        bounds = (account, place(level, start), place(level, stop))
        return [node for (node,) in self._rows(self._sql.nodes, bounds)]

    def unsealed(self, after: str = "", limit: int = 1_000) -> list[AccountRow]:
        """See the port."""
        return [head_row(row) for row in self._rows(self._sql.unsealed, (after, limit))]

    def put_slots(self, rows: Collection[SlotRow]) -> None:
        """See the port."""
        self._guard.writing()
        self._driver.many(self._sql.put_slots, sorted(rows))
        sealed = sorted((row.account, row.size) for row in rows)  # locked in order of the ids
        self._driver.many(self._sql.seal_account, [(size, account) for account, size in sealed])

    def slots(self, accounts: Collection[str]) -> dict[str, SlotRow]:
        """See the port."""
        rows = [SlotRow(*row) for row in self._among(self._sql.slots_in, accounts)]
        return {row.account: row for row in rows}

    def slots_from(self, start: int = 0, limit: int = 1_000) -> list[SlotRow]:
        """See the port."""
        return [SlotRow(*row) for row in self._rows(self._sql.slots_from, (start, limit))]

    def tree(self, name: str, wanted: Collection[tuple[int, int]]) -> dict[tuple[int, int], bytes]:
        """See the port."""
        places = [place(level, index) for level, index in wanted]
        rows = self._among(self._sql.tree_in, places, name)
        return {at_place(value): node for value, node in rows}

    def put_tree(self, name: str, nodes: Iterable[NodeRow]) -> None:
        """See the port."""
        self._guard.writing()
        rows = [(name, place(level, index), node) for level, index, node in nodes]
        self._driver.many(self._sql.put_tree, rows)

    def sealed(self, start: int = 0, stop: int | None = None) -> Iterator[SealedRow]:
        """See the port."""
        if stop is None:
            ((stop,),) = self._rows(self._sql.sealed_size)
        for first in range(start, stop, PAGE):
            for row in self._rows(self._sql.sealed, (first, min(first + PAGE, stop))):
                yield SealedRow(*row)

    def sealed_keys(self) -> list[SealedRow]:
        """See the port."""
        return [SealedRow(*row) for row in self._rows(self._sql.sealed_keys)]

    def add_sealed(self, rows: Collection[SealedRow]) -> None:
        """See the port."""
        self._guard.writing()
        self._driver.many(self._sql.add_sealed, list(rows))

    def checkpoint(self, *, signed: bool = False) -> CheckpointRow | None:
        """See the port."""
        text = self._sql.checkpoint_signed if signed else self._sql.checkpoint
        return next((CheckpointRow(*row) for row in self._rows(text)), None)

    def checkpoints(self, after: int = 0, limit: int = 1_000) -> list[CheckpointRow]:
        """See the port."""
        return [CheckpointRow(*row) for row in self._rows(self._sql.checkpoints, (after, limit))]

    def put_checkpoint(self, row: CheckpointRow) -> None:
        """See the port."""
        self._write(self._sql.put_checkpoint, *row)

    def put_given(self, row: GivenRow) -> None:
        """See the port."""
        account, epoch, whom, at, head, path = row
        self._write(self._sql.put_given, account, epoch, whom, micros(at), head, path)

    def given(self, account: str) -> list[GivenRow]:
        """See the port."""
        return [
            GivenRow(of, epoch, whom, moment(at), head, path)
            for of, epoch, whom, at, head, path in self._rows(self._sql.given, (account,))
        ]

    def put_receipt(self, row: ReceiptRow) -> None:
        """See the port."""
        self._write(self._sql.put_receipt, *row)

    def receipts(self, account: str, epoch: int | None = None) -> list[ReceiptRow]:
        """See the port."""
        if epoch is None:
            rows = self._rows(self._sql.receipts, (account,))
        else:
            rows = self._rows(self._sql.receipts_of, (account, epoch))
        return [ReceiptRow(*row) for row in rows]
