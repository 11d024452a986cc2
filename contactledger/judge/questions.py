"""An account judged once, for everything that may be asked of it: `judged(entries, as_of)`.

Each family of questions is a module that takes what this one gives: `told` (who was told),
`waiting` (who owes an answer), `diligence` (whose turn it is, and what was done before),
`passage` (how a matter went around) and `kept` (promises, and who turned up).
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta

from attrs import field, frozen

from contactledger.facts import Entry
from contactledger.findings import Case, Finding, PromiseFinding, Standing
from contactledger.judge.basis import Bases
from contactledger.judge.calendar import business_minutes, zone_of
from contactledger.judge.cases import cases
from contactledger.judge.judge import judge_view
from contactledger.judge.matters import pauses
from contactledger.judge.promises import promise_findings
from contactledger.judge.view import View, view


@frozen(eq=False)
class Judged:
    """The entries that count and every verdict on them."""

    view: View
    findings: tuple[Finding, ...]
    promises: tuple[PromiseFinding, ...]
    cases: tuple[Case, ...]
    bases: Bases = field(repr=False)

    @property
    def account(self) -> str:
        """The id of the account."""
        return self.view.entries[0].account if self.view.entries else ""

    @property
    def keeper(self) -> str:
        """The id of the party that keeps the log, by the name that stays (J48)."""
        return self.view.entries[0].recorder if self.view.entries else ""

    def business(self, finding: Finding, since: datetime, until: datetime) -> timedelta:
        """Business time between two moments in the hours of the one asked (J27), without the
        pauses that it did not ask for (J23)."""
        policy, _ = self.bases.of(finding.sender, finding.party, finding.at)
        calendar = policy.calendar(self.view.role(finding.party, finding.at), finding.party)
        zone = zone_of(finding.zone)
        minutes = business_minutes(calendar, zone, since, until)
        over = since
        for pause in pauses(self.view, finding.matter):
            if pause.party != finding.party:
                begins, ends = max(pause.since, over), min(pause.until or until, until)
                minutes -= business_minutes(calendar, zone, begins, ends)
                over = max(over, ends)
        return timedelta(minutes=minutes)


def judged(
    entries: Iterable[Entry],
    as_of: datetime,
    *,
    house: Iterable[Entry] = (),
    what_if: str | None = None,
) -> Judged:
    """The account of these entries as of a moment, for every question of this wing.

    `house`: entries of the shared log (J53); `what_if`: policy text tried instead (J44).
    """
    seen = view(entries, as_of, house, what_if)
    findings = judge_view(seen)
    promises = promise_findings(seen)
    return Judged(seen, findings, promises, cases(seen, findings, promises), Bases(seen))


def judged_already(
    found: Standing, entries: Iterable[Entry], house: Iterable[Entry] = ()
) -> Judged:
    """The same of a standing of these entries that was made of no period and on no trial."""
    seen = view(entries, found.as_of, house)
    return Judged(seen, found.findings, found.promises, found.cases, Bases(seen))
