"""A store in SQLite or PostgreSQL.

Rows go to the driver's own `executemany` beneath the SQLAlchemy connection: whole batches,
no objects in between. On PostgreSQL many new rows go as arrays, which are stored while the next
ones are made, and in a host's transaction by COPY.
A transaction's first statement is the `UPDATE … RETURNING` of its accounts, which takes
their row locks on PostgreSQL and the write lock on SQLite.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from itertools import chain
from typing import TYPE_CHECKING, Any

from contactledger.errors import StoreError, StoreMissing
from contactledger.store.failures import StoreUnable
from contactledger.store.making import PREFIX, check_names, made, make, owners_work
from contactledger.store.opening import mark_of, open_later, opened
from contactledger.store.port import (
    AccountRow,
    DisclosureRow,
    EntryRow,
    Guessed,
    InboxRow,
    LedgerRow,
    LookupRow,
    Scrub,
)
from contactledger.store.remembering import Memory
from contactledger.store.rows import PAGE, micros, moment
from contactledger.store.sql_sealing import head_row
from contactledger.store.sql_writing import NOTHING_ASKED, SqlWriting
from contactledger.store.statements import Statements, statements

if TYPE_CHECKING:
    from sqlalchemy import Connection, Engine
    from sqlalchemy.engine import URL

    from contactledger.store.connections import Connections, Host

TIMEOUT_SECONDS = 10.0
"""How long a writer waits for somebody else's lock before StoreBusy."""
_FIRST = (-(2**62), "")
"""Before the inbox's first row, whatever its time."""
_UNABLE = "the database does not take rows as arrays; try again"


class SqlStore:
    """A `Store` in a database; make one with `SqlStore.open`.

    Threads may share it, unless it was given a host's connection or session.
    """

    def __init__(self, connections: Connections, prepared: Statements) -> None:
        self._connections = connections
        self._statements = prepared
        self._memory = Memory()

    @classmethod
    def open(
        cls,
        target: str | URL | Engine | Host | Connections,
        *,
        prefix: str = PREFIX,
        schema: str | None = None,
        create: bool = True,
        timeout_seconds: float = TIMEOUT_SECONDS,
    ) -> SqlStore:
        """The store at a URL, in an engine's database, or in a host's own transaction.

        What a URL opens, `close` closes; an Engine is used and left open; a
        Connection or Session is joined and nothing is ever committed on it; `Connections`
        say themselves where transactions begin. A URL may name prefix and schema itself, as
        `?ledger_prefix=…&ledger_schema=…`, and then that counts. `create` makes the file, the
        schema and the tables that are missing. `timeout_seconds` is not applied to a host's
        connection and, on SQLite, not to a host's engine.

        StoreMissing, WrongLayout and the other StoreErrors; BadInput for a URL, prefix or
        schema that cannot be used, on SQLite for any schema.
        """
        connections, prefix, schema = opened(
            target, prefix, schema, create=create, timeout_seconds=timeout_seconds
        )
        try:
            engine = connections.engine
            check_names(prefix, schema, engine.dialect.name)
            store = cls(connections, statements(prefix, schema, mark_of(engine)))
            store._check_tables(prefix, schema, create=create)
        except BaseException:
            connections.close()
            raise
        return store

    def _check_tables(self, prefix: str, schema: str | None, *, create: bool) -> None:
        where = self._statements, prefix, schema
        with self._connections.begin(write=False) as connection:
            if made(connection, *where):
                return
        if not create:
            raise StoreMissing("the tables are not in this database, and none may be made")
        with self._connections.begin(write=True) as connection:
            make(connection, *where)

    @property
    def commits(self) -> bool:
        """See the port."""
        return self._connections.commits

    @contextmanager
    def begin(self, *, write: bool) -> Iterator[SqlTransaction]:
        """A transaction, see the port."""
        ours = self._connections
        if write and open_later(ours):
            unopened = ours.begin(write=True, opened=False)
            with unopened as connection, self._transaction(connection, write) as transaction:
                transaction.open(ours.opening(write=True), ours.limit, self._memory)
                failure = None
                try:
                    yield transaction
                except Exception as error:
                    if not transaction.guesses:
                        raise
                    failure = error
                if failure is not None:
                    transaction.make_sure()  # else it may be an error about what is not so
                    raise failure
                transaction.commit()
            transaction.remember()
            return
        begun = ours.begin(write=write)
        with begun as connection, self._transaction(connection, write) as transaction:
            if write and not ours.commits:  # a file of ours begins with its lock
                transaction.lock_file()
            yield transaction

    @contextmanager
    def _transaction(self, connection: Connection, write: bool) -> Iterator[SqlTransaction]:
        transaction = SqlTransaction(connection, self._statements, write=write)
        failure: StoreError | None = None
        try:
            yield transaction
        except StoreUnable as error:
            failure = error
        finally:
            transaction.end()
        if failure is not None and transaction.streams:  # done again, the rows go by COPY
            self._memory.streams = False
            failure = Guessed(_UNABLE)
        if failure is not None:
            raise failure

    def scrub(self) -> Scrub:
        """See the port; waits for others as long as a writer does."""
        connections = self._connections
        from contactledger.store.scrub import HOSTS, scrub

        timeout_seconds = getattr(connections, "timeout_seconds", None)
        if timeout_seconds is None:
            return Scrub(False, HOSTS)
        return scrub(connections.engine, self._statements.erasable, timeout_seconds)

    def close(self) -> None:
        """Close the connections that were opened here."""
        self._connections.close()


class SqlTransaction(SqlWriting):
    """A `Transaction` on one connection; see `SqlWriting` for how many round trips it is."""

    def lock_file(self) -> None:
        """On SQLite, take the write lock before anything is read. A host may have begun its
        transaction without it, and one that read before somebody wrote can write no more."""
        if self._driver.sqlite:
            self._driver.run(self._sql.lock_file)

    def ledger(self) -> LedgerRow | None:
        """See the port."""
        return next((LedgerRow(*row) for row in self._rows(self._sql.ledger)), None)

    def make_ledger(self, row: LedgerRow) -> None:
        """See the port; StoreReadOnly where a role has the tables and may not make a ledger."""
        values = (row.id, row.recorder, row.recorder_ref, row.house, row.secret)
        with owners_work("no ledger is in the tables yet", "one: let their owner open it once"):
            self._write(self._sql.make_ledger, 1, *values)

    def claim(self) -> None:
        """See the port."""
        self._write(self._sql.claim)

    def add_account(self, account: str) -> None:
        """See the port."""
        self._write(self._sql.add_account, account, 0, b"", None, 0, None)
        self._guard.hold(AccountRow(account, 0, b"", None))

    def heads(self, after: str = "", limit: int = 1_000) -> list[AccountRow]:
        """See the port."""
        return [head_row(row) for row in self._rows(self._sql.heads, (after, limit))]

    def head(self, account: str) -> AccountRow | None:
        """See the port."""
        return next((head_row(row) for row in self._rows(self._sql.head, (account,))), None)

    def drop_entries(self, account: str, archived: bytes) -> None:
        """See the port."""
        self._guard.leaving(account, archived)
        sql = self._sql
        for text in (sql.drop_entries, sql.drop_disclosed, sql.drop_originals):
            self._write(text, account)
        self._write(sql.set_archived, archived, account)

    def put_back(
        self,
        account: str,
        entries: Sequence[EntryRow],
        disclosures: Sequence[DisclosureRow] = (),
        lookups: Sequence[LookupRow] = (),
        blobs: Sequence[tuple[str, bytes]] = (),
    ) -> None:
        """See the port."""
        self._guard.coming_back(account)
        self._ahead = NOTHING_ASKED
        self._put(self._added(account, entries, disclosures, lookups, blobs))
        if not self.streams:
            self._driver.now()

    def end_archive(self, account: str) -> None:
        """See the port."""
        self._guard.coming_back(account, last=True)
        self._write(self._sql.set_archived, None, account)

    def entries(self, account: str, start: int = 0, stop: int | None = None) -> Iterator[EntryRow]:
        """See the port."""
        for rows in self._pages(self._sql.entries, account, start, stop):
            yield from map(_entry, rows)

    def entries_of(self, account: str, kinds: Collection[str]) -> list[EntryRow]:
        """See the port."""
        return sorted(map(_entry, self._among(self._sql.entries_of_in, kinds, account)))

    def disclosures(
        self, account: str, start: int = 0, stop: int | None = None
    ) -> Iterator[DisclosureRow]:
        """See the port."""
        for rows in self._pages(self._sql.disclosures, account, start, stop):
            for row in rows:
                yield DisclosureRow(*row)

    def openings(self, accounts: Collection[str]) -> dict[str, tuple[bytes, list[str]]]:
        """See the port."""
        found: dict[str, tuple[bytes, list[str]]] = {
            account: (record, []) for account, record in self._among(self._sql.first_in, accounts)
        }
        for account, body in self._among(self._sql.first_disclosed_in, accounts):
            if account in found:
                found[account][1].append(body)
        return found

    def records(self, places: Collection[tuple[str, int]]) -> dict[tuple[str, int], bytes]:
        """See the port."""
        self._guard.reading()
        numbers: dict[str, list[int]] = {}
        for account, no in sorted(set(places)):
            numbers.setdefault(account, []).append(no)
        text = self._sql.records_in
        asked = [
            (id_, one) for id_, some in numbers.items() for one in self._lists(text, some, id_)
        ]
        answers = self._driver.answers([one for _, one in asked])
        found = zip(asked, answers, strict=True)
        return {(id_, no): record for (id_, _), rows in found for no, record in rows}

    def _pages(
        self, text: str, account: str, start: int, stop: int | None
    ) -> Iterator[Sequence[Any]]:
        if stop is None:
            head = self.head(account)
            stop = 0 if head is None else head.size
        for first in range(start, stop, PAGE):
            yield self._rows(text, (account, first, min(first + PAGE, stop)))

    def blob(self, account: str, sha256: str) -> bytes | None:
        """See the port."""
        return next((row[0] for row in self._rows(self._sql.blob, (account, sha256))), None)

    def find(self, refs: Collection[bytes], account: str | None = None) -> list[LookupRow]:
        """See the port."""
        if account is None:
            rows = self._among(self._sql.find_in, refs)
        elif self._ahead and all((account, ref) in self._ahead for ref in refs):
            self._guard.reading()
            rows = [row for ref in dict.fromkeys(refs) for row in self._ahead[account, ref]]
        else:
            rows = self._among(self._sql.find_here_in, refs, account)
        return _in_order(rows)

    def find_few(self, refs: Collection[bytes], most: int) -> list[LookupRow]:
        """See the port."""
        self._guard.reading()
        asked = self._lists(self._sql.find_few_in, refs)
        found = self._driver.answers([(text, [*values, most]) for text, values in asked])
        return _in_order(list(chain.from_iterable(found))[:most])

    def find_newest(self, ref: bytes, account: str, most: int) -> list[LookupRow]:
        """See the port."""
        return _in_order(self._rows(self._sql.find_newest, (ref, account, most)))

    def find_within(self, ref: bytes, accounts: Collection[str]) -> list[LookupRow]:
        """See the port."""
        return _in_order(self._among(self._sql.find_within_in, accounts, ref))

    def lookups_from(self, after: LookupRow | None = None, limit: int = 1_000) -> list[LookupRow]:
        """See the port."""
        behind = (b"", "", "") if after is None else after[:3]
        return [LookupRow(*row) for row in self._rows(self._sql.lookups_from, (*behind, limit))]

    def seen(self, account: str, digests: Collection[bytes]) -> dict[bytes, int]:
        """See the port."""
        return dict(self._among(self._sql.seen_in, digests, account))

    def erase(
        self,
        account: str,
        digests: Iterable[tuple[int, str]],
        blobs: Iterable[str] = (),
        lookups: Iterable[tuple[bytes, str]] = (),
    ) -> None:
        """See the port."""
        self._guard.writing()
        self._ahead = NOTHING_ASKED
        self._erased.add(account)
        sql = self._sql
        self._driver.many(sql.drop_disclosures, [(account, no, digest) for no, digest in digests])
        self._driver.many(sql.drop_blobs, [(account, sha256) for sha256 in blobs])
        self._driver.many(sql.drop_lookups, [(ref, account, id_) for ref, id_ in lookups])

    def inbox_put(self, row: InboxRow) -> None:
        """See the port."""
        self._guard.writing()
        values = (row.id, micros(row.received_at), *row[2:])
        self._driver.later(self._sql.inbox_put, values)  # the COMMIT mostly comes next
        if not self._ours:
            self._driver.now()

    def inbox_get(self, id: str) -> InboxRow | None:  # noqa: A002
        """See the port."""
        return next((_inbox(row) for row in self._rows(self._sql.inbox_get, (id,))), None)

    def inbox(
        self, states: Collection[str] = (), limit: int = 1_000, after: InboxRow | None = None
    ) -> list[InboxRow]:
        """See the port."""
        behind = _FIRST if after is None else (micros(after.received_at), after.id)
        if not states:
            return [_inbox(row) for row in self._rows(self._sql.inbox, (*behind, limit))]
        # of each state apart, as each is in order: else all that wait are sorted for these few
        states = list(dict.fromkeys(states))
        each = [f"SELECT * FROM ({self._sql.inbox_of}) AS of{n}" for n in range(len(states))]  # noqa: S608
        asked = f"{' UNION ALL '.join(each)} ORDER BY received_at, id LIMIT {self._sql.mark}"
        values = [value for state in states for value in (state, *behind, limit)]
        return [_inbox(row) for row in self._rows(asked, [*values, limit])]

    def inbox_until(self, state: str, until: datetime, limit: int = 1_000) -> list[str]:
        """See the port."""
        return [id_ for (id_,) in self._rows(self._sql.inbox_until, (state, micros(until), limit))]

    def inbox_counts(self, states: Collection[str]) -> list[tuple[str, str, int]]:
        """See the port."""
        return sorted(map(tuple, self._among(self._sql.inbox_counts_in, states)))

    def inbox_drop(self, ids: Collection[str]) -> None:
        """See the port."""
        self._guard.writing()
        self._driver.many(self._sql.inbox_drop, [(id_,) for id_ in ids])


def _entry(row: Sequence[Any]) -> EntryRow:
    no, id_, kind, at, recorded_at, record, leaf = row
    return EntryRow(no, id_, kind, moment(at), moment(recorded_at), record, leaf)


def _inbox(row: Sequence[Any]) -> InboxRow:
    return InboxRow(row[0], moment(row[1]), *row[2:])


def _in_order(rows: Iterable[Sequence[Any]]) -> list[LookupRow]:
    found = [LookupRow(*row) for row in rows]
    return sorted(found, key=lambda row: (row.ref, row.account, row.no, row.id))
