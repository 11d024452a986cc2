"""Rows of CSV text (RFC 4180): each with its line, its cells and the exact bytes it came in.

UTF-8, with or without a byte order mark. What is asked of a row is asked by its reader.
"""

from __future__ import annotations

import csv
from collections.abc import Iterator

from attrs import frozen

from contactledger.errors import BadEvent, TooLarge

MAX_CELL_CHARS = 131_072
"""Of one cell: the standard library's own bound; a ticket's text may be long."""


@frozen
class Row:
    """A row that is not blank: number of its first line, cells, bytes without the line's end."""

    line: int
    cells: list[str]
    original: bytes


def rows(body: bytes, *, most: int, delimiter: str = ",") -> Iterator[Row]:
    """The rows of a table, the header's among them; `most` is how many may follow it.

    `BadEvent` for text that is not UTF-8 or not CSV, `TooLarge` beyond `most`.
    """
    lines = body.removeprefix(b"\xef\xbb\xbf").splitlines(keepends=True)
    reader = csv.reader(_texts(lines), strict=True, delimiter=delimiter)
    done = count = 0
    while True:
        try:
            cells = next(reader)
        except StopIteration:
            return
        except csv.Error:
            raise BadEvent("is not CSV (an open quote?)", place=f"line {done + 1}") from None
        first, done = done + 1, reader.line_num
        if not any(cell.strip() for cell in cells):
            continue
        count += 1
        if count > most + 1:
            raise TooLarge(f"more than the {most} rows read at once", place=f"line {first}")
        yield Row(first, cells, b"".join(lines[first - 1 : done]).rstrip(b"\r\n"))


def _texts(lines: list[bytes]) -> Iterator[str]:
    for number, line in enumerate(lines, 1):
        try:
            yield line.decode("utf-8")
        except UnicodeDecodeError:
            raise BadEvent("is not UTF-8", place=f"line {number}") from None
