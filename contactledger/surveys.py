"""From the accounts of a ledger to a report over all of them; and the rows of a proof."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any, Self

from attrs import evolve, frozen

from contactledger.errors import BadInput
from contactledger.files import Report
from contactledger.findings import Standing
from contactledger.judge.calendar import zone_of
from contactledger.judge.questions import Judged, judged
from contactledger.judge.told import subjects, told
from contactledger.log.seal import parse_epoch
from contactledger.log.tlog import leaf_hash
from contactledger.naming import labels
from contactledger.noticing import Noticed
from contactledger.questions import About, Told, ToldRow
from contactledger.reading import Loaded
from contactledger.report.kind_health import account_rows as health_rows
from contactledger.report.kind_health import gap_rows
from contactledger.report.kind_health import rows as health
from contactledger.report.kind_notice import account_rows as notice_rows
from contactledger.report.kind_notice import rows as notice
from contactledger.report.kinds import OF_LEDGER
from contactledger.report.names import Names, names
from contactledger.report.phrases import clean, iso, iso_local
from contactledger.report.render import render, words_of
from contactledger.report.words import Words
from contactledger.store.port import EntryRow
from contactledger.trees import EntryProof


def refuse_survey(kind: str, about: str) -> None:
    """Raise BadInput for a kind that is none over all accounts, and for a notice of nothing."""
    if kind not in OF_LEDGER:
        raise BadInput(
            f"is none over all accounts; these are: {', '.join(OF_LEDGER)}", field="kind"
        )
    if kind == "notice-coverage" and not about:
        raise BadInput("say which topic or matter", field="about")


@frozen
class Survey:
    """What a report over all accounts is asked for, and in which words and forms it is made."""

    kind: str
    about: str
    now: datetime
    zone: str
    words: Words
    own: dict[str, str] | None
    lang: str

    @classmethod
    def of(
        cls, kind: str, about: str, now: datetime, zone: str, own: dict[str, str] | None, lang: str
    ) -> Self:
        """BadInput for a zone that is none, and for a language without words."""
        zone_of(zone)
        return cls(kind, about, now, zone, words_of(lang, own), own, lang)

    @property
    def _at(self) -> tuple[str, str, str]:
        return iso(self.now), iso_local(self.now, self.zone), self.zone

    def _report(self, data: dict[str, Any]) -> Report:
        return Report(render(self.kind, data, self.own, self.lang))

    def of_kept(self, kept: Iterable[Noticed]) -> Report:
        """Who was told, as `across` keeps it."""
        accounts = [_shown(one.id, one.account, one.told, one.names) for one in kept]
        return self._report(notice(accounts, self.about, *self._at))

    def of_told(self, accounts: Iterable[tuple[str, Loaded]]) -> Report:
        """Who was told, judged now."""
        rows = [self._told(name, loaded) for name, loaded in accounts]
        return self._report(notice(rows, self.about, *self._at))

    def of_health(
        self,
        accounts: Iterable[tuple[str, Loaded, Standing]],
        waiting: dict[str, dict[str, int]],
        forged: int,
    ) -> Report:
        """When nobody listened, what waits to be matched, what contradicts itself."""
        rows: list[dict[str, Any]] = []
        gaps: list[dict[str, Any]] = []
        for name, loaded, found in accounts:
            size = sum(entry.recorded_at <= self.now for entry in loaded.entries)
            rows.append(health_rows(found, name, size))
            gaps += gap_rows(found, self.zone)
        return self._report(health(rows, gaps, waiting, forged, *self._at))

    def _told(self, name: str, loaded: Loaded) -> dict[str, Any]:
        """The rows of one account: who of it was told."""
        found = judged(loaded.entries, self.now, house=loaded.house)
        until = (entry for entry in loaded.entries if entry.recorded_at <= self.now)
        abouts = _abouts(found, loaded, self.about)
        answers = [told(found, one, by=found.keeper) for one in abouts]
        return _shown(loaded.entries[0].account, name, answers, names(until, self.words))


def proof_rows(proof: EntryProof, row: EntryRow) -> dict[str, Any]:
    """How an entry stands under a signed checkpoint, as a touch certificate says it."""
    sealed_at = parse_epoch(proof.epoch).sealed_at
    return {
        "sealed_at": iso(sealed_at),
        "sealed_at_local": iso_local(sealed_at, "UTC"),
        "leaf": leaf_hash(row.record).hex(),
        "hashes": [part.hex() for part in (*proof.hashes, *proof.path, *proof.epoch_path)],
        "note": proof.note.decode().splitlines(),
    }


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
