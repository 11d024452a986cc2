"""Promises and what became of them (J49), and whose word a word is (J33)."""

from __future__ import annotations

import pytest

from contactledger.findings import Grade, PromiseFinding, PromiseState
from contactledger.judge.promises import promise_findings
from tests.judging import Log, day, two_sides


def verdict(log: Log, as_of: object) -> PromiseFinding:
    (found,) = promise_findings(log.view(as_of))  # type: ignore[arg-type]
    return found


def said(found: PromiseFinding) -> tuple[PromiseState, Grade, str | None]:
    return found.state, found.grade, found.held_by


def test_j49_a_promise_is_open_until_its_due_and_a_tie_is_in_time() -> None:
    log = two_sides()
    made = log.promise("ann", "bob", due=day(4), at=day(0))
    assert said(verdict(log, day(4))) == (PromiseState.OPEN, Grade.CONFIRMED, None)
    late = verdict(log, day(4, 10, 1))
    assert said(late) == (PromiseState.OVERDUE, Grade.CONFIRMED, "acme")
    assert (late.promiser, late.promisee, late.rules) == ("acme", "smith", ("J49", "J33"))
    assert late.because == (made.no,)
    assert late.settled_at is None


def test_j49_a_promise_without_a_day_is_never_overdue() -> None:
    log = two_sides()
    log.promise("ann", "bob", at=day(0))
    assert verdict(log, day(900)).state is PromiseState.OPEN


@pytest.mark.parametrize(
    ("word", "by", "held"), [("kept", "acme", None), ("missed", "smith", "acme")]
)
def test_j49_one_word_alone_is_claimed(word: str, by: str, held: str | None) -> None:
    log = two_sides()
    made = log.promise("ann", "bob", due=day(4), at=day(0))
    settled = log.settle(made, word, at=day(5), recorder=by)
    found = verdict(log, day(6))
    assert said(found) == (PromiseState(word), Grade.CLAIMED, held)
    assert found.words == ((by, word, settled.no),)
    assert found.settled_at == day(5)
    assert found.because == (made.no, settled.no)


@pytest.mark.parametrize("word", ["kept", "missed", "withdrawn"])
def test_j49_the_same_word_of_both_is_confirmed(word: str) -> None:
    log = two_sides()
    made = log.promise("ann", "bob", due=day(4), at=day(0))
    log.settle(made, word, at=day(2), recorder="smith")
    log.settle(made, word, at=day(3), recorder="acme")
    found = verdict(log, day(6))
    assert (found.state, found.grade) == (PromiseState(word), Grade.CONFIRMED)
    assert found.settled_at == day(2)


def test_j49_different_words_are_disputed_and_held_by_nobody() -> None:
    log = two_sides()
    made = log.promise("ann", "bob", due=day(4), at=day(0))
    log.settle(made, "kept", at=day(3), recorder="acme")
    log.settle(made, "missed", at=day(5), recorder="smith")
    found = verdict(log, day(6))
    assert said(found) == (PromiseState.DISPUTED, Grade.CLAIMED, None)
    assert [word[:2] for word in found.words] == [("acme", "kept"), ("smith", "missed")]
    assert found.settled_at is None


def test_j49_only_the_last_word_of_each_counts() -> None:
    log = two_sides()
    made = log.promise("ann", "bob", due=day(4), at=day(0))
    log.settle(made, "kept", at=day(3), recorder="acme")
    log.settle(made, "missed", at=day(5), recorder="smith")
    log.settle(made, "missed", at=day(6), recorder="acme")
    found = verdict(log, day(7))
    assert said(found) == (PromiseState.MISSED, Grade.CONFIRMED, "acme")


def test_j49_withdrawn_after_due_is_missed_and_in_time_is_not() -> None:
    for at, state in (
        (day(4), PromiseState.WITHDRAWN),
        (day(4, 10, 1), PromiseState.MISSED),
    ):
        log = two_sides()
        made = log.promise("ann", "bob", due=day(4), at=day(0))
        log.settle(made, "withdrawn", at=at, recorder="acme")
        assert verdict(log, day(6)).state is state


def test_j49_words_of_third_parties_decide_nothing() -> None:
    log = two_sides()
    log.party("prime", "partner")
    made = log.promise("ann", "bob", due=day(4), at=day(0))
    settled = log.settle(made, "kept", at=day(3), recorder="prime")
    log.mark(settled, "disputed", at=day(4), recorder="smith")
    found = verdict(log, day(6))
    assert (found.state, found.words) == (PromiseState.OVERDUE, ())


def test_j49_a_promise_inside_one_party_can_be_confirmed_by_nobody() -> None:
    log = two_sides()
    made = log.promise("ann", "abe", due=day(4), at=day(0))
    log.settle(made, "kept", at=day(3))
    assert verdict(log, day(6)).grade is Grade.CLAIMED


def test_j49_a_promise_that_names_nobody_is_its_recorders() -> None:
    log = two_sides()
    log.promise(None, None, due=day(4), at=day(0))  # type: ignore[arg-type]
    found = verdict(log, day(6))
    assert (found.promiser, found.promisee) == ("acme", "")


def test_j33_a_word_put_down_for_another_is_the_recorders_claim() -> None:
    log = two_sides()
    made = log.promise("ann", "bob", due=day(4), at=day(0))
    log.settle(made, "kept", at=day(3), party="acme")
    log.settle(made, "kept", at=day(4), party="smith")
    found = verdict(log, day(6))
    assert (found.state, found.grade) == (PromiseState.KEPT, Grade.CLAIMED)
    assert [word[0] for word in found.words] == ["acme"]


@pytest.mark.parametrize("auth", ["access", "party_signed"])
def test_j33_unless_its_own_access_or_signature_carries_it(auth: str) -> None:
    log = two_sides()
    made = log.promise("ann", "bob", due=day(4), at=day(0))
    log.settle(made, "kept", at=day(3), party="acme")
    log.settle(made, "kept", at=day(4), party="smith", auth=auth)
    assert verdict(log, day(6)).grade is Grade.CONFIRMED


def test_j33_a_promise_that_the_promisee_wrote_down_is_claimed() -> None:
    log = two_sides()
    log.promise("ann", "bob", due=day(4), at=day(0), recorder="smith")
    assert verdict(log, day(6)).grade is Grade.CLAIMED
    log = two_sides()
    log.promise("ann", "bob", due=day(4), at=day(0), recorder="smith", auth="party_signed")
    assert verdict(log, day(6)).grade is Grade.CONFIRMED


def test_j33_until_the_promiser_acknowledges_it() -> None:
    log = two_sides()
    made = log.promise("ann", "bob", due=day(4), at=day(0), recorder="smith")
    log.mark(made, "acknowledged", at=day(1), recorder="smith")
    log.mark(made, "no_answer_needed", at=day(1), recorder="acme")
    assert verdict(log, day(2)).grade is Grade.CLAIMED
    mark = log.mark(made, "acknowledged", at=day(3), recorder="acme")
    found = verdict(log, day(6))
    assert said(found) == (PromiseState.OVERDUE, Grade.CONFIRMED, "acme")
    assert found.because == (made.no, mark.no)


def test_j33_a_promise_that_its_promiser_denies_is_disputed() -> None:
    log = two_sides()
    made = log.promise("ann", "bob", due=day(4), at=day(0), recorder="smith")
    log.settle(made, "missed", at=day(5), recorder="smith")
    mark = log.mark(made, "disputed", at=day(6), recorder="acme")
    found = verdict(log, day(7))
    assert said(found) == (PromiseState.DISPUTED, Grade.CLAIMED, None)
    assert found.words[-1] == ("acme", "disputed", mark.no)


def test_j33_what_the_promiser_wrote_down_itself_it_cannot_deny() -> None:
    log = two_sides()
    made = log.promise("ann", "bob", due=day(4), at=day(0))
    log.mark(made, "disputed", at=day(1))
    assert said(verdict(log, day(6))) == (PromiseState.OVERDUE, Grade.CLAIMED, "acme")


def test_j33_a_settlement_is_agreed_to_or_disputed_by_a_mark_of_the_other_side() -> None:
    log = two_sides()
    made = log.promise("ann", "bob", due=day(4), at=day(0))
    settled = log.settle(made, "kept", at=day(3))
    log.mark(settled, "acknowledged", at=day(3), recorder="acme")
    assert verdict(log, day(4)).grade is Grade.CLAIMED
    log.mark(settled, "no_answer_needed", at=day(4), recorder="smith")
    assert verdict(log, day(5)).grade is Grade.CLAIMED
    log.mark(settled, "acknowledged", at=day(5), recorder="smith")
    agreed = verdict(log, day(6))
    assert (agreed.state, agreed.grade) == (PromiseState.KEPT, Grade.CONFIRMED)
    mark = log.mark(settled, "disputed", at=day(7), recorder="smith")
    found = verdict(log, day(8))
    assert said(found) == (PromiseState.DISPUTED, Grade.CLAIMED, None)
    assert found.words == (("acme", "kept", settled.no), ("smith", "disputed", mark.no))


def test_j33_a_dispute_falls_with_the_word_it_disputes() -> None:
    log = two_sides()
    made = log.promise("ann", "bob", due=day(4), at=day(0))
    settled = log.settle(made, "kept", at=day(3))
    log.mark(settled, "disputed", at=day(4), recorder="smith")
    log.settle(made, "missed", at=day(5), recorder="acme")
    assert said(verdict(log, day(8))) == (PromiseState.MISSED, Grade.CLAIMED, "acme")


def test_j36_a_word_dated_in_time_and_written_down_after_due_is_printed_as_such() -> None:
    log = two_sides()
    made = log.promise("ann", "bob", due=day(4), at=day(0))
    log.settle(made, "withdrawn", at=day(3), recorded=day(6))
    found = verdict(log, day(7))
    assert (found.state, found.grade) == (PromiseState.WITHDRAWN, Grade.CLAIMED)
    assert found.rules == ("J49", "J33", "J36")


def test_j46_a_promise_is_judged_by_what_counts_as_of_the_moment() -> None:
    log = two_sides()
    made = log.promise("ann", "bob", due=day(4), at=day(0))
    log.settle(made, "kept", at=day(3), recorded=day(6))
    assert verdict(log, day(5)).state is PromiseState.OVERDUE
    assert verdict(log, day(6)).state is PromiseState.KEPT


def test_promises_swap_with_the_parties() -> None:
    def story(giver: str, asker: str) -> PromiseFinding:
        log = Log()
        log.party("acme", "vendor")
        log.party("smith", "customer")
        made = log.promise(giver, asker, due=day(4), at=day(0), recorder=giver)
        log.settle(made, "missed", at=day(5), recorder=asker)
        return verdict(log, day(6))

    one, other = story("acme", "smith"), story("smith", "acme")
    assert said(one) == (PromiseState.MISSED, Grade.CLAIMED, "acme")
    assert said(other) == (PromiseState.MISSED, Grade.CLAIMED, "smith")
