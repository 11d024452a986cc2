"""What the charts share: a picture with its words and its numbers, patterns, labels that fit.

Ink is `currentColor`: a picture takes the colour of the text around it, so that it reads on a
dark page as on paper. Whatever tells two things apart by colour does so by a pattern as well.
Other colours are given as `color` beside a class `cl-…`, by which a page may change them. No
script, no style sheet, nothing fetched; the same numbers give the same bytes.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from html import escape
from typing import Any
from unicodedata import combining, east_asian_width

from attrs import frozen

from contactledger.report.document import Block, Chart, Column, Table, TableRow
from contactledger.report.phrases import MONTHS, clean
from contactledger.report.words import Words

Row = dict[str, Any]
ENGLISH = Words()

WIDTH = 800
FONT = "Helvetica Neue, Arial, Liberation Sans, sans-serif"
INK = 'fill="currentColor"'
FAINT = 'stroke="currentColor" stroke-opacity=".25"'
LETTER, WIDE_LETTER = 6.2, 11.5
"""About how wide a letter is in the size of the labels; and one of the East Asian wide ones."""

LISTED = 200
"""Rows of numbers beneath a picture; all of them are in its `rows`."""

HUES = ("#2c5f8a", "#9a5b1c", "#3f7a43", "#7a4a94", "#a03a50", "#3b7b7d")
"""Of middling lightness, so that they stand off from a white and from a black ground."""
_DOT = '<circle cx="{0}" cy="{0}" r="1.3" fill="currentColor"/>'
_FILLINGS = (
    '<rect width="7" height="7" fill="currentColor" fill-opacity=".85"/>',
    '<path d="M-1 8L8-1M-1 1L1-1M6 8L8 6" stroke="currentColor" stroke-width="1.8"/>',
    f"{_DOT.format(1.75)}{_DOT.format(5.25)}",
    '<path d="M0 1.75H7M0 5.25H7" stroke="currentColor" stroke-width="1.3"/>',
    '<path d="M0 0L7 7M0 7L7 0" stroke="currentColor" stroke-width="1"/>',
    '<path d="M1.75 0V7M5.25 0V7" stroke="currentColor" stroke-width="1.3"/>',
)
"""One for each hue: they differ without it."""

_APART = str.maketrans("", "", "\u2068\u2069")
"""What sets a name apart in a sentence; a label stands for itself, and few fonts have them."""
_ILLEGAL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff\ufffe\uffff]")


@frozen
class Picture:
    """A chart: one `<svg>` element, the same said in words, and its numbers as a table.

    `note` says what the numbers do not show. Texts are plain, the picture alone is markup.
    """

    svg: str
    title: str
    told: str
    head: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    note: str = ""
    words: Words = ENGLISH

    def figure(self) -> str:
        """The picture as a `<figure>`, with its note, and its numbers folded beneath it."""
        words = self.words
        heads = "".join(f'<th scope="col">{safe(cell)}</th>' for cell in self.head)
        rows = "".join(
            f'<tr><th scope="row">{safe(row[0])}</th>'
            + "".join(f"<td>{safe(cell)}</td>" for cell in row[1:])
            + "</tr>"
            for row in self.rows[:LISTED]
        )
        if len(self.rows) > LISTED:
            more = safe(words("… and {n} more", n=words.number(len(self.rows) - LISTED)))
            rows += f'<tr><td colspan="{len(self.head)}">{more}</td></tr>'
        note = f"<figcaption>{safe(self.note)}</figcaption>" if self.note else ""
        return (
            f'<figure class="cl-figure">{self.svg}{note}<details><summary>'
            f"{safe(words('The numbers'))}</summary>"
            f"<table><caption>{safe(self.title)}</caption><thead><tr>{heads}</tr></thead>"
            f"<tbody>{rows}</tbody></table></details></figure>"
        )

    def blocks(self, together: str = "") -> list[Block]:
        """The picture in a document, with its numbers as a table beneath.

        `together`: the title of one column for all between the first and the last, where they
        are too many to stand side by side.
        """
        head, rows = self.head, list(self.rows)
        if together:
            head = (head[0], together, head[-1])
            rows = [(row[0], self._together(row), row[-1]) for row in rows]
        shares = [2, 5, 1] if together else [2, *[1] * (len(head) - 1)]
        columns = [
            Column(title, share, "end" if i and not (together and i == 1) else "start")
            for i, (title, share) in enumerate(zip(head, shares, strict=True))
        ]
        table = Table.of(columns, rows, TableRow, self.title)
        return [Chart(self.svg, self.told or self.title, self.note), table]

    def _together(self, row: tuple[str, ...]) -> str:
        pairs = zip(self.head[1:-1], row[1:-1], strict=True)
        return "; ".join(f"{title}: {n}" for title, n in pairs if n not in ("0", "–")) or "–"


def month(day: Any, words: Words) -> str:
    """A month, cut to three letters where its name is longer than four."""
    name = words(MONTHS[day.month - 1])
    return name if len(name) <= 4 else f"{name[:3]}."


def day_month(day: Any, words: Words) -> str:
    """As in "3 Mar" of a date or a moment."""
    return words("{day} {month}", day=day.day, month=month(day, words))


def month_year(day: Any, words: Words) -> str:
    """As in "Mar 2026" of a date or a moment."""
    return words("{month} {year}", month=month(day, words), year=day.year)


def safe(text: str) -> str:
    """A text as it may stand in HTML and in XML, quotes included."""
    return escape(_ILLEGAL.sub("\ufffd", text))


def drawn(
    kind: str, body: Iterable[str], size: tuple[int, int], title: str, told: str, prefix: str
) -> str:
    """The `<svg>` of that size around its parts, named and described for a screen reader.

    `prefix` keeps the ids of several pictures in one page apart.
    """
    width, height = size
    return (
        f'<svg class="cl-chart cl-{kind}" role="img" '
        f'aria-labelledby="{prefix}-title {prefix}-desc" viewBox="0 0 {width} {height}" '
        f'width="{width}" height="{height}" xmlns="http://www.w3.org/2000/svg" '
        f'font-family="{FONT}" font-size="11.5" fill="none">'
        f'<title id="{prefix}-title">{safe(title)}</title>'
        f'<desc id="{prefix}-desc">{safe(told)}</desc>{"".join(body)}</svg>'
    )


def patterns(count: int, prefix: str) -> str:
    """The `<defs>` of so many fillings; `filled(i, prefix)` names one."""
    return "<defs>{}</defs>".format(
        "".join(
            f'<pattern id="{prefix}-fill{i}" class="cl-hue{i}" width="7" height="7" '
            f'patternUnits="userSpaceOnUse" color="{HUES[i]}">{_FILLINGS[i]}</pattern>'
            for i in range(min(count, len(HUES)))
        )
    )


def filled(index: int, prefix: str) -> str:
    """The attributes of a shape with that filling; beyond the last there is an outline alone."""
    if index >= len(HUES):
        return 'stroke="currentColor" stroke-width=".9"'
    return (
        f'class="cl-hue{index}" color="{HUES[index]}" fill="url(#{prefix}-fill{index})" '
        'stroke="currentColor" stroke-width=".9"'
    )


def box(x: float, y: float, size: tuple[float, float], attributes: str, told: str = "") -> str:
    """A rectangle; `told` is what a pointer that rests on it is told."""
    inner = f"<title>{safe(clean(told.translate(_APART)))}</title>" if told else ""
    return (
        f'<rect x="{x:.1f}" y="{y:.1f}" width="{size[0]:.1f}" height="{size[1]:.1f}" '
        f"{attributes}>{inner}</rect>"
    )


def label(x: float, y: float, text: str, attributes: str = "") -> str:
    """A text in ink; its baseline begins at x, y unless `attributes` anchor it otherwise."""
    more = f" {attributes}" if attributes else ""
    shown = safe(text.translate(_APART))
    return f'<text class="cl-ink" x="{x:.1f}" y="{y:.1f}" {INK}{more}>{shown}</text>'


def room(text: str) -> float:
    """About how wide a label is."""
    return sum(
        0 if combining(c) else WIDE_LETTER if east_asian_width(c) in "WF" else LETTER for c in text
    )


def fitted(text: str, width: float) -> str:
    """As much of a text as fits, with "…" for what does not."""
    if room(text) <= width:
        return text
    kept, left = 0, width - WIDE_LETTER
    while left >= room(text[kept]):
        left -= room(text[kept])
        kept += 1
    return f"{text[:kept].rstrip()}…"


def legend(items: Sequence[tuple[str, str]], y: float, width: int) -> tuple[str, float]:
    """Squares and what they mean, in as many lines as it takes; and where the next part goes.

    An item is the attributes of its square and its word.
    """
    out, x = [], 0.0
    for attributes, text in items:
        shown = fitted(text, width - 24)
        if x and x + 22 + room(shown) > width:
            x, y = 0.0, y + 20
        out.append(box(x, y, (14, 11), attributes) + label(x + 20, y + 10, shown))
        x += 34 + room(shown)
    return "".join(out), y + 24 if items else y
