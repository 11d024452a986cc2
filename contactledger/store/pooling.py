"""Connections of our own to a database, opened by its driver alone and kept for the next use.

So a ledger that is opened by a URL neither waits for SQLAlchemy to be imported nor pays for it in
each transaction. What `Driver`, `scrub` and the store look at of SQLAlchemy's engine and
connection is here under the same names.
"""

from __future__ import annotations

from collections.abc import Callable
from threading import BoundedSemaphore
from typing import Any
from weakref import finalize

from attrs import field, frozen

from contactledger.errors import StoreBusy, StoreError
from contactledger.store import forking
from contactledger.store.failures import ALL_IN_USE, failure_of

SPARE = 5
"""Connections kept open while nobody uses them."""
MOST = 15
"""Connections open at a time; who wants one more waits until somebody gives one back."""
WAIT_SECONDS = 30.0
"""How long, before StoreBusy."""


@frozen
class Dialect:
    """A database, as its driver speaks it."""

    name: str
    driver: str
    loaded_dbapi: Any
    is_async: bool = False


@frozen
class Way:
    """How connections to one database are opened and kept."""

    dialect: Dialect
    connect: Callable[[], tuple[Any, dict[str, object]]]
    """One of the driver's, and what is to be known of it."""
    reset: Callable[[Any], None]
    """Takes back what was not committed on one."""


class Pool:
    """Those that nobody uses, the one used last at the end; and room for more."""

    def __init__(self) -> None:
        self.idle: list[OwnConnection] = []
        self.room = BoundedSemaphore(MOST)
        self.spare = SPARE

    def taken(self) -> OwnConnection | None:
        """One of them, unless another thread took the last."""
        try:
            return self.idle.pop()
        except IndexError:
            return None

    def close(self, but: int = 0) -> None:
        """Close all but so many."""
        while len(self.idle) > but and (connection := self.taken()):
            connection.driver_connection.close()

    def end(self) -> None:
        """Close all, and those in use as soon as they are given back."""
        self.spare = 0
        self.close()


class OwnEngine:
    """The connections to one database. Whoever lets go of it without a word closes them, too."""

    def __init__(self, way: Way) -> None:
        self._way = way
        self.dialect = way.dialect
        self._begin()
        forking.remember(self)

    def _begin(self) -> None:
        self.pool = Pool()
        self._ending = finalize(self, self.pool.end)

    def raw_connection(self) -> OwnConnection:
        """One that nobody uses, or a new one; whoever has it closes it.

        The driver's errors; StoreBusy where all are in use for too long.
        """
        pool = self.pool
        if not pool.room.acquire(timeout=WAIT_SECONDS):
            raise StoreBusy(ALL_IN_USE)
        try:
            return pool.taken() or OwnConnection(self._way, pool, *self._way.connect())
        except BaseException:
            pool.room.release()
            raise

    def dispose(self) -> None:
        """Let go of what nobody uses; of the rest as soon as it is closed."""
        end = self._ending
        self._begin()
        end()

    def leave_to_parent(self) -> None:
        """See `forking`."""
        self._ending.detach()
        _PARENTS.append(self.pool)
        self._begin()


@frozen(eq=False)
class OwnConnection:
    """One connection."""

    _way: Way
    _pool: Pool
    driver_connection: Any
    info: dict[str, object] = field(factory=dict)

    @property
    def dialect(self) -> Dialect:
        """Its engine's."""
        return self._way.dialect

    @property
    def connection(self) -> OwnConnection:
        """Itself: nothing is in between."""
        return self

    @property
    def dbapi_connection(self) -> Any:
        """The driver's."""
        return self.driver_connection

    def close(self) -> None:
        """Take back what was not committed, and let others use it, or close it for good."""
        if self._pool in _PARENTS:  # nothing may be said on it in this process
            self._pool.idle.append(self)
            return
        try:
            self._way.reset(self.driver_connection)
        except self.dialect.loaded_dbapi.Error:  # closing does the same
            self.driver_connection.close()
            self._pool.close()  # whatever broke this one will have broken those as well
        else:
            self._pool.idle.append(self)
            self._pool.close(self._pool.spare)
        finally:
            self._pool.room.release()


class OwnConnections:
    """What `Connections` on an engine of ours have in common."""

    commits = True

    def __init__(self, way: Way, timeout_seconds: float) -> None:
        self.engine = OwnEngine(way)
        self.timeout_seconds = timeout_seconds

    def _connected(self) -> OwnConnection:
        failure: StoreError
        try:
            return self.engine.raw_connection()
        except self.engine.dialect.loaded_dbapi.Error as error:
            failure = failure_of(error)
        raise failure

    def close(self) -> None:
        """Close what is open; in SQLite, the last connection writes the log back into the file."""
        self.engine.dispose()


_PARENTS: list[Pool] = []
"""Kept, so that nothing in them is closed."""
