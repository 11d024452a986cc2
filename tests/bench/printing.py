"""A report as a PDF, beside fpdf2 laying out the same document, and Chromium printing the HTML."""

from __future__ import annotations

import shutil
import subprocess
from io import BytesIO
from pathlib import Path
from time import perf_counter, process_time

import pikepdf

from contactledger.report.document import (
    PRINTED_ROWS,
    Block,
    Document,
    Facts,
    Listing,
    Paragraph,
    Table,
    Text,
    plain,
)
from tests.bench.measure import Line
from tests.bench.reading import _played

SOME, FEW, MANY = 100, 500, 10_000
ROUNDS = 3
BROWSER_SECONDS = 60
_SAFE = ("--headless", "--no-sandbox", "--disable-gpu", "--no-pdf-header-footer")
Times = tuple[float, float]
"""By the clock on the wall, and of the processor."""


def printing(folder: Path) -> list[Line]:
    """Each report is made anew, since the compiler remembers what it has laid out."""
    lines = []
    for touches, aim in ((SOME, None), (FEW, 1.0), (MANY, 15.0)):
        ours: list[Times] = []
        other: list[Times] = []
        browser: list[float] = []
        size = pages = 0
        for turn in range(ROUNDS if touches < MANY else 1):
            report = _played(touches * 3 // 4 + turn).report("a")
            start = perf_counter(), process_time()
            made = report.pdf()
            ours.append(_since(start))
            size = len(made)
            with pikepdf.open(BytesIO(made)) as opened:
                pages = len(opened.pages)
            if touches < MANY:  # of 10,000 it takes minutes
                other += _laid_out_by_fpdf2(report.rendered.document())
            if touches == SOME:  # of 500 it takes minutes where the machine is busy
                browser += _printed_by_chromium(folder, report.html())
        rows = f", the last {PRINTED_ROWS:,} of them row by row" if touches > PRINTED_ROWS else ""
        what = f"PDF of {touches:,} touches{rows}: {pages:,} pages, {size / 1e6:.1f} MB"
        met = None if aim is None else min(ours)[0] <= aim
        lines.append(Line(what, _figure(ours), "" if aim is None else f"at most {aim:g} s", met))
        if touches < MANY:
            what = f"fpdf2's PDF of the same {touches:,} touches, without tags"
            lines.append(Line(what, _figure(other) if other else "no fpdf2 here"))
        if touches == SOME:
            figure = f"{min(browser):.2f} s" if browser else "no Chromium here, or over a minute"
            lines.append(Line(f"Chromium's PDF of the HTML of {touches:,} touches", figure))
    return lines


def _since(start: Times) -> Times:
    return perf_counter() - start[0], process_time() - start[1]


def _figure(times: list[Times]) -> str:
    wall, processor = map(min, zip(*times, strict=True))
    return f"{wall:.2f} s ({processor:.2f} s of the processor)"


def _laid_out_by_fpdf2(document: Document) -> list[Times]:
    """Seconds that another engine takes for the same words in the same tables; none without it.

    It has it easier: a font of Latin letters alone, one style, no tags, no archive.
    """
    try:
        from fpdf import FPDF
    except ImportError:
        return []
    start = perf_counter(), process_time()
    pdf = FPDF(format="A4")
    pdf.add_page()
    pdf.set_font("Helvetica", size=9)
    _written(pdf, document.facts)
    for section in document.sections:
        pdf.multi_cell(0, 8, _latin(section.title), new_x="LMARGIN", new_y="NEXT")
        for block in section.blocks:
            _written(pdf, block)
    pdf.output()
    return [_since(start)]


def _written(pdf: object, block: Block) -> None:
    from fpdf import FPDF

    assert isinstance(pdf, FPDF)
    if isinstance(block, Table):
        pdf.set_font(size=7)
        shares = tuple(column.share or 0.4 for column in block.columns)
        with pdf.table(col_widths=shares, line_height=3.5) as table:
            table.row([_latin(column.title) for column in block.columns])
            for row in block.rows:
                table.row([_latin(cell) for cell in row.cells])
                for line in row.under:
                    table.row().cell(_latin(line), colspan=len(block.columns))
        pdf.set_font(size=9)
        return
    lines: list[Text] = []
    if isinstance(block, Paragraph):
        lines = [block.text]
    elif isinstance(block, Listing):
        lines = list(block.items)
    elif isinstance(block, Facts):
        lines = [f"{plain(word)}: {plain(what)}" for word, what in block.pairs]
    for line in lines:
        pdf.multi_cell(0, 4.5, _latin(line), new_x="LMARGIN", new_y="NEXT")


def _latin(text: Text) -> str:
    return plain(text).encode("latin-1", "replace").decode("latin-1")


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
            timeout=BROWSER_SECONDS,
        )
    except subprocess.TimeoutExpired:
        return []
    return [perf_counter() - start]
