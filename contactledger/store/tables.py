"""The tables of a ledger for SQLAlchemy: SQLModel classes, and tables under a prefix and schema.

For hosts and for Alembic. Made of `contactledger.store.layout` when this module is imported,
which takes a while and which no ledger needs to work. The classes stand on a registry and
MetaData of their own, so that a host may have its own class or table named `Entry`.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Any

from attrs import frozen
from sqlalchemy import BigInteger, Index, LargeBinary, MetaData, SmallInteger, Table, Text, text
from sqlalchemy.orm import registry
from sqlalchemy.sql.schema import RETAIN_SCHEMA
from sqlmodel import Field, SQLModel

from contactledger.store import layout

_HOW: dict[str, tuple[type, Any]] = {
    layout.TEXT.sqlite: (str, Text().with_variant(Text(collation="C"), "postgresql")),
    layout.BYTES.sqlite: (bytes, LargeBinary),
    layout.NUMBER.sqlite: (int, BigInteger),
    layout.SMALL.sqlite: (int, SmallInteger),
}
"""What a kind of column is in Python and in SQLAlchemy, by its name in SQLite."""


class _Row(SQLModel, registry=registry()):
    """The base of these tables, apart from every host's."""


def _class(table: layout.Table) -> type[_Row]:
    keys = list(table.columns)[: table.keys]
    body: dict[str, Any] = {
        "__module__": __name__,
        "__qualname__": table.name.capitalize(),
        "__doc__": table.says,
        "__tablename__": table.name,
        "__table_args__": {"sqlite_with_rowid": not table.narrow},
        "__annotations__": {},
    }
    for name, kind in table.columns.items():
        python, sql = _HOW[kind.sqlite]
        body["__annotations__"][name] = python | None if kind.null else python
        body[name] = (
            Field(primary_key=True, sa_type=sql, sa_column_kwargs={"autoincrement": False})
            if name in keys
            else Field(sa_type=sql)
        )
    make: Any = type(_Row)
    made: type[_Row] = make(body["__qualname__"], (_Row,), body, table=True)
    return made


_CLASSES = layout.Tables(*map(_class, layout.TABLES))
Layout = _CLASSES.layout
Ledger = _CLASSES.ledger
Account = _CLASSES.account
Entry = _CLASSES.entry
Disclosure = _CLASSES.disclosure
Lookup = _CLASSES.lookup
Blob = _CLASSES.blob
Seen = _CLASSES.seen
Node = _CLASSES.node
Given = _CLASSES.given
Receipt = _CLASSES.receipt
Slot = _CLASSES.slot
Sealed = _CLASSES.sealed
Checkpoint = _CLASSES.checkpoint
Tree = _CLASSES.tree
Inbox = _CLASSES.inbox


@frozen
class Tables(layout.Tables[Table]):
    """The tables under one prefix and schema; `metadata` holds them and nothing else."""

    metadata: MetaData


@lru_cache(maxsize=64)
def tables(prefix: str, schema: str | None) -> Tables:
    """The tables named with `prefix`, in `schema` (None: the connection's default)."""
    metadata = MetaData()
    named = {
        name: table.to_metadata(metadata, schema=schema or RETAIN_SCHEMA, name=prefix + name)
        for name, table in _Row.metadata.tables.items()
    }
    for index in layout.INDEXES:
        columns = [named[index.table].c[name] for name in index.columns]
        where = text(index.where) if index.where else None
        Index(
            prefix + index.name,
            *columns,
            unique=index.unique,
            sqlite_where=where,
            postgresql_where=where,
        )
    return Tables(metadata=metadata, **named)
