"""The tables of a log in a database, layout 3.

Declared once with sqlmodel, on a registry and MetaData of their own, so that a host may have
its own class or table named `Entry`; `tables` gives them under a prefix and a schema.

Times are integers, microseconds since 1970 in UTC: exact, and the same in every database.
Texts that are compared or sorted are ids, slugs and base64url, ASCII throughout, and sort by
their bytes everywhere. There are no foreign keys: nothing may cascade onto evidence. Every
key starts with the account, except in `lookup` (a reference leads to its account) and in
the tables of which an account knows nothing: ledger, layout, inbox, and what belongs to the
ledger as a whole: slot, sealed, checkpoint, tree.

On SQLite the narrow tables have no rowid: one tree to write instead of two, and an account's
rows lie side by side. Entries and bodies keep theirs, as wide rows make such a tree slow.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Any

from attrs import frozen
from sqlalchemy import (
    BigInteger,
    Index,
    LargeBinary,
    MetaData,
    SmallInteger,
    Table,
    Text,
    literal_column,
)
from sqlalchemy.orm import registry
from sqlalchemy.sql.schema import RETAIN_SCHEMA
from sqlmodel import Field, SQLModel

_Key = Text().with_variant(Text(collation="C"), "postgresql")
_NARROW = {"sqlite_with_rowid": False}
_ONE = {"autoincrement": False}


class _Row(SQLModel, registry=registry()):
    """The base of these tables, apart from every host's."""


class Layout(_Row, table=True):
    """The one row that says which layout this is, and that is locked by `claim`."""

    __tablename__ = "layout"
    one: int = Field(primary_key=True, sa_type=SmallInteger, sa_column_kwargs=_ONE)
    layout: int = Field(sa_type=SmallInteger)


class Ledger(_Row, table=True):
    """The one row of a ledger."""

    __tablename__ = "ledger"
    one: int = Field(primary_key=True, sa_type=SmallInteger, sa_column_kwargs=_ONE)
    id: str = Field(sa_type=_Key)
    recorder: str = Field(sa_type=_Key)
    recorder_ref: bytes = Field(sa_type=LargeBinary)
    house: str = Field(sa_type=_Key)
    secret: bytes = Field(sa_type=LargeBinary)


class Account(_Row, table=True):
    """The head of each account's log; its row is what a writer locks."""

    __tablename__ = "account"
    account: str = Field(primary_key=True, sa_type=_Key)
    size: int = Field(sa_type=BigInteger)
    frontier: bytes = Field(sa_type=LargeBinary)
    recorded_at: int | None = Field(sa_type=BigInteger)
    sealed: int = Field(sa_type=BigInteger)
    archived: bytes | None = Field(sa_type=LargeBinary)


class Entry(_Row, table=True):
    """The bytes of each entry, and the columns copied out of them."""

    __tablename__ = "entry"
    account: str = Field(primary_key=True, sa_type=_Key)
    no: int = Field(primary_key=True, sa_type=BigInteger)
    id: str = Field(sa_type=_Key)
    kind: str = Field(sa_type=_Key)
    at: int = Field(sa_type=BigInteger)
    recorded_at: int = Field(sa_type=BigInteger)
    record: bytes = Field(sa_type=LargeBinary)
    leaf: bytes = Field(sa_type=LargeBinary)


class Disclosure(_Row, table=True):
    """The personal parts; erasable."""

    __tablename__ = "disclosure"
    __table_args__ = _NARROW
    account: str = Field(primary_key=True, sa_type=_Key)
    no: int = Field(primary_key=True, sa_type=BigInteger)
    field: str = Field(primary_key=True, sa_type=_Key)
    person: str = Field(primary_key=True, sa_type=_Key)
    digest: str = Field(primary_key=True, sa_type=_Key)
    body: str = Field(sa_type=_Key)


class Lookup(_Row, table=True):
    """Where references lead; erasable."""

    __tablename__ = "lookup"
    __table_args__ = _NARROW
    ref: bytes = Field(primary_key=True, sa_type=LargeBinary)
    account: str = Field(primary_key=True, sa_type=_Key)
    id: str = Field(primary_key=True, sa_type=_Key)
    no: int = Field(sa_type=BigInteger)
    kind: str = Field(sa_type=_Key)


class Blob(_Row, table=True):
    """Large content by its SHA-256; erasable."""

    __tablename__ = "blob"
    account: str = Field(primary_key=True, sa_type=_Key)
    sha256: str = Field(primary_key=True, sa_type=_Key)
    body: bytes = Field(sa_type=LargeBinary)


class Seen(_Row, table=True):
    """Events that were recorded before; survives erasure."""

    __tablename__ = "seen"
    __table_args__ = _NARROW
    account: str = Field(primary_key=True, sa_type=_Key)
    digest: bytes = Field(primary_key=True, sa_type=LargeBinary)
    no: int = Field(sa_type=BigInteger)


class Node(_Row, table=True):
    """Complete subtrees of account logs; `place` is level · 2^56 + index."""

    __tablename__ = "node"
    __table_args__ = _NARROW
    account: str = Field(primary_key=True, sa_type=_Key)
    place: int = Field(primary_key=True, sa_type=BigInteger, sa_column_kwargs=_ONE)
    hash: bytes = Field(sa_type=LargeBinary)


class Given(_Row, table=True):
    """Heads that were given to somebody."""

    __tablename__ = "given"
    account: str = Field(primary_key=True, sa_type=_Key)
    epoch: int = Field(primary_key=True, sa_type=BigInteger, sa_column_kwargs=_ONE)
    whom: str = Field(primary_key=True, sa_type=_Key)
    at: int = Field(sa_type=BigInteger)
    head: bytes = Field(sa_type=LargeBinary)
    path: bytes = Field(sa_type=LargeBinary)


class Receipt(_Row, table=True):
    """Signed notes that came back."""

    __tablename__ = "receipt"
    account: str = Field(primary_key=True, sa_type=_Key)
    epoch: int = Field(primary_key=True, sa_type=BigInteger, sa_column_kwargs=_ONE)
    key: str = Field(primary_key=True, sa_type=_Key)
    note: bytes = Field(sa_type=LargeBinary)


class Slot(_Row, table=True):
    """The newest head of each account, at its slot."""

    __tablename__ = "slot"
    slot: int = Field(primary_key=True, sa_type=BigInteger, sa_column_kwargs=_ONE)
    account: str = Field(sa_type=_Key)
    size: int = Field(sa_type=BigInteger)
    head: bytes = Field(sa_type=LargeBinary)


class Sealed(_Row, table=True):
    """The ledger log."""

    __tablename__ = "sealed"
    no: int = Field(primary_key=True, sa_type=BigInteger, sa_column_kwargs=_ONE)
    kind: str = Field(sa_type=_Key)
    record: bytes = Field(sa_type=LargeBinary)
    leaf: bytes = Field(sa_type=LargeBinary)


class Checkpoint(_Row, table=True):
    """The ledger log's size and root at each seal, and the note that signs them."""

    __tablename__ = "checkpoint"
    size: int = Field(primary_key=True, sa_type=BigInteger, sa_column_kwargs=_ONE)
    root: bytes = Field(sa_type=LargeBinary)
    frontier: bytes = Field(sa_type=LargeBinary)
    slots: int = Field(sa_type=BigInteger)
    note: bytes | None = Field(sa_type=LargeBinary)


class Tree(_Row, table=True):
    """Complete subtrees of the slot tree and of the ledger log; `place` as in `node`."""

    __tablename__ = "tree"
    __table_args__ = _NARROW
    name: str = Field(primary_key=True, sa_type=_Key)
    place: int = Field(primary_key=True, sa_type=BigInteger, sa_column_kwargs=_ONE)
    hash: bytes = Field(sa_type=LargeBinary)


class Inbox(_Row, table=True):
    """Bodies that came in; outside the log, and erasable."""

    __tablename__ = "inbox"
    id: str = Field(primary_key=True, sa_type=_Key)
    received_at: int = Field(sa_type=BigInteger)
    source: str = Field(sa_type=_Key)
    auth: str = Field(sa_type=_Key)
    state: str = Field(sa_type=_Key)
    reason: str = Field(sa_type=_Key)
    tries: int = Field(sa_type=BigInteger)
    headers: bytes = Field(sa_type=LargeBinary)
    body: bytes = Field(sa_type=LargeBinary)


@frozen
class Tables:
    """The tables under one prefix and schema; `metadata` holds them and nothing else."""

    metadata: MetaData
    layout: Table
    ledger: Table
    account: Table
    entry: Table
    disclosure: Table
    lookup: Table
    blob: Table
    seen: Table
    node: Table
    given: Table
    receipt: Table
    slot: Table
    sealed: Table
    checkpoint: Table
    tree: Table
    inbox: Table


@lru_cache(maxsize=64)
def tables(prefix: str, schema: str | None) -> Tables:
    """The tables named with `prefix`, in `schema` (None: the connection's default)."""
    metadata = MetaData()
    named = {
        name: table.to_metadata(metadata, schema=schema or RETAIN_SCHEMA, name=prefix + name)
        for name, table in _Row.metadata.tables.items()
    }
    inbox = named["inbox"].c
    Index(f"{prefix}inbox_state", inbox.state, inbox.received_at, inbox.id)
    Index(f"{prefix}slot_account", named["slot"].c.account, unique=True)
    # what is to be sealed is found here, however many accounts there are
    account, sealed = named["account"].c, named["sealed"].c
    _partial(f"{prefix}account_unsealed", account.account, account.size > account.sealed)
    _partial(f"{prefix}sealed_keys", sealed.no, sealed.kind != literal_column("'epoch'"))
    _partial(
        f"{prefix}checkpoint_signed",
        named["checkpoint"].c.size,
        named["checkpoint"].c.note.is_not(None),
    )
    return Tables(metadata=metadata, **named)


def _partial(name: str, column: Any, where: Any) -> None:
    """An index of the rows where a condition holds, and of no others."""
    Index(name, column, sqlite_where=where, postgresql_where=where)
