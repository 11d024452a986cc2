"""An engine over connections that somebody else opens, commits and closes.

SQLAlchemy wants to commit, roll back and close what it uses. Here its dialect does none of
that, so a framework with connections of its own (Django) keeps its transactions. Each block
asks for the connection anew: the framework has one per thread, and may have reconnected.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from sqlalchemy import Engine, NullPool, create_engine
from sqlalchemy.dialects import registry
from sqlalchemy.dialects.postgresql.psycopg import PGDialect_psycopg
from sqlalchemy.dialects.sqlite.pysqlite import SQLiteDialect_pysqlite

from contactledger.errors import BadInput

_NAME = "contactledger_borrowed"


class _Borrowed:
    """What a dialect leaves to the owner of a connection."""

    def on_connect_url(self, url: object) -> None:
        """No settings of ours on a connection of theirs."""

    def do_begin(self, dbapi_connection: object) -> None:
        """Theirs."""

    def do_commit(self, dbapi_connection: object) -> None:
        """Theirs."""

    def do_rollback(self, dbapi_connection: object) -> None:
        """Theirs."""

    def do_close(self, dbapi_connection: object) -> None:
        """Theirs."""

    def do_terminate(self, dbapi_connection: object) -> None:
        """Theirs."""


class BorrowedSqlite(_Borrowed, SQLiteDialect_pysqlite):
    """SQLite through a connection of the standard library's driver."""

    supports_statement_cache = True


class BorrowedPostgres(_Borrowed, PGDialect_psycopg):
    """PostgreSQL through a connection of psycopg 3."""

    supports_statement_cache = True


for _vendor, _class in (("sqlite", BorrowedSqlite), ("postgresql", BorrowedPostgres)):
    registry.register(f"{_vendor}.{_NAME}", __name__, _class.__name__)


def borrowed_engine(vendor: str, connection: Callable[[], Any]) -> Engine:
    """An engine over whatever connection of the driver `connection()` gives.

    `vendor`: "sqlite" or "postgresql" (psycopg 3); BadInput for another.
    """
    if vendor not in ("sqlite", "postgresql"):
        raise BadInput("must be SQLite or PostgreSQL", field="using")
    return create_engine(
        f"{vendor}+{_NAME}://",
        creator=connection,
        poolclass=NullPool,
        pool_reset_on_return=None,
        hide_parameters=True,
    )
