"""Rows of a ledger: plain dicts, Arrow, and nothing personal unless asked for."""

from __future__ import annotations

import sys
from datetime import UTC, datetime, timedelta

import duckdb
import pyarrow as pa
import pytest

from contactledger.errors import BadInput, NotFound, NotInstalled
from contactledger.facts import Handoff, Matter, Message, Money, Promise
from contactledger.log.tlog import leaf_hash
from contactledger.tabulating import SETS
from tests.ledgers import SMITH, in_memory, mail, two_sides

SECRETS = (
    *("Bob Ray", "bob@smith", "Ann Lee", "smith-motors", "Smith Motors", "Carla Diaz"),
    *("Sync is back", "The refund", "A refund", "rel-1", "+1 555"),
)
"""Whatever the accounts below say that is personal."""


@pytest.fixture
def told():
    """Two accounts; in one a matter with a stake, a promise, and an answered and an open touch."""
    ledger, clock = in_memory()
    ledger.record(
        SMITH,
        *two_sides(),
        Matter("credit", title="The refund", stake=Money(189_500, "USD")),
        mail("rel-1", about="Sync is back", expects="reply", matter="credit"),
        Promise("p1", "acme", "smith", due=clock() + timedelta(days=1), what="A refund", matter="credit"),
        Handoff("credit", "acme", "smith"),
    )  # fmt: skip
    clock.set(clock() + timedelta(hours=2))
    ledger.record(
        SMITH,
        mail("re-1", to="acme", sender="bob", answers="rel-1", message=Message(subject="Re: Sync")),
    )
    ledger.record("jones", *two_sides(), mail("rel-1", about="Sync", expects="reply"))
    clock.set(clock() + timedelta(days=30))
    return ledger


def names(rows):
    return list(rows.columns)


@pytest.mark.parametrize("what", [what for what in SETS if what != "disclosures"])
def test_rows_are_plain_dicts_with_the_columns_in_order(told, what):
    rows = told.rows(what)
    assert len(rows) > 0
    for row in rows:
        assert list(row) == names(rows)
        for value in row.values():
            assert value is None or type(value) in (str, int, bool, datetime, list)
            assert not isinstance(value, datetime) or value.tzinfo is UTC
    assert repr(rows) == f"<Rows: {len(rows)} {what}>"


def test_findings_say_what_the_findings_say(told):
    rows = told.rows(account=SMITH)
    found = told.findings(SMITH)
    assert [row["outcome"] for row in rows] == [str(f.outcome) for f in found]
    assert [row["because"] for row in rows] == [list(f.because) for f in found]
    assert [row["at_utc"] for row in rows] == [f.at for f in found]
    assert [row["reach"] for row in rows] == [f.reach.word for f in found]
    assert rows[0]["account_id"] == told.entries(SMITH)[0].account
    assert rows[0]["late_by_seconds"] is None


def test_entries_carry_the_very_bytes_that_are_hashed(told):
    rows = told.rows("entries", account=SMITH)
    assert [row["no"] for row in rows] == list(range(12))
    for row in rows:
        assert leaf_hash(row["record"].encode()).hex() == row["leaf"]


def test_cases_promises_and_parties_are_those_of_the_standing(told):
    standing = told.standing(SMITH)
    (case,) = [row for row in told.rows("cases", account=SMITH) if row["named"]]
    assert (case["stake_minor"], case["stake_currency"], case["worth_minor"]) == (
        189_500,
        "USD",
        None,
    )
    assert (case["touches"], case["promises"], case["handoffs"]) == (2, 1, 1)
    assert [row["state"] for row in told.rows("promises")] == [
        str(p.state) for p in standing.promises
    ]
    parties = told.rows("parties", account=SMITH)
    assert [(row["role"], row["sent"]) for row in parties] == [
        (str(column.role), column.sent) for column in standing.columns
    ]
    assert parties[1]["answer_median_seconds"] == 2 * 3600


def test_without_an_account_there_are_the_rows_of_all(told):
    assert len(told.rows("entries")) == 12 + 8
    assert len({row["account_id"] for row in told.rows("findings")}) == 2


def test_a_moment_and_a_period_cut_the_rows(told):
    assert [row["outcome"] for row in told.rows(account=SMITH, as_of="2026-03-02T10:00Z")] == [
        "pending"
    ]
    assert len(told.rows("entries", account=SMITH, as_of="2026-03-02T10:00Z")) == 11
    assert len(told.rows(account=SMITH, period="2026-04")) == 0
    assert len(told.rows(account=SMITH, period="2026-03")) == 2


@pytest.mark.parametrize("what", [what for what in SETS if what != "disclosures"])
def test_nothing_personal_is_in_the_rows_unless_it_was_asked_for(told, what):
    plain, full = told.rows(what), told.rows(what, personal=True)
    assert [secret for secret in SECRETS if secret in repr([*plain])] == []
    more = set(full.columns) - set(plain.columns)
    assert {what: more} == {what: {c.name for c in SETS[what] if c.personal}}
    assert {row["account"] for row in full} <= {SMITH, "jones"}
    assert [{key: row[key] for key in plain.columns} for row in full] == [*plain]


def test_names_and_subjects_are_there_when_asked_for(told):
    first, second = told.rows(account=SMITH, personal=True)
    assert (first["sender"], first["receiver"], first["about"]) == (
        "ACME Dealer Systems",
        "Smith Motors",
        "Sync is back",
    )
    assert (second["sender_person"], second["about"]) == ("Bob Ray", "Re: Sync")
    assert [row["title"] for row in told.rows("cases", account=SMITH, personal=True)] == [
        "The refund"
    ]
    assert [row["what"] for row in told.rows("promises", personal=True)] == ["A refund"]
    values = {row["value"] for row in told.rows("disclosures", account=SMITH, personal=True)}
    assert '"Bob Ray"' in values
    assert '["+1 555 0111"]' in values


def test_the_key_stands_for_a_name_that_was_never_given():
    ledger, _ = in_memory()
    party, *others = two_sides()
    ledger.record(SMITH, type(party)("acme", role="vendor"), *others, mail("a"))
    assert [row["sender"] for row in ledger.rows(personal=True)] == ["acme"]


def test_what_was_erased_is_none_and_stays_erased(told):
    told.redact(SMITH, person="bob")
    told.redact("jones")
    rows = told.rows(account=SMITH, personal=True)
    assert [row["sender_person"] for row in rows] == [None, None]
    values = {row["value"] for row in told.rows("disclosures", personal=True)}
    assert '"Bob Ray"' not in values
    assert '"Carla Diaz"' in values
    (jones,) = {row["account_id"] for row in told.rows("entries")} - {rows[0]["account_id"]}
    erased = [row for row in told.rows("findings", personal=True) if row["account_id"] == jones]
    assert [(row["account"], row["receiver"], row["about"]) for row in erased] == [
        (None, None, None)
    ]
    assert [r for r in told.rows("disclosures", personal=True) if r["account_id"] == jones] == []


def test_a_set_that_is_not_there_or_was_not_asked_for_is_refused(told):
    with pytest.raises(BadInput, match="what: must be one of: entries, disclosures, findings"):
        told.rows("people")
    with pytest.raises(BadInput, match="what: disclosures are personal"):
        told.rows("disclosures")
    with pytest.raises(NotFound):
        told.rows(account="nobody")


# --- Arrow ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("what", list(SETS))
def test_the_same_stands_in_arrow(told, what):
    rows = told.rows(what, personal=True)
    table = pa.table(rows)
    assert table.column_names == names(rows)
    naive = [
        {k: v.replace(tzinfo=None) if isinstance(v, datetime) else v for k, v in row.items()}
        for row in rows
    ]
    assert table.to_pylist() == naive
    assert pa.schema(rows) == table.schema


def test_times_in_arrow_have_no_zone_as_their_names_say_it(told):
    schema = pa.schema(told.rows())
    times = [field for field in schema if pa.types.is_timestamp(field.type)]
    assert [field.name for field in times] == ["at_utc", "due_utc", "settled_at_utc"]
    assert {str(field.type) for field in times} == {"timestamp[us]"}


def test_duckdb_takes_the_rows_as_they_are(told):
    found = told.rows()
    query = "SELECT outcome, count(*), min(at_utc) FROM found GROUP BY 1 ORDER BY 1"
    with duckdb.connect() as connection:
        connection.register("found", pa.table(found))
        rows = connection.sql(query).fetchall()
        assert rows == duckdb.sql(query).fetchall()
    assert sum(count for _, count, _ in rows) == 3
    assert min(first for *_, first in rows) == datetime(2026, 3, 2, 9)  # noqa: DTZ001 - as duckdb says it


def test_no_rows_have_their_columns_still():
    ledger, _ = in_memory()
    rows = ledger.rows("cases")
    assert (len(rows), pa.table(rows).num_rows) == (0, 0)
    assert pa.table(rows).column_names == names(rows)


def test_a_part_of_the_rows_is_rows_again(told):
    rows = told.rows("entries", account=SMITH)
    assert [*rows[3:5]] == [rows[3], rows[4]]
    assert pa.table(rows[3:5]).num_rows == 2
    assert rows[-1]["no"] == 11


def test_no_column_has_a_name_that_sql_keeps_for_itself():
    for columns in SETS.values():
        for column in columns:
            duckdb.sql(f"SELECT 1 AS {column.name}").fetchall()
            assert column.name != "at"


def test_without_pyarrow_the_dicts_are_there_and_the_error_says_what_to_install(told, monkeypatch):
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    rows = told.rows()
    assert len([*rows]) == 3
    with pytest.raises(NotInstalled, match=r"Arrow and Parquet need contactledger\[frames\]"):
        rows.__arrow_c_stream__()
