"""The standing on one screen of a terminal."""

from __future__ import annotations

import attrs

from contactledger.findings import Onus
from contactledger.report.names import names
from contactledger.report.plain import WIDTH, standing_text
from contactledger.report.rows import Scope, rows
from tests.reporting import SCOPE, WORDING, standing

FOUND, STORY = standing()
CALLED = names(STORY.entries)


def lines(**changes: object) -> list[str]:
    found = attrs.evolve(FOUND, **changes)
    return standing_text(rows(found, CALLED, WORDING, SCOPE)).splitlines()


def test_it_begins_with_the_account_and_the_moment_it_speaks_of():
    assert lines()[0] == "Smith Motors, as of 28 Apr 2026 10:00 America/Chicago"


def test_it_says_how_many_entries_it_was_judged_from_where_that_is_known():
    counted = attrs.evolve(SCOPE, entries=1)
    assert "judged from 1 entry of its log\n" in standing_text(
        rows(FOUND, CALLED, WORDING, counted)
    )
    unknown = standing_text(rows(FOUND, CALLED, WORDING, Scope()))
    assert "judged from" not in unknown


def test_every_party_has_the_same_lines():
    table = [
        line for line in lines() if line.startswith(("Reached out", "Was reached", "  ignored"))
    ]
    assert [line.split()[-3:] for line in table] == [
        ["17", "5", "–"],
        ["5", "17", "–"],
        ["1", "6", "–"],
    ]


def test_it_fits_a_terminal():
    assert max(map(len, lines())) <= WIDTH


def test_it_names_the_turn_of_the_account_and_of_each_named_matter():
    text = " ".join(" ".join(lines()).split())
    assert text.count("Rule O") == 1 + len(FOUND.cases)
    assert "in the matter that is open for longest." in text


def test_a_matter_that_nobody_named_has_no_paragraph():
    unnamed = tuple(attrs.evolve(case, named=False) for case in FOUND.cases)
    assert "\n".join(lines(cases=unnamed)).count("Rule O") == 1


def test_where_it_is_nobodys_turn_no_matter_is_spoken_of():
    nobody = lines(onus=Onus(None, "O9", None, ()), cases=())
    assert nobody[-1] == "  It is nobody’s turn: nothing calls for an act. Rule O9."
