"""Reconciling: two records of one account beside each other, each judged by the same rules.

Both sides keep a ledger; neither need believe the other's. What stands in both in the same way
is *agreed*, what both hold and tell otherwise is *contradicting*, the rest is *only ours* or
*only theirs*. Nothing here says who is right.

Both records are read as of one moment, the earlier of the two, since a later one would know
more. Touches are paired by `contactledger.pairing`, and for each pair compared are

- **time**: the moments of the touch, which may differ by the tolerance;
- **outcome**: what became of it for the party that was reached out to. Four outcomes state
  something, *answered*, *seen*, *ignored*, *unreached*, and any two of them contradict each
  other but the first two (and *seen* and *ignored* only where both records say that the same
  was wanted back). *Unproven*, *pending* and *noted* state nothing;
- **who answered**: people whose addresses are known in both records and have none in common.

Whatever cannot be compared, because it is withheld, erased, later or left out, is counted and
said.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta

from attrs import field, frozen

from contactledger.declare import as_utc
from contactledger.exchange import OpenedBundle
from contactledger.facts import Entry, Touch
from contactledger.files import Report
from contactledger.findings import (
    Compared,
    Difference,
    Finding,
    Lone,
    Outcome,
    Pair,
    Reach,
    Reconciliation,
)
from contactledger.judge.judge import judge_view
from contactledger.judge.view import View, view
from contactledger.pairing import Act, acts, addresses_of, pair, same_parties
from contactledger.report.reconciliation import reconciliation_rows
from contactledger.report.render import render, words_of
from contactledger.templating import Templates, templates_of

TOLERANCE = timedelta(minutes=15)
"""How far two times of one touch may lie apart: calls written down by hand are rounded to the
quarter of an hour, and a mail takes minutes from one server to the other."""

_STATES = frozenset({Outcome.ANSWERED, Outcome.SEEN, Outcome.IGNORED, Outcome.UNREACHED})
_CAME_BACK = frozenset({Outcome.ANSWERED, Outcome.SEEN})
_LOOKED = frozenset({Outcome.SEEN, Outcome.IGNORED})
"""These contradict each other only where both wanted the same: one look is no reply."""


@frozen
class Side:
    """One record: an account's entries and those of the house log, known until `until`.

    `partial`: some entries only, so what is not there may yet be in the log.
    """

    entries: Sequence[Entry] = field(repr=False)
    house: Sequence[Entry] = field(repr=False)
    until: datetime
    partial: bool = False


@frozen
class Reconciled:
    """Two records beside each other: what was found, and the record it was found in."""

    found: Reconciliation
    ours: Side = field(repr=False)
    theirs: Side = field(repr=False)

    @property
    def agreed(self) -> tuple[Pair, ...]:
        """The touches that stand in both and do not differ."""
        return tuple(p for p in self.found.pairs if not p.differences)

    @property
    def contradicting(self) -> tuple[Pair, ...]:
        """The touches that stand in both and differ."""
        return tuple(p for p in self.found.pairs if p.differences)

    @property
    def only_ours(self) -> tuple[Lone, ...]:
        """The touches that stand in our record alone."""
        return self.found.only_ours

    @property
    def only_theirs(self) -> tuple[Lone, ...]:
        """The touches that stand in their record alone."""
        return self.found.only_theirs

    def report(self, *, templates: Templates | None = None, lang: str = "en") -> Report:
        """The comparison as a report: `.html()`, `.pdf()`, `.text()`, `.markdown()` and so on.

        `templates`: name → Jinja2 source that overrides ours, or where these are
        (`contactledger.templating`). `lang`: of the fixed words, "en" or "de".
        """
        given = templates_of(templates)
        words, (ours, theirs) = words_of(lang, given), (self.ours.entries, self.theirs.entries)
        rows = reconciliation_rows(self.found, ours, theirs, words)
        return Report(render("reconciliation", rows, given, lang))


def reconcile(
    ours: OpenedBundle | Side,
    theirs: OpenedBundle | Side,
    *,
    as_of: datetime | None = None,
    tolerance: timedelta = TOLERANCE,
) -> Reconciled:
    """Two records of one account, touch by touch: agreed, contradicting, or in one alone.

    A side is a bundle that was opened, or an account of a ledger as `Ledger.side` gives it.
    `as_of`: by default the earlier of the moments until which the two are known; `tolerance`:
    how far two times of one touch may lie apart.
    """
    one, two = _side(ours), _side(theirs)
    moment = min(one.until, two.until) if as_of is None else as_utc(as_of, "as_of")
    mine, other = _Record(one, moment), _Record(two, moment)
    parties = same_parties(mine.seen, other.seen)
    back = {b: a for a, b in parties.items()}
    found = pair(mine.acts, other.acts, parties, tolerance)
    done, done_there = {a.no for a, _, _ in found.pairs}, {b.no for _, b, _ in found.pairs}
    only_ours, elsewhere = _alone(mine.acts, done, found.possible_ours, back.get(other.keeper))
    only_theirs, elsewhere_there = _alone(
        other.acts, done_there, found.possible_theirs, parties.get(mine.keeper)
    )
    comparison = _Comparison(mine, other, parties, tolerance)
    reconciliation = Reconciliation(
        as_of=moment,
        tolerance=tolerance,
        ours=mine.compared(elsewhere),
        theirs=other.compared(elsewhere_there),
        parties=tuple(sorted(parties.items())),
        pairs=tuple(comparison.of(a, b, by) for a, b, by in found.pairs),
        only_ours=only_ours,
        only_theirs=only_theirs,
    )
    return Reconciled(reconciliation, one, two)


def _side(of: OpenedBundle | Side) -> Side:
    if isinstance(of, Side):
        return of
    return Side(tuple(of.entries()), tuple(of.house()), of.sealed_at, not of.complete)


def _alone(
    acts_: Iterable[Act],
    paired: set[int],
    possible: Mapping[int, tuple[int, ...]],
    keeper: str | None,
) -> tuple[tuple[Lone, ...], tuple[int, ...]]:
    """What stands here alone; and of that apart, what does not concern `keeper`, the party that
    keeps the other record, under its name here."""
    alone, elsewhere = [], []
    for act in acts_:
        if act.no in paired:
            continue
        if keeper is None or keeper == act.sender or keeper in act.receivers:
            alone.append(Lone(act.no, act.at, possible.get(act.no, ())))
        else:
            elsewhere.append(act.no)
    return tuple(alone), tuple(elsewhere)


class _Record:
    """A side as of the moment: its touches, and what the judge makes of them."""

    def __init__(self, side: Side, moment: datetime) -> None:
        self.side, self.moment = side, moment
        self.seen: View = view(side.entries, moment, side.house)
        self.acts: list[Act] = acts(self.seen)
        self.keeper = side.entries[0].recorder
        # what answers a touch may be missing from a partial record, so it is not judged
        judged = () if side.partial else judge_view(self.seen)
        self.findings = {(f.no, f.party): f for f in judged}

    def compared(self, elsewhere: tuple[int, ...]) -> Compared:
        """What is to be said of this side as a whole."""
        touches = [e for e in self.side.entries if isinstance(e.fact, Touch)]
        later = tuple(e.no for e in touches if max(e.recorded_at, e.at) > self.moment)
        return Compared(
            account=self.side.entries[0].account,
            recorder=self.keeper,
            entries=len(self.side.entries),
            until=self.side.until,
            touches=len(self.acts),
            partial=self.side.partial,
            later=later,
            elsewhere=elsewhere,
            nameless=tuple(act.no for act in self.acts if act.nameless),
        )

    def answerers(self, finding: Finding) -> dict[str, frozenset[str]]:
        """Who answered → the addresses that are known of them."""
        return {
            row.person: addresses_of(self.seen, [row.person])
            for row in finding.rows
            if row.reach is Reach.ANSWERED
        }


@frozen
class _Comparison:
    """Compares the two ends of a pair."""

    ours: _Record
    theirs: _Record
    parties: Mapping[str, str]
    tolerance: timedelta

    def of(self, a: Act, b: Act, by: str) -> Pair:
        """The pair, with what differs and what could not be compared."""
        differences, uncompared = [], []
        if abs(a.at - b.at) > self.tolerance:
            differences.append(Difference("time", a.at, b.at))
        for party in sorted(a.receivers):
            mine = self.ours.findings.get((a.no, party))
            other = self.theirs.findings.get((b.no, self.parties.get(party, "")))
            for what, found in self._findings(mine, other):
                if found is None:
                    uncompared.append(what)
                else:
                    differences += found
        return Pair(
            a.no,
            b.no,
            by,
            (a.at, b.at),
            tuple(differences),
            tuple(dict.fromkeys(uncompared)),
        )

    def _findings(
        self, mine: Finding | None, other: Finding | None
    ) -> Iterable[tuple[str, list[Difference] | None]]:
        """(what was compared, how it differs); None where one of the two says nothing."""
        if mine is None or other is None:
            yield "outcome", None
            return
        yield "outcome", self._outcome(mine, other)
        if mine.outcome is other.outcome is Outcome.ANSWERED:
            yield "answered_by", self._answerers(mine, other)

    def _outcome(self, mine: Finding, other: Finding) -> list[Difference] | None:
        one, two = mine.outcome, other.outcome
        if one is two or {one, two} == _CAME_BACK:
            return []
        asked_alike = mine.expects is other.expects
        if not {one, two} <= _STATES or ({one, two} == _LOOKED and not asked_alike):
            return None
        return [Difference("outcome", one, two, (mine.party, other.party))]

    def _answerers(self, mine: Finding, other: Finding) -> list[Difference] | None:
        here, there = self.ours.answerers(mine), self.theirs.answerers(other)
        one = frozenset[str]().union(*here.values())
        two = frozenset[str]().union(*there.values())
        if not one or not two:
            return None
        if one & two:
            return []
        parties = (mine.party, other.party)
        return [Difference("answered_by", tuple(here), tuple(there), parties)]
