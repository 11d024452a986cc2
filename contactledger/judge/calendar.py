"""Business time: when a calendar is open, and what *n days* and *n hours* of it come to (J26).

A calendar is a week of opening hours and a set of holidays, in wall time; a zone puts it on
the world's clock. An instant is business time if its wall time in the zone lies in the hours
of its local day, and the day is no holiday. All else follows from that one sentence, on the
two odd nights of the year too: an hour that is skipped is no business hour, an hour that
comes twice counts twice.

Instants are plain UTC datetimes. Inside they are microseconds since 1970, and the open spans
of a UTC day are worked out once per calendar and zone and kept.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

from attrs import Attribute, field, frozen

from contactledger.declare import HOURS
from contactledger.errors import BadInput, BadPolicy

Week = tuple[tuple[tuple[int, int], ...], ...]
"""Seven days from Monday, each a tuple of (open, close) in minutes of the day."""

CLOSED_DAYS = 400
"""A calendar that stays shut for longer than this can give no deadline worth the name."""
OPEN_MINUTES = 60
"""A week has at least this many, so that a window of hours ends within a lifetime."""
FIRST_YEAR, LAST_YEAR = 2, 8000
"""Deadlines are worked out for instants of these years; `datetime` ends at 9999."""
REMEMBERED = 50_000
"""Days kept per calendar and zone; more than a century, so it is only ever an attack."""

_DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_SECOND = 1_000_000
_MINUTE = 60 * _SECOND
_PROBE = 6 * 60 * _MINUTE
_DAY = 24 * 60 * _MINUTE
_BLOCK = 16  # days that are added up once
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_WALL_EPOCH = _EPOCH.replace(tzinfo=None)
_EPOCH_ORDINAL = date(1970, 1, 1).toordinal()
_EPOCH_WEEKDAY = 3
_MICROSECOND = timedelta(microseconds=1)


@frozen
class Window:
    """How long an answer may take: business `days` or business `minutes`, never both (J26)."""

    days: int = field(default=0)
    minutes: int = 0

    @days.validator
    def _one_of_both(self, _: Attribute[int], value: int) -> None:
        if value < 0 or self.minutes < 0 or (value and self.minutes):
            raise BadPolicy("days or minutes, not both and not below zero", field="Window")


@frozen(cache_hash=True)
class Calendar:
    """A week of opening hours and the holidays on which it stays shut.

    `week`: seven days from Monday, each with its (open, close) minutes of the day in order; a
    lunch break is a gap between two of them. Raises `BadPolicy` if it hardly ever opens.
    """

    name: str
    week: Week = field()
    holidays: frozenset[date] = frozenset()

    @week.validator
    def _shape(self, _: Attribute[Week], value: Week) -> None:
        if len(value) != 7:
            raise BadPolicy("has seven days, from Monday", field="week")
        for day in value:
            ends = [minute for span in day for minute in span]
            if ends != sorted(set(ends)) or (ends and not 0 <= ends[0] < ends[-1] <= 1440):
                raise BadPolicy("hours are in order and within the day", field="week")
        if sum(close - open_ for day in value for open_, close in day) < OPEN_MINUTES:
            raise BadPolicy(f"must be open at least {OPEN_MINUTES} minutes a week", field="week")

    def __attrs_post_init__(self) -> None:
        if _longest_rest(self) > CLOSED_DAYS:
            raise BadPolicy(f"shut for more than {CLOSED_DAYS} days on end", field="holidays")

    def is_business_day(self, day: date) -> bool:
        """True if `day` has opening hours and is no holiday."""
        return bool(self.week[day.weekday()]) and day not in self.holidays


def _longest_rest(calendar: Calendar) -> int:
    """The most days on end without business, counted from each holiday once."""
    longest = 0
    seen: set[date] = set()
    for holiday in sorted(calendar.holidays):
        if holiday in seen:
            continue
        day, rest = holiday, 0
        while not calendar.is_business_day(day) and rest <= CLOSED_DAYS:
            seen.add(day)
            day, rest = day + timedelta(days=1), rest + 1
        longest = max(longest, rest)
    return longest


def week_of(hours: Iterable[str]) -> Week:
    """The week that texts like "mon-fri 09:00-17:00" describe; ranges add up.

    Without days a range holds every day; "fri-mon" runs over the week-end. Raises `BadInput`
    for another form and for a range that ends before it begins: a night is two ranges.
    """
    week: list[list[tuple[int, int]]] = [[] for _ in _DAYS]
    for text in hours:
        match = HOURS.match(text)
        if match is None:
            raise BadInput('must look like "mon-fri 09:00-17:00"')
        first, last, *clock = match.groups()
        from_hour, from_minute, to_hour, to_minute = map(int, clock)
        open_, close = from_hour * 60 + from_minute, to_hour * 60 + to_minute
        if not open_ < close <= 1440:
            raise BadInput("must end after it begins, by 24:00; write a night as two ranges")
        begin = _DAYS.index(first) if first else 0
        end = _DAYS.index(last) if last else begin if first else 6
        for step in range((end - begin) % 7 + 1):
            week[(begin + step) % 7].append((open_, close))
    return tuple(_joined(day) for day in week)


def _joined(spans: list[tuple[int, int]]) -> tuple[tuple[int, int], ...]:
    joined: list[tuple[int, int]] = []
    for open_, close in sorted(spans):
        if joined and open_ <= joined[-1][1]:
            joined[-1] = (joined[-1][0], max(close, joined[-1][1]))
        else:
            joined.append((open_, close))
    return tuple(joined)


def in_hours(week: Week, local: datetime) -> bool:
    """True if the wall time `local` lies in the week's hours; both ends count (a tie is in)."""
    minute = local.hour * 60 + local.minute
    sharp = not (local.second or local.microsecond)
    weekday = local.weekday()
    for open_, close in week[weekday]:
        if open_ <= minute < close or (sharp and minute == close):
            return True
    yesterday = week[weekday - 1]
    return sharp and minute == 0 and bool(yesterday) and yesterday[-1][1] == 1440


def next_in_hours(week: Week, zone: ZoneInfo, at: datetime) -> datetime | None:
    """The first instant at or after `at` (aware) in the week's hours, in UTC; None if the week
    has none. The end of a range is in, as for `in_hours`.
    """
    if in_hours(week, at.astimezone(zone)):
        return at.astimezone(UTC)
    if not any(week):
        return None
    return _EPOCH + timedelta(microseconds=_hours_clock(week, zone).opening(_micros(at))[0])


@lru_cache(maxsize=1024)
def zone_of(name: str) -> ZoneInfo:
    """The time zone of that IANA name ("Europe/Berlin"); `BadInput` if there is none.

    Names that mean "this machine's own" or a leap-second clock are refused: they would judge
    the same entries differently elsewhere.
    """
    if name.partition("/")[0] in {"localtime", "posix", "posixrules", "right", "Factory"}:
        raise BadInput("must be the IANA name of a time zone", field="zone")
    try:
        return ZoneInfo(name)
    except (OSError, ValueError, LookupError):
        # unknown, a folder, a path that leaves the data, not a name at all
        raise BadInput("must be the IANA name of a time zone", field="zone") from None


class Clock:
    """One calendar in one zone: its open spans, UTC day by UTC day, worked out when asked for."""

    __slots__ = ("_blocks", "_days_on", "_holidays", "_level", "_spans", "_week", "_zone")

    def __init__(self, week: Week, holidays: frozenset[date], zone: ZoneInfo) -> None:
        self._week = week
        self._holidays = {day.toordinal() - _EPOCH_ORDINAL for day in holidays}
        self._zone = zone
        self._spans: dict[int, tuple[tuple[int, int, int], ...]] = {}
        self._days_on: dict[tuple[int, int], int] = {}
        self._level: dict[int, int | None] = {}
        self._blocks: dict[int, int] = {}

    def spans(self, day: int) -> tuple[tuple[int, int, int], ...]:
        """The (open, close, offset) of that UTC day, in microseconds, in order."""
        known = self._spans.get(day)
        if known is None:
            if len(self._spans) >= REMEMBERED:
                self._spans.clear()
            known = self._spans[day] = tuple(self._work_out(day * _DAY))
        return known

    def _hours(self, local_day: int) -> tuple[tuple[int, int], ...]:
        hours = self._week[(local_day + _EPOCH_WEEKDAY) % 7]
        return () if local_day in self._holidays else hours

    def _work_out(self, start: int) -> Iterator[tuple[int, int, int]]:
        for since, until, offset in self._offsets(start, start + _DAY):
            first, last = since + offset, until + offset
            for local_day in range(first // _DAY, (last - 1) // _DAY + 1):
                for open_, close in self._hours(local_day):
                    begin = max(first, local_day * _DAY + open_ * _MINUTE)
                    end = min(last, local_day * _DAY + close * _MINUTE)
                    if begin < end:
                        yield begin - offset, end - offset, offset

    def _offsets(self, start: int, end: int) -> Iterator[tuple[int, int, int]]:
        """(since, until, offset) of each stretch with one UTC offset.

        zoneinfo does not tell its transitions, so they are searched for between probes; no
        zone has ever changed twice within six hours.
        """
        since, offset = start, self._offset(start)
        for probe in range(start + _PROBE, end + 1, _PROBE):
            if self._offset(probe) == offset:
                continue
            before, after = probe - _PROBE, probe
            while after - before > _SECOND:
                middle = (before + after) // 2 // _SECOND * _SECOND
                if self._offset(middle) == offset:
                    before = middle
                else:
                    after = middle
            yield since, after, offset
            since, offset = after, self._offset(after)
        yield since, end, offset

    def _offset(self, instant: int) -> int:
        offset = (_EPOCH + timedelta(microseconds=instant)).astimezone(self._zone).utcoffset()
        return (offset or timedelta()) // _MICROSECOND

    def term(self, at: datetime, window: Window) -> tuple[datetime, datetime]:
        """As the function `term`."""
        given = _micros(at)
        start, offset = self.opening(given)
        if window.days:
            day, wall = divmod(start + offset, _DAY)
            due = self.instant(self.days_on(day, window.days) * _DAY + wall)
        else:
            due = self.spend(start, window.minutes * _MINUTE)
        since = at if start == given and at.tzinfo is UTC else _EPOCH + timedelta(0, 0, start)
        return since, _EPOCH + timedelta(0, 0, due)

    def opening(self, instant: int) -> tuple[int, int]:
        """The first open instant at or after that one, and the UTC offset there."""
        day = instant // _DAY
        while True:
            for open_, close, offset in self.spans(day):
                if instant < close:
                    return max(instant, open_), offset
            day += 1

    def days_on(self, local_day: int, days: int) -> int:
        """The local day that is so many business days after that one."""
        known = self._days_on.get((local_day, days))
        if known is None:
            if len(self._days_on) >= REMEMBERED:
                self._days_on.clear()
            known = local_day
            for _ in range(days):
                known += 1
                while not self._hours(known):
                    known += 1
            self._days_on[local_day, days] = known
        return known

    def instant(self, wall: int) -> int:
        """The instant of a wall time: the first of two, and past a gap by the gap's length."""
        day = wall // _DAY
        if day not in self._level:
            if len(self._level) >= REMEMBERED:
                self._level.clear()
            probes = range(day * _DAY, (day + 1) * _DAY + 1, _PROBE)
            instants = {probe - self._instant(probe) for probe in probes}
            self._level[day] = instants.pop() if len(instants) == 1 else None
        offset = self._level[day]
        return self._instant(wall) if offset is None else wall - offset

    def _instant(self, wall: int) -> int:
        local = (_WALL_EPOCH + timedelta(microseconds=wall)).replace(tzinfo=self._zone)
        offset = local.utcoffset() or timedelta()
        return wall - offset // _MICROSECOND

    def spend(self, instant: int, micros: int) -> int:
        """The instant at which so much business time has passed since that one."""
        day = instant // _DAY
        while True:
            for open_, close, _ in self.spans(day):
                begin = max(instant, open_)
                if close - begin >= micros:
                    return begin + micros
                micros -= max(0, close - begin)
            day += 1

    def between(self, start: int, end: int) -> int:
        """The business time from start to end."""
        total, day, last = 0, start // _DAY, end // _DAY
        while day <= last:
            if day % _BLOCK == 0 and start <= day * _DAY and day + _BLOCK <= last:
                total += self._in_block(day)
                day += _BLOCK
                continue
            for open_, close, _ in self.spans(day):
                total += max(0, min(close, end) - max(open_, start))
            day += 1
        return total

    def _in_block(self, first: int) -> int:
        """All business time of a block of days: most of what lies between two far moments."""
        known = self._blocks.get(first)
        if known is None:
            if len(self._blocks) >= REMEMBERED:
                self._blocks.clear()
            days = range(first, first + _BLOCK)
            open_in = [close - open_ for day in days for open_, close, _ in self.spans(day)]
            known = self._blocks[first] = sum(open_in)
        return known


@lru_cache(maxsize=512)
def clock_of(calendar: Calendar, zone: ZoneInfo) -> Clock:
    """The calendar in that zone; whoever asks often keeps it, since a calendar's hash is long."""
    return Clock(calendar.week, calendar.holidays, zone)


@lru_cache(maxsize=512)
def _hours_clock(week: Week, zone: ZoneInfo) -> Clock:
    return Clock(week, frozenset(), zone)


def _micros(at: datetime) -> int:
    if not FIRST_YEAR <= at.year <= LAST_YEAR:
        raise BadInput(f"outside the years {FIRST_YEAR} to {LAST_YEAR}", field="at")
    since = at - _EPOCH
    return (since.days * 86_400 + since.seconds) * _SECOND + since.microseconds


def deadline(calendar: Calendar, zone: ZoneInfo, at: datetime, window: Window) -> datetime:
    """When a window that starts at `at` (aware) is over, in UTC (J26)."""
    return term(calendar, zone, at, window)[1]


def term(
    calendar: Calendar, zone: ZoneInfo, at: datetime, window: Window
) -> tuple[datetime, datetime]:
    """When a window that is given at `at` (aware) begins, and when it is over, in UTC (J26).

    It starts at the next opening minute. Minutes are minutes of business time, so a window
    may end at closing time itself. *n days* is the same wall time n business days on: a wall
    time that is skipped that night moves forward by what was skipped, one that comes twice
    is the first, and one outside that day's hours stays as it is.
    """
    return clock_of(calendar, zone).term(at, window)


def business_minutes(calendar: Calendar, zone: ZoneInfo, start: datetime, end: datetime) -> int:
    """Whole minutes of business time from `start` to `end` (both aware); 0 if end is earlier."""
    return clock_of(calendar, zone).between(_micros(start), _micros(end)) // _MINUTE
