"""Collectors that say they are alive: what of it goes on record, and what the judge makes of it."""

from __future__ import annotations

from datetime import timedelta

import pytest

from contactledger.accounts import HOUSE
from contactledger.errors import BadFact
from contactledger.facts import Coverage
from contactledger.findings import Outcome
from contactledger.heartbeats import PAGE, Beat
from contactledger.vocabulary import Channel, CoverageState, Expects
from tests.ledgers import SMITH, Probe, event, facts_of, filled, in_file, in_memory, mail

HOOK, EMAIL = "webhook.sendgrid", Channel.EMAIL
WORKING, BLIND = CoverageState.WORKING, CoverageState.BLIND


def beat(ledger, name=HOOK, *, every=300, **more):
    return said(ledger.heartbeat(name, EMAIL, every_seconds=every, **more))


def said(entries):
    return [(f.collector, f.state, f.since, f.until, f.caught_up) for f in facts_of(entries)]


def test_heartbeats_in_time_are_written_down_once_a_day():
    ledger, clock = in_memory()
    start = clock()
    written = []
    for _ in range(3 * 288 + 1):
        written += beat(ledger)
        clock.forward(seconds=300)
    day = timedelta(days=1)
    assert written == [
        (HOOK, WORKING, start + n * day, start + (n + 1) * day, False) for n in range(3)
    ]
    assert ledger.check_heartbeats() == ()


def test_a_heartbeat_within_the_grace_is_in_time_and_a_later_one_ends_a_blindness():
    ledger, clock = in_memory()
    start = clock()
    beat(ledger)
    clock.forward(seconds=450)
    assert beat(ledger) == []
    clock.forward(seconds=451)
    assert beat(ledger) == [
        (HOOK, WORKING, start, start + timedelta(seconds=450), False),
        (HOOK, BLIND, start + timedelta(seconds=450), clock(), False),
    ]
    clock.forward(seconds=1_000)
    assert [word[1:] for word in beat(ledger, caught_up=True)] == [
        (BLIND, clock() - timedelta(seconds=1_000), clock(), True)  # a moment is no work
    ]


def test_a_collector_that_stays_away_is_blind_by_the_next_word_of_anybody():
    ledger, clock = in_memory()
    start = clock()
    beat(ledger)
    clock.forward(seconds=300)
    beat(ledger)
    clock.forward(seconds=3_600)
    blind = [
        (HOOK, WORKING, start, start + timedelta(seconds=300), False),
        (HOOK, BLIND, start + timedelta(seconds=300), None, False),
    ]
    assert beat(ledger, "mailbox") == blind
    assert said(ledger.check_heartbeats()) == beat(ledger, "mailbox") == []
    assert [(b.collector, b.blind) for b in ledger.collectors()] == [
        (HOOK, True),
        ("mailbox", False),
    ]
    clock.forward(seconds=60)
    assert beat(ledger) == [(HOOK, BLIND, start + timedelta(seconds=300), clock(), False)]
    clock.forward(seconds=3_600)
    assert sorted(word[0] for word in said(ledger.check_heartbeats())) == ["mailbox", HOOK]
    assert {b.blind for b in ledger.collectors()} == {True}


def test_other_channels_begin_anew_and_another_interval_goes_on():
    ledger, clock = in_memory()
    start = clock()
    beat(ledger)
    clock.forward(seconds=300)
    assert beat(ledger, every=60) == []
    clock.forward(seconds=60)
    words = ledger.heartbeat(HOOK, Channel.EMAIL, Channel.SMS, every_seconds=60)
    assert said(words) == [(HOOK, WORKING, start, start + timedelta(seconds=300), False)]
    assert ledger.collectors() == (Beat(HOOK, (Channel.EMAIL, Channel.SMS), 60, clock(), clock()),)
    clock.forward(seconds=600)
    words = ledger.heartbeat(HOOK, Channel.SMS, every_seconds=60)
    assert said(words) == [(HOOK, BLIND, clock() - timedelta(seconds=600), clock(), False)]
    assert facts_of(words)[0].channels == (Channel.EMAIL, Channel.SMS)


def test_a_heartbeat_from_the_past_changes_nothing():
    ledger, clock = in_memory()
    beat(ledger)
    clock.forward(seconds=-60)
    assert beat(ledger) == []
    assert ledger.collectors()[0].last == clock() + timedelta(seconds=60)


def test_what_is_no_heartbeat_is_named():
    ledger, _ = in_memory()
    with pytest.raises(BadFact, match="every_seconds: must be a second at least"):
        beat(ledger, every=0)
    with pytest.raises(BadFact, match=r"Coverage\.collector"):
        beat(ledger, "Not a slug")
    assert ledger.collectors() == ()


def outcome(ledger, clock, days):
    clock.forward(days=days)
    return [finding.outcome for finding in ledger.findings(SMITH)]


def asked():
    """A delivered question, and a collector that is alive."""
    ledger, clock = filled()
    (touch,) = ledger.record(SMITH, mail(expects=Expects.REPLY))
    ledger.receive(Probe(event(token=touch.id, event_id="d")), {}, b"")
    beat(ledger, every=3_600)
    return ledger, clock


def test_silence_is_ignored_where_the_collector_lived_and_unproven_where_it_died():
    ledger, clock = asked()
    for _ in range(20 * 24):
        clock.forward(hours=1)
        beat(ledger, every=3_600)
    assert outcome(ledger, clock, 0) == [Outcome.IGNORED]
    ledger, clock = asked()
    clock.forward(days=1)
    ledger.check_heartbeats()
    assert outcome(ledger, clock, 19) == [Outcome.UNPROVEN]
    beat(ledger, caught_up=True)  # it is back, and fetched what it had missed
    assert outcome(ledger, clock, 0) == [Outcome.IGNORED]


def test_collectors_are_no_bodies_that_wait_and_no_imports(tmp_path):
    ledger, clock, _ = in_file(tmp_path)
    with ledger:
        for n in range(PAGE + 1):
            ledger.heartbeat(f"c{n}", EMAIL, every_seconds=300)
        assert len(ledger.collectors()) == PAGE + 1
        assert (ledger.waiting(), ledger.imports(), ledger.tidy()) == ({}, (), 0)
        clock.forward(days=2)
        assert len(ledger.check_heartbeats()) == PAGE + 1
        assert ledger.check() > PAGE
        words = [e.fact for e in ledger.entries(HOUSE) if isinstance(e.fact, Coverage)]
        assert {(word.state, word.until) for word in words} == {(BLIND, None)}
