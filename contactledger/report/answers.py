"""The answers to the questions an account is asked, in sentences: for the proof of contact and
for a terminal.

Keys of the result: titles, and by the keys of `TITLES` lists of sentences, `{"text": …, "because":
[…]}`, empty where there is nothing to say. So many of a list are told as a reader will bear, of
waits the oldest, of meetings the newest; the row sets of the questions have all of them.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from textwrap import fill
from typing import Any

from attrs import frozen

from contactledger.questions import (
    AnswerTimes,
    Attendance,
    Diligence,
    Escalation,
    Passage,
    Told,
    ToldRow,
    Waiting,
)
from contactledger.report.names import Names
from contactledger.report.phrases import (
    CHANNELS,
    RUNGS,
    clock,
    date,
    iso_local,
    lasting,
    listed,
    number,
    word,
)
from contactledger.report.wording import Scope

Row = dict[str, Any]
WIDTH = 88
CITED = 12
"""Entry numbers behind a sentence on a terminal."""
MOST = 20
"""Sentences of one list; what comes after them is counted."""

TITLES = {
    "waiting": "Who waits for an answer",
    "times": "How long answers take",
    "diligence": "What was tried before",
    "told": "Who was told",
    "escalations": "Who was turned to higher up",
    "attendance": "Who came",
}
"""List of sentences → its title, in the order in which they stand in a report."""
TOLD = {
    "answered": "answered",
    "seen": "saw it",
    "ignored": "ignored it",
    "pending": "still within the time",
    "told": "told",
    "unproven": "nothing shows that it arrived",
    "unreached": "could not be reached",
    "never_told": "never told",
}
"""State of somebody who should know of something → words."""
CAME = {
    "to_come": "it has not ended",
    "came": "came",
    "absent": "nobody came",
    "declined": "declined",
    "disputed": "disputes that nobody came",
    "unsaid": "nobody says whether anybody came",
}
"""State of a party at a meeting → words."""


@frozen
class Answers:
    """Everything that was asked, as values; `told` is of those things that are worth a list."""

    waiting: Sequence[Waiting] = ()
    times: Sequence[AnswerTimes] = ()
    diligence: Sequence[Diligence] = ()
    told: Sequence[Told] = ()
    passages: Sequence[Passage] = ()
    attendance: Sequence[Attendance] = ()


def answer_rows(answers: Answers, called: Names, scope: Scope | None = None) -> Row:
    """The answers in sentences, by the names that are still disclosed."""
    sheet = _Sheet(called, scope or Scope())
    meetings: dict[int, list[Attendance]] = {}
    for one in answers.attendance:
        meetings.setdefault(one.no, []).append(one)
    escalations = [one for passage in answers.passages for one in passage.escalations]
    return {
        "titles": dict(TITLES),
        "waiting": _most([sheet.waiting(one) for one in answers.waiting]),
        "times": [sheet.times(one) for one in answers.times],
        "diligence": _most([sheet.diligence(one) for one in answers.diligence]),
        "told": _most([line for told in answers.told for line in sheet.told(told)]),
        "escalations": _most([sheet.escalation(one) for one in escalations]),
        "attendance": _most([sheet.meeting(rows) for rows in reversed(meetings.values())]),
    }


def _most(lines: list[Row]) -> list[Row]:
    more = len(lines) - MOST
    if more <= 0:
        return lines
    because = [no for line in lines[MOST:] for no in line["because"][:1]]
    return [*lines[:MOST], {"text": f"And {more:,} more.", "because": because}]


def hours(span: timedelta) -> str:
    """A length of business time, in hours and minutes: its days are not those of a calendar."""
    whole, minutes = divmod(int(span.total_seconds()) // 60, 60)
    parts = [number(whole, "hour")] if whole else []
    parts += [number(minutes, "minute")] if minutes else []
    return " ".join(parts) or "0 minutes"


@frozen
class _Sheet:
    """The sentences; they share the names and the zone."""

    called: Names
    scope: Scope

    def day(self, moment: datetime) -> str:
        return date(iso_local(moment, self.scope.zone))

    def when(self, moment: datetime) -> str:
        local = iso_local(moment, self.scope.zone)
        return f"{date(local)} {clock(local)}"

    def people(self, refs: Iterable[str]) -> str:
        return listed([self.called.of(ref) for ref in refs])

    def waiting(self, one: Waiting) -> Row:
        owed, owes = self.called.of(one.owed), self.called.of(one.owes)
        about = self.called.about(one.no)
        what = f" about “{about}”" if about else ""
        text = (
            f"{owed} has waited for {owes} since {self.when(one.at)}{what} "
            f"({word(CHANNELS, one.channel)}): {lasting(one.waited)}, of business time "
            f"{hours(one.waited_business)}"
        )
        if one.reminders:
            text += f", reminded {number(len(one.reminders), 'time')}"
        if one.overdue_business is not None:
            text += f"; overdue by {hours(one.overdue_business)} of business time"
        elif one.due is not None:
            text += f"; due {self.when(one.due)}"
        if one.possible:
            text += "; a later act may be the answer"
        if one.held_against:
            text += f"; it counts against {owes}"
        return {"text": f"{text}.", "because": [one.no, *one.reminders, *one.possible]}

    def times(self, one: AnswerTimes) -> Row:
        party, asker = self.called.of(one.party), self.called.of(one.asker)
        asked = number(one.asked, "question")
        if one.median is None or one.worst is None or one.worst_no is None:
            text = f"{party} gave no answer to {asked} of {asker}."
            because = list(one.because)
        else:
            text = f"{party} answered {one.answered:,} of {asked} of {asker}"
            text += f", {one.late:,} late" if one.late else ""
            text += f"; usually in {lasting(one.median)}, at worst in {lasting(one.worst)}"
            business = [
                hours(span or timedelta()) for span in (one.median_business, one.worst_business)
            ]
            text += f" (of business time {listed(business)})."
            because = [one.worst_no]
        return {"text": text, "because": because}

    def diligence(self, one: Diligence) -> Row:
        by, toward = self.called.of(one.by), self.called.of(one.toward)
        steps = len(one.climbed) + len(one.tried) + len(one.missing)
        text = f"{by} waits for {toward}: "
        if one.state == "complete":
            text += "due diligence is complete"
            text += f", {number(steps, 'step')} of the ladder" if steps else ", no ladder is agreed"
        else:
            text += f"{len(one.climbed):,} of {number(steps, 'step')} of the ladder climbed"
            if one.missing:
                text += f"; missing: {listed([word(RUNGS, rung.code) for rung in one.missing])}"
            if one.waits_until is not None:
                text += f"; the last touch has time until {self.when(one.waits_until)}"
        return {"text": f"{text}.", "because": list(one.because)}

    def told(self, told: Told) -> list[Row]:
        name = told.about.name
        what = self.called.called.get(name) or name
        whole = {row.party: row for row in told.rows if row.person is None}
        return [self._told(told, what, row) for row in whole.values()]

    def _told(self, told: Told, what: str, party: ToldRow) -> Row:
        states: dict[str, list[str]] = {}
        for row in told.rows:
            if row.party == party.party and row.person is not None:
                states.setdefault(TOLD[row.state], []).append(self.called.of(row.person))
        text = f"“{what}”: {self.called.of(party.party)}, {TOLD[party.state]}"
        if states:
            people = [f"{listed(names)}: {state}" for state, names in states.items()]
            text += f" ({'; '.join(people)})"
        return {"text": f"{text}.", "because": list(party.because)}

    def escalation(self, one: Escalation) -> Row:
        became = "answered" if one.answered else str(one.outcome)
        text = (
            f"{self.called.of(one.by)} turned higher up, to {self.called.of(one.person)} of "
            f"{self.called.of(one.toward)}: {became}."
        )
        return {"text": text, "because": [one.no]}

    def meeting(self, rows: list[Attendance]) -> Row:
        said = []
        for row in rows:
            part = f"{self.called.of(row.party)}{' (host)' if row.host else ''}: {CAME[row.state]}"
            if row.came:
                part += f" ({self.people(row.came)})"
            if row.absent:
                part += f", absent {self.people(row.absent)}"
            said.append(part)
        text = f"Meeting of {self.day(rows[0].starts)}. {'; '.join(said)}."
        because = sorted({no for row in rows for no in row.because})
        return {"text": text, "because": because}


def answers_text(data: Row) -> str:
    """The sentences on a terminal, in lines of 88 columns, ending in LF."""
    lines: list[str] = []
    for key, title in TITLES.items():
        if data[key]:
            lines += ["", title] if lines else [title]
            for line in data[key]:
                numbers = ", ".join(map(str, line["because"][:CITED]))
                cited = f" [{numbers}]" if numbers else ""
                said = f"{line['text'].removesuffix('.')}{cited}."
                lines.append(fill(said, WIDTH, initial_indent="  ", subsequent_indent="    "))
    return "\n".join(lines or ["Nothing was asked, promised or told yet."]) + "\n"
