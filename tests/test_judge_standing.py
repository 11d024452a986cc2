"""An account at a moment, its parties in the same columns; and the five stories that this
library was made for, in miniature."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import attrs
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from contactledger.errors import CannotJudge
from contactledger.facts import Entry, Money
from contactledger.findings import Column, Outcome, PromiseState, Standing
from contactledger.judge.policy import DEFAULT_POLICY
from contactledger.judge.standing import standing
from contactledger.vocabulary import MatterState, Role
from tests.judging import PEOPLE, THIRD, Log, day, logs, moments, stripped, two_sides

ALL = ("email", "phone", "sms", "chat", "meeting", "visit", "letter", "ticket", "other")


def listened(log: Log) -> Log:
    log.coverage(*ALL, since=day(-90), until=day(400), at=log.now)
    return log


def column(found: Standing, party: str) -> Column:
    (one,) = [column for column in found.columns if column.party == party]
    return one


def outcomes(found: Standing) -> list[str]:
    return [finding.outcome.value for finding in found.findings]


# --- columns ---------------------------------------------------------------------------------


def test_every_party_has_the_same_columns_whatever_its_role() -> None:
    log = two_sides()
    log.party("prime", "partner")
    log.party("expert", "consultant")
    found = standing(log.entries, day(1))
    assert [(column.party, column.role) for column in found.columns] == [
        ("acme", Role.VENDOR),
        ("smith", Role.CUSTOMER),
        ("prime", Role.PARTNER),
        ("expert", Role.CONSULTANT),
    ]
    assert {column.sent for column in found.columns} == {0}
    assert (found.account, found.as_of) == ("account", day(1))
    assert (found.onus.rule, found.onus_matter, found.cases) == ("O9", None, ())


def test_nothing_written_has_a_standing_too() -> None:
    found = standing([], day(1))
    assert (found.account, found.columns, found.findings) == ("", (), ())
    assert standing([], day(1), account="smith-motors").account == "smith-motors"


def test_a_party_that_only_wrote_itself_is_a_column_too() -> None:
    log = Log()
    log.touch("acme", "smith", channel="phone", at=day(0))
    log.person("bob", "smith")
    found = standing(log.entries, day(1))
    assert [column.party for column in found.columns] == ["acme", "smith"]


def test_columns_count_what_was_sent_and_what_came_of_it() -> None:
    log = listened(two_sides())
    first = log.touch("ann", "bob", channel="phone", at=day(0))
    log.answer(first, "bob", expects="nothing", at=day(0, 12))
    second = log.touch("ann", "bob", channel="phone", at=day(1))
    late = log.answer(second, "sue", expects="nothing", at=day(3, 12))
    third = log.touch("ann", "sue", channel="phone", at=day(2))
    log.signal(third, "voicemail", at=day(2), **THIRD)
    failed = log.touch("ann", "sue", at=day(2))
    log.signal(failed, "bounced", person="sue", at=day(2), **THIRD)
    seen = log.touch("ann", "bob", at=day(3))
    log.signal(seen, "opened", by="human", person="bob", at=day(3, 11), **THIRD)
    log.touch("ann", "bob", at=day(4))
    found = standing(log.entries, day(7))
    mine, theirs = column(found, "acme"), column(found, "smith")
    assert (mine.sent, mine.sent_answered, mine.sent_seen) == (6, 2, 1)
    assert (mine.sent_ignored, mine.sent_unreached, mine.sent_pending) == (1, 1, 1)
    assert (theirs.sent, theirs.sent_noted, theirs.last_sent_at) == (2, 2, late.at)
    assert (theirs.received, theirs.answered, theirs.answered_late) == (6, 2, 1)
    assert (theirs.seen, theirs.seen_late, theirs.ignored, theirs.held_against) == (1, 0, 1, 1)
    assert theirs.answer_median == timedelta(hours=26)
    assert theirs.answer_worst == timedelta(hours=50)
    assert theirs.last_answered_at == day(3, 12)
    assert theirs.oldest_waiting_no == third.no
    assert mine.answer_median is None
    assert mine.answer_worst is None


def test_the_median_of_an_odd_number_is_the_middle_one() -> None:
    log = two_sides()
    for n, hours in enumerate((1, 5, 2)):
        asked = log.touch("ann", "bob", channel="phone", at=day(n))
        log.answer(asked, "bob", at=day(n) + timedelta(hours=hours))
    found = column(standing(log.entries, day(9)), "smith")
    assert (found.answer_median, found.answer_worst) == (timedelta(hours=2), timedelta(hours=5))


def test_j20_reminders_are_touches_but_a_silence_counts_once() -> None:
    log = listened(two_sides())
    asked = log.touch("ann", "bob", channel="phone", at=day(0))
    log.signal(asked, "voicemail", at=day(0), **THIRD)
    for n in (2, 3):
        again = log.remind(asked, at=day(n))
        log.signal(again, "voicemail", at=day(n), **THIRD)
    found = standing(log.entries, day(8))
    mine, theirs = column(found, "acme"), column(found, "smith")
    assert (mine.sent, mine.reminders, mine.sent_ignored) == (3, 2, 1)
    assert (theirs.received, theirs.ignored, theirs.held_against) == (3, 1, 1)


def test_violations_count_for_whoever_broke_the_policy() -> None:
    log = listened(two_sides())
    log.touch("ann", "bob", channel="phone", at=day(0, 23))
    found = standing(log.entries, day(1))
    assert (column(found, "acme").violations, column(found, "smith").violations) == (1, 0)


def test_what_only_excuses_the_receiver_is_no_time_the_sender_did_not_keep_the_policy() -> None:
    log = listened(two_sides())
    call = log.touch("ann", "bob", channel="phone", at=day(0))
    log.signal(call, "voicemail", at=day(0))
    found = standing(log.entries, day(5))
    assert [v.code for f in found.findings for v in f.violations] == ["evidence_too_weak"]
    assert (column(found, "acme").violations, column(found, "smith").held_against) == (0, 0)


def test_promises_are_counted_for_the_promiser() -> None:
    log = two_sides()
    words = ("kept", "missed", None, None, "withdrawn")
    for n, word in enumerate(words):
        made = log.promise("ann", "bob", due=day(4 + 9 * (n == 3)), at=day(0))
        if word is not None:
            log.settle(made, word, at=day(1))
    made = log.promise("ann", "bob", due=day(4), at=day(0))
    log.settle(made, "kept", at=day(1), recorder="acme")
    log.settle(made, "missed", at=day(1), recorder="smith")
    found = standing(log.entries, day(5))
    mine = column(found, "acme")
    assert (mine.promises_kept, mine.promises_missed, mine.promises_disputed) == (1, 1, 1)
    assert (mine.promises_open, mine.promises_overdue) == (2, 1)
    assert column(found, "smith").promises_open == 0
    assert len(found.promises) == 6


def test_outcomes_and_reminders_add_up_to_what_was_sent() -> None:
    log = two_sides()
    asked = log.touch("ann", ("bob", "sue"), channel="phone", at=day(0))
    log.remind(asked, at=day(3))
    mine = column(standing(log.entries, day(9)), "acme")
    assert mine.sent == total(mine) == 2


def total(one: Column) -> int:
    return one.reminders + sum(getattr(one, f"sent_{outcome.value}") for outcome in Outcome)


def test_a_period_filters_findings_after_judging_and_nothing_else() -> None:
    log = listened(two_sides())
    for n in (0, 7, 14):
        made = log.touch("ann", "bob", channel="phone", at=day(n))
        log.signal(made, "voicemail", at=day(n), **THIRD)
    whole = standing(log.entries, day(30))
    part = standing(log.entries, day(30), since=day(7), until=day(14))
    assert [finding.at for finding in part.findings] == [day(7)]
    assert part.findings[0] == whole.findings[1]
    assert (column(whole, "acme").sent, column(part, "acme").sent) == (3, 1)
    assert (part.cases, part.onus, part.gaps) == (whole.cases, whole.onus, whole.gaps)


def test_j44_a_trial_policy_is_judged_by_and_said_to_be_one() -> None:
    log = listened(two_sides())
    made = log.touch("ann", "bob", channel="phone", at=day(0))
    log.signal(made, "voicemail", at=day(0), **THIRD)
    trial = standing(log.entries, day(2), what_if="rules = 1\n")
    assert outcomes(standing(log.entries, day(2))) == ["ignored"]
    assert outcomes(trial) == ["pending"]
    assert [finding.basis.trial for finding in trial.findings] == [True]
    assert (trial.notes, standing(log.entries, day(2)).notes) == (("trial",), ())


def test_j44_unknown_rules_are_refused() -> None:
    log = two_sides("rules = 2\n")
    log.entries[1] = attrs.evolve(log.entries[1], fact=attrs.evolve(log.entries[1].fact, rules=2))
    log.touch("ann", "bob", at=day(0))
    with pytest.raises(CannotJudge):
        standing(log.entries, day(2))


def test_j53_the_shared_log_is_read_beside_the_accounts() -> None:
    log, shared = two_sides(), Log()
    shared.coverage("phone", state="blind", since=day(0), until=day(9), at=day(9))
    made = log.touch("ann", "bob", channel="phone", at=day(0))
    log.signal(made, "voicemail", at=day(0), **THIRD)
    found = standing(log.entries, day(9), house=shared.entries)
    assert outcomes(found) == ["unproven"]
    assert [gap.state for gap in found.gaps] == ["blind"]


# --- properties ------------------------------------------------------------------------------


@settings(max_examples=50, deadline=None)
@given(logs(), moments)
def test_j46_as_of_a_moment_equals_judging_only_what_counts_then(log: Log, as_of: Any) -> None:
    counting = [e for e in log.entries if e.recorded_at <= as_of]
    assert standing(log.entries, as_of) == standing(counting, as_of)


@settings(max_examples=50, deadline=None)
@given(logs(), moments)
def test_without_any_personal_field_the_standing_is_the_same(log: Log, as_of: Any) -> None:
    assert standing(stripped(log.entries), as_of) == standing(log.entries, as_of)


@settings(max_examples=50, deadline=None)
@given(logs(), moments)
def test_outcomes_and_reminders_always_add_up(log: Log, as_of: Any) -> None:
    for one in standing(log.entries, as_of).columns:
        assert one.sent == total(one)


@settings(max_examples=50, deadline=None)
@given(logs(), moments)
def test_entries_may_come_in_any_order(log: Log, as_of: Any) -> None:
    assert standing(reversed(log.entries), as_of) == standing(log.entries, as_of)


SWAP = {"acme": "smith", "smith": "acme"}


def swapped(value: Any) -> Any:
    """The same value with the names of the two parties changed over, everywhere."""
    if isinstance(value, str):
        return SWAP.get(value, value) if type(value) is str else value
    if isinstance(value, tuple):
        return tuple(swapped(item) for item in value)
    if attrs.has(type(value)):
        return attrs.evolve(
            value,
            **{
                a.name: swapped(getattr(value, a.name)) for a in attrs.fields(type(value)) if a.init
            },
        )
    return value


def other_roles(entries: list[Entry]) -> list[Entry]:
    """The same story with the two parties in each other's role and place."""
    made = [swapped(entry) for entry in entries]
    people = {person: party for person, party in PEOPLE.items() if party in SWAP}
    assert set(people.values()) == set(SWAP)
    return made


@st.composite
def matters(draw: st.DrawFn) -> Log:
    """A random log in which the touches belong to one matter that parties work on."""
    log = draw(logs())
    facts = [
        attrs.evolve(entry, fact=attrs.evolve(entry.fact, matter="m"))
        if entry.kind == "touch"
        else entry
        for entry in log.entries
    ]
    log.entries = facts
    log.now = day(-1)
    parties = st.sampled_from(["acme", "smith"])
    for n in range(draw(st.integers(0, 6))):
        at, by = day(31 + n), draw(parties)
        other = SWAP[by]
        what = draw(st.integers(0, 3))
        if what == 0:
            log.matter(
                "m", draw(st.sampled_from(["paused", "resumed", "closed"])), at=at, recorder=by
            )
        elif what == 1:
            made = log.handoff("m", by, other, at=at, recorder=by)
            if draw(st.booleans()):
                word = draw(st.sampled_from(["accepted", "refused"]))
                log.handoff("m", by, other, word=word, answers=made.id, at=at, recorder=other)
        elif what == 2:
            made = log.promise(by, other, due=day(32 + n), matter="m", at=at, recorder=by)
            for who in draw(st.lists(parties, max_size=2)):
                word = draw(st.sampled_from(["kept", "missed", "withdrawn"]))
                log.settle(made, word, at=day(33 + n), recorder=who)
        else:
            log.mark(log.entries[-1], "disputed", at=at, recorder=by)
    return log


@settings(max_examples=80, deadline=None)
@given(matters(), st.integers(30, 60))
def test_swapping_the_parties_swaps_the_standing(log: Log, n: int) -> None:
    plain = standing(log.entries, day(n))
    other = standing(other_roles(log.entries), day(n))
    assert other.cases == swapped(plain.cases)
    assert other.promises == swapped(plain.promises)
    assert other.onus == swapped(plain.onus)
    assert sorted(other.columns, key=lambda one: one.party) == sorted(
        swapped(plain.columns), key=lambda one: one.party
    )


@pytest.mark.parametrize("size", [50])
def test_work_grows_with_the_number_of_entries(size: int) -> None:
    """Counted in calls of Python functions, which no machine's load changes."""

    def calls(n: int) -> int:
        log = listened(two_sides())
        log.matter("m", at=day(0))
        for i in range(n):
            made = log.touch("ann", "bob", channel="phone", matter="m", at=day(i % 200))
            log.signal(made, "voicemail", at=day(i % 200), **THIRD)
            log.promise("ann", "bob", due=day(400), matter="m", at=day(i % 200))
            log.handoff("m", "acme", "smith", at=day(i % 200))
        return counted(lambda: standing(log.entries, day(300)))

    small, large = calls(size), calls(4 * size)
    assert large < 4.6 * small


def counted(work: Any) -> int:
    import sys

    seen = 0

    def count(*_: Any) -> None:
        nonlocal seen
        seen += 1

    before = sys.getprofile()
    sys.setprofile(count)
    try:
        work()
    finally:
        sys.setprofile(before)
    return seen


# --- the five stories ------------------------------------------------------------------------


def test_story_1_nobody_told_us() -> None:
    """The vendor mailed twice a month and phoned about every outage; the dealer had asked for
    the phone. Both can see who did what, and the turn is with whoever has not yet done what
    the other asked for."""
    log = listened(two_sides())
    log.prefers("bob", preferred="phone", at=day(0))
    for n in (0, 14, 28):
        mail = log.touch("ann", "bob", purpose="notice", tracked=True, at=day(n, 11))
        log.signal(mail, "delivered", person="bob", at=day(n, 11), **THIRD)
    outage = log.touch("ann", "bob", channel="phone", purpose="outage", at=day(30))
    log.signal(outage, "answered", by="human", person="bob", at=day(30), **THIRD)
    found = standing(log.entries, day(60))
    assert outcomes(found) == ["ignored", "ignored", "ignored", "answered"]
    assert (column(found, "acme").sent, column(found, "smith").answered) == (4, 1)
    assert (found.onus.rule, found.onus.party, found.onus.next_rung) == (
        "O2",
        "acme",
        "second_channel",
    )


def test_story_2_the_credit_that_nobody_owned() -> None:
    """$1,895 goes round; everybody who had it is named with the days they had it, and the
    circle is counted."""
    log = Log()
    for party, role in (
        ("dealer", "customer"),
        ("maker", "vendor"),
        ("first", "partner"),
        ("second", "partner"),
        ("liaison", "consultant"),
    ):
        log.party(party, role)
    stake, worth = Money(189_500, "USD"), Money(200_000_000, "USD")
    log.matter("credit", at=day(0), recorder="dealer", stake=stake, worth=worth)
    log.touch("dealer", "maker", channel="phone", matter="credit", at=day(0), recorder="dealer")
    ring = [("maker", "first", 3), ("first", "second", 10), ("second", "maker", 20)]
    for giver, taker, n in ring:
        made = log.handoff("credit", giver, taker, at=day(n), recorder=giver)
        log.handoff(
            "credit", giver, taker, word="accepted", answers=made.id, at=day(n), recorder=taker
        )
    log.handoff("credit", "maker", "liaison", at=day(30), recorder="maker")
    found = standing(log.entries, day(60))
    (case,) = found.cases
    assert (case.holder, case.holder_since, case.circles) == ("maker", day(20), 1)
    assert [handoff.state for handoff in case.handoffs] == ["accepted"] * 3 + ["never_taken_up"]
    assert dict(case.days_held) == {"maker": 43.0, "first": 7.0, "second": 10.0}
    assert (case.stake, case.worth) == (stake, worth)
    assert len(found.columns) == 5


def test_story_3_capacity_not_hours() -> None:
    """The training was delivered as promised, says one side, and did not do what it was for,
    says the other: the promise is disputed and waits for whoever spoke first."""
    log = two_sides()
    log.matter("training", at=day(0))
    made = log.promise("ann", "bob", matter="training", due=day(10), at=day(0))
    log.settle(made, "kept", at=day(9), recorder="acme")
    log.settle(made, "missed", at=day(20), recorder="smith")
    found = standing(log.entries, day(30))
    (promise,) = found.promises
    assert (promise.state, promise.held_by) == (PromiseState.DISPUTED, None)
    assert (found.onus.rule, found.onus.party) == ("O6", "acme")
    assert column(found, "acme").promises_disputed == 1


def test_story_4_the_ticket_of_april() -> None:
    """Here it is the vendor that never answered, and its own log says so."""
    log = listened(two_sides())
    ticket = log.touch("bob", "ann", channel="ticket", at=day(0))
    found = standing(log.entries, day(90))
    (finding,) = found.findings
    assert (finding.no, finding.outcome, finding.held_against) == (
        ticket.no,
        Outcome.IGNORED,
        "acme",
    )
    mine = column(found, "acme")
    assert (mine.received, mine.ignored, mine.held_against) == (1, 1, 1)
    assert (found.onus.rule, found.onus.party) == ("O2", "smith")
    assert found.cases[0].state is MatterState.OPENED


def test_story_5_nobody_wants_a_call_a_day() -> None:
    """Over the cap a call is still a call, but its silence is held against nobody."""
    log = listened(two_sides())
    for n in range(12):
        call = log.touch("ann", "bob", channel="phone", purpose="check_in", at=day(n, 12))
        log.signal(call, "voicemail", at=day(n, 12), **THIRD)
    found = standing(log.entries, day(40))
    theirs = column(found, "smith")
    assert (theirs.ignored, theirs.held_against) == (12, 8)
    assert column(found, "acme").violations == 4


def test_the_default_policy_is_the_one_of_every_story() -> None:
    assert two_sides().entries[1].fact.text == DEFAULT_POLICY  # type: ignore[union-attr]
