"""Where a relationship is: what is worth a word about how two parties stand (R1 to R7).

It judges nothing and counts no points: each remark is one rule that fired, with the entries it
rests on. Every rule holds for every party, so a customer may overload a vendor as a vendor may
pester a customer. Parties between whom nothing ever happened have no relationship.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Iterable, Iterator
from datetime import datetime
from itertools import pairwise
from typing import cast

from attrs import frozen

from contactledger.advice import Relationship, Remark
from contactledger.facts import Entry, Mark, Preference, Touch
from contactledger.findings import Finding, Outcome, PromiseFinding, PromiseState, Reach
from contactledger.judge.basis import Bases
from contactledger.judge.cadence import owed
from contactledger.judge.consent import OPT_OUTS
from contactledger.judge.judge import judge_view
from contactledger.judge.policy_owed import Bearing
from contactledger.judge.promises import promise_findings, speaker
from contactledger.judge.view import View, view
from contactledger.vocabulary import By, MarkWord

_WAITING = frozenset({PromiseState.OVERDUE, PromiseState.DISPUTED})


def relationship(
    entries: Iterable[Entry],
    as_of: datetime,
    *,
    house: Iterable[Entry] = (),
    what_if: str | None = None,
) -> Relationship:
    """The plan, the cadence and what is worth a word, of an account at a moment."""
    seen = view(entries, as_of, house, what_if)
    return relationship_of(seen, judge_view(seen), promise_findings(seen))


def relationship_of(
    seen: View, findings: Iterable[Finding], promises: Iterable[PromiseFinding]
) -> Relationship:
    """The same of a view that was judged already."""
    found = tuple(findings)
    cadences, plans = owed(seen, found)
    account = seen.entries[0].account if seen.entries else ""
    remarks = tuple(_remarks(seen, found, tuple(promises)))
    return Relationship(account, seen.as_of, plans, cadences, remarks)


@frozen(eq=False)
class _Two:
    """What one party did toward another, and what is known between the two."""

    view: View
    party: str
    toward: str
    bearing: Bearing
    sent: list[Finding]
    received: list[Finding]
    promises: list[PromiseFinding]

    @property
    def lately(self) -> datetime:
        """What came before is past, unless it is open still."""
        return self.view.as_of - self.bearing.silent_after

    def contacts(self) -> list[Finding]:
        """The touches of either to the other that did not fail and were not told to everybody,
        in order of time."""
        both = sorted((*self.sent, *self.received), key=lambda finding: (finding.at, finding.no))
        return [f for f in both if f.reach > Reach.FAILED and not _broadcast(self.view, f)]


def _broadcast(seen: View, finding: Finding) -> bool:
    return cast(Touch, seen.touches[finding.touch].fact).broadcast


def _remarks(
    seen: View, findings: tuple[Finding, ...], promises: tuple[PromiseFinding, ...]
) -> Iterator[Remark]:
    sent: dict[tuple[str, str], list[Finding]] = {}
    for finding in findings:
        sent.setdefault((finding.sender, finding.party), []).append(finding)
    for made in sent.values():
        made.sort(key=lambda finding: (finding.at, finding.no))
    pairs = dict.fromkeys(pair for one, two in sent for pair in ((one, two), (two, one)))
    bases = Bases(seen)
    for party, toward in pairs:
        policy, _ = bases.of(party, toward, seen.as_of)
        two = _Two(
            seen, party, toward, policy.bearing, sent.get((party, toward), []),
            sent.get((toward, party), []),
            [p for p in promises if (p.promiser, p.promisee) == (party, toward)],
        )  # fmt: skip
        for rule in (_silent, _pestered, _overloading, _referral):
            yield from rule(two)


def _silent(two: _Two) -> Iterator[Remark]:
    """R1: nobody of the party has reached out for longer than the policy lets pass."""
    reached = [finding for finding in two.sent if finding.reach > Reach.FAILED]
    if reached:
        since, no = max((finding.at, finding.no) for finding in reached)
    else:
        since, no = min((finding.at, finding.no) for finding in (*two.sent, *two.received))
    if two.view.as_of - since > two.bearing.silent_after:
        days = (two.view.as_of - since).days
        limit = two.bearing.silent_after.days
        yield Remark("silent", two.party, two.toward, since, ("R1",), (no,), days, limit)


def _pestered(two: _Two) -> Iterator[Remark]:
    """R2: touches that went over a cap lately."""
    over = [
        finding
        for finding in two.sent
        if finding.at > two.lately and any(v.code == "over_cap" for v in finding.violations)
    ]
    if over:
        numbers = tuple(finding.no for finding in over)
        rules = ("R2", "J41")
        yield Remark("pestered", two.party, two.toward, over[0].at, rules, numbers, count=len(over))


def _overloading(two: _Two) -> Iterator[Remark]:
    """R3: more touches within a short time than the policy thinks bearable; the worst of them."""
    touches = [f for f in two.sent if f.at > two.lately and not _broadcast(two.view, f)]
    times = [finding.at for finding in touches]
    worst: list[Finding] = []
    for n, at in enumerate(times):
        first = bisect_right(times, at - two.bearing.overload_within, 0, n + 1)
        if n + 1 - first > len(worst):
            worst = touches[first : n + 1]
    limit = two.bearing.overload_touches
    if len(worst) > limit:
        numbers = tuple(sorted(finding.no for finding in worst))
        yield Remark(
            "overloading", two.party, two.toward, worst[0].at, ("R3",), numbers, len(worst), limit
        )


# --- a referral --------------------------------------------------------------------------------


def _referral(two: _Two) -> Iterator[Remark]:
    """R4 to R7: whether the party may ask the other to recommend it."""
    rules: list[str] = []
    numbers: set[int] = set()
    for rule, against in _AGAINST.items():
        found = set(against(two))
        if found:
            rules.append(rule)
            numbers |= found
    if rules:
        because = tuple(sorted(numbers))
        yield Remark("referral_not_now", two.party, two.toward, None, tuple(rules), because)
    else:
        last = two.contacts()[-1].no
        yield Remark("referral_may_be_asked", two.party, two.toward, None, ("R7",), (last,))


def _ignored(two: _Two) -> Iterator[int]:
    """R4: questions of the other that the party ignored, and that still want their answer."""
    for finding in two.received:
        waits = finding.outcome is Outcome.IGNORED and finding.original is None
        waived = "waived_after_due" in finding.notes
        if waits and not waived and not _broadcast(two.view, finding):
            yield finding.no


def _unhappy(two: _Two) -> Iterator[int]:
    """R5: promises that wait past their time, are disputed or were missed lately; what the other
    disputed or complained of lately; an opt-out from everything that stands."""
    for promise in two.promises:
        missed = promise.state is PromiseState.MISSED
        when = promise.due or promise.settled_at
        if promise.state in _WAITING or (missed and when is not None and when > two.lately):
            yield promise.no
    for no, marks in two.view.marks.items():
        for entry in marks:
            disputes = cast(Mark, entry.fact).word is MarkWord.DISPUTED
            theirs = speaker(two.view, entry) == two.toward and _is_of(two, no)
            if disputes and theirs and entry.at > two.lately:
                yield entry.no
    for finding in two.sent:
        for line in finding.evidence:
            if line.what in OPT_OUTS and line.by is By.HUMAN and line.at > two.lately:
                yield line.no
    yield from _opted_out(two)


def _is_of(two: _Two, no: int) -> bool:
    """Whether an entry is the party's doing: its touch, or its word."""
    entry = two.view.by_no.get(no)
    if entry is None:
        return False
    if entry.kind == "touch":
        return two.view.owner(two.view.sender_of(entry), entry.at) == two.party
    return speaker(two.view, entry) == two.party


def _opted_out(two: _Two) -> Iterator[int]:
    for subject, entries in two.view.preferences.items():
        if two.view.owner(subject) != two.toward:
            continue
        words = [entry for entry in entries if cast(Preference, entry.fact).consent is not None]
        if words and _from_everything(cast(Preference, words[-1].fact)):
            yield words[-1].no


def _from_everything(said: Preference) -> bool:
    return said.consent is False and not (
        said.scope_channels or said.scope_topics or said.scope_purposes
    )


def _out_of_touch(two: _Two) -> Iterator[int]:
    """R6: nothing passed between the two lately, or the party ended a long silence of its own
    only just now: a call after eight months is no relationship yet."""
    as_of, bearing = two.view.as_of, two.bearing
    contacts = two.contacts()
    if not contacts or as_of - contacts[-1].at > bearing.referral_within:
        yield (contacts or two.sent or two.received)[-1].no
    own = [finding for finding in contacts if finding.sender == two.party]
    for before, after in pairwise(own):
        long = after.at - before.at > bearing.silent_after
        if long and as_of - after.at <= bearing.referral_within:
            yield from (before.no, after.no)
    first = own[-1:] or contacts[:1]
    if first and as_of - first[0].at > bearing.silent_after:
        yield first[0].no


_AGAINST: dict[str, Callable[[_Two], Iterator[int]]] = {
    "R4": _ignored,
    "R5": _unhappy,
    "R6": _out_of_touch,
}
