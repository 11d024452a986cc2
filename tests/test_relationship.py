"""Where a relationship is: what is worth a word, each by one rule (R1 to R7)."""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import attrs
import pytest
from hypothesis import given, settings

from contactledger.advice import Remark
from contactledger.facts import (
    FACTS,
    Handoff,
    Mark,
    Matter,
    Message,
    Milestone,
    Party,
    Person,
    Preference,
    Promise,
    Settlement,
    Signal,
    Touch,
)
from contactledger.judge.may_contact import may_contact
from contactledger.judge.next_steps import next_steps
from contactledger.judge.policy import DEFAULT_POLICY
from contactledger.judge.relationship import relationship
from contactledger.judge.rules import RULES
from contactledger.judge.rules_next import NEXT_RULES
from contactledger.judge.standing import standing
from tests.judging import THIRD, Log, day, logs, moments, stripped, two_sides


def remarks(log: Log, as_of: datetime, code: str, **words: Any) -> list[Remark]:
    """The remarks of that code about what acme does toward smith, or the other way round."""
    found = relationship(log.entries, as_of, **words).remarks
    return [remark for remark in found if remark.code == code]


def of(log: Log, as_of: datetime, code: str, party: str = "acme") -> Remark | None:
    return next((one for one in remarks(log, as_of, code) if one.party == party), None)


def test_r1_silence_counts_from_the_last_touch_of_that_side() -> None:
    log = two_sides()
    mail = log.touch("ann", "bob", at=day(0))
    asked = log.touch("bob", "ann", at=day(30))
    assert of(log, day(60), "silent") is None
    assert of(log, day(61), "silent") == Remark(
        "silent", "acme", "smith", day(0), ("R1",), (mail.no,), 61, 60
    )
    assert of(log, day(61), "silent", "smith") is None
    assert of(log, day(91), "silent", "smith") == Remark(
        "silent", "smith", "acme", day(30), ("R1",), (asked.no,), 61, 60
    )


def test_r1_a_side_that_never_reached_out_is_silent_since_it_was_first_reached() -> None:
    log = two_sides(DEFAULT_POLICY + "\n[relationship]\nsilent_after = '10 days'\n")
    asked = log.touch("bob", "ann", at=day(0))
    failed = log.touch("ann", "bob", at=day(5))
    log.signal(failed, "bounced", permanent=True, at=day(5), **THIRD)
    found = of(log, day(11), "silent")
    assert found is not None
    assert (found.since, found.because, found.limit) == (day(0), (asked.no,), 10)


def test_parties_between_whom_nothing_happened_have_no_relationship() -> None:
    assert relationship(two_sides().entries, day(999)).remarks == ()
    assert relationship([], day(0)).account == ""


def test_r2_touches_that_went_over_a_cap_lately_are_pestering() -> None:
    log = two_sides("[[cap]]\ntouches = 1\ndays = 2\n")
    log.touch("ann", "bob", at=day(0))
    over = [log.touch("ann", "bob", at=day(n)) for n in (1, 2)]
    assert of(log, day(3), "pestered") == Remark(
        "pestered", "acme", "smith", day(1), ("R2", "J41"), (over[0].no, over[1].no), 2
    )
    assert of(log, day(61), "pestered").because == (over[1].no,)
    assert of(log, day(62), "pestered") is None


def test_r3_thirty_five_calls_in_a_day_overload_support_whoever_makes_them() -> None:
    log = two_sides()
    for n in range(10):
        log.touch("bob", "ann", channel="phone", at=day(0, 8, n))
    assert remarks(log, day(1), "overloading") == []
    for n in range(10, 35):
        log.touch("sue" if n % 2 else "bob", "acme", channel="phone", at=day(0, 9, n))
    log.touch("bob", "ann", channel="phone", broadcast=True, at=day(0, 10))
    log.touch("bob", "ann", channel="phone", at=day(1, 12))
    (found,) = remarks(log, day(2), "overloading")
    assert (found.party, found.toward, found.count, found.limit, found.since) == (
        "smith", "acme", 35, 10, day(0, 8),
    )  # fmt: skip
    assert (len(found.because), found.rules) == (35, ("R3",))
    assert remarks(log, day(70), "overloading") == []


def test_r3_a_touch_exactly_as_long_ago_no_longer_counts() -> None:
    log = two_sides("[relationship]\noverload_touches = 1\noverload_within = '1 hour'\n")
    log.touch("ann", "bob", at=day(0, 10))
    log.touch("ann", "bob", at=day(0, 11))
    assert remarks(log, day(1), "overloading") == []
    log.touch("ann", "bob", at=day(0, 11, 59))
    assert remarks(log, day(1), "overloading")[0].count == 2


# --- a referral --------------------------------------------------------------------------------


def happy() -> Log:
    """Ann called Bob on Monday, and he answered."""
    log = two_sides()
    log.coverage("email", "phone", "ticket", since=day(-9), until=day(99), at=day(-9))
    call = log.touch("ann", "bob", channel="phone", id="call", at=day(0))
    log.signal(call, "answered", by="human", person="bob", at=day(0), **THIRD)
    return log


def referral(log: Log, as_of: datetime | None = None, party: str = "acme") -> Remark:
    found = relationship(log.entries, as_of or day(5)).remarks
    (one,) = [r for r in found if r.code.startswith("referral") and r.party == party]
    return one


def no_of(log: Log, key: str) -> int:
    return next(entry.no for entry in log.entries if entry.id == key)


def test_r7_somebody_in_touch_and_content_may_be_asked_for_one() -> None:
    log = happy()
    assert referral(log) == Remark(
        "referral_may_be_asked", "acme", "smith", None, ("R7",), (no_of(log, "call"),)
    )


def test_r4_not_from_somebody_whose_question_was_ignored() -> None:
    log = happy()
    ticket = log.touch("bob", "acme", channel="ticket", at=day(0))
    log.signal(ticket, "delivered", at=day(0), **THIRD)
    assert referral(log, day(1)).code == "referral_may_be_asked"
    found = referral(log)
    assert (found.code, found.rules, found.because) == (
        "referral_not_now", ("R4",), (ticket.no,),
    )  # fmt: skip
    assert referral(log, party="smith").code == "referral_may_be_asked"
    log.mark(ticket, "no_answer_needed", recorder="smith", at=day(4))
    assert referral(log).code == "referral_may_be_asked"


def test_r5_not_from_somebody_to_whom_a_promise_was_broken() -> None:
    log = happy()
    promise = log.promise("ann", "bob", due=day(2), at=day(0))
    assert referral(log, day(2)).code == "referral_may_be_asked"
    found = referral(log, day(3))
    assert (found.rules, found.because) == (("R5",), (promise.no,))
    log.settle(promise, "missed", at=day(3))
    assert referral(log).rules == ("R5",)
    log.touch("ann", "bob", at=day(40))
    log.touch("ann", "bob", at=day(62))
    assert referral(log, day(63)).code == "referral_may_be_asked"


def test_r5_a_disputed_promise_is_open_however_old() -> None:
    log = happy()
    promise = log.promise("ann", "bob", due=day(2), at=day(0))
    log.settle(promise, "kept", at=day(1))
    log.settle(promise, "missed", recorder="smith", at=day(2))
    log.touch("ann", "bob", at=day(50))
    log.touch("ann", "bob", at=day(99))
    assert referral(log, day(100)).rules == ("R5",)


def test_r5_nor_from_somebody_who_disputes_what_was_said_or_done() -> None:
    log = happy()
    call = log.entries[no_of(log, "call")]
    matter = log.matter("rel", party="acme", at=day(0))
    other = log.touch("bob", "ann", at=day(1))
    log.mark(other, "disputed", recorder="smith", at=day(1))
    log.mark(call, "disputed", recorder="acme", at=day(1))
    log.mark(call, "acknowledged", recorder="smith", at=day(1))
    log.add(log.entries[-1].fact.__class__(entry=999, word="disputed"), at=day(1), recorder="smith")
    assert referral(log).code == "referral_may_be_asked"
    marks = [log.mark(entry, "disputed", recorder="smith", at=day(2)) for entry in (call, matter)]
    found = referral(log)
    assert (found.rules, found.because) == (("R5",), tuple(mark.no for mark in marks))


@pytest.mark.parametrize(
    ("what", "by", "against"),
    [
        ("complained", "human", True),
        ("unsubscribed", "human", True),
        ("complained", "machine", False),
    ],
)
def test_r5_nor_from_somebody_who_complained(what, by, against) -> None:
    log = happy()
    mail = log.touch("ann", "bob", at=day(1))
    said = log.signal(mail, what, by=by, person="bob", at=day(2), **THIRD)
    found = referral(log)
    assert (found.code, said.no in found.because) == (
        "referral_not_now" if against else "referral_may_be_asked", against,
    )  # fmt: skip


def test_r5_nor_from_somebody_who_opted_out_of_everything_until_they_come_back() -> None:
    log = happy()
    log.prefers("ann", consent=False, at=day(1))
    log.prefers("bob", consent=False, scope_topics=("news",), at=day(1))
    log.prefers("sue", preferred="phone", at=day(1))
    assert referral(log).code == "referral_may_be_asked"
    out = log.prefers("sue", consent=False, at=day(2))
    assert referral(log).because == (out.no,)
    log.prefers("sue", consent=True, at=day(3))
    assert referral(log).code == "referral_may_be_asked"


def test_r6_nor_from_somebody_not_in_touch_for_long() -> None:
    log = happy()
    assert referral(log, day(30)).code == "referral_may_be_asked"
    found = referral(log, day(31))
    assert (found.rules, found.because) == (("R6",), (no_of(log, "call"),))
    log.touch("ann", "smith", broadcast=True, at=day(31))
    assert referral(log, day(32)).rules == ("R6",)
    log.touch("bob", "ann", at=day(32))
    assert referral(log, day(33)).code == "referral_may_be_asked"


def test_r6_a_long_silence_of_one_s_own_is_not_ended_by_the_very_touch_that_asks() -> None:
    """Ann called in March, then not for eight months; now she would like a referral."""
    log = happy()
    asks = log.touch("ann", "bob", at=day(240), expects="nothing")
    log.touch("bob", "ann", at=day(241), expects="nothing")
    found = referral(log, day(241))
    assert (found.rules, found.because) == (("R6",), (no_of(log, "call"), asks.no))
    assert referral(log, day(241), party="smith").code == "referral_may_be_asked"
    log.touch("ann", "bob", at=day(269), expects="nothing")
    assert referral(log, day(270)).code == "referral_not_now"
    assert referral(log, day(271)).code == "referral_may_be_asked"


def test_r6_that_the_other_keeps_writing_ends_no_silence_of_one_s_own() -> None:
    log = two_sides()
    mails = [log.touch("bob", "ann", at=day(20 * n), expects="nothing") for n in range(5)]
    assert referral(log, day(60)).code == "referral_may_be_asked"
    assert referral(log, day(81)).because == (mails[0].no,)
    call = log.touch("ann", "bob", at=day(81), expects="nothing")
    log.touch("bob", "ann", at=day(140), expects="nothing")
    assert referral(log, day(142)).because == (call.no,)


@pytest.mark.parametrize("sender", ["ann", "bob"])
def test_r6_what_never_got_there_is_no_contact(sender) -> None:
    log = two_sides()
    to, keeper = ("bob", "acme") if sender == "ann" else ("ann", "smith")
    mail = log.touch(sender, to, at=day(0), recorder=keeper)
    log.signal(mail, "bounced", permanent=True, at=day(0), **THIRD)
    found = referral(log, day(1))
    assert (found.rules, found.because) == (("R6",), (mail.no,))


def test_every_reason_is_named_at_once() -> None:
    log = happy()
    ticket = log.touch("bob", "acme", channel="ticket", at=day(0))
    log.signal(ticket, "delivered", at=day(0), **THIRD)
    promise = log.promise("ann", "bob", due=day(2), at=day(0))
    found = referral(log, day(60))
    assert found.rules == ("R4", "R5", "R6")
    assert found.because == tuple(sorted({ticket.no, promise.no}))


# --- what holds for all ------------------------------------------------------------------------


def test_the_documented_page_has_every_rule_word_for_word() -> None:
    page = (Path(__file__).parents[1] / "docs" / "policy.md").read_text("utf-8")
    rows = [f"| {code} | {text} |" for code, text in NEXT_RULES.items()]
    assert "\n".join(rows) in page


def test_every_rule_has_its_words_and_a_test_that_bears_its_number() -> None:
    files = ("cadence", "relationship", "next_steps")
    folder = Path(__file__).parent
    texts = "\n".join((folder / f"test_{name}.py").read_text("utf-8") for name in files)
    assert [code for code in NEXT_RULES if f"def test_{code.lower()}_" not in texts] == []
    assert set(NEXT_RULES).isdisjoint(RULES)
    for text in NEXT_RULES.values():
        assert (text[0].isupper(), text.endswith("."), "  " in text) == (True, True, False)


def test_nothing_personal_stands_in_anything_that_is_read() -> None:
    """Every personal field says SECRET; whatever is computed from the log never does."""
    log = Log(DEFAULT_POLICY)
    secret: dict[type, dict[str, Any]] = {
        cls: {
            a.name: {"message": Message(subject="SECRET"), "map": {"bob": "SECRET"}}.get(
                a.metadata["codec"], "SECRET"
            )
            for a in attrs.fields(cls)
            if a.metadata.get("personal") and a.metadata["codec"] != "blob" and a.name != "key"
        }
        for cls in FACTS.values()
    }
    log.party("acme", "vendor", **secret[Party])
    log.party("smith", **secret[Party])
    log.person("ann", "acme", **secret[Person])
    log.person("bob", "smith", **secret[Person])
    log.prefers("bob", preferred="phone", **secret[Preference])
    log.matter("rel", party="smith", at=day(0), **secret[Matter])
    log.milestone("install", kind="install", at=day(0), **secret[Milestone])
    mail = log.touch("ann", "bob", expects="reply", matter="rel", at=day(0), **secret[Touch])
    log.signal(mail, "delivered", at=day(0), **{**THIRD, **secret[Signal]})
    log.touch("bob", "ann", channel="ticket", at=day(0), **secret[Touch])
    promise = log.promise("ann", "bob", due=day(1), at=day(0), **secret[Promise])
    log.settle(promise, "kept", at=day(1), **secret[Settlement])
    log.mark(mail, "disputed", recorder="smith", at=day(1), **secret[Mark])
    log.handoff("rel", "acme", "smith", at=day(2), **secret[Handoff])
    assert "SECRET" in repr(log.entries)
    read = [
        [attrs.asdict(one) for one in log.judge(day(9))],  # their own repr shows nothing
        attrs.asdict(standing(log.entries, day(9))),
        relationship(log.entries, day(9)),
        next_steps(log.entries, day(9), party="acme"),
        next_steps(log.entries, day(9), party="smith"),
        may_contact(log.entries, "bob", "sms", at=day(9, 23), sender="acme"),
    ]
    assert [len(repr(one)) > 100 for one in read] == [True] * 6
    assert "SECRET" not in repr(read)


@settings(max_examples=40, deadline=None)
@given(logs(), moments)
def test_without_any_personal_field_the_relationship_is_the_same(log: Log, as_of: Any) -> None:
    assert relationship(stripped(log.entries), as_of) == relationship(log.entries, as_of)


@settings(max_examples=40, deadline=None)
@given(logs(), moments)
def test_every_remark_rests_on_entries_and_named_rules(log: Log, as_of: Any) -> None:
    found = relationship(log.entries, as_of + timedelta(days=40))
    numbers = {entry.no for entry in log.entries}
    for remark in found.remarks:
        assert remark.because
        assert set(remark.because) <= numbers
        assert set(remark.rules) <= {*NEXT_RULES, *RULES}


SWAP = {"acme": "smith", "smith": "acme", "ann": "bob", "bob": "ann", "abe": "sue", "sue": "abe"}


@pytest.mark.parametrize("as_of", [day(1), day(45), day(99)])
def test_swapping_the_parties_swaps_the_remarks(as_of: datetime) -> None:
    def told(name: Any) -> Log:
        log = Log()
        for party in ("acme", "smith"):
            log.party(name(party), "customer")
        for person, party in (("ann", "acme"), ("abe", "acme"), ("bob", "smith"), ("sue", "smith")):
            log.person(name(person), name(party))
        for n in range(12):
            log.touch(name("ann"), name("bob"), at=day(0, 8, n), id=f"t{n}")
        log.promise(name("bob"), name("ann"), due=day(3), at=day(0))
        return log

    mine = relationship(told(lambda x: x).entries, as_of).remarks
    theirs = relationship(told(SWAP.__getitem__).entries, as_of).remarks
    swapped = {(r.code, SWAP[r.party], SWAP[r.toward], r.rules, r.because) for r in mine}
    assert swapped == {(r.code, r.party, r.toward, r.rules, r.because) for r in theirs}
