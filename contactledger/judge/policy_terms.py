"""What a written policy says, as values, and how the tables of role and party are looked up."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta

from attrs import field, frozen

from contactledger.findings import Grade
from contactledger.judge.calendar import Calendar, Week, Window, in_hours
from contactledger.judge.policy_owed import Bearing, Cadence, Needs, Planned
from contactledger.vocabulary import Channel, Expects, Purpose, Role, Urgency

RINGING = frozenset({Channel.PHONE, Channel.SMS, Channel.CHAT, Channel.VISIT})
"""The channels that ring: quiet outside the agreed hours where a policy names none (J40)."""
LOOKS = frozenset({Channel.CHAT, Channel.IN_APP, Channel.WEB, Channel.TICKET})
"""The channels that report a display by themselves where a policy names none (outcome 6)."""

WANTED: Mapping[Channel, Expects] = {
    Channel.TICKET: Expects.REPLY,
    Channel.LETTER: Expects.REPLY,
    Channel.PHONE: Expects.RESPONSE,
    Channel.CHAT: Expects.RESPONSE,
    Channel.MEETING: Expects.RESPONSE,
    Channel.VISIT: Expects.RESPONSE,
}
"""J25 where a policy is silent; a notice, and every other channel, wants to be seen."""


@frozen
class Cap:
    """At most so many `touches` in so many rolling days (J41).

    `per` is "person", "party", or "account" for everybody in it. `channels`: only these
    are counted, none named means all; touches for a purpose in `not_counted` are not.
    """

    touches: int
    days: int
    per: str
    channels: frozenset[Channel]
    not_counted: frozenset[Purpose]


@frozen
class Step:
    """A rung of the ladder: `code` is second_channel, second_person or level_higher (J51).

    `to`: of whom it reaches, somebody has one of these duties; none named means anybody.
    """

    code: str
    after: Window
    to: frozenset[str] = frozenset()


@frozen
class WindowRule:
    """A window and the touches it is for; a criterion left empty fits every touch."""

    within: Window
    purposes: frozenset[Purpose] = frozenset()
    urgencies: frozenset[Urgency] = frozenset()
    channels: frozenset[Channel] = frozenset()
    wanted: frozenset[Expects] = frozenset()

    @property
    def weight(self) -> tuple[bool, bool, bool, bool]:
        """How specific it is: purpose outweighs urgency, then channel, then what is wanted."""
        return bool(self.purposes), bool(self.urgencies), bool(self.channels), bool(self.wanted)

    def fits(self, channel: Channel, purpose: Purpose, urgency: Urgency, wanted: Expects) -> bool:
        """True if it is for such a touch."""
        return (
            (not self.purposes or purpose in self.purposes)
            and (not self.urgencies or urgency in self.urgencies)
            and (not self.channels or channel in self.channels)
            and (not self.wanted or wanted in self.wanted)
        )

    def overlaps(self, other: WindowRule) -> bool:
        """True if both are equally specific and some touch fits both."""
        mine = self.purposes, self.urgencies, self.channels, self.wanted
        theirs = other.purposes, other.urgencies, other.channels, other.wanted
        return self.weight == other.weight and not any(
            a and a.isdisjoint(b) for a, b in zip(mine, theirs, strict=True)
        )


@frozen
class AgreedHours:
    """When a channel may ring, in the receiver's wall time; `exempt` purposes may always."""

    open: Week
    exempt: frozenset[Purpose] = frozenset()


@frozen
class Table:
    """What is agreed for one receiver: the policy's own, a role's or a party's.

    `wanted` has the keys (purpose, channel), (purpose, None), (None, channel).
    """

    calendar: Calendar | None = None
    windows: tuple[WindowRule, ...] = ()
    wanted: Mapping[tuple[Purpose | None, Channel | None], Expects] = field(factory=dict)
    hours: Mapping[Channel, AgreedHours] = field(factory=dict)
    next_answer: Window | None = None


_MISSING = object()


@frozen
class Policy:
    """A parsed policy. `text` is the whole of it; equal texts are equal policies.

    Methods take the *receiver's* role and party id. The party's own table is asked first,
    then its role's, then the policy's own; the first that says something decides.
    `tables` holds them by party id, by role, and the policy's own under "".
    """

    text: str
    digest: str = field(eq=False)
    rules: int = field(eq=False)
    zone: str | None = field(eq=False)
    backfill_limit: timedelta = field(eq=False)
    delivery_grace: timedelta = field(eq=False)
    coverage_tolerance: timedelta = field(eq=False)
    skew: timedelta = field(eq=False)
    evidence_needed: Grade = field(eq=False)
    owed: frozenset[Purpose] = field(eq=False)
    preferred_first: bool = field(eq=False)
    caps: tuple[Cap, ...] = field(eq=False)
    ladder: tuple[Step, ...] = field(eq=False)
    allowed_channels: frozenset[Channel] | None = field(eq=False)
    refused_channels: frozenset[Channel] = field(eq=False)
    no_way_back: frozenset[Channel] = field(eq=False)
    looks: frozenset[Channel] = field(eq=False)
    entitled: Mapping[str, frozenset[str]] = field(eq=False)
    next_answer: Window | None = field(eq=False)
    tables: Mapping[str, Table] = field(eq=False, repr=False)
    preferred_channel: Channel | None = field(eq=False, default=None)
    allowed_topics: frozenset[str] = field(eq=False, default=frozenset())
    refused_topics: frozenset[str] = field(eq=False, default=frozenset())
    cadences: tuple[Cadence, ...] = field(eq=False, default=())
    plan: tuple[Planned, ...] = field(eq=False, default=())
    bearing: Bearing = field(eq=False, default=Bearing())
    needs: Needs = field(eq=False, default=Needs())
    _orders: dict[tuple[str | None, str | None], tuple[Table, ...]] = field(
        factory=dict, init=False, eq=False, repr=False
    )
    _found: dict[tuple[object, ...], Window | None] = field(
        factory=dict, init=False, eq=False, repr=False
    )

    def _asked(self, role: Role | str | None, party: str | None) -> tuple[Table, ...]:
        """The tables to ask, in order; a party without one of its own shares its role's."""
        key = (role, party if party in self.tables else None)
        asked = self._orders.get(key)
        if asked is None:
            names = [name for name in (key[1], role, "") if name is not None]
            asked = tuple(self.tables[name] for name in names if name in self.tables)
            self._orders[key] = asked
        return asked

    def wanted(
        self,
        channel: Channel,
        purpose: Purpose,
        role: Role | str | None = None,
        party: str | None = None,
    ) -> Expects:
        """What a touch wants back that does not say so itself (J25)."""
        for table in self._asked(role, party):
            for key in ((purpose, channel), (purpose, None), (None, channel)):
                if key in table.wanted:
                    return table.wanted[key]
        return Expects.SEEN if purpose is Purpose.NOTICE else WANTED.get(channel, Expects.SEEN)

    def window(
        self,
        channel: Channel,
        purpose: Purpose,
        urgency: Urgency,
        wanted: Expects,
        role: Role | str | None = None,
        party: str | None = None,
    ) -> Window | None:
        """How long the receiver may take; None: no deadline agreed, or nothing wanted (J28).

        Within a table the most specific rule wins: one that names the purpose, then the
        urgency, then the channel, then what is wanted.
        """
        known_party = party if party in self.tables else None
        key = (channel, purpose, urgency, wanted, role, known_party)
        known = self._found.get(key, _MISSING)
        if known is _MISSING:
            known = self._found[key] = self._window(channel, purpose, urgency, wanted, role, party)
        return known  # type: ignore[return-value]  # the sentinel is gone

    def _window(
        self,
        channel: Channel,
        purpose: Purpose,
        urgency: Urgency,
        wanted: Expects,
        role: Role | str | None,
        party: str | None,
    ) -> Window | None:
        if wanted is Expects.NOTHING:
            return None
        for table in self._asked(role, party):
            fitting = [r for r in table.windows if r.fits(channel, purpose, urgency, wanted)]
            if fitting:
                return max(fitting, key=lambda rule: rule.weight).within
        return None

    def next_answer_window(
        self, role: Role | str | None = None, party: str | None = None
    ) -> Window | None:
        """How long the receiver of an answer that asks something back may take (J21)."""
        for table in self._asked(role, party):
            if table.next_answer is not None:
                return table.next_answer
        return None

    def calendar(self, role: Role | str | None = None, party: str | None = None) -> Calendar:
        """The receiver's business hours and holidays (J27)."""
        asked = self._asked(role, party)
        return next(table.calendar for table in asked if table.calendar is not None)

    def quiet(
        self,
        channel: Channel,
        purpose: Purpose,
        local: datetime,
        role: Role | str | None = None,
        party: str | None = None,
    ) -> bool:
        """True if the receiver's wall time `local` is outside the hours of that channel (J40).

        Both ends of the hours are inside: at 20:00:00 sharp it may still ring.
        """
        agreed = self.hours(channel, role, party)
        if agreed is None:
            return False
        return purpose not in agreed.exempt and not in_hours(agreed.open, local)

    def hours(
        self, channel: Channel, role: Role | str | None = None, party: str | None = None
    ) -> AgreedHours | None:
        """When that channel may ring at the receiver; None: at any time."""
        agreed = (table.hours.get(channel) for table in self._asked(role, party))
        return next((hours for hours in agreed if hours is not None), None)

    def entitled_duties(self, purpose: Purpose, topics: Iterable[str]) -> frozenset[str] | None:
        """The duties of which a receiving person needs one; None: anybody will do (J40).

        A purpose and topics that are all listed add up: whoever may hear one of them may be
        written to about all.
        """
        lists = [self.entitled[word] for word in (purpose, *topics) if word in self.entitled]
        return frozenset().union(*lists) if lists else None

    def evidence_for_silence(self, channel: Channel) -> Grade:
        """The grade that a silence on that channel needs to be held against anybody (J40)."""
        for named, grade in self.needs.silence:
            if named is channel:
                return grade
        return self.evidence_needed

    def bars_topics(self, topics: Iterable[str]) -> str | None:
        """Why such topics may not be written about, "topic_refused" or "topic_not_allowed".

        None: they may. A touch without a topic always may (J40).
        """
        named = frozenset(topics)
        if not named.isdisjoint(self.refused_topics):
            return "topic_refused"
        if named and self.allowed_topics and named.isdisjoint(self.allowed_topics):
            return "topic_not_allowed"
        return None

    def way_back(self, channel: Channel) -> bool:
        """True if one can answer over that channel (J30)."""
        return channel not in self.no_way_back

    def shows_look(self, channel: Channel) -> bool:
        """True if that channel reports by itself that something was displayed (outcome 6)."""
        return channel in self.looks
