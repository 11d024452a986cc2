"""What it takes to begin: importing the library, and the first opening of a ledger in a file.

Each round is a process of its own that measures itself, in time of the processor, as hardly
anything here waits; the bytecode is compiled before, as it is where a package was installed.
Medians of ten rounds. The whole of a process, by the clock, is beside `python -c pass`. On a
server the aim is for a process that has imported psycopg already, as most of one that has not is
the import of psycopg, of which nothing is ours.
"""

from __future__ import annotations

import compileall
import subprocess
import sys
from pathlib import Path
from statistics import median
from time import perf_counter

import contactledger
from tests import postgres
from tests.bench.measure import Line
from tests.bench.postgresql import server

ROUNDS = 10
IMPORT_MS, OPEN_MS = 250, 50
_OPEN = "ledger = Ledger.open(url, recorder='acme')"
_FACTS = "from contactledger import Party, Touch"
_RECORD = (
    "ledger.record('smith', Party('acme', 'ACME', 'vendor'), Party('jones', 'Jones', 'customer'),"
    " Touch(to='jones', channel='email'))"
)
STEPS = (
    ("import contactledger", "import contactledger", IMPORT_MS),
    ("from contactledger import Ledger", "from contactledger import Ledger", IMPORT_MS),
    ("first opening, of a new ledger in a file", _OPEN, OPEN_MS),
    ("the first recording", f"{_FACTS}; {_RECORD}", None),
    ("the first verdict", "ledger.findings('smith')", None),
    ("close it", "ledger.close()", None),
    ("open it again", _OPEN, OPEN_MS),
)
"""(what, statement, most milliseconds): one after the other, in the same process."""
THERE = (*STEPS[:2], ("first opening, of a ledger that is there", _OPEN, OPEN_MS))
DRIVER = ("import psycopg", "import psycopg", None)
ON_A_SERVER = (*STEPS[:2], ("first opening, on PostgreSQL, psycopg with it", _OPEN, None))
WITH_DRIVER = (
    *(DRIVER, *STEPS[:2]),
    ("first opening, on PostgreSQL, psycopg imported before", _OPEN, OPEN_MS),
    ("close it", "ledger.close()", None),
    ("open it again", _OPEN, OPEN_MS),
)
_Steps = tuple[tuple[str, str, int | None], ...]


def starting(folder: Path) -> list[Line]:
    """Each step's time, after those before it."""
    compileall.compile_dir(str(Path(contactledger.__file__).parent), quiet=2)
    urls = [f"sqlite:///{folder}/start{number}.db" for number in range(ROUNDS)]
    lines = [*_lines(STEPS, urls), *_lines(THERE, urls)[2:]]
    if postgres.programs() is not None:
        with server(folder) as url:
            _process(ON_A_SERVER, url)  # makes the tables
            lines += _lines(ON_A_SERVER, [url] * ROUNDS)[2:]
            there = _lines(WITH_DRIVER, [url] * ROUNDS)
            lines += [there[0], *there[3:]]
    opened = f"from contactledger import Ledger\nurl = {urls[0]!r}\n{_OPEN}"
    bare, whole = (median(_clock(code) for _ in range(ROUNDS)) for code in ("pass", opened))
    figure = f"{whole:.0f} ms   (python -c pass: {bare:.0f} ms)"
    return [*lines, Line("start: a whole process that opens a ledger in a file", figure)]


def _lines(steps: _Steps, urls: list[str]) -> list[Line]:
    times = zip(*(_process(steps, url) for url in urls), strict=True)
    lines = []
    for (what, _, aim), taken in zip(steps, times, strict=True):
        figure = f"{median(taken):.1f} ms   (best {min(taken):.1f} ms)"
        aimed = "" if aim is None else f"at most {aim} ms"
        met = None if aim is None else median(taken) <= aim
        lines.append(Line(f"start: {what}", figure, aimed, met))
    return lines


def _process(steps: _Steps, url: str) -> list[float]:
    """Milliseconds of each step, in a new process."""
    code = ["from time import process_time", f"url, times = {url!r}, [process_time()]"]
    for _, statement, _ in steps:
        code += [statement, "times.append(process_time())"]
    code.append("print(*[(b - a) * 1000 for a, b in zip(times, times[1:])])")
    run = [sys.executable, "-c", "\n".join(code)]
    done = subprocess.run(run, capture_output=True, text=True, check=True)
    return [float(word) for word in done.stdout.split()]


def _clock(code: str) -> float:
    """Milliseconds of a whole process, by the clock."""
    start = perf_counter()
    subprocess.run([sys.executable, "-c", code], check=True)
    return (perf_counter() - start) * 1e3
