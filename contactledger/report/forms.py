"""The parts of a document in HTML, text and Markdown.

A template arranges the sections of a document and names them; how one section looks stands here,
once for all kinds. Everything is escaped here: in HTML names stand in `<bdi>`, in text and Markdown
a name that is written from right to left is set apart by U+2068 and U+2069, and in Markdown nothing
of what people typed means anything.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Container, Iterable, Iterator, Sequence
from functools import lru_cache

from markupsafe import Markup, escape

from contactledger.report.document import (
    Block,
    Chart,
    Facts,
    Listing,
    Paragraph,
    Section,
    Table,
    Text,
)
from contactledger.report.words import Words

WIDTH = 80
"""Columns of a report as text, an East Asian wide character taking two."""
_GAP = 2
_NARROWEST = 6
"""A column of a table in text is never narrower, whatever its share."""
_NARROW = 3
"""The share of the width up to which a column of words stays beside its numbers on a phone."""
_SET_IN = "\u00a0\u00a0"
"""What stands before a row that belongs to the one above it."""

# --- HTML ---------------------------------------------------------------------------------------

_TAGS = {
    "name": ("<bdi>", "</bdi>"),
    "soft": ('<span class="soft">', "</span>"),
    "strong": ("<strong>", "</strong>"),
    "mono": ('<span class="mono">', "</span>"),
    "cite": ('<span class="cite">', "</span>"),
}


def html(text: Text, anchors: Container[int] = ()) -> str:
    """A text as HTML; entry numbers lead to their place, where the page has one for them."""
    if isinstance(text, str):
        return _broken(text)
    parts: list[str] = []
    for part in text:
        if isinstance(part, str):
            parts.append(_broken(part))
            continue
        before, after = _TAGS[part.style]
        inside: str = _broken(part.text)
        if part.style == "cite":
            inside = _NUMBER.sub(lambda match: _link(match[0], anchors), inside)
        parts.append(f"{before}{inside}{after}")
    return Markup("".join(parts))  # noqa: S704  # every part is escaped above


_NUMBER = re.compile(r"(?<![+\d])\d+")
"""An entry in a citation; how many more there are has a + before it."""


def _broken(text: str) -> Markup:
    """A text escaped, its ends of lines kept."""
    return escape(text).replace("\n", Markup("<br>"))


def _link(number: str, anchors: Container[int]) -> str:
    return f'<a href="#e{number}">{number}</a>' if int(number) in anchors else number


def section_html(section: Section, number: int, words: Words, anchors: Container[int] = ()) -> str:
    """A section as `<section>`, or `<article>` within one; its heading has the id s-NUMBER."""
    pieces = _section_html(section, number, words, anchors)
    return Markup("".join(pieces))  # noqa: S704  # escaped below


def _section_html(
    section: Section, number: int, words: Words, anchors: Container[int]
) -> Iterator[str]:
    tag, level = ("section", 2) if section.level == 1 else ("article", 3)
    boxed = ' class="isnot"' if section.boxed else ""
    yield f'<{tag}{boxed} aria-labelledby="s-{number}">\n'
    yield f'<h{level} id="s-{number}">{html(section.title)}</h{level}>\n'
    for block in section.blocks:
        yield from _block_html(block, number, words, anchors)
    yield f"</{tag}>\n"


def facts_html(facts: Facts, anchors: Container[int] = ()) -> str:
    """Pairs as `<dl>`."""
    pairs = "".join(
        f"<dt>{html(a, anchors)}</dt><dd>{html(b, anchors)}</dd>\n" for a, b in facts.pairs
    )
    return Markup(f'<dl class="facts">\n{pairs}</dl>\n')  # noqa: S704  # html() escapes


def _block_html(block: Block, number: int, words: Words, anchors: Container[int]) -> Iterator[str]:
    if isinstance(block, Paragraph):
        yield _PARAGRAPHS[block.style].format(html(block.text, anchors))
    elif isinstance(block, Listing):
        items = "".join(f"<li>{html(item, anchors)}</li>" for item in block.items)
        yield f'<ul class="bare">{items}</ul>\n'
    elif isinstance(block, Facts):
        yield facts_html(block, anchors)
    elif isinstance(block, Chart):
        caption = f"<figcaption>{escape(block.caption)}</figcaption>" if block.caption else ""
        yield (
            f'<figure><div class="chart" tabindex="0" role="group" aria-labelledby="s-{number}">'
            f"{block.svg}</div>{caption}</figure>\n"
        )
    else:
        yield from _table_html(block, number, words, anchors)


_PARAGRAPHS = {
    "plain": "<p>{}</p>\n",
    "lead": '<p class="lead">{}</p>\n',
    "turn": '<div class="turn"><p><strong>{}</strong></p></div>\n',
    "note": '<p class="note">{}</p>\n',
}


def _compared(table: Table) -> bool:
    """Whether a table is of numbers that are to be compared side by side, on a phone, too: after a
    narrow column or two there is nothing else."""
    first = next((n for n, c in enumerate(table.columns) if c.align == "end"), 0)
    leads, numbers = table.columns[:first], table.columns[first:]
    narrow = 0 < first <= 2 and all(c.share <= _NARROW for c in leads)
    return narrow and all(c.align == "end" for c in numbers)


def _table_html(table: Table, number: int, words: Words, anchors: Container[int]) -> Iterator[str]:
    headed = any(row.style != "plain" for row in table.rows)
    aside = _compared(table)
    if aside:
        yield f'<div class="scroll" tabindex="0" role="group" aria-labelledby="s-{number}">\n'
    yield f'<table class="{"parties" if aside else "cards"}" role="table">\n'
    if table.caption:
        yield f"<caption>{escape(table.caption)}</caption>\n"
    yield '<thead role="rowgroup"><tr role="row">'
    classes = [' class="count"' if c.align == "end" else "" for c in table.columns]
    for column, side in zip(table.columns, classes, strict=True):
        yield f'<th scope="col" role="columnheader"{side}>{escape(column.title)}</th>'
    yield '</tr></thead>\n<tbody role="rowgroup">\n'
    labels = [f' data-label="{escape(c.title)}"' if n else "" for n, c in enumerate(table.columns)]
    opened = [f'<td role="cell"{s}{label}>' for s, label in zip(classes, labels, strict=True)]
    for row in table.rows:
        style = "" if row.style == "plain" else f' class="{row.style}"'
        cells = "".join(
            f"{tag}{html(cell, anchors)}</td>" for tag, cell in zip(opened, row.cells, strict=True)
        )
        if headed:
            first = f'<th scope="row" role="rowheader">{html(row.cells[0], anchors)}</th>'
            cells = first + cells.partition("</td>")[2]
        under = "".join(f'<span class="grade">{html(line, anchors)}</span>' for line in row.under)
        if under:
            cells += (
                f'</tr>\n<tr role="row" class="why"><td role="cell" colspan="{len(opened)}">'
                f"{under}</td>"
            )
        place = "" if row.anchor is None else f' id="e{row.anchor}"'
        yield f'<tr role="row"{place}{style}>{cells}</tr>\n'
    yield "</tbody></table>\n</div>\n" if aside else "</tbody></table>\n"
    if table.left_out:
        yield f'<p class="note">{escape(_left_out(table, words))}</p>\n'


def _left_out(table: Table, words: Words) -> str:
    return words.count(
        table.left_out,
        "{n} earlier row is not printed here.",
        "{n} earlier rows are not printed here.",
    )


# --- text ---------------------------------------------------------------------------------------


@lru_cache(maxsize=4096)
def cells(text: str) -> int:
    """Columns that a text takes: two for a wide character, none for one that combines."""
    if text.isascii():
        return len(text)
    return sum(_cell(c) for c in text)


def _cell(character: str) -> int:
    if unicodedata.east_asian_width(character) in "WF":
        return 2
    return 0 if unicodedata.category(character) in {"Mn", "Me", "Cf"} else 1


def plain(text: Text, words: Words) -> str:
    """A text without styles, names set apart where they must be, on one line."""
    if isinstance(text, str):
        return text.translate(_SPACES)
    parts = []
    for part in text:
        if isinstance(part, str):
            parts.append(part)
        else:
            parts.append(words.apart(part.text) if part.style == "name" else part.text)
    return "".join(parts).translate(_SPACES)


_SPACES = str.maketrans("\u00a0\n", "  ")


def filled(text: str, width: int = WIDTH, later: int = 0) -> list[str]:
    """Lines of at most `width` columns, broken at spaces, a longer word wherever it must be.

    `later`: the width of those after the first, where it is another.
    """
    lines: list[str] = []
    line, used, room = "", 0, width
    for word in text.split(" "):
        size = cells(word)
        if line and used + 1 + size <= room:
            line, used = f"{line} {word}", used + 1 + size
            continue
        if line:
            lines.append(line)
            room = later or width
        line = word
        if size > room:
            *whole, line = _cut(word, room, later or width)
            lines += whole
            room = later or width
        used = cells(line)
    return [*lines, line] if line or not lines else lines


def _cut(word: str, width: int, later: int) -> list[str]:
    """A word in pieces that fit: the first into one width, all others into another."""
    pieces: list[str] = []
    piece, used = "", 0
    for character in word:
        size = _cell(character)
        if used + size > (later if pieces else width):
            pieces.append(piece)
            piece, used = "", 0
        piece += character
        used += size
    return [*pieces, piece]


def wrapped(text: str, indent: int = 0, hang: int = 0, width: int = WIDTH) -> str:
    """Text in lines of `width`, all indented, those after the first by `hang` more."""
    first, *rest = filled(text, width - indent, width - indent - hang)
    margin = " " * indent
    return "\n".join([margin + first, *(margin + " " * hang + line for line in rest)])


def section_text(section: Section, words: Words) -> str:
    """A section as lines of text, with an underlined title; it ends in LF."""
    title = plain(section.title, words)
    if section.level == 1:
        title = title.upper()
    lines = filled(title)
    if section.level == 1:
        lines.append("-" * max(map(cells, lines)))
    for block in section.blocks:
        lines += _block_text(block, words)
    return "\n".join(lines).rstrip() + "\n"


def facts_text(facts: Facts, words: Words) -> str:
    """Pairs as lines, the words in a column of their own."""
    pairs = [(plain(a, words), plain(b, words)) for a, b in facts.pairs]
    margin = min(max((cells(a) for a, _ in pairs), default=0), 28) + 2
    made = []
    for label, what in pairs:
        made.append(wrapped(label + " " * max(2, margin - cells(label)) + what, 0, margin))
    return "\n".join(made)


def _block_text(block: Block, words: Words) -> Iterator[str]:
    if isinstance(block, Paragraph):
        yield wrapped(plain(block.text, words))
        yield ""
    elif isinstance(block, Listing):
        for item in block.items:
            yield wrapped(f"- {plain(item, words)}", 0, 2)
        yield ""
    elif isinstance(block, Facts):
        yield facts_text(block, words)
        yield ""
    elif isinstance(block, Chart):
        yield wrapped(block.told)
        yield ""
    else:
        yield from _table_text(block, words)
        yield ""


def _table_text(table: Table, words: Words) -> Iterator[str]:
    if table.caption:
        yield from filled(table.caption)
    titles = [c.title for c in table.columns]
    rows = [[plain(cell, words) for cell in row.cells] for row in table.rows]
    for row, texts in zip(table.rows, rows, strict=True):
        if row.style == "sub":
            texts[0] = f"{_SET_IN}{texts[0]}"
    widths = _widths([titles, *rows])
    sides = [c.align == "end" for c in table.columns]
    yield from _row_text(titles, widths, sides)
    yield from _row_text(["-" * min(cells(t), w) for t, w in zip(titles, widths, strict=True)],
                         widths, sides)  # fmt: skip
    for row, texts in zip(table.rows, rows, strict=True):
        yield from _row_text(texts, widths, sides)
        for line in row.under:
            yield wrapped(plain(line, words), 4, 2)
    if table.left_out:
        yield from filled(_left_out(table, words))


def _widths(rows: Sequence[Sequence[str]]) -> list[int]:
    """Of each column: what its widest cell takes, the widest columns cut until all fit; those
    that would have to break a word last."""
    columns = list(zip(*rows, strict=True))
    widths = [max(map(cells, column)) for column in columns]
    words = [max(cells(word) for text in column for word in text.split(" ")) for column in columns]
    room = WIDTH - _GAP * (len(widths) - 1)
    while sum(widths) > room:
        loose = [n for n, width in enumerate(widths) if width > max(words[n], _NARROWEST)]
        widest = max(loose or range(len(widths)), key=widths.__getitem__)
        if widths[widest] <= _NARROWEST:
            break
        widths[widest] -= 1
    return widths


def _row_text(texts: Sequence[str], widths: Sequence[int], sides: Sequence[bool]) -> Iterator[str]:
    columns = [_cell_lines(text, width) for text, width in zip(texts, widths, strict=True)]
    for number in range(max(map(len, columns))):
        line = []
        for column, width, end in zip(columns, widths, sides, strict=True):
            text = column[number] if number < len(column) else ""
            space = " " * (width - cells(text))
            line.append(space + text if end else text + space)
        yield (" " * _GAP).join(line).replace("\u00a0", " ").rstrip()


def _cell_lines(text: str, width: int) -> list[str]:
    """The lines of a cell; of one that is set in, all are."""
    inside = text.removeprefix(_SET_IN)
    if inside == text:
        return filled(text, width)
    return [f"{_SET_IN}{line}" for line in filled(inside, width - len(_SET_IN))]


# --- Markdown -----------------------------------------------------------------------------------

_MEANING = re.compile(r"([\\`*_\[\]<>|~&$])")
_LEADING = re.compile(r"([#+\-=]|\d{1,9}[.)])")
_LINKED = re.compile(r"(?i)(?<=www)\.|:(?=//)|(?<=mailto):|(?<=xmpp):")
_STARS = {"name": "", "soft": "", "strong": "**", "mono": "", "cite": ""}


def escaped(text: str) -> str:
    """Text of which nothing means anything to Markdown (CommonMark 2.4), to GFM's either.

    A backslash stands before what could mark up a line, before what could begin a block, and in
    what would become a link of its own.
    """
    line = _LINKED.sub(lambda m: f"\\{m[0]}", _MEANING.sub(r"\\\1", " ".join(text.split())))
    first = _LEADING.match(line)
    if first is None:
        return line
    cut = len(first[0]) - 1
    return f"{line[:cut]}\\{line[cut:]}"


def markdown(text: Text, words: Words) -> str:
    """A text as Markdown of one line."""
    if isinstance(text, str):
        return escaped(text)
    parts = []
    for part in text:
        if isinstance(part, str):
            lead, tail = part[:1].isspace() * " ", part[1:] and part[-1:].isspace() * " "
            parts.append(f"{lead}{escaped(part)}{tail}" if part.strip() else part)
        else:
            stars = _STARS[part.style]
            name = words.apart(part.text) if part.style == "name" else part.text
            lead = part.text[:1].isspace() * " "
            parts.append(f"{lead}{stars}{escaped(name)}{stars}")
    return "".join(parts).strip()


def section_markdown(section: Section, words: Words) -> str:
    """A section as Markdown: a heading, and blocks with an empty line between them."""
    title = f"{'#' * (section.level + 1)} {markdown(section.title, words)}"
    return "\n\n".join([title, *(_block_markdown(block, words) for block in section.blocks)]) + "\n"


def facts_markdown(facts: Facts, words: Words) -> str:
    """Pairs as a list."""
    return _bullets(f"**{escaped(plain(a, words))}**: {markdown(b, words)}" for a, b in facts.pairs)


def _bullets(items: Iterable[str]) -> str:
    return "\n".join(f"- {item}" for item in items)


def _block_markdown(block: Block, words: Words) -> str:
    if isinstance(block, Paragraph):
        text = markdown(block.text, words)
        return f"> **{text}**" if block.style == "turn" else text
    if isinstance(block, Listing):
        return _bullets(markdown(item, words) for item in block.items)
    if isinstance(block, Facts):
        return facts_markdown(block, words)
    if isinstance(block, Chart):
        return markdown(block.told, words)
    return _table_markdown(block, words)


def _table_markdown(table: Table, words: Words) -> str:
    lines = [f"*{escaped(table.caption)}*", ""] if table.caption else []
    lines.append(_bar(escaped(c.title) for c in table.columns))
    lines.append(_bar("---:" if c.align == "end" else "---" for c in table.columns))
    for row in table.rows:
        texts = [markdown(cell, words) for cell in row.cells]
        if row.under:
            texts[-1] = "<br>".join([texts[-1], *(markdown(line, words) for line in row.under)])
        lines.append(_bar(texts))
    if table.left_out:
        lines += ["", escaped(_left_out(table, words))]
    return "\n".join(lines)


def _bar(texts: Iterable[str]) -> str:
    return f"| {' | '.join(texts)} |"
