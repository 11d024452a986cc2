"""Which policy a touch is judged by, and who stands behind it: J44, J45, J53."""

from __future__ import annotations

import pytest

from contactledger.errors import BadPolicy, CannotJudge
from contactledger.findings import Basis, Finding
from contactledger.judge.judge import judge
from contactledger.judge.policy import DEFAULT_POLICY, policy_digest
from tests.judging import START, THIRD, Log, day, two_sides

SHORT = DEFAULT_POLICY.replace('within = "1 day"', 'within = "1 hour"')
LONG = DEFAULT_POLICY.replace('within = "1 day"', 'within = "9 days"')
LATER = day(40)


def ticket_on(log: Log, when, **words) -> Finding:
    return log.finding(log.touch("bob", "ann", channel="ticket", at=when), LATER, **words)


def test_j44_the_latest_policy_before_the_touch_governs_it_and_a_later_one_does_not() -> None:
    log = two_sides()
    log.adopt(SHORT, at=day(1))
    log.adopt(LONG, at=day(3))
    assert [ticket_on(log, day(n)).due for n in (0, 1, 2)] == [day(1), day(1, 11), day(2, 11)]


def test_j44_it_binds_from_the_later_of_at_and_recorded_at() -> None:
    log = two_sides()
    log.adopt(SHORT, at=day(0), recorded=day(2))
    log.adopt(LONG, at=day(4), recorded=day(2))
    assert [ticket_on(log, day(n)).due for n in (1, 2)] == [day(2), day(2, 11)]


def test_j44_a_touch_dated_before_every_policy_is_judged_by_the_account_s_first() -> None:
    log = two_sides(SHORT)
    log.adopt(LONG, at=day(-1))
    house = Log(LONG, opened=START)
    found = log.touch("bob", "ann", channel="ticket", at=day(-60))
    finding = log.finding(found, LATER, house=house.entries)
    assert finding.basis.digest == policy_digest(SHORT)
    assert finding.basis.no == 1


def test_j44_a_trial_policy_replaces_it_and_is_printed() -> None:
    log = two_sides()
    found = ticket_on(log, day(0), what_if=SHORT)
    assert (found.due, "trial" in found.notes) == (day(0, 11), True)
    assert found.basis == Basis(1, policy_digest(SHORT), False, (), trial=True)
    assert ticket_on(log, day(0)).basis.trial is False


def test_j44_an_unknown_number_of_rules_refuses_to_judge() -> None:
    log = two_sides()
    log.adopt(DEFAULT_POLICY.replace("rules = 1", "rules = 2"), rules=2, at=day(5))
    log.adopt(DEFAULT_POLICY.replace("rules = 1", "rules = 3"), at=day(7))
    assert ticket_on(log, day(4)).due == day(7)
    for when, rules in ((6, 2), (8, 3)):
        touch = log.touch("bob", "ann", channel="ticket", at=day(when))
        with pytest.raises(CannotJudge, match=f"rules {rules}, this release knows 1"):
            log.judge(LATER)
        log.entries.remove(touch)
    with pytest.raises(CannotJudge, match="rules 7"):
        log.judge(LATER, what_if=DEFAULT_POLICY.replace("rules = 1", "rules = 7"))


def test_j44_a_policy_that_does_not_parse_is_an_error_that_says_so() -> None:
    log = two_sides("rules = 1\nnonsense = 2\n")
    log.touch("bob", "ann", at=day(0))
    with pytest.raises(BadPolicy, match="nonsense"):
        log.judge(LATER)


def test_j44_without_any_policy_nothing_is_judged() -> None:
    log = two_sides()
    log.touch("bob", "ann", at=day(0))
    entries = [e for e in log.entries if e.kind != "policy_adopted"]
    with pytest.raises(CannotJudge, match="no policy is among these entries"):
        judge(entries, LATER)


def test_j44_agreed_is_what_both_parties_adopted_or_acknowledged_by_then() -> None:
    log = two_sides()
    policy = log.entries[1]
    assert ticket_on(log, day(0)).basis == Basis(1, policy_digest(DEFAULT_POLICY), False, ("acme",))
    log.mark(policy, "acknowledged", recorder="smith", at=day(1))
    log.mark(policy, "acknowledged", recorder="smith", at=day(2))
    log.mark(policy, "disputed", recorder="prime", at=day(2))
    before, after = ticket_on(log, day(0)), ticket_on(log, day(1))
    assert (before.basis.agreed, after.basis.agreed) == (False, True)
    assert after.basis.adopted_by == ("acme", "smith")


def test_j44_adopted_by_the_other_too_it_is_agreed() -> None:
    log = two_sides()
    log.adopt(DEFAULT_POLICY, recorder="smith", at=day(1))
    assert ticket_on(log, day(2)).basis.agreed is True


def test_j44_an_adoption_in_another_s_name_is_no_agreement_unless_something_carries_it() -> None:
    log = two_sides()
    log.adopt(DEFAULT_POLICY, party="smith", at=day(1))
    log.mark(log.entries[1], "acknowledged", party="smith", at=day(1))
    assert ticket_on(log, day(2)).basis.agreed is False
    log.adopt(DEFAULT_POLICY, party="smith", auth="party_signed", at=day(3))
    assert ticket_on(log, day(4)).basis.agreed is True


def test_j45_the_original_s_policy_governs_its_reminders() -> None:
    log = two_sides()
    asked = log.touch("bob", "ann", channel="ticket", at=day(0))
    log.adopt(SHORT + '\n[[cap]]\ntouches = 1\ndays = 9\nper = "person"\n', at=day(0, 11))
    reminder = log.remind(asked, at=day(0, 12))
    found = log.finding(reminder, LATER)
    assert (found.due, found.basis.digest) == (day(1), policy_digest(DEFAULT_POLICY))
    assert (found.violations, "J45" in found.rules) == ((), True)


def test_j53_ledger_wide_policies_and_coverage_stand_in_the_house() -> None:
    house = Log(DEFAULT_POLICY, opened=START)
    house.adopt(SHORT, at=day(-1))
    house.coverage("ticket", state="blind", since=day(0), until=day(9), at=day(9))
    log = two_sides()
    found = ticket_on(log, day(0), house=house.entries)
    assert (found.due, found.basis.no) == (day(0, 11), 2)
    assert ("collector_blind" in found.notes) is True


def test_j53_a_ledger_wide_policy_never_displaces_one_that_both_agreed_on() -> None:
    house = Log(DEFAULT_POLICY, opened=START)
    house.adopt(SHORT, at=day(-1))
    log = two_sides(LONG)
    log.mark(log.entries[1], "acknowledged", recorder="smith", at=day(-2))
    found = ticket_on(log, day(0), house=house.entries)
    assert (found.basis.digest, found.basis.agreed) == (policy_digest(LONG), True)


def test_j53_where_the_account_has_no_policy_the_house_s_holds() -> None:
    house = Log(SHORT, opened=START)
    log = two_sides()
    log.signal(log.touch("bob", "ann", channel="ticket", at=day(0)), "delivered", **THIRD)
    entries = [e for e in log.entries if e.kind != "policy_adopted"]
    (found,) = judge(entries, LATER, house=house.entries)
    assert found.due == day(0, 11)
    early = Log(SHORT, opened=day(1))
    (found,) = judge(entries, LATER, house=early.entries)
    assert found.due == day(0, 11)
