"""One soak: a ledger at work, looked at all the time."""

from __future__ import annotations

import sys
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from itertools import count
from pathlib import Path

from attrs import frozen

from contactledger.keys import keygen, load_signer
from contactledger.ledger import Ledger
from tests.soak.living import Living
from tests.soak.machine import Sample, look, slope

THREADS = 3
WARM = 1 / 3
"""The share of the time that is warming up."""
BOUND_BYTES = 1_000_000
"""How much the memory in use may grow in a minute."""
FILES = 8
"""Temporary files and sockets that may be open at one look and not at another."""
LOOKS = 300


@frozen
class Found:
    """What a soak came to."""

    samples: tuple[Sample, ...]
    done: dict[str, int]

    @property
    def cold(self) -> tuple[Sample, ...]:
        """The looks while it warmed up."""
        return tuple(s for s in self.samples if s.at <= self.samples[-1].at * WARM)

    @property
    def warm(self) -> tuple[Sample, ...]:
        """The looks after that."""
        return self.samples[len(self.cold) :]

    @property
    def slope(self) -> float:
        """Bytes a minute, once warm."""
        return slope(self.warm)

    @property
    def flat(self) -> bool:
        """Whether it takes no more and more."""
        last, before = self.warm[-1], self.cold
        return (
            self.slope <= BOUND_BYTES
            and last.files <= max(s.files for s in before) + FILES
            and last.connections <= max(s.connections for s in before)
        )


def soak(url: str, folder: Path, seconds: float, tell: Callable[[Sample, int], None]) -> Found:
    """Work for so long; errors of the work are raised."""
    key = folder / "acme.key"
    keygen(key, "acme.example/ledger")
    lives, samples, told = count(1), [], 0
    with (
        Ledger.open(url, recorder="acme", signer=key) as ledger,
        ThreadPoolExecutor(THREADS) as pool,
    ):
        living = Living(ledger, load_signer(key))
        started = time.monotonic()

        stop = threading.Event()

        def work() -> None:
            try:
                living.live(next(lives))
                while not stop.is_set():
                    living.live(next(lives))
            finally:
                stop.set()  # who fails ends it for all

        working = [pool.submit(work) for _ in range(THREADS)]
        try:
            while not all(future.done() for future in working):
                time.sleep(max(seconds / LOOKS, 0.01))
                samples.append(look(time.monotonic() - started, url))
                if samples[-1].at >= seconds:
                    stop.set()
                if samples[-1].at >= told * seconds / 10:
                    told += 1
                    tell(samples[-1], living.done.total())
        finally:
            stop.set()  # whatever ends the looking ends the work
        for future in working:
            future.result()
        ledger.check()
    return Found(tuple(samples), dict(living.done))


def say(name: str) -> Callable[[Sample, int], None]:
    """A teller of lines that begin with this name."""

    def tell(sample: Sample, done: int) -> None:
        print(
            f"{name:<9}{sample.at / 60:6.1f} min {sample.rss / 1e6:8.1f} MB +{sample.spare / 1e6:5.1f} "
            f"{sample.files:4} files {sample.connections:3} connections {done:8,} done",
            flush=True,
        )

    return tell


def one(name: str, url: str, folder: str, seconds: float) -> None:
    """A process of its own; its exit code says whether it was flat."""
    found = soak(url, Path(folder), seconds, say(name))
    done = ", ".join(f"{what} {number:,}" for what, number in sorted(found.done.items()))
    first, last = found.warm[0], found.warm[-1]
    print(
        f"{name}: {first.rss / 1e6:.1f} MB when warm, {last.rss / 1e6:.1f} MB at the end, "
        f"{found.slope / 1e3:+.0f} kB a minute (bound {BOUND_BYTES / 1e3:.0f}): "
        f"{'flat' if found.flat else 'NOT FLAT'}\n{name}: {done}",
        flush=True,
    )
    sys.exit(0 if found.flat else 1)
