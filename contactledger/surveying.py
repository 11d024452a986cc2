"""Reports over all accounts of a ledger, and what a touch certificate says of its proof."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from contactledger.errors import BadInput, NotSealed
from contactledger.log.seal import parse_epoch
from contactledger.log.tlog import leaf_hash
from contactledger.moments import Moment
from contactledger.reading import Loaded, Reading
from contactledger.report.kind_health import account_rows as health_rows
from contactledger.report.kind_health import gap_rows
from contactledger.report.kind_health import rows as health
from contactledger.report.kind_notice import account_rows as notice_rows
from contactledger.report.kind_notice import rows as notice
from contactledger.report.kinds import OF_LEDGER
from contactledger.report.phrases import iso, iso_local
from contactledger.report.render import render
from contactledger.reporting import proof_rows
from contactledger.rows import Tabulating
from contactledger.sealed import prove_entry

if TYPE_CHECKING:
    from contactledger.files import Report
    from contactledger.templating import Templates


class Surveying(Reading, Tabulating):
    """What a ledger reports of all its accounts; a part of `Ledger`."""

    if TYPE_CHECKING:

        def waiting(self) -> dict[str, dict[str, int]]: ...  # noqa: D102 - Receiving.waiting
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
    ) -> Report:
        """A report over all accounts, with the forms of `report`. Archived ones are passed over.

        "notice-coverage": who was told `about` a topic ("inventory-sync") or a matter, who saw it,
        who ignored it, who could not be reached, who was never told. "ledger-health": when nobody
        listened, what waits to be matched, what contradicts itself. `zone`: of its times.
        BadInput for another kind, and for a notice about nothing.
        """
        from contactledger.files import Report
        from contactledger.templating import templates_of

        if kind not in OF_LEDGER:
            raise BadInput(
                f"is none over all accounts; these are: {', '.join(OF_LEDGER)}", field="kind"
            )
        if kind == "notice-coverage" and not about:
            raise BadInput("say which topic or matter", field="about")
        now = self._as_of(as_of)
        at = (iso(now), iso_local(now, zone), zone)
        away = {archive.account for archive in self.archives()}
        accounts: list[dict[str, Any]] = []
        gaps: list[dict[str, Any]] = []
        for name in self.accounts():
            if name in away:
                continue
            loaded = self._load(name)
            found = self._standing(loaded, now, (None, None), None)
            seen = Loaded([e for e in loaded.entries if e.recorded_at <= now], loaded.house)
            if kind == "ledger-health":
                accounts.append(health_rows(found, name, len(seen.entries)))
                gaps += gap_rows(found, zone)
            else:
                rows, called = proof_rows(found, seen, account=name)
                accounts.append(notice_rows(rows, seen.entries, called, about))
        data = (
            notice(accounts, about, *at)
            if kind == "notice-coverage"
            else health(accounts, gaps, self.waiting(), self.forged, *at)
        )
        return Report(render(kind, data, templates_of(templates), lang))

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
