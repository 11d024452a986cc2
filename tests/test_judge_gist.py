"""What an account comes to, in few rows, and until when that is true."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from contactledger.judge.gist import ENDLESS, Gist, concerns, gist, micros
from contactledger.judge.policy import DEFAULT_POLICY
from tests.judging import MONDAY, Log, day, logs, moments, stripped, two_sides


def _at(number: int) -> datetime:
    return datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=number)


def _timeless(one: Gist) -> Gist:
    return one._replace(judged_at=0, until=0, silent_until=0)


@settings(max_examples=60, deadline=None)
@given(logs(), moments, st.data())
def test_until_it_says_the_same_entries_give_the_same_gist(log: Log, as_of: Any, data: Any) -> None:
    last = day(80)
    while as_of < last:
        one = gist(log.entries, as_of)
        assert one.until > micros(as_of)
        until = min(_at(min(one.until, micros(last))), last)
        steps = int((until - as_of) / timedelta(minutes=1))
        if steps > 0:
            later = as_of + timedelta(minutes=data.draw(st.integers(0, steps - 1)))
            assert _timeless(gist(log.entries, later)) == _timeless(one)
        just_before = until - timedelta(microseconds=1)
        assert _timeless(gist(log.entries, just_before)) == _timeless(one)
        as_of = until


@settings(max_examples=60, deadline=None)
@given(logs(), moments, st.booleans(), st.integers(0, 40), st.booleans())
def test_a_word_of_a_collector_that_does_not_concern_it_changes_nothing(
    log: Log, as_of: Any, blind: bool, days: int, to_end: bool
) -> None:
    before = gist(log.entries, as_of)
    since = MONDAY + timedelta(days=days)
    said = Log()
    said.coverage(
        at=since, since=since, until=None if to_end else since + timedelta(days=2),
        state="blind" if blind else "working",
    )  # fmt: skip
    house = said.entries[-1:]
    if before.silent_until <= concerns(house):
        assert _timeless(gist(log.entries, as_of, house)) == _timeless(before)


@settings(max_examples=30, deadline=None)
@given(logs(), moments)
def test_it_holds_nothing_personal(log: Log, as_of: Any) -> None:
    assert gist(stripped(log.entries), as_of) == gist(log.entries, as_of)


def test_what_is_said_of_the_house_but_of_collectors_concerns_all() -> None:
    log = Log()
    early = log.coverage("email", since=day(1), until=day(2), at=day(3))
    beat = log.coverage("email", interval_seconds=600, at=day(4))
    caught = log.coverage("email", state="working", caught_up=True, at=day(5))
    ever = -ENDLESS - 1
    assert [concerns([]), concerns([beat]), concerns([beat, early])] == [
        ENDLESS, micros(day(4)), micros(day(1)),
    ]  # fmt: skip
    assert [concerns([beat, caught]), concerns(log.entries[1:2])] == [ever, ever]


def test_a_small_account_in_rows() -> None:
    log = two_sides()
    told = log.touch(
        "ann", "bob", purpose="notice", topics=("prices",), expects="reply", system="third",
        auth="signed_body", at=day(0),
    )  # fmt: skip
    log.signal(told, "delivered", person="bob", system="third", auth="signed_body", at=day(0, 11))
    back = log.touch(
        "sue", "ann", channel="ticket", topics=("log-in",), recorder="smith", at=day(1)
    )
    found = gist(log.entries, day(1, 12))
    assert [(s.party, s.person) for s in found.sides] == [
        ("acme", ""), ("acme", "ann"), ("acme", "abe"),
        ("smith", ""), ("smith", "bob"), ("smith", "sue"),
    ]  # fmt: skip
    assert [(t.about, t.teller, t.party, t.person, t.state) for t in found.tellings if t.teller == "acme"] == [
        ("topic prices", "acme", "smith", "", "pending"),
        ("topic prices", "acme", "smith", "bob", "pending"),
    ]  # fmt: skip
    assert [(w.no, w.owed, w.owes, w.outcome) for w in found.waits] == [
        (told.no, "acme", "smith", "pending"), (back.no, "smith", "acme", "pending"),
    ]  # fmt: skip
    assert (found.silences, [(t.party, t.rule) for t in found.turns]) == (
        [], [("smith", "O8"), ("acme", "O8")],
    )  # fmt: skip
    assert (found.size, found.until) == (len(log.entries), found.waits[1].due)
    later = gist(log.entries, day(30))
    assert [(s.no, s.party, s.held) for s in later.silences] == [(told.no, "smith", True)]


def test_an_account_that_this_release_cannot_judge_has_no_rows() -> None:
    log = Log()
    log.adopt(DEFAULT_POLICY, rules=2)
    log.party("acme", "vendor")
    log.party("smith")
    log.touch("acme", "smith", at=day(1))
    found = gist(log.entries, day(2))
    assert (found.judged, found.size, found[6:]) == (False, len(log.entries), ((),) * 6)


def test_promises_handoffs_rungs_and_last_days_end_it_too() -> None:
    log = two_sides()
    log.person("sue", "smith", until=day(9), at=day(0))
    log.matter("credit", at=day(0))
    log.touch("ann", "bob", channel="phone", matter="credit", at=day(0))
    log.promise("acme", "smith", matter="credit", due=day(4), at=day(1))
    log.handoff("credit", "acme", "smith", at=day(2))
    as_of, ends = day(2, 12), []
    while as_of < day(40):
        one = gist(log.entries, as_of)
        until = min(_at(min(one.until, micros(day(40)))), day(40))
        probe = as_of
        while probe < until:
            assert _timeless(gist(log.entries, probe)) == _timeless(one)
            probe += timedelta(hours=5)
        ends.append(one)
        as_of = until
    assert len({str(_timeless(one)) for one in ends}) > 2
