"""Rows for the tests of stores, and the little that they share."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta

from contactledger.errors import LedgerError
from contactledger.store.port import (
    AccountRow,
    Batch,
    DisclosureRow,
    EntryRow,
    LookupRow,
    SeenRow,
    Store,
    Transaction,
)
from contactledger.store.sealing import NodeRow

NOON = datetime(2026, 3, 2, 12, 0, 0, 123_456, tzinfo=UTC)
"""The time of the rows below; it has microseconds, which a store must keep."""
A, B, C = ("a" * 26, "b" * 26, "c2" * 13)
"""Ids of accounts."""


def entry_row(no: int, *, seconds: int = 0, record: bytes = b"{}") -> EntryRow:
    """An entry's row, recorded `seconds` after `NOON`."""
    at = NOON - timedelta(days=30)
    recorded_at = NOON + timedelta(seconds=seconds)
    return EntryRow(no, f"{no:026d}", "touch", at, recorded_at, record, bytes([no % 256]) * 32)


def batch_of(
    account: str,
    entries: Sequence[EntryRow],
    disclosures: Sequence[DisclosureRow] = (),
    lookups: Sequence[LookupRow] = (),
    blobs: Sequence[tuple[str, bytes]] = (),
    seen: Sequence[SeenRow] = (),
    nodes: Sequence[NodeRow] = (),
) -> Batch:
    """A batch that ends with the last of `entries`."""
    last = entries[-1]
    head = AccountRow(account, last.no + 1, last.leaf * 2, last.recorded_at)
    return Batch(head, entries, disclosures, lookups, blobs, seen, nodes)


def raises(error: type[Exception], run: Callable[[], object]) -> Exception:
    """The error of this very class that `run` ends with; AssertionError if it does not."""
    try:
        run()
    except Exception as raised:
        if type(raised) is error:
            return raised
        raise AssertionError(f"{type(raised).__name__} instead of {error.__name__}") from raised
    raise AssertionError(f"no {error.__name__}")


class Stop(LedgerError):
    """Raised by the suite inside a block, to see it taken back."""


def fill(store: Store, account: str, count: int) -> None:
    """A new account with so many entries."""
    with store.begin(write=True) as tx:
        tx.add_account(account)
        tx.append(batch_of(account, [entry_row(no) for no in range(count)]))


def append_next(tx: Transaction, account: str, rows: int = 1) -> None:
    """The next entries of an account."""
    head = tx.lock([account])[account]
    tx.append(batch_of(account, [entry_row(head.size + i) for i in range(rows)]))
