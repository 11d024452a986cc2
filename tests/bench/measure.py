"""Measuring on a machine that does other things as well: ratios, best of several, in turns."""

from __future__ import annotations

import gc
import os
from collections.abc import Callable
from hashlib import sha256
from pathlib import Path
from statistics import median
from time import perf_counter

from attrs import frozen


@frozen
class Line:
    """One line of the table: what, the figure with its unit, the aim, and whether it is met.

    `met` is None for a figure without an aim.
    """

    what: str
    figure: str
    aim: str = ""
    met: bool | None = None


def seconds(run: Callable[[], object], clock: Callable[[], float] = perf_counter) -> float:
    """Time of one call, with the collector of garbage held back."""
    gc.collect()
    gc.disable()
    start = clock()
    try:
        run()
    finally:
        gc.enable()
    return clock() - start


def in_turns(
    ours: Callable[[], object],
    bare: Callable[[], object],
    rounds: int,
    clock: Callable[[], float] = perf_counter,
) -> tuple[float, float]:
    """(ours, bare): the best of several rounds in which both take turns.

    Whatever else the machine does only ever adds time, so the best is nearest to the truth.
    `clock`: `process_time` for what hardly waits for the disk, since other processes count
    for less there; never for what is bound by it.
    """
    pairs = [(seconds(ours, clock), seconds(bare, clock)) for _ in range(rounds)]
    return min(a for a, _ in pairs), min(b for _, b in pairs)


def ratio(what: str, ours: float, bare: float, aim: float, count: int, other: str = "bare") -> Line:
    """A line for `bare / ours`, with both in entries per second; `other`: a word for the bare."""
    got = bare / ours
    figure = f"{got:.2f} x   ({count / ours:,.0f}/s against {count / bare:,.0f}/s {other})"
    return Line(what, figure, f"at least {aim:.2f} x", got >= aim)


def calibration() -> Line:
    """A loop of Python and SHA-256 that is the same everywhere."""

    def loop() -> None:
        digest = b""
        for number in range(100_000):
            digest = sha256(digest + number.to_bytes(8, "big")).digest()

    best = min(seconds(loop) for _ in range(5))
    return Line("calibration: 100,000 rounds of Python and SHA-256", f"{best * 1000:.0f} ms")


def syncing(folder: Path) -> Line:
    """What one write of 4 kB with fsync takes where the databases lie."""
    path = folder / "sync"
    times = []
    with path.open("wb", buffering=0) as file:
        for _ in range(100):
            start = perf_counter()
            file.write(b"x" * 4096)
            os.fsync(file.fileno())
            times.append(perf_counter() - start)
    path.unlink()
    return Line("calibration: write and fsync of 4 kB, median", f"{median(times) * 1e6:.0f} us")


def table(lines: list[Line]) -> str:
    """The lines as text."""
    marks = {True: "met", False: "MISSED", None: ""}
    width = max(len(line.what) for line in lines)
    figures = max(len(line.figure) for line in lines)
    rows = [
        f"{line.what:<{width}}  {line.figure:<{figures}}  {line.aim:<16}  {marks[line.met]}"
        for line in lines
    ]
    return "\n".join(row.rstrip() for row in rows)
