"""`python -m tests.bench [--large] [--folder DIR]`: every figure in one run, as a table.

`--entries N` is the size of the large ledgers of parts d and p: 10,000,000 in an hour or two,
by `--only d --entries 10000000`.

`--large` builds the ledger of 1,000,000 entries (about 2 GB and some minutes) instead of one
of 100,000, and makes and opens a bundle of as many of one account (`--large --only l`). Figures are ratios within the run, best of several rounds in turns; the
calibration lines say on what kind of machine. The exit code is 1 if an aim is missed.
"""

from __future__ import annotations

import sys
from argparse import ArgumentParser
from pathlib import Path
from tempfile import TemporaryDirectory

from tests.bench import (
    bundles,
    eventsourced,
    growing,
    judging,
    mailboxes,
    measure,
    overall,
    pages,
    postgresql,
    printing,
    reading,
    replying,
    sealing,
    starting,
    webhooks,
    webserving,
    whole,
    writing,
)


def main() -> int:
    parser = ArgumentParser(prog="python -m tests.bench", description=__doc__)
    parser.add_argument("--large", action="store_true", help="1,000,000 entries, not 100,000")
    parser.add_argument("--folder", default=None, help="where to put the databases")
    parser.add_argument(
        "--only",
        default="",
        help="letters of parts to run: a b c d e g h i j k l m o p q r s t v w",
    )
    parser.add_argument("--entries", type=int, default=0, help="of the large ledgers")
    asked = parser.parse_args()
    parts = asked.only or "abcdeghijklmopqrstvw"
    large = asked.entries or (reading.LARGE if asked.large else reading.LARGE // 10)
    with TemporaryDirectory(dir=asked.folder) as name:
        folder = Path(name)
        lines = [measure.calibration(), measure.syncing(folder)]
        if "a" in parts:
            lines += writing.batches(folder)
        if "b" in parts:
            lines.append(writing.one_by_one(folder))
        if "c" in parts:
            lines += reading.reports()
        if "d" in parts:
            lines += reading.sizes(folder, large)
        if "e" in parts:
            lines.append(reading.checking(folder))
        if "g" in parts:
            lines += pages.pages()
        if "i" in parts:
            lines += starting.starting(folder)
        if "j" in parts:
            lines += judging.judging()
        if "k" in parts:
            lines += growing.growth(folder, large)
        if "l" in parts:
            lines += whole.bundles(folder) if asked.large else whole.bundles(folder, 20_000, 5_000)
        if "m" in parts:
            lines += mailboxes.reading(folder)
        if "o" in parts:
            lines += overall.answers(folder, overall.ACCOUNTS // (1 if asked.large else 20))
        if "p" in parts:
            lines += postgresql.measured(folder, large)
        if "q" in parts:
            lines += replying.growth(folder)
        if "r" in parts:
            lines += eventsourced.saving(folder)
        if "s" in parts:
            lines += [*sealing.in_memory(), sealing.sealing(folder), sealing.proofs(folder)]
        if "t" in parts:
            lines += printing.printing(folder)
        if "v" in parts:
            lines += bundles.verifying(folder)
        if "h" in parts:
            lines += webserving.serving(folder)
        if "w" in parts:
            lines += webhooks.parsing()
        lines.append(measure.calibration())
    print(measure.table(lines))
    return 1 if any(line.met is False for line in lines) else 0


if __name__ == "__main__":
    sys.exit(main())
