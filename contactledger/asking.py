"""Asking an account: who was told, who waits for whom, whose turn it is, and what was kept.

    asked = ledger.ask("smith-motors")       # judged once, for as many questions as you like
    asked.told("inventory-sync")
    asked.waiting()
    asked.rows("answer_times")

An opened bundle is asked in the same way. Keys are those that stand in the log itself; where a
key was erased, or is not disclosed, the id will do.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, cast

from attrs import field, frozen

from contactledger.advising import current, id_of, party_of
from contactledger.asked_rows import ASKED, things, told_things
from contactledger.columns import Called
from contactledger.errors import BadInput
from contactledger.facts import Entry, Matter, Milestone
from contactledger.judge.diligence import diligence, turns
from contactledger.judge.kept import attendance, promise_records
from contactledger.judge.passage import SEVERAL, passages
from contactledger.judge.questions import Judged
from contactledger.judge.told import subjects, told
from contactledger.judge.waiting import answer_times, waiting
from contactledger.questions import (
    About,
    AnswerTimes,
    Attendance,
    Diligence,
    Passage,
    PromiseRecord,
    Told,
    Turn,
    Waiting,
)
from contactledger.report.answers import Answers, answer_rows, answers_text
from contactledger.report.names import names
from contactledger.report.wording import Scope
from contactledger.report.words import Words
from contactledger.vocabulary import MilestoneKind

if TYPE_CHECKING:
    from datetime import datetime

    from contactledger.rows import Rows


WORTH_TELLING = frozenset({MilestoneKind.OUTAGE, MilestoneKind.RELEASE})
"""Milestones of which a report says who was told without being asked."""


def answers_of(found: Judged, abouts: Iterable[About] = ()) -> Answers:
    """Everything that a page of answers says; who was told of these things, or, where none is
    named, of the outages and releases."""
    abouts = tuple(abouts) or tuple(_worth_telling(found))
    return Answers(
        waiting=waiting(found),
        times=answer_times(found),
        diligence=diligence(found),
        told=[told(found, about, by=found.keeper) for about in abouts],
        passages=passages(found, least=2),
        attendance=attendance(found),
    )


def _worth_telling(found: Judged) -> Iterator[About]:
    for milestone, versions in found.view.milestones.items():
        if cast(Milestone, versions[-1].fact).kind in WORTH_TELLING:
            yield About("milestone", milestone)


@frozen(eq=False)
class Asked:
    """An account that may be asked; everything was judged once, as of `as_of`."""

    account: str
    judged: Judged = field(repr=False)
    _entries: Sequence[Entry] = field(repr=False)

    @property
    def as_of(self) -> datetime:
        """The moment that it was judged at."""
        return self.judged.view.as_of

    def told(
        self,
        topic: str | None = None,
        *,
        milestone: str | None = None,
        matter: str | None = None,
        by: str | None = None,
    ) -> Told:
        """Who was told about a topic (a slug), a milestone or a matter (keys), and what became of
        it; `by` a party, by default the one that keeps the log.

        A topic that nobody named was told to nobody. BadInput unless one of the three is given;
        NotFound for a key that the account does not have.
        """
        about = self._about(topic, milestone, matter)
        return told(self.judged, about, by=self._party(by))

    def subjects(self) -> tuple[About, ...]:
        """All topics, milestones and named matters of the account, to ask `told` about."""
        return subjects(self.judged)

    def waiting(self, *, owes: str | None = None, owed: str | None = None) -> tuple[Waiting, ...]:
        """Every question that was not answered, the oldest in front; of one who `owes` the answer,
        or is `owed` it, where a party is named."""
        one, other = (None if key is None else self._party(key) for key in (owes, owed))
        return tuple(
            found
            for found in waiting(self.judged)
            if (one is None or found.owes == one) and (other is None or found.owed == other)
        )

    def answer_times(self) -> tuple[AnswerTimes, ...]:
        """How long each party takes to answer each other one: the median and the worst."""
        return answer_times(self.judged)

    def turns(self) -> tuple[Turn, ...]:
        """Whose turn it is in every open matter, and by which rule; the account's own in front."""
        return turns(self.judged)

    def diligence(self) -> tuple[Diligence, ...]:
        """Whether those who wait did what the policy asks of them: rungs climbed and missing."""
        return diligence(self.judged)

    def passages(self, *, least: int = SEVERAL) -> tuple[Passage, ...]:
        """How matters of so many parties at least went around, and all that were handed on."""
        return passages(self.judged, least=least)

    def promise_records(self) -> tuple[PromiseRecord, ...]:
        """What each party promised another, and what came of it."""
        return promise_records(self.judged)

    def attendance(self) -> tuple[Attendance, ...]:
        """Who came to meetings and visits, of the host and of every guest."""
        return attendance(self.judged)

    def text(self, *topics: str, lang: str = "en") -> str:
        """The answers as a page of plain text, with the names that are still disclosed; in its
        first line the account, the moment and the zone of all times.

        Who was told is said of these topics, else of the outages and releases. `lang`: of the
        fixed words, "en" or "de"; BadInput for a language without words.
        """
        words = Words.of(lang)
        called = names((e for e in self._entries if e.recorded_at <= self.as_of), words)
        zone = called.zones.get(self.judged.keeper, "UTC")
        scope = Scope(account=self.account, zone=zone)
        abouts = [About("topic", topic) for topic in topics]
        data = answer_rows(answers_of(self.judged, abouts), called, scope, words)
        return answers_text(data, self.as_of, scope, words)

    def rows(
        self,
        what: str,
        *,
        topic: str | None = None,
        milestone: str | None = None,
        matter: str | None = None,
        personal: bool = False,
    ) -> Rows:
        """The answers as rows, by the names of `asked_rows.ASKED`: told, waiting, turns …

        `told` is of everything that may be asked about, or of the one thing that is named.
        `personal` adds columns with the names that are still disclosed. BadInput for another set,
        and for a subject with another set than told.
        """
        from contactledger.rows import Rows, columns_by_kind
        from contactledger.tabulating import columns_of, rows_of

        if what not in ASKED:
            raise BadInput(f"must be one of: {', '.join(ASKED)}", field="what")
        named = any(value is not None for value in (topic, milestone, matter))
        if named and what != "told":
            raise BadInput("only told is about something", field="what")
        if named:
            found = told_things([self.told(topic, milestone=milestone, matter=matter)])
        else:
            found = list(things(self.judged, what))
        called = Called(self.judged.account, None, {}, {})
        if personal:
            known = (entry for entry in self._entries if entry.recorded_at <= self.as_of)
            called = Called.of(known, self.judged.account)
        columns = columns_of(what, personal=personal)
        return Rows(what, columns_by_kind(columns), rows_of(found, columns, called))

    def _about(self, topic: str | None, milestone: str | None, matter: str | None) -> About:
        given = [
            (kind, name)
            for kind, name in (("topic", topic), ("milestone", milestone), ("matter", matter))
            if name is not None
        ]
        if len(given) != 1:
            raise BadInput("name one topic, milestone or matter", field="told")
        kind, name = given[0]
        if kind == "topic":
            return About(kind, name)
        cls = Milestone if kind == "milestone" else Matter
        return About(kind, self._current(id_of(self._entries, name, kind, cls)))

    def _party(self, key: str | None) -> str:
        return self._current(party_of(self._entries, key, "party"))

    def _current(self, name: str) -> str:
        return current(self._entries, name, self.as_of)
