"""Whether PostgreSQL feels how large a ledger is: 10,000 entries against 1,000,000 in one server.

Medians of many calls that take turns, in accounts that were used before in either ledger: else
the large one's would mostly be new to the process, and the first use of an account is a round
trip longer because its name is looked up. The small ledger is measured twice, once by itself
and once more as if it were a third: what those two differ by is noise. What the server wrote
into its write-ahead log for each entry is no time and has next to none.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from pathlib import Path
from statistics import median
from time import perf_counter

from contactledger.ledger import Ledger
from tests import postgres
from tests.bench import reading
from tests.bench.measure import Line
from tests.bench.postgresql import plain, server
from tests.bench.writing import touches

SAMPLES = 300
VISITED = 100
"""Accounts that are used, far apart from each other: as many as the small ledger has."""
WARM = 20
_Use = Callable[[Ledger, str], object]
_USES: tuple[tuple[str, _Use], ...] = (
    ("recording one touch", lambda ledger, name: ledger.record(name, *touches(1))),
    ("reading one account", lambda ledger, name: ledger.entries(name)),
)


def growth(folder: Path, large: int) -> list[Line]:
    """The figures; none where PostgreSQL is not installed."""
    if postgres.programs() is None:
        return [Line("PostgreSQL, growth", f"not measured   ({postgres.HOW})")]
    with server(folder) as url:
        prefixes = {"small": "small_", "large": "large_", "again": "small_"}
        ledgers = {
            what: Ledger.open(url, recorder="acme", prefix=prefix)
            for what, prefix in prefixes.items()
        }
        for what, entries in (("small", reading.SMALL), ("large", large)):
            reading.fill(ledgers[what], entries)
        lines = compared(url, ledgers, large)
        for ledger in ledgers.values():
            ledger.close()
    return lines


def compared(url: str, ledgers: dict[str, Ledger], large: int) -> list[Line]:
    """Lines of full ledgers: "small", "large", and the small one "again"."""
    lines = []
    for what, use in _USES:
        times = in_turns(ledgers, use)
        ratio, noise = times["large"] / times["small"], times["again"] / times["small"]
        figure = (
            f"{ratio:.2f} x   ({times['large'] * 1e3:.2f} ms against {times['small'] * 1e3:.2f} ms"
            f"; the small one against itself {noise:.2f} x)"
        )
        label = f"PostgreSQL: {what} of {large:,} entries against {reading.SMALL:,}"
        lines.append(Line(label, figure, "within 1.30 x", ratio <= 1.3))
    small, big = (written(url, ledgers[what]) for what in ("small", "large"))
    figure = f"{big / small:.2f} x   ({big / 1024:.1f} kB against {small / 1024:.1f} kB)"
    return [*lines, Line("  write-ahead log for each touch", figure)]


def _names(ledger: Ledger) -> list[str]:
    step = len(ledger.accounts()) // VISITED
    return [f"account-{number * step}" for number in range(VISITED)]


def in_turns(ledgers: dict[str, Ledger], use: _Use) -> dict[str, float]:
    """The median of each, after every account was used once."""
    names = {what: _names(ledger) for what, ledger in ledgers.items()}
    for what, ledger in ledgers.items():
        for name in names[what]:
            use(ledger, name)
    times: dict[str, list[float]] = {what: [] for what in ledgers}
    order, chance = list(ledgers), random.Random(1)
    for sample in range(WARM + SAMPLES):
        chance.shuffle(order)
        for what in order:
            name = names[what][sample * 37 % VISITED]
            start = perf_counter()
            use(ledgers[what], name)
            if sample >= WARM:
                times[what].append(perf_counter() - start)
    return {what: median(taken) for what, taken in times.items()}


def written(url: str, ledger: Ledger) -> float:
    """Bytes of write-ahead log for each of many touches."""
    with plain(url) as connection:

        def place() -> float:
            asked = "SELECT pg_current_wal_insert_lsn() - '0/0'::pg_lsn"
            (found,) = connection.execute(asked).fetchone() or (0,)
            return float(found)

        names = _names(ledger)
        before = place()
        for name in names:
            ledger.record(name, *touches(1))
        return (place() - before) / len(names)
