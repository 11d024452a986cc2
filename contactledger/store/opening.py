"""What a store is opened on. SQLAlchemy is imported where a host hands over something of its own,
and for a URL never."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeGuard

from contactledger.errors import BadInput
from contactledger.store.urls import WRONG, file_of, is_sqlite, place_of

if TYPE_CHECKING:
    from contactledger.store.connections import Connections, LateOpening

DRIVERS = {"pysqlite": "?", "psycopg": "%s", "aiosqlite": "?", "psycopg_async": "%s"}
"""The drivers that the stores speak, with their placeholder. The async ones belong to hosts:
inside `AsyncSession.run_sync`, SQLAlchemy bridges them."""


def opened(
    target: Any, prefix: str, schema: str | None, *, create: bool, timeout_seconds: float
) -> tuple[Connections, str, str | None]:
    """Connections to what a URL names, to an engine's database, in a host's transaction, or the
    given ones; with the prefix and schema that count. BadInput, StoreMissing, NotInstalled."""
    if isinstance(target, str) or hasattr(target, "render_as_string"):
        target, prefix, schema = place_of(target, prefix, schema)
        return _own(target, create, timeout_seconds), prefix, schema
    if hasattr(type(target), "commits"):
        return target, prefix, schema
    from contactledger.store.engine import connections_of

    return connections_of(target, timeout_seconds), prefix, schema


def _own(url: str, create: bool, timeout_seconds: float) -> Connections:
    if is_sqlite(url):
        from contactledger.store.sqlite_file import FileConnections

        return FileConnections(file_of(url, create=create), timeout_seconds)
    from contactledger.store.server import ServerConnections

    return ServerConnections(url, timeout_seconds)


def open_later(connections: Connections) -> TypeGuard[LateOpening]:
    """Whether a transaction's first statements can be left to whoever begins it."""
    return hasattr(connections, "opening")


def mark_of(engine: Any) -> str:
    """The placeholder of an engine's driver; BadInput for a driver we do not speak."""
    mark = DRIVERS.get(engine.dialect.driver)
    if mark is None:
        raise BadInput(WRONG, field="url")
    return mark
