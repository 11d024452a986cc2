"""Who was told about something, who saw it, who ignored it, and whom nobody told: `told`.

A touch is about a topic if it names it, or a milestone that bears it; it is about a milestone
or a matter if it belongs to that. Answers to whoever asks are touches like any other. What was
told to everybody (J43) tells as well, and its silence is held against nobody.

The state of a person is the best that any of the touches shows. *Ignored* is the judge's word for
the touch: somebody who saw a question and did not answer in time ignored it, unless another touch
about the same shows more. A person who left before the moment is listed if something about it
was addressed to it; so is everybody, parties too, of an account that goes on in another's log,
since what is said from then on is said there. The party's own state is made in the same way of its
findings, so that a party may be told while a person of it was not (J3).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import cast

from attrs import define, field

from contactledger.facts import Milestone, Moved, Person, Touch
from contactledger.findings import Finding, Grade, Outcome, Reach
from contactledger.judge.questions import Judged
from contactledger.judge.rules import ORDER
from contactledger.judge.view import View, version_at
from contactledger.questions import TOLD_STATES, About, Told, ToldRow

_RANK = {state: rank for rank, state in enumerate(TOLD_STATES)}
_NEVER = "never_told"


@define
class _Heard:
    """What is known of one who may have been told, in the making."""

    state: str = _NEVER
    reach: Reach | None = None
    grade: Grade | None = None
    first_at: datetime | None = None
    held_against: bool = False
    touches: set[int] = field(factory=set)
    rules: set[str] = field(factory=set)
    because: set[int] = field(factory=set)

    def hear(self, finding: Finding, reach: Reach, grade: Grade, because: Iterable[int]) -> None:
        self.touches.add(finding.no)
        self.held_against |= finding.held_against is not None
        if reach >= Reach.DELIVERED and (self.first_at is None or finding.at < self.first_at):
            self.first_at = finding.at
        state = _state(finding, reach)
        if _RANK[state] < _RANK[self.state]:
            self.state, self.reach, self.grade = state, reach, grade
            self.rules, self.because = set(), set()
        if state == self.state:
            self.grade = max(grade, self.grade or grade)
            self.rules.update(finding.rules)
            self.because.update((finding.no, *because))


def _state(finding: Finding, reach: Reach) -> str:
    if reach is Reach.ANSWERED:
        return "answered"
    if reach is Reach.FAILED:
        return "unreached"
    if reach >= Reach.DELIVERED and finding.outcome is Outcome.IGNORED:
        return "ignored"
    if reach is Reach.SEEN:
        return "seen"
    if reach is Reach.DELIVERED:
        return "pending" if finding.outcome is Outcome.PENDING else "told"
    return "pending" if finding.outcome is Outcome.PENDING else "unproven"


_Parties = dict[str, _Heard]
_People = dict[tuple[str, str], _Heard]
"""By party, and by party and person."""


def told(asked: Judged, about: About, *, by: str) -> Told:
    """What the party `by` told every other party of the account about something.

    A topic that nobody ever named is known to nobody: every row says never_told.
    """
    seen = asked.view
    here = not any(isinstance(entry.fact, Moved) for entry in seen.entries)
    parties: _Parties = {party: _Heard() for party in seen.parties if here and party != by}
    people: _People = {}
    for person, versions in seen.people.items():
        fact = cast(Person, version_at(versions, seen.as_of).fact)
        party = seen.owner(person)
        if party in parties and (fact.until is None or fact.until > seen.as_of):
            people[party, person] = _Heard()
    for finding in asked.findings:
        if finding.sender == by and about in _abouts(seen, finding):
            _hear(seen, finding, parties, people)
    rows = []
    for party, heard in parties.items():
        rows.append(_row(seen, party, None, heard))
        rows += [_row(seen, one, person, h) for (one, person), h in people.items() if one == party]
    return Told(asked.account, seen.as_of, about, by, tuple(rows))


def tellings(asked: Judged) -> Iterator[tuple[About, str, ToldRow]]:
    """Every row of `told` about everything by every party, but for those that say never_told."""
    seen = asked.view
    heard: dict[tuple[About, str], tuple[_Parties, _People]] = {}
    for finding in asked.findings:
        for about in _abouts(seen, finding):
            _hear(seen, finding, *heard.setdefault((about, finding.sender), ({}, {})))
    for (about, by), (parties, people) in heard.items():
        for party, one in parties.items():
            yield about, by, _row(seen, party, None, one)
        for (party, person), one in people.items():
            yield about, by, _row(seen, party, person, one)


def _hear(seen: View, finding: Finding, parties: _Parties, people: _People) -> None:
    """Count a finding in for its party, and for everybody of it that it says something of."""
    heard = parties.setdefault(finding.party, _Heard())
    heard.hear(finding, finding.reach, finding.grade, finding.because)
    names = cast(Touch, seen.touches[finding.touch].fact).to
    for row in finding.rows:
        if row.addressed and row.person not in names:
            continue  # of a reminder, which has a finding of its own
        someone = people.setdefault((finding.party, row.person), _Heard())
        someone.hear(finding, row.reach, row.grade, row.because)


def _row(seen: View, party: str, person: str | None, heard: _Heard) -> ToldRow:
    return ToldRow(
        party=party,
        person=person,
        role=seen.role(party),
        state=heard.state,
        reach=heard.reach,
        grade=heard.grade,
        first_at=heard.first_at,
        held_against=heard.held_against,
        touches=tuple(sorted(heard.touches)),
        rules=tuple(sorted(heard.rules, key=ORDER.__getitem__)),
        because=tuple(sorted(heard.because)),
    )


def _abouts(seen: View, finding: Finding) -> Iterator[About]:
    """What a touch is about."""
    milestone = cast(Touch, seen.touches[finding.touch].fact).milestone
    for topic in dict.fromkeys((*finding.topics, *_topics(seen, milestone))):
        yield About("topic", topic)
    if milestone is not None:
        yield About("milestone", milestone)
    yield About("matter", finding.matter)


def _topics(seen: View, milestone: str | None) -> tuple[str, ...]:
    versions = seen.milestones.get(milestone or "")
    return () if not versions else cast(Milestone, versions[-1].fact).topics


def subjects(asked: Judged) -> tuple[About, ...]:
    """Everything of the account that somebody may have been told about: its topics, in the order
    of the alphabet, then its milestones and the matters that were named, in that of the log."""
    seen = asked.view
    topics = {topic for finding in asked.findings for topic in finding.topics}
    for milestone in seen.milestones:
        topics.update(_topics(seen, milestone))
    return (
        *(About("topic", topic) for topic in sorted(topics)),
        *(About("milestone", milestone) for milestone in seen.milestones),
        *(About("matter", matter) for matter in seen.matters),
    )
