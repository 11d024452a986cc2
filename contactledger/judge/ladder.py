"""The ladder of escalation: which rungs of an overdue question were climbed (J51).

`ladders(view, dossier)` gives, for each party that is owed something by another in a matter,
the ladder of its earliest overdue question: further asking is the same asking and has no
ladder of its own (J21). Whoever is owed climbs, whichever side that is.

The rungs are those of the policy under which the question was asked (J45). Each is open from
the later of the question's due and its own wait, counted in the receiver's business time
from where the question's window started; a pause that the asked party did not ask for stops
the wait. It is climbed by the first touch after that of the
party that asked to the party that was asked, in the same matter, which kept the policy and
was sent at least; it has climbed when its own wait has run: the time that the
asked party has to answer it, for a reminder the time that a touch like it would have. Until
then the rung is tried. One touch climbs one rung, and the rungs are climbed in
their order: a call to the managing director is not three attempts.

`second_channel` wants the channel that the asked person, else party, prefers, if the sender
was told and the question did not use it; else any other channel than the question's.
`second_person` wants somebody the question was not addressed to, `level_higher` somebody
above all it was addressed to; a step that names duties wants somebody who has one of them. Where
the log knows nobody such, a touch to the party as a whole will do.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import cast

from attrs import frozen

from contactledger.facts import Person, Preference, Touch
from contactledger.findings import Finding, Outcome, Reach, Rung
from contactledger.judge.basis import Bases
from contactledger.judge.calendar import Window, business_minutes, deadline, zone_of
from contactledger.judge.held import breaches
from contactledger.judge.matters import Dossier, pauses
from contactledger.judge.policy import Policy
from contactledger.judge.view import View
from contactledger.vocabulary import Channel, Role


@frozen
class Ladder:
    """The rungs of one overdue question, in order."""

    question: Finding
    rungs: tuple[Rung, ...]

    @property
    def next_rung(self) -> Rung | None:
        """The first that nobody has tried; None where there is nothing left to try."""
        return next((rung for rung in self.rungs if rung.tried_by is None), None)

    @property
    def waits_until(self) -> datetime | None:
        """Until when a touch that tries a rung must be given its time; None if none must."""
        running = [rung.waits_until for rung in self.rungs if rung.climbed_by is None]
        return max((until for until in running if until is not None), default=None)


@frozen
class _Asked:
    """What the rungs are measured against: whom the question was addressed to, and how."""

    view: View
    party: str
    channel: Channel
    people: frozenset[str]
    level: int
    staff: frozenset[str]
    usual: Channel | None

    def channel_of(self, touch: Touch, at: datetime, duties: frozenset[str]) -> bool:
        """The second channel: the preferred one if there is another, else any other."""
        if duties and not self._reaches(touch, at, lambda person: self._has(person, at, duties)):
            return False
        wanted = _preferred(self.view, [*sorted(self.people), self.party], at) or self.usual
        if wanted is None or wanted is self.channel:
            return touch.channel is not self.channel
        return touch.channel is wanted

    def person_of(self, touch: Touch, at: datetime, duties: frozenset[str]) -> bool:
        """Somebody else of the party."""
        return self._reaches(
            touch,
            at,
            lambda person: person not in self.people and self._has(person, at, duties),
        )

    def level_of(self, touch: Touch, at: datetime, duties: frozenset[str]) -> bool:
        """Somebody above everybody who was asked."""
        return self._reaches(
            touch,
            at,
            lambda person: (
                _level(self.view, person, at) > self.level and self._has(person, at, duties)
            ),
        )

    def _has(self, person: str, at: datetime, duties: frozenset[str]) -> bool:
        fact = self.view.person_at(person, at)
        return not duties or (fact is not None and not duties.isdisjoint(fact.duties))

    def _reaches(self, touch: Touch, at: datetime, fits: Callable[[str], bool]) -> bool:
        people = _of_party(self.view, touch.to, self.party, at)
        if any(fits(person) for person in people):
            return True
        if self.party not in touch.to:
            return False
        return not any(
            fits(person) for person in self.staff if self.view.owner(person, at) == self.party
        )


_RUNGS: dict[str, Callable[[_Asked, Touch, datetime, frozenset[str]], bool]] = {
    "second_channel": _Asked.channel_of,
    "second_person": _Asked.person_of,
    "level_higher": _Asked.level_of,
}


def staff(view: View) -> dict[str, frozenset[str]]:
    """Party → everybody who ever acted for it."""
    people: dict[str, set[str]] = {}
    for person, versions in view.people.items():
        for entry in versions:
            people.setdefault(cast(Person, entry.fact).party or "", set()).add(person)
    return {party: frozenset(names) for party, names in people.items()}


def ladders(
    view: View, dossier: Dossier, people: Mapping[str, frozenset[str]], bases: Bases
) -> list[Ladder]:
    """One for each party that is owed by another, by the age of the question.

    `people`: what `staff` gives.
    """
    oldest: dict[tuple[str, str], Finding] = {}
    tries: dict[tuple[str, str], list[Finding]] = {}
    for finding in dossier.findings:
        if is_overdue(view, finding):
            oldest.setdefault((finding.sender, finding.party), finding)
    if not oldest:
        return []
    for finding in dossier.findings:
        pair = (finding.sender, finding.party)
        if pair in oldest and finding.reach >= Reach.SENT and not _disqualified(finding):
            tries.setdefault(pair, []).append(finding)
    made = []
    for pair, question in oldest.items():
        policy, _ = bases.of(question.sender, question.party, question.at)
        colleagues = people.get(question.party, frozenset())
        asked = _asked(view, question, colleagues, policy.preferred_channel)
        rungs = _climb(policy, question, asked, tries.get(pair, []))
        made.append(Ladder(question, tuple(rungs)))
    return made


def _disqualified(finding: Finding) -> bool:
    """Whether a touch climbs no rung: it broke the policy, or came back after all (J8). Weak
    evidence of it is enough, since what is claimed here is that it was tried."""
    came_back = any(v.code == "bounced_after_delivery" for v in finding.violations)
    return came_back or bool(breaches(finding))


def is_overdue(view: View, finding: Finding) -> bool:
    """What was wanted is due and did not come, and the collector was listening. Reminders are
    part of what they remind of; a broadcast is asked of nobody in particular (J43)."""
    return (
        finding.outcome is Outcome.IGNORED
        and finding.original is None
        and not is_broadcast(view, finding)
    )


def is_broadcast(view: View, finding: Finding) -> bool:
    """Told to everybody (J43)."""
    return _touch(view, finding).broadcast


def _touch(view: View, finding: Finding) -> Touch:
    return cast(Touch, view.touches[finding.touch].fact)


def _climb(
    policy: Policy, question: Finding, asked: _Asked, touches: list[Finding]
) -> Iterator[Rung]:
    """Each rung with the touch that climbed it; the touches are walked through once."""
    view = asked.view
    role = view.role(question.party, question.at)
    calendar, zone = policy.calendar(role, question.party), zone_of(question.zone)
    start = question.starts or question.at
    tries = iter(touches)
    matter = view.matter_of(question.touch)
    stops = [
        (pause.since, pause.until)
        for pause in pauses(view, matter)
        if pause.party != question.party and pause.until is not None and pause.until > start
    ]
    for step in policy.ladder:
        opens_at = deadline(calendar, zone, start, step.after)
        for since, back in stops:
            left = business_minutes(calendar, zone, max(start, since), opens_at)
            if left:
                opens_at = deadline(calendar, zone, back, Window(minutes=left))
        opens_at = max(opens_at, question.due or opens_at)
        fits = _RUNGS[step.code]
        tried = next(
            (f for f in tries if f.at >= opens_at and fits(asked, _touch(view, f), f.at, step.to)),
            None,
        )
        if tried is None:
            yield Rung(step.code, opens_at, None, question=question.no)
            continue
        until = _wait(policy, question, tried, role)
        over = until is None or view.as_of > until
        yield Rung(
            step.code,
            opens_at,
            tried.no if over else None,
            question=question.no,
            tried_by=tried.no,
            waits_until=until,
        )


def _wait(policy: Policy, question: Finding, tried: Finding, role: Role | None) -> datetime | None:
    """Until when the touch is waited for; None where no time was agreed or it has run."""
    if tried.original is None:
        return tried.due if tried.outcome is Outcome.PENDING else None
    window = policy.window(
        tried.channel, tried.purpose, tried.urgency, question.expects, role, question.party
    )
    if window is None:
        return None
    calendar = policy.calendar(role, question.party)
    return deadline(calendar, zone_of(tried.zone), tried.at, window)


def _asked(
    view: View, question: Finding, colleagues: frozenset[str], usual: Channel | None
) -> _Asked:
    people = _of_party(view, _touch(view, question).to, question.party, question.at)
    level = max((_level(view, person, question.at) for person in people), default=0)
    return _Asked(
        view, question.party, question.channel, frozenset(people), level, colleagues, usual
    )


def _of_party(view: View, names: tuple[str, ...], party: str, at: datetime) -> list[str]:
    return [name for name in names if name != party and view.owner(name, at) == party]


def _level(view: View, person: str, at: datetime) -> int:
    fact = view.person_at(person, at)
    return 0 if fact is None else fact.level


def preferred_channel(
    policy: Policy, view: View, subjects: Sequence[str], at: datetime
) -> Channel | None:
    """The channel that the first of these who asked for one prefers, else the policy's own."""
    return _preferred(view, subjects, at) or policy.preferred_channel


def _preferred(view: View, subjects: Sequence[str], at: datetime) -> Channel | None:
    """The channel that the first of them with a preference asked for, as the sender knew it
    (J42): from the earlier of when it was recorded and when the sender was told."""
    for subject in subjects:
        for entry in reversed(view.preferences.get(subject, ())):
            fact = cast(Preference, entry.fact)
            told = min(entry.recorded_at, fact.told or entry.recorded_at)
            if told <= at and fact.preferred is not None:
                return fact.preferred
    return None
