"""Which touch of one record is which of another: the rules, one by one."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import attrs
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from contactledger import Ledger, MemoryStore
from contactledger.facts import Alias, Message, Party, Person, Redaction, Retraction, Touch
from contactledger.judge.view import View, view
from contactledger.log.record import strip
from contactledger.pairing import Act, acts, pair, same_parties
from contactledger.testing import FixedClock
from contactledger.vocabulary import Channel

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
TOLERANCE = timedelta(minutes=15)
MAPPED = {"acme": "A", "smith": "S"}
BOB = frozenset({"bob@smith.example"})
CARLA = frozenset({"carla@smith.example"})


def act(no: int, minutes: float = 0, **changes) -> Act:
    """A mail of ours to Bob, so many minutes after noon."""
    made = Act(
        no=no,
        at=NOON + timedelta(minutes=minutes),
        channel=Channel.EMAIL,
        ids=(),
        sender="acme",
        receivers=frozenset({"smith"}),
        sent_from=frozenset(),
        sent_to=BOB,
    )
    return attrs.evolve(made, **changes)


def theirs(no: int, minutes: float = 0, **changes) -> Act:
    """The same as the other side has it."""
    return act(no, minutes, **{"sender": "A", "receivers": frozenset({"S"}), **changes})


def found(ours, others, parties=MAPPED, tolerance=TOLERANCE):
    paired = pair(ours, others, parties, tolerance)
    return [(a.no, b.no, by) for a, b, by in paired.pairs]


# --- by ids


def test_the_same_message_id_is_the_same_mail_whatever_else_is_said_of_it():
    ids = (("message_id", "m@acme.example"),)
    far = theirs(5, 10_000, ids=ids, sent_to=CARLA, sender="S", receivers=frozenset({"A"}))
    assert found([act(1, ids=ids)], [far]) == [(1, 5, "message_id")]


@pytest.mark.parametrize("kind", ["provider_id", "call_id"])
def test_an_id_of_a_carriers_counts_over_one_channel_between_the_same_within_a_day(kind):
    mine = act(1, ids=((kind, "7"),), channel=Channel.PHONE, sent_to=frozenset())
    same = attrs.evolve(mine, no=5, sender="A", receivers=frozenset({"S"}))
    assert found([mine], [attrs.evolve(same, at=NOON + timedelta(hours=24))]) == [(1, 5, kind)]
    for other in (
        attrs.evolve(same, at=NOON + timedelta(hours=24, seconds=1)),
        attrs.evolve(same, at=NOON + timedelta(hours=3), channel=Channel.SMS),
        attrs.evolve(same, at=NOON + timedelta(hours=3), sender="S"),
        attrs.evolve(same, at=NOON + timedelta(hours=3), receivers=frozenset({"X"})),
    ):
        assert found([mine], [other]) == []


def test_an_id_that_leads_to_several_pairs_none_by_itself():
    ids = (("message_id", "m"),)
    mine = act(1, 500, ids=ids)
    assert found([mine], [theirs(5, ids=ids), theirs(6, 1, ids=ids)]) == []
    assert found([mine, act(2, 600, ids=ids)], [theirs(5, ids=ids)]) == []


def test_an_id_goes_before_the_nearest_in_time():
    ids = (("message_id", "m"),)
    near, named = theirs(5), theirs(6, 9, ids=ids)
    assert found([act(1, ids=ids)], [near, named]) == [(1, 6, "message_id")]


def test_two_message_ids_are_two_messages_however_near():
    mine, other = act(1, ids=(("message_id", "m"),)), theirs(5, ids=(("message_id", "n"),))
    assert found([mine], [other]) == []
    assert found([mine], [theirs(5, ids=(("call_id", "n"),))]) == [(1, 5, "people_and_time")]


# --- by people and time


def test_channel_people_and_time_within_the_tolerance_are_enough():
    assert found([act(1)], [theirs(5, 15)]) == [(1, 5, "people_and_time")]
    assert found([act(1)], [theirs(5, 15.01)]) == []
    assert found([act(1)], [theirs(5, 1, channel=Channel.SMS)]) == []
    assert found([act(1)], [theirs(5, 15)], tolerance=timedelta(minutes=14)) == []


def test_people_whose_addresses_are_known_and_differ_are_others():
    assert found([act(1)], [theirs(5, sent_to=CARLA)]) == []
    assert found([act(1)], [theirs(5, sent_to=BOB | CARLA)]) == [(1, 5, "people_and_time")]
    sender = frozenset({"ann@acme.example"})
    assert found([act(1, sent_from=sender)], [theirs(5, sent_from=BOB)]) == []


def test_where_no_address_can_be_compared_parties_and_time_are_left():
    nobody = frozenset()
    for a, b in ((nobody, BOB), (BOB, nobody), (nobody, nobody)):
        assert found([act(1, sent_to=a)], [theirs(5, sent_to=b)]) == [(1, 5, "parties_and_time")]


def test_a_touch_the_other_way_or_between_unknown_parties_is_another():
    back = theirs(5, sender="S", receivers=frozenset({"A"}))
    assert found([act(1)], [back]) == []
    assert found([act(1)], [theirs(5)], parties={}) == []


def test_of_several_the_nearest_is_taken():
    assert found([act(1), act(2, 6)], [theirs(5, 5), theirs(6, 1)]) == [
        (1, 6, "people_and_time"),
        (2, 5, "people_and_time"),
    ]


def test_where_two_are_as_near_neither_is_taken_and_both_are_named():
    paired = pair([act(1, 5)], [theirs(5, 0), theirs(6, 10)], MAPPED, TOLERANCE)
    assert paired.pairs == ()
    assert paired.possible_ours == {1: (5, 6)}
    assert paired.possible_theirs == {5: (1,), 6: (1,)}


def test_a_tie_is_not_given_to_what_is_farther():
    # 1 is as near to 5 as to 6; 2 is farther from 5, and must not take it for that
    assert found([act(1, 5), act(2, -9)], [theirs(5, 0), theirs(6, 10)]) == []


def test_what_was_paired_is_no_longer_possible_for_another():
    paired = pair([act(1), act(2, 5)], [theirs(5)], MAPPED, TOLERANCE)
    assert [(a.no, b.no) for a, b, _ in paired.pairs] == [(1, 5)]
    assert (paired.possible_ours, paired.possible_theirs) == ({}, {})


def test_pairs_come_in_order_of_time():
    ids = (("message_id", "m"),)
    assert found([act(1, 90), act(2, 0, ids=ids)], [theirs(5, 90), theirs(6, 0, ids=ids)]) == [
        (2, 6, "message_id"),
        (1, 5, "people_and_time"),
    ]


MINUTES = st.lists(st.integers(0, 120), max_size=12)


@given(MINUTES, MINUTES)
@settings(max_examples=100, deadline=None)
def test_no_touch_is_in_two_pairs_and_swapping_the_sides_swaps_the_pairs(ours, others):
    mine = [act(no, m) for no, m in enumerate(ours)]
    other = [theirs(no, m) for no, m in enumerate(others)]
    there = found(mine, other)
    assert len({a for a, _, _ in there}) == len({b for _, b, _ in there}) == len(there)
    back = found(other, mine, {b: a for a, b in MAPPED.items()})
    assert sorted((a, b) for b, a, _ in back) == sorted((a, b) for a, b, _ in there)


@given(MINUTES)
@settings(max_examples=50, deadline=None)
def test_a_record_beside_itself_pairs_all_but_what_stands_at_one_moment(minutes):
    mine = [act(no, m) for no, m in enumerate(minutes)]
    same = [theirs(no, m) for no, m in enumerate(minutes)]
    alone = [no for no, m in enumerate(minutes) if minutes.count(m) == 1]
    assert sorted((a, b) for a, b, _ in found(mine, same)) == [(no, no) for no in alone]


# --- what is read of a log


def seen(*facts, recorder: str = "acme", stripped: bool = False) -> View:
    clock = FixedClock(NOON)
    ledger = Ledger.open(MemoryStore(), recorder=recorder, clock=clock)
    ledger.record("smith-motors", *facts)
    entries = ledger.entries("smith-motors")
    return view([strip(e) for e in entries] if stripped else entries, clock())


PEOPLE = (
    Party("acme", "ACME", "vendor"),
    Person("ann", "acme", "Ann Lee", email="ann@acme.example"),
    Party("smith", "Smith Motors", "customer"),
    Person("bob", "smith", "Bob Ray", email=("Bob@Smith.example",), phone="+1 555 0111"),
)


def test_an_act_holds_ids_parties_and_every_address_that_is_known():
    message = Message("<m@acme.example>", "p-1", "c-1")
    (one,) = acts(
        seen(
            *PEOPLE,
            Touch("ann", "bob", "email", message=message, addresses={"bob": "ray@smith.example"}),
        )
    )
    assert one.ids == (("message_id", "m@acme.example"), ("provider_id", "p-1"), ("call_id", "c-1"))
    assert one.sent_from == {"ann@acme.example"}
    assert one.sent_to == {"bob@smith.example", "+15550111", "ray@smith.example"}
    assert not one.nameless


def test_a_message_that_no_carrier_named_has_no_ids():
    (one,) = acts(seen(*PEOPLE, Touch("ann", "bob", "email", message=Message(subject="Hello"))))
    assert one.ids == ()


def test_what_is_withheld_leaves_parties_channel_and_time():
    facts = (*PEOPLE, Touch("ann", "bob", "email", message=Message("<m@acme.example>")))
    (one,) = acts(seen(*facts, stripped=True))
    (full,) = acts(seen(*facts))
    assert (one.ids, one.sent_from, one.sent_to) == ((), frozenset(), frozenset())
    assert one.nameless
    assert one.at == full.at


def test_a_touch_inside_one_party_concerns_nobody_else():
    inside = Person("eve", "acme", "Eve", email="eve@acme.example")
    assert acts(seen(*PEOPLE, inside, Touch("ann", "eve", "phone"))) == []


def test_a_touch_without_a_sender_is_the_recorders_and_one_to_a_party_has_no_address():
    (one,) = acts(seen(*PEOPLE, Touch(to="smith", channel="letter")))
    assert (one.sent_from, one.sent_to) == (frozenset(), frozenset())
    (party,) = one.receivers
    assert party != one.sender


def test_retracted_touches_are_as_if_never_written():
    clock = FixedClock(NOON)
    ledger = Ledger.open(MemoryStore(), recorder="acme", clock=clock)
    *_, touch = ledger.record("smith-motors", *PEOPLE, Touch("ann", "bob", "phone"))
    ledger.record("smith-motors", Retraction(touch))
    assert acts(view(ledger.entries("smith-motors"), clock())) == []


def test_an_erased_person_is_known_by_nothing():
    clock = FixedClock(NOON)
    ledger = Ledger.open(MemoryStore(), recorder="acme", clock=clock)
    ledger.record("smith-motors", *PEOPLE, Touch("ann", "bob", "phone"), Redaction(person="bob"))
    (one,) = acts(view(ledger.entries("smith-motors"), clock()))
    assert one.sent_to == frozenset()
    assert one.sent_from == {"ann@acme.example"}


# --- parties


def names(ours: View, others: View) -> list[tuple[str, str]]:
    """Pairs of parties by their names."""

    def name(where: View, party: str) -> str:
        fact = where.party_at(party)
        return str(fact.name) if fact is not None else "?"

    mapped = same_parties(ours, others).items()
    return sorted((name(ours, a), name(others, b)) for a, b in mapped)


def test_parties_are_the_same_by_the_addresses_of_their_people():
    others = seen(
        Party("dealer", "S. Motors Inc.", "partner"),
        Person("ray", "dealer", "Ray", phone="+1 (555) 0111"),
        Party("vendor", "A.C.M.E.", "consultant"),
        Person("lee", "vendor", "Lee", email="ANN@acme.example"),
        recorder="dealer",
    )
    assert names(seen(*PEOPLE), others) == [
        ("ACME", "A.C.M.E."),
        ("Smith Motors", "S. Motors Inc."),
    ]


def test_parties_are_the_same_by_name_where_no_address_is_shared():
    others = seen(
        Party("one", "acme", "consultant"), Party("two", "SMITH  Motors", "partner"), recorder="two"
    )
    assert names(seen(*PEOPLE), others) == [("ACME", "acme"), ("Smith Motors", "SMITH  Motors")]


def test_parties_are_the_same_by_role_where_nothing_is_disclosed():
    assert len(same_parties(seen(*PEOPLE, stripped=True), seen(*PEOPLE))) == 2


def test_two_parties_of_a_role_are_not_told_apart_by_it():
    both = (*PEOPLE, Party("jones", "Jones Motors", "customer"))
    mapped = same_parties(seen(*both, stripped=True), seen(*both, stripped=True))
    assert len(mapped) == 1  # the vendor


def test_a_party_that_was_never_described_is_known_by_its_people_alone():
    loose = (Party("acme", "ACME", "vendor"), Person("ann", "acme", email="ann@acme.example"))
    others = seen(*loose, recorder="smith")  # which nobody describes
    assert len(same_parties(seen(*PEOPLE), others)) == 1


def test_somebody_of_no_party_tells_nothing_of_one():
    # a ledger refuses such a person; a stranger's bundle may hold one all the same
    clock = FixedClock(NOON)
    ledger = Ledger.open(MemoryStore(), recorder="acme", clock=clock)
    *rest, ann = ledger.record("smith-motors", Party("acme", "A", "partner"), PEOPLE[1])
    loose = attrs.evolve(ann, fact=attrs.evolve(ann.fact, party=None))
    assert same_parties(seen(*PEOPLE), view([*rest, loose], clock())) == {}


def test_an_alias_joins_two_names_of_one_party():
    twice = (
        *PEOPLE,
        Party("smith2", "Smith Motors of Denver", "customer"),
        Person("carla", "smith2", "Carla", email="carla@smith.example"),
        Alias("smith2", "smith"),
    )
    others = seen(
        Party("smith", "Smith", "customer"),
        Person("carla", "smith", "Carla", email="carla@smith.example"),
        recorder="smith",
    )
    assert [b for _, b in names(seen(*twice), others)] == ["Smith"]
