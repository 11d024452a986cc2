"""An account at a moment: `standing(entries, as_of)`.

Every party of the account has a column, whatever its role, and all columns are alike: what
it sent and what became of that, what it was sent and what it did with that. A touch to two
parties is two findings (J1). A reminder is a touch that was sent, but the silence and the
answer of a chain count once, with its original (J20); so the outcomes of what a party sent
and its `reminders` add up to `sent`. What is written down twice under two names counts for
the party it belongs to by now (J48).

`since` and `until` choose, after judging, the findings whose touch was made in
[since, until): for the list and the columns. Promises, cases, gaps and the onus are always
those of the whole account, since nothing that is owed ends with a period.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta

from attrs import define, field

from contactledger.facts import Entry
from contactledger.findings import (
    Column,
    Finding,
    Outcome,
    PromiseFinding,
    PromiseState,
    Standing,
)
from contactledger.judge.cases import account_onus, cases
from contactledger.judge.gaps import gaps
from contactledger.judge.held import breaches
from contactledger.judge.judge import judge_view
from contactledger.judge.promises import promise_findings
from contactledger.judge.view import View, view
from contactledger.vocabulary import Role

_ZERO = timedelta()


def standing(
    entries: Iterable[Entry],
    as_of: datetime,
    *,
    house: Iterable[Entry] = (),
    what_if: str | None = None,
    account: str = "",
    since: datetime | None = None,
    until: datetime | None = None,
) -> Standing:
    """The account of these entries as of a moment, judged by the policy in force.

    `house`: entries of the shared log (J53); `what_if`: policy text tried instead (J44).
    Raises `CannotJudge` for a policy whose `rules` this release does not know.
    """
    seen = view(entries, as_of, house, what_if)
    findings = judge_view(seen)
    promises = promise_findings(seen)
    followed = cases(seen, findings, promises)
    turn, matter = account_onus(followed)
    chosen = tuple(
        finding
        for finding in findings
        if (since is None or finding.at >= since) and (until is None or finding.at < until)
    )
    return Standing(
        account=account or (seen.entries[0].account if seen.entries else ""),
        as_of=as_of,
        columns=columns(seen, chosen, promises),
        findings=chosen,
        promises=promises,
        cases=followed,
        gaps=gaps(seen),
        onus=turn,
        onus_matter=matter,
        notes=() if what_if is None else ("trial",),
    )


@define
class _Tally:
    """The findings of one party, sorted into what it sent and what it was sent."""

    sent: list[Finding] = field(factory=list)
    received: list[Finding] = field(factory=list)
    promises: list[PromiseFinding] = field(factory=list)


def columns(
    seen: View, findings: Iterable[Finding], promises: Iterable[PromiseFinding]
) -> tuple[Column, ...]:
    """One column for every party, in the order in which the log came to know them."""
    tallies: dict[str, _Tally] = {party: _Tally() for party in seen.parties}
    for finding in findings:
        tallies.setdefault(finding.sender, _Tally()).sent.append(finding)
        tallies.setdefault(finding.party, _Tally()).received.append(finding)
    for promise in promises:
        tallies.setdefault(promise.promiser, _Tally()).promises.append(promise)
    return tuple(_column(seen, party, tally) for party, tally in tallies.items())


def _column(seen: View, party: str, tally: _Tally) -> Column:
    sent = _outcomes(tally.sent)
    received = [finding for finding in tally.received if finding.original is None]
    took = _outcomes(tally.received)
    answered = [finding for finding in received if finding.outcome is Outcome.ANSWERED]
    looked = [finding for finding in received if finding.outcome is Outcome.SEEN]
    times = [max(_ZERO, (finding.settled_at or finding.at) - finding.at) for finding in answered]
    waiting = [
        finding for finding in received if finding.outcome in {Outcome.IGNORED, Outcome.PENDING}
    ]
    states = [promise.state for promise in tally.promises]
    overdue = states.count(PromiseState.OVERDUE)
    return Column(
        party=party,
        role=seen.role(party) or Role.CUSTOMER,
        sent=len(tally.sent),
        sent_answered=sent[Outcome.ANSWERED],
        sent_seen=sent[Outcome.SEEN],
        sent_unreached=sent[Outcome.UNREACHED],
        sent_ignored=sent[Outcome.IGNORED],
        sent_unproven=sent[Outcome.UNPROVEN],
        sent_pending=sent[Outcome.PENDING],
        sent_noted=sent[Outcome.NOTED],
        received=len(tally.received),
        answered=len(answered),
        answered_late=sum(finding.late for finding in answered),
        seen=len(looked),
        seen_late=sum(finding.late for finding in looked),
        ignored=took[Outcome.IGNORED],
        held_against=sum(finding.held_against == party for finding in received),
        violations=sum(len(breaches(finding)) for finding in tally.sent),
        promises_kept=states.count(PromiseState.KEPT),
        promises_missed=states.count(PromiseState.MISSED),
        promises_open=states.count(PromiseState.OPEN) + overdue,
        promises_disputed=states.count(PromiseState.DISPUTED),
        answer_median=median(times),
        answer_worst=max(times, default=None),
        last_sent_at=max((finding.at for finding in tally.sent), default=None),
        last_answered_at=max((f.settled_at or f.at for f in answered), default=None),
        oldest_waiting_no=min(((f.at, f.no) for f in waiting), default=(None, None))[1],
        reminders=sum(finding.original is not None for finding in tally.sent),
        promises_overdue=overdue,
    )


def _outcomes(findings: Iterable[Finding]) -> dict[Outcome, int]:
    """Outcome → how often, a chain of reminders counted once (J20)."""
    counts = dict.fromkeys(Outcome, 0)
    for finding in findings:
        if finding.original is None:
            counts[finding.outcome] += 1
    return counts


def median(times: list[timedelta]) -> timedelta | None:
    """The middle one; of an even number, half-way between the middle two."""
    if not times:
        return None
    times = sorted(times)
    half = len(times) // 2
    return (times[half] + times[~half]) / 2
