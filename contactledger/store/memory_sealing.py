"""What sealing asks of a store, in memory; see `contactledger.store.sealing`."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator
from typing import Any

from attrs import define, field

from contactledger.errors import StoreError
from contactledger.store.guard import Guard
from contactledger.store.port import (
    AccountRow,
    DisclosureRow,
    EntryRow,
    InboxRow,
    LedgerRow,
    LookupRow,
)
from contactledger.store.sealing import (
    CheckpointRow,
    GivenRow,
    NodeRow,
    ReceiptRow,
    SealedRow,
    SlotRow,
)

DOUBLE = "a row with this key is there already"


@define
class Account:
    """What is kept of one account."""

    head: AccountRow
    entries: list[EntryRow] = field(factory=list)
    disclosures: dict[int, list[DisclosureRow]] = field(factory=dict)
    blobs: dict[str, bytes] = field(factory=dict)
    seen: dict[bytes, int] = field(factory=dict)
    nodes: dict[tuple[int, int], bytes] = field(factory=dict)
    given: dict[tuple[int, str], GivenRow] = field(factory=dict)


@define
class State:
    """What is kept."""

    ledger: dict[int, LedgerRow] = field(factory=dict)
    accounts: dict[str, Account] = field(factory=dict)
    lookups: dict[bytes, dict[tuple[str, str], LookupRow]] = field(factory=dict)
    inbox: dict[str, InboxRow] = field(factory=dict)
    unsealed: dict[str, bool] = field(factory=dict)
    slots: dict[int, SlotRow] = field(factory=dict)
    slot_of: dict[str, int] = field(factory=dict)
    sealed: dict[int, SealedRow] = field(factory=dict)
    checkpoints: dict[int, CheckpointRow] = field(factory=dict)
    trees: dict[str, dict[tuple[int, int], bytes]] = field(factory=dict)
    receipts: dict[tuple[str, int, str], ReceiptRow] = field(factory=dict)


class MemorySealing:
    """The part of a `Transaction` that sealing uses, and how each step is taken back."""

    def __init__(self, state: State, *, write: bool) -> None:
        self._state = state
        self._guard = Guard(write=write)
        self._undo: list[Callable[[], object]] = []

    # every change of a dictionary goes through these two

    def _put(self, where: dict[Any, Any], key: object, value: object) -> None:
        if key in where:
            self._undo.append(lambda old=where[key]: where.__setitem__(key, old))  # type: ignore[misc]
        else:
            self._undo.append(lambda: where.pop(key))
        where[key] = value

    def _drop(self, where: dict[Any, Any], key: object) -> None:
        if key in where:
            old = where.pop(key)
            self._undo.append(lambda: where.__setitem__(key, old))

    def _kept(self, account: str) -> Account:
        """An account to read from; an empty one where there is none."""
        self._guard.reading()
        return self._state.accounts.get(account) or Account(AccountRow(account, 0, b"", None))

    def leaves(self, account: str, start: int, stop: int) -> list[bytes]:
        """See the port."""
        return [row.leaf for row in self._kept(account).entries[start:stop]]

    def nodes(self, account: str, level: int, start: int, stop: int) -> list[bytes]:
        """See the port."""
        known = self._kept(account).nodes
        return [known[level, i] for i in range(start, stop) if (level, i) in known]

    def unsealed(self, after: str = "", limit: int = 1_000) -> list[AccountRow]:
        """See the port."""
        self._guard.reading()
        names = sorted(name for name in self._state.unsealed if name > after)
        return [self._state.accounts[name].head for name in names[:limit]]

    def put_slots(self, rows: Collection[SlotRow]) -> None:
        """See the port."""
        self._guard.writing()
        for row in rows:
            self._put(self._state.slots, row.slot, row)
            self._put(self._state.slot_of, row.account, row.slot)
            kept = self._state.accounts.get(row.account)
            if kept is not None and kept.head.size == row.size:
                self._drop(self._state.unsealed, row.account)

    def slots(self, accounts: Collection[str]) -> dict[str, SlotRow]:
        """See the port."""
        self._guard.reading()
        known = self._state.slot_of
        return {name: self._state.slots[known[name]] for name in accounts if name in known}

    def slots_from(self, start: int = 0, limit: int = 1_000) -> list[SlotRow]:
        """See the port."""
        self._guard.reading()
        numbers = sorted(slot for slot in self._state.slots if slot >= start)
        return [self._state.slots[slot] for slot in numbers[:limit]]

    def tree(self, name: str, wanted: Collection[tuple[int, int]]) -> dict[tuple[int, int], bytes]:
        """See the port."""
        self._guard.reading()
        known = self._state.trees.get(name, {})
        return {where: known[where] for where in wanted if where in known}

    def put_tree(self, name: str, nodes: Iterable[NodeRow]) -> None:
        """See the port."""
        self._guard.writing()
        known = self._state.trees.setdefault(name, {})
        for level, index, node in nodes:
            self._put(known, (level, index), node)

    def sealed(self, start: int = 0, stop: int | None = None) -> Iterator[SealedRow]:
        """See the port."""
        self._guard.reading()
        known = self._state.sealed
        numbers = [no for no in sorted(known) if no >= start and (stop is None or no < stop)]
        return iter([known[no] for no in numbers])

    def sealed_keys(self) -> list[SealedRow]:
        """See the port."""
        return [row for row in self.sealed() if row.kind != "epoch"]

    def add_sealed(self, rows: Collection[SealedRow]) -> None:
        """See the port."""
        self._guard.writing()
        for row in rows:
            if row.no in self._state.sealed:
                raise StoreError(DOUBLE)
            self._put(self._state.sealed, row.no, row)

    def checkpoint(self, *, signed: bool = False) -> CheckpointRow | None:
        """See the port."""
        self._guard.reading()
        rows = self._state.checkpoints.values()
        found = [row for row in rows if not signed or row.note is not None]
        return max(found, key=lambda row: row.size, default=None)

    def checkpoints(self, after: int = 0, limit: int = 1_000) -> list[CheckpointRow]:
        """See the port."""
        self._guard.reading()
        sizes = sorted(size for size in self._state.checkpoints if size > after)
        return [self._state.checkpoints[size] for size in sizes[:limit]]

    def put_checkpoint(self, row: CheckpointRow) -> None:
        """See the port."""
        self._guard.writing()
        self._put(self._state.checkpoints, row.size, row)

    def put_given(self, row: GivenRow) -> None:
        """See the port."""
        self._guard.writing()
        self._put(self._state.accounts[row.account].given, (row.epoch, row.whom), row)

    def given(self, account: str) -> list[GivenRow]:
        """See the port."""
        return [row for _, row in sorted(self._kept(account).given.items())]

    def put_receipt(self, row: ReceiptRow) -> None:
        """See the port."""
        self._guard.writing()
        self._put(self._state.receipts, (row.account, row.epoch, row.key), row)

    def receipts(self, account: str, epoch: int | None = None) -> list[ReceiptRow]:
        """See the port."""
        self._guard.reading()
        rows = [row for key, row in sorted(self._state.receipts.items()) if key[0] == account]
        return [row for row in rows if epoch in (None, row.epoch)]
