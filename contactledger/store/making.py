"""Whether a ledger's tables are there, of which layout, and making them.

The row of the table `layout` is the truth about a database; the migrations
(`contactledger.store.migrations`) keep it together with Alembic's own version table.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from contactledger.errors import BadInput, StoreReadOnly, WrongLayout
from contactledger.store.driver import Driver
from contactledger.store.failures import NOT_ALLOWED
from contactledger.store.layout import made_by
from contactledger.store.port import LAYOUT
from contactledger.store.statements import Statements

if TYPE_CHECKING:
    from sqlalchemy import Connection

PREFIX = "contactledger_"
_NAME = re.compile(r"[a-z_][a-z0-9_]{0,39}\Z")
"""40 characters leave room for the longest name of a table or index in PostgreSQL's 63."""
_RESERVED = {"prefix": ("sqlite_", "SQLite"), "schema": ("pg_", "PostgreSQL")}
"""What no name may begin with, and who keeps such names."""
_SQLITE = "SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = ?"
_POSTGRES = """
SELECT 1 FROM pg_catalog.pg_class AS c
JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace
WHERE c.relname = %s
AND (n.nspname = %s OR %s::text IS NULL AND pg_catalog.pg_table_is_visible(c.oid))
"""
"""Whether there is a table of this name, in a schema or where the connection looks for it."""


def check_names(prefix: str, schema: str | None, dialect: str) -> None:
    """Raise BadInput for a prefix or schema that cannot be used in a database of this kind."""
    for field, name in (("prefix", prefix), ("schema", schema)):
        if name is not None and not _NAME.match(name):
            raise BadInput("must be a-z, 0-9 and _, 40 characters at most", field=field)
        reserved, keeper = _RESERVED[field]
        if name is not None and name.startswith(reserved):
            raise BadInput(f"{keeper} keeps what begins with {reserved} for itself", field=field)
    if schema is not None and dialect == "sqlite":
        # an attached file would be one: but then a commit is no longer whole after a crash
        # (sqlite.org/lang_attach.html), and scrubbing does not reach it
        raise BadInput("SQLite has none; name a prefix, or another file", field="schema")


def made(connection: Connection, prepared: Statements, prefix: str, schema: str | None) -> bool:
    """Whether the tables are there; WrongLayout if they are of another layout."""
    driver, name = Driver(connection), f"{prefix}layout"
    asked = (_SQLITE, (name,)) if driver.sqlite else (_POSTGRES, (name, schema, schema))
    if not driver.rows(*asked):
        return False
    found = [layout for (layout,) in driver.rows(prepared.layout)]
    if found != [LAYOUT]:
        raise wrong_layout(found)
    return True


def wrong_layout(found: list[int]) -> WrongLayout:
    """The error for tables of the layouts that were `found`, and what to do."""
    says = f"the tables have layout {', '.join(map(str, found)) or 'unknown'}"
    if len(found) != 1:
        return WrongLayout(f"{says}, this release knows layout {LAYOUT}")
    what = "run contactledger migrate" if found[0] < LAYOUT else "a newer release made them"
    return WrongLayout(f"{says}, this release knows layout {LAYOUT}: {what}")


def make(connection: Connection, prepared: Statements, prefix: str, schema: str | None) -> None:
    """Make what is missing, in a writing transaction; StoreReadOnly where the role may not."""
    with owners_work("the tables are not there", "them: let their owner run contactledger migrate"):
        alone(connection, prefix, schema)
        if not made(connection, prepared, prefix, schema):
            driver = Driver(connection)
            for text in made_by(prefix, schema, connection.dialect.name):
                driver.run(text)
            driver.run(prepared.make_layout, (1, LAYOUT))


@contextmanager
def owners_work(missing: str, what: str) -> Iterator[None]:
    """A block that makes what is missing: whoever may not make it is told who may."""
    try:
        yield
    except StoreReadOnly as error:
        if str(error) != NOT_ALLOWED:
            raise
        raise StoreReadOnly(f"{missing}, and the role may not make {what}") from None


def alone(connection: Connection, prefix: str, schema: str | None) -> None:
    """Wait until nobody else makes or migrates these tables; the schema is there then."""
    if connection.dialect.name != "postgresql":
        return  # its writing transaction has the file's one write lock
    driver = Driver(connection)
    driver.run("SELECT pg_advisory_xact_lock(hashtext(%s))", (f"{schema}.{prefix}",))
    if schema is not None:
        driver.run(f'CREATE SCHEMA IF NOT EXISTS "{schema}"')
