"""Names of accounts: what is remembered of them only spares a query, and is bounded."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from contactledger import Ledger, accounts
from contactledger.errors import Corrupt
from contactledger.sources import Calls
from tests.ledgers import SMITH, editing, filled, in_memory, two_sides


def test_only_so_many_names_are_remembered_and_every_one_is_found(monkeypatch):
    monkeypatch.setattr(accounts, "REMEMBERED", 3)
    ledger, _ = in_memory()
    names = [f"account-{number}" for number in range(5)]
    ledger.record_many({name: two_sides() for name in names})
    counts = []
    for name in [*names, *reversed(names)]:
        assert len(ledger.entries(name)) == 7
        counts.append(len(ledger._accounts._names))
    assert counts == [1, 2, 3, 1, 2, 2, 2, 3, 1, 2]


def test_an_import_with_coverage_is_taken_back_however_few_names_are_remembered(monkeypatch):
    monkeypatch.setattr(accounts, "REMEMBERED", 1)
    ledger, _ = filled()
    table = (
        b"call_id,at,direction,from,to,status,answered_by\n"
        b"c-1,2026-02-26T10:00:00Z,out,+1 555 0100,+1 555 0111,completed,human\n"
    )
    period = (datetime(2026, 2, 20, tzinfo=UTC), datetime(2026, 3, 1, tzinfo=UTC))
    done = ledger.import_(Calls(), table, period=period, dry_run=False)
    gone = ledger.take_back(done.batch)
    assert sorted(entry.account for entry in gone) == sorted(
        entry.account for entry in (*done.recorded, *done.coverage)
    )
    assert ledger.accounts() == (SMITH,)


def test_an_account_whose_first_entry_is_gone_is_named_by_the_error(tmp_path):
    with Ledger.open(f"sqlite:///{tmp_path}/l.db", recorder="acme") as ledger:
        id_ = ledger.record(SMITH, *two_sides())[0].account
        with editing(tmp_path / "l.db") as file:
            file.execute("DELETE FROM contactledger_entry WHERE no = 0 AND account = ?", (id_,))
        with pytest.raises(Corrupt, match=f"account {id_}, entry 0: the entry is not there"):
            ledger.accounts()
