"""Rows taken by Polars, pandas and DuckDB as they are, through the Arrow PyCapsule interface."""

from __future__ import annotations

from datetime import UTC

import duckdb
import pandas as pd
import polars as pl
import pytest

from contactledger.tabulating import SETS
from tests.ledgers import SMITH, in_memory, mail, two_sides


@pytest.fixture
def told():
    ledger, _ = in_memory()
    ledger.record(
        SMITH,
        *two_sides(),
        mail("rel-1", about="Sync", topics=("sync", "news"), expects="reply"),
        mail("rel-2", about='=HYPERLINK("x")\n汽车', expects="reply"),
        mail("re-1", to="acme", sender="bob", answers="rel-1"),
    )
    return ledger


def as_polars(rows):
    return pl.DataFrame(rows).to_dicts()


def as_pandas(rows):
    return pd.DataFrame.from_arrow(rows).astype(object).to_dict("records")


def as_duckdb(rows):
    return duckdb.sql("SELECT * FROM rows").fetchall()


@pytest.mark.parametrize("what", [what for what in SETS if what != "disclosures"])
def test_polars_and_duckdb_have_the_very_values(told, what):
    rows = told.rows(what)
    plain = [
        {key: v.replace(tzinfo=None) if hasattr(v, "tzinfo") else v for key, v in row.items()}
        for row in rows
    ]
    assert as_polars(rows) == plain
    assert as_duckdb(rows) == [tuple(row.values()) for row in plain]


@pytest.mark.parametrize("what", [what for what in SETS if what != "disclosures"])
def test_pandas_has_the_columns_and_the_rows(told, what):
    rows = told.rows(what)
    frame = pd.DataFrame.from_arrow(rows)
    assert list(frame.columns) == list(rows.columns)
    assert len(frame) == len(rows)


def test_pandas_has_the_very_values_of_findings(told):
    rows = told.rows(personal=True)
    frame = pd.DataFrame.from_arrow(rows)
    assert [list(one) for one in frame["topics"]] == [row["topics"] for row in rows]
    assert list(frame["about"].dropna()) == [row["about"] for row in rows if row["about"]]
    assert list(frame["at_utc"].dt.tz_localize(UTC)) == [row["at_utc"] for row in rows]
    assert list(frame["late"]) == [row["late"] for row in rows]


def test_no_rows_are_a_frame_with_columns_of_their_kinds(told):
    full, none = told.rows(), told.rows(period="2020")
    assert len(none) == 0
    assert pl.DataFrame(none).schema == pl.DataFrame(full).schema
    assert duckdb.sql("SELECT count(*) FROM none").fetchall() == [(0,)]
    assert list(pd.DataFrame.from_arrow(none).columns) == list(full.columns)
