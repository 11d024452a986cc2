"""Who was contacted how often: a heat map of people and weeks, every number printed in it."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Iterable

from attrs import frozen

from contactledger.report.charts_frame import (
    ENGLISH,
    WIDTH,
    Picture,
    Row,
    box,
    day_month,
    drawn,
    fitted,
    label,
    month_year,
)
from contactledger.report.words import Words

COLUMNS = 40
"""As many columns at most: days, else weeks, months, quarters, years and what holds those."""
LINES = 24
"""Lines at most, those with most touches; whoever is left shares the last."""
DARKEST = 0.4
"""How dark the fullest cell is: the numbers stand on it in ink and still read."""
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
    times: int = 1


def pressure(data: Row, *, prefix: str = "cl-pressure", words: Words = ENGLISH) -> Picture:
    """The heat map of a report's rows, by person. Uses the key findings."""
    return pressure_of(touched(days_of(data["findings"]), words), prefix, words)


def days_of(findings: Iterable[Row]) -> list[Row]:
    """Rows of who was reached out to on which day, how often, and whether beyond the policy.

    `person` is None where a touch named nobody.
    """
    counts: Counter[tuple[str, str, str, bool]] = Counter()
    called: dict[str, Row] = {}
    for f in findings:
        party = f["receiver"]
        over = any(v["code"] == "over_cap" for v in f["violations"])
        people = [p for p in f["people"] if p["addressed"] and p["id"] != party["id"]]
        for one in people or [party]:
            called[party["id"]], called[one["id"]] = party, {"id": one["id"], "name": one["name"]}
            counts[party["id"], one["id"], f["at_local"][:10], over] += 1
    return [
        {
            "party": called[party],
            "person": called[one] if one != party else None,
            "day": day,
            "touches": n,
            "over_cap": over,
        }
        for (party, one, day, over), n in sorted(counts.items())
    ]


def touched(days: Iterable[Row], words: Words = ENGLISH) -> list[Touched]:
    """What the heat map is made of, of rows as `days_of` gives them."""
    found = []
    for row in days:
        who, party = row["person"] or row["party"], row["party"]["name"]
        name = words("{party}, nobody by name", party=party)
        if row["person"]:
            name = f"{who['name']}, {party}"
        day = dt.date.fromisoformat(row["day"])
        found.append(Touched(who["id"], name, day, row["over_cap"], row["touches"]))
    return found


def pressure_of(
    touches: Iterable[Touched], prefix: str = "cl-pressure", words: Words = ENGLISH
) -> Picture:
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
        counts[one.who, at] += one.times
        if one.over:
            over.add((one.who, at))
    sums = Counter[str]()
    for (who, _), n in counts.items():
        sums[who] += n
    lines = sorted(sums, key=lambda who: (-sums[who], named[who], who))
    if len(lines) > LINES:
        lines = _merge(lines, named, counts, over, sums, words)
    labels = [_label(day, unit, words) for day in columns]
    title = words(
        "Contact pressure: who was contacted how often, by the {unit}", unit=_units(words)[unit]
    )
    told = " ".join(
        _told(named[who], [counts[who, at] for at in range(len(columns))], labels, unit, words)
        for who in lines
    )
    most = max((n for (who, _), n in counts.items() if who in lines), default=0)
    body = _axis(labels)
    for i, who in enumerate(lines):
        body.append(_line(named[who], words.number(sums[who]), _TOP + i * _CELL))
        for at, text in enumerate(labels):
            if n := counts[who, at]:
                hint = f"{named[who]}, {text}: {words.count(n, '{n} touch', '{n} touches')}"
                body.append(_cell(at, i, n, n / most, len(columns), hint, (who, at) in over))
    size = (WIDTH, _TOP + len(lines) * _CELL + 8)
    nobody = words("Nobody was contacted.")
    svg = drawn("pressure", body, size, title, told or nobody, prefix)

    def cell(who: str, at: int) -> str:
        n = words.number(counts[who, at]) if counts[who, at] else "–"
        return words("{n} over the limit", n=n) if (who, at) in over else n

    head = (words("Who"), *labels, words("In all"))
    rows = tuple(
        [
            (named[who], *(cell(who, at) for at in range(len(columns))), words.number(sums[who]))
            for who in lines
        ]
    )
    return Picture(svg, title, told, head, rows, _note(words), words)


def _merge(
    lines: list[str],
    named: dict[str, str],
    counts: Counter[tuple[str, int]],
    over: set[tuple[str, int]],
    sums: Counter[str],
    words: Words,
) -> list[str]:
    """The lines that have room; those left out are one more, under the id ""."""
    rest = set(lines[LINES - 1 :])
    named[""] = words("{n} others together", n=words.number(len(rest)))
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


def _label(day: dt.date, unit: str, words: Words) -> str:
    if unit in _DAYS:
        return day_month(day, words)
    if unit == "month":
        return month_year(day, words)
    if unit == "quarter":
        return words("Q{no} {year}", no=day.month // 3 + 1, year=day.year)
    last = day.year // _YEARS[unit] * _YEARS[unit] + _YEARS[unit] - 1
    return f"{day.year}" if unit == "year" else f"{day.year}–{last}"


def _units(words: Words) -> dict[str, str]:
    return {
        "day": words("day"), "week": words("week"), "month": words("month"),
        "quarter": words("quarter"), "year": words("year"), "decade": words("decade"),
        "century": words("century"), "millennium": words("millennium"),
    }  # fmt: skip


def _axis(labels: list[str]) -> list[str]:
    """What stands above the columns: as many labels as have room."""
    if not labels:
        return []
    wide = (WIDTH - _LEFT - 50) / len(labels)
    every = -(-58 // int(min(wide, 58))) if wide < 58 else 1
    return [
        label(_LEFT + at * wide + 2, 18, text) for at, text in enumerate(labels) if at % every == 0
    ]


def _line(name: str, total: str, y: float) -> str:
    right = 'text-anchor="end" font-weight="600"'
    return label(0, y + 16, fitted(name, _LEFT - 12)) + label(WIDTH, y + 16, total, right)


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


def _told(name: str, counts: list[int], labels: list[str], unit: str, words: Words) -> str:
    at = max(range(len(counts)), key=counts.__getitem__)
    return words(
        "{name}: {touches}, most in the {unit} of {label} ({n}).",
        name=name, touches=words.count(sum(counts), "{n} touch", "{n} touches"),
        unit=_units(words)[unit], label=labels[at], n=words.number(counts[at]),
    )  # fmt: skip


def _note(words: Words) -> str:
    """What stands beneath the picture."""
    return words(
        "Touches that reached out to each person, in the receiver’s local time. A frame marks a "
        "touch beyond what the policy allows."
    )
