"""The accounts that this process wrote last, so that the next entry costs one round trip.

Whoever has just written to an account knows its head, and where the references led that were
asked for. If nobody has written since, asking again gives the same. So it need not be asked
first: the next recording is worked out from what is remembered, and written by a statement
that does nothing unless the head is still that one, hash by hash, and unless no reference is
there that was taken for unknown. The hashes stand for the whole log, and with it for its
look-ups: nothing is added to them or erased without an entry. Where it does nothing, the
recording is done again as if nothing were remembered, under the account's lock.

An account that others write to as well would be guessed wrong again and again. So one that
was, or that was found changed, is left alone for `PATIENCE` recordings.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from threading import Lock
from types import MappingProxyType
from typing import Any

from attrs import evolve, field, frozen

from contactledger.store.port import AccountRow

ACCOUNTS = 1_000
"""Accounts remembered; the one that was written least recently goes first."""
REFERENCES = 32
"""References remembered of an account: those asked for most recently."""
PATIENCE = 16
"""Recordings for which an account is not guessed after it was found changed."""
_NEW = 1  # once more found as it was left, then it is guessed

Known = Mapping[bytes, list[Any]]
"""Where references lead: the rows of each, none for one that leads nowhere."""
_NOTHING: Known = MappingProxyType({})


@frozen
class Remembered:
    """An account's head as it was left, and look-ups that hold while it stands.

    `wait`: so many recordings are not yet guessed.
    """

    head: AccountRow
    known: Known = field(factory=dict)
    wait: int = _NEW


class Memory:
    """What is remembered of accounts. Threads may share it; nothing in it is personal."""

    def __init__(self) -> None:
        self._accounts: dict[str, Remembered] = {}
        self._lock = Lock()
        self._able = True
        self.streams = True
        """Whether the database takes rows as arrays; one that spreads its tables may not."""

    def guess(self, account: str) -> Remembered | None:
        """What the account is taken for, None if it should be asked."""
        there = self._accounts.get(account)
        return there if there is not None and self._able and there.wait == 0 else None

    def keep(self, before: AccountRow, after: AccountRow, known: Known) -> None:
        """A recording that found the account as `before` has left it as `after`."""
        with self._lock:
            there = self._accounts.pop(after.account, None)
            wait, older = _NEW, _NOTHING
            if there is not None:
                same = there.head == before
                wait = max(there.wait - 1, 0) if same else PATIENCE
                older = there.known if same else _NOTHING
            rest = [(ref, rows) for ref, rows in older.items() if ref not in known]
            led = [(ref, rows) for ref, rows in (*rest, *known.items()) if rows]
            newest = dict(led[-REFERENCES:])
            self._accounts[after.account] = Remembered(after, newest, wait)
            if len(self._accounts) > ACCOUNTS:
                del self._accounts[next(iter(self._accounts))]

    def doubt(self, account: str, *, able: bool = True) -> None:
        """It was guessed wrong. Not `able`: the database does not take such statements at all,
        as one that spreads its tables over servers may not."""
        with self._lock:
            self._able = self._able and able
            there = self._accounts.get(account)
            if there is not None:
                self._accounts[account] = evolve(there, wait=PATIENCE)

    def forget(self, accounts: Iterable[str]) -> None:
        """Look-ups of these were taken away."""
        with self._lock:
            for account in accounts:
                self._accounts.pop(account, None)
