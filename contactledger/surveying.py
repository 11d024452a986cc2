"""Reports over all accounts of a ledger, and what a touch certificate says of its proof."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import TYPE_CHECKING, Any

from attrs import evolve

from contactledger.errors import BadInput, NotSealed
from contactledger.judge.calendar import zone_of
from contactledger.judge.questions import Judged, judged
from contactledger.judge.told import subjects, told
from contactledger.log.seal import parse_epoch
from contactledger.log.tlog import leaf_hash
from contactledger.moments import Moment
from contactledger.naming import labels
from contactledger.questions import About, Told, ToldRow
from contactledger.reading import Loaded, Reading
from contactledger.report.kind_health import account_rows as health_rows
from contactledger.report.kind_health import gap_rows
from contactledger.report.kind_health import rows as health
from contactledger.report.kind_notice import account_rows as notice_rows
from contactledger.report.kind_notice import rows as notice
from contactledger.report.kinds import OF_LEDGER
from contactledger.report.names import Names, names
from contactledger.report.phrases import clean, iso, iso_local
from contactledger.report.words import Words
from contactledger.rows import Tabulating
from contactledger.sealed import prove_entry

if TYPE_CHECKING:
    from contactledger.across import Across
    from contactledger.files import Report, Where
    from contactledger.noticing import Noticed
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
        from contactledger.files import Report
        from contactledger.report.render import render, words_of
        from contactledger.templating import templates_of

        if kind not in OF_LEDGER:
            raise BadInput(
                f"is none over all accounts; these are: {', '.join(OF_LEDGER)}", field="kind"
            )
        if kind == "notice-coverage" and not about:
            raise BadInput("say which topic or matter", field="about")
        if answers is not None and (kind != "notice-coverage" or as_of is not None):
            raise BadInput("are kept of who was told, and of now", field="answers")
        zone_of(zone)
        own = templates_of(templates)
        words = words_of(lang, own)
        now = self._as_of(as_of)
        at = (iso(now), iso_local(now, zone), zone)
        if answers is not None:
            told = [
                _shown(one.id, one.account, one.told, one.names)
                for one in self._kept(answers, about, words)
            ]
            data = notice(told, about, *at)
            return Report(render(kind, data, own, lang))
        away = {archive.account for archive in self.archives()}
        accounts: list[dict[str, Any]] = []
        gaps: list[dict[str, Any]] = []
        for name in self.accounts():
            if name in away:
                continue
            loaded = self._load(name)
            if kind == "ledger-health":
                found = self._standing(loaded, now, (None, None), None)
                size = sum(entry.recorded_at <= now for entry in loaded.entries)
                accounts.append(health_rows(found, name, size))
                gaps += gap_rows(found, zone)
            else:
                accounts.append(_told(loaded, name, now, about, words))
        data = (
            notice(accounts, about, *at)
            if kind == "notice-coverage"
            else health(accounts, gaps, self.waiting(), self.forged, *at)
        )
        return Report(render(kind, data, own, lang))

    def _kept(self, answers: Across | Where, about: str, words: Words) -> list[Noticed]:
        from contactledger.across import Across

        if isinstance(answers, Across):
            return answers.notice(about, words)
        with self.across(answers) as across:
            return across.notice(about, words)

    def _proof(self, account: str, no: int) -> Mapping[str, Any] | None:
        """How an entry stands under the newest signed checkpoint; None before it was sealed."""
        with self._store.begin(write=False) as tx:
            id_ = self._accounts.must_find(account, tx)
            try:
                proof = prove_entry(tx, id_, no)
            except NotSealed:
                return None
            (row,) = tx.entries(id_, no, no + 1)
        sealed_at = parse_epoch(proof.epoch).sealed_at
        return {
            "sealed_at": iso(sealed_at),
            "sealed_at_local": iso_local(sealed_at, "UTC"),
            "leaf": leaf_hash(row.record).hex(),
            "hashes": [part.hex() for part in (*proof.hashes, *proof.path, *proof.epoch_path)],
            "note": proof.note.decode().splitlines(),
        }


def _told(loaded: Loaded, name: str, now: datetime, about: str, words: Words) -> dict[str, Any]:
    """The rows of one account: who of it was told."""
    found = judged(loaded.entries, now, house=loaded.house)
    called = names((entry for entry in loaded.entries if entry.recorded_at <= now), words)
    answers = [told(found, one, by=found.keeper) for one in _abouts(found, loaded, about)]
    return _shown(loaded.entries[0].account, name, answers, called)


def _abouts(found: Judged, loaded: Loaded, about: str) -> list[About]:
    """What bears that name: the topic, else matters and milestones by title, key or id."""
    known = subjects(found)
    topic = About("topic", about)
    if topic in known:
        return [topic]
    called = labels(loaded.entries, found.view.as_of)
    return [
        one for one in known if one in called and about in (*called[one].keys, *called[one].titles)
    ] or [topic]


def _shown(id_: str, name: str, answers: Iterable[Told], called: Names) -> dict[str, Any]:
    """The rows of one account, its parties and people in the order of their names."""

    def place(row: ToldRow) -> tuple[str, str, str, str]:
        return called.of(row.party), row.party, called.of(row.person), row.person or ""

    return notice_rows(
        {"id": id_, "name": clean(name) or called.account or id_[:8]},
        [evolve(one, rows=tuple(sorted(one.rows, key=place))) for one in answers],
        called,
    )
