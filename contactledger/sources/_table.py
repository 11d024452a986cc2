"""Rows of CSV text (RFC 4180): each with its line, its cells and the exact bytes it came in.

UTF-8, with or without a byte order mark. What is asked of a row is asked by its reader.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator

from attrs import frozen

from contactledger.errors import BadEvent, TooLarge
from contactledger.sources.source import Faults, pass_over

MAX_OPEN = 20
"""How often lines behind an open quote are read again; each time it may take the whole rest of
the file to find that it is never closed."""

MAX_CELL_CHARS = 131_072
"""Of one cell: the standard library's own bound; a ticket's text may be long."""

_LONE = re.compile("[\udc80-\udcff]")
"""What bytes that are no UTF-8 are read as."""


@frozen
class Row:
    """A row that is not blank: number of its first line, cells, bytes without the line's end."""

    line: int
    cells: list[str]
    original: bytes


def rows(
    body: bytes,
    *,
    most: int,
    delimiter: str = ",",
    header: bool = True,
    faults: Faults = None,
) -> Iterator[Row]:
    """The rows of a table, the header's among them; `most` is how many may follow it.

    `header`: the first row names the columns, so without it nothing can be read. `BadEvent`
    for text that is not UTF-8 or not CSV, `TooLarge` beyond `most`. With `faults`, such a row
    is put there and the next is read. A quote that is not closed takes in the lines behind it:
    these are read again without the first (`MAX_OPEN` times).
    """
    lines = body.removeprefix(b"\xef\xbb\xbf").splitlines(keepends=True)
    count = start = opened = 0
    while start < len(lines):
        end = start
        for first, done, cells in _read(lines, start, delimiter):
            end = done
            if isinstance(cells, str):
                again = done > first and opened < MAX_OPEN
                place = f"line {first}" if again or done == first else f"lines {first} to {done}"
                wrong = BadEvent(cells, place=place)
                pass_over(wrong, faults if count or not header else None)
                if again:
                    opened, end = opened + 1, first
                    break
            elif any(cell.strip() for cell in cells):
                count += 1
                if count > most + 1:
                    where = f"line {first}"
                    raise TooLarge(f"more than the {most} rows read at once", place=where)
                yield Row(first, cells, b"".join(lines[first - 1 : done]).rstrip(b"\r\n"))
        start = end


def _read(
    lines: list[bytes], start: int, delimiter: str
) -> Iterator[tuple[int, int, list[str] | str]]:
    """(first line, last line, cells or what is wrong with them) of each row from a line on."""
    texts = (line.decode("utf-8", "surrogateescape") for line in lines[start:])
    reader = csv.reader(texts, strict=True, delimiter=delimiter)
    done = start
    while True:
        cells: list[str] | str
        try:
            cells = next(reader)
        except StopIteration:
            return
        except csv.Error:
            cells = "is not CSV (an open quote?)"
        first, done = done + 1, start + reader.line_num
        if not isinstance(cells, str) and _LONE.search("".join(cells)):
            cells = "is not UTF-8"
        yield first, done, cells
