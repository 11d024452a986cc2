"""The tables are described once: what opening makes is what SQLAlchemy would make of them."""

from __future__ import annotations

import re

import pytest
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.schema import CreateIndex, CreateTable
from sqlmodel import SQLModel

from contactledger.store import layout, tables


def plain(text):
    """A statement without what means nothing: line ends, and quotes around names."""
    text = re.sub(r"\s+", " ", text.replace('"C"', "C").replace('"', "")).strip()
    return text.replace("( ", "(").replace(" )", ")").replace(" ,", ",")


@pytest.mark.parametrize(
    ("dialect", "schema"),
    [(sqlite.dialect(), None), (postgresql.dialect(), None), (postgresql.dialect(), "evidence")],
    ids=["sqlite", "postgresql", "a schema of postgresql"],
)
def test_the_statements_that_make_the_tables_are_those_of_sqlalchemy(dialect, schema):
    theirs = tables.tables("north_", schema).metadata.tables.values()
    made = [CreateTable(table) for table in theirs]
    made += [CreateIndex(index) for table in theirs for index in table.indexes]
    ours = [plain(text) for text in layout.made_by("north_", schema, dialect.name)]
    assert sorted(ours) == sorted(plain(str(each.compile(dialect=dialect))) for each in made)


def test_hosts_get_a_sqlmodel_class_for_each_table():
    for table in layout.TABLES:
        found = getattr(tables, table.name.capitalize())
        assert (issubclass(found, SQLModel), found.__module__) == (True, tables.__name__)
        assert (found.__doc__, found.__tablename__) == (table.says, table.name)
        assert list(found.model_fields) == list(table.columns)
        keys = [column.name for column in found.__table__.primary_key]
        assert keys == list(table.columns)[: table.keys]
    row = tables.Account(account="a", size=1, frontier=b"", sealed=0, recorded_at=None)
    assert (row.size, row.recorded_at) == (1, None)
