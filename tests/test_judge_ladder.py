"""The ladder of escalation (J51)."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import pytest

from contactledger.facts import Entry
from contactledger.findings import Rung
from contactledger.judge.basis import Bases
from contactledger.judge.ladder import Ladder, ladders, staff
from contactledger.judge.matters import dossiers
from contactledger.judge.policy import DEFAULT_POLICY
from tests.judging import THIRD, Log, day, two_sides

ALL = ("email", "phone", "sms", "chat", "meeting", "visit", "letter", "ticket", "other")


def house() -> Log:
    """Two sides; at Smith's there are Bob, Sue, and Max above both."""
    log = two_sides()
    log.person("max", "smith", level=2)
    log.coverage(*ALL, since=day(-1), until=day(200), at=day(-1))
    return log


def call(log: Log, to: str = "bob", **words: Any) -> Entry:
    """A call that a machine took."""
    words = {"channel": "phone", "matter": "install", **words}
    made = log.touch("ann", to, **words)
    log.signal(made, "voicemail", at=made.at, **THIRD)
    return made


def climbed(log: Log, as_of: datetime) -> list[Ladder]:
    view = log.view(as_of)
    people = staff(view)
    return [
        ladder
        for dossier in dossiers(view, log.judge(as_of), ())
        for ladder in ladders(view, dossier, people, Bases(view))
    ]


def climbs(log: Log, as_of: datetime) -> list[int | None]:
    """The touches that try the rungs, whether their own wait has run or not."""
    (ladder,) = climbed(log, as_of)
    return [rung.tried_by for rung in ladder.rungs]


def test_j51_the_rungs_are_open_from_their_waits_in_the_receivers_business_time() -> None:
    log = house()
    asked = call(log, at=day(0))
    (ladder,) = climbed(log, day(2))
    assert ladder.question.no == asked.no
    assert ladder.rungs == (
        Rung("second_channel", day(3), None, question=asked.no),
        Rung("second_person", day(7), None, question=asked.no),
        Rung("level_higher", day(14), None, question=asked.no),
    )
    assert ladder.next_rung == ladder.rungs[0]


def test_j51_nothing_overdue_has_no_ladder() -> None:
    log = house()
    asked = call(log, at=day(0))
    assert climbed(log, day(0, 11)) == []
    log.answer(asked, "bob", matter="install", at=day(0, 12))
    assert climbed(log, day(5)) == []


def test_j51_a_rung_is_not_open_before_the_question_is_due() -> None:
    log = house()
    asked = log.touch("ann", "bob", tracked=True, at=day(0))
    log.signal(asked, "delivered", person="bob", at=day(0), **THIRD)
    (ladder,) = climbed(log, day(10))
    assert [rung.opens_at for rung in ladder.rungs] == [day(9), day(9), day(14)]


def test_j51_each_rung_is_climbed_by_a_touch_of_its_own_in_their_order() -> None:
    log = house()
    call(log, at=day(0))
    mail = log.touch("ann", "bob", matter="install", at=day(3))
    other = call(log, "sue", at=day(7))
    boss = call(log, "max", at=day(14))
    assert climbs(log, day(6)) == [mail.no, None, None]
    assert climbs(log, day(13)) == [mail.no, other.no, None]
    assert climbs(log, day(14)) == [mail.no, other.no, boss.no]
    (ladder,) = climbed(log, day(14))
    assert ladder.next_rung is None


def test_j51_a_rung_is_climbed_when_the_wait_of_its_touch_has_run() -> None:
    log = house()
    call(log, at=day(0))
    chat = log.touch("ann", "bob", channel="chat", matter="install", at=day(3))
    assert rung(log, day(4)) == (None, chat.no, day(4))
    assert rung(log, day(4, 10, 1)) == (chat.no, chat.no, None)


def test_j51_a_touch_that_wants_nothing_is_not_waited_for() -> None:
    log = house()
    call(log, at=day(0))
    mail = log.touch("ann", "bob", expects="nothing", matter="install", at=day(3))
    assert rung(log, day(3)) == (mail.no, mail.no, None)


def test_j51_a_reminder_is_waited_for_as_long_as_a_touch_like_it() -> None:
    log = house()
    asked = call(log, at=day(0))
    again = log.remind(asked, channel="email", matter="install", at=day(3))
    assert rung(log, day(8)) == (None, again.no, day(8))
    assert rung(log, day(8, 10, 1)) == (again.no, again.no, day(8))


def test_j51_a_reminder_for_which_no_time_was_agreed_is_not_waited_for() -> None:
    log = house()
    log.adopt(
        "rules = 1\n[[window]]\nchannels = ['phone']\nwithin = '1 day'\n"
        "[[ladder]]\nstep = 'second_channel'\nafter = '3 days'\n",
        at=day(0),
    )
    asked = call(log, at=day(0))
    again = log.remind(asked, channel="email", matter="install", at=day(3))
    assert rung(log, day(3)) == (again.no, again.no, None)


def rung(log: Log, as_of: datetime) -> tuple[int | None, int | None, datetime | None]:
    """What is said of the first rung."""
    (ladder,) = climbed(log, as_of)
    first = ladder.rungs[0]
    return first.climbed_by, first.tried_by, first.waits_until


def test_j51_one_touch_climbs_one_rung() -> None:
    log = house()
    call(log, at=day(0))
    boss = log.touch("ann", "max", matter="install", at=day(14))
    assert climbs(log, day(15)) == [boss.no, None, None]


def test_j51_a_touch_before_the_wait_has_run_climbs_nothing() -> None:
    log = house()
    call(log, at=day(0))
    log.touch("ann", "bob", matter="install", at=day(2, 17))
    assert climbs(log, day(3)) == [None, None, None]


def test_j51_a_touch_that_broke_the_policy_climbs_nothing() -> None:
    log = house()
    asked = log.touch("ann", "bob", channel="ticket", matter="install", at=day(0))
    log.signal(asked, "delivered", person="bob", at=day(0), **THIRD)
    call(log, at=day(3, 23))
    assert climbs(log, day(4)) == [None, None, None]
    again = call(log, at=day(4, 10))
    assert climbs(log, day(4, 11)) == [again.no, None, None]


def test_j51_weak_evidence_of_a_touch_that_kept_the_policy_bars_no_rung() -> None:
    log = house()
    asked = log.touch("ann", "bob", channel="ticket", matter="install", at=day(0))
    log.signal(asked, "delivered", person="bob", at=day(0), **THIRD)
    own = log.touch("ann", "bob", channel="phone", matter="install", at=day(3))
    log.signal(own, "voicemail", at=day(3))
    (found,) = (f for f in log.judge(day(5)) if f.no == own.no)
    assert [v.code for v in found.violations] == ["evidence_too_weak"]
    assert climbs(log, day(5)) == [own.no, None, None]


def test_j51_a_touch_that_came_back_after_delivery_climbs_nothing() -> None:
    log = house()
    call(log, at=day(0))
    mail = log.touch("ann", "bob", matter="install", at=day(3))
    log.signal(mail, "delivered", person="bob", at=day(3), **THIRD)
    assert climbs(log, day(3, 11)) == [mail.no, None, None]
    log.signal(mail, "bounced", person="bob", at=day(3, 12), **THIRD)
    assert climbs(log, day(4)) == [None, None, None]


def test_j51_the_same_person_is_no_second_one_and_no_level_higher() -> None:
    log = house()
    call(log, at=day(0))
    mail = log.touch("ann", "bob", matter="install", at=day(3))
    call(log, at=day(14))
    assert climbs(log, day(15)) == [mail.no, None, None]


def test_j51_a_touch_that_failed_climbs_nothing() -> None:
    log = house()
    call(log, at=day(0))
    mail = log.touch("ann", "bob", matter="install", at=day(3))
    log.signal(mail, "bounced", person="bob", at=day(3), **THIRD)
    assert climbs(log, day(4)) == [None, None, None]


def test_j51_a_touch_of_another_matter_or_the_other_side_climbs_nothing() -> None:
    log = house()
    call(log, at=day(0))
    log.touch("ann", "bob", matter="else", at=day(3))
    log.touch("bob", "ann", matter="install", expects="nothing", at=day(3))
    assert climbs(log, day(4)) == [None, None, None]


def test_j51_the_second_channel_is_the_preferred_one() -> None:
    log = house()
    log.prefers("bob", preferred="chat", at=day(0))
    call(log, at=day(0))
    log.touch("ann", "bob", matter="install", at=day(3))
    assert climbs(log, day(3)) == [None, None, None]
    chat = log.touch("ann", "bob", channel="chat", matter="install", at=day(4))
    assert climbs(log, day(4)) == [chat.no, None, None]


def test_j51_any_second_channel_will_do_where_the_preferred_one_was_tried_first() -> None:
    log = house()
    log.prefers("bob", preferred="phone", at=day(0))
    call(log, at=day(0))
    call(log, at=day(3))
    mail = log.touch("ann", "bob", matter="install", at=day(4))
    assert climbs(log, day(4)) == [mail.no, None, None]


def test_j42_a_preference_that_the_sender_was_not_told_of_moves_no_rung() -> None:
    log = house()
    call(log, at=day(0))
    log.prefers("smith", topics=("inventory",), at=day(1))
    log.prefers("smith", preferred="chat", at=day(1), recorded=day(3, 12))
    mail = log.touch("ann", "bob", matter="install", at=day(3, 11), recorded=day(3, 12))
    assert climbs(log, day(4)) == [mail.no, None, None]


def test_j42_a_sender_that_was_told_knew_it_before_it_was_recorded() -> None:
    log = house()
    call(log, at=day(0))
    log.prefers("smith", preferred="chat", at=day(1), told=day(1), recorded=day(3, 12))
    log.touch("ann", "bob", matter="install", at=day(3, 11), recorded=day(3, 12))
    assert climbs(log, day(4)) == [None, None, None]


def test_j51_where_nobody_prefers_anything_the_policy_s_own_channel_is_the_second() -> None:
    log = house()
    log.adopt('preferred_channel = "chat"\n' + DEFAULT_POLICY, at=day(-2))
    call(log, at=day(0))
    log.touch("ann", "bob", matter="install", at=day(3))
    chat = log.touch("ann", "bob", channel="chat", matter="install", at=day(4))
    assert climbs(log, day(4)) == [chat.no, None, None]


DUTIES = """
[[window]]
within = "1 day"
[[ladder]]
step = "second_channel"
after = "2 days"
to = ["it"]
[[ladder]]
step = "second_person"
after = "3 days"
to = ["it"]
[[ladder]]
step = "level_higher"
after = "4 days"
to = ["owner"]
"""


def test_j51_a_rung_that_names_a_duty_wants_somebody_who_has_it() -> None:
    log = two_sides(DUTIES)
    log.person("bob", "smith", duties=("it",))
    log.person("ida", "smith", duties=("it",))
    log.person("max", "smith", level=2)
    log.person("eve", "smith", level=2, duties=("owner",))
    log.coverage(*ALL, since=day(-1), until=day(200), at=day(-1))
    call(log, at=day(0))
    log.touch("ann", "sue", matter="install", at=day(2))
    mail = log.touch("ann", "bob", matter="install", at=day(2, 11))
    call(log, "sue", at=day(3))
    second = call(log, "ida", at=day(3, 11))
    call(log, "max", at=day(4))
    higher = call(log, "eve", at=day(4, 11))
    assert climbs(log, day(5)) == [mail.no, second.no, higher.no]


def test_j51_where_the_log_knows_nobody_else_a_touch_to_the_party_will_do() -> None:
    log = two_sides()
    log.person("jo", "small")
    log.party("small", "customer")
    log.coverage(*ALL, since=day(-1), until=day(200), at=day(-1))
    call(log, "jo", at=day(0))
    log.touch("ann", "jo", matter="install", at=day(3))
    party = call(log, "small", at=day(7))
    higher = call(log, "small", at=day(14))
    assert climbs(log, day(14, 11))[1:] == [party.no, higher.no]


def test_j51_and_where_it_knows_somebody_it_will_not() -> None:
    log = house()
    call(log, at=day(0))
    mail = log.touch("ann", "bob", matter="install", at=day(3))
    call(log, "smith", at=day(7))
    assert climbs(log, day(8)) == [mail.no, None, None]


def test_j21_further_asking_has_no_ladder_of_its_own() -> None:
    log = house()
    asked = call(log, at=day(0))
    for n in (1, 2, 3):
        call(log, at=day(n))
    (ladder,) = climbed(log, day(9))
    assert ladder.question.no == asked.no


def test_j51_a_pause_that_the_asked_party_did_not_ask_for_stops_the_wait() -> None:
    def opens(party: str) -> list[datetime]:
        log = house()
        log.matter("install", at=day(-1))
        call(log, at=day(0))
        log.matter("install", "paused", at=day(1, 12), recorder=party)
        log.matter("install", "resumed", at=day(2, 12), recorder=party)
        log.matter("install", "paused", at=day(10), recorder=party)
        log.matter("install", "resumed", at=day(10, 11), recorder=party)
        (ladder,) = climbed(log, day(30))
        return [rung.opens_at for rung in ladder.rungs]

    assert opens("smith") == [day(3), day(7), day(14)]
    assert opens("acme") == [day(4), day(8), day(15, 11)]


def test_j43_a_broadcast_has_no_ladder() -> None:
    log = house()
    call(log, at=day(0), broadcast=True)
    assert climbed(log, day(9)) == []


def test_j45_the_ladder_is_that_of_the_policy_at_the_question() -> None:
    log = house()
    asked = call(log, at=day(0))
    log.adopt("rules = 1\n", at=day(1))
    (ladder,) = climbed(log, day(9))
    assert (ladder.question.no, len(ladder.rungs)) == (asked.no, 3)


def test_j44_a_trial_policy_brings_its_own_ladder() -> None:
    log = house()
    call(log, at=day(0))
    trial = DEFAULT_POLICY.split("[[ladder]]", maxsplit=1)[0]
    view = log.view(day(9), what_if=trial)
    (dossier,) = dossiers(view, log.judge(day(9), what_if=trial), ())
    (ladder,) = ladders(view, dossier, {}, Bases(view))
    assert (ladder.rungs, ladder.next_rung) == ((), None)


@pytest.mark.parametrize(("asker", "asked"), [("acme", "smith"), ("smith", "acme")])
def test_j51_whoever_is_owed_climbs(asker: str, asked: str) -> None:
    log = Log()
    log.party("acme", "vendor")
    log.party("smith", "customer")
    for party in ("acme", "smith"):
        log.person(f"{party}-1", party)
        log.person(f"{party}-2", party)
    log.coverage(*ALL, since=day(-1), until=day(200), at=day(-1))
    question = log.touch(
        f"{asker}-1", f"{asked}-1", channel="ticket", matter="m", at=day(0), recorder=asked
    )
    phone = log.touch(f"{asker}-2", f"{asked}-1", channel="phone", matter="m", at=day(3))
    (ladder,) = climbed(log, day(4))
    assert (ladder.question.no, ladder.question.sender) == (question.no, asker)
    assert [rung.tried_by for rung in ladder.rungs] == [phone.no, None, None]
