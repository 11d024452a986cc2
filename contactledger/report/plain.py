"""A standing on one screen of a terminal: the columns of both sides, and whose turn it is.

Made of the rows of `rows.rows`, so it can say nothing that the whole report does not.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from textwrap import fill
from typing import Any

from contactledger.report.phrases import clock, date, number

WIDTH = 88
_LABEL = 30
_COLUMN = 19

_LINES = (
    ("Reached out", "sent"),
    ("  and was answered", "sent_answered"),
    ("  was seen", "sent_seen"),
    ("  needed nothing back", "sent_noted"),
    ("  is still within the time", "sent_pending"),
    ("  did not get there", "sent_unreached"),
    ("  stays unproven", "sent_unproven"),
    ("  was ignored", "sent_ignored"),
    ("  reminded of an earlier one", "reminders"),
    ("Was reached out to", "received"),
    ("  answered", "answered"),
    ("  saw", "seen"),
    ("  ignored", "ignored"),
    ("  counts against it", "held_against"),
    ("Promises kept", "promises_kept"),
    ("  missed", "promises_missed"),
    ("  disputed", "promises_disputed"),
    ("  past due", "promises_overdue"),
    ("Usual time to answer", "answer_median"),
)


def standing_text(data: Mapping[str, Any]) -> str:
    """The rows of a report as plain text of about 50 lines, ending in LF."""
    return "\n".join(_lines(data)) + "\n"


def _lines(data: Mapping[str, Any]) -> Iterator[str]:
    when = f"{date(data['as_of_local'])} {clock(data['as_of_local'])} {data['zone']}"
    yield f"{data['account']['name']}, as of {when}"
    if data["entries"]["count"] is not None:
        yield f"judged from {number(data['entries']['count'], 'entry', 'entries')} of its log"
    yield ""
    columns = data["columns"]
    yield " " * _LABEL + "".join(_cell(column["name"]) for column in columns)
    yield " " * _LABEL + "".join(_cell(column["role"]) for column in columns)
    for label, key in _LINES:
        yield f"{label:<{_LABEL}}" + "".join(_cell(column[key] or "–") for column in columns)
    yield ""
    yield "Whose turn it is"
    yield from _turn(data["onus"], "in the matter that is open for longest")
    for case in data["cases"]:
        if case["named"]:
            yield ""
            stake = f", {case['stake']} at stake" if case["stake"] else ""
            yield f"{case['title']} ({case['state_text']}{stake})"
            yield from _turn(case["onus"])


def _turn(onus: Mapping[str, Any], where: str = "") -> Iterator[str]:
    where = f", {where}" if where and onus["party"] else ""
    text = f"{onus['text']} Rule {onus['rule']}{where}."
    yield fill(text, WIDTH, initial_indent="  ", subsequent_indent="  ")


def _cell(value: object) -> str:
    text = str(value)
    return f"{text if len(text) < _COLUMN else text[: _COLUMN - 2] + '…':>{_COLUMN}}"
