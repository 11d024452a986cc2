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

from datetime import datetime
from typing import cast

from attrs import define, field, frozen

from contactledger.facts import Entry, Signal, Touch
from contactledger.findings import Basis, Evidence, Grade, Reach
from contactledger.judge.grade import weigh
from contactledger.judge.lifts import FAILURES, LIFTS, LOOKS
from contactledger.judge.policy import Policy
from contactledger.judge.view import View
from contactledger.swift import swift
from contactledger.vocabulary import Auth, By, Channel, Expects, Role, SignalKind, System

_K = SignalKind
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

    `people`: person → furthest reach, where more than sent. `failed`: addressees (or "" for
    none in particular) with a final failure → numbers of the entries. `first`: addressee →
    when it was first delivered; `bounced`: addressee → the permanent bounces that came then
    or later (J8).
    """

    question: Question
    lines: list[Evidence] = field(factory=list)
    reach: Reach = Reach.SENT
    people: dict[str, Reach] = field(factory=dict)
    failed: dict[str, list[int]] = field(factory=dict)
    first: dict[str, datetime] = field(factory=dict)
    bounces: dict[str, list[tuple[datetime, int]]] = field(factory=dict)
    contested: list[int] = field(factory=list)
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
        hearing = Hearing(question, lines)
        self._hear_touch(hearing)
        signals = view.signals.get(question.entry.id)
        if signals:
            same: dict[int, tuple[By, datetime]] = {}
            usual: dict[_Report, _Proof | None] | None = None
            if _repeating(signals):
                same = _same_events(signals)
            elif not (view.marks and _marked(view, question, signals)):
                usual = self._proofs(question)
            for entry in signals:
                if usual is None or not self._hear_usual(hearing, entry, usual):
                    _hear_signal(view, hearing, entry, same)
            if len(lines) > 2:
                _put_in_order(lines)
        failed = hearing.failed
        if failed and hearing.reach is Reach.SENT and all(ref in failed for ref in question.refs):
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
        lifts = cast(Reach, proof.lifts)
        hearing.reach = lifts
        if lifts > Reach.SENT:
            hearing.first[""] = entry.at
        hearing.lines.append(
            _evidence(
                entry.no, "touch", entry.at, entry.recorded_at, proof.by, proof.person, lifts,
                proof.grade, proof.rules, proof.caveats,
            )
        )  # fmt: skip

    def _proofs(self, question: Question) -> dict[_Report, _Proof | None] | None:
        """What reports prove on touches such as this one; None for those whose end counts."""
        if question.fact.ends is not None:
            return None
        kind = (
            question.fact.channel, question.wanted, question.sender, question.party,
            question.alone, question.only, question.refs, question.receivers,
        )  # fmt: skip
        known = self._kinds.get(kind)
        if known is None:
            known = self._kinds[kind] = {}
        return known

    def _hear_usual(
        self, hearing: Hearing, entry: Entry, usual: dict[_Report, _Proof | None]
    ) -> bool:
        """Hear a report of which only the time is new; False where there is more to it."""
        fact = cast(Signal, entry.fact)
        question, at, what, person = hearing.question, entry.at, fact.what, fact.person
        if (
            what in _SINKS
            or fact.permanent
            or fact.clock_ahead
            or fact.answer is not None
            or fact.conflicts is not None
            or at < question.entry.at
            or entry.recorded_at - at > question.policy.backfill_limit
            or (person is not None and person not in self._view.settled_owners)
        ):
            return False
        report = (what, fact.by, person, fact.system, fact.auth, entry.recorder)
        try:
            proof = usual[report]
        except KeyError:
            lines = len(hearing.lines)
            whose = _hear_signal(self._view, hearing, entry, {})
            heard = len(hearing.lines) > lines
            usual[report] = _proof_of(hearing.lines[-1], whose) if heard else None
            return True
        if proof is None:
            return True
        lifts, by = proof.lifts, proof.by
        if lifts is not None:
            _count(hearing, lifts, proof.whose, at)
            if by is not By.HUMAN and what in LOOKS:
                hearing.hidden = By.MACHINE if hearing.hidden is By.MACHINE else by
        hearing.lines.append(
            _evidence(
                entry.no, what, at, entry.recorded_at, by, proof.person, lifts, proof.grade,
                proof.rules, proof.caveats,
            )
        )  # fmt: skip
        return True


_SINKS = FAILURES - {_K.DEFERRED}
"""What may be final; a deferral is where the report says so, in `permanent`."""
_Kind = tuple[Channel, Expects, str, str, str | None, bool, tuple[str, ...], frozenset[str]]
_Report = tuple[SignalKind, By, str | None, System, Auth, str]
_First = tuple[str, str, str | None, System, Auth]

_evidence = swift(Evidence)


def _marked(view: View, question: Question, signals: list[Entry]) -> bool:
    """Whether a party has put in a word on the touch or on a report of it."""
    return question.entry.no in view.marks or any(entry.no in view.marks for entry in signals)


def _proof_of(line: Evidence, whose: str | None) -> _Proof:
    return _Proof(whose, line.person, line.by, line.lifts, line.grade, line.rules, line.caveats)


def _put_in_order(lines: list[Evidence]) -> None:
    """The lines behind the first, by time and number; mostly they came in that order."""
    before = lines[1]
    for line in lines[2:]:
        if (line.at, line.no) < (before.at, before.no):
            lines[1:] = sorted(lines[1:], key=lambda one: (one.at, one.no))
            return
        before = line


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
    hearing.contested.extend(contested)
    if lifts > Reach.SENT:
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
        hearing.contested.extend(contested)
    return grade, caveats, rules


def _count(hearing: Hearing, lifts: Reach, whose: str | None, at: datetime) -> None:
    hearing.reach = max(hearing.reach, lifts)
    if lifts >= Reach.DELIVERED:
        key = whose or ""
        if key not in hearing.first or at < hearing.first[key]:
            hearing.first[key] = at
    if whose is not None and lifts > hearing.people.get(whose, Reach.SENT):
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


def _repeating(signals: list[Entry]) -> bool:
    """Whether a report says that it repeats another."""
    for entry in signals:  # noqa: SIM110 - asked of every touch: twice as fast as any()
        if cast(Signal, entry.fact).same_as is not None:
            return True
    return False


def _same_events(signals: list[Entry]) -> dict[int, tuple[By, datetime]]:
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
