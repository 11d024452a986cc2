"""The sentences of answers over all accounts."""

from __future__ import annotations

from typing import Any

import pytest

from contactledger.report.across_text import Found, text
from contactledger.report.words import Words
from tests.judging import day


@pytest.mark.parametrize(
    ("row", "said"),
    [
        ({"party": "prime-party-id", "rule": "O1"},
         "prime-pa must act, since 2 Mar 2026 10:00. A reason."),
        ({"party": None, "rule": "O9", "since_utc": None}, "nobody."),
        ({"title": "Labels", "party_name": "ACME", "rule": "", "until_utc": day(1)},
         "“Labels”, ACME must act, since 2 Mar 2026 10:00, until 3 Mar 2026 10:00."),
    ],
)  # fmt: skip
def test_whose_turn_it_is(row: dict[str, Any], said: str) -> None:
    whole = {
        "account": "north", "matter": "m", "title": None, "party": "p", "party_name": None,
        "since_utc": day(0), "until_utc": None, **row,
    }  # fmt: skip
    found = Found("turns", 1, 1, [whole], day(2), rules={"O1": "A reason."})
    assert text(found, Words()) == (
        f"1 open matter in 1 account, as of 4 Mar 2026 10:00 UTC:\n  north: {said}\n"
    )


def test_a_question_without_a_deadline_says_none() -> None:
    row = {
        "account": "north", "no": 7, "owed": "a", "owed_name": "ACME", "owes": "b",
        "owes_name": "Smith", "about": None, "channel": "letter", "purpose": "notice",
        "at_utc": day(0), "due_utc": None, "reminders": 0, "held_against": False,
    }  # fmt: skip
    page = text(Found("waiting", 1, 1, [row], day(2)), Words.of("de"))
    assert page == (
        "1 Frage ohne Antwort in 1 Konto, Stand 4. März 2026 10:00 UTC:\n"
        "  north: ACME wartet auf Smith, seit 2. März 2026 10:00 (Brief, Mitteilung) [7].\n"
    )
