"""The answers as rows: their columns, the same for a ledger and for one account asked."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from contactledger import Handoff, Matter, Milestone, Money, Party, Person, Promise, Signal, Touch
from contactledger.asked_rows import ASKED
from contactledger.columns import Called
from contactledger.errors import BadInput
from contactledger.tabulating import columns_of, rows_of
from tests.ledgers import SMITH, in_memory, mail, two_sides

SECRETS = (
    *("Bob Ray", "bob@smith", "Ann Lee", "Smith Motors", "Carla Diaz", "Max Roth", "Prime Ltd"),
    *("Sync is back", "The refund", "A refund", "rel-1", "smith-motors", "Release 7", "rel-7"),
)
"""Whatever the account below says that is personal."""


@pytest.fixture
def ledger():
    """An account with a row in every set: a matter that was handed on and escalated, a promise, a
    meeting, a release; and one in which nothing happened."""
    it, clock = in_memory()
    it.record(
        SMITH,
        *two_sides(),
        Person("max", "smith", "Max Roth", level=3),
        Party("prime", "Prime Ltd", "partner"),
        Milestone("rel-7", "release", "Release 7", topics=("sync",)),
        Matter("credit", title="The refund", stake=Money(189_500, "USD")),
        Promise("p1", "acme", "smith", clock() + timedelta(days=1), "A refund", matter="credit"),
        Touch("ann", "bob", "meeting", key="m", about="Sync is back", starts=clock(), ends=clock()),
        Signal("m", "attended", "bob", "human"),
        mail("rel-1", about="Sync is back", expects="reply", matter="credit", milestone="rel-7"),
        Signal("rel-1", "delivered", "bob", system="third", auth="signed_body"),
        Handoff("credit", "acme", "prime"),
    )
    clock.set(clock() + timedelta(days=1))
    it.record(SMITH, mail("rel-2", "max", expects="reply", matter="credit"))
    it.record("jones", *two_sides())
    clock.set(clock() + timedelta(days=30))
    return it


def test_every_column_of_every_set_is_named_and_stays():
    assert {what: [c.name for c in columns_of(what, personal=False)][1:] for what in ASKED} == {
        "told": [
            "about_kind", "about", "by_id", "party_id", "role", "person_id", "state", "reach",
            "grade", "first_at_utc", "held_against", "touches", "rules", "because",
        ],
        "waiting": [
            "no", "owed_id", "owes_id", "channel", "purpose", "matter_id", "at_utc", "due_utc",
            "outcome", "grade", "waited_seconds", "waited_business_seconds", "overdue_seconds",
            "overdue_business_seconds", "reminders", "possible", "held_against", "rules", "because",
        ],
        "answer_times": [
            "party_id", "asker_id", "asked", "answered", "late", "waiting", "reminders",
            "median_seconds", "median_business_seconds", "worst_seconds",
            "worst_business_seconds", "worst_no", "oldest_no", "because",
        ],
        "turns": [
            "matter_id", "named", "opened_at_utc", "party_id", "rule", "since_utc", "until_utc",
            "next_rung", "diligence_complete", "waited_seconds", "first", "rules", "because",
        ],
        "diligence": [
            "no", "matter_id", "by_id", "toward_id", "due_utc", "state", "climbed", "tried",
            "missing", "open_now", "waits_until_utc", "rules", "because",
        ],
        "passages": [
            "matter_id", "named", "party_ids", "holder_id", "stays", "handoffs", "escalations",
            "circles", "unanswered", "stake_minor", "stake_currency", "worth_minor",
            "worth_currency", "rules", "because",
        ],
        "stays": [
            "matter_id", "party_id", "since_utc", "until_utc", "length_seconds", "again", "because",
        ],
        "handoffs": [
            "matter_id", "no", "giver_id", "taker_id", "at_utc", "due_utc", "state",
            "answered_no", "circle", "rules",
        ],
        "escalations": [
            "matter_id", "no", "by_id", "toward_id", "person_id", "level", "outcome", "answered",
            "rules", "because",
        ],
        "promise_records": [
            "promiser_id", "promisee_id", "due", "overdue", "kept", "late", "missed", "withdrawn",
            "disputed", "rules", "because",
        ],
        "attendance": [
            "no", "matter_id", "party_id", "host", "starts_utc", "ends_utc", "state",
            "accepted_ids", "came_ids", "absent_ids", "declined_ids", "rules", "because",
        ],
    }  # fmt: skip


@pytest.mark.parametrize("what", list(ASKED))
def test_rows_are_plain_dicts_and_hold_nothing_personal_unless_asked(ledger, what):
    rows = ledger.rows(what)
    assert len(rows) > 0
    for row in rows:
        assert list(row) == list(rows.columns)
        assert "at" not in row
        for value in row.values():
            assert value is None or type(value) in (str, int, bool, datetime, list)
            assert not isinstance(value, datetime) or value.tzinfo is UTC
    text = repr(rows[:].arrow().to_pylist())
    assert [secret for secret in SECRETS if secret in text] == []
    with_names = ledger.rows(what, personal=True)
    more = set(with_names.columns) - set(rows.columns)
    assert more == {column.name for column in ASKED[what] if column.personal}
    assert [{k: row[k] for k in rows.columns} for row in with_names] == list(rows)
    assert "smith-motors" in repr(list(with_names))


@pytest.mark.parametrize("what", list(ASKED))
def test_a_ledger_gives_the_rows_of_its_accounts_one_after_the_other(ledger, what):
    both = [*ledger.ask("jones").rows(what), *ledger.ask(SMITH).rows(what)]
    assert list(ledger.rows(what)) == both
    one = ledger.rows(what, account=SMITH, personal=True)
    assert list(one) == list(ledger.ask(SMITH).rows(what, personal=True))


def test_answers_and_findings_of_a_period_stand_beside_each_other(ledger):
    (sets,) = ledger.row_sets(["findings", "waiting"], account=SMITH, period="2020")
    assert (sets["findings"], len(sets["waiting"])) == ([], 2)


def test_told_is_of_one_thing_where_one_is_named(ledger):
    asked = ledger.ask(SMITH)
    every = asked.rows("told")
    assert [row["about_kind"] for row in every if row["person_id"] is None] == [
        *["topic"] * 2, *["milestone"] * 2, *["matter"] * 2,
    ]  # fmt: skip
    named = asked.rows("told", milestone="rel-7", personal=True)
    assert [row["about_name"] for row in named] == ["Release 7"] * 5
    assert [(row["person"] or row["party"], row["state"]) for row in named] == [
        ("Smith Motors", "ignored"), ("Bob Ray", "ignored"), ("Carla Diaz", "never_told"),
        ("Max Roth", "never_told"), ("Prime Ltd", "never_told"),
    ]  # fmt: skip
    assert [row["role"] for row in named] == ["customer"] * 4 + ["partner"]


def test_another_set_and_a_subject_where_none_belongs_are_refused(ledger):
    asked = ledger.ask(SMITH)
    with pytest.raises(BadInput, match="what: must be one of: told, waiting"):
        asked.rows("findings")
    with pytest.raises(BadInput, match="what: only told is about something"):
        asked.rows("turns", topic="sync")


def test_values_that_are_missing_are_none(ledger):
    (row,) = [
        row for row in ledger.ask(SMITH).rows("told", topic="nothing") if row["role"] == "partner"
    ]
    assert (row["reach"], row["grade"], row["first_at_utc"], row["touches"]) == (
        None,
        None,
        None,
        [],
    )
    assert rows_of([], ASKED["told"], Called("id", None, {}, {})) == []
