"""Coverage from heartbeats and periods: blindness is written down, silence is not guessed."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from contactledger import covering
from contactledger.covering import from_heartbeats, from_period
from contactledger.errors import BadFact
from contactledger.facts import Coverage, Party, Touch
from contactledger.findings import Outcome
from contactledger.vocabulary import Channel, CoverageState, Purpose
from tests.ledgers import SMITH, filled

START = datetime(2026, 2, 23, 12, tzinfo=UTC)
WORKING, BLIND = CoverageState.WORKING, CoverageState.BLIND


def at(minutes):
    return START + timedelta(minutes=minutes)


def spells(*minutes, until=None, **more):
    made = from_heartbeats(
        [at(m) for m in minutes],
        collector="hook",
        channels=[Channel.EMAIL],
        interval_seconds=600,
        until=None if until is None else at(until),
        **more,
    )
    return [
        (
            c.state.value,
            (c.since - START) // timedelta(minutes=1),
            (c.until - START) // timedelta(minutes=1),
        )
        for c in made
    ]


def test_heartbeats_close_enough_are_one_stretch_of_work():
    assert spells(0, 10, 20, 35) == [("working", 0, 35)]


def test_a_gap_longer_than_interval_and_grace_is_blind_and_a_tie_is_not():
    assert spells(0, 15) == [("working", 0, 15)]
    assert spells(0, 10, 60, 70) == [("working", 0, 10), ("blind", 10, 60), ("working", 60, 70)]


def test_time_since_the_last_heartbeat_is_blind_where_somebody_would_have_heard():
    assert spells(0, 10, until=60) == [("working", 0, 10), ("blind", 10, 60)]
    assert spells(0, 10, until=20) == [("working", 0, 20)]
    assert spells(0, 10, 90, until=60) == [("working", 0, 10), ("blind", 10, 60)]


def test_a_single_heartbeat_and_none_say_nothing():
    assert spells(5) == []
    assert spells() == []
    assert spells(0, 60) == [("blind", 0, 60)]


def test_a_gap_that_was_caught_up_says_so_and_work_does_not():
    made = from_heartbeats(
        [at(0), at(10), at(60)],
        collector="mailbox",
        channels=[Channel.EMAIL],
        interval_seconds=600,
        caught_up=True,
    )
    assert made == (
        Coverage("mailbox", Channel.EMAIL, WORKING, at(0), at(10), at=at(10)),
        Coverage("mailbox", Channel.EMAIL, BLIND, at(10), at(60), caught_up=True, at=at(60)),
    )


@settings(max_examples=60)
@given(st.lists(st.integers(0, 5_000), min_size=2, max_size=40), st.randoms())
def test_stretches_follow_each_other_without_a_hole_in_any_order_of_the_heartbeats(minutes, random):
    made = spells(*minutes)
    random.shuffle(minutes)
    assert spells(*minutes) == made
    assert [a[2] for a in made[:-1]] == [b[1] for b in made[1:]]
    if len(set(minutes)) > 1:
        assert (made[0][1], made[-1][2]) == (min(minutes), max(minutes))


def test_bad_intervals_and_too_many_heartbeats_are_refused(monkeypatch):
    with pytest.raises(BadFact, match="interval_seconds"):
        from_heartbeats([], collector="x", channels=[], interval_seconds=0)
    monkeypatch.setattr(covering, "MAX_HEARTBEATS", 1)
    with pytest.raises(BadFact, match="heartbeats: more than 1"):
        from_heartbeats([at(0), at(1)], collector="x", channels=[], interval_seconds=60)


def test_a_period_is_work_from_until():
    assert from_period(at(0), at(9), collector="import.calls", channels=["phone"]) == Coverage(
        "import.calls", Channel.PHONE, WORKING, at(0), at(9), at=at(9)
    )
    with pytest.raises(BadFact, match="period: ends before it begins"):
        from_period(at(9), at(9), collector="x", channels=[])


def test_silence_in_a_gap_is_unproven_and_listened_to_it_is_ignored():
    ledger, clock = filled()
    ledger.record(SMITH, Party("smith", "Smith Motors", "customer"))
    start = clock()
    ledger.record(
        SMITH,
        Touch(to="bob", channel=Channel.TICKET, purpose=Purpose.QUESTION, key="t", at=start),
    )
    from contactledger.facts import Signal

    ledger.record(SMITH, Signal("t", "delivered", "bob", at=start))
    clock.forward(days=10)
    every = timedelta(minutes=10)
    beats = [start + every * n for n in range(6 * 24 * 10)]
    deaf = [b for b in beats if not start + timedelta(hours=5) < b < start + timedelta(hours=9)]
    for given_beats, outcome in ((deaf, Outcome.UNPROVEN),):
        ledger.cover(
            *from_heartbeats(
                given_beats, collector="desk", channels=[Channel.TICKET], interval_seconds=600
            )
        )
        (finding,) = ledger.findings(SMITH)
        assert finding.outcome is outcome
    period = from_period(start, clock(), collector="import.desk", channels=[Channel.TICKET])
    ledger.cover(period)
    (finding,) = ledger.findings(SMITH)
    assert finding.outcome is Outcome.IGNORED
