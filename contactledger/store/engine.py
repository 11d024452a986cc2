"""An engine of our own for a database URL, set up for evidence.

SQLite: write-ahead log (readers and a writer do not wait for each other), every commit
synced to the disk, deleted content overwritten. SQLAlchemy's errors name no parameters.
"""

from __future__ import annotations

import sqlite3
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from sqlalchemy import Dialect, Engine, create_engine, event
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError, NoSuchModuleError

from contactledger.errors import BadInput, NotInstalled, StoreMissing

_PREFIX, _SCHEMA = "ledger_prefix", "ledger_schema"
_WRONG = "must be SQLite (pysqlite) or PostgreSQL (psycopg)"

DRIVERS = {"pysqlite": "?", "psycopg": "%s", "aiosqlite": "?", "psycopg_async": "%s"}
"""The drivers that the stores speak, with their placeholder. The async ones belong to hosts:
inside `AsyncSession.run_sync`, SQLAlchemy bridges them."""

_PRAGMAS = (
    "PRAGMA journal_mode = WAL",
    "PRAGMA synchronous = FULL",
    "PRAGMA secure_delete = ON",
)


def open_engine(url: str | URL, *, create: bool, timeout_seconds: float) -> Engine:
    """An engine for `sqlite:///file.db` or `postgresql+psycopg://…`.

    BadInput for anything else, StoreMissing where `create` is False and the file is not
    there, NotInstalled without the driver. Nothing is connected yet.
    """
    parsed = _parsed(url)
    if parsed.get_backend_name() != "sqlite":
        # transactions are begun in words, together with their first statement
        return _made(parsed, {}, isolation_level="AUTOCOMMIT")
    _check_file(parsed, create=create)
    engine = _made(parsed, {"timeout": timeout_seconds})
    event.listen(engine, "connect", _set_up_sqlite)
    return engine


def mark_of(engine: Engine) -> str:
    """The placeholder of an engine's driver; BadInput for a driver we do not speak."""
    mark = DRIVERS.get(engine.dialect.driver)
    if mark is None:
        raise BadInput(_WRONG, field="url")
    return mark


def place_of(url: str | URL, prefix: str, schema: str | None) -> tuple[URL, str, str | None]:
    """A URL without its `ledger_prefix` and `ledger_schema`, and these: what the URL names
    counts, so that whatever takes a URL alone reaches every ledger of a database."""
    parsed = _parsed(url)
    named = []
    for key, given in ((_PREFIX, prefix), (_SCHEMA, schema)):
        value = parsed.query.get(key, given)
        if isinstance(value, tuple):
            raise BadInput(f"names {key} twice", field="url")
        named.append(value)
    return parsed.difference_update_query([_PREFIX, _SCHEMA]), named[0] or "", named[1]


def dialect_of(url: str | URL) -> Dialect:
    """How the database that a URL names is spoken to; BadInput as for `open_engine`."""
    return _made(_parsed(url), {}).dialect


def _parsed(url: str | URL) -> URL:
    try:
        parsed = make_url(url)
    except ArgumentError:
        parsed = None
    if parsed is None:
        raise BadInput("must be a database URL such as sqlite:///contacts.db", field="url")
    if parsed.get_backend_name() not in ("sqlite", "postgresql"):
        raise BadInput(_WRONG, field="url")
    return parsed


def _made(url: URL, arguments: dict[str, Any], **settings: str) -> Engine:
    try:
        # each transaction ends before its connection goes back, so the pool need not do it
        return create_engine(
            url,
            hide_parameters=True,
            connect_args=arguments,
            pool_reset_on_return=None,
            **settings,
        )
    except ModuleNotFoundError:
        failure: Exception = NotInstalled(
            "the driver of this database is not installed: contactledger[postgres]"
        )
    except (NoSuchModuleError, ArgumentError):
        failure = BadInput(_WRONG, field="url")
    raise failure


def _check_file(url: URL, *, create: bool) -> None:
    name = url.database or ":memory:"
    path, query = name, dict(url.query)
    if name.startswith("file:"):
        parts = urlsplit(name)
        path, query = parts.path, {**query, **dict(parse_qsl(parts.query))}
    if path in (":memory:", "") or query.get("mode") == "memory":
        raise BadInput(
            "a database in memory ends with its connection; use MemoryStore()", field="url"
        )
    if not create and not Path(path).exists():
        raise StoreMissing("there is no such database file, and none may be made")


def _set_up_sqlite(connection: Any, _: object) -> None:
    for pragma in _PRAGMAS:
        try:
            connection.execute(pragma).close()
        except sqlite3.OperationalError as error:
            # a file that cannot be written keeps the journal mode that it has
            if error.sqlite_errorcode & 0xFF != sqlite3.SQLITE_READONLY:
                raise
