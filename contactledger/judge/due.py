"""What a touch wants, from when the clock runs and until when (J21, J25 to J29, J54)."""

from __future__ import annotations

from bisect import bisect_left
from datetime import UTC, datetime

from attrs import frozen

from contactledger.findings import Reach
from contactledger.judge.calendar import (
    Calendar,
    Clock,
    Window,
    business_minutes,
    clock_of,
    deadline,
    term,
    zone_of,
)
from contactledger.judge.matters import Pause, pauses
from contactledger.judge.policy import Policy
from contactledger.judge.reach import Hearing, Question
from contactledger.judge.view import View
from contactledger.swift import swift
from contactledger.vocabulary import Channel, Expects, Purpose, Role, Urgency

SETTLES: dict[Expects, Reach] = {
    Expects.NOTHING: Reach.ANSWERED,
    Expects.SEEN: Reach.SEEN,
    Expects.RESPONSE: Reach.ANSWERED,
    Expects.REPLY: Reach.ANSWERED,
}
"""What is wanted → the reach that gives it."""

_DELIVERED = Reach.DELIVERED
_NEVER = datetime.max.replace(tzinfo=UTC)
GATHERINGS = frozenset({Channel.MEETING, Channel.VISIT})


@frozen(weakref_slot=False)
class Term:
    """The clock of a question: from when it runs, until when, in which zone.

    `due`: None where nothing is wanted, no deadline was agreed, or the clock stands still.
    """

    starts: datetime | None
    due: datetime | None
    zone: str
    rules: tuple[str, ...]
    notes: tuple[str, ...]
    because: tuple[int, ...] = ()


def zone_name(view: View, policy: Policy, ref: str, party: str, at: datetime) -> str | None:
    """The zone of a person, else of the party, else of the policy; None: nobody says (J54)."""
    return _own_zone(view, ref, party, at) or policy.zone


def _own_zone(view: View, ref: str, party: str, at: datetime) -> str | None:
    person = None if ref == party else view.person_at(ref, at)
    if person is not None and person.zone is not None:
        return person.zone
    described = view.party_at(party, at)
    return None if described is None else described.zone


class Zones:
    """The zone of anybody at a moment; remembered for those who never changed."""

    def __init__(self, view: View) -> None:
        self._view = view
        self._known: dict[tuple[str, str], str | None] = {}

    def of(self, policy: Policy, ref: str, party: str, at: datetime) -> str | None:
        """As `zone_name`."""
        key = (ref, party)
        if key in self._known:
            return self._known[key] or policy.zone
        name = _own_zone(self._view, ref, party, at)
        versions = (self._view.people.get(ref, ()), self._view.parties.get(party, ()))
        if all(len(entries) <= 1 for entries in versions):
            self._known[key] = name
        return name or policy.zone

    def settled(self, ref: str, party: str) -> bool:
        """Whether that zone has been asked for and is the same at every moment."""
        return (ref, party) in self._known


_UNKNOWN = object()
_Asked = tuple[str, tuple[str, ...], str, Channel, Purpose, Urgency, Expects, Role | None, bool]
_Kind = tuple[str, Channel, Purpose, Urgency, Expects, Role | None, str, bool]


_term = swift(Term)


@frozen
class _Usual:
    """Zone, window and calendar of questions alike, and the rules and notes of their terms."""

    zone: str
    clock: Clock
    window: Window
    rules: tuple[str, ...]
    notes: tuple[str, ...]


class Clocks:
    """The clocks of a view: `term(chain)` of a question and its reminders."""

    def __init__(self, view: View, zones: Zones) -> None:
        self._view = view
        self._zones = zones
        self._usual: dict[_Asked, _Usual | object | None] = {}
        self._pauses: dict[tuple[str, str], list[Pause]] = {}
        self._terms: dict[_Kind, tuple[Window | None, Calendar]] = {}

    def term(self, chain: list[Hearing]) -> Term:
        """From when the receiver's clock runs, and until when, for the first of a chain."""
        question = chain[0].question
        if self._view.matters or question.wanted is Expects.NOTHING:
            return self._any_term(chain)
        fact = question.fact
        kind = (
            question.policy.digest, question.refs, question.party, fact.channel, fact.purpose,
            fact.urgency, question.wanted, question.role,
            bool(fact.answers) or question.entry.id in self._view.links,
        )  # fmt: skip
        usual = self._usual.get(kind, _UNKNOWN)
        if usual is _UNKNOWN:
            found = self._any_term(chain)
            usual = self._usual[kind] = self._usual_of(question, found)
            return found
        if not isinstance(usual, _Usual):
            return self._any_term(chain)
        starts, due = usual.clock.term(_start(chain), usual.window)
        return _term(starts, due, usual.zone, usual.rules, usual.notes)

    def _usual_of(self, question: Question, found: Term) -> _Usual | None:
        """What will be the same for the next such question; None where that cannot be told."""
        window, calendar, _ = self._window(question)
        settled = all(self._zones.settled(ref, question.party) for ref in question.refs)
        if window is None or not settled or "J27" in found.rules:
            return None
        clock = clock_of(calendar, zone_of(found.zone))
        return _Usual(found.zone, clock, window, found.rules, found.notes)

    def _any_term(self, chain: list[Hearing]) -> Term:
        question = chain[0].question
        policy, party, at = question.policy, question.party, question.entry.at
        names = {self._zones.of(policy, ref, party, at): None for ref in question.refs}
        notes: tuple[str, ...] = ("zone_assumed",) if None in names else ()
        rules: tuple[str, ...] = ("J54",) if None in names else ()
        zones = list(dict.fromkeys(name or "UTC" for name in names))
        if question.wanted is Expects.NOTHING:
            return Term(None, None, zones[0], rules, notes)
        window, calendar, ruled = self._window(question)
        rules += ruled
        if window is None:
            return self._without_window(question, zones[0], rules, notes)
        at = _start(chain)
        said = ((*rules, "J26"), notes)
        if len(zones) == 1:
            return self._run(question, calendar, zones[0], at, window, said)
        said = ((*rules, "J26", "J27"), notes)
        terms = [self._run(question, calendar, zone, at, window, said) for zone in zones]
        return max(terms, key=lambda t: (t.due is None, t.due or t.starts, t.zone))

    def _window(self, question: Question) -> tuple[Window | None, Calendar, tuple[str, ...]]:
        """The window and the calendar of such a touch, remembered for the next one."""
        fact, policy, party, role = (
            question.fact, question.policy, question.party, question.role,
        )  # fmt: skip
        answers = bool(fact.answers) or question.entry.id in self._view.links
        kind = (
            policy.digest, fact.channel, fact.purpose, fact.urgency, question.wanted, role, party,
            answers,
        )  # fmt: skip
        known = self._terms.get(kind)
        if known is None:
            window = (
                policy.next_answer_window(role, party)
                if answers
                else policy.window(*kind[1:5], role, party)
            )
            known = self._terms[kind] = window, policy.calendar(role, party)
        return (*known, ("J21",) if answers else ())

    def _without_window(
        self, question: Question, zone: str, rules: tuple[str, ...], notes: tuple[str, ...]
    ) -> Term:
        """A gathering is due at its end (J15); for anything else no deadline was agreed."""
        fact = question.fact
        ends = fact.ends or fact.starts
        if fact.channel in GATHERINGS and ends is not None:
            ends = max(ends, question.entry.at)
            return Term(question.entry.at, ends, zone, (*rules, "J15"), notes)
        return Term(None, None, zone, (*rules, "J28"), (*notes, "no_deadline"))

    def _run(
        self,
        question: Question,
        calendar: Calendar,
        zone: str,
        at: datetime,
        window: Window,
        said: tuple[tuple[str, ...], tuple[str, ...]],
    ) -> Term:
        """The clock in one zone, stopped while another party had the matter paused."""
        place = zone_of(zone)
        starts, due = term(calendar, place, at, window)
        because: tuple[int, ...] = ()
        rules, notes = said
        for pause in self._stops(question):
            if pause.since >= due or (pause.until is not None and pause.until <= at):
                continue
            because += pause.because
            if pause.until is None:
                return Term(starts, None, zone, (*rules, "J23"), (*notes, "paused"), because)
            if pause.since <= at:
                at = pause.until
                starts, due = term(calendar, place, at, window)
                continue
            left = business_minutes(calendar, place, pause.since, due)
            due = deadline(calendar, place, pause.until, Window(minutes=left))
        if because:
            rules, notes = (*rules, "J23"), (*notes, "paused_before")
        return Term(starts, due, zone, rules, notes, because)

    def _stops(self, question: Question) -> list[Pause]:
        """The pauses that may stop this receiver's clock: those that it did not ask for."""
        if not self._view.matters:
            return []
        key = (self._view.matter_of(question.entry.id), question.party)
        known = self._pauses.get(key)
        if known is None:
            known = self._pauses[key] = []
            for pause in pauses(self._view, key[0]):
                # two parties' pauses end together, so the one that began first holds both
                if pause.party != question.party and not (known and known[-1].until == pause.until):
                    known.append(pause)
        first = bisect_left(known, question.entry.at, key=_end)
        return known[first:]


def _end(pause: Pause) -> datetime:
    return pause.until or _NEVER


def _start(chain: list[Hearing]) -> datetime:
    """When the window starts: at the touch, or at first delivery if that came later than the
    grace (J26).

    Evidence that gives what was wanted is not a delivery: an answer after ten days would
    else start its own clock.
    """
    question = chain[0].question
    at = question.entry.at
    grace = question.policy.delivery_grace
    if len(chain) == 1:
        for line in chain[0].lines:  # in order of time, but for the first
            lifts = line.lifts
            if lifts is not None and lifts >= _DELIVERED and line.at - at <= grace:
                return at
    settles = SETTLES[question.wanted]
    first: datetime | None = None
    plain = False
    for hearing in chain:
        for line in hearing.lines:
            lifts = line.lifts
            if lifts is not None and lifts >= _DELIVERED:
                settling = lifts >= settles
                if first is None or (line.at, settling) < (first, not plain):
                    first, plain = line.at, not settling
    if first is not None and plain and first - at > grace:
        return first
    return at
