"""What a party should do next (N1 to N10)."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import pytest
from hypothesis import given, settings

from contactledger.advice import NextStep
from contactledger.errors import NotFound
from contactledger.judge.next_steps import next_steps, next_steps_of
from contactledger.judge.policy import DEFAULT_POLICY
from contactledger.judge.questions import judged_already
from contactledger.judge.rules import RULES
from contactledger.judge.rules_next import NEXT_RULES
from contactledger.judge.standing import standing
from contactledger.vocabulary import Channel, Purpose
from tests.judging import THIRD, Log, day, logs, moments, stripped, two_sides

ALL = ("email", "phone", "sms", "chat", "meeting", "visit", "letter", "ticket", "other")


def steps(log: Log, as_of: datetime, party: str = "acme", what: str = "") -> list[NextStep]:
    found = next_steps(log.entries, as_of, party=party)
    return [step for step in found if what in ("", step.what)]


def house(policy: str = DEFAULT_POLICY) -> Log:
    """Two sides; at Smith's there are Bob (it), Sue, and Max above both (owner)."""
    log = two_sides(policy)
    log.person("bob", "smith", duties=("it",))
    log.person("max", "smith", level=2, duties=("owner",))
    log.coverage(*ALL, since=day(-9), until=day(200), at=day(-9))
    return log


def asked(log: Log, sender: str = "ann", to: str = "bob", **words: Any) -> Any:
    """A question that arrived."""
    touch = log.touch(sender, to, **{"at": day(0), "expects": "reply", **words})
    log.signal(touch, "delivered", at=touch.at, **THIRD)
    return touch


def test_a_party_that_is_none_is_said() -> None:
    with pytest.raises(NotFound, match="party: no such party in the account"):
        steps(house(), day(0), "jones")


def test_where_nothing_is_open_nothing_is_to_be_done() -> None:
    log = house()
    assert steps(log, day(0)) == []
    log.touch("ann", "bob", at=day(0), expects="nothing")
    assert steps(log, day(1)) == []


# --- what they wait for ------------------------------------------------------------------------


def test_n1_who_asked_and_waits_is_answered_over_the_channel_they_prefer() -> None:
    log = house()
    log.prefers("bob", preferred="phone", at=day(-1))
    ticket = asked(log, "bob", "ann", channel="ticket", matter="rel")
    (step,) = steps(log, day(0, 11), what="answer")
    assert (step.party, step.to, step.person, step.channel, step.due, step.overdue) == (
        "acme", "smith", "bob", Channel.PHONE, day(1), False,
    )  # fmt: skip
    assert (step.rules, step.because, step.matter) == (("N1", "J29"), (ticket.no,), "rel")
    (step,) = steps(log, day(1, 10, 1), what="answer")
    assert step.overdue is True


def test_n1_reminders_are_one_with_what_they_remind_of() -> None:
    log = house()
    mail = asked(log, "bob", "ann")
    again = log.remind(mail, at=day(1))
    (step,) = steps(log, day(2), what="answer")
    assert (step.because, step.channel) == ((mail.no, again.no), Channel.EMAIL)


def test_n1_a_party_that_asked_as_a_whole_is_answered_as_one() -> None:
    log = house()
    asked(log, "smith", "ann")
    (step,) = steps(log, day(0, 11), what="answer")
    assert (step.to, step.person) == ("smith", None)


def test_n1_what_is_answered_waived_paused_or_told_to_all_needs_no_answer() -> None:
    log = house()
    log.answer(asked(log, "bob", "ann"), "ann", at=day(1))
    late = asked(log, "bob", "ann")
    log.mark(late, "no_answer_needed", recorder="smith", at=day(5))
    soon = asked(log, "bob", "ann")
    log.mark(soon, "no_answer_needed", recorder="smith", at=day(1))
    log.matter("rel", party="smith", at=day(0))
    asked(log, "bob", "ann", matter="rel")
    log.matter("rel", "paused", party="smith", at=day(0, 12), recorder="smith")
    asked(log, "bob", "ann", broadcast=True)
    asked(log, "bob", "ann", expects="seen")
    assert steps(log, day(6), what="answer") == []


def test_n2_a_promise_waits_to_be_kept_and_is_overdue_after_its_day() -> None:
    log = house()
    promise = log.promise("ann", "bob", due=day(2), at=day(0))
    other = log.promise("bob", "ann", due=day(2), at=day(0))
    kept = log.promise("ann", "bob", due=day(2), at=day(0))
    log.settle(kept, "kept", at=day(1))
    (step,) = steps(log, day(1))
    assert (step.what, step.to, step.due, step.overdue, step.because) == (
        "keep_promise", "smith", day(2), False, (promise.no,),
    )  # fmt: skip
    assert steps(log, day(3))[0].overdue is True
    assert [one.because for one in steps(log, day(3), "smith")] == [(other.no,)]


# --- whose turn it is --------------------------------------------------------------------------


def test_n3_the_next_rung_names_whom_to_turn_to_and_whether_now() -> None:
    log = house()
    mail = asked(log, matter="rel")
    (step,) = steps(log, day(4), what="climb")
    assert (step.rung, step.person, step.channel, step.due, step.overdue) == (
        "second_channel", "bob", Channel.PHONE, day(3), True,
    )  # fmt: skip
    assert (step.rules, step.because[0], step.purpose) == (
        ("N3", "O2", "J51"), mail.no, Purpose.QUESTION,
    )  # fmt: skip
    assert step.permission is not None
    assert (step.permission.allowed, step.permission.at) == (True, day(4))
    log.touch("ann", "bob", channel="phone", expects="nothing", matter="rel", at=day(4))
    (step,) = steps(log, day(4, 11), what="climb")
    assert (step.rung, step.person, step.due, step.overdue) == (
        "second_person", "sue", day(7), False,
    )  # fmt: skip
    log.touch("ann", "sue", expects="nothing", matter="rel", at=day(7))
    (step,) = steps(log, day(7, 20), what="climb")
    assert (step.rung, step.person, step.channel) == ("level_higher", "max", Channel.PHONE)
    assert step.permission is not None
    assert step.permission.allowed is True


def test_n3_at_night_it_says_when_it_may_be_done() -> None:
    log = house()
    asked(log)
    (step,) = steps(log, day(4, 23), what="climb")
    assert step.permission is not None
    assert (step.permission.allowed, step.permission.earliest) == (False, day(5, 8))


def test_n3_duties_on_a_rung_choose_whom() -> None:
    text = '[[window]]\nwithin = "1 day"\n[[ladder]]\nstep = "{}"\nafter = "1 day"\nto = ["{}"]\n'
    for code, duty, person in (
        ("second_channel", "owner", "max"),
        ("second_channel", "it", "bob"),
        ("second_person", "owner", "max"),
        ("level_higher", "it", "smith"),
    ):
        log = house(text.format(code, duty))
        asked(log)
        assert [step.person for step in steps(log, day(3), what="climb")] == [person]


def test_n3_who_has_left_or_gone_over_is_not_turned_to() -> None:
    text = '[[window]]\nwithin = "1 day"\n[[ladder]]\nstep = "second_person"\nafter = "1 day"\n'
    log = house(text)
    log.person("sue", "smith", until=day(1), at=day(1))
    log.person("max", "jones", since=day(1), at=day(1))
    asked(log)
    assert [step.person for step in steps(log, day(3), what="climb")] == ["smith"]


@pytest.mark.parametrize(
    ("policy", "channel"),
    [
        ("", Channel.PHONE),
        ('refused_channels = ["phone"]\n', Channel.TICKET),
        ('allowed_channels = ["email", "letter"]\n', Channel.LETTER),
        ('allowed_channels = ["email"]\n', Channel.EMAIL),
        ('preferred_channel = "chat"\n', Channel.CHAT),
    ],
)
def test_n3_the_second_channel_is_one_that_may_be_used(policy, channel) -> None:
    log = house(policy + DEFAULT_POLICY)
    asked(log)
    assert [step.channel for step in steps(log, day(4), what="climb")] == [channel]


def test_n4_what_failed_is_tried_again_over_another_channel() -> None:
    log = house()
    log.prefers("bob", preferred="email", at=day(-1))
    mail = log.touch("ann", "bob", at=day(0))
    log.signal(mail, "bounced", permanent=True, at=day(0), **THIRD)
    (step,) = steps(log, day(1))
    assert (step.what, step.person, step.channel, step.overdue) == (
        "retry", "bob", Channel.PHONE, True,
    )  # fmt: skip
    assert (step.rules, step.permission is not None) == (("N4", "O4"), True)


def test_n4_what_proves_nothing_is_tried_again_over_the_preferred_one() -> None:
    log = house()
    log.prefers("smith", preferred="letter", at=day(-1))
    log.touch("ann", "smith", at=day(0), expects="reply")
    (step,) = steps(log, day(9), what="retry")
    assert (step.person, step.channel) == ("smith", Channel.LETTER)


def test_n4_a_failure_that_a_later_touch_made_good_is_not_tried_again() -> None:
    log = house()
    mail = log.touch("ann", "bob", matter="rel", at=day(0))
    log.signal(mail, "bounced", permanent=True, at=day(0), **THIRD)
    log.answer(asked(log, matter="rel", at=day(1)), "bob", at=day(2))
    assert steps(log, day(3), what="retry") == []


def test_n5_a_handoff_is_taken_up_by_its_taker_and_looked_after_by_its_giver() -> None:
    log = house()
    log.party("prime", "partner")
    log.matter("rel", party="acme", at=day(0))
    offer = log.handoff("rel", "acme", "prime", at=day(0))
    (theirs,) = steps(log, day(0, 11), "prime")
    (ours,) = steps(log, day(3), "acme")
    assert (theirs.what, theirs.to, theirs.overdue, theirs.rules) == (
        "take_over", "acme", False, ("N5", "J50"),
    )  # fmt: skip
    assert (ours.what, ours.to, ours.overdue, ours.rules) == (
        "take_over", "prime", True, ("N5", "O5", "J50"),
    )  # fmt: skip
    assert (theirs.because, ours.because) == ((offer.no,), (offer.no,))
    log.handoff(
        "rel", "acme", "prime", word="accepted", answers=offer.id, recorder="prime", at=day(4)
    )
    assert steps(log, day(5), "prime") == []
    log.matter("rel", "closed", party="prime", recorder="prime", at=day(5))
    assert steps(log, day(6), "prime") == []


def test_n6_a_dispute_waits_for_the_word_of_the_other() -> None:
    log = house()
    log.matter("rel", party="acme", at=day(0))
    touch = log.touch("ann", "bob", matter="rel", expects="nothing", at=day(0))
    log.mark(touch, "disputed", recorder="smith", at=day(1))
    (step,) = steps(log, day(2))
    assert (step.what, step.to, step.rules, step.matter) == (
        "speak", "smith", ("N6", "O6"), "rel",
    )  # fmt: skip


def test_n7_a_pause_is_ended_by_whoever_asked_for_it() -> None:
    log = house()
    log.matter("rel", party="smith", recorder="smith", at=day(0))
    log.matter("rel", "paused", party="smith", recorder="smith", at=day(1))
    assert steps(log, day(2)) == []
    (step,) = steps(log, day(2), "smith")
    assert (step.what, step.to, step.rules) == ("resume", None, ("N7", "O7"))


# --- what is owed ------------------------------------------------------------------------------

CADENCE = DEFAULT_POLICY + (
    '\n[[cadence]]\nby = "vendor"\nto = "customer"\ntouches = 1\ndays = 30\nchannels = ["email", "phone"]\n'
)


def test_n8_a_cadence_is_named_a_week_before_it_is_due() -> None:
    log = house(CADENCE)
    mail = log.touch("ann", "bob", expects="nothing", at=day(0))
    assert steps(log, day(22)) == []
    (step,) = steps(log, day(23))
    assert (step.what, step.to, step.person, step.channel, step.due, step.overdue) == (
        "keep_cadence", "smith", "bob", Channel.EMAIL, day(30), False,
    )  # fmt: skip
    assert (step.rules, step.because, step.permission is not None) == (
        ("N8", "C1"), (mail.no,), True,
    )  # fmt: skip
    log.prefers("bob", preferred="phone", at=day(24))
    (step,) = steps(log, day(30, 11))
    assert (step.channel, step.overdue) == (Channel.PHONE, True)


def test_n8_two_rows_may_be_kept_by_one_touch() -> None:
    log = house(CADENCE + CADENCE[len(DEFAULT_POLICY) :])
    one, two = steps(log, day(9))
    assert one.permission is two.permission
    assert (one.due, two.due) == (two.due, one.due)


def test_n8_a_notice_owed_after_an_outage_goes_to_whoever_is_entitled() -> None:
    text = (
        DEFAULT_POLICY
        + "\n[entitled]\noutage = ['{}']\n[[cadence]]\nby = 'vendor'\nto = 'customer'\n"
        "after = 'outage'\nwithin = '4 hours'\npurposes = ['outage']\n"
    )
    for duty, person in (("owner", "max"), ("pilot", "smith")):
        log = house(text.format(duty))
        down = log.milestone("down", kind="outage", at=day(0))
        (step,) = steps(log, day(0, 11))
        assert (step.person, step.channel, step.purpose, step.due, step.overdue) == (
            person, Channel.EMAIL, Purpose.OUTAGE, day(0, 14), False,
        )  # fmt: skip
        assert (step.because, step.rules) == ((down.no,), ("N8", "C2"))
        assert steps(log, day(1))[0].overdue is True
        assert steps(log, day(99)) == []
        assert steps(log, day(0, 11), "smith") == []


def test_n9_the_plan_is_named_from_a_week_before_its_days_until_they_are_over() -> None:
    text = DEFAULT_POLICY + (
        '\n[[plan]]\nname = "look-back"\nby = "vendor"\nto = "customer"\nfrom_day = 20\n'
        'to_day = 25\nchannels = ["phone"]\npurposes = ["check_in"]\n'
    )
    log = house(text)
    log.milestone("install", kind="install", at=day(0))
    seen = [[step.name for step in steps(log, day(n))] for n in (12, 13, 25, 26)]
    assert seen == [[], ["look-back"], ["look-back"], []]
    (step,) = steps(log, day(21))
    assert (step.what, step.person, step.channel, step.purpose, step.due) == (
        "follow_plan", "bob", Channel.PHONE, Purpose.CHECK_IN, day(26),
    )  # fmt: skip
    assert step.rules == ("N9", "C3")


# --- enough ------------------------------------------------------------------------------------


def test_n10_after_as_many_touches_as_are_allowed_it_is_enough() -> None:
    log = house(
        "[[cap]]\ntouches = 2\ndays = 7\n[[cap]]\ntouches = 2\ndays = 9\n[[cap]]\ntouches = 2\ndays = 8\n"
        "[[cap]]\ntouches = 3\ndays = 5\nper = 'account'\nchannels = ['email']\n"
        "[[cap]]\ntouches = 3\ndays = 9\nper = 'party'\nchannels = ['email', 'sms']\n"
    )
    first = log.touch("ann", "bob", expects="nothing", at=day(0))
    second = log.touch("ann", "bob", expects="nothing", at=day(1))
    (step,) = steps(log, day(2))
    assert (step.what, step.to, step.person, step.due, step.because) == (
        "stop", "smith", "bob", day(9), (first.no, second.no),
    )  # fmt: skip
    assert (step.rules, step.overdue, step.channel) == (("N10", "J41"), False, None)
    assert [(one.person, one.due) for one in steps(log, day(8))] == [("bob", day(9))]
    assert steps(log, day(9)) == []
    third = log.touch("abe", "sue", expects="nothing", at=day(2))
    whole = [one for one in steps(log, day(3)) if one.person is None]
    assert [(one.to, one.due, one.channel, one.because) for one in whole] == [
        ("smith", day(9), None, (first.no, second.no, third.no))
    ]
    log.party("jones", "customer")
    far = [one for one in steps(log, day(3)) if one.to == "jones"]
    assert [(one.due, one.channel) for one in far] == [(day(5), Channel.EMAIL)]


# --- what holds for all ------------------------------------------------------------------------


def test_what_is_overdue_stands_in_front_then_what_is_due_first() -> None:
    log = house()
    log.promise("ann", "bob", due=day(9), at=day(0))
    asked(log, "bob", "ann", at=day(0))
    asked(log, "sue", "ann", at=day(3))
    log.promise("ann", "bob", at=day(0))
    found = [(step.what, step.overdue, step.due) for step in steps(log, day(5))]
    assert found == [
        ("answer", True, day(3)), ("answer", False, day(8)),
        ("keep_promise", False, day(9)), ("keep_promise", False, None),
    ]  # fmt: skip


@settings(max_examples=30, deadline=None)
@given(logs(policy=CADENCE), moments)
def test_without_any_personal_field_the_steps_are_the_same(log: Log, as_of: Any) -> None:
    bare = stripped(log.entries)
    assert next_steps(bare, as_of, party="acme") == next_steps(log.entries, as_of, party="acme")


@settings(max_examples=30, deadline=None)
@given(logs(policy=CADENCE), moments)
def test_every_step_rests_on_entries_and_named_rules(log: Log, as_of: Any) -> None:
    numbers = {entry.no for entry in log.entries}
    for party in ("acme", "smith", "prime"):
        for step in next_steps(log.entries, as_of, party=party):
            assert (step.party, set(step.because) <= numbers) == (party, True)
            assert step.because
            assert set(step.rules) <= {*NEXT_RULES, *RULES}
            assert step.rules[0].startswith("N")


SWAP = {"acme": "smith", "smith": "acme", "ann": "bob", "bob": "ann"}


@pytest.mark.parametrize("as_of", [day(0, 11), day(2), day(6)])
def test_swapping_the_parties_swaps_the_steps(as_of: datetime) -> None:
    def told(name: Any) -> Log:
        log = Log(recorder=name("acme"))
        for party in ("acme", "smith"):
            log.party(name(party), "customer")
        log.person(name("ann"), name("acme"))
        log.person(name("bob"), name("smith"))
        log.coverage(*ALL, since=day(-9), until=day(99), at=day(-9))
        asked(log, name("ann"), name("bob"), id="asked")
        asked(log, name("bob"), name("ann"), id="asked-too", channel="ticket")
        log.promise(name("ann"), name("bob"), due=day(3), at=day(0))
        return log

    def seen(log: Log, party: str, name: Any) -> list[Any]:
        return [
            (s.what, name(s.to), s.person and name(s.person), s.due, s.overdue, s.rules, s.because)
            for s in steps(log, as_of, party)
        ]

    mine, theirs = told(lambda x: x), told(SWAP.__getitem__)
    for party in ("acme", "smith"):
        swapped = seen(theirs, SWAP[party], SWAP.__getitem__)
        assert swapped == seen(mine, party, lambda x: x)
        assert swapped


@settings(max_examples=40, deadline=None)
@given(logs(), moments)
def test_of_an_account_that_was_judged_already_the_steps_are_the_same(
    log: Log, as_of: datetime
) -> None:
    found = judged_already(standing(log.entries, as_of), log.entries)
    for party in ("acme", "smith"):
        assert list(next_steps_of(found, log.entries, party=party)) == steps(log, as_of, party)
