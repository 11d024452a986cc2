"""May somebody be contacted now: the very rules by which the touch would be judged."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from contactledger.advice import Permission
from contactledger.errors import BadFact, BadInput, NotFound
from contactledger.facts import Entry, Touch
from contactledger.judge import may_contact as module
from contactledger.judge.held import breaches
from contactledger.judge.judge import judge
from contactledger.judge.may_contact import may_contact
from contactledger.judge.policy import DEFAULT_POLICY, policy_digest
from contactledger.vocabulary import Channel, Purpose
from tests.judging import MONDAY, Log, day, logs, stripped, two_sides


def ask(log: Log, channel: str = "phone", *about: str, **words: Any) -> Permission:
    """May acme contact Bob on Monday at ten?"""
    words = {"person": "bob", "at": day(0), "sender": "acme", **words}
    return may_contact(log.entries, words.pop("person"), channel, about, **words)


def codes(permission: Permission) -> list[str]:
    return [violation.code for violation in permission.against]


def test_a_yes_says_now_and_by_which_policy() -> None:
    may = ask(two_sides())
    assert (may.allowed, bool(may), may.against, may.earliest) == (True, True, (), day(0))
    assert (may.person, may.party, may.channel, may.purpose, may.topics) == (
        "bob", "smith", Channel.PHONE, Purpose.CHECK_IN, (),
    )  # fmt: skip
    assert (may.basis.no, may.basis.digest) == (1, policy_digest(DEFAULT_POLICY))
    assert (may.rules, may.because, may.preferred) == (("J40",), (), None)


def test_quiet_hours_end_in_the_morning_of_the_person_s_own_zone() -> None:
    log = two_sides()
    log.person("bob", "smith", zone="America/New_York")
    may = ask(log, at=day(0, 10))  # five in the morning there
    assert (bool(may), codes(may), may.earliest) == (False, ["outside_hours"], day(0, 13))
    assert bool(ask(log, "email", at=day(0, 10))) is True


def test_hours_that_somebody_asked_for_replace_those_of_the_policy() -> None:
    log = two_sides()
    asked = log.prefers("bob", hours=("tue 14:00-16:00",), zone="Europe/Berlin", at=day(-3))
    may = ask(log)
    assert (codes(may), may.earliest, may.because) == (
        ["outside_hours"], day(1, 13), (asked.no,),
    )  # fmt: skip


def test_a_cap_lets_one_more_through_when_its_oldest_touch_is_past() -> None:
    log = two_sides()
    touches = [log.touch("ann", "bob", at=day(n), topics=("news",)) for n in range(-8, 0)]
    may = ask(log)
    (over,) = may.against
    assert (over.code, over.limit, over.count, over.person) == ("over_cap", 8, 9, "bob")
    assert may.because == tuple(touch.no for touch in touches)
    assert may.rules == ("J40", "J41")
    assert may.earliest == day(-8) + timedelta(days=30)
    assert bool(ask(log, "phone", "outage")) is True
    assert bool(ask(log, person="sue")) is True


def test_the_earliest_time_goes_from_one_rule_to_the_next() -> None:
    """The cap is free again on a night at three; the phone may ring at eight."""
    log = two_sides("[[cap]]\ntouches = 1\ndays = 2\n[[cap]]\ntouches = 2\ndays = 3\n")
    log.touch("ann", "bob", at=day(-3, 11))
    log.touch("ann", "bob", at=day(-2, 3))
    assert ask(log, at=day(-1, 10)).earliest == day(0, 11)
    log.touch("ann", "bob", at=day(-1, 3))
    may = ask(log, at=day(-1, 10))
    assert (codes(may), may.earliest) == (["over_cap", "over_cap"], day(1, 8))


@pytest.mark.parametrize(
    ("words", "code"),
    [
        ({"refused": "phone"}, "channel_refused"),
        ({"allowed": ["email"]}, "channel_not_allowed"),
        ({"consent": False}, "opted_out"),
        ({"refused_topics": "news"}, "topic_refused"),
    ],
)
def test_against_what_somebody_asked_for_waiting_does_not_help(words, code) -> None:
    log = two_sides()
    asked = log.prefers("bob", at=day(-1), **words)
    may = ask(log, "phone", "news")
    assert (codes(may), may.earliest, may.because) == ([code], None, (asked.no,))


def test_what_is_owed_may_be_said_to_whoever_opted_out() -> None:
    log = two_sides()
    log.prefers("bob", consent=False, at=day(-1))
    assert [bool(ask(log, "phone", about)) for about in ("outage", "invoice")] == [True, False]


def test_the_preferred_channel_is_named_and_where_agreed_is_tried_first() -> None:
    log = two_sides()
    log.prefers("bob", preferred="email", at=day(-1))
    may = ask(log)
    assert (bool(may), may.preferred) == (True, Channel.EMAIL)
    log.adopt("preferred_first = true\n" + DEFAULT_POLICY, at=day(-1))
    may = ask(log, matter="rel")
    assert (codes(may), may.earliest) == (["preferred_not_tried"], None)
    log.touch("ann", "bob", matter="rel", at=day(-1, 12))
    assert bool(ask(log, matter="rel")) is True


def test_who_is_not_entitled_or_has_left_is_not_contacted() -> None:
    log = two_sides(DEFAULT_POLICY + "\n[entitled]\ninvoice = ['accounts']\n")
    log.person("sue", "smith", duties=("accounts",))
    assert codes(ask(log, "email", "invoice")) == ["nobody_entitled"]
    assert bool(ask(log, "email", "invoice", person="sue")) is True
    log.person("bob", "smith", until=day(-1), at=day(-1))
    assert codes(ask(log, "email")) == ["nobody_entitled"]


def test_what_is_known_later_says_nothing_about_then() -> None:
    log = two_sides()
    log.prefers("bob", refused="phone", at=day(3))
    assert [bool(ask(log, at=day(n))) for n in (2, 3)] == [True, False]


def test_a_party_may_be_asked_for_as_a_whole_and_either_side_asks() -> None:
    log = two_sides()
    assert ask(log, person="smith").party == "smith"
    assert ask(log, person="ann", sender="bob").party == "acme"


def test_two_names_of_one_person_are_one_here_too() -> None:
    log = two_sides()
    log.prefers("bob", refused="phone", at=day(-1))
    log.alias("robert", "bob", at=day(-1))
    assert codes(ask(log, person="robert")) == ["channel_refused"]


@pytest.mark.parametrize(
    ("words", "error", "text"),
    [
        ({"person": "nobody"}, NotFound, "person: no such person or party in the account"),
        ({"sender": "nobody"}, NotFound, "sender: no such person or party in the account"),
        ({"person": "abe"}, BadInput, "person: belongs to the party that would contact it"),
    ],
)
def test_names_that_are_none_are_said_by_field(words, error, text) -> None:
    with pytest.raises(error) as caught:
        ask(two_sides(), **words)
    assert str(caught.value) == text


def test_two_purposes_and_unknown_channels_are_refused() -> None:
    with pytest.raises(BadInput, match="about: names more than one purpose"):
        ask(two_sides(), "phone", "outage", "invoice")
    with pytest.raises(BadFact, match=r"Touch\.channel"):
        ask(two_sides(), "pigeon")
    with pytest.raises(NotFound):
        may_contact([], "bob", "phone", at=day(0), sender="acme")


def test_one_topic_needs_no_list() -> None:
    log = two_sides()
    may = may_contact(log.entries, "bob", Channel.EMAIL, "news", at=day(0), sender="ann")
    assert (may.topics, may.purpose) == (("news",), Purpose.NOTICE)


def test_a_cap_that_never_lets_go_within_the_tries_gives_no_time(monkeypatch) -> None:
    log = two_sides()
    log.person("bob", "smith", zone="America/New_York")
    monkeypatch.setattr(module, "TRIES", 1)
    assert ask(log).earliest is None


def test_hours_beyond_the_horizon_give_no_time(monkeypatch) -> None:
    log = two_sides()
    log.prefers("bob", hours=("sun 14:00-16:00",), at=day(-3))
    assert ask(log).earliest == day(6, 14)
    monkeypatch.setattr(module, "HORIZON", timedelta(days=1))
    assert ask(log).earliest is None


# --- what holds for every log ------------------------------------------------------------------

TIGHT = DEFAULT_POLICY.replace("touches = 8\ndays = 30", "touches = 2\ndays = 3")
QUARTER = timedelta(minutes=15)
quarters = st.integers(0, 24 * 30 * 4).map(lambda n: MONDAY + n * QUARTER)


def judged(log: Log, at: datetime, channel: Channel) -> list[str]:
    """What a finding says of that touch, had it been made then."""
    then = [entry for entry in log.entries if entry.recorded_at <= at]
    touch = Touch("ann", ("bob",), channel, Purpose.NOTICE)
    trial = Entry("account", len(log.entries), "trial", "touch", at, at, "acme", touch)
    (found,) = [found for found in judge([*then, trial], at) if found.touch == "trial"]
    return [violation.code for violation in breaches(found)]


@settings(max_examples=60, deadline=None)
@given(logs(policy=TIGHT), quarters, st.sampled_from([Channel.PHONE, Channel.EMAIL, Channel.SMS]))
def test_it_is_what_a_finding_says_of_the_touch(log: Log, at: datetime, channel: Channel) -> None:
    may = ask(log, channel, "notice", at=at)
    assert codes(may) == judged(log, at, channel)


@settings(max_examples=40, deadline=None)
@given(logs(policy=TIGHT), quarters, st.sampled_from([Channel.PHONE, Channel.EMAIL]))
def test_the_earliest_time_is_the_first_at_which_the_answer_is_yes(
    log: Log, at: datetime, channel: Channel
) -> None:
    log.entries = [e for e in log.entries if e.recorded_at <= at]
    may = ask(log, channel, "notice", at=at)
    if may.earliest is None:
        assert not set(codes(may)) <= {"outside_hours", "over_cap"}
        return
    assert bool(ask(log, channel, "notice", at=may.earliest)) is True
    before = [at + n * QUARTER for n in range(0, 4 * 24 * 5, 7)]
    assert [bool(ask(log, channel, "notice", at=t)) for t in before if t < may.earliest] == [
        False for t in before if t < may.earliest
    ]


@settings(max_examples=40, deadline=None)
@given(logs(policy=TIGHT), quarters)
def test_without_any_personal_field_the_answer_is_the_same(log: Log, at: datetime) -> None:
    bare = stripped(log.entries)
    assert may_contact(bare, "bob", "phone", at=at, sender="acme") == ask(log, at=at)


PER_ACCOUNT = TIGHT + '\n[[cap]]\ntouches = 3\ndays = 9\nper = "account"\n'


@settings(max_examples=40, deadline=None)
@given(logs(policy=PER_ACCOUNT), st.lists(quarters, min_size=2, max_size=4))
def test_many_questions_of_one_account_are_answered_as_each_alone(
    log: Log, moments: list[datetime]
) -> None:
    shared = module.Trials(log.entries)
    for at in moments:
        for person, sender in (("bob", "acme"), ("ann", "smith"), ("smith", "acme")):
            for channel in (Channel.PHONE, Channel.EMAIL):
                alone = may_contact(log.entries, person, channel, at=at, sender=sender)
                assert shared.permission(person, channel, at=at, sender=sender) == alone
