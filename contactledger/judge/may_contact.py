"""May somebody be contacted now, over this channel, about this? `may_contact(entries, …)`.

The question is put to the very rules that a touch is judged by (J40 to J43): the touch is
tried, beside the entries that count, and whatever would bar its silence from being held is
what speaks against it. So a *no* is what a report would print afterwards, word for word.

Waiting helps against two of the rules: the hours end and begin, and a cap is rolling. The
earliest time is found by going from one such end to the next, and trying again there. Nothing
but what stands in the entries is known of the time between.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from typing import cast

from attrs import evolve, frozen

from contactledger.advice import Permission
from contactledger.errors import BadInput, NotFound
from contactledger.facts import Entry, Touch
from contactledger.findings import Violation
from contactledger.judge.calendar import next_in_hours, zone_of
from contactledger.judge.caps import Caps
from contactledger.judge.counting import renamed_as, standing_entries, survivors
from contactledger.judge.docket import Docket
from contactledger.judge.due import Clocks, Zones
from contactledger.judge.held import Bar
from contactledger.judge.ladder import preferred_channel
from contactledger.judge.reach import Hearing
from contactledger.judge.rules import ORDER
from contactledger.judge.view import view
from contactledger.vocabulary import Channel, Purpose

TRIES = 60
"""How many ends of hours and caps are gone through in search of the earliest time."""
HORIZON = timedelta(days=4_000)
"""No cap counts for longer, so that waiting beyond is no answer."""

_TRIAL = "may-contact"
_WAITING_HELPS = frozenset({"outside_hours", "over_cap"})


@frozen
class _Tried:
    hearing: Hearing
    bar: Bar
    against: tuple[Violation, ...]


@frozen(eq=False)
class _Ground:
    """What counts at a moment, heard once; touches are tried beside it."""

    docket: Docket
    caps: Caps
    zones: Zones
    bar: Bar
    names: Mapping[str, str]
    """Old name → the name that stays (J48)."""


class Trials:
    """The entries of an account, for as many questions as there are: what counts is worked out
    anew only where another moment lets other entries count."""

    def __init__(self, entries: Iterable[Entry], house: Iterable[Entry] = ()) -> None:
        self._entries, self._house = list(entries), list(house)
        self._begins = sorted(
            entry.recorded_at
            if getattr(entry.fact, "clock_ahead", False)
            else max(entry.at, entry.recorded_at)
            for entry in (*self._entries, *self._house)
        )
        """From when each of them counts (J46)."""
        self._grounds: dict[int, _Ground] = {}
        self._no = max((entry.no for entry in self._entries), default=-1) + 1

    def _ground(self, at: datetime) -> _Ground:
        counting = bisect_right(self._begins, at)
        known = self._grounds.get(counting)
        if known is None:
            seen = view(self._entries, at, self._house)
            docket, zones = Docket(seen), Zones(seen)
            caps = Caps(docket)
            names = survivors(standing_entries(self._entries, at))
            known = _Ground(docket, caps, zones, Bar(docket, zones, caps), names)
            self._grounds[counting] = known
        return known

    def caps(self, at: datetime) -> Caps:
        """The touches that count at a moment, ready to be counted."""
        return self._ground(at).caps

    def tried(self, asked: Touch, at: datetime) -> _Tried:
        """The touch beside what counts by then, and what speaks against it.

        Raises NotFound and BadInput as `may_contact`.
        """
        ground = self._ground(at)
        seen = ground.docket.view
        account = self._entries[0].account if self._entries else ""
        recorder = self._entries[0].recorder if self._entries else ""
        trial = Entry(account, self._no, _TRIAL, "touch", at, at, recorder, asked)
        trial = renamed_as(trial, ground.names)
        fact = cast(Touch, trial.fact)
        for name, field in ((fact.to[0], "person"), (fact.sender, "sender")):
            if seen.owner(name, at) is None:
                raise NotFound("no such person or party in the account", field=field)
        hearings = ground.docket.heard(trial)
        if not hearings:
            raise BadInput("belongs to the party that would contact it", field="person")
        (hearing,) = hearings
        beside = evolve(
            seen,
            as_of=at,
            by_no={**seen.by_no, trial.no: trial},
            touches={**seen.touches, _TRIAL: trial},
            matter_by_touch={**seen.matter_by_touch, _TRIAL: fact.matter or _TRIAL},
        )
        bar = ground.bar.besides(beside, hearing)
        charge = bar.charge(hearing, Clocks(beside, ground.zones).term([hearing]))
        return _Tried(hearing, bar, charge.violations)

    def permission(
        self,
        person: str,
        channel: Channel | str,
        about: str | Iterable[str] = (),
        *,
        at: datetime,
        sender: str,
        matter: str | None = None,
    ) -> Permission:
        """As `may_contact`."""
        asked = _touch(person, channel, about, sender, matter)
        tried = self.tried(asked, at)
        earliest = self._earliest(asked, at, tried)
        question = tried.hearing.question
        rules = {"J40", *(rule for v in tried.against for rule in v.rules)}
        trial = question.entry.no
        against = tuple(_without(violation, trial) for violation in tried.against)
        whom = (person, question.party)
        return Permission(
            allowed=not against,
            person=person,
            party=question.party,
            channel=asked.channel,
            purpose=asked.purpose,
            topics=asked.topics,
            at=at,
            against=against,
            earliest=earliest,
            preferred=preferred_channel(question.policy, tried.bar.view, whom, at),
            basis=question.basis,
            rules=tuple(sorted(rules, key=ORDER.__getitem__)),
            because=tuple(sorted({no for v in against for no in v.because})),
        )

    def _earliest(self, asked: Touch, at: datetime, tried: _Tried) -> datetime | None:
        when = at
        for _ in range(TRIES):
            if not tried.against:
                return when
            if any(violation.code not in _WAITING_HELPS for violation in tried.against):
                return None
            after = max(filter(None, (_open_again(tried, when), _free_again(tried))), default=when)
            if not when < after <= at + HORIZON:
                return None
            when = after
            tried = self.tried(asked, when)
        return None


def may_contact(
    entries: Iterable[Entry],
    person: str,
    channel: Channel | str,
    about: str | Iterable[str] = (),
    *,
    at: datetime,
    sender: str,
    matter: str | None = None,
    house: Iterable[Entry] = (),
) -> Permission:
    """Whether `sender` may contact `person` at a moment, or the rules against it and the earliest
    time at which it is allowed.

    `person` and `sender` are ids of people or parties, `about` a purpose ("outage"), topics, or
    both. `matter`: in which the preferred channel may have been tried already. Raises NotFound
    for a name that no entry introduces; BadInput for two purposes and for contacting oneself.
    """
    trials = Trials(entries, house)
    return trials.permission(person, channel, about, at=at, sender=sender, matter=matter)


def _touch(
    person: str, channel: Channel | str, about: str | Iterable[str], sender: str, matter: str | None
) -> Touch:
    words = (about,) if isinstance(about, str) else tuple(about)
    purposes = [word for word in words if word in list(Purpose)]
    topics = tuple(word for word in words if word not in list(Purpose))
    if len(purposes) > 1:
        raise BadInput("names more than one purpose", field="about")
    touch = Touch(sender, (person,), channel, topics=topics, matter=matter)  # type: ignore[arg-type]
    if not purposes:
        return touch
    return Touch(sender, (person,), channel, purposes[0], topics=topics, matter=matter)  # type: ignore[arg-type]


def _open_again(tried: _Tried, when: datetime) -> datetime | None:
    """When the hours that were broken begin again."""
    if all(violation.code != "outside_hours" for violation in tried.against):
        return None
    (ref,) = tried.hearing.question.refs
    week, zone = tried.bar.hours_of(tried.hearing.question, ref)
    return next_in_hours(week, zone_of(zone), when)


def _free_again(tried: _Tried) -> datetime | None:
    """When the last of the caps that were broken lets one more touch through."""
    (ref,) = tried.hearing.question.refs
    return tried.bar.free_from(tried.hearing, ref)


def _without(violation: Violation, trial: int) -> Violation:
    """The same resting on what was there, without the touch that was only tried."""
    because = tuple(no for no in violation.because if no != trial)
    return Violation(
        violation.code, violation.rules, because, violation.person, violation.limit,
        violation.count, violation.breach,
    )  # fmt: skip
