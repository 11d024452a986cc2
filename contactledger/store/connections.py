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
from typing import Protocol

from sqlalchemy import Connection, Engine
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session, scoped_session

from contactledger.errors import StoreError
from contactledger.store.driver import Driver
from contactledger.store.failures import attempt

Host = Connection | Session | scoped_session[Session]

_SAVEPOINT = "contactledger"


class Connections(Protocol):
    """Where transactions come from."""

    commits: bool
    """Whether the end of a block commits."""

    def begin(self, *, write: bool) -> AbstractContextManager[Connection]:
        """A connection in a transaction that ends with the block."""
        ...

    def close(self) -> None:
        """Let go of what was opened here."""
        ...


class OpenedConnections:
    """Each transaction on a connection of the engine's pool; `own` engines are disposed of."""

    commits = True

    def __init__(self, engine: Engine, *, own: bool, timeout_seconds: float) -> None:
        self.engine = engine
        self.timeout_seconds = timeout_seconds
        self._own = own
        self._timeout_ms = int(timeout_seconds * 1000)

    @contextmanager
    def begin(self, *, write: bool) -> Iterator[Connection]:
        """See `Connections`: commits, or rolls back whole."""
        connection = attempt(self.engine.connect)
        try:
            self._start(connection, write)
            yield connection
            attempt(connection.commit)
        except BaseException:
            _roll_back(connection)
            raise
        finally:
            attempt(connection.close)

    def _start(self, connection: Connection, write: bool) -> None:
        if connection.dialect.name != "sqlite":
            level = "READ COMMITTED" if write else "REPEATABLE READ"
            attempt(connection.execution_options, isolation_level=level)
        driver = _driver(connection)
        if driver.sqlite:
            _begin_sqlite(driver, "BEGIN IMMEDIATE" if write else "BEGIN")
        elif write:
            driver.run(f"SET LOCAL lock_timeout = {self._timeout_ms}")

    def close(self) -> None:
        """Close the pool, if the engine was made here."""
        if self._own:
            self.engine.dispose()


class JoinedConnections:
    """Every transaction is a savepoint on the host's own connection."""

    commits = False

    def __init__(self, host: Host) -> None:
        self._host = host

    @contextmanager
    def begin(self, *, write: bool) -> Iterator[Connection]:
        """See `Connections`: a block that raises takes back its own rows and no others."""
        host = self._host
        connection = host if isinstance(host, Connection) else attempt(host.connection)
        driver = _driver(connection)
        if not write:
            yield connection
            return
        self._start(driver)
        try:
            yield connection
            driver.run(f"RELEASE SAVEPOINT {_SAVEPOINT}")
        except BaseException:
            _take_back(driver)
            raise

    def _start(self, driver: Driver) -> None:
        if driver.sqlite:
            commits = driver.raw.isolation_level is None and not driver.raw.in_transaction
        else:
            commits = driver.raw.autocommit
        if commits:
            raise StoreError("the host's connection commits by itself; give one that does not")
        if driver.sqlite:
            _begin_sqlite(driver, "BEGIN IMMEDIATE")
        driver.run(f"SAVEPOINT {_SAVEPOINT}")

    def close(self) -> None:
        """The connection is the host's."""


def _driver(connection: Connection) -> Driver:
    """The driver beneath, once SQLAlchemy knows of a transaction: it would not end one of
    which it does not know. Whatever a host does when one begins has been done then."""
    if not connection.in_transaction():
        attempt(connection.begin)
    return Driver(connection)


def _begin_sqlite(driver: Driver, begin: str) -> None:
    if not driver.raw.in_transaction:
        driver.run(begin)


def _roll_back(connection: Connection) -> None:
    """Roll back; a connection that cannot is thrown away, which does the same."""
    try:
        connection.rollback()
    except SQLAlchemyError:
        connection.invalidate()


def _take_back(driver: Driver) -> None:
    """Roll back to the savepoint. Where the database has rolled back everything by itself
    (SQLite on a full disk), the savepoint is gone too, and nothing is left to do."""
    try:
        driver.run(f"ROLLBACK TO SAVEPOINT {_SAVEPOINT}")
        driver.run(f"RELEASE SAVEPOINT {_SAVEPOINT}")
    except StoreError:
        return
