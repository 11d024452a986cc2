"""What counts as of a moment, and who is who: J46 to J48, and the chains of matters."""

from __future__ import annotations

from contactledger.facts import Mark, Moved, Opened, Settlement, Signal
from contactledger.findings import Outcome, Reach
from contactledger.judge.view import view
from contactledger.vocabulary import Role
from tests.judging import THIRD, Log, day, two_sides


def test_j46_an_entry_counts_once_it_is_recorded_and_has_happened() -> None:
    log = two_sides()
    touch = log.touch("ann", "bob", channel="visit", planned=True, at=day(5), recorded=day(0))
    late = log.touch("ann", "bob", at=day(0), recorded=day(6))
    assert [f.no for f in log.judge(day(4))] == []
    assert [f.no for f in log.judge(day(5))] == [touch.no]
    assert [f.no for f in log.judge(day(6))] == [touch.no, late.no]


def test_j46_of_a_clock_that_ran_ahead_the_earlier_time_is_used() -> None:
    log = two_sides()
    touch = log.touch("ann", "bob", clock_ahead=True, at=day(3), recorded=day(0))
    log.signal(touch, "delivered", clock_ahead=True, at=day(4), recorded=day(1), **THIRD)
    (found,) = log.judge(day(2))
    assert (found.at, found.reach) == (day(0), Reach.DELIVERED)
    assert [line.at for line in found.evidence] == [day(0), day(1)]
    assert [line.caveats for line in found.evidence] == [("clock_ahead",)] * 2
    assert "J46" in found.rules


def test_j46_a_signal_dated_before_its_touch_counts_from_the_touch() -> None:
    log = two_sides()
    touch = log.touch("ann", "bob", at=day(0))
    log.signal(touch, "delivered", at=day(-1), **THIRD)
    found = log.finding(touch, day(1))
    assert (found.evidence[1].at, found.evidence[1].caveats) == (day(0), ("before_touch",))


def test_j47_only_the_recorder_s_party_may_retract_and_then_it_was_never_written() -> None:
    log = two_sides()
    touch = log.touch("bob", "ann", channel="ticket", recorder="smith", at=day(0))
    log.retract(touch, at=day(1))
    assert [f.no for f in log.judge(day(2))] == [touch.no]
    log.retract(touch, recorder="smith", at=day(3))
    assert [f.no for f in log.judge(day(2))] == [touch.no]
    assert log.judge(day(3)) == ()


def test_j47_a_retracted_answer_reopens_the_touch_with_its_old_due() -> None:
    log = two_sides()
    asked = log.touch("bob", "ann", channel="ticket", at=day(0))
    answer = log.answer(asked, "ann", at=day(0, 12))
    assert log.finding(asked, day(2)).outcome is Outcome.ANSWERED
    log.retract(answer, at=day(3))
    found = log.finding(asked, day(4))
    assert (found.outcome, found.due, found.held_against) == (Outcome.IGNORED, day(1), "acme")


def test_j47_retractions_adoptions_and_erasures_cannot_be_retracted() -> None:
    log = two_sides()
    touch = log.touch("ann", "bob", at=day(0), attached=["original"])
    erased = log.redact(at=day(0))
    log.redact(log.entries[0], at=day(0))
    first = log.retract(log.touch("ann", "bob", at=day(0)), at=day(1))
    for entry in (first, log.entries[0], log.entries[1], erased):
        log.retract(entry, at=day(2))
    log.retract(log.touch("ann", "bob", at=day(2)), at=day(3))
    seen = log.view(day(4))
    assert (list(seen.touches), len(seen.policies), seen.erased) == ([touch.id], 1, {touch.no})


def test_j47_the_move_of_an_account_can_be_taken_back() -> None:
    log = two_sides()
    moved = log.add(Moved("elsewhere"), at=day(0))
    log.retract(moved, at=day(1))
    assert moved not in log.view(day(2)).entries


def test_j47_a_retraction_of_nothing_retracts_nothing() -> None:
    log = two_sides()
    touch = log.touch("ann", "bob", at=day(0))
    log.retract(touch, at=day(0))
    log.entries[-1] = log.entries[-1].__class__(
        **{**_fields(log.entries[-1]), "fact": log.entries[-1].fact.__class__(entry=99)}
    )
    assert list(log.view(day(1)).touches) == [touch.id]


def _fields(entry) -> dict:
    return {name: getattr(entry, name) for name in entry.__slots__ if not name.startswith("__")}


def test_j48_an_alias_holds_throughout_for_every_as_of_after_it() -> None:
    log = two_sides()
    log.person("robert", "smith")
    asked = log.touch("ann", "robert", channel="phone", matter="old", at=day(0))
    log.prefers("robert", refused=["phone"], at=day(-1), recorded=day(0))
    log.matter("new", at=day(0))
    log.alias("robert", "bob", at=day(5))
    log.alias("old", "new", at=day(5))
    before, after = (log.finding(asked, at) for at in (day(4), day(5)))
    assert ([row.person for row in before.rows], before.matter) == (["robert"], "old")
    assert ([row.person for row in after.rows], after.matter) == (["bob"], "new")
    direct = log.touch("ann", "bob", channel="phone", at=day(1), recorded=day(5))
    assert [v.code for v in log.finding(direct, day(5)).violations] == ["channel_refused"]
    assert "robert" not in log.view(day(5)).people


def test_j48_names_are_followed_from_one_to_the_next_and_a_ring_is_idle() -> None:
    log = two_sides()
    for name in ("b1", "b2"):
        log.person(name, "smith")
    touch = log.touch("ann", ("b1", "b2", "bob"), at=day(0))
    log.alias("b1", "b2", at=day(1))
    log.alias("b2", "bob", at=day(2))
    log.alias("bob", "b1", at=day(3))
    log.alias(None, "b1", at=day(3))
    assert [row.person for row in log.finding(touch, day(4)).rows] == ["bob"]


def test_j48_two_names_of_one_party_are_one_party() -> None:
    log = two_sides()
    log.party("smith-inc", "customer")
    log.touch("ann", ("smith-inc", "bob"), at=day(0))
    assert len(log.judge(day(1))) == 2
    log.alias("smith-inc", "smith", at=day(1))
    assert [f.party for f in log.judge(day(1))] == ["smith"]


def test_j48_nobody_absorbs_a_party_that_writes_in_the_log_itself() -> None:
    log = two_sides()
    touch = log.touch("bob", "ann", recorder="smith", at=day(0))
    log.alias("smith", "acme", at=day(1))
    assert log.finding(touch, day(2)).sender == "smith"
    log.alias("smith", "smith-inc", recorder="smith", at=day(2))
    assert log.finding(touch, day(2)).sender == "smith-inc"


def test_a_person_belongs_to_its_party_of_that_time() -> None:
    log = two_sides()
    log.party("prime", "partner")
    log.person("bob", "prime", since=day(10), at=day(12))
    seen = log.view(day(20))
    assert [seen.owner("bob", at) for at in (day(-90), day(9), day(10))] == [
        "smith", "smith", "prime",
    ]  # fmt: skip
    assert (seen.owner("bob"), seen.owner("acme"), seen.owner(None), seen.owner("who")) == (
        "prime", "acme", None, None,
    )  # fmt: skip


def test_a_person_of_no_party_belongs_to_nobody() -> None:
    log = two_sides()
    log.person("pat", None)
    log.person("sam", "smith")
    log.person("sam", None)
    log.touch("ann", ("pat",), at=day(0))
    assert log.judge(day(1)) == ()
    assert [log.view(day(1)).owner(name) for name in ("pat", "sam")] == [None, None]


def test_a_party_s_role_is_that_of_its_last_version() -> None:
    log = Log()
    log.party("smith", "customer")
    log.party("smith", "partner", at=day(5), recorded=day(1))
    assert [log.view(day(6)).role("smith", at) for at in (day(4), None)] == [
        Role.CUSTOMER, Role.PARTNER,
    ]  # fmt: skip
    assert log.view(day(6)).role("acme") is None


def test_versions_are_ordered_by_event_then_record() -> None:
    log = two_sides()
    for at in (day(3), day(1), day(2)):
        log.prefers("bob", at=at, recorded=day(4))
    assert [e.at for e in log.view(day(5)).preferences["bob"]] == [day(1), day(2), day(3)]


def test_a_touch_belongs_to_the_matter_it_names_or_to_the_root_of_its_chain() -> None:
    log = two_sides()
    root = log.touch("ann", "bob", at=day(0))
    answer = log.answer(root, "bob", at=day(1))
    reminder = log.remind(root, at=day(2))
    later = log.answer(answer, "ann", at=day(3))
    named = log.answer(later, "bob", matter="rel", at=day(4))
    below = log.answer([root, named], "ann", at=day(5))
    under = log.answer(named, "ann", at=day(6))
    seen = log.view(day(9))
    chain = {seen.matter_of(t.id) for t in (root, answer, reminder, later, below)}
    assert chain == {root.id}
    assert [seen.matter_of(t.id) for t in (named, under)] == ["rel", "rel"]


def test_touches_that_name_each_other_end_at_the_earliest() -> None:
    log = two_sides()
    log.touch("ann", "bob", id="a", answers="c", at=day(0))
    log.touch("bob", "ann", id="b", answers="a", reminds="gone", at=day(1))
    log.touch("ann", "bob", id="c", reminds="b", at=day(2))
    log.touch("ann", "bob", id="d", reminds="e", at=day(3))
    log.touch("ann", "bob", id="e", reminds="d", at=day(4))
    seen = log.view(day(9))
    assert seen.matter_by_touch == {"a": "a", "b": "a", "c": "a", "d": "d", "e": "d"}
    assert (seen.original("c"), seen.original("e"), seen.original("d")) == ("b", "d", "d")


def test_the_first_record_of_a_touch_stands() -> None:
    log = two_sides()
    first = log.touch("ann", "bob", id="t", at=day(0))
    log.touch("ann", "sue", id="t", at=day(0))
    assert [f.no for f in log.judge(day(1))] == [first.no]


def test_what_refers_to_nothing_is_left_out() -> None:
    log = two_sides()
    log.add(Signal(what="opened"), at=day(0))
    log.mark(log.entries[0], "disputed", at=day(0))
    log.prefers(None, at=day(0))
    log.add(Mark(), at=day(0))
    log.add(Settlement(), at=day(0))
    log.add(Opened(), at=day(0))
    seen = log.view(day(1))
    assert (seen.signals, list(seen.marks), seen.preferences, seen.settlements) == ({}, [0], {}, {})


def test_a_view_files_every_kind_of_fact() -> None:
    log = two_sides()
    matter = log.matter("rel", at=day(0))
    promise = log.promise("acme", "smith", at=day(0))
    settled = log.settle(promise, "kept", at=day(0))
    offer = log.handoff("rel", "acme", "smith", at=day(0))
    taken = log.handoff("rel", "acme", "smith", word="accepted", answers=offer.id, at=day(0))
    stone = log.milestone("install", at=day(0))
    covered = log.coverage("email", at=day(0))
    gone = log.redact(matter, at=day(0))
    nothing = [
        log.settle(promise, "kept", at=day(0)),
        log.handoff(None, "acme", "smith", at=day(0)),
        log.mark(matter, "disputed", at=day(0)),
    ]
    seen = log.view(day(1))
    assert seen.matters == {"rel": [matter]}
    assert (seen.promises, seen.settlements[promise.id]) == (
        {promise.id: promise}, [settled, nothing[0]],
    )  # fmt: skip
    assert (seen.handoffs, seen.handoff_answers) == ({"rel": [offer, taken]}, {offer.id: [taken]})
    assert (seen.milestones, seen.coverage) == ({"install": [stone]}, [covered])
    assert (seen.redactions, seen.marks) == ([gone], {matter.no: [nothing[2]]})
    assert [e.no for e in seen.entries] == sorted(seen.by_no)


def test_j38_which_originals_are_erased_is_told_from_redactions_alone() -> None:
    log = two_sides()
    touch = log.touch("ann", "smith", at=day(0))
    signals = [
        log.signal(touch, "delivered", at=day(0), attached=["original", "reason"]) for _ in range(3)
    ]
    whose = [("original", "bob", "digest")]
    signals[0] = log.entries[signals[0].no] = _with_sd(signals[0], whose)
    log.redact(signals[1], fields=["reason"], at=day(0))
    assert log.view(day(1)).erased == set()
    log.redact(signals[1], person="bob", at=day(0))
    assert log.view(day(1)).erased == set()
    log.redact(person="bob", at=day(0))
    assert log.view(day(1)).erased == {signals[0].no}
    log.redact(signals[2], at=day(0))
    assert log.view(day(1)).erased == {signals[0].no, signals[2].no}
    log.redact(fields=["original"], at=day(0))
    later = log.signal(touch, "delivered", at=day(0), attached=["original"])
    assert log.view(day(1)).erased == {signal.no for signal in signals}
    assert later.no not in log.view(day(1)).erased


def _with_sd(entry, sd):
    return entry.__class__(**{**_fields(entry), "sd": tuple(sd)})


def test_j38_what_could_not_be_split_is_erased_for_everybody_it_names() -> None:
    log = two_sides()
    touch = log.touch("ann", "bob", at=day(0), attached=["original"])
    signals = [
        log.signal(touch, "delivered", at=day(0), attached=["original"], person=person)
        for person in (None, "smith")
    ]
    log.redact(person="bob", at=day(0))
    assert log.view(day(1)).erased == {touch.no, signals[0].no}


def test_j38_an_erasure_covers_every_name_that_a_person_had_by_then() -> None:
    log = two_sides()
    log.person("robert", "smith")
    touch = log.touch("ann", "robert", at=day(0))
    signal = log.signal(touch, "delivered", at=day(0))
    log.entries[signal.no] = _with_sd(signal, [("original", "robert", "digest")])
    log.redact(person="bob", at=day(1))
    log.alias("robert", "bob", at=day(1))
    assert log.view(day(2)).erased == set()
    log.redact(person="bob", at=day(1))
    assert log.view(day(2)).erased == {signal.no}


def test_what_the_house_says_beside_the_account_is_coverage_and_policies() -> None:
    house = Log(recorder="acme")
    covered = house.coverage("email", at=day(0))
    house.touch("acme", "smith", at=day(0))
    log = two_sides()
    seen = view(log.entries, day(1), house.entries)
    assert (seen.coverage, seen.touches) == ([covered], {})
    assert [adopted.house for adopted in seen.policies] == [True, False]
