"""A policy said again in plain sentences, as a report prints it beside its verdicts."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from datetime import timedelta

from contactledger.findings import Grade
from contactledger.judge.calendar import Calendar, Week, Window
from contactledger.judge.policy_owed import Bearing
from contactledger.judge.policy_terms import AgreedHours, Cap, Policy, Step, Table, WindowRule
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
_WANTS = {
    Expects.REPLY: "wants a reply",
    Expects.RESPONSE: "wants a response",
    Expects.SEEN: "wants to be seen",
    Expects.NOTHING: "wants nothing back",
}
_STEPS = {
    "second_channel": "tries the preferred channel, else a second one",
    "second_person": "turns to a second person",
    "level_higher": "goes a level higher",
}
_ANY = (False, False, False, False)
_DAY_NAMES = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")


def format_window(window: Window) -> str:
    """A window in plain words: "3 business days", "4 business hours", "90 business minutes"."""
    if window.days:
        return _count(window.days, "business day")
    if window.minutes and window.minutes % 60 == 0:
        return _count(window.minutes // 60, "business hour")
    return _count(window.minutes, "business minute")


def format_duration(duration: timedelta) -> str:
    """Elapsed time in plain words, in the largest unit that divides it: "7 days"."""
    seconds = duration // timedelta(seconds=1)
    for size, unit in ((86_400, "day"), (3_600, "hour"), (60, "minute")):
        if seconds and seconds % size == 0:
            return _count(seconds // size, unit)
    return _count(seconds, "second")


def _count(number: int, unit: str, several: str = "") -> str:
    return f"{number} {unit}" if number == 1 else f"{number} {several or unit + 's'}"


def _listed(words: Iterable[str], last: str = "or") -> str:
    *most, final = words
    return f"{', '.join(most)} {last} {final}" if most else final


def _a(words: str) -> str:
    return f"an {words}" if words[0] in "aeio" or words.startswith("SMS") else f"a {words}"


def _channels(channels: Iterable[Channel], last: str = "or") -> str:
    """Channels in the order of the vocabulary, whatever the order of the set."""
    there = frozenset(channels)
    return _listed([CHANNEL_WORDS[channel] for channel in Channel if channel in there], last)


def _words(words: Iterable[Purpose | Urgency], last: str = "or") -> str:
    there = frozenset(words)
    kinds: list[Purpose | Urgency] = [*Purpose, *Urgency]
    return _listed([word.replace("_", "-") for word in kinds if word in there], last)


def rule_sentences(policy: Policy) -> tuple[str, ...]:
    """The policy in plain sentences, in the order in which a reader asks.

    The policy's own rules first, then what differs for a role or a party. Parties are named
    by their id, which a report replaces by the name. The order is the same for equal texts.
    """
    sentences = list(_receiver(policy.tables[""], own=True))
    sentences += _wanted(policy, None, None)
    sentences += _sending(policy)
    sentences += _owed(policy)
    sentences += _weighing(policy)
    for name, table in policy.tables.items():
        if name:
            is_role = name in list(Role)
            whom = _a(name) if is_role else f"party {name}"
            lines = list(_receiver(table))
            if table.wanted:
                lines += _wanted(policy, name if is_role else None, None if is_role else name)
            sentences += [f"Toward {whom}: {line[0].lower()}{line[1:]}" for line in lines]
    return tuple(sentences)


def _receiver(table: Table, *, own: bool = False) -> Iterator[str]:
    """What may differ from receiver to receiver."""
    for rule in sorted(table.windows, key=lambda rule: rule.weight, reverse=True):
        yield _window(rule)
    if len(table.windows) > 1:
        yield (
            "Where several windows fit, the one that names the purpose counts, then the one "
            "that names the urgency, then the channel, then what is wanted."
        )
    if own and not any(rule.weight == _ANY for rule in table.windows):
        yield "For a touch that no window fits, no deadline is agreed."
    if table.next_answer is not None:
        yield (
            "An answer that asks something back is to be answered within "
            f"{format_window(table.next_answer)} of the receiver."
        )
    if table.calendar is not None:
        yield _calendar(table.calendar)
    grouped: dict[AgreedHours, list[Channel]] = {}
    for channel, agreed in table.hours.items():
        grouped.setdefault(agreed, []).append(channel)
    for agreed, channels in grouped.items():
        exempt = f", for {_words(agreed.exempt)} at any time" if agreed.exempt else ""
        yield (
            f"{_upper(_a(_channels(channels)))} may come {_week(agreed.open)} in the receiver's "
            f"own time{exempt}."
        )


def _upper(text: str) -> str:
    return text[0].upper() + text[1:]


def _window(rule: WindowRule) -> str:
    what = _a(_channels(rule.channels) if rule.channels else "touch")
    if rule.urgencies:
        what += f" of {_words(rule.urgencies)} urgency"
    if rule.purposes:
        what += f" whose purpose is {_words(rule.purposes)}"
    within = f"within {format_window(rule.within)} of the receiver."
    if rule.wanted == {Expects.SEEN}:
        return _upper(f"{what} that wants to be seen is to be seen {within}")
    if not rule.wanted or Expects.SEEN in rule.wanted:
        return _upper(f"{what} is to be answered, or seen where that is all it wants, {within}")
    wants = "an answer" if len(rule.wanted) == 2 else f"a {next(iter(rule.wanted))}"
    return _upper(f"{what} that wants {wants} is to be answered {within}")


def _calendar(calendar: Calendar) -> str:
    shut = "no holidays"
    if calendar.holidays:
        days = sorted(calendar.holidays)
        span = f"from {days[0]} to {days[-1]}" if len(days) > 1 else str(days[0])
        shut = f"shut on {_count(len(days), 'holiday')}, {span}"
    return f"Business hours are {_week(calendar.week)} in the receiver's own zone, {shut}."


def _week(week: Week) -> str:
    """Days with the same hours in one breath: "Monday to Friday 09:00–17:00"."""
    parts: list[str] = []
    day = 0
    while day < 7:
        last = day
        while last < 6 and week[last + 1] == week[day]:
            last += 1
        if week[day]:
            times = _listed([f"{_clock(a)}–{_clock(b)}" for a, b in week[day]], "and")
            days = _DAY_NAMES[day] if last == day else f"{_DAY_NAMES[day]} to {_DAY_NAMES[last]}"
            parts.append(f"{'every day' if last - day == 6 else days} {times}")
        day = last + 1
    return ", ".join(parts)


def _clock(minute: int) -> str:
    return f"{minute // 60:02}:{minute % 60:02}"


def _wanted(policy: Policy, role: str | None, party: str | None) -> Iterator[str]:
    """What is wanted by default, from the very look-up that the judge uses."""
    maps = {
        purpose: tuple(policy.wanted(channel, purpose, role, party) for channel in Channel)
        for purpose in Purpose
    }
    usual = Counter(maps.values()).most_common(1)[0][0]
    usually = dict(zip(Channel, usual, strict=True))
    clauses = [
        f"{_a(_channels(c for c in Channel if usually[c] is word))} {_WANTS[word]}"
        for word in Expects
        if word in usual
    ]
    yield f"Unless it says so itself, {'; '.join(clauses)}; an answer wants nothing back."
    for purpose, words in maps.items():
        for word in Expects:
            own = dict(zip(Channel, words, strict=True))
            channels = [c for c in Channel if own[c] is word and own[c] is not usually[c]]
            if channels:
                same = set(words) == {word}
                what = "touch" if same else _channels(channels)
                yield f"{_upper(_a(what))} whose purpose is {_words([purpose])} {_WANTS[word]}."


def _sending(policy: Policy) -> Iterator[str]:
    """What binds whoever reaches out."""
    yield from map(_cap, policy.caps)
    if policy.allowed_channels is not None:
        yield f"Allowed without being asked for: {_channels(policy.allowed_channels, 'and')}."
    if policy.refused_channels:
        yield f"Agreed not to be used: {_channels(policy.refused_channels, 'and')}."
    if policy.refused_topics:
        yield f"Agreed not to be written about: {_listed(sorted(policy.refused_topics), 'and')}."
    if policy.allowed_topics:
        topics = _listed(sorted(policy.allowed_topics), "and")
        yield f"Whatever names a topic names one that is allowed: {topics}."
    if policy.preferred_channel is not None:
        yield (
            f"The channel of whoever asked for none is {CHANNEL_WORDS[policy.preferred_channel]}."
        )
    if policy.preferred_first:
        yield "The channel that the receiver prefers is to be tried first."
    if policy.owed:
        yield (
            "Somebody who opted out of everything is still sent what is owed: "
            f"{_words(policy.owed, 'and')}."
        )
    for word, duties in sorted(policy.entitled.items()):
        yield f"On {word} whoever is addressed must have the duty {_listed(sorted(duties))}."
    if policy.no_way_back:
        yield f"One cannot answer over: {_channels(policy.no_way_back, 'and')}."
    if policy.looks:
        yield f"Reports by itself that it was displayed: {_channels(policy.looks, 'and')}."
    if policy.ladder:
        steps = [_step(step) for step in policy.ladder]
        yield f"Whoever is owed an answer {_listed(steps, 'and')}."


def _step(step: Step) -> str:
    """A rung; a comma parts what is tried from what it is tried instead of."""
    tries = _STEPS[step.code]
    if step.to:
        tries += f" (one with the duty {_listed(sorted(step.to))})"
    comma = "," if step.code == "second_channel" else ""
    return f"{tries}{comma} after {format_window(step.after)}"


def _owed(policy: Policy) -> Iterator[str]:
    """What is owed without being asked for."""
    for cadence in policy.cadences:
        what = _what(cadence.channels, cadence.purposes)
        if cadence.after is not None and cadence.within is not None:
            yield (
                f"{_upper(_a(cadence.by))} owes {_a(cadence.to)} {_a(what)} after every "
                f"{_milestone(cadence.after)}, within {format_window(cadence.within)} of the "
                "receiver."
            )
        else:
            yield (
                f"{_upper(_a(cadence.by))} owes {_a(cadence.to)} at least "
                f"{_count(cadence.touches, 'touch', 'touches')} "
                f"({what}) in any {_count(cadence.days, 'day')}."
            )
    for planned in policy.plan:
        yield (
            f"After every {_milestone(planned.after)} {_a(planned.by)} plans for {_a(planned.to)}: "
            f"{planned.name}, {_a(_what(planned.channels, planned.purposes))} from day "
            f"{planned.first} to day {planned.last}."
        )


def _what(channels: Iterable[Channel], purposes: Iterable[Purpose]) -> str:
    there = frozenset(purposes)
    what = _channels(channels) if channels else "touch over any channel"
    return f"{what} whose purpose is {_words(there)}" if there else what


def _milestone(kind: MilestoneKind) -> str:
    return "milestone of another kind" if kind is MilestoneKind.OTHER else str(kind)


def _cap(cap: Cap) -> str:
    what = "touch" if cap.touches == 1 else "touches"
    if cap.channels:
        what += f" ({_channels(cap.channels)})"
    over = "campaigns" if cap.channels else "channels and campaigns"
    less = ""
    if cap.not_counted:
        less = f"; those whose purpose is {_words(cap.not_counted)} are not counted"
    whom = "everybody in the account" if cap.per == "account" else f"one {cap.per}"
    return (
        f"At most {cap.touches} {what} of one sender to {whom} in "
        f"{_count(cap.days, 'day')}, over all {over} together{less}."
    )


def _weighing(policy: Policy) -> Iterator[str]:
    """What binds whoever judges."""
    yield (
        "Silence is held against a party only on evidence that is at least "
        f"{policy.evidence_needed.word}."
    )
    for channel, grade in policy.needs.silence:
        yield (
            f"After {_a(CHANNEL_WORDS[channel])} it is held on evidence that is at least "
            f"{grade.word}."
        )
    for claim, grade in (("cadence", policy.needs.cadence), ("plan", policy.needs.plan)):
        if grade is not Grade.CLAIMED:
            yield f"For the {claim} a touch counts only on evidence that is at least {grade.word}."
    yield (
        "The clock of an answer starts at the touch, or at its delivery if that came more than "
        f"{format_duration(policy.delivery_grace)} later."
    )
    yield (
        f"An entry written down more than {format_duration(policy.backfill_limit)} after the event "
        "is its writer's claim where it favours the writer."
    )
    tolerance = policy.coverage_tolerance
    blind = f"for more than {format_duration(tolerance)}" if tolerance else "for any time"
    yield f"Where the way back was blind {blind}, silence is unproven."
    yield (
        f"Clocks may differ by {format_duration(policy.skew)}: an answer dated that much before "
        "its touch still counts."
    )
    if policy.bearing != Bearing():
        yield from _bearing(policy.bearing)
    if policy.zone is not None:
        yield f"Where neither person nor party names a zone, it is {policy.zone}."


def _bearing(bearing: Bearing) -> Iterator[str]:
    """From when a relationship is worth a word."""
    yield (
        f"A party that has not been reached out to for {format_duration(bearing.silent_after)} "
        "was left in silence."
    )
    yield (
        f"More than {_count(bearing.overload_touches, 'touch', 'touches')} of one party to another "
        f"in {format_duration(bearing.overload_within)} are too many at once."
    )
    yield (
        "A referral may be asked of a party that was in touch no longer than "
        f"{format_duration(bearing.referral_within)} ago."
    )
