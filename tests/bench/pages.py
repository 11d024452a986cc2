"""The page of a long report: how long it takes, and what of that is judging and bare joining."""

from __future__ import annotations

import re
from time import process_time

from contactledger.report.render import render
from contactledger.reporting import proof_rows
from tests.bench.measure import Line, seconds
from tests.bench.reading import _played

TOUCHES = 10_000
ROUNDS = 3
ABOUT_SECONDS = 2.0
LANGUAGES = ("en", "de")
_PIECES = re.compile(r"[^<>]*[<>]?")


def pages() -> list[Line]:
    """Rows and HTML of 10,000 touches, streamed, in turns with joining the same strings."""
    ledger = _played(TOUCHES * 3 // 4)  # with the answers it is about as many
    loaded = ledger._load("a")
    standing = ledger.standing("a")
    touches = len(standing.findings)
    judging = min(seconds(lambda: ledger.standing("a"), process_time) for _ in range(ROUNDS))
    rows = min(seconds(lambda: proof_rows(standing, loaded), process_time) for _ in range(ROUNDS))
    data, _ = proof_rows(standing, loaded)
    pieces = _PIECES.findall("".join(render("proof-of-contact", data).stream()))
    best = dict.fromkeys([*LANGUAGES, "join"], float("inf"))
    for _ in range(ROUNDS):
        for lang in LANGUAGES:
            took = seconds(lambda lang=lang: _streamed(data, lang), process_time)
            best[lang] = min(best[lang], took)
        best["join"] = min(best["join"], seconds(lambda: "".join(pieces), process_time))
    size = sum(map(len, pieces)) / 1e6
    page = best["en"]
    bare = judging + best["join"]
    return [
        Line(f"judging {touches:,} touches (standing)", f"{judging:.2f} s"),
        Line("their rows, which every form is made of", f"{rows:.2f} s"),
        Line(
            f"HTML of the rows, streamed, {size:.1f} MB",
            f"{page:.2f} s, in German {best['de']:.2f} s",
            f"about {ABOUT_SECONDS:g} s",
            page <= ABOUT_SECONDS,
        ),
        Line(
            "page, all of it, against judging and joining the same strings",
            f"{(judging + rows + page) / bare:.1f} x ({judging + rows + page:.2f} s)",
        ),
    ]


def _streamed(data: dict[str, object], lang: str) -> int:
    return sum(len(piece) for piece in render("proof-of-contact", data, lang=lang).stream())
