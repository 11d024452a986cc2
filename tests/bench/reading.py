"""Judging, rendering, checking, and whether a ledger's size is felt."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from datetime import timedelta
from hashlib import sha256
from pathlib import Path
from statistics import median
from time import perf_counter, process_time
from typing import Any

from contactledger.facts import Signal, Touch
from contactledger.ledger import Ledger
from contactledger.store.memory import MemoryStore
from tests.bench.measure import Line, in_turns, ratio, seconds
from tests.bench.writing import MONDAY, open_ledger, people, touches

SIZES = (250, 500, 1_000, 2_000)
SAMPLES = 300
SMALL, LARGE = 10_000, 1_000_000
PER_ACCOUNT = 100


def _played(number: int) -> Ledger:
    """An account of so many touches over half a year, most delivered, some answered."""
    ledger = Ledger.open(MemoryStore(), recorder="acme")
    ledger.record("a", *people())
    start = MONDAY - timedelta(days=200)
    facts: list[Any] = []
    for i in range(number):
        at = start + timedelta(hours=4_000 * i / number)
        facts.append(
            Touch(to="bob", channel="email", key=f"k{i}", about=f"Part {i}", expects="reply", at=at)
        )
        if i % 4:
            facts.append(
                Signal(f"k{i}", "delivered", "bob", system="third", at=at + timedelta(minutes=1))
            )
        if i % 3 == 0:
            later = at + timedelta(hours=5)
            facts.append(Touch("bob", "acme", "email", answers=f"k{i}", at=later))
    ledger.record("a", *facts)
    return ledger


def reports() -> list[Line]:
    """Standing and page of accounts of growing size."""
    lines, times = [], {}
    for size in SIZES:
        ledger = _played(size * 3 // 4)  # with the answers it is about `size` touches
        ledger.report("a").html()
        times[size] = min(
            seconds(lambda led=ledger: led.report("a").html(), process_time) for _ in range(5)
        )
        aim, met = ("about 150 ms", times[size] <= 0.2) if size == 500 else ("", None)
        what = f"standing and HTML of {size:,} touches"
        lines.append(Line(what, f"{times[size] * 1000:.0f} ms", aim, met))
        if size == 500:
            taken = min(
                seconds(lambda led=ledger: led.outlook("a"), process_time) for _ in range(5)
            )
            what = f"steps and relationship of {size:,} touches"
            lines.append(Line(what, f"{taken * 1000:.0f} ms", "at most 100 ms", taken <= 0.1))
    growth = (times[2_000] / 2_000) / (times[500] / 500)
    figure = f"{growth:.2f} x the time for each touch"
    lines.append(Line("2,000 touches against 500", figure, "linear", growth <= 1.3))
    return lines


def checking(folder: Path, number: int = 3_000) -> Line:
    """`check()` against reading and hashing the same rows."""
    path = folder / "check.db"
    with open_ledger(path) as ledger:
        ledger.record("a", *people())
        ledger.record("a", *touches(number))
        file = sqlite3.connect(path)

        def bare() -> None:
            rows = file.execute("SELECT * FROM contactledger_entry ORDER BY account, no")
            for row in rows:
                sha256(b"\x00" + row[6]).digest()
            rows = file.execute("SELECT * FROM contactledger_disclosure ORDER BY account, no")
            for row in rows:
                sha256(row[5].encode("ascii")).digest()

        ours, plain = in_turns(ledger.check, bare, 11, process_time)
        file.close()
    return ratio("check() against reading and hashing alone", ours, plain, 0.15, number)


def fill(ledger: Ledger, entries: int) -> None:
    """So many entries over many accounts, into a new ledger."""
    accounts = entries // PER_ACCOUNT
    number = PER_ACCOUNT - 2 - len(people())
    step = 50
    for first in range(0, accounts, step):
        names = [f"account-{i}" for i in range(first, min(first + step, accounts))]
        ledger.record_many({name: [*people(), *touches(number)] for name in names})


def _medians(ledgers: list[Ledger], use: Callable[[Ledger, str], object]) -> list[float]:
    """For each ledger the median of many calls, taken in turns, on accounts far apart."""
    times: list[list[float]] = [[] for _ in ledgers]
    counts = [len(ledger.accounts()) for ledger in ledgers]
    for i in range(SAMPLES):
        for ledger, taken, count in zip(ledgers, times, counts, strict=True):
            name = f"account-{i * 7919 % count}"
            start = perf_counter()
            use(ledger, name)
            taken.append(perf_counter() - start)
    return [median(taken) for taken in times]


def sizes(folder: Path, large: int) -> list[Line]:
    """Recording and reading one account in a small and a large ledger."""
    ledgers = [open_ledger(folder / "small.db"), open_ledger(folder / "large.db")]
    lines = compared(ledgers, SMALL, large)
    for ledger in ledgers:
        ledger.close()
    return lines


def compared(ledgers: list[Ledger], few: int, many: int) -> list[Line]:
    """Two new ledgers filled with so many entries, then used in turns."""
    start = perf_counter()
    for ledger, entries in zip(ledgers, (few, many), strict=True):
        fill(ledger, entries)
    took = perf_counter() - start
    built = f"{took:.0f} s, {(few + many) / took:,.0f} entries/s"
    lines = [Line(f"building ledgers of {few:,} and {many:,} entries", built)]
    for what, use in (
        ("recording one touch", lambda led, name: led.record(name, *touches(1))),
        ("recording 100 touches at once", lambda led, name: led.record(name, *touches(100))),
        ("reading one account", lambda led, name: led.entries(name)),
    ):
        small, big = _medians(ledgers, use)
        figure = f"{big / small:.2f} x   ({big * 1e3:.2f} ms against {small * 1e3:.2f} ms)"
        label = f"{what} of {many:,} entries against {few:,}"
        lines.append(Line(label, figure, "within 1.30 x", big / small <= 1.3))
    return lines
