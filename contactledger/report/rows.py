"""A standing as plain dict rows: what every template, the JSON report and the charts take.

Rows hold str, int, bool, None, lists and dicts only. A time `x` is an ISO string in UTC, and
`x_local` beside it the same moment in the receiver's zone with its offset. Names, subjects
and titles went through `clean`. `because` is a list of entry numbers. A sentence with its
entries is `{"text": …, "because": […]}`.

The keys of the result: report, version, account, period, as_of, zone, entries, parties,
policies, summary, onus, columns, findings, promises, cases, cases_closed, gaps, unknown,
rules, notes, outcomes, grades, isnot. Version 1 of the layout; keys are added, never renamed.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from typing import Any

from contactledger.findings import (
    Case,
    Column,
    Finding,
    Gap,
    HandoffFinding,
    Onus,
    PromiseFinding,
    Rung,
    Standing,
)
from contactledger.report.finding_row import finding_row
from contactledger.report.names import Names, names
from contactledger.report.phrases import (
    GAPS,
    GRADES,
    HANDOFFS,
    MATTERS,
    NOT,
    OUTCOMES,
    PROMISES,
    RUNGS,
    clean,
    iso,
    iso_local,
    sentence,
    word,
)
from contactledger.report.summary import onus_text, summary, unknown, whose
from contactledger.report.wording import Scope, Wording
from contactledger.report.words import Words

__all__ = ["Names", "Scope", "Wording", "names", "rows"]

Row = dict[str, Any]
VERSION = 1
TRIAL = "a trial policy, put in place of the adopted one for this report only"

_COUNTS = (
    "sent", "sent_answered", "sent_seen", "sent_unreached", "sent_ignored", "sent_unproven",
    "sent_pending", "sent_noted", "received", "answered", "answered_late", "seen", "seen_late",
    "ignored", "held_against", "violations", "promises_kept", "promises_missed",
    "promises_open", "promises_overdue", "promises_disputed", "reminders",
)  # fmt: skip


def rows(
    standing: Standing,
    called: Names,
    wording: Wording | None = None,
    scope: Scope | None = None,
) -> Row:
    """Everything a proof-of-contact report says, as dict rows, in the language of `wording`."""
    wording = wording or Wording()
    words = wording.words
    scope = scope or Scope()
    sheet = _Sheet(called, wording, scope)
    findings = [finding_row(f, called, wording) for f in standing.findings]
    shown = [c for c in standing.cases if c.named or c.state != "closed" or c.onus.party]
    data: Row = {
        "report": "proof-of-contact",
        "version": VERSION,
        "account": {
            "id": standing.account,
            "name": clean(scope.account) or called.account or standing.account[:8],
        },
        "period": sheet.period(standing),
        "as_of": iso(standing.as_of),
        "as_of_local": iso_local(standing.as_of, scope.zone),
        "zone": scope.zone,
        "entries": {"count": scope.entries, "checked": scope.checked},
        "parties": [sheet.party(c) for c in standing.columns],
        "policies": sheet.policies(standing.findings),
        "summary": [],
        "onus": sheet.onus(standing.onus, standing.onus_matter),
        "columns": [sheet.column(c) for c in standing.columns],
        "findings": findings,
        "promises": [sheet.promise(p) for p in standing.promises],
        "cases": [sheet.case(c) for c in shown],
        "cases_closed": len(standing.cases) - len(shown),
        "gaps": [sheet.gap(g) for g in standing.gaps],
        "unknown": [],
        "rules": _fired(standing, wording),
        "notes": [words(sentence(word(dict(wording.notes), n))) for n in standing.notes],
        "outcomes": _glossary(words, OUTCOMES, [f["outcome"] for f in findings]),
        "grades": _glossary(words, GRADES, [f["outcome_grade"] for f in findings]),
        "isnot": [words(text) for text in NOT],
    }
    data["summary"] = summary(data, words)
    data["unknown"] = unknown(data, words)
    return data


class _Sheet:
    """The rows that are not findings; they share the names, the words and the zone."""

    def __init__(self, called: Names, wording: Wording, scope: Scope) -> None:
        self.called = called
        self.wording = wording
        self.words = wording.words
        self.scope = scope

    def time(self, key: str, moment: datetime | None, zone: str | None = None) -> Row:
        """`{key: …, key_local: …}`."""
        if moment is None:
            return {key: None, f"{key}_local": None}
        return {key: iso(moment), f"{key}_local": iso_local(moment, zone or self.scope.zone)}

    def named(self, ref: str | None) -> Row | None:
        return None if ref is None else {"id": ref, "name": self.called.of(ref)}

    def period(self, standing: Standing) -> Row:
        first = min((f.at for f in standing.findings), default=standing.as_of)
        since = self.scope.since or first
        until = self.scope.until
        last = until - timedelta(seconds=1) if until else standing.as_of
        return {
            **self.time("since", since),
            **self.time("until", until),
            "first_day": iso_local(since, self.scope.zone)[:10],
            "last_day": iso_local(last, self.scope.zone)[:10],
            "given": self.scope.since is not None or until is not None,
        }

    def party(self, column: Column) -> Row:
        return {
            "id": column.party,
            "name": self.called.of(column.party),
            "role": str(column.role),
        }

    def column(self, column: Column) -> Row:
        row = self.party(column)
        row |= {name: getattr(column, name) for name in _COUNTS}
        for name in ("answer_median", "answer_worst"):
            span = getattr(column, name)
            row[name] = None if span is None else self.words.lasting(span.total_seconds())
            row[f"{name}_seconds"] = None if span is None else int(span.total_seconds())
        row |= self.time("last_sent_at", column.last_sent_at)
        row |= self.time("last_answered_at", column.last_answered_at)
        row["oldest_waiting_no"] = column.oldest_waiting_no
        return row

    def policies(self, findings: Iterable[Finding]) -> list[Row]:
        """Each policy once, with who of the parties judged by it stands behind it."""
        judged: dict[tuple[int, str, bool], list[Finding]] = {}
        for f in findings:
            judged.setdefault((f.basis.no, f.basis.digest, f.basis.trial), []).append(f)
        return [self.policy(judged[key]) for key in sorted(judged)]

    def policy(self, findings: list[Finding]) -> Row:
        """One policy: `whose` says who agreed to it, and who did not (J44)."""
        basis = findings[0].basis
        backed: dict[str, list[int]] = {}
        for f in findings:
            for party in f.basis.adopted_by:
                backed.setdefault(party, [0, 0])
            for party in (f.sender, f.party):
                counts = backed.setdefault(party, [0, 0])
                counts[0] += 1
                counts[1] += party in f.basis.adopted_by
        name = self.called.of
        agreed = [name(p) for p, (all_, theirs) in backed.items() if all_ == theirs]
        partly = [(name(p), n[0], n[1]) for p, n in backed.items() if 0 < n[1] < n[0]]
        against = [name(p) for p, n in backed.items() if n[0] and not n[1]]
        return {
            "no": basis.no,
            "digest": basis.digest,
            "agreed": all(f.basis.agreed for f in findings),
            "trial": basis.trial,
            "adopted_by": agreed,
            "not_adopted_by": [*(who for who, _, _ in partly), *against],
            "whose": self.words(TRIAL)
            if basis.trial
            else whose(agreed, partly, against, self.words),
            "sentences": list(self.scope.policies.get(basis.digest, ())),
            "findings": len(findings),
        }

    def onus(self, onus: Onus, matter: str | None) -> Row:
        row: Row = {
            "party": self.named(onus.party),
            "rule": onus.rule,
            "rule_text": self.words(sentence(self.wording.rules.get(onus.rule, ""))),
            "matter": self.named(matter),
            **self.time("since", onus.since),
            **self.time("until", onus.until),
            "next_rung": onus.next_rung,
            "next_rung_text": self.words(word(RUNGS, onus.next_rung)) if onus.next_rung else "",
            "diligence": onus.diligence,
            "because": list(onus.because),
        }
        row["text"] = onus_text(row, self.words)
        return row

    def promise(self, p: PromiseFinding) -> Row:
        zone = self.called.zones.get(p.promisee)
        return {
            "no": p.no,
            "what": self.called.of(p.promise),
            "outcome": self.called.outcomes.get(p.no, ""),
            "promiser": self.named(p.promiser),
            "promisee": self.named(p.promisee),
            "matter": self.named(p.matter),
            **self.time("at", p.at, zone),
            **self.time("due", p.due, zone),
            "state": str(p.state),
            "state_text": self.words(word(PROMISES, p.state)),
            "grade": p.grade.word,
            **self.time("settled_at", p.settled_at, zone),
            "held_by": self.named(p.held_by),
            "words": [
                {"party": self.named(party), "word": said, "no": no} for party, said, no in p.words
            ],
            "rules": list(p.rules),
            "because": list(p.because),
        }

    def case(self, c: Case) -> Row:
        return {
            "matter": c.matter,
            "title": self.called.of(c.matter),
            "named": c.named,
            "state": str(c.state),
            "state_text": self.words(word(MATTERS, c.state)),
            **self.time("opened_at", c.opened_at),
            **self.time("closed_at", c.closed_at),
            "opened_by": self.named(c.opened_by),
            "parties": [self.named(p) for p in c.parties],
            "stake": self.words.money(c.stake) if c.stake else None,
            "worth": self.words.money(c.worth) if c.worth else None,
            "touches": list(c.touches),
            "promises": list(c.promises),
            "handoffs": [self.handoff(h) for h in c.handoffs],
            "holder": self.named(c.holder),
            **self.time("holder_since", c.holder_since),
            "holds": [
                {
                    "party": self.named(h.party),
                    **self.time("since", h.since),
                    **self.time("until", h.until),
                    "because": list(h.because),
                }
                for h in c.holds
            ],
            "days_held": [
                {"party": self.named(p), "tenths": round(days * 10)} for p, days in c.days_held
            ],
            "circles": c.circles,
            "rungs": [self.rung(r) for r in c.rungs],
            "onus": self.onus(c.onus, c.matter),
            "rules": list(c.rules),
            "because": list(c.because),
        }

    def handoff(self, h: HandoffFinding) -> Row:
        return {
            "no": h.no,
            "giver": self.named(h.giver),
            "taker": self.named(h.taker),
            **self.time("at", h.at),
            **self.time("due", h.due),
            "state": h.state,
            "state_text": self.words(word(HANDOFFS, h.state)),
            "answered_no": h.answered_no,
            "circle": h.circle,
            "rules": list(h.rules),
        }

    def rung(self, r: Rung) -> Row:
        return {
            "code": r.code,
            "text": self.words(word(RUNGS, r.code)),
            **self.time("opens_at", r.opens_at),
            "climbed_by": r.climbed_by,
            "tried_by": r.tried_by,
            **self.time("waits_until", r.waits_until),
            "question": r.question,
            "rules": list(r.rules),
        }

    def gap(self, g: Gap) -> Row:
        return {
            "collector": g.collector,
            "channels": [str(c) for c in g.channels],
            **self.time("since", g.since),
            **self.time("until", g.until),
            "state": g.state,
            "state_text": self.words(word(GAPS, g.state)),
            "because": list(g.because),
        }


def _order(code: str) -> tuple[str, int, str]:
    match = re.match(r"([A-Z]+)(\d+)", code)
    return (match[1], int(match[2]), code) if match else ("~", 0, code)


def _fired(standing: Standing, wording: Wording) -> list[Row]:
    """The rules that fired, each with its sentence and how many verdicts name it."""
    fired: Counter[str] = Counter()
    for f in standing.findings:
        of_lines = (line.rules for line in f.evidence)
        fired.update({*f.rules}.union(*of_lines, *(v.rules for v in f.violations)))
    for p in standing.promises:
        fired.update(p.rules)
    for c in standing.cases:
        fired.update({*c.rules, c.onus.rule, *(r for h in c.handoffs for r in h.rules)})
        fired.update({r for rung in c.rungs for r in rung.rules})
    fired.setdefault(standing.onus.rule, 1)
    return [
        {"code": code, "text": wording.words(wording.rules.get(code, "")), "count": fired[code]}
        for code in sorted(fired, key=_order)
    ]


def _glossary(words: Words, meanings: Mapping[str, str], used: Iterable[str]) -> list[Row]:
    """The words that occur, with their meaning."""
    there = set(used)
    return [{"word": w, "text": words(text)} for w, text in meanings.items() if w in there]
