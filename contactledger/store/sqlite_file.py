"""Transactions in a SQLite file through the standard library's driver alone.

So a ledger in a file neither waits for SQLAlchemy to be imported nor pays for it in each
transaction. What `Driver`, `scrub` and the store look at of SQLAlchemy's engine and connection
is here under the same names. Set up for evidence: write-ahead log (readers and a writer do not
wait for each other), every commit synced to the disk, deleted content overwritten.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from attrs import field, frozen

from contactledger.store import forking
from contactledger.store.driver import Driver
from contactledger.store.failures import failure_of
from contactledger.store.urls import File

_SPARE = 5
"""Connections kept open while nobody uses them."""
_PRAGMAS = (
    "PRAGMA journal_mode = WAL",
    "PRAGMA synchronous = FULL",
    "PRAGMA secure_delete = ON",
)


def connect(file: File, timeout_seconds: float) -> sqlite3.Connection:
    """A connection to a file, on which BEGIN and COMMIT are said in words; the driver's errors."""
    connection = sqlite3.connect(
        file.name,
        uri=file.uri,
        timeout=timeout_seconds,
        isolation_level=None,
        check_same_thread=False,
    )
    try:
        _set_up(connection)
    except BaseException:
        connection.close()
        raise
    return connection


def _set_up(connection: sqlite3.Connection) -> None:
    for pragma in _PRAGMAS:
        try:
            connection.execute(pragma).close()
        except sqlite3.OperationalError as error:
            # a file that cannot be written keeps the journal mode that it has
            if error.sqlite_errorcode & 0xFF != sqlite3.SQLITE_READONLY:
                raise


@frozen
class Dialect:
    """SQLite, as its driver speaks it."""

    name: str = "sqlite"
    driver: str = "pysqlite"
    is_async: bool = False
    loaded_dbapi: Any = sqlite3


class FileEngine:
    """The connections to one file."""

    dialect = Dialect()

    def __init__(self, file: File, timeout_seconds: float) -> None:
        self._file = file
        self._timeout_seconds = timeout_seconds
        self.pool: Pool = []
        forking.remember(self)

    def raw_connection(self) -> FileConnection:
        """One that nobody uses, or a new one; whoever has it closes it. The driver's errors."""
        return _taken(self.pool) or FileConnection(
            connect(self._file, self._timeout_seconds), self, self.pool
        )

    def dispose(self) -> None:
        """Let go of what nobody uses; of the rest as soon as it is closed."""
        pool, self.pool = self.pool, []
        _close(pool)

    def leave_to_parent(self) -> None:
        """See `forking`."""
        _PARENTS.append(self.pool)
        self.pool = []


@frozen(eq=False)
class FileConnection:
    """One connection."""

    driver_connection: sqlite3.Connection
    _engine: FileEngine
    _pool: Pool
    info: dict[str, object] = field(factory=dict)

    @property
    def dialect(self) -> Dialect:
        """Its engine's."""
        return self._engine.dialect

    @property
    def connection(self) -> FileConnection:
        """Itself: nothing is in between."""
        return self

    @property
    def dbapi_connection(self) -> sqlite3.Connection:
        """The driver's."""
        return self.driver_connection

    def close(self) -> None:
        """Take back what was not committed, and let others use it, or close it for good."""
        try:
            self.driver_connection.rollback()
        except sqlite3.Error:  # closing does the same
            self.driver_connection.close()
            return
        self._pool.append(self)
        if self._pool is self._engine.pool:
            _close(self._pool, _SPARE)
        elif all(self._pool is not parents for parents in _PARENTS):
            _close(self._pool)  # disposed of while this one was in use


class FileConnections:
    """`Connections`: each transaction on a connection of its own."""

    commits = True

    def __init__(self, file: File, timeout_seconds: float) -> None:
        self.engine = FileEngine(file, timeout_seconds)
        self.timeout_seconds = timeout_seconds

    @contextmanager
    def begin(self, *, write: bool) -> Iterator[Any]:
        """See `Connections`: commits, or rolls back whole."""
        connection: Any = self._connected()
        try:
            driver = Driver(connection)
            driver.run("BEGIN IMMEDIATE" if write else "BEGIN")
            yield connection
            driver.run("COMMIT")
        finally:
            connection.close()

    def _connected(self) -> FileConnection:
        try:
            return self.engine.raw_connection()
        except sqlite3.Error as error:
            failure = failure_of(error)
        raise failure

    def close(self) -> None:
        """Close what is open; the last connection writes the log back into the file."""
        self.engine.dispose()


def _taken(pool: Pool) -> FileConnection | None:
    """One of the pool, unless another thread took the last."""
    try:
        return pool.pop()
    except IndexError:
        return None


def _close(pool: Pool, but: int = 0) -> None:
    while len(pool) > but and (connection := _taken(pool)):
        connection.driver_connection.close()


Pool = list[FileConnection]
_PARENTS: list[Pool] = []
