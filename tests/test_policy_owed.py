"""What a policy says of touches that are owed, and the other keys agreed on beside them."""

from __future__ import annotations

from datetime import timedelta

import pytest

from contactledger.errors import BadPolicy
from contactledger.findings import Grade
from contactledger.judge.calendar import Window
from contactledger.judge.policy import parse_policy, rule_sentences
from contactledger.judge.policy_owed import Bearing, Cadence, Needs, Planned, fits
from contactledger.judge.policy_terms import Step
from contactledger.vocabulary import Channel, MilestoneKind, Purpose, Role

WHOLE = """
preferred_channel = "email"
refused_topics = ["pricing", "politics"]
allowed_topics = ["inventory-sync"]

[[cadence]]
by = "vendor"
to = "customer"
touches = 2
days = 30
channels = ["email"]

[[cadence]]
by = "vendor"
to = "customer"
after = "outage"
within = "4 hours"
channels = ["phone"]
purposes = ["outage"]

[[cadence]]
by = "customer"
to = "vendor"
touches = 1
days = 90

[[plan]]
name = "first-call"
by = "vendor"
to = "customer"
from_day = 0
to_day = 3
channels = ["phone", "visit"]

[[plan]]
name = "look-back"
after = "other"
by = "vendor"
to = "customer"
from_day = 80
to_day = 90
purposes = ["check_in"]

[[ladder]]
step = "second_channel"
after = "3 days"

[[ladder]]
step = "level_higher"
after = "10 days"
to = ["owner", "general-manager"]

[[cap]]
touches = 20
days = 30
per = "account"

[relationship]
silent_after = "45 days"
overload_touches = 5
overload_within = "8 hours"
referral_within = "14 days"

[evidence]
cadence = "likely"
silence = { phone = "claimed", letter = "confirmed" }
"""
POLICY = parse_policy(WHOLE)
EMPTY = parse_policy("")


def test_a_cadence_is_touches_in_days_or_one_after_each_milestone() -> None:
    anything: frozenset[Channel] = frozenset()
    assert POLICY.cadences == (
        Cadence(
            Role.VENDOR, Role.CUSTOMER, 2, 30, None, None, frozenset({Channel.EMAIL}), frozenset()
        ),
        Cadence(
            Role.VENDOR, Role.CUSTOMER, 1, 0, MilestoneKind.OUTAGE, Window(minutes=240),
            frozenset({Channel.PHONE}), frozenset({Purpose.OUTAGE}),
        ),
        Cadence(Role.CUSTOMER, Role.VENDOR, 1, 90, None, None, anything, frozenset()),
    )  # fmt: skip


def test_a_plan_names_touches_from_one_day_after_a_milestone_to_another() -> None:
    assert POLICY.plan == (
        Planned(
            "first-call", MilestoneKind.INSTALL, Role.VENDOR, Role.CUSTOMER, 0, 3,
            frozenset({Channel.PHONE, Channel.VISIT}), frozenset(),
        ),
        Planned(
            "look-back", MilestoneKind.OTHER, Role.VENDOR, Role.CUSTOMER, 80, 90,
            frozenset(), frozenset({Purpose.CHECK_IN}),
        ),
    )  # fmt: skip


@pytest.mark.parametrize(
    ("row", "channel", "purpose", "counts"),
    [
        (0, Channel.EMAIL, Purpose.NOTICE, True),
        (0, Channel.PHONE, Purpose.NOTICE, False),
        (1, Channel.PHONE, Purpose.OUTAGE, True),
        (1, Channel.PHONE, Purpose.NOTICE, False),
        (2, Channel.LETTER, Purpose.SOCIAL, True),
    ],
)
def test_a_touch_counts_by_its_channel_and_purpose(row, channel, purpose, counts) -> None:
    assert fits(POLICY.cadences[row], channel, purpose) is counts


def test_a_planned_touch_is_done_by_its_channel_and_purpose() -> None:
    call, check_in = POLICY.plan
    assert fits(call, Channel.PHONE, Purpose.SOCIAL) is True
    assert fits(call, Channel.EMAIL, Purpose.CHECK_IN) is False
    assert fits(check_in, Channel.EMAIL, Purpose.CHECK_IN) is True
    assert fits(check_in, Channel.EMAIL, Purpose.NOTICE) is False


def test_a_rung_may_name_the_duties_of_whom_it_is_for() -> None:
    assert POLICY.ladder == (
        Step("second_channel", Window(days=3)),
        Step("level_higher", Window(days=10), frozenset({"owner", "general-manager"})),
    )


def test_topics_are_refused_or_not_among_those_allowed() -> None:
    assert POLICY.bars_topics(("inventory-sync", "pricing")) == "topic_refused"
    assert POLICY.bars_topics(("billing",)) == "topic_not_allowed"
    assert POLICY.bars_topics(("billing", "inventory-sync")) is None
    assert POLICY.bars_topics(()) is None
    assert EMPTY.bars_topics(("billing",)) is None


def test_the_evidence_that_a_silence_needs_may_differ_by_channel() -> None:
    assert POLICY.needs == Needs(
        ((Channel.LETTER, Grade.CONFIRMED), (Channel.PHONE, Grade.CLAIMED)),
        Grade.LIKELY,
        Grade.CLAIMED,
    )
    assert POLICY.evidence_for_silence(Channel.PHONE) is Grade.CLAIMED
    assert POLICY.evidence_for_silence(Channel.LETTER) is Grade.CONFIRMED
    assert POLICY.evidence_for_silence(Channel.EMAIL) is Grade.LIKELY


def test_the_table_of_the_relationship_says_from_when_it_is_worth_a_word() -> None:
    assert POLICY.bearing == Bearing(
        timedelta(days=45), 5, timedelta(hours=8), timedelta(days=14)
    )  # fmt: skip


def test_what_a_text_leaves_out_is_owed_by_nobody() -> None:
    assert (EMPTY.cadences, EMPTY.plan, EMPTY.needs) == ((), (), Needs())
    assert (EMPTY.preferred_channel, POLICY.preferred_channel) == (None, Channel.EMAIL)
    assert EMPTY.bearing == Bearing(
        timedelta(days=60), 10, timedelta(days=1), timedelta(days=30)
    )  # fmt: skip


def test_all_of_it_is_said_in_plain_words() -> None:
    new = [line for line in rule_sentences(POLICY) if line not in rule_sentences(EMPTY)]
    assert new == [
        (
            "At most 20 touches of one sender to everybody in the account in 30 days, over all "
            "channels and campaigns together."
        ),
        "Agreed not to be written about: politics and pricing.",
        "Whatever names a topic names one that is allowed: inventory-sync.",
        "The channel of whoever asked for none is e-mail.",
        (
            "Whoever is owed an answer tries the preferred channel, else a second one, after "
            "3 business days and goes a level higher (one with the duty general-manager or owner) "
            "after 10 business days."
        ),
        "A vendor owes a customer at least 2 touches (e-mail) in any 30 days.",
        (
            "A vendor owes a customer a call whose purpose is outage after every outage, within "
            "4 business hours of the receiver."
        ),
        "A customer owes a vendor at least 1 touch (touch over any channel) in any 90 days.",
        (
            "After every install a vendor plans for a customer: first-call, a call or visit from day "
            "0 to day 3."
        ),
        (
            "After every milestone of another kind a vendor plans for a customer: look-back, a touch "
            "over any channel whose purpose is check-in from day 80 to day 90."
        ),
        "After a letter it is held on evidence that is at least confirmed.",
        "After a call it is held on evidence that is at least claimed.",
        "For the cadence a touch counts only on evidence that is at least likely.",
        "A party that has not been reached out to for 45 days was left in silence.",
        "More than 5 touches of one party to another in 8 hours are too many at once.",
        "A referral may be asked of a party that was in touch no longer than 14 days ago.",
    ]


def test_the_evidence_that_a_plan_wants_is_said_where_the_cadence_wants_none() -> None:
    lines = rule_sentences(parse_policy('[evidence]\nplan = "confirmed"'))
    assert [line for line in lines if line not in rule_sentences(EMPTY)] == [
        "For the plan a touch counts only on evidence that is at least confirmed.",
    ]


@pytest.mark.parametrize(
    ("text", "error"),
    [
        ('preferred_channel = "fax"', ("line 1, preferred_channel: must be one of: "
         "email, phone, sms, chat, meeting, visit, letter, web, in_app, ticket, other")),
        ("refused_topics = []", "line 1, refused_topics: names no topic"),
        ('allowed_topics = ["A b"]', "line 1, allowed_topics[0]: must be the slug of a topic"),
        ('[[cadence]]\nto = "customer"', "line 1, cadence[0].by: is missing"),
        ('[[cadence]]\nby = "vendor"', "line 1, cadence[0].to: is missing"),
        ('[[cadence]]\nby = "boss"', ("line 2, cadence[0].by: must be one of: "
         "vendor, customer, partner, consultant")),
        ('[[cadence]]\nby = "vendor"\nto = "customer"\ndays = 30',
         "line 1, cadence[0].touches: is missing"),
        ('[[cadence]]\nby = "vendor"\nto = "customer"\ntouches = 3',
         "line 1, cadence[0].days: is missing"),
        ('[[cadence]]\nby = "vendor"\nto = "customer"\ntouches = 3\ndays = 3\nwithin = "1 day"',
         'line 6, cadence[0].within: is for what is owed "after" a milestone; say "days"'),
        ('[[cadence]]\nby = "vendor"\nto = "customer"\nafter = "outage"',
         "line 1, cadence[0].within: is missing"),
        (('[[cadence]]\nby = "vendor"\nto = "customer"\nafter = "outage"\nwithin = "1 day"\n'
         "days = 3"), ('line 6, cadence[0].days: is for what is owed again and again; "after" owes '
         "one touch")),
        ('[[plan]]\nname = "Bob Ray"', ("line 2, plan[0].name: must be a slug of lower-case "
         "letters, digits and _.:-")),
        ('[[plan]]\nname = "a"\nby = "vendor"\nto = "customer"\nfrom_day = 3\nto_day = 2',
         'line 6, plan[0].to_day: must be "from_day" or later'),
        (('[[plan]]\nname = "a"\nby = "vendor"\nto = "customer"\nfrom_day = 3\nto_day = 3\n'
         '[[plan]]\nname = "a"'), "line 8, plan[1].name: stands in the plan already"),
        ('[relationship]\nsilent_after = "0 days"',
         "line 2, relationship.silent_after: must be longer than nothing"),
        ('[evidence]\ncadence = "proof"',
         "line 2, evidence.cadence: must be one of: claimed, likely, confirmed"),
        ('[evidence.silence]\nfax = "likely"', ("line 2, evidence.silence.fax: must be one of: "
         "email, phone, sms, chat, meeting, visit, letter, web, in_app, ticket, other")),
        ('[[ladder]]\nstep = "level_higher"\nafter = "1 day"\nto = []',
         "line 4, ladder[0].to: names no duty"),
    ],
)  # fmt: skip
def test_a_slip_is_one_error_that_names_key_and_line(text, error) -> None:
    with pytest.raises(BadPolicy) as caught:
        parse_policy(text)
    assert str(caught.value) == error
