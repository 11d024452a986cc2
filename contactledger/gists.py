"""The gists of accounts in a file: a cache beside a ledger, which may be deleted at any time.

It is an SQLite file of its own, and not more tables in the ledger's database, because it is no
evidence: it needs no migration and no backup, a ledger that was opened for reading can keep one,
one on PostgreSQL as well, and no host's transaction waits for it. It holds ids, numbers and words
of the vocabularies, and nothing personal. Whoever may read the ledger may read it.

An account's rows are replaced as a whole, so that readers see either gist and nothing between.
Several processes may share the file.
"""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from threading import RLock
from typing import Any

from contactledger.errors import BadInput
from contactledger.judge.gist import Gist, Onus, Side, Silence, Telling, Thing, Wait

FORMAT = "contactledger gists 3"
"""To be counted up whenever a release judges otherwise or keeps other rows."""
TIMEOUT_SECONDS = 30.0
"""How long one waits for another process that writes."""

Parameters = Sequence[Any]

_ROWS = {
    "side": (Side, "party, person"),
    "telling": (Telling, "about, teller, party, person"),
    "silence": (Silence, "no, party"),
    "wait": (Wait, "no, owes"),
    "turn": (Onus, "matter"),
    "thing": (Thing, "about, ref"),
}
"""Table → its rows, and what tells two of an account apart."""
_INDEXES = (
    "telling_answer ON telling (about, teller, state)",
    "silence_answer ON silence (held, at)",
    "wait_owes ON wait (owes, at)",
    "wait_owed ON wait (owed, at)",
    "turn_answer ON turn (party, since)",
    "thing_ref ON thing (ref)",
)


def _schema() -> Iterator[str]:
    yield "CREATE TABLE meta (name TEXT PRIMARY KEY, value) WITHOUT ROWID"
    yield (
        "CREATE TABLE account (n INTEGER PRIMARY KEY, id TEXT UNIQUE, size INTEGER,"
        "  judged_at INTEGER, until INTEGER, silent_until INTEGER, judged INTEGER)"
    )
    for table, (row, key) in _ROWS.items():
        columns = ", ".join(row._fields)  # type: ignore[attr-defined]
        yield f"CREATE TABLE {table} (n INTEGER, {columns}, PRIMARY KEY (n, {key})) WITHOUT ROWID"
    for index in _INDEXES:
        yield f"CREATE INDEX {index}"


class Gists:
    """The gists in one file, `path`; None keeps them in memory. Threads may share it."""

    def __init__(self, path: str | os.PathLike[str] | None, ledger: str) -> None:
        self._lock = RLock()
        try:
            self._file = sqlite3.connect(
                ":memory:" if path is None else os.fspath(path),
                timeout=TIMEOUT_SECONDS,
                isolation_level=None,
                check_same_thread=False,
            )
            try:
                self._file.execute("PRAGMA journal_mode = WAL").fetchall()
                self._file.execute("PRAGMA synchronous = NORMAL")
                self._open(ledger)
            except BaseException:
                self._file.close()
                raise
        except sqlite3.DatabaseError:
            raise BadInput("is no file of gists; another path, please", field="path") from None

    def _open(self, ledger: str) -> None:
        """Use what is there, if it is of this ledger and this release; else begin anew."""
        with self.writing():
            tables = self.all("SELECT name FROM sqlite_master WHERE type = 'table'")
            if tables and ("meta",) not in tables:
                raise sqlite3.DatabaseError
            of = {"format": FORMAT, "ledger": ledger}
            if (
                tables
                and dict(self.all("SELECT name, value FROM meta WHERE name <> 'house'")) == of
            ):
                return
            for (name,) in tables:
                self._file.execute(f'DROP TABLE "{name}"')
            for statement in _schema():
                self._file.execute(statement)
            self._file.executemany("INSERT INTO meta VALUES (?, ?)", of.items())

    def close(self) -> None:
        """Let go of the file."""
        with self._lock:
            self._file.close()

    @contextmanager
    def writing(self) -> Iterator[None]:
        """A transaction; nested ones are one."""
        with self._lock:
            if self._file.in_transaction:
                yield
                return
            self._file.execute("BEGIN IMMEDIATE")
            try:
                yield
            except BaseException:
                self._file.execute("ROLLBACK")
                raise
            self._file.execute("COMMIT")

    def all(self, query: str, parameters: Parameters = ()) -> list[tuple[Any, ...]]:
        """All rows of a query."""
        with self._lock:
            return self._file.execute(query, parameters).fetchall()

    def house(self) -> int:
        """How much of the house log was judged by."""
        rows = self.all("SELECT value FROM meta WHERE name = 'house'")
        return int(rows[0][0]) if rows else 0

    def known(self) -> dict[str, tuple[int, int, int]]:
        """Account → its size, when it was judged, and until when that holds."""
        rows = self.all("SELECT id, size, judged_at, until FROM account")
        return {id_: (size, judged_at, until) for id_, size, judged_at, until in rows}

    def house_grew(self, size: int, concerns: int) -> None:
        """The house log is of that size now; what its new entries concern is out of date."""
        with self.writing():
            self._file.execute("UPDATE account SET until = 0 WHERE silent_until > ?", (concerns,))
            self._file.execute("INSERT OR REPLACE INTO meta VALUES ('house', ?)", (size,))

    def put(self, gists: Iterable[Gist]) -> None:
        """Keep these, each in place of its account's older one."""
        with self.writing():
            for gist in gists:
                n = self._emptied(gist.account)
                done = self._file.execute(
                    "INSERT OR REPLACE INTO account VALUES (?, ?, ?, ?, ?, ?, ?)", (n, *gist[:6])
                )
                n = done.lastrowid
                for table, rows in zip(_ROWS, gist[6:], strict=True):
                    if rows:
                        marks = ", ?" * len(rows[0])
                        insert = f"INSERT INTO {table} VALUES (?{marks})"  # noqa: S608 - ours alone
                        self._file.executemany(insert, [(n, *row) for row in rows])

    def drop(self, accounts: Iterable[str]) -> None:
        """These are not among those that are asked about any more."""
        with self.writing():
            for account in accounts:
                n = self._emptied(account)
                self._file.execute("DELETE FROM account WHERE n = ?", (n,))

    def _emptied(self, account: str) -> int | None:
        """The number of an account, without its rows; None for a new one."""
        rows = self.all("SELECT n FROM account WHERE id = ?", (account,))
        if not rows:
            return None
        for table in _ROWS:
            self._file.execute(f"DELETE FROM {table} WHERE n = ?", rows[0])  # noqa: S608 - ours
        return int(rows[0][0])
