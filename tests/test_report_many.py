"""Reports where there is more than two of everything: parties, accounts, people, entries."""

from __future__ import annotations

from typing import Any

import pytest

from contactledger.facts import Party, Preference, Touch
from contactledger.report.document import Column, Section, Table, TableRow
from contactledger.report.forms import WIDTH, cells, section_text
from contactledger.report.kind_health import rows as health
from contactledger.report.render import render
from contactledger.report.words import Words
from tests.kinds import kind_rows, proof_rows
from tests.ledgers import SMITH, filled, mail


@pytest.mark.parametrize("kind", ["proof-of-contact", "both-sides"])
def test_of_three_parties_the_columns_say_how_a_touch_to_two_of_them_is_counted(kind):
    ledger, _ = filled()
    ledger.record(SMITH, mail("to-one"))
    said = "A touch to several parties counts once for each of them."
    assert said not in ledger.report(SMITH, kind).text()
    ledger.record(
        SMITH,
        Party("prime", "Prime Ltd", "partner"),
        mail("to-two", ("bob", "prime")),
    )
    report = ledger.report(SMITH, kind)
    assert said in report.text()
    assert [c["sent"] for c in report.data["columns"]] == [3, 0, 0]


def test_every_kind_says_in_the_same_words_who_agreed_to_the_policy():
    rows = proof_rows()
    whose = "ACME Dealer Systems’ own policy; Smith Motors has not agreed to it [1]"
    for kind in ("proof-of-contact", "both-sides", "promises", "contact-pressure"):
        text = render(kind, rows if kind == "proof-of-contact" else kind_rows(kind, rows)).text()
        assert whose in " ".join(text.split())


def test_times_without_a_listener_that_overlap_are_one_over_all_accounts():
    def gap(since: int, until: int | None, state: str = "assumed", channel: str = "meeting") -> Any:
        stamps = [None if d is None else f"2026-03-{d:02}T09:00:00Z" for d in (since, until)]
        return {
            "collector": "", "channels": [channel], "state": state,
            "since": stamps[0], "since_local": stamps[0],
            "until": stamps[1], "until_local": stamps[1],
        }  # fmt: skip

    given = [
        gap(9, None), gap(5, None), gap(1, 3), gap(2, 4), gap(2, 3), gap(7, 8),
        gap(5, None, channel="sms"), gap(6, None, "blind"),
    ]  # fmt: skip
    found = health([], given, {}, 0, "2026-03-20T09:00:00Z", "2026-03-20T09:00:00Z", "UTC")["gaps"]
    told = [(g["channels"][0], g["state"], g["since"][8:10], (g["until"] or "-" * 10)[8:10])
            for g in found]  # fmt: skip
    assert told == [
        ("meeting", "assumed", "01", "04"),
        ("meeting", "assumed", "05", "--"),
        ("sms", "assumed", "05", "--"),
        ("meeting", "blind", "06", "--"),
    ]


def test_who_was_contacted_most_stands_first():
    people = kind_rows("contact-pressure", proof_rows())["people"]
    counts = [person["touches"] for person in people]
    assert counts == sorted(counts, reverse=True)
    assert counts[0] > counts[-1]


def test_a_column_whose_words_are_long_keeps_them_whole_at_the_cost_of_the_others():
    heads = [Column("Account"), Column("What became of it"), Column("Its people")]
    told = "never told of it by anybody " * 3
    cell = ["Müller-Lüdenscheidt-Ogden", told.strip(), told.strip()]
    section = Section("Told", [Table(heads, [TableRow(cell)])])
    lines = section_text(section, Words()).split("\n")
    assert any(line.startswith("Müller-Lüdenscheidt-Ogden  never") for line in lines)
    assert max(map(cells, lines)) <= WIDTH


def test_how_many_entries_were_hashed_is_written_as_every_number():
    ledger, _ = filled()
    ledger.record(SMITH, *(mail() for _ in range(1_000)))
    said = "1,007 entries. All 1,007 were hashed again for this report;"
    assert said in " ".join(ledger.report(SMITH, "promises").text().split())
    german = " ".join(ledger.report(SMITH, "promises", lang="de").text().split())
    assert german.count("1.007") == 2


def test_a_touch_that_broke_several_rules_is_several_breaches_and_is_called_that():
    ledger, _ = filled()
    ledger.record(
        SMITH,
        Preference("bob", refused="sms", consent=False),
        *(Touch("ann", "bob", "sms", "check_in") for _ in range(2)),
    )
    report = ledger.report(SMITH)
    ours = report.data["columns"][0]
    assert ours["violations"] > ours["sent"] == 2
    (line,) = [line for line in report.text().split("\n") if line.startswith("Breaches of")]
    assert str(ours["violations"]) in line
