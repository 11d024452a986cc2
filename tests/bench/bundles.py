"""Verifying a bundle, and what it takes of memory."""

from __future__ import annotations

import tracemalloc
from hashlib import sha256
from pathlib import Path
from time import process_time

from contactledger import facts as f
from contactledger.log.bundle import DISCLOSURES, write_bundle
from contactledger.log.bundle_log import ACCOUNT
from contactledger.log.bundle_open import verify
from contactledger.log.container import Container
from contactledger.log.record import decode
from contactledger.missing import count_redacted
from tests.bench.measure import Line, in_turns, ratio
from tests.bundles import ANN, BOB, SMITHS, Maker, key_of

KEYS = (key_of("first").key,)
MAX_LINE_BYTES = 1 << 20


def saved(path: Path, number: int) -> Path:
    """A bundle of an account of so many touches with three personal parts each."""
    maker = Maker()
    log = maker.log(SMITHS)
    for no in range(2, number):
        message = f.Message(f"<{no}@acme.example>", None, None, "Sync", "Hello Bob, a short text")
        touch = f.Touch(
            ANN,
            (BOB,),
            f.Channel.EMAIL,
            key=f"rel-{no}",
            topics=("inventory-sync",),
            about=f"Inventory sync, part {no}",
            message=message,
        )
        log.add(touch)
    maker.seal()
    with path.open("wb") as file:
        write_bundle(file, maker.content())
    return path


def verifying(folder: Path, number: int = 100_000) -> list[Line]:
    """`verify` against only reading and hashing the same lines and disclosures."""
    path = saved(folder / "large.bundle", number)
    small = saved(folder / "small.bundle", number // 10)

    def bare() -> None:
        with path.open("rb") as file:
            container = Container(file)
            for line in container.lines(ACCOUNT.entries, MAX_LINE_BYTES):
                sha256(b"\x00" + line).digest()
            for line in container.lines(DISCLOSURES, MAX_LINE_BYTES):
                sha256(line[line.index(b'"') + 1 : -2]).digest()

    ours, theirs = in_turns(lambda: opened(path), bare, 3, process_time)
    lines = [ratio(f"verify a bundle of {number:,} entries", ours, theirs, 0.15, number)]
    few, many = peak_bytes(small), peak_bytes(path)
    figure = f"{many / 1e6:.1f} MB   ({few / 1e6:.1f} MB for a tenth of it)"
    lines.append(Line("memory while it is verified", figure, "bounded", many <= 2 * few))
    return [*lines, erased()]


def erased(number: int = 20_000) -> Line:
    """Telling what was erased from what is withheld, where everything is about one person."""
    log = Maker().log(SMITHS)
    for no in range(number // 2):
        touch = log.ids[log.add(f.Touch(ANN, (BOB,), f.Channel.EMAIL, about=f"Part {no}"))]
        log.add(f.Signal(touch, "delivered", reason="ok"))
    log.add(f.Redaction(person=BOB))
    tracemalloc.start()
    try:
        count_redacted(lambda: (decode(one.record) for one in log.encoded))
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    what = f"memory, {number:,} entries that concern an erased person"
    return Line(what, f"{peak / 1e6:.1f} MB", "below 2 MB", peak < 2e6)


def opened(path: Path) -> None:
    """Verify it."""
    with path.open("rb") as file:
        verify(file, KEYS)


def peak_bytes(path: Path) -> int:
    """The most that Python held at once while verifying."""
    tracemalloc.start()
    try:
        opened(path)
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
