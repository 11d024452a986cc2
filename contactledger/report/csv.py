"""A list of rows as CSV (RFC 4180): one line per row, what lies deeper under a dotted name.

A cell that a spreadsheet would take for a formula gets an apostrophe in front: one that begins
with = + - @, a tab or a return, with spaces before them or not, numbers excepted. Lists are joined
by semicolons.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

_FORMULA = re.compile(r"[\s\ufeff\u200b\u2060]*[=+\-@\t\r＝＋－＠]")
_NUMBER = re.compile(r"[+-]?\d+(\.\d+)?\Z")
_QUOTED = re.compile(r'[",\r\n]')


def csv(rows: Iterable[Mapping[str, Any]], columns: Sequence[str]) -> str:
    """The rows under a line of names; lines end in CRLF. `columns` are dotted: "sender.name"."""
    paths = [name.split(".") for name in columns]
    lines = [columns, *([_cell(_found(row, path)) for path in paths] for row in rows)]
    return "".join(",".join(map(_quoted, line)) + "\r\n" for line in lines)


def _found(row: Mapping[str, Any], path: Sequence[str]) -> Any:
    """What lies there; None where one on the way is."""
    value: Any = row
    for key in path:
        if value is None:
            return None
        value = value[key]
    return value


def _cell(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, list):
        value = "; ".join(map(str, value))
    if isinstance(value, bool):
        return "true" if value else "false"
    text = str(value)
    return f"'{text}" if _FORMULA.match(text) and not _NUMBER.match(text) else text


def _quoted(text: str) -> str:
    return '"' + text.replace('"', '""') + '"' if _QUOTED.search(text) else text
