"""What holds of the judgement of any log whatever: properties over random small logs."""

from __future__ import annotations

import sys
from datetime import timedelta
from itertools import permutations
from typing import Any

import attrs
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from contactledger.facts import Entry
from contactledger.findings import Evidence, Finding, Outcome, Reach
from contactledger.judge.judge import judge
from contactledger.judge.lifts import FAILURES
from contactledger.judge.policy import DEFAULT_POLICY
from contactledger.judge.rules import CAVEATS, EXCUSES, NOTES, ORDER, RULES, VIOLATIONS
from tests.judging import PEOPLE, THIRD, Log, day, logs, moments, stripped, two_sides

few = settings(max_examples=60, deadline=None)
END = day(60)


@few
@given(logs(), moments)
def test_as_of_a_moment_is_judging_only_what_counts_at_that_moment(log: Log, as_of: Any) -> None:
    counting = [e for e in log.entries if e.recorded_at <= as_of and e.at <= as_of]
    assert judge(log.entries, as_of) == judge(counting, as_of)


@few
@given(logs(), st.randoms(use_true_random=False))
def test_the_order_in_which_entries_are_handed_over_is_of_no_account(log: Log, chance: Any) -> None:
    mixed = list(log.entries)
    chance.shuffle(mixed)
    assert judge(mixed, END) == judge(log.entries, END)


@few
@given(logs(), st.randoms(use_true_random=False))
def test_arrival_order_changes_nothing_but_the_numbers(log: Log, chance: Any) -> None:
    """Arrival order is the order of numbers within one batch.

    When something was *recorded* is a fact of its own that rules look at (J36, J37, J42), so
    it is kept: all that happened is recorded in one batch at the end, in two orders. The
    verdicts are the same but for the numbers in them and for the order of what they list.
    """
    head = [e for e in log.entries if e.kind not in {"touch", "signal", "mark"}]
    rest = [e for e in log.entries if e.kind in {"touch", "signal", "mark"}]
    batch = [attrs.evolve(e, recorded_at=day(31)) for e in rest]
    places = list(range(len(head), len(head) + len(batch)))
    chance.shuffle(places)
    numbers = {e.no: e.no for e in head} | dict(zip((e.no for e in batch), places, strict=True))
    other = [*head, *(_renumbered(e, numbers) for e in batch)]
    first, second = judge([*head, *batch], END), judge(other, END)
    assert sorted(_plain(f, numbers) for f in first) == sorted(_plain(f, None) for f in second)


def _renumbered(entry: Entry, numbers: dict[int, int]) -> Entry:
    fact: Any = entry.fact
    if entry.kind == "mark":
        fact = attrs.evolve(fact, entry=numbers[fact.entry])
    return attrs.evolve(entry, no=numbers[entry.no], fact=fact)


_NUMBERED = {"no", "answered_no", "because", "possible", "reminders", "answered_by", "contested",
             "reminder"}  # fmt: skip


def _plain(value: Any, numbers: dict[int, int] | None, name: str = "") -> str:
    """A finding as text, with its entry numbers translated and its lists in one order."""
    if isinstance(value, tuple):
        return str(sorted(_plain(item, numbers, name) for item in value))
    if name in _NUMBERED and isinstance(value, int):
        return str(value if numbers is None else numbers[value])
    if attrs.has(type(value)):
        pairs = ((a.name, getattr(value, a.name)) for a in attrs.fields(type(value)))
        return str([(field, _plain(item, numbers, field)) for field, item in pairs])
    return str(value)


TABLES = (
    DEFAULT_POLICY
    + """
[role.vendor.wanted]
email = "reply"

[[role.customer.window]]
channels = ["phone"]
within = "2 hours"

[role.partner.calendar]
name = "mornings"
week = ["mon-sat 08:00-12:00"]
"""
)
ROLES = ("vendor", "customer", "partner")


@few
@given(logs(policy=TABLES), st.sampled_from(list(permutations(("acme", "smith", "prime")))))
def test_permuting_the_parties_permutes_the_findings(log: Log, order: tuple[str, ...]) -> None:
    """Each party takes another's name, and the roles go round with the policy's tables."""
    names = dict(zip(("acme", "smith", "prime"), order, strict=True))
    roles = dict(zip(ROLES, ROLES[1:] + ROLES[:1], strict=True))
    policy = TABLES
    for role in ROLES:
        policy = policy.replace(f"role.{role}.", f"role.~{roles[role]}.")
    policy = policy.replace("role.~", "role.")
    other = Log(policy, recorder=names["acme"])
    assert len(other.entries) == 2
    moved = [_moved(e, names, roles) for e in log.entries[2:]]
    found = [_named(f, names) for f in log.judge(END)]
    expected = [_named(f, {}) for f in judge([*other.entries, *moved], END)]
    assert sorted(found) == sorted(expected)


def _moved(entry: Entry, names: dict[str, str], roles: dict[str, str]) -> Entry:
    fact: Any = entry.fact
    changes: dict[str, Any] = {}
    if entry.kind == "party":
        changes["role"] = roles[fact.role]
    if entry.kind == "person":
        changes["party"] = names[fact.party]
    return attrs.evolve(
        entry,
        id=names.get(entry.id, entry.id),
        recorder=names[entry.recorder],
        fact=attrs.evolve(fact, **changes),
    )


def _named(finding: Finding, names: dict[str, str]) -> str:
    def name(party: str | None) -> str | None:
        return names.get(party or "", party)

    basis = attrs.evolve(
        finding.basis, digest="", adopted_by=tuple(str(name(p)) for p in finding.basis.adopted_by)
    )
    return str(
        attrs.evolve(
            finding,
            party=name(finding.party),
            sender=name(finding.sender),
            held_against=name(finding.held_against),
            basis=basis,
        )
    )


@few
@given(logs())
def test_stripping_every_personal_field_changes_nothing(log: Log) -> None:
    assert judge(stripped(log.entries), END) == judge(log.entries, END)


@few
@given(logs())
def test_a_later_policy_changes_nothing_earlier(log: Log) -> None:
    before = judge(log.entries, END)
    log.adopt('rules = 1\nevidence_needed = "confirmed"\n', at=day(31))
    assert judge(log.entries, END) == before


@few
@given(logs(), st.data())
def test_more_evidence_never_lowers_a_reach(log: Log, data: st.DataObject) -> None:
    """But for failures, which replace *sent* (J6), also of an answer, which then is none (J16)."""
    more = [
        entry for entry in log.entries if entry.kind == "signal" and entry.fact.what not in FAILURES
    ]
    if more:
        gone = data.draw(st.sampled_from(more))
        less = [entry for entry in log.entries if entry is not gone]
        before = {(f.touch, f.party): f.reach for f in judge(less, END)}
        after = {(f.touch, f.party): f.reach for f in judge(log.entries, END)}
        assert [pair for pair in before if after[pair] < before[pair]] == []


@few
@given(logs(), st.data())
def test_an_answer_never_lowers_a_reach(log: Log, data: st.DataObject) -> None:
    asked = data.draw(st.sampled_from([e for e in log.entries if e.kind == "touch"]))
    before = {(f.touch, f.party): f.reach for f in judge(log.entries, END)}
    log.answer(asked, data.draw(st.sampled_from(["ann", "bob", "pia"])), at=day(30))
    after = {(f.touch, f.party): f.reach for f in judge(log.entries, END)}
    assert [pair for pair in before if after[pair] < before[pair]] == []


@few
@given(st.integers(0, 7 * 24 * 60))
def test_a_tie_is_in_time(minutes: int) -> None:
    log = two_sides()
    asked = log.touch("bob", "ann", channel="ticket", at=day(0, 0) + timedelta(minutes=minutes))
    due = log.finding(asked, asked.at).due
    assert due is not None
    answers = [log.answer(asked, "ann", at=due), log.answer(asked, "ann", at=due)]
    found = log.finding(asked, due)
    assert (found.outcome, found.late, found.settled_at) == (Outcome.ANSWERED, False, due)
    log.entries = log.entries[: -len(answers)]
    assert log.finding(asked, due).outcome is Outcome.PENDING
    moment = timedelta(microseconds=1)
    assert log.finding(asked, due + moment).outcome is Outcome.IGNORED
    log.answer(asked, "ann", at=due + moment)
    assert log.finding(asked, END).late_by == moment


@few
@given(logs(), moments)
def test_every_finding_hangs_together(log: Log, as_of: Any) -> None:
    sides: set[tuple[int, str]] = set()
    for found in judge(log.entries, as_of):
        sides.add((found.no, found.party))
        assert found.sender != found.party
        if found.held_against is not None:
            assert found.held_against == found.party
            assert (found.outcome, found.violations) == (Outcome.IGNORED, ())
        if found.outcome is Outcome.IGNORED:
            assert Reach.DELIVERED <= found.reach <= Reach.SEEN
            assert found.due is not None
            assert found.due < as_of
        assert (found.outcome is Outcome.ANSWERED) == (found.reach is Reach.ANSWERED)
        assert found.late == (found.late_by is not None)
        if found.late:
            assert found.outcome in {Outcome.ANSWERED, Outcome.SEEN}
        assert found.because == tuple(sorted(set(found.because)))
        assert list(found.rules) == sorted(set(found.rules), key=ORDER.__getitem__)
        assert {r for line in found.evidence for r in line.rules} <= set(RULES)
        assert {c for line in found.evidence for c in line.caveats} <= set(CAVEATS)
        assert {v.code for v in found.violations} <= set(VIOLATIONS)
        assert all(v.breach == (v.code not in EXCUSES) for v in found.violations)
        assert set(found.notes) <= set(NOTES)
        assert _reached(found.evidence) == found.reach
        assert {row.person for row in found.rows} <= set(PEOPLE)
    assert len(sides) == len(judge(log.entries, as_of))


def _reached(lines: tuple[Evidence, ...]) -> Reach:
    """The furthest that any line proves; a failure only where nothing more than sent is left
    is the finding's own to say."""
    furthest = max((line.lifts for line in lines if line.lifts is not None), default=Reach.SENT)
    failed = any(line.lifts is Reach.FAILED for line in lines)
    return furthest if furthest > Reach.SENT or not failed else _Either(furthest)


class _Either(int):
    """Sent or failed: which of both depends on who failed."""

    def __eq__(self, other: object) -> bool:
        return other in (0, 1)

    __hash__ = int.__hash__


def _busy(touches: int) -> Log:
    """A log in which everything happens that touches other entries: reminders, answers,
    opens, opt-outs, caps, pauses, coverage, marks, handoffs, one matter and one thread."""
    log = two_sides()
    log.matter("rel")
    previous = None
    for index in range(touches):
        at = day(0) + timedelta(hours=3 * index)
        words: dict[str, Any] = {"channel": ("email", "phone")[index % 2], "tracked": True}
        if index % 5 == 0:
            words["matter"] = "rel"
        if previous is not None and index % 3 == 0:
            words["reminds"] = previous.id
        asked = log.touch("ann", ("bob", "sue"), at=at, **words)
        previous = asked
        log.signal(asked, "delivered", person="bob", at=at, **THIRD)
        log.signal(asked, "opened", by="human", person="sue", at=at, **THIRD)
        if index % 7 == 0:
            log.signal(asked, "unsubscribed", by="human", person="bob", at=at, **THIRD)
            log.prefers("bob", consent=True, at=at)
        if index % 4 == 0:
            log.answer(asked, "bob", at=at)
        if index % 6 == 0:
            log.touch("bob", "ann", at=at)
            log.mark(asked, "acknowledged", recorder="smith", at=at)
            log.coverage("email", state="blind", since=at, until=at + timedelta(minutes=9))
        if index % 9 == 0:
            log.matter("rel", "paused", at=at)
            log.matter("rel", "resumed", at=at + timedelta(minutes=5))
            log.adopt(DEFAULT_POLICY, at=log.now)
    return log


def _calls(log: Log, as_of: Any) -> int:
    """How many calls of functions, ours and built in, judging takes."""
    count = 0

    def note(_frame: object, event: str, _arg: object) -> None:
        nonlocal count
        count += event in {"call", "c_call"}

    judge(log.entries, as_of)
    before = sys.getprofile()
    sys.setprofile(note)
    try:
        judge(log.entries, as_of)
    finally:
        sys.setprofile(before)
    return count


def test_the_work_grows_with_the_number_of_entries_and_no_faster() -> None:
    small, large = _calls(_busy(60), day(400)), _calls(_busy(240), day(400))
    assert large / small == pytest.approx(4, rel=0.12)
