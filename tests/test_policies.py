"""The ready policies: each contradicts nothing, and is played once."""

from __future__ import annotations

from datetime import date

import pytest

from contactledger import Ledger, MemoryStore, Party, PolicyAdopted, Touch
from contactledger.errors import BadInput, NotFound
from contactledger.findings import Outcome
from contactledger.judge.policy import expand_policy, parse_policy
from contactledger.judge.policy_lint import lint_policy
from contactledger.policies import READY, ready_policy
from contactledger.testing import FixedClock
from tests.judging import THIRD, Log, day, two_sides


@pytest.mark.parametrize("name", READY)
def test_a_ready_policy_contradicts_nothing(name) -> None:
    assert lint_policy(ready_policy(name), date(2026, 1, 1)) == ()


@pytest.mark.parametrize("name", READY)
def test_with_a_country_it_keeps_that_country_s_holidays_in_every_calendar(name) -> None:
    text = ready_policy(name, country="DE", subdivision="BY", year=2026)
    assert lint_policy(text, date(2026, 1, 1)) == ()
    policy = parse_policy(expand_policy(text))
    kept = [t.calendar.holidays for t in policy.tables.values() if t.calendar is not None]
    assert all(date(2026, 1, 6) in days and max(days).year == 2030 for days in kept)
    assert len(kept) == text.count("country")


def test_a_policy_that_is_not_there_and_a_country_without_a_year_are_refused() -> None:
    with pytest.raises(NotFound, match="policy: one of: dealership-software, support-desk"):
        ready_policy("nonsense")
    with pytest.raises(BadInput, match="year: the first year of the holidays is needed"):
        ready_policy("training", country="DE")


def test_both_sides_adopt_it_and_what_comes_after_is_judged_as_agreed() -> None:
    clock = FixedClock(day(0))
    ledger = Ledger.open(MemoryStore(), recorder="acme", clock=clock)
    text = ready_policy("support-desk", country="US", year=2026)
    ledger.record(
        "smith", PolicyAdopted(text), Party("acme", "A", "vendor"), Party("smith", "S", "customer")
    )
    adopted = next(e for e in ledger.entries("smith") if e.kind == "policy_adopted")
    assert adopted.no == 1
    assert "country" not in adopted.fact.text
    assert date(2026, 7, 3) in parse_policy(adopted.fact.text).calendar().holidays
    ledger.record("smith", Touch("acme", "smith", "email"))
    clock.set(day(1))
    ledger.record("smith", PolicyAdopted(text, party="smith", auth="access"))
    ledger.record("smith", Touch("acme", "smith", "email"))
    assert [found.basis.agreed for found in ledger.findings("smith")] == [False, True]


def played(name: str) -> Log:
    """Ann and Abe of the vendor; Bob (it), Sue (accounts) and Max (the owner) of the customer."""
    log = two_sides(ready_policy(name))
    log.person("bob", "smith", duties=("it",))
    log.person("sue", "smith", duties=("accounts",))
    log.person("max", "smith", duties=("owner",), level=2)
    log.coverage("email", "phone", "sms", "ticket", since=day(-9), until=day(99), at=day(-9))
    return log


def test_dealership_software_what_bob_prefers_comes_first_and_an_invoice_is_for_accounts() -> None:
    """The vendor mails Bob, who asked for calls, and sends him an invoice; then it calls him on
    a Saturday, when the dealership is open, and he has until Monday."""
    log = played("dealership-software")
    log.prefers("bob", preferred="phone", at=day(-1))
    mail = log.touch("ann", "bob", at=day(0), **THIRD)
    bill = log.touch("ann", "bob", purpose="invoice", at=day(1), matter="bill")
    call = log.touch("ann", "bob", channel="phone", at=day(5, 10), matter="new")
    assert [v.code for v in log.finding(mail, day(2)).violations] == ["preferred_not_tried"]
    assert [v.code for v in log.finding(bill, day(2)).violations] == [
        "preferred_not_tried", "nobody_entitled",
    ]  # fmt: skip
    found = log.finding(call, day(6))
    assert (found.violations, found.due) == ((), day(7, 10))


def test_support_desk_the_more_pressing_ticket_is_due_first_and_the_desk_ignored_one() -> None:
    """Three tickets of a Monday at 14:00; only the pressing one is answered. The desk works until
    19:00, so four hours are over the same day, and on Saturdays, which are days of its five."""
    log = played("support-desk")
    tickets = [
        log.touch("bob", "acme", channel="ticket", urgency=urgency, at=day(0, 14))
        for urgency in ("high", "normal", "low")
    ]
    for ticket in tickets:
        log.signal(ticket, "delivered", at=day(0, 14), **THIRD)
    log.answer(tickets[0], "ann", at=day(0, 17))
    found = [log.finding(ticket, day(3)) for ticket in tickets]
    assert [f.due for f in found] == [day(0, 18), day(2, 14), day(5, 14)]
    assert [f.outcome for f in found] == [Outcome.ANSWERED, Outcome.IGNORED, Outcome.PENDING]
    assert [f.held_against for f in found] == [None, "acme", None]


def test_training_an_invitation_by_mail_has_five_days_and_lunch_is_no_business_time() -> None:
    log = played("training")
    mail = log.touch("ann", "bob", purpose="training", at=day(0, 13))
    ask = log.touch("ann", "bob", channel="phone", at=day(0, 9))
    found = log.finding(mail, day(1))
    assert (str(found.expects), found.starts, found.due) == (
        "response", day(0, 13, 30), day(7, 13, 30),
    )  # fmt: skip
    assert log.finding(ask, day(1)).due == day(3, 9)


def test_outage_notices_may_come_at_night_to_whoever_opted_out_and_is_entitled() -> None:
    """An outage on Sunday at 02:00. Bob (it) is rung at once, although he opted out; Sue
    (accounts) is rung too and is not entitled; other calls at that hour are none of the deal."""
    log = played("outage-notices")
    log.prefers("bob", consent=False, at=day(-2))
    night = day(6, 2)
    told = log.touch("ann", "bob", channel="phone", purpose="outage", at=night, system="own")
    log.signal(told, "voicemail", at=night, system="own")
    wrong = log.touch("ann", "sue", channel="phone", purpose="outage", at=night)
    other = log.touch("ann", "max", channel="phone", purpose="check_in", at=night)
    found = log.finding(told, day(9))
    assert (found.due, found.violations, found.outcome) == (day(6, 4), (), Outcome.IGNORED)
    assert (found.outcome_grade.word, found.held_against) == ("claimed", "smith")
    assert [v.code for v in log.finding(wrong, day(9)).violations] == ["nobody_entitled"]
    assert [v.code for v in log.finding(other, day(9)).violations] == ["outside_hours"]
