"""Moments and periods as people write them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import pytest

from contactledger.errors import BadInput
from contactledger.moments import moment, span


def at(*parts):
    return datetime(*parts, tzinfo=UTC)


@pytest.mark.parametrize(
    ("text", "instant"),
    [
        ("2026-07-01T09:00Z", at(2026, 7, 1, 9)),
        ("2026-07-01T09:00:30.5+02:00", at(2026, 7, 1, 7, 0, 30, 500_000)),
        ("2026-07-01 09:00-0500", at(2026, 7, 1, 14)),
        (datetime(2026, 7, 1, 9, tzinfo=timezone(timedelta(hours=2))), at(2026, 7, 1, 7)),
    ],
)
def test_a_moment_is_read_as_utc(text, instant):
    read = moment(text, "as_of")
    assert (read, type(read)) == (instant, datetime)


@pytest.mark.parametrize(
    "text", ["2026-07-01T09:00", "yesterday", "", "2026-07-01", "maybeZ", "2026-13-01T00:00Z"]
)
def test_text_that_is_no_moment_is_refused_by_its_field(text):
    with pytest.raises(BadInput, match="as_of"):
        moment(text, "as_of")


@pytest.mark.parametrize(
    ("text", "since", "until"),
    [
        ("2026", at(2026, 1, 1), at(2027, 1, 1)),
        ("2024-02", at(2024, 2, 1), at(2024, 3, 1)),
        ("2026-12-31", at(2026, 12, 31), at(2027, 1, 1)),
        ("2026-01/2026-03", at(2026, 1, 1), at(2026, 4, 1)),
        ("2025-11-15/2026", at(2025, 11, 15), at(2027, 1, 1)),
        ((at(2026, 1, 1), None), at(2026, 1, 1), None),
        (None, None, None),
    ],
)
def test_a_period_begins_and_ends_where_the_calendar_says(text, since, until):
    assert span(text) == (since, until)


def test_a_period_may_be_of_a_zone_on_both_sides_of_a_change_of_its_clocks():
    assert span("2026-03", "America/New_York") == (at(2026, 3, 1, 5), at(2026, 4, 1, 4))
    both = (at(2026, 1, 1), None)
    assert span(both, "America/New_York") == both


@pytest.mark.parametrize(
    "text",
    [
        "",
        "26",
        "2026-13",
        "2026-02-30",
        "2026-1",
        "2026/",
        "/2026",
        "2026-03/2026-01",
        "9999",
        "٢٠٢٦",
    ],
)
def test_text_that_is_no_period_is_refused(text):
    if text == "2026/":
        assert span(text) == span("2026")
        return
    with pytest.raises(BadInput, match="period"):
        span(text)
