"""Sixteen writers against a database that is being ill-treated, and a count of what is left.

    python -m tests.campaign [--minutes M] [--seed S] [--only sqlite|postgres] [--folder DIR]

On a real SQLite file and a real PostgreSQL server, with 1, 100 and 10,000 accounts and with
100 on a disk that gets full, each round lets 16 processes record, and one seal, while writers
are killed (SIGKILL), the server is stopped at once and killed (SIGKILL) and started again, its
connections are ended, connections are cut at their COMMIT, before it is sent and after, and
the disk is filled and freed. A writer writes down, on the disk, what was acknowledged before
it goes on, and records again what was not, with the same keys.

Then `check()` finds nothing, every acknowledged entry is there once (lost 0), no key twice
(doubled 0), every checkpoint that was given out is kept, and no two transactions ever waited
for each other in a circle (deadlocks 0). The exit code is 0 if all of that holds.

What it does not show: power that fails. A killed process leaves what the operating system has;
PostgreSQL runs with fsync=off here, and SQLite syncs every commit. The full disk needs root,
who may mount one.
"""

from __future__ import annotations

import random
import sys
import time
from argparse import ArgumentParser
from collections import Counter
from pathlib import Path
from tempfile import TemporaryDirectory

from tests import postgres
from tests.campaign.disk import HOW, mountable
from tests.campaign.rounds import Round, Toll, run

ACCOUNTS = (1, 100, 10_000)


def rounds(minutes: float, only: str | None) -> list[Round]:
    """What there is to be tried in that time, the looking afterwards not counted."""
    databases = [name for name in ("sqlite", "postgres") if only in (None, name)]
    seconds = minutes * 60 / (len(databases) * (len(ACCOUNTS) + 1))
    return [
        Round(database, (accounts,), seconds, full, before=accounts * 9 // 10)
        for database in databases
        for accounts, full in (*((number, False) for number in ACCOUNTS), (100, True))
    ]


def counted(counts: Counter[str]) -> str:
    """Counts by name, in order of these."""
    return ", ".join(f"{name} {count:,}" for name, count in sorted(counts.items())) or "nothing"


def line(given: Round, toll: Toll) -> str:
    """A line of the closing table."""
    return (
        f"{given.name:<26} {toll.acknowledged:>12,} {toll.entries:>9,} {toll.accounts:>9,} "
        f"{toll.seals:>6,} {sum(toll.done.values()):>7,} {sum(toll.told.values()):>7,} "
        f"{toll.lost:>5} {toll.doubled:>8} {toll.deadlocks:>10}"
    )


HEADER = (
    f"{'round':<26} {'acknowledged':>12} {'entries':>9} {'accounts':>9} {'seals':>6} "
    f"{'faults':>7} {'refused':>7} {'lost':>5} {'doubled':>8} {'deadlocks':>10}"
)


def main() -> int:
    """The command."""
    parser = ArgumentParser(prog="python -m tests.campaign", description=__doc__)
    parser.add_argument("--minutes", type=float, default=8, help="of all rounds together")
    parser.add_argument("--seed", type=int, default=None, help="printed, to draw the same again")
    parser.add_argument("--only", choices=("sqlite", "postgres"), default=None)
    parser.add_argument("--folder", default=None, help="where to put the databases")
    asked = parser.parse_args()
    seed = random.SystemRandom().randrange(2**32) if asked.seed is None else asked.seed
    print(f"seed {seed}", flush=True)
    programs = postgres.programs()
    table: list[tuple[Round, Toll]] = []
    left_out = []
    for given in rounds(asked.minutes, asked.only):
        if given.full and not mountable():
            left_out.append(f"{given.name}: {HOW}")
            continue
        if given.database == "postgres" and programs is None:
            left_out.append(f"{given.name}: {postgres.HOW}")
            continue
        started = time.monotonic()
        with TemporaryDirectory(dir=asked.folder, prefix="campaign-") as name:
            toll = run(given, Path(name), seed, programs)
        table.append((given, toll))
        print(f"{given.name}, {time.monotonic() - started:.0f} s: {counted(toll.done)}", flush=True)
        print(f"    writers were told: {counted(toll.told)}", flush=True)
    print(f"\n{HEADER}")
    for given, toll in table:
        print(line(given, toll))
    for reason in left_out:
        print(f"NOT RUN: {reason}")
    clean = all(toll.clean for _, toll in table)
    print("nothing is lost or doubled, every root is right" if clean else "SOMETHING IS WRONG")
    return 0 if clean else 1


if __name__ == "__main__":
    sys.exit(main())
