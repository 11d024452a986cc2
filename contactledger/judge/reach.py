"""How far a touch got with one receiving party, from what was reported about it (J3 to J18).

`Ears(view).hear(question)` reads a touch and its signals into lines of evidence for one party,
in the order of events, whatever the order in which they came in. Answers are added afterwards
by `answers.py`.

What a report proves, for whom and who vouches for it follows from a handful of words in it.
Reports come by the thousand and differ in when they were made, so all the rest is worked out
once for each set of those words and remembered (`_Proof`). Where a rule looks at times, marks
or other reports as well, nothing is remembered.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any, cast

from attrs import define, frozen

from contactledger.facts import Entry, Signal, Touch
from contactledger.findings import Basis, Evidence, Grade, Reach
from contactledger.judge.grade import weigh
from contactledger.judge.lifts import FAILURES, LIFTS, LOOKS
from contactledger.judge.policy import Policy
from contactledger.judge.view import View
from contactledger.swift import swift
from contactledger.vocabulary import Auth, By, Channel, Expects, Role, SignalKind, System

_K = SignalKind
_SENT, _DELIVERED, _HUMAN = Reach.SENT, Reach.DELIVERED, By.HUMAN
_MACHINE_FIRST = (By.MACHINE, By.UNKNOWN, By.HUMAN)


@frozen(weakref_slot=False)
class Question:
    """A touch, to one of the parties that received it: what a finding is about (J1).

    `refs`: who of that party was addressed, people or the party itself. `alone`: the one
    addressee of the whole touch, None if there are several. `only`: nobody but this party was
    addressed. `receivers`: all receiving parties. `role`: the party's when the clock starts.
    `wanted`, `policy` and `basis` are the original's for a reminder (J20, J45).
    """

    entry: Entry
    fact: Touch
    sender: str
    party: str
    refs: tuple[str, ...]
    alone: str | None
    only: bool
    receivers: frozenset[str]
    role: Role | None
    wanted: Expects
    policy: Policy
    basis: Basis


@define
class Hearing:
    """What is known of a question before answers: its lines, and what follows from them.

    `failed`: addressees (or "" for none in particular) with a final failure → numbers of the
    entries; `bounces`: the same with when each permanent bounce came (J8); `people`: person →
    furthest reach, where more than sent; `first`: addressee → when it was first delivered. These
    four are for touches of which a report says that they failed, and empty for all others.
    """

    question: Question
    lines: list[Evidence]
    reach: Reach
    people: dict[str, Reach]
    failed: dict[str, list[int]]
    first: dict[str, datetime]
    bounces: dict[str, list[tuple[datetime, int]]]
    contested: tuple[int, ...] = ()
    hidden: By | None = None
    """A machine, or nobody knows who, opened it: a person's look may be hidden."""

    def bounced_after(self) -> tuple[int, ...]:
        """The bounces that came after delivery, if nobody was delivered to without one (J8)."""
        found: list[int] = []
        for whose, since in self.first.items():
            later = [no for at, no in self.bounces.get(whose, ()) if at >= since]
            if not later:
                return ()
            found.extend(later)
        return tuple(sorted(found))


_NEVER: dict[str, datetime] = {}
_NOTHING_FAILED: tuple[Any, ...] = ({}, {}, _NEVER, {})
"""Shared by all that no report says to have failed; nobody adds to them."""


@frozen
class _Proof:
    """All of a report's line that does not depend on when it was made; `person` as the line has
    it, `whose` as it is counted."""

    whose: str | None
    person: str | None
    by: By
    lifts: Reach | None
    grade: Grade
    rules: tuple[str, ...]
    caveats: tuple[str, ...]


class Ears:
    """Hears the questions of a view; what reports of one kind prove is worked out once."""

    def __init__(self, view: View) -> None:
        self._view = view
        self._kinds: dict[_Kind, dict[_Report, _Proof | None]] = {}
        self._first: dict[_First, _Proof] = {}

    def hear(self, question: Question) -> Hearing:
        """The touch itself and every signal on it, as evidence for one receiving party."""
        view = self._view
        lines: list[Evidence] = []
        signals = view.signals.get(question.entry.id, ())
        repeating, failing = _nature(signals)
        if failing:
            hearing = Hearing(question, lines, _SENT, {}, {}, {}, {})
        else:
            hearing = Hearing(question, lines, _SENT, *_NOTHING_FAILED)
        self._hear_touch(hearing)
        if signals:
            if (
                repeating
                or question.fact.ends is not None
                or (view.marks and _marked(view, question, signals))
            ):
                same = _same_events(signals) if repeating else {}
                for entry in signals:
                    _hear_signal(view, hearing, entry, same)
            else:
                self._hear_reports(hearing, signals)
            if len(lines) > 2:
                _put_in_order(lines)
        failed = hearing.failed
        if failed and hearing.reach is _SENT and all(ref in failed for ref in question.refs):
            hearing.reach = Reach.FAILED
        return hearing

    def _hear_touch(self, hearing: Hearing) -> None:
        question = hearing.question
        entry, fact = question.entry, question.fact
        late = entry.recorded_at - entry.at > question.policy.backfill_limit
        if late or fact.clock_ahead or entry.no in self._view.marks:
            _hear_touch(self._view, hearing)
            return
        key = (entry.recorder, question.party, question.alone, fact.system, fact.auth)
        proof = self._first.get(key)
        if proof is None:
            _hear_touch(self._view, hearing)
            self._first[key] = _proof_of(hearing.lines[0], None)
            return
        lifts: Reach = proof.lifts  # type: ignore[assignment]
        hearing.reach = lifts
        if lifts is not _SENT and hearing.first is not _NEVER:
            hearing.first[""] = entry.at
        hearing.lines.append(
            _evidence(
                entry.no, "touch", entry.at, entry.recorded_at, proof.by, proof.person, lifts,
                proof.grade, proof.rules, proof.caveats,
            )
        )  # fmt: skip

    def _proofs(self, question: Question) -> dict[_Report, _Proof | None]:
        """What reports prove on touches such as this one."""
        kind = (
            question.fact.channel, question.wanted, question.sender, question.party,
            question.alone, question.only, question.refs, question.receivers,
        )  # fmt: skip
        known = self._kinds.get(kind)
        if known is None:
            known = self._kinds[kind] = {}
        return known

    def _hear_reports(self, hearing: Hearing, signals: Sequence[Entry]) -> None:
        """Hear the reports of a touch: those of which only the time is new by what is known of
        their kind, and by all the rules where there is more to one."""
        question, lines, settled = hearing.question, hearing.lines, self._view.settled_owners
        usual = self._proofs(question)
        since, limit = question.entry.at, question.policy.backfill_limit
        for entry in signals:
            fact: Signal = entry.fact  # type: ignore[assignment]
            at, recorded_at, what, person = entry.at, entry.recorded_at, fact.what, fact.person
            if (
                what in _SINKS
                or fact.permanent
                or fact.clock_ahead
                or fact.answer is not None
                or fact.conflicts is not None
                or at < since
                or recorded_at - at > limit
                or (person is not None and person not in settled)
            ):
                _hear_signal(self._view, hearing, entry, {})
                continue
            report = (what, fact.by, person, fact.system, fact.auth, entry.recorder)
            try:
                proof = usual[report]
            except KeyError:
                before = len(lines)
                whose = _hear_signal(self._view, hearing, entry, {})
                usual[report] = _proof_of(lines[-1], whose) if len(lines) > before else None
                continue
            if proof is None:
                continue
            lifts, by = proof.lifts, proof.by
            if lifts is not None:
                _count(hearing, lifts, proof.whose, at)
                if by is not _HUMAN and what in LOOKS:
                    hearing.hidden = By.MACHINE if hearing.hidden is By.MACHINE else by
            lines.append(
                _evidence(
                    entry.no, what, at, recorded_at, by, proof.person, lifts, proof.grade,
                    proof.rules, proof.caveats,
                )
            )  # fmt: skip


_SINKS = FAILURES - {_K.DEFERRED}
"""What may be final; a deferral is where the report says so, in `permanent`."""
_Kind = tuple[Channel, Expects, str, str, str | None, bool, tuple[str, ...], frozenset[str]]
_Report = tuple[SignalKind, By, str | None, System, Auth, str]
_First = tuple[str, str, str | None, System, Auth]

_evidence = swift(Evidence)


def _marked(view: View, question: Question, signals: Sequence[Entry]) -> bool:
    """Whether a party has put in a word on the touch or on a report of it."""
    return question.entry.no in view.marks or any(entry.no in view.marks for entry in signals)


def _proof_of(line: Evidence, whose: str | None) -> _Proof:
    return _Proof(whose, line.person, line.by, line.lifts, line.grade, line.rules, line.caveats)


def _put_in_order(lines: list[Evidence]) -> None:
    """The lines behind the first, by time and number; mostly they came in that order."""
    last, no = lines[1].at, lines[1].no
    for line in lines[2:]:
        at = line.at
        if at < last or (at == last and line.no < no):
            lines[1:] = sorted(lines[1:], key=lambda one: (one.at, one.no))
            return
        last, no = at, line.no


def _hear_touch(view: View, hearing: Hearing) -> None:
    """The touch as it was written down: sent, or more in the addressed party's own log."""
    question, fact = hearing.question, hearing.question.fact
    entry = question.entry
    lifts, rules = Reach.SENT, ("J5",)
    person: str | None = None
    if entry.recorder == question.party:
        lifts, rules = Reach.DELIVERED, ("J9",)
        if fact.system is System.HAND:
            lifts = Reach.SEEN
        if question.alone != question.party:
            person = question.alone
    grade, caveats, ruled, contested = weigh(
        view, entry, question.policy, question.party, question.sender
    )
    if fact.clock_ahead:
        caveats = (*caveats, "clock_ahead")
    hearing.reach = lifts
    hearing.contested += contested
    if lifts > _SENT and hearing.first is not _NEVER:
        hearing.first[""] = entry.at
    by = By.HUMAN if fact.system is System.HAND else By.UNKNOWN
    hearing.lines.append(
        Evidence(
            entry.no, "touch", entry.at, entry.recorded_at, by, person, lifts, grade,
            rules + ruled, caveats,
        )
    )  # fmt: skip


def _hear_signal(
    view: View, hearing: Hearing, entry: Entry, same: dict[int, tuple[By, datetime]]
) -> str | None:
    """Hear a report by all the rules; whose it is, as it is counted."""
    question = hearing.question
    fact = cast(Signal, entry.fact)
    if fact.answer is not None and fact.what is _K.ANSWERED:
        return None  # a link to an answer, heard with the answers
    whose, counts, said = _whose(view, question, entry, fact)
    if whose is _ELSEWHERE:
        return None
    by, at, rules, caveats = _dated(question, entry, fact, same)
    lifts, proves, doubts = LIFTS[fact.what, by, question.wanted]
    if said:
        rules, caveats = rules + _SAID[said], (*caveats, said)
    if not counts:
        lifts = None
    if fact.what in FAILURES:
        lifts, doubts = _failure(hearing, fact, lifts, (whose, at, entry.no))
    elif fact.what is _K.DISPLAYED and question.fact.channel is not Channel.EMAIL:
        proves = ("J14",)
        if fact.person is None or whose == question.party:
            lifts, doubts = None, ("anonymous_display",)
    elif fact.what is _K.ATTENDED and question.fact.ends is not None:
        at = max(question.entry.at, min(at, question.fact.ends))
    grade, weighed, ruled = _weighed(view, hearing, entry, fact, lifts)
    if fact.what is _K.CLICKED and by is By.UNKNOWN:
        grade = Grade.CLAIMED
    if lifts is not None and lifts is not Reach.FAILED:
        _count(hearing, lifts, whose, at)
        if by is not By.HUMAN and fact.what in LOOKS:
            hearing.hidden = By.MACHINE if hearing.hidden is By.MACHINE else by
    hearing.lines.append(
        Evidence(
            entry.no, fact.what, at, entry.recorded_at, by,
            None if whose == question.party else whose, lifts, grade,
            proves + rules + ruled, doubts + caveats + weighed, fact.same_as,
        )
    )  # fmt: skip
    return whose


def _dated(
    question: Question, entry: Entry, fact: Signal, same: dict[int, tuple[By, datetime]]
) -> tuple[By, datetime, tuple[str, ...], tuple[str, ...]]:
    """Who did it and when, the reports of one event taken together (J18), no earlier than the
    touch (J46)."""
    by, at = fact.by, entry.at
    rules: tuple[str, ...] = ()
    caveats: tuple[str, ...] = ()
    if entry.no in same:
        by, at = same[entry.no]
        rules, caveats = ("J18",), ("same_event",)
    if at < question.entry.at:
        at = question.entry.at
        rules, caveats = (*rules, "J46"), (*caveats, "before_touch")
    if fact.clock_ahead:
        rules, caveats = (*rules, "J46"), (*caveats, "clock_ahead")
    if fact.conflicts is not None:
        caveats = (*caveats, "conflicting_copy")
    return by, at, rules, caveats


def _weighed(
    view: View, hearing: Hearing, entry: Entry, fact: Signal, lifts: Reach | None
) -> tuple[Grade, tuple[str, ...], tuple[str, ...]]:
    """The grade of a signal: whom it burdens depends on what it proves."""
    question = hearing.question
    burdened, favoured = question.party, question.sender
    if lifts is Reach.FAILED or lifts is Reach.ANSWERED:
        burdened, favoured = favoured, burdened
    speaker = None if fact.person is None else view.owner(fact.person, entry.at)
    grade, caveats, rules, contested = weigh(
        view, entry, question.policy, burdened, favoured, speaker=speaker, about=question.entry.no
    )
    if contested:
        hearing.contested += contested
    return grade, caveats, rules


def _count(hearing: Hearing, lifts: Reach, whose: str | None, at: datetime) -> None:
    hearing.reach = max(hearing.reach, lifts)
    if hearing.first is _NEVER:
        return
    if lifts >= _DELIVERED:
        key = whose or ""
        since = hearing.first.get(key)
        if since is None or at < since:
            hearing.first[key] = at
    if whose is not None and lifts > hearing.people.get(whose, _SENT):
        hearing.people[whose] = lifts


_ELSEWHERE = "(another receiving party's)"
_SAID: dict[str, tuple[str, ...]] = {
    "unidentified": ("J17",),
    "outsider": ("J4",),
    "not_addressed": ("J4",),
}


def _whose(
    view: View, question: Question, entry: Entry, fact: Signal
) -> tuple[str | None, bool, str]:
    """Whose recipient a signal is about, whether it counts, and the caveat it needs.

    `_ELSEWHERE` if it concerns another receiving party alone. A name is a person of the
    party or the party itself; None is the party, nobody in particular (J17).
    """
    failure = fact.what in FAILURES
    agrees = fact.conflicts is None
    if fact.person is None:
        if question.alone is not None:
            return question.alone, agrees, ""
        return None, agrees and question.only and not failure, "unidentified"
    owner = view.owner(fact.person, entry.at)
    if owner == question.party:
        if failure and fact.person not in question.refs:
            return fact.person, False, "not_addressed"
        return fact.person, agrees, ""
    if owner in question.receivers:
        return _ELSEWHERE, False, ""
    return None, False, "outsider"


def _failure(
    hearing: Hearing,
    fact: Signal,
    lifts: Reach | None,
    event: tuple[str | None, datetime, int],
) -> tuple[Reach | None, tuple[str, ...]]:
    """A final failure sinks its recipient; a transient one alone proves nothing (J7)."""
    whose, at, no = event
    if not _is_final(fact, hearing.question.fact.channel):
        return None, ("transient",)
    if lifts is None:
        return None, ()
    hearing.failed.setdefault(whose or "", []).append(no)
    if fact.what in {_K.BOUNCED, _K.REJECTED}:
        hearing.bounces.setdefault(whose or "", []).append((at, no))
    return lifts, ()


def _is_final(fact: Signal, channel: Channel) -> bool:
    """A call that did not get through is final, whatever is said of the cause (J7)."""
    if fact.what in {_K.NO_ANSWER, _K.BUSY}:
        return True
    if channel is Channel.PHONE or fact.permanent is None:
        return fact.what is not _K.DEFERRED
    return fact.permanent


def _nature(signals: Sequence[Entry]) -> tuple[bool, bool]:
    """Whether a report says that it repeats another, and whether one says that it failed."""
    repeating = failing = False
    for entry in signals:
        fact: Signal = entry.fact  # type: ignore[assignment]
        if fact.same_as is not None:
            repeating = True
        if fact.permanent or fact.what in _SINKS:
            failing = True
    return repeating, failing


def _same_events(signals: Sequence[Entry]) -> dict[int, tuple[By, datetime]]:
    """Number → who did it and when, for reports of one event: the more machine, the earlier
    (J18). Empty where no report repeats another."""
    repeats = [entry for entry in signals if cast(Signal, entry.fact).same_as is not None]
    first: dict[int, int] = {entry.no: entry.no for entry in signals}

    def root(no: int) -> int:
        while first[no] != no:
            first[no] = first[first[no]]
            no = first[no]
        return no

    for entry in repeats:
        same_as = cast(int, cast(Signal, entry.fact).same_as)
        if same_as in first:
            first[root(entry.no)] = root(same_as)
    groups: dict[int, list[Entry]] = {}
    for entry in signals:
        groups.setdefault(root(entry.no), []).append(entry)
    found: dict[int, tuple[By, datetime]] = {}
    for group in groups.values():
        if len(group) > 1:
            bys = {cast(Signal, entry.fact).by for entry in group}
            by = next(by for by in _MACHINE_FIRST if by in bys)
            at = min(entry.at for entry in group)
            found.update((entry.no, (by, at)) for entry in group)
    return found
