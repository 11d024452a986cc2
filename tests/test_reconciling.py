"""Reconciling: two records of one account laid side by side, and what neither can know."""

from __future__ import annotations

import io
from datetime import UTC, datetime, timedelta
from typing import Any

import attrs
import pytest

from contactledger import Ledger, MemoryStore, Outcome, open_bundle
from contactledger.facts import (
    Coverage,
    Entry,
    Message,
    Party,
    Person,
    Redaction,
    Retraction,
    Signal,
    Touch,
)
from contactledger.findings import Difference, Lone, Pair
from contactledger.judge.judge import judge
from contactledger.log.record import strip
from contactledger.reconciling import TOLERANCE, Side, reconcile
from contactledger.testing import FixedClock
from tests.signing import signer

ACCOUNT = "smith-motors"
START = datetime(2026, 3, 2, 9, tzinfo=UTC)  # a Monday
PEOPLE = (
    Party("acme", "ACME", "vendor"),
    Person("ann", "acme", "Ann Lee", email="ann@acme.example"),
    Party("smith", "Smith Motors", "customer"),
    Person("bob", "smith", "Bob Ray", email="bob@smith.example"),
    Person("carla", "smith", "Carla Diaz", email="carla@smith.example"),
)
ASKED = Message("<asked@acme.example>")


def at(days: float = 0, hours: float = 0) -> datetime:
    return START + timedelta(days=days, hours=hours)


class Keeper:
    """One side's ledger; every fact is put down at the time it bears."""

    def __init__(self, recorder: str) -> None:
        self.clock = FixedClock(START)
        self.ledger = Ledger.open(MemoryStore(), recorder=recorder, clock=self.clock)
        self.ledger.record(ACCOUNT, *PEOPLE)
        channels = ("email", "phone", "ticket")
        self.ledger.record("house", Coverage("all", channels, since=START, until=at(90)))

    def put(self, when: datetime, *facts: Any) -> Entry:
        self.clock.set(when)
        return self.ledger.record(ACCOUNT, *facts)[0]

    def side(self, until: datetime | None = None) -> Side:
        if until is not None:
            self.clock.set(until)
        return self.ledger.side(ACCOUNT)


def both() -> tuple[Keeper, Keeper]:
    return Keeper("smith"), Keeper("acme")


def question(key: str = "asked", message: Message | None = ASKED, **more: Any) -> Touch:
    return Touch("ann", "bob", "email", key=key, message=message, **{"expects": "reply", **more})


def delivered(key: str = "asked", person: str = "bob") -> Signal:
    return Signal(key, "delivered", person, system="third", auth="signed_body")


def lone(found: tuple[Lone, ...]) -> list[int]:
    return [one.no for one in found]


# --- agreed


def test_what_both_hold_in_the_same_way_is_agreed():
    ours, theirs = both()
    for keeper in (ours, theirs):
        keeper.put(at(1), question())
        keeper.put(at(2), Touch("bob", "ann", "email", answers="asked"))
    found = reconcile(ours.side(at(30)), theirs.side(at(30)))
    assert found.agreed == (
        Pair(5 + 2, 5 + 2, "message_id", (at(1), at(1))),
        Pair(8, 8, "people_and_time", (at(2), at(2))),
    )
    assert (found.contradicting, found.only_ours, found.only_theirs) == ((), (), ())


def test_the_parties_are_mapped_though_their_ids_differ():
    ours, theirs = both()
    found = reconcile(ours.side(), theirs.side()).found
    roles = {e.id: e.fact.role for k in (ours, theirs) for e in k.ledger.entries(ACCOUNT)
             if isinstance(e.fact, Party)}  # fmt: skip
    assert sorted((roles[a], roles[b]) for a, b in found.parties) == [
        ("customer", "customer"),
        ("vendor", "vendor"),
    ]
    assert not {a for a, _ in found.parties} & {b for _, b in found.parties}


def test_a_record_beside_itself_agrees_in_everything():
    ours, _ = both()
    ours.put(at(1), question())
    ours.put(at(1), delivered())
    side = ours.side(at(30))
    found = reconcile(side, side)
    assert [(p.ours, p.theirs) for p in found.agreed] == [(7, 7)]
    assert found.agreed[0].uncompared == ()


def test_answered_and_seen_do_not_contradict_each_other():
    ours, theirs = both()
    for keeper in (ours, theirs):
        keeper.put(at(1), question(expects="seen", tracked=True))
    ours.put(at(2), Signal("asked", "opened", "bob", by="human"))
    theirs.put(at(2), Touch("bob", "ann", "email", answers="asked"))
    found = reconcile(ours.side(at(30)), theirs.side(at(30)))
    assert outcomes(found, 0) == (Outcome.SEEN, Outcome.ANSWERED)
    assert (found.agreed[0].differences, found.agreed[0].uncompared) == ((), ())


def outcomes(found: Any, index: int) -> tuple[Outcome, Outcome]:
    """What the judges of the two sides made of a pair."""
    pair = found.found.pairs[index]
    made = []
    for side, no in ((found.ours, pair.ours), (found.theirs, pair.theirs)):
        findings = judge(side.entries, found.found.as_of, house=side.house)
        (outcome,) = [f.outcome for f in findings if f.no == no]
        made.append(outcome)
    return made[0], made[1]


# --- contradicting


def test_an_answer_that_only_one_holds_contradicts_the_others_silence():
    ours, theirs = both()
    for keeper in (ours, theirs):
        keeper.put(at(1), question())
        keeper.put(at(1, 0.1), delivered())
    ours.put(at(2), Touch("bob", "ann", "email", answers="asked"))
    found = reconcile(ours.side(at(30)), theirs.side(at(30)))
    (pair,) = found.contradicting
    (difference,) = pair.differences
    assert difference.what == "outcome"
    assert (difference.ours, difference.theirs) == (Outcome.ANSWERED, Outcome.IGNORED)
    assert difference.parties in found.found.parties
    assert lone(found.only_ours) == [9]


def test_what_failed_there_and_arrived_here_is_a_contradiction():
    ours, theirs = both()
    for keeper in (ours, theirs):
        keeper.put(at(1), question())
    theirs.put(at(1, 0.1), Signal("asked", "bounced", "bob", system="third", auth="signed_body"))
    (pair,) = reconcile(ours.side(at(30)), theirs.side(at(30))).contradicting
    assert [(d.ours, d.theirs) for d in pair.differences] == [(Outcome.IGNORED, Outcome.UNREACHED)]


def test_seen_and_ignored_contradict_only_where_the_same_was_wanted():
    ours, theirs = both()
    ours.put(at(1), question(expects="seen", tracked=True))
    theirs.put(at(1), question(expects="reply", tracked=True))
    for keeper in (ours, theirs):
        keeper.put(at(1, 0.1), delivered())
    ours.put(at(2), Signal("asked", "opened", "bob", by="human"))
    found = reconcile(ours.side(at(30)), theirs.side(at(30)))
    assert outcomes(found, 0) == (Outcome.SEEN, Outcome.IGNORED)
    assert found.agreed[0].uncompared == ("outcome",)

    alike = Keeper("acme")
    alike.put(at(1), question(expects="seen", tracked=True))
    alike.put(at(1, 0.1), delivered())
    found = reconcile(ours.side(at(30)), alike.side(at(30)))
    assert outcomes(found, 0) == (Outcome.SEEN, Outcome.IGNORED)
    assert [d.what for d in found.contradicting[0].differences] == ["outcome"]


@pytest.mark.parametrize(("minutes", "differs"), [(15, []), (15.1, ["time"]), (-15.1, ["time"])])
def test_times_may_differ_by_the_tolerance(minutes, differs):
    ours, theirs = both()
    for keeper, when in ((ours, at(1)), (theirs, at(1) + timedelta(minutes=minutes))):
        keeper.put(when, question())
    (pair,) = reconcile(ours.side(at(2)), theirs.side(at(2))).found.pairs
    assert [d.what for d in pair.differences] == differs
    assert pair.at[1] - pair.at[0] == timedelta(minutes=minutes)
    if differs:
        assert pair.differences == (Difference("time", pair.at[0], pair.at[1]),)


def test_the_tolerance_can_be_set():
    ours, theirs = both()
    for keeper, when in ((ours, at(1)), (theirs, at(1, 1))):
        keeper.put(when, question())
    sides = ours.side(at(2)), theirs.side(at(2))
    assert reconcile(*sides).found.tolerance == TOLERANCE == timedelta(minutes=15)
    found = reconcile(*sides, tolerance=timedelta(hours=1))
    assert found.contradicting == ()


def test_two_who_answered_in_two_records_contradict_each_other():
    ours, theirs = both()
    for keeper, who in ((ours, "bob"), (theirs, "carla")):
        keeper.put(at(1), Touch("ann", ("bob", "carla"), "email", key="asked", message=ASKED))
        keeper.put(at(2), Touch(who, "ann", "email", answers="asked"))
    (pair,) = reconcile(ours.side(at(30)), theirs.side(at(30))).contradicting
    (difference,) = pair.differences
    assert difference.what == "answered_by"
    called = {e.id: e.fact.name for k in (ours, theirs) for e in k.ledger.entries(ACCOUNT)
              if isinstance(e.fact, Person)}  # fmt: skip
    assert [[called[p] for p in some] for some in (difference.ours, difference.theirs)] == [
        ["Bob Ray"],
        ["Carla Diaz"],
    ]


def test_who_answered_is_not_compared_where_nobody_is_known():
    ours, theirs = both()
    for keeper in (ours, theirs):
        keeper.put(at(1), question())
        keeper.put(at(2), Touch("bob", "ann", "email", answers="asked"))
    theirs.put(at(3), Redaction(person="bob"))
    found = reconcile(ours.side(at(30)), theirs.side(at(30)))
    assert [p.uncompared for p in found.agreed] == [("answered_by",), ()]


# --- in one record alone


def test_what_stands_in_one_record_is_listed_with_its_number():
    ours, theirs = both()
    ours.put(at(1), Touch("bob", "acme", "ticket"))
    theirs.put(at(2), Touch("ann", "bob", "visit"))
    found = reconcile(ours.side(at(30)), theirs.side(at(30)))
    assert found.only_ours == (Lone(7, at(1)),)
    assert found.only_theirs == (Lone(7, at(2)),)
    assert found.found.pairs == ()


def test_what_may_be_the_same_is_named_and_not_guessed():
    ours, theirs = both()
    ours.put(at(1), Touch("ann", "bob", "phone"))
    for minutes in (-5, 5):
        theirs.put(at(1) + timedelta(minutes=minutes), Touch("ann", "bob", "phone"))
    found = reconcile(ours.side(at(2)), theirs.side(at(2)))
    assert found.only_ours == (Lone(7, at(1), (7, 8)),)
    assert [one.possible for one in found.only_theirs] == [(7,), (7,)]


def test_what_was_retracted_is_in_neither():
    ours, theirs = both()
    entry = ours.put(at(1), Touch("ann", "bob", "visit"))
    ours.put(at(2), Retraction(entry))
    found = reconcile(ours.side(at(3)), theirs.side(at(3)))
    assert (found.only_ours, found.found.ours.touches) == ((), 0)


def test_what_passed_between_others_the_keeper_of_the_other_record_need_not_know():
    ours, theirs = both()
    partner = (
        Party("northern", "Northern", "partner"),
        Person("kim", "northern", "Kim", email="kim@northern.example"),
    )
    theirs.put(at(1), *partner)
    theirs.put(at(2), Touch("ann", "kim", "phone"))
    theirs.put(at(3), Touch("kim", "bob", "phone"))
    found = reconcile(ours.side(at(9)), theirs.side(at(9)))
    assert found.found.theirs.elsewhere == (9,)
    assert lone(found.only_theirs) == [10]


# --- as of one moment


def test_both_are_read_as_of_the_earlier_of_the_two():
    ours, theirs = both()
    for keeper in (ours, theirs):
        keeper.put(at(1), question())
        keeper.put(at(1, 0.1), delivered())
    early = theirs.side(at(20))
    ours.put(at(25), Touch("bob", "ann", "email", answers="asked"))
    found = reconcile(ours.side(at(30)), early)
    assert found.found.as_of == at(20)
    assert found.contradicting == ()  # on that day both saw a silence
    assert (found.found.ours.later, found.found.theirs.later) == ((9,), ())
    assert found.only_ours == ()


def test_what_came_on_record_later_is_later():
    ours, theirs = both()
    early = theirs.side(at(20))
    ours.put(at(30), Touch("ann", "bob", "visit", at=at(10)))
    assert reconcile(ours.side(), early).found.ours.later == (7,)


def test_another_moment_can_be_asked_about():
    ours, theirs = both()
    for keeper in (ours, theirs):
        keeper.put(at(1), question())
    ours.put(at(5), Touch("bob", "acme", "ticket"))
    sides = ours.side(at(30)), theirs.side(at(30))
    assert lone(reconcile(*sides).only_ours) == [8]
    assert reconcile(*sides, as_of=at(4)).only_ours == ()
    assert reconcile(*sides, as_of=at(0.5)).found.pairs == ()


# --- what cannot be compared


def test_what_one_record_says_nothing_of_is_not_compared():
    ours, theirs = both()
    for keeper in (ours, theirs):
        keeper.put(at(1), question())  # nothing tells the sender whether it arrived
    ours.put(at(2), Touch("bob", "ann", "email", answers="asked"))
    found = reconcile(ours.side(at(30)), theirs.side(at(30)))
    assert outcomes(found, 0) == (Outcome.ANSWERED, Outcome.UNPROVEN)
    assert found.agreed[0].uncompared == ("outcome",)


def test_without_any_personal_part_the_clear_is_compared():
    ours, theirs = both()
    for keeper in (ours, theirs):
        keeper.put(at(1), question())
        keeper.put(at(1, 0.1), delivered())
    ours.put(at(2), Touch("bob", "ann", "email", answers="asked"))
    full = theirs.side(at(30))
    bare = attrs.evolve(full, entries=[strip(e) for e in full.entries])
    found = reconcile(ours.side(at(30)), bare)
    (pair,) = found.contradicting
    assert (pair.ours, pair.theirs, pair.by) == (7, 7, "parties_and_time")
    assert [d.what for d in pair.differences] == ["outcome"]
    assert found.found.theirs.nameless == (7,)
    assert found.found.ours.nameless == ()


def test_of_a_partial_bundle_no_outcome_is_compared(tmp_path):
    key = signer("acme.example/ledger")
    clock = FixedClock(START)
    ledger = Ledger.open(
        MemoryStore(),
        recorder="acme",
        clock=clock,
        signer=key,
        high_water=tmp_path / "high-water",
    )
    ledger.record(ACCOUNT, *PEOPLE, question(), delivered(), Touch("ann", "bob", "visit"))
    ours = Keeper("smith")
    ours.put(at(0), question())
    ours.put(at(1), Touch("bob", "ann", "email", answers="asked"))
    clock.set(at(30))
    for entries, partial in ((None, False), ([0, 1, 2, 3, 4, 5, 7], True)):
        file = io.BytesIO()
        ledger.bundle(ACCOUNT, entries=entries).write(file)
        found = reconcile(ours.side(at(30)), open_bundle(file, trust=key.key))
        assert found.found.theirs.partial is partial
        assert len(found.contradicting) == (0 if partial else 1)
        assert lone(found.only_theirs) == ([] if partial else [9])
    assert found.agreed[0].uncompared == ("outcome",)


def test_a_party_that_the_other_record_does_not_have_is_not_compared():
    ours, theirs = both()
    northern = Party("northern", "Northern", "partner")
    ours.put(at(1), northern)
    ours.put(at(2), Touch("ann", ("bob", "northern"), "email", message=ASKED))
    theirs.put(at(2), Touch("ann", "bob", "email", message=ASKED))
    (pair,) = reconcile(ours.side(at(2)), theirs.side(at(2))).agreed
    assert pair.uncompared == ("outcome",)


def test_the_sides_say_what_they_are():
    ours, theirs = both()
    ours.put(at(1), question())
    found = reconcile(ours.side(at(2)), theirs.side(at(3))).found
    first = ours.ledger.entries(ACCOUNT)[0]
    assert (found.ours.account, found.ours.recorder) == (first.account, first.recorder)
    assert (found.ours.entries, found.ours.touches, found.ours.until) == (8, 1, at(2))
    assert (found.theirs.entries, found.theirs.touches, found.theirs.until) == (7, 0, at(3))
    assert not found.ours.partial
