"""Engines of our own for a database URL. SQLAlchemy's errors name no parameters."""

from __future__ import annotations

from contextlib import suppress
from typing import Any

from sqlalchemy import Connection, Dialect, Engine, QueuePool, create_engine
from sqlalchemy.orm import Session, scoped_session

from contactledger.errors import BadInput, NotInstalled
from contactledger.store.connections import EngineConnections, JoinedConnections
from contactledger.store.failures import NO_DRIVER
from contactledger.store.sqlite_file import connect
from contactledger.store.urls import file_of, is_sqlite, server_of

_SQLITE, _POSTGRES = "sqlite://", "postgresql+psycopg://"


def open_engine(url: str, *, create: bool, timeout_seconds: float) -> Engine:
    """An engine for `sqlite:///file.db` or `postgresql+psycopg://…`.

    BadInput for anything else, StoreMissing where `create` is False and the file is not
    there, NotInstalled without the driver. Nothing is connected yet.
    """
    if is_sqlite(url):
        file = file_of(url, create=create)
        return _made(_SQLITE, creator=lambda: connect(file, timeout_seconds), poolclass=QueuePool)
    # transactions are begun in words, together with their first statement
    return _made(_POSTGRES, connect_args=server_of(url), isolation_level="AUTOCOMMIT")


def connections_of(target: object, timeout_seconds: float) -> EngineConnections | JoinedConnections:
    """For an engine, or a host's own connection or session; BadInput for anything else."""
    if isinstance(target, Engine):
        return EngineConnections(target, timeout_seconds)
    if isinstance(target, Connection | Session | scoped_session):
        return JoinedConnections(target)
    why = "must be a database URL such as sqlite:///contacts.db, an Engine, Connection or Session"
    if hasattr(target, "run_sync") or hasattr(target, "sync_engine"):
        why = "is of asyncio: give its session or connection to contactledger.hosts.aio.joined"
    raise BadInput(why, field="where")


def dialect_of(url: str) -> Dialect:
    """How the database that a URL names is spoken to; BadInput, NotInstalled."""
    return _made(_SQLITE if is_sqlite(url) else _POSTGRES).dialect


def _made(url: str, **settings: Any) -> Engine:
    with suppress(ModuleNotFoundError):
        # each transaction ends before its connection goes back, so the pool need not do it
        return create_engine(url, hide_parameters=True, pool_reset_on_return=None, **settings)
    raise NotInstalled(NO_DRIVER)
