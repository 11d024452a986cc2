"""What is wanted and until when: J25 to J29, J31, J54, and the clock that a pause stops."""

from __future__ import annotations

from datetime import timedelta

import pytest

from contactledger.facts import Entry
from contactledger.findings import Finding, Outcome
from contactledger.judge.policy import DEFAULT_POLICY
from contactledger.vocabulary import Expects
from tests.judging import THIRD, Log, day, two_sides

BARE = 'rules = 1\n[calendar]\nname = "week"\nweek = ["mon-fri 09:00-17:00"]\n'


def one(policy: str = DEFAULT_POLICY, **words) -> Finding:
    log = two_sides(policy)
    return log.finding(log.touch("ann", "bob", at=day(0), **words), day(0, 11))


@pytest.mark.parametrize(
    ("channel", "purpose", "wanted"),
    [
        ("ticket", "question", Expects.REPLY),
        ("letter", "question", Expects.REPLY),
        ("phone", "question", Expects.RESPONSE),
        ("chat", "question", Expects.RESPONSE),
        ("meeting", "training", Expects.RESPONSE),
        ("visit", "social", Expects.RESPONSE),
        ("email", "question", Expects.SEEN),
        ("sms", "question", Expects.SEEN),
        ("letter", "notice", Expects.SEEN),
    ],
)
def test_j25_what_is_wanted_follows_from_channel_and_purpose(channel, purpose, wanted) -> None:
    found = one(channel=channel, purpose=purpose)
    assert (found.expects, "J25" in found.rules) == (wanted, True)


def test_j25_what_the_touch_says_itself_comes_first() -> None:
    found = one(channel="ticket", expects="nothing")
    assert (found.expects, found.outcome, "J25" in found.rules) == (
        Expects.NOTHING, Outcome.NOTED, False,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("words", "due"),
    [
        ({"channel": "phone"}, day(1)),
        ({"channel": "letter"}, day(3)),
        ({"channel": "ticket", "purpose": "outage"}, day(0, 14)),
        ({"channel": "email"}, day(9)),
    ],
)
def test_j26_business_days_end_at_the_same_minute_and_hours_are_business_time(words, due) -> None:
    found = one(**words)
    assert (found.starts, found.due, "J26" in found.rules) == (day(0), due, True)


def test_j26_outside_business_hours_the_window_starts_at_the_next_opening_minute() -> None:
    log = two_sides()
    call = log.touch("ann", "bob", channel="chat", at=day(4, 18))
    found = log.finding(call, day(5))
    assert (found.starts, found.due) == (day(7, 9), day(8, 9))


def letter_delivered(*at) -> Finding:
    log = two_sides()
    touch = log.touch("ann", "bob", channel="letter", at=day(0))
    for moment in at:
        log.signal(touch, "delivered", at=moment, **THIRD)
    return log.finding(touch, day(2))


def test_j26_the_window_starts_at_first_delivery_if_that_is_later_than_the_grace() -> None:
    assert letter_delivered(day(0, 11)).starts == day(0)
    assert letter_delivered(day(0, 11, 1), day(0, 12)).starts == day(0, 11, 1)
    assert letter_delivered(day(0, 12), day(0, 10, 30)).starts == day(0)


def test_j26_what_gives_what_was_wanted_does_not_start_its_own_clock() -> None:
    log = two_sides()
    letter = log.touch("ann", "bob", channel="letter", at=day(0))
    log.signal(letter, "attended", at=day(9), **THIRD)
    found = log.finding(letter, day(10))
    assert (found.due, found.late, found.late_by) == (day(3), True, timedelta(days=6))


def test_j26_an_open_is_delivery_where_a_reply_is_wanted() -> None:
    log = two_sides()
    mail = log.touch("ann", "bob", expects="reply", at=day(0))
    log.signal(mail, "opened", by="human", at=day(1), **THIRD)
    assert log.finding(mail, day(1)).starts == day(1)


MORNINGS = """
[role.vendor.calendar]
name = "mornings"
week = ["mon-fri 08:00-12:00"]
"""


def test_j27_the_calendar_is_the_receiver_s_own() -> None:
    log = two_sides(DEFAULT_POLICY + MORNINGS)
    there = log.touch("ann", "bob", channel="phone", at=day(0, 14))
    back = log.touch("bob", "ann", channel="phone", at=day(0, 14))
    assert [log.finding(t, day(0, 15)).starts for t in (there, back)] == [day(0, 14), day(1, 8)]


def test_j27_the_zone_is_the_receiver_s_and_of_several_the_latest_due_counts() -> None:
    log = two_sides()
    log.party("smith", "customer", zone="Europe/Berlin")
    log.person("sue", "smith", zone="America/New_York")
    one_zone = log.touch("ann", "bob", channel="phone", at=day(0, 7))
    both = log.touch("ann", ("sue", "bob"), channel="phone", at=day(0, 7))
    found = log.finding(one_zone, day(0, 8))
    assert (found.starts, found.zone, "J27" in found.rules) == (day(0, 8), "Europe/Berlin", False)
    found = log.finding(both, day(0, 8))
    assert (found.starts, found.zone, "J27" in found.rules) == (
        day(0, 14),
        "America/New_York",
        True,
    )


def test_j28_without_a_window_nothing_is_due_and_it_says_so() -> None:
    log = two_sides(BARE)
    ticket = log.touch("bob", "ann", channel="ticket", at=day(0))
    found = log.finding(ticket, day(900))
    assert (found.outcome, found.due, found.starts) == (Outcome.PENDING, None, None)
    assert ("J28" in found.rules, "no_deadline" in found.notes) == (True, True)


def test_j29_in_time_is_no_later_than_due() -> None:
    log = two_sides()
    ticket = log.touch("bob", "ann", channel="ticket", at=day(0))
    found = log.finding(ticket, day(1))
    assert (found.outcome, "J29" in found.rules) == (Outcome.PENDING, True)
    assert log.finding(ticket, day(1, 10, 1)).outcome is Outcome.IGNORED
    log.answer(ticket, "ann", at=day(1))
    assert log.finding(ticket, day(2)).late is False


def test_j31_late_is_only_what_was_answered_or_seen() -> None:
    log = two_sides()
    mail = log.touch("ann", "bob", tracked=True, at=day(0))
    ticket = log.touch("bob", "ann", channel="ticket", at=day(0))
    assert log.finding(ticket, day(20)).late is False
    log.signal(mail, "opened", by="human", at=day(9, 11), **THIRD)
    log.answer(ticket, "ann", at=day(1, 12))
    seen, answered = log.judge(day(20))[:2]
    assert (seen.outcome, seen.late_by) == (Outcome.SEEN, timedelta(hours=1))
    assert (answered.outcome, answered.late_by) == (Outcome.ANSWERED, timedelta(hours=2))
    assert "J31" in answered.rules


def test_j31_what_only_had_to_be_seen_is_not_late_because_somebody_answered_later() -> None:
    log = two_sides()
    mail = log.touch("ann", "bob", tracked=True, at=day(0))
    log.signal(mail, "opened", by="human", at=day(1), **THIRD)
    log.answer(mail, "bob", at=day(15))
    found = log.finding(mail, day(20))
    assert (found.outcome, found.late, found.settled_at) == (Outcome.ANSWERED, False, day(15))


def test_j31_where_nothing_was_wanted_nothing_is_late() -> None:
    log = two_sides()
    mail = log.touch("ann", "bob", at=day(0))
    log.mark(mail, "no_answer_needed", at=day(1))
    log.answer(mail, "bob", at=day(15))
    assert log.finding(mail, day(20)).late is False


@pytest.mark.parametrize(
    ("person", "party", "policy", "zone"),
    [
        ("Asia/Tokyo", "Europe/Berlin", "Africa/Cairo", "Asia/Tokyo"),
        (None, "Europe/Berlin", "Africa/Cairo", "Europe/Berlin"),
        (None, None, "Africa/Cairo", "Africa/Cairo"),
        (None, None, None, "UTC"),
    ],
)
def test_j54_the_zone_is_the_person_s_the_party_s_the_policy_s_or_assumed(
    person, party, policy, zone
) -> None:
    line = "" if policy is None else f'zone = "{policy}"\n'
    log = two_sides(line + DEFAULT_POLICY)
    log.party("smith", "customer", zone=party)
    log.person("bob", "smith", zone=person)
    found = log.finding(log.touch("ann", "bob", at=day(0)), day(0))
    assert (found.zone, "zone_assumed" in found.notes) == (zone, zone == "UTC")
    assert ("J54" in found.rules) == (zone == "UTC")


def test_j54_a_party_that_nobody_described_has_the_policy_s_zone() -> None:
    log = Log('zone = "Asia/Tokyo"\n' + DEFAULT_POLICY)
    log.person("bob", "smith")
    assert log.finding(log.touch("acme", "bob", at=day(0)), day(0)).zone == "Asia/Tokyo"


# --- pauses ----------------------------------------------------------------------------------


def ticket_in_matter(**words) -> tuple[Log, Entry]:
    log = two_sides()
    log.matter("rel", party="smith", at=day(0))
    touch = log.touch("bob", "ann", channel="ticket", matter="rel", at=day(0), **words)
    return log, touch


def test_j23_a_pause_stops_the_clock_of_the_party_that_did_not_ask_for_it() -> None:
    log, ticket = ticket_in_matter()
    log.matter("rel", "paused", recorder="smith", at=day(0, 12))
    found = log.finding(ticket, day(30))
    assert (found.outcome, found.due, "paused" in found.notes) == (Outcome.PENDING, None, True)
    log.matter("rel", "resumed", recorder="smith", at=day(7, 12))
    found = log.finding(ticket, day(30))
    assert (found.due, "paused_before" in found.notes) == (day(8), True)


def test_j23_a_pause_never_stops_the_clock_of_whoever_asked_for_it() -> None:
    log, ticket = ticket_in_matter()
    log.matter("rel", "paused", at=day(0, 12))
    log.matter("rel", "paused", party="smith", at=day(0, 13))
    assert log.finding(ticket, day(30)).due == day(1)


def test_a_pause_that_held_at_the_touch_starts_the_clock_when_it_ends() -> None:
    log = two_sides()
    log.matter("rel", at=day(-9))
    log.matter("rel", "paused", recorder="smith", at=day(-9))
    log.matter("rel", "resumed", recorder="smith", at=day(-8))
    log.matter("rel", "paused", recorder="smith", at=day(-1))
    ticket = log.touch("bob", "ann", channel="ticket", matter="rel", at=day(0))
    log.matter("rel", "resumed", recorder="smith", at=day(2))
    log.matter("rel", "paused", recorder="smith", at=day(9))
    found = log.finding(ticket, day(30))
    assert (found.starts, found.due) == (day(2), day(3))


def test_two_parties_pauses_that_end_together_count_once() -> None:
    log, ticket = ticket_in_matter()
    log.party("prime", "partner")
    log.matter("rel", "paused", recorder="smith", at=day(0, 12))
    log.matter("rel", "paused", recorder="prime", at=day(0, 13))
    log.matter("rel", "resumed", recorder="smith", at=day(7, 12))
    assert log.finding(ticket, day(30)).due == day(8)


def test_a_pause_that_ended_before_a_late_delivery_moves_nothing() -> None:
    log = two_sides()
    log.matter("rel", at=day(0))
    letter = log.touch("ann", "bob", channel="letter", matter="rel", at=day(0))
    log.matter("rel", "paused", at=day(0, 11))
    log.matter("rel", "resumed", at=day(0, 12))
    log.signal(letter, "delivered", at=day(1), **THIRD)
    assert log.finding(letter, day(30)).due == day(4)


def test_a_pause_stops_every_clock_of_its_matter_that_runs_then() -> None:
    log, first = ticket_in_matter()
    log.matter("rel", "paused", recorder="smith", at=day(0, 12))
    log.matter("rel", "resumed", recorder="smith", at=day(0, 13))
    second = log.touch("bob", "ann", channel="ticket", matter="rel", at=day(0, 14))
    assert [log.finding(t, day(9)).due for t in (first, second)] == [day(1, 11), day(1, 14)]
