"""A calendar's components as they are written (RFC 5545): what `ical.py` makes events of.

Lines are read by the `icalendar` library (extra `calendar`). It remembers the zones that a
calendar defines for all calendars after it, so a zone is looked up here among those of the
same calendar, and what a calendar means does not depend on what was read before. It also
works out every change of such a zone up to 2038, so rules that change more than once a year
are refused before it sees them.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date, datetime, timedelta, tzinfo
from itertools import count
from typing import Any

from attrs import frozen

from contactledger.errors import BadEvent, BadInput, NotInstalled, TooLarge
from contactledger.sources._text import clean
from contactledger.sources.source import Faults, pass_over

MAX_COMPONENTS = 5_000
MAX_ATTENDEES = 1_000
"""Of one meeting."""
MAX_ZONES = 100
"""Zones that a calendar defines."""
MAX_DEPTH = 20
"""Of components within components; the standard knows three."""
MAX_TEXT_CHARS = 20_000
MAX_LINE_BYTES = 100_000
"""Of one unfolded line; a data URI in an attachment may be longer, and is then refused."""

KINDS = frozenset({"VEVENT", "VTODO", "VJOURNAL", "VFREEBUSY"})
"""Components that are read; alarms and zones are parts of others."""

_FOLD = re.compile(rb"(?:\r\n|\r|\n)[ \t]")
_YEARLY = re.compile(
    rb"(?:FREQ=YEARLY|BYMONTH=\d{1,2}|BYDAY=[-+0-9A-Z]{2,5}|BYMONTHDAY=[-0-9,]{1,30}"
    rb"|UNTIL=\w{8,16}|COUNT=\d{1,3}|INTERVAL=\d{1,3}|WKST=\w\w|;)+\Z"
)
"""A rule by which a zone changes: once a year."""
_STRANGE = (ArithmeticError, AttributeError, LookupError, RecursionError, TypeError, ValueError)
"""What the library raises at strange lines. Its texts repeat them, so they go no further."""


@frozen
class Attendee:
    """Whom a meeting names: `address` without "mailto:", `partstat` as it stands there."""

    address: str
    partstat: str | None = None
    kind: str = ""
    attended: bool | None = None


@frozen
class Component:
    """A component of a calendar as it is written: VEVENT, VTODO, VJOURNAL, VFREEBUSY.

    `starts` and `ends` are dates, or datetimes with or without a zone, as given.
    """

    name: str
    method: str = ""
    uid: str | None = None
    summary: str | None = None
    status: str | None = None
    starts: date | None = None
    ends: date | None = None
    stamp: datetime | None = None
    organizer: str | None = None
    attendees: tuple[Attendee, ...] = ()
    text: str | None = None
    comment: str | None = None
    sequence: int = 0
    recurrence: str = ""
    zone: str | None = None
    original: bytes = b""
    number: int = 0


def components(body: bytes, faults: Faults = None) -> list[Component]:
    """The components of all calendars in these bytes, as they are written, numbered from 1.

    `BadEvent` for what is no calendar; `TooLarge` over the bounds of this module. One that
    cannot be read stands among the `faults` where these are collected.
    """
    try:
        from icalendar import Calendar
    except ImportError:
        raise NotInstalled("calendars need the extra: contactledger[calendar]") from None
    _check_lines(body)
    found: list[Component] = []
    numbers = count(1)
    try:
        for calendar in Calendar.from_ical(body.removeprefix(b"\xef\xbb\xbf"), multiple=True):
            found.extend(_read(calendar, _Zones(calendar), numbers, faults))
    except BadInput:
        raise
    except _STRANGE:
        raise BadEvent("is no iCalendar that can be read", field="body") from None
    return found


def _check_lines(body: bytes) -> None:
    """Bounds before the library sees it: lines, components within components, zones."""
    within: list[bytes] = []
    zones = 0
    for line in _FOLD.sub(b"", body).splitlines():
        if len(line) > MAX_LINE_BYTES:
            raise TooLarge(f"a line of more than {MAX_LINE_BYTES} bytes", field="body")
        name, _, value = line.partition(b":")
        name = name.strip().upper()
        if name == b"BEGIN":
            within.append(value.strip().upper())
            zones += within[-1] == b"VTIMEZONE"
            if len(within) > MAX_DEPTH or zones > MAX_ZONES:
                raise TooLarge("too many components within another, or zones", field="body")
        elif name == b"END" and within:
            within.pop()
        elif name.partition(b";")[0] == b"RRULE" and b"VTIMEZONE" in within:
            _check_yearly(value.strip().upper())


def _check_yearly(rule: bytes) -> None:
    if not _YEARLY.match(rule):
        raise BadEvent("of a zone must be yearly", field="RRULE")


class _Zones:
    """The zones of one calendar: what it defines, then what the library knows by name."""

    def __init__(self, calendar: Any) -> None:
        from icalendar.timezone.tzp import TZP

        self._known = TZP()
        self._own = {
            str(child["TZID"]): child.to_tz(tzp=TZP(), lookup_tzid=False)
            for child in calendar.subcomponents
            if child.name == "VTIMEZONE" and "TZID" in child
        }
        self.method = _word(calendar.get("METHOD"))
        self.named = _text(calendar.get("X-WR-TIMEZONE"))

    def localised(self, value: Any) -> date | None:
        """A date or time as its property means it."""
        moment = getattr(value, "dt", None)
        if not isinstance(moment, datetime):
            return moment if isinstance(moment, date) else None
        tzid = getattr(value, "params", {}).get("TZID")
        if tzid is None or moment.utcoffset() == timedelta(0):
            return moment
        known: tzinfo | None = self._known.timezone(str(tzid))
        return moment.replace(tzinfo=known or self._own.get(str(tzid)))


def _read(
    calendar: Any, zones: _Zones, numbers: Iterator[int], faults: Faults
) -> Iterator[Component]:
    for child in [calendar] if calendar.name in KINDS else calendar.subcomponents:
        if child.name in KINDS:
            number = next(numbers)
            if number > MAX_COMPONENTS:
                raise TooLarge(f"more than {MAX_COMPONENTS} components", field="body")
            try:
                yield _component(child, zones, number)
            except (BadEvent, TooLarge) as error:
                error.at(f"component {number}")
                pass_over(error, faults)
            except _STRANGE:
                strange = BadEvent("cannot be read", field="body", place=f"component {number}")
                pass_over(strange, faults)


def _component(child: Any, zones: _Zones, number: int) -> Component:
    attendees = _several(child.get("ATTENDEE"))
    if len(attendees) > MAX_ATTENDEES:
        raise TooLarge(f"more than {MAX_ATTENDEES}", field="ATTENDEE")
    recurrence = _moment(child, "RECURRENCE-ID", zones)
    starts = _moment(child, "DTSTART", zones)
    sequence = child.get("SEQUENCE")
    return Component(
        child.name,
        zones.method,
        _text(child.get("UID")),
        _text(child.get("SUMMARY")),
        _text(child.get("STATUS")),
        starts,
        _ends(child, starts, zones),
        _stamp(child, zones),
        _address(child.get("ORGANIZER")),
        tuple([_attendee(one) for one in attendees]),
        _text(child.get("DESCRIPTION")),
        _text(next(iter(_several(child.get("COMMENT"))), None)),
        sequence if isinstance(sequence, int) and 0 <= sequence < 2**31 else 0,
        recurrence.isoformat() if recurrence else "",
        zones.named,
        child.to_ical(),
        number,
    )


def _ends(child: Any, starts: date | None, zones: _Zones) -> date | None:
    ends = _moment(child, "DTEND", zones)
    try:
        length = getattr(child.get("DURATION"), "dt", None)
        return ends if ends or starts is None or length is None else starts + length
    except _STRANGE:
        return ends


def _moment(child: Any, name: str, zones: _Zones) -> date | None:
    """A date or time; what cannot be read as one is as if it were not there."""
    try:
        return zones.localised(next(iter(_several(child.get(name))), None))
    except _STRANGE:
        return None


def _stamp(child: Any, zones: _Zones) -> datetime | None:
    for name in ("DTSTAMP", "LAST-MODIFIED", "CREATED"):
        moment = _moment(child, name, zones)
        if isinstance(moment, datetime):
            return moment
    return None


def _attendee(value: Any) -> Attendee:
    given = getattr(value, "params", {})
    attended = _word(given.get("X-ATTENDED"))
    partstat = given.get("PARTSTAT")
    return Attendee(
        _address(value) or "",
        None if partstat is None else clean(str(partstat)[:40]),
        _word(given.get("CUTYPE")),
        {"TRUE": True, "FALSE": False}.get(attended),
    )


def _several(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [] if value is None else [value]


def _address(value: Any) -> str | None:
    text = _text(next(iter(_several(value)), None))
    if text is None:
        return None
    return text[7:] if text[:7].lower() == "mailto:" else text


def _word(value: Any) -> str:
    return "" if value is None else str(value).strip().upper()[:40]


def _text(value: Any) -> str | None:
    value = next(iter(_several(value)), None)
    return clean(str(value))[:MAX_TEXT_CHARS].strip() or None if value is not None else None
