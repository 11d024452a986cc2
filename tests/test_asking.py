"""Asking a ledger, or a bundle: who was told, who waits, whose turn it is, what was kept."""

from __future__ import annotations

from datetime import timedelta

import pytest

from contactledger import (
    Ledger,
    Matter,
    MemoryStore,
    Milestone,
    Party,
    Person,
    Promise,
    Signal,
    Touch,
    open_bundle,
)
from contactledger.errors import BadInput, NotFound
from contactledger.keys import keygen
from contactledger.testing import FixedClock
from tests.judging import day
from tests.test_stories import story

ACCOUNT = "smith-motors"


@pytest.fixture
def ledger(tmp_path):
    """ACME asked Bob of Smith Motors about labels, in a matter, after a release; a week ago."""
    key = keygen(tmp_path / "acme.key", "acme")
    clock = FixedClock(day(0))
    with Ledger.open(
        MemoryStore(), recorder="acme", signer=tmp_path / "acme.key", clock=clock
    ) as it:
        it.key, it.clock = key, clock
        it.record(
            ACCOUNT,
            Party("acme", "ACME", "vendor"),
            Person("ann", "acme", "Ann"),
            Party("smith", "Smith Motors", "customer"),
            Person("bob", "smith", "Bob Ray"),
            Matter("rel", title="Release 42", party="acme"),
            Milestone("release", "release", "Release 42", topics=("labels",)),
            Touch("ann", "bob", "letter", "question", "ask", matter="rel", milestone="release"),
            Signal("ask", "delivered", "bob", system="third", auth="signed_body"),
        )
        it.record("jones", Party("acme", role="vendor"), Party("jones", role="customer"))
        clock.set(day(7, 12))
        yield it


def by_key(ledger, account=ACCOUNT):
    """Id → key."""
    return {entry.id: getattr(entry.fact, "key", None) for entry in ledger.entries(account)}


def states(asked, called, **about):
    return [(called.get(row.person or row.party), row.state) for row in asked.told(**about).rows]


def test_told_speaks_in_topics_and_in_keys(ledger):
    asked, called = ledger.ask(ACCOUNT), by_key(ledger)
    told = [("smith", "pending"), ("bob", "pending")]
    assert states(ledger.ask(ACCOUNT, as_of=day(1)), called, topic="labels") == told
    told = [("smith", "ignored"), ("bob", "ignored")]
    assert states(asked, called, milestone="release") == told
    assert states(asked, called, matter="rel") == told
    release = next(id_ for id_, key in called.items() if key == "release")
    assert states(asked, called, milestone=release) == told
    never = [("acme", "never_told"), ("ann", "never_told")]
    assert states(asked, called, topic="labels", by="smith") == never
    assert [(about.kind, called.get(about.name, about.name)) for about in asked.subjects()] == [
        ("topic", "labels"), ("milestone", "release"), ("matter", "rel"),
    ]  # fmt: skip


@pytest.mark.parametrize("about", [{}, {"topic": "labels", "matter": "rel"}])
def test_one_thing_is_asked_about_at_a_time(ledger, about):
    with pytest.raises(BadInput, match="told: name one topic, milestone or matter"):
        ledger.ask(ACCOUNT).told(**about)


@pytest.mark.parametrize(
    "about", [{"milestone": "rel"}, {"matter": "labels"}, {"topic": "x", "by": "y"}]
)
def test_a_key_that_the_account_does_not_have_is_not_found(ledger, about):
    with pytest.raises(NotFound, match="nothing of that name in the account"):
        ledger.ask(ACCOUNT).told(**about)


def test_who_waits_is_asked_of_either_side(ledger):
    asked = ledger.ask(ACCOUNT)
    (found,) = asked.waiting()
    assert asked.waiting(owed="acme") == asked.waiting(owes="smith") == (found,)
    assert asked.waiting(owes="acme") == asked.waiting(owed="smith") == ()
    assert (asked.as_of, found.waited) == (day(7, 12), day(7, 12) - day(0))


def test_a_bundle_answers_as_the_ledger_does(ledger, tmp_path):
    ledger.record(ACCOUNT, Promise("p", "acme", "smith", day(20), "Labels", matter="rel"))
    ledger.bundle(ACCOUNT).save(tmp_path / "a.bundle")
    asked = ledger.ask(ACCOUNT)
    theirs = open_bundle(tmp_path / "a.bundle", trust=[ledger.key]).ask()
    for what in ("waiting", "answer_times", "turns", "diligence", "passages", "attendance"):
        assert getattr(theirs, what)() == getattr(asked, what)()
    assert theirs.passages(least=2) == asked.passages(least=2)
    assert theirs.promise_records() == asked.promise_records()
    assert theirs.told("labels") == asked.told("labels")
    assert theirs.rows("told", personal=True)[:] == asked.rows("told", personal=True)[:]


def test_a_policy_may_be_tried(ledger):
    text = '[[window]]\nwithin = "30 days"\n'
    assert [one.due for one in ledger.ask(ACCOUNT).waiting()] == [day(3)]
    assert ledger.ask(ACCOUNT, what_if=text).waiting()[0].due > day(30)


def test_every_account_is_asked_at_one_moment_and_the_archived_are_passed_over(ledger, tmp_path):
    assert [(one.account, one.as_of) for one in ledger.ask_all(as_of=day(1))] == [
        ("jones", day(1)), (ACCOUNT, day(1)),
    ]  # fmt: skip
    states = [one.told("labels").rows[0].state for one in ledger.ask_all()]
    assert states == ["never_told", "ignored"]
    ledger.seal()
    ledger.archive("jones", tmp_path / "jones.archive")
    assert [one.account for one in ledger.ask_all()] == [ACCOUNT]


# --- the five stories --------------------------------------------------------------------------


def told_story(number, account="ACCOUNT"):
    """The story's account, asked, and the key of each of its ids."""
    made = story(number)
    ledger = made["tell"]()
    return ledger.ask(made[account]), by_key(ledger, made[account])


def waits(asked, called):
    """Who waits for whom, since when in whole days, and whether it counts against the other."""
    return [
        (called[one.owed], called[one.owes], one.waited.days, one.held_against)
        for one in asked.waiting()
    ]


def test_story_1_each_side_waits_for_the_other_and_neither_did_all_that_it_could():
    asked, called = told_story(1)
    assert waits(asked, called) == [
        ("smith", "acme", 30, True), ("acme", "smith", 28, True), ("acme", "smith", 21, False),
    ]  # fmt: skip
    # from Monday 2 March, 9:00 in New York, to Wednesday 1 April, 11:00
    assert asked.waiting()[0].waited_business == timedelta(hours=22 * 8 + 2)
    assert [(called[t.party], t.asked, t.answered, t.median) for t in asked.answer_times()] == [
        ("acme", 1, 0, None), ("smith", 2, 0, None),
    ]  # fmt: skip
    assert [(called[one.by], one.state, len(one.missing)) for one in asked.diligence()] == [
        ("smith", "incomplete", 3), ("acme", "incomplete", 3), ("acme", "incomplete", 3),
    ]  # fmt: skip
    assert [(called[t.onus.party], t.onus.rule) for t in asked.turns() if t.first] == [
        ("smith", "O2")
    ]


def test_story_2_the_credit_went_in_a_circle_and_nobody_above_answered():
    asked, called = told_story(2)
    (found,) = asked.passages()
    assert [called[party] for party in found.parties] == [
        "hill", "works", "northern", "southern", "meridian",
    ]  # fmt: skip
    assert [(called[h.giver], called[h.taker], h.state, h.circle) for h in found.handoffs] == [
        ("works", "northern", "accepted", False),
        ("northern", "southern", "accepted", False),
        ("southern", "meridian", "accepted", False),
        ("meridian", "works", "accepted", True),
    ]
    assert [called[stay.hold.party] for stay in found.stays] == [
        "works", "hill", "works", "northern", "southern", "meridian", "works",
    ]  # fmt: skip
    assert [n for n, stay in enumerate(found.stays) if stay.again] == [2, 6]
    assert [(called[one.person], one.outcome) for one in found.escalations] == [
        ("vp", "ignored"), ("president", "ignored"),
    ]  # fmt: skip
    assert (found.stake.minor, found.worth.minor) == (189_500, 200_000_000)
    (done,) = asked.diligence()
    assert (called[done.by], called[done.toward], done.state, done.missing) == (
        "hill", "works", "complete", (),
    )  # fmt: skip


def test_story_3_the_sides_disagree_and_the_sheets_say_who_came():
    asked, called = told_story(3)
    (record,) = asked.promise_records()
    (side,) = record.sides
    assert [(called[party], word) for party, word, _ in side.words] == [
        ("learnit", "kept"), ("district", "missed"),
    ]  # fmt: skip
    assert [
        (called[row.party], row.state, [called[who] for who in row.absent])
        for row in asked.attendance()
    ] == [
        ("learnit", "unsaid", []), ("district", "came", []),
        ("learnit", "unsaid", []), ("district", "came", ["tom"]),
        ("learnit", "unsaid", []), ("district", "absent", ["eva", "tom"]),
    ]  # fmt: skip


def test_story_4_the_vendor_owes_an_answer_since_april():
    asked, called = told_story(4)
    assert waits(asked, called) == [("customer", "vendor", 49, True)]
    (found,) = asked.waiting()
    assert (found.due, len(found.reminders)) == (found.at + timedelta(days=1), 1)
    assert [(t.answered, t.waiting, t.reminders) for t in asked.answer_times()] == [(0, 1, 1)]


def test_story_5_who_calls_35_times_a_day_is_answered_35_times():
    asked, called = told_story(5, "BUSY")
    assert [(called[t.party], called[t.asker], t.asked, t.answered, t.worst) for t in
            asked.answer_times()] == [("supplier", "roux", 35, 35, timedelta())]  # fmt: skip
    quiet, called = told_story(5, "QUIET")
    (found,) = [t for t in quiet.answer_times() if called[t.party] == "roux"]
    assert (found.asked, found.answered, found.worst) == (2, 2, timedelta(days=1, hours=9))
    assert found.worst_business == timedelta(hours=16)
    assert (quiet.waiting(), waits(asked, called)) == ((), [])
