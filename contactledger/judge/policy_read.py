"""From the TOML text of a policy to its values; every error names the key and the line.

A key that is not known is an error: a rule that one side believes in and the judge passes
over would be worse than no rule. What a key left out means is fixed for good, since an
adopted text is judged by for years.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from datetime import date, timedelta
from functools import partial
from types import MappingProxyType
from typing import Any

from attrs import frozen

from contactledger.declare import SLUG
from contactledger.errors import BadPolicy
from contactledger.findings import Grade
from contactledger.judge.calendar import Calendar, Week, Window, week_of, zone_of
from contactledger.judge.policy_owed import (
    read_bearing,
    read_cadences,
    read_needs,
    read_plan,
    slugs,
)
from contactledger.judge.policy_section import Section, Trouble, inner, member
from contactledger.judge.policy_terms import (
    LOOKS,
    RINGING,
    AgreedHours,
    Cap,
    Policy,
    Step,
    Table,
    WindowRule,
)
from contactledger.judge.policy_text import PARTY_ID, Path, load, path_text, places
from contactledger.vocabulary import Channel, Expects, Purpose, Role, Urgency

FIRST_HOLIDAY, LAST_HOLIDAY = date(1970, 1, 1), date(2199, 12, 31)
REFERENCE_YEARS = 30
"""A reference of more years would not fit the bound of the text once written out."""

STEPS = ("second_channel", "second_person", "level_higher")
OFFICE_HOURS = Calendar("office-hours", week_of(["mon-fri 09:00-17:00"]))
"""The calendar of a policy that names none."""
_RINGING_HOURS = AgreedHours(week_of(["08:00-20:00"]))

_COUNTRY = re.compile(r"[A-Z]{2,4}\Z")
_SUBDIVISION = re.compile(r"[A-Za-z0-9 .'-]{1,40}\Z")


@frozen
class Reference:
    """A country's public holidays of some years, before its dates are written out."""

    path: Path
    country: str
    subdivision: str | None
    first: int
    last: int


def read_policy(text: str, references: list[Reference] | None = None) -> Policy:
    """The policy that `text` says. Raises `BadPolicy` naming key and line.

    A reference to a country's holidays is an error, unless `references` is given: then it is
    put there, and read as no dates.
    """
    values = load(text)
    try:
        return _policy(text, values, references)
    except Trouble as trouble:
        raise located(text, trouble.path, trouble.why) from None


def located(text: str, path: Path, why: str) -> BadPolicy:
    """The error for that path of `text`, with the line of the nearest part that is there."""
    spans = places(text)
    known = path
    while known and known not in spans:
        known = known[:-1]
    place = f"line {spans[known].line}" if known else ""
    return BadPolicy(why, field=path_text(path), place=place)


def _policy(text: str, values: dict[str, Any], references: list[Reference] | None) -> Policy:
    top = Section(values, ())
    zone = top.take("zone")
    if zone is not None:
        if not isinstance(zone, str):
            top.fail("zone", "must be the IANA name of a time zone")
        inner(("zone",), partial(zone_of, zone))
    grades = {grade.word: grade for grade in Grade}
    evidence = top.word("evidence_needed", tuple(grades))
    allowed = top.words("allowed_channels", Channel) if "allowed_channels" in values else None
    refused = top.words("refused_channels", Channel)
    if allowed is None:
        top.take("allowed_channels")
    elif allowed & refused:
        top.fail("refused_channels", "names a channel that is allowed as well")
    looks = top.words("shows_look", Channel)
    preferred = top.take("preferred_channel")
    tables = _tables(top, references)
    policy = Policy(
        text=text,
        digest=hashlib.sha256(text.encode()).hexdigest(),
        rules=top.number("rules", 1, 2**31) or 1,
        zone=zone,
        backfill_limit=top.duration("backfill_limit", timedelta(days=7)),
        delivery_grace=top.duration("delivery_grace", timedelta(hours=1)),
        coverage_tolerance=top.duration("coverage_tolerance", timedelta()),
        skew=top.duration("skew", timedelta(minutes=5)),
        evidence_needed=grades[evidence or Grade.LIKELY.word],
        owed=top.words("owed", Purpose),
        preferred_first=top.flag("preferred_first"),
        caps=tuple(_cap(section) for section in top.sections("cap")),
        ladder=_ladder(top),
        allowed_channels=allowed,
        refused_channels=refused,
        no_way_back=top.words("no_way_back", Channel),
        looks=looks if "shows_look" in values else LOOKS,
        entitled=_entitled(top.section("entitled")),
        next_answer=tables[""].next_answer,
        tables=tables,
        preferred_channel=(
            None if preferred is None else member(("preferred_channel",), preferred, Channel)
        ),
        allowed_topics=slugs(top, "allowed_topics", "topic"),
        refused_topics=slugs(top, "refused_topics", "topic"),
        cadences=read_cadences(top),
        plan=read_plan(top),
        bearing=read_bearing(top.section("relationship")),
        needs=read_needs(top.section("evidence")),
    )
    top.done()
    return policy


def _tables(top: Section, references: list[Reference] | None) -> Mapping[str, Table]:
    own = _table(top, references, OFFICE_HOURS)
    if "hours" not in top.values:
        own = _with_hours(own)
    tables = {"": own}
    for kind, known in (("role", _role), ("party", _party)):
        group = top.section(kind)
        for name in group.values:
            known(group, name)
            section = group.section(name)
            tables[name] = _table(section, references, None)
            section.done()
    return MappingProxyType(tables)


def _with_hours(table: Table) -> Table:
    return Table(
        table.calendar,
        table.windows,
        table.wanted,
        MappingProxyType(dict.fromkeys(RINGING, _RINGING_HOURS)),
        table.next_answer,
    )


def _role(group: Section, name: str) -> None:
    member((*group.path, name), name, Role)


def _party(group: Section, name: str) -> None:
    if not PARTY_ID.match(name):
        group.fail(name, "a party is named by its id of 26 characters, never by its name")


def _table(section: Section, references: list[Reference] | None, default: Calendar | None) -> Table:
    return Table(
        calendar=_calendar(section, references) or default,
        windows=_windows(section),
        wanted=_wanted(section.section("wanted")),
        hours=_agreed_hours(section),
        next_answer=section.window("next_answer"),
    )


def _calendar(parent: Section, references: list[Reference] | None) -> Calendar | None:
    if parent.take("calendar") is None:
        return None
    section = parent.section("calendar")
    name = section.take("name")
    if name is not None and (not isinstance(name, str) or not SLUG.match(name)):
        section.fail("name", "must be a slug of lower-case letters, digits and _.:-")
    week = _week(section, "week") if "week" in section.values else OFFICE_HOURS.week
    section.take("week")
    holidays = _holidays(section, references)
    section.done()
    return inner(section.path, partial(Calendar, name or OFFICE_HOURS.name, week, holidays))


def _week(section: Section, key: str) -> Week:
    items = section.items(key)
    if not items:
        section.fail(key, 'must list hours like "mon-fri 09:00-17:00"')
    for n, item in enumerate(items):
        inner((*section.path, key, n), partial(week_of, [str(item)]))
    return week_of(items)


def _holidays(section: Section, references: list[Reference] | None) -> frozenset[date]:
    value = section.take("holidays")
    path = (*section.path, "holidays")
    if isinstance(value, dict):
        _refer(Section(value, path), references)
        return frozenset()
    dates = []
    for n, item in enumerate(section.items("holidays")):
        if isinstance(item, dict):
            _refer(Section(item, (*path, n)), references)
        elif type(item) is date and FIRST_HOLIDAY <= item <= LAST_HOLIDAY:
            dates.append(item)
        else:
            raise Trouble(
                (*path, n), f"must be a date from {FIRST_HOLIDAY} to {LAST_HOLIDAY}, unquoted"
            )
    return frozenset(dates)


def _refer(section: Section, references: list[Reference] | None) -> None:
    country = section.take("country")
    if not isinstance(country, str) or not _COUNTRY.match(country):
        section.fail("country", 'must be the ISO 3166 code of a country, like "DE"')
    subdivision = section.take("subdivision")
    if subdivision is not None and not (
        isinstance(subdivision, str) and _SUBDIVISION.match(subdivision)
    ):
        section.fail("subdivision", 'must be the ISO 3166 code of a part of it, like "BY"')
    years = FIRST_HOLIDAY.year, LAST_HOLIDAY.year
    first = section.required("from", section.number("from", *years))
    last = section.required("to", section.number("to", *years))
    if not first <= last < first + REFERENCE_YEARS:
        section.fail("to", f'must be "from" or up to {REFERENCE_YEARS - 1} years later')
    section.done()
    if references is None:
        raise Trouble(
            section.path, "holidays of a country; expand_policy writes their dates out first"
        )
    references.append(Reference(section.path, country, subdivision, first, last))


def _windows(parent: Section) -> tuple[WindowRule, ...]:
    rules: list[WindowRule] = []
    for section in parent.sections("window"):
        rule = WindowRule(
            within=section.required("within", section.window("within")),
            purposes=section.words("purposes", Purpose),
            urgencies=section.words("urgencies", Urgency),
            channels=section.words("channels", Channel),
            wanted=section.words("wanted", Expects),
        )
        section.done()
        if Expects.NOTHING in rule.wanted:
            section.fail("wanted", "where nothing is wanted nothing is due")
        for n, other in enumerate(rules):
            if rule.overlaps(other):
                raise Trouble(section.path, f"is for touches that window[{n}] is for as well")
        rules.append(rule)
    return tuple(rules)


def _wanted(section: Section) -> Mapping[tuple[Purpose | None, Channel | None], Expects]:
    wanted: dict[tuple[Purpose | None, Channel | None], Expects] = {}
    for key, value in section.values.items():
        path = (*section.path, key)
        if key in list(Channel):
            wanted[None, Channel(key)] = member(path, value, Expects)
        elif key not in list(Purpose):
            words = ", ".join([*Channel, *Purpose])
            raise Trouble(path, f"must be a channel or a purpose, one of: {words}")
        elif isinstance(value, dict):
            for channel, word in value.items():
                inner = (*path, channel)
                wanted[Purpose(key), member(inner, channel, Channel)] = member(inner, word, Expects)
        else:
            wanted[Purpose(key), None] = member(path, value, Expects)
    return MappingProxyType(wanted)


def _agreed_hours(parent: Section) -> Mapping[Channel, AgreedHours]:
    hours: dict[Channel, AgreedHours] = {}
    for section in parent.sections("hours"):
        channels = section.words("channels", Channel) or RINGING
        agreed = AgreedHours(_week(section, "open"), section.words("except", Purpose))
        section.done()
        if not channels.isdisjoint(hours):
            section.fail("channels", "has a channel whose hours are given above")
        hours.update(dict.fromkeys(sorted(channels), agreed))
    return MappingProxyType(hours)


def _cap(section: Section) -> Cap:
    cap = Cap(
        touches=section.required("touches", section.number("touches", 1, 1_000_000)),
        days=section.required("days", section.number("days", 1, 3_660)),
        per=section.word("per", ("person", "party", "account")) or "person",
        channels=section.words("channels", Channel),
        not_counted=section.words("not_counted", Purpose),
    )
    section.done()
    return cap


def _ladder(top: Section) -> tuple[Step, ...]:
    steps: list[Step] = []
    for section in top.sections("ladder"):
        code = section.required("step", section.word("step", STEPS))
        after = section.required("after", section.window("after"))
        to = slugs(section, "to", "duty")
        section.done()
        if code in [step.code for step in steps]:
            section.fail("step", "stands on the ladder already")
        if steps and not _not_sooner(after, steps[-1].after):
            section.fail("after", "is sooner than the step before, or in another unit")
        steps.append(Step(code, after, to))
    return tuple(steps)


def _not_sooner(later: Window, earlier: Window) -> bool:
    same_unit = bool(later.days) == bool(earlier.days)
    return same_unit and (later.days, later.minutes) >= (earlier.days, earlier.minutes)


def _entitled(section: Section) -> Mapping[str, frozenset[str]]:
    entitled: dict[str, frozenset[str]] = {}
    for word in section.values:
        if not SLUG.match(word):
            section.fail(word, "must be a purpose or the slug of a topic")
        duties = section.items(word)
        if not duties:
            section.fail(word, "must list at least one duty")
        for n, duty in enumerate(duties):
            if not isinstance(duty, str) or not SLUG.match(duty):
                raise Trouble((*section.path, word, n), "must be the slug of a duty")
        entitled[word] = frozenset(duties)
    return MappingProxyType(entitled)
