"""Asking everything of a log, of its entries as they are and of what is left without anything
personal: the answers must be the same."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from contactledger.facts import Entry
from contactledger.judge.diligence import diligence, turns
from contactledger.judge.kept import attendance, promise_records
from contactledger.judge.passage import passages
from contactledger.judge.policy import DEFAULT_POLICY
from contactledger.judge.questions import Judged, judged
from contactledger.judge.told import subjects, told
from contactledger.judge.waiting import answer_times, waiting
from contactledger.questions import About
from tests.judging import Log, day, stripped, two_sides

CHANNELS = ("email", "phone", "sms", "chat", "meeting", "visit", "letter", "ticket", "other")


def ledger(policy: str = DEFAULT_POLICY) -> Log:
    """Both sides, and collectors that listened to all channels."""
    log = two_sides(policy)
    log.coverage(*CHANNELS, since=day(-9), until=day(300), at=day(-9))
    return log


def ask(log: Log, as_of: datetime) -> Judged:
    """The account judged, after everything that may be asked was asked twice."""
    asked = judged(log.entries, as_of)
    assert every_answer(asked) == every_answer(judged(stripped(log.entries), as_of))
    return asked


def every_answer(asked: Judged) -> list[Any]:
    return [
        *(f(asked) for f in (waiting, answer_times, turns, diligence, attendance)),
        *(passages(asked, least=least) for least in (1, 3)),
        promise_records(asked),
        *(told(asked, about, by=by) for about in subjects(asked) for by in asked.view.parties),
    ]


def states(asked: Judged, topic: str = "", by: str = "acme", **about: str) -> dict[str, str]:
    """Who (a person, else the party) → what may be said of what it was told."""
    (kind, name) = next(iter(about.items()), ("topic", topic))
    rows = told(asked, About(kind, name), by=by).rows
    return {row.person or row.party: row.state for row in rows}


def numbers(entries: Iterable[Entry]) -> tuple[int, ...]:
    return tuple(entry.no for entry in entries)
