"""Let ledgers work for a while, and see that they take no more and more of the machine.

    python -m tests.soak [--minutes M] [--only sqlite|postgres] [--folder DIR]

A process on a SQLite file and one on a PostgreSQL server, side by side, each of three threads
that share a ledger: accounts are opened, mails recorded, reports and answers received, all of
it judged, calls imported, the ledger sealed, bundles made and opened, reports rendered, people
erased, the files scrubbed. Every tenth of the time a line says how much memory is resident,
how much more the allocator had kept for later, how many files are open, and how many connections.

Before each look the allocator (glibc's) is told to give back what is free: how much it keeps follows
the largest piece of work so far, whether or not anything of that is left, and comes and goes by tens
of megabytes. What counts is what is in use.

The first third is warming up. A line of least squares through the memory of the rest may rise
by 1 MB a minute at most, and files and connections may be no more at the end than in that
first third; else the exit code is 1. Needs Linux with glibc.
"""

from __future__ import annotations

import sys
from argparse import ArgumentParser
from contextlib import ExitStack
from multiprocessing import get_context
from pathlib import Path
from tempfile import TemporaryDirectory

from tests import postgres
from tests.soak.running import one


def main() -> int:
    """The command."""
    parser = ArgumentParser(prog="python -m tests.soak", description=__doc__)
    parser.add_argument("--minutes", type=float, default=10)
    parser.add_argument("--only", choices=("sqlite", "postgres"), default=None)
    parser.add_argument("--folder", default=None, help="where to put the databases")
    asked = parser.parse_args()
    with ExitStack() as stack:
        urls = {}
        folder = Path(stack.enter_context(TemporaryDirectory(dir=asked.folder, prefix="soak-")))
        if asked.only != "postgres":
            urls["sqlite"] = f"sqlite:///{folder}/contacts.db"
        if asked.only != "sqlite":
            programs = postgres.programs()
            if programs is None:
                print(f"NOT RUN: postgres: {postgres.HOW}")
            else:
                urls["postgres"] = stack.enter_context(postgres.server(programs))
        context = get_context("spawn")
        processes = []
        for name, url in urls.items():
            (folder / name).mkdir()
            given = (name, url, str(folder / name), asked.minutes * 60)
            processes.append(context.Process(target=one, args=given))
            processes[-1].start()
        for process in processes:
            process.join()
    return 0 if processes and not any(process.exitcode for process in processes) else 1


if __name__ == "__main__":
    sys.exit(main())
