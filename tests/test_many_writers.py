"""Sixteen processes write while their database is ill-treated: `tests.campaign`, in short.

Each round has all that the long one has, one after another: writers killed, the server
stopped and killed and started again, connections ended, commits cut, a disk that gets full.
"""

from __future__ import annotations

import random
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from tests import postgres, required
from tests.campaign.disk import HOW, mountable
from tests.campaign.rounds import Round, run

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
