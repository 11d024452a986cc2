from datetime import UTC, datetime

import pytest

from contactledger.errors import BadEvent
from contactledger.sources._fields import Fields, from_iso, in_brackets

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)


def test_absent_null_and_empty_are_the_same():
    item = Fields({"a": None, "b": "", "c": "x\u202e", "d": 0})
    assert (item.text("z"), item.text("a", "b"), item.text("a", "c")) == (None, None, "x\ufffd")
    assert (item.id("d"), item.id("z", "c")) == ("0", "x\ufffd")
    assert (item.object("a").values, item.object("b").values, item.objects("z")) == ({}, {}, [])
    assert (item.epoch("a"), item.epoch("b"), item.iso("a", "b")) == ((None, None),) * 3
    assert (
        item.texts("z"),
        Fields({"t": "x"}).texts("t"),
        Fields({"t": ["x", ""]}).texts("t"),
    ) == ([], ["x"], ["x"])


def test_an_empty_array_is_an_empty_object_of_phps():
    assert Fields({"meta": []}).object("meta") == Fields({}, "meta")


@pytest.mark.parametrize(
    ("read", "why"),
    [
        (lambda f: f.object("a").text("n"), "a.n: must be a text"),
        (lambda f: f.text("n"), "n: must be a text"),
        (lambda f: f.id("t"), "t: must be a text"),
        (lambda f: f.object("n"), "n: must be a JSON object"),
        (lambda f: f.objects("a"), "a: must be a JSON array"),
        (lambda f: f.objects("l"), r"l\[1\]: must be a JSON object"),
        (lambda f: f.texts("l"), "l: must be a JSON array of texts"),
        (lambda f: f.texts("n"), "n: must be a JSON array of texts"),
        (lambda f: f.epoch("t"), "t: must be a number of seconds"),
        (lambda f: f.epoch("f"), "f: the time lies outside"),
        (lambda f: f.iso("i"), "i: has no offset from UTC"),
    ],
)
def test_what_is_something_else_is_named_with_its_path(read, why):
    item = {
        "a": {"n": 5.5},
        "n": 5.5,
        "t": True,
        "l": [{}, 1],
        "f": 1e300,
        "i": "2026-03-02T12:00:00",
    }
    with pytest.raises(BadEvent, match=why):
        read(Fields(item))


@pytest.mark.parametrize(
    ("given", "flag"),
    [
        (True, True),
        ("FALSE", False),
        (1, True),
        ("0", False),
        (None, None),
        ([], None),
        ("no", None),
    ],
)
def test_a_flag_may_be_written_in_several_ways(given, flag):
    assert Fields({"x": given}).flag("x") is flag


def test_seconds_may_be_a_number_or_a_text_with_a_fraction():
    for given in (1772452800, 1772452800.0, "1772452800", "1772452800.0"):
        assert Fields({"x": given}).epoch("x") == (NOON, str(given))


@pytest.mark.parametrize(
    "text",
    [
        "2026-03-02T12:00:00Z",
        "2026-03-02T12:00:00.0000000Z",
        "2026-03-02 07:00:00.000 -05:00".replace(" -", "-"),
        "2026-03-02 12:00:00 +00:00",
        "2026-03-02T13:00:00+0100",
    ],
)
def test_a_time_in_iso_8601_in_its_various_spellings(text):
    assert from_iso(text, "x") == NOON


@pytest.mark.parametrize(
    "text",
    [
        "",
        "2026-03-02",
        "20260302T120000Z",
        "2026-W10-1T12:00:00Z",
        "2026-13-02T12:00:00Z",
        "2026-03-02T12:00:00Z" + "0" * 50,
    ],
)
def test_another_text_is_no_time(text):
    with pytest.raises(BadEvent, match="x: must be a time as in ISO 8601"):
        from_iso(text, "x")


def test_a_time_without_an_offset_is_utc_only_where_the_provider_says_so():
    assert from_iso("2026-03-02 12:00:00", "x", naive_utc=True) == NOON
    with pytest.raises(BadEvent, match="outside the years"):
        from_iso("1970-01-01T00:00:00Z", "x")


def test_a_token_among_the_senders_own_arguments_is_a_text_or_none():
    assert [Fields({"t": given}).token("t") for given in ("tok", "", 5, None, ["x"])] == [
        "tok",
        None,
        None,
        None,
        None,
    ]


def test_an_id_gets_the_brackets_it_lacks():
    assert [in_brackets(x) for x in ("a@b", " <a@b> ", "", None)] == ["<a@b>", "<a@b>", None, None]
