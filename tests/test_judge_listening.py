"""Whether anybody listened: J32, and outcome 6 where only a look was wanted."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from contactledger.facts import Entry
from contactledger.findings import Finding, Outcome
from contactledger.judge.listening import Listening, Spans
from contactledger.judge.policy import DEFAULT_POLICY
from tests.judging import THIRD, Log, day, two_sides

MINUTE = timedelta(minutes=1)
HOUR = timedelta(hours=1)


def ticket() -> tuple[Log, Entry]:
    """Due on Tuesday at ten."""
    log = two_sides()
    return log, log.touch("bob", "ann", channel="ticket", at=day(0))


def blind(*channels: str, since: datetime, until: datetime | None, **words: Any) -> Finding:
    log, touch = ticket()
    at = words.pop("at", until or since)
    log.coverage(*channels, state="blind", since=since, until=until, at=at, **words)
    return log.finding(touch, day(9))


def test_j32_a_blind_return_path_leaves_the_silence_unproven() -> None:
    found = blind("ticket", since=day(0, 12), until=day(0, 13))
    assert (found.outcome, found.held_against) == (Outcome.UNPROVEN, None)
    assert ("J32" in found.rules, "collector_blind" in found.notes) == (True, True)
    assert 9 in found.because


@pytest.mark.parametrize(
    ("since", "until"), [(day(-1), day(0)), (day(1), day(2)), (day(0, 12), day(0, 12))]
)
def test_j32_blind_before_the_touch_or_after_its_due_proves_nothing(since, until) -> None:
    assert blind("ticket", since=since, until=until).outcome is Outcome.IGNORED


def test_j32_only_the_collector_of_the_touch_s_own_channel_matters() -> None:
    assert blind("email", since=day(0), until=day(1)).outcome is Outcome.IGNORED
    assert blind(since=day(0), until=day(1)).outcome is Outcome.UNPROVEN


def test_j32_a_collector_that_caught_up_afterwards_was_not_blind() -> None:
    found = blind("ticket", since=day(0), until=day(1), caught_up=True)
    assert found.outcome is Outcome.IGNORED
    log, touch = ticket()
    log.coverage("ticket", state="blind", since=day(0, 11), at=day(0, 11))
    log.coverage("ticket", caught_up=True, at=day(0, 14))
    assert log.finding(touch, day(0, 13)).outcome is Outcome.PENDING
    assert log.finding(touch, day(9)).outcome is Outcome.IGNORED


def test_j32_a_word_without_an_end_holds_until_the_collector_s_next() -> None:
    log, touch = ticket()
    log.coverage("ticket", state="blind", at=day(-2))
    log.coverage("ticket", at=day(-1))
    assert log.finding(touch, day(9)).outcome is Outcome.IGNORED
    assert "coverage_assumed" not in log.finding(touch, day(9)).notes
    log.coverage("ticket", state="blind", at=day(0, 12))
    assert log.finding(touch, day(9)).outcome is Outcome.UNPROVEN


def test_j32_one_of_two_collectors_working_is_enough() -> None:
    log, touch = ticket()
    log.coverage("ticket", collector="mailbox", since=day(0, 9), until=day(0, 12), at=day(0, 12))
    log.coverage("ticket", state="blind", since=day(0, 11), until=day(0, 12), at=day(0, 12))
    assert log.finding(touch, day(9)).outcome is Outcome.IGNORED
    log.coverage("ticket", state="blind", since=day(0, 11), until=day(0, 12, 1), at=day(0, 13))
    assert log.finding(touch, day(9)).outcome is Outcome.UNPROVEN


def test_j32_the_tolerance_of_the_policy_and_a_tie_is_within() -> None:
    log = two_sides('coverage_tolerance = "1 hour"\n' + DEFAULT_POLICY)
    touch = log.touch("bob", "ann", channel="ticket", at=day(0))
    log.coverage("ticket", state="blind", since=day(0, 12), until=day(0, 13), at=day(1))
    assert log.finding(touch, day(9)).outcome is Outcome.IGNORED
    log.coverage("ticket", state="blind", since=day(0, 13), until=day(0, 13, 1), at=day(1))
    assert log.finding(touch, day(9)).outcome is Outcome.UNPROVEN


def test_j32_heartbeats_record_coverage_and_a_gap_between_them_is_assumed() -> None:
    log, touch = ticket()
    for hour in range(-1, 25):
        log.coverage("ticket", interval_seconds=3600, at=day(0) + hour * HOUR)
    assert "coverage_assumed" not in log.finding(touch, day(9)).notes
    log, touch = ticket()
    for hour in range(-1, 25):
        log.coverage("ticket", interval_seconds=3599, at=day(0) + hour * HOUR)
    found = log.finding(touch, day(9))
    assert (found.outcome, "coverage_assumed" in found.notes) == (Outcome.IGNORED, True)


def test_j32_blind_between_due_and_now_a_late_answer_may_be_missing() -> None:
    found = blind("ticket", since=day(3), until=None)
    assert (found.outcome, found.held_against) == (Outcome.IGNORED, "acme")
    assert "late_answer_may_be_missing" in found.notes


def look(**words: Any) -> Finding:
    log = two_sides()
    signals = words.pop("signals", [])
    touch = log.touch("ann", "bob", at=day(0), **words)
    log.signal(touch, "delivered", at=day(0), **THIRD)
    for what, by in signals:
        log.signal(touch, what, by=by, at=day(1), **THIRD)
    return log.finding(touch, day(30))


def test_outcome_6_what_could_not_have_shown_a_look_is_unproven() -> None:
    plain, tracked = look(), look(tracked=True)
    assert (plain.outcome, "no_look_shown" in plain.notes) == (Outcome.UNPROVEN, True)
    assert (tracked.outcome, tracked.held_against) == (Outcome.IGNORED, None)


@pytest.mark.parametrize(
    ("by", "note"),
    [
        (["machine"], "look_hidden"),
        (["unknown"], "look_unclear"),
        (["unknown", "machine"], "look_hidden"),
        (["machine", "unknown"], "look_hidden"),
    ],
)
def test_outcome_6_an_open_by_a_machine_or_nobody_knows_whom_hides_a_look(by, note) -> None:
    found = look(tracked=True, signals=[("opened", who) for who in by])
    assert found.outcome is Outcome.UNPROVEN
    assert {"look_hidden", "look_unclear"} & set(found.notes) == {note}


def test_outcome_7_what_nobody_knows_to_have_arrived_is_unproven() -> None:
    log = two_sides()
    letter = log.touch("ann", "bob", channel="letter", at=day(0))
    found = log.finding(letter, day(30))
    assert (found.outcome, "arrival_unproven" in found.notes) == (Outcome.UNPROVEN, True)


moments = st.integers(0, 40).map(lambda n: day(0) + n * MINUTE)
spans = st.lists(st.tuples(moments, moments), max_size=6)


def _minutes(listed: list[tuple[datetime, datetime]]) -> set[datetime]:
    all_minutes = [day(0) + n * MINUTE for n in range(41)]
    return {m for m in all_minutes for since, until in listed if since <= m < until}


@settings(max_examples=100, deadline=None)
@given(spans, spans, moments, moments)
def test_spans_add_up_like_their_minutes(first, second, one, two) -> None:
    since, until = sorted((one, two))
    within = {m for m in _minutes(first) if since <= m < until}
    assert Spans(first).within(since, until) == len(within) * MINUTE
    left = Spans(first).minus(Spans(second))
    assert _minutes(left.spans) == _minutes(first) - _minutes(second)


def test_spans_that_lie_behind_take_nothing_away() -> None:
    first, behind = Spans([(day(0), day(1))]), Spans([(day(0, 12), day(0, 13)), (day(2), day(3))])
    assert first.minus(behind).spans == [(day(0), day(0, 12)), (day(0, 13), day(1))]


@settings(max_examples=60, deadline=None)
@given(spans, moments, moments)
def test_the_entries_that_say_blind_are_those_that_overlap(listed, one, two) -> None:
    since, until = sorted((one, two))
    log = two_sides()
    made = [
        log.coverage("email", state="blind", since=a, until=b, at=day(1), recorded=day(1))
        for a, b in listed
    ]
    overlapping = [
        e.no for e, (a, b) in zip(made, listed, strict=True) if a < b and a < until and since < b
    ]
    said = Listening(log.view(day(2))).blind_entries("email", since, until)
    assert said == tuple(overlapping)


def test_j32_each_touch_is_judged_by_its_own_time_on_the_channel() -> None:
    log = two_sides()
    log.coverage("ticket", at=day(-1))
    for hour in (10, 11, 12, 13):
        log.touch("bob", "ann", channel="ticket", at=day(0, hour))
    log.coverage("ticket", state="blind", since=day(1, 11), until=day(1, 12), at=day(2))
    assert [f.outcome for f in log.judge(day(9))] == [
        Outcome.IGNORED, Outcome.IGNORED, Outcome.UNPROVEN, Outcome.UNPROVEN,
    ]  # fmt: skip
