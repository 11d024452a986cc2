"""Transactions on PostgreSQL through psycopg alone."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any

from contactledger.errors import BadInput, NotInstalled
from contactledger.store.beginning import Beginning, settings
from contactledger.store.driver import BOUNDED, Driver
from contactledger.store.failures import NO_DRIVER
from contactledger.store.pooling import Dialect, OwnConnections, Way
from contactledger.store.urls import server_of

_IDLE = 0  # libpq's PQTRANS_IDLE: outside of any transaction


class ServerConnections(Beginning, OwnConnections):
    """`Connections`: each transaction on a connection of its own."""

    def __init__(self, url: str, timeout_seconds: float) -> None:
        """BadInput for a URL that says what psycopg does not know, NotInstalled without it."""
        Beginning.__init__(self, timeout_seconds)
        psycopg = _psycopg()
        conninfo, made = _conninfo(psycopg, url), settings(self._timeout_ms, local=False)

        def connected() -> tuple[Any, dict[str, object]]:
            raw = psycopg.connect(conninfo, autocommit=True)
            try:
                bounded = _bound(raw, made)
            except BaseException:
                raw.close()
                raise
            if not bounded:  # what is prepared in one session is not there in the next
                raw.prepare_threshold = None
            return raw, {BOUNDED: bounded}

        way = Way(Dialect("postgresql", "psycopg", psycopg), connected, _reset)
        OwnConnections.__init__(self, way, timeout_seconds)

    @contextmanager
    def begin(self, *, write: bool, opened: bool = True) -> Iterator[Any]:
        """See `Connections`: commits, or rolls back whole. Not `opened`: it is for the caller
        to run `opening`, which then costs no round trip of its own."""
        connection = self._once_more(self._started, write, opened)
        try:
            yield connection
            if not _is_idle(connection.driver_connection):
                Driver(connection).run("COMMIT")
        finally:
            connection.close()

    def _started(self, write: bool, opened: bool) -> Any:
        connection: Any = self._connected()
        if opened:
            try:
                self._open(Driver(connection), write)
            except BaseException:
                connection.close()
                raise
        return connection


def _bound(raw: Any, made: str) -> bool:
    """Where a session is ours alone, make its settings once and for all.

    A pooler in between (PgBouncer) lends sessions out, and a setting would stay with one
    that others get. It shows by another process number than the server's.
    """
    asked = raw.execute(f"{made} WHERE pg_backend_pid() = %s", (raw.info.backend_pid,))
    return asked.fetchone() is not None


def _is_idle(raw: Any) -> bool:
    return bool(raw.pgconn.transaction_status == _IDLE)


def _reset(raw: Any) -> None:
    if not _is_idle(raw):
        raw.rollback()


def _psycopg() -> Any:
    with suppress(ImportError):
        import psycopg

        return psycopg
    raise NotInstalled(NO_DRIVER)


def _conninfo(psycopg: Any, url: str) -> str:
    """What a URL says, as libpq wants it."""
    from psycopg.conninfo import make_conninfo

    try:
        return make_conninfo(**server_of(url))
    except psycopg.ProgrammingError:
        failure = BadInput("has parameters that PostgreSQL's driver does not know", field="url")
    raise failure
