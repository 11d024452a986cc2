"""SQL scripts that make the tables of a ledger spread out, and move a ledger into them.

Each is one text for `psql`, one transaction, to be run by the owner once, before a ledger is
opened there. What they make is what `Ledger.open` would make, spread by the columns of
`placement`: the rows, and so every hash, stay the same.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from sqlalchemy import Table
from sqlalchemy.dialects import postgresql
from sqlalchemy.schema import CreateIndex, CreateTable

from contactledger.errors import BadInput
from contactledger.store.making import PREFIX, check_names
from contactledger.store.port import LAYOUT
from contactledger.store.scaling.placement import placed
from contactledger.store.tables import Tables, tables

PARTS = 16
"""How many partitions; they cannot be more later without moving the rows once more."""
MOST_PARTS = 1_024
SHARDS = 32
"""How many shards on Citus, its own default: a machine more takes some of them over."""

_DIALECT = postgresql.dialect()  # type: ignore[no-untyped-call]
_QUOTED = _DIALECT.identifier_preparer


def partitions(*, prefix: str = PREFIX, schema: str | None = None, parts: int = PARTS) -> str:
    """Hash partitions inside one PostgreSQL (11 or later).

    BadInput unless 2 ≤ `parts` ≤ 1,024, or for a prefix or schema that cannot be used.
    """
    _refuse(parts, "parts")
    return _script(_partitions(_named(prefix, schema), parts))


def citus(*, prefix: str = PREFIX, schema: str | None = None, shards: int = SHARDS) -> str:
    """Shards on the machines of a Citus cluster, to be run on its coordinator.

    BadInput as `partitions`.
    """
    _refuse(shards, "shards")
    return _script(_citus(_named(prefix, schema), shards))


def move(
    *,
    old_prefix: str = PREFIX,
    old_schema: str | None = None,
    prefix: str = PREFIX,
    schema: str | None = None,
) -> str:
    """All rows of a ledger into the tables, still empty, that another script has made.

    Writers wait until it is done; then the old place is there no more for them (StoreMissing),
    as its table `account` is called `account_moved`, and they open the new one.
    BadInput where both places are the same.
    """
    if (old_prefix, old_schema) == (prefix, schema):
        raise BadInput("must name another place than the old one", field="schema")
    old, new = placed(_named(old_prefix, old_schema)), placed(_named(prefix, schema))
    return _script(_move([(a, b) for (a, _), (b, _) in zip(old, new, strict=True)]))


def _named(prefix: str, schema: str | None) -> Tables:
    check_names(prefix, schema, _DIALECT.name)
    return tables(prefix, schema)


def _refuse(number: int, field: str) -> None:
    if not 2 <= number <= MOST_PARTS:
        raise BadInput(f"must be from 2 to {MOST_PARTS:,}", field=field)


def _script(statements: Iterable[str]) -> str:
    return "\n".join(["BEGIN;", *[f"{text};" for text in statements], "COMMIT;", ""])


def _partitions(all_: Tables, parts: int) -> Iterator[str]:
    yield from _schema(all_)
    for table, column in placed(all_):
        made = _made(table)
        if column is None:
            yield made
            continue
        yield f"{made} PARTITION BY HASH ({column})"
        for part in range(parts):
            yield (
                f"CREATE TABLE {part_name(table, part)} PARTITION OF {_name(table)} "
                f"FOR VALUES WITH (MODULUS {parts}, REMAINDER {part})"
            )
    yield from _rest(all_)


def _citus(all_: Tables, shards: int) -> Iterator[str]:
    yield "CREATE EXTENSION IF NOT EXISTS citus"
    yield from _schema(all_)
    for table, _ in placed(all_):
        yield _made(table)
    yield from _rest(all_)
    beside = _literal(_name(all_.account))
    for table, column in placed(all_):
        name = _literal(_name(table))
        if table is all_.account or column == "ref":
            yield (
                f"SELECT create_distributed_table({name}, '{column}', "
                f"colocate_with => 'none', shard_count => {shards})"
            )
        elif column is not None:
            yield f"SELECT create_distributed_table({name}, '{column}', colocate_with => {beside})"
        elif table is all_.ledger:
            # written once; beside every shard, so that any machine can open the ledger
            yield f"SELECT create_reference_table({name})"
        else:
            yield f"SELECT citus_add_local_table_to_metadata({name})"


def _move(both: Sequence[tuple[Table, Table]]) -> Iterator[str]:
    yield f"LOCK TABLE {', '.join(_name(old) for old, _ in both)} IN EXCLUSIVE MODE"
    for old, new in both:
        columns = ", ".join(column.name for column in old.columns)
        if not old.name.endswith("layout"):
            yield f"INSERT INTO {_name(new)} ({columns}) SELECT {columns} FROM {_name(old)}"  # noqa: S608
    heads, _ = both[0]  # whoever has the old place open still, and waited, must not write there
    yield f"ALTER TABLE {_name(heads)} RENAME TO {_QUOTED.quote(f'{heads.name}_moved')}"


def _schema(all_: Tables) -> Iterator[str]:
    if all_.layout.schema:
        yield f"CREATE SCHEMA IF NOT EXISTS {_QUOTED.quote(all_.layout.schema)}"


def _made(table: Table) -> str:
    return str(CreateTable(table).compile(dialect=_DIALECT)).strip()


def _rest(all_: Tables) -> Iterator[str]:
    """The indexes beside the primary keys, and the row that says which layout this is."""
    for table, _ in placed(all_):
        for index in sorted(table.indexes, key=lambda one: str(one.name)):
            yield str(CreateIndex(index).compile(dialect=_DIALECT)).strip()
    yield f"INSERT INTO {_name(all_.layout)} (one, layout) VALUES (1, {LAYOUT})"  # noqa: S608


def part_name(table: Table, part: int) -> str:
    """The quoted name of a table's partition of this number."""
    name = _QUOTED.quote(f"{table.name}_{part}")
    return f"{_QUOTED.quote(table.schema)}.{name}" if table.schema else name


def _name(table: Table) -> str:
    return str(_QUOTED.format_table(table))


def _literal(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"
