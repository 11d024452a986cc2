"""Business time with the public holidays of countries, against the package and by counting."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from functools import cache
from zoneinfo import ZoneInfo

import holidays
from hypothesis import given, settings
from hypothesis import strategies as st

from contactledger.judge.calendar import Calendar, business_minutes, deadline
from contactledger.judge.policy import Window, expand_policy, parse_policy

MINUTE = timedelta(minutes=1)
PLACES = [
    ("DE", "BY", "Europe/Berlin"),
    ("US", None, "America/New_York"),
    ("AU", "NSW", "Australia/Sydney"),
    ("BR", None, "America/Sao_Paulo"),
    ("GB", "SCT", "Europe/London"),
]
"""Country, part, and a zone of it; the clocks of all five have changed in these years."""
YEARS = (2016, 2027)


@cache
def calendar_of(country: str, part: str | None) -> Calendar:
    where = f', subdivision = "{part}"' if part else ""
    text = (
        '[calendar]\nweek = ["mon-fri 09:00-12:00", "mon-fri 13:00-17:00", "sat 09:00-12:00"]\n'
        f'holidays = {{ country = "{country}"{where}, from = {YEARS[0]}, to = {YEARS[1]} }}\n'
    )
    return parse_policy(expand_policy(text)).calendar()


@cache
def days_of(country: str, part: str | None) -> holidays.HolidayBase:
    return holidays.country_holidays(country, subdiv=part, years=range(YEARS[0], YEARS[1] + 1))


def changes(zone: ZoneInfo) -> list[datetime]:
    """The hours in which the clock of a zone changes in these years."""
    at, found = datetime(YEARS[0], 1, 2, tzinfo=UTC), []
    while at.year <= YEARS[1]:
        after = at + timedelta(hours=6)
        if at.astimezone(zone).utcoffset() != after.astimezone(zone).utcoffset():
            found.append(at)
        at = after
    return found


CHANGES = {zone: changes(ZoneInfo(zone)) for _, _, zone in PLACES}

days = st.dates(date(YEARS[0], 1, 1), date(YEARS[1], 12, 31))


@settings(max_examples=100, deadline=None)
@given(st.sampled_from(PLACES), days)
def test_a_day_is_a_business_day_unless_it_is_a_sunday_or_the_package_calls_it_a_holiday(
    place: tuple[str, str | None, str], day: date
) -> None:
    country, part, _ = place
    shut = day.weekday() == 6 or day in days_of(country, part)
    assert calendar_of(country, part).is_business_day(day) is not shut


def open_by_counting(country: str, part: str | None, local: datetime) -> bool:
    if local.date() in days_of(country, part) or local.weekday() == 6:
        return False
    spans = [(9, 12)] if local.weekday() == 5 else [(9, 12), (13, 17)]
    return any(first <= local.hour < last for first, last in spans)


def test_the_clocks_of_all_five_zones_change_in_these_years() -> None:
    assert all(len(found) >= 6 for found in CHANGES.values())


moments = st.sampled_from(PLACES).flatmap(
    lambda place: st.tuples(
        st.just(place),
        st.sampled_from(CHANGES[place[2]]),
        st.integers(-3 * 1440, 3 * 1440),
    )
)


@settings(max_examples=60, deadline=None)
@given(moments, st.integers(0, 5 * 1440))
def test_minutes_around_a_change_of_the_clock_are_those_one_counts(drawn, length) -> None:
    (country, part, name), change, offset = drawn
    zone, start = ZoneInfo(name), change + offset * MINUTE
    counted = sum(
        open_by_counting(country, part, (start + n * MINUTE).astimezone(zone))
        for n in range(length)
    )
    calendar = calendar_of(country, part)
    assert business_minutes(calendar, zone, start, start + length * MINUTE) == counted


@settings(max_examples=60, deadline=None)
@given(moments, st.integers(1, 900))
def test_a_window_of_minutes_is_over_when_so_many_have_been_counted(drawn, minutes) -> None:
    (country, part, name), change, offset = drawn
    zone = ZoneInfo(name)
    at = due = change + offset * MINUTE
    left = minutes
    while left:
        left -= open_by_counting(country, part, due.astimezone(zone))
        due += MINUTE
    found = deadline(calendar_of(country, part), zone, at, Window(minutes=minutes))
    assert found == due


@settings(max_examples=60, deadline=None)
@given(moments, st.integers(1, 6))
def test_a_window_of_days_skips_every_holiday_and_sunday(drawn, count) -> None:
    (country, part, name), change, offset = drawn
    zone, calendar = ZoneInfo(name), calendar_of(country, part)
    at = change + offset * MINUTE
    while not open_by_counting(country, part, at.astimezone(zone)):
        at += MINUTE
    local = at.astimezone(zone)
    day = local.date()
    for _ in range(count):
        day += timedelta(days=1)
        while day.weekday() == 6 or day in days_of(country, part):
            day += timedelta(days=1)
    wall = datetime.combine(day, local.time(), tzinfo=zone).replace(fold=0)
    assert deadline(calendar, zone, at, Window(days=count)) == wall.astimezone(UTC)
