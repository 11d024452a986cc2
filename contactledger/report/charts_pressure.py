"""Who was contacted how often: a heat map of people and weeks, every number printed in it."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Iterable

from attrs import frozen

from contactledger.report.charts_frame import WIDTH, Picture, Row, box, drawn, fitted, label
from contactledger.report.phrases import number

COLUMNS = 40
"""As many columns at most: days, else weeks, months, quarters, years and what holds those."""
LINES = 24
"""Lines at most, those with most touches; whoever is left shares the last."""
DARKEST = 0.4
"""How dark the fullest cell is: the numbers stand on it in ink and still read."""
NOTE = (
    "Touches that reached out to each person, in the receiver’s local time. A frame marks a "
    "touch beyond what the policy allows."
)
_LEFT, _TOP, _CELL = 200, 30, 24
_DAYS = {"day": 1, "week": 7}
_MONTHS = {"month": 1, "quarter": 3}
_YEARS = {"year": 1, "decade": 10, "century": 100, "millennium": 1000}


@frozen
class Touched:
    """Somebody was reached out to on a day; `over`: beyond what the policy allows."""

    who: str
    name: str
    day: dt.date
    over: bool


def pressure(data: Row, *, prefix: str = "cl-pressure") -> Picture:
    """The heat map of a report's rows, by person. Uses the key findings."""
    return pressure_of(
        [
            Touched(who, name, dt.date.fromisoformat(f["at_local"][:10]), _over(f))
            for f in data["findings"]
            for who, name in _whom(f)
        ],
        prefix,
    )


def _over(f: Row) -> bool:
    return any(v["code"] == "over_cap" for v in f["violations"])


def pressure_of(touches: Iterable[Touched], prefix: str = "cl-pressure") -> Picture:
    """The heat map of touches, a line for each `who`."""
    found = list(touches)
    days = [one.day for one in found]
    unit, columns = _columns(min(days), max(days)) if days else ("day", [])
    place = {day: i for i, day in enumerate(columns)}
    named: dict[str, str] = {}
    counts: Counter[tuple[str, int]] = Counter()
    over: set[tuple[str, int]] = set()
    for one in found:
        at = place[_start(one.day, unit)]
        named[one.who] = one.name
        counts[one.who, at] += 1
        if one.over:
            over.add((one.who, at))
    sums = Counter[str]()
    for (who, _), n in counts.items():
        sums[who] += n
    lines = sorted(sums, key=lambda who: (-sums[who], named[who], who))
    if len(lines) > LINES:
        lines = _merge(lines, named, counts, over, sums)
    title = f"Contact pressure: who was contacted how often, by the {unit}"
    told = " ".join(_told(named[who], who, sums[who], counts, columns, unit) for who in lines)
    most = max((n for (who, _), n in counts.items() if who in lines), default=0)
    body = _axis(columns, unit)
    for i, who in enumerate(lines):
        body.append(_line(named[who], sums[who], _TOP + i * _CELL))
        for at, day in enumerate(columns):
            if n := counts[who, at]:
                hint = f"{named[who]}, {_label(day, unit)}: {number(n, 'touch', 'touches')}"
                body.append(_cell(at, i, n, n / most, len(columns), hint, (who, at) in over))
    size = (WIDTH, _TOP + len(lines) * _CELL + 8)
    svg = drawn("pressure", body, size, title, told or "Nobody was contacted.", prefix)
    head = ("Who", *(_label(day, unit) for day in columns), "In all")
    rows = tuple(
        [
            (
                named[who],
                *(
                    f"{counts[who, at] or '–'}{' over the limit' * ((who, at) in over)}"
                    for at in range(len(columns))
                ),
                f"{sums[who]:,}",
            )
            for who in lines
        ]
    )
    return Picture(svg, title, told, head, rows, NOTE)


def _whom(f: Row) -> list[tuple[str, str]]:
    """The people a touch was addressed to, by id and name; the party where it named nobody."""
    party = f["receiver"]
    people = [p for p in f["people"] if p["addressed"] and p["id"] != party["id"]]
    return [(p["id"], f"{p['name']}, {party['name']}") for p in people] or [
        (party["id"], f"{party['name']}, nobody by name")
    ]


def _merge(
    lines: list[str],
    named: dict[str, str],
    counts: Counter[tuple[str, int]],
    over: set[tuple[str, int]],
    sums: Counter[str],
) -> list[str]:
    """The lines that have room; those left out are one more, under the id ""."""
    rest = set(lines[LINES - 1 :])
    named[""] = f"{len(rest):,} others together"
    for (who, at), n in list(counts.items()):
        if who in rest:
            counts["", at] += n
            sums[""] += n
            if (who, at) in over:
                over.add(("", at))
    return [*lines[: LINES - 1], ""]


def _start(day: dt.date, unit: str) -> dt.date:
    """The first day of the day's unit; weeks begin on Monday."""
    if unit == "day":
        return day
    if unit == "week":
        return day - dt.timedelta(days=min(day.weekday(), day.toordinal() - 1))
    if unit in _MONTHS:
        return day.replace(month=(day.month - 1) // _MONTHS[unit] * _MONTHS[unit] + 1, day=1)
    return dt.date(max(day.year // _YEARS[unit] * _YEARS[unit], 1), 1, 1)


def _next(day: dt.date, unit: str) -> dt.date | None:
    """The first day of the unit after the one that begins on this day; None of the last."""
    longest = _DAYS.get(unit) or _MONTHS.get(unit, 0) * 31 or _YEARS[unit] * 366
    try:
        return _start(day + dt.timedelta(days=longest), unit)
    except OverflowError:
        return None


def _columns(first: dt.date, last: dt.date) -> tuple[str, list[dt.date]]:
    """The smallest unit in which the time fits, and the first day of each."""
    tries = ((unit, _first_days(first, last, unit)) for unit in (*_DAYS, *_MONTHS, *_YEARS))
    return next((unit, days) for unit, days in tries if len(days) <= COLUMNS)


def _first_days(first: dt.date, last: dt.date, unit: str) -> list[dt.date]:
    """The first day of each of these units, of one more than has room at most."""
    days = [_start(first, unit)]
    following = _next(days[0], unit)
    while following is not None and following <= last and len(days) <= COLUMNS:
        days.append(following)
        following = _next(following, unit)
    return days


def _label(day: dt.date, unit: str) -> str:
    if unit in _DAYS:
        return f"{day.day} {day:%b}"
    if unit in _MONTHS:
        return f"{day:%b %Y}" if unit == "month" else f"Q{day.month // 3 + 1} {day.year}"
    last = day.year // _YEARS[unit] * _YEARS[unit] + _YEARS[unit] - 1
    return f"{day.year}" if unit == "year" else f"{day.year}–{last}"


def _axis(columns: list[dt.date], unit: str) -> list[str]:
    """What stands above the columns: as many labels as have room."""
    if not columns:
        return []
    wide = (WIDTH - _LEFT - 50) / len(columns)
    every = -(-58 // int(min(wide, 58))) if wide < 58 else 1
    return [
        label(_LEFT + at * wide + 2, 18, _label(day, unit))
        for at, day in enumerate(columns)
        if at % every == 0
    ]


def _line(name: str, total: int, y: float) -> str:
    right = 'text-anchor="end" font-weight="600"'
    return label(0, y + 16, fitted(name, _LEFT - 12)) + label(WIDTH, y + 16, f"{total:,}", right)


def _cell(at: int, line: int, n: int, part: float, of: int, told: str, framed: bool) -> str:
    wide = (WIDTH - _LEFT - 50) / of
    x, y = _LEFT + at * wide, _TOP + line * _CELL
    frame = ' stroke="currentColor" stroke-width="2"' if framed else ""
    shade = 0.06 + (DARKEST - 0.06) * part
    look = f'fill="currentColor" fill-opacity="{shade:.2f}"{frame}'
    shown = f"{n}" if n < 1000 else f"{n // 1000}k"
    middle = f'text-anchor="middle" font-size="{11.5 if wide > 22 else 9}"'
    return box(x + 1, y + 1, (min(wide, 90) - 2, _CELL - 2), look, told) + label(
        x + min(wide, 90) / 2, y + 16, shown, middle
    )


def _told(
    name: str,
    who: str,
    total: int,
    counts: Counter[tuple[str, int]],
    columns: list[dt.date],
    unit: str,
) -> str:
    at = max(range(len(columns)), key=lambda i: counts[who, i])
    return (
        f"{name}: {number(total, 'touch', 'touches')}, most in the {unit} of "
        f"{_label(columns[at], unit)} ({counts[who, at]:,})."
    )
