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

import os
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from typing import Any, Protocol

from sqlalchemy import Connection, Engine, Pool
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session, scoped_session

from contactledger.errors import StoreError, StoreLost
from contactledger.store import forking
from contactledger.store.beginning import Beginning
from contactledger.store.driver import Driver
from contactledger.store.failures import attempt

Host = Connection | Session | scoped_session[Session]

_SAVEPOINT = "contactledger"
_PROCESS = "contactledger process"


class Connections(Protocol):
    """Where transactions come from."""

    @property
    def commits(self) -> bool:
        """Whether the end of a block commits."""
        ...

    @property
    def engine(self) -> Any:
        """The engine whose dialect is spoken: SQLAlchemy's, or one that looks like it."""
        ...

    def begin(self, *, write: bool) -> AbstractContextManager[Any]:
        """A connection in a transaction that ends with the block."""
        ...

    def close(self) -> None:
        """Let go of what was opened here."""
        ...


class LateOpening(Connections, Protocol):
    """Those that let their caller say the first statements, along with others."""

    @property
    def limit(self) -> str:
        """On PostgreSQL, what bounds the waits of statements that leave together."""
        ...

    def begin(self, *, write: bool, opened: bool = True) -> AbstractContextManager[Any]:
        """Not `opened`: on PostgreSQL it is for the caller to run `opening`."""
        ...

    def opening(self, write: bool) -> tuple[str, str]:
        """The first statements on PostgreSQL."""
        ...


class EngineConnections(Beginning):
    """Each transaction on a connection of a host's engine."""

    commits = True

    def __init__(self, engine: Engine, timeout_seconds: float) -> None:
        super().__init__(timeout_seconds)
        self.engine = engine
        forking.remember(self)

    @contextmanager
    def begin(self, *, write: bool, opened: bool = True) -> Iterator[Connection]:
        """See `Connections`: commits, or rolls back whole. Not `opened`: on PostgreSQL it is
        for the caller to run `opening`, which then costs no round trip of its own."""
        connection = self._once_more(self._started, write, opened)
        try:
            yield connection
            attempt(connection.commit)
        except BaseException:
            _roll_back(connection)
            raise
        finally:
            attempt(connection.close)

    def _started(self, write: bool, opened: bool) -> Connection:
        connection = attempt(self.engine.connect)
        try:
            self._start(connection, write, opened)
        except BaseException:
            _roll_back(connection)
            attempt(connection.close)
            raise
        return connection

    def _start(self, connection: Connection, write: bool, opened: bool) -> None:
        if connection.dialect.name == "sqlite":
            _begin_sqlite(_driver(connection), "BEGIN IMMEDIATE" if write else "BEGIN")
            return
        if not connection.connection.driver_connection.autocommit:  # type: ignore[union-attr]
            # the driver's own BEGIN is a round trip; ours goes with what follows
            attempt(connection.execution_options, isolation_level="AUTOCOMMIT")
        _begin(connection)
        if opened:
            self._open(Driver(connection), write)

    def close(self) -> None:
        """The engine is the host's."""

    def leave_to_parent(self) -> None:
        """See `forking`."""
        _PARENTS.append(self.engine.pool)
        self.engine.dispose(close=False)


_PARENTS: list[Pool] = []


class JoinedConnections:
    """Every transaction is a savepoint on the host's own connection."""

    commits = False

    def __init__(self, host: Host) -> None:
        self._host = host

    @property
    def engine(self) -> Engine:
        """See `Connections`."""
        return self._connection().engine

    def _connection(self) -> Connection:
        host = self._host
        connection = host if isinstance(host, Connection) else attempt(host.connection)
        if connection.closed:
            raise StoreError("the host's connection is closed; open the ledger with another")
        return connection

    @contextmanager
    def begin(self, *, write: bool) -> Iterator[Connection]:
        """See `Connections`: a block that raises takes back its own rows and no others."""
        connection = self._connection()
        _refuse_parents(connection)
        driver = _driver(connection)
        try:
            with self._savepoint(driver) if write else nullcontext():
                yield connection
        except StoreLost:
            # as SQLAlchemy does with errors that it sees: the host's rollback then is none
            connection.invalidate()
            raise

    @contextmanager
    def _savepoint(self, driver: Driver) -> Iterator[None]:
        self._start(driver)
        try:
            yield
            driver.run(f"RELEASE SAVEPOINT {_SAVEPOINT}")
        except BaseException:
            _take_back(driver)
            raise

    def _start(self, driver: Driver) -> None:
        if driver.commits_by_itself:
            raise StoreError("the host's connection commits by itself; give one that does not")
        if driver.sqlite:
            _begin_sqlite(driver, "BEGIN IMMEDIATE")
        driver.run(f"SAVEPOINT {_SAVEPOINT}")

    def close(self) -> None:
        """The connection is the host's."""


def _refuse_parents(connection: Connection) -> None:
    """Two processes that speak over one connection garble it for both."""
    process = os.getpid()
    pooled = attempt(getattr, connection, "connection")
    if pooled.info.setdefault(_PROCESS, process) != process:
        raise StoreError(
            "the host's connection was opened before this process was forked; "
            "open one in this process"
        )


def _driver(connection: Connection) -> Driver:
    """The driver beneath, in a transaction."""
    _begin(connection)
    return Driver(connection)


def _begin(connection: Connection) -> None:
    """Let SQLAlchemy know of a transaction: it would not end one of which it does not know.
    Whatever a host does when one begins has been done then."""
    if not connection.in_transaction():
        attempt(connection.begin)


def _begin_sqlite(driver: Driver, begin: str) -> None:
    if not driver.in_transaction:
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
