"""Small stories, each told in the docstring of its test as a ledger has it.

Monday is 2 March 2026; business is from nine to five. ACME sells, Smith Motors buys: Ann and
Abe are ACME's, Bob and Sue Smith's. What they agreed on is the default policy unless it is said.
"""

from __future__ import annotations

from typing import Any

from contactledger.facts import Entry
from contactledger.findings import Case, Finding, Outcome
from contactledger.judge.may_contact import may_contact
from contactledger.judge.next_steps import next_steps
from contactledger.judge.policy import DEFAULT_POLICY
from contactledger.judge.relationship import relationship
from contactledger.judge.standing import standing
from tests.judging import THIRD, Log, day, two_sides

ALL = ("email", "phone", "sms", "chat", "meeting", "visit", "letter", "ticket", "other")


def ledger(policy: str = DEFAULT_POLICY) -> Log:
    """Both sides, and collectors that listened to all channels."""
    log = two_sides(policy)
    log.coverage(*ALL, since=day(-9), until=day(300), at=day(-9))
    return log


def ticket(log: Log, **words: Any) -> Entry:
    """Bob asks ACME in a ticket, which arrives."""
    asked = log.touch("bob", "acme", **{"channel": "ticket", "at": day(0), **words})
    log.signal(asked, "delivered", at=asked.at, **THIRD)
    return asked


def case(log: Log, as_of: Any, of: Entry) -> Case:
    return next(one for one in standing(log.entries, as_of).cases if of.no in one.touches)


def of(log: Log, as_of: Any, *touches: Entry) -> list[Finding]:
    return [log.finding(touch, as_of) for touch in touches]


# --- clocks that do not restart ----------------------------------------------------------------


def test_thanks_bye_does_not_restart_a_clock() -> None:
    """Mon 10:00 Bob opens a ticket. Mon 14:00 Ann answers. Mon 14:05 Bob: "Thanks, bye."

    Bob's thanks want nothing back: a week later nothing is open, and nobody is late.
    """
    log = ledger()
    asked = ticket(log)
    answer = log.answer(asked, "ann", at=day(0, 14))
    thanks = log.answer(answer, "bob", at=day(0, 14, 5))
    assert [f.outcome for f in of(log, day(7), asked, answer, thanks)] == [
        Outcome.ANSWERED, Outcome.ANSWERED, Outcome.NOTED,
    ]  # fmt: skip
    assert log.finding(thanks, day(7)).due is None
    assert case(log, day(7), asked).onus.rule == "O9"
    assert next_steps(log.entries, day(7), party="acme") == ()


def test_thanks_in_advance_do_not_restart_the_clock_of_the_question_either() -> None:
    """Mon 10:00 Bob opens a ticket, due Tue 10:00. Mon 16:00 he writes again: "Thanks, and bye."

    The ticket is due as before.
    """
    log = ledger()
    asked = ticket(log)
    log.remind(asked, at=day(0, 16))
    assert log.finding(asked, day(0, 17)).due == day(1, 10)
    assert log.finding(asked, day(1, 11)).outcome is Outcome.IGNORED


def test_no_answer_needed_is_for_the_one_to_say_who_is_owed_it() -> None:
    """Mon 10:00 Bob opens a ticket. Mon 11:00 ACME marks it *no answer needed*; that is not
    ACME's to say. Mon 12:00 Smith Motors marks it so; nothing is wanted any more."""
    log = ledger()
    asked = ticket(log)
    log.mark(asked, "no_answer_needed", at=day(0, 11))
    assert log.finding(asked, day(2)).outcome is Outcome.IGNORED
    log.mark(asked, "no_answer_needed", at=day(0, 12), recorder="smith")
    found = log.finding(asked, day(2))
    assert (found.outcome, found.notes, "J23" in found.rules) == (
        Outcome.NOTED, ("waived", "zone_assumed"), True,
    )  # fmt: skip


def test_closing_a_case_does_not_clear_a_past_miss() -> None:
    """Mon Bob opens a ticket in a matter. Wed ACME, which did not answer, closes the matter.

    The ticket stays ignored and held against ACME, and the onus stays open.
    """
    log = ledger()
    log.matter("labels", party="smith", recorder="smith", at=day(0))
    asked = ticket(log, matter="labels")
    log.matter("labels", "closed", party="acme", at=day(2))
    found = log.finding(asked, day(5))
    assert (found.outcome, found.held_against) == (Outcome.IGNORED, "acme")
    assert str(case(log, day(5), asked).state) == "closed"
    assert case(log, day(5), asked).onus.rule == "O2"


def test_a_ticket_nobody_ever_answers_is_missed_when_its_time_is_up() -> None:
    """Mon 10:00 Bob opens a ticket; nobody ever answers, and nobody writes anything more.

    Until Tue 10:00 it is pending, a microsecond later ignored. When Ann answers on Friday it is
    answered, three days late.
    """
    log = ledger()
    asked = ticket(log)
    assert log.finding(asked, day(1, 10)).outcome is Outcome.PENDING
    assert log.finding(asked, day(1, 10).replace(microsecond=1)).outcome is Outcome.IGNORED
    log.answer(asked, "ann", at=day(4, 10))
    assert log.finding(asked, day(3)).outcome is Outcome.IGNORED
    found = log.finding(asked, day(4, 10))
    assert (found.outcome, found.late_by) == (Outcome.ANSWERED, day(4, 10) - day(1, 10))


def test_a_pause_belongs_to_the_side_that_asked_for_it() -> None:
    """Mon 10:00 Bob asks in a matter. Mon 12:00 one side pauses it until Thu 12:00.

    If ACME, which owes the answer, paused, its clock runs on: ignored on Tuesday. If Smith
    Motors paused, ACME's clock stands still: due on Friday.
    """
    due = {}
    for side in ("acme", "smith"):
        log = ledger()
        log.matter("labels", party="smith", recorder="smith", at=day(0))
        asked = ticket(log, matter="labels")
        log.matter("labels", "paused", party=side, recorder=side, at=day(0, 12))
        log.matter("labels", "resumed", party=side, recorder=side, at=day(3, 12))
        due[side] = log.finding(asked, day(9)).due
    assert due == {"acme": day(1, 10), "smith": day(4, 10)}


# --- what a policy says, played ----------------------------------------------------------------


def test_a_call_at_night_is_held_against_nobody_and_the_ledger_would_have_said_so() -> None:
    """Mon 22:00 Ann calls Bob and a machine takes it; he never calls back. Nothing is held
    against him. Asked before, the ledger would have said: tomorrow at eight."""
    log = ledger()
    may = may_contact(log.entries, "bob", "phone", at=day(0, 22), sender="acme")
    assert (may.allowed, may.earliest) == (False, day(1, 8))
    call = log.touch("ann", "bob", channel="phone", at=day(0, 22))
    log.signal(call, "voicemail", at=day(0, 22), **THIRD)
    found = log.finding(call, day(9))
    assert (found.outcome, found.held_against) == (Outcome.IGNORED, None)
    assert [v.code for v in found.violations] == ["outside_hours"]


def test_two_mails_a_month_are_owed_named_before_they_are_due_and_missed_after() -> None:
    """The vendor owes a mail every seven days. It sends one on Monday, none the week after.

    Next Sunday's list names it; on Tuesday it is overdue; a mail on Wednesday ends the gap.
    """
    log = ledger(
        '[[cadence]]\nby = "vendor"\nto = "customer"\ntouches = 1\ndays = 7\nchannels = ["email"]\n'
    )
    log.touch("ann", "bob", at=day(0), expects="nothing")
    (soon,) = next_steps(log.entries, day(6), party="acme")
    assert (soon.what, soon.due, soon.overdue) == ("keep_cadence", day(7), False)
    assert next_steps(log.entries, day(8), party="acme")[0].overdue is True
    assert next_steps(log.entries, day(8), party="smith") == ()
    log.touch("ann", "bob", at=day(9), expects="nothing")
    (kept,) = relationship(log.entries, day(10)).cadences
    assert (kept.state, kept.gaps[-1]) == ("kept", (day(7), day(9)))


def test_every_outage_is_owed_a_call_and_a_mail_is_none() -> None:
    """Two outages. Of the first Bob is told by phone within the hour, of the second by mail."""
    log = ledger(
        '[[cadence]]\nby = "vendor"\nto = "customer"\nafter = "outage"\nwithin = "4 hours"\n'
        'channels = ["phone"]\n'
    )
    for key, n in (("first", 0), ("second", 1)):
        log.milestone(key, kind="outage", at=day(n))
    log.touch("ann", "bob", channel="phone", milestone="first", at=day(0, 11), recorded=day(1))
    log.touch("ann", "bob", channel="email", milestone="second", at=day(1, 11))
    found = relationship(log.entries, day(2)).cadences
    assert [(one.milestone, one.state) for one in found] == [
        ("first", "told"), ("second", "missed"),
    ]  # fmt: skip


def test_the_first_ninety_days_are_planned_and_what_was_left_out_shows() -> None:
    """An install on Monday; the plan asks for a call in the first three days and a visit in
    the third month. The call comes and is answered; the visit never does."""
    row = '[[plan]]\nname = "{}"\nby = "vendor"\nto = "customer"\nfrom_day = {}\nto_day = {}\n'
    log = ledger(
        row.format("call", 0, 3) + 'channels = ["phone"]\n'
        + row.format("visit", 60, 90) + 'channels = ["visit"]\n'
    )  # fmt: skip
    log.milestone("install", kind="install", at=day(0))
    call = log.touch("ann", "bob", channel="phone", at=day(2))
    log.signal(call, "answered", by="human", person="bob", at=day(2), **THIRD)
    assert [
        [(plan.name, plan.state, plan.answered) for plan in relationship(log.entries, at).plans]
        for at in (day(1), day(70), day(91))
    ] == [
        [("call", "open", False), ("visit", "planned", False)],
        [("call", "done", True), ("visit", "open", False)],
        [("call", "done", True), ("visit", "missed", False)],
    ]


def test_thirty_five_calls_in_a_day_are_said_to_be_too_many_and_a_cap_binds_a_customer_too() -> (
    None
):
    """On Monday Bob calls Ann 35 times. From the ninth on they are over the cap; the ledger
    says that he is overloading her, and that he may call her again in thirty days."""
    log = ledger()
    for n in range(35):
        log.touch("bob", "ann", channel="phone", at=day(0, 9, n))
    over = [f for f in log.judge(day(1)) if any(v.code == "over_cap" for v in f.violations)]
    assert len(over) == 27
    (found,) = [r for r in relationship(log.entries, day(1)).remarks if r.code == "overloading"]
    assert (found.party, found.count, found.limit) == ("smith", 35, 10)
    may = may_contact(log.entries, "ann", "phone", at=day(1), sender="bob")
    assert (may.allowed, may.earliest) == (False, day(30, 9, 27))
    (stop,) = [s for s in next_steps(log.entries, day(1), party="smith") if s.what == "stop"]
    assert (stop.person, stop.due) == ("ann", day(30, 9, 27))


def test_a_referral_is_not_asked_of_somebody_whose_ticket_lies_there() -> None:
    """Bob's ticket of Monday was never answered. In June ACME would like a referral."""
    log = ledger()
    asked = ticket(log)
    log.touch("ann", "bob", at=day(90), expects="nothing")
    remarks = relationship(log.entries, day(91)).remarks
    (found,) = [r for r in remarks if r.party == "acme" and r.code.startswith("referral")]
    assert (found.code, found.rules, found.because) == (
        "referral_not_now", ("R4",), (asked.no,),
    )  # fmt: skip


def test_an_own_telephone_is_enough_where_both_agreed_that_it_is() -> None:
    """Ann calls and leaves a voicemail; only ACME's own telephone knows. Nothing is held, unless
    the policy says that for calls one's own word will do."""
    held = []
    for needed in ("likely", "claimed"):
        log = ledger(DEFAULT_POLICY + f'\n[evidence.silence]\nphone = "{needed}"\n')
        call = log.touch("ann", "bob", channel="phone", at=day(0), system="own")
        log.signal(call, "voicemail", at=day(0), system="own")
        held.append(log.finding(call, day(9)).held_against)
    assert held == [None, "smith"]


def test_the_owner_is_turned_to_when_the_ladder_says_the_owner() -> None:
    """The ladder's last step wants somebody with the duty *owner*. Ann asks Bob, then writes to
    Max, a level above him and no owner; only the letter to Eve, who is, climbs the rung."""
    log = ledger(
        '[[window]]\nwithin = "1 day"\n'
        '[[ladder]]\nstep = "level_higher"\nafter = "2 days"\nto = ["owner"]\n'
    )
    log.person("max", "smith", level=1)
    log.person("eve", "smith", level=2, duties=("owner",))
    asked = log.touch("ann", "bob", matter="rel", expects="reply", at=day(0))
    log.signal(asked, "delivered", at=day(0), **THIRD)
    (step,) = next_steps(log.entries, day(3), party="acme")
    assert (step.what, step.rung, step.person) == ("climb", "level_higher", "eve")
    log.touch("ann", "max", matter="rel", expects="nothing", at=day(3))
    assert case(log, day(4), asked).onus.rule == "O2"
    log.touch("ann", "eve", matter="rel", expects="nothing", at=day(4))
    turn = case(log, day(5), asked).onus
    assert (turn.rule, turn.party, turn.diligence) == ("O3", "smith", True)


def test_a_new_policy_judges_nothing_anew() -> None:
    """Ann's letter of Monday was ignored by Friday's due. On Saturday both adopt a policy that
    refuses letters, allows a month, and owes two mails a week; Monday's letter is as it was."""
    log = ledger()
    letter = log.touch("ann", "bob", channel="letter", at=day(0))
    log.signal(letter, "delivered", at=day(0), **THIRD)
    before = log.finding(letter, day(9))
    log.adopt(
        'refused_channels = ["letter"]\n[[window]]\nwithin = "30 days"\n'
        '[[cadence]]\nby = "vendor"\nto = "customer"\ntouches = 2\ndays = 7\n',
        at=day(5),
    )
    assert log.finding(letter, day(9)) == before
    assert (before.outcome, before.held_against) == (Outcome.IGNORED, "smith")
    (owed,) = relationship(log.entries, day(9)).cadences
    assert (owed.since, owed.due, owed.state) == (day(5), day(12), "kept")
