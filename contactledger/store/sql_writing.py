"""Locking accounts and appending to them, in a database.

A transaction that was begun here leaves the rows that it appends for its end. So on PostgreSQL
a recording is two round trips: BEGIN, the lock and what is asked of its account; the rows and
COMMIT. Where the account is as this process left it, the first is spared: see `remembering`.
The rows of a large batch come in parts, and leave as they come: see `streaming`.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from functools import lru_cache
from itertools import chain
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from attrs import define

from contactledger.errors import StoreBusy, StoreError, StoreLost
from contactledger.store.failures import StoreUnable
from contactledger.store.port import (
    NOTHING_AHEAD,
    AccountRow,
    Batch,
    DisclosureRow,
    EntryRow,
    Guessed,
    LookupRow,
)
from contactledger.store.remembering import Memory
from contactledger.store.rows import COPY_ROWS, micros
from contactledger.store.sql_sealing import SqlSealing, head_row, place
from contactledger.store.statements import Many, Statements

if TYPE_CHECKING:
    from sqlalchemy import Connection

_Ahead = Mapping[tuple[str, bytes], list[Any]]
_New = tuple[str, Many | None, Sequence[Any]]
"""An INSERT, how many rows get in, and the rows."""
_GUESSABLE = 64
"""References taken for unknown at most: the longest list of a short statement."""
NOTHING_ASKED: _Ahead = MappingProxyType({})
_GUESSED = "the account is not as this process left it; try again"


@define
class _Guess:
    """While nothing was asked: what an account is taken for, and what was told on the strength
    of it and written."""

    memory: Memory
    head: AccountRow
    told: Mapping[bytes, list[Any]]
    batch: Batch | None = None

    def wrong(self, *, able: bool = True) -> Guessed:
        """What to raise."""
        self.memory.doubt(self.head.account, able=able)
        return Guessed(_GUESSED)


class SqlWriting(SqlSealing):
    """The part of a `Transaction` that recording uses."""

    _ours = False
    _ahead: _Ahead = NOTHING_ASKED
    _memory: Memory | None = None
    _limit = ""
    # of the one account that was locked with what is asked of it, None for several:
    _before: AccountRow | None = None
    _after: AccountRow | None = None
    _known: dict[bytes, list[Any]]
    _guess: _Guess | None = None

    def __init__(self, connection: Connection, prepared: Statements, *, write: bool) -> None:
        super().__init__(connection, prepared, write=write)
        self._erased: set[str] = set()

    def open(self, texts: Iterable[str], limit: str, memory: Memory) -> None:
        """It was begun here; on PostgreSQL by these statements, on SQLite before. `limit`: what
        bounds the wait for locks in a transaction that is a single statement."""
        self._ours = True
        if not self._driver.sqlite:
            for text in texts:
                self._driver.later(text)
            self._memory = memory if self._driver.listens else None
            self._limit = limit
            self.streams = self._driver.pipelines and memory.streams

    # --- the lock --------------------------------------------------------------------------

    def lock(
        self, accounts: Collection[str], ahead: Mapping[str, Collection[bytes]] = NOTHING_AHEAD
    ) -> dict[str, AccountRow]:
        """See the port."""
        self._guard.writing()
        guess = self._remembered(accounts, ahead)
        if guess is None:
            heads, self._ahead = self._locked(accounts, ahead)
        else:
            account = guess.head.account
            heads = {account: guess.head}
            self._ahead = {(account, ref): rows for ref, rows in guess.told.items()}
            self._guess, self._driver.first = guess, self.make_sure
        for head in heads.values():
            self._guard.hold(head)
        if len(heads) == 1 and ahead.keys() == heads.keys():
            (self._before,) = (self._after,) = heads.values()
            self._known = {ref: rows for (_, ref), rows in self._ahead.items()}
        return heads

    def _remembered(
        self, accounts: Collection[str], ahead: Mapping[str, Collection[bytes]]
    ) -> _Guess | None:
        """What the only account is taken for, if nothing was asked yet and it is remembered."""
        if self._memory is None or len(ahead) != 1 or ahead.keys() != set(accounts):
            return None
        ((account, refs),) = ahead.items()
        there = self._memory.guess(account)
        if there is None or self._driver.asked or not self._driver.is_silent():
            return None
        return _Guess(self._memory, there.head, {ref: there.known.get(ref, []) for ref in refs})

    def _locked(
        self, accounts: Collection[str], ahead: Mapping[str, Collection[bytes]]
    ) -> tuple[dict[str, AccountRow], _Ahead]:
        """Heads of locked accounts, and what was asked ahead."""
        find = self._sql.find_here_in
        locks = [(self._sql.lock, (account,)) for account in sorted(set(accounts))]
        asked = [self._lists(find, refs, account) for account, refs in ahead.items()]
        found = self._driver.answers([*locks, *chain.from_iterable(asked)])
        heads = [head_row(row) for row in chain.from_iterable(found[: len(locks)])]
        known: dict[tuple[str, bytes], list[Any]] = {key: [] for key in _keys(ahead)}
        for row in chain.from_iterable(found[len(locks) :]):
            known[row[1], row[0]].append(row)
        return {head.account: head for head in heads}, known

    # --- rows ------------------------------------------------------------------------------

    def append(self, batch: Batch) -> None:
        """See the port."""
        self._guard.appending(batch)
        self._ahead = NOTHING_ASKED
        self._learn(batch)
        guess = self._guess
        if guess is not None and guess.batch is None and _is_small(batch, guess.told):
            guess.batch = batch
            return
        self.make_sure()
        self._append(batch)
        if not self._ours:
            self._driver.now()

    def _learn(self, batch: Batch) -> None:
        """Look-ups of this batch, where it was asked for them; and its head."""
        if self._after is None or self._after.account != batch.head.account:
            return
        self._after = batch.head
        for row in batch.lookups:
            if row.ref in self._known:
                others = [one for one in self._known[row.ref] if one[2] != row.id]
                self._known[row.ref] = [*others, row]

    def _append(self, batch: Batch) -> None:
        self._put(self._gained(batch))
        self._driver.later(self._sql.move_head, _head_values(batch.head))

    def _gained(self, batch: Batch) -> list[_New]:
        account, sql = batch.head.account, self._sql
        nodes = [(account, place(level, index), node) for level, index, node in batch.nodes]
        return [
            *self._added(account, batch.entries, batch.disclosures, batch.lookups, batch.blobs),
            (sql.add_seen, None, [(account, *row) for row in batch.seen]),
            (sql.add_nodes, sql.many_nodes, nodes),
        ]

    def _added(
        self,
        account: str,
        rows: Sequence[EntryRow],
        disclosed: Sequence[DisclosureRow],
        lookups: Sequence[LookupRow],
        blobs: Sequence[tuple[str, bytes]],
    ) -> list[_New]:
        """New rows by table. Look-ups are in the order of their key, of which there is one: each
        page of the index is then visited once."""
        sql = self._sql
        times = lru_cache(8)(micros)  # the entries of a batch are recorded at one time
        entries = [
            (account, no, id_, kind, micros(at), times(recorded_at), record, leaf)
            for no, id_, kind, at, recorded_at, record, leaf in rows
        ]
        return [
            (sql.add_entries, sql.many_entries, entries),
            (sql.add_disclosures, sql.many_disclosures, [(account, *row) for row in disclosed]),
            (sql.add_lookups, sql.many_lookups, sorted({r[:3]: r for r in lookups}.values())),
            (sql.add_blobs, None, [(account, *row) for row in blobs]),
        ]

    def _put(self, news: Iterable[_New]) -> None:
        for insert, many, rows in news:
            if insert == self._sql.add_lookups:
                self._put_lookups(rows)
            else:
                self._new(insert, many, rows)

    # --- from memory -----------------------------------------------------------------------

    @property
    def guesses(self) -> bool:
        """Whether all that was said until now comes from memory."""
        return self._guess is not None

    def make_sure(self) -> None:
        """Lock the account after all, if it is a guess; Guessed where that is wrong."""
        guess = self._guess
        if guess is None:
            return
        self._guess = self._driver.first = None
        account = guess.head.account
        heads, known = self._locked([account], {account: guess.told})
        found = {ref: sorted(rows) for (_, ref), rows in known.items()}
        told = {ref: sorted(rows) for ref, rows in guess.told.items()}
        if (heads.get(account), found) != (guess.head, told):
            raise guess.wrong()
        if guess.batch is not None:
            self._append(guess.batch)

    def commit(self) -> None:
        """Commit with what waits; where nothing does, its connection commits."""
        guess = self._guess
        if guess is None or guess.batch is None:
            self.make_sure()
            self._driver.commit()
        else:
            self._commit_guessed(guess, guess.batch)

    def _commit_guessed(self, guess: _Guess, batch: Batch) -> None:
        """All in one statement, which does nothing unless the guess is right."""
        self._guess = self._driver.first = None
        sql, head = self._sql, guess.head
        unknown = [ref for ref, rows in guess.told.items() if not rows]
        condition, refs = sql.listed(sql.move_head_from, unknown)
        news = [(insert, rows) for insert, _, rows in self._gained(batch) if rows]
        stands = (head.size, head.frontier, head.account, *refs)
        rows = chain.from_iterable([row for _, rows in news for row in rows])
        values = chain(_head_values(batch.head), stands, rows)
        done, able = False, True
        try:
            done = self._driver.commit_if(self._limit, condition, news, values)
        except (StoreBusy, StoreLost):
            raise
        except StoreError as error:  # it is said again, under the lock
            able = not isinstance(error, StoreUnable)
        if not done:
            raise guess.wrong(able=able)

    def remember(self) -> None:
        """It was committed: the account is left as it is now."""
        if self._memory is None:
            return
        if self._before is not None and self._after is not None:
            self._memory.keep(self._before, self._after, self._known)
        self._memory.forget(self._erased)


def _is_small(batch: Batch, told: Mapping[bytes, list[Any]]) -> bool:
    """Whether it fits into one short statement, with what was taken for unknown."""
    parts = (batch.entries, batch.disclosures, batch.lookups, batch.blobs, batch.nodes)
    unknown = sum(not rows for rows in told.values())
    return all(len(part) < COPY_ROWS for part in parts) and 0 < unknown <= _GUESSABLE


def _keys(ahead: Mapping[str, Collection[bytes]]) -> Iterable[tuple[str, bytes]]:
    return [(account, ref) for account, refs in ahead.items() for ref in refs]


def _head_values(head: AccountRow) -> tuple[object, ...]:
    newest = None if head.recorded_at is None else micros(head.recorded_at)
    return (head.size, head.frontier, newest, head.account)
