"""A policy said again in plain sentences, as a report prints it beside its verdicts.

Every sentence is a message with places, so that a report can say it in its own language.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from datetime import timedelta

from attrs import frozen

from contactledger.findings import Grade
from contactledger.judge.calendar import Calendar, Week, Window
from contactledger.judge.policy_owed import Bearing
from contactledger.judge.policy_terms import AgreedHours, Cap, Policy, Step, Table, WindowRule
from contactledger.judge.speech import ENGLISH, Speech
from contactledger.vocabulary import Channel, Expects, MilestoneKind, Purpose, Role, Urgency

CHANNEL_WORDS: Mapping[Channel, str] = {
    Channel.EMAIL: "e-mail",
    Channel.PHONE: "call",
    Channel.SMS: "SMS",
    Channel.CHAT: "chat",
    Channel.MEETING: "meeting",
    Channel.VISIT: "visit",
    Channel.LETTER: "letter",
    Channel.WEB: "web page",
    Channel.IN_APP: "in-app message",
    Channel.TICKET: "ticket",
    Channel.OTHER: "touch over another channel",
}
WANTS = {
    Expects.REPLY: "{what} wants a reply",
    Expects.RESPONSE: "{what} wants a response",
    Expects.SEEN: "{what} wants to be seen",
    Expects.NOTHING: "{what} wants nothing back",
}
STEPS = {
    "second_channel": "tries the preferred channel, else a second one, after {window}",
    "second_person": "turns to a second person after {window}",
    "level_higher": "goes a level higher after {window}",
}
STEPS_TO = {
    "second_channel": "tries the preferred channel, else a second one (one with the duty {duty}), "
    "after {window}",
    "second_person": "turns to a second person (one with the duty {duty}) after {window}",
    "level_higher": "goes a level higher (one with the duty {duty}) after {window}",
}
PER = {
    "account": "everybody in the account",
    "person": "one person",
    "party": "one party",
}
UNITS = {
    "business day": ("{n} business day", "{n} business days"),
    "business hour": ("{n} business hour", "{n} business hours"),
    "business minute": ("{n} business minute", "{n} business minutes"),
    "day": ("{n} day", "{n} days"),
    "hour": ("{n} hour", "{n} hours"),
    "minute": ("{n} minute", "{n} minutes"),
    "second": ("{n} second", "{n} seconds"),
    "holiday": ("{n} holiday", "{n} holidays"),
    "touch": ("{n} touch", "{n} touches"),
}
"""A thing that is counted: of one, of many."""
_ANY = (False, False, False, False)
DAY_NAMES = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")


def format_window(window: Window) -> str:
    """A window in plain words: "3 business days", "4 business hours", "90 business minutes"."""
    return _Sentences(ENGLISH).span(window)


def format_duration(duration: timedelta) -> str:
    """Elapsed time in plain words, in the largest unit that divides it: "7 days"."""
    return _Sentences(ENGLISH).duration(duration)


def rule_sentences(policy: Policy, words: Speech = ENGLISH) -> tuple[str, ...]:
    """The policy in plain sentences, in the order in which a reader asks.

    The policy's own rules first, then what differs for a role or a party. Parties are named
    by their id, which a report replaces by the name. The order is the same for equal texts.
    """
    return tuple(_Sentences(words).of(policy))


@frozen
class _Sentences:
    """The sentences, in one language."""

    words: Speech

    def of(self, policy: Policy) -> Iterator[str]:
        words = self.words
        yield from self.receiver(policy.tables[""], own=True)
        yield from self.wanted(policy, None, None)
        yield from self.sending(policy)
        yield from self.owed(policy)
        yield from self.weighing(policy)
        for name, table in policy.tables.items():
            if name:
                is_role = name in list(Role)
                whom = self.a(words(name)) if is_role else words("party {name}", name=name)
                lines = list(self.receiver(table))
                if table.wanted:
                    role, party = (name, None) if is_role else (None, name)
                    lines += self.wanted(policy, role, party)
                for line in lines:
                    yield words("Toward {whom}: {rule}", whom=whom, rule=words.inside(line))

    # --- words

    def count(self, number: int, unit: str) -> str:
        one, many = UNITS[unit]
        return self.words(one if number == 1 else many, n=number)

    def span(self, window: Window) -> str:
        if window.days:
            return self.count(window.days, "business day")
        if window.minutes and window.minutes % 60 == 0:
            return self.count(window.minutes // 60, "business hour")
        return self.count(window.minutes, "business minute")

    def duration(self, duration: timedelta) -> str:
        seconds = duration // timedelta(seconds=1)
        for size, unit in ((86_400, "day"), (3_600, "hour"), (60, "minute")):
            if seconds and seconds % size == 0:
                return self.count(seconds // size, unit)
        return self.count(seconds, "second")

    def a(self, what: str) -> str:
        """With the article that the English has; other languages give it none."""
        if what[0] in "aeio" or what.startswith("SMS"):
            return self.words("an {what}", what=what)
        return self.words("a {what}", what=what)

    def channels(self, channels: Iterable[Channel], last: str = "or") -> str:
        """Channels in the order of the vocabulary, whatever the order of the set."""
        there = frozenset(channels)
        names = [self.words(CHANNEL_WORDS[channel]) for channel in Channel if channel in there]
        return self.words.listed(names, last)

    def kinds(self, kinds: Iterable[Purpose | Urgency], last: str = "or") -> str:
        there = frozenset(kinds)
        every: list[Purpose | Urgency] = [*Purpose, *Urgency]
        names = [self.words(word.replace("_", "-")) for word in every if word in there]
        return self.words.listed(names, last)

    # --- what may differ from receiver to receiver

    def receiver(self, table: Table, *, own: bool = False) -> Iterator[str]:
        words = self.words
        for rule in sorted(table.windows, key=lambda rule: rule.weight, reverse=True):
            yield self.window(rule)
        if len(table.windows) > 1:
            yield words(
                "Where several windows fit, the one that names the purpose counts, then the one "
                "that names the urgency, then the channel, then what is wanted."
            )
        if own and not any(rule.weight == _ANY for rule in table.windows):
            yield words("For a touch that no window fits, no deadline is agreed.")
        if table.next_answer is not None:
            yield words(
                "An answer that asks something back is to be answered within {window} of the "
                "receiver.",
                window=self.span(table.next_answer),
            )
        if table.calendar is not None:
            yield self.calendar(table.calendar)
        grouped: dict[AgreedHours, list[Channel]] = {}
        for channel, agreed in table.hours.items():
            grouped.setdefault(agreed, []).append(channel)
        for agreed, channels in grouped.items():
            exempt = ""
            if agreed.exempt:
                exempt = words(", for {purposes} at any time", purposes=self.kinds(agreed.exempt))
            yield words(
                "{what} may come {times} in the receiver's own time{exempt}.",
                what=words.start(self.a(self.channels(channels))),
                times=self.week(agreed.open),
                exempt=exempt,
            )

    def window(self, rule: WindowRule) -> str:
        words = self.words
        what = self.a(self.channels(rule.channels) if rule.channels else words("touch"))
        if rule.urgencies:
            urgency = self.kinds(rule.urgencies)
            what = words("{what} of {urgency} urgency", what=what, urgency=urgency)
        if rule.purposes:
            purposes = self.kinds(rule.purposes)
            what = words("{what} whose purpose is {purposes}", what=what, purposes=purposes)
        said = {"what": words.start(what), "window": self.span(rule.within)}
        if rule.wanted == {Expects.SEEN}:
            return words(
                "{what} that wants to be seen is to be seen within {window} of the receiver.",
                **said,
            )
        if not rule.wanted or Expects.SEEN in rule.wanted:
            return words(
                "{what} is to be answered, or seen where that is all it wants, within {window} of "
                "the receiver.",
                **said,
            )
        wants = {Expects.REPLY: words("a reply"), Expects.RESPONSE: words("a response")}
        one = wants[next(iter(rule.wanted))]
        return words(
            "{what} that wants {wanted} is to be answered within {window} of the receiver.",
            **said,
            wanted=words("an answer") if len(rule.wanted) == len(wants) else one,
        )

    def calendar(self, calendar: Calendar) -> str:
        words = self.words
        shut = words("no holidays")
        if calendar.holidays:
            days = sorted(calendar.holidays)
            span = str(days[0])
            if len(days) > 1:
                span = words("from {since} to {until}", since=days[0], until=days[-1])
            count = self.count(len(days), "holiday")
            shut = words("shut on {holidays}, {when}", holidays=count, when=span)
        return words(
            "Business hours are {times} in the receiver's own zone, {holidays}.",
            times=self.week(calendar.week),
            holidays=shut,
        )

    def week(self, week: Week) -> str:
        """Days with the same hours in one breath: "Monday to Friday 09:00–17:00"."""
        words = self.words
        parts: list[str] = []
        day = 0
        while day < 7:
            last = day
            while last < 6 and week[last + 1] == week[day]:
                last += 1
            if week[day]:
                times = words.listed([f"{_clock(a)}–{_clock(b)}" for a, b in week[day]], "and")
                days = words(DAY_NAMES[day])
                if last - day == 6:
                    days = words("every day")
                elif last != day:
                    days = words("{since} to {until}", since=days, until=words(DAY_NAMES[last]))
                parts.append(f"{days} {times}")
            day = last + 1
        return ", ".join(parts)

    def wanted(self, policy: Policy, role: str | None, party: str | None) -> Iterator[str]:
        """What is wanted by default, from the very look-up that the judge uses."""
        words = self.words
        maps = {
            purpose: tuple(policy.wanted(channel, purpose, role, party) for channel in Channel)
            for purpose in Purpose
        }
        usual = Counter(maps.values()).most_common(1)[0][0]
        usually = dict(zip(Channel, usual, strict=True))
        clauses = [
            words(WANTS[word], what=self.a(self.channels(c for c in Channel if usually[c] is word)))
            for word in Expects
            if word in usual
        ]
        yield words(
            "Unless it says so itself, {clauses}; an answer wants nothing back.",
            clauses="; ".join(clauses),
        )
        for purpose, expected in maps.items():
            for word in Expects:
                own = dict(zip(Channel, expected, strict=True))
                channels = [c for c in Channel if own[c] is word and own[c] is not usually[c]]
                if channels:
                    same = set(expected) == {word}
                    what = self.a(words("touch") if same else self.channels(channels))
                    purposes = self.kinds([purpose])
                    what = words("{what} whose purpose is {purposes}", what=what, purposes=purposes)
                    yield f"{words(WANTS[word], what=words.start(what))}."

    # --- what binds whoever reaches out

    def sending(self, policy: Policy) -> Iterator[str]:
        words = self.words
        yield from map(self.cap, policy.caps)
        if policy.allowed_channels is not None:
            channels = self.channels(policy.allowed_channels, "and")
            yield words("Allowed without being asked for: {channels}.", channels=channels)
        if policy.refused_channels:
            channels = self.channels(policy.refused_channels, "and")
            yield words("Agreed not to be used: {channels}.", channels=channels)
        if policy.refused_topics:
            topics = words.listed(sorted(policy.refused_topics))
            yield words("Agreed not to be written about: {topics}.", topics=topics)
        if policy.allowed_topics:
            topics = words.listed(sorted(policy.allowed_topics))
            yield words(
                "Whatever names a topic names one that is allowed: {topics}.", topics=topics
            )
        if policy.preferred_channel is not None:
            channel = words(CHANNEL_WORDS[policy.preferred_channel])
            yield words("The channel of whoever asked for none is {channel}.", channel=channel)
        if policy.preferred_first:
            yield words("The channel that the receiver prefers is to be tried first.")
        if policy.owed:
            yield words(
                "Somebody who opted out of everything is still sent what is owed: {purposes}.",
                purposes=self.kinds(policy.owed, "and"),
            )
        for word, duties in sorted(policy.entitled.items()):
            yield words(
                "On {topic} whoever is addressed must have the duty {duty}.",
                topic=word,
                duty=words.listed(sorted(duties), "or"),
            )
        if policy.no_way_back:
            channels = self.channels(policy.no_way_back, "and")
            yield words("One cannot answer over: {channels}.", channels=channels)
        if policy.looks:
            channels = self.channels(policy.looks, "and")
            yield words("Reports by itself that it was displayed: {channels}.", channels=channels)
        if policy.ladder:
            steps = words.listed([self.step(step) for step in policy.ladder])
            yield words("Whoever is owed an answer {steps}.", steps=steps)

    def step(self, step: Step) -> str:
        """A rung; a comma parts what is tried from what it is tried instead of."""
        after = self.span(step.after)
        if not step.to:
            return self.words(STEPS[step.code], window=after)
        duty = self.words.listed(sorted(step.to), "or")
        return self.words(STEPS_TO[step.code], window=after, duty=duty)

    def cap(self, cap: Cap) -> str:
        words = self.words
        less = ""
        if cap.not_counted:
            less = words(
                "; those whose purpose is {purposes} are not counted",
                purposes=self.kinds(cap.not_counted),
            )
        said = {
            "touches": self.count(cap.touches, "touch"),
            "whom": words(PER[cap.per]),
            "days": self.count(cap.days, "day"),
            "less": less,
        }
        if cap.channels:
            return words(
                "At most {touches} ({channels}) of one sender to {whom} in {days}, over all "
                "campaigns together{less}.",
                **said,
                channels=self.channels(cap.channels),
            )
        return words(
            "At most {touches} of one sender to {whom} in {days}, over all channels and campaigns "
            "together{less}.",
            **said,
        )

    # --- what is owed without being asked for

    def owed(self, policy: Policy) -> Iterator[str]:
        words = self.words
        for cadence in policy.cadences:
            what = self.what(cadence.channels, cadence.purposes)
            pair = {
                "by": words.start(self.a(words(cadence.by))),
                "to": self.a(words(cadence.to)),
            }
            if cadence.after is not None and cadence.within is not None:
                yield words(
                    "{by} owes {to} {what} after every {milestone}, within {window} of the "
                    "receiver.",
                    **pair,
                    what=self.a(what),
                    milestone=self.milestone(cadence.after),
                    window=self.span(cadence.within),
                )
            else:
                yield words(
                    "{by} owes {to} at least {touches} ({what}) in any {days}.",
                    **pair,
                    touches=self.count(cadence.touches, "touch"),
                    what=what,
                    days=self.count(cadence.days, "day"),
                )
        for planned in policy.plan:
            yield words(
                "After every {milestone} {by} plans for {to}: {name}, {what} from day {first} to "
                "day {last}.",
                milestone=self.milestone(planned.after),
                by=self.a(words(planned.by)),
                to=self.a(words(planned.to)),
                name=planned.name,
                what=self.a(self.what(planned.channels, planned.purposes)),
                first=planned.first,
                last=planned.last,
            )

    def what(self, channels: Iterable[Channel], purposes: Iterable[Purpose]) -> str:
        there = frozenset(purposes)
        what = self.channels(channels) if channels else self.words("touch over any channel")
        if not there:
            return what
        named = self.kinds(there)
        return self.words("{what} whose purpose is {purposes}", what=what, purposes=named)

    def milestone(self, kind: MilestoneKind) -> str:
        other = kind is MilestoneKind.OTHER
        return self.words("milestone of another kind") if other else self.words(str(kind))

    # --- what binds whoever judges

    def weighing(self, policy: Policy) -> Iterator[str]:
        words = self.words
        yield words(
            "Silence is held against a party only on evidence that is at least {grade}.",
            grade=words(policy.evidence_needed.word),
        )
        for channel, grade in policy.needs.silence:
            yield words(
                "After {what} it is held on evidence that is at least {grade}.",
                what=self.a(words(CHANNEL_WORDS[channel])),
                grade=words(grade.word),
            )
        cadence, plan = policy.needs.cadence, policy.needs.plan
        if cadence is not Grade.CLAIMED:
            yield words(
                "For the cadence a touch counts only on evidence that is at least {grade}.",
                grade=words(cadence.word),
            )
        if plan is not Grade.CLAIMED:
            yield words(
                "For the plan a touch counts only on evidence that is at least {grade}.",
                grade=words(plan.word),
            )
        yield words(
            "The clock of an answer starts at the touch, or at its delivery if that came more than "
            "{time} later.",
            time=self.duration(policy.delivery_grace),
        )
        yield words(
            "An entry written down more than {time} after the event is its writer's claim where it "
            "favours the writer.",
            time=self.duration(policy.backfill_limit),
        )
        tolerance = policy.coverage_tolerance
        blind = words("for any time")
        if tolerance:
            blind = words("for more than {time}", time=self.duration(tolerance))
        yield words("Where the way back was blind {blind}, silence is unproven.", blind=blind)
        yield words(
            "Clocks may differ by {time}: an answer dated that much before its touch still counts.",
            time=self.duration(policy.skew),
        )
        if policy.bearing != Bearing():
            yield from self.bearing(policy.bearing)
        if policy.zone is not None:
            zone = policy.zone
            yield words("Where neither person nor party names a zone, it is {zone}.", zone=zone)

    def bearing(self, bearing: Bearing) -> Iterator[str]:
        """From when a relationship is worth a word."""
        words = self.words
        yield words(
            "A party that has not been reached out to for {time} was left in silence.",
            time=self.duration(bearing.silent_after),
        )
        yield words(
            "More than {touches} of one party to another in {time} are too many at once.",
            touches=self.count(bearing.overload_touches, "touch"),
            time=self.duration(bearing.overload_within),
        )
        yield words(
            "A referral may be asked of a party that was in touch no longer than {time} ago.",
            time=self.duration(bearing.referral_within),
        )


def _clock(minute: int) -> str:
    return f"{minute // 60:02}:{minute % 60:02}"
