"""Business time, checked against counting minute by minute."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from contactledger.errors import BadInput, BadPolicy
from contactledger.judge import calendar as calendar_module
from contactledger.judge.calendar import (
    Calendar,
    Week,
    Window,
    business_minutes,
    deadline,
    in_hours,
    next_in_hours,
    term,
    week_of,
    zone_of,
)

MINUTE = timedelta(minutes=1)
OFFICE = Calendar("office", week_of(["mon-fri 09:00-17:00"]))
LUNCH = Calendar("lunch", week_of(["mon-fri 09:00-12:00", "mon-fri 13:00-17:00"]))
ALWAYS = Calendar("always", week_of(["00:00-24:00"]))
NIGHT = Calendar("night", week_of(["00:00-06:00", "22:00-24:00"]))
ODD = Calendar("odd", week_of(["sat-sun 00:30-02:15", "sun 02:20-04:00", "wed 23:00-24:00"]))
CALENDARS = [OFFICE, LUNCH, ALWAYS, NIGHT, ODD]
BERLIN = zone_of("Europe/Berlin")

# zone and a UTC moment near which its offset changes
CHANGES = [
    ("Europe/Berlin", datetime(2026, 3, 29, 1, tzinfo=UTC)),
    ("Europe/Berlin", datetime(2026, 10, 25, 1, tzinfo=UTC)),
    ("America/New_York", datetime(2026, 3, 8, 7, tzinfo=UTC)),
    ("America/New_York", datetime(2026, 11, 1, 6, tzinfo=UTC)),
    ("Australia/Lord_Howe", datetime(2026, 4, 4, 15, tzinfo=UTC)),  # by half an hour
    ("Australia/Lord_Howe", datetime(2026, 10, 3, 15, 30, tzinfo=UTC)),
    ("America/Sao_Paulo", datetime(2017, 10, 15, 3, tzinfo=UTC)),  # at midnight
    ("America/Sao_Paulo", datetime(2018, 2, 18, 2, tzinfo=UTC)),
    ("Pacific/Apia", datetime(2011, 12, 30, 10, tzinfo=UTC)),  # a day that never was
    ("America/St_Johns", datetime(2010, 11, 7, 2, 31, tzinfo=UTC)),  # back over midnight
    ("Asia/Kathmandu", datetime(2026, 3, 1, tzinfo=UTC)),  # never, but 5:45
]


def opening(calendar: Calendar, zone: ZoneInfo, at: datetime) -> datetime:
    return term(calendar, zone, at, Window())[0]


def open_by_counting(calendar: Calendar, zone: ZoneInfo, at: datetime) -> bool:
    local = at.astimezone(zone)
    minute = local.hour * 60 + local.minute
    hours = () if local.date() in calendar.holidays else calendar.week[local.weekday()]
    return any(open_ <= minute < close for open_, close in hours)


moments = st.builds(
    lambda change, minutes, holiday, calendar: (
        zone_of(change[0]),
        change[1] + minutes * MINUTE,
        Calendar(
            calendar.name,
            calendar.week,
            frozenset({(change[1] + timedelta(days=holiday)).date()}),
        ),
    ),
    st.sampled_from(CHANGES),
    st.integers(-3000, 2000),
    st.integers(-3, 3),
    st.sampled_from(CALENDARS),
)


@settings(max_examples=100, deadline=None)
@given(moments, st.integers(0, 3000))
def test_business_minutes_are_those_one_counts_one_by_one(moment, length):
    zone, start, calendar = moment
    counted = sum(
        open_by_counting(calendar, zone, start + minute * MINUTE) for minute in range(length)
    )
    assert business_minutes(calendar, zone, start, start + length * MINUTE) == counted


@settings(max_examples=100, deadline=None)
@given(moments)
def test_the_next_opening_is_the_first_open_minute_one_finds(moment):
    zone, at, calendar = moment
    found = at
    while not open_by_counting(calendar, zone, found):
        found += MINUTE
    assert opening(calendar, zone, at) == found


@settings(max_examples=100, deadline=None)
@given(moments, st.integers(1, 700))
def test_a_window_of_minutes_ends_when_so_many_have_been_counted(moment, minutes):
    zone, at, calendar = moment
    due, left = at, minutes
    while left:
        left -= open_by_counting(calendar, zone, due)
        due += MINUTE
    assert deadline(calendar, zone, at, Window(minutes=minutes)) == due
    assert business_minutes(calendar, zone, at, due) == minutes


@settings(max_examples=100, deadline=None)
@given(moments, st.integers(1, 12))
def test_a_window_of_days_is_the_same_wall_time_so_many_business_days_on(moment, days):
    zone, at, calendar = moment
    local = opening(calendar, zone, at).astimezone(zone)
    day = local.date()
    for _ in range(days):
        day += timedelta(days=1)
        while not calendar.is_business_day(day):
            day += timedelta(days=1)
    wall = datetime.combine(day, local.time(), tzinfo=zone).replace(fold=0)
    assert deadline(calendar, zone, at, Window(days=days)) == wall.astimezone(UTC)


def berlin(*when: int) -> datetime:
    return datetime(*when, tzinfo=BERLIN).astimezone(UTC)


def test_j26_a_touch_at_night_starts_its_window_at_the_next_opening_minute():
    assert opening(OFFICE, BERLIN, berlin(2026, 3, 4, 3)) == berlin(2026, 3, 4, 9)
    assert opening(OFFICE, BERLIN, berlin(2026, 3, 6, 18)) == berlin(2026, 3, 9, 9)


def test_an_open_instant_is_its_own_next_opening_up_to_the_last_microsecond():
    last = berlin(2026, 3, 4, 17) - timedelta(microseconds=1)
    assert opening(OFFICE, BERLIN, last) == last
    assert opening(OFFICE, BERLIN, berlin(2026, 3, 4, 17)) == berlin(2026, 3, 5, 9)


def test_j26_a_window_of_hours_may_end_at_closing_time_itself():
    assert deadline(OFFICE, BERLIN, berlin(2026, 3, 4, 13), Window(minutes=240)) == berlin(
        2026, 3, 4, 17
    )


def test_j26_hours_run_on_over_night_and_week_end():
    assert deadline(OFFICE, BERLIN, berlin(2026, 3, 6, 16), Window(minutes=240)) == berlin(
        2026, 3, 9, 12
    )


def test_j26_lunch_is_no_business_time():
    assert deadline(LUNCH, BERLIN, berlin(2026, 3, 4, 11, 30), Window(minutes=120)) == berlin(
        2026, 3, 4, 14, 30
    )
    assert opening(LUNCH, BERLIN, berlin(2026, 3, 4, 12)) == berlin(2026, 3, 4, 13)
    assert business_minutes(LUNCH, BERLIN, berlin(2026, 3, 4), berlin(2026, 3, 5)) == 7 * 60


def test_j26_days_skip_week_ends_and_holidays():
    closed = Calendar("shut", OFFICE.week, frozenset({date(2026, 4, 3), date(2026, 4, 6)}))
    due = deadline(closed, BERLIN, berlin(2026, 4, 2, 10, 15), Window(days=1))
    assert due == berlin(2026, 4, 7, 10, 15)


def test_j26_a_wall_time_that_is_skipped_moves_forward_by_what_was_skipped():
    due = deadline(ALWAYS, BERLIN, berlin(2026, 3, 28, 2, 30), Window(days=1))
    assert due == datetime(2026, 3, 29, 1, 30, tzinfo=UTC)
    assert due.astimezone(BERLIN).time().isoformat() == "03:30:00"


def test_j26_a_wall_time_that_comes_twice_is_the_first():
    due = deadline(ALWAYS, BERLIN, berlin(2026, 10, 24, 2, 30), Window(days=1))
    assert due == datetime(2026, 10, 25, 0, 30, tzinfo=UTC)


def test_j26_days_keep_the_seconds_so_that_a_day_is_never_short():
    at = berlin(2026, 3, 4, 10, 30, 45)
    assert deadline(OFFICE, BERLIN, at, Window(days=1)) == berlin(2026, 3, 5, 10, 30, 45)


def test_j26_a_wall_time_outside_the_hours_of_the_last_day_stays_as_it_is():
    short_friday = Calendar("short", week_of(["mon-thu 09:00-17:00", "fri 09:00-12:00"]))
    due = deadline(short_friday, BERLIN, berlin(2026, 3, 5, 16), Window(days=1))
    assert due == berlin(2026, 3, 6, 16)


def test_a_window_of_nothing_is_due_when_it_starts():
    assert deadline(OFFICE, BERLIN, berlin(2026, 3, 4, 3), Window()) == berlin(2026, 3, 4, 9)


def test_instants_may_be_given_in_any_zone_and_come_back_in_utc():
    at = datetime(2026, 3, 4, 10, tzinfo=zone_of("Asia/Tokyo"))
    assert opening(OFFICE, BERLIN, at) == berlin(2026, 3, 4, 9)
    assert opening(OFFICE, BERLIN, at).tzinfo is UTC


def test_a_long_time_holds_what_its_days_hold():
    """Over both changes of the clocks, from and to any hour."""
    start, days = berlin(2026, 1, 7, 11), 420
    steps = [start + timedelta(days=n) for n in range(days + 1)]
    for calendar in (OFFICE, LUNCH):
        each = [business_minutes(calendar, BERLIN, a, b) for a, b in pairwise(steps)]
        for first, last in ((0, days), (3, 40), (5, 21), (16, 32), (100, 101)):
            whole = business_minutes(calendar, BERLIN, steps[first], steps[last])
            assert whole == sum(each[first:last])


def test_business_minutes_backward_are_none():
    assert business_minutes(ALWAYS, BERLIN, berlin(2026, 3, 5), berlin(2026, 3, 4)) == 0


def test_what_is_remembered_is_bounded_and_changes_no_answer(monkeypatch):
    fresh = Calendar("fresh", OFFICE.week)
    days = [berlin(2026, 3, day, 10) for day in range(1, 28)]
    before = [deadline(OFFICE, BERLIN, at, Window(days=2)) for at in days]
    monkeypatch.setattr(calendar_module, "REMEMBERED", 2)
    assert [deadline(fresh, BERLIN, at, Window(days=2)) for at in days] == before
    year = (berlin(2026, 1, 1), berlin(2027, 1, 1))
    counted = business_minutes(fresh, BERLIN, *year)
    assert counted == business_minutes(OFFICE, BERLIN, *year)
    clock = calendar_module.clock_of(fresh, BERLIN)
    assert max(map(len, (clock._spans, clock._days_on, clock._blocks))) <= 2


@pytest.mark.parametrize("year", [1, 8001])
def test_years_at_the_ends_of_time_are_bad_input_and_no_overflow(year):
    at = datetime(year, 6, 1, tzinfo=UTC)
    with pytest.raises(BadInput) as caught:
        opening(OFFICE, BERLIN, at)
    assert str(caught.value) == "at: outside the years 2 to 8000"


@pytest.mark.parametrize("year", [2, 8000])
def test_the_first_and_last_year_have_deadlines(year):
    at = datetime(year, 6, 1, tzinfo=UTC)
    assert deadline(OFFICE, BERLIN, at, Window(days=1000)) > at


# --- weeks -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("hours", "expected"),
    [
        (["mon 09:00-17:00"], (((540, 1020),), (), (), (), (), (), ())),
        (["08:00-20:00"], (((480, 1200),),) * 7),
        (["sat-mon 10:00-11:00"], (((600, 660),), (), (), (), (), *(((600, 660),),) * 2)),
        (["mon 09:00-12:00", "mon 12:00-13:00"], (((540, 780),), (), (), (), (), (), ())),
        (["mon 09:00-17:00", "mon 10:00-11:00"], (((540, 1020),), (), (), (), (), (), ())),
        (["mon 13:00-24:00", "mon 09:00-10:00"], (((540, 600), (780, 1440)), *((),) * 6)),
        ([], ((),) * 7),
    ],
)
def test_hours_as_text_make_a_week(hours: list[str], expected: Week):
    assert week_of(hours) == expected


@pytest.mark.parametrize("hours", ["nine to five", "mon 9:00-17:00", "mon 17:00-09:00", "24:30"])
def test_hours_in_another_form_are_bad_input(hours):
    with pytest.raises(BadInput):
        week_of([hours])


@pytest.mark.parametrize(
    ("time", "inside"),
    [
        ("2026-03-04T07:59:59.999999", False),
        ("2026-03-04T08:00:00", True),
        ("2026-03-04T19:59:59", True),
        ("2026-03-04T20:00:00", True),
        ("2026-03-04T20:00:00.000001", False),
        ("2026-03-04T20:00:01", False),
    ],
)
def test_a_tie_at_either_end_of_the_hours_is_inside(time, inside):
    assert in_hours(week_of(["08:00-20:00"]), datetime.fromisoformat(time)) is inside


@pytest.mark.parametrize(
    ("time", "inside"),
    [
        ("2026-03-02T00:00:00", False),
        ("2026-03-03T00:00:00", True),
        ("2026-03-03T00:00:01", False),
        ("2026-03-04T00:00:00", False),
    ],
)
def test_midnight_ends_the_evening_before(time, inside):
    week = week_of(["mon 20:00-24:00", "tue 20:00-23:00"])
    assert in_hours(week, datetime.fromisoformat(time)) is inside


@settings(max_examples=100, deadline=None)
@given(moments, st.sampled_from([*(c.week for c in CALENDARS), week_of(["sat 03:15-03:30"])]))
def test_the_next_time_in_the_hours_is_the_first_minute_one_finds(moment, week):
    zone, at, _ = moment
    found = at
    while not in_hours(week, found.astimezone(zone)):
        found += MINUTE
    assert next_in_hours(week, zone, at) == found


def test_a_week_without_hours_has_no_next_time():
    assert next_in_hours(week_of([]), BERLIN, berlin(2026, 3, 4)) is None


# --- what is no calendar -----------------------------------------------------------------------


@pytest.mark.parametrize(
    "week",
    [
        OFFICE.week[:6],
        (((540, 540),), *OFFICE.week[1:]),
        (((600, 540),), *OFFICE.week[1:]),
        (((540, 600), (600, 700)), *OFFICE.week[1:]),
        (((540, 1441),), *OFFICE.week[1:]),
        (((-1, 600),), *OFFICE.week[1:]),
        (((0, 59),), *((),) * 6),
        ((),) * 7,
    ],
)
def test_a_week_that_makes_no_sense_is_a_bad_policy(week):
    with pytest.raises(BadPolicy) as caught:
        Calendar("bad", week)
    assert caught.value.field == "week"


def every_monday(count: int) -> frozenset[date]:
    return frozenset(date(2026, 1, 5) + timedelta(weeks=n) for n in range(count))


def test_a_calendar_that_stays_shut_for_more_than_400_days_is_a_bad_policy():
    mondays = week_of(["mon 09:00-17:00"])
    assert Calendar("rare", mondays, every_monday(57)).holidays == every_monday(57)
    with pytest.raises(BadPolicy) as caught:
        Calendar("never", mondays, every_monday(58))
    assert str(caught.value) == "holidays: shut for more than 400 days on end"


@pytest.mark.parametrize("window", [(-1, 0), (0, -1), (1, 1)])
def test_a_window_is_days_or_minutes_and_never_negative(window):
    with pytest.raises(BadPolicy):
        Window(*window)


@pytest.mark.parametrize(
    "name",
    [
        "Europe/Atlantis",
        "America",
        "../etc/passwd",
        "/etc/localtime",
        "localtime",
        "right/UTC",
        "Factory",
        "",
        "UTC\0",
        "Ü",
    ],
)
def test_a_zone_that_is_not_in_the_iana_data_is_bad_input(name):
    with pytest.raises(BadInput) as caught:
        zone_of(name)
    assert str(caught.value) == "zone: must be the IANA name of a time zone"


def test_a_zone_is_the_same_object_each_time():
    assert zone_of("Europe/Berlin") is BERLIN
