"""What is not known: blind, caught up, or only assumed to have been listened to (J32)."""

from __future__ import annotations

from datetime import datetime

from contactledger.findings import Gap
from contactledger.judge.gaps import gaps
from contactledger.judge.view import view
from contactledger.vocabulary import Channel
from tests.judging import Log, day, two_sides

MAIL = (Channel.EMAIL,)


def found(log: Log, as_of: datetime) -> tuple[Gap, ...]:
    return gaps(log.view(as_of))


def test_j32_an_entry_that_says_blind_is_a_gap() -> None:
    log = two_sides()
    log.coverage("email", since=day(0), until=day(9), at=day(0))
    no = log.coverage("email", state="blind", since=day(1), until=day(2), at=day(2)).no
    assert found(log, day(3)) == (Gap("hooks", MAIL, day(1), day(2), "blind", (no,)),)


def test_j32_what_was_caught_up_with_is_said_to_be() -> None:
    log = two_sides()
    log.coverage("email", since=day(0), until=day(9), at=day(0))
    log.coverage("email", state="blind", since=day(1), until=day(2), caught_up=True, at=day(2))
    assert [gap.state for gap in found(log, day(3))] == ["caught_up"]


def test_j32_a_later_word_may_say_that_it_caught_up() -> None:
    log = two_sides()
    log.coverage("email", state="blind", at=day(1))
    log.coverage("email", caught_up=True, at=day(2))
    log.coverage("email", state="blind", at=day(3))
    assert [gap.state for gap in found(log, day(4))] == ["caught_up", "blind"]


def test_j32_a_collector_of_several_channels_is_asked_for_each() -> None:
    log = two_sides()
    log.coverage("email", "sms", interval_seconds=3600, at=day(0, 1))
    first = log.coverage("email", "sms", interval_seconds=3600, at=day(0, 3))
    mail = log.coverage("email", interval_seconds=7200, at=day(0, 4))
    assert found(log, day(0, 6)) == (
        Gap(
            "hooks",
            (Channel.EMAIL, Channel.SMS),
            day(0, 2),
            day(0, 3),
            "assumed",
            (first.no - 1, first.no),
        ),
        Gap("hooks", (Channel.SMS,), day(0, 4), None, "assumed", (first.no,)),
    )
    assert mail.no == first.no + 1


def test_j32_a_silent_collector_of_no_named_channel_is_a_gap_in_all() -> None:
    log = two_sides()
    beat = log.coverage(interval_seconds=3600, at=day(0, 1))
    assert found(log, day(0, 3)) == (Gap("hooks", (), day(0, 2), None, "assumed", (beat.no,)),)


def test_j32_a_word_without_an_end_holds_until_the_next() -> None:
    log = two_sides()
    blind = log.coverage("email", state="blind", at=day(1))
    assert found(log, day(2)) == (Gap("hooks", MAIL, day(1), None, "blind", (blind.no,)),)
    log.coverage("email", at=day(3))
    assert found(log, day(9)) == (Gap("hooks", MAIL, day(1), day(3), "blind", (blind.no,)),)


def test_j32_a_gap_between_heartbeats_longer_than_their_interval_is_assumed() -> None:
    log = two_sides()
    for hour in (1, 2, 3):
        log.coverage("email", interval_seconds=3600, at=day(0, hour))
    last = log.coverage("email", interval_seconds=3600, at=day(0, 6))
    assert found(log, day(0, 7)) == (
        Gap("hooks", MAIL, day(0, 4), day(0, 6), "assumed", (last.no - 1, last.no)),
    )


def test_j32_after_the_last_heartbeat_everything_is_assumed() -> None:
    log = two_sides()
    last = log.coverage("email", interval_seconds=3600, at=day(0, 1))
    assert found(log, day(0, 2)) == ()
    assert found(log, day(0, 3)) == (Gap("hooks", MAIL, day(0, 2), None, "assumed", (last.no,)),)


def test_j32_a_short_word_inside_a_long_one_shortens_nothing() -> None:
    log = two_sides()
    log.coverage("email", since=day(0), until=day(9), at=day(0))
    log.coverage("email", since=day(1), until=day(2), at=day(1))
    assert found(log, day(9)) == ()


def test_a_channel_in_use_of_which_no_collector_speaks_is_assumed() -> None:
    log = two_sides()
    mail = log.touch("ann", "bob", at=day(1))
    log.touch("ann", "bob", at=day(2))
    assert found(log, day(3)) == (Gap("", MAIL, day(1), None, "assumed", (mail.no,)),)


def test_a_channel_in_use_before_its_collector_spoke_is_assumed_until_then() -> None:
    log = two_sides()
    mail = log.touch("ann", "bob", at=day(1))
    log.coverage("email", at=day(3))
    log.coverage("email", collector="second", at=day(5))
    log.touch("ann", "bob", at=day(4))
    assert found(log, day(6)) == (Gap("", MAIL, day(1), day(3), "assumed", (mail.no,)),)


def test_a_collector_that_names_no_channel_speaks_of_all() -> None:
    log = two_sides()
    log.coverage(at=day(0))
    log.touch("ann", "bob", at=day(1))
    assert found(log, day(6)) == ()


def test_j53_the_shared_log_speaks_for_the_account() -> None:
    log, shared = two_sides(), Log()
    log.touch("ann", "bob", at=day(1))
    shared.coverage("email", at=day(0))
    assert gaps(view(log.entries, day(6), shared.entries)) == ()


def test_gaps_are_ordered_by_when_they_began() -> None:
    log = two_sides()
    log.coverage("sms", collector="b", state="blind", since=day(2), until=day(9), at=day(4))
    log.coverage("sms", collector="a", state="blind", since=day(3), until=day(9), at=day(4))
    assert [gap.collector for gap in found(log, day(5))] == ["b", "a"]
