"""How a server means to run the statements of a store: which relations each of them touches."""

from __future__ import annotations

import re
from collections.abc import Iterator

import attrs
import psycopg

from contactledger.store.statements import statements

WHOLE = frozenset(["heads", "unsealed", "lookups_from"])
"""Statements that go through all accounts."""
BOTH = frozenset(["move_head_from"])
"""The statement of an account that asks for references too. A database that spreads the two
apart refuses it, and is never asked again (`contactledger.store.remembering`)."""


def statements_of(tables: tuple[str, ...]) -> Iterator[tuple[str, str]]:
    """(name of a statement, its table) for those of one account or reference; not COPY, which
    no server explains."""
    for name, text in attrs.asdict(statements("contactledger_", None, "%s")).items():
        if name in WHOLE | BOTH or not isinstance(text, str) or " " not in text:
            continue
        found = re.search(r'"contactledger_([a-z]+)"', text)
        assert found is not None
        if found[1] in tables and not text.startswith("COPY"):
            yield name, found[1]


def touched(
    connection: psycopg.Connection, name: str, table: str, schema: str | None = None
) -> list[str]:
    """The relations in the plan of a statement, for one account and one reference."""
    text = getattr(statements("contactledger_", schema, "%s"), name).format("%s")
    columns = connection.execute(
        "SELECT column_name, data_type FROM information_schema.columns "
        "WHERE table_schema = %s AND table_name = %s ORDER BY ordinal_position",
        (schema or "public", f"contactledger_{table}"),
    ).fetchall()
    kinds = dict(columns)
    if text.startswith("INSERT"):
        names = list(kinds)
    else:
        names = re.findall(r"\b([a-z0-9_]+) (?:=|>=|<|IN) \(?%s", text)
    assert len(names) == text.count("%s")
    samples = {"text": "a" * 26, "bytea": b"x" * 16}
    # numbers that grow, as "no >= 5 AND no < 5" would touch nothing
    values = [samples.get(kinds[n], position) for position, n in enumerate(names)]
    with psycopg.ClientCursor(connection) as cursor:
        ((plan,),) = cursor.execute(f"EXPLAIN (FORMAT JSON) {text}", values).fetchall()
    return sorted(set(re.findall(r"'Relation Name': '([a-z0-9_]+)'", str(plan))))
