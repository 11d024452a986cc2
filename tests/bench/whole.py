"""A whole bundle of a long account, made from a database and opened, each in its own process.

Memory is what the system gave a process at most (`ru_maxrss`), beside what it had before it
began: that counts the database driver and everything else outside of Python, too.
"""

from __future__ import annotations

import resource
from collections.abc import Callable
from multiprocessing import get_context
from pathlib import Path
from time import perf_counter
from typing import Any

from contactledger.exchange import open_bundle
from contactledger.keys import keygen
from contactledger.ledger import Ledger
from contactledger.store import sql  # so that it is no part of what is measured
from tests.bench.measure import Line
from tests.bench.writing import BATCH, people, touches

ACCOUNT = "smith-motors"
SMALL, LARGE = 100_000, 1_000_000
LEAST_BYTES = 8_000_000
"""Less memory than this is not compared: a cache of the interpreter's would decide."""
_SPAWN = get_context("spawn")


def bundles(folder: Path, large: int = LARGE, small: int = SMALL) -> list[Line]:
    """Making and opening one of so many entries; its memory against that of a smaller one."""
    lines, peaks = [], {}
    for number in (small, large):
        place = folder / f"whole-{number}"
        place.mkdir()
        key = keygen(place / "acme.key", "acme.example/ledger").format()
        recorded = _apart(record, place, number)
        made = _apart(make, place)
        checked = _apart(verify, place, key)
        peaks[number] = (made[1], checked[1])
        size = (place / "whole.bundle").stat().st_size
        (place / "contacts.db").unlink()
        lines += [
            Line(f"recording {number:,} entries of one account", f"{recorded[0]:.0f} s"),
            Line(f"making a bundle of them ({size / 1e6:,.0f} MB)", _figure(made)),
            Line("opening it, every entry verified", _figure(checked)),
        ]
    few, many = (max(peak) for peak in peaks.values())
    what = f"memory, {large:,} entries against {small:,}"
    figure = f"{many / 1e6:.1f} MB   ({few / 1e6:.1f} MB)"
    return [*lines, Line(what, figure, "bounded", many <= 2 * max(few, LEAST_BYTES))]


def record(place: Path, number: int) -> None:
    """A database of one account of so many entries, sealed."""
    with _ledger(place) as ledger:
        ledger.record(ACCOUNT, *people())
        there = 2 + len(people())
        while there < number:
            some = touches(min(BATCH, number - there))
            ledger.record(ACCOUNT, *some)
            there += len(some)
        ledger.seal()


def make(place: Path) -> None:
    """Its bundle."""
    with _ledger(place) as ledger:
        ledger.bundle(ACCOUNT).save(place / "whole.bundle")


def verify(place: Path, key: str) -> None:
    """The bundle, opened."""
    assert open_bundle(place / "whole.bundle", trust=key).complete


def _ledger(place: Path) -> Ledger:
    assert sql
    return Ledger.open(f"sqlite:///{place}/contacts.db", recorder="acme", signer=place / "acme.key")


def _apart(work: Callable[..., None], *how: Any) -> tuple[float, float]:
    """Seconds, and bytes at most above those at the start, in a process of its own."""
    with _SPAWN.Pool(1) as pool:
        return pool.apply(_measured, (work, *how))


def _measured(work: Callable[..., None], *how: Any) -> tuple[float, float]:
    before, start = _peak_bytes(), perf_counter()
    work(*how)
    return perf_counter() - start, _peak_bytes() - before


def _peak_bytes() -> int:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024


def _figure(found: tuple[float, float]) -> str:
    return f"{found[0]:.0f} s, {found[1] / 1e6:.1f} MB of memory beyond the program's own"
