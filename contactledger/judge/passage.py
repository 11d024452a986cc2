"""How a matter went around among its parties, and what came of it: `passages` (J50).

The ball is followed as the case does it (`judge.handoffs`); what is added here is which stay was
not the first, which handoff closed a circle, and to whom a side turned higher up.

An escalation is a touch to a person above everybody of that party to whom the same side had
turned before in the matter; the levels are those that the log gives people (`Person.level`).
The first touch to a party is none, however high it goes. It is unanswered where its time is up
and nobody of the party gave what was wanted; a reminder shares the outcome of what it reminds of.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import cast

from contactledger.facts import Touch
from contactledger.findings import Case, Finding, Outcome
from contactledger.judge.questions import Judged
from contactledger.judge.view import View
from contactledger.questions import Escalation, Passage, Stay

_SILENT = frozenset({Outcome.IGNORED, Outcome.UNPROVEN, Outcome.UNREACHED})
_SETTLED = frozenset({Outcome.ANSWERED, Outcome.SEEN})
SEVERAL = 3
"""Parties from which on a matter goes around; between two it is asked and answered."""


def passages(asked: Judged, *, least: int = SEVERAL) -> tuple[Passage, ...]:
    """The matters of so many parties at least, and all that were ever handed on."""
    by_matter: dict[str, list[Finding]] = {}
    for finding in asked.findings:
        by_matter.setdefault(finding.matter, []).append(finding)
    return tuple(
        _passage(asked, case, by_matter.get(case.matter, []))
        for case in asked.cases
        if len(case.parties) >= least or case.handoffs
    )


def _passage(asked: Judged, case: Case, findings: list[Finding]) -> Passage:
    climbed = tuple(_escalations(asked.view, findings))
    unanswered = tuple(one.no for one in climbed if one.outcome in _SILENT)
    rules = dict.fromkeys(rule for handoff in case.handoffs for rule in handoff.rules)
    return Passage(
        matter=case.matter,
        named=case.named,
        parties=case.parties,
        holder=case.holder,
        stays=tuple(_stays(asked.view, case)),
        days_held=case.days_held,
        handoffs=case.handoffs,
        circles=tuple(handoff.no for handoff in case.handoffs if handoff.circle),
        escalations=climbed,
        unanswered=unanswered,
        stake=case.stake,
        worth=case.worth,
        rules=(*rules, "J52", case.onus.rule),
        because=case.because,
    )


def _stays(view: View, case: Case) -> Iterator[Stay]:
    had: set[str] = set()
    for hold in case.holds:
        length = (hold.until or view.as_of) - hold.since
        yield Stay(hold, length, hold.party in had)
        had.add(hold.party)


def _escalations(view: View, findings: list[Finding]) -> Iterator[Escalation]:
    highest: dict[tuple[str, str], int] = {}
    for finding in sorted(findings, key=lambda one: (one.at, one.no)):
        pair = (finding.sender, finding.party)
        names = cast(Touch, view.touches[finding.touch].fact).to
        levels = [
            (someone.level, name)
            for name in names
            if (someone := view.person_at(name, finding.at)) is not None
            and view.owner(name, finding.at) == finding.party
        ]
        level, person = max(levels, key=lambda one: one[0], default=(0, finding.party))
        before = highest.get(pair)
        highest[pair] = max(level, before or 0)
        if before is not None and level > before:
            yield Escalation(
                no=finding.no,
                by=finding.sender,
                toward=finding.party,
                person=person,
                level=level,
                outcome=finding.outcome,
                answered=finding.outcome in _SETTLED,
                rules=finding.rules,
                because=finding.because,
            )
