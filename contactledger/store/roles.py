"""Least privilege on PostgreSQL: the SQL of four roles, each for one kind of work.

=========  ==================================================================================
writer     records and receives: adds rows, and changes no more than the head of an account,
           where a look-up leads, and the inbox
sealer     seals, hands out bundles and takes countersignatures in; records nothing
eraser     a writer who records redactions and deletes what they name
reader     reads, judges, reports; sees neither the inbox nor the digests of events
=========  ==================================================================================

None of them can change or delete an entry, a node, or a leaf of the ledger log; those belong
to the owner of the tables, with whose role no program runs. The owner migrates, opens a new
ledger for the first time, and scrubs (from PostgreSQL 17 on, the eraser does).

A column is granted where a statement of `contactledger.store.statements` sets it and nowhere
else. Locking a row takes the right to change it: who may `claim` may set the column `one` of
`layout`, which nothing reads.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from contactledger.errors import BadInput
from contactledger.store.layout import TABLES
from contactledger.store.making import PREFIX, check_names

WRITER, SEALER, ERASER, READER = ROLES = ("writer", "sealer", "eraser", "reader")

_NAMES = tuple(table.name for table in TABLES)
_NAME_LENGTH = 63
"""Of a name in PostgreSQL, by default."""

_READS = (
    "layout ledger account entry disclosure lookup blob node given receipt "
    "slot sealed checkpoint tree"
)
"""What every role reads: whoever records or seals reads what is there."""
_READS_TOO = {WRITER: "seen inbox"}
_ADDS = {
    WRITER: "account entry disclosure lookup blob seen node inbox",
    SEALER: "given receipt slot sealed checkpoint tree",
}
_SETS = {
    WRITER: {
        "layout": "one",
        "account": "size frontier recorded_at",
        "lookup": "no kind",
        "inbox": "received_at source auth state reason tries headers body",
    },
    SEALER: {
        "layout": "one",
        "account": "size sealed",
        "given": "at head path",
        "receipt": "note",
        "slot": "account size head",
        "checkpoint": "root frontier slots note",
        "tree": "hash",
    },
}
_DELETES = {ERASER: "disclosure lookup blob inbox"}


def role_name(role: str, *, prefix: str = PREFIX, schema: str | None = None) -> str:
    """What a role is called: `contactledger_writer`, or with the schema before it.

    Roles belong to the whole server; ledgers of another prefix or schema get others. BadInput
    if it is longer than PostgreSQL takes.
    """
    name = f"{prefix}{role}" if schema is None else f"{schema}_{prefix}{role}"
    if len(name) > _NAME_LENGTH:
        raise BadInput(f"makes the name of a role longer than {_NAME_LENGTH}", field="prefix")
    return name


def roles_script(*, prefix: str = PREFIX, schema: str | None = None) -> str:
    """SQL for `psql` that makes the roles where they are missing and sets what they may do.

    To be run by the owner of the tables, who may make roles; again after each migration. What
    they were granted before is taken away first. They cannot log in: grant one of them to
    each user of yours that does. BadInput for a prefix or schema that cannot be used.
    """
    check_names(prefix, schema, "postgresql")
    names = {role: role_name(role, prefix=prefix, schema=schema) for role in ROLES}
    lines = ["BEGIN;", *_made(names.values()), *_granted(names, prefix, schema)]
    return "\n".join([*lines, "COMMIT;", ""])


def _made(names: Iterable[str]) -> Iterator[str]:
    for name in names:
        yield (
            f"DO $$ BEGIN IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = '{name}') "
            f'THEN CREATE ROLE "{name}" NOLOGIN; END IF; END $$;'
        )


def _granted(names: Mapping[str, str], prefix: str, schema: str | None) -> Iterator[str]:
    def these(tables_: str) -> str:
        return ", ".join(_table(name, prefix, schema) for name in tables_.split())

    everybody = ", ".join(f'"{name}"' for name in names.values())
    yield f"REVOKE ALL ON {these(' '.join(_NAMES))} FROM {everybody};"
    if schema is not None:
        yield f'GRANT USAGE ON SCHEMA "{schema}" TO {everybody};'
    yield f"GRANT SELECT ON {these(_READS)} TO {everybody};"
    yield f'GRANT "{names[WRITER]}" TO "{names[ERASER]}";'
    for right, granted in (("SELECT", _READS_TOO), ("INSERT", _ADDS), ("DELETE", _DELETES)):
        for role, which in granted.items():
            yield f'GRANT {right} ON {these(which)} TO "{names[role]}";'
    for role, columns in _SETS.items():
        for name, which in columns.items():
            sets = ", ".join(which.split())
            yield f'GRANT UPDATE ({sets}) ON {these(name)} TO "{names[role]}";'
    yield (
        "DO $$ BEGIN IF current_setting('server_version_num')::int >= 170000 THEN EXECUTE "
        f"'GRANT MAINTAIN ON {these(_DELETES[ERASER])} TO \"{names[ERASER]}\"'; END IF; END $$;"
    )


def _table(name: str, prefix: str, schema: str | None) -> str:
    table = f'"{prefix}{name}"'
    return table if schema is None else f'"{schema}".{table}'
