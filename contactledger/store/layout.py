"""The tables of a log in a database, layout 3, as plain values: names, columns, keys, indexes.

This is their one description. The statements, the tables that `Ledger.open` makes and the
SQLModel classes (`contactledger.store.tables`) all come from it; so a ledger in a file opens
without waiting for SQLAlchemy to be imported.

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

from collections.abc import Iterator
from functools import lru_cache
from typing import Generic, TypeVar

from attrs import evolve, frozen

T = TypeVar("T")


@frozen
class Kind:
    """What a column holds: its type in each database, and whether it may hold nothing."""

    sqlite: str
    postgresql: str
    null: bool = False

    @property
    def or_null(self) -> Kind:
        """The same, or nothing."""
        return evolve(self, null=True)


TEXT = Kind("TEXT", 'TEXT COLLATE "C"')
BYTES = Kind("BLOB", "BYTEA")
NUMBER = Kind("BIGINT", "BIGINT")
SMALL = Kind("SMALLINT", "SMALLINT")


@frozen
class Table:
    """A table; the first `keys` of its columns are its primary key."""

    name: str
    says: str
    keys: int
    columns: dict[str, Kind]
    narrow: bool = False
    schema: str | None = None

    @property
    def quoted(self) -> str:
        """Its name in a statement."""
        return f'"{self.schema}"."{self.name}"' if self.schema else f'"{self.name}"'


@frozen
class Index:
    """An index beside the primary keys; of all rows, or of those `where` a condition holds."""

    name: str
    table: str
    columns: tuple[str, ...]
    unique: bool = False
    where: str = ""


@frozen
class Tables(Generic[T]):
    """One thing for each of the tables."""

    layout: T
    ledger: T
    account: T
    entry: T
    disclosure: T
    lookup: T
    blob: T
    seen: T
    node: T
    given: T
    receipt: T
    slot: T
    sealed: T
    checkpoint: T
    tree: T
    inbox: T


def _table(name: str, says: str, keys: int, /, *, narrow: bool = False, **columns: Kind) -> Table:
    return Table(name, says, keys, columns, narrow)


TABLES = (
    _table(
        "layout",
        "The one row that says which layout this is, and that is locked by `claim`.",
        1,
        one=SMALL,
        layout=SMALL,
    ),
    _table(
        "ledger",
        "The one row of a ledger.",
        1,
        one=SMALL,
        id=TEXT,
        recorder=TEXT,
        recorder_ref=BYTES,
        house=TEXT,
        secret=BYTES,
    ),
    _table(
        "account",
        "The head of each account's log; its row is what a writer locks.",
        1,
        account=TEXT,
        size=NUMBER,
        frontier=BYTES,
        recorded_at=NUMBER.or_null,
        sealed=NUMBER,
        archived=BYTES.or_null,
    ),
    _table(
        "entry",
        "The bytes of each entry, and the columns copied out of them.",
        2,
        account=TEXT,
        no=NUMBER,
        id=TEXT,
        kind=TEXT,
        at=NUMBER,
        recorded_at=NUMBER,
        record=BYTES,
        leaf=BYTES,
    ),
    _table(
        "disclosure",
        "The personal parts; erasable.",
        5,
        narrow=True,
        account=TEXT,
        no=NUMBER,
        field=TEXT,
        person=TEXT,
        digest=TEXT,
        body=TEXT,
    ),
    _table(
        "lookup",
        "Where references lead; erasable.",
        3,
        narrow=True,
        ref=BYTES,
        account=TEXT,
        id=TEXT,
        no=NUMBER,
        kind=TEXT,
    ),
    _table(
        "blob", "Large content by its SHA-256; erasable.", 2, account=TEXT, sha256=TEXT, body=BYTES
    ),
    _table(
        "seen",
        "Events that were recorded before; survives erasure.",
        2,
        narrow=True,
        account=TEXT,
        digest=BYTES,
        no=NUMBER,
    ),
    _table(
        "node",
        "Complete subtrees of account logs; `place` is level · 2^56 + index.",
        2,
        narrow=True,
        account=TEXT,
        place=NUMBER,
        hash=BYTES,
    ),
    _table(
        "given",
        "Heads that were given to somebody.",
        3,
        account=TEXT,
        epoch=NUMBER,
        whom=TEXT,
        at=NUMBER,
        head=BYTES,
        path=BYTES,
    ),
    _table(
        "receipt",
        "Signed notes that came back.",
        3,
        account=TEXT,
        epoch=NUMBER,
        key=TEXT,
        note=BYTES,
    ),
    _table(
        "slot",
        "The newest head of each account, at its slot.",
        1,
        slot=NUMBER,
        account=TEXT,
        size=NUMBER,
        head=BYTES,
    ),
    _table("sealed", "The ledger log.", 1, no=NUMBER, kind=TEXT, record=BYTES, leaf=BYTES),
    _table(
        "checkpoint",
        "The ledger log's size and root at each seal, and the note that signs them.",
        1,
        size=NUMBER,
        root=BYTES,
        frontier=BYTES,
        slots=NUMBER,
        note=BYTES.or_null,
    ),
    _table(
        "tree",
        "Complete subtrees of the slot tree and of the ledger log; `place` as in `node`.",
        2,
        narrow=True,
        name=TEXT,
        place=NUMBER,
        hash=BYTES,
    ),
    _table(
        "inbox",
        "Bodies that came in; outside the log, and erasable.",
        1,
        id=TEXT,
        received_at=NUMBER,
        source=TEXT,
        auth=TEXT,
        state=TEXT,
        reason=TEXT,
        tries=NUMBER,
        headers=BYTES,
        body=BYTES,
    ),
)

INDEXES = (
    # what is to be sealed is found here, however many accounts there are
    Index("account_unsealed", "account", ("account",), where="size > sealed"),
    Index("slot_account", "slot", ("account",), unique=True),
    Index("sealed_keys", "sealed", ("no",), where="kind != 'epoch'"),
    Index("checkpoint_signed", "checkpoint", ("size",), where="note IS NOT NULL"),
    Index("inbox_state", "inbox", ("state", "received_at", "id")),
)


@lru_cache(maxsize=64)
def layout(prefix: str, schema: str | None) -> Tables[Table]:
    """The tables named with `prefix`, in `schema` (None: the connection's default)."""
    return Tables(**{t.name: evolve(t, name=prefix + t.name, schema=schema) for t in TABLES})


def made_by(prefix: str, schema: str | None, dialect: str) -> Iterator[str]:
    """The statements that make all tables and indexes in a database of this kind."""
    named = layout(prefix, schema)
    for each in TABLES:
        yield _create(getattr(named, each.name), dialect)
    for index in INDEXES:
        on: Table = getattr(named, index.table)
        unique, where = "UNIQUE " * index.unique, f" WHERE {index.where}" * bool(index.where)
        columns = ", ".join(index.columns)
        yield f'CREATE {unique}INDEX "{prefix}{index.name}" ON {on.quoted} ({columns}){where}'


def _create(table: Table, dialect: str) -> str:
    columns = [
        f"{name} {getattr(kind, dialect)}{'' if kind.null else ' NOT NULL'}"
        for name, kind in table.columns.items()
    ]
    key = f"PRIMARY KEY ({', '.join(list(table.columns)[: table.keys])})"
    without = " WITHOUT ROWID" if table.narrow and dialect == "sqlite" else ""
    return f"CREATE TABLE {table.quoted} ({', '.join([*columns, key])}){without}"
