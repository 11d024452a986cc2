"""Three PostgreSQL servers that hold one ledger, joined by postgres_fdw.

This is a rig that shows how the layout spreads, on what every PostgreSQL brings along; it is
not what to run a ledger on, for what postgres_fdw does not do is said in docs/scaling.md.

Every table of an account is a hash partitioned table on the first server, whose partitions
lie one on each server. A table that has foreign partitions can have no unique index, which
`ON CONFLICT (…) DO UPDATE` needs. So the three tables that are written that way (`lookup`,
`given`, `receipt`) have a front: an empty table with the key, whose trigger hands each row on
to one of its children by inheritance, by the same hash. Reading them asks all three servers.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import psycopg
from attrs import frozen
from sqlalchemy import Table
from sqlalchemy.dialects import postgresql
from sqlalchemy.engine import make_url
from sqlalchemy.schema import CreateIndex, CreateTable

from contactledger.store.port import LAYOUT
from contactledger.store.scaling.placement import placed
from contactledger.store.tables import tables
from tests import postgres

SERVERS = 3
PREFIX = "contactledger_"
FRONTED = ("lookup", "given", "receipt")
_DIALECT = postgresql.dialect()


@frozen
class Cluster:
    """The URLs of the servers; whoever uses the ledger speaks to the first."""

    urls: tuple[str, ...]

    @property
    def coordinator(self) -> str:
        """The first."""
        return self.urls[0]

    def run(self, server: int, text: str, *values: object) -> list[tuple[object, ...]]:
        """Rows of a statement on one server, committed."""
        with connected(self.urls[server]) as connection:
            cursor = connection.execute(text, values or None)
            return cursor.fetchall() if cursor.description else []

    def empty(self) -> None:
        """Take every row away, and leave the tables."""
        for number in range(len(self.urls)):
            own = [t.name for t, c in placed(tables(PREFIX, None)) if c is not None]
            self.run(number, f"TRUNCATE {', '.join(f'{name}_{number}' for name in own)}")
        for table, column in placed(tables(PREFIX, None)):
            if column is None and table.name != f"{PREFIX}layout":
                self.run(0, f"TRUNCATE {table.name}")

    def counts(self, table: str) -> list[int]:
        """How many rows of a table each server holds itself."""
        query = f"SELECT count(*) FROM {PREFIX}{table}_{{}}"
        return [self.run(n, query.format(n))[0][0] for n in range(len(self.urls))]


@contextmanager
def connected(url: str) -> Iterator[psycopg.Connection]:
    """A connection on which each statement is committed by itself."""
    plain = make_url(url).set(drivername="postgresql").render_as_string(hide_password=False)
    with psycopg.connect(plain, autocommit=True) as connection:
        yield connection


@contextmanager
def cluster(programs: Path) -> Iterator[Cluster]:
    """Three fresh servers with the tables of a ledger spread over them."""
    with ExitStack() as stack:
        urls = tuple(stack.enter_context(postgres.server(programs)) for _ in range(SERVERS))
        made = Cluster(urls)
        for number in range(SERVERS):
            made.run(number, "\n".join(_own(number)))
        made.run(0, "\n".join(_joined(urls)))
        yield made


def _made(table: Table, name: str) -> str:
    """The text that makes a table under another name."""
    text = str(CreateTable(table).compile(dialect=_DIALECT)).strip()
    return text.replace(f"CREATE TABLE {table.name} ", f"CREATE TABLE {name} ", 1)


def _own(number: int) -> Iterator[str]:
    """What a server holds itself of each table that is spread out, with its key."""
    for table, column in placed(tables(PREFIX, None)):
        if column is not None:
            yield f"{_made(table, f'{table.name}_{number}')};"


def _joined(urls: tuple[str, ...]) -> Iterator[str]:
    """The coordinator's view of all of it, and the tables that stay in one place."""
    yield "CREATE EXTENSION postgres_fdw;"
    for number, url in enumerate(urls[1:], 1):
        host = make_url(url).query["host"]
        # a server's own limits do not travel with the coordinator's SET LOCAL
        options = f"host '{host}', dbname 'postgres', options '-c lock_timeout=10s'"
        yield f"CREATE SERVER s{number} FOREIGN DATA WRAPPER postgres_fdw OPTIONS ({options}, batch_size '500');"
        yield f"CREATE USER MAPPING FOR CURRENT_USER SERVER s{number} OPTIONS (user 'ledger');"
    all_ = tables(PREFIX, None)
    for table, column in placed(all_):
        if column is None:
            yield f"{_made(table, table.name)};"
            yield from (
                f"{CreateIndex(index).compile(dialect=_DIALECT)};" for index in table.indexes
            )
        elif table.name.removeprefix(PREFIX) in FRONTED:
            yield from _fronted(table, column)
        else:
            yield from _partitioned(table, column)
    yield f"INSERT INTO {all_.layout.name} VALUES (1, {LAYOUT});"


def _columns(table: Table) -> str:
    return ", ".join(
        f"{c.name} {c.type.compile(dialect=_DIALECT)}{'' if c.nullable else ' NOT NULL'}"
        for c in table.columns
    )


def _partitioned(table: Table, column: str) -> Iterator[str]:
    name = table.name
    yield f"CREATE TABLE {name} ({_columns(table)}) PARTITION BY HASH ({column});"
    for number in range(SERVERS):
        values = f"FOR VALUES WITH (MODULUS {SERVERS}, REMAINDER {number})"
        own = f"{name}_{number}"
        if number == 0:
            yield f"ALTER TABLE {name} ATTACH PARTITION {own} {values};"
        else:
            yield (
                f"CREATE FOREIGN TABLE {name}_at_{number} PARTITION OF {name} {values} "
                f"SERVER s{number} OPTIONS (table_name '{own}');"
            )


def _fronted(table: Table, column: str) -> Iterator[str]:
    name = table.name
    there = " AND ".join(f"{key.name} = NEW.{key.name}" for key in table.primary_key)
    yield f"{_made(table, name)};"
    # without partitions: it only says which hash leads where
    yield f"CREATE TABLE {name}_by ({_columns(table)}) PARTITION BY HASH ({column});"
    ways = []
    for number in range(SERVERS):
        child = f"{name}_{number}" if number == 0 else f"{name}_at_{number}"
        if number == 0:
            yield f"ALTER TABLE {child} INHERIT {name};"
        else:
            yield (
                f"CREATE FOREIGN TABLE {child} () INHERITS ({name}) "
                f"SERVER s{number} OPTIONS (table_name '{name}_{number}');"
            )
        ways.append(
            f"IF satisfies_hash_partition('{name}_by'::regclass, {SERVERS}, {number}, NEW.{column}) "
            f"THEN DELETE FROM {child} WHERE {there}; INSERT INTO {child} SELECT NEW.*; END IF;"
        )
    body = "\n  ".join(ways)
    yield f"""
CREATE FUNCTION {name}_hand_on() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  {body}
  RETURN NULL;
END $$;
CREATE TRIGGER hand_on BEFORE INSERT ON {name} FOR EACH ROW EXECUTE FUNCTION {name}_hand_on();"""
