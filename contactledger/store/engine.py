"""Engines of our own for a database URL. SQLAlchemy's errors name no parameters."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Connection, Dialect, Engine, QueuePool, create_engine
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError, NoSuchModuleError
from sqlalchemy.orm import Session, scoped_session

from contactledger.errors import BadInput, NotInstalled
from contactledger.store import urls
from contactledger.store.connections import EngineConnections, JoinedConnections
from contactledger.store.sqlite_file import connect
from contactledger.store.urls import WRONG, file_of, is_sqlite


def open_engine(url: str | URL, *, create: bool, timeout_seconds: float) -> Engine:
    """An engine for `sqlite:///file.db` or `postgresql+psycopg://…`.

    BadInput for anything else, StoreMissing where `create` is False and the file is not
    there, NotInstalled without the driver. Nothing is connected yet.
    """
    text = urls.text_of(url)
    if not is_sqlite(text):
        # transactions are begun in words, together with their first statement
        return _made(text, isolation_level="AUTOCOMMIT")
    file = file_of(text, create=create)
    return _made("sqlite://", creator=lambda: connect(file, timeout_seconds), poolclass=QueuePool)


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


def place_of(url: str | URL, prefix: str, schema: str | None) -> tuple[URL, str, str | None]:
    """As `urls.place_of`, with SQLAlchemy's URL."""
    text, prefix, schema = urls.place_of(url, prefix, schema)
    return make_url(text), prefix, schema


def dialect_of(url: str | URL) -> Dialect:
    """How the database that a URL names is spoken to; BadInput as for `open_engine`."""
    return _made(urls.text_of(url)).dialect


def _made(url: str, **settings: Any) -> Engine:
    try:
        # each transaction ends before its connection goes back, so the pool need not do it
        return create_engine(url, hide_parameters=True, pool_reset_on_return=None, **settings)
    except ModuleNotFoundError:
        failure: Exception = NotInstalled(
            "the driver of this database is not installed: contactledger[postgres]"
        )
    except (NoSuchModuleError, ArgumentError):
        failure = BadInput(WRONG, field="url")
    raise failure
