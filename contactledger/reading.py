"""Reading an account: findings, standing, cases, report. The same for a ledger and a bundle.

Whoever can load an account's entries reads them in the same way: `Reading` asks for `_load`
and for the moment that counts as now, and leaves everything else to the judge. The judge, the
questions and the reports are imported by whoever first asks for them: a host that only records
does not wait for them.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any

from attrs import frozen

from contactledger.advising import Advising
from contactledger.errors import BadInput
from contactledger.facts import Entry
from contactledger.findings import Case, Finding, Standing
from contactledger.moments import Moment, Period, Span, moment, span
from contactledger.showing import shown, shown_standing

if TYPE_CHECKING:
    from contactledger.asking import Asked
    from contactledger.files import Report
    from contactledger.printing import Attachment
    from contactledger.reconciling import Side
    from contactledger.templating import Templates


@frozen
class Checked:
    """How entries were compared with their hashes: a message of the catalogue, and its values."""

    text: str
    values: Mapping[str, object]


@frozen
class Loaded:
    """An account's entries and those of the house log; `checked` says how the account's were
    compared with their hashes, None if they were not."""

    entries: Sequence[Entry]
    house: Sequence[Entry]
    checked: Checked | None = None


class Reading(Advising, ABC):
    """What can be read of an account. `as_of`: the moment to judge at, by default now.
    `period`: as `contactledger.moments.Period` has it, "2026-03" for one.
    """

    @abstractmethod
    def _load(self, account: str, *, check: bool = False) -> Loaded:
        """The entries of an account; with `check` they are hashed again first (Corrupt)."""

    @abstractmethod
    def _now(self) -> datetime:
        """The moment that counts as now."""

    def findings(
        self,
        account: str,
        *,
        as_of: Moment | None = None,
        period: Period | None = None,
        what_if: str | None = None,
    ) -> tuple[Finding, ...]:
        """The verdicts on every touch; `period` filters by the touch's `at` after judging.

        `what_if`: policy text to judge by in place of the one in force, for a trial.
        """
        from contactledger.judge.judge import judge

        loaded = self._load(account)
        since, until = span(period)
        found = judge(loaded.entries, self._as_of(as_of), house=loaded.house, what_if=what_if)
        inside = (
            f for f in found if (since is None or f.at >= since) and (until is None or f.at < until)
        )
        return shown(self, account, inside)

    def standing(
        self,
        account: str,
        *,
        as_of: Moment | None = None,
        period: Period | None = None,
        what_if: str | None = None,
    ) -> Standing:
        """The account at a moment: every party in the same columns, cases, promises, onus."""
        found = self._standing(self._load(account), self._as_of(as_of), span(period), what_if)
        return shown_standing(self, account, found)

    def cases(self, account: str, *, as_of: Moment | None = None) -> tuple[Case, ...]:
        """The account's matters, open and closed."""
        return shown(self, account, self.standing(account, as_of=as_of).cases)

    def ask(
        self, account: str, *, as_of: Moment | None = None, what_if: str | None = None
    ) -> Asked:
        """The account, judged once, to be asked: `.told()`, `.waiting()`, `.turns()` …

        `what_if`: policy text to judge by in place of the one in force, for a trial.
        """
        from contactledger.asking import Asked
        from contactledger.judge.questions import judged

        loaded, now = self._load(account), self._as_of(as_of)
        found = judged(loaded.entries, now, house=loaded.house, what_if=what_if)
        return Asked(account, found, loaded.entries)

    def side(self, account: str) -> Side:
        """The account's record until now, to be laid beside another's (`reconcile`)."""
        from contactledger.reconciling import Side

        loaded = self._load(account)
        return Side(loaded.entries, loaded.house, self._now())

    def report(
        self,
        account: str,
        kind: str = "proof-of-contact",
        *,
        as_of: Moment | None = None,
        period: Period | None = None,
        what_if: str | None = None,
        templates: Templates | None = None,
        about: str | int | None = None,
        lang: str = "en",
    ) -> Report:
        """A report of the account: `.html()`, `.pdf()`, `.text()`, `.markdown()`, `.csv()` ….

        `kind`: proof-of-contact, touch-certificate, both-sides, case-dossier, promises,
        first-90-days, contact-pressure, outlook. `about`: the entry number of the touch that is
        certified, or the key, title or id of the one matter of a dossier. The log is hashed again
        first; raises Corrupt rather than report on a log that is not what its hashes say.
        `templates`: name → Jinja2 source that overrides ours, or where these are
        (`contactledger.templating`).
        `lang`: of the fixed words, "en" or "de". A `period` in words is of the zone of the party
        that keeps the log, as the dates of the report are.
        """
        from contactledger.reporting import report, zone_of
        from contactledger.templating import templates_of

        if kind == "outlook":
            if not (period is what_if is about is None):
                raise BadInput("is of the whole account as it stands", field="kind")
            return self.outlook(account, as_of=as_of, templates=templates, lang=lang)
        loaded = self._load(account, check=True)
        now, shown = self._as_of(as_of), span(period, zone_of(loaded.entries))
        return report(
            kind,
            self._standing(loaded, now, shown, what_if),
            Loaded(
                [e for e in loaded.entries if e.recorded_at <= now],
                loaded.house,
                loaded.checked,
            ),
            account=account,
            period=shown,
            what_if=what_if,
            templates=templates_of(templates),
            attached=self._attachment(account),
            about=about,
            lang=lang,
            proof=lambda no: self._proof(account, no),
        )

    def _proof(self, account: str, no: int) -> Mapping[str, Any] | None:  # noqa: ARG002 - so too
        """How an entry stands under a signed checkpoint, as a report has it; None where not."""
        return None

    @abstractmethod
    def _attachment(self, account: str) -> Attachment:
        """The bundle of the account for the inside of a PDF, made when it is asked for."""

    def _standing(
        self, loaded: Loaded, now: datetime, shown: Span, what_if: str | None
    ) -> Standing:
        from contactledger.judge.standing import standing

        return standing(
            loaded.entries,
            now,
            house=loaded.house,
            what_if=what_if,
            account=loaded.entries[0].account,
            since=shown[0],
            until=shown[1],
        )

    def _as_of(self, as_of: Moment | None) -> datetime:
        return self._now() if as_of is None else moment(as_of, "as_of")
