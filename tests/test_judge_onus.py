"""Who must act next, by O1 to O9, the first that fits (J52)."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import pytest

from contactledger.facts import Entry
from contactledger.findings import Case, Onus
from contactledger.judge.cases import account_onus, cases
from contactledger.judge.promises import promise_findings
from tests.judging import THIRD, Log, day, two_sides

ALL = ("email", "phone", "sms", "chat", "meeting", "visit", "letter", "ticket", "other")


def house(**words: Any) -> Log:
    """Two sides and a matter; every channel is listened to."""
    log = two_sides()
    log.person("max", "smith", level=2)
    log.coverage(*ALL, since=day(-1), until=day(200), at=day(-1))
    log.matter("m", at=day(0), **words)
    return log


def followed(log: Log, as_of: datetime) -> tuple[Case, ...]:
    view = log.view(as_of)
    return cases(view, log.judge(as_of), promise_findings(view))


def turn(log: Log, as_of: datetime) -> Onus:
    return next(case.onus for case in followed(log, as_of) if case.matter == "m")


def whose(log: Log, as_of: datetime) -> tuple[str, str | None]:
    onus = turn(log, as_of)
    return onus.rule, onus.party


def call(log: Log, to: str = "bob", **words: Any) -> Entry:
    """A call that a machine took."""
    made = log.touch("ann", to, **{"channel": "phone", "matter": "m", **words})
    log.signal(made, "voicemail", at=made.at, **THIRD)
    return made


def finish(log: Log) -> list[Entry]:
    """A question of day 0 with every rung of its ladder climbed."""
    return [
        call(log, at=day(0)),
        log.touch("ann", "bob", expects="reply", matter="m", at=day(3)),
        call(log, "sue", at=day(7)),
        call(log, "max", at=day(14)),
    ]


# --- O1 --------------------------------------------------------------------------------------


def test_o1_a_promise_past_due_is_its_promisers() -> None:
    log = house()
    call(log, at=day(0))
    made = log.promise("bob", "ann", matter="m", due=day(4), at=day(1))
    assert turn(log, day(5)) == Onus("smith", "O1", day(4), (made.no,))


def test_o1_comes_before_an_overdue_answer_and_not_before_its_due() -> None:
    log = house()
    call(log, at=day(0))
    log.promise("bob", "ann", matter="m", due=day(4), at=day(1))
    assert whose(log, day(4)) == ("O2", "acme")


def test_o1_a_missed_promise_stays_until_another_is_made() -> None:
    log = house()
    made = log.promise("bob", "ann", matter="m", due=day(4), at=day(1))
    log.settle(made, "missed", at=day(5))
    assert whose(log, day(6)) == ("O1", "smith")
    log.promise("sue", "ann", matter="m", due=day(9), at=day(7))
    assert whose(log, day(8)) == ("O9", None)


def test_o1_the_oldest_of_several_decides() -> None:
    log = house()
    log.promise("bob", "ann", matter="m", due=day(4), at=day(1))
    log.promise("ann", "bob", matter="m", due=day(3), at=day(2))
    assert whose(log, day(6)) == ("O1", "smith")


# --- O2 and O3 -------------------------------------------------------------------------------


def test_o2_an_answer_is_overdue_and_whoever_asked_climbs_the_named_rung() -> None:
    log = house()
    asked = call(log, at=day(0))
    onus = turn(log, day(2))
    assert (onus.party, onus.rule, onus.since, onus.next_rung) == (
        "acme",
        "O2",
        day(1),
        "second_channel",
    )
    assert asked.no in onus.because
    log.touch("ann", "bob", expects="nothing", matter="m", at=day(3))
    assert turn(log, day(4)).next_rung == "second_person"


def test_o2_a_look_that_is_overdue_is_overdue_too() -> None:
    log = house()
    mail = log.touch("ann", "bob", tracked=True, matter="m", at=day(0))
    log.signal(mail, "delivered", person="bob", at=day(0), **THIRD)
    assert whose(log, day(9)) == ("O8", "smith")
    assert whose(log, day(9, 10, 1)) == ("O2", "acme")


def test_o3_the_ladder_is_finished_and_due_diligence_complete() -> None:
    log = house()
    climbs = finish(log)
    assert whose(log, day(13)) == ("O2", "acme")
    waiting = turn(log, day(15))
    assert (waiting.rule, waiting.party, waiting.until) == ("O8", "smith", day(15))
    complete = turn(log, day(15, 10, 1))
    assert (complete.rule, complete.party, complete.diligence) == ("O3", "smith", True)
    assert set(complete.because) >= {entry.no for entry in climbs}


def test_o3_a_policy_without_a_ladder_leaves_nothing_to_climb() -> None:
    log = house()
    log.adopt("rules = 1\n[[window]]\nwithin = '1 day'\n", at=day(0))
    call(log, at=day(0))
    onus = turn(log, day(2))
    assert (onus.rule, onus.party, onus.diligence) == ("O3", "smith", True)


# --- O4 --------------------------------------------------------------------------------------


def test_o4_an_unreached_touch_is_its_senders() -> None:
    log = house()
    mail = log.touch("ann", "bob", matter="m", at=day(0))
    log.signal(mail, "bounced", person="bob", at=day(0), **THIRD)
    onus = turn(log, day(1))
    assert (onus.rule, onus.party, onus.since) == ("O4", "acme", day(0))


def test_o4_a_silence_that_proves_nothing_is_its_senders() -> None:
    log = house()
    log.touch("ann", "bob", expects="reply", matter="m", at=day(0))
    assert whose(log, day(9)) == ("O4", "acme")


def test_o4_a_notice_that_may_not_have_been_seen_obliges_its_sender_in_a_named_matter() -> None:
    log = house()
    log.touch("ann", "bob", purpose="notice", matter="m", at=day(0))
    assert whose(log, day(20)) == ("O4", "acme")


@pytest.mark.parametrize(
    ("expects", "rule", "state"), [("seen", "O9", "closed"), ("reply", "O4", "opened")]
)
def test_o4_in_a_chain_that_nobody_named_only_what_wanted_an_answer_stays(
    expects, rule, state
) -> None:
    log = two_sides()
    mail = log.touch("ann", "bob", expects=expects, at=day(0))
    log.signal(mail, "delivered", at=day(0), **THIRD)
    log.signal(mail, "opened", by="machine", at=day(0), **THIRD)
    log.coverage("email", state="blind", since=day(1), until=day(2), at=day(2))
    (found,) = log.judge(day(20))
    (case,) = followed(log, day(20))
    assert (str(found.outcome), case.onus.rule, str(case.state)) == ("unproven", rule, state)


def test_o4_a_notice_that_failed_stays_its_senders_in_a_chain_that_nobody_named() -> None:
    log = two_sides()
    mail = log.touch("ann", "bob", purpose="notice", at=day(0))
    log.signal(mail, "bounced", person="bob", at=day(0), **THIRD)
    (case,) = followed(log, day(90))
    assert (case.onus.rule, case.onus.party) == ("O4", "acme")


def test_o4_getting_through_later_makes_good_for_a_failure() -> None:
    log = house()
    mail = log.touch("ann", "bob", matter="m", at=day(0))
    log.signal(mail, "bounced", person="bob", at=day(0), **THIRD)
    phone = log.touch("ann", "bob", channel="phone", matter="m", at=day(1))
    log.signal(phone, "answered", by="human", person="bob", at=day(1), **THIRD)
    assert whose(log, day(2)) == ("O9", None)


def test_o4_a_failure_after_getting_through_is_one_all_the_same() -> None:
    log = house()
    phone = log.touch("ann", "bob", channel="phone", matter="m", at=day(0))
    log.signal(phone, "answered", by="human", person="bob", at=day(0), **THIRD)
    mail = log.touch("ann", "bob", matter="m", at=day(1))
    log.signal(mail, "bounced", person="bob", at=day(1), **THIRD)
    assert whose(log, day(2)) == ("O4", "acme")


def test_o4_a_broadcast_obliges_nobody() -> None:
    log = house()
    mail = log.touch("ann", "bob", broadcast=True, matter="m", at=day(0))
    log.signal(mail, "bounced", person="bob", at=day(0), **THIRD)
    assert whose(log, day(9)) == ("O9", None)


# --- O5 --------------------------------------------------------------------------------------


def test_o5_the_giver_until_accepted_then_the_taker() -> None:
    log = house()
    log.party("prime", "partner")
    made = log.handoff("m", "acme", "prime", at=day(1))
    assert turn(log, day(1, 11)) == Onus("acme", "O5", day(1), (made.no,))
    assert whose(log, day(9)) == ("O5", "acme")
    took = log.handoff("m", "acme", "prime", word="accepted", answers=made.id, at=day(10))
    assert turn(log, day(11)) == Onus("prime", "O5", day(10), (made.no, took.no))


def test_o5_the_taker_that_acted_waits_for_others_but_is_never_nobody() -> None:
    log = house()
    log.party("prime", "partner")
    log.handoff("m", "acme", "prime", at=day(1))
    log.touch("prime", "bob", channel="phone", matter="m", at=day(2))
    assert whose(log, day(2, 11)) == ("O8", "smith")
    log = house()
    log.party("prime", "partner")
    log.handoff("m", "acme", "prime", at=day(1))
    log.touch("prime", "bob", expects="nothing", matter="m", at=day(2))
    assert whose(log, day(90)) == ("O5", "prime")


def test_o5_a_refused_handoff_obliges_nobody_by_itself() -> None:
    log = house()
    log.party("prime", "partner")
    made = log.handoff("m", "acme", "prime", at=day(1))
    log.handoff("m", "acme", "prime", word="refused", answers=made.id, at=day(2))
    assert whose(log, day(3)) == ("O9", None)


def test_o5_an_offer_to_somebody_else_takes_the_older_one_back() -> None:
    log = house()
    log.handoff("m", "acme", "prime", at=day(1))
    made = log.handoff("m", "acme", "second", at=day(2))
    assert turn(log, day(3)) == Onus("acme", "O5", day(2), (made.no,))
    log.handoff("m", "acme", "second", word="accepted", answers=made.id, at=day(4))
    assert whose(log, day(5)) == ("O5", "second")


# --- O6 and O7 -------------------------------------------------------------------------------


def test_o6_a_disputed_promise_is_the_party_that_did_not_speak_last() -> None:
    log = house()
    made = log.promise("ann", "bob", matter="m", due=day(4), at=day(0))
    log.settle(made, "kept", at=day(3), recorder="acme")
    log.settle(made, "missed", at=day(5), recorder="smith")
    assert whose(log, day(6)) == ("O6", "acme")
    log.settle(made, "kept", at=day(7), recorder="acme")
    assert whose(log, day(8)) == ("O6", "smith")


def test_o6_a_disputed_entry_is_too() -> None:
    log = house()
    sent = log.touch("ann", "bob", expects="nothing", matter="m", at=day(0))
    log.signal(sent, "delivered", person="bob", at=day(0), **THIRD)
    mark = log.mark(sent, "disputed", at=day(1), recorder="smith")
    assert turn(log, day(2)) == Onus("acme", "O6", day(1), (sent.no, mark.no))
    log.mark(sent, "acknowledged", at=day(2), recorder="acme")
    assert whose(log, day(3)) == ("O6", "smith")
    log.mark(sent, "acknowledged", at=day(4), recorder="smith")
    assert whose(log, day(5)) == ("O9", None)


def test_o6_a_disputed_word_on_a_handoff_is_too() -> None:
    log = house()
    log.party("prime", "partner")
    made = log.handoff("m", "acme", "prime", at=day(1))
    words = {"word": "refused", "answers": made.id, "recorder": "prime"}
    refusal = log.handoff("m", "acme", "prime", at=day(2), **words)
    mark = log.mark(refusal, "disputed", at=day(3), recorder="acme")
    assert turn(log, day(4)) == Onus("prime", "O6", day(3), (refusal.no, mark.no))


def test_o6_nobody_disputes_with_itself() -> None:
    log = house()
    sent = log.touch("ann", "bob", expects="nothing", matter="m", at=day(0))
    log.mark(sent, "disputed", at=day(1), recorder="acme")
    assert whose(log, day(2)) == ("O9", None)


def test_o6_what_was_said_of_other_matters_is_not_looked_at() -> None:
    log = house()
    log.touch("ann", "bob", expects="nothing", matter="m", at=day(0))
    other = log.touch("ann", "bob", expects="nothing", at=day(0))
    log.mark(other, "disputed", at=day(1), recorder="smith")
    assert whose(log, day(2)) == ("O9", None)


def test_o7_paused_is_the_party_that_paused() -> None:
    log = house()
    word = log.matter("m", "paused", at=day(1), recorder="smith")
    assert turn(log, day(9)) == Onus("smith", "O7", day(1), (word.no,))
    log.matter("m", "resumed", at=day(10), recorder="smith")
    assert whose(log, day(11)) == ("O9", None)


# --- O8 and O9 -------------------------------------------------------------------------------


def test_o8_an_answer_due_later_is_whoever_was_asked_until_then() -> None:
    log = house()
    later = call(log, at=day(0, 12))
    first = call(log, at=day(0, 11))
    onus = turn(log, day(0, 13))
    assert (onus.party, onus.rule, onus.until) == ("smith", "O8", day(1, 11))
    assert first.no in onus.because
    assert later.no not in onus.because


def test_o8_without_an_agreed_deadline_there_is_no_until() -> None:
    log = house()
    log.adopt("rules = 1\n", at=day(0))
    call(log, at=day(0))
    onus = turn(log, day(99))
    assert (onus.rule, onus.party, onus.until) == ("O8", "smith", None)


def test_o9_nobody() -> None:
    assert turn(house(), day(9)) == Onus(None, "O9", None, ())


# --- the account -----------------------------------------------------------------------------


def test_j52_the_accounts_onus_is_that_of_its_oldest_open_matter() -> None:
    log = house()
    log.promise("ann", "bob", due=day(4), at=day(1))
    followed_ = followed(log, day(6))
    assert account_onus(followed_) == (Onus(None, "O9", None, ()), "m")
    log.matter("m", "closed", at=day(7))
    onus, matter = account_onus(followed(log, day(8)))
    assert (onus.rule, onus.party, matter) == ("O1", "acme", followed_[1].matter)


def test_j52_without_an_open_matter_it_is_nobodys() -> None:
    log = house()
    log.matter("m", "closed", at=day(7))
    assert account_onus(followed(log, day(8))) == (Onus(None, "O9", None, ()), None)


def test_j23_a_matter_closed_by_the_one_who_owes_counts_as_open() -> None:
    log = house()
    log.promise("ann", "bob", matter="m", due=day(4), at=day(1))
    log.matter("m", "closed", at=day(2), recorder="acme")
    onus, matter = account_onus(followed(log, day(6)))
    assert (onus.rule, onus.party, matter) == ("O1", "acme", "m")
    log.matter("m", "closed", at=day(7), recorder="smith")
    assert account_onus(followed(log, day(8)))[1] is None


def test_j23_whoever_owes_nothing_more_may_close() -> None:
    log = house()
    made = log.promise("ann", "bob", matter="m", due=day(4), at=day(1))
    call_ = log.touch("bob", "ann", channel="ticket", matter="m", at=day(1))
    log.answer(call_, "ann", matter="m", at=day(1, 11))
    log.settle(made, "kept", at=day(2), recorder="acme")
    log.matter("m", "closed", at=day(3), recorder="acme")
    assert account_onus(followed(log, day(6)))[1] is None


@pytest.mark.parametrize(("one", "other"), [("acme", "smith"), ("smith", "acme")])
def test_j52_swapping_the_parties_swaps_the_onus(one: str, other: str) -> None:
    def asked(as_of: datetime, **words: Any) -> tuple[str, str | None]:
        log = Log()
        log.party("acme", "vendor")
        log.party("smith", "customer")
        log.coverage(*ALL, since=day(-1), until=day(200), at=day(-1))
        log.matter("m", at=day(0), recorder=one)
        made = log.touch(one, other, channel="phone", matter="m", at=day(0), **words)
        log.signal(made, "voicemail", at=day(0), **THIRD)
        return whose(log, as_of)

    assert asked(day(0, 11)) == ("O8", other)
    assert asked(day(2)) == ("O2", one)
