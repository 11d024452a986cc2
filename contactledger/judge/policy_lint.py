"""What in a policy contradicts itself: `lint_policy(text)`.

A text may parse and still ask for what cannot be: more touches than its cap allows, calls in
hours in which nobody works, a rung of the ladder that nobody may be turned to on. Each
complaint names the key and the line, and says in one sentence what does not go together. A
*contradiction* is a policy that somebody cannot keep; a *doubt* may be meant as it stands.

It looks for what can be told from the text alone; who has which duty, it cannot know.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import date, timedelta
from typing import Any

from attrs import frozen

from contactledger.errors import BadPolicy
from contactledger.judge.calendar import Week, Window
from contactledger.judge.policy_expand import expand_policy
from contactledger.judge.policy_owed import Cadence, Planned
from contactledger.judge.policy_read import read_policy
from contactledger.judge.policy_terms import Cap, Policy
from contactledger.judge.policy_text import Path, Span, load, path_text, places
from contactledger.judge.policy_words import CHANNEL_WORDS, format_duration, format_window
from contactledger.vocabulary import Channel, Expects, Purpose, Role, Urgency

_ANSWERS = (Expects.RESPONSE, Expects.REPLY)
_GATHERINGS = frozenset({Channel.MEETING, Channel.VISIT})


@frozen
class Complaint:
    """One thing that does not go together.

    `key` is the place in the text ("cap[0].touches"), `line` counts from 1. `doubt`: it may be
    meant as it stands.
    """

    code: str
    key: str
    line: int
    text: str
    doubt: bool = False

    def __str__(self) -> str:
        kind = "doubt" if self.doubt else "contradiction"
        return f"line {self.line}, {self.key}: {kind}: {self.text}"


@frozen
class _Found:
    code: str
    path: Path
    text: str
    doubt: bool = False


def lint_policy(text: str, on: date | None = None) -> tuple[Complaint, ...]:
    """What in a policy does not go together, in the order of its lines.

    `on`: the day on which it is to be adopted, to tell holidays that have run out. Raises
    `BadPolicy` for a text that does not parse; a country or a part of one without a calendar
    is a complaint.
    """
    policy, values, spans = read_policy(text, []), load(text), places(text)
    found = [one for check in _CHECKS for one in check(policy, values)]
    complaints = {_placed(one, spans) for one in found}
    try:
        kept = read_policy(expand_policy(text))
    except BadPolicy as error:
        if error.why not in _NO_CALENDAR:
            raise  # the dates, once written out, make no calendar
        line = int(error.place.removeprefix("line "))
        complaints.add(Complaint("country_without_calendar", error.field, line, f"{error.why}."))
    else:
        complaints.update(_placed(one, spans) for one in _run_out(kept, on))
    return tuple(sorted(complaints, key=lambda one: (one.line, one.key, one.code, one.text)))


_NO_CALENDAR = ("not known to the package holidays", "has no public holidays in these years")


def _placed(found: _Found, spans: dict[Path, Span]) -> Complaint:
    path = found.path
    while path and path not in spans:
        path = path[:-1]
    line = spans[path].line if path else 1
    return Complaint(found.code, path_text(path or found.path), line, found.text, found.doubt)


# --- how often -------------------------------------------------------------------------------


def _caps_and_cadences(policy: Policy, _: dict[str, Any]) -> Iterator[_Found]:
    """What is owed in the long run must fit under every cap that counts it."""
    for n, cap in enumerate(policy.caps):
        for pair in dict.fromkeys(_pair(one) for one in policy.cadences):
            owed = [
                one
                for one in policy.cadences
                if _pair(one) == pair and one.days and _counts(cap, one)
            ]
            # in touches per so many days; fractions are compared without being divided
            rate = sum((one.touches / one.days for one in owed), 0.0)
            if rate * cap.days > cap.touches + 1e-9:
                times = " and ".join(f"{one.touches} in any {one.days} days" for one in owed)
                yield _Found(
                    "cap_below_cadence",
                    ("cap", n, "touches"),
                    f"{pair[0]} owes {pair[1]} {times}, and may make {cap.touches} in "
                    f"{cap.days} days to one {cap.per}.",
                )


def _caps_and_plans(policy: Policy, _: dict[str, Any]) -> Iterator[_Found]:
    """What is planned within a time must fit under the caps of that time."""
    for n, cap in enumerate(policy.caps):
        for first in policy.plan:
            within = [
                one
                for one in policy.plan
                if (one.by, one.to, one.after) == (first.by, first.to, first.after)
                and first.first <= one.first
                and one.last < first.first + cap.days
                and _counts(cap, one)
            ]
            if len(within) > cap.touches:
                yield _Found(
                    "cap_below_plan",
                    ("cap", n, "touches"),
                    f"{len(within)} touches are planned within {cap.days} days, and "
                    f"{cap.touches} may be made to one {cap.per}.",
                )
                break


def _counts(cap: Cap, owed: Cadence | Planned) -> bool:
    """Whether the cap counts every touch that could be made for what is owed."""
    by_channel = not cap.channels or (owed.channels and owed.channels <= cap.channels)
    return bool(by_channel) and not (owed.purposes and owed.purposes <= cap.not_counted)


def _caps_and_ladder(policy: Policy, _: dict[str, Any]) -> Iterator[_Found]:
    """Whoever climbs must be allowed to: the question and its rungs fit under the caps."""
    if not policy.ladder:
        return
    for n, cap in enumerate(policy.caps):
        if cap.channels:
            continue
        rungs = [step for step in policy.ladder if step.after.days * 7 <= cap.days * 5]
        if cap.per == "person":
            rungs = [step for step in rungs if step.code == "second_channel"]
        if rungs and cap.touches < 1 + len(rungs):
            yield _Found(
                "cap_below_ladder",
                ("cap", n, "touches"),
                f"asking and climbing takes {1 + len(rungs)} touches within {cap.days} days, and "
                f"{cap.touches} may be made to one {cap.per}.",
            )


def _silence_and_cadence(policy: Policy, _: dict[str, Any]) -> Iterator[_Found]:
    """Who keeps every cadence must not be said to be silent."""
    rows = [(one.days, n) for n, one in enumerate(policy.cadences) if one.days]
    for pair in dict.fromkeys(_pair(one) for one in policy.cadences):
        theirs = [(days, n) for days, n in rows if _pair(policy.cadences[n]) == pair]
        days, n = min(theirs, default=(0, 0))
        if timedelta(days=days) > policy.bearing.silent_after:
            yield _Found(
                "silent_before_cadence",
                ("cadence", n, "days"),
                f"{pair[0]} may let {days} days pass between two touches, and counts as silent "
                f"after {format_duration(policy.bearing.silent_after)}.",
            )


def _pair(owed: Cadence) -> tuple[Role, Role]:
    return owed.by, owed.to


# --- when ------------------------------------------------------------------------------------


def _quiet_at_work(policy: Policy, values: dict[str, Any]) -> Iterator[_Found]:
    """A channel must be free at some minute of business."""
    for name, table in policy.tables.items():
        role, party = (name, None) if name in list(Role) else (None, name)
        calendar = policy.calendar(role, party)
        for channel in Channel:
            agreed = policy.hours(channel, role, party)
            if agreed is None or _shared_minutes(agreed.open, calendar.week):
                continue
            path = (*_of(name), *_row(_at(values, _of(name)), "hours", channel))
            if channel not in table.hours:
                path = _row(values, "hours", channel)
            yield _Found(
                "quiet_all_business_hours",
                (*path, "open"),
                f"{_a(channel)} may never come within business hours, so that nobody at work can "
                "be reached that way.",
            )


def _shared_minutes(one: Week, other: Week) -> int:
    return sum(
        max(0, min(a[1], b[1]) - max(a[0], b[0]))
        for mine, theirs in zip(one, other, strict=True)
        for a in mine
        for b in theirs
    )


def _windows_and_rungs(policy: Policy, _: dict[str, Any]) -> Iterator[_Found]:
    """No rung before what was asked is due."""
    day = max(
        sum(close - open_ for open_, close in hours) for hours in policy.calendar().week
    )  # minutes in the longest day, to compare days with hours
    for name, table in policy.tables.items():
        for n, rule in enumerate(table.windows):
            if rule.wanted and rule.wanted.isdisjoint(_ANSWERS):
                continue
            early = [
                s for s in policy.ladder if _minutes(s.after, day) < _minutes(rule.within, day)
            ]
            if early:
                waits = " and ".join(format_window(step.after) for step in early)
                yield _Found(
                    "window_longer_than_rung",
                    (*_of(name), "window", n, "within"),
                    f"an answer may take {format_window(rule.within)}, and the ladder is climbed "
                    f"after {waits}.",
                )


def _minutes(window: Window, day: int) -> int:
    return window.days * day or window.minutes


def _run_out(policy: Policy, on: date | None) -> Iterator[_Found]:
    """Holidays that all lie in the past are a calendar that nobody kept up."""
    for name, table in policy.tables.items():
        days = table.calendar.holidays if table.calendar is not None else frozenset()
        if on is not None and days and max(days) < on:
            yield _Found(
                "holidays_run_out",
                (*_of(name), "calendar", "holidays"),
                f"the last holiday named is {max(days)}; every later one is a business day.",
                doubt=True,
            )


def _no_deadline(policy: Policy, _: dict[str, Any]) -> Iterator[_Found]:
    """What wants an answer by default should have a time for it."""
    open_ended = [
        channel
        for channel in Channel
        if channel not in _GATHERINGS
        and policy.wanted(channel, Purpose.QUESTION) in _ANSWERS
        and policy.window(
            channel, Purpose.QUESTION, Urgency.NORMAL, policy.wanted(channel, Purpose.QUESTION)
        )
        is None
    ]
    if open_ended:
        yield _Found(
            "no_deadline",
            ("wanted",),
            f"a question over {_list(open_ended)} wants an answer, and no window says when.",
            doubt=True,
        )


# --- over what, to whom ----------------------------------------------------------------------


def _usable(policy: Policy) -> frozenset[Channel]:
    allowed = policy.allowed_channels
    return (frozenset(Channel) if allowed is None else allowed) - policy.refused_channels


def _preferred(policy: Policy, _: dict[str, Any]) -> Iterator[_Found]:
    preferred = policy.preferred_channel
    if preferred is not None and preferred not in _usable(policy):
        yield _Found(
            "preferred_refused",
            ("preferred_channel",),
            f"{CHANNEL_WORDS[preferred]} is preferred and may not be used.",
        )


def _owed_channels(policy: Policy, _: dict[str, Any]) -> Iterator[_Found]:
    """What is owed must have a channel that may be used."""
    tables: dict[str, tuple[Cadence | Planned, ...]]
    tables = {"cadence": policy.cadences, "plan": policy.plan}
    for table, rows in tables.items():
        for n, owed in enumerate(rows):
            if owed.channels and owed.channels.isdisjoint(_usable(policy)):
                yield _Found(
                    "owed_over_refused",
                    (table, n, "channels"),
                    f"is owed over {_list(owed.channels)}, which may not be used.",
                )


def _unanswerable(policy: Policy, _: dict[str, Any]) -> Iterator[_Found]:
    """What wants an answer must leave a way to give one (J30)."""
    wanting = [
        channel
        for channel in sorted(policy.no_way_back)
        if policy.wanted(channel, Purpose.QUESTION) in _ANSWERS
    ]
    if wanting:
        yield _Found(
            "wants_without_way_back",
            ("no_way_back",),
            f"a question over {_list(wanting)} wants an answer that cannot be given there.",
        )


def _topics(policy: Policy, _: dict[str, Any]) -> Iterator[_Found]:
    both = policy.allowed_topics & policy.refused_topics
    if both:
        yield _Found(
            "topic_allowed_and_refused",
            ("refused_topics",),
            f"{', '.join(sorted(both))}: allowed as well.",
        )


def _rungs(policy: Policy, _: dict[str, Any]) -> Iterator[_Found]:
    """Whoever a rung turns to must be entitled to hear of it, and be reached somehow."""
    for n, step in enumerate(policy.ladder):
        if step.code == "second_channel" and len(_usable(policy)) < 2:
            yield _Found(
                "rung_without_channel",
                ("ladder", n, "step"),
                "a second channel is to be tried, and only one may be used.",
            )
        for purpose in Purpose:
            duties = policy.entitled.get(purpose)
            if step.to and duties is not None and duties.isdisjoint(step.to):
                yield _Found(
                    "rung_not_entitled",
                    ("ladder", n, "to"),
                    f"nobody whom it turns to is entitled to hear of {purpose.replace('_', '-')}.",
                )


# --- where it stands -------------------------------------------------------------------------


def _of(table: str) -> Path:
    """The path of a role's or party's table."""
    if not table:
        return ()
    return ("role", table) if table in list(Role) else ("party", table)


def _at(values: dict[str, Any], path: Path) -> dict[str, Any]:
    for part in path:
        values = values[str(part)]
    return values


def _row(values: dict[str, Any], key: str, channel: Channel) -> Path:
    """The row of an array of tables that names the channel; one that names none is for all."""
    rows = values.get(key, ())
    for n, row in enumerate(rows):
        if channel in row.get("channels", (channel,)):
            return (key, n)
    return (key,)


def _list(channels: Iterable[Channel]) -> str:
    return ", ".join(CHANNEL_WORDS[channel] for channel in Channel if channel in set(channels))


def _a(channel: Channel) -> str:
    words = CHANNEL_WORDS[channel]
    return f"an {words}" if words[0] in "aeiS" else f"a {words}"


_CHECKS = (
    _caps_and_cadences,
    _caps_and_plans,
    _caps_and_ladder,
    _silence_and_cadence,
    _quiet_at_work,
    _windows_and_rungs,
    _no_deadline,
    _preferred,
    _owed_channels,
    _unanswerable,
    _topics,
    _rungs,
)
