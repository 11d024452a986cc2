from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contactledger.errors import BadEvent
from contactledger.sources._text import clean, from_epoch, plausible

UNFIT = [
    "\x00",
    *map(chr, range(0x202A, 0x202F)),
    *map(chr, range(0x2066, 0x206A)),
    "\ud800",
    "\udfff",
]


def test_each_unfit_character_is_replaced_and_its_neighbours_are_not():
    assert [clean(f"a{c}b") for c in UNFIT] == ["a\ufffdb"] * len(UNFIT)
    kept = "\t\n\x01\u2029\u202f\u2065\u206a\u200e\u05d0é\U0001f600"
    assert clean(kept) == kept


@given(st.text(st.characters()))
def test_a_clean_text_is_as_long_can_be_stored_and_is_clean_again(text):
    once = clean(text)
    assert len(once) == len(text)
    assert once.encode().decode() == once
    assert clean(once) == once


def test_an_instant_is_given_in_utc():
    there = datetime(2026, 3, 2, 10, tzinfo=timezone(timedelta(hours=1)))
    assert str(plausible(there, "at")) == "2026-03-02 09:00:00+00:00"


@pytest.mark.parametrize(
    ("at", "fits"),
    [
        (datetime(1990, 1, 1, tzinfo=UTC), True),
        (datetime(1989, 12, 31, 23, 59, 59, 999999, tzinfo=UTC), False),
        (datetime(2099, 12, 31, 23, 59, 59, 999999, tzinfo=UTC), True),
        (datetime(2100, 1, 1, tzinfo=UTC), False),
        (datetime(1, 1, 1, tzinfo=timezone(timedelta(hours=23))), False),
        (datetime(9999, 12, 31, tzinfo=timezone(timedelta(hours=-23))), False),
    ],
)
def test_times_outside_1990_to_2099_are_refused_by_either_reading(at, fits):
    if fits:
        assert plausible(at, "at") == from_epoch(at.timestamp(), "at") == at
        return
    with pytest.raises(BadEvent, match="at: the time lies outside the years 1990 to 2099"):
        plausible(at, "at")
    with pytest.raises(BadEvent, match="at: the time lies outside the years 1990 to 2099"):
        from_epoch((at - datetime(1970, 1, 1, tzinfo=UTC)).total_seconds(), "at")


@pytest.mark.parametrize(
    "value", [None, True, [], "", "1e9", "١٧٦٧٢٦٨٨٠٠", "1_767_268_800", "1" * 13, " 1767268800"]
)
def test_what_is_no_number_of_seconds_is_refused(value):
    with pytest.raises(BadEvent, match="at: must be a number of seconds since 1970"):
        from_epoch(value, "at")


@pytest.mark.parametrize("value", [float("inf"), float("-inf"), float("nan"), 10**30, -1])
def test_numbers_that_are_no_time_are_refused(value):
    with pytest.raises(BadEvent, match="outside"):
        from_epoch(value, "at")
