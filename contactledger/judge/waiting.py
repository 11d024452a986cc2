"""Who has not answered whom, for how long, and how quickly each side answers: `waiting`,
`answer_times`.

The same for every party. Asked is what wants an answer back, a reply or any other act: what
wants only to be looked at, and what was told to everybody (J43), waits for nobody. What did
not arrive waits for nobody either: its sender must act (O4). A chain of reminders is one question
that waits since its first touch (J20), and a waived one waits no longer (J23).
"""

from __future__ import annotations

from datetime import datetime

from contactledger.findings import Finding, Outcome
from contactledger.judge.held import WANTS_AN_ANSWER
from contactledger.judge.ladder import is_broadcast
from contactledger.judge.questions import Judged
from contactledger.judge.standing import median
from contactledger.questions import AnswerTimes, Waiting

_WAITS = frozenset({Outcome.PENDING, Outcome.IGNORED, Outcome.UNPROVEN})


def waiting(asked: Judged) -> tuple[Waiting, ...]:
    """Every question that was not answered, what has waited longest in front."""
    found = [_waiting(asked, finding) for finding in open_questions(asked)]
    return tuple(sorted(found, key=lambda one: (one.at, one.no)))


def open_questions(asked: Judged) -> list[Finding]:
    """The verdicts on those questions, in the order of the log."""
    return [finding for finding in _questions(asked) if finding.outcome in _WAITS]


def answer_times(asked: Judged) -> tuple[AnswerTimes, ...]:
    """For each party that was asked something by another: how it answers."""
    pairs: dict[tuple[str, str], list[Finding]] = {}
    for finding in _questions(asked):
        if finding.outcome in _WAITS or finding.outcome is Outcome.ANSWERED:
            pairs.setdefault((finding.party, finding.sender), []).append(finding)
    return tuple(_times(asked, *pair, findings) for pair, findings in pairs.items())


def _questions(asked: Judged) -> list[Finding]:
    return [
        finding
        for finding in asked.findings
        if finding.original is None
        and finding.expects in WANTS_AN_ANSWER
        and not is_broadcast(asked.view, finding)
    ]


def _waiting(asked: Judged, finding: Finding) -> Waiting:
    now = asked.view.as_of
    late = finding.due if finding.due is not None and finding.due < now else None
    return Waiting(
        no=finding.no,
        owed=finding.sender,
        owes=finding.party,
        channel=finding.channel,
        purpose=finding.purpose,
        matter=finding.matter,
        at=finding.at,
        due=finding.due,
        outcome=finding.outcome,
        grade=finding.outcome_grade,
        waited=now - finding.at,
        waited_business=asked.business(finding, finding.at, now),
        overdue=None if late is None else now - late,
        overdue_business=None if late is None else asked.business(finding, late, now),
        reminders=finding.reminders,
        possible=finding.possible,
        held_against=finding.held_against is not None,
        rules=finding.rules,
        because=finding.because,
    )


def _times(asked: Judged, party: str, asker: str, findings: list[Finding]) -> AnswerTimes:
    answered = [finding for finding in findings if finding.outcome is Outcome.ANSWERED]
    waits = [finding for finding in findings if finding.outcome is not Outcome.ANSWERED]
    took = [(_answered_at(finding) - finding.at, finding.no) for finding in answered]
    business = [asked.business(finding, finding.at, _answered_at(finding)) for finding in answered]
    worst, worst_no = max(took, key=lambda pair: (pair[0], -pair[1]), default=(None, None))
    return AnswerTimes(
        party=party,
        asker=asker,
        asked=len(findings),
        answered=len(answered),
        late=sum(finding.late for finding in answered),
        waiting=len(waits),
        reminders=sum(len(finding.reminders) for finding in findings),
        median=median([length for length, _ in took]),
        median_business=median(business),
        worst=worst,
        worst_business=max(business, default=None),
        worst_no=worst_no,
        oldest_no=min(((f.at, f.no) for f in waits), default=(None, None))[1],
        because=tuple(sorted(finding.no for finding in findings)),
    )


def _answered_at(finding: Finding) -> datetime:
    """When it was answered; never before it was asked, whatever a clock said (J24)."""
    return max(finding.at, finding.settled_at or finding.at)
