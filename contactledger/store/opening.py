"""What a store is opened on. SQLAlchemy is imported where a server or a host asks for it, and
for a file never."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeGuard

from contactledger.errors import BadInput
from contactledger.store.urls import WRONG, file_of, is_sqlite, place_of

if TYPE_CHECKING:
    from contactledger.store.connections import Connections, OpenedConnections

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
        if is_sqlite(target):
            from contactledger.store.sqlite_file import FileConnections

            file = file_of(target, create=create)
            return FileConnections(file, timeout_seconds), prefix, schema  # type: ignore[return-value]
    elif hasattr(type(target), "commits"):
        return target, prefix, schema
    from contactledger.store.engine import connections_of

    return connections_of(target, timeout_seconds), prefix, schema


def of_an_engine(connections: Connections) -> TypeGuard[OpenedConnections]:
    """Whether transactions begin on an engine of SQLAlchemy's, told without importing it."""
    return hasattr(connections, "opening")


def mark_of(engine: Any) -> str:
    """The placeholder of an engine's driver; BadInput for a driver we do not speak."""
    mark = DRIVERS.get(engine.dialect.driver)
    if mark is None:
        raise BadInput(WRONG, field="url")
    return mark
