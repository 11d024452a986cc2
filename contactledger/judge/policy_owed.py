"""What a policy says of touches that are owed: the cadence, the plan after a milestone, and from
when a relationship counts as neglected or overloaded.

Values, and how each is taken out of the text. A cadence binds whoever has the role `by` toward
whoever has the role `to`; the rules swap with the roles as all others do.
"""

from __future__ import annotations

from datetime import timedelta
from typing import TypeVar

from attrs import frozen

from contactledger.declare import SLUG
from contactledger.findings import Grade
from contactledger.judge.calendar import Window
from contactledger.judge.policy_section import Section, Trouble, member
from contactledger.vocabulary import Channel, MilestoneKind, Purpose, Role

PLAN_DAYS = 1_000
"""The last day after a milestone that a plan may name."""

_E = TypeVar("_E", Role, MilestoneKind)


@frozen
class Cadence:
    """What `by` owes `to`: `touches` in any `days`, or after each milestone of the kind `after`
    one `within` that time; over these channels, for these purposes, none named means any."""

    by: Role
    to: Role
    touches: int
    days: int
    after: MilestoneKind | None
    within: Window | None
    channels: frozenset[Channel]
    purposes: frozenset[Purpose]


@frozen
class Planned:
    """A touch that the plan after a milestone asks for, from one day after it to another.

    Days of 24 hours; `last` is over when that day is.
    """

    name: str
    after: MilestoneKind
    by: Role
    to: Role
    first: int
    last: int
    channels: frozenset[Channel]
    purposes: frozenset[Purpose]


def fits(owed: Cadence | Planned, channel: Channel, purpose: Purpose) -> bool:
    """Whether a touch over that channel, for that purpose, is one that a row asks for."""
    return (not owed.channels or channel in owed.channels) and (
        not owed.purposes or purpose in owed.purposes
    )


@frozen
class Bearing:
    """From when a relationship is worth a word: silent for longer than `silent_after`, more than
    `overload_touches` of one party to another in `overload_within`, and, for a referral, a
    contact no longer ago than `referral_within`."""

    silent_after: timedelta = timedelta(days=60)
    overload_touches: int = 10
    overload_within: timedelta = timedelta(days=1)
    referral_within: timedelta = timedelta(days=30)


@frozen
class Needs:
    """The evidence needed for a claim: by channel that silence counts, else None; that a
    cadence was kept; that a planned touch was made."""

    silence: tuple[tuple[Channel, Grade], ...] = ()
    cadence: Grade = Grade.CLAIMED
    plan: Grade = Grade.CLAIMED


def read_cadences(top: Section) -> tuple[Cadence, ...]:
    """The rows of `[[cadence]]`."""
    return tuple(_cadence(section) for section in top.sections("cadence"))


def _cadence(section: Section) -> Cadence:
    by, to = _sides(section)
    after = _one(section, "after", MilestoneKind)
    within = section.window("within")
    touches = section.number("touches", 1, 1_000)
    days = section.number("days", 1, 3_660)
    if after is None:
        section.required("touches", touches)
        section.required("days", days)
        if within is not None:
            section.fail("within", 'is for what is owed "after" a milestone; say "days"')
    else:
        section.required("within", within)
        for key, value in (("touches", touches), ("days", days)):
            if value is not None:
                section.fail(key, 'is for what is owed again and again; "after" owes one touch')
    cadence = Cadence(
        by, to, touches or 1, days or 0, after, within,
        section.words("channels", Channel), section.words("purposes", Purpose),
    )  # fmt: skip
    section.done()
    return cadence


def read_plan(top: Section) -> tuple[Planned, ...]:
    """The rows of `[[plan]]`; each has a name of its own."""
    planned: list[Planned] = []
    for section in top.sections("plan"):
        name = section.take("name")
        if not isinstance(name, str) or not SLUG.match(name):
            section.fail("name", "must be a slug of lower-case letters, digits and _.:-")
        if name in [one.name for one in planned]:
            section.fail("name", "stands in the plan already")
        by, to = _sides(section)
        first = section.required("from_day", section.number("from_day", 0, PLAN_DAYS))
        last = section.required("to_day", section.number("to_day", 0, PLAN_DAYS))
        if last < first:
            section.fail("to_day", 'must be "from_day" or later')
        planned.append(
            Planned(
                name,
                _one(section, "after", MilestoneKind) or MilestoneKind.INSTALL,
                by, to, first, last,
                section.words("channels", Channel), section.words("purposes", Purpose),
            )
        )  # fmt: skip
        section.done()
    return tuple(planned)


def _sides(section: Section) -> tuple[Role, Role]:
    by = section.required("by", _one(section, "by", Role))
    to = section.required("to", _one(section, "to", Role))
    return by, to


def _one(section: Section, key: str, enum: type[_E]) -> _E | None:
    value = section.take(key)
    return None if value is None else member((*section.path, key), value, enum)


def read_bearing(section: Section) -> Bearing:
    """The table `[relationship]`."""
    usual = Bearing()
    bearing = Bearing(
        _positive(section, "silent_after", usual.silent_after),
        section.number("overload_touches", 1, 1_000_000) or usual.overload_touches,
        _positive(section, "overload_within", usual.overload_within),
        _positive(section, "referral_within", usual.referral_within),
    )
    section.done()
    return bearing


def _positive(section: Section, key: str, usual: timedelta) -> timedelta:
    duration = section.duration(key, usual)
    if not duration:
        section.fail(key, "must be longer than nothing")
    return duration


def read_needs(section: Section) -> Needs:
    """The table `[evidence]`: claim → the grade that it needs."""
    silence = section.section("silence")
    needs = Needs(
        tuple(
            (
                member((*silence.path, channel), channel, Channel),
                _grade((*silence.path, channel), word),
            )
            for channel, word in sorted(silence.values.items())
        ),
        _grade((*section.path, "cadence"), section.take("cadence") or Grade.CLAIMED.word),
        _grade((*section.path, "plan"), section.take("plan") or Grade.CLAIMED.word),
    )
    section.done()
    return needs


def _grade(path: tuple[str | int, ...], word: object) -> Grade:
    for grade in Grade:
        if word == grade.word:
            return grade
    raise Trouble(path, f"must be one of: {', '.join(grade.word for grade in Grade)}")


def slugs(section: Section, key: str, what: str) -> frozenset[str]:
    """A list of slugs; an empty one says nothing and is an error."""
    items = section.items(key)
    if key in section.values and not items:
        section.fail(key, f"names no {what}")
    for n, item in enumerate(items):
        if not isinstance(item, str) or not SLUG.match(item):
            raise Trouble((*section.path, key, n), f"must be the slug of a {what}")
    return frozenset(items)
