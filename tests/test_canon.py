"""Canonical bytes: one spelling for each value, and no other is accepted."""

from __future__ import annotations

import enum
import json
import uuid
from datetime import UTC, date, datetime

import orjson
import pytest
import rfc8785
from hypothesis import given, settings
from hypothesis import strategies as st

from contactledger.errors import BadRecord, TooLarge
from contactledger.log import canon
from contactledger.log.canon import (
    MAX_DEPTH,
    MAX_INT,
    MAX_RECORD_BYTES,
    canonical,
    format_time,
    parse,
    parse_time,
)

TEXT = st.text(st.characters(exclude_categories=("Cs",), exclude_characters="\x00"), max_size=20)
KEYS = st.from_regex(r"[a-z][a-z0-9_]{0,8}", fullmatch=True)
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-MAX_INT, MAX_INT) | TEXT,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(KEYS, inner, max_size=4),
    max_leaves=12,
)


@given(VALUES)
def test_the_bytes_are_those_of_rfc_8785_and_come_back(value):
    data = canonical(value)
    assert data == rfc8785.dumps(value)
    assert parse(data) == value


class _Word(str):
    __slots__ = ()


class _Colour(enum.StrEnum):
    RED = "red"


@pytest.mark.parametrize(
    ("value", "place"),
    [
        ({"a": 1.0}, "a"),
        ({"a": [float("nan")]}, "a[0]"),
        ({"a": MAX_INT + 1}, "a"),
        ({"a": -MAX_INT - 1}, "a"),
        ({"a": {"b": "\x00"}}, "a.b"),
        ({"A": 1}, ""),
        ({1: 1}, ""),
        ({"a": datetime(2026, 1, 1, tzinfo=UTC)}, "a"),
        ({"a": date(2026, 1, 1)}, "a"),
        ({"a": uuid.UUID(int=0)}, "a"),
        ({"a": _Colour.RED}, "a"),
        ({"a": _Word("x")}, "a"),
        ({"a": (1,)}, "a"),
        ({"a": b"x"}, "a"),
    ],
)
def test_what_the_profile_refuses_is_named_by_its_place(value, place):
    with pytest.raises(BadRecord) as caught:
        canonical(value)
    assert caught.value.place == place


def test_a_lone_surrogate_is_refused():
    with pytest.raises(BadRecord, match="surrogate"):
        canonical({"a": "\ud800"})


def test_nesting_has_a_bound():
    value: object = None
    for _ in range(MAX_DEPTH + 1):
        value = [value]
    with pytest.raises(BadRecord, match="nested"):
        canonical(value)


@pytest.mark.parametrize(
    "data",
    [
        b'{"a":1,"a":1}',
        b'{"b":1,"a":1}',
        b'{"a": 1}',
        b'{"a":1}\n',
        b'{"a":"\\u0041"}',
        b'{"a":1.0}',
        b'{"a":1e0}',
        b'{"a":-0}',
        b'{"a":"\\/"}',
        b"\xef\xbb\xbf{}",
        b"{",
        b"",
        b'{"a":"\xff"}',
        b'{"a":9007199254740992}',
    ],
)
def test_another_spelling_of_a_value_is_refused(data):
    with pytest.raises(BadRecord):
        parse(data)


def test_a_record_over_the_bound_is_refused_both_ways():
    fits = "x" * (MAX_RECORD_BYTES - 2)
    assert parse(canonical(fits)) == fits
    with pytest.raises(TooLarge):
        canonical(fits + "x")
    with pytest.raises(TooLarge):
        parse(b'"' + b"x" * MAX_RECORD_BYTES + b'"')


@given(st.datetimes(timezones=st.just(UTC)))
def test_a_time_comes_back(at):
    assert parse_time(format_time(at)) == at


@pytest.mark.parametrize(
    "text",
    [
        "2026-01-01T00:00:00Z",
        "2026-01-01T00:00:00.000000+00:00",
        "2026-01-01 00:00:00.000000Z",
        "2026-13-01T00:00:00.000000Z",
        "٢٠٢٦-01-01T00:00:00.000000Z",
        "2026-01-01T00:00:00.000000Z\n",
        5,
        None,
    ],
)
def test_another_spelling_of_a_time_is_refused(text):
    with pytest.raises(BadRecord):
        parse_time(text)


def slowly(data: bytes) -> object:
    """Parsed as the profile says, value by value, without the short way of `parse`."""
    value = orjson.loads(data)
    if canonical(value) != data:
        raise BadRecord("not in canonical form")
    return value


WIDE = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**65), 2**65)
    | st.floats()
    | st.text(st.characters(exclude_categories=("Cs",)), max_size=8)
    | st.sampled_from(["\x00", "1.5", ",1.5", '"', "\\u0000", "[[{", "a\\", "é", "1e5"]),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(KEYS | st.text(max_size=3), inner, max_size=3)
    ),
    max_leaves=8,
)


def wide_json(value: object) -> bytes:
    try:
        return json.dumps(value, ensure_ascii=False, separators=(",", ":"), sort_keys=True).encode()
    except UnicodeEncodeError:
        return json.dumps(value).encode()


@settings(max_examples=100)
@given(WIDE)
def test_the_short_way_of_parse_accepts_what_the_long_way_does_and_nothing_else(value):
    for data in (wide_json(value), wide_json({"a": value}), wide_json([[value]])):
        try:
            expected = slowly(data)
        except (BadRecord, orjson.JSONDecodeError):
            with pytest.raises(BadRecord):
                parse(data)
        else:
            assert parse(data) == expected


@pytest.mark.parametrize(
    "data",
    [
        b"1.5",
        b"-0",
        b"-0.0",
        b"[1.0]",
        b'{"a":[1,2.5]}',
        b'{"a":1e5}',
        b"9007199254740992",
        b"[18446744073709551616]",
        b'"\\u0000"',
        b'{"a":"\\u0000"}',
        b'{"A":1}',
        b'{"a":{"B":1}}',
        b'{"a":1,"a":1}',
        b'{"b":1,"a":1}',
        b"[ 1]",
        b'"\\u0041"',
        b'"\\/"',
        b'["\\ud800"]',
        b"[" * 17 + b"]" * 17,
        b"[" * 16 + b'{"a":1}' + b"]" * 16,
    ],
)
def test_no_short_way_leads_past_a_defect(data):
    with pytest.raises(BadRecord):
        parse(data)


def test_text_that_only_looks_like_a_defect_is_read():
    for value in ("\\u0000", ",1.5", "[[[[{", '":1', "e\\"):
        assert parse(canonical(value)) == value
        assert parse(canonical({"a": [value]})) == {"a": [value]}


def test_the_deepest_that_may_be_is_read():
    assert parse(b"[" * 16 + b"]" * 16) == slowly(b"[" * 16 + b"]" * 16)
    flat = b"[" * 15 + b'["a",1,null]' + b"]" * 15
    assert parse(flat) == slowly(flat)


def test_keys_that_are_not_remembered_are_looked_at_each_time(monkeypatch):
    monkeypatch.setattr(canon, "MAX_KNOWN_KEYS", 0)
    for _ in range(2):
        assert parse(b'{"never_seen_before":1}') == {"never_seen_before": 1}
        with pytest.raises(BadRecord):
            parse(b'{"never_seen_before":1,"Never":1}')
    assert "never_seen_before" not in canon._known_keys


def test_a_time_that_is_read_is_in_utc_itself():
    assert parse_time("2026-01-05T09:00:00.123456Z").tzinfo is UTC
