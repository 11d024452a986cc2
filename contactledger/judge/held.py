"""In which ways a touch did not keep the policy, so that silence is not held against (J40).

A violation blames the sender, unless it is one of `rules.EXCUSES`. What the receiver had asked
for and the sender could not know yet excuses the receiver without blaming anybody (J42).
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator
from copy import copy
from datetime import datetime, timedelta
from typing import cast

from attrs import evolve, frozen

from contactledger.facts import Person
from contactledger.findings import Finding, Violation
from contactledger.judge.calendar import Week, in_hours, week_of, zone_of
from contactledger.judge.caps import Caps
from contactledger.judge.consent import Asked, Wishes
from contactledger.judge.docket import Docket
from contactledger.judge.due import Term, Zones
from contactledger.judge.policy import AgreedHours
from contactledger.judge.reach import Hearing, Question
from contactledger.judge.view import View
from contactledger.vocabulary import Channel, Expects, Role

WANTS_AN_ANSWER = frozenset({Expects.RESPONSE, Expects.REPLY})


@frozen
class Charge:
    """What speaks against holding a silence: `violations`, and the wishes that the sender could
    not know of, `excuses` (entry numbers)."""

    violations: tuple[Violation, ...]
    excuses: tuple[int, ...]

    def with_reminder(self, no: int, more: Charge) -> Charge:
        """The same with what speaks against the reminder of that number."""
        theirs = tuple(evolve(violation, reminder=no) for violation in more.violations)
        return Charge(self.violations + theirs, self.excuses + more.excuses)


_NOTHING = Charge((), ())


def breaches(finding: Finding) -> tuple[Violation, ...]:
    """In which ways that very touch did not keep the policy; what broke it in a reminder
    stands in the reminder's own finding."""
    if not finding.violations:
        return ()
    return tuple(v for v in finding.violations if v.breach and v.reminder is None)


class Bar:
    """The violations of any touch in a docket: `charge(hearing, term)`."""

    def __init__(self, docket: Docket, zones: Zones, caps: Caps | None = None) -> None:
        self._zones = zones
        self.view = docket.view
        self._wishes = Wishes(docket.view, docket.hearings.values())
        self._wished_for = self._wishes.any()
        self._caps = caps or Caps(docket)
        self._hearings = docket.hearings.values()
        self._hours: dict[tuple[str, Channel, Role | None, str], AgreedHours | None] = {}
        self._leavers = {
            ref
            for ref, versions in docket.view.people.items()
            if any(cast(Person, entry.fact).until is not None for entry in versions)
        }
        self._tried: dict[tuple[str, str, str, Channel], list[datetime]] | None = None

    def besides(self, view: View, hearing: Hearing) -> Bar:
        """The same with one more touch, which is the latest of the view and is only tried.

        Whether another channel was tried first (`_tries`) is no matter of its own.
        """
        self._tries()
        more = copy(self)
        more.view, more._caps = view, self._caps.besides(hearing)  # noqa: SLF001 - its own
        return more

    def charge(self, hearing: Hearing, term: Term) -> Charge:
        """Every way in which that touch broke the policy of its question."""
        violations: list[Violation] = []
        excuses: list[int] = []
        question = hearing.question
        policy = question.policy
        for ref in question.refs:
            person = None if ref == question.party else ref
            if self._wished_for and self._wishes.of_any(ref, question.party):
                for code, rules, no, known in self._wished(question, ref, term):
                    if known <= question.entry.at:
                        violations.append(Violation(code, rules, (no,), person))
                    else:
                        excuses.append(no)
            if policy.caps:
                violations += self._over_caps(hearing, ref, person)
        if (
            policy.refused_channels
            or policy.allowed_channels is not None
            or policy.refused_topics
            or policy.allowed_topics
        ):
            violations.extend(self._by_policy(question))
        if policy.preferred_channel is not None:
            violations.extend(self._usual_channel(question, policy.preferred_channel, term))
        agreed = self._agreed_hours(question)
        if agreed is not None:
            violations.extend(self._outside_hours(question, agreed))
        if policy.entitled or not self._leavers.isdisjoint(question.refs):
            violations.extend(self._nobody_entitled(question))
        bounces = hearing.bounced_after() if hearing.bounces else ()
        if bounces:
            came_back = Violation("bounced_after_delivery", ("J8", "J40"), bounces, breach=False)
            violations.append(came_back)
        if question.wanted in WANTS_AN_ANSWER and not policy.way_back(question.fact.channel):
            violations.append(Violation("no_way_to_answer", ("J30", "J40"), (question.entry.no,)))
        return Charge(tuple(violations), tuple(excuses)) if violations or excuses else _NOTHING

    def _wished(
        self, question: Question, ref: str, term: Term
    ) -> Iterator[tuple[str, tuple[str, ...], int, datetime]]:
        """(code, rules, entry, known from) of each wish that the touch goes against."""
        fact = question.fact
        word = self._wishes.word(ref, question, question.policy.owed)
        if word is not None and not word.given:
            rules = ("J13", "J40", "J42") if word.preference is None else ("J40", "J42")
            yield "opted_out", rules, word.no, word.known
        asked = self._wishes.asked(ref, question.party, question.entry.at)
        if asked is None:
            return
        wish = asked.preference
        rules = ("J40", "J42")
        if fact.channel in wish.refused:
            yield "channel_refused", rules, asked.no, asked.known
        elif wish.allowed and fact.channel not in wish.allowed and fact.channel != wish.preferred:
            yield "channel_not_allowed", rules, asked.no, asked.known
        if not set(wish.refused_topics).isdisjoint(fact.topics):
            yield "topic_refused", rules, asked.no, asked.known
        if question.policy.preferred_first and not self._tried_first(
            question, wish.preferred, term
        ):
            yield "preferred_not_tried", rules, asked.no, asked.known
        if self._against_hours(question, ref, asked):
            yield "outside_hours", rules, asked.no, asked.known

    def _usual_channel(
        self, question: Question, preferred: Channel, term: Term
    ) -> Iterator[Violation]:
        """The policy's preferred channel, for those who asked for none of their own."""
        if not question.policy.preferred_first:
            return
        at = question.entry.at
        asked = (self._wishes.asked(ref, question.party, at) for ref in question.refs)
        if all(one is not None and one.preference.preferred is not None for one in asked):
            return
        if not self._tried_first(question, preferred, term):
            yield Violation("preferred_not_tried", ("J40",), (question.entry.no,))

    def _tried_first(self, question: Question, preferred: Channel | None, term: Term) -> bool:
        """Whether the preferred channel was tried from one window before the touch to its due."""
        if preferred is None or preferred is question.fact.channel:
            return True
        matter = self.view.matter_of(question.entry.id)
        times = self._tries().get((question.sender, question.party, matter, preferred), [])
        until = term.due or self.view.as_of
        since = question.entry.at
        if term.due is not None and term.starts is not None:
            since -= term.due - term.starts
        index = bisect_left(times, since)
        return index < len(times) and times[index] <= until

    def _tries(self) -> dict[tuple[str, str, str, Channel], list[datetime]]:
        """(sender, party, matter, channel) → when it was tried; worked out when it is asked for."""
        if self._tried is not None:
            return self._tried
        tried: dict[tuple[str, str, str, Channel], list[datetime]] = {}
        for hearing in self._hearings:
            asked = hearing.question
            matter = self.view.matter_of(asked.entry.id)
            key = (asked.sender, asked.party, matter, asked.fact.channel)
            tried.setdefault(key, []).append(asked.entry.at)
        for times in tried.values():
            times.sort()
        self._tried = tried
        return tried

    def hours_of(self, question: Question, ref: str) -> tuple[Week, str]:
        """The hours that bind a touch to somebody, as (week, zone): those asked for, else the
        policy's. Only for a touch that came outside of them."""
        asked = self._wishes.asked(ref, question.party, question.entry.at)
        if asked is not None and asked.preference.hours:
            wish = asked.preference
            return week_of(wish.hours), wish.zone or self._zone(question, ref)
        agreed = cast(AgreedHours, self._agreed_hours(question))
        return agreed.open, self._zone(question, ref)

    def free_from(self, hearing: Hearing, ref: str) -> datetime | None:
        """When every cap that the touch broke would let it through, if no other came."""
        times = []
        for cap in hearing.question.policy.caps:
            broken = self._caps.broken(cap, hearing, ref)
            if broken is not None:
                first = min(self.view.by_no[no].at for no in broken[1])
                times.append(first + timedelta(days=cap.days))
        return max(times, default=None)

    def _agreed_hours(self, question: Question) -> AgreedHours | None:
        """The policy's hours for that channel, if it names it and not that purpose."""
        key = (question.policy.digest, question.fact.channel, question.role, question.party)
        try:
            hours = self._hours[key]
        except KeyError:
            hours = self._hours[key] = question.policy.hours(*key[1:])
        return None if hours is None or question.fact.purpose in hours.exempt else hours

    def _against_hours(self, question: Question, ref: str, asked: Asked) -> bool:
        """Whether the touch came outside the hours that somebody asked for."""
        wish = asked.preference
        if not wish.hours or self._agreed_hours(question) is None:
            return False
        zone = wish.zone or self._zone(question, ref)
        return not in_hours(week_of(wish.hours), question.entry.at.astimezone(zone_of(zone)))

    def _outside_hours(self, question: Question, agreed: AgreedHours) -> Iterator[Violation]:
        """Outside the policy's hours, for whoever asked for none of their own."""
        at = question.entry.at
        for ref in question.refs:
            asked = self._wishes.asked(ref, question.party, at)
            if asked is not None and asked.preference.hours:
                continue
            local = at.astimezone(zone_of(self._zone(question, ref)))
            if not in_hours(agreed.open, local):
                person = None if ref == question.party else ref
                yield Violation("outside_hours", ("J40",), (question.entry.no,), person)

    def _over_caps(self, hearing: Hearing, ref: str, person: str | None) -> list[Violation]:
        found = []
        for cap in hearing.question.policy.caps:
            if cap.per != "person" and ref != hearing.question.refs[0]:
                continue
            broken = self._caps.broken(cap, hearing, ref)
            if broken is not None:
                count, numbers = broken
                whose = person if cap.per == "person" else None
                rules = ("J40", "J41")
                found.append(Violation("over_cap", rules, numbers, whose, cap.touches, count))
        return found

    def _by_policy(self, question: Question) -> Iterator[Violation]:
        policy, channel = question.policy, question.fact.channel
        if channel in policy.refused_channels:
            yield Violation("channel_refused", ("J40",), (question.entry.no,))
        elif policy.allowed_channels is not None and channel not in policy.allowed_channels:
            yield Violation("channel_not_allowed", ("J40",), (question.entry.no,))
        barred = policy.bars_topics(question.fact.topics)
        if barred is not None:
            yield Violation(barred, ("J40",), (question.entry.no,))

    def _nobody_entitled(self, question: Question) -> Iterator[Violation]:
        """Nobody addressed is there any more, as far as the sender was told, and has a duty
        that the policy asks for. The party itself is entitled where no duty is asked for."""
        fact = question.fact
        duties = None
        if question.policy.entitled:
            duties = question.policy.entitled_duties(fact.purpose, fact.topics)
        because: list[int] = [question.entry.no]
        for ref in question.refs:
            left = self._left(ref, question.entry.at)
            if left is not None:
                because.append(left)
                continue
            if duties is None:
                return
            person = self.view.person_at(ref, question.entry.at)
            if person is not None and not duties.isdisjoint(person.duties):
                return
        rules = ("J40", "J42") if len(because) > 1 else ("J40",)
        yield Violation("nobody_entitled", rules, tuple(because))

    def _left(self, ref: str, at: datetime) -> int | None:
        """The entry by which the sender was told that this person has left, if it had been."""
        for entry in reversed(self.view.people.get(ref, ())):
            person = cast(Person, entry.fact)
            told = entry.recorded_at if person.told is None else min(entry.recorded_at, person.told)
            if told <= at:
                gone = person.until is not None and person.until <= at
                return entry.no if gone else None
        return None

    def _zone(self, question: Question, ref: str) -> str:
        at = question.entry.at
        return self._zones.of(question.policy, ref, question.party, at) or "UTC"
