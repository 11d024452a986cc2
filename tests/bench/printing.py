"""A report as a PDF, beside a browser that prints the same report's HTML."""

from __future__ import annotations

import shutil
import subprocess
from io import BytesIO
from pathlib import Path
from time import perf_counter

import pikepdf

from contactledger.report.document import PRINTED_ROWS
from tests.bench.measure import Line
from tests.bench.reading import _played

FEW, MANY = 500, 10_000
ROUNDS = 3
_SAFE = ("--headless", "--no-sandbox", "--disable-gpu", "--no-pdf-header-footer")


def printing(folder: Path) -> list[Line]:
    """Each report is made anew, since the compiler remembers what it has laid out."""
    lines = []
    for touches, aim in ((FEW, 1.0), (MANY, 15.0)):
        ours, browser, size, pages = [], [], 0, 0
        for turn in range(ROUNDS if touches == FEW else 1):
            ledger = _played(touches * 3 // 4 + turn)
            report = ledger.report("a")
            start = perf_counter()
            made = report.pdf()
            ours.append(perf_counter() - start)
            size = len(made)
            with pikepdf.open(BytesIO(made)) as opened:
                pages = len(opened.pages)
            if touches == FEW:  # of 10,000 it takes minutes
                browser += _printed_by_chromium(folder, report.html())
        best = min(ours)
        rows = f", the last {PRINTED_ROWS:,} of them row by row" if touches > PRINTED_ROWS else ""
        what = f"PDF of {touches:,} touches{rows}: {pages:,} pages, {size / 1e6:.1f} MB"
        lines.append(Line(what, f"{best:.2f} s", f"at most {aim:g} s", best <= aim))
        if touches == FEW:
            other = f"{min(browser):.2f} s" if browser else "no Chromium here, or over two minutes"
            lines.append(Line(f"Chromium's PDF of the HTML of {touches:,} touches", other))
    return lines


def _printed_by_chromium(folder: Path, html: str) -> list[float]:
    """Seconds that a browser takes, its start included; none without one."""
    program = shutil.which("chromium") or shutil.which("google-chrome")
    if program is None:
        return []
    page, out = folder / "page.html", folder / "page.pdf"
    page.write_text(html, "utf-8")
    where = f"--user-data-dir={folder / 'chromium'}"
    start = perf_counter()
    try:
        subprocess.run(
            [program, *_SAFE, where, f"--print-to-pdf={out}", page.as_uri()],
            check=True,
            capture_output=True,
            timeout=120,
        )
    except subprocess.TimeoutExpired:
        return []
    return [perf_counter() - start]
