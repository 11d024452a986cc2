"""Reports over all accounts of a ledger, and what a touch certificate says of its proof."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from contactledger.errors import BadInput, NotSealed
from contactledger.moments import Moment
from contactledger.reading import Loaded, Reading
from contactledger.rows import Tabulating
from contactledger.sealed import prove_entry

if TYPE_CHECKING:
    from contactledger.across import Across
    from contactledger.files import Report, Where
    from contactledger.noticing import Noticed
    from contactledger.report.words import Words
    from contactledger.templating import Templates


class Surveying(Reading, Tabulating):
    """What a ledger reports of all its accounts; a part of `Ledger`."""

    if TYPE_CHECKING:

        def waiting(self) -> dict[str, dict[str, int]]: ...  # noqa: D102 - Receiving.waiting
        def across(self, path: Where | None = None) -> Across: ...  # noqa: D102 - Ledger.across
        @property
        def forged(self) -> int: ...  # noqa: D102 - Receiving.forged

    def survey(
        self,
        kind: str,
        *,
        about: str = "",
        as_of: Moment | None = None,
        templates: Templates | None = None,
        lang: str = "en",
        zone: str = "UTC",
        answers: Across | Where | None = None,
    ) -> Report:
        """A report over all accounts, with the forms of `report`. Archived ones are passed over.

        "notice-coverage": who was told `about` a topic ("inventory-sync"), or where an account
        has none of that name, about the matters and milestones so called (title, key or id); by
        the party that keeps the log, as `ask(…).told()` has it. "ledger-health": when nobody
        listened, what waits to be matched, what contradicts itself. `zone`: of its times.
        `answers`: of who was told, those that `across` keeps, or their file, so that only what
        changed since is judged; they are of now.
        BadInput for another kind, a notice about nothing, and a zone that is none.
        """
        from contactledger.surveys import Survey, refuse_survey
        from contactledger.templating import templates_of

        refuse_survey(kind, about)
        if answers is not None and (kind != "notice-coverage" or as_of is not None):
            raise BadInput("are kept of who was told, and of now", field="answers")
        own = templates_of(templates)
        survey = Survey.of(kind, about, self._as_of(as_of), zone, own, lang)
        if answers is not None:
            return survey.of_kept(self._kept(answers, about, survey.words))
        if kind == "notice-coverage":
            return survey.of_told(self._each())
        standings = (
            (name, loaded, self._standing(loaded, survey.now, (None, None), None))
            for name, loaded in self._each()
        )
        return survey.of_health(standings, self.waiting(), self.forged)

    def _each(self) -> Iterator[tuple[str, Loaded]]:
        """Every account by its name, but for those that are archived."""
        away = {archive.account for archive in self.archives()}
        for name in self.accounts():
            if name not in away:
                yield name, self._load(name)

    def _kept(self, answers: Across | Where, about: str, words: Words) -> list[Noticed]:
        from contactledger.across import Across

        if isinstance(answers, Across):
            return answers.notice(about, words)
        with self.across(answers) as across:
            return across.notice(about, words)

    def _proof(self, account: str, no: int) -> Mapping[str, Any] | None:
        """How an entry stands under the newest signed checkpoint; None before it was sealed."""
        from contactledger.surveys import proof_rows

        with self._store.begin(write=False) as tx:
            id_ = self._accounts.must_find(account, tx)
            try:
                proof = prove_entry(tx, id_, no)
            except NotSealed:
                return None
            (row,) = tx.entries(id_, no, no + 1)
        return proof_rows(proof, row)
