"""What it takes to begin: importing the library, its database, opening a ledger in a file.

Each round is a process of its own that measures itself, in time of the processor, as hardly
anything here waits; the bytecode is compiled before, as it is where a package was installed.
The best of several rounds, as elsewhere.
"""

from __future__ import annotations

import compileall
import subprocess
import sys
from pathlib import Path

import contactledger
from tests.bench.measure import Line

ROUNDS = 9
IMPORT_MS, OPEN_MS = 250, 50
STEPS = (
    ("import contactledger", "import contactledger", IMPORT_MS),
    ("from contactledger import Ledger", "from contactledger import Ledger", IMPORT_MS),
    ("import SQLAlchemy and SQLModel", "import sqlalchemy.orm, sqlmodel", None),
    ("import the tables", "import contactledger.store.sql", None),
    ("open a new ledger in a file", "ledger = Ledger.open(url, recorder='acme')", None),
    ("close it", "ledger.close()", None),
    ("open it again", "ledger = Ledger.open(url, recorder='acme')", OPEN_MS),
)
"""(what, statement, most milliseconds): one after the other, in the same process."""


def starting(folder: Path) -> list[Line]:
    """Each step's time, after those before it."""
    compileall.compile_dir(str(Path(contactledger.__file__).parent), quiet=2)
    times = [_process(f"sqlite:///{folder}/start{n}.db") for n in range(ROUNDS)]
    lines = []
    for (what, _, aim), taken in zip(STEPS, zip(*times, strict=True), strict=True):
        best = min(taken)
        aimed = "" if aim is None else f"at most {aim} ms"
        met = None if aim is None else best <= aim
        lines.append(Line(f"start: {what}", f"{best:.1f} ms", aimed, met))
    return lines


def _process(url: str) -> list[float]:
    """Milliseconds of each step, in a new process."""
    code = ["from time import process_time", f"url, times = {url!r}, [process_time()]"]
    for _, statement, _ in STEPS:
        code += [statement, "times.append(process_time())"]
    code.append("print(*[(b - a) * 1000 for a, b in zip(times, times[1:])])")
    run = [sys.executable, "-c", "\n".join(code)]
    done = subprocess.run(run, capture_output=True, text=True, check=True)
    return [float(word) for word in done.stdout.split()]
