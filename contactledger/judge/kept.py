"""What was promised and what came of it, and who turned up: `promise_records`, `attendance`.

Promises are judged by J49; here they are sorted by who promised whom. Attendance looks at both
sides of a meeting or visit: the host is a side like any other, and is asked to be there, too.
Of a guest it is said as the judge says it (J15): it came if anybody of it came, and it is absent
only where everybody who had accepted is. The host did not have to accept anything: it is absent
where one of its people is reported absent and none as there. Where the last word of a party on a
report about its own people is that it disputes it, that report is disputed and counts for neither.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import cast

from attrs import define, field

from contactledger.facts import Entry, Mark, Signal, Touch
from contactledger.findings import Finding, PromiseFinding, PromiseState
from contactledger.judge.due import GATHERINGS
from contactledger.judge.promises import speaker
from contactledger.judge.questions import Judged
from contactledger.judge.view import View, in_time_order
from contactledger.questions import Attendance, PromiseRecord
from contactledger.vocabulary import MarkWord, SignalKind

_S = PromiseState
_K = SignalKind


def promise_records(asked: Judged) -> tuple[PromiseRecord, ...]:
    """For each party that promised another something: what came of it."""
    pairs: dict[tuple[str, str], list[PromiseFinding]] = {}
    for promise in asked.promises:
        pairs.setdefault((promise.promiser, promise.promisee), []).append(promise)
    return tuple(_record(*pair, promises) for pair, promises in pairs.items())


def _record(promiser: str, promisee: str, promises: list[PromiseFinding]) -> PromiseRecord:
    by_state: dict[PromiseState, list[PromiseFinding]] = {state: [] for state in _S}
    for promise in promises:
        by_state[promise.state].append(promise)
    return PromiseRecord(
        promiser=promiser,
        promisee=promisee,
        due=_numbers(by_state[_S.OPEN]),
        overdue=_numbers(by_state[_S.OVERDUE]),
        kept=_numbers(by_state[_S.KEPT]),
        late=_numbers([promise for promise in by_state[_S.KEPT] if _is_late(promise)]),
        missed=_numbers(by_state[_S.MISSED]),
        withdrawn=_numbers(by_state[_S.WITHDRAWN]),
        disputed=_numbers(by_state[_S.DISPUTED]),
        sides=tuple(by_state[_S.DISPUTED]),
        rules=("J49",),
        because=tuple(sorted({no for promise in promises for no in promise.because})),
    )


def _numbers(promises: list[PromiseFinding]) -> tuple[int, ...]:
    return tuple(promise.no for promise in promises)


def _is_late(promise: PromiseFinding) -> bool:
    due, at = promise.due, promise.settled_at
    return due is not None and at is not None and at > due


# --- who turned up ---------------------------------------------------------------------------


@define
class _Sheet:
    """What is reported of one party's people at one gathering, in the order of events."""

    there: dict[str, SignalKind] = field(factory=dict)
    accepted: dict[str, None] = field(factory=dict)
    declined: dict[str, None] = field(factory=dict)
    because: set[int] = field(factory=set)
    disputed: bool = False

    def write(self, view: View, entry: Entry, who: str, party: str) -> None:
        kind = cast(Signal, entry.fact).what
        self.because.add(entry.no)
        doubt = _is_disputed(view, entry, party)
        if kind in {_K.ATTENDED, _K.ABSENT}:
            self.disputed |= doubt
            if not doubt and self.there.get(who) is not _K.ATTENDED:
                self.there[who] = kind
        elif not doubt:
            said, unsaid = self.accepted, self.declined
            if kind is _K.DECLINED:
                said, unsaid = unsaid, said
            said[who] = None
            unsaid.pop(who, None)

    def of(self, kind: SignalKind) -> tuple[str, ...]:
        return tuple(who for who, what in self.there.items() if what is kind)


def attendance(asked: Judged) -> tuple[Attendance, ...]:
    """For each meeting and visit that has a time: the host first, then its guests."""
    by_touch: dict[str, list[Finding]] = {}
    for finding in asked.findings:
        if finding.channel in GATHERINGS and finding.original is None:
            by_touch.setdefault(finding.touch, []).append(finding)
    return tuple(row for findings in by_touch.values() for row in _gathering(asked.view, findings))


def _gathering(view: View, findings: list[Finding]) -> Iterator[Attendance]:
    entry = view.by_no[findings[0].no]
    fact = cast(Touch, entry.fact)
    ends = fact.ends or fact.starts
    if ends is None:
        return
    starts = fact.starts or ends
    host = findings[0].sender
    sheets: dict[str, _Sheet] = {host: _Sheet(), **{f.party: _Sheet() for f in findings}}
    for signal in sorted(view.signals.get(entry.id, ()), key=in_time_order):
        who = cast(Signal, signal.fact).person
        party = view.owner(who, signal.at)
        if who is not None and party in sheets and _speaks(signal):
            sheets[party].write(view, signal, who, party)
    notes = {finding.party: finding.notes for finding in findings}
    for party, sheet in sheets.items():
        yield Attendance(
            no=entry.no,
            matter=findings[0].matter,
            party=party,
            host=party == host,
            starts=starts,
            ends=ends,
            state=_state(sheet, notes.get(party), ends > view.as_of),
            accepted=tuple(sheet.accepted),
            came=sheet.of(_K.ATTENDED),
            absent=sheet.of(_K.ABSENT),
            declined=tuple(sheet.declined),
            rules=("J15",),
            because=tuple(sorted({entry.no, *sheet.because})),
        )


def _speaks(entry: Entry) -> bool:
    return cast(Signal, entry.fact).what in {_K.ATTENDED, _K.ABSENT, _K.ACCEPTED, _K.DECLINED}


def _state(sheet: _Sheet, notes: tuple[str, ...] | None, ahead: bool) -> str:
    """What is said of one party; `notes` are the judge's on a guest, None for the host."""
    if ahead:
        return "to_come"
    came = bool(sheet.of(_K.ATTENDED)) if notes is None else "attended" in notes
    away = bool(sheet.of(_K.ABSENT)) if notes is None else "nobody_came" in notes
    if came:
        return "came"
    if away:
        return "absent"
    if sheet.disputed:
        return "disputed"
    return "declined" if sheet.declined and not sheet.accepted else "unsaid"


def _is_disputed(view: View, entry: Entry, party: str) -> bool:
    """Whether the party's last word on a report about its own people is that it is wrong."""
    marks = [mark for mark in view.marks.get(entry.no, ()) if speaker(view, mark) == party]
    if not marks:
        return False
    last = max(marks, key=in_time_order)
    return cast(Mark, last.fact).word is MarkWord.DISPUTED
