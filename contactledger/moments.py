"""Moments and periods as people write them, at the edge of the library.

Inside, every time is a plain UTC datetime. Here text is read by pendulum, whose calendar
arithmetic adds months and years, not thirty days.
"""

from __future__ import annotations

import re
from datetime import datetime

from contactledger.declare import as_utc
from contactledger.errors import BadInput

Moment = datetime | str
"""An aware datetime, or text with an offset: "2026-07-01T09:00Z"."""
Span = tuple[datetime | None, datetime | None]
Period = Span | str
"""(from, until), either may be None, until is not part of it; or text: "2026", "2026-03",
"2026-03-02", or two of them with a slash between, the second still part of it: in UTC, and of a
report in the report's own zone."""

_OFFSET = re.compile(r"(?:Z|[+-]\d\d:?\d\d)\Z")
_PART = re.compile(r"(\d{4})(?:-(\d\d)(?:-(\d\d))?)?\Z", re.ASCII)


def moment(value: Moment, where: str) -> datetime:
    """The instant in UTC; BadInput naming `where` for text that is none, or has no offset."""
    if not isinstance(value, str):
        return as_utc(value, where)
    if not _OFFSET.search(value):
        raise BadInput("has no time zone; write Z or an offset behind it", field=where)
    import pendulum  # where text is read, and not whenever the library is imported

    try:
        parsed = pendulum.parse(value, exact=True)
    except (ValueError, OverflowError):
        parsed = None
    if not isinstance(parsed, pendulum.DateTime):
        raise BadInput("must be a time as in 2026-07-01T09:00Z", field=where)
    return as_utc(parsed, where)


def span(period: Period | None, zone: str = "UTC") -> Span:
    """From (inclusive) and until (exclusive) in UTC; BadInput for text that is no period.

    `zone`: whose days, months and years those of a text are.
    """
    if period is None:
        return None, None
    if not isinstance(period, str):
        since, until = period
        return since and as_utc(since, "period[0]"), until and as_utc(until, "period[1]")
    first, _, last = period.partition("/")
    since, until = _part(first, zone)[0], _part(last or first, zone)[1]
    if since >= until:
        raise BadInput("ends before it begins", field="period")
    return since, until


def _part(text: str, zone: str) -> tuple[datetime, datetime]:
    """The first instant of a year, month or day in a zone, and the first one after it."""
    import pendulum

    found = _PART.match(text)
    year, month, day = found.groups() if found else ("0", None, None)  # there is no year 0
    try:
        start = pendulum.datetime(int(year), int(month or 1), int(day or 1), tz=zone)
        end = start.add(days=1) if day else start.add(months=1) if month else start.add(years=1)
        return as_utc(start, "period"), as_utc(end, "period")
    except (ValueError, OverflowError):
        raise BadInput('must look like "2026", "2026-03" or "2026-03-02"', field="period") from None
