"""The tables spread by account: what the metadata and the statements themselves say."""

from __future__ import annotations

import re

import attrs
import pytest

from contactledger.store.scaling import placement
from contactledger.store.scaling.placement import BY_ACCOUNT, BY_REFERENCE, IN_ONE_PLACE, placed
from contactledger.store.statements import statements
from contactledger.store.tables import tables

TABLES = tables("t_", None)
NAMED = {
    name: getattr(TABLES, name) for name in attrs.fields_dict(type(TABLES)) if name != "metadata"
}

OF_EVERY_ACCOUNT = {
    "heads": "check() and accounts() go through all accounts",
    "unsealed": "sealing finds whatever is new in any account",
    "lookups_from": "check_lookups() and reindex() go through all references",
}
"""The statements that ask all accounts at once, each with who needs it; none of them writes."""


def keys(table):
    """The columns of the primary key and of every unique index and constraint."""
    yield [column.name for column in table.primary_key]
    for index in table.indexes:
        if index.unique:
            yield [column.name for column in index.columns]
    for constraint in table.constraints:
        if type(constraint).__name__ == "UniqueConstraint":
            yield [column.name for column in constraint.columns]


def texts():
    """Every statement by its name; those with a list have one value in it. A question within a
    statement is one of its own."""
    prepared = statements("t_", None, "?")
    for name, text in attrs.asdict(prepared).items():
        if isinstance(text, str) and " " in text:
            listed = text.format("?") if "{}" in text else text
            outer, _, within = listed.partition(" AND NOT EXISTS (")
            yield name, outer
            if within:
                yield f"{name}, within", within.removesuffix(")")
        elif isinstance(text, dict):
            yield f"{name}, copied", text["copy"]["text"]
            yield f"{name}, unfolded", text["unfold"]["text"]


def table_of(text):
    (name,) = set(re.findall(r'"t_([a-z]+)"', text))
    return name


def test_every_table_has_its_place_and_no_other():
    assert sorted(NAMED) == sorted([*BY_ACCOUNT, *BY_REFERENCE, *IN_ONE_PLACE])
    assert [(table.name, column) for table, column in placed(TABLES)] == [
        *((f"t_{name}", "account") for name in BY_ACCOUNT),
        *((f"t_{name}", "ref") for name in BY_REFERENCE),
        *((f"t_{name}", None) for name in IN_ONE_PLACE),
    ]


@pytest.mark.parametrize("name", BY_ACCOUNT)
def test_every_unique_key_of_an_accounts_table_starts_with_the_account(name):
    assert [columns[0] for columns in keys(NAMED[name])] == ["account"]


def test_what_references_lead_to_is_a_table_of_its_own_keyed_by_the_reference():
    assert BY_REFERENCE == ("lookup",)
    assert list(keys(NAMED["lookup"])) == [["ref", "account", "id"]]


def test_the_tables_of_the_whole_ledger_are_few_and_stay_in_one_place():
    assert IN_ONE_PLACE == ("layout", "ledger", "slot", "sealed", "checkpoint", "tree", "inbox")


def test_nothing_ties_the_rows_of_one_table_to_those_of_another():
    # a foreign key would be checked on another machine, with a lock there
    assert [table.name for table in TABLES.metadata.tables.values() if table.foreign_keys] == []
    counted = [
        column.name for table in NAMED.values() for column in table.columns if column.identity
    ]
    assert counted == []


@pytest.mark.parametrize(("name", "text"), list(texts()), ids=lambda value: value.split(" ")[0])
def test_every_statement_says_where_its_rows_are(name, text):
    """By the account, by the reference, or of the whole ledger; never a guess."""
    table = table_of(text)
    column = placement.spread_by(table)
    verb = text.split(" ")[0]
    if column is None:
        assert table in IN_ONE_PLACE
    elif name in OF_EVERY_ACCOUNT:
        assert verb == "SELECT"
    elif verb in ("INSERT", "COPY"):
        names = re.search(r"\(([a-z0-9_, ]+)\)", text)[1].split(", ")
        assert column in names
        taken = re.search(r" SELECT ([^()]+) FROM unnest\([%b, ]+\) AS given ", text)
        if taken is None:
            assert " SELECT " not in text
        else:  # rows that came with it, all of one account
            assert taken[1].split(", ") == ["?" if name == "account" else name for name in names]
    else:
        (condition,) = re.findall(r" WHERE (.*)", text)
        assert re.search(rf"\b{column} (= \?|IN \(\?\))", condition)
        assert " OR " not in condition


def test_a_table_without_a_column_to_spread_it_by_stays():
    assert {name: placement.spread_by(name) for name in ("entry", "lookup", "tree")} == {
        "entry": "account",
        "lookup": "ref",
        "tree": None,
    }
