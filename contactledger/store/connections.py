"""How a transaction begins and ends: on a connection opened here, or inside a host's.

Opened here: a writer begins with the write lock (SQLite) or waits for row locks no longer
than its timeout (PostgreSQL), a reader sees one state throughout, and the end of the block
commits. Joined: the block is a savepoint in the host's transaction, and nothing is
committed; the host's commit is the moment.

SQLite's driver begins a transaction by itself only before a row is changed, and a SAVEPOINT
outside of a transaction would commit at its release. So BEGIN is always said here, unless
the connection is in a transaction already.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import Any, Protocol

from sqlalchemy import Connection, Engine
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session, scoped_session

from contactledger.errors import StoreError
from contactledger.store.failures import attempt

Host = Connection | Session | scoped_session[Session]

_SAVEPOINT = "contactledger"


class Connections(Protocol):
    """Where transactions come from."""

    def begin(self, *, write: bool) -> AbstractContextManager[Connection]:
        """A connection in a transaction that ends with the block."""
        ...

    def close(self) -> None:
        """Let go of what was opened here."""
        ...


class OpenedConnections:
    """Each transaction on a connection of the engine's pool; `own` engines are disposed of."""

    def __init__(self, engine: Engine, *, own: bool, timeout_seconds: float) -> None:
        self._engine = engine
        self._own = own
        self._timeout_ms = int(timeout_seconds * 1000)

    @contextmanager
    def begin(self, *, write: bool) -> Iterator[Connection]:
        """See `Connections`: commits, or rolls back whole."""
        connection = attempt(self._engine.connect)
        try:
            attempt(self._start, connection, write)
            yield connection
            attempt(connection.commit)
        except BaseException:
            _roll_back(connection)
            raise
        finally:
            attempt(connection.close)

    def _start(self, connection: Connection, write: bool) -> None:
        if connection.dialect.name == "sqlite":
            _begin_sqlite(connection, "BEGIN IMMEDIATE" if write else "BEGIN")
        elif write:
            connection.execution_options(isolation_level="READ COMMITTED")
            connection.exec_driver_sql(f"SET LOCAL lock_timeout = {self._timeout_ms}")
        else:
            connection.execution_options(isolation_level="REPEATABLE READ")

    def close(self) -> None:
        """Close the pool, if the engine was made here."""
        if self._own:
            self._engine.dispose()


class JoinedConnections:
    """Every transaction is a savepoint on the host's own connection."""

    def __init__(self, host: Host) -> None:
        self._host = host

    @contextmanager
    def begin(self, *, write: bool) -> Iterator[Connection]:
        """See `Connections`: a block that raises takes back its own rows and no others."""
        host = self._host
        connection = host if isinstance(host, Connection) else attempt(host.connection)
        if not write:
            yield connection
            return
        attempt(self._start, connection)
        try:
            yield connection
            attempt(connection.exec_driver_sql, f"RELEASE SAVEPOINT {_SAVEPOINT}")
        except BaseException:
            _take_back(connection)
            raise

    def _start(self, connection: Connection) -> None:
        _autobegin(connection)
        driver: Any = connection.connection.driver_connection
        if connection.dialect.name == "sqlite":
            commits = driver.isolation_level is None and not driver.in_transaction
        else:
            commits = driver.autocommit
        if commits:
            raise StoreError("the host's connection commits by itself; give one that does not")
        if connection.dialect.name == "sqlite":
            _begin_sqlite(connection, "BEGIN IMMEDIATE")
        connection.exec_driver_sql(f"SAVEPOINT {_SAVEPOINT}")

    def close(self) -> None:
        """The connection is the host's."""


def _autobegin(connection: Connection) -> None:
    """Let SQLAlchemy begin, and with it whatever a host does when that happens."""
    if not connection.in_transaction():
        connection.begin()


def _begin_sqlite(connection: Connection, begin: str) -> None:
    _autobegin(connection)
    driver: Any = connection.connection.driver_connection
    if not driver.in_transaction:
        connection.exec_driver_sql(begin)


def _roll_back(connection: Connection) -> None:
    """Roll back; a connection that cannot is thrown away, which does the same."""
    try:
        connection.rollback()
    except SQLAlchemyError:
        connection.invalidate()


def _take_back(connection: Connection) -> None:
    """Roll back to the savepoint. Where the database has rolled back everything by itself
    (SQLite on a full disk), the savepoint is gone too, and nothing is left to do."""
    try:
        connection.exec_driver_sql(f"ROLLBACK TO SAVEPOINT {_SAVEPOINT}")
        connection.exec_driver_sql(f"RELEASE SAVEPOINT {_SAVEPOINT}")
    except SQLAlchemyError:
        return
