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
    clean,
    iso_local,
    word,
)
from contactledger.report.wording import Scope
from contactledger.report.words import Words

Row = dict[str, Any]
ENGLISH = Words()
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
    "answered": "answered it",
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


def answer_rows(
    answers: Answers, called: Names, scope: Scope | None = None, words: Words = ENGLISH
) -> Row:
    """The answers in sentences of a language, by the names that are still disclosed."""
    sheet = _Sheet(called, scope or Scope(), words)
    meetings: dict[int, list[Attendance]] = {}
    for one in answers.attendance:
        meetings.setdefault(one.no, []).append(one)
    escalations = [one for passage in answers.passages for one in passage.escalations]
    return {
        "titles": {key: words(title) for key, title in TITLES.items()},
        "waiting": sheet.most([sheet.waiting(one) for one in answers.waiting]),
        "times": [sheet.times(one) for one in answers.times],
        "diligence": sheet.most([sheet.diligence(one) for one in answers.diligence]),
        "told": sheet.most([line for told in answers.told for line in sheet.told(told)]),
        "escalations": sheet.most([sheet.escalation(one) for one in escalations]),
        "attendance": sheet.most([sheet.meeting(rows) for rows in reversed(meetings.values())]),
    }


def hours(span: timedelta, words: Words = ENGLISH) -> str:
    """A length of business time, in hours and minutes: its days are not those of a calendar."""
    whole, minutes = divmod(int(span.total_seconds()) // 60, 60)
    parts = [words.count(whole, "{n} hour", "{n} hours")] if whole else []
    parts += [words.count(minutes, "{n} minute", "{n} minutes")] if minutes else []
    return " ".join(parts) or words("{n} minutes", n=0)


@frozen
class _Sheet:
    """The sentences; they share the names, the zone and the language."""

    called: Names
    scope: Scope
    words: Words

    def most(self, lines: list[Row]) -> list[Row]:
        """As many as a reader will bear; those after them are counted."""
        words, more = self.words, len(lines) - MOST
        if more <= 0:
            return lines
        because = [no for line in lines[MOST:] for no in line["because"][:1]]
        text = words("And {n} more.", n=words.number(more))
        return [*lines[:MOST], {"text": text, "because": because}]

    def when(self, moment: datetime) -> str:
        local = iso_local(moment, self.scope.zone)
        return f"{self.words.date(local)} {local[11:16]}"

    def hours(self, span: timedelta) -> str:
        return hours(span, self.words)

    def people(self, refs: Iterable[str]) -> str:
        return self.words.listed([self.called.of(ref) for ref in refs])

    def waiting(self, one: Waiting) -> Row:
        words, owes = self.words, self.called.of(one.owes)
        text = words(
            "{owed} has waited for {owes} since {when}",
            owed=self.called.of(one.owed),
            owes=owes,
            when=self.when(one.at),
        )
        about, channel = self.called.about(one.no), words(word(CHANNELS, one.channel))
        if about:
            text += words(" about “{about}” ({channel})", about=about, channel=channel)
        else:
            text += f" ({channel})"
        text += words(
            ": {span}, of business time {hours}",
            span=words.lasting(one.waited.total_seconds()),
            hours=self.hours(one.waited_business),
        )
        if one.reminders:
            times = words.count(len(one.reminders), "{n} time", "{n} times")
            text += words(", reminded {times}", times=times)
        if one.overdue_business is not None:
            over = self.hours(one.overdue_business)
            text += words("; overdue by {hours} of business time", hours=over)
        elif one.due is not None:
            text += words("; due {when}", when=self.when(one.due))
        if one.possible:
            text += words("; a later act may be the answer")
        if one.held_against:
            text += words("; it counts against {party}", party=owes)
        return {"text": f"{text}.", "because": [one.no, *one.reminders, *one.possible]}

    def times(self, one: AnswerTimes) -> Row:
        words = self.words
        who = {
            "party": self.called.of(one.party),
            "asker": self.called.of(one.asker),
            "asked": words.count(one.asked, "{n} question", "{n} questions"),
        }
        if one.median is None or one.worst is None or one.worst_no is None:
            text = words("{party} gave no answer to {asked} of {asker}.", **who)
            return {"text": text, "because": list(one.because)}
        answered = words.number(one.answered)
        text = words("{party} answered {n} of {asked} of {asker}", **who, n=answered)
        text += words(", {n} late", n=words.number(one.late)) if one.late else ""
        business = [
            self.hours(span or timedelta()) for span in (one.median_business, one.worst_business)
        ]
        text += words(
            "; usually in {median}, at worst in {worst} (of business time {hours}).",
            median=words.lasting(one.median.total_seconds()),
            worst=words.lasting(one.worst.total_seconds()),
            hours=words.listed(business),
        )
        return {"text": text, "because": [one.worst_no]}

    def diligence(self, one: Diligence) -> Row:
        words = self.words
        text = words(
            "{by} waits for {toward}: ",
            by=self.called.of(one.by),
            toward=self.called.of(one.toward),
        )
        count = len(one.climbed) + len(one.tried) + len(one.missing)
        steps = words.count(count, "{n} step of the ladder", "{n} steps of the ladder")
        if one.state == "complete":
            text += words("due diligence is complete, ")
            text += steps if count else words("no ladder is agreed")
        else:
            climbed = words.number(len(one.climbed))
            text += words("{n} of {steps} climbed", n=climbed, steps=steps)
            if one.missing:
                rungs = words.listed([words(word(RUNGS, rung.code)) for rung in one.missing])
                text += words("; missing: {rungs}", rungs=rungs)
            if one.waits_until is not None:
                until = self.when(one.waits_until)
                text += words("; the last touch has time until {when}", when=until)
        return {"text": f"{text}.", "because": list(one.because)}

    def told(self, told: Told) -> list[Row]:
        name = told.about.name
        what = self.called.called.get(name) or name
        whole = {row.party: row for row in told.rows if row.person is None}
        return [self._told(told, what, row) for row in whole.values()]

    def _told(self, told: Told, what: str, party: ToldRow) -> Row:
        words = self.words
        states: dict[str, list[str]] = {}
        for row in told.rows:
            if row.party == party.party and row.person is not None:
                states.setdefault(words(TOLD[row.state]), []).append(self.called.of(row.person))
        name, state = self.called.of(party.party), words(TOLD[party.state])
        text = words("“{what}”: {party}, {state}", what=what, party=name, state=state)
        if states:
            people = [f"{words.listed(names)}: {state}" for state, names in states.items()]
            text += f" ({'; '.join(people)})"
        return {"text": f"{text}.", "because": list(party.because)}

    def escalation(self, one: Escalation) -> Row:
        text = self.words(
            "{by} turned higher up, to {person} of {toward}: {became}.",
            by=self.called.of(one.by),
            person=self.called.of(one.person),
            toward=self.called.of(one.toward),
            became=self.words("answered" if one.answered else str(one.outcome)),
        )
        return {"text": text, "because": [one.no]}

    def meeting(self, rows: list[Attendance]) -> Row:
        words = self.words
        said = []
        for row in rows:
            party = self.called.of(row.party)
            part = words("{party} (host)", party=party) if row.host else party
            part += f": {words(CAME[row.state])}"
            if row.came:
                part += f" ({self.people(row.came)})"
            if row.absent:
                part += words(", absent {people}", people=self.people(row.absent))
            said.append(part)
        day = words.date(iso_local(rows[0].starts, self.scope.zone))
        text = words("Meeting of {day}. {said}.", day=day, said="; ".join(said))
        because = sorted({no for row in rows for no in row.because})
        return {"text": text, "because": because}


def answers_text(data: Row, as_of: datetime, scope: Scope, words: Words = ENGLISH) -> str:
    """The sentences on a terminal, in lines of 88 columns, ending in LF. Above them stand the
    account, the moment they are true of, and the zone of all times."""
    head = words(
        "{account}, as of {when} {zone}",
        account=clean(scope.account),
        when=words.minute(iso_local(as_of, scope.zone)),
        zone=scope.zone,
    )
    lines = [head]
    for key, title in data["titles"].items():
        if data[key]:
            lines += ["", title]
            for line in data[key]:
                numbers = ", ".join(map(str, line["because"][:CITED]))
                cited = f" [{numbers}]" if numbers else ""
                said = f"{line['text'].removesuffix('.')}{cited}."
                lines.append(fill(said, WIDTH, initial_indent="  ", subsequent_indent="    "))
    if len(lines) == 1:
        lines += ["", words("Nothing was asked, promised or told yet.")]
    return "\n".join(lines) + "\n"
