"""A report as a document: the shape that every printed kind is brought into.

Every kind of `kinds.py` has a function that takes the kind's rows and gives a `Document`.
Everything is words and values here: no markup of any language is read in a text, and no form is
chosen. How it looks on paper is the business of `templates/report.typ`, in HTML, text and Markdown
that of `forms.py`, so a kind cannot look unlike the others.

What whoever writes such a function keeps to:

- A text is a `str` or a sequence of `str` and `Span`s. Names and whatever people typed stand in a
  span of the style "name": it is set apart from the writing direction around it.
- Entry numbers stand in the text, as in `cited("Bob answered.", [12])`.
- A table has a title for every column and as many cells in every row; what belongs beneath a row
  goes into its `under`. More than `PRINTED_ROWS` rows are never laid out: `Table.of` keeps the
  last ones, which are the newest, and says how many there are.
- A picture has words for whoever does not see it, and its numbers stand in a table, too.
- The sections of a report stand in the order of its HTML form.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, Literal, TypeVar

from attrs import frozen

from contactledger.report.words import Words

PRINTED_ROWS = 2_000
"""Rows of one table on paper, about 300 pages; beyond that nobody turns pages."""
CITED = 12
"""Entry numbers printed behind a sentence; the rest is counted."""

T = TypeVar("T")
Style = Literal["name", "soft", "strong", "mono", "cite"]


@frozen
class Span:
    """A part of a text that is set off: `style` says what it is, not how it looks."""

    text: str
    style: Style = "name"


Text = str | Sequence[str | Span]


@frozen
class Paragraph:
    """Some sentences. "lead" opens the report, "turn" is its one main thing, "note" is aside."""

    text: Text
    style: Literal["plain", "lead", "turn", "note"] = "plain"


@frozen
class Listing:
    """Items one beneath another."""

    items: Sequence[Text]


@frozen
class Facts:
    """Pairs of a word and what there is to say of it."""

    pairs: Sequence[tuple[Text, Text]]


@frozen
class Column:
    """A column: its title, its share of the width (0: as wide as it must be), its side."""

    title: str
    share: float = 0
    align: Literal["start", "end"] = "start"


@frozen
class TableRow:
    """A row: cells, lines beneath it over the whole width, and what it is among the others.

    `anchor`: the entry that a page leads to from elsewhere, where there is one.
    """

    cells: Sequence[Text]
    under: Sequence[Text] = ()
    style: Literal["plain", "strong", "sub"] = "plain"
    anchor: int | None = None


@frozen
class Table:
    """A table whose head is repeated on every page. `left_out`: rows that are not printed."""

    columns: Sequence[Column]
    rows: Sequence[TableRow]
    caption: str = ""
    left_out: int = 0

    @classmethod
    def of(
        cls,
        columns: Sequence[Column],
        items: Sequence[T],
        row: Callable[[T], TableRow],
        caption: str = "",
    ) -> Table:
        """The table of the last `PRINTED_ROWS` items; only of these a row is made."""
        printed = [row(item) for item in items[-PRINTED_ROWS:]]
        return cls(columns, printed, caption, len(items) - len(printed))


@frozen
class Chart:
    """A picture as one `<svg>` element; `told` says the same in words."""

    svg: str
    told: str
    caption: str = ""


Block = Paragraph | Listing | Facts | Table | Chart


@frozen
class Section:
    """A part under a title. `level` 2 stands within the one before it; `boxed` is set apart.

    `name` is what a template calls it by ("promises"), the same whatever the language.
    """

    title: Text
    blocks: Sequence[Block]
    level: Literal[1, 2] = 1
    boxed: bool = False
    name: str = ""


@frozen
class Document:
    """A whole report. `label` is its kind in words, `title` whom it is about, `subtitle` the
    period; `facts` is the table of what it rests on; `running` goes to the foot of each page.
    """

    label: str
    title: str
    subtitle: str
    facts: Facts
    sections: Sequence[Section]
    running: Sequence[str] = ()
    closing: str = ""
    lang: str = "en"


def citing(because: Iterable[int]) -> Sequence[str | Span]:
    """Entry numbers behind a word, as in " [12, 14]", " [1, 2, … +80]"; nothing of none."""
    numbers = list(because)
    if not numbers:
        return ()
    more = f", … +{len(numbers) - CITED}" if len(numbers) > CITED else ""
    return ("\u00a0", Span(f"[{', '.join(map(str, numbers[:CITED]))}{more}]", "cite"))


def cited(text: str, because: Iterable[int]) -> Text:
    """A sentence with its entry numbers before the full stop, as in "Bob answered [12]."."""
    numbers = citing(because)
    return (text.removesuffix("."), *numbers, "." * text.endswith(".")) if numbers else text


def said(sentence: Mapping[str, Any]) -> Text:
    """A sentence of the rows, `{"text": …, "because": […]}`, as a text."""
    return cited(sentence["text"], sentence["because"])


def joined(parts: Iterable[Text], between: str = ", ") -> Text:
    """Several texts as one, as `str.join` does it."""
    out: list[str | Span] = []
    for part in parts:
        if out:
            out.append(between)
        out += [part] if isinstance(part, str) else part
    return out


def plain(text: Text) -> str:
    """The text without its styles."""
    if isinstance(text, str):
        return text
    return "".join(part if isinstance(part, str) else part.text for part in text)


def laid(document: Document) -> dict[str, Any]:
    """The document as dicts, lists and strings: what `templates/report.typ` reads as JSON.

    A text is a string, or a list of strings and `[style, text]`; a block has its name in `is`.
    A name is set apart by U+2068 and U+2069 where its writing direction is not the document's;
    what needs no style of its own is one string with what is beside it.
    """
    return _Laying(document.lang).document(document)


class _Laying:
    """One function for each class of the document."""

    def __init__(self, lang: str) -> None:
        self._words = Words(lang)

    def document(self, document: Document) -> dict[str, Any]:
        return {
            "label": document.label,
            "title": self.text([Span(document.title)]),
            "subtitle": document.subtitle,
            "facts": self.pairs(document.facts),
            "running": list(document.running),
            "closing": document.closing,
            "lang": document.lang,
            "sections": [
                {
                    "title": self.text(section.title),
                    "level": section.level,
                    "boxed": section.boxed,
                    "blocks": [self.block(block) for block in section.blocks],
                }
                for section in document.sections
            ],
        }

    def text(self, text: Text) -> Any:
        if isinstance(text, str):
            return text
        parts: list[Any] = []
        for part in text:
            words = part if isinstance(part, str) else self.span(part)
            if parts and isinstance(words, str) and isinstance(parts[-1], str):
                parts[-1] += words
            else:
                parts.append(words)
        return parts[0] if len(parts) == 1 and isinstance(parts[0], str) else parts

    def span(self, span: Span) -> Any:
        if span.style != "name":
            return [span.style, span.text]
        return self._words.apart(span.text)

    def pairs(self, facts: Facts) -> list[Any]:
        return [[self.text(word), self.text(what)] for word, what in facts.pairs]

    def block(self, block: Block) -> dict[str, Any]:
        if isinstance(block, Paragraph):
            return {"is": "paragraph", "text": self.text(block.text), "style": block.style}
        if isinstance(block, Listing):
            return {"is": "listing", "items": [self.text(item) for item in block.items]}
        if isinstance(block, Facts):
            return {"is": "facts", "pairs": self.pairs(block)}
        if isinstance(block, Chart):
            return {"is": "chart", "svg": block.svg, "told": block.told, "caption": block.caption}
        columns = [{"title": c.title, "share": c.share, "align": c.align} for c in block.columns]
        return {
            "is": "table",
            "caption": block.caption,
            "left_out": block.left_out,
            "columns": columns,
            "rows": [self.row(row) for row in block.rows],
        }

    def row(self, row: TableRow) -> dict[str, Any]:
        return {
            "cells": [self.text(cell) for cell in row.cells],
            "under": [self.text(line) for line in row.under],
            "style": row.style,
        }
