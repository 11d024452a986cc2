"""The plain words: every code has one, times and lengths print as people say them."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from contactledger import vocabulary as v
from contactledger.facts import Money
from contactledger.findings import Grade, Outcome, PromiseState
from contactledger.report import phrases as p
from contactledger.report.words import Words

BAD = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069\ud800-\udfff]")


@pytest.mark.parametrize(
    ("words", "codes"),
    [
        (p.CHANNELS, v.Channel),
        (p.PURPOSES, v.Purpose),
        (p.WANTED, v.Expects),
        (p.OUTCOMES, Outcome),
        (p.BY, v.By),
        (p.AUTH, v.Auth),
        (p.MATTERS, v.MatterState),
        (p.PROMISES, PromiseState),
    ],
    ids=["channels", "purposes", "wanted", "outcomes", "by", "auth", "matters", "promises"],
)
def test_every_word_of_a_vocabulary_has_its_plain_words(words, codes):
    assert set(words) == {str(code) for code in codes}


def test_every_signal_has_its_plain_words():
    assert set(p.WHAT) == {str(kind) for kind in v.SignalKind} | {"touch", "answer"}


def test_every_grade_has_its_plain_words():
    assert set(p.GRADES) == {grade.word for grade in Grade}


def test_no_plain_word_says_that_anything_was_read():
    tables = (p.CHANNELS, p.PURPOSES, p.WANTED, p.OUTCOMES, p.WHAT, p.BY, p.GRADES, p.GAPS)
    said = " ".join(text for table in tables for text in table.values())
    assert re.findall(r"\bread\b", said) == []


def test_a_code_without_words_is_printed_with_spaces():
    assert (p.word(p.RUNGS, "second_person"), p.word(p.RUNGS, "board_room")) == (
        "try a second person",
        "board room",
    )


def test_controls_of_direction_become_visible_and_other_controls_a_space():
    assert p.clean("a\u202eb\x00\n\tc\u2028d\u2067") == "a‹U+202E›b c d‹U+2067›"


def test_half_characters_become_the_replacement_sign():
    assert p.clean("a\ud800b\uffffc") == "a\ufffdb\ufffdc"


def test_a_page_of_a_subject_is_cut_and_says_how_long_it_was():
    assert p.clean("ab" * 5000) == "ab" * 100 + "… (10,000 characters)"


def test_a_subject_at_the_limit_is_not_cut():
    assert p.clean("x" * p.TEXT_LIMIT) == "x" * p.TEXT_LIMIT


@settings(max_examples=100)
@given(st.text(max_size=400))
def test_clean_text_is_one_line_without_anything_that_hides(text):
    assert BAD.findall(p.clean(text)) == []


@pytest.mark.parametrize(
    ("count", "text"),
    [(0, "no touches"), (1, "1 touch"), (2, "2 touches"), (1234, "1,234 touches")],
)
def test_numbers_agree_with_their_noun(count, text):
    assert p.number(count, "touch", "touches") == text


def test_a_plural_without_a_word_of_its_own_takes_an_s():
    assert p.number(3, "promise") == "3 promises"


@pytest.mark.parametrize(
    ("items", "text"),
    [([], ""), (["a"], "a"), (["a", "b"], "a and b"), (["a", "b", "c"], "a, b and c")],
)
def test_lists_end_with_and(items, text):
    assert p.listed(items) == text


@pytest.mark.parametrize(
    ("span", "text"),
    [
        (timedelta(), "less than a minute"),
        (timedelta(seconds=29), "less than a minute"),
        (timedelta(minutes=45), "45 minutes"),
        (timedelta(hours=1, minutes=1), "1 hour 1 minute"),
        (timedelta(hours=24), "1 day"),
        (timedelta(days=2, hours=3, minutes=5), "2 days 3 hours"),
        (timedelta(days=2, minutes=5), "2 days"),
        (timedelta(days=12, hours=11), "12 days"),
        (timedelta(days=12, hours=12), "13 days"),
        (timedelta(hours=-2), "2 hours"),
    ],
)
def test_lengths_of_time_have_two_units_at_most(span, text):
    assert p.lasting(span) == text


def test_the_length_between_two_stamps():
    assert (
        Words().lasting_between("2026-03-03T16:00:00Z", "2026-03-05T14:00:00Z") == "1 day 22 hours"
    )


@pytest.mark.parametrize(
    ("amount", "text"),
    [
        (Money(189500, "USD"), "USD 1,895.00"),
        (Money(5, "EUR"), "EUR 0.05"),
        (Money(-189500, "USD"), "USD −1,895.00"),
        (Money(1200, "JPY"), "JPY 1,200"),
        (Money(1234567, "KWD"), "KWD 1,234.567"),
    ],
)
def test_amounts_have_the_digits_of_their_currency(amount, text):
    assert p.money(amount) == text


def test_a_moment_is_printed_in_utc_and_in_the_receivers_zone():
    moment = datetime(2026, 3, 3, 3, 12, 30, 999, UTC)
    utc, local = p.iso(moment), p.iso_local(moment, "America/Chicago")
    assert (utc, local) == ("2026-03-03T03:12:30Z", "2026-03-02T21:12:30-06:00")
    assert (p.date(local), p.clock(local)) == ("2 Mar 2026", "21:12")


@pytest.mark.parametrize(
    ("text", "inside"),
    [
        ("It was made at night.", "it was made at night"),
        ("A touch too many", "a touch too many"),
        ("SMS was refused.", "SMS was refused"),
        ("", ""),
    ],
)
def test_a_sentence_inside_another_has_no_stop_and_no_needless_capital(text, inside):
    assert p.clause(text) == inside


@pytest.mark.parametrize(
    ("text", "whole"),
    [("It was late", "It was late."), ("Late.", "Late."), ("Why?", "Why?"), ("", "")],
)
def test_a_sentence_ends_with_one_stop(text, whole):
    assert p.sentence(text) == whole
