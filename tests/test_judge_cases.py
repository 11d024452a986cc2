"""Matters followed over touches, promises and handoffs (J50), and what a pause and a
closing word do."""

from __future__ import annotations

from datetime import datetime
from itertools import pairwise
from typing import Any

from contactledger.facts import Money
from contactledger.findings import Case, HandoffFinding
from contactledger.judge.cases import cases
from contactledger.judge.matters import Pause, pauses
from contactledger.judge.policy import DEFAULT_POLICY
from contactledger.judge.promises import promise_findings
from contactledger.vocabulary import MatterState
from tests.judging import THIRD, Log, day, two_sides


def followed(log: Log, as_of: datetime) -> tuple[Case, ...]:
    view = log.view(as_of)
    return cases(view, log.judge(as_of), promise_findings(view))


def one_case(log: Log, as_of: datetime) -> Case:
    (found,) = followed(log, as_of)
    return found


def chain(policy: str = DEFAULT_POLICY) -> Log:
    """A customer, the maker, two business partners and a liaison; the customer's credit."""
    log = Log(policy)
    log.party("maker", "vendor")
    log.party("smith", "customer")
    log.party("first", "partner")
    log.party("second", "partner")
    log.party("liaison", "consultant")
    log.matter("credit", at=day(0), recorder="smith", stake=Money(189500, "USD"))
    return log


def offer(log: Log, giver: str, taker: str, **words: Any) -> Any:
    return log.handoff("credit", giver, taker, recorder=giver, **words)


def states(case: Case) -> list[str]:
    return [handoff.state for handoff in case.handoffs]


def balls(case: Case) -> list[tuple[str, datetime, datetime | None]]:
    return [(hold.party, hold.since, hold.until) for hold in case.holds]


# --- handoffs --------------------------------------------------------------------------------


def test_j50_a_handoff_leaves_the_ball_with_its_giver_until_accepted() -> None:
    log = chain()
    made = offer(log, "maker", "first", at=day(1))
    case = one_case(log, day(1, 12))
    assert (case.holder, case.holder_since) == ("maker", day(1))
    assert case.handoffs == (
        HandoffFinding(
            no=made.no,
            giver="maker",
            taker="first",
            at=day(1),
            due=day(2),
            state="offered",
            answered_no=None,
            circle=False,
            rules=("J50",),
        ),
    )
    answer = offer(log, "maker", "first", word="accepted", answers=made.id, at=day(1, 13))
    case = one_case(log, day(2))
    assert (case.holder, case.holder_since) == ("first", day(1, 13))
    assert (states(case), case.handoffs[0].answered_no) == (["accepted"], answer.no)


def test_j50_acting_on_the_matter_accepts() -> None:
    acts: list[Any] = [
        lambda log: log.touch("first", "smith", matter="credit", at=day(2), recorder="first"),
        lambda log: log.promise("first", "smith", matter="credit", at=day(2)),
        lambda log: log.matter("credit", "paused", at=day(2), recorder="first"),
        lambda log: offer(log, "first", "second", at=day(2)),
    ]
    for act in acts:
        log = chain()
        offer(log, "maker", "first", at=day(1))
        done = act(log)
        case = one_case(log, day(2, 11))
        assert case.handoffs[0].state == "accepted"
        assert case.handoffs[0].answered_no == done.no
        assert (case.holder, case.holder_since) == ("first", day(2))


def test_j50_what_the_taker_did_before_the_offer_accepts_nothing() -> None:
    log = chain()
    log.touch("first", "smith", matter="credit", at=day(0, 12), recorder="first")
    offer(log, "maker", "first", at=day(1))
    assert states(one_case(log, day(1, 11))) == ["offered"]


def test_j50_somebody_whom_the_log_does_not_know_accepts_nothing() -> None:
    log = chain()
    offer(log, "maker", "first", at=day(1))
    log.touch("stranger", "smith", matter="credit", at=day(1, 11), recorder="smith")
    assert states(one_case(log, day(1, 12))) == ["offered"]


def test_j50_refusing_returns_it() -> None:
    log = chain()
    made = offer(log, "maker", "first", at=day(1))
    refusal = offer(log, "maker", "first", word="refused", answers=made.id, at=day(3))
    case = one_case(log, day(9))
    assert (states(case), case.handoffs[0].answered_no) == (["refused"], refusal.no)
    assert (case.holder, case.circles) == ("maker", 0)


def test_j50_a_ball_given_back_after_it_was_taken_is_a_circle() -> None:
    log = chain()
    made = offer(log, "maker", "first", at=day(1))
    log.touch("first", "smith", matter="credit", at=day(2), recorder="first")
    offer(log, "maker", "first", word="refused", answers=made.id, at=day(3))
    case = one_case(log, day(5))
    assert states(case) == ["refused"]
    assert balls(case)[-3:] == [
        ("maker", day(1), day(2)),
        ("first", day(2), day(3)),
        ("maker", day(3), None),
    ]
    assert (case.circles, case.handoffs[0].circle) == (1, True)


def test_j50_acting_after_refusing_accepts_nothing_and_saying_so_does() -> None:
    log = chain()
    made = offer(log, "maker", "first", at=day(1))
    offer(log, "maker", "first", word="refused", answers=made.id, at=day(2))
    log.touch("first", "smith", matter="credit", at=day(3), recorder="first")
    assert states(one_case(log, day(4))) == ["refused"]
    offer(log, "maker", "first", word="accepted", answers=made.id, at=day(5))
    case = one_case(log, day(6))
    assert (states(case), case.holder) == (["accepted"], "first")


def test_j50_after_the_takers_window_it_reads_never_taken_up() -> None:
    log = chain()
    offer(log, "maker", "first", at=day(1))
    assert states(one_case(log, day(2))) == ["offered"]
    late = one_case(log, day(2, 10, 1))
    assert (states(late), late.holder) == (["never_taken_up"], "maker")


def test_j50_the_takers_own_zone_and_window_count() -> None:
    text = "rules = 1\nnext_answer = '2 days'\n"
    log = Log(text)
    log.party("maker", "vendor")
    log.party("first", "partner", zone="America/New_York")
    offer(log, "maker", "first", at=day(1, 3))
    (handoff,) = one_case(log, day(2)).handoffs
    assert handoff.due == day(3, 14)  # Monday evening there: from Tuesday at nine, two days on


def test_j50_without_any_window_an_offer_stays_an_offer() -> None:
    log = chain("rules = 1\n")
    offer(log, "maker", "first", at=day(1))
    (handoff,) = one_case(log, day(900)).handoffs
    assert (handoff.due, handoff.state) == (None, "offered")


def test_j50_an_acceptance_that_the_taker_disputes_is_none() -> None:
    log = chain()
    made = offer(log, "maker", "first", at=day(1))
    answer = offer(log, "maker", "first", word="accepted", answers=made.id, at=day(2))
    assert one_case(log, day(3)).holder == "first"
    log.mark(answer, "acknowledged", at=day(3), recorder="maker")
    assert one_case(log, day(3)).holder == "first"
    log.mark(answer, "disputed", at=day(4), recorder="first")
    assert one_case(log, day(5)).holder == "maker"


def test_j50_a_party_cannot_dispute_its_own_acceptance() -> None:
    log = chain()
    made = offer(log, "maker", "first", at=day(1))
    answer = log.handoff(
        "credit", "maker", "first", word="accepted", answers=made.id, at=day(2), recorder="first"
    )
    log.mark(answer, "disputed", at=day(4), recorder="first")
    assert one_case(log, day(5)).holder == "first"


def test_j50_a_ball_that_comes_back_to_a_party_that_had_it_is_a_circle() -> None:
    log = chain()
    ring = ["maker", "first", "second", "liaison", "maker"]
    for n, (giver, taker) in enumerate(pairwise(ring)):
        made = offer(log, giver, taker, at=day(n + 1))
        offer(log, giver, taker, word="accepted", answers=made.id, at=day(n + 1, 12))
    case = one_case(log, day(7))
    assert (case.holder, case.circles) == ("maker", 1)
    assert [handoff.circle for handoff in case.handoffs] == [False, False, False, True]
    assert case.parties == ("smith", "maker", "first", "second", "liaison")
    held = dict(case.days_held)
    assert list(held) == ["smith", "maker", "first", "second", "liaison"]
    assert held["smith"] == 1.0
    assert held["first"] == 1.0
    assert abs(held["maker"] - (2 / 24 + 2 + 22 / 24)) < 1e-9
    assert sum(held.values()) == 7.0


def test_j50_a_ball_passed_on_and_back_within_a_moment_was_never_away_and_is_a_circle() -> None:
    log = chain()
    first = offer(log, "maker", "first", at=day(1))
    offer(log, "maker", "first", word="accepted", answers=first.id, at=day(2))
    back = offer(log, "first", "maker", at=day(2))
    offer(log, "first", "maker", word="accepted", answers=back.id, at=day(2))
    case = one_case(log, day(3))
    assert balls(case) == [("smith", day(0), day(1)), ("maker", day(1), None)]
    assert case.circles == 1


def test_an_offer_that_names_no_giver_is_its_recorders_and_may_open_the_matter() -> None:
    log = Log()
    made = log.handoff("credit", None, None, at=day(1), recorder="maker")  # type: ignore[arg-type]
    log.handoff("other", "x", "y", word="accepted", answers="nothing", at=day(1))
    case = one_case(log, day(9))
    assert (case.opened_by, case.opened_at, case.holder) == ("maker", day(1), "maker")
    assert case.parties == ("maker",)
    assert case.because == (made.no,)


# --- the ball without handoffs ---------------------------------------------------------------


def test_a_question_gives_the_ball_to_the_party_asked_and_the_answer_gives_it_back() -> None:
    log = two_sides()
    log.matter("install", at=day(0))
    asked = log.touch("ann", "bob", channel="phone", matter="install", at=day(0, 11))
    log.answer(asked, "bob", matter="install", at=day(0, 14))
    again = log.touch("bob", "ann", expects="reply", matter="install", at=day(0, 15))
    case = one_case(log, day(1))
    assert balls(case) == [
        ("acme", day(0), day(0, 11)),
        ("smith", day(0, 11), day(0, 14)),
        ("acme", day(0, 14), None),
    ]
    assert case.touches == (asked.no, asked.no + 1, again.no)


def test_a_notice_moves_no_ball() -> None:
    log = two_sides()
    log.matter("install", at=day(0))
    log.touch("ann", "bob", purpose="notice", matter="install", at=day(0, 11))
    assert one_case(log, day(1)).holder == "acme"


def test_an_answer_at_the_moment_of_the_question_moves_no_ball() -> None:
    log = two_sides()
    log.matter("install", at=day(0))
    call = log.touch("ann", "bob", channel="phone", matter="install", at=day(0, 11))
    log.signal(call, "answered", by="human", person="bob", at=day(0, 11), **THIRD)
    assert balls(one_case(log, day(1))) == [("acme", day(0), None)]


def test_the_ball_of_a_reminder_is_where_it_was() -> None:
    log = two_sides()
    call = log.touch("ann", "bob", channel="phone", at=day(0, 11))
    log.remind(call, at=day(1, 11))
    assert balls(one_case(log, day(2))) == [("smith", day(0, 11), None)]


# --- which matters there are -----------------------------------------------------------------


def test_without_a_matter_a_root_touch_with_answers_and_reminders_is_one() -> None:
    log = two_sides()
    first = log.touch("ann", "bob", channel="phone", at=day(0))
    again = log.remind(first, at=day(2))
    back = log.answer(again, "bob", at=day(3))
    other = log.touch("ann", "sue", channel="phone", at=day(1))
    one, two = followed(log, day(4))
    assert (one.matter, one.named, one.touches) == (first.id, False, (first.no, again.no, back.no))
    assert (two.matter, two.touches) == (other.id, (other.no,))
    assert (one.opened_by, one.parties, one.opened_at) == ("acme", ("acme", "smith"), day(0))


def test_an_unnamed_matter_is_closed_when_everything_in_it_is_settled() -> None:
    log = two_sides()
    call = log.touch("ann", "bob", channel="phone", at=day(0))
    assert one_case(log, day(0, 11)).state is MatterState.OPENED
    log.answer(call, "bob", at=day(0, 12))
    case = one_case(log, day(4))
    assert (case.state, case.closed_at) == (MatterState.CLOSED, day(0, 12))
    assert (case.holder, case.holder_since, case.onus.party) == (None, None, None)
    assert balls(case)[-1][2] == day(0, 12)


def test_a_promise_that_belongs_to_no_matter_is_one_of_its_own() -> None:
    log = two_sides()
    made = log.promise("ann", "bob", due=day(4), at=day(0))
    case = one_case(log, day(5))
    assert (case.matter, case.named, case.promises, case.touches) == (
        made.id,
        False,
        (made.no,),
        (),
    )
    assert (case.state, case.onus.rule, case.onus.party) == (MatterState.OPENED, "O1", "acme")
    log.settle(made, "kept", at=day(6))
    case = one_case(log, day(7))
    assert (case.state, case.closed_at) == (MatterState.CLOSED, day(6))


def test_a_matter_that_is_only_named_by_touches_and_promises_is_a_case_too() -> None:
    log = two_sides()
    mail = log.touch("stranger", "bob", matter="install", at=day(1), recorder="smith")
    made = log.promise("ann", "bob", matter="install", at=day(0))
    case = one_case(log, day(5))
    assert (case.named, case.opened_at, case.opened_by) == (True, day(0), "acme")
    assert case.because == (mail.no, made.no)
    assert case.rules == ("J49", "J52", case.onus.rule)


def test_stake_and_worth_are_those_last_said() -> None:
    log = chain()
    log.matter("credit", at=day(1), recorder="smith", worth=Money(200_000_000, "USD"))
    case = one_case(log, day(2))
    assert (case.stake, case.worth) == (Money(189500, "USD"), Money(200_000_000, "USD"))


def test_cases_are_ordered_by_when_they_were_opened() -> None:
    log = two_sides()
    log.matter("late", at=day(3))
    log.touch("ann", "bob", at=day(4), matter="late")
    first = log.touch("ann", "bob", at=day(1), recorded=day(5))
    assert [case.matter for case in followed(log, day(6))] == [first.id, "late"]


# --- pausing and closing ---------------------------------------------------------------------


def test_a_pause_is_the_word_of_a_party_and_lasts_until_somebody_ends_it() -> None:
    log = chain()
    paused = log.matter("credit", "paused", at=day(1), recorder="smith")
    resumed = log.matter("credit", "resumed", at=day(2), recorder="maker")
    again = log.matter("credit", "paused", at=day(3), recorder="maker", party="smith")
    both = log.matter("credit", "paused", at=day(4), recorder="smith")
    view = log.view(day(5))
    assert pauses(view, "credit") == (
        Pause("smith", day(1), day(2), (paused.no, resumed.no)),
        Pause("maker", day(3), None, (again.no,)),
        Pause("smith", day(4), None, (both.no,)),
    )
    assert pauses(view, "nothing") == ()
    assert one_case(log, day(5)).state is MatterState.PAUSED
    log.matter("credit", "resumed", at=day(6), recorder="smith")
    assert one_case(log, day(7)).state is MatterState.OPENED


def test_a_closed_matter_ends_its_holds() -> None:
    log = chain()
    log.matter("credit", "closed", at=day(4), recorder="smith")
    late = offer(log, "maker", "first", at=day(6))
    case = one_case(log, day(9))
    assert (case.state, case.closed_at, case.holder) == (MatterState.CLOSED, day(4), None)
    assert balls(case) == [("smith", day(0), day(4))]
    assert case.days_held == (("smith", 4.0),)
    assert case.handoffs[0].no == late.no


def test_j23_closing_clears_nothing_that_the_closer_owes() -> None:
    def closed_by(party: str) -> Case:
        log = two_sides()
        log.matter("bug", at=day(0), recorder="smith")
        log.touch("bob", "ann", channel="ticket", matter="bug", at=day(0), recorder="acme")
        log.coverage("ticket", since=day(0), until=day(30), at=day(0))
        log.matter("bug", "closed", at=day(5), recorder=party)
        return one_case(log, day(9))

    by_vendor, by_customer = closed_by("acme"), closed_by("smith")
    assert by_vendor.state is by_customer.state is MatterState.CLOSED
    assert (by_vendor.onus.rule, by_vendor.onus.party) == ("O2", "smith")
    assert (by_vendor.holder, by_vendor.closed_at) == ("acme", day(5))
    assert (by_customer.onus.rule, by_customer.holder) == ("O9", None)


def test_j44_a_handoff_is_judged_by_the_policy_in_force_when_it_was_offered() -> None:
    log = chain("rules = 1\n")
    first = offer(log, "maker", "first", at=day(1))
    log.adopt(DEFAULT_POLICY, at=day(3))
    second = offer(log, "maker", "second", at=day(4))
    case = one_case(log, day(9))
    assert [handoff.due for handoff in case.handoffs] == [None, day(7)]
    view = log.view(day(9), what_if=DEFAULT_POLICY)
    (tried,) = cases(view, (), ())
    assert [(handoff.no, handoff.due) for handoff in tried.handoffs] == [
        (first.no, day(2)),
        (second.no, day(7)),
    ]


def test_j50_a_question_that_failed_leaves_the_ball_where_it_was() -> None:
    log = two_sides()
    log.matter("m", at=day(0))
    failed = log.touch("ann", "bob", channel="phone", matter="m", at=day(1))
    log.signal(failed, "busy", person="bob", at=day(1), **THIRD)
    assert balls(one_case(log, day(20))) == [("acme", day(0), None)]
    reached = log.touch("ann", "bob", channel="phone", matter="m", at=day(2))
    log.signal(reached, "voicemail", person="bob", at=day(2), **THIRD)
    assert balls(one_case(log, day(20))) == [("acme", day(0), day(2)), ("smith", day(2), None)]
