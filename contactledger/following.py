"""A log that is read again and again: of one that is known, no more than what is new.

The house log is beside every account when that is judged, and collectors write into it day after
day. Read anew for each account, it would cost a ledger of many accounts more than the accounts do.
"""

from __future__ import annotations

from attrs import frozen

from contactledger.erasing import read_all
from contactledger.facts import Entry
from contactledger.log.tlog import extend
from contactledger.recording import hashes_in
from contactledger.store.port import AccountRow, Transaction

KEPT = 50_000
"""Entries of the house log that a ledger keeps in memory, some 50 MB; a longer one is read."""


@frozen(eq=False)
class Log:
    """An account's log as far as it was read: its head, and what stands in it."""

    size: int
    frontier: bytes
    entries: tuple[Entry, ...]


NOTHING = Log(0, b"", ())
"""A log of which nothing is on record yet, as the house log is at first."""


def followed(tx: Transaction, account: str, known: Log | None) -> Log:
    """The log of an account as it is now; the same object as the one that is `known` where
    nothing has changed."""
    head = tx.head(account)
    if head is None:
        return NOTHING
    if known is not None and (head.size, head.frontier) == (known.size, known.frontier):
        return known
    before = known.entries if known is not None and _goes_on(tx, head, known) else ()
    after = (e for e in read_all(tx, account, len(before)) if e.no < head.size)
    return Log(head.size, head.frontier, (*before, *after))


class Following:
    """One log, kept between readings. Threads may share it."""

    def __init__(self, account: str) -> None:
        self._account = account
        self._known: Log | None = None

    def read(self, tx: Transaction) -> tuple[Entry, ...]:
        """Its entries, as they are in this transaction."""
        found = followed(tx, self._account, self._known)
        self._known = found if found.size <= KEPT else None
        return found.entries


def _goes_on(tx: Transaction, head: AccountRow, known: Log) -> bool:
    """Whether a log only grew, as its hashes prove, and nothing was erased of what is known."""
    if not 0 < known.size < head.size:
        return False
    rows = list(tx.entries(account=head.account, start=known.size, stop=head.size))
    grown = extend(known.size, hashes_in(known.frontier), [row.leaf for row in rows])
    return b"".join(grown) == head.frontier and all(row.kind != "redaction" for row in rows)
