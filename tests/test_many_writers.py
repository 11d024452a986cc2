"""Sixteen processes write while their database is ill-treated: `tests.campaign`, in short.

Each round has all that the long one has, one after another: writers killed, the server
stopped and killed and started again, connections ended, commits cut, a disk that gets full.
"""

from __future__ import annotations

import random
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from contactledger import Ledger
from tests import postgres, required
from tests.campaign.disk import HOW, mountable
from tests.campaign.rounds import Fight, Round, run
from tests.ledgers import SMITH, mail, sql, two_sides

SECONDS = 2.0
MANY = (1, 100, 10_000)
FAULTS = {
    "sqlite": {"writer killed"},
    "postgres": {"writer killed", "connections ended", "server stopped", "server killed"},
}


@pytest.mark.parametrize("database", ["sqlite", "postgres"])
@pytest.mark.parametrize("full", [False, True], ids=["", "full disk"])
def test_nothing_acknowledged_is_lost_nothing_doubled_and_every_root_is_right(database, full):
    programs = postgres.programs()
    if database == "postgres" and programs is None:
        required.absent("postgres", postgres.HOW)
    if full and not mountable():
        required.absent("mount", HOW)
    seed = random.SystemRandom().randrange(2**32)
    print(f"seed {seed}")  # shown if it fails
    given = Round(database, (100,) if full else MANY, SECONDS, full)
    with TemporaryDirectory() as folder:  # pytest's own lets the server's user not in
        toll = run(given, Path(folder), seed, programs)
    assert (toll.lost, toll.doubled, toll.deadlocks) == (0, 0, 0)
    expected = FAULTS[database] | ({"disk filled"} if full else set())
    possible = {"commit unsent", "commit sent", "commit done", "server gave up"}
    assert set(toll.done) - possible == expected
    assert 0 < toll.acknowledged < toll.entries


def test_what_is_lost_or_doubled_would_be_counted(tmp_path):
    fight = Fight(Round("sqlite", (1,), 0), tmp_path, 0, random.Random(0))
    (tmp_path / "disk").mkdir()
    with Ledger.open(fight.url, recorder="acme") as ledger:
        entry = ledger.record(SMITH, *two_sides(), mail("a"))[-1]
        line = (entry.account, str(entry.no), entry.id, "a")
        fight._compare(ledger, [line])
        assert (fight.toll.lost, fight.toll.doubled, fight.toll.clean) == (0, 0, True)
        fight._compare(ledger, [line, (entry.account, "8", entry.id, "b")])
        assert (fight.toll.lost, fight.toll.doubled, fight.toll.clean) == (1, 0, False)
        sql(tmp_path / "disk" / "contacts.db", "DELETE FROM contactledger_lookup WHERE no = 7")
        ledger.record(SMITH, mail("a"))
        fight._compare(ledger, [line])
        assert (fight.toll.lost, fight.toll.doubled, fight.toll.clean) == (0, 1, False)
