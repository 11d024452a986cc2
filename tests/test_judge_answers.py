"""What answers a touch, what may, and who waives: J4, J16, J19 to J24, J36."""

from __future__ import annotations

from datetime import timedelta

import pytest

from contactledger.facts import Entry
from contactledger.findings import Column, Grade, Outcome, Reach, Standing
from contactledger.judge.standing import standing
from tests.judging import OWN, THIRD, Log, day, two_sides

LATER = day(20)


def ticket() -> tuple[Log, Entry]:
    """Bob's ticket of Monday ten o'clock; due on Tuesday at ten."""
    log = two_sides()
    return log, log.touch("bob", "ann", channel="ticket", at=day(0))


def call() -> tuple[Log, Entry]:
    """Ann's call of Monday ten o'clock, taken by a voicemail; due on Tuesday at ten."""
    log = two_sides()
    touch = log.touch("ann", "bob", channel="phone", at=day(0))
    log.signal(touch, "voicemail", at=day(0), **THIRD)
    return log, touch


def column(found: Standing, party: str) -> Column:
    return next(column for column in found.columns if column.party == party)


def test_j4_another_party_answers_in_one_s_stead_only_after_a_handoff_of_the_matter() -> None:
    log = two_sides()
    log.party("prime", "partner")
    log.person("pia", "prime")
    asked = log.touch("bob", "ann", channel="ticket", matter="credit", at=day(0))
    log.answer(asked, "pia", at=day(0, 12))
    assert log.finding(asked, LATER).outcome is Outcome.IGNORED
    log.handoff("credit", "acme", "prime", at=day(0, 13))
    log.answer(asked, "pia", at=day(0, 14))
    found = log.finding(asked, LATER)
    assert (found.outcome, found.settled_at) == (Outcome.ANSWERED, day(0, 14))
    assert ("J4" in found.rules, "stand_in" in found.notes) == (True, True)


def test_j4_a_matter_handed_on_twice_may_be_answered_by_the_second_taker() -> None:
    log = two_sides()
    for party in ("first", "second"):
        log.party(party, "partner")
    asked = log.touch("bob", "ann", channel="ticket", matter="credit", at=day(0))
    log.handoff("credit", "acme", "first", at=day(0, 11))
    log.handoff("credit", "first", "second", at=day(0, 12))
    log.answer(asked, "second", at=day(0, 14))
    assert log.finding(asked, LATER).outcome is Outcome.ANSWERED


def test_j4_a_refused_handoff_and_one_without_a_taker_let_nobody_answer() -> None:
    log = two_sides()
    log.party("prime", "partner")
    asked = log.touch("bob", "ann", channel="ticket", matter="credit", at=day(0))
    offer = log.handoff("credit", "acme", "prime", at=day(0, 11))
    log.handoff("credit", "acme", None, at=day(0, 11))
    log.handoff("credit", "acme", "prime", word="refused", answers=offer.id, at=day(0, 12))
    log.answer(asked, "prime", at=day(0, 14))
    log.answer(asked, "a-stranger", at=day(0, 15))
    assert log.finding(asked, LATER).outcome is Outcome.IGNORED


def test_j16_an_answer_that_failed_does_not_answer_but_its_sender_is_not_held() -> None:
    log, asked = ticket()
    answer = log.answer(asked, "ann", channel="email", at=day(0, 12))
    log.signal(answer, "bounced", at=day(0, 13), **THIRD)
    found = log.finding(asked, LATER)
    assert (found.outcome, found.held_against) == (Outcome.IGNORED, None)
    assert ("J16" in found.rules, "answer_failed" in found.notes) == (True, True)
    log.answer(asked, "ann", at=day(0, 14))
    found = log.finding(asked, LATER)
    assert (found.outcome, "answer_failed" in found.notes) == (Outcome.ANSWERED, False)


def test_j19_an_answer_settles_each_touch_it_names_against_its_own_due() -> None:
    log, first = ticket()
    second = log.touch("bob", "ann", channel="ticket", at=day(1, 12))
    answer = log.answer([first, second], "ann", at=day(2, 10))
    assert [(f.outcome, f.late, f.answered_by) for f in log.judge(LATER)[:2]] == [
        (Outcome.ANSWERED, True, (answer.no,)),
        (Outcome.ANSWERED, False, (answer.no,)),
    ]


def test_j20_one_silence_counts_once_and_the_original_s_due_stands() -> None:
    log, asked = ticket()
    reminder = log.remind(asked, at=day(3))
    first, second = log.judge(LATER)
    assert (first.outcome, first.held_against, first.reminders) == (
        Outcome.IGNORED, "acme", (reminder.no,),
    )  # fmt: skip
    assert (second.outcome, second.held_against, second.original) == (
        Outcome.IGNORED, None, asked.id,
    )  # fmt: skip
    assert first.due == second.due == day(1)


def test_j20_one_answer_settles_the_chain_and_a_reminder_of_a_reminder() -> None:
    log, asked = ticket()
    reminder = log.remind(asked, at=day(0, 12))
    again = log.remind(reminder, at=day(0, 14))
    log.answer(again, "ann", at=day(0, 16))
    log.answer([asked, again], "ann", at=day(0, 17))
    found = log.judge(LATER)[:3]
    assert [(f.outcome, f.settled_at, f.late) for f in found] == [
        (Outcome.ANSWERED, day(0, 16), False)
    ] * 3
    assert [f.original for f in found] == [None, asked.id, asked.id]


def test_j20_what_settles_the_chain_settles_a_reminder_that_came_later() -> None:
    log = two_sides()
    mail = log.touch("ann", "bob", tracked=True, at=day(0))
    log.remind(mail, at=day(1))
    log.signal(mail, "opened", by="human", at=day(2), **THIRD)
    assert [(f.outcome, f.reach) for f in log.judge(LATER)] == [(Outcome.SEEN, Reach.SEEN)] * 2


def test_j20_a_reminder_that_failed_or_may_not_have_arrived_says_so() -> None:
    log, asked = call()
    failed = log.remind(asked, at=day(2))
    log.signal(failed, "busy", at=day(2), **OWN)
    log.remind(asked, channel="email", at=day(3))
    assert [f.outcome for f in log.judge(LATER)] == [
        Outcome.IGNORED, Outcome.UNREACHED, Outcome.UNPROVEN,
    ]  # fmt: skip


def test_j20_a_chain_is_as_far_as_its_furthest_touch_and_starts_at_first_delivery() -> None:
    log = two_sides()
    letter = log.touch("ann", "bob", channel="letter", at=day(0))
    log.signal(letter, "bounced", at=day(1), **THIRD)
    again = log.remind(letter, at=day(7))
    log.signal(again, "delivered", at=day(7), **THIRD)
    first, _ = log.judge(day(20))
    assert (first.reach, first.starts, first.due) == (Reach.DELIVERED, day(7), day(10))
    assert (first.outcome, first.held_against) == (Outcome.IGNORED, "smith")
    assert [(r.person, r.reach) for r in first.rows] == [("bob", Reach.DELIVERED)]


def test_j20_a_person_failed_only_if_every_try_failed() -> None:
    log = two_sides()
    letter = log.touch("ann", "bob", channel="letter", at=day(0))
    log.signal(letter, "bounced", at=day(1), **THIRD)
    again = log.remind(letter, at=day(7))
    first, second = log.judge(day(20))
    assert [first.rows[0].reach, second.rows[0].reach] == [Reach.SENT, Reach.SENT]
    log.signal(again, "bounced", at=day(8), **THIRD)
    first, second = log.judge(day(20))
    assert (first.outcome, first.rows[0].reach) == (Outcome.UNREACHED, Reach.FAILED)


def test_j20_a_reminder_that_carries_the_delivery_must_keep_the_policy_too() -> None:
    log = two_sides()
    call = log.touch("ann", "bob", channel="phone", at=day(0))
    log.signal(call, "no_answer", at=day(0), **THIRD)
    again = log.remind(call, at=day(0, 23))
    log.signal(again, "voicemail", at=day(0, 23), **THIRD)
    first, second = log.judge(LATER)
    assert (first.outcome, first.held_against) == (Outcome.IGNORED, None)
    assert [(v.code, v.reminder) for v in first.violations] == [("outside_hours", again.no)]
    assert [(v.code, v.reminder) for v in second.violations] == [("outside_hours", None)]
    assert column(standing(log.entries, LATER), "acme").violations == 1


def test_j20_a_reminder_by_another_party_is_a_touch_of_its_own() -> None:
    log, asked = ticket()
    log.party("prime", "partner")
    log.touch("prime", "ann", channel="ticket", reminds=asked.id, at=day(3))
    assert [(f.sender, f.held_against, f.original) for f in log.judge(LATER)] == [
        ("smith", "acme", None),
        ("prime", "acme", None),
    ]


def test_j21_an_answer_wants_nothing_unless_it_says_so_then_the_next_window_runs() -> None:
    log, asked = ticket()
    log.answer(asked, "ann", at=day(0, 12))
    log.answer(asked, "ann", expects="reply", at=day(0, 13))
    _, quiet, asking = log.judge(LATER)
    assert (quiet.outcome, quiet.due) == (Outcome.NOTED, None)
    assert (asking.due, "J21" in asking.rules) == (day(2, 13), True)


def test_j21_further_asking_does_not_restart_the_clock() -> None:
    log, _ = ticket()
    log.touch("bob", "ann", channel="ticket", at=day(0, 15))
    assert [f.due for f in log.judge(LATER)] == [day(1), day(1, 15)]


def test_j22_a_call_back_without_a_link_is_a_possible_answer_and_spares_the_receiver() -> None:
    log, asked = call()
    back = log.touch("bob", "ann", channel="phone", at=day(0, 15))
    found = log.finding(asked, LATER)
    assert (found.outcome, found.held_against, found.possible) == (
        Outcome.IGNORED, None, (back.no,),
    )  # fmt: skip
    assert ("J22" in found.rules, "possible_answer" in found.notes) == (True, True)


@pytest.mark.parametrize("recorder", ["acme", "smith"])
def test_j22_denied_by_either_party_the_silence_counts_again(recorder) -> None:
    log, asked = call()
    back = log.touch("bob", "ann", channel="phone", at=day(0, 15))
    log.mark(back, "acknowledged", at=day(1))
    log.mark(back, "not_an_answer", recorder="prime", at=day(1))
    assert log.finding(asked, LATER).possible == (back.no,)
    log.mark(back, "not_an_answer", recorder=recorder, at=day(1))
    found = log.finding(asked, LATER)
    assert (found.possible, found.held_against) == ((), "smith")


@pytest.mark.parametrize(
    ("recorder", "grade"), [("acme", Grade.CONFIRMED), ("smith", Grade.CLAIMED)]
)
def test_j22_linked_afterwards_it_answers_graded_by_who_linked_it(recorder, grade) -> None:
    log, asked = call()
    back = log.touch("bob", "ann", channel="phone", recorder="smith", at=day(0, 15))
    log.signal(asked, "answered", answer=back.id, recorder=recorder, at=day(3))
    found = log.finding(asked, LATER)
    assert (found.outcome, found.settled_at, found.grade) == (
        Outcome.ANSWERED, day(0, 15), grade,
    )  # fmt: skip
    assert (found.answered_by, found.possible) == ((back.no,), ())
    linked = log.finding(back, LATER)
    assert (linked.outcome, linked.matter) == (Outcome.NOTED, asked.id)


def test_j22_a_link_to_an_act_that_nobody_wrote_down_counts_by_its_own_time() -> None:
    log, asked = call()
    link = log.signal(asked, "answered", answer="elsewhere", by="human", at=day(0, 16))
    found = log.finding(asked, LATER)
    assert (found.outcome, found.settled_at, found.answered_by) == (
        Outcome.ANSWERED, day(0, 16), (link.no,),
    )  # fmt: skip


def test_j22_a_machine_s_link_to_nothing_answers_nothing() -> None:
    log, asked = call()
    log.signal(asked, "answered", answer="elsewhere", by="machine", at=day(0, 16))
    assert log.finding(asked, LATER).outcome is Outcome.IGNORED


def test_j22_what_is_linked_elsewhere_or_told_to_everybody_is_no_possible_answer() -> None:
    log, asked = call()
    other = log.touch("ann", "bob", channel="ticket", at=day(0, 11))
    log.answer(other, "bob", at=day(0, 15))
    log.touch("bob", "ann", broadcast=True, at=day(0, 15))
    log.touch("bob", "ann", campaign="spring", at=day(0, 15))
    log.remind(log.touch("bob", "ann", at=day(-20)), at=day(0, 15))
    assert log.finding(asked, LATER).possible == ()


def test_j22_an_act_in_another_named_matter_or_long_after_is_no_possible_answer() -> None:
    log = two_sides()
    asked = log.touch("ann", "bob", channel="phone", matter="credit", at=day(0))
    log.signal(asked, "voicemail", at=day(0), **THIRD)
    log.touch("bob", "ann", channel="phone", matter="install", at=day(0, 12))
    log.touch("bob", "ann", channel="phone", at=day(2, 10) + timedelta(seconds=1))
    assert log.finding(asked, LATER).possible == ()
    named = log.touch("bob", "ann", channel="phone", matter="credit", at=day(0, 15), recorded=LATER)
    loose = log.touch("bob", "ann", channel="phone", at=day(2), recorded=LATER)
    assert log.finding(asked, LATER).possible == (named.no, loose.no)


def test_j22_an_act_in_a_named_matter_is_no_possible_answer_to_what_belongs_to_none() -> None:
    log, asked = call()
    log.touch("bob", "ann", channel="phone", matter="install", at=day(0, 12))
    found = log.finding(asked, LATER)
    assert (found.possible, found.held_against) == ((), "smith")


def test_j22_the_matter_of_a_question_is_that_of_its_chain() -> None:
    log = two_sides()
    root = log.touch("bob", "ann", channel="phone", matter="credit", at=day(0))
    back = log.answer(root, "ann", expects="response", at=day(0, 11))
    log.signal(back, "voicemail", at=day(0, 11), **THIRD)
    again = log.touch("bob", "ann", channel="phone", matter="credit", at=day(0, 15))
    assert log.finding(back, LATER).possible == (again.no,)


@pytest.mark.parametrize(
    ("asked", "act", "may"),
    [
        (["sync"], ["credit"], False),
        (["sync", "stock"], ["credit", "stock"], True),
        (["sync"], [], True),
        ([], ["credit"], True),
        ([], [], True),
    ],
)
def test_j22_an_act_about_other_topics_is_no_possible_answer(asked, act, may) -> None:
    log = two_sides()
    touch = log.touch("ann", "bob", channel="phone", topics=asked, at=day(0))
    log.signal(touch, "voicemail", at=day(0), **THIRD)
    back = log.touch("bob", "ann", channel="phone", topics=act, at=day(0, 15))
    assert log.finding(touch, LATER).possible == (back.no,) * may


def test_j23_only_the_party_that_is_owed_an_answer_may_waive_it() -> None:
    log, asked = ticket()
    log.mark(asked, "no_answer_needed", at=day(0, 12))
    assert log.finding(asked, LATER).outcome is Outcome.IGNORED
    mark = log.mark(asked, "no_answer_needed", recorder="smith", at=day(1))
    found = log.finding(asked, LATER)
    assert (found.outcome, found.held_against, mark.no in found.because) == (
        Outcome.NOTED, None, True,
    )  # fmt: skip
    assert ("J23" in found.rules, "waived" in found.notes) == (True, True)


def test_j23_a_waiver_after_due_clears_no_past_miss() -> None:
    log, asked = ticket()
    log.mark(asked, "no_answer_needed", recorder="smith", at=day(1, 10, 1))
    found = log.finding(asked, LATER)
    assert (found.outcome, found.held_against) == (Outcome.IGNORED, "acme")
    assert "waived_after_due" in found.notes


def test_j24_an_answer_dated_before_the_touch_counts_within_the_skew() -> None:
    log, asked = ticket()
    log.answer(asked, "ann", at=day(0) - timedelta(minutes=5), recorded=day(0))
    found = log.finding(asked, LATER)
    assert (found.outcome, found.settled_at, "J24" in found.rules) == (
        Outcome.ANSWERED, day(0), True,
    )  # fmt: skip


def test_j24_one_dated_long_before_is_a_conflict() -> None:
    log, asked = ticket()
    log.answer(asked, "ann", at=day(0) - timedelta(minutes=6), recorded=day(0))
    found = log.finding(asked, LATER)
    assert (found.outcome, "answer_before_touch" in found.notes) == (Outcome.IGNORED, True)
    line = next(line for line in found.evidence if line.what == "answer")
    assert (line.lifts, line.caveats) == (None, ("answer_before_touch",))


def test_j36_an_answer_on_the_answerer_s_word_alone_recorded_after_due() -> None:
    log, asked = ticket()
    log.answer(asked, "ann", channel="phone", at=day(0, 12), recorded=day(3))
    found = log.finding(asked, LATER)
    assert (found.outcome, found.late, found.grade) == (Outcome.ANSWERED, False, Grade.CLAIMED)
    assert ("J36" in found.rules, "said_after_due" in found.notes) == (True, True)


def test_j36_said_in_time_it_is_claimed_and_no_more_is_said() -> None:
    log, asked = ticket()
    log.answer(asked, "ann", channel="phone", at=day(0, 12), recorded=day(1))
    found = log.finding(asked, LATER)
    assert (found.grade, "said_after_due" in found.notes) == (Grade.CLAIMED, False)
